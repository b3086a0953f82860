"""Writes formulas of second order: blocks of a Hessian, and products of a Hessian and directions.

A block is shown only if, at small random arrays, block times direction is what the lines of the product give, and these
are what central differences of the gradient's lines give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sympy import Expr, S, Symbol

from ..ir import Graph, Var
from ..symbolic.assumed import assumed
from ..symbolic.combine import combined
from ..symbolic.compose import aliases, closed, line_expr, size, softmaxes
from ..symbolic.facts import NOTHING, Facts
from ..symbolic.gather import gathered
from ..symbolic.kronecker import KroneckerSum, kronecker_terms
from ..symbolic.nodes import Entry
from ..symbolic.notation import Node, name
from ..symbolic.orientation import opposite, orientations
from ..symbolic.own_names import use_all_names, use_names
from ..symbolic.printing.conventions import conventions
from ..symbolic.second import Second, block, chained, filled, slopes, turned, unit_steps, value_slopes
from ..symbolic.template import out_indices
from ..symbolic.tidy import cost, folded, names, price, settled
from ..symbolic.tidy.naming import replaced
from .block import Block, Kronecker
from .equation import Equation
from .formula import Formula
from .kept import remembered
from .resting import Rests
from .second_heads import applied, element, kronecker_node, nabla, vectorised
from .second_trial import SecondTrial
from .writer import SHORT, Found, Writer, Written

# Elements larger than LONG are not put together, and those larger than SMALL not written over inputs alone.
LONG, SMALL = 300, 60
# The commutation matrix has the first of these letters that no array and no length has.
COMMUTATION = ("K", "T", "C", "P", "S", "Q", "K'")

Again = Callable[[Var, Var], tuple[Second, Graph]]


class SecondWriter(Writer):
    """Writes Hessian blocks and products of a Hessian and directions."""

    trial: SecondTrial

    def __init__(
        self,
        second: Second,
        graph: Graph,
        again: Again | None = None,
        facts: Facts = NOTHING,
        budget: float | str | None = None,
    ) -> None:
        super().__init__(second.derivation, graph, (), facts, budget)
        self.said = facts
        self.used: set[tuple[str, str]] = set()
        self.second = second
        self.again = again
        self.trial = SecondTrial(second, self.facts)
        self.trial.confirm()
        self._orientations: Any = None
        self._aliases = aliases(self.derivation)
        self._gradients: dict[Var, Expr | None] = {}
        self._values: dict[str, dict[str, Expr | None]] = {}
        self._slopes: dict[str, dict[str, Expr | None]] = {}
        self._candidates: dict[str, list[Expr]] = {}
        self._named: dict[Expr, Expr] = {}

    def flips(self, expr: Expr) -> bool:
        """True for a difference that the network writes the other way around."""
        if self._orientations is None:
            self._orientations = orientations(self.derivation)
        return opposite(expr, self._orientations)

    def products(self, names: Mapping[Var, str]) -> dict[str, Formula]:
        """The products by name."""
        return {given: self.formula(given, self.derivation.gradients[var]) for var, given in names.items()}

    def product(self, first: Var, second: Var) -> Formula:
        """A block times a direction."""
        assert self.again is not None
        writer = SecondWriter(*self.again(first, second), facts=self.said)
        return writer.formula(first.name, writer.derivation.gradients[first])

    def block(self, pair: tuple[str, str], first: Var, second: Var) -> Block:
        """One block."""
        key = self.second.key(first, second)
        assert key is not None
        mark = (self.structure, key)
        written = remembered(mark, lambda: (*self.write_block(key, first), self.trial.found.get(key)))
        (node, definitions), element, best, kronecker, notes, evidence = written
        where = tuple(self.equation(at, value) for at, value in definitions.items())
        # A block that is too long is not shown: its product with a direction is, under its own name.
        found = self.equation(key if best is not None else self.derivation.gradients[first], node, where)
        return Block(
            ", ".join(pair),
            found.line("latex"),
            found.line("text"),
            self.derivation.shapes[key],
            tuple(dict.fromkeys([*notes, *conventions(node, *definitions.values())])),
            self.derivation,
            key,
            self,
            element,
            found,
            evidence,
            pair=pair,
            closed=best,
            kronecker=self.as_kronecker(key, kronecker),
            second=self.second,
            multiply=lambda: self.product(first, second),
        )

    def write_block(self, key: str, first: Var) -> tuple[Any, ...]:
        """A block's notation, its element in inputs, the form to evaluate, Kronecker products, and notes."""
        derivation, notes = self.derivation, list(self.derivation.notes)
        candidates, ranges = self.candidates(key), self.ranges(key)
        node = self.shortest(candidates, key, ranges, notes) if candidates else (Node("unshown"), {})
        if node[0].kind == "unshown":
            notes.append("the block has no short form to show; its product with a direction stands for it")
            node, element, more, *_ = self.closed(derivation.gradients[first])
            return node, element, None, None, (*more, *notes)
        best = self.named(candidates)
        self.trial.require(best, key)
        kronecker = self.kronecker_of(candidates, key, ranges)
        notes += self.conventions
        self.resting(notes)
        return node, candidates[-1], best, kronecker, tuple(dict.fromkeys(notes))

    def closed(self, key: str) -> Found:
        """A product: the slope of the gradient's closed form along the directions; its own line, if that is long."""
        whole = self._along(key)
        if whole is None:
            return self.by_lines(key)
        notes = list(self.derivation.notes)
        candidates = self._and_full(whole, key)
        node = self.shortest(candidates, key, self.ranges(key), notes)
        notes += self.conventions
        self.resting(notes)
        return node, candidates[-1], tuple(dict.fromkeys(notes)), frozenset(self.used), self.trial.found.get(key)

    def _along(self, key: str) -> Expr | None:
        """A product as the slope of the gradient's closed form; None if it is long."""
        (var,) = (one for one, product in self.derivation.gradients.items() if product == key)
        gradient = self.gradient(var)
        if gradient is None:
            return None
        if "" not in self._values:
            seeds = {}
            for other, along in self.second.directions.items():
                mine = self.derivation.keys[other]
                seeds[mine] = Entry(Symbol(along), *out_indices(self.derivation.shapes[mine]))
            self._values[""] = value_slopes(self.derivation, seeds, {})
        found = chained(self.derivation, gradient, self._values[""], self.ranges(key))
        if found is None or not self.trial.is_product(found, key):
            return None
        tidy = self.tidied(found, key)
        return tidy if size(tidy) <= LONG else None

    def named(self, candidates: Sequence[Expr]) -> Expr:
        """The tidiest form with values by their names, so that each is computed once."""
        expr = candidates[0]
        if expr not in self._named:
            self._named[expr] = use_names(expr, self.derivation, self._aliases)
        return self._named[expr]

    def shortest(
        self, candidates: list[Expr], key: str, ranges: Any, notes: list[str], rests: Rests | None = None
    ) -> Written:
        """The form in inputs alone, or over values by their names where there is less to read then."""
        named = self.named(candidates)
        whole = self.node(candidates[-1], key, ranges, notes)
        if len(candidates) > 1 and (cost(whole) <= SHORT or named == candidates[-1]):
            return whole, {}
        node = self.node(named, key, ranges, notes)
        whole_too: list[Written] = [(whole, {})] if len(candidates) > 1 else []
        definitions = self.where(node)
        choices: list[Written] = [(node, definitions)]
        if indexed(node):
            found = [(node, self.stated(node))]
        else:
            found = [settled(node, definitions), *(folded(one, definitions) for one, _ in whole_too)]
            found = [one for one in found if not indexed(one[0]) and self.trial.agrees(one[0], key)]
        choices += [one for one in found if self.defined(one[1])]
        return min([*whole_too, *choices], key=lambda one: price(*one))

    def defined(self, definitions: Mapping[str, Node]) -> bool:
        """True if values are what their definitions say."""
        return all(indexed(value) or self.trial.agrees(value, key) for key, value in definitions.items())

    def by_lines(self, key: str) -> Found:
        """A product that is too long in one formula: its own line, over the lines before."""
        notes = [*self.derivation.notes, "the closed form is too long to show; read the lines"]
        own = line_expr(self.derivation, self.derivation.definition(key))[0]
        node = self.line_writer.node(self.derivation.definition(key))
        told = tuple(dict.fromkeys([*notes, *self.conventions]))
        return (node, {}), own, told, frozenset(self.used), self.trial.found.get(key)

    def ranges(self, key: str) -> dict[Any, Expr]:
        """The lengths of the indices of a key."""
        shape = self.derivation.shapes[key]
        return {i: n for i, n in zip(out_indices(shape), shape) if i != 0}

    def candidates(self, key: str) -> list[Expr]:
        """A block's element over the values that have lines, and over inputs alone; what gets too long is left out."""
        if key not in self._candidates:
            self._candidates[key] = self._turned(key) or self._derived(key)
        return self._candidates[key]

    def _turned(self, key: str) -> list[Expr]:
        """The block below the diagonal from the one above it: the Hessian is symmetric where it is continuous."""
        first, second = self.second.blocks[key]
        other = self.second.key(second, first)
        every = list(self.second.blocks)
        if other is None or every.index(other) >= every.index(key):
            return []
        mine, theirs = (self.derivation.shapes[self.derivation.keys[var]] for var in (second, first))
        found = [turned(expr, mine, theirs, self.ranges(key)) for expr in self.candidates(other)]
        return found if all(self.trial.holds(expr, key) for expr in found) else []

    def _derived(self, key: str) -> list[Expr]:
        """The element from the gradient's closed form and the slopes of what it holds, if short; else from the lines."""
        first, second = self.second.blocks[key]
        gradient = self.gradient(first)
        other = self.derivation.keys[second]
        if gradient is not None:
            if other not in self._values:
                seed, steps = unit_steps(self.derivation, other)
                self._values[other] = value_slopes(self.derivation, {other: seed}, steps)
            ranges = {**self.ranges(self.derivation.keys[first]), **unit_steps(self.derivation, other)[1]}
            slope = chained(self.derivation, gradient, self._values[other], ranges)
            if slope is not None:
                plain, _ = block(self.derivation, self.derivation.keys[first], other, slope)
                if self.trial.holds(plain, key):
                    return self._and_full(self.tidied(plain, key), key)
        return self._from_lines(key)

    def _and_full(self, named: Expr, key: str) -> list[Expr]:
        """An element over values by their names, and over inputs alone where that is short."""
        full = filled(self.derivation, named, self.ranges(key), True) if size(named) <= SMALL else None
        return [named] if full is None else [named, self.tidied(full, key)]

    def gradient(self, var: Var) -> Expr | None:
        """The closed form of a gradient of first order, over values by their names; None if it is long."""
        if var not in self._gradients:
            found = closed(self.derivation, self.second.first[var], True)
            if found is not None:
                found = use_all_names(combined(found), self.derivation)
            if found is None or size(found) > LONG:
                found = closed(self.derivation, self.second.first[var], False)
                found = None if found is None else use_names(combined(found), self.derivation, self._aliases)
            self._gradients[var] = None if found is None or size(found) > LONG else gathered(combined(found))
        return self._gradients[var]

    def _from_lines(self, key: str) -> list[Expr]:
        """The element over the values that have lines; over cotangents too, if it is long."""
        first, second = self.second.blocks[key]
        along = self.second.directions[second]
        if along not in self._slopes:
            self._slopes[along] = slopes(self.derivation, along, self.second.directions.values())
        product = self.derivation.gradients[first]
        slope = self._slopes[along].get(product, S.Zero)
        if slope is None:
            return []
        plain, ranges = block(self.derivation, product, along, slope)
        found = filled(self.derivation, plain, ranges, False) if size(plain) <= LONG else None
        found = plain if found is None else found
        self.trial.require(found, key)
        return [self.tidied(found, key)]

    def tidied(self, expr: Expr, key: str) -> Expr:
        """A block's element as it is shown; the plain one if the tidy one does not agree."""
        simpler, used = assumed(expr, self.facts, self.ranges(key), self.derivation.shapes)
        tidy = gathered(combined(softmaxes(simpler), self.flips))
        if tidy == expr or not self.trial.holds(tidy, key):
            return expr
        self.used.update(used)
        return tidy

    def node(self, expr: Expr, key: str, ranges: Any, notes: list[str], rests: Rests | None = None) -> Node:
        """``expr`` in notation, under what was declared."""
        under = rests or Rests(self.facts, self.trial, self.trial, self.used)
        return super().node(expr, key, ranges, notes, under)

    def resting(self, notes: list[str]) -> None:
        """Say what the form that was just written rests on."""
        if self.used:
            notes.append("shown " + self.sentence(self.used))

    def kronecker_of(self, candidates: Sequence[Expr], key: str, ranges: Any) -> Any:
        """The Kronecker products of a block, if they agree; those of the shorter form."""
        split = [sum(i != 0 for i in part) for part in self.trial.places(key)]
        if max(split) < 2:
            return None
        found = []
        for expr in dict.fromkeys((candidates[-1], self.named(candidates))):
            terms = kronecker_terms(expr, *self.trial.places(key), ranges)
            if terms is not None and self.trial.agrees_kronecker(terms, key):
                found.append(terms)
        found = [terms for terms in found if self.defined(self.stated(whole_of(terms)))]
        return min(found, key=lambda terms: len(self.as_kronecker(key, terms).text), default=None)  # type: ignore

    def as_kronecker(self, key: str, terms: Any) -> Kronecker | None:
        """Kronecker products as an equation, with the definitions of what they name."""
        if terms is None:
            return None
        sign = next(letter for letter in COMMUTATION if letter not in self.avoid)
        where = tuple(self.equation(at, value) for at, value in self.stated(whole_of(terms)).items())
        left = nabla(*(vectorised(name(end, ())) for end in self.ends(key)))
        found = Equation(self.printers, left, kronecker_node(terms, sign), where)
        return Kronecker(found.line("latex"), found.line("text"), found)

    def stated(self, whole: Node) -> dict[str, Node]:
        """The definitions of the values that a tree names, over inputs and each other."""
        named = names(whole)
        found: dict[str, Node] = {}
        inner: dict[str, Node] = {}
        for at, value in self.where(whole).items():
            value = replaced(value, inner)
            if at in named:
                found[at] = value
            else:
                inner[at] = value
        return found

    def ends(self, key: str) -> list[str]:
        """The keys of the two arrays of a block."""
        return [self.derivation.keys[var] for var in self.second.blocks[key]]

    def head(self, key: str, node: Node) -> Node:
        """The left side of an equation, for blocks and products too."""
        if key in self.second.blocks:
            return self.read(nabla(*(name(end, ()) for end in self.ends(key))), key, node)
        if key not in self.derivation.gradients.values():
            return super().head(key, node)
        (mine,) = (self.derivation.keys[var] for var, found in self.derivation.gradients.items() if found == key)
        parts = []
        for var, along in self.second.directions.items():
            base = nabla(name(mine, ()), name(self.derivation.keys[var], ()))
            ranks = [sum(n != 1 for n in self.derivation.shapes[one]) for one in (key, along)]
            parts.append(applied(base, along, max(ranks) > 1))
        return self.read(parts[0] if len(parts) == 1 else Node("add", tuple(parts)), key, node)

    def read(self, whole: Node, key: str, node: Node) -> Node:
        """A left side, read at indices where the right side is in indices."""
        if not indexed(node) or not any(n != 1 for n in self.derivation.shapes[key]):
            return whole
        letters, _ = node.data
        return element(whole, [letter for letter in letters if letter is not None])


def indexed(node: Node) -> bool:
    """True for a form with letters."""
    return node.kind == "each"


def whole_of(terms: KroneckerSum) -> Node:
    """All that a sum of Kronecker products is made of, as one tree."""
    return Node("add", tuple(node for one in terms.terms for node in (one.coefficient, one.left, one.right)))


__all__ = ["SecondWriter"]
