"""Samples of ops of layers: normalisation and dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from msgrad_ext import Parameter, ops
from msgrad_ext.tensor import Tensor

from .base import Sample, spaced

IMAGE = (2, 3, 2, 2)


def _trained(x: Any, scale: Any, shift: Any) -> Any:
    """Batch normalisation in training, with running statistics of its own."""
    mean, variance = (Parameter(np.full(3, value, x.numpy_dtype)) for value in (0.0, 1.0))
    return ops.BatchNorm(is_training=True)(x, scale, shift, mean, variance)[0] ** 2


def _all_used(x: Any, scale: Any, shift: Any) -> Any:
    """A result that all three outputs of layer normalisation go into."""
    result, mean, variance = ops.LayerNorm()(x, scale, shift)
    return result * mean + variance


def samples() -> list[Sample]:
    mean, variance = Tensor(spaced(3, seed=3)), Tensor(spaced(3, low=0.5, high=2.0))
    scale, shift = spaced(3, seed=1), spaced(3, seed=2)
    return [
        Sample(
            "LayerNorm",
            lambda x, g, b: ops.LayerNorm(-1, -1)(x, g, b)[0] ** 2,
            (spaced(2, 3), scale, shift),
            "last axis",
        ),
        Sample("LayerNorm", _all_used, (spaced(2, 3), scale, shift), "all outputs"),
        Sample(
            "BatchNorm",
            lambda x, g, b: ops.BatchNorm()(x, g, b, mean, variance)[0] ** 2,
            (spaced(*IMAGE), scale, shift),
            "evaluation",
        ),
        Sample("BatchNorm", _trained, (spaced(*IMAGE), scale, shift), "training"),
        Sample("RmsNorm", lambda x, g: ops.RmsNorm()(x, g)[0] * ops.RmsNorm()(x, g)[1], (spaced(2, 3), scale), "rows"),
        Sample("LRN", lambda x: ops.LRN(1, 1.5, 0.7)(x) ** 2, (spaced(1, 4, 1, 2),), "neighbours"),
        Sample("Dropout", lambda x: ops.Dropout(0.7)(x)[0] ** 2, (spaced(3, 4),), "matrix"),
        Sample("Dropout2D", lambda x: ops.Dropout2D(0.7)(x)[0] ** 2, (spaced(*IMAGE),), "images"),
        Sample("Dropout3D", lambda x: ops.Dropout3D(0.7)(x)[0] ** 2, (spaced(2, 3, 1, 2, 1),), "volumes"),
    ]
