"""The symbolic road as the check sees it: values, cotangents and gradients by variable, in floats or in fifty digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...formulas.evaluation import evaluate_lines, evaluate_local
from ...ir import Eqn, Graph, Lit, Var
from ...symbolic.lines import derive

_WEIGHT = "sens"


@dataclass(frozen=True, eq=False)
class Evaluated:
    """The formulas at one point: ``values`` and ``cotangents`` by variable, ``outputs`` and ``gradients`` in order."""

    values: dict[Var, Any]
    cotangents: dict[Var, Any]
    outputs: list[Any]
    gradients: list[Any]


class Reference:
    """The derivation of one program's gradients.

    Parameters
    ----------
    graph : Graph
        The forward program, with nested gradients as they are.
    wrt : sequence of Var
        Inputs of ``graph``.
    """

    def __init__(self, graph: Graph, wrt: Sequence[Var]) -> None:
        self.graph = graph
        self.wrt = tuple(wrt)
        weight = _WEIGHT
        # A parameter may bear any name, this one too.
        while any(var.name.startswith(weight) for var in graph.inputs):
            weight += "'"
        self.derivation = derive(graph, wrt, sens=weight)

    @property
    def notes(self) -> tuple[str, ...]:
        """Constants and assumptions that the derivation rests on."""
        return self.derivation.notes

    def evaluate(self, arrays: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> Evaluated:
        """The formulas at ``arrays``, with ``weights`` for the float outputs."""
        derivation = self.derivation
        given: dict[Any, Any] = dict(zip(self.graph.inputs, arrays))
        given.update({derivation.inputs[key]: weight for key, weight in zip(derivation.weights, weights)})
        found = evaluate_lines(derivation, given)
        values = {var: found[key] for var, key in derivation.keys.items() if isinstance(var, Var) and key in found}
        by_key = {key: cotangent for cotangent, key in derivation.cotangents.items()}
        cotangents = {var: found[by_key[key]] for var, key in derivation.keys.items() if by_key.get(key) in found}
        outputs = [
            values[atom] if isinstance(atom, Var) else atom.value
            for atom in self.graph.outputs
            if atom.dtype.kind == "f"
        ]
        return Evaluated(values, cotangents, outputs, [found[derivation.gradients[var]] for var in self.wrt])


def local_value(eqn: Eqn, operands: Sequence[np.ndarray]) -> np.ndarray:
    """What the op of ``eqn`` means at ``operands``."""
    return evaluate_local(eqn.op, operands, atoms=_atoms(eqn))


def local_adjoint(eqn: Eqn, position: int, operands: Sequence[np.ndarray], cotangent: np.ndarray) -> np.ndarray:
    """The derivative of the meaning by one operand, applied to ``cotangent``."""
    return evaluate_local(eqn.op, operands, position, cotangent, atoms=_atoms(eqn))


def _atoms(eqn: Eqn) -> tuple[Any, ...] | None:
    return eqn.inputs if any(isinstance(atom, Lit) for atom in eqn.inputs) else None
