"""The faults of a recorded reverse pass: rules, seeds, sums and results, each judged by what it was given.

A pass is judged from its seeds on: every step's contributions against the formula's, at the operands and the cotangent
that the step had; every cotangent against the sum of what was sent; every gradient against the cotangent of its input.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...ir import Atom, Graph, Lit, Var
from ...numeric.interpreter import interpret, interpret_exact, widen
from ...reversing.recorded import Contribution, Record, Step
from ...reversing.reverse import lower
from ..result import Fault
from ..witnesses.constants import explained
from ..witnesses.digits import floats, largest, number, numbers
from .locate import against_slope, differ, first_difference, forward_faults, piece, where_finite
from .rules import DOUBLE, Answer, Call, answers, cut, unbroadcast


def judged_graph(record: Record) -> Graph:
    """The pass in plain ops; its outputs are the forward program's, the gradients, then all that the record speaks of."""
    graph = record.graph
    return lower(Graph(graph.inputs, graph.eqns, (*graph.outputs, *record.atoms), graph.guards))


class Played:
    """A recorded pass at values of its inputs and weights.

    Parameters
    ----------
    record : Record
        The pass.
    arrays : sequence of ndarray
        Values of the forward program's inputs, then of the weights; object arrays when ``exact``.
    exact : bool
        Run it in fifty digits, not in float64.
    graph : Graph
        `judged_graph` of ``record``.
    """

    def __init__(self, record: Record, arrays: Sequence[Any], exact: bool, graph: Graph) -> None:
        self.record = record
        self.exact = exact
        self.arrays = list(arrays)
        graph = graph if exact else widen(graph, DOUBLE)
        self.run: dict[Any, Any] = interpret_exact(graph, arrays, number) if exact else interpret(graph, arrays)
        found = [self.run[atom] if isinstance(atom, Var) else atom.value for atom in graph.outputs]
        skipped = len(record.graph.outputs)
        self.values = {id(atom): value for atom, value in zip(record.atoms, found[skipped:])}
        self.outputs = found[len(record.forward.outputs) : skipped]

    @cached_property
    def scale(self) -> float:
        """The largest number in it."""
        return largest(self.run.values())

    def value(self, atom: Atom) -> Any:
        """The value of an atom that the record speaks of."""
        return np.broadcast_to(self.values[id(atom)], atom.shape)

    def differ(self, first: Any, second: Any) -> tuple[int, ...] | None:
        """The first index at which two of its arrays differ by more than rounding."""
        return first_difference(first, second, self.exact, self.scale)


def calls_of(played: Played) -> list[tuple[Call, list[np.ndarray]]]:
    """The calls of rules in a pass, in the forward program's order, with the values of their inputs in float64."""
    record, found = played.record, []

    def value(atom: Atom) -> np.ndarray:
        known = played.values.get(id(atom))
        array = played.run[atom] if known is None else np.broadcast_to(known, atom.shape)
        return np.asarray(floats(array) if atom.dtype.kind == "f" else array)

    for step in reversed(record.steps):
        if step.cotangent is not None and step.contributions:
            call, atoms = cut(record, step)
            found.append((call, [value(atom) for atom in atoms]))
    return found


@dataclass(frozen=True, eq=False)
class _Judge:
    """The parts of `pass_faults`."""

    played: Played
    generator: np.random.Generator

    @property
    def record(self) -> Record:
        return self.played.record

    def rules(self, fresh: bool) -> Iterator[Fault]:
        """Rules that contradict the formula, with the cotangents that they were handed or with ``fresh`` ones."""
        for call, arrays in calls_of(self.played):
            sent = self._cotangent(call) if fresh else None
            yield from rule_faults(call, arrays, sent, self.generator)

    def _cotangent(self, call: Call) -> np.ndarray:
        return self.generator.standard_normal(call.cotangent.shape)

    def sums(self) -> Iterator[Fault]:
        """Cotangents that are not the sum of what was sent to them."""
        played, record = self.played, self.record
        sent: dict[Var, Any] = {}
        for number_, weight in record.weights.items():
            atom = record.forward.outputs[number_]
            if isinstance(atom, Var):
                sent[atom] = sent.get(atom, 0) + played.value(weight)
        seeded = dict(sent)
        for step in record.steps:
            for one in step.contributions:
                fault = self._unbroadcast(step, one)
                if fault is not None:
                    yield fault
                atom = step.eqn.inputs[one.position]
                assert isinstance(atom, Var)
                sent[atom] = sent.get(atom, 0) + played.value(one.added)
        for var, held in record.cotangents.items():
            index = played.differ(played.value(held), sent.get(var, np.zeros(var.shape)))
            if index is not None:
                yield self._wrong_sum(var, played.value(held), sent.get(var, np.zeros(var.shape)), index, var in seeded)

    def _wrong_sum(self, var: Var, held: Any, expected: Any, index: tuple[int, ...], seeded: bool) -> Fault:
        told = differ(f"the cotangent of {var.name}", held, expected, index, "the sum of what was sent to it")
        made = next((eqn for eqn in self.record.forward.eqns if eqn.out is var), None)
        place = made.location if made else None
        if seeded:
            return Fault("seed", var.name, "seed", index, place, told.replace("the sum", "the weights and the sum"))
        return Fault("reverse pass", var.name, "engine", index, place, told)

    def _unbroadcast(self, step: Step, one: Contribution) -> Fault | None:
        """A contribution that was not summed over the axes along which its operand was repeated."""
        played, atom = self.played, step.eqn.inputs[one.position]
        if step.cotangent is None:
            return None
        given, added = played.value(one.given), played.value(one.added)
        index = played.differ(added, unbroadcast(given, atom.shape))
        if index is None or not np.any(floats(added)):
            return None
        sent = played.value(step.cotangent)
        if np.shape(sent) == np.shape(given):
            # What a selection did not choose is left out of the sum.
            index = played.differ(added, unbroadcast(np.where(floats(sent) == 0, 0, given), atom.shape))
        if index is None or np.shape(given) == np.shape(added):
            return None
        told = differ("what was added", added, unbroadcast(given, atom.shape), index, "its sum over repeated axes")
        return Fault("reverse pass", getattr(atom, "name", None), "engine", index, step.eqn.location, told)

    def results(self) -> Iterator[Fault]:
        """Gradients that are not the cotangents of their inputs."""
        for var, gradient in zip(self.record.wrt, self.record.gradients):
            held = self.record.cotangents.get(var)
            expected = np.zeros(var.shape) if held is None else self.played.value(held)
            index = self.played.differ(self.played.value(gradient), expected)
            if index is not None:
                told = differ(
                    f"the gradient by {var.name}", self.played.value(gradient), expected, index, "its cotangent"
                )
                yield Fault("reverse pass", var.name, "result", index, None, told)


def pass_faults(played: Played, seed: int) -> Iterator[Fault]:
    """What is wrong with a recorded pass: rules first, in the order of the forward program, then seeds, sums, results."""
    judge = _Judge(played, np.random.default_rng(seed))
    yield from judge.rules(fresh=False)
    yield from judge.sums()
    yield from judge.results()
    yield from judge.rules(fresh=True)


def rule_faults(
    call: Call, arrays: Sequence[np.ndarray], cotangent: np.ndarray | None, generator: np.random.Generator
) -> Iterator[Fault]:
    """The operands of one call for which rule and formula differ; the slope of the op says who is wrong."""
    for answer in answers(call, arrays, cotangent):
        derived = where_finite(answer.derived, answer.ruled)
        index = first_difference(answer.ruled, derived, answer.exact, largest([*arrays, answer.cotangent]))
        if index is None or (answer.exact and _rounded(call, arrays, answer)):
            continue
        # A voice that the rule uses may be at fault, and the rule be right.
        inside = Graph(call.graph.inputs, call.graph.eqns, ())
        yield from forward_faults(inside, interpret(inside, arrays))
        yield _fault(call, arrays, answer, index, generator)


def _rounded(call: Call, arrays: Sequence[np.ndarray], answer: Answer) -> bool:
    """True when a constant that the rule had to round explains the difference."""
    given = [numbers(one) if var.dtype.kind == "f" else one for one, var in zip(arrays, call.graph.inputs)]
    if isinstance(call.cotangent, Var) and call.cotangent in call.graph.inputs:
        given[call.graph.inputs.index(call.cotangent)] = numbers(answer.cotangent)
    place = 1 + [one.position for one in call.step.contributions].index(answer.position)
    return explained(call.graph, 1, given, answer.ruled, answer.derived, place)


def _fault(
    call: Call, arrays: Sequence[np.ndarray], answer: Answer, index: tuple[int, ...], generator: np.random.Generator
) -> Fault:
    eqn = call.eqn
    known = dict(zip(call.graph.inputs, arrays))
    alone = piece(eqn, known)
    place = [n for n, atom in enumerate(eqn.inputs) if not isinstance(atom, Lit)].index(answer.position)
    pair = (answer.ruled, answer.derived)
    right = against_slope(alone, alone.graph.inputs[place], answer.cotangent, pair, generator)
    side = "numeric" if right is None or not right[0] else "symbolic"
    side = "both" if right == (False, False) else side
    told = differ("the rule", answer.ruled, answer.derived, index)
    return Fault(type(eqn.op).__name__, eqn.operand(answer.position), side, index, call.step.eqn.location, told)
