"""Run a network on stand-ins and record what happens: a function and its arguments come in, a `Program` goes out.

The stand-ins carry the example's values, so Python control flow on data works; each branch taken on a value becomes a
guard. Whatever the network reads that is not an argument (a parameter, a value of a surrounding trace) becomes a
further input of the graph; plain tensors become constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..collecting import collecting_later
from ..errors import (
    ArgumentError,
    ArgumentValueError,
    EngineError,
    Location,
    NotSupportedError,
    TracedValueError,
    user_location,
)
from ..ir import Atom, Eqn, Graph, Guard, Lit, Var, literal, unique
from ..op import Op, Operand, apply, compute
from ..registry import fleeting, fn, recorder, recording
from ..tensor import Parameter, Tensor
from .held import Held, at_once, later
from .leaving import advice
from .marking import argument_names, is_input, mapped


class Traced(Tensor):
    """A tensor inside a running trace: a variable of the graph, with the example's value if there is one."""

    def __init__(self, trace: Trace, var: Atom, value: np.ndarray | Held | None, given: bool = False) -> None:
        self._trace = trace
        self._given = given  # to the network: others see it, so nothing is written into it
        self._var: Any = var
        self._held = value if isinstance(value, Held) else Held(value)

    @property
    def _value(self) -> np.ndarray | None:  # type: ignore[override]
        """The example's value, computed by now."""
        return self._held.value()

    @property
    def shape(self) -> tuple[int, ...]:
        return self._var.shape

    @property
    def numpy_dtype(self) -> np.dtype:
        return self._var.dtype

    def _array(self) -> np.ndarray:
        if self._value is None:
            raise EngineError(f"The value of {self._var.name} is not known while a derivative rule runs.")
        return self._value

    def _leave(self, how: str) -> np.ndarray:
        if not self._trace.open and self._value is not None and recorder.get() is None:
            # What a hook kept is looked at after its gradient has ended: there is nothing left to cut.
            return self._value
        cut = "a tensor of the network can not leave it, since its gradient would be cut"
        raise TracedValueError(f"For '{how}', {cut}; {advice(how)}.", user_location())

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self._leave(f"numpy.{function.__name__}()")

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._leave("pickle")

    def __format__(self, form: str) -> str:
        if form:
            self._leave("format()")
        return str(self)

    def __bool__(self) -> bool:
        value = super().__bool__()
        self._trace.guards.append(Guard(self._var, value, user_location()))
        return value

    def assign_value(self, value: Any) -> Any:
        """Refused: the graph would keep the old values."""
        raise NotSupportedError(
            "For 'Tensor', writing into a tensor of the network is not supported; use the result of the operation.",
            user_location(),
        )

    def copy(self) -> Traced:
        """Another stand-in for the same value: what is written into one does not reach the other."""
        return Traced(self._trace, self._var, self._held)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Traced:
        # Not a copy of the whole trace, which would cut the gradient.
        return self.copy()

    def __str__(self) -> str:
        fleeting()
        return super().__str__() if self._value is not None else str(self._var)

    def __repr__(self) -> str:
        fleeting()
        return super().__repr__() if self._value is not None else f"Traced({self._var})"


class Trace:
    """A recording in progress; ops reach it through `op.recorder`."""

    def __init__(self, paths: Mapping[int, str] | None = None) -> None:
        self.paths = dict(paths or {})
        self.inputs: list[Var] = []
        self.eqns: list[Eqn] = []
        self.guards: list[Guard] = []
        self.captured: list[Tensor] = []
        self.names: set[str] = set()
        self.locate: Callable[[], Location | None] = user_location
        self.open = True
        self._captures: dict[int, Traced] = {}
        self.outer: Trace | None = recorder.get()
        self.assigned: dict[int, tuple[Parameter, np.ndarray]] = {}
        self._reads: dict[int, Tensor] = {}
        self._adopted: list[Tensor] = []
        self.count = 0
        self.fleeting = False  # set by `registry.fleeting`

    def input(self, name: str, shape: tuple[int, ...], dtype: np.dtype, value: np.ndarray | None) -> Traced:
        """A new input of the graph."""
        var = Var(unique(name, self.names), shape, dtype)
        self.inputs.append(var)
        return Traced(self, var, value, given=True)

    def capture(self, tensor: Tensor) -> Traced:
        """The stand-in for a tensor from outside: a `Parameter`, or a value of a surrounding trace."""
        found = self._captures.get(id(tensor))
        if found is None:
            own = tensor.name if isinstance(tensor, Parameter) else tensor._var.name  # type: ignore[attr-defined]
            name = self.paths.get(id(tensor), own)
            if isinstance(tensor, Traced) and not tensor._trace.open:
                told = f"The tensor {tensor._var.name} belongs to a gradient that has ended"
                raise ArgumentValueError(f"{told}; return it instead of storing it.", user_location())
            found = self.input(name, tensor.shape, tensor.numpy_dtype, self._outside(tensor))
            self.captured.append(tensor)
            self._captures[id(tensor)] = found = hooked(tensor, found)
        return found

    def _outside(self, tensor: Tensor) -> np.ndarray | None:
        """The value that ``tensor`` has where this trace was begun; a surrounding one may have assigned to it."""
        standing = tensor if self.outer is None else self.outer.stand_in(tensor)
        return standing._value  # type: ignore[union-attr]

    def assign(self, parameter: Parameter, value: Tensor) -> Tensor:
        """Let later reads of ``parameter`` see ``value``; it is stored when the outermost call ends.

        As in MindSpore, a read after it still counts as the parameter itself: its gradient is the parameter's, and none
        goes to what was assigned.
        """
        standing = self.stand_in(value)
        array = _value(standing)
        if array is None:
            raise EngineError("A parameter was assigned to while a derivative rule runs.")
        leaf = self.capture(parameter)
        read = fn.cast(fn.stop_gradient(standing), parameter.numpy_dtype)
        if read.shape == leaf.shape and read.numpy_dtype.kind == "f":
            # The difference is zero, so that the read has the assigned value to the last digit.
            read = read + (leaf - fn.stop_gradient(leaf))
        self._reads[id(parameter)] = read
        self.assigned[id(parameter)] = (parameter, np.array(array, parameter.numpy_dtype))
        return read

    def stand_in(self, operand: Operand) -> Traced | Tensor | Lit:
        """``operand`` as this trace sees it."""
        if id(operand) in self._reads:
            return self._reads[id(operand)]
        if isinstance(operand, Parameter) or (isinstance(operand, Traced) and operand._trace is not self):
            return self.capture(operand)
        return operand

    def apply(self, op: Op, operands: Sequence[Operand]) -> Tensor:
        """Record ``op``, or compute it at once if it depends on constants only."""
        given = [self.stand_in(operand) for operand in operands]
        if not any(isinstance(operand, Traced) for operand in given):
            return compute(op, given)
        atoms = [self.atom(operand) for operand in given]
        if op.certain and type(self) is Trace:
            known = [one._held if isinstance(one, Traced) else Held(atom.value) for one, atom in zip(given, atoms)]  # type: ignore[union-attr]
            held = later(op, atoms, known)
            if held is not None:
                return self._bound(op, atoms, held)
        return self.record(op, atoms, [_value(operand) for operand in given])

    def record(self, op: Op, atoms: Sequence[Atom], values: Sequence[np.ndarray | None]) -> Traced:
        """Append an equation; the result's value is computed when all operands' values are known."""
        return self._bound(op, atoms, at_once(op, atoms, values))

    def _bound(self, op: Op, atoms: Sequence[Atom], held: Held) -> Traced:
        var = self.fresh(held.shape, held.dtype)
        self.eqns.append(Eqn(op, tuple(atoms), var, self.locate(), True))
        return Traced(self, var, held)

    def fresh(self, shape: tuple[int, ...], dtype: np.dtype) -> Var:
        """A new variable, which nothing is bound to yet."""
        self.count += 1
        return Var(unique(f"v{self.count}", self.names), shape, dtype)

    def adopt(self, tensor: Tensor, result: Tensor) -> None:
        """Make ``tensor`` stand for ``result`` from here on; a plain one gets its last value when the trace ends."""
        if not isinstance(tensor, Traced):
            tensor.__class__ = Traced
            self._adopted.append(tensor)
        tensor.__dict__.update(result.__dict__)

    @staticmethod
    def atom(operand: Traced | Tensor | Lit) -> Atom:
        """The graph's name for an operand; a tensor's values are copied, so that later changes do not reach the graph."""
        if isinstance(operand, Traced):
            return operand._var
        return operand if isinstance(operand, Lit) else literal(operand._array())

    @contextmanager
    def running(self) -> Iterator[Trace]:
        """Make this the trace that ops record into."""
        try:
            with recording(self):
                yield self
        finally:
            self.open = False
            for tensor in self._adopted:
                value = tensor._value
                tensor.__class__ = Tensor
                tensor.__dict__.clear()
                tensor._value = value


def _value(operand: Traced | Tensor | Lit) -> np.ndarray | None:
    return operand.value if isinstance(operand, Lit) else operand._value


def hooked(tensor: Tensor, standing: Traced) -> Traced:
    """``standing`` under the hooks that were put on ``tensor``, for which it stands; the first one is called first."""
    for hook in reversed(list(getattr(tensor, "_hooks", {}).values())):
        standing = hook(standing)
    return standing


@dataclass(frozen=True)
class Leaf:
    """A place in a structure of results: the number of the tensor that stands there, or a constant."""

    index: int | None
    constant: Any = None


@dataclass(frozen=True)
class Program:
    """A traced function.

    Attributes
    ----------
    graph : Graph
        Its inputs are first the tensor arguments, then what was captured.
    arguments : tuple of str
        Names of the tensor arguments, in order.
    captured : tuple of Tensor
        The parameters and outer stand-ins that the further inputs stand for.
    structure : object
        The result with a `Leaf` for each tensor, in tuples, lists and dicts.
    values : tuple of ndarray
        The example's values of the graph's inputs.
    result : tuple of ndarray
        The example's values of the graph's outputs.
    assigned : tuple of pairs
        The parameters that the function assigned to, and their new values; `store` puts them in place.
    outer : Trace or None
        The trace in which this one was made.
    fleeting : bool
        True when the run did more than compute: it printed, drew numbers, called a hook.
    """

    graph: Graph
    arguments: tuple[str, ...]
    captured: tuple[Tensor, ...]
    structure: Any
    values: tuple[np.ndarray | None, ...]
    result: tuple[np.ndarray | None, ...]
    assigned: tuple[tuple[Parameter, np.ndarray], ...] = ()
    outer: Trace | None = None
    fleeting: bool = False

    def store(self) -> None:
        """Give the parameters that the function assigned to their new values, or tell the surrounding trace of them."""
        for parameter, array in self.assigned:
            if self.outer is None:
                parameter._replace(array)
            else:
                self.outer.assign(parameter, Tensor(array))

    def capture_of(self, tensor: Tensor) -> Var | None:
        """The graph's input that stands for ``tensor``, or None if the function does not read it."""
        for var, captured in zip(self.graph.inputs[len(self.arguments) :], self.captured):
            if captured is tensor:
                return var
        return None


@collecting_later
def trace(
    function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any] | None = None, results: bool = True
) -> Program:
    """Run ``function`` on stand-ins for its tensor arguments and record the graph.

    Parameters
    ----------
    function : callable
        A `Cell` or a function of tensors.
    args, kwargs
        The arguments; those that are not tensors are passed on as they are.
    results : bool
        Whether the example's values of the outputs are wanted.

    Raises
    ------
    MsgradError
        With the user's line, if an op refuses what it is given.
    """
    if isinstance(function, type) and hasattr(function, "construct"):
        told = f"The network must be an instance, {function.__name__}(...), but got the class."
        raise ArgumentError(told, user_location())
    if not callable(function):
        got = type(function).__name__
        raise ArgumentError(f"The network must be a Cell or a function, but got {got}.", user_location())
    parameters: dict[str, Parameter] = getattr(function, "named_parameters", dict)()
    tracing = Trace({id(parameter): path for path, parameter in parameters.items()})
    names = argument_names(function, args)
    arguments = []
    values: list[np.ndarray | None] = []

    def input_for(name: str, tensor: Tensor) -> Traced:
        traced = tracing.input(name, tensor.shape, tensor.numpy_dtype, tensor._value)
        arguments.append(traced._var.name)
        values.append(tensor._value)
        return hooked(tensor, traced)

    def stand_in(name: str, value: Any) -> Any:
        return mapped(value, name, input_for) if is_input(value) else value

    given = [stand_in(name, value) for name, value in zip(names, args)]
    keywords = {name: stand_in(name, value) for name, value in (kwargs or {}).items()}
    with tracing.running():
        result = function(*given, **keywords)
        outputs: list[Atom] = []
        found: list[Any] = []
        structure = _structure(result, tracing, outputs, found)
        ended = tuple([_value(one) if results else None for one in found])
        for parameter in parameters.values():
            # One that the network does not use is an input too: its gradient is zero, not missing.
            tracing.capture(parameter)
    graph = Graph(tuple(tracing.inputs), tuple(tracing.eqns), tuple(outputs), tuple(tracing.guards))
    values += [tracing.capture(captured)._value for captured in tracing.captured]
    made = (graph, tuple(arguments), tuple(tracing.captured), structure, tuple(values), ended)
    return Program(*made, tuple(tracing.assigned.values()), tracing.outer, tracing.fleeting)


def _structure(result: Any, tracing: Trace, outputs: list[Atom], found: list[Any]) -> Any:
    """``result`` with a `Leaf` for each tensor; the tensors' atoms, and what stands for them, are appended to the lists."""
    if isinstance(result, (tuple, list)):
        members = [_structure(one, tracing, outputs, found) for one in result]
        return members if type(result) is list else tuple(members)
    if isinstance(result, dict):
        return {key: _structure(one, tracing, outputs, found) for key, one in result.items()}
    if not isinstance(result, Tensor):
        return Leaf(None, result)
    standing = tracing.stand_in(result)
    outputs.append(tracing.atom(standing))  # type: ignore[arg-type]
    found.append(standing)
    return Leaf(len(outputs) - 1)


def fill(structure: Any, results: Sequence[Any]) -> Any:
    """``structure`` with each `Leaf` replaced by its result."""
    if isinstance(structure, Leaf):
        return structure.constant if structure.index is None else results[structure.index]
    if isinstance(structure, dict):
        return {key: fill(one, results) for key, one in structure.items()}
    return type(structure)(fill(one, results) for one in structure)


def replay(graph: Graph, operands: Sequence[Any]) -> tuple[Tensor | Lit, ...]:
    """Apply the equations of ``graph`` to tensors: computes at once, or records into the running trace."""
    known: dict[Any, Any] = dict(zip(graph.inputs, operands))
    for eqn in graph.eqns:
        known[eqn.out] = apply(eqn.op, [known.get(atom, atom) for atom in eqn.inputs])
    return tuple(known.get(atom, atom) for atom in graph.outputs)
