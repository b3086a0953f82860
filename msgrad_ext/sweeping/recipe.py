"""A traced network that is checked at many points: what one check needs, and nothing of the user's.

A `Recipe` holds a graph of this package's ops and the ways in which values are drawn. It is run wherever it was sent.
Where the values take another branch of the user's Python than the traced one did, there is no answer; whoever has the
network traces it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checking.check import check_application
from ..checking.effort.budget import Budget
from ..checking.failed import failed_result
from ..checking.result import CheckResult
from ..errors import EngineError, Location, VoiceError
from ..gradients.grad_operation import Application, Request, observed
from ..ir import Graph, Lit, Var
from ..numeric.interpreter import interpret
from ..numeric.plan import GuardFailed
from ..observing import handed
from ..reversing.reverse import lower
from ..tensor import Tensor
from ..tracing.trace import Program
from .points import Source, draw
from .row import Row, Setting, row_of


@dataclass(frozen=True, eq=False)
class Recipe:
    """One traced form of the network.

    Attributes
    ----------
    title : str
        The network's name.
    graph : Graph
        What it computes.
    arguments : tuple of str
        The graph's first inputs, by name.
    sources : tuple of Source
        How values are drawn: of the network's inputs and parameters, then of the output's weights.
    shapes : tuple of tuple of int
        Of what the sources give.
    places : tuple of int
        For each of the graph's inputs its source.
    wrt, names, kinds
        What gradients are taken by, as in `Application`.
    weighted : bool
        Whether the outputs have weights of their own, in the order of the last sources.
    budget : Budget
        Of each check.
    location : Location or None
        The user's line.
    """

    title: str
    graph: Graph
    arguments: tuple[str, ...]
    sources: tuple[Source, ...]
    shapes: tuple[tuple[int, ...], ...]
    places: tuple[int, ...]
    wrt: tuple[Var, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    weighted: bool
    budget: Budget
    location: Location | None

    def __call__(self, *args: Any) -> Any:
        """Refused: it stands for the network in what is told of a gradient, and is never run as one."""
        raise EngineError("A recipe is not the network itself.")

    def check(self, setting: Setting, given: Sequence[np.ndarray] | None = None) -> Row | None:
        """The check at one setting; None where the traced program does not hold.

        Parameters
        ----------
        setting : Setting
        given : sequence of ndarray, optional
            The values; otherwise they are drawn.
        """
        arrays = draw(self.sources, self.shapes, setting) if given is None else list(given)
        values = [arrays[place] for place in self.places]
        program = self._program(values)
        if program is None:
            return None
        weights = arrays[len(arrays) - self._weights :] if self.weighted else None
        request = Request.again(self, program, self.location)
        for var, name, kind in zip(self.wrt, self.names, self.kinds):
            request.ask(var, name, kind)
        try:
            result = result_of(request, weights, self.title, setting.seed, self.budget)[0]
        except GuardFailed:
            return None
        return row_of(setting, result)

    @property
    def _weights(self) -> int:
        return sum(atom.dtype.kind == "f" for atom in self.graph.outputs)

    def _program(self, values: list[np.ndarray]) -> Program | None:
        """The program at these values, if its guards hold and all is of the shapes that it was."""
        whole = lower(self.graph)
        try:
            known = interpret(whole, values)
        except VoiceError:
            return None

        def value(atom: Any) -> np.ndarray:
            return atom.value if isinstance(atom, Lit) else known[atom]

        if any(array.shape != var.shape for var, array in known.items()):
            return None
        if any(bool(value(guard.var)) != bool(guard.value) for guard in whole.guards):
            return None
        outputs = tuple(value(atom) for atom in whole.outputs)
        return Program(self.graph, self.arguments, (), None, tuple(values), outputs)


def result_of(
    request: Request, weights: Sequence[np.ndarray] | None, title: str, seed: int, budget: Budget
) -> tuple[CheckResult, Application | None]:
    """Compute the gradients of a request and check them."""
    tensors = None if weights is None else [Tensor._wrap(np.asarray(one)) for one in weights]
    try:
        with observed() as found:
            handed(lambda: tuple(request.run(tensors)))
    except VoiceError as error:
        return failed(request, title, error, seed), None
    application: Application = found[0]
    return check_application(application, title, seed, budget), application


def failed(request: Request, title: str, error: VoiceError, seed: int) -> CheckResult:
    """The result where an op gave what can not be right."""
    asked: dict[str, dict[str, Tensor]] = {"input": {}, "parameter": {}}
    for var, name, kind in zip(request.wrt, request.names, request.kinds):
        asked[kind][name] = Tensor._wrap(np.zeros(var.shape, var.dtype))
    return failed_result(title, error, seed, asked["input"], asked["parameter"])


__all__ = ["Recipe", "failed", "result_of"]
