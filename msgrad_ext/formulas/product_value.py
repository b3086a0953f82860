"""Products over indices, and positions of indices as numbers, at arrays: entered into the rules of `indexed_value`."""

from __future__ import annotations

import numpy as np
from sympy import Integer

from ..symbolic.nodes import Quotient, Ravel, Unravel
from ..symbolic.products import Product
from .indexed_value import RULES, Labelled, Place, number, spread, value, whole


def product(expr: Product, place: Place) -> Labelled:
    """A product over indices; what is left out counts as 1."""
    inner = place.within(expr.limits)
    item = value(expr.body, inner)
    holes = [[whole(i, place) for i in at] for at in expr.without]
    outer = dict.fromkeys(k for k in item.labels if k not in expr.bound)
    outer.update(dict.fromkeys(k for hole in holes for i in hole for k in i.labels))
    labels = (*outer, *expr.bound)
    array = np.broadcast_to(spread(item, labels), [inner.ranges[k] for k in labels])
    one = number(Integer(1), place).array
    for hole in holes:
        here = np.asarray(True)
        for k, i in zip(expr.bound, hole):
            here = here & (spread(Labelled(np.arange(inner.ranges[k]), (k,)), labels) == spread(i, labels))
        array = np.where(here, one, array)
    axes = tuple(range(len(outer), len(labels)))
    return Labelled(np.prod(array, axis=axes, initial=one), tuple(outer))


RULES.update({Product: product, Quotient: whole, Ravel: whole, Unravel: whole})

__all__: list[str] = []
