"""Normal form of indexed expressions: sums flattened into terms, deltas and index maps contracted, names canonical.

An expression becomes a sum of terms; a term is a product of factors under one list of bound indices. Every step is an
identity of sums: a delta with a bound end is contracted only if the other end provably lies in that axis, and an
indicator stands in where it can not be proved.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from sympy import Add, Expr, Integer, Mul, Pow, S, Symbol

from .effort import spend
from .nodes import (
    Binder,
    Delta,
    Entry,
    Quotient,
    Ravel,
    Total,
    Unravel,
    Within,
    fresh_index,
    index,
)

Ranges = dict[Symbol, Expr]


@dataclass(frozen=True)
class Term:
    """A product of ``factors``, summed over ``bound`` (index -> length)."""

    bound: tuple[tuple[Symbol, Expr], ...]
    factors: tuple[Expr, ...]

    def expr(self) -> Expr:
        """The term as one expression."""
        return Total(Mul(*self.factors), self.bound)


def normal(expr: Expr, ranges: Ranges) -> Expr:
    """``expr`` in normal form; ``ranges`` has the lengths of its free indices."""
    return Add(*(canonical(term, 0) for term in contracted_terms(expr, ranges)))


def contracted_terms(expr: Expr, ranges: Ranges) -> list[Term]:
    """The terms of ``expr`` with every contractible delta gone."""
    result = []
    for term in expand(freshen(expr)):
        done = contract(term, ranges)
        if done is not None:
            result.append(done)
    return result


def replace(expr: Expr, old: Symbol, new: Expr) -> Expr:
    """``expr`` with an index replaced (bound indices must be fresh, so that nothing is captured)."""
    return expr.xreplace({old: new}) if old in expr.free_symbols else expr


def rebuild(expr: Expr, args: Iterable[Expr]) -> Expr:
    """``expr`` with other arguments; itself when they are the same."""
    args = tuple(args)
    if args == expr.args:
        return expr
    if isinstance(expr, Binder):
        return type(expr)(args[0], args[1], *args[2:])
    return expr.func(*args)


@lru_cache(maxsize=65536)
def _binds(expr: Expr) -> bool:
    """True if an expression holds what binds indices; remembered, since parts come again and again."""
    return isinstance(expr, Binder) or any(map(_binds, expr.args))


def freshen(expr: Expr) -> Expr:
    """``expr`` with each binder's indices replaced by fresh ones."""
    if not _binds(expr):
        return expr
    if isinstance(expr, Binder):
        new = {k: fresh_index() for k in expr.bound}
        limits = [(new[k], n) for k, n in expr.limits]
        return type(expr)(freshen(expr.body).xreplace(new), limits, *expr.args[2:])
    return rebuild(expr, map(freshen, expr.args))


def expand(expr: Expr) -> list[Term]:
    """``expr`` as terms: sums are pulled out of products, and products distributed only over what holds a delta."""
    if isinstance(expr, Add):
        return [term for part in expr.args for term in expand(part)]
    if isinstance(expr, Total):
        limits = tuple((k, n) for k, n in expr.limits)
        return [Term(limits + term.bound, term.factors) for term in expand(expr.body)]
    if isinstance(expr, Mul):
        choices = [
            expand(factor) if isinstance(factor, Total) or _holds_delta(factor) else [Term((), (factor,))]
            for factor in expr.args
        ]
        spend(math.prod(map(len, choices)))
        return [
            Term(tuple(b for t in pick for b in t.bound), tuple(f for t in pick for f in t.factors))
            for pick in itertools.product(*choices)
        ]
    return [Term((), (expr,))]


def _holds_delta(expr: Expr) -> bool:
    return isinstance(expr, Add) and expr.has(Delta, Within)


def contract(term: Term, ranges: Ranges) -> Term | None:
    """``term`` after all deltas with a bound end are contracted; None if it is 0."""
    bound, factors = dict(term.bound), list(Mul.make_args(Mul(*term.factors)))
    while True:
        spend(len(factors))
        known = {**ranges, **bound}
        factors = [factor for factor in _proved(_join_maps(factors), known) if factor is not S.One]
        step = next((s for f in factors if isinstance(f, Delta) for s in [_solve(f, bound, known)] if s), None)
        if step is None:
            split = _split(bound, factors)
            if split is None:
                break
            bound, factors = split
            continue
        delta, gone, value, guards = step
        factors.remove(delta)
        del bound[gone[0]]
        for extra in gone[1:]:
            del bound[extra]
        for old, new in zip(gone, value):
            factors = [replace(factor, old, new) for factor in factors]
        factors = list(Mul.make_args(Mul(*factors, *guards)))
        if any(
            isinstance(factor, (Add, Total)) and (isinstance(factor, Total) or factor.has(Delta)) for factor in factors
        ):
            break
    if any(factor is S.Zero for factor in factors):
        return None
    for k in [k for k in bound if not any(k in factor.free_symbols for factor in factors)]:
        factors.append(bound.pop(k))
    bound, factors = _cancel_shares(bound, factors)
    return Term(tuple(bound.items()), tuple(factors))


def _split(bound: Ranges, factors: list[Expr]) -> tuple[Ranges, list[Expr]] | None:
    """A bound index that occurs as position in one layout only, as an index for each axis of that layout."""
    places = set().union(*(factor.atoms(Unravel) for factor in factors))
    for k, shape in sorted({(place.args[0], place.args[2]) for place in places if place.args[0] in bound}, key=str):
        if (Mul(*shape) - bound[k]).expand() != 0:
            continue
        new = {Unravel(k, axis, shape): fresh_index() for axis in range(len(shape))}
        changed = [factor.xreplace(new) for factor in factors]
        if not any(k in factor.free_symbols for factor in changed):
            rest = {i: n for i, n in bound.items() if i != k}
            return {**rest, **dict(zip(new.values(), shape))}, changed
    return None


def _solve(delta: Expr, bound: Ranges, known: Ranges) -> tuple | None:
    """How to contract ``delta``: (delta, indices that go, their values, indicators that stand in)."""
    for here, there in (delta.args, delta.args[::-1]):
        if isinstance(here, Ravel):
            indices, shape = here.args
            if all(i in bound for i in indices) and not there.free_symbols & set(indices):
                return delta, tuple(indices), tuple(Unravel(there, a, shape) for a in range(len(shape))), ()
    for k in sorted(delta.free_symbols & set(bound), key=str):
        first, second = delta.args
        if k in first.free_symbols and k in second.free_symbols:
            continue
        side, other = (first, second) if k in first.free_symbols else (second, first)
        if isinstance(side, Quotient):
            other, side = side.args[1] * other, side.args[0]
        if side == k and other.is_Symbol and known.get(other) == bound[k]:
            return delta, (k,), (other,), ()
        rest, slope = side.xreplace({k: S.Zero}), side.coeff(k) if side != k else S.One
        if not isinstance(slope, Integer) or slope == 0 or (side - slope * k - rest).expand() != 0:
            continue
        number, step = ((other - rest) * (1 if slope > 0 else -1)).expand(), abs(slope)
        guard = Within(number, step, bound[k])
        return delta, (k,), (Quotient(number, step),), (() if _holds(guard, known) else (guard,))
    return None


def _join_maps(factors: list[Expr]) -> list[Expr]:
    """Deltas of all parts of one position against other indices, as one delta of the positions."""
    groups: dict[tuple, dict[int, tuple[Expr, Expr]]] = {}
    for factor in factors:
        for here, there in (factor.args, factor.args[::-1]) if isinstance(factor, Delta) else ():
            if isinstance(here, Unravel):
                groups.setdefault((here.args[0], here.args[2]), {})[int(here.args[1])] = (factor, there)
    for (flat, shape), parts in groups.items():
        if len(parts) == len(shape):
            used = [parts[axis][0] for axis in range(len(shape))]
            joined = Delta(flat, Ravel([parts[axis][1] for axis in range(len(shape))], shape))
            return _join_maps([factor for factor in factors if factor not in used] + [joined])
    return factors


def _proved(factors: list[Expr], known: Ranges) -> list[Expr]:
    """``factors`` without the indicators that are 1 at every index; one that is 0 at every index is 0."""
    if any(isinstance(factor, Within) and _fails(factor, known) for factor in factors):
        return [S.Zero]
    return [factor for factor in factors if not (isinstance(factor, Within) and _holds(factor, known))]


def _fails(guard: Expr, known: Ranges) -> bool:
    """True if ``guard`` is 0 for all indices in their ranges."""
    bounds = index_bounds(Quotient(*guard.args[:2]), known)
    return bounds is not None and (nonnegative(-1 - bounds[1]) or nonnegative(bounds[0] - guard.args[2]))


def _holds(guard: Expr, known: Ranges) -> bool:
    """True if ``guard`` is 1 for all indices in their ranges (lengths are at least 1)."""
    number, step, n = guard.args
    value = Quotient(number, step)
    if isinstance(value, Unravel):
        return value.args[2][int(value.args[1])] == n
    if isinstance(value, Ravel):
        return (Mul(*value.args[1]) - n).expand() == 0
    bounds = index_bounds(value, known)
    return bounds is not None and nonnegative(bounds[0]) and nonnegative(n - 1 - bounds[1])


def index_bounds(value: Expr, known: Ranges) -> tuple[Expr, Expr] | None:
    """The least and the greatest value of an index expression that is linear in its indices; None for others."""
    if value.has(Quotient, Ravel, Unravel):
        return None
    if any(symbol not in known and not symbol.is_positive for symbol in value.free_symbols):
        return None
    low, high = value, value
    for k in value.free_symbols & set(known):
        slope = value.coeff(k)
        if not slope.is_Integer:
            return None
        low = low.xreplace({k: S.Zero if slope > 0 else known[k] - 1})
        high = high.xreplace({k: known[k] - 1 if slope > 0 else S.Zero})
    return low, high


def nonnegative(value: Expr) -> bool:
    """True if ``value`` is provably not negative when every length in it is at least 1."""
    shifted = value.xreplace({n: n + 1 for n in value.free_symbols}).expand()
    return all(term.as_coeff_Mul()[0] >= 0 for term in Add.make_args(shifted))


def _cancel_shares(bound: Ranges, factors: list[Expr]) -> tuple[Ranges, list[Expr]]:
    """Cancel a sum against a denominator that is the same sum: ``sum_k e_k / sum_k e_k = 1``."""
    for factor in factors:
        base, power = factor.as_base_exp()
        if not (isinstance(base, Total) and len(base.limits) <= len(bound) and power.is_negative):
            continue
        lengths = [n for _, n in base.limits]
        for ks in itertools.permutations(bound, len(lengths)) if len(bound) <= 4 else ():
            mine = [f for f in factors if f.free_symbols & set(ks)]
            if [bound[k] for k in ks] != lengths or len(mine) != len(Mul.make_args(base.body)):
                continue
            if same(Mul(*mine), base.body.xreplace(dict(zip(base.bound, ks)))):
                rest = [f for f in factors if f not in mine and f != factor]
                left = list(Mul.make_args(Mul(*rest, Pow(base, power + 1))))
                return _cancel_shares({i: m for i, m in bound.items() if i not in ks}, left)
    return bound, factors


def same(first: Expr, second: Expr) -> bool:
    """True if two expressions are one but for the names of bound indices."""
    if first == second:
        return True
    if first.func != second.func or len(first.args) != len(second.args):
        return False
    return inner_canonical(freshen(first), 90) == inner_canonical(freshen(second), 90)


def canonical(term: Term, level: int) -> Expr:
    """``term`` as an expression whose bound names depend on its form only."""
    bound = dict(term.bound)
    depth = level + len(bound)
    factors = [inner_canonical(factor, depth) for factor in term.factors]
    if not bound:
        return Mul(*factors)
    body = Mul(*factors)
    candidates = []
    for order in _orders(list(bound), body):
        spend()
        new = {k: index(f"k{level + position}") for position, k in enumerate(order)}
        candidates.append((body.xreplace(new), tuple((new[k], bound[k]) for k in order)))
    renamed, limits = candidates[0] if len(candidates) == 1 else min(candidates, key=lambda one: str(one[0]))
    return Total(renamed, limits)


def _orders(indices: list[Symbol], body: Expr) -> Collection[tuple[Symbol, ...]]:
    """Orders of ``indices`` worth trying: by how each occurs, and all orders of those that occur alike (up to 4)."""
    if len(indices) == 1:
        return [tuple(indices)]
    marker, other = index("~here"), index("~other")
    apart = dict.fromkeys(indices, other)
    parts = [(f, f.free_symbols, str(f.xreplace(apart))) for f in Mul.make_args(body)]

    @cache
    def signature(k: Symbol) -> str:
        mine = {**apart, k: marker}
        return str(sorted(str(f.xreplace(mine)) if k in free else plain for f, free, plain in parts))

    ranked = sorted(indices, key=lambda k: (signature(k), str(k)))
    groups = [list(group) for _, group in itertools.groupby(ranked, key=signature)]
    if max(map(len, groups)) > 4:
        return [tuple(ranked)]
    every = itertools.product(*(itertools.permutations(group) for group in groups))
    return [tuple(itertools.chain(*pick)) for pick in every]


def inner_canonical(expr: Expr, level: int) -> Expr:
    """A factor with the sums inside of it in normal form, their names counted from ``level``."""
    if not expr.args or (isinstance(expr, Entry) and not expr.nested):
        return expr
    if isinstance(expr, Add):
        return Add(*(inner_canonical(part, level) for part in expr.args))
    if isinstance(expr, (Total, Mul)):
        return Add(*(canonical(contract(term, {}) or Term((), (S.Zero,)), level) for term in expand(expr)))
    if isinstance(expr, Binder):
        new = {k: index(f"k{level + position}") for position, k in enumerate(expr.bound)}
        body = inner_canonical(expr.body, level + len(new)).xreplace(new)
        limits = [(new[k], n) for k, n in expr.limits]
        return type(expr)(body, limits, *(inner_canonical(arg, level) for arg in expr.args[2:]))
    return rebuild(expr, (inner_canonical(arg, level) for arg in expr.args))
