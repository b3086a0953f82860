"""Hidden state: voices and rules that answer otherwise when they are asked again.

The plan is run again at the same inputs, at others, and at the same once more; rules that are not the package's own are
asked a second and a third time. What they answered when the gradient was taken is what is judged (`steps`); an answer
that changes is told here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from ...errors import MsgradError
from ...gradients.grad_operation import Application
from ...ir import Atom, Eqn, Graph, Lit, Var
from ...numeric.interpreter import run
from ...numeric.plan import GuardFailed, Plan
from ...op import Op
from ...reversing.recorded import Record
from ...reversing.reverse import lower, reverse_pass
from ...voice import evaluate, foreign
from ..result import Fault
from ..witnesses.digits import floats
from ..witnesses.reference import local_value
from .rules import cut


def unsteady_rule(application: Application) -> Fault | None:
    """A rule that records something else when it is asked again, or None; only rules from elsewhere are asked."""
    record = application.record
    if not any(foreign(type(step.eqn.op).vjp) for step in record.steps if step.cotangent is not None):
        return None
    values = [*application.program.values, *(application.sens or ())]
    for _ in range(4):
        try:
            again = reverse_pass(application.program.graph, application.wrt, application.sens is not None, values)
        except MsgradError as error:
            return Fault(
                "reverse pass", None, "numeric", None, error.location, f"asked again it raised: {error.message}"
            )
        fault = _changed(record, again)
        if fault is not None:
            return fault
    return None


def _changed(first: Record, second: Record) -> Fault | None:
    """The first rule that recorded something else the second time."""
    for one, other in zip(first.steps, second.steps):
        if one.cotangent is None or other.cotangent is None:
            continue
        graphs = [cut(record, step)[0].graph for record, step in ((first, one), (second, other))]
        if not same_program(*graphs):
            told = "the rule records something else when it is called again"
            return Fault(type(one.eqn.op).__name__, None, "numeric", None, one.eqn.location, told)
    return None


def same_program(first: Graph, second: Graph) -> bool:
    """True when two graphs do the same: equal ops on the same operands, equal constants, the same outputs."""
    if len(first.inputs) != len(second.inputs) or len(first.eqns) != len(second.eqns):
        return False
    known: dict[Var, Var] = dict(zip(first.inputs, second.inputs))

    def alike(one: Atom, other: Atom) -> bool:
        if isinstance(one, Lit) or isinstance(other, Lit):
            both = isinstance(one, Lit) and isinstance(other, Lit)
            return both and _written(one) == _written(other)  # type: ignore[arg-type]
        return known.get(one) is other

    for one, other in zip(first.eqns, second.eqns):
        same = _code(one.op) == _code(other.op) and len(one.inputs) == len(other.inputs)
        if not same or not all(map(alike, one.inputs, other.inputs)):
            return False
        known[one.out] = other.out
    return len(first.outputs) == len(second.outputs) and all(map(alike, first.outputs, second.outputs))


def _code(op: Op) -> tuple[Any, ...]:
    return op.key, type(op).numpy


def _written(lit: Lit) -> tuple[Any, ...]:
    return lit.shape, lit.dtype.str, lit.value.tobytes(), repr(lit.exact)


def unsteady_trace(application: Application) -> Fault | None:
    """A result of the network that is not what its voices give when they are asked again; only where some are foreign."""
    program = application.program
    graph = lower(program.graph)
    if not any(foreign(type(eqn.op).numpy) for eqn in graph.eqns):
        return None
    again = run(graph, [*map(np.asarray, program.values)])
    for first, second in zip(program.result, again):
        if not np.array_equal(np.asarray(first), second, equal_nan=True):
            strange = next(eqn for eqn in graph.eqns if foreign(type(eqn.op).numpy))
            told = "the numpy voice gave another result when the network was run than it gives now"
            return Fault(type(strange.op).__name__, None, "forward", None, strange.location, told)
    return None


def unsteady_plan(
    plan: Plan, arrays: Sequence[np.ndarray], first: Sequence[np.ndarray], generator: np.random.Generator
) -> list[bool]:
    """For each result of a plan whether it changes when it is run again, before and after a run at other inputs.

    ``first`` are the results that were got at ``arrays``.
    """
    runs = [plan(*arrays)]
    if any(foreign(type(eqn.op).numpy) for eqn in plan.graph.eqns):
        others = [_moved(array, generator) for array in arrays]
        with suppress(GuardFailed):
            plan(*others)
        runs.append(plan(*arrays))
    steady = runs[0]
    return [
        any(not np.array_equal(run[n], steady[n], equal_nan=True) for run in runs[1:])
        or not np.array_equal(steady[n], first[n], equal_nan=True)
        for n in range(len(first))
    ]


def _moved(array: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Other values of the same kind."""
    if array.dtype.kind != "f":
        return array
    return np.asarray(array * generator.uniform(0.5, 1.5, array.shape)).astype(array.dtype)


def _elsewhere(eqn: Eqn, operands: Sequence[np.ndarray], result: np.ndarray) -> Fault | None:
    """A voice that is right at the data of the cell and wrong at others: it may give again what it gave before."""
    if eqn.out.dtype.kind != "f":
        return None
    meant, value = floats(local_value(eqn, operands)), result.astype(np.float64)
    with np.errstate(all="ignore"):
        limit = np.sqrt(np.finfo(result.dtype).eps) * max(float(np.max(np.abs(meant), initial=0.0)), 1e-300)
        wrong = np.isfinite(meant) & (np.abs(meant - value) > limit)
    if not wrong.any():
        return None
    index = tuple(int(one) for one in np.argwhere(wrong)[0])
    told = f"at other values the numpy voice gives {value[index]:.10g}, the formula {meant[index]:.10g}"
    return Fault(type(eqn.op).__name__, None, "forward", index, eqn.location, told)


def unsteady_voice(graph: Graph, arrays: Sequence[np.ndarray], generator: np.random.Generator) -> Fault | None:
    """The first op whose ``numpy`` voice gives another result when it is asked again, after it was asked at other values.

    Voices of the package are not asked: they keep nothing.
    """
    if not any(foreign(type(eqn.op).numpy) for eqn in graph.eqns):
        return None
    values: dict[Any, np.ndarray] = dict(zip(graph.inputs, map(np.asarray, arrays)))
    for eqn in graph.eqns:
        operands = [atom.value if isinstance(atom, Lit) else values[atom] for atom in eqn.inputs]
        results = [evaluate(eqn.op, operands, eqn.out.dtype)]
        if foreign(type(eqn.op).numpy):
            # A constant is the op's as much as a setting: it stays.
            elsewhere = [
                one if isinstance(atom, Lit) else _moved(np.asarray(one), generator)
                for one, atom in zip(operands, eqn.inputs)
            ]
            fault = _elsewhere(eqn, elsewhere, evaluate(eqn.op, elsewhere, eqn.out.dtype))
            if fault is not None:
                return fault
            results += [evaluate(eqn.op, operands, eqn.out.dtype) for _ in range(5)]
        if any(not np.array_equal(results[0], one, equal_nan=True) for one in results[1:]):
            told = "the numpy voice gives another result when it is called again"
            return Fault(type(eqn.op).__name__, None, "forward", None, eqn.location, told)
        values[eqn.out] = results[0]
    return None
