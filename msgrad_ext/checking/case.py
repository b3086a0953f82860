"""One application, prepared for its check: the program in float64, its values, its weights, and both roads' derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..custom import Custom
from ..grad_operation import Application
from ..ir import Graph, Var
from ..numeric.interpreter import interpret, widen
from ..reverse import GradOf, customs, expand, has_custom, lower, plain, reverse
from . import work
from .budget import Budget
from .formula_work import gathered
from .reference import Reference

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
        """Random weights: with ones, an error whose rows sum to zero would not be seen."""
        generator = np.random.default_rng(self.seed)
        return [
            generator.uniform(0.5, 1.5, atom.shape) * generator.choice((-1, 1), atom.shape) for atom in self.outputs
        ]

    @cached_property
    def backward(self) -> Graph:
        """The reverse pass in float64, with the weights as inputs; derivatives that the user wrote are as they were run."""
        graph, wrt = self.application.program.graph, self.application.wrt
        if self.has_custom:
            return widen(lower(reverse(graph, wrt, sens=True, values=self._example())), DOUBLE)
        return reverse(self.forward, self.wrt, sens=True)

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

    def _example(self) -> list[np.ndarray]:
        """The values of inputs and weights at which the application was computed."""
        pairs = zip(self.weights, self.outputs_as_computed)
        weights = [np.asarray(weight, atom.dtype) for weight, atom in pairs]
        return [*map(np.asarray, self.application.program.values), *weights]

    @property
    def outputs_as_computed(self) -> list[Any]:
        """The outputs that a gradient flows from, in the program's own dtypes."""
        return [atom for atom in self.application.program.graph.outputs if atom.dtype.kind == "f"]

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
