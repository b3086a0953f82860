"""The place of an element by its size, found in an expression that says it by counting: argmax and argsort.

``sum_k k [number of elements that come before element k = r]`` is the place of element number ``r`` in descending
order, where elements that tie keep their order.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Add, Expr, Mul, S, Symbol

from .functions import Compare
from .nodes import Total


@dataclass(frozen=True)
class Place:
    """``position`` at the index where ``body`` is number ``rank`` in descending order."""

    position: Expr
    body: Expr
    limits: tuple[tuple[Symbol, Expr], ...]
    rank: Expr


def place_of(expr: Expr) -> Place | None:
    """What ``expr`` says of a place; None if it says something else."""
    if not isinstance(expr, Total):
        return None
    factors = list(Mul.make_args(expr.body))
    tests = [f for f in factors if _compares(f, "==") and any(isinstance(side, Add) for side in f.args[1:])]
    if len(tests) != 1:
        return None
    (test,) = tests
    count, rank = test.args[1:] if isinstance(test.args[1], Add) else test.args[:0:-1]
    factors.remove(test)
    limits = tuple((k, n) for k, n in expr.limits)
    body = _counted(count, limits)
    if body is None or rank.free_symbols & {k for k, _ in limits}:
        return None
    return Place(Mul(*factors), body, limits, rank)


def _compares(expr: Expr, relation: str) -> bool:
    return isinstance(expr, Compare) and expr.args[0].name == relation


def _counted(count: Expr, limits: tuple[tuple[Symbol, Expr], ...]) -> Expr | None:
    """The element whose forerunners ``count`` counts: those that are larger, and equal ones that stand before it."""
    terms = count.args
    if len(terms) != 2 or not all(isinstance(term, Total) for term in terms):
        return None
    larger = next((term for term in terms if _compares(term.body, ">")), None)
    if larger is None:
        return None
    tied = terms[1] if terms[0] == larger else terms[0]
    lengths = [n for _, n in limits]
    if any([n for _, n in term.limits] != lengths for term in terms):
        return None
    here = [k for k, _ in limits]
    body = larger.body.args[2]
    other = dict(zip(here, larger.bound))
    if larger.body.args[1] != body.xreplace(other):
        return None
    equal = [f for f in Mul.make_args(tied.body) if _compares(f, "==")]
    before = [f for f in Mul.make_args(tied.body) if _compares(f, ">")]
    if len(equal) != 1 or len(before) != 1 or len(Mul.make_args(tied.body)) != 2:
        return None
    other = dict(zip(here, tied.bound))
    first = _order(limits)
    if set(equal[0].args[1:]) != {body, body.xreplace(other)} or before[0].args[1:] != (first, first.xreplace(other)):
        return None
    return body


def _order(limits: tuple[tuple[Symbol, Expr], ...]) -> Expr:
    """The number of a place, row by row."""
    flat, after = S.Zero, S.One
    for k, n in reversed(limits):
        flat, after = flat + k * after, after * n
    return flat


__all__ = ["Place", "place_of"]
