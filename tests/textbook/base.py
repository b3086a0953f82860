"""Functions of textbooks, with the gradients as textbooks print them: what the symbolic road is measured by.

Each `Case` is a function of arrays at symbolic shape and the gradients that a person writes by hand, in the LaTeX of this
package. Right is what central differences say; the hand-written form is there for its length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgrad_ext import ops


@dataclass(frozen=True, eq=False)
class Case:
    """A function, its shapes in letters, and a gradient in LaTeX for each name in ``by``.

    ``sens`` weights an output that is no scalar by the symbol G. ``draw`` says what numbers to try it with.
    """

    name: str
    function: Callable[..., Any]
    shapes: dict[str, tuple[Any, ...]]
    by: dict[str, str]
    sens: bool = False
    draw: str = "positive"


def trace(a: Any) -> Any:
    """The trace of a matrix."""
    return ops.trace(a)


def total(a: Any) -> Any:
    """The sum of all elements."""
    return a.sum()


def inverse(a: Any) -> Any:
    """The inverse of a matrix."""
    return ops.MatrixInverse()(a)


def det(a: Any) -> Any:
    """The determinant of a matrix."""
    return ops.det(a)


def logdet(a: Any) -> Any:
    """The logarithm of the determinant."""
    return ops.logdet(a)


def norm(a: Any) -> Any:
    """The Euclidean or Frobenius norm."""
    return (a * a).sum().sqrt()


VEC, SQUARE = ("n",), ("n", "n")
MN, NM = ("m", "n"), ("n", "m")
