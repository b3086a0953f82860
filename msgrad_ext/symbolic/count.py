"""How many operations on numbers a definition takes, at given lengths of its axes.

The count is that of computing the definition as it stands: a sum, product, quotient, power or function of numbers is one;
a part that occurs twice is computed once; sums over products are contracted pairwise, so that a matrix product of m by k
and k by n takes ``m n k`` products and ``m n (k - 1)`` sums. Reading, turning, copying and choosing elements takes none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sympy import Add, Expr, Integer, Mul, Pow, Symbol

from .functions import Sigmoid
from .matrix_functions import MatrixFunction
from .nodes import Binder, Delta, Entry, Largest, Share, Tied, Total, Within
from .products import Product


@dataclass(frozen=True)
class Operations:
    """Operations on numbers that the lines of a derivation take, in its forward and in its backward lines."""

    forward: int
    backward: int

    def __str__(self) -> str:
        return f"{self.forward} forward, {self.backward} backward"


Labels = frozenset[Symbol]


class Counter:
    """Counts in one definition; ``sizes`` has the lengths of axes by letter, ``ranges`` those of free indices."""

    def __init__(self, sizes: Mapping[Symbol, int], ranges: Mapping[Symbol, Expr]) -> None:
        self.sizes = {letter: Integer(size) for letter, size in sizes.items()}
        self.ranges = {k: self.length(n) for k, n in ranges.items()}
        self.total = 0
        self.known: dict[Expr, Labels] = {}

    def length(self, n: Expr) -> int:
        """A length as a number."""
        return int(n.xreplace(self.sizes))

    def elements(self, labels: Labels) -> int:
        """The number of elements over indices."""
        return math.prod(self.ranges[k] for k in labels)

    def labels(self, expr: Expr) -> Labels:
        """The indices that ``expr`` depends on; what it takes is added to the total, once."""
        if expr not in self.known:
            self.known[expr] = self._labels(expr)
        return self.known[expr]

    def _labels(self, expr: Expr) -> Labels:
        if isinstance(expr, (Entry, Delta, Within)) or not expr.args or expr.is_number:
            return frozenset(expr.free_symbols & self.ranges.keys())
        if isinstance(expr, Binder):
            return self.bound(expr)
        if isinstance(expr, Mul):
            return self.product(expr.args, ())
        parts = [self.labels(arg) for arg in expr.args]
        result = frozenset().union(*parts)
        if isinstance(expr, Add):
            # What is placed where nothing else is, is not added.
            there = sum(self.elements(result) // self.thinned(arg) for arg in expr.args)
            self.total += max(there - self.elements(result), 0)
        else:
            self.total += self.elements(result) * (3 if isinstance(expr, Sigmoid) else 1)
        return result

    def thinned(self, term: Expr) -> int:
        """By what the indicators of a term divide the number of elements that it has."""
        result = 1
        for factor in Mul.make_args(term.body if isinstance(term, Total) else term):
            free = sorted(factor.free_symbols & self.ranges.keys(), key=str) if isinstance(factor, Delta) else ()
            result *= self.ranges[free[0]] if free else 1
            if isinstance(factor, Within):
                moving = [self.ranges[k] for k in factor.free_symbols & self.ranges.keys()]
                result *= max(1, max(moving, default=1) // max(1, self.length(factor.args[2])))
        return result

    def bound(self, expr: Binder) -> Labels:
        """A sum, a maximum, a softmax or a function of a matrix."""
        self.ranges.update({k: self.length(n) for k, n in expr.limits})
        outer = frozenset().union(*(self.labels(arg) for arg in expr.args[2:] if isinstance(arg, Expr)))
        if isinstance(expr, Total):
            if isinstance(expr.body, Add):
                return self.labels(Add(*(Total(arg, expr.limits) for arg in expr.body.args), evaluate=False))
            self.narrow(Mul.make_args(expr.body), expr.bound)
            return self.product(Mul.make_args(expr.body), expr.bound)
        inner = self.labels(expr.body)
        result = inner - frozenset(expr.bound)
        if isinstance(expr, (Largest, Product)):
            self.total += self.elements(inner) - self.elements(result)
        elif isinstance(expr, (Share, Tied)):
            # Functions or comparisons, their sum, and quotients.
            self.total += 3 * self.elements(inner) - self.elements(result)
        elif isinstance(expr, MatrixFunction):
            self.total += self.elements(result) * self.length(expr.length) ** 3
        return result | outer

    def narrow(self, factors: Sequence[Expr], bound: Sequence[Symbol]) -> None:
        """Let bound indices run only through as many places as an indicator of them has."""
        for factor in factors:
            if isinstance(factor, Within):
                k = next((k for k in bound if k in factor.free_symbols), None)
                if k is not None:
                    self.ranges[k] = min(self.ranges[k], self.length(factor.args[2]))

    def product(self, factors: Sequence[Expr], bound: Sequence[Symbol]) -> Labels:
        """Factors times each other, summed over ``bound``: one index after the other, small results first."""
        # A minus and an indicator take nothing, and dividing is one operation as multiplying is.
        real = [f for f in factors if not (f == -1 or isinstance(f, (Delta, Within)))]
        under = [f.base if isinstance(f, Pow) and f.exp == -1 and len(real) > 1 else f for f in real]
        items = [self.labels(f) for f in under]
        placed = frozenset().union(*(self.labels(f) for f in factors if isinstance(f, (Delta, Within))))
        left = [k for k in bound if any(k in labels for labels in items)]
        while left:
            k = min(left, key=lambda k: (self.elements(self.joined(items, k)), str(k)))
            left.remove(k)
            mine = [labels for labels in items if k in labels]
            items = [labels for labels in items if k not in labels]
            items.append(self.multiplied(mine) - {k})
            self.total += self.elements(items[-1] | {k}) - self.elements(items[-1])
        return self.multiplied(items) | (placed - frozenset(bound))

    def joined(self, items: Sequence[Labels], k: Symbol) -> Labels:
        """The indices of what holds ``k``."""
        return frozenset().union(*(labels for labels in items if k in labels))

    def multiplied(self, items: Sequence[Labels]) -> Labels:
        """Items times each other, those of few indices first."""
        first, *others = sorted(items, key=lambda labels: (len(labels), sorted(map(str, labels)))) or [frozenset()]
        result: Labels = first
        for labels in others:
            result |= labels
            self.total += self.elements(result)
        return result


def operations(expr: Expr, ranges: Mapping[Symbol, Expr], sizes: Mapping[Symbol, int]) -> int:
    """The operations of one definition whose free indices run through ``ranges``."""
    counter = Counter(sizes, ranges)
    counter.labels(expr)
    return counter.total


__all__ = ["Operations", "operations"]
