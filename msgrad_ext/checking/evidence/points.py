"""Rationals that know of what degree they may be: where a rule and a formula agree at random ones, they are equal,
but for a chance that the degree bounds (Schwartz and Zippel).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np

from ...constants import Irrational
from .kernels import Unreached
from .polynomials import Number, plain

BITS = 62


class Asked:
    """Whether a comparison was asked for while points were computed with."""

    def __init__(self) -> None:
        self.compared = False


class Point:
    """A rational number, the value at one point of a quotient of polynomials of degrees ``up`` and ``down`` at most."""

    __slots__ = ("asked", "down", "up", "value")
    algebraic = True
    value: Number
    up: int
    down: int
    asked: Asked | None

    def __new__(cls, value: Any) -> Point:
        return point(value)

    def __add__(self, other: Any) -> Point:
        other = point(other)
        up = max(self.up + other.down, other.up + self.down) if self.down or other.down else max(self.up, other.up)
        return _new(self.value + other.value, up, self.down + other.down, self.asked or other.asked)

    __radd__ = __add__

    def __neg__(self) -> Point:
        return _new(-self.value, self.up, self.down, self.asked)

    def __pos__(self) -> Point:
        return self

    def __sub__(self, other: Any) -> Point:
        return self + -point(other)

    def __rsub__(self, other: Any) -> Point:
        return point(other) + -self

    def __mul__(self, other: Any) -> Point:
        other = point(other)
        value = self.value * other.value
        return _new(value, self.up + other.up, self.down + other.down, self.asked or other.asked)

    __rmul__ = __mul__

    def inverse(self) -> Point:
        """One over it; ZeroDivisionError for zero."""
        return _new(plain(1 / Fraction(self.value)), self.down, self.up, self.asked)

    def __truediv__(self, other: Any) -> Point:
        return self * point(other).inverse()

    def __rtruediv__(self, other: Any) -> Point:
        return point(other) * self.inverse()

    def __pow__(self, exponent: Any) -> Point:
        exponent = point(exponent)
        if exponent.up or exponent.down or exponent.value.denominator != 1 or abs(exponent.value) > 64:
            raise Unreached("a power is not rational")
        n, base = int(exponent.value), self if exponent.value >= 0 else self.inverse()
        return _new(base.value ** abs(n), base.up * abs(n), base.down * abs(n), self.asked)

    def __rpow__(self, base: Any) -> Point:
        return point(base) ** self

    def _sign(self) -> int:
        if self.asked is not None and (self.up or self.down):
            self.asked.compared = True
        return (self.value > 0) - (self.value < 0)

    def __eq__(self, other: object) -> bool:
        return (self - other)._sign() == 0

    def __ne__(self, other: object) -> bool:
        return (self - other)._sign() != 0

    def __lt__(self, other: Any) -> bool:
        return (self - other)._sign() < 0

    def __le__(self, other: Any) -> bool:
        return (self - other)._sign() <= 0

    def __gt__(self, other: Any) -> bool:
        return (self - other)._sign() > 0

    def __ge__(self, other: Any) -> bool:
        return (self - other)._sign() >= 0

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return self._sign() != 0

    def __abs__(self) -> Point:
        return -self if self._sign() < 0 else self

    def __float__(self) -> float:
        raise Unreached("a voice turns the numbers into floats")

    def __int__(self) -> int:
        if self.up or self.down:
            raise Unreached("a voice turns the numbers into ints")
        return int(self.value)

    def sqrt(self) -> Point:
        """The square root of a number that has one."""
        root = [isqrt(one) for one in (self.value.numerator, self.value.denominator)] if self.value >= 0 else [0, 1]
        if self.up or self.down or Fraction(*root) ** 2 != self.value:
            raise Unreached("a root is not rational")
        return _new(plain(Fraction(*root)), 0, 0, self.asked)

    def square(self) -> Point:
        """The square."""
        return self * self

    def reciprocal(self) -> Point:
        """One over it."""
        return self.inverse()

    def __repr__(self) -> str:
        return f"Point({self.value})"


def _irrational(name: str) -> Callable[..., Any]:
    def raise_it(self: Any, *others: Any) -> Any:
        raise Unreached(f"{name} is not rational")

    return raise_it


for _name in (
    "exp expm1 exp2 log log1p log2 log10 tanh sinh cosh sin cos tan cbrt arcsin arccos arctan arcsinh arccosh arctanh erf "
    "erfc erfinv lgamma digamma polygamma arctan2 hypot"
).split():
    setattr(Point, _name, _irrational(_name))
for _name in (
    "floor",
    "ceil",
    "trunc",
    "rint",
    "fmod",
    "__floor__",
    "__ceil__",
    "__trunc__",
    "__mod__",
    "__floordiv__",
):
    setattr(Point, _name, _irrational(f"rounding ({_name.strip('_')})"))


def _new(value: Number, up: int, down: int, asked: Asked | None) -> Point:
    found = object.__new__(Point)
    found.value, found.up, found.down, found.asked = value, up, down, asked
    return found


def point(value: Any) -> Point:
    """A number as a rational of degree 0."""
    if type(value) is Point:
        return value
    if isinstance(value, Irrational):
        return value.recipe(_Constants())
    if hasattr(value, "p") and hasattr(value, "q"):
        value = Fraction(int(value.p), int(value.q))
    value = value.item() if isinstance(value, np.generic) else value
    if type(value) is float and not value - value == 0:
        raise Unreached("a voice uses infinity or NaN")
    return _new(plain(Fraction(value)) if isinstance(value, (float, Fraction)) else int(value), 0, 0, None)


class _Constants:
    """What recipes of constants are read with: only ratios are rational."""

    def sqrt(self, value: Any) -> Point:
        """The square root."""
        return point(value).sqrt()

    def __getattr__(self, name: str) -> Any:
        raise Unreached("a constant is irrational")


def drawn(generator: np.random.Generator, shape: tuple[int, ...], asked: Asked) -> np.ndarray:
    """Random whole numbers, each of ``2^62`` values."""
    found = np.empty(shape, dtype=object)
    values = generator.integers(-(2 ** (BITS - 1)), 2 ** (BITS - 1), size=found.size).tolist()
    found.ravel()[:] = [_new(value, 1, 0, asked) for value in values]
    return found


def degree(first: Any, second: Any) -> int:
    """The degree that the difference of two results has at most."""
    one, other = point(first), point(second)
    return max(one.up + other.down, other.up + one.down)
