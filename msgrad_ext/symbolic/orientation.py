"""Which way around a difference is read: as the network says it, ``X w - y`` and not ``y - X w``."""

from __future__ import annotations

from sympy import Add, Expr

from .compose import entries, line_expr, own_form, resolved, size
from .functions import Real
from .lines import Derivation, Line
from .nodes import Share
from .normal import normal

Signs = frozenset[tuple[frozenset[str], bool]]
# Differences larger than this are not looked into.
LONG = 120


def orientations(derivation: Derivation) -> frozenset[Signs]:
    """The signs that the terms of the network's own differences have, over inputs and over functions' values."""
    forward = {line.key: line for line in derivation.lines if line.kind == "forward"}
    plain = {key: line for key, line in forward.items() if not _function(line)}
    found = set()
    for line in forward.values():
        if line.op == "Sub":
            for hidden in (plain, forward):
                expr, _, ranges = line_expr(derivation, line)
                expr = resolved(expr, {key: other for key, other in hidden.items() if key != line.key})
                if isinstance(expr, Add) and size(expr) <= LONG:
                    found.add(signs(normal(expr, ranges)))
    return frozenset(found)


def _function(line: Line) -> bool:
    meaning = own_form(line.template)
    return isinstance(meaning, (Real, Share)) or bool(meaning.is_Function)


def signs(expr: Expr) -> Signs:
    """What each term of a sum is made of, and whether it is subtracted."""
    pairs = set()
    for term in Add.make_args(expr):
        number = term.as_coeff_Mul()[0]
        if not number.is_negative and hasattr(term, "body"):
            number = term.body.as_coeff_Mul()[0]
        pairs.add((frozenset(e.head.name for e in entries(term)), bool(number.is_negative)))
    return frozenset(pairs)


def opposite(expr: Expr, known: frozenset[Signs]) -> bool:
    """True for a sum that is the negative of one of the ``known`` ones."""
    mine = signs(expr)
    return mine not in known and frozenset((heads, not falls) for heads, falls in mine) in known


__all__ = ["opposite", "orientations"]
