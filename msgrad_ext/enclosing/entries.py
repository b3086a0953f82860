"""Elements of arrays of balls at places that may be computed, and then not be certain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sympy import Expr, Symbol

from ..formulas.indexed_value import Labelled, spread, whole
from ..symbolic.nodes import Entry
from . import balls
from .place import BallPlace


def positions(expr: Expr, place: BallPlace) -> Labelled:
    """An index expression as numbers among others."""
    item = whole(expr, place)
    found = np.asarray(item.array)
    if found.dtype.kind == "f":
        unknown, rest = np.isnan(found), balls.balls(found)
        return Labelled(np.where(unknown, balls.nothing(), rest), item.labels)
    return Labelled(found.astype(object), item.labels)


def entry(expr: Entry, place: BallPlace) -> Labelled:
    """Elements of an array, 0 outside of it; nothing is known of one whose place is not certain."""
    array = place.arrays[expr.head]
    plain = all(i == 0 or place.ranges.get(i) == n for i, n in zip(expr.indices, array.shape))
    if plain and len(set(expr.indices)) == len(expr.indices):
        kept = array[tuple(0 if i == 0 else slice(None) for i in expr.indices)]
        return Labelled(np.asarray(kept, object), tuple(i for i in expr.indices if i != 0))
    given = [whole(i, place) for i in expr.indices]
    labels = tuple(dict.fromkeys(k for item in given for k in item.labels))
    at = [np.asarray(spread(item, labels)) for item in given]
    shape = np.broadcast_shapes(*(i.shape for i in at))
    place.work.add(float(np.prod(shape, dtype=np.float64)))
    unknown = np.logical_or.reduce(np.broadcast_arrays(*(np.isnan(i) for i in at)))
    inside = ~unknown
    for i, n in zip(at, array.shape):
        inside = inside & (i >= 0) & (i < n) & (i == np.trunc(i))
    if 0 in array.shape:
        taken = np.zeros(shape, object)
    else:
        numbers = [np.where(np.isnan(i), 0, i) for i in at]
        taken = array[tuple(np.clip(i, 0, n - 1).astype(np.int64) for i, n in zip(numbers, array.shape))]
    if inside.all():
        return Labelled(np.broadcast_to(np.asarray(taken, object), shape), labels)
    result = np.where(inside, taken, 0).astype(object)
    result[np.broadcast_to(unknown, result.shape)] = balls.nothing()
    return Labelled(result, labels)


def read(item: Labelled, k: Symbol, at: Expr, place: BallPlace) -> Labelled:
    """``item`` with its index ``k`` read at the index ``at``."""
    if at in place.ranges and at not in item.labels:
        return Labelled(item.array, tuple(at if x == k else x for x in item.labels))
    head = Symbol("~item")
    return entry(Entry(head, *(at if x == k else x for x in item.labels)), beside(place, head, item.array))


def beside(place: BallPlace, head: Symbol, array: np.ndarray) -> BallPlace:
    """The place with one array more."""
    return replace(place, arrays={**place.arrays, head: array})


__all__ = ["beside", "entry", "positions", "read"]
