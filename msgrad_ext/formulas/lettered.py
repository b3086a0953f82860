"""Forms with letters: matrices for each index that is carried along, indexed sums, and contractions for ``einsum``.

Each is evaluated against the derivation before it is given out.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sympy import Expr

from ..symbolic.carried import carried_nodes
from ..symbolic.compose import aliases, closed, line_expr, size
from ..symbolic.contraction import contractions, heads
from ..symbolic.indexed import indexed_node, letters_left
from ..symbolic.normal import Ranges
from ..symbolic.notation import Node, NoMatrixForm
from ..symbolic.own_names import use_names
from ..symbolic.template import out_indices
from ..symbolic.tidy import cost
from ..symbolic.wholes import whole_node
from .einsum import Einsum
from .evaluation import letter_sizes

if TYPE_CHECKING:
    from .trial import Trial
    from .writer import Writer

# A closed form over inputs that is larger is not written: one over named values is shorter to read.
LARGE = 150


@dataclass(frozen=True)
class IndexedSum:
    """A gradient's element at named indices, which count from 0.

    Attributes
    ----------
    latex, text : str
        The equation.
    ranges : tuple of tuple of str
        Each letter with the length that it runs through: ``("i", "m")`` says that ``0 <= i < m``.
    """

    latex: str
    text: str
    ranges: tuple[tuple[str, str], ...]

    @property
    def stated(self) -> str:
        """The ranges in words."""
        return ", ".join(f"{letter} < {length}" for letter, length in self.ranges)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def __str__(self) -> str:
        return self.text


def lettered(writer: Writer, expr: Expr, key: str, ranges: Ranges, notes: list[str], trial: Trial) -> Node:
    """``expr`` with letters: matrices for each index that is only carried along, or an indexed sum, by cost."""
    shapes, places = writer.derivation.shapes, out_indices(writer.derivation.shapes[key])
    plain = indexed_node(expr, places, ranges, writer.avoid)
    forms = carried_nodes(expr, places, ranges, shapes, writer.avoid) if size(expr) < 800 else []
    with contextlib.suppress(NoMatrixForm):
        forms.append(whole_node(expr, places, ranges, shapes))
    for node in sorted([*forms, plain], key=lambda node: cost(node) + letters_left(node)):
        if trial.agrees(node, key):
            return node
        notes.append("a form with letters did not agree with the derivation and was refused")
    return Node("unshown")


def _forms(writer: Writer, key: str) -> list[Expr]:
    """The closed form over inputs if it is not large, and the one over named values."""
    derivation = writer.derivation
    whole, named = closed(derivation, key, True, LARGE), closed(derivation, key, False)
    found = [writer.short(whole)] if whole is not None else []
    if named is not None:
        found.append(use_names(writer.short(named), derivation, aliases(derivation)))
    return found or [line_expr(derivation, derivation.definition(key))[0]]


def indexed_sum(writer: Writer, key: str) -> IndexedSum:
    """The element of a gradient as an indexed sum."""
    derivation = writer.derivation
    _, places, ranges = line_expr(derivation, derivation.definition(key))
    for expr in _forms(writer, key):
        node = indexed_node(expr, places, ranges, writer.avoid)
        if writer.trial.agrees(node, key):
            break
    else:
        node = Node("each", (Node("unshown"),), (), node.data)
    found = writer.equation(key, node)
    return IndexedSum(found.line("latex"), found.line("text"), tuple((letter, str(n)) for letter, n in node.data[1]))


def einsum(writer: Writer, key: str) -> Einsum | None:
    """A gradient as a sum of contractions, if it is one."""
    derivation = writer.derivation
    _, places, ranges = line_expr(derivation, derivation.definition(key))
    shape = derivation.shapes[key]
    for expr in _forms(writer, key):
        terms = contractions(expr, places, shape, ranges, derivation.shapes)
        if terms is None:
            continue
        names = {k: derivation.inputs.get(k) or writer.printers["text"].name(k) for k in heads(terms)}
        found = Einsum(terms, derivation, names)
        samples = writer.trial.samples()
        sizes = letter_sizes(derivation, {k: samples[k] for k in derivation.inputs if k in samples})
        if np.allclose(found.at(samples, sizes), samples[key], rtol=1e-9, atol=1e-9):
            return found
    return None


__all__ = ["IndexedSum", "einsum", "indexed_sum", "lettered"]
