"""Samples of products and of what runs along an axis."""

from __future__ import annotations

import numpy as np

from msgrad_ext import Tensor, ops

from .base import Sample, spaced


def samples() -> list[Sample]:
    found = []
    zeros = np.array([[1.5, 0.0, -0.7], [0.0, 2.0, 0.0]])
    for label, keep, axis in (("all", False, ()), ("axis 0", False, 0), ("kept", True, 1), ("two", False, (0, 2))):
        op = ops.ReduceProd(keep)
        found.append(
            Sample("ReduceProd", lambda a, op=op, axis=axis: op(a * a, axis), (spaced(2, 3, 2, low=0.4),), label)
        )
    found.append(Sample("ReduceProd", lambda a: ops.ReduceProd()(a + a * a, 1), (zeros,), "zeros"))
    found.append(Sample("ReduceProd", lambda a: ops.ReduceProd()(a, 0) ** 2, (spaced(4),), "vector"))
    for label, exclusive, reverse in (("on", False, False), ("before", True, False), ("back", True, True)):
        for name in ("CumSum", "CumProd"):
            op = getattr(ops, name)(exclusive, reverse)
            found.append(Sample(name, lambda a, op=op: op(a * a, 1), (spaced(2, 3, low=0.3),), label))
    weights = Tensor(np.array([1.0, -2.0, 3.0]))
    found.append(Sample("CumProd", lambda a: ops.cumprod(a + a * a, 1) * weights.astype(a.dtype), (zeros,), "zeros"))
    found.append(Sample("CumSum", lambda a: ops.cumsum(a, 0) ** 2, (spaced(3, 1),), "column"))
    for axis in (0, -1):
        found.append(
            Sample("LogCumSumExp", lambda a, axis=axis: ops.logcumsumexp(a * a, axis), (spaced(2, 3),), f"axis {axis}")
        )
    found.append(
        Sample(
            "CumulativeLogsumexp",
            lambda a: ops.CumulativeLogsumexp(reverse=True)(a * a, 1),
            (spaced(2, 3),),
            "back",
        )
    )
    return found
