"""Functions of whole matrices of balls, by flint's own elimination, which says when it does not know."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import Symbol

from ..formulas.indexed_value import Labelled, spread, value
from ..symbolic.matrix_functions import InverseMatrix, LogDeterminant, Lower, MatrixFunction, Minor
from ..symbolic.nodes import Entry
from . import balls
from .entries import beside, entry
from .place import BallPlace, as_objects


def stack(expr: MatrixFunction, place: BallPlace) -> tuple[np.ndarray, tuple[Symbol, ...]]:
    """The matrices, (batch..., row, column), and the labels of the batch."""
    inner = place.within(expr.limits)
    item = value(expr.body, inner)
    batch = tuple(k for k in item.labels if k not in expr.bound)
    array = spread(item, (*batch, *expr.bound))
    shape = (*array.shape[:-2], *(inner.ranges[k] for k in expr.bound))
    return balls.balls(np.broadcast_to(array, shape)), batch


def looked_up(array: np.ndarray, batch: tuple[Symbol, ...], expr: MatrixFunction, place: BallPlace) -> Labelled:
    """The result at the places that ``expr`` reads."""
    head = Symbol("~matrix")
    return entry(Entry(head, *batch, *expr.places), beside(place, head, array))


def each_matrix(function: Callable[[np.ndarray], Any], matrices: np.ndarray, place: BallPlace) -> np.ndarray:
    """``function`` of each matrix of a stack; it gives a list of elements, a matrix or one number."""
    place.work.add(float(matrices.size) * matrices.shape[-1])
    found = [np.asarray(function(matrix), object) for matrix in matrices.reshape(-1, *matrices.shape[-2:])]
    flat = (one for part in found for one in part.ravel().tolist())
    return balls.filled(flat, (*matrices.shape[:-2], *found[0].shape))


def _inverse(matrix: np.ndarray) -> np.ndarray:
    from flint import arb_mat

    try:
        found = arb_mat(*matrix.shape, matrix.ravel().tolist()).inv().entries()
    except ZeroDivisionError:
        found = [balls.nothing()] * matrix.size
    return balls.filled(found, matrix.shape)


def _determinant(matrix: np.ndarray) -> Any:
    from flint import arb_mat

    return arb_mat(*matrix.shape, matrix.ravel().tolist()).det()


def _slopes(matrix: np.ndarray, count: int) -> np.ndarray:
    """The determinant's slopes by ``count`` elements each: determinants with rows replaced by unit rows."""
    n = len(matrix)
    result = np.full((n,) * (2 * count), balls.ball(0), object)
    for at in itertools.product(range(n), repeat=2 * count):
        rows, columns = at[::2], at[1::2]
        if len(set(rows)) == count and len(set(columns)) == count:
            changed = matrix.copy()
            for row, column in zip(rows, columns):
                changed[row, :] = balls.ball(0)
                changed[row, column] = balls.ball(1)
            result[at] = _determinant(changed)
    return result


def _factor(matrix: np.ndarray) -> np.ndarray:
    """The lower triangular factor of the symmetric part."""
    n = len(matrix)
    result = np.full((n, n), balls.ball(0), object)
    for i in range(n):
        for j in range(i + 1):
            rest = (matrix[i, j] + matrix[j, i]) / 2
            for k in range(j):
                rest = rest - result[i, k] * result[j, k]
            result[i, j] = rest.sqrt() if i == j else rest / result[j, j]
    return result


def inverse(expr: InverseMatrix, place: BallPlace) -> Labelled:
    """An inverse at a place."""
    matrices, batch = stack(expr, place)
    return looked_up(each_matrix(_inverse, matrices, place), batch, expr, place)


def minor(expr: Minor, place: BallPlace) -> Labelled:
    """A determinant, or its slope by the elements at some places."""
    matrices, batch = stack(expr, place)
    if not expr.places:
        return Labelled(each_matrix(lambda matrix: as_objects(_determinant(matrix)), matrices, place), batch)
    count = len(expr.places) // 2
    place.work.add(float(matrices.size) * matrices.shape[-1] ** (2 * count + 1))
    return looked_up(each_matrix(lambda matrix: _slopes(matrix, count), matrices, place), batch, expr, place)


def log_determinant(expr: LogDeterminant, place: BallPlace) -> Labelled:
    """The logarithm of the determinant's absolute value."""
    matrices, batch = stack(expr, place)

    def one(matrix: np.ndarray) -> np.ndarray:
        return as_objects(abs(_determinant(matrix)).log())

    return Labelled(each_matrix(one, matrices, place), batch)


def lower(expr: Lower, place: BallPlace) -> Labelled:
    """A Cholesky factor at a place; of a matrix that has none, nothing is known."""
    matrices, batch = stack(expr, place)
    return looked_up(each_matrix(_factor, matrices, place), batch, expr, place)


__all__ = ["inverse", "log_determinant", "lower", "minor"]
