"""Samples of a derivation: arrays at small sizes, in residues, in 50-digit numbers or in floats, where all is defined.

Sizes are given to the letters in several patterns, so that each pair of letters is seen in both orders, at length 1 and
apart; a pattern at which something is not defined (the inverse of ``X^T X`` for a wide X) is left out. Real samples have
both signs wherever the formula is defined there. Everything is the same in each run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from sympy import Expr, Integer, Symbol

from ..checking.witnesses.digits import numbers
from ..errors import MsgradError
from ..symbolic.conditions import Condition, meeting, needed
from ..symbolic.decimals import decimals
from ..symbolic.facts import NOTHING, Facts
from ..symbolic.lines import Derivation
from ..symbolic.nodes import Binder, Entry
from ..symbolic.template import Template
from .declared import sample
from .evaluation import evaluate_lines, letter_sizes, line_lengths
from .residue import residues
from .scalar_value import finite

Array = np.ndarray
Draw = Callable[[str, tuple[int, ...]], Array]
Ranges = Mapping[str, tuple[float, float]]

# For the first, second, ... letter; taken again from the start where there are more letters.
PATTERNS = ((3, 2, 4, 2), (2, 3, 1, 3), (1, 4, 2, 1), (4, 1, 3, 2), (5, 2), (2, 5), (3,), (2,), (4, 6, 3))
RANGES = ((-1.6, 1.6), (0.3, 1.4), (0.15, 0.85), (1.2, 2.9), (-0.85, -0.15))
# What may be raised where a formula is not defined at some sizes, or has parts that residues do not have.
UNDEFINED = (ArithmeticError, ValueError, TypeError, AttributeError, NotImplementedError, IndexError, MsgradError)
# Multiplications that one sample may take: residues and digits are Python's numbers.
MOST, MOST_FLOATS = 60_000, 300_000_000


@dataclass(frozen=True, eq=False)
class Sample:
    """Every value and cotangent by key, and what the letters stand for; ``one`` is a number of the arrays' kind."""

    arrays: dict[str, Array]
    sizes: dict[Symbol, int]
    one: Any


class Sampler:
    """The samples of one derivation.

    Parameters
    ----------
    derivation : Derivation
    facts : Facts, optional
        What holds of inputs, by key.
    """

    def __init__(
        self,
        derivation: Derivation,
        facts: Facts = NOTHING,
    ) -> None:
        self.derivation = derivation
        self.facts = facts
        kinds = {key: var.dtype.kind for var, key in derivation.keys.items() if key in derivation.inputs}
        self.whole = {key for key, kind in kinds.items() if kind in "iub"}
        self.letters = sorted(
            {s for shape in derivation.shapes.values() for n in shape for s in n.free_symbols}, key=str
        )

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """What the sizes must meet: no axis is empty, and a matrix with orthonormal columns has as many rows."""
        shapes = self.derivation.shapes
        lengths = {n for shape in shapes.values() for n in shape if not n.is_Atom}
        tall = [shapes[key] for key in self.facts.declared if self.facts.holds(key, "orthogonal")]
        found = [*(n - 1 for n in lengths), *(shape[-2] - shape[-1] for shape in tall)]
        return needed([*self.derivation.conditions, *map(Condition, sorted(found, key=str))])

    def patterns(self) -> Iterator[dict[Symbol, int]]:
        """Sizes for the letters."""
        found = [{n: pattern[at % len(pattern)] for at, n in enumerate(self.letters)} for pattern in PATTERNS]
        found = [meeting(self.letters, self.conditions, sizes) for sizes in found]
        for position, sizes in enumerate(found):
            if sizes not in found[:position]:
                yield sizes

    def residues(self, count: int) -> list[Sample]:
        """Up to ``count`` samples in residues at different sizes; none where they take too long or lack a function."""
        found: list[Sample] = []
        for number, sizes in enumerate(self.patterns()):
            one = self.drawn(sizes, number) if len(found) < count and self.work(sizes) <= MOST else None
            found += [] if one is None else [one]
        return found

    def drawn(self, sizes: dict[Symbol, int], number: int) -> Sample | None:
        """A sample in residues at these sizes; None if something is not defined there."""

        def draw(key: str, shape: tuple[int, ...]) -> Array:
            # Each second sample has the opposites of the numbers before, so that both signs of a scalar are seen.
            return residues(f"{key} {number // 2}", shape, number % 2 == 1)

        try:
            arrays = self.evaluated(sizes, draw, True)
        except UNDEFINED:
            return None
        return Sample(arrays, sizes, residues("one", (1,))[0])

    @cached_property
    def reals(self) -> list[Sample]:
        """Up to two samples in 50-digit numbers, or in floats where those take too long."""
        found: list[Sample] = []
        for number, sizes in enumerate(itertools.chain(self.patterns(), [None])):
            if len(found) == 2 or (sizes is None and not found):
                break
            sizes = found[0].sizes if sizes is None else sizes
            given = self.defined(sizes, number) if self.work(sizes) <= MOST_FLOATS else None
            if given is not None:
                found.append(self._digits(sizes, given) or Sample(self.lines(given), self.full(given), None))
        return found

    def _digits(self, sizes: dict[Symbol, int], given: dict[str, Array]) -> Sample | None:
        if self.work(sizes) > MOST // 2:
            return None
        exact = {key: array if key in self.whole else numbers(array) for key, array in given.items()}
        # Rounded to floats, given arrays are only nearly what was declared.
        exact |= {key: sample(numbers(given[key]), self.facts, key) for key in self.facts.declared if key in exact}
        try:
            arrays = self.lines(exact)
        except UNDEFINED:
            return None
        one = next((array.flat[0] for key, array in exact.items() if key not in self.whole and array.size), None)
        return Sample(arrays, self.full(given), one) if one is not None else None

    @cached_property
    def floats(self) -> dict[str, Array]:
        """A sample in float64, by key; the first that is defined, or the first of all."""
        for number, sizes in enumerate(self.patterns()):
            given = self.defined(sizes, number)
            if given is not None:
                return self.lines(given)
        return self.evaluated(next(self.patterns()), self.drawer(0, dict.fromkeys(self.derivation.inputs, RANGES[1])))

    def defined(self, sizes: dict[Symbol, int], number: int) -> dict[str, Array] | None:
        """Inputs in float64 at which all lines are finite, with both signs where that can be; None if there are none."""
        keys = [key for key in self.derivation.inputs if key not in self.whole]

        def fits(ranges: Ranges) -> dict[str, Array] | None:
            try:
                arrays = self.evaluated(sizes, self.drawer(number, ranges))
            except UNDEFINED:
                return None
            made = [array for key, array in arrays.items() if key not in self.derivation.constants]
            good = all(finite(array) and np.max(np.abs(array), initial=0) < 1e9 for array in made)
            return {key: arrays[key] for key in self.derivation.inputs} if good else None

        return domain(keys, fits)

    def drawer(self, number: int, ranges: Ranges) -> Draw:
        """A function that draws the float array of a key, independent of what else is drawn."""

        return lambda key, shape: uniform(key, number, shape, ranges.get(key, RANGES[1]))

    def evaluated(self, sizes: dict[Symbol, int], draw: Draw, exact: bool = False) -> dict[str, Array]:
        """All lines at drawn inputs."""
        derivation, given = self.derivation, {}
        lengths = [self.length(n, sizes) for shape in derivation.shapes.values() for n in shape]
        for key in derivation.inputs:
            shape = tuple(self.length(n, sizes) for n in derivation.shapes[key])
            if key in self.whole:
                given[key] = np.arange(int(np.prod(shape, dtype=np.int64))).reshape(shape) % min([2, *lengths])
                continue
            given[key] = draw(key, shape)
            given[key] = sample(given[key], self.facts, key)
        return self.lines(given)

    def lines(self, given: Mapping[str, Array]) -> dict[str, Array]:
        """All lines at inputs by key."""
        values = {self.derivation.inputs[key]: array for key, array in given.items()}
        return evaluate_lines(self.derivation, values, decimals=decimals(self.derivation.constants))

    def full(self, given: Mapping[str, Array]) -> dict[Symbol, int]:
        """What the letters stand for at inputs."""
        return letter_sizes(self.derivation, {key: np.asarray(array) for key, array in given.items()})

    def length(self, n: Any, sizes: Mapping[Symbol, int]) -> int:
        """A length as a number."""
        if n in sizes:
            return sizes[n]
        return int(n.xreplace({letter: Integer(size) for letter, size in sizes.items()}))

    def work(self, sizes: dict[Symbol, int]) -> int:
        """About how many multiplications the lines take."""
        count = 0
        for line in self.derivation.lines:
            lengths = line_lengths(line, sizes)
            inner, plain = ranges(line.template)
            count += sum(math.prod(self.length(n, lengths) for n in one) for one in inner) * (1 if plain else 30)
        return count


@lru_cache(maxsize=4096)
def ranges(template: Template) -> tuple[tuple[tuple[Expr, ...], ...], bool]:
    """The lengths of the indices of each sum in a template, and whether it reads arrays at plain indices only."""
    binders = template.expr.atoms(Binder)
    known = {**template.ranges, **{k: n for binder in binders for k, n in binder.limits}}
    found = [template.shape]
    for binder in binders:
        inside = {*binder.free_symbols, *binder.bound} & known.keys()
        found.append(tuple(known[k] for k in sorted(inside, key=str)))
    plain = all(i.is_Symbol or i.is_Integer for entry in template.expr.atoms(Entry) for i in entry.indices)
    return tuple(found), plain


def uniform(key: str, number: int, shape: tuple[int, ...], between: tuple[float, float]) -> Array:
    """Floats that are always the same for one key and number; each second number has the opposites, where it can."""
    generator = np.random.default_rng([20240229, number // 2, *key.encode()])
    if between == RANGES[0]:
        # Not near 0, where quotients are huge; wider the second time, to come to other branches.
        array = generator.uniform(0.2, between[1], shape) * generator.choice((-1, 1), shape)
        return array if number % 2 == 0 else -3 * array
    array = generator.uniform(*between, shape)
    if between == RANGES[2] and len(shape) > 1 and shape[-1] == shape[-2]:
        # Determinants and factors want a matrix that is far from singular.
        array = array + 2 * shape[-1] * np.eye(shape[-1])
    return array


def domain(keys: Sequence[str], fits: Callable[[Ranges], Any]) -> Any:
    """What ``fits`` gives for the first ranges of ``keys`` that suit it, both signs wherever that can be; or None."""
    tries = [dict.fromkeys(keys, one) for one in RANGES]
    if len(keys) == 2:
        tries += [dict(zip(keys, pick)) for pick in itertools.product(RANGES, repeat=2)]
    ranges, found = next(((one, at) for one in tries for at in [fits(one)] if at is not None), ({}, None))
    if found is None or all(one == RANGES[0] for one in ranges.values()):
        return found
    for key in keys[:12]:
        other = {**ranges, key: RANGES[0]}
        better = fits(other)
        if better is not None:
            ranges, found = other, better
    return found


__all__ = ["MOST", "PATTERNS", "UNDEFINED", "Sample", "Sampler"]
