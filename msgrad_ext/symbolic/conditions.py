"""Conditions on the lengths of axes under which a formula holds, and lengths that meet them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sympy import Add, Expr, Integer, Symbol


@dataclass(frozen=True)
class Condition:
    """``value`` is a multiple of ``divisor``; with divisor 0, ``value`` is at least 0."""

    value: Expr
    divisor: int = 0

    def holds(self, sizes: Mapping[Symbol, int]) -> bool:
        """True at these lengths; a condition on a letter without a length holds."""
        found = self.value.xreplace({n: Integer(size) for n, size in sizes.items()})
        if found.free_symbols:
            return True
        return bool(found.is_integer and found % self.divisor == 0) if self.divisor else bool(found >= 0)

    def __str__(self) -> str:
        if self.divisor:
            return f"{self.value} divisible by {self.divisor}"
        terms = [term.as_coeff_Mul() for term in Add.make_args(self.value)]
        above = Add(*(c * rest for c, rest in terms if c > 0))
        below = Add(*(-c * rest for c, rest in terms if c < 0))
        return f"{above} >= {below}"


def always(condition: Condition) -> bool:
    """True if the condition holds whatever the lengths, which are at least 1."""
    if condition.divisor:
        return bool(condition.value.is_Integer and condition.value % condition.divisor == 0)
    shifted = condition.value.xreplace({n: n + 1 for n in condition.value.free_symbols}).expand()
    return all(term.as_coeff_Mul()[0] >= 0 for term in Add.make_args(shifted))


def meeting(
    letters: Sequence[Symbol], conditions: Iterable[Condition], wanted: Mapping[Symbol, int]
) -> dict[Symbol, int]:
    """Lengths that meet ``conditions``: those ``wanted``, or as little above them as it takes."""
    sizes = {letter: wanted[letter] for letter in letters}
    open_conditions = [one for one in conditions if one.value.free_symbols <= set(letters)]
    for _ in range(64):
        broken = next((one for one in open_conditions if not one.holds(sizes)), None)
        if broken is None:
            return sizes
        mine = sorted(broken.value.free_symbols, key=str)
        steps = itertools.product(range(25), repeat=len(mine)) if len(mine) <= 2 else ((1,) * len(mine),)
        for step in sorted(steps, key=lambda one: (sum(one), one)):
            tried = {**sizes, **{n: sizes[n] + more for n, more in zip(mine, step)}}
            if broken.holds(tried):
                sizes = tried
                break
        else:
            return sizes
    return sizes


__all__ = ["Condition", "always", "meeting"]
