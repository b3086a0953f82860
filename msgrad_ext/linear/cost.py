"""What a graph costs, counted: so that of two forms of one program the cheaper one is taken, the same in every run."""

from __future__ import annotations

import math

from ..ir import Eqn, Graph
from .contract import CALL, ELEMENT, MULTIPLY


def cost(graph: Graph) -> float:
    """About how many nanoseconds of numpy a call of ``graph`` takes."""
    return sum(map(_price, graph.eqns))


def _price(eqn: Eqn) -> float:
    size = math.prod(eqn.out.shape)
    if eqn.op.view:
        return CALL / 4
    name = type(eqn.op).__name__
    if name in ("MatMul", "BatchMatMul"):
        return CALL + MULTIPLY * size * eqn.inputs[0].shape[-1]
    if name == "Spread":
        return CALL * len(eqn.inputs) + ELEMENT * size
    return CALL + ELEMENT * sum(math.prod(atom.shape) for atom in (*eqn.inputs, eqn.out)) / 2
