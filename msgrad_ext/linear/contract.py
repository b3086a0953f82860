"""The order in which the factors of a product that is summed over symbols are multiplied: the cheapest, by counted cost."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import combinations
from typing import Any, Protocol

from .term import Over, Symbol

# Counted in nanoseconds of numpy, roughly: a call, an element that is written, a multiplication in a matrix product.
CALL, ELEMENT, MULTIPLY, BATCH = 400.0, 1.0, 0.1, 150.0
_MOST = 7


class Multiplier(Protocol):
    """What makes the products."""

    def product(self, first: Over, second: Over, summed: set[Symbol]) -> Over:
        """The product of two arrays, summed over ``summed``."""

    def total(self, over: Over, summed: set[Symbol]) -> Over:
        """An array summed over symbols."""


def contract(arrays: Multiplier, factors: Sequence[Over], gone: set[Symbol]) -> Over:
    """The product of ``factors``, summed over ``gone``."""
    factors = list(factors)
    while len(factors) > _MOST:
        factors.sort(key=lambda one: -size(one[1]))
        first, second = factors.pop(), factors.pop()
        shared = {symbol for _, axes in factors for symbol in axes}
        factors.append(arrays.product(first, second, gone - shared))
    if len(factors) == 1:
        return arrays.total(factors[0], gone)
    plan = _cheapest([frozenset(axes) for _, axes in factors], gone)
    return _made(arrays, factors, plan, gone)


def _made(arrays: Multiplier, factors: Sequence[Over], tree: Any, gone: set[Symbol]) -> Over:
    """Multiply as ``tree`` says; a symbol is summed where nothing outside has it any more."""
    if isinstance(tree, int):
        outside = {symbol for number, (_, axes) in enumerate(factors) if number != tree for symbol in axes}
        return arrays.total(factors[tree], gone - outside)
    left, right = tree
    inside = set(_leaves(tree))
    outside = {symbol for number, (_, axes) in enumerate(factors) if number not in inside for symbol in axes}
    first, second = _made(arrays, factors, left, gone), _made(arrays, factors, right, gone)
    return arrays.product(first, second, gone - outside)


def _leaves(tree: Any) -> list[int]:
    return [tree] if isinstance(tree, int) else [one for half in tree for one in _leaves(half)]


def size(axes: Collection[Symbol]) -> int:
    """How many elements an array over ``axes`` has."""
    return math.prod(symbol.length for symbol in axes)


def _cheapest(axes: list[frozenset[Symbol]], gone: set[Symbol]) -> object:
    """The cheapest tree of products, by trying all pairs of groups."""
    every = range(len(axes))

    def kept(group: frozenset[int]) -> frozenset[Symbol]:
        inside = frozenset().union(*(axes[one] for one in group))
        outside = frozenset().union(*(axes[one] for one in every if one not in group))
        return inside - (gone - outside)

    best: dict[frozenset[int], tuple[float, object]] = {frozenset([one]): (0.0, one) for one in every}
    for count in range(2, len(axes) + 1):
        for members in combinations(every, count):
            group = frozenset(members)
            found: tuple[float, object] | None = None
            for part in range(1, count // 2 + 1):
                for chosen in combinations(members, part):
                    first, second = frozenset(chosen), group - frozenset(chosen)
                    cost = best[first][0] + best[second][0] + price(kept(first), kept(second), kept(group))
                    if found is None or cost < found[0]:
                        found = (cost, (best[first][1], best[second][1]))
            assert found is not None
            best[group] = found
    return best[frozenset(every)][1]


def price(first: frozenset[Symbol], second: frozenset[Symbol], result: frozenset[Symbol]) -> float:
    """What the product of two arrays costs whose symbols are those of ``result`` afterwards."""
    summed = (first | second) - result
    if not (summed & first & second):
        return CALL + ELEMENT * size(first | second) + (4 * CALL if summed else 0)
    both = first & second & result
    if both and result == both:
        return 4 * CALL + 1.5 * ELEMENT * size(first | second)
    moved = ELEMENT * (size(first) + size(second)) if both else 0.0
    return 2 * CALL + MULTIPLY * size(first | second) + moved + (BATCH * size(both) + 2 * CALL if both else 0.0)


__all__ = ["contract", "price", "size"]
