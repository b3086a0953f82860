"""Samples of what takes and puts elements by position."""

from __future__ import annotations

from typing import Any

import numpy as np

from msgrad_ext import Tensor, ops
from msgrad_ext.op import apply
from msgrad_ext.primitives.gather import AddAt, TakeAt

from .base import Sample, spaced

_ROWS, _TABLE = Tensor(np.array([0, 2, 2])), Tensor(np.array([[0, 2], [1, 1]]))
_AT = Tensor(np.array([[0, 1], [1, 2], [0, 1]]))
_ONCE = Tensor(np.array([[0, 1], [1, 2]]))
_SEGMENTS = Tensor(np.array([0, 1, 0, 1, 0]))


def _scatters(a: np.ndarray, three: np.ndarray) -> list[Sample]:
    found = []
    for name in ("Update", "Add", "Sub", "Mul", "Div", "Max", "Min"):
        op: Any = getattr(ops, f"TensorScatter{name}")()
        network = lambda a, b, op=op: op(a * a, _AT, b) ** 2  # noqa: E731 - a network for each name
        found.append(Sample(f"TensorScatter{name}", network, (a, three), "twice"))
    return found


def _segments() -> list[Sample]:
    found = []
    for name in ("Sum", "Max", "Min", "Prod"):
        op: Any = getattr(ops, f"UnsortedSegment{name}")()
        network = lambda a, op=op: op(a * a, _SEGMENTS, 2) ** 2  # noqa: E731 - a network for each name
        found.append(Sample(f"UnsortedSegment{name}", network, (spaced(5, low=0.4, high=1.7),), "two"))
    return found


def samples() -> list[Sample]:
    a, b = spaced(2, 3, low=0.3, high=1.9), spaced(3, low=0.4, high=1.6, seed=1)
    row, cube = spaced(1, 2, seed=2), spaced(2, 3, 4)

    def hot(a: Tensor) -> Tensor:
        return ops.OneHot()(Tensor(np.array([0, 2])), 3, ops.cast(Tensor(2.0), a.dtype), a[0, 0]) * a

    return [
        Sample("TakeAt", lambda a: apply(TakeAt((1,), (2, 3)), (a * a, _ROWS)) ** 2, (a,), "repeated"),
        Sample("TakeAt", lambda a: a[_ROWS[:2] - 1, :, _ROWS[1:]] ** 2, (cube,), "apart"),
        Sample("TakeAt", lambda a: a[1, _ROWS] ** 2, (a,), "beside an int"),
        Sample("AddAt", lambda a: apply(AddAt((1,), (2, 4)), (a * a, _ROWS)) ** 2, (a,), "repeated"),
        Sample("Gather", lambda a: ops.Gather()(a * a, _TABLE, 1) ** 2, (cube,), "table"),
        Sample("Gather", lambda a: ops.gather(a, _TABLE, 1, 1) ** 2, (a,), "batch"),
        Sample("GatherNd", lambda a: ops.GatherNd()(a * a, _AT) ** 2, (a,), "elements"),
        Sample("GatherNd", lambda a: ops.gather_nd(a, _AT) ** 2, (cube,), "slices"),
        Sample("EmbeddingLookup", lambda a: ops.EmbeddingLookup()(a * a, _ROWS) ** 2, (a,), "outside"),
        Sample("ScatterNd", lambda a: ops.ScatterNd()(_AT, a * a, (2, 3)) ** 2, (b,), "elements"),
        *_scatters(a, b),
        Sample(
            "TensorScatterElements",
            lambda a, b: ops.TensorScatterElements(1)(a * a, Tensor([[0, 0]]), b) ** 2,
            (a, row),
            "twice",
        ),
        Sample(
            "TensorScatterElements", lambda a, b: ops.scatter(a, 0, Tensor([[1, 0]]), b, "add") ** 2, (a, row), "add"
        ),
        Sample("IndexAdd", lambda a, b: ops.IndexAdd(1)(a * a, Tensor([0, 0]), b) ** 2, (a, spaced(2, 2)), "twice"),
        Sample("IndexFill", lambda a: ops.IndexFill()(a * a, 1, Tensor([0, 2]), 3.0) ** 2, (a,), "columns"),
        Sample("MaskedFill", lambda a: ops.MaskedFill()(a * a, a > 1, 0.5) ** 2, (a,), "number"),
        Sample("MaskedSelect", lambda a: ops.MaskedSelect()(a * a, a > 1) ** 2, (a,), "elements"),
        Sample("NonZero", lambda a: ops.gather_nd(a, ops.NonZero()(a > 1)) ** 2, (a,), "positions"),
        *_segments(),
        Sample("OneHot", hot, (a,), "values"),
    ]
