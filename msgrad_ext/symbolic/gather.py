"""Terms that cancel when their products are multiplied out: ``(1 - t) s - (1 - s) t`` is ``s - t``.

Comes in: an indexed expression in normal form. Goes out: an equal one, not longer. Only products of the same sum are
joined, so every step is the distributive law.
"""

from __future__ import annotations

from sympy import Add, Expr, Mul, S, expand_mul

from .nodes import Total

ATOMS = 6


def gathered(expr: Expr) -> Expr:
    """``expr`` with terms joined whose common factors leave a rest that gets shorter when multiplied out."""
    terms = list(Add.make_args(expr))
    if len(terms) < 2 or len(terms) > 12:
        return expr
    at = 0
    while at < len(terms):
        other = next((n for n in range(at + 1, len(terms)) if joined(terms[at], terms[n]) is not None), None)
        if other is None:
            at += 1
        else:
            terms[at] = joined(terms[at], terms.pop(other))
            at = 0
    return Add(*terms)


def joined(first: Expr, second: Expr) -> Expr | None:
    """Two terms as one product, if the part that they do not share gets shorter."""
    limits = _limits(first)
    if limits != _limits(second):
        return None
    mine, other = (list(Mul.make_args(term.body if limits else term)) for term in (first, second))
    common = [factor for factor in mine if factor in other and not factor.is_Integer]
    for factor in common:
        mine.remove(factor)
        other.remove(factor)
    parts = [Mul(*mine), Mul(*other)]
    if any(part.is_number for part in parts) or max(map(_cost, parts)) > ATOMS:
        return None
    short = Add(*(expand_mul(part, deep=False) for part in parts))
    if len(Add.make_args(short)) > ATOMS or _cost(short) >= _cost(Mul(*mine)) + _cost(Mul(*other)):
        return None
    body = Mul(*common, short)
    if limits and isinstance(body, Add):
        return None
    return Total(body, limits) if limits and body is not S.Zero else body


def _limits(term: Expr) -> tuple:
    return tuple(term.limits) if isinstance(term, Total) else ()


def _cost(expr: Expr) -> int:
    """The number of factors that a reader sees."""
    return sum(
        sum(_cost(factor) if isinstance(factor, Add) else not factor.is_number for factor in Mul.make_args(term))
        for term in Add.make_args(expr)
    ) + len(Add.make_args(expr))


__all__ = ["gathered"]
