"""One recorded call of a rule, cut out of its reverse pass, and put to the test by itself.

What is run here is what the rule recorded when the gradient was taken, at the operands' values and any cotangent. The
rule itself is not called again: it might answer otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...ir import Atom, Eqn, Graph, Lit, Var
from ...numeric.interpreter import exact, interpret, widen
from ...reversing.recorded import Contribution, Record, Step
from ..effort.work import scalars
from ..witnesses import witness
from ..witnesses.digits import floats, number
from ..witnesses.reference import local_adjoint

EXACT_LIMIT = 5_000
DOUBLE = np.dtype(np.float64)


@dataclass(frozen=True, eq=False)
class Call:
    """A recorded call.

    Attributes
    ----------
    step : Step
        The call.
    graph : Graph
        From the operands and the cotangent to the equation's result and the contributions, in float64.
    operands : tuple of Atom
        The operands, in the graph's own variables.
    cotangent : Atom
        The cotangent, likewise.
    """

    step: Step
    graph: Graph
    operands: tuple[Atom, ...]
    cotangent: Atom

    @property
    def eqn(self) -> Eqn:
        """The forward equation in float64."""
        return self.graph.eqns[0]

    def small(self, arrays: Sequence[np.ndarray]) -> bool:
        """True when it can be run in fifty digits."""
        return self.exact_run(arrays) is not None

    def exact_run(self, arrays: Sequence[np.ndarray]) -> dict[Var, np.ndarray] | None:
        """The values of all its variables in fifty digits, where that can be had."""
        return witness.exact_run(self.graph, arrays) if self._work <= EXACT_LIMIT else None

    @cached_property
    def _work(self) -> int:
        return scalars(self.graph)

    def contributions(self) -> list[tuple[Contribution, Atom]]:
        """Each contribution with the atom of the graph that holds it."""
        return list(zip(self.step.contributions, self.graph.outputs[1:]))


def cut(record: Record, step: Step) -> tuple[Call, tuple[Atom, ...]]:
    """The call of ``step`` as a graph of its own, and the atoms of ``record`` that its inputs stand for.

    Parameters
    ----------
    record : Record
        The reverse pass.
    step : Step
        One of its steps, of an op (not of a part with a derivative of its own).
    """
    assert step.cotangent is not None
    told = [*step.eqn.inputs, step.cotangent]
    ends = {atom for atom in (*told, step.eqn.out) if isinstance(atom, Var)}
    given = [one.given for one in step.contributions]
    inside: dict[int, Eqn] = {}
    further: dict[Var, None] = {}
    pending: list[Atom] = list(given)
    while pending:
        atom = pending.pop()
        if isinstance(atom, Lit) or atom in ends:
            continue
        if atom not in record.made:
            further[atom] = None
            continue
        place, eqn = record.made[atom]
        if place not in inside:
            inside[place] = eqn
            pending += eqn.inputs
    distinct = [atom for atom in told if isinstance(atom, Var) and atom is not step.eqn.out]
    inputs = tuple(dict.fromkeys([*distinct, *further]))
    rule = tuple(inside[place] for place in sorted(inside))
    # The operands and the cotangent are outputs too, so that they are known by their places in float64 as well.
    graph = widen(Graph(inputs, (step.eqn, *rule), (step.eqn.out, *given, *told)), DOUBLE)
    outputs, count = graph.outputs, 1 + len(given)
    bare = Graph(graph.inputs, graph.eqns, outputs[:count])
    return Call(step, bare, outputs[count:-1], outputs[-1]), inputs


@dataclass(frozen=True, eq=False)
class Answer:
    """What the rule gave for one operand, and what the formula gives, with the cotangent they were given."""

    position: int
    ruled: Any
    derived: Any
    cotangent: np.ndarray
    exact: bool


def answers(call: Call, arrays: Sequence[np.ndarray], cotangent: np.ndarray | None = None) -> list[Answer]:
    """Rule and formula at float64 ``arrays``, the values of the call's inputs; in fifty digits where affordable.

    ``cotangent`` takes the place of the one that was handed to the rule.
    """
    given = [floats(array) if var.dtype.kind == "f" else array for array, var in zip(arrays, call.graph.inputs)]
    if cotangent is not None and isinstance(call.cotangent, Var) and call.cotangent in call.graph.inputs:
        given[call.graph.inputs.index(call.cotangent)] = cotangent
    ran = call.exact_run(given)
    digits = ran is not None
    values: dict[Any, Any] = interpret(call.graph, given) if ran is None else dict(ran)

    def value(atom: Atom) -> Any:
        if isinstance(atom, Var):
            return values[atom]
        return exact(atom, number) if digits else atom.value

    operands, sent = [value(atom) for atom in call.operands], value(call.cotangent)
    found = []
    for one, atom in call.contributions():
        ruled = unbroadcast(value(atom), call.operands[one.position].shape)
        derived = local_adjoint(call.eqn, one.position, operands, sent)
        found.append(Answer(one.position, ruled, _dead(ruled, derived), floats(sent), digits))
    return found


def unbroadcast(array: Any, shape: tuple[int, ...]) -> np.ndarray:
    """``array`` summed over the axes along which an operand of ``shape`` was repeated."""
    array = np.asarray(array)
    if array.shape == shape:
        return array
    array = array.sum(axis=tuple(range(array.ndim - len(shape)))) if array.ndim > len(shape) else array
    repeated = tuple(axis for axis, n in enumerate(shape) if n == 1 and np.shape(array)[axis] != 1)
    return np.asarray(np.sum(array, axis=repeated, keepdims=True)) if repeated else np.asarray(array)


def _dead(ruled: Any, derived: Any) -> Any:
    """``derived`` with the rule's zeros where the formula is zero times infinity, as behind a selection's dead branch."""
    ruled, derived = np.asarray(ruled), np.asarray(derived)
    if ruled.shape != derived.shape:
        return derived
    lost = ~np.isfinite(floats(derived)) & (floats(ruled) == 0)
    return np.where(lost, ruled, derived) if lost.any() else derived
