"""Formulas for readers: a derivation comes in, closed forms and backprop lines in LaTeX, text and SymPy go out.

Every matrix form is evaluated at small random arrays against the derivation before it is shown; one that does not agree
is replaced by the indexed form, and a note says so.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from sympy import Expr, Float, Rational, S, pi

from ..errors import NotSupportedError
from ..ir import Graph, Var
from ..symbolic.combine import combined
from ..symbolic.compose import aliases, closed, entries, line_expr, resolved, simplex_keys, size, softmaxes
from ..symbolic.decimals import as_written, decimals
from ..symbolic.effort import DEFAULT, PER_SECOND, Effort, OverBudget, limited
from ..symbolic.facts import NOTHING, Facts, fitting, sentence
from ..symbolic.functions import KINKS
from ..symbolic.gather import gathered
from ..symbolic.indexed import indexed_node
from ..symbolic.known import Known
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
from ..symbolic.tidy.driver import turns
from ..symbolic.vanishing import without_vanishing
from .equation import Equation, Printers
from .formula import Formula, ShownLine
from .kept import Mark, remembered
from .lettered import LARGE, lettered
from .line_writer import LineWriter
from .resting import Rests, fewest
from .trial import Trial
from .vanishing import NOTE as ZERO
from .vanishing import vanishes

LINES = 200
UNLIMITED = 10**12
SHORT = 40
Written = tuple[Node, Definitions]
Found = tuple[Written, Expr | None, tuple[str, ...], Collection[tuple[str, str]], Any]


def derive_formulas(
    graph: Graph,
    names: Mapping[Var, str],
    wrt: Sequence[Var],
    letters: Mapping[str, Sequence[Any]] | None = None,
    sens_symbol: str | None = None,
    simplex: Collection[str] | None = None,
    facts: Facts = NOTHING,
    known: Known | None = None,
    budget: float | str | None = None,
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
        Inputs whose rows are known to sum to one, of those of which an op's contract says so; without it, all of these.
    facts : Facts, optional
        What the user declared of inputs and parameters, by name.
    known : Known, optional
        What of the graph is known in letters.
    budget : float, optional
        About how many seconds all closed forms together may take; the lines are written in any case.
    """
    writer = Writer(derive(graph, wrt, sens_symbol, letters, known), graph, simplex, facts, budget)
    return {names[var]: writer.formula(names[var], writer.derivation.gradients[var]) for var in wrt}


class Writer:
    """Writes the formulas of one derivation."""

    def __init__(
        self,
        derivation: Derivation,
        graph: Graph,
        simplex: Collection[str] | None = None,
        facts: Facts = NOTHING,
        budget: float | str | None = None,
    ) -> None:
        self.effort = Effort(UNLIMITED if budget is None else int(budget * PER_SECOND))
        self.derivation = derivation
        self.graph = graph
        fitting(facts, {name: derivation.shapes[key] for key, name in derivation.inputs.items()})
        rows = {derivation.inputs[key] for key in simplex_keys(derivation)}
        rows = {one for one in rows if simplex is None or one in simplex}
        told = facts.by_key(derivation.inputs).declared
        # What was seen of the data and not declared is said in a note alone.
        self.declared = {(key, word) for key, words in told.items() for word in words}
        self.facts = facts.together(Facts(dict.fromkeys(rows, ("rows sum to one",)))).by_key(derivation.inputs)
        outputs = [derivation.keys[atom] for atom in graph.outputs if isinstance(atom, Var) and atom in derivation.keys]
        self.kept = {*derivation.gradients.values(), *outputs}
        self.hidden, same = hidden_lines(derivation, self.kept)
        self.line_writer = LineWriter(self)
        shown = self.name_all()
        # Letters that an index must not have: lengths of axes and names of arrays.
        self.avoid = frozenset(self.lengths() | {name.text() for name in shown.values()})
        self.decimals = decimals(derivation.constants)
        self.printers = Printers(shown, derivation.cotangents, same, bool(self.decimals))
        self.trial = Trial(derivation)
        self.under = Trial(derivation, self.facts) if self.facts else self.trial
        self._lines: tuple[ShownLine, ...] | None = None

    def name_all(self) -> dict[str, Any]:
        """A name to print for every value: inputs, constants, then the values that have lines, in order."""
        derivation = self.derivation
        ranks = {key: sum(n != 1 for n in shape) for key, shape in derivation.shapes.items()}
        # The number pi has its name first.
        number = {"pi"} if any(line.template.expr.has(pi) for line in derivation.lines) else set()
        given = Names(sorted(self.lengths() | number))
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
        own = Effort(allowed)
        found = remembered(mark, lambda: (*self.write(key, own), allowed - max(own.left, 0)))
        (node, definitions), sympy_form, notes, used, evidence, spent = found
        self.effort.left -= spent
        where = tuple(self.equation(at, value) for at, value in definitions.items())
        equation = self.equation(key, node, where, self.sentence(used))
        latex, text = equation.line("latex"), equation.line("text")
        notes = tuple(dict.fromkeys([*notes, *conventions(node, *definitions.values())]))
        shape = derivation.shapes[key]
        return Formula(name, latex, text, shape, notes, derivation, key, self, sympy_form, equation, evidence)

    def equation(self, key: str, node: Node, where: tuple[Equation, ...] = (), under: str = "") -> Equation:
        """What a value is."""
        return Equation(self.printers, self.head(key, node), node, where, under)

    def sentence(self, used: Collection[tuple[str, str]], printed: bool = True) -> str:
        """What a formula rests on, of what the user declared, or of all; nothing where it holds for all arrays."""
        name = self.printers["text"].name if printed else self.derivation.inputs.__getitem__
        shown = {key: (name(key), len(self.derivation.shapes[key])) for key, _ in used}
        told = [fact for fact in used if not printed or fact in self.declared]
        return sentence(told, shown) if told else ""

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
        return Mark((lines, self.avoid, tuple(derivation.inputs.items()), constants, derivation.notes, self.facts.mark))

    def write(self, key: str, effort: Effort | None = None) -> Found:
        """The closed form of one gradient; its last line where that would take more work than allowed."""
        before = dict(self.trial.found)
        try:
            with limited(effort or Effort(DEFAULT)):
                return self.closed(key)
        except OverBudget:
            self.trial.found = before
            line, notes = self.derivation.definition(key), [*self.derivation.notes, *self.conventions]
            notes.insert(0, "the closed form takes more work than the budget allows; read the lines")
            node = self.line_writer.node(line)
            return (node, {}), None, tuple(dict.fromkeys(notes)), frozenset(), self.trial.found.get(key)

    def closed(self, key: str) -> Found:
        """The closed form of one gradient: notation, element if not large, notes, facts it rests on, its evidence."""
        derivation, notes = self.derivation, list(self.derivation.notes)
        line = derivation.definition(key)
        _, _, ranges = line_expr(derivation, line)
        short = len(derivation.lines) <= LINES
        candidates = [closed(derivation, key, False), closed(derivation, key, True, LARGE)] if short else []
        whole = candidates[-1] if candidates else None
        candidates = [expr for expr in candidates if expr is not None]
        node, rests = fewest(
            Rests(self.facts, self.trial, self.under),
            candidates,
            lambda rests, expr: self.short(rests.simpler(expr, key, ranges)),
            lambda rests, shown: self.shortest(shown, key, ranges, notes, rests),
            lambda found: (price(*found), turns(found[0])),
        )
        if rests.used:
            notes.append("shown " + self.sentence(rests.used, printed=False))
        if node is None:
            notes.append("the closed form is too long to show; read the lines")
            node = self.line_writer.node(line), {}
        notes += self.conventions
        return node, whole, tuple(dict.fromkeys(notes)), frozenset(rests.used), rests.trial.found.get(key)

    @cached_property
    def conventions(self) -> tuple[str, ...]:
        """What the formulas take to be so at kinks."""
        exprs = {line.template: line.template.expr for line in self.derivation.lines}.values()
        found = [text for kind, text in KINKS.items() if any(expr.has(kind) for expr in exprs)]
        if any(expr.has(Tied) for expr in exprs):
            found.append("where n elements tie for a maximum, the indicator is 1/n: ties share equally")
        return tuple(found)

    def element(self, key: str) -> Expr:
        """One element of a gradient over inputs; over named values, or by its definition, where that is too long."""
        derivation = self.derivation
        if len(derivation.lines) <= LINES:
            for forward in (True, False):
                found = closed(derivation, key, forward)
                if found is not None:
                    return found
        return line_expr(derivation, derivation.definition(key))[0]

    def short(self, expr: Expr) -> Expr:
        """``expr`` without what cancels or vanishes, and with functions by name."""
        return softmaxes(gathered(combined(recognised(without_vanishing(expr, self.derivation)))))

    def shortest(
        self, candidates: list[Expr], key: str, ranges: Ranges, notes: list[str], rests: Rests | None = None
    ) -> Written | None:
        """The closed form in inputs alone, or over named intermediate values where there is less to read then."""
        if not candidates:
            return None
        rests = rests or Rests(NOTHING, self.trial, self.trial)
        if S.Zero not in candidates and vanishes(rests.trial, key) and rests.trial.holds(S.Zero, key):
            notes.append(ZERO)
            candidates = [S.Zero, S.Zero]
        full = self.node(candidates[-1], key, ranges, notes, rests) if len(candidates) > 1 else None
        if full is not None and cost(full) <= SHORT:
            return full, {}
        named = use_names(candidates[0], self.derivation, aliases(self.derivation))
        node = self.node(named, key, ranges, notes, rests)
        definitions = self.where(node)
        choices: list[Written] = [settled(node, definitions), *([(full, {})] if full else [])]
        choices += [folded(full, definitions)] if full and full.kind != "each" else []
        choices = [one for one in choices if one[0] in (node, full) or rests.trial.agrees(one[0], key)]
        return min(choices, key=lambda one: price(*one), default=(node, {}))

    def where(self, node: Node) -> Definitions:
        """The definitions of the values that a closed form names, in order of execution."""
        wanted, found = set(names(node)), []
        for line in reversed(self.derivation.lines):
            if line.key in wanted:
                found.append((line.key, self.line_writer.node(line)))
                wanted |= names(found[-1][1]).keys()
        return dict(found[::-1])

    def node(
        self,
        expr: Expr,
        key: str,
        ranges: Ranges,
        notes: list[str],
        rests: Rests | None = None,
    ) -> Node:
        """``expr`` in matrix notation if there is one that agrees with the derivation, else in indexed notation."""
        expr = as_written(expr, self.decimals)
        rests = rests or Rests(NOTHING, self.trial, self.trial)
        if expr == 0 and rests.trial.holds(expr, key):
            return Node("number", (), (), expr)
        if size(expr) < 800 and reads_whole_arrays(expr, ranges, self.derivation.shapes):
            try:
                node = to_node(expr, [i for i in out_indices(self.derivation.shapes[key]) if i != 0], ranges)
                short = rests.plainer(node, tidy)
                if rests.trial.agrees(short, key):
                    return short
                if rests.trial.agrees(node, key):
                    notes.append("a shorter matrix form did not agree with the derivation and was refused")
                    return node
                notes.append(
                    "a matrix form did not agree with the derivation and was refused; the indexed form is shown"
                )
            except NoMatrixForm:
                pass
        node = lettered(self, expr, key, ranges, notes, rests.trial)
        if node.kind != "unshown" or self.derivation.line(key) is None:
            return node
        expr = line_expr(self.derivation, self.derivation.definition(key))[0]
        found = indexed_node(expr, out_indices(self.derivation.shapes[key]), ranges, self.avoid)
        if rests.trial.agrees(found, key) or not rests.trial.holds(expr, key):
            # The definition is what the derivation is made of: where it can not be tried, it stands.
            notes.append("no form could be shown to agree with the derivation; the definition stands instead")
            rests.trial.defined(key)
            return found
        return node

    def lines(self) -> tuple[ShownLine, ...]:
        """The definitions, forward then backward."""
        if self._lines is None:
            mark = (self.structure, frozenset(self.hidden), frozenset(self.kept))
            self._lines = tuple(map(self.shown, self.line_writer.shown, remembered(mark, self.line_writer.nodes)))
        return self._lines

    def line(self, line: Line) -> Node:
        """The notation of one definition."""
        expr, _, ranges = line_expr(self.derivation, line)
        expr, trial = self.reading(expr, ranges, line), self.line_writer.trial(line)
        notes: list[str] = []
        node = self.node(expr, line.key, ranges, notes, Rests(NOTHING, trial, trial))
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
        if node.kind != "each" or not any(n != 1 for n in self.derivation.shapes[key]):
            return name(key, ())
        letters, _ = node.data
        args = tuple(Node("index", (), (), letter) for letter in letters if letter is not None)
        units = [n == 1 and letter is None for n, letter in zip(self.derivation.shapes[key], letters)]
        places = tuple(None if unit else letter is not None for unit, letter in zip(units, letters))
        return Node("slice", args, (), (key, places))


__all__ = ["Writer", "derive_formulas"]
