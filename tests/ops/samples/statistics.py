"""Samples of logarithms of sums, variances, norms and distances."""

from __future__ import annotations

from msgrad_ext import ops

from .base import Sample, spaced


def samples() -> list[Sample]:
    a, b = spaced(2, 3, low=0.2), spaced(2, 3, low=-1.2, seed=1)
    found = []
    for label, keep, axis in (("all", False, ()), ("axis 0", False, 0), ("kept", True, 1), ("two", False, (0, 2))):
        cube = spaced(2, 3, 2, low=-1.1)
        for name, op in (
            ("ReduceLogSumExp", ops.ReduceLogSumExp(keep)),
            ("PNorm", ops.PNorm(3, keep)),
            ("PNorm", ops.PNorm(2, keep)),
            ("PNorm", ops.PNorm(2.5, keep)),
        ):
            extra = f" {op.p}" if name == "PNorm" else ""
            found.append(Sample(name, lambda a, op=op, axis=axis: op(a * a * a, axis), (cube,), label + extra))
    return [
        *found,
        Sample("ReduceStd", lambda a: ops.ReduceStd(1)(a)[0] * 3.0 + ops.ReduceStd(1)(a * a)[1], (a,), "axis 1"),
        Sample("LpNorm", lambda a: ops.LpNorm(1, 3, True)(a) * a, (a,), "kept"),
        Sample("LpNorm", lambda a: ops.LpNorm([0, 1])(a), (a,), "all"),
        Sample("L2Normalize", lambda a: ops.L2Normalize(1)(a) * a, (a,), "axis 1"),
        Sample("L2Loss", lambda a: ops.L2Loss()(a * a), (a,), "fourth power"),
        Sample("SquareSumAll", lambda a, b: ops.SquareSumAll()(a, b)[0] * ops.SquareSumAll()(a, b)[1], (a, b), "two"),
        Sample("Cdist", lambda a, b: ops.Cdist(3.0)(a, b), (a, b), "cube"),
        Sample("Cdist", lambda a, b: ops.Cdist()(a, b) ** 2, (a, b), "square"),
        Sample("Renorm", lambda a: ops.Renorm(2.0, 0, 0.5)(a) * a, (a,), "axis 0"),
    ]
