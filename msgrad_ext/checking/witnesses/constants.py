"""Constants in rules that a float can not hold: ``0.5641895835477563`` for 1 / sqrt(pi) is right, to one rounding.

In fifty digits such a rule differs from its formula. Run again with its constants moved by one unit in the last place,
it tells how far rounding them explains a difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Atom, Eqn, Graph, Lit, Var
from ...numeric.interpreter import interpret, interpret_exact, widen
from ..culprit.rules import unbroadcast
from .digits import floats, number

_RUNS = 3
_FACTOR = 4
_MOVE = 2.0**-20
_BEYOND = 1e3


def explained(graph: Graph, start: int, arrays: Sequence[Any], first: Any, second: Any, output: int) -> bool:
    """True when rounded constants explain how output number ``output`` differs from what it should be.

    Parameters
    ----------
    graph : Graph
        The program; its constants from equation ``start`` on may have been rounded.
    arrays : sequence of ndarray
        Its inputs in fifty digits.
    first, second : ndarray
        What it gives, summed to an operand's shape where that was repeated, and what it should give.
    output : int
        The number of the output.
    """
    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape or not any(map(_rounded, _literals(graph, start))):
        return False
    gap = np.abs(floats(first - second))
    if _far(graph, start, arrays, float(gap.max(initial=0.0)), output):
        return False
    spread = np.zeros(gap.shape)
    generator = np.random.default_rng(0)
    for _ in range(_RUNS):
        moved = _moved(graph, start, generator)
        values: dict[Any, Any] = interpret_exact(moved, arrays, number)
        atom = moved.outputs[output]
        found = values[atom] if isinstance(atom, Var) else np.broadcast_to(atom.value, atom.shape)
        spread = np.maximum(spread, np.abs(floats(unbroadcast(found, gap.shape) - first)))
    return bool(np.all(gap <= _FACTOR * np.maximum(spread, 0.1 * spread.max(initial=0.0))))


def _far(graph: Graph, start: int, arrays: Sequence[Any], gap: float, output: int) -> bool:
    """True when a run in floats shows ``gap`` to be far beyond what rounded constants do; runs in fifty digits are dear."""
    wide = widen(graph, np.dtype(np.float64))
    generator = np.random.default_rng(0)

    def moved(atom: Atom) -> Atom:
        if not isinstance(atom, Lit) or atom.dtype.kind != "f":
            return atom
        return Lit(atom.value * (1 + _MOVE * generator.uniform(-1, 1, atom.shape)), None)

    eqns = [Eqn(eqn.op, tuple(map(moved, eqn.inputs)), eqn.out, eqn.location) for eqn in wide.eqns[start:]]
    other = Graph(wide.inputs, (*wide.eqns[:start], *eqns), wide.outputs, wide.guards)
    plain = [floats(array) if array.dtype == object else array for array in map(np.asarray, arrays)]
    atom = wide.outputs[output]
    if not isinstance(atom, Var):
        return False
    with np.errstate(all="ignore"):
        first, second = (interpret(one, plain)[atom] for one in (wide, other))
        spread = np.abs(first - second).sum() * max(map(_unit, _literals(graph, start))) / _MOVE
    # Sums over repeated axes only add to it; the rounding of the run itself makes the bound larger, not smaller.
    return bool(np.isfinite(spread) and gap > _BEYOND * spread)


def _unit(lit: Lit) -> float:
    return float(np.finfo(lit.dtype if lit.exact is None and lit.dtype.kind == "f" else np.float64).eps)


def _literals(graph: Graph, start: int) -> list[Lit]:
    return [atom for eqn in graph.eqns[start:] for atom in eqn.inputs if isinstance(atom, Lit)]


def _rounded(lit: Lit) -> bool:
    """True for numbers that use most of a float's digits, as the roundings of others do."""
    if lit.dtype.kind != "f" or not (lit.exact is None or isinstance(lit.exact, float)):
        return False
    values = np.asarray(lit.value if lit.exact is None else lit.exact)
    scaled = values.astype(np.float64) * 2.0**12
    return bool(np.any(np.isfinite(scaled) & (scaled != np.rint(scaled))))


def _moved(graph: Graph, start: int, generator: np.random.Generator) -> Graph:
    def moved(atom: Atom) -> Atom:
        if not isinstance(atom, Lit) or not _rounded(atom):
            return atom
        up = np.where(generator.integers(0, 2, atom.shape, dtype=np.int8) > 0, np.inf, -np.inf)
        if atom.exact is None:
            return Lit(np.nextafter(atom.value, up.astype(atom.dtype)), None)
        return Lit(atom.value, float(np.nextafter(np.float64(atom.exact), up)))

    eqns = [Eqn(eqn.op, tuple(map(moved, eqn.inputs)), eqn.out, eqn.location) for eqn in graph.eqns[start:]]
    return Graph(graph.inputs, (*graph.eqns[:start], *eqns), graph.outputs, graph.guards)
