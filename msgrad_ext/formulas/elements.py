"""A gradient element by element at lengths that are numbers: formulas over ``x_{1,2}`` that can be read one by one.

A small gradient is a matrix of formulas over the inputs. A larger one is a list of steps, each used by those after it, so
that nothing is computed twice. What would be longer than the limit is refused before it is written, with its size; and
all formulas are evaluated against the derivation before they are given out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from sympy import Expr, Integer, Rational, Symbol

from ..errors import ArgumentValueError, EngineError, NotSupportedError, user_location
from ..symbolic.compose import line_expr
from ..symbolic.decimals import as_written
from ..symbolic.element_names import ElementNames
from ..symbolic.nodes import Entry
from ..symbolic.unrolled import TooLong, Unroller, collected, scalar_node, scalar_operations, shared_parts
from .element_list import Element, Elements
from .equation import Equation, Printers
from .evaluation import evaluate_lines

if TYPE_CHECKING:
    from .formula import Formula

# Up to so many operations a gradient is written over the inputs alone, and up to such a depth.
SMALL, DEEP = 400, 40
_RANGES = ((0.3, 1.4), (0.15, 0.85), (1.2, 2.9), (-0.85, -0.15))


def elements_of(formula: Formula, sizes: Mapping[str, int] | None = None, limit: int = 2000) -> Elements:
    """`Formula.elements`, which see."""
    writer = Elementwise(formula, numbers_of(formula, sizes), limit)
    found = writer.write()
    writer.agrees(found)
    return found


def numbers_of(formula: Formula, sizes: Mapping[str, int] | None) -> dict[Symbol, int]:
    """The length for each letter of the derivation."""
    letters = {str(s): s for shape in formula.derivation.shapes.values() for n in shape for s in n.free_symbols}
    given = {**{str(letter): size for letter, size in formula.sizes.items()}, **(sizes or {})}
    unknown, missing = sorted(given.keys() - letters.keys()), sorted(letters.keys() - given.keys())
    wrong = [name for name, size in given.items() if isinstance(size, bool) or not isinstance(size, (int, np.integer))]
    wrong += [name for name, size in given.items() if name not in wrong and size < 1]
    if unknown or missing or wrong:
        raise ArgumentValueError(
            f"For 'elements', sizes must give a positive int for each of {', '.join(sorted(letters)) or 'no letters'}, "
            f"but {', '.join(unknown + missing + wrong)} {'is' if len(unknown + missing + wrong) == 1 else 'are'} "
            f"{'unknown' if unknown else 'missing' if missing else 'none'}.",
            user_location(),
        )
    return {letters[name]: int(size) for name, size in given.items()}


Spot = tuple[str, tuple[int, ...]]


class Elementwise:
    """Writes one gradient element by element."""

    def __init__(self, formula: Formula, sizes: dict[Symbol, int], limit: int) -> None:
        self.formula = formula
        self.writer = formula.writer
        self.derivation = formula.derivation
        self.sizes = sizes
        self.limit = limit
        self.unroller = Unroller(sizes, self.derivation.shapes, 20 * limit)
        self.readings: dict[str, tuple[Expr, tuple[Expr, ...]]] = {}
        self.values: dict[Spot, Expr] = {}
        self.shape = tuple(map(self.unroller.length, formula.shape))

    def write(self) -> Elements:
        """The elements, or a refusal."""
        entries = math.prod(self.shape)
        if entries > self.limit:
            raise self.refusal(f"it has {entries} entries")
        wanted = [(self.formula.key, at) for at in itertools.product(*map(range, self.shape))]
        self.expand(wanted)
        order = self.order(wanted)
        small = self.small(order, wanted)
        names = ElementNames(self.writer, self.derivation, self.sizes)
        lines = self.whole(wanted) if small else self.straight(order, wanted, names)
        total = sum(scalar_operations(expr) for _, expr in lines)
        if total > self.limit:
            raise self.refusal(f"it takes {total} operations on numbers")
        # Printers look names up when they print, so that they know those that are given later.
        printers = Printers(names.names, names.cotangents, {}, bool(self.writer.decimals))
        made = [self.element(head, expr, names, printers) for head, expr in lines]
        count = len(made) - len(wanted)
        return Elements(
            self.formula.name,
            self.shape,
            {str(letter): size for letter, size in self.sizes.items()},
            tuple(made[count:]),
            tuple(made[:count]),
            total,
            self.writer.printers["latex"].name(self.formula.key),
            names.inputs,
            self.formula.given,
        )

    def whole(self, wanted: Sequence[Spot]) -> list[tuple[Entry, Expr]]:
        """The wanted elements over the inputs alone."""
        lines = []
        for spot in wanted:
            expr = self.values[spot]
            while inner := {entry_of(one): self.values[one] for one in self.spots(expr)}:
                expr = expr.xreplace(inner)
            lines.append((entry_of(spot), tidied(expr)))
        return lines

    def straight(self, order: Sequence[Spot], wanted: Sequence[Spot], names: ElementNames) -> list[tuple[Entry, Expr]]:
        """All elements in order, the wanted ones last; a part that several have is a step of its own."""
        last = set(wanted)
        spots = [*(spot for spot in order if spot not in last), *wanted]
        exprs = {spot: tidied(self.values[spot]) for spot in spots}
        known: dict[Expr, Entry] = {}
        lines: list[tuple[Entry, Expr]] = []
        shared = shared_parts(list(exprs.values()))

        def put(expr: Expr, own: bool = False) -> Expr:
            if expr in known:
                return known[expr]
            if isinstance(expr, Entry) or not expr.args:
                return expr
            found = expr.func(*map(put, expr.args))
            if expr in shared and not own:
                known[expr] = names.step()
                lines.append((known[expr], found))
                return known[expr]
            return found

        for spot in spots:
            expr = put(exprs[spot], True)
            lines.append((entry_of(spot), expr))
            if exprs[spot] in shared:
                known.setdefault(exprs[spot], entry_of(spot))
        ends = {entry_of(spot) for spot in wanted}
        return [*(line for line in lines if line[0] not in ends), *(line for line in lines if line[0] in ends)]

    def refusal(self, what: str) -> NotSupportedError:
        """The error for what is over the limit: it says what is not shown."""
        at = ", ".join(f"{letter} = {size}" for letter, size in sorted(self.sizes.items(), key=str))
        return NotSupportedError(
            f"For 'elements', the gradient by {self.formula.name}{f' at {at}' if at else ''} is not shown: {what}, "
            f"and the limit is {self.limit}. Give smaller sizes or a larger limit, or read Formula.lines.",
            user_location(),
        )

    def expand(self, wanted: Sequence[Spot]) -> None:
        """The formula of each element that ``wanted`` rest on."""
        stack = list(wanted)
        try:
            while stack:
                spot = stack[-1]
                if spot in self.values:
                    stack.pop()
                    continue
                expr = self.raw(spot)
                waiting = [one for one in self.spots(expr) if one not in self.values]
                if waiting:
                    stack += waiting[::-1]
                else:
                    self.values[spot] = expr.xreplace(self.plain(expr))
                    del self.raws[spot]
                    stack.pop()
        except TooLong:
            raise self.refusal(f"more than {self.limit} operations on numbers would be written") from None

    @property
    def raws(self) -> dict[Spot, Expr]:
        """Formulas whose operands are not known yet."""
        return self.__dict__.setdefault("_raws", {})

    def raw(self, spot: Spot) -> Expr:
        """The formula of an element over those of other lines."""
        if spot not in self.raws:
            key, at = spot
            if key not in self.readings:
                line = self.derivation.definition(key)
                expr, indices, ranges = line_expr(self.derivation, line)
                self.readings[key] = self.writer.reading(expr, ranges, line), indices
            expr, indices = self.readings[key]
            place = {i: number for i, number in zip(indices, at) if i != 0}
            constants = self.writer.numbers()
            found = self.unroller.element(expr, place)
            exact = {e: constants[e.head.name] for e in found.atoms(Entry) if e.head.name in constants}
            self.raws[spot] = found.xreplace({e: n for e, n in exact.items() if isinstance(n, (Integer, Rational))})
        return self.raws[spot]

    def spots(self, expr: Expr) -> list[Spot]:
        """The elements with lines of their own in a formula, in a fixed order."""
        found = [(e.head.name, tuple(int(i) for i in e.indices)) for e in expr.atoms(Entry)]
        return sorted(spot for spot in found if self.derivation.line(spot[0]) is not None)

    def plain(self, expr: Expr) -> dict[Entry, Expr]:
        """Elements that are numbers or other elements as they are."""
        found = {entry_of(spot): self.values[spot] for spot in self.spots(expr)}
        return {e: value for e, value in found.items() if value.is_number or isinstance(value, Entry)}

    def order(self, wanted: Sequence[Spot]) -> list[Spot]:
        """What the wanted elements rest on once plain ones are gone, in order of execution, and they themselves."""
        seen, stack = set(wanted), list(wanted)
        while stack:
            for spot in self.spots(self.values[stack.pop()]):
                if spot not in seen:
                    seen.add(spot)
                    stack.append(spot)
        return sorted(seen, key=lambda spot: (self.derivation.places[spot[0]], spot[1]))

    def small(self, order: Sequence[Spot], wanted: Sequence[Spot]) -> bool:
        """True if formulas over the inputs alone are short."""
        sizes: dict[Spot, tuple[int, int]] = {}
        for spot in order:
            expr = self.values[spot]
            own, depth = scalar_operations(expr), _depth(expr)
            for e in _occurrences(expr):
                inner = sizes.get((e.head.name, tuple(int(i) for i in e.indices)), (0, 0))
                own, depth = own + inner[0], max(depth, inner[1] + _depth(expr))
            sizes[spot] = own, depth
        return (
            sum(sizes[spot][0] for spot in wanted) <= SMALL and max((d for _, d in sizes.values()), default=0) <= DEEP
        )

    def element(self, head: Entry, expr: Expr, names: ElementNames, printers: Printers) -> Element:
        """One element as an equation."""
        line = self.derivation.line(head.head.name)
        equation = Equation(printers, names.node(head), scalar_node(as_written(expr, self.writer.decimals), names.node))
        return Element(tuple(int(i) for i in head.indices), equation, "step" if line is None else line.kind)

    def agrees(self, found: Elements) -> None:
        """Evaluate what is shown against the derivation, at random numbers."""
        generator = np.random.default_rng(20240229)
        for low, high in _RANGES:
            values = {}
            for key, name in self.derivation.inputs.items():
                shape = [self.unroller.length(n) for n in self.derivation.shapes[key]]
                values[name] = generator.uniform(low, high, shape)
            wanted = evaluate_lines(self.derivation, values, [self.formula.key])[self.formula.key]
            if np.all(np.isfinite(wanted)):
                break
        if not np.all(np.isfinite(wanted)):
            raise NotSupportedError(
                f"For 'elements', the gradient by {self.formula.name} has no finite value at these lengths at the numbers "
                "that were tried, so its elements could not be checked, and are not shown; read Formula.lines.",
                user_location(),
            )
        result = found.evaluate(values)
        scale = max(float(np.max(np.abs(wanted), initial=0)), 1.0)
        if not np.all(np.abs(result - wanted) <= 1e-9 * scale):
            raise EngineError(
                f"For 'elements', the elements of the gradient by {self.formula.name} did not agree with the derivation, "
                "so they are not shown; read Formula.lines."
            )


def entry_of(spot: Spot) -> Entry:
    """An element as part of a formula."""
    return Entry(Symbol(spot[0]), *spot[1])


def tidied(expr: Expr) -> Expr:
    """A formula with common factors in front, here and in its parts."""
    if isinstance(expr, Entry) or not expr.args:
        return expr
    return collected(expr.func(*map(tidied, expr.args)))


def _occurrences(expr: Expr) -> list[Entry]:
    found, stack = [], [expr]
    while stack:
        part = stack.pop()
        if isinstance(part, Entry):
            found.append(part)
        else:
            stack += part.args
    return found


def _depth(expr: Expr) -> int:
    deepest, stack = 0, [(expr, 1)]
    while stack:
        part, level = stack.pop()
        deepest = max(deepest, level)
        if not isinstance(part, Entry):
            stack += [(arg, level + 1) for arg in part.args]
    return deepest


__all__ = ["Element", "Elements", "elements_of", "numbers_of"]
