"""Conditions on the lengths of axes under which a formula holds, and lengths that meet them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sympy import Add, Expr, Integer, Mul, S, Symbol


@dataclass(frozen=True)
class Condition:
    """``value`` is a multiple of ``divisor``; with divisor 0, ``value`` is at least 0."""

    value: Expr
    divisor: Expr = S.Zero

    def holds(self, sizes: Mapping[Symbol, int]) -> bool:
        """True at these lengths; a condition on a letter without a length holds."""
        table = {n: Integer(size) for n, size in sizes.items()}
        value, divisor = self.value.xreplace(table), self.divisor.xreplace(table)
        if value.free_symbols or divisor.free_symbols:
            return True
        return bool((value / divisor).is_integer) if divisor != 0 else bool(value >= 0)

    @property
    def letters(self) -> set[Symbol]:
        """The lengths that it speaks of."""
        return self.value.free_symbols | self.divisor.free_symbols

    def __str__(self) -> str:
        if self.divisor != 0:
            return f"{self.value} divisible by {self.divisor}"
        terms = [term.as_coeff_Mul() for term in Add.make_args(self.value)]
        above = Add(*(c * rest for c, rest in terms if c > 0))
        below = Add(*(-c * rest for c, rest in terms if c < 0))
        return f"{above} >= {below}"


def always(condition: Condition) -> bool:
    """True if the condition certainly holds whatever the lengths, which are at least 1."""
    if condition.divisor != 0:
        quotient = (condition.value / condition.divisor).expand()
        terms = Add.make_args(quotient)
        return all(t.as_coeff_Mul()[0].is_integer and _is_polynomial(t) for t in terms)
    shifted = condition.value.xreplace({n: n + 1 for n in condition.value.free_symbols}).expand()
    return all(term.as_coeff_Mul()[0] >= 0 for term in Add.make_args(shifted))


def _is_polynomial(term: Expr) -> bool:
    return all(f.is_Number or not f.is_Pow or f.exp.is_positive for f in Mul.make_args(term))


def needed(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Those that do not hold always, each once; the strictest of those that bound one letter."""
    found: dict[str, Condition] = {}
    for one in conditions:
        if not always(one):
            found.setdefault(str(one), one)
    result = list(found.values())
    for one, other in itertools.permutations(list(result), 2):
        if one.divisor == other.divisor == 0 and one != other and always(Condition(one.value - other.value)):
            # What is at least 0 whenever something smaller is.
            if one in result:
                result.remove(one)
    return tuple(result)


def meeting(
    letters: Sequence[Symbol], conditions: Iterable[Condition], wanted: Mapping[Symbol, int]
) -> dict[Symbol, int]:
    """Lengths that meet ``conditions``: those ``wanted``, or as little above them as it takes."""
    sizes = {letter: wanted[letter] for letter in letters}
    mine = [one for one in conditions if one.letters <= set(letters)]
    for _ in range(64):
        broken = next((one for one in mine if not one.holds(sizes)), None)
        if broken is None:
            break
        sizes |= _moved(broken, sizes)
    return sizes


def _moved(broken: Condition, sizes: Mapping[Symbol, int]) -> dict[Symbol, int]:
    """The lengths that ``broken`` speaks of, a little longer, so that it holds."""
    mine = sorted(broken.letters, key=str)
    reach = 65 if len(mine) == 1 else 13 if len(mine) == 2 else 5
    for step in sorted(itertools.product(range(reach), repeat=len(mine)), key=lambda one: (sum(one), one)):
        tried = {n: sizes[n] + more for n, more in zip(mine, step)}
        if broken.holds({**sizes, **tried}):
            return tried
    return {n: sizes[n] + 1 for n in mine}


__all__ = ["Condition", "always", "meeting", "needed"]
