"""One application, prepared for its check: the program in float64, its values, its weights, and both roads' derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..gradients.grad_operation import Application
from ..ir import Graph, Var
from ..numeric.interpreter import interpret, widen
from ..reversing.recorded import Record
from ..reversing.reverse import GradOf, customs, expand, has_custom, plain
from ..tracing.custom import Custom
from .culprit.steps import judged_graph
from .effort import work
from .effort.budget import Budget
from .effort.formula_work import gathered
from .witnesses.reference import Reference

DOUBLE = np.dtype(np.float64)


@dataclass(frozen=True, eq=False)
class Case:
    """One application, prepared: the program in float64, its inputs, and the weights of its outputs."""

    application: Application
    seed: int
    budget: Budget

    @cached_property
    def program(self) -> Graph:
        """What the network computes, with nested gradients as they are, and without derivatives that the user wrote."""
        return plain(self.application.program.graph)

    @cached_property
    def forward(self) -> Graph:
        """The forward program in float64, nested gradients expanded."""
        return widen(expand(self.program), DOUBLE)

    @cached_property
    def wrt(self) -> list[Var]:
        """The inputs of `forward` that gradients are taken by."""
        inputs = self.application.program.graph.inputs
        return [self.forward.inputs[inputs.index(var)] for var in self.application.wrt]

    @cached_property
    def arrays(self) -> list[np.ndarray]:
        """The inputs; floats in float64, without rounding."""
        given = zip(self.forward.inputs, self.application.program.values)
        return [np.asarray(array, DOUBLE) if var.dtype.kind == "f" else np.asarray(array) for var, array in given]

    @cached_property
    def values(self) -> dict[Var, np.ndarray]:
        """The value of every variable of `forward`."""
        return interpret(self.forward, self.arrays)

    @cached_property
    def outputs(self) -> list[Any]:
        """The outputs that a gradient flows from."""
        return [atom for atom in self.forward.outputs if atom.dtype.kind == "f"]

    @cached_property
    def weights(self) -> list[np.ndarray]:
        """The weights that the cell gave the outputs."""
        if self.application.sens is None:
            return [np.ones(atom.shape) for atom in self.outputs]
        return [np.asarray(weight, DOUBLE) for weight in self.application.sens]

    @cached_property
    def random_weights(self) -> list[np.ndarray]:
        """Random weights of both signs: with ones, an error whose rows sum to zero would not be seen."""
        generator = np.random.default_rng(self.seed)
        weights = [
            generator.uniform(0.5, 1.5, atom.shape) * generator.choice((-1, 1), atom.shape) for atom in self.outputs
        ]
        signs = {sign for weight in weights for sign in np.unique(np.sign(weight)).tolist()}
        entries = sum(weight.size for weight in weights)
        if len(signs) == 1 and entries > 1:
            weights[-1 if weights[-1].size else 0].reshape(-1)[-1:] *= -1
        elif entries == 1 and self.weights[0].size == 1 and self.weights[0].item() * weights[0].item() > 0:
            weights[0] = -weights[0]
        return weights

    @cached_property
    def record(self) -> Record:
        """The reverse pass that ran."""
        return self.application.record

    @cached_property
    def judged(self) -> Graph:
        """That pass in plain ops, with all that its record speaks of among the outputs."""
        return judged_graph(self.record)

    @cached_property
    def backward(self) -> Graph:
        """The reverse pass that ran in float64, with the weights as inputs."""
        outputs = self.judged.outputs[: len(self.record.graph.outputs)]
        return widen(Graph(self.judged.inputs, self.judged.eqns, outputs, self.judged.guards), DOUBLE)

    @cached_property
    def has_custom(self) -> bool:
        """True when some derivative was written by the user."""
        return has_custom(self.application.program.graph)

    @cached_property
    def customs(self) -> dict[str, Custom]:
        """The parts with a derivative that the user wrote, by what they are called."""
        return {call.name: call for call in customs(self.application.program.graph)}

    @cached_property
    def held_inside(self) -> list[str]:
        """Parts in nested gradients whose parameters are constants to the first derivative, and not to the second."""
        graph = self.application.program.graph
        inner = [call for eqn in graph.eqns if isinstance(eqn.op, GradOf) for call in customs(eqn.op.graph)]
        return list(dict.fromkeys(call.name for call in inner if call.held < len(call.graph.inputs)))

    @cached_property
    def gathered(self) -> int:
        """About how many operations the formulas take besides what the rules do."""
        return gathered(self.reference.derivation)

    @cached_property
    def effort(self) -> work.Effort | None:
        """How thoroughly the budget allows the check at full size; None if not at all."""
        return work.affordable(self.backward, self.gathered, self.budget.floats, self.budget.memory)

    @cached_property
    def reference(self) -> Reference:
        """The symbolic road."""
        return Reference(self.program, self.application.wrt)
