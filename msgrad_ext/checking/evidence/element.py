"""Functions of the operands' elements, beside their quotients: numbers for the unmodified voices.

``numpy`` runs on object arrays of them as on any numbers. Two that are equal are equal for all values of the operands,
which makes a comparison of a rule with a derived adjoint a proof.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from typing import Any

from . import polynomials as ps
from .kernels import Generator, Unreached, World, function_value
from .quotient import Quotient, at_point, definite, key_of, lifted, made, world_of


class Element(Quotient):
    """A quotient of polynomials over the operands' elements and functions of them."""

    __slots__ = ()

    def __pow__(self, exponent: Any) -> Element:
        exponent = lifted(exponent, self.world)
        if self.world is None and exponent.world is not None:
            return made(self.top, self.below, exponent.world) ** exponent
        number = exponent.number
        if number is None:
            return (exponent * self.log()).exp()
        if number.denominator != 1:
            return self.root(number.denominator) ** number.numerator
        base, found = (self if number >= 0 else self.inverse()), made(ps.ONE, {}, self.world)
        for bit in bin(abs(int(number)))[2:]:
            found = found * found * base if bit == "1" else found * found
        return found

    def __rpow__(self, base: Any) -> Element:
        return lifted(base, self.world) ** self

    # Functions -----------------------------------------------------------------------------------------------------

    def exp(self) -> Element:
        """The exponential: a product over the terms, ``exp(2 x - y) = exp(x)^2 / exp(y)``."""
        world = world_of(self)
        if self.below:
            number, monomial, rest = ps.primitive(self.top)
            return _exponential(made(ps.product({monomial: 1}, rest), self.below, world), number)
        found = made(ps.ONE, {}, world)
        for monomial, number in self.top.items():
            found = found * _exponential(made({monomial: 1}, {}, world), number)
        return found

    def log(self) -> Element:
        """The logarithm: a sum over factors that are positive; a generator for what is left."""
        world = world_of(self)
        found, rest = lifted(0, world), self
        for part, count in _parts(self):
            size = part if definite(part.top, world) > 0 else abs(part) if world.pointed else None
            if size is not None:
                found = found + count * _log_of_part(size)
                rest = rest / size**count
        return found if rest.number == 1 else found + rest.function("log")

    def root(self, degree: int) -> Element:
        """The root, numbers taken out: a generator whose power is known."""
        if self.number is not None:
            return _number_root(self, self.number, degree)
        world = world_of(self)
        if not self.below and len(self.top) == 1:
            ((monomial, number),) = self.top.items()
            if number > 0 and all(world.generators[one].positive for one, _ in monomial):
                rest = made({ps.power(monomial, Fraction(1, degree)): 1}, {}, world)
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
            size = abs(made({((one, 1),): 1}, {}, self.world))
            rest = rest / size**exponent
            whole = exponent // degree
            found = found * size ** int(whole) * size.root(degree) ** (exponent - degree * whole)
        return found * rest.root(degree)

    def sqrt(self) -> Element:
        """The square root."""
        return self.root(2)

    def function(self, name: str, *further: Any) -> Element:
        """A function of which no law is used: a generator for each argument."""
        return _generated(world_of(self), (name, *further), self)

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
        return _generated(world_of(self), ("arctan2", key_of(other)), self, other)


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


def new_world(most: int, pointed: bool) -> World:
    """A world without generators, and its class of elements."""
    world = World(most, pointed)
    world.kind = type("Element", (Element,), {"world": world, "__slots__": ()})
    return world


def _generated(
    world: World, name: tuple[Any, ...], first: Element, *rest: Element, positive: bool = False, root: Any = None
) -> Element:
    def make() -> Generator:
        further = [at_point(one) for one in rest] if rest and world.pointed else list(name[1:])
        value = (lambda: function_value(name[0], at_point(first), *further)) if world.pointed else None
        return Generator(name[0], value, positive, root)

    number = world.generator((name, key_of(first)), make)
    return made({((number, 1),): 1}, {}, world)


def _parts(element: Element) -> list[tuple[Element, int]]:
    """Factors with their exponents: primes-free numbers, generators, polynomials."""
    world = element.world
    number, monomial, rest = ps.primitive(element.top)
    parts = [(lifted(number.numerator, world), 1), (lifted(number.denominator, world), -1)]
    parts += [(made({((one, 1),): 1}, {}, world), exponent) for one, exponent in monomial]
    parts += [(made(rest, {}, world), 1)]
    parts += [(made(dict(key), {}, world), -count) for key, count in element.below.items()]
    return [(part, count) for part, count in parts if part.number != 1]


def _positive(part: Element, world: World) -> bool:
    return definite(part.top, world) > 0


def _log_of_part(part: Element) -> Element:
    """The logarithm of one factor: of an exponential it is the exponent, of a root a share."""
    world = world_of(part)
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
    world = world_of(u)
    if not u.below and len(u.top) == 1:
        ((monomial, _),) = u.top.items()
        source = world.keys[monomial[0][0]] if len(monomial) == 1 and monomial[0][1] == 1 else None
        if source is not None and source[0] == ("log",):
            return _from_key(source[1], world) ** number
    base = _generated(world, ("exp",), u, positive=True)
    ((monomial, _),) = base.top.items()
    return made({ps.power(monomial, number): 1}, {}, world)


def _from_key(key: Any, world: World) -> Element:
    return made(dict(key[0]), dict(key[1]), world)


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
    return _generated(world_of(element), ("root", degree), element, root=(degree, element), positive=True)
