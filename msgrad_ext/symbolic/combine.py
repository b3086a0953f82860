"""Terms that differ in one elementwise part, as one term: ``s - s^2`` under a sum is ``s (1 - s)``.

Comes in: an indexed expression in normal form. Goes out: an equal one, not longer. A term is split by the indices that
its factors are over; where two terms are the same but for the factors over one set of indices, these are added and
simplified as a rational function of what they are made of. ``e^u / (1 + e^u)`` is read as the sigmoid of ``u``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Add, Dummy, Expr, Mul, Pow, Rational, S, Symbol, factor

from .functions import HALF, Exp, Sigmoid
from .nodes import Binder, Delta, Entry, Total, Within
from .normal import freshen, inner_canonical

TERMS = 24
GENERATORS = 6
OPERATIONS = 80

Key = Any
Flips = Callable[[Expr], bool]


@dataclass(frozen=True)
class Split:
    """A term: what it is summed over, its number, and its factors by the indices that they are over."""

    limits: Any
    number: Expr
    groups: Mapping[Key, Expr]

    def expr(self) -> Expr:
        """The term as one expression."""
        body = Mul(self.number, *self.groups.values())
        return Total(body, self.limits) if self.limits else body


def combined(expr: Expr, flips: Flips | None = None) -> Expr:
    """``expr`` with terms joined that differ in one elementwise part, and each part simplified.

    ``flips`` tells which sums without a number are read the other way around: ``x - y`` where there is ``y - x``.
    """
    terms = Add.make_args(expr)
    if len(terms) > TERMS or expr.is_number:
        return expr
    split = [_simplified(_split(term), flips) for term in terms]
    at = 0
    while at < len(split):
        for other in range(at + 1, len(split)):
            one = _joined(split[at], split[other])
            if one is not None:
                split[at] = one
                del split[other]
                at = 0
                break
        else:
            at += 1
    found = Add(*(one.expr() for one in split))
    return inner_canonical(freshen(found), 0) if cost(found) <= cost(expr) else expr


def _split(term: Expr) -> Split:
    limits = tuple(term.limits) if isinstance(term, Total) else ()
    number, rest = (term.body if limits else term).as_coeff_Mul()
    groups: dict[Key, Expr] = {}
    for one in Mul.make_args(rest):
        key = labels(one)
        groups[key] = groups.get(key, S.One) * one
    return Split(limits, number, {key: one for key, one in groups.items() if one is not S.One})


def labels(factor: Expr) -> Key:
    """The indices that a factor is over; indicators of indices stand alone."""
    if isinstance(factor, (Delta, Within)):
        return factor
    return frozenset(s for s in factor.free_symbols if isinstance(s, Symbol) and s.is_integer and not s.is_positive)


def _simplified(term: Split, flips: Flips | None) -> Split:
    """A term with each of its parts simplified, numbers pulled out."""
    number, groups = term.number, {}
    for key, part in term.groups.items():
        by, groups[key] = pulled(simplest(part), flips)
        number *= by
    return Split(term.limits, number, {key: part for key, part in groups.items() if part is not S.One})


def _joined(first: Split, second: Split) -> Split | None:
    """Two terms as one, if they are the same but for one part and the whole gets shorter."""
    if first.limits != second.limits:
        return None
    keys = [*first.groups, *(key for key in second.groups if key not in first.groups)]
    apart = [key for key in keys if first.groups.get(key) != second.groups.get(key)]
    apart = apart or [frozenset()]
    if len(apart) > 1 or isinstance(apart[0], Expr):
        return None
    (key,) = apart
    mine, other = (one.number * one.groups.get(key, S.One) for one in (first, second))
    if not _over_all(key, mine, other):
        return None
    number, part = pulled(simplest(mine + other))
    groups = {**first.groups, key: part}
    found = Split(first.limits, number, {key: part for key, part in groups.items() if part is not S.One})
    return found if cost(found.expr()) < cost(first.expr()) + cost(second.expr()) else None


def _over_all(key: Key, *parts: Expr) -> bool:
    """False where a number would be added to an array: matrices do not say that in a product."""
    return all(labels(part) == key for part in parts) or key == frozenset() or len(key) == 1


def simplest(expr: Expr) -> Expr:
    """The shortest of a rational function's forms: as it is, factored, and with sigmoids."""
    if not isinstance(expr, (Add, Mul, Pow)) or not expr.has(Add):
        return expr
    taken = Taken()
    plain = taken.out(expr)
    if len(taken.atoms) > GENERATORS or plain.count_ops() > OPERATIONS or not plain.has(Add):
        return expr
    choices = [expr]
    found = factor(taken.logistic(plain))
    if _exponents(found) <= 8:
        choices.append(Mul(*pulled(taken.back(found))))
    return min(choices, key=cost)


def pulled(expr: Expr, flips: Flips | None = None) -> tuple[Expr, Expr]:
    """A number and a rest without: sums give their numbers, and are read as ``1 - s`` and not as ``s - 1``."""
    number, rest = expr.as_coeff_Mul()
    factors = []
    for one in Mul.make_args(rest):
        base, power = one.as_base_exp()
        if isinstance(base, Add) and power.is_Integer:
            content, base = base.primitive()
            if _falls(base, flips):
                content, base = -content, Add(*(-arg for arg in base.args))
            number *= content**power
        factors.append(Pow(base, power))
    return number, Mul(*factors)


def _falls(base: Add, flips: Flips | None) -> bool:
    """True for a sum that is read with the other sign."""
    constant = base.as_coeff_Add()[0]
    if constant != 0:
        return bool(constant.is_negative)
    signs = {bool(arg.as_coeff_Mul()[0].is_negative) for arg in base.args}
    return signs == {True} or (flips is not None and flips(base))


def _exponents(expr: Expr) -> int:
    return max((abs(power.exp.p) for power in expr.atoms(Pow) if power.exp.is_Rational), default=0)


class Taken:
    """Symbols that stand for what a rational function is made of, and what they stand for."""

    def __init__(self) -> None:
        self.atoms: dict[Expr, Dummy] = {}

    def symbol(self, atom: Expr) -> Dummy:
        """The symbol of an atom; a name counts up, so that all is the same in every run."""
        return self.atoms.setdefault(atom, Dummy(f"t{len(self.atoms):03d}", real=True))

    def out(self, expr: Expr) -> Expr:
        """``expr`` over symbols; a root is a symbol, and what it is the root of its square."""
        roots = [p.base for p in expr.atoms(Pow) if p.exp.is_Rational and p.exp.q == 2 and not p.base.is_number]
        roots = [base for base in roots if not any(base.has(p) for p in roots if p != base)]
        return self._out(expr, sorted(set(roots), key=str))

    def _out(self, expr: Expr, roots: list[Expr]) -> Expr:
        if expr in roots:
            return self.symbol(Pow(expr, HALF)) ** 2
        if isinstance(expr, (Add, Mul)):
            return expr.func(*(self._out(arg, roots) for arg in expr.args))
        if isinstance(expr, Pow) and expr.exp.is_Integer:
            return Pow(self._out(expr.base, roots), expr.exp)
        if isinstance(expr, Pow) and expr.exp.is_Rational and expr.base in roots:
            return self.symbol(Pow(expr.base, HALF)) ** (2 * expr.exp)
        return expr if isinstance(expr, Rational) else self.symbol(expr)

    def logistic(self, expr: Expr) -> Expr:
        """``expr`` with ``e^u`` as ``s / (1 - s)`` for ``s`` the sigmoid of ``u``, where ``1 + e^u`` is divided by."""
        for atom, symbol in list(self.atoms.items()):
            if isinstance(atom, Exp) and any(p.base == 1 + symbol and p.exp < 0 for p in expr.atoms(Pow)):
                u = atom.args[0]
                falls = u.could_extract_minus_sign()
                s = self.symbol(Sigmoid(-u if falls else u))
                expr = expr.xreplace({symbol: (1 - s) / s if falls else s / (1 - s)})
        return expr

    def back(self, expr: Expr) -> Expr:
        """``expr`` over what the symbols stand for."""
        return expr.xreplace({symbol: atom for atom, symbol in self.atoms.items()})


def cost(expr: Expr) -> int:
    """About how much a reader sees: numbers count little, names one, functions and sums one more than what they hold."""
    if expr is S.One or expr is S.NegativeOne:
        return 1 if expr is S.One else 2
    if expr.is_Rational:
        return 2
    if isinstance(expr, Entry):
        return 3
    if isinstance(expr, Pow):
        return cost(expr.base) + 2
    if isinstance(expr, Binder):
        return 1 + cost(expr.body)
    if isinstance(expr, Add):
        return sum(1 + cost(arg) for arg in expr.args)
    if isinstance(expr, Mul):
        return sum(cost(arg) for arg in expr.args if arg is not S.NegativeOne)
    return 1 + sum(cost(arg) for arg in expr.args)


__all__ = ["combined", "cost", "simplest"]
