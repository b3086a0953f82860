"""A part of a network whose derivative the user wrote: a cell's ``bprop``, or a hook on a gradient.

What such a part computes is recorded as a graph of its own, a `Custom`, and stands in the graph around it as one
equation for each output (`CustomOf`). The user's derivative is recorded once, as a graph too, when the reverse pass
first comes by; it runs on stand-ins with the example's values, so it may print, look at values, and branch on them.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import CodeType
from typing import Any

import numpy as np

from ..errors import BackwardError, BackwardShapeError, EngineError, Location, NotSupportedError, user_location
from ..ir import Atom, Eqn, Graph, Lit, Var, unique
from ..op import Op, recorder
from ..tensor import Epoch, Parameter, Tensor
from .trace import Trace, Traced, fill, replay, trace

# From operands, outputs and cotangents of the outputs to a cotangent, or None, for each operand.
Rule = Callable[[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]], "Sequence[Tensor | None]"]


@dataclass(frozen=True, eq=False)
class Recorded:
    """The user's derivative as a graph.

    Its inputs are the operands, the outputs, their cotangents, and the inner values that it kept from the forward run
    (``kept``). Its outputs are the cotangents of the operands at the positions ``given``.
    """

    graph: Graph
    kept: tuple[Var, ...]
    given: tuple[int, ...]


class Custom:
    """A part of a network with a derivative of its own.

    Parameters
    ----------
    name : str
        What it is called: the cell's class, or the hook's op.
    graph : Graph
        What it computes; its inputs are the operands.
    inner : Trace
        The trace that recorded ``graph``: values that the user kept from it are known by it.
    parameters : sequence of Tensor
        What the operands after the arguments stand for.
    rule : Rule
        The user's derivative.
    held : int
        From this operand on, all are constants by MindSpore's convention: a ``bprop`` gives parameters no gradient.
    location : Location or None
        The user's line that a fault of the derivative is told by.
    """

    def __init__(
        self,
        name: str,
        graph: Graph,
        inner: Trace,
        parameters: Sequence[Tensor],
        rule: Rule,
        held: int,
        location: Location | None,
    ) -> None:
        self.name = name
        self.graph = graph
        self.inner = inner
        self.parameters = tuple(parameters)
        self.rule = rule
        self.held = held
        self.location = location
        self.recorded: Recorded | None = None
        self.lowered: Graph | None = None
        # Set when values left the derivative for Python or numpy: it may then not be a function of its operands.
        self.left = False

    @property
    def float_outputs(self) -> list[int]:
        """Numbers of the outputs that a gradient flows from."""
        return [number for number, atom in enumerate(self.graph.outputs) if atom.dtype.kind == "f"]

    def record(
        self,
        operands: Sequence[np.ndarray | None],
        outputs: Sequence[np.ndarray | None],
        cotangents: Sequence[np.ndarray | None],
    ) -> Recorded:
        """Run the user's derivative, unless it ran before, and keep its graph."""
        if self.recorded is None:
            self.recorded = Recording(self).run(operands, outputs, cotangents)
        return self.recorded


class Recording(Trace):
    """The recording of a user's derivative."""

    def __init__(self, custom: Custom) -> None:
        super().__init__()
        self.custom = custom
        self.kept: dict[Var, Traced] = {}

    def run(
        self,
        operands: Sequence[np.ndarray | None],
        outputs: Sequence[np.ndarray | None],
        cotangents: Sequence[np.ndarray | None],
    ) -> Recorded:
        """The derivative's graph, recorded at these values."""
        inner = self.custom.graph
        given = [self._input(var.name, var, value) for var, value in zip(inner.inputs, operands)]
        found = [self._input("out", atom, value) for atom, value in zip(inner.outputs, outputs)]
        sent = [self._input("dout", atom, value) for atom, value in zip(inner.outputs, cotangents)]
        # Not by parameter: its hooks, if it has any, belong to the network and not to this derivative.
        start = len(inner.inputs) - len(self.custom.parameters)
        self._captures.update({id(one): stand for one, stand in zip(self.custom.parameters, given[start:])})
        self.kept = dict(zip(inner.inputs, given))
        mine = len(self.inputs)
        with self.running():
            result = self.custom.rule(given, found, sent)
            live = [number for number, one in enumerate(result) if one is not None and given[number]._is_float]
            atoms = tuple(self.atom(self.stand_in(result[number])) for number in live)  # type: ignore[arg-type]
        kept = tuple(var for var in self.kept if var not in inner.inputs)
        assert len(self.inputs) == mine + len(kept)
        graph = Graph(tuple(self.inputs), tuple(self.eqns), atoms, tuple(self.guards))
        return Recorded(graph, kept, tuple(live))

    def _input(self, name: str, atom: Atom, value: np.ndarray | None) -> Looked:
        plain = self.input(name, atom.shape, atom.dtype, value)
        return Looked(self, plain._var, value)

    def value(self, found: Tensor | Lit) -> Tensor:
        """A result of `replay` as a tensor."""
        return Looked(self, found, found.value) if isinstance(found, Lit) else found

    def record(self, op: Op, atoms: Sequence[Atom], values: Sequence[np.ndarray | None]) -> Traced:
        plain = super().record(op, atoms, values)
        return Looked(self, plain._var, plain._value)

    def capture(self, tensor: Tensor) -> Traced:
        """The stand-in for something from outside: an operand, or a value that the forward run left behind."""
        found = self._captures.get(id(tensor))
        if found is not None:
            return found
        if isinstance(tensor, Traced) and tensor._trace is self.custom.inner:
            return self._keep(tensor)
        what = f"the parameter {tensor.name}" if isinstance(tensor, Parameter) else "a tensor of the network around it"
        raise NotSupportedError(
            f"For '{self.custom.name}', its backward function reads {what}, which is neither an input nor part of it; "
            "make it an input, or an attribute of the cell.",
            user_location(),
        )

    def _keep(self, tensor: Traced) -> Traced:
        if isinstance(tensor._var, Lit):
            return Looked(self, tensor._var, tensor._value)
        if tensor._var not in self.kept:
            self.kept[tensor._var] = self._input(tensor._var.name, tensor._var, tensor._value)
        return self.kept[tensor._var]


class Looked(Traced):
    """A stand-in inside a user's derivative: its value may be looked at from Python and numpy."""

    @property
    def _is_float(self) -> bool:
        return self.numpy_dtype.kind == "f"

    def _leave(self, how: str) -> np.ndarray:
        trace: Any = self._trace
        if self._value is None or not trace.open:
            return super()._leave(how)
        # What Python makes of the value is a constant of the recorded graph: no plan may be used a second time.
        Epoch.advance()
        trace.custom.left = True
        return self._value

    def __deepcopy__(self, memo: dict[int, Any]) -> Looked:
        return self


class CustomOf(Op, abstract=True):
    """One value of a part with its own derivative, as one op of the graph around it.

    ``value`` is an atom of the part's graph: its output number ``index``, or, if that is None, one that was kept.
    It is replaced by the part's own equations before anything is compiled or derived; only the reverse pass meets it.
    """

    nested = True

    def __init__(self, call: Custom, value: Atom, index: int | None) -> None:
        self.call = call
        self.value = value
        self.index = index

    @property
    def graph(self) -> Graph:
        """What the part computes."""
        return self.call.graph

    @property
    def key(self) -> tuple[Any, ...]:
        return (type(self), id(self.call), id(self.value), self.index)

    def numpy(self, *operands: np.ndarray) -> np.ndarray:
        graph = Graph(self.graph.inputs, self.graph.eqns, (self.value,), self.graph.guards)
        result = replay(graph, [Tensor._wrap(np.asarray(operand)) for operand in operands])[0]
        return result.value if isinstance(result, Lit) else result._array()

    def vjp(self, ct: Any, out: Any, *operands: Any) -> Any:
        raise EngineError("A custom derivative is taken by the reverse pass as a whole.")

    def out_shape(self, *shapes: Sequence[Any]) -> tuple[Any, ...]:
        return self.value.shape

    def out_dtype(self, *dtypes: np.dtype) -> np.dtype:
        return self.value.dtype

    @property
    def label(self) -> str:
        return f"CustomOf[{self.call.name}]"


def run_custom(
    name: str,
    function: Callable[..., Any],
    given: Mapping[str, Tensor],
    rule: Callable[[Any, Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]], Sequence[Tensor | None]],
    parameters: Mapping[str, Parameter] | None = None,
    held: bool = True,
    location: Location | None = None,
) -> Any:
    """Call ``function`` inside a running trace, as a part with a derivative of its own.

    Parameters
    ----------
    name : str
        What the part is called.
    function : callable
        Of the tensors of ``given``, by position.
    given : mapping of str to Tensor
        Its arguments by name.
    rule : callable
        The derivative; it is told the structure of the result, then what a `Rule` is told.
    parameters : mapping of str to Parameter, optional
        What the derivative may read besides.
    held : bool
        Whether all that is not an argument is a constant by convention.
    location : Location, optional
        Where a fault of the derivative is.
    """
    outer: Any = recorder.get()
    inside: list[Any] = []

    def run(*tensors: Tensor) -> Any:
        inside.append(recorder.get())
        return function(*tensors)

    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(one, inspect.Parameter.POSITIONAL_ONLY) for one in given]
    )
    run.named_parameters = lambda: dict(parameters or {})  # type: ignore[attr-defined]
    program = trace(run, list(given.values()))
    program.store()
    operands = [outer.stand_in(one) for one in (*given.values(), *program.captured)]
    if not any(isinstance(one, Traced) for one in operands):
        return function(*given.values())
    graph, structure = program.graph, program.structure
    start = len(given) if held else len(operands)
    call = Custom(name, graph, inside[0], program.captured, partial(rule, structure), start, location)
    atoms = [outer.atom(one) for one in operands]
    results = [
        _bound(outer, CustomOf(call, atom, index), atoms, value)
        for index, (atom, value) in enumerate(zip(graph.outputs, program.result))
    ]
    return fill(structure, results)


def _bound(outer: Trace, op: Op, atoms: Sequence[Atom], value: np.ndarray | None) -> Traced:
    """An equation whose value is known already."""
    outer.count += 1
    var = Var(unique(f"v{outer.count}", outer.names), *op.infer(*atoms))
    outer.eqns.append(Eqn(op, tuple(atoms), var, outer.locate()))
    # A derivative that is being recorded lets its values be looked at.
    return Looked(outer, var, value) if isinstance(outer, Recording) else Traced(outer, var, value)


def pass_through(name: str, given: Sequence[Traced], rule: Rule, location: Location | None) -> list[Traced]:
    """The tensors themselves, under a derivative of their own."""
    outer: Any = given[0]._trace
    names = ["x"] if len(given) == 1 else [f"x_{number}" for number in range(len(given))]
    inputs = tuple(Var(own, one.shape, one.numpy_dtype) for own, one in zip(names, given))
    call = Custom(name, Graph(inputs, (), inputs), Trace(), (), rule, len(inputs), location)
    atoms = [one._var for one in given]
    return [_bound(outer, CustomOf(call, var, n), atoms, one._value) for n, (var, one) in enumerate(zip(inputs, given))]


def fitting(name: str, operand: str | None, gradient: Any, like: Tensor, location: Location | None) -> Tensor | None:
    """A gradient that a user's function returned, after it has been found to fit ``like``; None counts as zeros.

    Raises
    ------
    BackwardError, BackwardShapeError
        If it is no tensor, or has another dtype or shape.
    """
    if gradient is None or like.numpy_dtype.kind != "f":
        return None
    what = f"the gradient of {operand}" if operand else "the gradient"
    if isinstance(gradient, (int, float)) and not isinstance(gradient, bool) and like.shape == ():
        gradient = Tensor(np.asarray(gradient, like.numpy_dtype))
    if not isinstance(gradient, Tensor):
        told = f"For '{name}', {what} must be a Tensor, but got {type(gradient).__name__}."
        raise BackwardError(told, name, operand, location)
    if gradient.shape != like.shape:
        told = f"For '{name}', {what} must have shape {like.shape}, but got {gradient.shape}."
        raise BackwardShapeError(told, name, operand, location)
    if gradient.numpy_dtype != like.numpy_dtype:
        told = f"For '{name}', {what} must be {like.dtype}, but got {gradient.dtype}."
        raise BackwardError(told, name, operand, location)
    return gradient


def return_location(code: CodeType) -> Location:
    """The line of the ``return`` that a function which is being recorded has just passed, or else of its ``def``."""
    recording: Any = recorder.get()
    returns = [one for one in dis.get_instructions(code) if one.opname == "RETURN_VALUE" and one.positions]
    lines = {one.positions.lineno: one for one in returns if one.positions}
    known = sorted(line for line in lines if line is not None)
    passed = [eqn.location.line for eqn in recording.eqns if eqn.location and eqn.location.filename == code.co_filename]
    after = [line for line in known if passed and line >= passed[-1]]
    line = known[0] if len(known) == 1 else after[0] if after else code.co_firstlineno
    instruction = lines[line].offset if line in lines else 0
    return Location(code.co_filename, line, code.co_name, code, instruction)
