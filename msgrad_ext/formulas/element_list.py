"""What is given out of a gradient element by element: equations between numbers, to be read and to be computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import ArgumentValueError, user_location
from .equation import Equation, aligned
from .notation_value import node_value


@dataclass(frozen=True, eq=False)
class Element:
    """What one number is.

    Attributes
    ----------
    index : tuple of int
        Its place in its array, from 0.
    equation : Equation
        It in all forms.
    kind : str
        ``"forward"``, ``"backward"``, or ``"step"`` for a part that several others have.
    """

    index: tuple[int, ...]
    equation: Equation = field(repr=False)
    kind: str

    @property
    def latex(self) -> str:
        """The equation in LaTeX."""
        return self.equation.one("latex")

    @property
    def text(self) -> str:
        """The equation in plain text."""
        return self.equation.one("text")

    @property
    def value(self) -> str:
        """The right side in LaTeX."""
        return self.equation.side(self.equation.right, "latex")

    @property
    def key(self) -> str:
        """What the left side stands for."""
        return str(self.equation.left.data)


@dataclass(frozen=True, eq=False)
class Elements:
    """A gradient, element by element.

    Attributes
    ----------
    name : str
        What the gradient is by.
    shape : tuple of int
    sizes : dict of str to int
        The lengths that the letters of axes stand for.
    entries : tuple of Element
        The elements of the gradient, the last axis fastest.
    steps : tuple of Element
        What the entries are computed from, in order; empty when they are formulas over the inputs.
    operations : int
        Sums, products, quotients, powers and functions of numbers in ``steps`` and ``entries`` together.
    """

    name: str
    shape: tuple[int, ...]
    sizes: Mapping[str, int]
    entries: tuple[Element, ...]
    steps: tuple[Element, ...]
    operations: int
    head: str = field(repr=False)
    inputs: Mapping[str, tuple[str, tuple[int, ...]]] = field(repr=False)
    given: Mapping[str, Any] = field(repr=False)

    @property
    def latex(self) -> str:
        """A matrix of formulas, or the steps and entries as aligned equations."""
        if self.steps or len(self.shape) > 2:
            return aligned(tuple(row for one in (*self.steps, *self.entries) for row in one.equation.latex_rows()))
        columns = self.shape[1] if len(self.shape) == 2 else 1
        values = [one.value for one in self.entries]
        rows = [" & ".join(values[at : at + columns]) for at in range(0, len(values), columns)]
        inner = "\\begin{bmatrix}\n" + " \\\\\n".join(rows) + "\n\\end{bmatrix}" if self.shape else values[0]
        return f"{self.head} = {inner}"

    @property
    def text(self) -> str:
        """One equation a line."""
        return "\n".join(one.text for one in (*self.steps, *self.entries))

    def evaluate(self, values: Mapping[str, Any]) -> np.ndarray:
        """The gradient at arrays by name, computed by the steps and entries as they are written."""
        whole = {**self.given, **{getattr(name, "name", name): value for name, value in values.items()}}
        numbers = {key: _number(whole, name, at) for key, (name, at) in self.inputs.items()}
        return _run((*self.steps, *self.entries), numbers, self.entries, self.shape)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def __str__(self) -> str:
        return self.text


def _number(values: Mapping[str, Any], name: str, at: tuple[int, ...]) -> np.ndarray:
    if name not in values:
        raise ArgumentValueError(f"For 'elements', there is no value of {name}.", user_location())
    return np.asarray(np.asarray(values[name], dtype=np.float64)[at])


def _run(
    lines: Sequence[Element], numbers: dict[str, np.ndarray], wanted: Sequence[Element], shape: tuple[int, ...]
) -> np.ndarray:
    known = dict(numbers)
    with np.errstate(all="ignore"):
        for line in lines:
            known[line.key] = np.asarray(node_value(line.equation.right, known, {})).reshape(())
    return np.array([known[one.key] for one in wanted], dtype=np.float64).reshape(shape)


__all__ = ["Element", "Elements"]
