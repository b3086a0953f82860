"""Quotients of polynomials over the operands' elements: their arithmetic, order and value at the point."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from ...constants import Irrational
from ..witnesses.digits import context
from . import polynomials as ps
from .kernels import Generator, PointNeeded, Unreached, World

# Results are of the class of their world, which this module does not know.
Element = Any
Factor = frozenset[Any]


class Quotient:
    """``top / below``: a polynomial over powers of polynomials that are primitive and no monomials."""

    __slots__ = ("below", "top")
    algebraic = True
    top: ps.Polynomial
    below: dict[Factor, int]
    # Each proof has a class of its own, which knows the generators: a number that is made one of them knows them too.
    world: ClassVar[World | None] = None

    def __new__(cls, value: Any) -> Element:
        return lifted(value, cls.world)

    # Sums, products, powers ----------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Element:
        other = lifted(other, self.world)
        world = self.world or other.world
        if world is not None:
            # A sum copies its terms, which is about as much as a quarter of a product of each.
            world.spend(1 + (len(self.top) + len(other.top)) // 4)
        if self.below == other.below:
            return reduced(ps.added(self.top, other.top), self.below, world)
        below = {key: max(self.below.get(key, 0), other.below.get(key, 0)) for key in {**self.below, **other.below}}
        return reduced(ps.added(_over(self, below, world), _over(other, below, world)), below, world)

    __radd__ = __add__

    def __neg__(self) -> Element:
        return made({monomial: -number for monomial, number in self.top.items()}, self.below, self.world)

    def __pos__(self) -> Element:
        return self

    def __sub__(self, other: Any) -> Element:
        return self + -lifted(other, self.world)

    def __rsub__(self, other: Any) -> Element:
        return lifted(other, self.world) + -self

    def __mul__(self, other: Any) -> Element:
        other = lifted(other, self.world)
        world = self.world or other.world
        below = dict(self.below)
        for key, count in other.below.items():
            below[key] = below.get(key, 0) + count
        return reduced(_times(self.top, other.top, world), below, world)

    __rmul__ = __mul__

    def inverse(self) -> Element:
        """One over it; ZeroDivisionError for zero."""
        if not self.top:
            raise ZeroDivisionError("division by zero")
        number, monomial, rest = ps.primitive(self.top)
        top: ps.Polynomial = {ps.power(monomial, -1): ps.plain(1 / Fraction(number))}
        for key, count in self.below.items():
            for _ in range(count):
                top = _times(top, dict(key), self.world)
        return reduced(top, {} if rest == ps.ONE else {frozenset(rest.items()): 1}, self.world)

    def __truediv__(self, other: Any) -> Element:
        return self * lifted(other, self.world).inverse()

    def __rtruediv__(self, other: Any) -> Element:
        return lifted(other, self.world) * self.inverse()

    @property
    def number(self) -> ps.Number | None:
        """The number that it is, or None."""
        if not self.top:
            return 0
        return self.top.get(()) if len(self.top) == 1 and not self.below else None

    # Comparisons ---------------------------------------------------------------------------------------------------

    @property
    def sign(self) -> int:
        """-1, 0 or 1: everywhere if it can be told, else at the point.

        Raises
        ------
        PointNeeded
            If it is not the same everywhere and there is no point.
        """
        if self.number is not None:
            return (self.number > 0) - (self.number < 0)
        if vanishes(self):
            return 0
        world = world_of(self)
        signs = [definite(poly, world) for poly in (self.top, *(dict(key) for key in self.below))]
        if all(signs):
            return signs[0] * (1 if sum(n for n, s in zip(self.below.values(), signs[1:]) if s < 0) % 2 == 0 else -1)
        if not world.pointed:
            raise PointNeeded("a comparison")
        world.compared = True
        value = at_point(self)
        if not context().isfinite(value) or abs(value) < context().mpf(10) ** -30:
            raise Unreached("the values stand where a comparison changes")
        return 1 if value > 0 else -1

    def __eq__(self, other: object) -> bool:
        return _order(self, other) == 0

    def __ne__(self, other: object) -> bool:
        return _order(self, other) != 0

    def __lt__(self, other: Any) -> bool:
        return _order(self, other) < 0

    def __le__(self, other: Any) -> bool:
        return _order(self, other) <= 0

    def __gt__(self, other: Any) -> bool:
        return _order(self, other) > 0

    def __ge__(self, other: Any) -> bool:
        return _order(self, other) >= 0

    def __hash__(self) -> int:
        return hash(key_of(self))

    def __bool__(self) -> bool:
        return self.sign != 0

    def __abs__(self) -> Element:
        return -self if self.sign < 0 else self

    def __float__(self) -> float:
        if self.number is None:
            raise Unreached("a voice turns the numbers into floats")
        return float(self.number)

    def __int__(self) -> int:
        if self.number is None:
            raise Unreached("a voice turns the numbers into ints")
        return int(self.number)

    def floor(self) -> Element:
        """The whole number below: constant around the point."""
        if self.number is not None:
            return lifted(self.number // 1, self.world)
        world = world_of(self)
        if not world.pointed:
            raise PointNeeded("a rounding")
        world.compared = True
        value = at_point(self)
        whole = int(context().floor(value))
        if min(abs(value - whole), abs(value - whole - 1)) < 1e-30:
            raise Unreached("the values stand where a rounding changes")
        return lifted(whole, world)

    __floor__ = floor

    def ceil(self) -> Element:
        """The whole number above."""
        return -(-self).floor()

    __ceil__ = ceil

    def trunc(self) -> Element:
        """Without its fraction."""
        return self.floor() if self.sign >= 0 else self.ceil()

    __trunc__ = trunc

    def rint(self) -> Element:
        """The nearest whole number; at a half the values stand where it changes."""
        return (self + Fraction(1, 2)).floor()

    def __floordiv__(self, other: Any) -> Element:
        return (self / other).floor()

    def __mod__(self, other: Any) -> Element:
        return self - (self / other).floor() * other

    def __rmod__(self, other: Any) -> Element:
        return lifted(other, self.world) % self

    def fmod(self, other: Any) -> Element:
        """The remainder with the sign of the dividend."""
        return self - (self / other).trunc() * other

    def __repr__(self) -> str:
        return f"Element({len(self.top)} terms over {len(self.below)} factors)"


def made(top: ps.Polynomial, below: dict[Factor, int], world: World | None) -> Element:
    """The quotient of these parts, as it is."""
    found = object.__new__(Quotient if world is None else world.kind)
    found.top, found.below = top, below
    return found


def reduced(top: ps.Polynomial, below: dict[Factor, int], world: World | None) -> Element:
    """A quotient, with a factor of both cancelled where it is plain to see."""
    if not top:
        return made({}, {}, world)
    if below and len(top) > 1:
        number, monomial, rest = ps.primitive(top)
        key = frozenset(rest.items())
        if key in below:
            below = {one: count - (one == key) for one, count in below.items() if one != key or count > 1}
            return made({monomial: number}, below, world)
    return made(top, below, world)


def _times(first: ps.Polynomial, second: ps.Polynomial, world: World | None) -> ps.Polynomial:
    if world is not None:
        world.spend(len(first) * len(second))
    return ps.product(first, second)


def _over(element: Element, below: dict[Factor, int], world: World | None) -> ps.Polynomial:
    """The numerator over a common denominator."""
    top = element.top
    for key, count in below.items():
        for _ in range(count - element.below.get(key, 0)):
            top = _times(top, dict(key), world)
    return top


def generator(world: World, key: Any, value: Callable[[], Any] | None) -> Element:
    """An element that stands for itself alone."""
    number = world.generator(key, lambda: Generator("", value))
    return made({((number, 1),): 1}, {}, world)


def lifted(value: Any, world: World | None) -> Element:
    """A number as an element.

    Raises
    ------
    Unreached
        For infinity and NaN.
    """
    if isinstance(value, Quotient):
        return value
    if isinstance(value, Irrational):
        return value.recipe(_Constants(world))
    if isinstance(value, str):
        return _Constants(world).number(value)
    if hasattr(value, "p") and hasattr(value, "q"):
        value = Fraction(int(value.p), int(value.q))
    value = value.item() if isinstance(value, np.generic) else value
    if type(value) is float and not value - value == 0:
        raise Unreached("a voice uses infinity or NaN")
    number = ps.plain(Fraction(value)) if isinstance(value, (float, Fraction)) else int(value)
    return made({(): number} if number else {}, {}, world)


class _Constants:
    """What recipes of constants are read with."""

    def __init__(self, world: World | None) -> None:
        self.world = world

    @property
    def pi(self) -> Element:
        """A generator of its own."""
        return self.number("3.1415926535897932384626433832795")

    def number(self, digits: str) -> Element:
        """A constant that is known by its digits."""
        if self.world is None:
            raise Unreached("a constant is irrational")
        key, negative = digits.lstrip("-")[:30], digits.startswith("-")
        value = {"3.1415926535897932384626433832": lambda: +context().pi}.get(
            key, lambda: context().mpf(digits.lstrip("-"))
        )
        number = self.world.generator(("constant", key), lambda: Generator("constant", value, True))
        return made({((number, 1),): -1 if negative else 1}, {}, self.world)

    def sqrt(self, value: Any) -> Element:
        """The square root."""
        return lifted(value, self.world).sqrt()

    def log(self, value: Any) -> Element:
        """The logarithm."""
        return lifted(value, self.world).log()


def world_of(element: Element) -> World:
    """The world of an element; a number that stands alone has none."""
    if element.world is None:
        raise Unreached("a function of a number that stands alone")
    return element.world


def _order(element: Element, other: Any) -> int:
    """-1, 0 or 1 as the element is less, equal or greater; what is no number is neither equal nor in order."""
    if isinstance(other, float) and other in (float("inf"), float("-inf")):
        return -1 if other > 0 else 1
    return (element - other).sign


def key_of(element: Element) -> Any:
    """A hashable value that is equal for equal parts."""
    return frozenset(element.top.items()), frozenset(element.below.items())


def vanishes(element: Element) -> bool:
    """True if it is zero by the laws of polynomials and of the roots among the generators."""
    if not element.top or element.world is None:
        return not element.top
    world = element.world
    world.spend(len(element.top))
    found = {one for monomial in element.top for one, _ in monomial if world.generators[one].root}
    if not found:
        return False
    last = max(found)
    degree, base = world.generators[last].root  # type: ignore[misc]
    parts: dict[Any, Element] = {}
    for monomial, number in element.top.items():
        exponent = dict(monomial).get(last, 0)
        rest = made({tuple(one for one in monomial if one[0] != last): number}, {}, world)
        whole = exponent // degree
        here = rest * base ** int(whole)
        left = exponent - degree * whole
        parts[left] = parts[left] + here if left in parts else here
    if len(parts) == 1 and 0 in parts and parts[0].top == element.top:
        return False
    return all(vanishes(one) for one in parts.values())


def definite(poly: ps.Polynomial, world: World) -> int:
    """The sign that a polynomial has everywhere; 0 if that is not plain."""
    if not all(world.generators[one].positive or exponent % 2 == 0 for mono in poly for one, exponent in mono):
        return 0
    strict = any(all(world.generators[one].positive for one, _ in mono) for mono in poly)
    signs = {1 if number > 0 else -1 for number in poly.values()}
    return signs.pop() if strict and len(signs) == 1 else 0


def at_point(element: Element) -> Any:
    """The value at the point, in fifty digits."""
    world = world_of(element)

    def value(poly: ps.Polynomial) -> Any:
        total = context().mpf(0)
        for monomial, number in poly.items():
            term = context().mpf(number.numerator) / number.denominator
            for one, exponent in monomial:
                power = (
                    exponent if isinstance(exponent, int) else context().mpf(exponent.numerator) / exponent.denominator
                )
                term *= world.value(one) ** power
            total += term
        return total

    found = value(element.top)
    for key, count in element.below.items():
        found /= value(dict(key)) ** count
    return found
