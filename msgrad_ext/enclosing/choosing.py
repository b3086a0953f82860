"""Comparisons, choices, maxima and slopes at kinks, where balls may overlap: what is not certain is never guessed.

The slope at a kink may lie anywhere between its values on the two sides, so there it is the ball that holds both: where
the network has a derivative all the same, that derivative is enclosed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
from sympy import Expr, Symbol

from ..formulas.indexed_value import Labelled, spread, value, whole
from ..symbolic.nodes import Largest, Share, Tied
from . import balls
from .entries import read
from .place import BallPlace, as_objects, by_element, each

_HOLDS: dict[str, Callable[[int], bool]] = {
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
}


# Indices that two sides of a comparison may have apart.
_PAIRS = 3


def compare(expr: Any, place: BallPlace) -> Labelled:
    """1 where a comparison holds, else 0."""
    relation, first, second = expr.args
    mine, other, holds = place.moves(first), place.moves(second), _HOLDS[relation.name]
    unknown = place.unknown(0, 1, mine or other)

    def one(x: Any, y: Any) -> Any:
        found = balls.order(x, y, mine, other)
        return unknown if found is None else int(holds(found))

    result = each(np.frompyfunc(one, 2, 1), place, value(first, place), value(second, place))
    equal = _one_element(first, second, result.labels, place)
    if equal is None:
        return result
    # An element compared with itself is equal to itself, however little is known of it.
    return Labelled(np.where(equal, int(holds(0)), result.array).astype(object), result.labels)


def _one_element(first: Expr, second: Expr, labels: Sequence[Symbol], place: BallPlace) -> np.ndarray | None:
    """Where both sides are one element of an array, since their indices are equal; None if they never are."""
    mine, other = (expr.free_symbols & set(place.ranges) for expr in (first, second))
    pairs = sorted(mine - other, key=str), sorted(other - mine, key=str)
    if not 0 < len(pairs[0]) == len(pairs[1]) <= _PAIRS or not set(pairs[0] + pairs[1]) <= set(labels):
        return None
    for order in itertools.permutations(pairs[1]):
        if first.xreplace(dict(zip(pairs[0], order))) == second:
            at = {k: spread(Labelled(np.arange(place.ranges[k]), (k,)), labels) for k in (*pairs[0], *order)}
            return np.asarray(reduce(np.logical_and, (at[i] == at[j] for i, j in zip(pairs[0], order))))
    return None


def choice(expr: Any, place: BallPlace) -> Labelled:
    """``a`` where the condition is not 0, else ``b``."""
    moves = place.moves(expr.args[0])

    def one(condition: Any, a: Any, b: Any) -> Any:
        if condition == 0:
            return b
        if condition > 0 or condition < 0:
            return a
        # Two values that may differ make a jump, unless they are those of a slope.
        a, b = balls.ball(a), balls.ball(b)
        known = not moves or place.final or a.overlaps(b)
        return a.union(b) if known else balls.nothing()

    return each(np.frompyfunc(one, 3, 1), place, *(value(arg, place) for arg in expr.args))


def _side(below: int, at: Any, above: int) -> Any:
    """The rule of a function of the sign."""

    def rule(expr: Any, place: BallPlace) -> Labelled:
        moves = place.moves(expr)
        known, unknown = {-1: below, 0: at(), 1: above}, place.unknown(below, above, moves)

        def one(x: Any) -> Any:
            found = balls.order(x, 0, moves)
            return unknown if found is None else known[found]

        return each(np.frompyfunc(one, 1, 1), place, value(expr.args[0], place))

    return rule


positive = _side(0, lambda: 0, 1)
half = _side(0, lambda: balls.ball(1) / 2, 1)
sign = _side(-1, lambda: 0, 1)


# Over an index ----------------------------------------------------------------------------------------------------------


def largest(expr: Largest, place: BallPlace) -> Labelled:
    """A maximum over an index."""
    item, k = value(expr.body, place.within(expr.limits)), expr.bound[0]
    if k not in item.labels:
        return item
    axis = item.labels.index(k)
    place.work.add(item.array.size)
    return Labelled(as_objects(_highest(item, axis)), (*item.labels[:axis], *item.labels[axis + 1 :]))


def _highest(item: Labelled, axis: int) -> Any:
    return np.frompyfunc(balls.higher, 2, 1).reduce(np.asarray(item.array, object), axis=axis)


def tied(expr: Tied, place: BallPlace) -> Labelled:
    """The share of an index in the maximum: 1 where it is certainly the only one."""
    inner = place.within(expr.limits)
    item, k, moves = value(expr.body, inner), expr.bound[0], place.moves(expr.body)
    if k not in item.labels:
        share = balls.ball(1) / inner.ranges[k]
        return Labelled(as_objects(place.unknown(0, 1, True) if moves and inner.ranges[k] > 1 else share), ())
    place.work.add(3 * item.array.size)
    unknown = place.unknown(0, 1, moves)
    array = np.moveaxis(balls.balls(item.array), item.labels.index(k), -1)
    shares = [one for row in array.reshape(-1, array.shape[-1]) for one in _shares(row.tolist(), moves, unknown)]
    rest = tuple(x for x in item.labels if x != k)
    return read(Labelled(balls.filled(shares, array.shape), (*rest, k)), k, expr.args[2], place)


def _shares(row: list[Any], moves: bool, unknown: Any) -> list[Any]:
    """The shares of a row's elements in its maximum."""
    low = row[0]
    for one in row[1:]:
        low = one if one.lower() > low.lower() else low
    # Only what is not certainly below some element can be the largest.
    able = [not one < low for one in row]
    if sum(able) == 1:
        return [int(one) for one in able]
    equal = not moves and all(one == low for one, here in zip(row, able) if here)
    return [(balls.ball(1) / sum(able) if equal else unknown) if here else 0 for here in able]


def share(expr: Share, place: BallPlace) -> Labelled:
    """A softmax at an index."""
    inner = place.within(expr.limits)
    item, k = value(expr.body, inner), expr.bound[0]
    if k not in item.labels:
        return Labelled(as_objects(balls.ball(1) / inner.ranges[k]), ())
    axis, array = item.labels.index(k), balls.balls(item.array)
    place.work.add(4 * item.array.size)
    # Any number may be taken away from all; the middle of the largest keeps exponents small.
    top = np.expand_dims(as_objects(_highest(item, axis)), axis)
    powers = by_element(lambda x, m: (x - m.mid()).exp(), 2)(array, np.broadcast_to(top, array.shape))
    below = np.add.reduce(powers, axis=axis, keepdims=True)
    return read(Labelled(powers / below, item.labels), k, expr.args[2], place)


# Of indices -------------------------------------------------------------------------------------------------------------


def delta(expr: Any, place: BallPlace) -> Labelled:
    """1 where two indices are equal, else 0."""
    first, second = (whole(arg, place) for arg in expr.args)
    return each(lambda a, b: _indicated(a == b, np.isnan(a) | np.isnan(b), place), place, first, second)


def within(expr: Any, place: BallPlace) -> Labelled:
    """1 where an index is one of a range, else 0."""
    given, step = whole(expr.args[0], place), place.length(expr.args[1])
    n = place.length(expr.args[2])

    def inside(at: Any) -> np.ndarray:
        return _indicated((at % step == 0) & (at >= 0) & (at < n * step), np.isnan(at), place)

    return each(inside, place, given)


def _indicated(holds: Any, unknown: Any, place: BallPlace) -> np.ndarray:
    result = as_objects(np.asarray(holds).astype(np.int64))
    return np.where(unknown, place.unknown(0, 1, True), result) if np.any(unknown) else result


__all__ = ["choice", "compare", "delta", "half", "largest", "positive", "share", "sign", "tied", "within"]
