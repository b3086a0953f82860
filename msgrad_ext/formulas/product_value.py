"""Products over indices, and positions of indices as numbers, at arrays: entered into the rules of `indexed_value`."""

from __future__ import annotations

import itertools

import numpy as np
from sympy import Integer

from ..errors import NotSupportedError
from ..symbolic.nodes import Quotient, Ravel, Unravel
from ..symbolic.products import Product
from .indexed_value import RULES, Labelled, Place, number, spread, value, whole

# Factors that one product may have in all; each is multiplied once for every element of the result.
_MOST = {False: 1_000_000_000, True: 10_000_000}


class FormulaTooLargeError(NotSupportedError):
    """The formula is right, but takes too long to evaluate at arrays of this size."""


def product(expr: Product, place: Place) -> Labelled:
    """A product over indices, one factor after the other; what is left out counts as 1."""
    inner = place.within(expr.limits)
    item = value(expr.body, inner)
    holes = [[whole(i, place) for i in at] for at in expr.without]
    outer = dict.fromkeys(k for k in item.labels if k not in expr.bound)
    outer.update(dict.fromkeys(k for hole in holes for i in hole for k in i.labels))
    labels = tuple(outer)
    lengths = [inner.ranges[k] for k in expr.bound]
    shape = tuple(inner.ranges[k] for k in labels)
    count = int(np.prod([*shape, *lengths], dtype=np.float64))
    if count > _MOST[place.exact]:
        raise FormulaTooLargeError(f"a product in the formula has about {count:.1e} factors in all")
    at = [[spread(i, labels) for i in hole] for hole in holes]
    factors = spread(item, (*expr.bound, *labels))
    factors = np.broadcast_to(factors, (*lengths, *factors.shape[len(lengths) :]))
    one = number(Integer(1), place).array
    if not holes:
        return Labelled(np.prod(factors, axis=tuple(range(len(lengths))), initial=one), labels)
    result = np.broadcast_to(one, shape)
    for where in itertools.product(*map(range, lengths)):
        factor = factors[where]
        for hole in at:
            here = np.logical_and.reduce(np.broadcast_arrays(*(i == k for i, k in zip(hole, where))))
            factor = np.where(here, one, factor)
        result = result * factor
    return Labelled(result, labels)


RULES.update({Product: product, Quotient: whole, Ravel: whole, Unravel: whole})

__all__ = ["FormulaTooLargeError"]
