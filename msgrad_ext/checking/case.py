"""One application, prepared for its check: the program in float64, its values, its weights, and both roads' derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..grad_operation import Application
from ..ir import Graph, Var
from ..numeric.interpreter import interpret, widen
from ..reverse import expand, reverse
from .budget import Budget
from .reference import Reference

DOUBLE = np.dtype(np.float64)


@dataclass(frozen=True, eq=False)
class Case:
    """One application, prepared: the program in float64, its inputs, and the weights of its outputs."""

    application: Application
    seed: int
    budget: Budget

    @cached_property
    def forward(self) -> Graph:
        """The forward program in float64, nested gradients expanded."""
        return widen(expand(self.application.program.graph), DOUBLE)

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
        """The reverse pass in float64, with the weights as inputs."""
        return reverse(self.forward, self.wrt, sens=True)

    @cached_property
    def reference(self) -> Reference:
        """The symbolic road."""
        return Reference(self.application.program.graph, self.application.wrt)
