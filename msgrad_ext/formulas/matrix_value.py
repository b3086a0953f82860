"""Functions of whole matrices at arrays: entered into the rules of `indexed_value`.

Among floats they are left to numpy. Exact numbers have an elimination of their own here, apart from that of the ops.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import Symbol

from ..symbolic.matrix_functions import InverseMatrix, LogDeterminant, Lower, MatrixFunction, Minor
from ..symbolic.nodes import Entry
from .indexed_value import RULES, Labelled, Place, entry, spread, value
from .product_value import FormulaTooLargeError

# Steps that the slopes of one determinant may take, among floats and among exact numbers.
_MOST = {False: 200_000_000, True: 2_000_000}


def stack(expr: MatrixFunction, place: Place) -> tuple[np.ndarray, tuple[Symbol, ...]]:
    """The matrices, (batch..., row, column), and the labels of the batch."""
    inner = place.within(expr.limits)
    item = value(expr.body, inner)
    batch = tuple(k for k in item.labels if k not in expr.bound)
    array = spread(item, (*batch, *expr.bound))
    shape = (*array.shape[:-2], *(inner.ranges[k] for k in expr.bound))
    return np.broadcast_to(array, shape), batch


def looked_up(array: np.ndarray, batch: tuple[Symbol, ...], expr: MatrixFunction, place: Place) -> Labelled:
    """The result at the places that ``expr`` reads."""
    head = Symbol("~matrix")
    return entry(Entry(head, *batch, *expr.places), Place({head: array}, place.lengths, place.ranges, place.exact))


def each(function: Callable[[np.ndarray], Any], matrices: np.ndarray) -> np.ndarray:
    """``function`` of each matrix of a stack of exact numbers."""
    flat = [function(matrix) for matrix in matrices.reshape(-1, *matrices.shape[-2:])]
    first = np.asarray(flat[0], object)
    result = np.empty((len(flat), *first.shape), object)
    for position, one in enumerate(flat):
        result[position] = one
    return result.reshape((*matrices.shape[:-2], *first.shape))


def eliminated(matrix: np.ndarray) -> tuple[Any, np.ndarray | None]:
    """The determinant of a matrix of exact numbers, and its inverse if there is one."""
    n = len(matrix)
    rows = [[*line, *(int(i == j) for j in range(n))] for i, line in enumerate(matrix.tolist())]
    product: Any = 1
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(rows[i][k]))
        if rows[pivot][k] == 0:
            return rows[pivot][k], None
        if pivot != k:
            rows[k], rows[pivot], product = rows[pivot], rows[k], -product
        head = rows[k][k]
        product = product * head
        turned = 1 / head
        rows[k] = [x * turned for x in rows[k]]
        for i in range(n):
            if i != k and rows[i][k] != 0:
                factor = rows[i][k]
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k])]
    return product, np.array([row[n:] for row in rows], object)


def inverses(matrices: Any) -> np.ndarray:
    """The inverse of each matrix; NaN where there is none."""
    if matrices.dtype == object:
        gone = np.full(matrices.shape[-2:], np.nan).astype(object)

        def one(matrix: np.ndarray) -> np.ndarray:
            found = eliminated(matrix)[1]
            return gone if found is None else found

        return each(one, matrices)
    result: Any = np.full(matrices.shape, np.nan)
    for position in itertools.product(*map(range, matrices.shape[:-2])):
        if np.linalg.det(matrices[position]) != 0:
            result[position] = np.linalg.inv(matrices[position])
    return result


def determinants(matrices: np.ndarray) -> np.ndarray:
    """The determinant of each matrix."""
    if matrices.dtype == object:
        return each(lambda matrix: eliminated(matrix)[0], matrices)
    return np.asarray(np.linalg.det(matrices))


def slopes(matrices: np.ndarray, count: int) -> np.ndarray:
    """The determinant's slopes by ``count`` elements each: determinants with rows replaced by unit rows."""
    n = matrices.shape[-1]
    steps = matrices.size * n ** (2 * count + 1)
    if steps > _MOST[matrices.dtype == object]:
        raise FormulaTooLargeError(f"the slopes of a determinant in the formula take about {steps:.1e} steps")
    result: Any = np.empty((*matrices.shape[:-2], *((n,) * (2 * count))), matrices.dtype)
    for at in itertools.product(range(n), repeat=2 * count):
        rows, columns = at[::2], at[1::2]
        if len(set(rows)) < count or len(set(columns)) < count:
            result[(..., *at)] = 0
            continue
        changed = matrices.copy()
        for row, column in zip(rows, columns):
            changed[..., row, :] = 0
            changed[..., row, column] = 1
        result[(..., *at)] = determinants(changed)
    return result


def factors(matrices: Any) -> np.ndarray:
    """The lower triangular factor of each matrix's symmetric part; NaN where there is none."""
    symmetric = (matrices + np.swapaxes(matrices, -1, -2)) / 2
    if matrices.dtype == object:
        return each(_factor, symmetric)
    result: Any = np.full(matrices.shape, np.nan)
    for position in itertools.product(*map(range, matrices.shape[:-2])):
        if np.all(np.linalg.eigvalsh(symmetric[position]) > 0):
            result[position] = np.linalg.cholesky(symmetric[position])
    return result


def _factor(matrix: np.ndarray) -> np.ndarray:
    rows: list[list[Any]] = []
    for i, line in enumerate(matrix.tolist()):
        mine: list[Any] = []
        for j in range(i):
            mine.append((line[j] - sum(x * y for x, y in zip(mine, rows[j][:j]))) / rows[j][j])
        rows.append([*mine, np.sqrt(np.array([line[i] - sum(x * x for x in mine)], object))[0]])
    n = len(rows)
    return np.array([[*row, *(0,) * (n - len(row))] for row in rows], object)


def inverse(expr: InverseMatrix, place: Place) -> Labelled:
    """An inverse at a place."""
    matrices, batch = stack(expr, place)
    return looked_up(inverses(matrices), batch, expr, place)


def minor(expr: Minor, place: Place) -> Labelled:
    """A determinant, or its slope by the elements at some places."""
    matrices, batch = stack(expr, place)
    if not expr.places:
        return Labelled(determinants(matrices), batch)
    return looked_up(slopes(matrices, len(expr.places) // 2), batch, expr, place)


def log_determinant(expr: LogDeterminant, place: Place) -> Labelled:
    """The logarithm of a determinant's absolute value."""
    matrices, batch = stack(expr, place)
    return Labelled(log_determinants(matrices), batch)


def log_determinants(matrices: np.ndarray) -> np.ndarray:
    """The logarithm of the absolute value of the determinant of each matrix."""
    if matrices.dtype == object:
        # Functions of an array without axes give the element alone.
        return np.asarray(np.log(abs(determinants(matrices))), object)
    return np.asarray(np.linalg.slogdet(matrices)[1])


def lower(expr: Lower, place: Place) -> Labelled:
    """A Cholesky factor at a place."""
    matrices, batch = stack(expr, place)
    return looked_up(factors(matrices), batch, expr, place)


def matrix_function(kind: str, matrix: np.ndarray) -> np.ndarray:
    """A function of one matrix, by its name in the notation; numbers as matrices of one element."""
    if kind == "LogDeterminant":
        return log_determinants(matrix).reshape(1, 1)
    if kind == "Determinant":
        return determinants(matrix).reshape(1, 1)
    return {"InverseMatrix": inverses, "Minor": lambda a: slopes(a, 1), "Lower": factors}[kind](matrix)


__all__ = ["matrix_function"]
RULES.update({InverseMatrix: inverse, Minor: minor, LogDeterminant: log_determinant, Lower: lower})
