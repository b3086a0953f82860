"""Numbers modulo a prime in which formulas can be told apart: equal formulas give equal numbers, others do not.

An element is ``a + b i`` with ``i^2 = -1`` modulo the prime ``P = 2 Q + 1``, and ``e``, the same number modulo the
prime ``Q``: what it is as an exponent, since powers of ``W`` repeat after ``Q``. So ``exp(x) = W^e`` turns sums into
products as the exponential does. Numbers that are squares are the positive ones, by which absolute value, sign,
square root, powers with fractions, relu, maximum and comparisons keep the laws of products. A function without such a
model (``log``, ``erf``) is a random value of its argument, odd where the function is odd.

Where two formulas agree here they are equal: a wrong one of degree ``d`` passes with a chance of at most about
``d / P`` for each trial (Schwartz and Zippel; Weil for signs). Where they do not agree they are different, or equal
by a law that the model lacks; then another arithmetic has to tell.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np

from ..constants import Irrational

# The numbers up to 31 and their products are squares modulo P, so that lengths are positive and have roots.
Q = 1152921504606528539
P = 2 * Q + 1
_W = 4
_ODD = ("arcsin", "arctan", "arcsinh", "arctanh", "erf", "erfinv", "cbrt", "rint")
_OTHERS = ("arccos", "arccosh", "erfc", "lgamma", "digamma")


def drawn(word: str, *key: int) -> int:
    """A number below ``P`` that looks random, always the same for one word and key."""
    text = f"{word} {key}".encode()
    return int.from_bytes(blake2b(text, digest_size=16).digest(), "little") % P


class Residue:
    """One number; operators and methods are those that numpy calls on the elements of an object array."""

    __slots__ = ("a", "b", "e")
    a: int
    b: int
    e: int

    def __new__(cls, value: Any) -> Residue:
        return lift(value)

    # Sums and products -------------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Residue:
        if type(other) is not Residue:
            other = lift(other)
        new = _new(Residue)
        new.a, new.b, new.e = (self.a + other.a) % P, (self.b + other.b) % P, (self.e + other.e) % Q
        return new

    __radd__ = __add__

    def __sub__(self, other: Any) -> Residue:
        if type(other) is not Residue:
            other = lift(other)
        new = _new(Residue)
        new.a, new.b, new.e = (self.a - other.a) % P, (self.b - other.b) % P, (self.e - other.e) % Q
        return new

    def __rsub__(self, other: Any) -> Residue:
        return lift(other) - self

    def __neg__(self) -> Residue:
        return made(-self.a % P, -self.b % P, -self.e % Q)

    def __pos__(self) -> Residue:
        return self

    def __mul__(self, other: Any) -> Residue:
        if type(other) is not Residue:
            other = lift(other)
        new = _new(Residue)
        new.e = self.e * other.e % Q
        if self.b or other.b:
            new.a = (self.a * other.a - self.b * other.b) % P
            new.b = (self.a * other.b + self.b * other.a) % P
        else:
            new.a, new.b = self.a * other.a % P, 0
        return new

    __rmul__ = __mul__

    def inverse(self) -> Residue:
        """One over the number; ZeroDivisionError for zero."""
        size = (self.a * self.a + self.b * self.b) % P
        if size == 0 or self.e == 0:
            raise ZeroDivisionError("division by zero modulo a prime")
        if not self.b:
            return made(pow(self.a, -1, P), 0, pow(self.e, -1, Q))
        size = pow(size, -1, P)
        return made(self.a * size % P, -self.b * size % P, pow(self.e, -1, Q))

    def __truediv__(self, other: Any) -> Residue:
        return self * (other if type(other) is Residue else lift(other)).inverse()

    def __rtruediv__(self, other: Any) -> Residue:
        return lift(other) * self.inverse()

    def __mod__(self, other: Any) -> Residue:
        return self.random("mod", lift(other).a)

    def __floordiv__(self, other: Any) -> Residue:
        return (self / other).random("floor")

    # Comparisons: what is a square is positive ---------------------------------------------------------------------

    @property
    def sign(self) -> int:
        """1 for squares, 0 for zero, else -1; opposite for opposite numbers."""
        part = self.a if not self.b else self.b
        if part == 0:
            return 0
        return 1 if pow(part, Q, P) == 1 else -1

    def __eq__(self, other: object) -> bool:
        if type(other) is not Residue:
            other = lift(other)
        return self.a == other.a and self.b == other.b

    def __hash__(self) -> int:
        return hash((self.a, self.b))

    def __gt__(self, other: Any) -> bool:
        return (self - other).sign > 0

    def __ge__(self, other: Any) -> bool:
        return (self - other).sign >= 0

    def __lt__(self, other: Any) -> bool:
        return (self - other).sign < 0

    def __le__(self, other: Any) -> bool:
        return (self - other).sign <= 0

    def __bool__(self) -> bool:
        return bool(self.a or self.b)

    def __abs__(self) -> Residue:
        return -self if self.sign < 0 else self

    def __int__(self) -> int:
        if self.b or self.a >= 10**6:
            raise TypeError("The number is no small integer.")
        return self.a

    def __floor__(self) -> Residue:
        return self.random("floor")

    def __ceil__(self) -> Residue:
        return -(-self).random("floor")

    def __trunc__(self) -> Residue:
        return self.odd("trunc")

    # Powers --------------------------------------------------------------------------------------------------------

    def __pow__(self, exponent: Any) -> Residue:
        if type(exponent) is Residue:
            return self.random("power", exponent.a, exponent.b)
        n = fraction(exponent)
        if n.denominator != 1:
            return self._root_power(n)
        result, base = _ONE, self if n >= 0 else self.inverse()
        for bit in bin(abs(int(n)))[2:]:
            result = result * result * base if bit == "1" else result * result
        return result

    def __rpow__(self, base: Any) -> Residue:
        return lift(base) ** self

    def _root_power(self, n: Fraction) -> Residue:
        """A power with a fraction: roots of squares are squares, ``i`` is the root of -1, and negatives have no others."""
        if self.b or (n.denominator != 2 and self.sign < 0):
            return self.random("root", n.numerator, n.denominator)
        if not self:
            if n < 0:
                raise ZeroDivisionError("division by zero modulo a prime")
            return self
        sign, whole = self.sign, n.numerator * pow(n.denominator, -1, Q) % Q
        root = pow(self.a * sign % P, whole, P)
        e = drawn("root", n.numerator, n.denominator, self.a) % Q
        if sign > 0:
            return made(root, 0, e)
        turned = ((root, 0), (0, root), (-root % P, 0), (0, -root % P))[n.numerator % 4]
        return made(*turned, e)

    def sqrt(self) -> Residue:
        """The square root."""
        return self._root_power(_HALF)

    # Functions -----------------------------------------------------------------------------------------------------

    def random(self, word: str, *key: int) -> Residue:
        """A value that looks random and depends on the number alone."""
        return made(drawn(word, *key, self.a, self.b), 0, drawn(f"{word} e", *key, self.a, self.b) % Q)

    def odd(self, word: str) -> Residue:
        """The same, with the opposite value for the opposite number."""
        other = -self
        if not self:
            return self
        return self.random(word) if (self.a, self.b) < (other.a, other.b) else -other.random(word)

    def exp(self) -> Residue:
        """The exponential."""
        if not self:
            return _ONE
        if self.b:
            return self.random("exp")
        a = pow(_W, self.e, P)
        return made(a, 0, drawn("exp e", a) % Q)

    def log(self) -> Residue:
        """The logarithm; opposite for the inverse number."""
        if self == 1:
            return lift(0)
        other = self.inverse()
        return self.random("log") if (self.a, self.b) < (other.a, other.b) else -other.random("log")

    def tanh(self) -> Residue:
        """By exponentials, as the hyperbolic functions all are."""
        double = (self + self).exp()
        return (double - 1) / (double + 1)

    def sinh(self) -> Residue:
        """Half the difference of two exponentials."""
        up = self.exp()
        return (up - up.inverse()) / 2

    def cosh(self) -> Residue:
        """Half the sum of two exponentials."""
        up = self.exp()
        return (up + up.inverse()) / 2

    def sin(self) -> Residue:
        """Sine and cosine are a random point of the circle."""
        half = self.odd("half angle")
        return 2 * half / (1 + half * half)

    def cos(self) -> Residue:
        """See `sin`."""
        half = self.odd("half angle")
        return (1 - half * half) / (1 + half * half)

    def tan(self) -> Residue:
        """Sine over cosine."""
        return self.sin() / self.cos()

    def arctan2(self, other: Any) -> Residue:
        """The angle of a point."""
        other = lift(other)
        return self.random("angle", other.a, other.b)

    def polygamma(self, order: int) -> Residue:
        """A derivative of the logarithm of the gamma function."""
        return self.random("polygamma", order)

    def __repr__(self) -> str:
        return f"Residue({self.a} + {self.b} i, {self.e})"


def _method(word: str, odd: bool) -> Callable[[Residue], Residue]:
    return (lambda self: self.odd(word)) if odd else (lambda self: self.random(word))


for _word in (*_ODD, *_OTHERS):
    setattr(Residue, _word, _method(_word, _word in _ODD))
_new = object.__new__
_HALF = Fraction(1, 2)


def made(a: int, b: int, e: int) -> Residue:
    """The number of these parts."""
    new = _new(Residue)
    new.a, new.b, new.e = a, b, e
    return new


def fraction(value: Any) -> Fraction:
    """An exact number as a fraction."""
    if hasattr(value, "p") and hasattr(value, "q"):
        return Fraction(int(value.p), int(value.q))
    return Fraction(value)


def lift(value: Any) -> Residue:
    """A number, or the text of a constant, as a residue."""
    if isinstance(value, Residue):
        return value
    if isinstance(value, Irrational):
        return value.recipe(_Constants)
    return _lifted(type(value) is str, value)


@lru_cache(maxsize=4096)
def _lifted(is_text: bool, value: Any) -> Residue:
    if is_text:
        return made(drawn(f"constant {value[:30]}"), 0, drawn(f"constant e {value[:30]}") % Q)
    exact = Fraction(value.item() if isinstance(value, np.generic) else value)
    above, below = exact.numerator, exact.denominator
    return made(above * pow(below, -1, P) % P, 0, above * pow(below, -1, Q) % Q)


class _Constants:
    """What recipes of constants are read with."""

    pi = _lifted(True, "3.1415926535897932384626433832795")
    sqrt = staticmethod(lambda value: lift(value).sqrt())
    log = staticmethod(lambda value: lift(value).log())


_ONE = made(1, 0, 1)


def residues(word: str, shape: tuple[int, ...], opposite: bool = False) -> np.ndarray:
    """An array of numbers that look random, always the same for one word and shape; or of their opposites."""
    result = np.empty(shape, object)
    count = int(np.prod(shape, dtype=np.int64))
    values = [made(drawn(word, k), 0, drawn(f"{word} e", k) % Q) for k in range(count)]
    result.ravel()[:] = [-one for one in values] if opposite else values
    return result


__all__ = ["P", "Q", "Residue", "lift", "residues"]
