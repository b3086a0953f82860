"""Where formulas are evaluated with balls: the operands, what of them moves, and how much work may be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import Expr, Symbol

from ..formulas.indexed_value import Labelled, Place, spread
from ..symbolic.nodes import Entry
from . import balls

# Seconds that one operation on balls takes about, alone and within a product of matrices, at 128 bits.
_ALONE, _IN_PRODUCT = 4e-7, 1e-8


class TooMuchWorkError(Exception):
    """The enclosure would take longer than it may."""


class Work:
    """About how many seconds were spent, by a count of operations, and how many may be."""

    def __init__(self, most: float) -> None:
        self.most = most
        self.done = 0.0

    def add(self, alone: float, in_products: float = 0.0) -> None:
        """Count operations before they are done.

        Raises
        ------
        TooMuchWorkError
            If they are too many.
        """
        self.done += alone * _ALONE + in_products * _IN_PRODUCT
        if self.done > self.most:
            raise TooMuchWorkError(f"more than the {self.most:g} seconds that it may take, by a count of operations")


@dataclass(frozen=True)
class BallPlace(Place):
    """A place whose arrays hold balls, or integers.

    Attributes
    ----------
    moving : frozenset of Symbol
        Heads of the arrays that depend on what is differentiated by.
    final : bool
        Whether the line is a cotangent of the last reverse pass. What jumps there is a slope, which may lie anywhere
        between its values on the two sides; elsewhere a jump leaves nothing to differentiate, and so nothing is known.
    work : Work
        What may be done, and was.
    """

    moving: frozenset[Symbol] = frozenset()
    final: bool = False
    work: Work = field(default_factory=lambda: Work(float("inf")))
    table: Mapping[type, Callable[[Any, Any], Labelled]] = field(default_factory=dict)

    @property
    def rules(self) -> Mapping[type, Callable[[Any, Any], Labelled]]:
        """The table."""
        return self.table

    def positions(self, array: Any) -> np.ndarray:
        """Computed indices as numbers; NaN for one that is not certain."""
        flat = np.asarray(array).ravel().tolist()
        found = np.array([_position(one) for one in flat], np.float64).reshape(np.shape(array))
        return found.astype(np.int64) if np.all(found == np.trunc(found)) else found

    def moves(self, *exprs: Expr) -> bool:
        """Whether expressions depend on what is differentiated by."""
        return any(not self.moving.isdisjoint(heads(expr)) for expr in exprs)

    def unknown(self, low: int, high: int, moves: bool) -> Any:
        """The value of what jumps from ``low`` to ``high`` at a point that may be on either side."""
        return balls.nothing() if moves and not self.final else balls.ball(low).union(balls.ball(high))


def _position(one: Any) -> float:
    if isinstance(one, (int, float)):
        return float(one)
    return float(one) if one.is_exact() else np.nan


@lru_cache(maxsize=8192)
def heads(expr: Expr) -> frozenset[Symbol]:
    """The arrays that an expression reads."""
    return frozenset(entry.head for entry in expr.atoms(Entry))


def each(function: Callable[..., Any], place: BallPlace, *items: Labelled) -> Labelled:
    """A function of aligned elements, element by element."""
    labels = tuple(dict.fromkeys(k for item in items for k in item.labels))
    given = [spread(item, labels) for item in items]
    shape = np.broadcast_shapes(*(array.shape for array in given))
    place.work.add(float(np.prod(shape, dtype=np.float64)))
    return Labelled(as_objects(function(*given)), labels)


def as_objects(found: Any) -> np.ndarray:
    """What numpy made of object arrays, as an object array also where it has no axis."""
    if isinstance(found, np.ndarray):
        return found if found.dtype == object else found.astype(object)
    result = np.empty((), object)
    result[()] = found
    return result


def by_element(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A function of balls, for arrays."""
    mapped = np.frompyfunc(function, count, 1)
    return lambda *arrays: mapped(*map(balls.balls, arrays))


def sizes(labels: Sequence[Symbol], *items: Labelled) -> list[int]:
    """The lengths of the axes ``labels`` of ``items``."""
    known = {k: n for item in items for k, n in zip(item.labels, item.array.shape)}
    return [known[k] for k in labels]


__all__ = ["BallPlace", "TooMuchWorkError", "Work", "as_objects", "by_element", "each", "heads", "sizes"]
