"""What of a graph is known in letters: shapes, settings of ops and constants that depend on the lengths of axes.

It is found from several traces (see `formulas.generic`); the lines of a derivation are made with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import Expr, Symbol

from ..ir import Atom, Var
from ..op import Op
from .conditions import Condition, needed
from .language import Pattern

Lengths = tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Known:
    """What of a graph is known in letters, by atom: from several traces, see `formulas.generic`.

    Attributes
    ----------
    shapes : mapping
        Atom -> its shape.
    ops : mapping
        Variable -> the op that gives it, with letters in its settings.
    numbers : mapping
        Constant -> the number or the pattern that it is.
    conditions : tuple of Condition
        What the lengths must meet.
    notes : tuple of str
        The same in words, and which letters were found to be one.
    """

    shapes: Mapping[Atom, Lengths] = field(default_factory=dict)
    ops: Mapping[Var, Op] = field(default_factory=dict)
    numbers: Mapping[Any, Expr | Pattern] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    notes: tuple[str, ...] = ()

    def under(self, conditions: Sequence[Condition], reason: str = "") -> Known:
        """The same under further conditions."""
        behind = f", {reason}" if reason else ""
        return replace(
            self,
            conditions=needed((*self.conditions, *conditions)),
            notes=(*self.notes, *(f"for {one}{behind}" for one in conditions)),
        )


def letters_of(value: Any) -> tuple[Symbol, ...]:
    """The lengths in an op's settings, a number or a pattern, in order."""
    if isinstance(value, Op):
        parts = [] if value.nested else list(value.params.values())
        return tuple(dict.fromkeys(n for part in parts for n in letters_of(part)))
    if isinstance(value, tuple):
        return tuple(dict.fromkeys(n for part in value for n in letters_of(part)))
    if isinstance(value, Pattern):
        return tuple(n for n in letters_of(value.expr) if n not in value.places)
    # A relation's sign is a symbol too, and is not an integer.
    found = (n for n in value.free_symbols if n.is_integer) if isinstance(value, Expr) else ()
    return tuple(sorted(found, key=str))


def renamed(value: Any, table: Mapping[Symbol, Symbol]) -> Any:
    """An op's settings, a number or a pattern in other letters."""
    if isinstance(value, Op):
        return value.set(**renamed(dict(value.params), table)) if letters_of(value) else value
    if isinstance(value, dict):
        return {name: renamed(one, table) for name, one in value.items()}
    if isinstance(value, tuple):
        return tuple(renamed(one, table) for one in value)
    if isinstance(value, Pattern):
        return Pattern(value.places, value.expr.xreplace(table))
    return value.xreplace(table) if isinstance(value, Expr) else value


__all__ = ["Known", "letters_of", "renamed"]
