"""Selections by integer arithmetic on the bits of floats: the same bits without a branch for each element.

`numpy.where` branches on every element; where the condition has no pattern, a processor that guesses wrongly half of the
time takes ten times as long as for arithmetic. A number's bits times 0 or 1 are zero or the number, so that::

    where(c, x, 0)   is   x * c                         (on bits)
    where(c, x, y)   is   y ^ ((x ^ y) * c)
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import methodcaller

import numpy as np

from ..ir import unique
from .lowering import Steps
from .steps import Step, Value

# Below this, one call costs less than three.
_SHORT = 256


def selected(lowered: Steps) -> list[Step]:
    """The steps, with selections as steps of the kind ``"bits"``, which work on the bits of their floats."""
    steps: list[Step] = []
    for step in lowered.steps:
        steps += _in_bits(step, lowered.taken) if step.kind == "where" and _suits(step) else [step]
    return steps


def _suits(step: Step) -> bool:
    condition, first, second = step.operands
    kind = step.out.dtype
    plain = kind.kind in "iu" or kind.char in "efd"
    return plain and condition.dtype == bool and first.dtype == second.dtype == kind


def _in_bits(step: Step, taken: set[str]) -> Iterator[Step]:
    condition, first, second = step.operands
    out = step.out

    def between(word: str, like: Value) -> Value:
        return Value(like.shape, like.dtype, "made", unique(f"{out.name}_{word}", taken))

    if _is_zero(second):
        yield Step("bits", "multiply", (first, condition), out, (), step.eqn)
    elif out.size < _SHORT:
        yield step
    elif _is_zero(first):
        other = between("not", condition)
        yield Step("ufunc", "logical_not", (condition,), other, (), step.eqn)
        yield Step("bits", "multiply", (second, other), out, (), step.eqn)
    else:
        apart, chosen = between("apart", out), between("chosen", out)
        yield Step("bits", "bitwise_xor", (first, second), apart, (), step.eqn)
        yield Step("bits", "multiply", (apart, condition), chosen, (), step.eqn)
        yield Step("bits", "bitwise_xor", (chosen, second), out, (), step.eqn)


def _is_zero(value: Value) -> bool:
    """True for a constant all of whose bits are zero."""
    return value.array is not None and not value.array.shape and not any(value.array.tobytes())


def bits_of(value: Value) -> Value:
    """A float as the integer with its bits; anything else as it is."""
    if value.dtype.kind != "f":
        return value
    integer = np.dtype(f"i{value.dtype.itemsize}")
    bits = Value(value.shape, integer, "view", "", value, f"{{}}.view('{integer.name}')")
    bits.make = methodcaller("view", integer)
    return bits
