"""Products apart: what of a term stands before its sum and what under it, and what several terms share.

Every step is the distributive law: a factor without a bound index leaves the sum, a factor that all terms have is
pulled out, and two sums over one range are one sum.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sympy import Add, Expr, Mul, Pow, S, Symbol

from .nodes import Delta, Quotient, Total, Within


@dataclass(frozen=True)
class Part:
    """``number * factors * sum of body over limits``; without limits there is no sum."""

    number: Expr = S.One
    factors: tuple[Expr, ...] = ()
    limits: tuple[tuple[Symbol, Expr], ...] = ()
    body: Expr = S.One


def parts_of(term: Expr) -> Part:
    """A term that is no sum of terms, apart."""
    coefficient, rest = term.as_coeff_Mul()
    factors = list(Mul.make_args(rest)) if rest is not S.One else []
    totals = [factor for factor in factors if isinstance(factor, Total)]
    if len(totals) != 1:
        return Part(coefficient, tuple(factors))
    (total,) = totals
    factors.remove(total)
    number, inside = total.body.as_coeff_Mul()
    bound = set(total.bound)
    inner = [factor for factor in Mul.make_args(inside) if factor.free_symbols & bound]
    outer = [factor for factor in Mul.make_args(inside) if not factor.free_symbols & bound and factor is not S.One]
    limits = tuple((k, n) for k, n in total.limits)
    return Part(coefficient * number, _merged([*factors, *outer]), limits, Mul(*inner))


def _merged(factors: Sequence[Expr]) -> tuple[Expr, ...]:
    whole = Mul(*factors)
    return tuple(Mul.make_args(whole)) if whole is not S.One else ()


def indicators_applied(term: Expr, known: Collection[Symbol]) -> Expr:
    """``term`` with an index in place of what an equation says is the same: ``x_{v_k} [v_k = j]`` is ``x_j [v_k = j]``.

    Where a position is known to be divisible, its quotient times the divisor is the position.
    """
    limits = term.limits if isinstance(term, Total) else ()
    factors = Mul.make_args(term.body if limits else term)
    scope = {*known, *(k for k, _ in limits)}
    for factor in [factor for factor in factors if isinstance(factor, Delta)]:
        for here, there in (factor.args, factor.args[::-1]):
            if here in scope and not there.is_Symbol and not there.is_Integer and here not in there.free_symbols:
                factors = tuple(f if f == factor else f.xreplace({there: here}) for f in factors)
                break
    whole = {f.args[1] * Quotient(*f.args[:2]): f.args[0] for f in factors if isinstance(f, Within)}
    body = Mul(*(f if isinstance(f, Within) else f.xreplace(whole) for f in factors))
    return Total(body, limits) if limits else body


def joined_sums(parts: Sequence[Part]) -> list[Part]:
    """Sums over one range that share a factor, as one sum."""
    result: list[Part] = []
    for part in parts:
        for place, other in enumerate(result):
            found = _joined(other, part)
            if found is not None:
                result[place] = found
                break
        else:
            result.append(part)
    return result


def _joined(first: Part, second: Part) -> Part | None:
    if not first.limits or first.limits != second.limits or set(first.factors) != set(second.factors):
        return None
    mine, other = list(Mul.make_args(first.body)), list(Mul.make_args(second.body))
    common = [factor for factor in mine if factor in other]
    if not common:
        return None
    for factor in common:
        mine.remove(factor)
        other.remove(factor)
    ratio = second.number / first.number
    if not ratio.is_Integer:
        return None
    rest = Add(Mul(*mine), ratio * Mul(*other))
    return None if rest == 0 else replace(first, body=Mul(*common, rest))


def common_parts(parts: Sequence[Part]) -> tuple[Part, list[Part]]:
    """What all ``parts`` share, and what is left of each."""
    powers = [dict(factor.as_base_exp() for factor in part.factors) for part in parts]
    shared: dict[Expr, Expr] = {}
    for base, exponent in powers[0].items():
        every = [mine.get(base, S.Zero) for mine in powers]
        if all(one.is_Rational and one > 0 for one in every):
            shared[base] = min(every)
        elif all(one.is_Rational and one < 0 for one in every):
            shared[base] = max(every)
        elif all(one == exponent for one in every):
            shared[base] = exponent
    sizes = {abs(part.number) for part in parts}
    size = sizes.pop() if len(sizes) == 1 else S.One
    size = -size if all(part.number < 0 for part in parts) else size
    rest = []
    for part, mine in zip(parts, powers):
        left = {base: exponent - shared.get(base, S.Zero) for base, exponent in mine.items()}
        factors = tuple(Pow(base, exponent) for base, exponent in left.items() if exponent != 0)
        rest.append(replace(part, number=part.number / size, factors=factors))
    return Part(size, tuple(Pow(*one) for one in shared.items())), rest


__all__ = ["Part", "common_parts", "indicators_applied", "joined_sums", "parts_of"]
