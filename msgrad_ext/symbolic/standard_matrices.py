"""Functions of whole matrices in standard SymPy: written out, for matrices of a few rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol

from ..errors import NotSupportedError
from .matrix_functions import InverseMatrix, LogDeterminant, MatrixFunction, Minor

ROWS = 4


def written_out(converter: Any, expr: MatrixFunction, at: Mapping[Symbol, Expr]) -> sympy.ImmutableMatrix:
    """The matrix, element by element.

    Raises
    ------
    NotSupportedError
        If it has more rows than a person would read, or an unknown number of them.
    """
    n = converter.convert(expr.length, at)
    if not n.is_Integer or n > ROWS:
        raise NotSupportedError(
            f"For 'Formula.sympy', a function of a matrix is written out for up to {ROWS} rows, but there are {n}; "
            "give the length as an int in shapes, or use Formula.evaluate."
        )
    row, column = expr.bound
    return sympy.ImmutableMatrix(
        int(n), int(n), lambda i, j: converter.convert(expr.body, {**at, row: Integer(i), column: Integer(j)})
    )


def inverted(converter: Any, expr: InverseMatrix, at: Mapping[Symbol, Expr]) -> Expr:
    """An element of the inverse, by cofactors."""
    matrix = written_out(converter, expr, at)
    i, j = converter.each(expr.places, at)
    return matrix.cofactor_matrix()[j, i] / matrix.det(method="berkowitz")


def minor(converter: Any, expr: Minor, at: Mapping[Symbol, Expr]) -> Expr:
    """A determinant or a cofactor."""
    matrix = written_out(converter, expr, at)
    if not expr.places:
        return matrix.det(method="berkowitz")
    if len(expr.places) > 2:
        raise NotSupportedError("For 'Formula.sympy', there is no standard form of a second slope of a determinant.")
    i, j = converter.each(expr.places, at)
    return matrix.cofactor_matrix()[i, j]


def logarithm(converter: Any, expr: LogDeterminant, at: Mapping[Symbol, Expr]) -> Expr:
    """The logarithm of a determinant's absolute value."""
    return sympy.log(sympy.Abs(written_out(converter, expr, at).det(method="berkowitz")))


RULES = {InverseMatrix: inverted, Minor: minor, LogDeterminant: logarithm}

__all__ = ["RULES"]
