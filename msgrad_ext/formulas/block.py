"""A block of a Hessian as a formula: what a reader gets of it, also as a matrix and in its compressed form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Expr

from ..symbolic.second import Second
from .block_value import block_value, needed_for
from .equation import Equation
from .formula import Formula


@dataclass(frozen=True)
class Kronecker:
    """A block as a matrix: rows are the elements of the first array, columns those of the second, both row by row.

    ``vec`` puts an array's elements under each other row by row (``numpy``'s ``reshape(-1)``), so that ``(M ⊗ N) vec(A)``
    is ``vec(M A N^T)``. ``K`` with the lengths ``m, n`` is the matrix with ``K vec(A) = vec(A^T)`` for ``A`` of shape
    ``(m, n)``; where the network has a K, it has another letter: T or C.
    """

    latex: str
    text: str
    equation: Equation = field(repr=False)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Block(Formula):
    """A block of a Hessian as a formula; its axes are those of the first array, then those of the second.

    Attributes
    ----------
    pair : tuple of str
        The names that it is by.
    product : Formula
        The block times a direction of the second array's shape: the compressed form where the block has many axes.
    kronecker : Kronecker or None
        The block as a matrix of Kronecker products, where it is a short sum of such.
    """

    pair: tuple[str, str] = ("", "")
    closed: Expr | None = field(default=None, repr=False)
    kronecker: Kronecker | None = field(default=None, repr=False)
    second: Second = field(default=None, repr=False)  # type: ignore[assignment]
    multiply: Callable[[], Formula] = field(default=None, repr=False)  # type: ignore[assignment]

    @cached_property
    def product(self) -> Formula:
        """The block times a direction, as a formula."""
        return self.multiply()

    def evaluate(self, values: Mapping[str, Any]) -> np.ndarray:
        """The block at arrays by name, in float64, by its closed form: no loop over rows or columns.

        Only a block that has none (a note says so) is put together of its products with unit directions.

        Raises
        ------
        UnknownNameError
            If a value is missing.
        ShapeError
            If the shapes do not fit the formula's.
        """
        needed = needed_for(self.second, self.closed, self.key)
        whole = self.complete(values, f"the Hessian by {', '.join(self.pair)}", needed)
        return block_value(self.second, self.closed, self.key, whole)


__all__ = ["Block", "Kronecker"]
