"""Lines at arrays where a choice was made: what was not chosen contributes 0, also where its slope is not finite.

A line is a sum of terms. A term is dead where a choice among its factors is 0, or where the cotangent among its factors
is dead; there it is 0, whatever its other factors are. So it is where an indicator of indices is 0. Only what is
evaluated changes, never a formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from sympy import Add, Expr, Mul

from ..symbolic import template as tm
from ..symbolic.functions import Choice
from ..symbolic.nodes import Delta, Entry, Within
from .indexed_value import Place, evaluate

Dead = np.ndarray | None


@dataclass(frozen=True)
class Term:
    """A term of a line, and what among its factors can make it 0."""

    expr: Expr
    choices: tuple[Expr, ...]
    entries: tuple[Entry, ...]
    indicators: tuple[Expr, ...]


@lru_cache(maxsize=4096)
def _terms(template: tm.Template) -> tuple[Term, ...]:
    found = []
    for term in Add.make_args(template.expr):
        factors = Mul.make_args(term)
        choices = tuple(f for f in factors if isinstance(f, Choice) and {*f.args[1:]} == {0, 1})
        entries = tuple(f for f in factors if isinstance(f, Entry))
        found.append(Term(term, choices, entries, tuple(f for f in factors if isinstance(f, (Delta, Within)))))
    return tuple(found)


def concerns(template: tm.Template, dead: Sequence[Dead]) -> bool:
    """Whether any term of the line can be dead."""
    return any(term.choices for term in _terms(template)) or any(one is not None for one in dead)


def indicates(template: tm.Template) -> bool:
    """Whether any term of the line has an indicator of indices."""
    return any(term.indicators for term in _terms(template))


def run(
    template: tm.Template,
    place: Place,
    dead: Sequence[Dead],
) -> tuple[np.ndarray, Dead]:
    """A line where its operands, by slot, are partly dead; gives its value and which of its entries are dead."""
    heads = [tm.slot(number) for number in range(len(dead))]
    masks = {head: mask.astype(np.float64) for head, mask in zip(heads, dead) if mask is not None}
    there = {head: replace(place, arrays={**place.arrays, head: mask}) for head, mask in masks.items()}
    shape = [place.length(n) for n in template.shape]
    values, gone = [], []
    for term in _terms(template):
        value = evaluate(term.expr, template.indices, shape, place)
        for one in term.indicators:
            value = np.where(evaluate(one, template.indices, shape, place) == 0, 0, value)
        here = [evaluate(choice, template.indices, shape, place) == 0 for choice in term.choices]
        here += [
            evaluate(one, template.indices, shape, there[one.head]) != 0 for one in term.entries if one.head in there
        ]
        mask = np.logical_or.reduce(here).astype(bool) if here else None
        values.append(value if mask is None else np.where(mask, 0, value))
        gone.append(mask)
    known = [mask for mask in gone if mask is not None]
    return sum(values[1:], values[0]), np.logical_and.reduce(known) if len(known) == len(gone) else None


__all__ = ["concerns", "indicates", "run"]
