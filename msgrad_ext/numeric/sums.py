"""Sums as products where those are cheaper: numpy takes a microsecond to start a sum, and a quarter to start a `dot`.

Only where the sum is no less exact: few terms, or sums over the first axis, which numpy adds one after the other too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod

import numpy as np

from ..ir import unique
from .lowering import Steps
from .steps import Step, Value

# Above this many terms numpy adds pairwise to better effect than BLAS does.
TERMS = 1024


def cheaper_sums(lowered: Steps, given: Sequence[Step]) -> list[Step]:
    """The steps ``given`` with sums, and sums of products, as dots."""
    uses = Counter(operand for step in given for operand in step.operands)
    uses.update(lowered.outputs)
    makers = {step.out: step for step in given if step.kind == "ufunc"}
    ones = Ones(lowered)
    dropped: set[Value] = set()
    steps: list[Step] = []
    for step in given:
        whole = step.out
        if step.kind == "reduce" and step.name == "add" and step.operands[0].dtype.char in "fd":
            found = _inner(step, uses, makers, dropped) or _product(step, ones)
            steps += [found] if found else _products(step, ones) or [step]
        else:
            steps.append(step)
        if steps[-1].out is not whole and whole.kind == "view":
            steps.append(Step("view", whole.form, (steps[-1].out,), whole, (), step.eqn))
    return [step for step in steps if step.kind == "guard" or step.out not in dropped]


def whole_sum(step: Step) -> bool:
    """True for a sum of all elements."""
    return step.kind == "reduce" and step.name == "add" and len(step.settings[0]) == len(step.operands[0].shape)


def _inner(step: Step, uses: Counter[Value], makers: dict[Value, Step], dropped: set[Value]) -> Step | None:
    """A full sum of a product as one dot of the two."""
    (operand,), (axes, _) = step.operands, step.settings
    made = makers.get(operand)
    if len(axes) != len(operand.shape) or operand.size > TERMS or made is None or made.name != "multiply":
        return None
    if uses[operand] != 1 or any((one.shape, one.dtype) != (operand.shape, operand.dtype) for one in made.operands):
        return None
    dropped.add(operand)
    return Step("inner", "dot", made.operands, number_of(step), (), step.eqn)


def _product(step: Step, ones: Ones) -> Step | None:
    """A sum along one axis of a matrix, or of all of a small array, as a product with ones."""
    (operand,), (axes, keep) = step.operands, step.settings
    if len(axes) == len(operand.shape) and operand.size <= TERMS:
        if not operand.compact:
            return None
        operands = (operand, ones.of((operand.size,), operand.dtype))
        return Step("inner", "dot", operands, number_of(step), (), step.eqn)
    if len(operand.shape) != 2 or len(axes) != 1 or (axes[0] == 1 and operand.shape[1] > TERMS):
        return None
    count = operand.shape[axes[0]]
    shape: tuple[int, ...] = (count,) if not keep else (1, count) if axes[0] == 0 else (count, 1)
    vector = ones.of(shape, operand.dtype)
    operands = (vector, operand) if axes[0] == 0 else (operand, vector)
    return Step("dot", "dot", operands, step.out, (), step.eqn)


def _products(step: Step, ones: Ones) -> list[Step] | None:
    """A sum along some axes of an array of more axes as products with ones, one for each run of axes."""
    (operand,), (axes, _) = step.operands, step.settings
    # What lies as nobody knows yet is reshaped when it is there, with a copy if need be.
    if len(axes) == len(operand.shape) or not (operand.compact or operand.kind != "view"):
        return None
    shape, value, steps = list(operand.shape), operand, []
    for start, stop in reversed(runs_of(axes)):
        lead, count, rest = prod(shape[:start]), prod(shape[start:stop]), prod(shape[stop:])
        if rest == 1 and count > TERMS:
            return None
        view = ones.reshaped(value, (count, rest) if lead == 1 else (lead, count) if rest == 1 else (lead, count, rest))
        steps.append(Step("view", view.form, (value,), view, (), step.eqn))
        kind = "dot" if 1 in (lead, rest) else "matmul"
        vector = ones.of((count,) if kind == "dot" else (1, count), operand.dtype)
        value = ones.made_value((rest,) if lead == 1 else (lead,) if rest == 1 else (lead, 1, rest), operand.dtype)
        steps.append(Step(kind, kind, (view, vector) if rest == 1 < lead else (vector, view), value, (), step.eqn))
        del shape[start:stop]
    out = step.out
    out.kind, out.base, out.form = "view", value, f"{{}}.reshape({out.shape})"
    return steps


def runs_of(axes: Sequence[int]) -> list[tuple[int, int]]:
    """Axes that follow each other as ranges."""
    runs: list[tuple[int, int]] = []
    for axis in axes:
        start = runs.pop()[0] if runs and runs[-1][1] == axis else axis
        runs.append((start, axis + 1))
    return runs


def number_of(step: Step) -> Value:
    """A number for the full sum; where axes are kept, the sum becomes a view of it."""
    out = step.out
    if not out.shape:
        return out
    number = Value((), out.dtype, "made", f"{out.name}_0")
    out.kind, out.base, out.form = "view", number, f"{{}}.reshape({out.shape})"
    return number


class Ones:
    """Constant vectors of ones."""

    def __init__(self, lowered: Steps) -> None:
        self.lowered = lowered

    def made_value(self, shape: tuple[int, ...], dtype: np.dtype) -> Value:
        """A value that a step makes, under a name that is not in use."""
        return Value(shape, dtype, "made", unique("total", self.lowered.taken))

    def reshaped(self, value: Value, shape: tuple[int, ...]) -> Value:
        """``value`` in another shape."""
        name = unique(f"{value.name}_as", self.lowered.taken)
        return Value(shape, value.dtype, "view", name, value, f"{{}}.reshape({shape})", compact=value.compact)

    def of(self, shape: tuple[int, ...], dtype: np.dtype) -> Value:
        """Ones of a shape."""
        known, key = self.lowered.ones, (shape, dtype)
        if key not in known:
            name = unique(f"ones_{'_'.join(map(str, shape))}_{dtype.char}", self.lowered.taken)
            known[key] = Value(shape, dtype, "constant", name, array=np.ones(shape, dtype))
            self.lowered.constants.append(known[key])
        return known[key]
