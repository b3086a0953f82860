"""Formulas of second order: blocks of a Hessian, and products of a Hessian and directions.

A block is the slope of such a product by its direction. It is shown only if, at small random arrays, block times
direction is what the lines of the product give, and these are what central differences of the gradient's lines give.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import Expr, S, Symbol

from ..errors import UnknownNameError, user_location
from ..ir import Graph, Var
from ..symbolic.combine import combined
from ..symbolic.compose import aliases, closed, line_expr, on_simplex, size, softmaxes, use_all_names, use_names
from ..symbolic.gather import gathered
from ..symbolic.indexed import free_letters
from ..symbolic.kronecker import kronecker_terms
from ..symbolic.nodes import Entry
from ..symbolic.notation import Node
from ..symbolic.second import Second, block, chained, derive_second, filled, slopes, turned, unit_steps, value_slopes
from ..symbolic.template import out_indices
from ..symbolic.tidy import cost, folded, price, settled
from .block_value import block_value, needed_for
from .formula import Formula
from .second_heads import applied, element, kronecker_text, nabla, vectorised
from .second_trial import SecondTrial
from .writer import _WRITTEN, SHORT, Writer, Written, indexed, kinks, remember

if TYPE_CHECKING:
    from numpy.typing import NDArray



# Elements larger than LONG are not put together, and those larger than SMALL not written over inputs alone.
LONG, SMALL = 300, 60


@dataclass(frozen=True)
class Kronecker:
    """A block as a matrix: rows are the elements of the first array, columns those of the second, both row by row.

    ``vec`` puts an array's elements under each other row by row (``numpy``'s ``reshape(-1)``); ``K`` with the lengths
    ``m, n`` is the matrix with ``K vec(A) = vec(A^T)`` for ``A`` of shape ``(m, n)``.
    """

    latex: str
    text: str

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Block(Formula):
    """A block of a Hessian as a formula; its axes are those of the first array, then those of the second.

    Attributes
    ----------
    pair : tuple of str
        The names that it is by.
    product : Formula
        The block times a direction of the second array's shape: the compressed form where the block has many axes.
    kronecker : Kronecker or None
        The block as a matrix of Kronecker products, where it is a short sum of such.
    """

    pair: tuple[str, str] = ("", "")
    closed: Expr | None = field(default=None, repr=False)
    kronecker: Kronecker | None = field(default=None, repr=False)

    @property
    def second(self) -> Second:
        """The derivation of second order that the block is of."""
        assert isinstance(self.writer, SecondWriter)
        return self.writer.second

    @cached_property
    def product(self) -> Formula:
        """The block times a direction, as a formula."""
        assert isinstance(self.writer, SecondWriter)
        return self.writer.product(*self.second.blocks[self.key])

    def evaluate(self, values: Mapping[str, Any]) -> NDArray[Any]:
        """The block at arrays by name, in float64, by its closed form: no loop over rows or columns.

        Only a block that has none (a note says so) is put together of its products with unit directions.

        Raises
        ------
        UnknownNameError
            If a value is missing.
        ShapeError
            If the shapes do not fit the formula's.
        """
        whole = {**self.given, **{getattr(name, "name", name): value for name, value in values.items()}}
        needed = needed_for(self.second, self.closed, self.key)
        missing = [name for name in needed if name not in whole]
        if missing:
            raise UnknownNameError(
                f"For 'evaluate', the Hessian by {', '.join(self.pair)} needs values of {', '.join(needed)}, "
                f"but there is none of {', '.join(missing)}.",
                user_location(),
            )
        return block_value(self.second, self.closed, self.key, whole)


class Hessian(Mapping[tuple[str, str], Block]):
    """The blocks of a Hessian by pairs of names; each is derived when it is first read."""

    def __init__(self, writer: SecondWriter, names: Mapping[Var, str]) -> None:
        self._writer = writer
        self._pairs = {(names[a], names[b]): (a, b) for a in names for b in names}
        self._found: dict[tuple[str, str], Block] = {}

    def __getitem__(self, pair: tuple[str, str]) -> Block:
        if pair not in self._pairs:
            pairs = ", ".join(map(str, self._pairs))
            raise UnknownNameError(f"A Hessian has blocks by pairs of names: {pairs}; but got {pair!r}.")
        if pair not in self._found:
            self._found[pair] = self._writer.block(pair, *self._pairs[pair])
        return self._found[pair]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __contains__(self, pair: object) -> bool:
        return pair in self._pairs

    def __repr__(self) -> str:
        return f"Hessian({', '.join(map(str, self._pairs))})"

    def __str__(self) -> str:
        return "\n".join(block.text for block in self.values())


class SecondWriter(Writer):
    """Writes Hessian blocks and products of a Hessian and directions."""

    trial: SecondTrial

    def __init__(self, second: Second, graph: Graph, again: Any = None) -> None:
        super().__init__(second.derivation, graph)
        self.second = second
        self.again = again
        self.trial = SecondTrial(second, self.simplex)
        self.trial.confirm()
        self._aliases = aliases(self.derivation)
        self._gradients: dict[Var, Expr | None] = {}
        self._values: dict[str, dict[str, Expr | None]] = {}
        self._slopes: dict[str, dict[str, Expr | None]] = {}
        self._candidates: dict[str, list[Expr]] = {}
        self._named: dict[Expr, Expr] = {}

    def products(self, names: Mapping[Var, str]) -> dict[str, Formula]:
        """The products by name."""
        return {name: self.formula(name, self.derivation.gradients[var]) for var, name in names.items()}

    def product(self, first: Var, second: Var) -> Formula:
        """A block times a direction."""
        writer = SecondWriter(*self.again(first, second))
        return writer.formula(first.name, writer.derivation.gradients[first])

    def block(self, pair: tuple[str, str], first: Var, second: Var) -> Block:
        """One block."""
        key = self.second.key(first, second)
        assert key is not None
        mark = (self.structure, key)
        if mark not in _WRITTEN:
            remember(mark, self.write_block(key, first, second))
        written, element, best, kronecker, notes = _WRITTEN[mark]
        latex, text = self.equation(key, *written)
        return Block(
            ", ".join(pair),
            latex,
            text,
            self.derivation.shapes[key],
            notes,
            self.derivation,
            key,
            self,
            element,
            pair=pair,
            closed=best,
            kronecker=self.as_kronecker(key, kronecker),
        )

    def write_block(self, key: str, first: Var, second: Var) -> tuple[Any, ...]:
        """A block's notation, its element in inputs, the form to evaluate, Kronecker products, and notes."""
        derivation, notes = self.derivation, list(self.derivation.notes)
        candidates = self.candidates(key)
        if not candidates:
            notes.append("the closed form is too long to show; the product with a direction stands for the block")
            node, element, more = super().write(derivation.gradients[first])
            return node, element, None, None, (*more, *notes)
        ranges = self.ranges(key)
        node = self.shortest(candidates, key, ranges, notes)
        best = self.named(candidates)
        self.trial.require(best, key)
        kronecker = self.kronecker_of(candidates, key, ranges)
        notes += kinks(derivation)
        return node, candidates[-1], best, kronecker, tuple(dict.fromkeys(notes))

    def write(self, key: str) -> tuple[Any, ...]:
        """A product: the slope of the gradient's closed form along the directions; its own line, if that is long."""
        whole = self._along(key)
        if whole is None:
            return self.by_lines(key)
        notes = list(self.derivation.notes)
        candidates = self._and_full(whole, key)
        node = self.shortest(candidates, key, self.ranges(key), notes)
        notes += kinks(self.derivation)
        return node, candidates[-1], tuple(dict.fromkeys(notes))

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

    def shortest(self, candidates: list[Expr], key: str, ranges: Any, notes: list[str]) -> Written:
        """The form in inputs alone, or over values by their names where there is less to read then."""
        named = self.named(candidates)
        whole = self.node(candidates[-1], key, ranges, notes)
        if len(candidates) > 1 and (cost(whole) <= SHORT or named == candidates[-1]):
            return whole, {}
        node = self.node(named, key, ranges, notes)
        definitions = self.where(node)
        choices = [(node, definitions)]
        if not indexed(node):
            found = [settled(node, definitions), *([folded(whole, definitions)] if len(candidates) > 1 else [])]
            choices += [one for one in found if not indexed(one[0]) and self.trial.agrees(one[0], key)]
        return min([*([(whole, {})] if len(candidates) > 1 else []), *choices], key=lambda one: price(*one))

    def by_lines(self, key: str) -> tuple[Any, ...]:
        """A product that is too long in one formula: its own line, over the lines before."""
        notes = [*self.derivation.notes, "the closed form is too long to show; read the lines"]
        own, _, ranges = line_expr(self.derivation, self.derivation.definition(key))
        node = self.node(self.reading(own, ranges), key, ranges, notes)
        return (node, {}), own, tuple(dict.fromkeys([*notes, *kinks(self.derivation)]))

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
        shapes = [self.derivation.shapes[self.derivation.keys[var]] for var in (second, first)]
        found = [turned(expr, *shapes, self.ranges(key)) for expr in self.candidates(other)]
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
        tidy = gathered(combined(softmaxes(on_simplex(expr, self.simplex))))
        return tidy if tidy == expr or self.trial.holds(tidy, key) else expr

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
        return min(found, key=lambda terms: len(kronecker_text(self.printers[1], terms)), default=None)

    def as_kronecker(self, key: str, terms: Any) -> Kronecker | None:
        """Kronecker products as text."""
        if terms is None:
            return None
        texts = []
        for printer in self.printers:
            ends = (vectorised(printer, name) for name in self.ends(key, printer))
            texts.append(f"{nabla(printer, *ends)} = {kronecker_text(printer, terms)}")
        return Kronecker(*texts)

    def ends(self, key: str, printer: Any) -> list[str]:
        """The names of the two arrays of a block."""
        return [printer.name(self.derivation.keys[var]) for var in self.second.blocks[key]]

    def head(self, key: str, node: Node, printer: Any) -> str:
        """The left side of an equation, for blocks and products too."""
        if key in self.second.blocks:
            base = nabla(printer, *self.ends(key, printer))
            places = out_indices(self.derivation.shapes[key])
            if not indexed(node) or not any(i != 0 for i in places):
                return base
            letters = free_letters(places, self.avoid)
            return element(printer, base, [letters[i] if i != 0 else "0" for i in places])  # type: ignore[index]
        if key not in self.derivation.gradients.values():
            return super().head(key, node, printer)
        return self.product_head(key, node, printer)

    def product_head(self, key: str, node: Node, printer: Any) -> str:
        """The left side of a product of the Hessian and directions."""
        (mine,) = (printer.name(self.derivation.keys[v]) for v, k in self.derivation.gradients.items() if k == key)
        parts = []
        for var, along in self.second.directions.items():
            base = nabla(printer, mine, printer.name(self.derivation.keys[var]))
            ranks = [sum(n != 1 for n in self.derivation.shapes[one]) for one in (key, along)]
            parts.append(applied(printer, base, printer.name(along), max(ranks) > 1))
        whole = " + ".join(parts)
        places = out_indices(self.derivation.shapes[key])
        if not indexed(node) or not any(i != 0 for i in places):
            return whole
        letters = free_letters(places, self.avoid)
        whole = printer.wrap(whole) if len(parts) > 1 and not printer.latex else whole
        return element(printer, whole, [letters[i] if i != 0 else "0" for i in places])  # type: ignore[index]


def second_formulas(
    graph: Graph,
    names: Mapping[Var, str],
    directions: Mapping[Var, str] | None,
    letters: Mapping[str, Sequence[Any]] | None = None,
    sens: str | None = None,
) -> Hessian | dict[str, Formula]:
    """The blocks of the Hessian of ``graph``'s weighted output, or its products with ``directions``.

    Parameters
    ----------
    graph : Graph
    names : mapping
        Variable to differentiate by -> name to list it under.
    directions : mapping, optional
        Variable -> symbol of the direction in which it moves.
    letters : mapping, optional
        Input name -> letters or ints of its axes.
    sens : str, optional
        Name of the weight of the output; ones without it.
    """
    taken = {var.name for var in graph.inputs} | ({sens} if sens else set())

    def again(first: Var, second: Var) -> tuple[Second, Graph]:
        return derive_second(graph, [first], {second: direction_name(taken)}, sens, letters), graph

    if directions is not None:
        writer = SecondWriter(derive_second(graph, list(names), directions, sens, letters), graph)
        return writer.products(names)
    symbols: dict[Var, str] = {}
    for var in names:
        symbols[var] = direction_name(taken | set(symbols.values()))
    writer = SecondWriter(derive_second(graph, list(names), symbols, sens, letters), graph, again)
    return Hessian(writer, names)


def direction_name(taken: Collection[str]) -> str:
    """A name for a direction that is not taken."""
    return next(
        name for count in range(len(taken) + 1) for name in [f"V_{count}" if count else "V"] if name not in taken
    )


__all__ = ["Block", "Hessian", "Kronecker", "SecondWriter", "second_formulas"]
