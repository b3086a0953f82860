"""The network that a sweep is about: it draws values, traces the network at them, and checks what it gives.

The user's network is run, never changed: inputs are fresh tensors, and parameters have other values for the trace alone
(`tensor.parameter.lending`), so that several threads may do so at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..checking.effort.budget import Budget
from ..checking.result import CheckResult
from ..errors import ArgumentValueError, VoiceError
from ..gradients.grad_operation import Application, Request, observed
from ..ir import Var
from ..reversing.reverse import customs
from ..seeds import seeded
from ..tensor import Tensor
from ..tensor.parameter import Parameter, lending
from ..tracing.marking import is_input, mapped, mutable
from .points import Source, draw, source_of
from .recipe import Recipe, failed, result_of
from .row import Setting

# Values of the user's own: from a generator, a name and an example to an array.
Own = Callable[[np.random.Generator, str, np.ndarray], Any]


class Subject:
    """A network with the data of one application.

    Parameters
    ----------
    application : Application
        One gradient of it, as it was computed.
    title : str
    budget : Budget
        Of each check.
    own : callable, optional
        What draws the floats in the place of `points`.
    words : mapping, optional
        What the user declared of inputs and parameters, by name.
    """

    def __init__(
        self,
        application: Application,
        title: str,
        budget: Budget,
        own: Own | None = None,
        words: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.application, self.title, self.budget, self.own = application, title, budget, own
        program = application.program
        self.inputs = program.graph.inputs
        self.names = program.arguments
        declared = words or {}
        arrays = [np.asarray(value) for value in program.values]
        count = len(self.names)
        self.sources: list[Source] = [
            source_of(array, place >= count, declared.get(var.name, ()))
            for place, (var, array) in enumerate(zip(self.inputs, arrays))
        ]
        self.weights = [source_of(np.asarray(one), True) for one in application.sens or ()]

    @property
    def input_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes that the inputs had, by name."""
        return {name: source.shape for name, source in zip(self.names, self.sources)}

    def shapes(self, setting: Setting) -> list[tuple[int, ...]]:
        """The shapes of inputs and parameters at a setting."""
        shapes = [source.shape for source in self.sources]
        return [setting.shapes.get(name, shape) for name, shape in zip(self.names, shapes)] + shapes[len(self.names) :]

    def values(self, setting: Setting) -> list[np.ndarray]:
        """Values of inputs and parameters at a setting."""
        arrays = draw(self.sources, self.shapes(setting), setting)
        if self.own is None:
            return arrays
        return [
            self._own(var, array, np.random.default_rng([setting.seed, place])) if array.dtype.kind == "f" else array
            for place, (var, array) in enumerate(zip(self.inputs, arrays))
        ]

    def _own(self, var: Var, example: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        assert self.own is not None
        found = np.asarray(self.own(generator, var.name, example.copy()))
        if found.shape != example.shape:
            raise ArgumentValueError(
                f"For 'sweep', points must give an array of shape {example.shape} for {var.name}, not {found.shape}."
            )
        return found.astype(example.dtype)

    # Tracing ----------------------------------------------------------------------------------------------------------

    def request(self, setting: Setting, values: Sequence[np.ndarray]) -> Request:
        """The network traced at the values of a setting, and asked for the gradients that the application has.

        Raises
        ------
        MsgradError
            And whatever else the network raises there.
        """
        count = len(self.names)
        program, given = self.application.program, self.application.given
        following = iter(values[:count])
        args = [_renewed(one, following) for one in given[0]]
        kwargs = {name: _renewed(one, following) for name, one in given[1].items()}
        with lending(zip(program.captured, values[count:])), seeded(setting.seed):
            request = Request(self.application.function, args, kwargs, store=False)
        request.location = self.application.location
        for var, name, kind in zip(self.application.wrt, self.application.names, self.application.kinds):
            found = self._place(request, self.inputs.index(var))
            if found is not None:
                request.ask(found, name, kind)
        return request

    def _place(self, request: Request, place: int) -> Var | None:
        """The input number ``place`` of the application in another trace of the network."""
        count = len(self.names)
        if place < count:
            return request.program.graph.inputs[place]
        return request.program.capture_of(self.application.program.captured[place - count])

    def weights_for(self, request: Request, setting: Setting) -> list[np.ndarray] | None:
        """Weights of the outputs, if there were any; others than ones are drawn anew."""
        if self.application.sens is None:
            return None
        shapes = [atom.shape for atom in request.float_outputs()]
        return draw([*self.sources, *self.weights], [*self.shapes(setting), *shapes], setting)[len(self.sources) :]

    def check(
        self, setting: Setting, values: Sequence[np.ndarray]
    ) -> tuple[CheckResult, Application | None, Request | None]:
        """Trace the network at the values of a setting and check its gradients there."""
        try:
            request = self.request(setting, values)
        except VoiceError as error:
            return self._without_trace(error, setting), None, None
        weights = self.weights_for(request, setting)
        return *result_of(request, weights, self.title, setting.seed, self.budget), request

    def _without_trace(self, error: VoiceError, setting: Setting) -> CheckResult:
        application = self.application
        asked = Request.again(application.function, application.program, application.location)
        for var, name, kind in zip(application.wrt, application.names, application.kinds):
            asked.ask(var, name, kind)
        return failed(asked, self.title, error, setting.seed)

    # For others to run ------------------------------------------------------------------------------------------------

    def recipe(self, request: Request, setting: Setting) -> Recipe | None:
        """What is needed to check this trace at other values; None where a value left for the user's Python."""
        program = request.program
        places: list[int] = list(range(len(self.names)))
        known = [id(one) for one in self.application.program.captured]
        if any(id(one) not in known for one in program.captured) or not self._recorded(request, setting):
            return None
        places += [len(self.names) + known.index(id(one)) for one in program.captured]
        weights = self.weights if self.application.sens is not None else []
        shapes = [*self.shapes(setting), *(atom.shape for atom in request.float_outputs() if weights)]
        return Recipe(
            title=self.title,
            graph=program.graph,
            arguments=program.arguments,
            sources=(*self.sources, *weights),
            shapes=tuple(shapes),
            places=tuple(places),
            wrt=tuple(request.wrt),
            names=tuple(request.names),
            kinds=tuple(request.kinds),
            weighted=self.application.sens is not None,
            budget=self.budget,
            location=self.application.location,
        )

    def _recorded(self, request: Request, setting: Setting) -> bool:
        """True if the derivatives that the user wrote, if there are any, are known as graphs and hold at other values."""
        found = list(customs(request.program.graph))
        if any(one.recorded is None for one in found):
            weights = self.weights_for(request, setting)
            try:
                with observed():
                    request.run(None if weights is None else [Tensor._wrap(one) for one in weights])
            except VoiceError:
                # The check on a fresh trace tells of it.
                return False
        return not any(one.left for one in found)


def _renewed(argument: Any, following: Iterator[np.ndarray]) -> Any:
    """An argument with fresh tensors of the next values; hooks on them stay."""
    if not is_input(argument):
        return argument

    def fresh(name: str, tensor: Tensor) -> Tensor:
        result = Tensor._wrap(next(following))
        if "_hooks" in tensor.__dict__:
            result.__dict__["_hooks"] = tensor.__dict__["_hooks"]
        return result

    made = mapped(argument, "", fresh)
    return made if isinstance(made, Tensor) else mutable(made)


def parameter_lengths(application: Application) -> list[int]:
    """The lengths that the axes of parameters have."""
    held = [one for one in application.program.captured if isinstance(one, Parameter)]
    return sorted({n for one in held for n in one.shape if n > 1})


__all__ = ["Own", "Subject", "parameter_lengths"]
