"""Samples of reductions and softmax."""

from __future__ import annotations

from msgrad_ext import ops

from .base import Sample, spaced


def samples() -> list[Sample]:
    found = []
    for name in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin"):
        for label, keep, axis in (("all", False, ()), ("axis 0", False, 0), ("kept", True, 1), ("two", False, (0, 2))):
            op = getattr(ops, name)(keep)
            found.append(Sample(name, lambda a, op=op, axis=axis: op(a * a * a, axis), (spaced(2, 3, 4),), label))
    for name in ("Softmax", "LogSoftmax"):
        for axis in (0, -1):
            found.append(Sample(name, getattr(ops, name)(axis), (spaced(2, 3),), f"axis {axis}"))
    for axis in ((0, 2), (0, 1, 2)):
        found.append(Sample("Softmax", ops.Softmax(axis), (spaced(2, 3, 2),), f"axes {axis}"))
    for label, axis in (("all", ()), ("axis 0", 0)):
        for name in ("ReduceAll", "ReduceAny"):
            op = getattr(ops, name)()
            branch = lambda a, op=op, axis=axis: ops.where(op(a > -0.5, axis), a * a, a * 3.0)  # noqa: E731
            found.append(Sample(name, branch, (spaced(2, 3),), label))
    a, b = spaced(2, 3), spaced(2, 3, seed=1)
    return [
        *found,
        Sample("AddN", lambda a, b: ops.AddN()([a * b, b, a * a]), (a, b), "three"),
        Sample("CountNonZero", lambda a: ops.CountNonZero()(a) * a * a, (a,), "times"),
    ]
