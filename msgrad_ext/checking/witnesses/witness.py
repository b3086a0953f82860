"""The third witness: slopes of the forward program alone, in high precision. It uses no rule and no formula.

A central difference with step 1e-20 in fifty digits gives some thirty right digits; the one-sided slopes beside it tell
a kink. Programs too large for that are run in numpy's extended precision with a five-point difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...ir import Eqn, Graph, Var, literal
from ...numeric.interpreter import interpret, interpret_exact, widen
from ..effort.budget import Budget
from ..effort.progress import tell
from ..effort.work import scalars, traffic
from .digits import DIGITS, context, largest, number, numbers

# Runs of the program that a five-point difference and its error take.
_RUNS = 14


@dataclass(frozen=True)
class Slope:
    """The derivative of the weighted output along one direction.

    ``value`` is the central difference and ``error`` how far it may be off; ``left`` and ``right`` are the one-sided
    slopes, and ``kink`` is true when they differ; ``how`` says in what arithmetic.
    """

    value: Any
    left: Any
    right: Any
    error: float
    kink: bool
    how: str


def runs_exactly(graph: Graph, arrays: Sequence[Any]) -> bool:
    """True when every ``numpy`` voice of ``graph`` takes fifty-digit numbers; a function that numpy hands to C does not."""
    return exact_run(graph, arrays) is not None


def exact_run(graph: Graph, arrays: Sequence[Any]) -> dict[Var, np.ndarray] | None:
    """The value of every variable in fifty digits; None where a ``numpy`` voice does not take such numbers."""
    exact = [numbers(array) if var.dtype.kind == "f" else array for var, array in zip(graph.inputs, arrays)]
    try:
        return interpret_exact(graph, exact, number)
    except TypeError:
        return None


def slope(
    graph: Graph,
    arrays: Sequence[np.ndarray],
    direction: dict[Var, np.ndarray],
    weights: Sequence[np.ndarray],
    budget: Budget = Budget(),
) -> Slope | None:
    """The derivative of ``sum(weights * outputs)`` along ``direction``.

    Parameters
    ----------
    graph : Graph
        The forward program, nested gradients expanded.
    arrays : sequence of ndarray
        Its inputs.
    direction : dict of Var to ndarray
        How each input moves; inputs that are not in it stay.
    weights : sequence of ndarray
        One for each float output.

    Returns
    -------
    Slope or None
        None if the program is too large.
    """
    graph = frozen(graph, arrays)
    amount = scalars(graph)
    if amount <= budget.exact:
        # A voice that takes floats only raises TypeError here; the next witness takes floats.
        with suppress(TypeError):
            return _exact(graph, arrays, direction, weights)
    if amount <= budget.extended:
        return _extended(graph, arrays, direction, weights)
    # In floats a step must be so long that some activation of many would cross a kink; of smooth programs it tells all.
    if all(eqn.op.smooth for eqn in graph.eqns) and _RUNS * traffic(graph) <= budget.floats // 4:
        return _extended(graph, arrays, direction, weights, np.dtype(np.float64))
    return None


def frozen(graph: Graph, arrays: Sequence[np.ndarray]) -> Graph:
    """``graph`` with the operands that are constants by convention held at their values at ``arrays``."""
    if not any(eqn.op.constants for eqn in graph.eqns):
        return graph
    values = interpret(graph, arrays)
    eqns = []
    for eqn in graph.eqns:
        held = [name in eqn.op.constants for name in eqn.op.operands]
        if any(held):
            inputs = tuple(
                literal(values[atom]) if hold and isinstance(atom, Var) else atom
                for hold, atom in zip(held, eqn.inputs)
            )
            eqn = Eqn(eqn.op, inputs, eqn.out, eqn.location)
        eqns.append(eqn)
    return Graph(graph.inputs, tuple(eqns), graph.outputs, graph.guards)


def _float_outputs(graph: Graph) -> list[Any]:
    return [atom for atom in graph.outputs if atom.dtype.kind == "f"]


def _exact(graph: Graph, arrays: Sequence[Any], direction: dict[Var, np.ndarray], weights: Sequence[Any]) -> Slope:
    step = context().mpf(10) ** (-20) * _reach(array for var, array in zip(graph.inputs, arrays) if var in direction)
    start = {var: numbers(array) if var.dtype.kind == "f" else array for var, array in zip(graph.inputs, arrays)}
    moves = {var: numbers(array) for var, array in direction.items()}
    exact_weights = [numbers(weight) for weight in weights]
    sizes = [1e-300]

    def at(shift: Any) -> Any:
        inputs = [
            np.asarray(start[var] + moves[var] * shift, object) if var in moves else start[var] for var in graph.inputs
        ]
        tell("slopes")
        values = interpret_exact(graph, inputs, number)
        sizes.append(largest(values.values()))
        terms = [
            np.sum(weight * values[atom])
            for weight, atom in zip(exact_weights, _float_outputs(graph))
            if isinstance(atom, Var)
        ]
        return sum(terms, number(0))

    here, ahead, behind = at(0), at(step), at(-step)
    right, left = (ahead - here) / step, (here - behind) / step
    scale = max(abs(float(here)), abs(float(right)), abs(float(left)), 1e-300)
    # Where everything cancels, what is left is the rounding of the largest value, divided by the step.
    rounding = max(sizes) * 10.0 ** (3 - DIGITS) / float(step)
    gap = abs(float(right - left))
    kink = gap > 1e-9 * scale + rounding
    jump = abs(float(ahead - behind))
    if not kink and jump > 1e-9 * max(abs(float(ahead)), abs(float(behind))) + rounding * float(step):
        # A jump to both sides by the same amount: a step that is shorter still jumps as far.
        near = step / 1000
        kink = abs(float(at(near) - at(-near))) > 0.5 * jump
    elif kink:
        # Curvature makes the one-sided slopes differ in proportion to the step; a kink makes them differ at every step.
        near = step / 1000
        kink = abs(float((at(near) + at(-near) - 2 * here) / near)) > 0.5 * gap
    how = f"central difference in {DIGITS} digits"
    return Slope((ahead - behind) / (2 * step), left, right, 1e-19 * scale + rounding, kink, how)


def _reach(moved: Iterable[np.ndarray]) -> float:
    """How long a step may be, times 1e-20: at tiny data a step of ordinary length would see the curvature alone."""
    size = largest(moved)
    return size if 0 < size < 1e-6 else 1.0


def _along(
    graph: Graph, arrays: Sequence[Any], direction: dict[Var, np.ndarray], weights: Sequence[Any], kind: np.dtype
) -> Callable[[float], Any]:
    """The weighted output as a function of how far the inputs have moved, in floats of ``kind``."""
    wide = widen(graph, kind)
    moves = {var.name: array.astype(kind) for var, array in direction.items()}
    start = [array.astype(kind) if array.dtype.kind == "f" else array for array in arrays]
    outputs = [atom for atom in wide.outputs if atom.dtype.kind == "f"]
    pairs = [(weight.astype(kind), atom) for weight, atom in zip(weights, outputs) if isinstance(atom, Var)]

    def at(shift: float) -> Any:
        inputs = [
            array + moves[var.name] * kind.type(shift) if var.name in moves else array
            for var, array in zip(wide.inputs, start)
        ]
        tell("slopes")
        values = interpret(wide, inputs)
        return sum((np.sum(weight * values[atom]) for weight, atom in pairs), kind.type(0))

    return at


def _extended(
    graph: Graph, arrays: Sequence[Any], direction: dict[Var, np.ndarray], weights: Sequence[Any], wide: Any = None
) -> Slope:
    wide = np.dtype(np.longdouble) if wide is None else wide
    kind = wide.type
    at = _along(graph, arrays, direction, weights, wide)

    def estimate(step: float) -> Any:
        near, far = at(step) - at(-step), at(2 * step) - at(-2 * step)
        return (8 * near - far) / (12 * kind(step))

    step, here = 2.0**-12, at(0.0)
    fine, coarse = estimate(step), estimate(2 * step)
    coarse_voice = any(eqn.op.in_float64 for eqn in graph.eqns)
    # In float64 the sum of the outputs rounds with the largest of them, not with what is left when they cancel.
    size = abs(float(here)) if wide != np.float64 else sum(float(np.sum(np.abs(weight))) for weight in weights)
    rounding = float(np.finfo(float if coarse_voice else kind).eps) * max(abs(float(here)), size, 1.0)
    error = abs(float(fine - coarse)) + 10 * rounding / step

    def sides(shift: float) -> tuple[Any, Any]:
        return (here - at(-shift)) / kind(shift), (at(shift) - here) / kind(shift)

    # Curvature makes the one-sided slopes differ in proportion to the step; a kink makes them differ at every step.
    small = 2.0**-28
    (left, right), (left_half, right_half) = sides(small), sides(small / 2)
    gap, gap_half = abs(float(right - left)), abs(float(right_half - left_half))
    kink = gap_half > 0.75 * gap and gap_half > 1e3 * rounding / small
    how = "float64" if wide == np.float64 else "extended precision"
    return Slope(fine, left, right, error, bool(kink), f"five-point difference in {how}")
