"""Samples of logic and selection."""

from __future__ import annotations

from msgrad_ext import ops

from .base import Sample, spaced


def samples() -> list[Sample]:
    a, b = spaced(2, 3), spaced(2, 3, seed=1)
    return [
        Sample("LogicalAnd", lambda a, b: ops.where(ops.logical_and(a > 0, b > 0), a * b, a), (a, b), "branch"),
        Sample("LogicalOr", lambda a, b: ops.where(ops.logical_or(a > 0, b > 0), a * b, a), (a, b), "branch"),
        Sample("LogicalNot", lambda a: ops.where(ops.logical_not(a > 0), a * a, a), (a,), "branch"),
        Sample("Select", lambda a, b: ops.Select()(a > b, a * a, b), (a, b), "branch"),
        Sample("Select", lambda a, b: ops.Select()(a > 0, a, b), (spaced(2, 3), spaced(3)), "broadcast"),
    ]
