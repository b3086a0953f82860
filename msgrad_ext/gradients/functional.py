"""MindSpore's functional interface to gradients: ``grad``, ``value_and_grad``, ``get_grad`` and ``vjp``.

Each is the reverse pass in another wrapping; no derivative is computed here. The function is run once, and its value is
that of the same run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import ArgumentError, ArgumentValueError, MissingGradientError, PositionError, choices, user_location
from ..ir import Graph
from ..keeping.attempt import Attempt, gradient_function
from ..registry import fn as ops
from ..reversing.reverse import has_custom
from ..reversing.sens import check_sens
from ..tensor import Parameter, Tensor
from ..tracing.marking import leaves
from ..tracing.trace import Leaf, Program, fill
from .grad_operation import Request
from .taken_by import check_weights, listed_weights, parameter_names

Positions = int | tuple[int, ...] | None


def grad(
    fn: Callable[..., Any],
    grad_position: Positions = 0,
    weights: Any = None,
    has_aux: bool = False,
    return_ids: bool = False,
    sens_param: bool = False,
) -> Callable[..., Any]:
    """The function that gives the gradient of ``fn``, as `mindspore.grad`.

    Parameters
    ----------
    fn : callable
        A `Cell` or a function of tensors.
    grad_position : int, tuple of int or None
        Which inputs to differentiate by.
    weights : Parameter, ParameterTuple, list or tuple, optional
        Which parameters to differentiate by, as they are listed now.
    has_aux : bool
        ``fn`` returns further values after the first one, which are handed through.
    return_ids : bool
        Each gradient comes as a pair of its position or parameter name and itself; see `get_grad`.
    sens_param : bool
        The last argument weights the output.

    Returns
    -------
    callable
        Of the same arguments; a tensor, or a tuple for several positions; with weights ``(inputs, weights)``; with
        ``has_aux`` a pair with the further values.
    """

    return _function(fn, Asked(grad_position, has_aux, return_ids, sens_param, False), weights)


def value_and_grad(
    fn: Callable[..., Any],
    grad_position: Positions = 0,
    weights: Any = None,
    has_aux: bool = False,
    return_ids: bool = False,
    sens_param: bool = False,
) -> Callable[..., Any]:
    """The function that gives the value and the gradient of ``fn``, as `mindspore.value_and_grad`; see `grad`."""
    return _function(fn, Asked(grad_position, has_aux, return_ids, sens_param, True), weights)


@dataclass(frozen=True)
class Asked:
    """How `grad` and `value_and_grad` are asked; ``valued`` if the value is wanted too."""

    grad_position: Any
    has_aux: Any
    return_ids: Any
    sens_param: Any
    valued: bool


def _function(fn: Callable[..., Any], asked: Asked, weights: Any) -> Callable[..., Any]:
    """The gradient function of ``fn``."""

    def make(held: Any) -> Taken:
        check_function("grad", fn)
        if asked.grad_position is None and weights is None:
            raise ArgumentValueError("For 'grad', `grad_position` and `weights` can not both be None.", user_location())
        positions = checked_positions(asked.grad_position)
        check_weights(weights)
        for name in ("has_aux", "return_ids", "sens_param"):
            flag = getattr(asked, name)
            if not isinstance(flag, bool):
                raise ArgumentError(
                    f"For 'grad', the '{name}' should be bool, but got {type(flag).__name__}.", user_location()
                )
        return Taken(fn, positions, held, asked)

    return gradient_function(fn, repr(asked), weights, make)


@dataclass(frozen=True, eq=False)
class Taken:
    """What `grad` was asked for."""

    fn: Callable[..., Any]
    positions: tuple[int, ...] | None
    weights: Any
    asked: Asked

    def taken(self, args: tuple[Any, ...], kwargs: dict[str, Any], trying: Attempt | None) -> Any:
        """The result of a call: the function is traced."""
        sens = None
        if self.asked.sens_param:
            args, sens = _split_last(args)
        wanted = self.asked.valued or self.asked.has_aux
        request, value = run_once("grad", self.fn, args, kwargs, self.asked.has_aux, wanted)
        numbers = {one: tensor_number((*args, *kwargs.values()), one) for one in self.positions or ()}
        places = {one: request.by_input(number) for one, number in numbers.items() if number is not None}
        listed = listed_weights(self.weights)
        found = [request.by_parameter(*one) for one in zip(listed, parameter_names(self.fn, listed))]
        given = check_sens(sens, request.program) if self.asked.sens_param else None
        results = request.run(given) if request.wrt else []
        if trying is not None:
            self._keep(trying, request, given, places, found, value.__self__.program)  # type: ignore[attr-defined]
        return self._chosen(value() if wanted else None, self._gradients(results, places, found, ops.zeros_like))

    def _chosen(self, value: Any, gradients: Any) -> Any:
        if self.asked.valued:
            return value, gradients
        return (gradients, value[1:]) if self.asked.has_aux else gradients

    def _gradients(
        self,
        results: Sequence[Any],
        places: dict[int, int],
        found: list[int | None],
        zeros: Callable[[Parameter], Any],
    ) -> Any:
        listed, ids = listed_weights(self.weights), self.asked.return_ids
        by_weight: list[Any] = [zeros(one) if at is None else results[at] for one, at in zip(listed, found)]
        by_input: list[Any] = [(one, results[at]) if ids else results[at] for one, at in places.items()]
        if ids:
            by_weight = [(one.name, gradient) for one, gradient in zip(listed, by_weight)]
        return _arranged(by_input, by_weight, self.positions, self.weights)

    def _keep(
        self,
        trying: Attempt,
        request: Request,
        given: Sequence[Tensor] | None,
        places: dict[int, int],
        found: list[int | None],
        whole: Program,
    ) -> None:
        """Keep the trace for later calls, if it may be; ``whole`` has all values that the function returned."""
        wanted = self.asked.valued or self.asked.has_aux
        outputs = whole.graph.outputs if wanted else ()

        def build(results: Sequence[Any], zeros: Callable[[Parameter], Any]) -> Any:
            value = fill(whole.structure, results[: len(outputs)]) if wanted else None
            return self._chosen(value, self._gradients(results[len(outputs) :], places, found, zeros))

        trying.keep(request, given, build, (tuple(places.items()), found), outputs, whole)


def run_once(
    name: str, fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], has_aux: bool, results: bool = True
) -> tuple[Request, Callable[[], Any]]:
    """Trace ``fn``: a gradient to take of its value, or with ``has_aux`` of the first one, and its value if ``results``.

    Raises
    ------
    ArgumentValueError
        If there is one value only, though ``has_aux``.
    """
    request = Request(fn, args, kwargs, results=results)
    if not has_aux:
        return request, request.value
    whole = Request.of(request)
    program = request.program
    structure = program.structure
    if not (isinstance(structure, tuple) and len(structure) > 1):
        raise ArgumentValueError(f"For '{name}', has_aux=True needs a function with several outputs.", user_location())
    count = _leaves(structure[0])
    graph = Graph(program.graph.inputs, program.graph.eqns, program.graph.outputs[:count], program.graph.guards)
    request.program = replace(program, graph=graph, structure=structure[0], result=program.result[:count])
    return request, whole.value


def _leaves(structure: Any) -> int:
    """The number of tensors in a structure of results."""
    if isinstance(structure, Leaf):
        return int(structure.index is not None)
    return sum(map(_leaves, structure.values() if isinstance(structure, dict) else structure))


def _split_last(args: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
    if not args:
        raise ArgumentError("For 'grad', sens_param=True needs the weights as the last argument.", user_location())
    return args[:-1], args[-1]


def _arranged(by_input: list[Any], by_weight: list[Any], positions: tuple[int, ...] | None, weights: Any) -> Any:
    inputs = by_input[0] if len(by_input) == 1 else tuple(by_input)
    if weights is None:
        return inputs
    parameters = by_weight[0] if isinstance(weights, Parameter) else tuple(by_weight)
    return parameters if positions is None else (inputs, parameters)


def check_function(name: str, fn: Any) -> None:
    """Refuse what can not be called."""
    if not callable(fn):
        raise ArgumentError(
            f"For '{name}', the 'fn' should be a function or a Cell, but got {type(fn).__name__}.", user_location()
        )


def checked_positions(given: Any) -> tuple[int, ...] | None:
    """Input positions as a tuple, after they have been found right; None stays None.

    Raises
    ------
    ArgumentError, ArgumentValueError, PositionError
        If they are no ints, not different, negative, or none at all.
    """
    if given is None:
        return None
    positions = given if isinstance(given, tuple) else (given,)
    if any(isinstance(one, bool) or not isinstance(one, int) for one in positions):
        raise ArgumentError(
            f"For 'grad', grad_position must be an int or a tuple of ints, but got {given!r}.", user_location()
        )
    if not positions:
        raise PositionError("For 'grad', grad_position must name at least one input.", user_location())
    if any(one < 0 for one in positions) or len(set(positions)) != len(positions):
        raise ArgumentValueError(
            f"For 'grad', grad_position must hold different positions, none negative, but got {given!r}.",
            user_location(),
        )
    return positions


def tensor_number(args: Sequence[Any], position: int) -> int | None:
    """Which of the tensors among ``args`` stands at ``position``; None if what stands there is no tensor."""
    if position >= len(args):
        raise PositionError(
            f"For 'grad', grad_position must be less than the {len(args)} inputs given, but got {position}.",
            user_location(),
        )
    if not isinstance(args[position], Tensor):
        return None
    return sum(len(leaves(one)) for one in args[:position])


def get_grad(gradients: Any, identifier: int | Parameter) -> Any:
    """One gradient out of what ``grad(..., return_ids=True)`` gave: by input position, or by parameter.

    Raises
    ------
    ArgumentError
        If the identifier is neither.
    MissingGradientError
        If there is none for ``identifier``.
    """
    if isinstance(identifier, bool) or not isinstance(identifier, (int, Parameter)):
        raise ArgumentError(
            f"For 'get_grad', the identifier must be an int or a Parameter, but got {identifier!r}.", user_location()
        )
    wanted = identifier.name if isinstance(identifier, Parameter) else identifier
    pairs = _pairs(gradients)
    for key, gradient in pairs:
        if type(key) is type(wanted) and key == wanted:
            return gradient
    if not pairs:
        told = "For 'get_grad', the gradients have no ids; take them with return_ids=True."
        raise MissingGradientError(told, user_location())
    known = [str(key) for key, _ in pairs]
    raise MissingGradientError(f"There is no gradient for {wanted!r}. {choices(str(wanted), known)}", user_location())


def _pairs(found: Any) -> list[tuple[Any, Any]]:
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], (int, str)):
        return [found]
    return [pair for one in found for pair in _pairs(one)] if isinstance(found, tuple) else []


def vjp(fn: Callable[..., Any], *inputs: Any, weights: Any = None, has_aux: bool = False) -> tuple[Any, ...]:
    """The value of ``fn`` and the function that pulls a cotangent of it back, as `mindspore.vjp`.

    Parameters
    ----------
    fn : callable
        A `Cell` or a function of tensors.
    *inputs
        Its arguments.
    weights : Parameter, ParameterTuple, list or tuple, optional
        Parameters to pull back to besides.
    has_aux : bool
        ``fn`` returns further values after the first one; they come as a third result.

    Returns
    -------
    tuple
        The value, and a function of a cotangent for each output that gives a tuple with one for each input; with
        weights a pair of that and the weights' part.
    """
    check_function("vjp", fn)
    check_weights(weights)
    pull = Pull(fn, inputs, weights, has_aux, "vjp")
    value = pull.value()

    def back(*cotangents: Any) -> Any:
        by_input, by_weight = pull(cotangents[0] if len(cotangents) == 1 else tuple(cotangents))
        if weights is None:
            return tuple(by_input)
        return tuple(by_input), by_weight[0] if isinstance(weights, Parameter) else tuple(by_weight)

    if not has_aux:
        return value, back
    return value[0], back, value[1] if len(value) == 2 else value[1:]


class Pull:
    """A function at fixed arguments, from cotangents of its outputs to those of its inputs and of ``weights``.

    It is traced once, unless a derivative of the user's is in it, which runs for each cotangent anew.
    """

    def __init__(self, fn: Callable[..., Any], args: Sequence[Any], weights: Any, has_aux: bool, name: str) -> None:
        self.fn = fn
        self.args = tuple(args)
        self.weights = listed_weights(weights)
        self.has_aux = has_aux
        self.name = name
        self.fresh = True
        self._trace()

    def _trace(self) -> None:
        self.request, self.value = run_once(self.name, self.fn, self.args, {}, self.has_aux)
        for position in range(len(self.request.program.arguments)):
            self.request.by_input(position)
        names = parameter_names(self.fn, self.weights)
        self.places = [self.request.by_parameter(one, name) for one, name in zip(self.weights, names)]

    @property
    def outputs(self) -> tuple[Any, ...]:
        """The outputs of the traced graph."""
        return self.request.program.graph.outputs

    def __call__(self, cotangents: Any) -> tuple[list[Tensor], list[Tensor]]:
        """The cotangents of the inputs and of the weights."""
        if not self.fresh and has_custom(self.request.program.graph):
            self._trace()
        self.fresh = False
        results = self.request.run(check_sens(cotangents, self.request.program)) if self.request.wrt else []
        pairs = zip(self.weights, self.places)
        by_weight = [ops.zeros_like(one) if place is None else results[place] for one, place in pairs]
        return results[: len(self.request.program.arguments)], by_weight


__all__ = ["Asked", "Pull", "Taken", "get_grad", "grad", "value_and_grad", "vjp"]
