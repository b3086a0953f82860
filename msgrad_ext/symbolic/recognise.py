"""Functions that an expression holds without saying so: ``exp(z) / (1 + exp(z))`` is the logistic sigmoid of ``z``.

Comes in: an indexed expression. Goes out: an equal one with the functions by name. Each step is an identity of the
function's definition.
"""

from __future__ import annotations

from typing import Any

from sympy import Add, Expr, Integer, Mul, Pow, S

from .functions import Exp, Sigmoid, Tanh
from .nodes import Entry
from .normal import rebuild
from .scalar import Cos, Cosh, Sin, Sinh, Tan

_QUOTIENTS: dict[tuple[Any, Any], Any] = {(Sinh, Cosh): Tanh, (Sin, Cos): Tan}


def recognised(expr: Expr) -> Expr:
    """``expr`` with sigmoids and tangents by name."""
    if not expr.has(Exp, Cosh, Cos):
        return expr
    found = _visit(expr)
    return expr if found == expr else _opposites(found)


def _visit(expr: Expr) -> Expr:
    if not expr.args or isinstance(expr, Entry):
        return expr
    expr = rebuild(expr, (_visit(arg) for arg in expr.args))
    return _product(expr) if isinstance(expr, (Mul, Pow)) else expr


def _product(expr: Expr) -> Expr:
    powers: dict[Expr, Expr] = {}
    for factor in Mul.make_args(expr):
        base, exponent = factor.as_base_exp()
        powers[base] = powers.get(base, S.Zero) + exponent
    changed = False
    for base in list(powers):
        z = _logistic(base)
        if z is not None and powers[base].is_Integer and powers[base] < 0:
            changed = True
            powers[Sigmoid(-z)] = powers.get(Sigmoid(-z), S.Zero) - powers.pop(base)
    changed = _sigmoids(powers) or changed
    for (above, below), kind in _QUOTIENTS.items():
        changed = _quotients(powers, above, below, kind) or changed
    return Mul(*(Pow(base, exponent) for base, exponent in powers.items())) if changed else expr


def _logistic(base: Expr) -> Expr | None:
    """``z`` where ``base`` is ``1 + exp(z)``."""
    if isinstance(base, Add) and len(base.args) == 2 and S.One in base.args:
        other = next(arg for arg in base.args if arg is not S.One)
        return other.args[0] if isinstance(other, Exp) else None
    return None


def _sigmoids(powers: dict[Expr, Expr]) -> bool:
    """``exp(z)`` beside a sigmoid of ``-z`` makes it one of ``z``."""
    changed = False
    for base in [one for one in powers if isinstance(one, Sigmoid)]:
        z = -base.args[0]
        up, down = powers.get(Exp(z), S.Zero), powers[base]
        if up.is_Integer and down.is_Integer and up > 0 and down > 0:
            count = min(up, down)
            powers[Exp(z)], powers[base] = up - count, down - count
            powers[Sigmoid(z)] = powers.get(Sigmoid(z), S.Zero) + count
            changed = True
    return changed


def _quotients(powers: dict[Expr, Expr], above: Any, below: Any, kind: Any) -> bool:
    changed = False
    for base in [one for one in powers if isinstance(one, above)]:
        under = below(base.args[0])
        up, down = powers[base], powers.get(under, S.Zero)
        if up.is_Integer and down.is_Integer and up > 0 > down:
            count = min(up, -down)
            named = kind(base.args[0])
            powers[base], powers[under] = up - count, down + count
            powers[named] = powers.get(named, S.Zero) + count
            changed = True
    return changed


def _opposites(expr: Expr) -> Expr:
    """Where sigmoids of ``z`` and of ``-z`` meet, that of ``-z`` as ``1 - sigmoid(z)``."""
    arguments = {one.args[0] for one in expr.atoms(Sigmoid)}
    both = {z for z in arguments if -z in arguments and not z.could_extract_minus_sign()}
    return expr.xreplace({Sigmoid(-z): Integer(1) - Sigmoid(z) for z in both}) if both else expr


__all__ = ["recognised"]
