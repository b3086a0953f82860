"""Quotients of polynomials over the operands' elements and functions of them: numbers for the unmodified voices.

``numpy`` runs on object arrays of them as on any numbers. Two that are equal are equal for all values of the operands,
which makes a comparison of a rule with a derived adjoint a proof.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from typing import Any, ClassVar

import numpy as np

from ...constants import Irrational
from ..digits import context
from . import polynomials as ps
from .kernels import Generator, PointNeeded, Unreached, World, function_value

Factor = frozenset[Any]


class Element:
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
            return _made(ps.added(self.top, other.top), self.below, world)
        below = {key: max(self.below.get(key, 0), other.below.get(key, 0)) for key in {**self.below, **other.below}}
        return _made(ps.added(_over(self, below, world), _over(other, below, world)), below, world)

    __radd__ = __add__

    def __neg__(self) -> Element:
        return _new({monomial: -number for monomial, number in self.top.items()}, self.below, self.world)

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
        return _made(_times(self.top, other.top, world), below, world)

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
        return _made(top, {} if rest == ps.ONE else {frozenset(rest.items()): 1}, self.world)

    def __truediv__(self, other: Any) -> Element:
        return self * lifted(other, self.world).inverse()

    def __rtruediv__(self, other: Any) -> Element:
        return lifted(other, self.world) * self.inverse()

    def __pow__(self, exponent: Any) -> Element:
        exponent = lifted(exponent, self.world)
        if self.world is None and exponent.world is not None:
            return _new(self.top, self.below, exponent.world) ** exponent
        number = exponent.number
        if number is None:
            return (exponent * self.log()).exp()
        if number.denominator != 1:
            return self.root(number.denominator) ** number.numerator
        base, found = (self if number >= 0 else self.inverse()), _new(ps.ONE, {}, self.world)
        for bit in bin(abs(int(number)))[2:]:
            found = found * found * base if bit == "1" else found * found
        return found

    def __rpow__(self, base: Any) -> Element:
        return lifted(base, self.world) ** self

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
        world = _world(self)
        signs = [_definite(poly, world) for poly in (self.top, *(dict(key) for key in self.below))]
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
        return hash(_key(self))

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
        world = _world(self)
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

    # Functions -----------------------------------------------------------------------------------------------------

    def exp(self) -> Element:
        """The exponential: a product over the terms, ``exp(2 x - y) = exp(x)^2 / exp(y)``."""
        world = _world(self)
        if self.below:
            number, monomial, rest = ps.primitive(self.top)
            return _exponential(_new(ps.product({monomial: 1}, rest), self.below, world), number)
        found = _new(ps.ONE, {}, world)
        for monomial, number in self.top.items():
            found = found * _exponential(_new({monomial: 1}, {}, world), number)
        return found

    def log(self) -> Element:
        """The logarithm: a sum over factors that are positive; a generator for what is left."""
        world = _world(self)
        found, rest = lifted(0, world), self
        for part, count in _parts(self):
            size = part if _definite(part.top, world) > 0 else abs(part) if world.pointed else None
            if size is not None:
                found = found + count * _log_of_part(size)
                rest = rest / size**count
        return found if rest.number == 1 else found + rest.function("log")

    def root(self, degree: int) -> Element:
        """The root, numbers taken out: a generator whose power is known."""
        if self.number is not None:
            return _number_root(self, self.number, degree)
        world = _world(self)
        if not self.below and len(self.top) == 1:
            ((monomial, number),) = self.top.items()
            if number > 0 and all(world.generators[one].positive for one, _ in monomial):
                rest = _new({ps.power(monomial, Fraction(1, degree)): 1}, {}, world)
                return rest * lifted(number, world).root(degree)
        number, monomial, _ = ps.primitive(self.top)
        if abs(number) != 1:
            return (self / abs(number)).root(degree) * lifted(abs(number), world).root(degree)
        if world.pointed and monomial and (len(self.top) > 1 or self.below or monomial[1:] or monomial[0][1] != 1):
            return self._root_by_sizes(monomial, degree)
        return _generated(world, ("root", degree), self, root=(degree, self), positive=degree % 2 == 0)

    def _root_by_sizes(self, monomial: ps.Monomial, degree: int) -> Element:
        """The root with those of the generators' sizes taken out: of sizes, roots of products are products of roots."""
        found, rest = lifted(1, self.world), self
        for one, exponent in monomial:
            size = abs(_new({((one, 1),): 1}, {}, self.world))
            rest = rest / size**exponent
            whole = exponent // degree
            found = found * size ** int(whole) * size.root(degree) ** (exponent - degree * whole)
        return found * rest.root(degree)

    def sqrt(self) -> Element:
        """The square root."""
        return self.root(2)

    def function(self, name: str, *further: Any) -> Element:
        """A function of which no law is used: a generator for each argument."""
        return _generated(_world(self), (name, *further), self)

    def odd(self, name: str) -> Element:
        """The same, with the opposite value for the opposite argument."""
        if not self.top:
            return self
        number = self.top[min(self.top)]
        return self.function(name) if number > 0 else -(-self).function(name)

    def sin(self) -> Element:
        """Sine and cosine by the tangent of half the angle, so that their squares sum to 1."""
        half = self.odd("half angle")
        return 2 * half / (1 + half * half)

    def cos(self) -> Element:
        """See `sin`."""
        half = self.odd("half angle")
        return (1 - half * half) / (1 + half * half)

    def tan(self) -> Element:
        """Sine over cosine."""
        half = self.odd("half angle")
        return 2 * half / (1 - half * half)

    def tanh(self) -> Element:
        """By exponentials, as the hyperbolic functions all are."""
        up = (self + self).exp()
        return (up - 1) / (up + 1)

    def sinh(self) -> Element:
        """Half the difference of two exponentials."""
        up = self.exp()
        return (up - up.inverse()) / 2

    def cosh(self) -> Element:
        """Half the sum of two exponentials."""
        up = self.exp()
        return (up + up.inverse()) / 2

    def polygamma(self, order: int) -> Element:
        """A derivative of the logarithm of the gamma function."""
        return self.function("digamma") if int(order) == 0 else self.function("polygamma", int(order))

    def arctan2(self, other: Any) -> Element:
        """The angle of a point."""
        other = lifted(other, self.world)
        return _generated(_world(self), ("arctan2", _key(other)), self, other)

    def __repr__(self) -> str:
        return f"Element({len(self.top)} terms over {len(self.below)} factors)"


_METHODS: dict[str, Callable[[Element], Element]] = {
    "expm1": lambda x: x.exp() - 1,
    "log1p": lambda x: (x + 1).log(),
    "exp2": lambda x: (x * lifted(2, x.world).log()).exp(),
    "log2": lambda x: x.log() / lifted(2, x.world).log(),
    "log10": lambda x: x.log() / lifted(10, x.world).log(),
    "cbrt": lambda x: x.root(3),
    "erfc": lambda x: 1 - x.odd("erf"),
    "arcsinh": lambda x: (x + (x * x + 1).sqrt()).log(),
    "arccosh": lambda x: (x + (x - 1).sqrt() * (x + 1).sqrt()).log(),
    "arctanh": lambda x: ((1 + x) / (1 - x)).log() / 2,
    "reciprocal": lambda x: x.inverse(),
    "square": lambda x: x * x,
    "conjugate": lambda x: x,
    "hypot": lambda x, other: (x * x + other * other).sqrt(),  # type: ignore[dict-item, misc]
}
for _name in ("arcsin", "arctan", "erf", "erfinv"):
    _METHODS[_name] = lambda x, name=_name: x.odd(name)  # type: ignore[misc]
for _name in ("arccos", "lgamma", "digamma"):
    _METHODS[_name] = lambda x, name=_name: x.function(name)  # type: ignore[misc]
for _name, _method in _METHODS.items():
    setattr(Element, _name, _method)


def _new(top: ps.Polynomial, below: dict[Factor, int], world: World | None) -> Element:
    found = object.__new__(Element if world is None else world.kind)
    found.top, found.below = top, below
    return found


def new_world(most: int, pointed: bool) -> World:
    """A world without generators, and its class of elements."""
    world = World(most, pointed)
    world.kind = type("Element", (Element,), {"world": world, "__slots__": ()})
    return world


def _made(top: ps.Polynomial, below: dict[Factor, int], world: World | None) -> Element:
    """A quotient, with a factor of both cancelled where it is plain to see."""
    if not top:
        return _new({}, {}, world)
    if below and len(top) > 1:
        number, monomial, rest = ps.primitive(top)
        key = frozenset(rest.items())
        if key in below:
            below = {one: count - (one == key) for one, count in below.items() if one != key or count > 1}
            return _new({monomial: number}, below, world)
    return _new(top, below, world)


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
    return _new({((number, 1),): 1}, {}, world)


def lifted(value: Any, world: World | None) -> Element:
    """A number as an element.

    Raises
    ------
    Unreached
        For infinity and NaN.
    """
    if isinstance(value, Element):
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
    return _new({(): number} if number else {}, {}, world)


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
        return _new({((number, 1),): -1 if negative else 1}, {}, self.world)

    def sqrt(self, value: Any) -> Element:
        """The square root."""
        return lifted(value, self.world).sqrt()

    def log(self, value: Any) -> Element:
        """The logarithm."""
        return lifted(value, self.world).log()


def _world(element: Element) -> World:
    if element.world is None:
        raise Unreached("a function of a number that stands alone")
    return element.world


def _order(element: Element, other: Any) -> int:
    """-1, 0 or 1 as the element is less, equal or greater; what is no number is neither equal nor in order."""
    if isinstance(other, float) and other in (float("inf"), float("-inf")):
        return -1 if other > 0 else 1
    return (element - other).sign


def _key(element: Element) -> Any:
    return frozenset(element.top.items()), frozenset(element.below.items())


def _generated(
    world: World, name: tuple[Any, ...], first: Element, *rest: Element, positive: bool = False, root: Any = None
) -> Element:
    def make() -> Generator:
        further = [at_point(one) for one in rest] if rest and world.pointed else list(name[1:])
        value = (lambda: function_value(name[0], at_point(first), *further)) if world.pointed else None
        return Generator(name[0], value, positive, root)

    number = world.generator((name, _key(first)), make)
    return _new({((number, 1),): 1}, {}, world)


def _parts(element: Element) -> list[tuple[Element, int]]:
    """Factors with their exponents: primes-free numbers, generators, polynomials."""
    world = element.world
    number, monomial, rest = ps.primitive(element.top)
    parts = [(lifted(number.numerator, world), 1), (lifted(number.denominator, world), -1)]
    parts += [(_new({((one, 1),): 1}, {}, world), exponent) for one, exponent in monomial]
    parts += [(_new(rest, {}, world), 1)]
    parts += [(_new(dict(key), {}, world), -count) for key, count in element.below.items()]
    return [(part, count) for part, count in parts if part.number != 1]


def _positive(part: Element, world: World) -> bool:
    return _definite(part.top, world) > 0


def _log_of_part(part: Element) -> Element:
    """The logarithm of one factor: of an exponential it is the exponent, of a root a share."""
    world = _world(part)
    if part.number is None and len(part.top) == 1:
        (((number, _),),) = part.top
        key = world.keys[number]
        if key[0] == ("exp",):
            return _from_key(key[1], world)
        root = world.generators[number].root
        if root is not None:
            return root[1].log() / root[0]
    return part.function("log")


def _exponential(u: Element, number: ps.Number) -> Element:
    """``exp(number * u)`` for a ``u`` without a number of its own."""
    world = _world(u)
    if not u.below and len(u.top) == 1:
        ((monomial, _),) = u.top.items()
        source = world.keys[monomial[0][0]] if len(monomial) == 1 and monomial[0][1] == 1 else None
        if source is not None and source[0] == ("log",):
            return _from_key(source[1], world) ** number
    base = _generated(world, ("exp",), u, positive=True)
    ((monomial, _),) = base.top.items()
    return _new({ps.power(monomial, number): 1}, {}, world)


def _from_key(key: Any, world: World) -> Element:
    return _new(dict(key[0]), dict(key[1]), world)


def _number_root(element: Element, number: ps.Number, degree: int) -> Element:
    """The root of a number: a number where it is one."""
    if number < 0 and degree % 2:
        return -(-element).root(degree)
    if number < 0:
        raise Unreached("a root of a negative number")
    parts = (number.numerator, number.denominator)
    roots = [isqrt(one) if degree == 2 else round(one ** (1 / degree)) for one in parts]
    if all(root**degree == one for root, one in zip(roots, parts)):
        return lifted(Fraction(*roots), element.world)
    if number.denominator != 1:
        whole = lifted(number.numerator * number.denominator ** (degree - 1), element.world)
        return whole.root(degree) / number.denominator
    return _generated(_world(element), ("root", degree), element, root=(degree, element), positive=True)


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
        rest = _new({tuple(one for one in monomial if one[0] != last): number}, {}, world)
        whole = exponent // degree
        here = rest * base ** int(whole)
        left = exponent - degree * whole
        parts[left] = parts[left] + here if left in parts else here
    if len(parts) == 1 and 0 in parts and parts[0].top == element.top:
        return False
    return all(vanishes(one) for one in parts.values())


def _definite(poly: ps.Polynomial, world: World) -> int:
    """The sign that a polynomial has everywhere; 0 if that is not plain."""
    if not all(world.generators[one].positive or exponent % 2 == 0 for mono in poly for one, exponent in mono):
        return 0
    strict = any(all(world.generators[one].positive for one, _ in mono) for mono in poly)
    signs = {1 if number > 0 else -1 for number in poly.values()}
    return signs.pop() if strict and len(signs) == 1 else 0


def at_point(element: Element) -> Any:
    """The value at the point, in fifty digits."""
    world = _world(element)

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
