"""Is a recorded pass linear in its weights? A reverse pass must be; two weightings then say all there is to say.

Seen from the equations alone: each op that a cotangent enters must be one that is linear in it. A pass that is not of
such ops only may still be right; it is then tried at more weights.
"""

from __future__ import annotations

import numpy as np

from ...ir import Eqn, Var
from ...reversing.recorded import Record
from ..result import Fault

# Linear in all operands together; in Concat, Select and the like the further operands are places and conditions.
_LINEAR = frozenset(
    "Add Sub Neg Reshape Transpose BroadcastTo ExpandDims Squeeze ReduceSum ReduceMean Concat StridedSlice "
    "StridedSliceGrad Cast CumSum Diagonal DiagonalGrad Windows WindowsGrad ZerosLike OnesLike StopGradient".split()
)
# Linear in each of the operands at these places, in one of them at a time.
_EACH = {
    **dict.fromkeys(("Mul", "MatMul", "BatchMatMul", "Einsum"), (0, 1)),
    **dict.fromkeys(("Div", "RealDiv", "TakeAt", "GatherD", "GatherDGrad", "AddAt"), (0,)),
}


def is_linear(record: Record) -> bool:
    """True when the gradients are seen to be linear in the weights."""
    moving: set[Var] = set(record.weights.values())
    for eqn in record.eqns:
        places = [n for n, atom in enumerate(eqn.inputs) if isinstance(atom, Var) and atom in moving]
        if not places:
            continue
        if not _linear(eqn, places):
            return False
        moving.add(eqn.out)
    return True


def _linear(eqn: Eqn, places: list[int]) -> bool:
    name = type(eqn.op).__name__
    if name == "Select":
        return 0 not in places
    if name in _EACH:
        return len(places) == 1 and places[0] in _EACH[name]
    return name in _LINEAR


def rounding_fault(record: Record, reached: set[Var]) -> Fault | None:
    """A rule that rounds its cotangent to a narrower float than its operands have, which fifty digits would not see.

    Only steps towards the variables ``reached`` are looked at.
    """
    if not any(_narrows(eqn) for eqn in record.eqns):
        return None
    for step in record.steps:
        for one in step.contributions:
            if step.eqn.inputs[one.position] not in reached:
                continue
            atom, wanted = one.given, _unit(step.eqn.inputs[one.position].dtype)
            ends = {id(each) for each in (*step.eqn.inputs, step.cotangent, step.eqn.out)}
            pending, seen = [atom], set(ends)
            while pending:
                atom = pending.pop()
                known = isinstance(atom, Var) and id(atom) not in seen and atom in record.made
                seen.add(id(atom))
                if not known:
                    continue
                _, made = record.made[atom]  # type: ignore[index]
                if _narrows(made) and _unit(made.out.dtype) > max(wanted, _unit(step.eqn.out.dtype)):
                    told = f"the rule rounds to {made.out.dtype}, though its operand is {step.eqn.inputs[one.position].dtype}"
                    name = step.eqn.operand(one.position)
                    return Fault(type(step.eqn.op).__name__, name, "numeric", None, step.eqn.location, told)
                pending += made.inputs
    return None


def _narrows(eqn: Eqn) -> bool:
    """True for a cast from one float dtype to a coarser one."""
    if type(eqn.op).__name__ != "Cast" or eqn.out.dtype.kind != "f" or eqn.inputs[0].dtype.kind != "f":
        return False
    return _unit(eqn.out.dtype) > _unit(eqn.inputs[0].dtype)


def _unit(dtype: np.dtype) -> float:
    return float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0
