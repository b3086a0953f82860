"""What a plan is made of before it is text: `Value`, an array of the plan, and `Step`, one call that makes one.

Steps are smaller than equations: one ufunc, one reduction, one product of matrices. They know shapes and dtypes, but
neither buffers nor names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..ir import Eqn, Lit, Shape


class Value:
    """One array of the plan.

    Its maker may name it, and turn it into a view, later.

    Attributes
    ----------
    shape, dtype
        As they will be.
    kind : str
        ``"input"``, ``"constant"``, ``"made"`` (by a step), ``"view"`` (of ``base``), or ``"shared"`` (made by a
        call, and perhaps a view of ``base``).
    name : str
        What the text calls it.
    base : Value or None
        The value that a view is taken of.
    form : str
        How a view is written, with ``{}`` for its base: ``{}.T``.
    array : ndarray or None
        A constant's value.
    lit : Lit or None
        The constant of the graph that it is.
    compact : bool
        True if it is known to be contiguous.
    make : callable or None
        Takes the view that ``form`` writes, where that is known.
    template : ndarray or None
        An array of the same layout, where one was needed to see how views of it lie.
    torn : bool
        True for a view of an input that is a copy, since the memory's layout allows no view: it is taken at each call.
    """

    __slots__ = (
        "array",
        "base",
        "compact",
        "dtype",
        "form",
        "kind",
        "lit",
        "make",
        "name",
        "shape",
        "template",
        "torn",
    )

    def __init__(
        self,
        shape: Shape,
        dtype: np.dtype,
        kind: str,
        name: str = "",
        base: Value | None = None,
        form: str = "",
        array: np.ndarray | None = None,
        lit: Lit | None = None,
        compact: bool = True,
    ) -> None:
        self.shape, self.dtype, self.kind, self.name = shape, dtype, kind, name
        self.base, self.form, self.array, self.lit, self.compact = base, form, array, lit, compact
        self.template: np.ndarray | None = None
        self.make: Callable[[np.ndarray], np.ndarray] | None = None
        self.torn = False

    @property
    def root(self) -> Value:
        """The value whose memory this is."""
        value = self
        while value.base is not None:
            value = value.base
        return value

    @property
    def size(self) -> int:
        """The number of elements."""
        result = 1
        for length in self.shape:
            result *= length
        return result

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self.size * self.dtype.itemsize


@dataclass(frozen=True, eq=False)
class Step:
    """One call.

    Attributes
    ----------
    kind : str
        ``"ufunc"``, ``"bits"`` (a ufunc of the bits of floats), ``"cast"``, ``"where"``, ``"reduce"``, ``"dot"``, ``"inner"``,
        ``"matmul"``, ``"fill"``, ``"view"``, ``"call"``, ``"guard"`` or ``"chain"``.
    name : str
        The ufunc's or function's name; for a view its form, for a fill its text with places for names.
    operands : tuple of Value
        What it reads.
    out : Value
        What it makes.
    settings : tuple
        Axis and keepdims of a reduction; of a call, the function that spells it for its operands' names, or a form.
    eqn : Eqn or None
        The equation that it belongs to.
    """

    kind: str
    name: str
    operands: tuple[Value, ...]
    out: Value
    settings: tuple[Any, ...] = ()
    eqn: Eqn | None = None


# Kinds that work element by element and may therefore write over an operand that nobody reads later.
ELEMENTWISE = frozenset({"ufunc", "bits", "cast", "where"})


@lru_cache(maxsize=4096)
def resolved(name: str, dtypes: tuple[Any, ...]) -> tuple[np.dtype, ...]:
    """The dtypes in which the ufunc ``name`` computes; Python's ``int`` and ``float`` stand for plain numbers."""
    return tuple(getattr(np, name).resolve_dtypes((*dtypes, None)))


class Unreadable(Exception):
    """A voice says more than steps can; it is called as a whole."""
