"""The recording of a reverse pass: from the equations of a graph, last to first, to the cotangents of its variables.

Each rule is run on stand-ins and what it does is recorded. Where the user wrote a derivative, stand-ins have values,
those of the example, since the user's Python may look at them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from ..dtype import is_float
from ..errors import DtypeError, EngineError, Location, MsgradError, NotSupportedError, VoiceError
from ..ir import Atom, Eqn, Graph, Guard, Lit, Shape, Var, literal
from ..op import Op, apply
from ..registry import OPS, fn
from ..tensor import Tensor
from ..tracing.custom import Custom, CustomOf
from ..tracing.dead_branch import Alive
from ..tracing.held import NOTHING
from ..tracing.trace import Trace, Traced
from ..voice import evaluate, foreign
from .recorded import Contribution, Step
from .repeated import Memory, alike


class Backward(Trace):
    """The recording of a reverse pass: cotangents of the variables, by variable."""

    def __init__(self, graph: Graph, wrt: Sequence[Var], values: Sequence[np.ndarray | None] | None = None) -> None:
        super().__init__()
        self.graph = graph
        self.customs = _groups(graph)
        self.values, self.weights = _known_values(graph, self.customs, values)
        self.names = {var.name for var in graph.inputs} | {eqn.out.name for eqn in graph.eqns}
        self.count = len(graph.eqns)
        self.location: Location | None = None
        self.locate = lambda: self.location
        self.cotangents: dict[Var, Tensor] = {}
        self.seeds: dict[int, Var] = {}
        self.steps: list[Step] = []
        self.memory = Memory(self.bind)
        self.alive = Alive(graph.eqns, self.known)
        self.active = set(wrt)
        # Integers that follow from integer inputs by integer arithmetic alone: as in MindSpore, their gradients are integers.
        self.integers = {var for var in wrt if not is_float(var.dtype)}
        self.foreign: dict[Any, bool] = {}
        for eqn in graph.eqns:
            if not self.active.isdisjoint(self.differentiated(eqn) if eqn.op.constants else eqn.inputs):
                self.active.add(eqn.out)
            if self.integers and not is_float(eqn.out.dtype) and self.integers.intersection(eqn.inputs):
                self.integers.add(eqn.out)

    @staticmethod
    def differentiated(eqn: Eqn) -> list[Atom]:
        """The operands of ``eqn`` that are not constants by convention."""
        names = eqn.op.operands if len(eqn.op.operands) == len(eqn.inputs) else [""] * len(eqn.inputs)
        return [atom for atom, name in zip(eqn.inputs, names) if name not in eqn.op.constants]

    def known(self, atom: Atom) -> Traced:
        """The stand-in for a primal of the forward graph."""
        return Traced(self, atom, NOTHING if self.values is None else self._value_of(atom))

    def _value_of(self, atom: Atom) -> np.ndarray | None:
        if isinstance(atom, Lit):
            return None if self.values is None else atom.value
        return None if self.values is None else self.values.get(atom)

    def seed(self, sens: bool) -> None:
        """Give each output that a gradient flows from its first cotangent: a weight, which stands for ones without ``sens``."""
        with self.running():
            for number, atom in enumerate(self.graph.outputs):
                if not is_float(atom.dtype) and (sens or atom not in self.integers):
                    continue
                value = self.weights[len(self.seeds)] if self.weights else None
                if sens:
                    weight = self.input("sens", atom.shape, atom.dtype, value)
                else:
                    self.count += 1 if atom.shape else 0
                    value = None if self.values is None else np.ones(atom.shape, atom.dtype)
                    weight = self.input(f"v{self.count}" if atom.shape else "one", atom.shape, atom.dtype, value)
                self.seeds[number] = weight._var
                if isinstance(atom, Var) and atom in self.active:
                    self.add(atom, weight)
        self.open = True

    def add(self, var: Var, cotangent: Tensor, mask: Tensor | None = None) -> None:
        """Add a contribution to the cotangent of ``var``; ``mask`` is false where it is dead (see `dead_branch`)."""
        before = self.cotangents.get(var)
        self.alive.add(var, mask, before is None)
        if before is not None:
            atoms = self.atom(before), self.atom(cotangent)  # type: ignore[arg-type]
            (cotangent,) = self.again("sum", atoms, lambda: (before + cotangent,))
        self.cotangents[var] = cotangent

    def bind(self, op: Op, inputs: tuple[Atom, ...], shape: Shape, dtype: np.dtype) -> Var:
        """The variable of one more equation, which is known to be sound."""
        var = self.fresh(shape, dtype)
        self.eqns.append(Eqn(op, inputs, var, self.location, True))
        return var

    def again(self, what: Hashable, atoms: Sequence[Atom], make: Callable[[], Sequence[Any]]) -> Sequence[Any]:
        """What ``make`` gives, which does ``what`` to ``atoms`` and looks at no values: recorded by it the first time only."""
        kinds = alike(atoms) if self.values is None and not self.integers else None
        if kinds is None:
            return make()
        found = self.memory.recall((what, kinds), atoms)
        if found is not None:
            return [None if atom is None else self.known(atom) for atom in found]
        start = len(self.eqns)
        results = make()
        if all(one is None or isinstance(one, Traced) for one in results):
            outs = [None if one is None else one._var for one in results]
            self.memory.keep((what, kinds), atoms, self.eqns[start:], outs)
        return results

    def step(self, eqn: Eqn) -> None:
        """Pull the cotangent of one equation's result back to its operands."""
        if isinstance(eqn.op, CustomOf):
            self.custom(eqn)
            return
        cotangent = self.cotangents.get(eqn.out)
        live = [atom in self.active for atom in eqn.inputs]
        if cotangent is None or not any(live):
            return
        self.location = eqn.location
        # Held here: what a rule writes into its cotangent must not pass for what it was handed.
        sent = self.atom(cotangent)
        if self.is_foreign(eqn.op):
            contributions: Sequence[Any] = self.contributions(eqn, cotangent, live)
        else:
            what, atoms = (eqn.op.key, type(eqn.op).vjp, *live), (sent, eqn.out, *eqn.inputs)
            contributions = self.again(what, atoms, lambda: self.contributions(eqn, cotangent, live))
        taken: list[Contribution] = []
        for position, fitted in enumerate(contributions):
            if fitted is not None:
                checked, mask = self.alive.through(eqn, position, fitted)
                added = self.summed(checked, eqn.inputs[position].shape)
                taken.append(Contribution(position, self.atom(fitted), self.atom(added)))
                self.add(eqn.inputs[position], added, mask)  # type: ignore[arg-type]
        self.steps.append(Step(eqn, sent, tuple(taken)))

    def is_foreign(self, op: Op) -> bool:
        """True for an op whose rule may do another thing each time: of the user's, or a part of a program."""
        found = self.foreign.get(type(op))
        if found is None:
            found = self.foreign[type(op)] = op.nested or foreign(type(op).vjp)
        return found

    def summed(self, tensor: Tensor, shape: Shape) -> Tensor:
        """``tensor`` summed over the axes along which ``shape`` was broadcast."""
        if tensor.shape == shape:
            return tensor
        what, atom = ("sum_to_shape", shape), self.atom(tensor)  # type: ignore[arg-type]
        (found,) = self.again(what, (atom,), lambda: (fn.sum_to_shape(tensor, shape),))
        return found  # type: ignore[no-any-return]

    def contributions(self, eqn: Eqn, cotangent: Tensor, live: Sequence[bool]) -> list[Tensor | None]:
        """What the rule of ``eqn`` gives each operand; None for one to which nothing flows."""
        given = self.pulled(eqn, cotangent)
        if not isinstance(given, tuple):
            given = (given,)
        if len(given) != len(eqn.inputs):
            wanted = len(eqn.inputs)
            raise _wrong(eqn, None, f"the rule must return {wanted} cotangents, but got {len(given)}.")
        differentiated = self.differentiated(eqn)
        taken: list[Tensor | None] = []
        for position, (atom, one) in enumerate(zip(eqn.inputs, given)):
            flows = live[position] and one is not None and any(atom is other for other in differentiated)
            taken.append(self.fitting(eqn, position, one) if flows else None)
        return taken

    def pulled(self, eqn: Eqn, cotangent: Tensor) -> Any:
        """What the rule of ``eqn`` returns; an error of the rule's own is told as a fault of that op."""
        if isinstance(eqn.op, OPS["Cast"]) and eqn.inputs[0] in self.integers:
            return fn.cast(cotangent, eqn.inputs[0].dtype)
        handed = [cotangent, self.known(eqn.out), *map(self.known, eqn.inputs)]
        before = [one._var for one in handed]  # type: ignore[attr-defined]
        try:
            found = eqn.op.vjp(*handed)
        except (NotSupportedError, EngineError):
            raise
        except MsgradError as error:
            if isinstance(error, DtypeError) and self.integers.intersection(eqn.inputs):
                raise _no_integers(eqn) from error
            raise _wrong(eqn, None, f"the rule raised {type(error).__name__}: {error.message}") from error
        except Exception as error:
            raise _wrong(eqn, None, f"the rule raised {type(error).__name__}: {error}") from error
        for place, (one, var) in enumerate(zip(handed, before)):
            if one._var is not var:  # type: ignore[attr-defined]
                what = ("the cotangent", "the result")[place] if place < 2 else f"operand {place - 2}"
                raise _wrong(eqn, None, f"the rule writes into {what}, which it was handed; it must make a new tensor.")
        return found

    def fitting(self, eqn: Eqn, position: int, contribution: Any) -> Tensor:
        """``contribution``, after its shape and dtype have been found right."""
        atom = eqn.inputs[position]
        name = eqn.operand(position)
        if not isinstance(contribution, Tensor):
            raise _wrong(eqn, name, f"the cotangent of {name} must be a tensor, but got {contribution!r}.")
        if not is_float(atom.dtype) and atom not in self.integers:
            raise _no_integers(eqn)
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
        return self.atom(self.zero(var) if found is None else found)  # type: ignore[arg-type]

    def zero(self, atom: Atom) -> Tensor:
        """Zeros of the shape and dtype of ``atom``."""
        zero = self.known(literal(0, atom.dtype))
        return fn.broadcast_to(zero, atom.shape) if atom.shape else zero

    def forget(self) -> None:
        """Let go of what was needed on the way, so that it need not be searched for."""
        del self.memory, self.alive, self.cotangents, self.locate

    # Derivatives that the user wrote ------------------------------------------------------------------------------

    def custom(self, eqn: Eqn) -> None:
        """Pull the cotangents of a part's outputs back, once those of all its equations are known."""
        group = self.customs[_group_of(eqn)]
        sent = {one.op.index: self.cotangents[one.out] for one in group if one.out in self.cotangents}  # type: ignore[attr-defined]
        if eqn is not group[0] or not sent:
            return
        if not any(isinstance(atom, Var) and atom in self.active for atom in eqn.inputs):
            return
        call: Custom = eqn.op.call  # type: ignore[attr-defined]
        self.location = eqn.location
        operands = [self.known(atom) for atom in eqn.inputs]
        outputs = [self.part(eqn, atom, index) for index, atom in enumerate(call.graph.outputs)]
        cotangents = [
            sent[index] if index in sent else self.zero(atom) for index, atom in enumerate(call.graph.outputs)
        ]
        recorded = call.record(*([one._value for one in given] for given in (operands, outputs, cotangents)))
        kept = [self.part(eqn, var, None) for var in recorded.kept]
        found = self.played(recorded.graph, [*operands, *outputs, *cotangents, *kept])
        taken: list[Contribution] = []
        for position, contribution in zip(recorded.given, found):
            atom = eqn.inputs[position]
            if isinstance(atom, Var) and atom in self.active:
                tensor = self.known(contribution) if isinstance(contribution, Lit) else contribution
                taken.append(Contribution(position, self.atom(tensor), self.atom(tensor)))
                self.add(atom, tensor)
        self.steps.append(Step(eqn, None, tuple(taken)))

    def part(self, eqn: Eqn, atom: Atom, index: int | None) -> Traced:
        """The value of ``atom``, an atom of the part that ``eqn`` belongs to."""
        call: Custom = eqn.op.call  # type: ignore[attr-defined]
        for one in self.customs[_group_of(eqn)]:
            if one.op.value is atom and index in (None, one.op.index):  # type: ignore[attr-defined]
                return self.known(one.out)
        return self.record(CustomOf(call, atom, index), eqn.inputs, [self._value_of(one) for one in eqn.inputs])

    def played(self, graph: Graph, operands: Sequence[Any]) -> list[Any]:
        """The outputs of a recorded derivative; its equations keep the lines that they come from."""
        known: dict[Any, Any] = dict(zip(graph.inputs, operands))
        for eqn in graph.eqns:
            self.location = eqn.location
            known[eqn.out] = apply(eqn.op, [known.get(atom, atom) for atom in eqn.inputs])
        for guard in graph.guards:
            held = known.get(guard.var, guard.var)
            if isinstance(held, Traced):
                self.guards.append(Guard(held._var, guard.value, guard.location))
        return [known.get(atom, atom) for atom in graph.outputs]


Group = tuple[Any, ...]


def _group_of(eqn: Eqn) -> Group:
    """What the equations of one call of a part have in common."""
    return (id(eqn.op.call), *eqn.inputs)  # type: ignore[attr-defined]


def _groups(graph: Graph) -> dict[Group, list[Eqn]]:
    """The equations of each call of a part with a derivative of its own, in order of execution."""
    found: dict[Group, list[Eqn]] = {}
    for eqn in graph.eqns:
        if isinstance(eqn.op, CustomOf):
            found.setdefault(_group_of(eqn), []).append(eqn)
    return found


def _known_values(
    graph: Graph, customs: dict[Group, list[Eqn]], given: Sequence[np.ndarray | None] | None
) -> tuple[dict[Any, np.ndarray] | None, list[np.ndarray]]:
    """The values of ``graph`` and of its weights, if a user's derivative is still to be run; the pass needs none itself."""
    waiting = any(eqn.op.call.recorded is None for group in customs.values() for eqn in group)  # type: ignore[attr-defined]
    if not waiting or given is None or any(one is None for one in given):
        return None, []
    arrays = [np.asarray(one) for one in given]
    values: dict[Any, np.ndarray] = dict(zip(graph.inputs, arrays))
    for eqn in graph.eqns:
        operands = [atom.value if isinstance(atom, Lit) else values[atom] for atom in eqn.inputs]
        values[eqn.out] = evaluate(eqn.op, operands, eqn.out.dtype)
    return values, arrays[len(graph.inputs) :]


def _no_integers(eqn: Eqn) -> DtypeError:
    return DtypeError(
        f"For '{type(eqn.op).__name__}', the gradient by an operand that is not float has no meaning; "
        "make it a float tensor, or wrap it in ops.stop_gradient.",
        eqn.location,
    )


def _wrong(eqn: Eqn, operand: str | None, what: str) -> VoiceError:
    return VoiceError(f"For '{eqn.op.label}', {what}", type(eqn.op).__name__, operand, eqn.location)
