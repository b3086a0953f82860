"""Rounding, and division with a whole quotient: piecewise constant functions and the remainders.

What is piecewise constant has the derivative 0 everywhere, also at the jumps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError
from ..lazy import sym
from ..op import Elementwise, Smooth
from ..registry import composite, fn
from ..tensor import Tensor


class Floor(Smooth, functions="floor", methods="floor"):
    """Largest whole number that is not above ``a``.

    Notes
    -----
    The derivative is 0 everywhere, also at the jumps, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a):
        return np.floor(a)

    def vjp(self, ct, out, a):
        return None

    def meaning(self, a):
        return lambda *i: sym.floor(a[i])


class Ceil(Smooth, functions="ceil", methods="ceil"):
    """Smallest whole number that is not below ``a``.

    Notes
    -----
    The derivative is 0 everywhere, also at the jumps, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a):
        return np.ceil(a)

    def vjp(self, ct, out, a):
        return None

    def meaning(self, a):
        return lambda *i: sym.ceil(a[i])


class Round(Elementwise, functions="rint", aliases="Rint"):
    """Nearest whole number; a half goes to the even one.

    Notes
    -----
    The derivative is 0 everywhere, also at the jumps, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a):
        return np.rint(a) if a.dtype.kind in "fO" else a

    def vjp(self, ct, out, a):
        return None

    def meaning(self, a):
        return lambda *i: sym.rint(a[i])


class Trunc(Elementwise, functions="trunc", methods="trunc"):
    """Whole part, towards 0.

    Notes
    -----
    The derivative is 0 everywhere, also at the jumps, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a):
        return np.trunc(a) if a.dtype.kind in "fO" else a

    def vjp(self, ct, out, a):
        return None

    def meaning(self, a):
        return lambda *i: sym.truncate(a[i])


class FloorDiv(
    Elementwise, functions="floor_div floor_divide floordiv tensor_floordiv", methods="floor_divide floor_div"
):
    """Quotient rounded down, ``floor(a / b)``.

    Notes
    -----
    The derivative is 0 everywhere, also at the jumps, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a, b):
        return np.floor_divide(a, b)

    def vjp(self, ct, out, a, b):
        return None, None

    def meaning(self, a, b):
        return lambda *i: sym.floor(a[i] / b[i])


class FloorMod(Elementwise, functions="floor_mod remainder floormod tensor_mod", methods="floor_mod remainder"):
    """Remainder with the sign of ``b``, ``a - b floor(a / b)``.

    Notes
    -----
    At a jump the derivative is that of ``a - b q`` with the quotient ``q`` held.
    """

    smooth = False

    def numpy(self, a, b):
        return np.remainder(a, b)

    def vjp(self, ct, out, a, b):
        return ct, -(ct * fn.floor_div(a, b))

    def meaning(self, a, b):
        return lambda *i: a[i] - b[i] * sym.floor(a[i] / b[i])


class TruncateDiv(Elementwise, functions="truncate_div", methods="truncate_div"):
    """Quotient rounded towards 0.

    Notes
    -----
    The derivative is 0 everywhere, also at the jumps, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a, b):
        whole = a - np.fmod(a, b)
        return np.rint(whole / b) if whole.dtype.kind in "fO" else whole // b

    def vjp(self, ct, out, a, b):
        return None, None

    def meaning(self, a, b):
        return lambda *i: sym.truncate(a[i] / b[i])


class TruncateMod(Elementwise, functions="truncate_mod fmod", methods="truncate_mod fmod", aliases="Mod"):
    """Remainder with the sign of ``a``, ``a - b truncate(a / b)``.

    Notes
    -----
    At a jump the derivative is that of ``a - b q`` with the quotient ``q`` held. (MindSpore's ``Mod`` divides so, but
    its derivative by ``b`` is that of `FloorMod`.)
    """

    smooth = False

    def numpy(self, a, b):
        return np.fmod(a, b)

    def vjp(self, ct, out, a, b):
        return ct, -(ct * fn.truncate_div(a, b))

    def meaning(self, a, b):
        return lambda *i: a[i] - b[i] * sym.truncate(a[i] / b[i])


@composite(functions="round", methods="round")
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """Nearest number with so many decimals; a half goes to the even one."""
    if isinstance(decimals, bool) or not isinstance(decimals, int):
        raise ArgumentError(f"For 'round', the decimals must be int, but got {type(decimals).__name__}.")
    if decimals == 0:
        return Round()(input)
    scale = 10.0 ** abs(decimals)
    return Round()(input * scale) / scale if decimals > 0 else Round()(input / scale) * scale


@composite(functions="frac", methods="frac")
def frac(x: Tensor) -> Tensor:
    """What follows the decimal point, ``x - trunc(x)``."""
    return x - Trunc()(x)


@composite(functions="div divide", methods="div divide")
def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Quotient, ``input / other``; with a rounding mode, "floor" or "trunc", a whole one."""
    if rounding_mode is None:
        return fn.true_divide(input, other)
    if rounding_mode not in ("floor", "trunc"):
        raise ArgumentValueError(
            f"For 'div', the rounding_mode must be None, 'floor' or 'trunc', but got {rounding_mode!r}."
        )
    return (FloorDiv if rounding_mode == "floor" else TruncateDiv)()(input, other)
