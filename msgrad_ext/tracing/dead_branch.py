"""Where a selection did not choose, nothing flows: not even the zero times infinity that a rule would make of it.

A cotangent that comes down from a `Select` carries a mask of the entries that were chosen, through elementwise ops and
moves of elements. Where it is false, a contribution is 0 whatever the rule says. The mask is that of the condition, not
of entries that happen to be 0, so that the second derivative is right too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir import Eqn, Var
from ..op import Elementwise
from ..registry import fn

_MOVES = frozenset({"Reshape", "Transpose", "ExpandDims", "Squeeze", "StridedSlice", "StridedSliceGrad", "Concat"})
# Their rules pass a cotangent on as it is: a zero stays a zero.
_PASS_ON = frozenset({"Add", "Sub", "Neg", "Cast"})


class Alive:
    """The masks of one reverse pass, by variable; a variable without one is alive everywhere.

    Parameters
    ----------
    eqns : tuple of Eqn
        The forward program: only what an equation made can hand a mask on.
    known : callable
        Gives the stand-in for an atom of it.
    """

    def __init__(self, eqns: tuple[Eqn, ...], known: Callable[[Any], Any]) -> None:
        self.makers = {eqn.out: eqn for eqn in eqns}
        self.known = known
        self.masks: dict[Var, Any] = {}

    def through(self, eqn: Eqn, position: int, contribution: Any) -> tuple[Any, Any]:
        """``contribution`` to an operand with zeros where it is dead, and the operand's mask (None: alive everywhere)."""
        name, alive, atom = type(eqn.op).__name__, self.masks.get(eqn.out), eqn.inputs[position]
        if name == "Select":
            return contribution, self._chosen(eqn, position, alive)
        if alive is None:
            return contribution, None
        if name in _MOVES:
            return contribution, self._moved(eqn, position, alive)
        if not isinstance(eqn.op, Elementwise) and name != "Cast":
            return contribution, None
        if name not in _PASS_ON and contribution.shape == eqn.out.shape:
            contribution = fn.select(alive, contribution, fn.zeros_like(contribution))
        return contribution, alive if atom.shape == eqn.out.shape else None

    def _moved(self, eqn: Eqn, position: int, alive: Any) -> Any:
        """The mask before a move; what the move leaves out is not dead by a selection."""
        if eqn.inputs[position] not in self.makers:
            return None
        gone = eqn.op.vjp(fn.logical_not(alive), self.known(eqn.out), *map(self.known, eqn.inputs))
        return fn.logical_not(gone[position] if isinstance(gone, tuple) else gone)

    def _chosen(self, eqn: Eqn, position: int, alive: Any) -> Any:
        """The mask of one branch of a selection."""
        atom = eqn.inputs[position]
        if atom not in self.makers or atom.shape != eqn.out.shape:
            return None
        condition = self.known(eqn.inputs[0])
        if condition.shape != eqn.out.shape:
            condition = fn.broadcast_to(condition, eqn.out.shape)
        mask = condition if position == 1 else fn.logical_not(condition)
        return mask if alive is None else fn.logical_and(mask, alive)

    def add(self, var: Var, mask: Any, first: bool) -> None:
        """Join the mask of one more contribution: an entry is alive if any contribution is."""
        before = self.masks.pop(var, None)
        if mask is not None and var in self.makers and (first or before is not None):
            self.masks[var] = mask if first else fn.logical_or(before, mask)


__all__ = ["Alive"]
