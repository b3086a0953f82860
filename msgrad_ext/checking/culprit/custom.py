"""Derivatives that the user wrote, each put to the test as a whole.

A ``bprop`` or a hook is compared with the reverse pass of what its part computes, whose single ops have been judged, at
the values that it was run at and with random cotangents; where these agree, the two are compared at second order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...gradients.grad_operation import Application
from ...ir import Eqn, Graph, Lit, Var
from ...numeric.interpreter import interpret, interpret_exact, widen
from ...reversing.reverse import expand, lower, plain, reverse
from ...tracing.custom import Custom, CustomOf
from ..case import DOUBLE
from ..effort.work import scalars
from ..result import Fault
from ..witnesses import witness
from ..witnesses.digits import largest, number, numbers
from ..witnesses.kinks import conventions
from .locate import EXACT_LIMIT, differ, first_difference


def custom_faults(application: Application, seed: int) -> list[Fault]:
    """The faults of the derivatives that the user wrote, in order of execution.

    Parameters
    ----------
    application : Application
        What was computed; its network's derivatives have been recorded.
    seed : int
        For the random cotangents.
    """
    graph = expand(application.program.graph)
    values = interpret(graph, [np.asarray(value) for value in application.program.values])
    generator = np.random.default_rng(seed)
    found: list[Fault] = []
    for call, operands in _calls(graph, values):
        first = _fault(call, operands, generator, second=False)
        fault = first or _fault(call, operands, generator, second=True)
        found += [fault] if fault is not None else []
    return found


def _calls(graph: Graph, values: dict[Var, np.ndarray]) -> Iterator[tuple[Custom, list[np.ndarray]]]:
    """Each part with a derivative of its own, with its operands; inner ones before those that they are in."""
    seen: set[int] = set()
    for eqn in graph.eqns:
        if not isinstance(eqn.op, CustomOf) or id(eqn.op.call) in seen or eqn.op.call.recorded is None:
            continue
        call = eqn.op.call
        seen.add(id(call))
        operands = [atom.value if isinstance(atom, Lit) else values[atom] for atom in eqn.inputs]
        inner = expand(call.graph)
        yield from _calls(inner, interpret(inner, operands))
        yield call, operands


def pulls(call: Custom, second: bool) -> tuple[Graph, Graph, list[Var]] | None:
    """Two graphs from operands and cotangents to gradients by operands: the user's, and the one that is right."""
    whole, bare = _alone(call), expand(plain(call.graph))
    wrt = [n for n, var in enumerate(whole.inputs[: call.held]) if var.dtype.kind == "f"]
    if not wrt or not call.float_outputs:
        return None

    def gradients(graph: Graph) -> Graph:
        pulled = reverse(graph, [graph.inputs[n] for n in wrt], sens=True)
        first = Graph(pulled.inputs, pulled.eqns, pulled.outputs[len(graph.outputs) :])
        if second:
            again = reverse(first, [first.inputs[n] for n in wrt], sens=True)
            first = Graph(again.inputs, again.eqns, again.outputs[len(first.outputs) :])
        return widen(lower(first), DOUBLE)

    return gradients(whole), gradients(bare), [whole.inputs[n] for n in wrt]


def _alone(call: Custom) -> Graph:
    """One call of a part and nothing else."""
    outs = tuple(Var(f"output{n}", atom.shape, atom.dtype) for n, atom in enumerate(call.graph.outputs))
    atoms = enumerate(zip(call.graph.outputs, outs))
    eqns = tuple(Eqn(CustomOf(call, atom, n), call.graph.inputs, out) for n, (atom, out) in atoms)
    return Graph(call.graph.inputs, eqns, outs)


def _fault(call: Custom, operands: Sequence[np.ndarray], generator: np.random.Generator, second: bool) -> Fault | None:
    """What is wrong with one derivative, or with its derivative, at these operands."""
    graphs = pulls(call, second)
    if graphs is None:
        return None
    mine, right, wrt = graphs
    arrays = [np.asarray(array, DOUBLE) if array.dtype.kind == "f" else array for array in operands]
    weights = [generator.uniform(0.5, 1.5, var.shape) for var in mine.inputs[len(arrays) :]]
    signs = [weight * generator.choice((-1, 1), weight.shape) for weight in weights]
    found, exact = _run((mine, right), [*arrays, *signs])
    for var, ours, theirs in zip(wrt, *found):
        index = first_difference(ours, theirs, exact, largest([*arrays, *signs]))
        if index is not None:
            told = differ(_what(call, second), ours, theirs, index, "the derivative of what it computes")
            return Fault(call.name, var.name, "numeric", index, call.location, told + _remarks(call, arrays))
    return None


def _run(graphs: Sequence[Graph], arrays: Sequence[np.ndarray]) -> tuple[list[list[Any]], bool]:
    """The outputs of graphs of the same inputs, in fifty digits where that is affordable."""
    exact = all(scalars(one) <= EXACT_LIMIT and witness.runs_exactly(one, arrays) for one in graphs)
    if exact:
        arrays = [numbers(array) if array.dtype.kind == "f" else array for array in arrays]
    results = []
    for graph in graphs:
        values = interpret_exact(graph, arrays, number) if exact else interpret(graph, arrays)
        results.append([values[atom] if isinstance(atom, Var) else atom.value for atom in graph.outputs])
    return results, exact


def _what(call: Custom, second: bool) -> str:
    return "the second derivative" if second else "the backward function"


def _remarks(call: Custom, arrays: Sequence[np.ndarray]) -> str:
    """What to know besides: values that left for numpy are constants to all that follows; at a kink there is a choice."""
    told = ""
    if call.left:
        told = "; values left it by asnumpy() or as Python numbers, so that what was made of them is a constant here"
    graph = widen(expand(plain(call.graph)), DOUBLE)
    kinks = conventions(graph, interpret(graph, arrays), 0)
    return told + (f"; what it computes is not differentiable here, by convention {'; '.join(kinks)}" if kinks else "")


__all__ = ["custom_faults"]
