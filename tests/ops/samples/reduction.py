"""Samples of reductions and softmax."""

from __future__ import annotations

from msgrad_ext import ops

from .base import Sample, spaced


def samples() -> list[Sample]:
    found = []
    for name in ("ReduceSum", "ReduceMean", "ReduceMax"):
        for label, keep, axis in (("all", False, ()), ("axis 0", False, 0), ("kept", True, 1), ("two", False, (0, 2))):
            op = getattr(ops, name)(keep)
            found.append(Sample(name, lambda a, op=op, axis=axis: op(a * a * a, axis), (spaced(2, 3, 4),), label))
    for name in ("Softmax", "LogSoftmax"):
        for axis in (0, -1):
            found.append(Sample(name, getattr(ops, name)(axis), (spaced(2, 3),), f"axis {axis}"))
    return found
