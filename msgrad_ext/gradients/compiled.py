"""`compile_gradient`: a network's value and gradients as one compiled function, traced again when it must be.

A call is answered from a plan only if shapes, dtypes, further arguments, the branches that Python took, and everything
the trace took for constant are as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..collecting import collecting_later
from ..errors import (
    ArgumentError,
    ArgumentValueError,
    DtypeError,
    MsgradError,
    UnknownNameError,
    choices,
    user_location,
)
from ..ir import Graph, Var, literal
from ..keeping.dispatch import Answer, Answered, Form, Slot, arrays_answer
from ..keeping.standing import standing
from ..keeping.surroundings import Surroundings, mark
from ..numeric.plan import GuardFailed, Plan
from ..passes import optimise
from ..reversing.reverse import bind, reverse
from ..reversing.sens import check_sens
from ..tensor import Epoch, Parameter, Tensor, as_tensor
from ..tensor.parameter import lent
from ..tracing.marking import leaves
from ..tracing.trace import Program, fill, trace
from .taken_by import parameter_names

_KEPT = 8


@dataclass(frozen=True, eq=False)
class Version:
    """One traced and compiled form of the network; ``at_once`` tells how calls like the one it was made at are answered."""

    program: Program
    plan: Plan
    names: tuple[str, ...]
    epoch: int
    outer: Surroundings
    at_once: tuple[Answer, Any] | None


def quick(
    program: Program,
    plan: Plan,
    epoch: int,
    outer: Surroundings,
    given: Sequence[Any],
    result: Any,
    further: Sequence[Form] = (),
) -> tuple[Answer, Any] | None:
    """How calls like that of ``given`` are answered, and in what structure; None if each call needs a closer look.

    ``result`` is the structure of what is returned; ``further`` arguments come after the network's own.
    """
    single = all(isinstance(one, Tensor) or not leaves(one) for one in given)
    if program.assigned or not single or not all(type(one) is Parameter for one in program.captured):
        return None
    forms = tuple(
        Form(one.shape, one.numpy_dtype) if isinstance(one, Tensor) else Form(value=mark(one)) for one in given
    )
    places = outer.places()
    return Answer((*forms, *further), program.captured, len(program.arguments), plan, epoch, places, _BUSY), result


# Where parameters have other values a call is looked at closely.
_BUSY = (lambda: lent() or None,)


class CompiledGradient(Answered):
    """A network's value and gradients, compiled; call it like the network.

    Made by `msgrad_ext.compile`. A call takes ndarrays, tensors or numbers and returns ``(value, gradients)``: the
    network's output as ndarrays in its own structure, and a dict from name to ndarray. Parameters are read afresh at
    every call. Results are fresh arrays.
    """

    def __init__(
        self, function: Callable[..., Any], example: Sequence[Any], wrt: Sequence[str] | None, sens: Any, **passes: bool
    ) -> None:
        self.function = function
        self.passes = passes
        self.wrt = None if wrt is None else tuple([wrt] if isinstance(wrt, str) else wrt)
        self.sens = None if sens is None else tuple(map(as_tensor, sens if isinstance(sens, (tuple, list)) else [sens]))
        self._versions: tuple[Any, ...] = ()
        self._functions: WeakKeyDictionary[Any, Callable[..., Any]] = WeakKeyDictionary()
        self._trace(as_inputs(example))

    @property
    def plan(self) -> Plan:
        """The compiled version that was made last: its `fast_source`, `memory`, `counts` and `native` tell what runs."""
        return self._versions[0].plan  # type: ignore[no-any-return]

    @property
    def source(self) -> str:
        """The generated numpy source of the version that was made last."""
        return self.plan.source

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the gradients: inputs first, then parameters."""
        return self._versions[0].names  # type: ignore[no-any-return]

    @property
    def graph(self) -> Graph:
        """The simplified graph of value and gradients."""
        return self.plan.graph

    def __repr__(self) -> str:
        return f"CompiledGradient({type(self.function).__name__}, by {', '.join(self.names)})"

    def rests_on(self) -> tuple[Any, ...]:
        """The network."""
        return (self.function,)

    def _checked(self, *args: Any) -> Any:
        """The answer of the first version that fits, or of a new one."""
        given = as_inputs(args)
        arrays = [leaf._array() for one in given for leaf in leaves(one)]
        for version in self._versions:
            if self._fits(version, given, arrays):
                try:
                    return self._answer(version, arrays)
                except GuardFailed:
                    continue
        version = self._trace(given)
        answer = self._answer(version, arrays)
        version.program.store()
        return answer

    def _fits(self, version: Any, given: Sequence[Any], arrays: Sequence[np.ndarray]) -> bool:
        inputs = version.program.graph.inputs
        return (
            version.epoch == Epoch.count
            and not version.program.assigned
            and len(arrays) == len(version.program.arguments)
            and all(array.shape == var.shape and array.dtype == var.dtype for array, var in zip(arrays, inputs))
            and all(
                one.shape == var.shape and one.numpy_dtype == var.dtype
                for one, var in zip(version.program.captured, inputs[len(arrays) :])
            )
            and version.outer.unchanged(given)
        )

    def _answer(self, version: Any, arrays: Sequence[np.ndarray]) -> Any:
        results = version.plan(*arrays, *(one._array() for one in version.program.captured))
        return _result(version.program, version.names, results)

    @collecting_later
    def _trace(self, given: Sequence[Any]) -> Any:
        """A new version, for calls like that of ``given``."""
        epoch = Epoch.count
        program = trace(self.function, given, results=False)
        wrt = choose(self.function, program, self.wrt)
        weights = self._weights(program)
        values = [*program.values, *(one._array() for one in weights or ())]
        whole = reverse(program.graph, list(wrt.values()), weights is not None, values)
        if weights is not None:
            whole = bind(whole, [literal(one._array()) for one in weights])
        plan, outer = Plan(optimise(whole, **self.passes)), Surroundings(self.function, given, standing(self.function))
        result = _result(program, tuple(wrt), [Slot(number) for number in range(len(whole.outputs))])
        at_once = quick(program, plan, epoch, outer, given, result)
        return self._kept(Version(program, plan, tuple(wrt), epoch, outer, at_once))

    def _kept(self, version: Any) -> Any:
        """``version``, after it was put before those that may still answer."""
        self._versions = (version, *(one for one in self._versions if one.epoch == Epoch.count))[:_KEPT]
        if version.at_once is not None:
            self._functions[version] = arrays_answer(version.at_once[0], mark, version.at_once[1])
        self._answer_by([self._functions[one] for one in self._versions if one.at_once is not None])
        return version

    def _weights(self, program: Program) -> list[Tensor] | None:
        """The given weights of the outputs, after they have been found right."""
        if self.sens is None:
            return None
        return check_sens(self.sens if len(self.sens) > 1 else self.sens[0], program)


def compile_gradient(
    net: Callable[..., Any],
    *args: Any,
    wrt: Sequence[str] | None = None,
    sens: Any = None,
    recompute: bool = False,
    reassociate: bool = False,
) -> CompiledGradient:
    """Compile the value and the gradients of ``net``.

    Parameters
    ----------
    net : Cell or callable
        The network.
    *args
        Example inputs: tensors, ndarrays or numbers; they fix shapes and dtypes (others are traced when they come).
    wrt : sequence of str, optional
        Names of inputs and parameters; by default all float inputs and all trainable parameters.
    sens : Tensor or ndarray, optional
        Weights of the output, of its shape and dtype; ones by default.
    recompute : bool
        Keep only some of a long forward program, and compute the rest of it again on the way back: memory grows with
        the root of its length, for one more run forward.
    reassociate : bool
        Multiply out sums of squared differences of all pairs, ``|x|^2 - 2 x y^T + |y|^2``: several times faster, but
        digits cancel where two points are near.

    Returns
    -------
    CompiledGradient
        Call it with inputs; it returns ``(value, gradients)``.

    Raises
    ------
    MsgradError
        With the user's line, if the network can not be traced or a name in ``wrt`` is unknown.
    """
    try:
        return CompiledGradient(net, args, wrt, sens, recompute=recompute, reassociate=reassociate)
    except MsgradError as error:
        raise error.at(user_location())


def _result(program: Program, names: Sequence[str], results: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
    """Value and gradients."""
    count = len(program.graph.outputs)
    return fill(program.structure, results[:count]), dict(zip(names, results[count:]))


def native(value: Any) -> np.ndarray:
    """``value`` in this machine's byte order, without a copy where it is so already."""
    array = np.asarray(value)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def as_inputs(args: Sequence[Any]) -> list[Any]:
    """Arrays as tensors; anything else as it is."""
    return [Tensor._wrap(native(one)) if isinstance(one, (np.ndarray, np.generic)) else one for one in args]


def choose(function: Callable[..., Any], program: Program, wrt: Sequence[str] | None) -> dict[str, Var]:
    """The inputs to differentiate by, by name: inputs first, then parameters.

    Raises
    ------
    UnknownNameError
        If ``wrt`` names something that the network does not have.
    DtypeError
        If it names something that is not float.
    """
    inputs = dict(zip(program.arguments, program.graph.inputs))
    parameters: dict[str, tuple[Var, bool]] = {}
    captured = zip(program.graph.inputs[len(inputs) :], program.captured)
    held = [(var, tensor) for var, tensor in captured if isinstance(tensor, Parameter)]
    for name, (var, tensor) in zip(parameter_names(function, (tensor for _, tensor in held)), held):
        # One name is one thing: where two would share it, the second goes by its name in the graph.
        parameters[var.name if name in inputs or name in parameters else name] = (var, tensor.requires_grad)
    known = {**inputs, **{name: var for name, (var, _) in parameters.items()}}
    if wrt is None:
        trainable = _in_order(function, {name: var for name, (var, trained) in parameters.items() if trained})
        return {name: var for name, var in {**inputs, **trainable}.items() if var.dtype.kind == "f"}
    if not isinstance(wrt, (list, tuple, set, frozenset)) or not all(isinstance(name, str) for name in wrt):
        raise ArgumentError(f"wrt must be names of inputs and parameters, but got {wrt!r}.")
    for name in wrt:
        if name not in known:
            raise UnknownNameError(f"There is no input or parameter '{name}'. {choices(name, list(known))}")
        if known[name].dtype.kind != "f":
            raise DtypeError(
                f"'{name}' is {known[name].dtype}; a gradient by it has no meaning. Make it a float tensor."
            )
    if not wrt:
        raise ArgumentValueError("wrt must name at least one input or parameter.")
    return {name: known[name] for name in wrt}


def _in_order(function: Callable[..., Any], parameters: dict[str, Var]) -> dict[str, Var]:
    """``parameters`` in the order in which the network lists them, not in which it happens to use them."""
    listed = list(getattr(function, "named_parameters", dict)())
    names = [name for name in listed if name in parameters] + [name for name in parameters if name not in listed]
    return {name: parameters[name] for name in names}
