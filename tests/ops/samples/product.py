"""Samples of matrix products and fused losses."""

from __future__ import annotations

import numpy as np

from msgrad_ext import ops
from msgrad_ext.tensor import Tensor

from .base import Sample, spaced


def samples() -> list[Sample]:
    def loss(a: Tensor) -> Tensor:
        labels = Tensor(np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])).astype(a.dtype)
        return ops.SoftmaxCrossEntropyWithLogits()(a, labels)[0]

    return [
        Sample("MatMul", ops.MatMul(), (spaced(2, 3), spaced(3, 4)), "plain"),
        Sample("MatMul", ops.MatMul(True, True), (spaced(3, 2), spaced(4, 3)), "transposed"),
        Sample("MatMul", lambda a: a @ a, (spaced(3, 3),), "square"),
        Sample("BatchMatMul", ops.BatchMatMul(), (spaced(5, 2, 3), spaced(5, 3, 4)), "batch"),
        Sample("BatchMatMul", lambda a, b: ops.matmul(a, b), (spaced(5, 2, 3), spaced(3, 4)), "broadcast"),
        Sample("SoftmaxCrossEntropyWithLogits", loss, (spaced(2, 3),), "rows"),
    ]
