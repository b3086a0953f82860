"""Constants of the program in formulas: a 0.1 is one tenth there, as it was written, and is computed with as such."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sympy import Expr, Rational

from .compose import entries

# A float with more digits than these is no decimal that someone wrote; beyond these powers of ten it keeps its own form.
DIGITS, POWER = 8, 30


def short(value: float) -> Rational | None:
    """``value`` as the decimal that it is written as, if that is short."""
    decimal = Decimal(repr(float(value)))
    if not decimal.is_finite() or abs(decimal.adjusted()) > POWER:
        return None
    if len(decimal.normalize().as_tuple().digits) > DIGITS:
        return None
    return Rational(str(decimal))


def as_written(expr: Expr, numbers: Mapping[str, Expr]) -> Expr:
    """``expr`` with the numbers of the constants that have one, by key."""
    found = {entry: numbers[entry.head.name] for entry in entries(expr) if entry.head.name in numbers}
    return expr.xreplace(found) if found else expr


__all__ = ["as_written", "short"]
