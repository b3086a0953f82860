"""Constants of the program in formulas: a 0.1 is one tenth there, as it was written, and is computed with as such."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sympy import Expr, Rational

from ..ir import Lit
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


def decimals(constants: Mapping[str, Lit]) -> dict[str, Expr]:
    """Key -> number, for the constants that are short decimals."""
    floats = {key: lit for key, lit in constants.items() if not lit.shape and lit.dtype.kind == "f"}
    found = {key: short(lit.value.item() if lit.exact is None else lit.exact) for key, lit in floats.items()}
    return {key: value for key, value in found.items() if value is not None}


def as_written(expr: Expr, numbers: Mapping[str, Expr]) -> Expr:
    """``expr`` with the numbers of the constants that have one, by key."""
    found = {entry: numbers[entry.head.name] for entry in entries(expr) if entry.head.name in numbers}
    return expr.xreplace(found) if found else expr


__all__ = ["as_written", "decimals"]
