"""Sums over products of balls: factors are contracted pairwise, by flint's products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sympy import Symbol

from ..formulas import indexed_value
from ..formulas.indexed_value import Arithmetic, Labelled, spread
from . import balls
from .place import BallPlace, as_objects, each, sizes


def contract(factors: list[Labelled], bound: Sequence[Symbol], place: BallPlace) -> Labelled:
    """The product of ``factors`` summed over ``bound``, smallest intermediate results first."""
    arithmetic = Arithmetic(
        times=lambda first, second: each(np.multiply, place, first, second),
        pair=lambda first, second, k: pair(first, second, k, place),
        total=lambda item, k: summed(item, k, place),
        count=lambda n: Labelled(as_objects(n), ()),
    )
    return indexed_value.contract(factors, bound, place, arithmetic)


def summed(item: Labelled, k: Symbol, place: BallPlace) -> Labelled:
    """The sum over one index."""
    place.work.add(item.array.size)
    axis = item.labels.index(k)
    found = np.add.reduce(np.asarray(item.array, object), axis=axis)
    return Labelled(as_objects(found), (*item.labels[:axis], *item.labels[axis + 1 :]))


def pair(a: Labelled, b: Labelled, k: Symbol, place: BallPlace) -> Labelled:
    """Two factors contracted over an index that both have; other common indices are batch axes."""
    batch = [x for x in a.labels if x in b.labels and x != k]
    rows = [x for x in a.labels if x not in b.labels]
    columns = [x for x in b.labels if x not in a.labels]
    if not rows and not columns:
        return summed(each(np.multiply, place, a, b), k, place)
    outer = [int(np.prod(sizes(group, a, b), dtype=np.int64)) for group in (batch, rows, columns)]
    inner = sizes([k], a, b)[0]
    left = spread(a, [*batch, *rows, k]).reshape(outer[0], outer[1], inner)
    right = spread(b, [*batch, k, *columns]).reshape(outer[0], inner, outer[2])
    place.work.add(left.size + right.size + outer[0] * outer[1] * outer[2], left.size * outer[2])
    labels = (*batch, *rows, *columns)
    found = [entry for one, other in zip(left, right) for entry in _product(one, other)]
    return Labelled(balls.filled(found, sizes(labels, a, b)), labels)


def _product(left: np.ndarray, right: np.ndarray) -> Any:
    """The elements of a product of two matrices."""
    from flint import arb_mat

    if 0 in left.shape or 0 in right.shape:
        return [0] * (left.shape[0] * right.shape[1])
    mine, other = left.ravel().tolist(), right.ravel().tolist()
    if set(map(type, mine)) == set(map(type, other)) == {int}:
        return np.matmul(left, right).ravel().tolist()
    return (arb_mat(*left.shape, mine) * arb_mat(*right.shape, other)).entries()


__all__ = ["contract"]
