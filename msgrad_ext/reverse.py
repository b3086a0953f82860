"""The reverse pass: a graph comes in, the graph of its values and gradients goes out.

The rules (``vjp``) are written in ops and recorded, so the result is a graph like any other and can be differentiated
again. Sums over broadcast axes and over several uses are made here, once, and never in a rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .dead_branch import Alive
from .dtype import is_float
from .errors import DtypeError, EngineError, Location, MsgradError, NotSupportedError, VoiceError
from .ir import Atom, Eqn, Graph, Guard, Lit, Var, literal, substitute, unique
from .op import Op
from .registry import fn
from .tensor import Tensor
from .trace import Trace, Traced, replay


def reverse(graph: Graph, wrt: Sequence[Var], sens: bool = False) -> Graph:
    """The graph of ``graph``'s outputs and of the gradients of their sum by ``wrt``.

    Parameters
    ----------
    graph : Graph
        The forward program; nested gradients in it are expanded first.
    wrt : sequence of Var
        Inputs of ``graph``.
    sens : bool
        Weight the outputs by further inputs ``sens``, one for each output with a float dtype; otherwise by ones.

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
    graph = expand(graph)
    backward = Backward(graph, wrt)
    weights = backward.seed(sens)
    with backward.running():
        for eqn in reversed(graph.eqns):
            backward.step(eqn)
        gradients = tuple(backward.gradient(var) for var in wrt)
    eqns = (*graph.eqns, *backward.eqns)
    return Graph((*graph.inputs, *weights), eqns, (*graph.outputs, *gradients), graph.guards)


class Backward(Trace):
    """The recording of a reverse pass: cotangents of the variables, by variable."""

    def __init__(self, graph: Graph, wrt: Sequence[Var]) -> None:
        super().__init__()
        self.graph = graph
        self.names = {var.name for var in graph.inputs} | {eqn.out.name for eqn in graph.eqns}
        self.count = len(graph.eqns)
        self.location: Location | None = None
        self.locate = lambda: self.location
        self.cotangents: dict[Var, Tensor] = {}
        self.alive = Alive(graph.eqns, self.known)
        self.active = set(wrt)
        for eqn in graph.eqns:
            if self.active.intersection(self.differentiated(eqn)):
                self.active.add(eqn.out)

    @staticmethod
    def differentiated(eqn: Eqn) -> list[Atom]:
        """The operands of ``eqn`` that are not constants by convention."""
        names = eqn.op.operands if len(eqn.op.operands) == len(eqn.inputs) else [""] * len(eqn.inputs)
        return [atom for atom, name in zip(eqn.inputs, names) if name not in eqn.op.constants]

    def known(self, atom: Atom) -> Traced:
        """The stand-in for a primal of the forward graph."""
        return Traced(self, atom, None)

    def seed(self, sens: bool) -> list[Var]:
        """Give each float output its first cotangent; returns the new inputs that hold the weights, if any."""
        weights: list[Var] = []
        with self.running():
            for atom in self.graph.outputs:
                if not is_float(atom.dtype):
                    continue
                if sens:
                    weight = self.input("sens", atom.shape, atom.dtype, None)
                    weights.append(weight._var)
                else:
                    weight = Traced(self, literal(1, atom.dtype), None)
                    weight = fn.broadcast_to(weight, atom.shape) if atom.shape else weight
                if isinstance(atom, Var) and atom in self.active:
                    self.add(atom, weight)
        self.open = True
        return weights

    def add(self, var: Var, cotangent: Tensor, mask: Tensor | None = None) -> None:
        """Add a contribution to the cotangent of ``var``; ``mask`` is false where it is dead (see `dead_branch`)."""
        before = self.cotangents.get(var)
        self.alive.add(var, mask, before is None)
        self.cotangents[var] = cotangent if before is None else before + cotangent

    def step(self, eqn: Eqn) -> None:
        """Pull the cotangent of one equation's result back to its operands."""
        cotangent = self.cotangents.get(eqn.out)
        live = [isinstance(atom, Var) and atom in self.active for atom in eqn.inputs]
        if cotangent is None or not any(live):
            return
        self.location = eqn.location
        contributions = self.pulled(eqn, cotangent)
        if not isinstance(contributions, tuple):
            contributions = (contributions,)
        if len(contributions) != len(eqn.inputs):
            wanted = len(eqn.inputs)
            raise _wrong(eqn, None, f"the rule must return {wanted} cotangents, but got {len(contributions)}.")
        wanted_atoms = self.differentiated(eqn)
        for position, (atom, contribution) in enumerate(zip(eqn.inputs, contributions)):
            if live[position] and contribution is not None and any(atom is one for one in wanted_atoms):
                checked = self.fitting(eqn, position, contribution)
                checked, mask = self.alive.through(eqn, position, checked)
                self.add(atom, fn.sum_to_shape(checked, atom.shape), mask)  # type: ignore[arg-type]

    def pulled(self, eqn: Eqn, cotangent: Tensor) -> Any:
        """What the rule of ``eqn`` returns; an error of the rule's own is told as a fault of that op."""
        try:
            return eqn.op.vjp(cotangent, self.known(eqn.out), *map(self.known, eqn.inputs))
        except (NotSupportedError, EngineError):
            raise
        except MsgradError as error:
            raise _wrong(eqn, None, f"the rule raised {type(error).__name__}: {error.message}") from error

    def fitting(self, eqn: Eqn, position: int, contribution: Any) -> Tensor:
        """``contribution``, after its shape and dtype have been found right."""
        atom = eqn.inputs[position]
        name = eqn.op.operands[position] if position < len(eqn.op.operands) else f"operand {position}"
        if not isinstance(contribution, Tensor):
            raise _wrong(eqn, name, f"the cotangent of {name} must be a tensor, but got {contribution!r}.")
        if not is_float(atom.dtype):
            raise DtypeError(
                f"For '{type(eqn.op).__name__}', the gradient by an operand of dtype {atom.dtype} has no meaning; "
                "make it a float tensor, or wrap it in ops.stop_gradient.",
                eqn.location,
            )
        contract = eqn.op.contract
        spread = atom.shape if contract is None else contract.spread_shape(position, atom.shape, eqn.out.shape)
        if contribution.shape not in (atom.shape, spread):
            raise _wrong(
                eqn, name, f"the cotangent of {name} must have shape {atom.shape}, but got {contribution.shape}."
            )
        if contribution.numpy_dtype != atom.dtype:
            raise _wrong(
                eqn, name, f"the cotangent of {name} must be {atom.dtype}, but got {contribution.numpy_dtype}."
            )
        return contribution

    def gradient(self, var: Var) -> Atom:
        """The gradient by ``var``: its cotangent, or zeros."""
        self.location = None
        found = self.cotangents.get(var)
        if found is None:
            zero = Traced(self, literal(0, var.dtype), None)
            found = fn.broadcast_to(zero, var.shape) if var.shape else zero
        return self.atom(found)  # type: ignore[arg-type]


def _wrong(eqn: Eqn, operand: str | None, what: str) -> VoiceError:
    return VoiceError(f"For '{eqn.op}', {what}", type(eqn.op).__name__, operand, eqn.location)


@dataclass(frozen=True, eq=False)
class Nested:
    """A gradient inside another network: the inner graph, what it is taken by, and whether a weight is given."""

    graph: Graph
    wrt: tuple[Var, ...]
    sens: bool

    @cached_property
    def gradient(self) -> Graph:
        """The graph of the inner gradients alone."""
        whole = reverse(self.graph, self.wrt, self.sens)
        return Graph(whole.inputs, whole.eqns, whole.outputs[len(self.graph.outputs) :], whole.guards)


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

    def __str__(self) -> str:
        return f"GradOf[{self.wrt[self.index].name}]"


def expand(graph: Graph) -> Graph:
    """``graph`` with each nested gradient replaced by the equations of its reverse pass."""
    if not any(eqn.op.nested for eqn in graph.eqns):
        return graph
    taken = {var.name for var in graph.inputs} | {eqn.out.name for eqn in graph.eqns}
    new: dict[Any, Atom] = {}
    eqns: list[Eqn] = []
    guards: list[Guard] = []
    results: dict[Any, tuple[Atom, ...]] = {}
    for eqn in graph.eqns:
        inputs = substitute(eqn.inputs, new)
        if not isinstance(eqn.op, GradOf):
            out = eqn.out
            eqns.append(Eqn(eqn.op, inputs, out, eqn.location))
            continue
        key = (id(eqn.op.call), *inputs)
        if key not in results:
            results[key] = _inline(eqn.op.call.gradient, inputs, taken, eqns, guards)
        new[eqn.out] = results[key][eqn.op.index]
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
    eqns = tuple(Eqn(eqn.op, substitute(eqn.inputs, new), eqn.out, eqn.location) for eqn in graph.eqns)
    guards = tuple(Guard(substitute([guard.var], new)[0], guard.value, guard.location) for guard in graph.guards)
    return Graph(kept, eqns, substitute(graph.outputs, new), guards)
