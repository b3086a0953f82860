"""`GradOperation` and its like: MindSpore's interface to the reverse pass.

A network and its arguments are traced, differentiated and compiled, and the gradients come back in MindSpore's
structure. Inside another network the gradient becomes one op of the outer graph. Each gradient computed at the top
level is told to whoever observes, which is how a cell's gradients get checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..dtype import from_numpy
from ..errors import ArgumentError, DtypeError, Location, MsgradError, choices, user_location
from ..ir import Atom, Lit, Var
from ..keeping.again import plan_again
from ..keeping.attempt import Attempt, gradient_function
from ..now import Epoch
from ..numeric.plan import Plan
from ..observing import Applications, Compiled, gradient_plan, observer, reusing_plans
from ..registry import recorder
from ..reversing.recorded import Record
from ..reversing.reverse import GradOf, Nested, reverse_pass
from ..reversing.sens import check_sens
from ..tensor import Parameter, Tensor
from ..tracing.marking import is_input, leaves, mapped
from ..tracing.trace import Program, Trace, Traced, fill, replay, trace
from .taken_by import check_weights, listed_weights, parameter_names


@dataclass(frozen=True, eq=False)
class Application:
    """One gradient that was computed: what was differentiated, where, by what, and what came out.

    Attributes
    ----------
    function : callable
        The network.
    program : Program
        Its trace at the arguments.
    wrt : tuple of Var
        The inputs of the program's graph that were asked for.
    names, kinds : tuple of str
        A name for each of ``wrt``, and ``"input"`` or ``"parameter"``.
    sens : tuple of ndarray or None
        The weights of the float outputs; None for ones.
    gradients : tuple of ndarray
        What came out.
    plan : Plan
        The compiled gradient; its outputs are ``gradients``.
    record : Record
        The reverse pass that the plan was made of.
    location : Location or None
        The user's line that asked for it.
    returned : list of ndarray
        What the caller was handed back, once it was: the gradients are among it, in their order.
    given : tuple
        The arguments of the network, by position and by keyword.
    """

    function: Callable[..., Any]
    program: Program
    wrt: tuple[Var, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    sens: tuple[np.ndarray, ...] | None
    gradients: tuple[np.ndarray, ...]
    plan: Plan
    record: Record
    location: Location | None
    returned: list[np.ndarray] = field(default_factory=list)
    given: tuple[Sequence[Any], dict[str, Any]] = ((), {})


@contextmanager
def observed() -> Iterator[Applications]:
    """Collect the gradients that are computed at the top level meanwhile; of very many at one place, some."""
    found = Applications()
    with Epoch.busy(), reusing_plans():
        token = observer.set(found)
        try:
            yield found
        finally:
            observer.reset(token)


class Request:
    """A gradient to take: of which function, at which arguments, by which inputs and parameters.

    ``results`` says whether the function's own value is wanted too; an observer always wants it.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        store: bool = True,
        results: bool = True,
    ) -> None:
        self.function = function
        self.location = user_location()
        try:
            self.program = trace(function, args, kwargs, results or observer.get() is not None)
            _refuse_complex(self.program)
        except MsgradError as error:
            raise error.at(self.location)
        if store:
            self.program.store()
        self.given = (tuple(args), dict(kwargs))
        self.tensors = [leaf for one in (*args, *kwargs.values()) for leaf in leaves(one)]
        self.wrt: list[Var] = []
        self.names: list[str] = []
        self.kinds: list[str] = []
        self.plans: dict[Any, Compiled] = {}

    @classmethod
    def again(cls, function: Callable[..., Any], program: Program, location: Location | None) -> Request:
        """A request on a program that is known already; it is no part of a network around it."""
        request = object.__new__(cls)
        request.function, request.program, request.location = function, program, location
        request.given, request.tensors = ((), {}), []
        request.wrt, request.names, request.kinds, request.plans = [], [], [], {}
        return request

    @classmethod
    def of(cls, other: Request) -> Request:
        """The same request again, to be changed apart from ``other``."""
        copy = object.__new__(cls)
        copy.__dict__.update(other.__dict__)
        return copy

    def by_input(self, position: int) -> int:
        """Ask for the gradient by the tensor argument number ``position``; returns its place in the results."""
        return self.ask(self.program.graph.inputs[position], self.program.arguments[position], "input")

    def by_parameter(self, parameter: Parameter, name: str) -> int | None:
        """Ask for the gradient by ``parameter``; None if the function does not read it."""
        var = self.program.capture_of(parameter)
        return None if var is None else self.ask(var, name, "parameter")

    def ask(self, var: Var, name: str, kind: str) -> int:
        """Ask for the gradient by ``var``, an input of the graph, under ``name``; returns its place in the results."""
        if var not in self.wrt:
            self.wrt.append(var)
            self.names.append(var.name if name in self.names else name)
            self.kinds.append(kind)
        return self.wrt.index(var)

    def float_outputs(self) -> list[Atom]:
        """The outputs that a gradient flows from."""
        return [atom for atom in self.program.graph.outputs if atom.dtype.kind == "f"]

    def run(self, sens: Sequence[Tensor] | None = None) -> list[Tensor]:
        """The gradients, in the order in which they were asked for; ``sens`` weights the float outputs."""
        try:
            outer = recorder.get()
            if outer is not None:
                return self._record(outer, sens)  # type: ignore[arg-type]
            return self._compute(sens)
        except MsgradError as error:
            raise error.at(self.location)

    def _compute(self, sens: Sequence[Tensor] | None) -> list[Tensor]:
        weights = None if sens is None else tuple(one._array() for one in sens)
        # A gradient by integers is truncated to integers: it is computed apart from those that are checked.
        groups = [[var for var in self.wrt if (var.dtype.kind == "f") is floats] for floats in (True, False)]
        results: dict[Var, np.ndarray] = {}
        for group in filter(None, groups):
            plan = self.plan_for(group, weights)
            values = plan(*(value for value in self.program.values if value is not None), *(weights or ()))
            if not results and observer.get() is not None:
                self._tell(group, weights, values, self.compiled_for(group, weights))
            results.update(zip(group, values))
        return [Tensor._wrap(results[var]) for var in self.wrt]

    def plan_for(self, wrt: Sequence[Var], weights: Sequence[np.ndarray] | None) -> Plan:
        """The plan of some of the gradients; where nobody looks, it may be that of a trace before."""
        if observer.get() is not None or (tuple(wrt), weights is not None) in self.plans:
            return self.compiled_for(wrt, weights).plan
        return plan_again(self.program.graph, wrt, weights is not None, lambda: self.compiled_for(wrt, weights).plan)

    def _tell(self, wrt: Sequence[Var], weights: Any, results: Sequence[np.ndarray], made: Compiled) -> None:
        """Tell the observer, if there is one, of the gradients that were computed."""
        found = observer.get()
        if found is None:
            return
        places = [self.wrt.index(var) for var in wrt]
        names, kinds = (tuple(texts[place] for place in places) for texts in (self.names, self.kinds))
        copies = tuple(np.array(result) for result in results)
        told = (tuple(wrt), names, kinds, weights, copies, made.plan, made.record, self.location)
        found.append(Application(self.function, self.program, *told, given=self.given))

    def compiled_for(self, wrt: Sequence[Var], weights: Sequence[np.ndarray] | None) -> Compiled:
        """The compiled gradients; those of a Jacobian's rows are one plan with different weights."""
        key = (tuple(wrt), weights is not None)
        if key not in self.plans:
            values = (*self.program.values, *(weights or ()))
            self.plans[key] = gradient_plan(self.program.graph, wrt, weights is not None, values)
        return self.plans[key]

    def record_for(self, wrt: Sequence[Var], weights: Sequence[np.ndarray] | None) -> Record:
        """The reverse pass of the gradients, compiled or not."""
        made = self.plans.get((tuple(wrt), weights is not None))
        if made is not None:
            return made.record
        return reverse_pass(self.program.graph, wrt, weights is not None, (*self.program.values, *(weights or ())))

    def value(self) -> Any:
        """What the function returned, in its structure; inside another network it is part of that one's graph."""
        if recorder.get() is None:
            results: Sequence[Any] = [Tensor._wrap(np.asarray(one)) for one in self.program.result]
        else:
            found = replay(self.program.graph, (*self.tensors, *self.program.captured))
            results = [Tensor._wrap(one.value) if isinstance(one, Lit) else one for one in found]
        return fill(self.program.structure, results)

    def _record(self, outer: Trace, sens: Sequence[Tensor] | None) -> list[Tensor]:
        """Make each gradient an equation of the surrounding trace."""
        operands = [outer.stand_in(one) for one in (*self.tensors, *self.program.captured, *(sens or ()))]
        if not any(isinstance(one, Traced) for one in operands):
            return self._compute(sens)
        atoms = [outer.atom(one) for one in operands]
        values = [one.value if isinstance(one, Lit) else one._value for one in operands]
        call = Nested(self.program.graph, tuple(self.wrt), sens is not None, tuple(values))
        return [outer.record(GradOf(call, index), atoms, values) for index in range(len(self.wrt))]


class GradOperation:
    """A higher-order function that takes gradients, as `mindspore.ops.GradOperation`.

    Parameters
    ----------
    get_all : bool
        By all tensor inputs (a tuple), not by the first one alone.
    get_by_list : bool
        By the parameters that are given with the network (a tuple).
    sens_param : bool
        The last argument of the gradient function weights the output; otherwise the weights are ones.

    Raises
    ------
    ArgumentError
        If a flag is not bool.
    """

    def __init__(
        self, get_all: bool = False, get_by_list: bool = False, sens_param: bool = False, **unknown: Any
    ) -> None:
        for keyword in unknown:
            raise ArgumentError(
                f"GradOperation() got an unexpected keyword argument '{keyword}'. "
                f"{choices(keyword, ['get_all', 'get_by_list', 'sens_param'])}",
                user_location(),
            )
        for name, flag in (("get_all", get_all), ("get_by_list", get_by_list), ("sens_param", sens_param)):
            if not isinstance(flag, bool):
                raise ArgumentError(
                    f"For 'GradOperation', the '{name}' should be bool, but got {type(flag).__name__}.", user_location()
                )
        flags = {"get_all": get_all, "get_by_list": get_by_list, "sens_param": sens_param}
        self.__dict__.update(flags, _way=_way(*flags.values()))

    get_all: bool
    get_by_list: bool
    sens_param: bool
    _way: str

    def __setattr__(self, name: str, value: Any) -> None:
        changed = name in self.__dict__
        object.__setattr__(self, name, value)
        object.__setattr__(self, "_way", _way(self.get_all, self.get_by_list, self.sens_param))
        if changed:
            Epoch.advance()

    def __repr__(self) -> str:
        flags = f"get_all={self.get_all}, get_by_list={self.get_by_list}, sens_param={self.sens_param}"
        return f"GradOperation({flags})"

    def __call__(self, fn: Callable[..., Any], weights: Any = None) -> Callable[..., Any]:
        """The gradient function of ``fn``.

        Parameters
        ----------
        fn : callable
            A `Cell` or a function of tensors.
        weights : Parameter, ParameterTuple, list or tuple, optional
            The parameters for ``get_by_list``; by default all trainable ones of ``fn``.
        """
        way = self._way
        if weights is None:
            # One that was made before is found without a look at anything else.
            try:
                made = fn._msgrad_kept.functions[way]  # type: ignore[attr-defined]
                if made.fn is fn:
                    return made  # type: ignore[no-any-return]
            except (AttributeError, KeyError):
                pass
        if not callable(fn):
            raise ArgumentError(
                f"For 'GradOperation', the 'fn' should be a function or a Cell, but got {type(fn).__name__}.",
                user_location(),
            )
        if self.get_by_list:
            check_weights(weights)
        flags = (self.get_all, self.get_by_list, self.sens_param)
        return gradient_function(fn, way, weights, lambda held: Operation(fn, held, *flags))


def _way(*flags: bool) -> str:
    """The name of one way to take a gradient."""
    return f"GradOperation {flags}"


@dataclass(frozen=True, eq=False)
class Operation:
    """What a `GradOperation` was asked for."""

    fn: Callable[..., Any]
    weights: Any
    get_all: bool
    get_by_list: bool
    sens_param: bool

    def taken(self, args: tuple[Any, ...], kwargs: dict[str, Any], trying: Attempt | None) -> Any:
        """The result of a call: the function is traced."""
        sens, fn, weights = None, self.fn, self.weights
        if self.sens_param:
            args, kwargs, sens = _split_sens(args, kwargs)
        request = Request(fn, args, kwargs, results=False)
        if self.get_by_list and weights is None:
            weights = list(fn.trainable_params()) if hasattr(fn, "trainable_params") else []
        given = [*args, *kwargs.values()]
        asked = [one for one in (given if self.get_all else given[: not self.get_by_list]) if is_input(one)]
        inputs = [request.by_input(position) for position in range(sum(len(leaves(one)) for one in asked))]
        listed = listed_weights(weights) if self.get_by_list else []
        places = [request.by_parameter(*one) for one in zip(listed, parameter_names(fn, listed))]
        weighted = None if not self.sens_param else check_sens(sens, request.program)
        results = request.run(weighted) if request.wrt else []

        def build(found: Sequence[Any], zeros: Callable[[Parameter], Any]) -> Any:
            by_weight = tuple(zeros(one) if place is None else found[place] for one, place in zip(listed, places))
            members = iter([found[place] for place in inputs])
            by_input = [mapped(one, "", lambda *_: next(members), numbers=True) for one in asked]
            return self._structure(by_input, by_weight, weights)

        if trying is not None:
            trying.keep(request, weighted, build, (inputs, places))
        return build(results, lambda one: Tensor(np.zeros(one.shape, one.numpy_dtype)))

    def _structure(self, by_input: list[Any], by_weight: tuple[Any, ...], weights: Any) -> Any:
        if self.get_by_list and isinstance(weights, Parameter):
            by_parameters: Any = by_weight[0]
        else:
            by_parameters = by_weight
        if self.get_all:
            return (tuple(by_input), by_parameters) if self.get_by_list else tuple(by_input)
        if self.get_by_list:
            return by_parameters
        return by_input[0] if by_input else ()


def _refuse_complex(program: Program) -> None:
    for var in program.graph.inputs:
        if var.dtype.kind == "c":
            raise DtypeError(
                f"The tensor {var.name} is {from_numpy(var.dtype)}; a gradient by or through complex numbers has no "
                "meaning here. Split it into its real and imaginary parts."
            )


def _split_sens(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
    if "sens" in kwargs:
        return args, {name: value for name, value in kwargs.items() if name != "sens"}, kwargs["sens"]
    if not args:
        raise ArgumentError(
            "For 'GradOperation', sens_param=True needs the weights as the last argument.", user_location()
        )
    return args[:-1], kwargs, args[-1]
