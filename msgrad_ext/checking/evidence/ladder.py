"""The ladder of each gradient: the ops between its input and the output, each on the strongest rung that it reaches.

Comes in: a `Case`. Goes out: a `Ladder` for each gradient. How the engine puts the rules together is not proved here: it
is checked by the comparison of the whole with the formulas, whose arithmetic the judge names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...gradients.grad_operation import Application
from ...ir import Eqn, Graph, Var
from ...proving.proof import Proof, prove
from ..case import Case
from ..effort.budget import Budget
from .local import DEFAULT, STRONG, Limits, climb, flowing
from .rungs import ALL_SHAPES, DIGITS, FLOATS, THIS_SHAPE, Ladder, OpRung, weakest

# Ops of one network that are tested; what comes after stands where the whole does.
MOST = 48
MOST_STRONG = 1000


def ladders(case: Case, exact: bool, strong: bool = False) -> list[Ladder]:
    """The evidence for each gradient of a case.

    Parameters
    ----------
    case : Case
        What was computed.
    exact : bool
        Whether the whole was compared in fifty digits, or else in floats.
    strong : bool
        Try long proofs too, and spend more on the other rungs.
    """
    fallback = DIGITS if exact else FLOATS
    how = f"the gradient as a whole {fallback}"
    if case.has_custom:
        reason = "a derivative that the user wrote is compared as a whole"
        return [Ladder(fallback, (OpRung("bprop", fallback, "", (reason,)),), how) for _ in case.wrt]
    climber = _Climber(case, fallback, strong)
    return [climber.ladder(var, how) for var in case.wrt]


def strongest(application: Application, seed: int, checked: Ladder) -> list[Ladder]:
    """The strongest evidence for each gradient of an application that was checked already, with ``checked`` for one."""
    return ladders(Case(application, seed, Budget()), DIGITS in checked.composition, strong=True)


class _Climber:
    """The rungs of the equations of one case, each found once."""

    def __init__(self, case: Case, fallback: str, strong: bool) -> None:
        self.case, self.fallback, self.strong = case, fallback, strong
        self.limits: Limits = STRONG if strong else DEFAULT
        self.found: dict[Any, OpRung] = {}

    def ladder(self, var: Var, how: str) -> Ladder:
        """The ladder of the gradient by ``var``."""
        between = path(self.case.forward, var)
        ops = tuple(dict.fromkeys(self.rung(eqn) for eqn in between))
        if not ops:
            return Ladder(self.fallback, (), how)
        return Ladder(weakest((one.rung for one in ops), self.fallback), ops, how)

    def rung(self, eqn: Eqn) -> OpRung:
        """The rung of one equation's op."""
        if eqn.out not in self.found:
            if len(self.found) >= (MOST_STRONG if self.strong else MOST):
                return OpRung(eqn.op.label, self.fallback, "", ("the network has more ops than are tested one by one",))
            self.found[eqn.out] = self._climbed(eqn, self.case.values)
        return self.found[eqn.out]

    def _climbed(self, eqn: Eqn, values: Mapping[Var, Any]) -> OpRung:
        proof = prove(eqn, brief=not self.strong)
        if proof.proved and not proof.fixed:
            return OpRung(eqn.op.label, ALL_SHAPES, _conditions(proof))
        if proof.proved and self.strong:
            fixed = f"with axes of length {', '.join(proof.fixed)}"
            return OpRung(eqn.op.label, THIS_SHAPE, " ".join(filter(None, (fixed, _conditions(proof)))))
        why = (f"not at all shapes: {proof.why or 'a setting fixes some axes'}",)
        found = climb(eqn, values, self.limits, self.case.seed, self.fallback)
        return replace(found, why=(*why, *found.why))


def _conditions(proof: Proof) -> str:
    return f"where {', '.join(proof.conditions)}" if proof.conditions else ""


def path(graph: Graph, var: Var) -> list[Eqn]:
    """The equations between an input and the float outputs, through which its gradient flows."""
    reached = {var}
    ahead = []
    for eqn in graph.eqns:
        if eqn.out.dtype.kind == "f" and any(eqn.inputs[place] in reached for place in flowing(eqn)):
            reached.add(eqn.out)
            ahead.append(eqn)
    needed = {atom for atom in graph.outputs if isinstance(atom, Var) and atom.dtype.kind == "f"}
    between = []
    for eqn in reversed(ahead):
        if eqn.out in needed:
            between.append(eqn)
            needed.update(_variables(eqn.inputs))
    return between[::-1]


def _variables(atoms: Sequence[Any]) -> list[Var]:
    return [atom for atom in atoms if isinstance(atom, Var)]
