"""A gradient as a formula: what a reader gets of a derivation, in LaTeX, text, SymPy, lines and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Expr, Symbol

from ..errors import Location, UnknownNameError, user_location
from ..symbolic.count import Operations
from ..symbolic.lines import Derivation
from ..symbolic.standard import free_indices, standard
from ..symbolic.template import out_indices
from .einsum import Einsum
from .elements import Elements, elements_of, numbers_of
from .equation import WIDTH, Equation, aligned
from .evaluation import evaluate_lines, needed_inputs
from .evidence import Evidence
from .lettered import IndexedSum, einsum, indexed_sum

if TYPE_CHECKING:
    from .writer import Writer


@dataclass(frozen=True)
class ShownLine:
    """One definition of the derivation, as text."""

    latex: str
    text: str
    kind: str
    location: Location | None
    equation: Equation

    @property
    def rows(self) -> tuple[str, ...]:
        """The line as rows of an ``aligned`` block."""
        return self.equation.latex_rows()

    @property
    def mathml(self) -> str:
        """Rows of a MathML table."""
        return self.equation.mathml_rows()

    def wrapped(self, width: int) -> str:
        """The line in text of at most ``width`` columns."""
        return self.equation.wrapped(width)


@dataclass(frozen=True, eq=False)
class Formula:
    """A gradient as a formula, in denominator layout.

    Attributes
    ----------
    name : str
        What the gradient is by.
    latex, text : str
        The closed form as an equation, on one line.
    unicode, ascii, mathml : str
        The same in signs that a terminal with a wide alphabet has, in ASCII alone, and in presentation MathML.
    lhs, rhs : str
        Its sides, in LaTeX.
    shape : tuple of Expr
        Symbolic shape.
    notes : tuple of str
        Conventions at kinks, constants, what could not be shown.
    evidence : Evidence or None
        What the closed form was compared with the derivation by; its text says at what sizes and with what chance of a
        wrong pass. None for what could not be compared.
    """

    name: str
    latex: str
    text: str
    shape: tuple[Expr, ...]
    notes: tuple[str, ...]
    derivation: Derivation = field(repr=False)
    key: str = field(repr=False)
    writer: Writer = field(repr=False)
    known: Expr | None = field(repr=False)
    equation: Equation = field(repr=False)
    evidence: Evidence | None = field(default=None, repr=False)
    given: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    sizes: Mapping[Symbol, int] = field(default_factory=dict, repr=False)

    @property
    def lines(self) -> tuple[ShownLine, ...]:
        """The definitions in order of execution, made when they are first read."""
        return self.writer.lines()

    @property
    def indices(self) -> tuple[Expr, ...]:
        """The free indices of `sympy`, one for each axis; 0 on an axis of length 1."""
        return free_indices(out_indices(self.shape), self.writer.avoid)

    @cached_property
    def indexed(self) -> IndexedSum:
        """One element as an indexed sum with named indices, for every gradient; its ranges are in ``.ranges``."""
        return indexed_sum(self.writer, self.key)

    @cached_property
    def einsum(self) -> Einsum | None:
        """The gradient as ``numpy.einsum`` computes it; None if it is no sum of products of arrays.

        ``print(formula.einsum)`` gives text to run, ``formula.einsum.evaluate(values)`` runs it.
        """
        found = einsum(self.writer, self.key)
        return None if found is None else replace(found, given=self.given)

    @cached_property
    def element(self) -> Expr:
        """One element over keys of arrays: the closed form over inputs, or what there is instead if that is too long."""
        return self.writer.element(self.key) if self.known is None else self.known

    @cached_property
    def sympy(self) -> Expr:
        """One element at `indices` in standard SymPy: arrays are `IndexedBase`, indices count from 0.

        Raises
        ------
        NotSupportedError
            If SymPy has no standard form for a part of it, or the closed form is too long.
        """
        return self.standard(self.writer.array_names(self.element))

    def standard(self, names: Mapping[str, str]) -> Expr:
        """`sympy` with other names for the arrays (key -> name)."""
        indices = free_indices(out_indices(self.shape), {*self.writer.avoid, *names.values()})
        places = {i: k for i, k in zip(out_indices(self.shape), indices) if i != 0}
        return standard(self.element, places, names, self.writer.numbers(), self.writer.avoid)

    def evaluate(self, values: Mapping[str, Any]) -> np.ndarray:
        """The gradient at arrays by name, in float64; the weight of the output may be left out where it was given.

        Raises
        ------
        UnknownNameError
            If a value is missing.
        ShapeError
            If the shapes do not fit the formula's.
        """
        whole = self.complete(values, f"the gradient by {self.name}", needed_inputs(self.derivation, self.key))
        return evaluate_lines(self.derivation, whole, [self.key])[self.key]

    def complete(self, values: Mapping[str, Any], what: str, needed: Sequence[str]) -> dict[str, Any]:
        """``values`` by name, with those that the formula was given itself.

        Raises
        ------
        UnknownNameError
            If one of ``needed`` is missing.
        """
        whole = {**self.given, **{getattr(name, "name", name): value for name, value in values.items()}}
        missing = [name for name in needed if name not in whole]
        if missing:
            raise UnknownNameError(
                f"For 'evaluate', {what} needs values of {', '.join(needed)}, but there is none of {', '.join(missing)}.",
                user_location(),
            )
        return whole

    def elements(self, sizes: Mapping[str, int] | None = None, limit: int = 2000) -> Elements:
        """The gradient element by element, at lengths that are numbers: formulas over ``x_{1,2}``.

        Parameters
        ----------
        sizes : mapping of str to int, optional
            The length for each letter of an axis, as in ``{"m": 2, "k": 3}``; for a formula of a report those of the
            cell stand where none is given.
        limit : int
            The largest number of entries, and of operations on numbers, that is written.

        Raises
        ------
        ArgumentValueError
            If the length of a letter is missing or is no length.
        NotSupportedError
            If there is more to write than ``limit``, or an element depends on places that are read from data.
        """
        return elements_of(self, sizes, limit)

    def operations(self, sizes: Mapping[str, int] | None = None) -> Operations:
        """How many operations on numbers `lines` take, forward and backward, at lengths as in `elements`."""
        return self.writer.line_writer.operations(numbers_of(self, sizes))

    @property
    def unicode(self) -> str:
        """The closed form as it reads on a page, for a terminal."""
        return self.equation.line("unicode")

    @property
    def ascii(self) -> str:
        """The closed form in ASCII alone; elementwise signs have a dot, as in ``a .* b`` and ``x.^2``."""
        return self.equation.line("ascii")

    @cached_property
    def mathml(self) -> str:
        """The closed form as a ``math`` element of presentation MathML, with `text` as its alternative text."""
        return self.equation.mathml()

    @property
    def lhs(self) -> str:
        """The left side in LaTeX."""
        return self.equation.side(self.equation.left, "latex")

    @property
    def rhs(self) -> str:
        """The right side in LaTeX, without the definitions of names that may follow it."""
        return self.equation.side(self.equation.right, "latex")

    @property
    def rows(self) -> tuple[str, ...]:
        """The closed form as rows of an ``aligned`` block in LaTeX."""
        return self.equation.latex_rows()

    def display(self, width: int = WIDTH) -> str:
        """LaTeX for a display: `latex`, or lines of about ``width`` glyphs below each other where it is wider."""
        return aligned(self.equation.latex_rows(width))

    def wrapped(self, width: int | None = None, form: str = "text") -> str:
        """The closed form in lines of at most ``width`` columns; those of the terminal by default.

        Parameters
        ----------
        width : int, optional
        form : {"text", "unicode", "ascii"}
        """
        return self.equation.wrapped(width or get_terminal_size().columns, form)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.display()}$"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text)

    def __str__(self) -> str:
        return self.text


__all__ = ["Formula", "ShownLine"]
