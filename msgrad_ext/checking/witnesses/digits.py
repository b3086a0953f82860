"""Fifty-digit numbers for object arrays, in a context of our own: mpmath's global precision is neither read nor set.

numpy's functions call a method of the same name on each element of an object array (``np.exp`` calls ``.exp()``), so the
unmodified ``numpy`` voices of the ops run on these numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ...constants import Irrational

DIGITS = 50


# numpy's name of a function -> mpmath's.
_METHODS = {
    **{name: name for name in ("exp", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "cbrt")},
    "log1p": "log1p",
    "arctan": "atan",
    "arcsin": "asin",
    "arccos": "acos",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "erf": "erf",
    "erfc": "erfc",
}


@lru_cache(maxsize=1)
def context() -> Any:
    """The mpmath context of the check, with the methods that numpy calls."""
    from mpmath.ctx_mp import MPContext

    mp = MPContext()
    mp.dps = DIGITS
    number = mp.mpf
    for name, method in _METHODS.items():
        function = getattr(mp, method)
        setattr(number, name, lambda self, function=function: _real(mp, function(self)))
    number.log = lambda self: mp.log(self) if self > 0 else -mp.inf if self == 0 else mp.nan
    number.exp2 = lambda self: mp.exp(self * mp.ln2)
    number.log2 = lambda self: number.log(self) / mp.ln2
    number.log10 = lambda self: number.log(self) / mp.ln10
    number.sqrt = lambda self: mp.sqrt(self) if self >= 0 else mp.nan
    number.__pow__ = _quiet(mp, number.__pow__)
    number.__rpow__ = _quiet(mp, number.__rpow__)
    number.arctan2 = lambda self, other: mp.atan2(self, other)
    number.hypot = lambda self, other: mp.hypot(self, other)
    _rounding(mp)
    _gamma(mp)
    number.__truediv__ = _quiet(mp, number.__truediv__)
    number.__rtruediv__ = _quiet(mp, number.__rtruediv__)
    return mp


def _real(mp: Any, value: Any) -> Any:
    """``value``, or NaN where it has left the real numbers."""
    return mp.nan if isinstance(value, mp.mpc) else value


def _rounding(mp: Any) -> None:
    """The functions whose values are whole numbers, and the remainders."""
    number = mp.mpf

    def whole(name: str) -> Callable[[Any], Any]:
        function = getattr(mp, name)
        return lambda self: function(self) if mp.isfinite(self) else self

    def quotient(self: Any, other: Any, name: str) -> Any:
        ratio = number.__truediv__(self, mp.convert(other)) if other != 0 else mp.nan
        return getattr(number, name)(ratio)

    number.__floor__ = number.floor = whole("floor")
    number.__ceil__ = number.ceil = whole("ceil")
    number.__trunc__ = number.trunc = lambda self: number.floor(self) if self >= 0 else number.ceil(self)
    # mpmath rounds a half to the even number, as numpy does.
    number.rint = whole("nint")
    number.__floordiv__ = lambda self, other: quotient(self, other, "floor")
    number.__mod__ = lambda self, other: self - quotient(self, other, "floor") * other
    number.fmod = lambda self, other: self - quotient(self, other, "trunc") * other


def _gamma(mp: Any) -> None:
    """The gamma function's relatives, and the inverse error function; infinite or NaN at their poles."""
    number = mp.mpf

    def pole(self: Any) -> bool:
        return bool(self <= 0 and mp.isint(self))

    def polygamma(self: Any, order: int) -> Any:
        return mp.nan if pole(self) or not mp.isfinite(self) else mp.psi(order, self)

    number.lgamma = lambda self: mp.inf if pole(self) else mp.log(abs(mp.gamma(self)))
    number.digamma = lambda self: polygamma(self, 0)
    number.polygamma = polygamma
    number.erfinv = lambda self: mp.erfinv(self) if abs(self) < 1 else self * mp.inf if abs(self) == 1 else mp.nan


def _quiet(mp: Any, operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """``operation`` with NaN where it would raise or leave the real numbers, as floats do."""

    def real(self: Any, other: Any) -> Any:
        try:
            result = operation(self, other)
        except ZeroDivisionError:
            return mp.nan
        return _real(mp, result)

    return real


def number(value: Any) -> Any:
    """``value`` (an int, a float or a number already) in fifty digits, exactly."""
    if isinstance(value, Irrational):
        return value.recipe(context())
    return context().convert(value)


def numbers(array: np.ndarray) -> np.ndarray:
    """``array`` as an object array of fifty-digit numbers, exactly."""
    convert = context().convert
    result = np.empty(np.shape(array), dtype=object)
    result.ravel()[:] = [convert(value) for value in np.asarray(array).ravel().tolist()]
    return result


def floats(array: np.ndarray) -> np.ndarray:
    """An array of numbers, or of floats, rounded to float64."""
    return np.asarray(array).astype(np.float64)


def largest(arrays: Any) -> float:
    """The largest finite size among ``arrays``."""
    given = (array for array in map(np.asarray, arrays) if array.dtype.kind in "fO")
    found = (np.abs(array.astype(np.float64, copy=False)) for array in given)
    return max((float(np.max(one, where=np.isfinite(one), initial=0.0)) for one in found), default=0.0)
