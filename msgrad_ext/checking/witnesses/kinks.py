"""Which ops stand at a kink, and what convention gave the derivative there."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import numpy as np

from ...ir import Graph, Var
from ..culprit.locate import piece
from ..culprit.statuses import kink_place
from . import witness
from .digits import floats


def conventions(graph: Graph, values: Mapping[Var, np.ndarray], seed: int) -> list[str]:
    """One sentence for each op of ``graph`` that is not differentiable at its operands' values."""
    generator = np.random.default_rng(seed)
    told = []
    for eqn in graph.eqns:
        if eqn.op.smooth or eqn.out.dtype.kind != "f":
            continue
        cut = piece(eqn, values)
        arrays = [floats(array) if array.dtype == object else array for array in cut.arrays]
        moving = [atom for atom in cut.graph.inputs if atom.dtype.kind == "f"]
        direction = {var: generator.standard_normal(var.shape) for var in moving}
        weight = generator.uniform(0.5, 1.5, eqn.out.shape)
        slope = witness.slope(cut.graph, arrays, direction, [weight]) if moving else None
        if slope is not None and slope.kink:
            place = f" in line {eqn.location.line}" if eqn.location else ""
            told.append(f"{type(eqn.op).__name__}{place}{kink_place(eqn, values)}: {_convention(type(eqn.op))}")
    return list(dict.fromkeys(told or _ties(graph, values)))


def _ties(graph: Graph, values: Mapping[Var, np.ndarray]) -> list[str]:
    """One sentence for each comparison of equals, which decides between pieces that meet there."""
    told = []
    for eqn in graph.eqns:
        if eqn.out.dtype.kind != "b" or len(eqn.inputs) != 2:
            continue
        first, second = (values[atom] if isinstance(atom, Var) else atom.value for atom in eqn.inputs)
        if first.dtype.kind == "f" and np.any(first == second):
            place = f" in line {eqn.location.line}" if eqn.location else ""
            told.append(f"{type(eqn.op).__name__}{place}: of two pieces that meet the chosen one gives the derivative.")
    return told


def _convention(op: type) -> str:
    """The Notes of an op's docstring, which say its convention."""
    text = inspect.getdoc(op) or ""
    return " ".join(text.partition("Notes\n-----\n")[2].split()) or "the convention is not documented."
