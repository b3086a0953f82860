"""Samples of ops that move elements."""

from __future__ import annotations

import numpy as np

from msgrad_ext import ops

from .base import Sample, spaced


def samples() -> list[Sample]:
    a, b = spaced(2, 3), spaced(2, 3, seed=1)
    return [
        Sample("Reshape", lambda a: ops.Reshape()(a, (3, 2)) ** 2, (a,), "matrix"),
        Sample("Reshape", lambda a: ops.Reshape()(a, (-1,)) ** 2, (a,), "flat"),
        Sample("Transpose", lambda a: ops.Transpose()(a, (1, 0)) * 2.0, (a,), "matrix"),
        Sample("Transpose", lambda a: ops.Transpose()(a, (2, 0, 1)), (spaced(2, 3, 4),), "cube"),
        Sample("ExpandDims", lambda a: ops.ExpandDims()(a, 1) * a, (spaced(3),), "outer"),
        Sample("Squeeze", lambda a: ops.Squeeze(1)(a) ** 2, (spaced(2, 1, 3),), "middle"),
        Sample("BroadcastTo", lambda a: ops.BroadcastTo((4, 2, 3))(a), (spaced(2, 1),), "grow"),
        Sample("Concat", lambda a, b: ops.Concat(1)((a, b, a)) ** 2, (a, spaced(2, 1)), "axis 1"),
        Sample("Concat", lambda a, b: ops.Concat(0)((a, b)), (a, b), "axis 0"),
        Sample("Cast", lambda a: ops.Cast()(a * a, np.float64), (spaced(2, 3).astype(np.float32),), "widen"),
        Sample("ZerosLike", lambda a: ops.ZerosLike()(a) + a, (a,), "plus"),
        Sample("OnesLike", lambda a: ops.OnesLike()(a) * a, (a,), "times"),
        Sample("StopGradient", lambda a: ops.stop_gradient(a * 2.0) * a, (a,), "times"),
        Sample("StridedSlice", lambda a: a[1:, ::2] ** 2, (spaced(3, 4),), "steps"),
        Sample("StridedSlice", lambda a: a[::-1, -1], (spaced(3, 4),), "reversed"),
        Sample(
            "StridedSliceGrad", lambda a: ops.StridedSliceGrad((0, 1), (2, 1), (2, 3), (4, 5))(a) ** 2, (a,), "place"
        ),
    ]
