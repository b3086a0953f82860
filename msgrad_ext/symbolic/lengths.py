"""Numbers seen at several lengths of axes, as expressions in the letters of the axes.

Comes in: the lengths of each letter at several runs of a network, and for one number what it was at each run. Goes out:
the expression that gives it at every run. An expression with unknowns is taken only if there are more runs than it needs,
so that it is found from some and confirmed by others.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from sympy import Add, Expr, Integer, Mul, Pow, Rational, S
from sympy import factor as factored

from .functions import HALF, Log
from .nodes import length

# Runs beyond the unknowns that confirm an expression.
SPARE = 2
_LARGEST = 10**6

Monomial = tuple[int, ...]


class Runs:
    """The lengths of the letters at several runs."""

    def __init__(self, runs: Sequence[Mapping[str, int]]) -> None:
        self.runs = runs
        self.letters = list(runs[0]) if runs else []
        self.only_plain = False
        self._found: dict[tuple, Expr | None] = {}
        self._pools: dict[tuple[int, bool], list[tuple[Monomial, tuple[Fraction, ...]]]] = {}

    def expression(self, values: Sequence[int | Fraction]) -> Expr | None:
        """What was ``values`` at the runs, or None; the simplest kind of expression is tried first."""
        key = tuple(values)
        if key not in self._found:
            self._found[key] = self._solve([Fraction(one) for one in key])
        return self._found[key]

    def plain(self, values: Sequence[int]) -> Expr | None:
        """A constant or a letter."""
        if len(set(values)) == 1:
            return Integer(values[0])
        for letter in self.letters:
            if all(run[letter] == value for run, value in zip(self.runs, values)):
                return length(letter)
        return None

    def number(self, values: Sequence[float], slack: float) -> Expr | None:
        """A number that may be a root, a quotient or a logarithm of lengths, up to relative rounding ``slack``."""
        if self.only_plain or any(one != one or abs(one) in (float("inf"), 0.0) for one in values):
            return None
        sign = 1 if values[0] > 0 else -1
        sizes = [sign * one for one in values]
        if any(one < 0 for one in sizes):
            return None
        ways = (
            (lambda v: v, lambda e: e),
            (lambda v: 1 / v, lambda e: 1 / e),
            (lambda v: v * v, lambda e: Pow(e, HALF)),
            (lambda v: 1 / (v * v), lambda e: Pow(e, -HALF)),
        )
        for there, back in ways:
            exact = [_rational(there(one), 3 * slack) for one in sizes]
            found = self.expression([one for one in exact if one is not None]) if None not in exact else None
            if found is not None:
                return sign * back(found)
        return self._logarithm(values, slack) or self._quotient(sizes, sign, slack)

    def _logarithm(self, values: Sequence[float], slack: float) -> Expr | None:
        from math import log

        for letter in self.letters:
            if all(abs(log(run[letter]) - abs(v)) <= slack * abs(v) for run, v in zip(self.runs, values)):
                return Log(length(letter)) if values[0] > 0 else -Log(length(letter))
        return None

    def _quotient(self, values: Sequence[float], sign: int, slack: float) -> Expr | None:
        """A quotient whose denominator is a letter or a product of letters, give or take a few."""
        for monomial, powers in self._pool(2, False):
            for shift in (1, -1, 2, -2, 0):
                below = [power + shift for power in powers]
                exact = [_rational(float(n) * v, 3 * slack, 64) for n, v in zip(below, values)]
                if None in exact or 0 in below:
                    continue
                above = self._short_one([one for one in exact if one is not None])
                if above is not None:
                    return sign * above / (self._expr(monomial) + shift)
        return None

    def _short_one(self, values: Sequence[Fraction]) -> Expr | None:
        """A number or a multiple of a product of few letters."""
        if len(set(values)) == 1:
            return Rational(values[0].numerator, values[0].denominator)
        return self._multiple(list(values), (2,))

    # Rational expressions ------------------------------------------------------------------------------------------

    def _solve(self, values: list[Fraction]) -> Expr | None:
        if len(set(values)) == 1:
            return Rational(values[0].numerator, values[0].denominator)
        if all(one.denominator == 1 for one in values):
            found = self.plain([int(one) for one in values])
            if found is not None:
                return found
        if self.only_plain:
            return None
        spare = len(self.runs) - SPARE
        for wanted, degree, inverse in ((1, 4, True), (2, 3, True), (3, 2, False)):
            if spare < wanted:
                return None
            found = self._multiple(values) if wanted == 1 else self._sum(values, wanted, degree, inverse)
            if found is not None:
                return found
        found = self._linear(values) if spare >= len(self.letters) + 1 else None
        return found or (self._bilinear(values) if spare >= 4 else None)

    def _multiple(self, values: list[Fraction], degrees: tuple[int, ...] = (2, 4)) -> Expr | None:
        for degree in degrees:
            for monomial, powers in self._pool(degree, True):
                ratio = values[0] / powers[0]
                if _short(ratio) and all(v == ratio * p for v, p in zip(values, powers)):
                    return Rational(ratio.numerator, ratio.denominator) * self._expr(monomial)
        return None

    def _bilinear(self, values: list[Fraction]) -> Expr | None:
        """A product of two lengths, each give or take a few, as a valid convolution leaves; perhaps times others."""
        ones = [(one, powers) for one, powers in self._pool(1, False)]
        for (first, a), (second, b) in itertools.combinations(ones, 2):
            pair = tuple(x + y for x, y in zip(first, second))
            rows = [[Fraction(1), x, y, x * y] for x, y in zip(a, b)]
            others = [((0,) * len(first), (Fraction(1),) * len(values)), *self._pool(2, False)]
            for factor, powers in others:
                if any(p and q for p, q in zip(factor, pair)):
                    continue
                found = _solved(rows, [v / p for v, p in zip(values, powers)])
                if found is not None and all(map(_short, found)):
                    return factored(self._combined(found, (first, second, pair))) * self._expr(factor)
        return None

    def _sum(self, values: list[Fraction], count: int, degree: int, inverse: bool) -> Expr | None:
        """A number and ``count - 1`` multiples of products of letters."""
        pool = self._pool(degree, inverse)
        for pick in itertools.combinations(pool, count - 1):
            found = _solved([[Fraction(1), *row] for row in zip(*(powers for _, powers in pick))], values)
            if found is not None and all(map(_short, found)):
                return self._combined(found, [monomial for monomial, _ in pick])
        return None

    def _linear(self, values: list[Fraction]) -> Expr | None:
        rows = [[Fraction(1), *(Fraction(run[letter]) for letter in self.letters)] for run in self.runs]
        found = _solved(rows, values)
        if found is None or not all(map(_short, found)):
            return None
        units = [tuple(int(a == b) for b in range(len(self.letters))) for a in range(len(self.letters))]
        return self._combined(found, units)

    def _combined(self, found: Sequence[Fraction], monomials: Iterable[Monomial]) -> Expr:
        parts = [self._expr(monomial) for monomial in monomials]
        return Add(*(Rational(c.numerator, c.denominator) * part for c, part in zip(found, [S.One, *parts])))

    def _expr(self, monomial: Monomial) -> Expr:
        return Mul(*(length(letter) ** power for letter, power in zip(self.letters, monomial)))

    def _pool(self, degree: int, inverse: bool) -> list[tuple[Monomial, tuple[Fraction, ...]]]:
        """Products of letters up to ``degree``, the simplest first, with their values at the runs."""
        key = (degree, inverse)
        if key not in self._pools:
            powers = (-1, 0, 1, 2) if inverse else (0, 1, 2)
            every = itertools.product(powers, repeat=min(len(self.letters), 6))
            wide = [one for one in every if 0 < sum(map(abs, one)) <= degree]
            wide.sort(key=lambda one: (sum(map(abs, one)) + sum(p < 0 for p in one), tuple(-p for p in one)))
            self._pools[key] = [(one, tuple(self._at(one))) for one in wide]
        return self._pools[key]

    def _at(self, monomial: Monomial) -> Iterable[Fraction]:
        for run in self.runs:
            found = Fraction(1)
            for letter, power in zip(self.letters, monomial):
                found *= Fraction(run[letter]) ** power
            yield found


def _short(number: Fraction) -> bool:
    return abs(number.numerator) <= _LARGEST and number.denominator <= 4096


def _rational(value: float, slack: float, limit: int = 4096) -> Fraction | None:
    """The fraction that a float stands for, if it is near to one with a small denominator."""
    found = Fraction(value).limit_denominator(limit)
    return found if found and abs(float(found) - value) <= slack * abs(value) else None


def _solved(rows: Sequence[Sequence[Fraction]], values: Sequence[Fraction]) -> list[Fraction] | None:
    """The solution of an overdetermined linear system, if there is exactly one."""
    count = len(rows[0])
    table = [[*row, value] for row, value in zip(rows, values)]
    for column in range(count):
        pivot = next((at for at in range(column, len(table)) if table[at][column]), None)
        if pivot is None:
            return None
        table[column], table[pivot] = table[pivot], table[column]
        head = table[column]
        table[column] = head = [one / head[column] for one in head]
        for at, row in enumerate(table):
            if at != column and row[column]:
                scale = row[column]
                table[at] = [a - scale * b for a, b in zip(row, head)]
    return [row[-1] for row in table[:count]] if not any(row[-1] for row in table[count:]) else None


__all__ = ["Runs"]
