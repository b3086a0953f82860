"""`Evaluation`: a network and its gradients at other values, by compiled plans.

Comes in: an application of a gradient, and values by the names that it goes by in reports. The live panel moves on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .ir import Var
from .numeric.plan import Plan
from .passes.simplify import simplify

if TYPE_CHECKING:
    from .gradients.grad_operation import Application


class Evaluation:
    """What an application computes, at other values; inputs that are not given stay as they were.

    Raises
    ------
    GuardFailed
        By its methods, if Python control flow on these values would go another way than the traced one.
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        self._names = dict(zip(application.wrt, application.names))

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """The float inputs and parameters, with the values they had."""
        program = self.application.program
        pairs = zip(program.graph.inputs, program.values)
        return {self._name(var): np.asarray(value) for var, value in pairs if var.dtype.kind == "f"}

    def output(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """The network's first output."""
        return self._forward(*self._arrays(values))[0]

    def gradients(self, values: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...]:
        """The gradients, in the application's order."""
        return self.application.plan(*self._arrays(values), *(self.application.sens or ()))

    @cached_property
    def _forward(self) -> Plan:
        return Plan(simplify(self.application.program.graph))

    def _name(self, var: Var) -> str:
        return self._names.get(var, var.name)

    def _arrays(self, values: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        program = self.application.program
        return [
            np.asarray(values.get(self._name(var), value), var.dtype)
            for var, value in zip(program.graph.inputs, program.values)
        ]
