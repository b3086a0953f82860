"""Fifty-digit numbers for object arrays, in a context of our own: mpmath's global precision is neither read nor set.

numpy's functions call a method of the same name on each element of an object array (``np.exp`` calls ``.exp()``), so the
unmodified ``numpy`` voices of the ops run on these numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

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
    number.sqrt = lambda self: mp.sqrt(self) if self >= 0 else mp.nan
    number.__pow__ = _quiet(mp, number.__pow__)
    number.__rpow__ = _quiet(mp, number.__rpow__)
    number.__truediv__ = _quiet(mp, number.__truediv__)
    number.__rtruediv__ = _quiet(mp, number.__rtruediv__)
    return mp


def _real(mp: Any, value: Any) -> Any:
    """``value``, or NaN where it has left the real numbers."""
    return mp.nan if isinstance(value, mp.mpc) else value


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
