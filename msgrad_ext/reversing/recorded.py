"""What a reverse pass did, step by step: the data that a check judges, so that it judges what ran.

A step is one rule's call: the cotangent that it was handed and the contributions that came back. All are atoms of one
graph, the pass's own, so their values at any data and in any arithmetic are got by running that graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ..ir import Atom, Eqn, Graph, Guard, Var, literal, substitute
from ..registry import OPS


@dataclass(frozen=True)
class Contribution:
    """What one operand got in a step: ``position`` in the equation, what the rule gave, and what was added for it.

    What is added has the operand's shape, and zeros where nothing flows (`dead_branch`).
    """

    position: int
    given: Atom
    added: Atom


@dataclass(frozen=True, eq=False)
class Step:
    """One call of a rule: the forward equation, the cotangent of its result, and the contributions to its operands.

    The cotangent is None where a part with a derivative of its own got one for each of its outputs.
    """

    eqn: Eqn
    cotangent: Atom | None
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, eq=False)
class Record:
    """A reverse pass.

    Attributes
    ----------
    forward : Graph
        What was differentiated, nested gradients expanded.
    wrt : tuple of Var
        What gradients were taken by.
    weights : mapping of int to Var
        The weight of each output that a gradient flows from, by the output's number.
    eqns : tuple of Eqn
        What the rules and the pass itself recorded.
    guards : tuple of Guard
        What those rest on, besides the guards of ``forward``.
    gradients : tuple of Atom
        In the order of ``wrt``.
    steps : tuple of Step
        In the order in which they were taken.
    cotangents : mapping of Var to Atom
        What was held for each variable in the end.
    """

    forward: Graph
    wrt: tuple[Var, ...]
    weights: Mapping[int, Var]
    eqns: tuple[Eqn, ...]
    guards: tuple[Guard, ...]
    gradients: tuple[Atom, ...]
    steps: tuple[Step, ...]
    cotangents: Mapping[Var, Atom]

    @cached_property
    def graph(self) -> Graph:
        """The forward program and the pass; the weights are further inputs, the gradients further outputs."""
        forward = self.forward
        inputs, outputs = (*forward.inputs, *self.weights.values()), (*forward.outputs, *self.gradients)
        return Graph(inputs, (*forward.eqns, *self.eqns), outputs, (*forward.guards, *self.guards))

    def with_ones(self) -> Graph:
        """The same with ones for the weights, which are no inputs then."""
        forward = self.forward
        new: dict[Var, Atom] = {}
        spread: list[Eqn] = []
        for weight in self.weights.values():
            one = literal(1, weight.dtype)
            if weight.shape:
                spread.append(Eqn(OPS["BroadcastTo"](weight.shape), (one,), weight))
            else:
                new[weight] = one
        guards = tuple(Guard(substitute([one.var], new)[0], one.value, one.location) for one in self.guards)
        eqns = (*forward.eqns, *spread, *(eqn.put(new) for eqn in self.eqns))
        outputs = (*forward.outputs, *substitute(self.gradients, new))
        return Graph(forward.inputs, eqns, outputs, (*forward.guards, *guards))

    def reached(self, var: Var) -> set[Var]:
        """``var`` and all that depends on it: what its gradient flows through."""
        found = {var}
        for eqn in self.forward.eqns:
            if any(isinstance(atom, Var) and atom in found for atom in eqn.inputs):
                found.add(eqn.out)
        return found

    @cached_property
    def made(self) -> dict[Var, tuple[int, Eqn]]:
        """What the pass recorded, by what it binds, with its place."""
        return {eqn.out: (place, eqn) for place, eqn in enumerate(self.eqns)}

    @cached_property
    def atoms(self) -> list[Atom]:
        """All that the record speaks of, each once."""
        told: list[Atom] = [*self.forward.outputs, *self.weights.values(), *self.gradients, *self.cotangents.values()]
        for step in self.steps:
            told += [*step.eqn.inputs, step.eqn.out] + ([] if step.cotangent is None else [step.cotangent])
            told += [atom for one in step.contributions for atom in (one.given, one.added)]
        return list({id(atom): atom for atom in told}.values())


__all__ = ["Contribution", "Record", "Step"]
