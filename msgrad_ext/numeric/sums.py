"""Sums as products where those are cheaper: numpy takes a microsecond to start a sum, and a quarter to start a `dot`.

Only where the sum is no less exact: few terms, or sums over the first axis, which numpy adds one after the other too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from .lowering import Steps
from .steps import Step, Value

# Above this many terms numpy adds pairwise to better effect than BLAS does.
_TERMS = 1024


def cheaper_sums(lowered: Steps, given: Sequence[Step]) -> list[Step]:
    """The steps ``given`` with sums, and sums of products, as dots."""
    uses = Counter(operand for step in given for operand in step.operands)
    uses.update(lowered.outputs)
    makers = {step.out: step for step in given if step.kind == "ufunc"}
    ones = _Ones(lowered)
    dropped: set[Value] = set()
    steps = []
    for step in given:
        whole = step.out
        if step.kind == "reduce" and step.name == "add" and step.operands[0].dtype.char in "fd":
            step = _inner(step, uses, makers, dropped) or _product(step, ones) or step
        steps.append(step)
        if step.out is not whole and whole.kind == "view":
            steps.append(Step("view", whole.form, (step.out,), whole, (), step.eqn))
    return [step for step in steps if step.kind == "guard" or step.out not in dropped]


def whole_sum(step: Step) -> bool:
    """True for a sum of all elements."""
    return step.kind == "reduce" and step.name == "add" and len(step.settings[0]) == len(step.operands[0].shape)


def _inner(step: Step, uses: Counter[Value], makers: dict[Value, Step], dropped: set[Value]) -> Step | None:
    """A full sum of a product as one dot of the two."""
    (operand,), (axes, _) = step.operands, step.settings
    made = makers.get(operand)
    if len(axes) != len(operand.shape) or operand.size > _TERMS or made is None or made.name != "multiply":
        return None
    if uses[operand] != 1 or any((one.shape, one.dtype) != (operand.shape, operand.dtype) for one in made.operands):
        return None
    dropped.add(operand)
    return Step("inner", "dot", made.operands, number_of(step), (), step.eqn)


def _product(step: Step, ones: _Ones) -> Step | None:
    """A sum along one axis of a matrix, or of all of a small array, as a product with ones."""
    (operand,), (axes, keep) = step.operands, step.settings
    if len(axes) == len(operand.shape) and operand.size <= _TERMS:
        if not operand.compact:
            return None
        operands = (operand, ones.of((operand.size,), operand.dtype))
        return Step("inner", "dot", operands, number_of(step), (), step.eqn)
    if len(operand.shape) != 2 or len(axes) != 1 or (axes[0] == 1 and operand.shape[1] > _TERMS):
        return None
    count = operand.shape[axes[0]]
    shape: tuple[int, ...] = (count,) if not keep else (1, count) if axes[0] == 0 else (count, 1)
    vector = ones.of(shape, operand.dtype)
    operands = (vector, operand) if axes[0] == 0 else (operand, vector)
    return Step("dot", "dot", operands, step.out, (), step.eqn)


def number_of(step: Step) -> Value:
    """A number for the full sum; where axes are kept, the sum becomes a view of it."""
    out = step.out
    if not out.shape:
        return out
    number = Value((), out.dtype, "made", f"{out.name}_0")
    out.kind, out.base, out.form = "view", number, f"{{}}.reshape({out.shape})"
    return number


class _Ones:
    """Constant vectors of ones."""

    def __init__(self, lowered: Steps) -> None:
        self.lowered = lowered
        self.made: dict[object, Value] = {}

    def of(self, shape: tuple[int, ...], dtype: np.dtype) -> Value:
        """Ones of a shape."""
        key = (shape, dtype)
        if key not in self.made:
            name = f"ones_{'_'.join(map(str, shape))}_{dtype.char}"
            array = np.ones(shape, dtype)
            self.made[key] = Value(shape, dtype, "constant", name, array=array)
            self.lowered.constants.append(self.made[key])
        return self.made[key]
