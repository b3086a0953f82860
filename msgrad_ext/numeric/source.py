"""A graph as numpy source that a person can read: one line an equation, with the user's line beside it.

Comes in: a graph. Goes out: `Source`, the text and what it needs to run. Names from users become identifiers here and
are never evaluated.
"""

from __future__ import annotations

import keyword
import math
import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..errors import Location
from ..ir import Atom, Graph, Lit, Var, unique
from ..op import Elementwise, Op
from ..voice import foreign, guarded
from . import voices

# What generated source and the exports around it use, and a variable must not hide.
_RESERVED = {
    "np",
    "nan",
    "inf",
    "plan",
    "GuardFailed",
    "range",
    "slice",
    "iter",
    "next",
    "tuple",
    "dict",
    "zip",
    "_outputs",
    "_CONSTANTS",
}


@dataclass(frozen=True)
class Source:
    """Generated source.

    Attributes
    ----------
    text : str
        The module: imports, small functions, ``plan(inputs, constants) -> outputs``.
    constants : tuple of Lit
        The arrays that are passed after the inputs.
    calls : dict of str to callable
        Voices that are called as they are, by the names that the text uses.
    names : dict of Var to str
        The identifier of each variable.
    """

    text: str
    constants: tuple[Lit, ...]
    calls: dict[str, Any]
    names: dict[Var, str]


class Functions:
    """The functions that a generated text calls: ops' voices, written into it where their own text can be read.

    Parameters
    ----------
    taken : set of str
        Names that are in use; those of the functions are added.
    """

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.calls: dict[str, Any] = {}
        self._written: dict[Any, tuple[str, str | None]] = {}

    @property
    def texts(self) -> list[str]:
        """The functions that are written out."""
        return [text for _, text in self._written.values() if text]

    def filler(self, op: Op) -> str | None:
        """The name of a function that writes what ``op`` gives into its first argument, if the voice says how."""
        key = (op.key, type(op).numpy, "into")
        if key not in self._written:
            name = unique(f"{_words(op)}_into", self.taken)
            self._written[key] = (name, voices.filler(op, name))
        name, text = self._written[key]
        return name if text else None

    def name(self, op: Op) -> str:
        """The name of a function that computes ``op``: written into the text, or the op's own voice."""
        # The voice belongs to the key: another one may have been put in its place meanwhile.
        key = (op.key, type(op).numpy)
        if key not in self._written:
            name = unique(identifier(_words(op)), self.taken)
            text = voices.function(op, name)
            if text is None:
                self.calls[name] = partial(guarded, op) if foreign(type(op).numpy) else op.numpy
            self._written[key] = (name, text)
        return self._written[key][0]


def _words(op: Op) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(op).__name__).lower()


class Writer:
    """Writes one graph."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph = graph
        self.name = name
        self.taken = set(_RESERVED) | set(keyword.kwlist)
        self.names: dict[Var, str] = {}
        self.functions = Functions(self.taken)
        self.constants: dict[int, tuple[Lit, str]] = {}
        for var in (*graph.inputs, *(eqn.out for eqn in graph.eqns)):
            self.names[var] = unique(identifier(var.name), self.taken)

    def write(self) -> Source:
        """The source of the graph."""
        body = self.body()
        arguments = [self.names[var] for var in self.graph.inputs] + [name for _, name in self.constants.values()]
        parts = [
            "import numpy as np",
            *self.functions.texts,
            "\n".join([f"def {self.name}({', '.join(arguments)}):", *body]),
        ]
        constants = tuple(lit for lit, _ in self.constants.values())
        return Source("\n\n\n".join(parts) + "\n", constants, self.functions.calls, self.names)

    def body(self) -> list[str]:
        """The lines of the function."""
        guards = list(self.graph.guards)
        bound = set(self.graph.inputs)
        rows: list[tuple[str, str]] = []

        def write_guards() -> None:
            for guard in [one for one in guards if not isinstance(one.var, Var) or one.var in bound]:
                guards.remove(guard)
                negation = "not " if guard.value else ""
                line = f"    if {negation}{self.atom(guard.var)}:"
                rows.append(
                    (line, f"the cell took the other branch, line {guard.location.line}" if guard.location else "")
                )
                rows.append(("        raise GuardFailed()", ""))

        write_guards()
        for eqn in self.graph.eqns:
            text = f"    {self.names[eqn.out]} = {self.value(eqn)}"
            rows.append((text, _place(eqn.location)))
            bound.add(eqn.out)
            if guards:
                write_guards()
        width = min(max((len(text) for text, _ in rows), default=0), 72)
        before = ["", *(note for _, note in rows)]
        lines = [
            f"{text:<{width}}  # {note}" if note and note != last else text for (text, note), last in zip(rows, before)
        ]
        results = ", ".join(self.result(index) for index in range(len(self.graph.outputs)))
        return [*lines, f"    return ({results},)" if results else "    return ()"]

    def atom(self, atom: Atom, typed: bool = True) -> str:
        """An operand: a name, or a number; ``typed`` numbers carry their dtype."""
        if isinstance(atom, Var):
            return self.names[atom]
        if atom.shape:
            if id(atom) not in self.constants:
                self.constants[id(atom)] = (atom, unique(f"c{len(self.constants) + 1}", self.taken))
            return self.constants[id(atom)][1]
        return typed_number(atom) if typed else number(atom)

    def value(self, eqn: Any) -> str:
        """The right-hand side of an equation."""
        # Beside an array a plain number takes the array's dtype (NEP 50); alone it must carry its own.
        plain = isinstance(eqn.op, Elementwise) and any(isinstance(atom, Var) for atom in eqn.inputs)
        operands = [self.atom(atom, typed=not plain) for atom in eqn.inputs]
        written = voices.expression(eqn.op, operands)
        if written is not None:
            return written
        return f"{self.functions.name(eqn.op)}({', '.join(operands)})"

    def result(self, index: int) -> str:
        """An output; a fresh array, never one that an input, a constant or another output shares."""
        atom = self.graph.outputs[index]
        text = self.atom(atom)
        made = {eqn.out: eqn for eqn in self.graph.eqns}
        shared = not isinstance(atom, Var) or atom not in made or made[atom].op.view
        if shared or any(atom is other for other in self.graph.outputs[:index]):
            return f"np.array({text})"
        return text


def _place(location: Location | None) -> str:
    """The user's line, as far as it is known."""
    if location is None:
        return ""
    return f"line {location.line}: {location.text}" if location.text else f"line {location.line}"


def number(lit: Lit) -> str:
    """A scalar constant as Python writes it."""
    value = lit.value.item() if lit.exact is None else lit.exact
    if isinstance(value, float) and not math.isfinite(value):
        return "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "(-np.inf)"
    return f"({value!r})" if not isinstance(value, bool) and value < 0 else repr(value)


def typed_number(lit: Lit) -> str:
    """A scalar constant with its dtype."""
    return f"np.{'bool_' if lit.dtype.kind == 'b' else lit.dtype.name}({number(lit)})"


def identifier(name: str) -> str:
    """A Python identifier as near to ``name`` as can be, in ASCII."""
    if name.isascii() and name.isidentifier() and not name.startswith("__"):
        return name
    words = re.sub(r"\W", "_", name, flags=re.ASCII) or "v"
    return f"p{words}" if words[0].isdigit() or words.startswith("__") else words


def write(graph: Graph, name: str = "plan") -> Source:
    """The source of ``graph`` as a function called ``name``."""
    return Writer(graph, name).write()
