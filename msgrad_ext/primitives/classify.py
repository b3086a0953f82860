"""Questions about numbers (finite, NaN, close), and what replaces those that are not numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor, is_number
from .settings import real, tensor


class IsNan(Composite, functions="isnan", methods="isnan"):
    """True where ``a`` is NaN."""

    def compute(self, a: Tensor) -> Tensor:
        """NaN is what differs from itself."""
        return fn.not_equal(tensor("IsNan", "input", a), a)


class IsInf(Composite, functions="isinf", methods="isinf"):
    """True where ``a`` is infinite."""

    def compute(self, a: Tensor) -> Tensor:
        """The comparison."""
        return fn.equal(_size("IsInf", a), math.inf)


class IsFinite(Composite, functions="isfinite", methods="isfinite"):
    """True where ``a`` is neither infinite nor NaN."""

    def compute(self, a: Tensor) -> Tensor:
        """The comparison."""
        return fn.less(_size("IsFinite", a), math.inf)


class NanToNum(Composite):
    """``a`` with numbers in place of NaN and infinities: 0 and the largest numbers of its dtype, if not given.

    Notes
    -----
    The derivative is 0 where something is replaced.
    """

    def __init__(self, nan=None, posinf=None, neginf=None):
        self.nan, self.posinf, self.neginf = (_setting(*one) for one in
                                              (("nan", nan), ("posinf", posinf), ("neginf", neginf)))  # fmt: skip

    def compute(self, a: Tensor) -> Tensor:
        """Three selections."""
        if tensor("NanToNum", "input", a).numpy_dtype.kind != "f":
            return a
        largest = float(np.finfo(a.numpy_dtype).max)
        result = fn.select(IsNan()(a), 0.0 if self.nan is None else self.nan, a)
        result = fn.select(a == math.inf, largest if self.posinf is None else self.posinf, result)
        return fn.select(a == -math.inf, -largest if self.neginf is None else self.neginf, result)


def _setting(name: str, value: Any) -> float | None:
    return None if value is None else float(real("NanToNum", name, value))


def _size(op: str, a: Tensor) -> Tensor:
    """``|a|`` as a float, in which infinity can be asked for."""
    return fn.abs(a if tensor(op, "input", a).numpy_dtype.kind == "f" else fn.cast(a, np.float32))


@composite(functions="nan_to_num", methods="nan_to_num")
def nan_to_num(input: Tensor, nan: Any = None, posinf: Any = None, neginf: Any = None) -> Tensor:
    """``input`` with numbers in place of NaN and infinities."""
    return NanToNum(nan, posinf, neginf)(input)


@composite(functions="isposinf", methods="isposinf")
def isposinf(input: Tensor) -> Tensor:
    """True where ``input`` is infinite and positive."""
    return fn.logical_and(IsInf()(input), input > 0)


@composite(functions="isneginf", methods="isneginf")
def isneginf(input: Tensor) -> Tensor:
    """True where ``input`` is infinite and negative."""
    return fn.logical_and(IsInf()(input), input < 0)


@composite(functions="isreal", methods="isreal")
def isreal(input: Tensor) -> Tensor:
    """True everywhere: complex numbers are not supported."""
    return fn.equal(fn.zeros_like(tensor("isreal", "input", input)), 0)


@composite(functions="signbit", methods="signbit")
def signbit(input: Tensor) -> Tensor:
    """True where ``input`` is negative."""
    return fn.less(tensor("signbit", "input", input), 0)


@composite(functions="positive", methods="positive")
def positive(input: Tensor) -> Tensor:
    """``input`` itself."""
    return tensor("positive", "input", input)


@composite(functions="isclose", methods="isclose")
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """True where ``|input - other| <= atol + rtol * |other|``, or where both are one infinity."""
    a, b = (one if is_number(one) else tensor("isclose", "operand", one) for one in (input, other))
    if not isinstance(equal_nan, bool):
        raise ArgumentError(f"For 'isclose', the equal_nan must be bool, but got {type(equal_nan).__name__}.")
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        raise ArgumentError("For 'isclose', one of the operands must be a Tensor.")
    allowed = real("isclose", "atol", atol) + real("isclose", "rtol", rtol) * fn.abs(b)
    near = fn.logical_and(fn.less_equal(fn.abs(fn.sub(a, b)), allowed), fn.less(allowed, math.inf))
    near = fn.logical_or(near, fn.equal(a, b))
    return fn.logical_or(near, fn.logical_and(IsNan()(a), IsNan()(b))) if equal_nan else near


class ApproximateEqual(Composite):
    """True where ``|a - b| < tolerance``."""

    def __init__(self, tolerance=1e-05):
        self.tolerance = real("ApproximateEqual", "tolerance", tolerance)

    def compute(self, x: Tensor, y: Tensor) -> Tensor:
        """The comparison."""
        return fn.less(fn.abs(fn.sub(x, y)), self.tolerance)


@composite(functions="approximate_equal", methods="approximate_equal")
def approximate_equal(x: Tensor, y: Tensor, tolerance: float = 1e-05) -> Tensor:
    """True where ``|x - y| < tolerance``."""
    return ApproximateEqual(tolerance)(x, y)


@composite(functions="logical_xor", methods="logical_xor")
def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """True where one of two is true (not 0) and the other is not."""
    return LogicalXor()(input, other)


class LogicalXor(Composite):
    """True where one of two is true (not 0) and the other is not."""

    def compute(self, a: Tensor, b: Tensor) -> Tensor:
        """The comparison of the truth values."""
        return fn.not_equal(*(fn.not_equal(tensor("LogicalXor", "operand", one), False) for one in (a, b)))
