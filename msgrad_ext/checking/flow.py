"""The sizes of values and cotangents along a network, for the picture of its gradient flow."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir import Var
from .case import Case
from .result import Flow
from .witnesses.digits import floats
from .witnesses.reference import Evaluated


def flow(case: Case, evaluated: Evaluated) -> tuple[Flow, ...]:
    """Size of each value and of its cotangent, for the picture of the network."""
    graph = case.program
    nodes = []
    arguments = len(case.application.program.arguments)
    for position, var in enumerate(graph.inputs):
        nodes.append(_node(evaluated, var, "input" if position < arguments else "parameter", None, (), None))
    for eqn in graph.eqns:
        operands = tuple(atom.name for atom in eqn.inputs if isinstance(atom, Var))
        kind = "output" if any(eqn.out is atom for atom in graph.outputs) else "value"
        nodes.append(_node(evaluated, eqn.out, kind, eqn.op.label.split("[")[0], operands, eqn.location))
    return tuple(nodes)


def _node(evaluated: Evaluated, var: Var, kind: str, op: str | None, operands: tuple[str, ...], location: Any) -> Flow:
    value = evaluated.values.get(var)
    cotangent = evaluated.cotangents.get(var)
    norm = np.nan if value is None else _rms(value)
    return Flow(var.name, kind, op, operands, var.shape, norm, None if cotangent is None else _rms(cotangent), location)


def _rms(array: Any) -> float:
    values = floats(np.asarray(array))
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
