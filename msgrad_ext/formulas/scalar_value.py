"""Scalar functions at arrays: float64, or object arrays of numbers that have the function as a method.

numpy's own where it has the function; others by mpmath, element by element, so that nothing is shared with the voices.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import Abs, sign

from ..symbolic import functions as fs
from ..symbolic.scalar import SCALARS
from .residue import Residue

Function = Callable[..., Any]
# The declared name -> mpmath's, for what numpy lacks.
_MPMATH = {"erf": "erf", "erfc": "erfc", "erfinv": "erfinv"}


def ones_where(mask: Any, exact: bool) -> np.ndarray:
    """1 where the mask holds, else 0: whole numbers among exact numbers, which a float would spoil."""
    mask = np.asarray(mask)
    return mask.astype(np.int64).astype(object) if exact else mask.astype(np.float64)


def signs(a: Any) -> np.ndarray:
    """-1, 0 or 1."""
    exact = np.asarray(a).dtype == object
    return ones_where(a > 0, exact) - ones_where(a < 0, exact)


def finite(a: Any) -> bool:
    """True when no element is infinite or NaN, in numbers of any kind."""
    array = np.asarray(a)
    with np.errstate(all="ignore"):
        return bool(np.all(array - array == 0))


def kept_where(choice: Any, a: Any) -> np.ndarray:
    """``a``, and 0 where ``choice`` is 0."""
    return np.where(np.equal(choice, 0), 0, a)


def _slope_power(a: Any, b: Any, count: Any) -> Any:
    """``a ** b``, and 0 where that is infinite only for a factor that is 0 there."""
    return kept_where(np.logical_not((a == 0) & (b < 0) & (b >= -count) & (b % 1 == 0)), power_of(a, b))


def power_of(a: Any, b: Any) -> Any:
    """``a ** b``; exact numbers by way of the logarithm, but for what it can not say."""
    if object not in (np.asarray(a).dtype, np.asarray(b).dtype):
        return np.power(a, b)
    return np.frompyfunc(_exact_power, 2, 1)(a, b)


def _inverse(array: Any) -> Any:
    """``1 / array``; a Python 0, such as the length of an empty axis, has none."""
    if np.asarray(array).dtype.kind == "f":
        return 1 / array
    return np.frompyfunc(lambda x: np.nan if isinstance(x, int) and x == 0 else 1 / x, 1, 1)(array)


def rational_power(array: Any, above: int, below: int) -> Any:
    """``array ** (above / below)``, the exponent in lowest terms."""
    if below == 1:
        return array**above if above > 0 else _inverse(array**-above)
    if below == 2:
        root = np.sqrt(array)
        return root**above if above > 0 else _inverse(root**-above)
    if np.asarray(array).dtype != object:
        return array ** (above / below)
    return np.frompyfunc(lambda x: _exact_root(x, above, below), 1, 1)(array)


def _exact_root(x: Any, above: int, below: int) -> Any:
    exponent = Fraction(above, below) if _algebraic(x) else type(x)(above) / below
    return x**exponent


def _algebraic(number: Any) -> bool:
    """True for numbers that take powers by laws, and have no size."""
    return isinstance(number, Residue) or getattr(number, "algebraic", False)


def _exact_power(a: Any, b: Any) -> Any:
    if _algebraic(a) or _algebraic(b):
        return a**b
    if abs(b) < 10**6 and b == int(b):
        return a ** int(b)
    return (b * a.log()).exp() if a > 0 else a**b


def _unary(name: str) -> Function:
    """A function that numpy lacks: mpmath's on floats, the number's own method on numbers of many digits."""

    def one(value: Any) -> Any:
        if hasattr(value, name):
            return getattr(value, name)()
        return _on_float(name, float(value))

    return lambda a: _typed(np.frompyfunc(one, 1, 1)(a), a)


@lru_cache(maxsize=1)
def _context() -> Any:
    """A context of our own, with some bits more than floats have."""
    from mpmath.ctx_mp import MPContext

    mp = MPContext()
    mp.prec = 70
    return mp


def _on_float(name: str, *values: float) -> float:
    """By mpmath in extra precision; NaN where it is not defined."""
    mp = _context()
    try:
        if name == "lgamma":
            result = mp.log(abs(mp.gamma(values[0]))) if values[0] < 0 else mp.loggamma(values[0])
        elif name == "polygamma":
            result = mp.psi(int(values[0]), values[1])
        else:
            result = getattr(mp, _MPMATH[name])(values[0])
    except (ValueError, ZeroDivisionError):
        return float("inf") if name == "lgamma" else float("nan")
    return float(result) if not isinstance(result, mp.mpc) else float("nan")


def _typed(result: Any, like: Any) -> Any:
    return result if np.asarray(like).dtype == object else np.asarray(result, dtype=np.float64)


def _polygamma(order: Any, a: Any) -> Any:
    def one(n: Any, value: Any) -> Any:
        return value.polygamma(int(n)) if hasattr(value, "polygamma") else _on_float("polygamma", n, float(value))

    return _typed(np.frompyfunc(one, 2, 1)(order, a), a)


def _atan2(a: Any, b: Any) -> Any:
    if object not in (np.asarray(a).dtype, np.asarray(b).dtype):
        return np.arctan2(a, b)
    return np.frompyfunc(lambda y, x: y.arctan2(x), 2, 1)(a, b)


def _declared(name: str) -> Function:
    special = {"polygamma": _polygamma, "arctan2": _atan2}.get(name)
    return special or getattr(np, name, None) or _unary(name)


FUNCTIONS: dict[type, Function] = {
    **{kind: _declared(kind.array) for kind in SCALARS.values()},  # type: ignore[attr-defined]
    fs.Exp: np.exp,
    fs.Log: np.log,
    fs.Tanh: np.tanh,
    fs.Sigmoid: lambda a: 1 / (1 + np.exp(-a)),
    fs.Relu: lambda a: np.where(a > 0, a, 0 * a),
    fs.Absolute: abs,
    Abs: abs,
    fs.Sign: signs,
    sign: signs,
    fs.Positive: lambda a: ones_where(a > 0, np.asarray(a).dtype == object),
    fs.Half: lambda a: (signs(a) + 1) / 2,
    fs.Truncate: np.trunc,
    fs.Maximum: lambda a, b: np.where(np.greater(a, b), a, b),
    fs.Minimum: lambda a, b: np.where(np.less(a, b), a, b),
    fs.Power: power_of,
    fs.SlopePower: _slope_power,
    fs.LogOfBase: lambda a: np.where(a == 0, 0 * a, np.log(a)),
    fs.Choice: lambda c, a, b: np.where(np.not_equal(c, 0), a, b),
}

__all__ = ["FUNCTIONS", "finite", "kept_where", "ones_where", "power_of", "rational_power", "signs"]
