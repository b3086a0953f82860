"""What is known of a value that depends linearly on a direction: a sum of terms, each an array spread along diagonals.

A value of shape ``(o1, o2, ...)`` that is linear in a direction of shape ``(d1, d2, ...)`` is an array over the axes of
both. Such arrays are mostly zero: that of the direction itself is an identity. A `Term` keeps only what is not zero: a
smaller array over *symbols*, and for each axis the place at which an element stands, as an affine function of symbols.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..ir import Atom, Shape


class Symbol:
    """An index that runs from 0 to ``length - 1``; two are the same only if they are one object."""

    __slots__ = ("length",)

    def __init__(self, length: int) -> None:
        self.length = length

    def __repr__(self) -> str:
        return f"<{id(self) % 1000}:{self.length}>"


Over = tuple[Atom, tuple[Symbol, ...]]


@dataclass(frozen=True)
class Place:
    """A position along an axis: ``start + sum(step * symbol)``, the slowest symbol first."""

    start: int = 0
    steps: tuple[tuple[Symbol, int], ...] = ()

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols in it."""
        return tuple(symbol for symbol, _ in self.steps)

    def moved(self, start: int, step: int = 1) -> Place:
        """``start + step * place``."""
        return Place(start + step * self.start, tuple((symbol, step * one) for symbol, one in self.steps))

    def put(self, new: Mapping[Symbol, Place]) -> Place:
        """The place with symbols replaced by places."""
        result = Place(self.start)
        for symbol, step in self.steps:
            inner = new.get(symbol, Place(0, ((symbol, 1),))).moved(0, step)
            result = Place(result.start + inner.start, (*result.steps, *inner.steps))
        return result

    def full(self, length: int) -> bool:
        """True if every position of an axis of ``length`` is met, in order."""
        step = 1
        for symbol, one in reversed(self.steps):
            if one != step:
                return False
            step *= symbol.length
        return self.start == 0 and step == length


def run(length: int) -> Place:
    """A place that runs along a whole axis of ``length``."""
    return Place() if length == 1 else Place(0, ((Symbol(length), 1),))


@dataclass(frozen=True)
class Term:
    """One term.

    Attributes
    ----------
    scale : float
        A number to multiply with.
    factors : tuple of (Var or Lit, tuple of Symbol)
        The arrays whose product it is, and what their axes run over; along other symbols they are constant. Products
        are left open until a sum needs them: then the order of multiplying is a choice.
    out, along : tuple of Place
        Where its elements stand: along the axes of the value, and along those of the direction. Elsewhere it is 0.
    summed : frozenset of Symbol
        Symbols without a place, over which the product is to be summed.
    """

    scale: float
    factors: tuple[Over, ...]
    out: tuple[Place, ...]
    along: tuple[Place, ...]
    summed: frozenset[Symbol] = frozenset()

    @property
    def kept(self) -> set[Symbol]:
        """The symbols that have a place along the value or the direction."""
        return {symbol for place in (*self.out, *self.along) for symbol in place.symbols}

    def put(
        self, new: Mapping[Symbol, Place], out: Iterable[Place] | None = None
    ) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
        """The places along value and direction with symbols replaced."""
        places = self.out if out is None else out
        return tuple(one.put(new) for one in places), tuple(one.put(new) for one in self.along)

    def dense(self, out: Shape, along: Shape) -> bool:
        """True if it covers the whole array."""
        symbols = [symbol for place in (*self.out, *self.along) for symbol in place.symbols]
        places = zip((*self.out, *self.along), (*out, *along))
        return len(symbols) == len(set(symbols)) and all(place.full(length) for place, length in places)


def layout(term: Term) -> tuple[object, tuple[Symbol, ...]]:
    """A value that is equal for terms with the same places, and their symbols in corresponding order."""
    numbers: dict[Symbol, int] = {}
    key = tuple(
        (place.start, tuple((numbers.setdefault(s, len(numbers)), s.length, step) for s, step in place.steps))
        for place in (*term.out, *term.along)
    )
    return key, tuple(numbers)


def identity(shape: Shape) -> Term:
    """The term of a direction itself."""
    places = tuple(map(run, shape))
    return Term(1.0, (), places, places)


def split(place: Place, lengths: Sequence[int]) -> tuple[dict[Symbol, Place], tuple[Place, ...]] | None:
    """``place`` along an axis that falls apart into axes of ``lengths``: symbols to replace, and the new places.

    None where the elements do not stand in a grid.
    """
    lengths = list(lengths)
    new: dict[Symbol, Place] = {}
    places: list[Place] = []
    rest = place
    for number in range(len(lengths)):
        weight = math.prod(lengths[number + 1 :])
        start, lower_start = divmod(rest.start, weight)
        upper: list[tuple[Symbol, int]] = []
        lower: list[tuple[Symbol, int]] = []
        for symbol, step in rest.steps:
            if step % weight == 0:
                upper.append((symbol, step // weight))
            elif weight % step == 0 and symbol.length % (weight // step) == 0 and symbol.length * step > weight:
                high, low = Symbol(symbol.length * step // weight), Symbol(weight // step)
                new[symbol] = Place(0, ((high, low.length), (low, 1)))
                upper.append((high, 1))
                lower.append((low, step))
            else:
                lower.append((symbol, step))
        if lower_start + sum(step * (symbol.length - 1) for symbol, step in lower) >= weight:
            return None
        places.append(Place(start, tuple(upper)))
        rest = Place(lower_start, tuple(lower))
    return new, tuple(places)


def joined(places: Sequence[Place], lengths: Sequence[int]) -> Place:
    """The place along an axis that is made of axes of ``lengths``."""
    start, weight = 0, 1
    steps: list[tuple[Symbol, int]] = []
    for place, length in zip(reversed(places), reversed(lengths)):
        start += weight * place.start
        steps[:0] = [(symbol, step * weight) for symbol, step in place.steps]
        weight *= length
    return Place(start, tuple(steps))
