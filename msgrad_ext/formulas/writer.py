"""Formulas for readers: a derivation comes in, closed forms and backprop lines in LaTeX, text and SymPy go out.

Every matrix form is evaluated at small random arrays against the derivation before it is shown; one that does not agree
is replaced by the indexed form, and a note says so.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sympy import Expr, Float, Rational

from ..errors import NotSupportedError
from ..ir import Graph, Var
from ..symbolic.compose import aliases, closed, entries, line_expr, resolved, simplex_keys, size, use_names
from ..symbolic.facts import NOTHING, Facts, fitting, sentence
from ..symbolic.functions import KINKS
from ..symbolic.gather import gathered
from ..symbolic.indexed import free_letters, indexed_node
from ..symbolic.known import Known
from ..symbolic.lines import Derivation, Line, derive
from ..symbolic.matrix import reads_whole_arrays, to_node
from ..symbolic.names import Names, Numeral, input_names, step_names
from ..symbolic.nodes import Tied
from ..symbolic.normal import Ranges, normal
from ..symbolic.notation import Node, NoMatrixForm
from ..symbolic.printing import Latex, Plain
from ..symbolic.reading import hidden_lines, source_names
from ..symbolic.template import out_indices
from .formula import Formula, ShownLine
from .resting import Rests, fewest
from .trial import Trial

LINES = 200
_WRITTEN: dict[Any, Any] = {}
SHORT = 50


def derive_formulas(
    graph: Graph,
    names: Mapping[Var, str],
    wrt: Sequence[Var],
    letters: Mapping[str, Sequence[Any]] | None = None,
    sens_symbol: str | None = None,
    simplex: Collection[str] | None = None,
    facts: Facts = NOTHING,
    known: Known | None = None,
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
    """
    writer = Writer(derive(graph, wrt, sens_symbol, letters, known), graph, simplex, facts)
    return {names[var]: writer.formula(names[var], writer.derivation.gradients[var]) for var in wrt}


class Writer:
    """Writes the formulas of one derivation."""

    def __init__(
        self,
        derivation: Derivation,
        graph: Graph,
        simplex: Collection[str] | None = None,
        facts: Facts = NOTHING,
    ) -> None:
        self.derivation = derivation
        self.graph = graph
        shapes = {name: derivation.shapes[key] for key, name in derivation.inputs.items()}
        fitting(facts, shapes)
        rows = {derivation.inputs[key] for key in simplex_keys(derivation)}
        rows = {name for name in rows if simplex is None or name in simplex}
        self.facts = facts.together(Facts(dict.fromkeys(rows, ("rows sum to one",)))).by_key(derivation.inputs)
        outputs = [derivation.keys[atom] for atom in graph.outputs if isinstance(atom, Var) and atom in derivation.keys]
        kept = {*derivation.gradients.values(), *outputs}
        self.hidden, same = hidden_lines(derivation, kept)
        shown = self.name_all()
        # Letters that an index must not have: lengths of axes and names of arrays.
        self.avoid = frozenset(self.lengths() | {name.text() for name in shown.values()})
        self.printers = tuple(kind(shown, derivation.cotangents, same) for kind in (Latex, Plain))
        self.trial = Trial(derivation)
        self.under = Trial(derivation, self.facts) if self.facts else self.trial
        self._lines: tuple[ShownLine, ...] | None = None

    def name_all(self) -> dict[str, Any]:
        """A name to print for every value: inputs, constants, then the values that have lines, in order."""
        derivation = self.derivation
        ranks = {key: sum(n != 1 for n in shape) for key, shape in derivation.shapes.items()}
        names = Names(sorted(self.lengths()))
        constants = [(key, lit) for key, lit in derivation.constants.items() if lit.shape]
        arrays = {key: f"const_{place + 1}" for place, (key, _) in enumerate(constants)}
        input_names(names, derivation.inputs | arrays, ranks)
        numerals = {key: Numeral(str(lit)) for key, lit in derivation.constants.items() if not lit.shape}
        found = source_names(self.graph, derivation, self.hidden)
        steps = [key for key in derivation.values if key not in derivation.inputs]
        step_names(names, {key: found.get(key, "") for key in steps if key not in self.hidden}, ranks)
        step_names(names, {key: "" for key in steps if key in self.hidden}, ranks)
        return names.found | numerals

    def lengths(self) -> set[str]:
        """The letters of axes."""
        return {str(s) for shape in self.derivation.shapes.values() for n in shape for s in n.free_symbols}

    def formula(self, name: str, key: str) -> Formula:
        """The formula of one gradient."""
        derivation = self.derivation
        mark = (self.structure, key)
        if mark not in _WRITTEN:
            remember(mark, self.write(key))
        node, sympy_form, notes, used = _WRITTEN[mark]
        latex, text = (
            f"{self.head(key, node, p)} = {p.show(node)}{p.under(self.sentence(used))}" for p in self.printers
        )
        return Formula(name, latex, text, derivation.shapes[key], notes, derivation, key, self, sympy_form)

    def array_names(self, expr: Expr) -> dict[str, str]:
        """Key -> name of the arrays in a closed form; a constant array goes by its printed name."""
        derivation = self.derivation
        arrays = {key: self.printers[1].name(key) for key, lit in derivation.constants.items() if lit.shape}
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

    @property
    def structure(self) -> tuple[Any, ...]:
        """What the notation depends on: the definitions, not where they stand in the user's cell."""
        derivation = self.derivation
        lines = tuple((line.key, line.template, line.operands, line.lengths) for line in derivation.lines)
        constants = tuple((key, str(lit)) for key, lit in derivation.constants.items())
        return lines, self.avoid, tuple(derivation.inputs.items()), constants, derivation.notes, self.facts.mark

    def sentence(self, used: Collection[tuple[str, str]]) -> str:
        """What a formula rests on; nothing where it holds for all arrays."""
        shown = {key: (self.printers[1].name(key), len(self.derivation.shapes[key])) for key, _ in used}
        return sentence(used, shown) if used else ""

    def write(self, key: str) -> tuple[Node, Expr, tuple[str, ...], Collection[tuple[str, str]]]:
        """The closed form of one gradient: its notation, its element in SymPy, notes, and the facts it rests on."""
        derivation, notes = self.derivation, list(self.derivation.notes)
        line = derivation.definition(key)
        own, _, ranges = line_expr(derivation, line)
        candidates = (
            [closed(derivation, key, False), closed(derivation, key, True)] if len(derivation.lines) <= LINES else []
        )
        candidates = [expr for expr in candidates if expr is not None]
        node, rests = self.resting(candidates, key, ranges, notes)
        if rests.used:
            notes.append("shown " + self.sentence(rests.used))
        if node is None:
            notes.append("the closed form is too long to show; read the lines")
            node = self.node(self.reading(own, ranges), key, ranges, notes)
        sympy_form = candidates[-1] if candidates else own
        notes += [
            text for kind, text in KINKS.items() if any(part.template.expr.has(kind) for part in derivation.lines)
        ]
        if any(part.template.expr.has(Tied) for part in derivation.lines):
            notes.append("where n elements tie for a maximum, the indicator is 1/n: ties share equally")
        return node, sympy_form, tuple(dict.fromkeys(notes)), frozenset(rests.used)

    def resting(self, candidates: list[Expr], key: str, ranges: Ranges, notes: list[str]) -> tuple[Node | None, Any]:
        """The shortest form under the declared facts, and those it rests on."""
        return fewest(
            self.facts,
            self.under,
            candidates,
            lambda shown, rests: self.shortest(list(map(gathered, shown)), key, ranges, notes, rests),
            lambda rests, expr: rests.simpler(expr, key, ranges),
            lambda node: len(self.printers[0].show(node)),
        )

    def shortest(self, candidates: list[Expr], key: str, ranges: Ranges, notes: list[str], rests: Rests) -> Node | None:
        """The closed form in inputs alone if it is short, else the one over named intermediate values."""
        if not candidates:
            return None
        full = self.node(candidates[-1], key, ranges, notes, rests)
        if len(candidates) == 1 or len(self.printers[1].show(full)) <= SHORT:
            return full
        named = use_names(candidates[0], self.derivation, aliases(self.derivation))
        named = self.node(named, key, ranges, notes, rests)
        return min(full, named, key=lambda node: len(self.printers[1].show(node)))

    def node(self, expr: Expr, key: str, ranges: Ranges, notes: list[str], rests: Rests | None = None) -> Node:
        """``expr`` in matrix notation if there is one that agrees with the derivation, else in indexed notation.

        With ``rests``, it may use declared facts.
        """
        if expr == 0:
            return Node("number", (), (), expr)
        if size(expr) < 800 and reads_whole_arrays(expr, ranges, self.derivation.shapes):
            try:
                node = to_node(expr, [i for i in out_indices(self.derivation.shapes[key]) if i != 0], ranges)
                node = node if rests is None else rests.plainer(node)
                if (self.under if rests is not None and rests.used else self.trial).agrees(node, key):
                    return node
                notes.append(
                    "a matrix form did not agree with the derivation and was refused; the indexed form is shown"
                )
            except NoMatrixForm:
                pass
        return indexed_node(expr, free_letters(out_indices(self.derivation.shapes[key]), self.avoid), self.avoid)

    def lines(self) -> tuple[ShownLine, ...]:
        """The definitions, forward then backward."""
        if self._lines is None:
            shown = [line for line in self.derivation.lines if line.key not in self.hidden][: 4 * LINES]
            mark = (self.structure, frozenset(self.hidden))
            if mark not in _WRITTEN:
                remember(mark, [self.line(line) for line in shown])
            self._lines = tuple(self.shown(line, node) for line, node in zip(shown, _WRITTEN[mark]))
        return self._lines

    def line(self, line: Line) -> Node:
        """The notation of one definition."""
        expr, _, ranges = line_expr(self.derivation, line)
        expr = self.reading(expr, ranges, line.kind == "backward" and len(self.derivation.lines) <= 5 * LINES)
        return self.node(expr, line.key, ranges, [])

    def shown(self, line: Line, node: Node) -> ShownLine:
        """One definition as text."""
        latex, text = (f"{self.head(line.key, node, p)} = {p.show(node)}" for p in self.printers)
        return ShownLine(latex, text, line.kind, line.location)

    def reading(self, expr: Expr, ranges: Ranges, named: bool = True) -> Expr:
        """A definition over the values that have lines."""
        expr = normal(resolved(expr, self.hidden), ranges)
        return use_names(expr, self.derivation, self.hidden) if named else expr

    def head(self, key: str, node: Node, printer: Any) -> str:
        """The left side of an equation; with indices when the right side is in indices."""
        if not indexed(node) or not any(n != 1 for n in self.derivation.shapes[key]):
            return printer.name(key)
        places = out_indices(self.derivation.shapes[key])
        letters = free_letters(places, self.avoid)
        args = [Node("index", (), (), letters[i] if i != 0 else "0") for i in places]
        return printer.show(Node("entry", tuple(args), (), key))


def remember(mark: Any, written: Any) -> None:
    """Keep what was written for a structure, up to a bound."""
    if len(_WRITTEN) >= 512:
        _WRITTEN.clear()
    _WRITTEN[mark] = written


def indexed(node: Node) -> bool:
    """True if a notation tree holds indices."""
    return node.kind in ("entry", "index", "isum", "imax", "holds") or any(indexed(arg) for arg in node.args)


__all__ = ["Writer", "derive_formulas"]
