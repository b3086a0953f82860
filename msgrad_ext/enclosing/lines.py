"""The lines of a derivation, evaluated with balls at exactly the numbers that the program was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..constants import Irrational
from ..formulas import dead_branch, matrix_value  # noqa: F401 - the latter enters its rules
from ..formulas.evaluation import at, letter_sizes, line_lengths, needed_lines, slots, written
from ..ir import Lit
from ..symbolic import template as tm
from ..symbolic.lines import Derivation, Line
from . import balls
from .place import BallPlace, Work, as_objects
from .rules import rules


class _Symbols:
    """What recipes of constants are read with."""

    @property
    def pi(self) -> Any:
        return balls.kind().pi()

    @staticmethod
    def sqrt(value: Any) -> Any:
        return balls.ball(value).sqrt()

    @staticmethod
    def log(value: Any) -> Any:
        return balls.ball(value).log()


def given(array: Any) -> np.ndarray:
    """An input as balls, exactly; integers and truth values stay integers, since they may be places."""
    array = np.asarray(array)
    if array.dtype.kind == "f":
        return balls.balls(array.astype(np.float64))
    return as_objects(array.astype(np.int64))


def _constant(lit: Lit) -> np.ndarray:
    """A constant, as the user wrote it where that is known."""
    number = written(lit)
    if isinstance(number, Irrational):
        return balls.filled([balls.ball(number.recipe(_Symbols()))], ())
    array = np.asarray(number)
    return balls.balls(array) if lit.dtype.kind == "f" else given(array)


def moving_keys(derivation: Derivation) -> set[str]:
    """Keys of what depends on anything that a gradient is taken by."""
    moving = {derivation.keys[var] for var in derivation.gradients}
    for line in derivation.lines:
        if not moving.isdisjoint(line.operands):
            moving.add(line.key)
    return moving


def enclose_lines(derivation: Derivation, values: Mapping[str, Any], wanted: Sequence[str], work: Work) -> dict:
    """Balls that hold the values of the lines ``wanted``, by key.

    Call it under `balls.precision`.

    Parameters
    ----------
    derivation : Derivation
    values : mapping
        Input name -> array, also of the weights.
    wanted : sequence of str
        Keys.
    work : Work
        What may be done.
    """
    known = {key: given(values[name]) for key, name in derivation.inputs.items() if name in values}
    known.update({key: _constant(lit) for key, lit in derivation.constants.items()})
    sizes, moving = letter_sizes(derivation, known), moving_keys(derivation)
    last = f"c{_passes(derivation)}:"
    needed = needed_lines(derivation, wanted) or set()
    # A value may be undefined though its slope is finite, as that of a logarithm; so all values are looked at.
    needed |= (
        needed_lines(derivation, [derivation.cotangents[key] for key in needed & set(derivation.cotangents)]) or set()
    )
    dead: dict[str, np.ndarray | None] = {}
    for line in derivation.lines:
        if line.key not in needed:
            continue
        operands = slots([known[key] for key in line.operands])
        heads = frozenset(slot for slot, key in zip(operands, line.operands) if key in moving)
        final = line.key.startswith(last)
        place = BallPlace(operands, line_lengths(line, sizes), {}, True, heads, final, work, rules())
        found, dead[line.key] = _line(line, place, [dead.get(key) for key in line.operands])
        target = derivation.cotangents.get(line.key)
        known[line.key] = as_objects(found) if target is None else _where_defined(as_objects(found), known[target])
    return {key: balls.balls(known[key]) for key in wanted}


def _line(line: Line, place: BallPlace, gone: Sequence[Any]) -> tuple[np.ndarray, Any]:
    """One line, and which of its entries are dead by a choice."""
    template: tm.Template = line.template
    with np.errstate(all="ignore"):
        if line.kind == "backward" and dead_branch.concerns(template, gone):
            return dead_branch.run(template, place, gone)
        found = at(template, place)
        if dead_branch.indicates(template) and not balls.finite(found):
            found = dead_branch.run(template, place, gone)[0]
        return found, None


def _where_defined(cotangent: np.ndarray, target: np.ndarray) -> np.ndarray:
    """A cotangent of which nothing is known where its value is not finite, unless it is 0, and the value without effect."""
    if balls.finite(target):
        return cotangent
    arb = balls.kind()

    def one(ct: Any, x: Any) -> Any:
        return ct if ct == 0 or type(x) is not arb or x.is_finite() else balls.nothing()

    return as_objects(np.frompyfunc(one, 2, 1)(cotangent, target))


def _passes(derivation: Derivation) -> int:
    """The number of the last reverse pass."""
    return max((int(key[1 : key.index(":")]) for key in derivation.cotangents), default=0)


__all__ = ["enclose_lines"]
