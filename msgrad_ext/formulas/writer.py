"""Formulas for readers: a derivation comes in, closed forms and backprop lines in LaTeX, text and SymPy go out.

Every matrix form is evaluated at small random arrays against the derivation before it is shown; one that does not agree
is replaced by the indexed form, and a note says so.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from sympy import Expr, Float, Rational

from ..errors import NotSupportedError
from ..ir import Graph, Var
from ..symbolic.compose import (
    aliases,
    closed,
    entries,
    line_expr,
    on_simplex,
    resolved,
    simplex_keys,
    size,
)
from ..symbolic.decimals import as_written, decimals
from ..symbolic.effort import DEFAULT, PER_SECOND, Effort, OverBudget, limited
from ..symbolic.functions import KINKS
from ..symbolic.gather import gathered
from ..symbolic.indexed import free_letters, indexed_node
from ..symbolic.line_names import short_layers, step_names
from ..symbolic.lines import Derivation, Line, derive
from ..symbolic.matrix import reads_whole_arrays, to_node
from ..symbolic.names import Names, Numeral, input_names
from ..symbolic.nodes import Tied
from ..symbolic.normal import Ranges, normal
from ..symbolic.notation import Node, NoMatrixForm, name
from ..symbolic.own_names import use_names
from ..symbolic.printing.conventions import conventions
from ..symbolic.reading import hidden_lines, source_names
from ..symbolic.recognise import recognised
from ..symbolic.template import out_indices
from ..symbolic.tidy import Definitions, cost, folded, names, price, settled, tidy
from .equation import Equation, Printers
from .formula import Formula, ShownLine
from .line_writer import LineWriter
from .trial import Trial

LINES = 200
UNLIMITED = 10**12
_WRITTEN: dict[Any, Any] = {}
SHORT = 40
Written = tuple[Node, Definitions]


def derive_formulas(
    graph: Graph,
    names: Mapping[Var, str],
    wrt: Sequence[Var],
    letters: Mapping[str, Sequence[Any]] | None = None,
    sens_symbol: str | None = None,
    simplex: Collection[str] | None = None,
    budget: float | None = None,
) -> dict[str, Formula]:
    """Formulas of the gradients of ``graph``'s weighted outputs.

    Parameters
    ----------
    graph : Graph
    names : mapping
        Variable of ``wrt`` -> name to list it under.
    wrt : sequence of Var
    letters : mapping, optional
        Input name -> letters or ints of its axes.
    sens_symbol : str, optional
        Name of the weight of the output; ones without it.
    simplex : collection of str, optional
        Inputs whose rows are known to sum to one; without it, those of which an op's contract says so.
    budget : float, optional
        About how many seconds all closed forms together may take; the lines are written in any case.
    """
    writer = Writer(derive(graph, wrt, sens_symbol, letters), graph, simplex, budget)
    return {names[var]: writer.formula(names[var], writer.derivation.gradients[var]) for var in wrt}


class Writer:
    """Writes the formulas of one derivation."""

    def __init__(
        self,
        derivation: Derivation,
        graph: Graph,
        simplex: Collection[str] | None = None,
        budget: float | None = None,
    ) -> None:
        self.effort = Effort(UNLIMITED if budget is None else int(budget * PER_SECOND))
        self.derivation = derivation
        self.graph = graph
        declared = simplex_keys(derivation)
        self.simplex = {key for key in declared if simplex is None or derivation.inputs[key] in simplex}
        outputs = [derivation.keys[atom] for atom in graph.outputs if isinstance(atom, Var) and atom in derivation.keys]
        self.kept = {*derivation.gradients.values(), *outputs}
        self.hidden, same = hidden_lines(derivation, self.kept)
        self.line_writer = LineWriter(self)
        shown = self.name_all()
        # Letters that an index must not have: lengths of axes and names of arrays.
        self.avoid = frozenset(self.lengths() | {name.text() for name in shown.values()})
        self.decimals = decimals(derivation.constants)
        self.printers = Printers(shown, derivation.cotangents, same, bool(self.decimals))
        self.trial = Trial(derivation, self.simplex)
        self._lines: tuple[ShownLine, ...] | None = None

    def name_all(self) -> dict[str, Any]:
        """A name to print for every value: inputs, constants, then the values that have lines, in order."""
        derivation = self.derivation
        ranks = {key: sum(n != 1 for n in shape) for key, shape in derivation.shapes.items()}
        given = Names(sorted(self.lengths()))
        constants = [(key, lit) for key, lit in derivation.constants.items() if lit.shape]
        arrays = {key: f"const_{place + 1}" for place, (key, _) in enumerate(constants)}
        input_names(given, short_layers(derivation.inputs) | arrays, ranks)
        numerals = {key: Numeral(str(lit)) for key, lit in derivation.constants.items() if not lit.shape}
        found = source_names(self.graph, derivation, self.hidden)
        steps = [key for key in derivation.values if key not in derivation.inputs]
        seen = self.line_writer.seen()
        step_names(given, {key: found.get(key, "") for key in steps if key in seen}, ranks)
        step_names(given, {key: "" for key in steps if key not in seen}, ranks)
        return given.found | numerals

    def lengths(self) -> set[str]:
        """The letters of axes."""
        return {str(s) for shape in self.derivation.shapes.values() for n in shape for s in n.free_symbols}

    def formula(self, name: str, key: str) -> Formula:
        """The formula of one gradient."""
        derivation = self.derivation
        allowed = min(DEFAULT, self.effort.left)
        mark = (self.structure, key, allowed)
        if mark not in _WRITTEN:
            own = Effort(allowed)
            written = self.write(key, own)
            remember(mark, (*written, self.trial.found.get(key), allowed - max(own.left, 0)))
        (node, definitions), sympy_form, notes, evidence, spent = _WRITTEN[mark]
        self.effort.left -= spent
        where = tuple(self.equation(at, value) for at, value in definitions.items())
        found = self.equation(key, node, where)
        latex, text = found.line("latex"), found.line("text")
        notes = tuple(dict.fromkeys([*notes, *conventions(node, *definitions.values())]))
        shape = derivation.shapes[key]
        return Formula(name, latex, text, shape, notes, derivation, key, self, sympy_form, found, evidence)

    def equation(self, key: str, node: Node, where: tuple[Equation, ...] = ()) -> Equation:
        """What a value is."""
        return Equation(self.printers, self.head(key, node), node, where)

    def array_names(self, expr: Expr) -> dict[str, str]:
        """Key -> name of the arrays in a closed form; a constant array goes by its printed name."""
        derivation = self.derivation
        arrays = {key: self.printers["text"].name(key) for key, lit in derivation.constants.items() if lit.shape}
        names = {**derivation.inputs, **arrays}
        heads = {entry.head.name for entry in entries(expr)} - self.numbers().keys()
        if not heads <= names.keys():
            raise NotSupportedError(
                "For 'Formula.sympy', the closed form is too long; read Formula.lines, or use Formula.evaluate."
            )
        return {key: names[key] for key in sorted(heads)}

    def numbers(self) -> dict[str, Expr]:
        """Key -> number, for the constants of the program that are numbers: a 0.1 is one tenth, as it was written."""
        found = {}
        for key, lit in self.derivation.constants.items():
            if not lit.shape:
                value = lit.value.item() if lit.exact is None else lit.exact
                finite = isinstance(value, (bool, int)) or math.isfinite(value)
                found[key] = Rational(str(float(value))) if finite else Float(value)
        return found

    @cached_property
    def structure(self) -> Mark:
        """What the notation depends on: the definitions, not where they stand in the user's cell."""
        derivation = self.derivation
        lines = tuple((line.key, line.template, line.operands, line.lengths) for line in derivation.lines)
        constants = tuple((key, str(lit)) for key, lit in derivation.constants.items())
        return Mark((lines, self.avoid, tuple(derivation.inputs.items()), constants, tuple(sorted(self.simplex))))

    def write(self, key: str, effort: Effort) -> tuple[Written, Expr, tuple[str, ...]]:
        """The closed form of one gradient; its last line where that would take more work than allowed."""
        before = dict(self.trial.found)
        try:
            with limited(effort):
                return self.closed(key)
        except OverBudget:
            self.trial.found = before
            line, notes = self.derivation.definition(key), [*self.derivation.notes, *self.conventions]
            notes.insert(0, "the closed form takes more work than the budget allows; read the lines")
            return (self.line_writer.node(line), {}), line_expr(self.derivation, line)[0], tuple(dict.fromkeys(notes))

    def closed(self, key: str) -> tuple[Written, Expr, tuple[str, ...]]:
        """The closed form of one gradient: its notation, its element in SymPy, and notes."""
        derivation, notes = self.derivation, list(self.derivation.notes)
        line = derivation.definition(key)
        own, _, ranges = line_expr(derivation, line)
        candidates = (
            [closed(derivation, key, False), closed(derivation, key, True)] if len(derivation.lines) <= LINES else []
        )
        candidates = [expr for expr in candidates if expr is not None]
        rows = self.simplex
        shown = [on_simplex(expr, rows) for expr in candidates]
        changed, shown = shown != candidates, [gathered(recognised(expr)) for expr in shown]
        if changed:
            notes.append(
                f"shown for rows of {', '.join(sorted(derivation.inputs[key] for key in rows))} that sum to one"
            )
        node = self.shortest(shown, key, ranges, notes)
        if node is None:
            notes.append("the closed form is too long to show; read the lines")
            node = self.line_writer.node(line), {}
        sympy_form = candidates[-1] if candidates else own
        notes += self.conventions
        return node, sympy_form, tuple(dict.fromkeys(notes))

    @cached_property
    def conventions(self) -> tuple[str, ...]:
        """What the formulas take to be so at kinks."""
        exprs = {line.template: line.template.expr for line in self.derivation.lines}.values()
        found = [text for kind, text in KINKS.items() if any(expr.has(kind) for expr in exprs)]
        if any(expr.has(Tied) for expr in exprs):
            found.append("where n elements tie for a maximum, the indicator is 1/n: ties share equally")
        return tuple(found)

    def shortest(self, candidates: list[Expr], key: str, ranges: Ranges, notes: list[str]) -> Written | None:
        """The closed form in inputs alone, or over named intermediate values where there is less to read then."""
        if not candidates:
            return None
        full = self.node(candidates[-1], key, ranges, notes)
        if len(candidates) == 1 or cost(full) <= SHORT:
            return full, {}
        named = use_names(candidates[0], self.derivation, aliases(self.derivation))
        node = self.node(named, key, ranges, notes)
        definitions = self.where(node)
        choices = [settled(node, definitions), folded(full, definitions)]
        choices = [one for one in choices if not indexed(one[0]) and self.trial.agrees(one[0], key)]
        return min([(full, {}), *choices], key=lambda one: price(*one))

    def where(self, node: Node) -> Definitions:
        """The definitions of the values that a closed form names, in order of execution."""
        wanted, found = set(names(node)), []
        for line in reversed(self.derivation.lines):
            if line.key in wanted:
                found.append((line.key, self.line_writer.node(line)))
                wanted |= names(found[-1][1]).keys()
        return dict(found[::-1])

    def node(self, expr: Expr, key: str, ranges: Ranges, notes: list[str], trial: Trial | None = None) -> Node:
        """``expr`` in matrix notation if there is one that agrees with the derivation, else in indexed notation."""
        trial = trial or self.trial
        expr = as_written(expr, self.decimals)
        if expr == 0 and trial.holds(expr, key):
            return Node("number", (), (), expr)
        if size(expr) < 800 and reads_whole_arrays(expr, ranges, self.derivation.shapes):
            try:
                node = to_node(expr, [i for i in out_indices(self.derivation.shapes[key]) if i != 0], ranges)
                short = tidy(node)
                if trial.agrees(short, key):
                    return short
                if trial.agrees(node, key):
                    notes.append("a shorter matrix form did not agree with the derivation and was refused")
                    return node
                notes.append(
                    "a matrix form did not agree with the derivation and was refused; the indexed form is shown"
                )
            except NoMatrixForm:
                pass
        if not trial.holds(expr, key):
            notes.append(
                "an indexed form could not be shown to agree with the derivation; the definition stands instead"
            )
            expr = line_expr(self.derivation, self.derivation.definition(key))[0]
            trial.defined(key)
        return indexed_node(expr, free_letters(out_indices(self.derivation.shapes[key]), self.avoid), self.avoid)

    def lines(self) -> tuple[ShownLine, ...]:
        """The definitions, forward then backward."""
        if self._lines is None:
            mark = (self.structure, frozenset(self.hidden), frozenset(self.kept))
            if mark not in _WRITTEN:
                remember(mark, self.line_writer.nodes())
            self._lines = tuple(map(self.shown, self.line_writer.shown, _WRITTEN[mark]))
        return self._lines

    def line(self, line: Line) -> Node:
        """The notation of one definition."""
        expr, _, ranges = line_expr(self.derivation, line)
        notes: list[str] = []
        expr, trial = self.reading(expr, ranges, line), self.line_writer.trial(line)
        node = self.node(expr, line.key, ranges, notes, trial)
        if notes:
            return self.node(expr, line.key, ranges, [])
        self.trial.found[line.key] = trial.found[line.key]
        return node

    def shown(self, line: Line, node: Node) -> ShownLine:
        """One definition as text."""
        found = self.equation(line.key, node)
        return ShownLine(found.line("latex"), found.line("text"), line.kind, line.location, found)

    def reading(self, expr: Expr, ranges: Ranges, line: Line) -> Expr:
        """The definition of ``line`` over the values that have lines; what is computed by then goes by its name."""
        expr = normal(resolved(expr, self.hidden), ranges)
        if line.kind == "forward":
            return expr
        return use_names(expr, self.derivation, self.hidden, self.derivation.places[line.key])

    def head(self, key: str, node: Node) -> Node:
        """The left side of an equation; with indices when the right side is in indices."""
        shape = self.derivation.shapes[key]
        if not indexed(node) or not any(n != 1 for n in shape):
            return name(key, ())
        places = out_indices(shape)
        letters = free_letters(places, self.avoid)
        args = [Node("index", (), (), letters[i] if i != 0 else "0") for i in places]
        return Node("entry", tuple(args), (), key)


class Mark:
    """A long key of a dictionary, hashed once."""

    def __init__(self, content: Any) -> None:
        self.content = content
        self.number = hash(content)

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mark) and self.number == other.number and self.content == other.content


def remember(mark: Any, written: Any) -> None:
    """Keep what was written for a structure, up to a bound."""
    if len(_WRITTEN) >= 512:
        _WRITTEN.clear()
    _WRITTEN[mark] = written


def indexed(node: Node) -> bool:
    """True if a notation tree holds indices."""
    return node.kind in ("entry", "index", "isum", "imax", "holds") or any(indexed(arg) for arg in node.args)


__all__ = ["Writer", "derive_formulas"]
