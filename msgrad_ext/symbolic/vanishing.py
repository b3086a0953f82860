"""Sums that are zero by a value's own definition: what is centred sums to zero over the axes of its mean."""

from __future__ import annotations

from dataclasses import replace

from sympy import Add, Expr, Mul, S, Symbol

from .compose import definition
from .lines import Derivation
from .nodes import Entry, Total
from .normal import Term, expand, freshen, normal, rebuild
from .terms import Part, parts_of


def without_vanishing(expr: Expr, derivation: Derivation) -> Expr:
    """``expr`` without the terms that sum something centred over the axes of its mean."""
    if not expr.has(Total) or not any(_centres(line.template.expr) for line in derivation.lines):
        return expr
    return _visited(expr, derivation)


def _centres(expr: Expr) -> bool:
    """True for a definition that may sum to zero: a difference that holds a sum or another array."""
    return isinstance(expr, Add) and any(term.could_extract_minus_sign() for term in expr.args)


def _visited(expr: Expr, derivation: Derivation) -> Expr:
    if not expr.args or isinstance(expr, Entry) or not expr.has(Total):
        return expr
    if isinstance(expr, (Add, Total, Mul)):
        terms = expand(freshen(expr))
        kept = [term for term in terms if not _vanishes(term, derivation)]
        if len(kept) < len(terms):
            return Add(*(_visited(term.expr(), derivation) for term in kept))
    return rebuild(expr, (_visited(arg, derivation) for arg in expr.args))


def _vanishes(term: Term, derivation: Derivation) -> bool:
    bound = dict(term.bound)
    for factor in term.factors:
        others = set().union(*(other.free_symbols for other in term.factors if other is not factor))
        own = [k for k in bound if k in factor.free_symbols and k not in others]
        if own and _sums_to_zero(factor, tuple((k, bound[k]) for k in own), derivation):
            return True
    return False


def _sums_to_zero(factor: Expr, limits: tuple[tuple[Symbol, Expr], ...], derivation: Derivation) -> bool:
    if isinstance(factor, Entry):
        line = derivation.line(factor.head.name)
        if line is None or line.kind != "forward" or not _centres(line.template.expr):
            return False
        places = tuple(k for k, _ in limits)
        if not all(k in factor.indices for k in places):
            return False
        factor = definition(line, factor.indices)
    if not _centres(factor):
        return False
    return _total_is_zero(factor, limits, derivation)


def _total_is_zero(body: Expr, limits: tuple[tuple[Symbol, Expr], ...], derivation: Derivation) -> bool:
    """True if the sum is zero once the values that only hold sums are put in."""
    for _ in range(4):
        if _is_zero(normal(Add(*(Total(part, limits) for part in body.args)), {})):
            return True
        found = {}
        for entry in body.atoms(Entry):
            line = derivation.line(entry.head.name)
            if line is not None and line.kind == "forward" and line.template.expr.has(Total):
                found[entry] = definition(line, entry.indices)
        if not found:
            return False
        body = body.xreplace(found)
        if not isinstance(body, Add):
            return False
    return False


def _is_zero(expr: Expr) -> bool:
    """True if the numbers before equal sums cancel."""
    numbers: dict[Part, Expr] = {}
    for term in Add.make_args(expr):
        part = parts_of(term)
        bare = replace(part, number=S.One, factors=tuple(sorted(part.factors, key=str)))
        numbers[bare] = numbers.get(bare, S.Zero) + part.number
    return all(number == 0 for number in numbers.values())


__all__ = ["without_vanishing"]
