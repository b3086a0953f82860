"""Samples of gathers along an axis."""

from __future__ import annotations

import numpy as np

from msgrad_ext import Tensor, ops

from .base import Sample, spaced

_INDEX = np.array([[0, 2, 1], [2, 2, 0]])


def samples() -> list[Sample]:
    def gather(axis: int, index: np.ndarray) -> object:
        return lambda a: ops.GatherD()(a * a, axis, Tensor(index)) ** 2

    rows, below = np.array([[1, 0, 0, 1]]), np.array([[-1], [-3]])

    def grad(a: Tensor) -> Tensor:
        return ops.GatherDGrad(1, (3, 4))(a * a, Tensor(_INDEX)) ** 2

    return [
        Sample("GatherD", gather(1, _INDEX), (spaced(2, 3),), "repeated"),
        Sample("GatherD", gather(0, rows), (spaced(2, 4),), "axis 0"),
        Sample("GatherD", gather(1, below), (spaced(3, 3),), "part"),
        Sample("GatherDGrad", grad, (spaced(2, 3),), "put back"),
    ]
