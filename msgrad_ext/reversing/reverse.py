"""The reverse pass: a graph comes in, the graph of its values and gradients goes out.

The rules (``vjp``) are written in ops and recorded, so the result is a graph like any other and can be differentiated
again. Sums over broadcast axes and over several uses are made here, once, and never in a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..collecting import collecting_later
from ..dtype import is_float
from ..errors import EngineError
from ..ir import Atom, Eqn, Graph, Guard, Lit, Var, rename, substitute, unique
from ..op import Op
from ..registry import OPS
from ..tensor import Tensor
from ..tracing.custom import Custom, CustomOf
from ..tracing.trace import replay
from .backward import Backward
from .recorded import Record


def reverse(
    graph: Graph, wrt: Sequence[Var], sens: bool = False, values: Sequence[np.ndarray | None] | None = None
) -> Graph:
    """The graph of ``graph``'s outputs and of the gradients of their sum by ``wrt``.

    Parameters
    ----------
    graph : Graph
        The forward program; nested gradients in it are expanded first.
    wrt : sequence of Var
        Inputs of ``graph``.
    sens : bool
        Weight the outputs by further inputs ``sens``, one for each output with a float dtype; otherwise by ones.
    values : sequence of ndarray, optional
        The example's values of the inputs and the weights: derivatives that the user wrote are run on them, once.

    Returns
    -------
    Graph
        Inputs: those of ``graph``, then the weights. Outputs: those of ``graph``, then one gradient for each of
        ``wrt``, with its shape and dtype; zeros where nothing depends on it.

    Raises
    ------
    VoiceError
        If a rule returns a wrong number of cotangents, or one of a wrong shape or dtype.
    DtypeError
        If a gradient flows to a variable that is not float.
    """
    record = reverse_pass(graph, wrt, sens, values)
    return record.graph if sens else record.with_ones()


@collecting_later
def reverse_pass(
    graph: Graph, wrt: Sequence[Var], sens: bool = False, values: Sequence[np.ndarray | None] | None = None
) -> Record:
    """The reverse pass of ``graph`` with all its steps; the arguments are those of `reverse`."""
    graph = expand(graph)
    backward = Backward(graph, wrt, values)
    backward.seed(sens)
    with backward.running():
        for eqn in reversed(graph.eqns):
            backward.step(eqn)
        gradients = tuple(backward.gradient(var) for var in wrt)
    held = {var: backward.atom(cotangent) for var, cotangent in backward.cotangents.items()}  # type: ignore[arg-type]
    made = (tuple(backward.eqns), tuple(backward.guards))
    record = Record(graph, tuple(wrt), dict(backward.seeds), *made, gradients, tuple(backward.steps), held)
    backward.forget()
    return record


@dataclass(frozen=True, eq=False)
class Nested:
    """A gradient inside another network: the inner graph, what it is taken by, and whether a weight is given.

    ``values`` are the example's values of the inner inputs and weights.
    """

    graph: Graph
    wrt: tuple[Var, ...]
    sens: bool
    values: tuple[np.ndarray | None, ...] | None = None

    @cached_property
    def record(self) -> Record:
        """The inner reverse pass with its steps."""
        return reverse_pass(self.graph, self.wrt, self.sens, self.values)

    @cached_property
    def gradient(self) -> Graph:
        """The graph of the inner gradients alone."""
        whole = self.record.graph if self.sens else self.record.with_ones()
        return expand(Graph(whole.inputs, whole.eqns, whole.outputs[len(self.graph.outputs) :], whole.guards))


class GradOf(Op, abstract=True):
    """One gradient of an inner network, as one op of the outer graph.

    The numeric road replaces it by the reverse pass of the inner graph (`expand`); the symbolic road differentiates the
    inner forward definitions instead. So neither sees the other's derivative, at any order.
    """

    nested = True

    def __init__(self, call: Nested, index: int) -> None:
        self.call = call
        self.index = index

    @property
    def graph(self) -> Graph:
        """The inner forward graph."""
        return self.call.graph

    @property
    def wrt(self) -> tuple[Var, ...]:
        """The inner inputs that the gradients are taken by."""
        return self.call.wrt

    @property
    def sens(self) -> bool:
        """True when the last operands weight the inner outputs."""
        return self.call.sens

    @property
    def key(self) -> tuple[Any, ...]:
        return (type(self), id(self.call), self.index)

    def numpy(self, *operands: np.ndarray) -> np.ndarray:
        tensors = [Tensor._wrap(np.asarray(operand)) for operand in operands]
        result = replay(self.call.gradient, tensors)[self.index]
        return result.value if isinstance(result, Lit) else result._array()

    def vjp(self, ct: Any, out: Any, *operands: Any) -> Any:
        raise EngineError("A nested gradient must be expanded before the reverse pass.")

    def out_shape(self, *shapes: Sequence[Any]) -> tuple[Any, ...]:
        return self.wrt[self.index].shape

    def out_dtype(self, *dtypes: np.dtype) -> np.dtype:
        return self.wrt[self.index].dtype

    @property
    def label(self) -> str:
        return f"GradOf[{self.wrt[self.index].name}]"


def expand(graph: Graph) -> Graph:
    """``graph`` with each nested gradient replaced by the equations of its reverse pass.

    So is each inner value that a derivative kept. Parts with a derivative of their own stay, for the next reverse pass.
    """

    def inner(op: Any) -> Inner | None:
        if isinstance(op, GradOf):
            return Inner(op.call, op.call.gradient, op.index)
        if isinstance(op, CustomOf) and op.index is None:
            whole, number = _with_all_values(op)
            return Inner(op.call, expand(whole), number)
        return None

    return _replaced(graph, inner)


def lower(graph: Graph) -> Graph:
    """``graph`` in plain ops: nested gradients expanded, and parts with a derivative of their own put in."""

    def inner(op: Any) -> Inner | None:
        if not isinstance(op, CustomOf):
            return None
        whole, number = _with_all_values(op)
        if op.call.lowered is None:
            op.call.lowered = lower(whole)
        return Inner(op.call, op.call.lowered, number)

    return _replaced(expand(graph), inner)


def plain(graph: Graph) -> Graph:
    """``graph`` without derivatives that the user wrote, here and in nested gradients: what it computes, and no more.

    What such a derivative takes for constant by convention is a constant here too.
    """
    calls: dict[int, Nested] = {}

    def inner(op: Any) -> Inner | None:
        if not isinstance(op, CustomOf):
            return None
        whole, number = _with_all_values(op)
        return Inner(op.call, plain(_holding(whole, op.call.held)), number)

    def bare(eqn: Eqn) -> Eqn:
        op: Any = eqn.op
        if not isinstance(op, GradOf):
            return eqn
        if id(op.call) not in calls:
            calls[id(op.call)] = replace(op.call, graph=plain(op.call.graph))
        return Eqn(GradOf(calls[id(op.call)], op.index), eqn.inputs, eqn.out, eqn.location)

    if not has_custom(graph):
        return graph
    found = _replaced(graph, inner)
    return rename(Graph(found.inputs, tuple(map(bare, found.eqns)), found.outputs, found.guards))


def customs(graph: Graph) -> Iterator[Custom]:
    """The parts of ``graph``, and of the gradients and parts in it, that have a derivative of the user's."""
    seen: set[int] = set()
    for eqn in graph.eqns:
        if not eqn.op.nested or id(eqn.op.call) in seen:  # type: ignore[attr-defined]
            continue
        seen.add(id(eqn.op.call))  # type: ignore[attr-defined]
        if isinstance(eqn.op, CustomOf):
            yield eqn.op.call
        yield from customs(eqn.op.graph)  # type: ignore[attr-defined]


def has_custom(graph: Graph) -> bool:
    """True when a part of ``graph``, or of a gradient in it, has a derivative that the user wrote."""
    return next(customs(graph), None) is not None


@dataclass(frozen=True, eq=False)
class Inner:
    """What an equation stands for: output ``number`` of ``graph``; equations of one ``call`` share it."""

    call: Any
    graph: Graph
    number: int


def _with_all_values(op: CustomOf) -> tuple[Graph, int]:
    """The graph of a part with all its values as outputs, and the number of the one that ``op`` stands for."""
    graph = op.graph
    atoms = (*graph.outputs, *graph.inputs, *(eqn.out for eqn in graph.eqns))
    return Graph(graph.inputs, graph.eqns, atoms, graph.guards), [id(one) for one in atoms].index(id(op.value))


def _holding(graph: Graph, start: int) -> Graph:
    """``graph`` with its inputs from ``start`` on taken for constants."""
    taken = {var.name for var in graph.inputs} | {eqn.out.name for eqn in graph.eqns}
    new: dict[Any, Atom] = {}
    held: list[Eqn] = []
    for var in graph.inputs[start:]:
        if is_float(var.dtype):
            new[var] = Var(unique(var.name, taken), var.shape, var.dtype)
            held.append(Eqn(OPS["StopGradient"](), (var,), new[var]))  # type: ignore[arg-type]
    eqns = (Eqn(eqn.op, substitute(eqn.inputs, new), eqn.out, eqn.location) for eqn in graph.eqns)
    guards = tuple(Guard(substitute([guard.var], new)[0], guard.value, guard.location) for guard in graph.guards)
    return Graph(graph.inputs, (*held, *eqns), substitute(graph.outputs, new), guards)


def _replaced(graph: Graph, inner_of: Callable[[Op], Inner | None]) -> Graph:
    """``graph`` with the equations of inner graphs in the place of those that stand for them."""
    if not any(eqn.op.nested for eqn in graph.eqns):
        return graph
    taken = {var.name for var in graph.inputs} | {eqn.out.name for eqn in graph.eqns}
    new: dict[Any, Atom] = {}
    eqns: list[Eqn] = []
    guards: list[Guard] = []
    results: dict[Any, tuple[Atom, ...]] = {}
    for eqn in graph.eqns:
        inputs = substitute(eqn.inputs, new)
        found = inner_of(eqn.op) if eqn.op.nested else None
        if found is None:
            eqns.append(Eqn(eqn.op, inputs, eqn.out, eqn.location))
            continue
        key = (id(found.call), *inputs)
        if key not in results:
            results[key] = _inline(found.graph, inputs, taken, eqns, guards)
        new[eqn.out] = results[key][found.number]
    guards += [Guard(substitute([guard.var], new)[0], guard.value, guard.location) for guard in graph.guards]
    return Graph(graph.inputs, tuple(eqns), substitute(graph.outputs, new), tuple(guards))


def _inline(
    inner: Graph, inputs: Sequence[Atom], taken: set[str], eqns: list[Eqn], guards: list[Guard]
) -> tuple[Atom, ...]:
    """Append the equations of ``inner`` under fresh names; returns its outputs."""
    new: dict[Any, Atom] = dict(zip(inner.inputs, inputs))
    for eqn in inner.eqns:
        fresh = Var(unique(eqn.out.name, taken), eqn.out.shape, eqn.out.dtype)
        eqns.append(Eqn(eqn.op, substitute(eqn.inputs, new), fresh, eqn.location))
        new[eqn.out] = fresh
    guards += [Guard(substitute([guard.var], new)[0], guard.value, guard.location) for guard in inner.guards]
    return substitute(inner.outputs, new)


def bind(graph: Graph, values: Sequence[Atom]) -> Graph:
    """``graph`` with its last inputs replaced by ``values``."""
    kept = graph.inputs[: len(graph.inputs) - len(values)]
    new = dict(zip(graph.inputs[len(kept) :], values))
    eqns = tuple([eqn.put(new) for eqn in graph.eqns])
    guards = tuple(Guard(substitute([guard.var], new)[0], guard.value, guard.location) for guard in graph.guards)
    return Graph(kept, eqns, substitute(graph.outputs, new), guards)
