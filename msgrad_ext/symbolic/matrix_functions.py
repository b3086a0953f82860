"""Functions of a whole matrix: inverse, determinant and its minors, log of the determinant, Cholesky factor.

A node binds the row and the column of its matrix's element and is read at places, as `Share` is. Each derivative is
stated from the function's defining equation:

- inverse: ``X A = I``, so ``dX = -X dA X``;
- determinant: it is linear in each element, so its slopes are determinants again, of the matrix with rows replaced by
  unit rows: `Minor` with a pair of places for each slope, right for singular matrices too;
- log of the determinant: Jacobi's formula, ``d log|det A| = tr(A^-1 dA)``;
- Cholesky factor: ``L L^T = S``, so ``dL = L half(L^-1 dS L^-T)``, where ``half`` keeps what is below the diagonal and
  half of the diagonal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Expr, Integer, Pow, S, Symbol, diff

from .functions import HALF, Absolute, Half, Log
from .nodes import Binder, Total, expression, fresh_index

Element = Callable[[Any, Any], Any]


class MatrixFunction(Binder):
    """Base: ``args = (element, ((row, n), (column, n)), *places)``."""

    @property
    def places(self) -> tuple[Expr, ...]:
        """Where the result is read."""
        return self.args[2:]

    @property
    def length(self) -> Expr:
        """The number of rows, which is that of columns."""
        return self.limits[0][1]

    def at(self, *places: Any) -> Expr:
        """The same function of the same matrix, read elsewhere."""
        return type(self)(self.body, self.limits, *places)

    def slope(self, wrt: Expr) -> tuple[Expr, Symbol, Symbol]:
        """The derivative of the matrix's element at a fresh row and column."""
        row, column = fresh_index(), fresh_index()
        return diff(self.body, wrt).xreplace(dict(zip(self.bound, (row, column)))), row, column

    def summed(self, body: Expr, *ks: Symbol) -> Expr:
        """The sum of ``body`` over rows and columns ``ks``."""
        return Total(body, tuple((k, self.length) for k in ks))


class InverseMatrix(MatrixFunction):
    """An element of the inverse."""

    def _eval_derivative(self, wrt: Expr) -> Expr:
        slope, row, column = self.slope(wrt)
        i, j = self.places
        return S.Zero if slope == 0 else -self.summed(self.at(i, row) * slope * self.at(column, j), row, column)


class Minor(MatrixFunction):
    """The determinant's slope by the elements at ``places``, given as row, column, row, column, ...; itself for none."""

    def _eval_derivative(self, wrt: Expr) -> Expr:
        slope, row, column = self.slope(wrt)
        return S.Zero if slope == 0 else self.summed(self.at(*self.places, row, column) * slope, row, column)


class LogDeterminant(MatrixFunction):
    """The logarithm of the determinant's absolute value."""

    def _eval_derivative(self, wrt: Expr) -> Expr:
        slope, row, column = self.slope(wrt)
        return (
            S.Zero
            if slope == 0
            else self.summed(InverseMatrix(self.body, self.limits, column, row) * slope, row, column)
        )


class Lower(MatrixFunction):
    """An element of the lower triangular factor of the matrix's symmetric part."""

    def _eval_derivative(self, wrt: Expr) -> Expr:
        slope, row, column = self.slope(wrt)
        if slope == 0:
            return S.Zero
        i, j = self.places
        k, l, m = (fresh_index() for _ in range(3))  # noqa: E741 (the letter of a column)
        factor = InverseMatrix(self.at(k, l), ((k, self.length), (l, self.length)), m, row)
        after = factor.at(j, column)
        turned = InverseMatrix(factor.body, factor.limits, m, column) * InverseMatrix(
            factor.body, factor.limits, j, row
        )
        both = HALF * slope * (factor * after + turned)
        return self.summed(self.at(i, m) * Half(m - j) * both, m, row, column)


def _made(kind: type[MatrixFunction], n: Any, element: Element, places: tuple[Any, ...]) -> Expr:
    row, column = fresh_index(), fresh_index()
    return kind(element(row, column), ((row, n), (column, n)), *map(expression, places))


def inverse(n: Any, element: Element, i: Any, j: Any) -> Expr:
    """Element ``i, j`` of the inverse of the matrix with these elements and ``n`` rows."""
    return Pow(element(0, 0), -1) if n == 1 else _made(InverseMatrix, n, element, (i, j))


def minor(n: Any, element: Element, *places: Any) -> Expr:
    """The determinant's slope by the elements at ``places`` (row, column, row, column, ...); itself for none."""
    if n == 1:
        return expression(element(0, 0)) if not places else Integer(len(places) == 2)
    return _made(Minor, n, element, places)


def log_determinant(n: Any, element: Element) -> Expr:
    """The logarithm of the determinant's absolute value."""
    return Log(Absolute(element(0, 0))) if n == 1 else _made(LogDeterminant, n, element, ())


def lower(n: Any, element: Element, i: Any, j: Any) -> Expr:
    """Element ``i, j`` of the lower triangular factor of the matrix's symmetric part."""
    return Pow(element(0, 0), HALF) if n == 1 else _made(Lower, n, element, (i, j))


__all__ = ["inverse", "log_determinant", "lower", "minor"]
