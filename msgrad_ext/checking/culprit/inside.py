"""Faults below and above the recorded pass: what was made of it (simplified, compiled), and gradients inside a network.

A gradient inside another network has a recorded pass of its own. It is judged like the outer one, at the values that its
operands had; then its rules are judged once more, by their derivatives, which the outer pass takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np

from ...ir import Graph, Lit, Var
from ...numeric.interpreter import exact, interpret, interpret_exact, widen
from ...reversing.reverse import GradOf, Nested, expand, lower, reverse
from ..case import Case
from ..effort.work import scalars
from ..result import Fault
from ..witnesses import witness
from ..witnesses.digits import floats, number, numbers
from ..witnesses.reference import local_adjoint
from .locate import differ
from .rules import DOUBLE, Call
from .steps import Played, calls_of, judged_graph, pass_faults


def first_of(suspects: Iterable[Iterable[Fault]]) -> Fault | None:
    """The first fault of the first suspect that has any; nothing is searched after it."""
    return next(chain.from_iterable(suspects), None)


def made_faults(case: Case, played: Played) -> Iterator[Fault]:
    """What simplification, or putting ones for the weights, changed by more than folding constants rounds.

    ``played`` is the pass with the weights that the cell gave.
    """
    application = case.application
    given = played.arrays if application.sens is not None else played.arrays[: len(case.forward.inputs)]
    stages = (
        ("seed", "the reverse pass with ones for its weights", _with_ones(case)),
        ("engine", "the simplified program", application.plan.graph),
    )
    for side, what, graph in stages:
        for position, found in enumerate(_outputs(graph, given, played.exact)):
            expected = played.outputs[position]
            index = played.differ(found, expected)
            unit = 1e3 * float(np.finfo(application.wrt[position].dtype).eps)
            if index is not None and not np.allclose(floats(found), floats(expected), unit, unit * played.scale, True):
                told = differ(what, found, played.outputs[position], index, "the recorded pass")
                name = {"seed": "seed", "engine": "simplification"}[side]
                yield Fault(name, None, side, index, application.location, told)


def _with_ones(case: Case) -> Graph:
    record = case.record
    whole = record.with_ones() if case.application.sens is None else record.graph
    return Graph(whole.inputs, whole.eqns, whole.outputs[len(record.forward.outputs) :], whole.guards)


def _outputs(graph: Graph, arrays: list[Any], digits: bool) -> list[Any]:
    graph = lower(graph) if digits else widen(lower(graph), DOUBLE)
    values: dict[Any, Any] = interpret_exact(graph, arrays, number) if digits else interpret(graph, arrays)
    return [
        values[atom] if isinstance(atom, Var) else np.broadcast_to(atom.value, atom.shape) for atom in graph.outputs
    ]


def inner_faults(case: Case, seed: int) -> Iterator[Fault]:
    """The faults of gradients inside the network: their passes, then the derivatives of their rules."""
    for call, operands in _nested(case.program, [np.asarray(one) for one in case.application.program.values]):
        record = call.record
        arrays = [np.asarray(one, DOUBLE) if one.dtype.kind == "f" else one for one in operands]
        if not call.sens:
            arrays = [*arrays, *(np.ones(var.shape) for var in record.weights.values())]
        judged = judged_graph(record)
        small = scalars(judged) <= case.budget.exact and witness.runs_exactly(judged, arrays)
        given = [numbers(one) if small and one.dtype.kind == "f" else one for one in arrays]
        played = Played(record, given, small, judged)
        yield from pass_faults(played, seed)
        generator = np.random.default_rng(seed)
        for one, values in calls_of(played):
            yield from _second_order(one, values, generator)


def _nested(graph: Graph, arrays: list[np.ndarray]) -> Iterator[tuple[Nested, list[np.ndarray]]]:
    """Each gradient inside a network with the values of its operands; those deeper inside come first."""
    if not any(isinstance(eqn.op, GradOf) for eqn in graph.eqns):
        return
    values = interpret(graph, arrays)
    seen: set[int] = set()
    for eqn in graph.eqns:
        if isinstance(eqn.op, GradOf) and id(eqn.op.call) not in seen:
            seen.add(id(eqn.op.call))
            operands = [atom.value if isinstance(atom, Lit) else values[atom] for atom in eqn.inputs]
            yield from _nested(eqn.op.graph, operands[: len(eqn.op.graph.inputs)])
            yield eqn.op.call, operands


def _second_order(call: Call, arrays: list[np.ndarray], generator: np.random.Generator) -> Iterator[Fault]:
    """Operands of a rule by which its own derivative is not that of the formula."""
    if not call.small(arrays):
        return
    for one, atom in call.contributions():
        weight = numbers(generator.standard_normal(call.operands[one.position].shape))
        graph = expand(Graph(call.graph.inputs, call.graph.eqns, (atom,)))
        for var in call.graph.inputs:
            if var.dtype.kind != "f" or not isinstance(atom, Var):
                continue
            told = _wrong_derivative(call, graph, one.position, var, arrays, weight, generator)
            if told:
                kind, name = type(call.eqn.op).__name__, call.eqn.operand(one.position)
                yield Fault(kind, name, "numeric", None, call.step.eqn.location, f"second order: {told}")
                break


def _wrong_derivative(
    call: Call, graph: Graph, place: int, var: Var, arrays: list[Any], weight: Any, generator: np.random.Generator
) -> str:
    """How the derivative of a rule's answer along ``var`` differs from the slope of the formula; empty if it does not."""
    start = [numbers(one) if one.dtype.kind == "f" else one for one in arrays]
    direction = numbers(generator.standard_normal(var.shape))
    whole = reverse(graph, [var], sens=True)
    taken = whole.outputs[-1]
    run = interpret_exact(whole, [*start, np.broadcast_to(weight, graph.outputs[0].shape)], number)
    found = np.sum(run[taken] * direction) if isinstance(taken, Var) else number(0)
    step = number(10) ** -15

    def at(shift: Any) -> Any:
        moved = [one + direction * shift if each is var else one for each, one in zip(graph.inputs, start)]
        known: dict[Any, Any] = dict(zip(graph.inputs, moved))
        operands, sent = [_at(atom, known) for atom in call.operands], _at(call.cotangent, known)
        return np.sum(local_adjoint(call.eqn, place, operands, sent) * weight)

    ahead, here, behind = at(step), at(number(0)), at(-step)
    slope, left, right = (ahead - behind) / (2 * step), (here - behind) / step, (ahead - here) / step
    scale = max(abs(float(slope)), abs(float(found)), 1e-6)
    smooth = np.isfinite(float(slope)) and abs(float(left - right)) <= 1e-6 * scale
    if not smooth or abs(float(found - slope)) <= 1e-15 * scale:
        return ""
    where = f"along a direction of {var.name}"
    return f"the derivative of the rule is {float(found):.10g} {where}, that of the formula {float(slope):.10g}"


def _at(atom: Any, known: dict[Any, Any]) -> Any:
    return known[atom] if isinstance(atom, Var) else exact(atom, number)
