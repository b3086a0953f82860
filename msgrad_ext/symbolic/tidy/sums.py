"""Sums: like terms joined, and factors that terms share pulled out, as long as that makes the formula shorter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sympy import Expr, Integer

from ..notation import ONE, Node, Shape, added, flip, hadamard, number, ones, power, product, row, scaled
from .cost import cost

# Longer sums stay as they are; and how many steps of joining are tried before one is chosen.
MOST, AHEAD = 24, 1


@dataclass(frozen=True)
class Shared:
    """A factor of a term, where it stands, and how to put a sum of what is left beside it."""

    place: str
    factor: Node
    rest: Node


def summed(parts: Sequence[Node], shape: Shape) -> Node:
    """The sum of ``parts`` at its shortest."""
    return _summed(tuple(parts), shape, AHEAD)


@lru_cache(maxsize=4096)
def _summed(parts: tuple[Node, ...], shape: Shape, ahead: int) -> Node:
    terms = like(added(parts, shape))
    while 1 < len(terms) <= MOST:
        best = min(_groupings(terms, shape, ahead), key=lambda one: one.gain, default=None)
        if best is None or best.gain >= 0:
            break
        count, members, first = len(terms), best.places, best.places[0]
        joined = _beside(best.where, best.factor, _summed(tuple(best.rests), best.shape, ahead), shape)
        terms = [
            joined if place == first else term
            for place, term in enumerate(terms)
            if place == first or place not in members
        ]
        fewer = like(added(terms, shape))
        if len(fewer) >= count:
            # What was joined fell apart again: nothing is gained.
            break
        terms = fewer
    return added(terms, shape)


def like(total: Node) -> list[Node]:
    """The terms of a sum, those that differ by a number joined."""
    found: dict[Node, Expr] = {}
    for term in total.args if total.kind == "add" else (total,):
        bare, coefficient = _number(term)
        found[bare] = found.get(bare, Integer(0)) + coefficient
    return [scaled(c, (), bare) for bare, c in found.items() if c != 0]


def _number(term: Node) -> tuple[Node, Expr]:
    if term.kind == "scale":
        return scaled(Integer(1), term.args[:-1], term.args[-1]), term.data
    if term.kind == "number" and term.data.is_Rational:
        return ONE, term.data
    return term, Integer(1)


@dataclass(frozen=True)
class Grouping:
    """Some terms joined by a factor: how much longer the sum gets, which terms, and what is left of them."""

    gain: int
    where: str
    factor: Node
    places: list[int]
    rests: list[Node]

    @property
    def shape(self) -> Shape:
        """The shape of the sum of what is left."""
        return max((rest.shape for rest in self.rests), key=len)


def _groupings(terms: Sequence[Node], shape: Shape, ahead: int) -> Iterator[Grouping]:
    """Ways to join some of the terms."""
    groups: dict[tuple[str, Node], list[tuple[int, Shared]]] = {}
    numbers = {abs(_parts(term)[0]) for term in terms} - {1}
    for place, term in enumerate(terms):
        coefficient, scalars, main = _parts(term)
        for size in sorted(numbers):
            if abs(coefficient) == size or (size.is_Integer and (coefficient / size).is_Integer):
                rest = scaled(coefficient / size, scalars, main)
                groups.setdefault(("number", number(size)), []).append((place, Shared("number", number(size), rest)))
        for one in _factors(term, shape):
            groups.setdefault((one.place, one.factor), []).append((place, one))
    for (where, factor), members in groups.items():
        places = list(dict.fromkeys(place for place, _ in members))
        if len(places) < 2:
            continue
        rests = [next(one.rest for place, one in members if place == wanted) for wanted in places]
        if where == "had":
            rests = [_each(rest, shape) for rest in rests]
        if any(rest.shape != rests[0].shape and rest.shape and rests[0].shape for rest in rests):
            continue
        if len(shape) == 2 and where == "had" and any(not rest.shape and rest.kind != "number" for rest in rests):
            continue
        inner = max((one.shape for one in rests), key=len)
        # What is left may have factors to share too: looked at one step ahead, since all steps are too many.
        rest = _summed(tuple(rests), inner, ahead - 1) if ahead else added(like(added(rests, inner)), inner)
        # A factor written once is worth the parentheses that it needs.
        worth = len(places) if where in ("left", "right", "column", "row", "number") else 1
        before = cost(added([terms[place] for place in places], shape))
        joined = _beside(where, factor, rest, shape)
        if joined.kind != "add":
            yield Grouping(cost(joined) - before - worth, where, factor, places, rests)


def _each(rest: Node, shape: Shape) -> Node:
    """A scalar that is added to every element, said so; a number needs no saying."""
    plain = rest.shape or (rest.kind == "number" and rest.data.is_Rational)
    return rest if plain or len(shape) != 1 else scaled(Integer(1), (rest,), ones(shape[0]))


def _beside(where: str, factor: Node, total: Node, shape: Shape) -> Node:
    if where == "number":
        return scaled(factor.data, (), total)
    if where == "scalar":
        return scaled(Integer(1), (factor,), total)
    if where == "main":
        return scaled(Integer(1), (total,), factor)
    if where in ("left", "column"):
        return product(factor, total if where == "left" else row(total))
    if where == "row":
        return product(total, row(factor))
    return product(total, factor) if where == "right" else hadamard(factor, total)


def _factors(term: Node, shape: Shape) -> Iterator[Shared]:
    """The factors that one term could share with others."""
    coefficient, scalars, main = _parts(term)
    for place, scalar in enumerate(scalars):
        others = [*scalars[:place], *scalars[place + 1 :]]
        yield Shared("scalar", scalar, scaled(coefficient, others, main))
        base, exponent = _base(scalar)
        if exponent.is_Integer and abs(exponent) > 1:
            one = exponent / abs(exponent)
            rest = [*others, power(base, exponent - one)]
            yield Shared("scalar", power(base, one), scaled(coefficient, rest, main))
    if not shape:
        return
    if scalars or coefficient != 1:
        yield Shared("main", main, scaled(coefficient, scalars, ONE))
    if main.kind == "prod":
        yield from _ends(coefficient, scalars, main)
    yield from _elementwise(coefficient, scalars, main)


def _base(scalar: Node) -> tuple[Node, Expr]:
    """A scalar as a base to a power."""
    if scalar.kind == "pow":
        return scalar.args[0], scalar.data
    if scalar.kind == "number":
        base, exponent = scalar.data.as_base_exp()
        return number(base), exponent
    return scalar, Integer(1)


def _parts(term: Node) -> tuple[Expr, tuple[Node, ...], Node]:
    if term.kind == "scale":
        return term.data, term.args[:-1], term.args[-1]
    if not term.shape and term != ONE:
        return Integer(1), (term,), ONE
    return Integer(1), (), term


def _ends(coefficient: Expr, scalars: Sequence[Node], main: Node) -> Iterator[Shared]:
    """The outer factors of a matrix product, with what is left as a vector or a matrix to stand beside them."""
    first, last, inner = main.args[0], main.args[-1], main.args[1:]
    if len(first.shape) == 2 and inner[0].kind != "row":
        yield Shared("left", first, scaled(coefficient, scalars, product(*inner)))
    elif len(main.shape) == 2 and len(first.shape) == 1:
        # A column times a row: what is left is the row's vector.
        yield Shared("column", first, scaled(coefficient, scalars, product(*(flip(part) for part in reversed(inner)))))
    rest = product(*main.args[:-1])
    if last.kind == "row" and len(rest.shape) == 1:
        yield Shared("row", last.args[0], scaled(coefficient, scalars, rest))
    elif last.kind != "row" and len(rest.shape) == 2:
        yield Shared("right", last, scaled(coefficient, scalars, rest))


def _elementwise(coefficient: Expr, scalars: Sequence[Node], main: Node) -> Iterator[Shared]:
    """The factors of an elementwise product; ``diag(v) P`` is ``P`` times ``v 1^T`` here."""
    factors = list(main.args) if main.kind == "had" else [main]
    if main.kind == "prod" and len(main.args) == 2 and len(main.shape) == 2:
        a, b = main.args
        if a.kind == "diag" and b.kind not in ("diag", "row"):
            factors = [b, product(a.args[0], row(ones(b.shape[1])))]
        elif b.kind == "diag" and a.kind != "row" and len(a.shape) == 2:
            factors = [a, product(ones(a.shape[0]), row(b.args[0]))]
    if factors == [main] and main.kind not in ("fn", "pow", "softmax"):
        if main.kind != "ones":
            yield Shared("had", main, scaled(coefficient, scalars, ONE))
        return
    for place, factor in enumerate(factors):
        others = [*factors[:place], *factors[place + 1 :]]
        rest = hadamard(*others) if others else ONE
        yield Shared("had", factor, scaled(coefficient, scalars, rest))


__all__ = ["like", "summed"]
