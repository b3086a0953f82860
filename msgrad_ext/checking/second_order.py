"""Faults that show only in the derivative of a rule: right at first order, wrong when the gradient is differentiated again.

A rule that holds a value fixed, or computes with numpy what it should compute with ops, is such a one. Each rule in a nested
gradient is differentiated by the engine, and the derivative of its meaning by a difference in fifty digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..ir import Graph, Lit, Var
from ..numeric.interpreter import interpret, interpret_exact, widen
from ..reverse import expand, reverse
from . import witness
from .calls import MISFITS
from .case import DOUBLE
from .digits import context, floats, number, numbers
from .locate import EXACT_LIMIT, Piece, piece
from .reference import local_adjoint
from .result import Fault

ENTRIES = 64  # of an operand: among so many the first wrong one is looked for


def second_order_faults(graph: Graph, seed: int) -> Iterator[Fault]:
    """The faults of the rules that nested gradients of ``graph`` use.

    Parameters
    ----------
    graph : Graph
        The program, with nested gradients as they are.
    seed : int
        For cotangents and directions.
    """
    generator = np.random.default_rng(seed)
    for inner, arrays in _nested(graph, generator):
        with np.errstate(all="ignore"):
            values = interpret(inner, arrays)
        for eqn in inner.eqns:
            if eqn.out.dtype.kind != "f" or eqn.op.nested:
                continue
            cut = piece(eqn, values)
            for position in cut.live if cut.exact else ():
                fault = _fault(cut, position, generator)
                if fault is not None:
                    yield fault


def _nested(graph: Graph, generator: np.random.Generator) -> Iterator[tuple[Graph, list[np.ndarray]]]:
    pending, seen = [graph], set()
    while pending:
        for eqn in pending.pop().eqns:
            op: Any = eqn.op
            if not op.nested or id(op.call) in seen:
                continue
            seen.add(id(op.call))
            pending.append(op.graph)
            inner = widen(expand(op.graph), DOUBLE)
            known = getattr(op.call, "values", None) or (None,) * len(inner.inputs)
            yield inner, [
                generator.uniform(0.5, 1.5, var.shape).astype(var.dtype) if value is None else np.asarray(value, var.dtype)
                for var, value in zip(inner.inputs, known)
            ]


def _fault(cut: Piece, position: int, generator: np.random.Generator) -> Fault | None:
    """What is wrong with the derivative of one rule."""
    eqn = cut.eqn
    var: Any = cut.graph.eqns[0].inputs[position]
    ct, weight = generator.standard_normal(eqn.out.shape), generator.standard_normal(var.shape)
    try:
        by_rule = _of_rule(cut, var, ct, weight)
        by_meaning = _of_meaning(cut, position, ct, weight)
        for other in by_rule:
            index, pair = _first_wrong(by_rule[other], by_meaning, other)
            if index is not None:
                names = eqn.op.operands
                operand = names[position] if position < len(names) else f"operand {position}"
                told = (
                    f"second order: the cotangent of {operand} is right, but its derivative by {other.name}{list(index)} is "
                    f"{float(pair[0]):.10g} by the rule, {float(pair[1]):.10g} by the formula"
                )
                return Fault(type(eqn.op).__name__, operand, "numeric", index, eqn.location, told)
    except MISFITS:
        return None
    return None


def _of_rule(cut: Piece, var: Var, ct: Any, weight: Any) -> dict[Var, np.ndarray]:
    """The derivative of the weighted rule by each operand, as the engine makes it."""
    pulled = reverse(cut.graph, [var], sens=True)
    first = Graph(pulled.inputs, pulled.eqns, pulled.outputs[len(cut.graph.outputs) :])
    wrt = [one for one in first.inputs[: len(cut.graph.inputs)] if one.dtype.kind == "f"]
    if isinstance(first.outputs[0], Lit):
        return {one: np.zeros(one.shape) for one in wrt}
    again = reverse(first, wrt, sens=True)
    if witness.work(again) > EXACT_LIMIT:
        return {}
    values = interpret_exact(again, [*cut.arrays, numbers(ct), numbers(weight)], number)
    outputs = again.outputs[len(first.outputs) :]
    return {one: values[out] if isinstance(out, Var) else floats(out.value) for one, out in zip(wrt, outputs)}


def _of_meaning(cut: Piece, position: int, ct: Any, weight: Any) -> Any:
    """A function from an operand and a direction to the slopes of the weighted derivative of the meaning."""
    step = context().mpf(10) ** -20

    def value(other: Var, direction: np.ndarray, shift: Any) -> Any:
        known = dict(zip(cut.graph.inputs, cut.arrays))
        known[other] = np.asarray(known[other] + numbers(direction) * shift, object)
        plain = cut.operands()
        operands = [known[atom] if isinstance(atom, Var) else plain[n] for n, atom in enumerate(cut.graph.eqns[0].inputs)]
        return np.sum(local_adjoint(cut.eqn, position, operands, numbers(ct)) * numbers(weight))

    def slopes(other: Var, direction: np.ndarray) -> tuple[Any, Any]:
        here, ahead, behind = (value(other, direction, shift) for shift in (0, step, -step))
        return (here - behind) / step, (ahead - here) / step

    return slopes


def _first_wrong(by_rule: np.ndarray, slopes: Any, other: Var) -> tuple[tuple[int, ...] | None, tuple[Any, Any]]:
    """The first entry of ``other`` whose derivative differs, and the two values; an entry at a kink tells nothing."""
    direction = 1.0 + np.arange(int(np.prod(other.shape))).reshape(other.shape) % 5 / 4
    if not _differ(np.sum(by_rule * numbers(direction)), slopes(other, direction), by_rule):
        return None, (0, 0)
    for index in list(np.ndindex(other.shape))[:ENTRIES]:
        unit = np.zeros(other.shape)
        unit[index] = 1.0
        pair = slopes(other, unit)
        if _differ(by_rule[index], pair, by_rule):
            return index, (by_rule[index], sum(pair) / 2)
    return None, (0, 0)


def _differ(found: Any, pair: tuple[Any, Any], whole: np.ndarray) -> bool:
    left, right = pair
    if not all(np.isfinite(float(one)) for one in (found, left, right)):
        return False
    scale = max(1.0, abs(float(left)), abs(float(right)), float(np.sum(np.abs(floats(whole)))))
    if abs(float(right - left)) > 1e-9 * scale:
        return False
    return abs(float(found - (left + right) / 2)) > 1e-13 * scale
