"""A gradient as ``numpy.einsum`` computes it: subscripts and operands, as text and as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Expr, Rational, S, Symbol

from ..symbolic.contraction import Contraction, Operand, heads, numpy_text
from ..symbolic.lines import Derivation
from ..symbolic.nodes import Delta, Entry
from .evaluation import evaluate_lines, letter_sizes
from .indexed_value import Place, evaluate


@dataclass(frozen=True, eq=False)
class Einsum:
    """A sum of contractions.

    Attributes
    ----------
    terms : tuple of Contraction
        Number, operands and subscripts of each term.
    text : str
        What to run: an expression of numpy (as ``np``), of arrays by their names and of lengths by their letters.
    operands : tuple of str
        The names of these arrays. Those that are no inputs are values of the network: `Formula.lines` defines them.
    """

    terms: tuple[Contraction, ...]
    derivation: Derivation = field(repr=False)
    names: Mapping[str, str] = field(repr=False)
    given: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def subscripts(self) -> tuple[str, ...]:
        """The subscripts of each term, such as ``"bik,bjk->bij"``."""
        return tuple(term.subscripts for term in self.terms)

    @property
    def operands(self) -> tuple[str, ...]:
        """The names of the arrays."""
        return tuple(self.names[key] for key in heads(self.terms))

    @cached_property
    def text(self) -> str:
        """The terms as an expression of numpy."""
        text = ""
        for term in self.terms:
            number, sign = (-term.number, "-") if term.number.could_extract_minus_sign() else (term.number, "+")
            lead = "" if number == 1 else f"{_number(number)} * "
            inner = ", ".join([f'"{term.subscripts}"', *(self.operand(operand) for operand in term.operands)])
            text += f" {sign} {lead}np.einsum({inner})"
        return text[3:] if text.startswith(" +") else text[1] + text[3:]

    def operand(self, operand: Operand) -> str:
        """One operand as numpy writes it."""
        if isinstance(operand.expr, Delta):
            return f"np.eye({operand.lengths[0]})"
        if operand.expr is S.One:
            return f"np.ones({operand.lengths[0]})"
        return numpy_text(operand.expr, self.names)

    def evaluate(self, values: Mapping[str, Any]) -> np.ndarray:
        """The gradient at arrays by name, by ``numpy.einsum``."""
        whole = {**self.given, **{getattr(name, "name", name): value for name, value in values.items()}}
        keys = heads(self.terms)
        known = {
            key: np.asarray(whole[name], np.float64) for key, name in self.derivation.inputs.items() if name in whole
        }
        sizes = letter_sizes(self.derivation, known)
        return self.at(evaluate_lines(self.derivation, whole, keys), sizes)

    def at(self, arrays: Mapping[str, np.ndarray], sizes: Mapping[Symbol, int]) -> np.ndarray:
        """The same at arrays by key, for lengths by letter."""
        result: Any = 0
        for term in self.terms:
            place = Place({Symbol(key): np.asarray(array) for key, array in arrays.items()}, sizes, {}, False)
            operands = [_value(operand, place) for operand in term.operands]
            number = float(term.number.xreplace({letter: Rational(n) for letter, n in sizes.items()}))
            result = result + number * np.einsum(term.subscripts, *operands)
        return result

    def __str__(self) -> str:
        return self.text


def _value(operand: Operand, place: Place) -> np.ndarray:
    lengths = [place.length(n) for n in operand.lengths]
    plain = [i if n != 1 else S.Zero for i, n in zip(operand.indices, operand.lengths)]
    if isinstance(operand.expr, Entry) and len(set(operand.indices)) < len(operand.indices):
        return place.arrays[operand.expr.head]
    return evaluate(operand.expr, plain, lengths, place)


def _number(value: Expr) -> str:
    return str(value) if value.is_Integer or value.is_Symbol else f"({value})"


__all__ = ["Einsum"]
