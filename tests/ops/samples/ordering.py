"""Samples of places, sorting, extremes with their places, and medians."""

from __future__ import annotations

from msgrad_ext import ops

from .base import Sample, spaced


def samples() -> list[Sample]:
    # An even axis, so that a place with its lowest bit turned is a place as well.
    a = spaced(2, 4)

    def place(op: object, axis: int) -> object:
        return lambda a: ops.gather_d(a * a, axis, ops.expand_dims(op(a), axis))

    def order(op: object, axis: int) -> object:
        return lambda a: ops.gather_d(a * a, axis, op(a)) * ops.GatherD()(a, axis, op(a))

    return [
        Sample("Argmax", place(ops.Argmax(1), 1), (a,), "axis 1"),
        Sample("Argmax", place(ops.Argmax(0), 0), (a,), "axis 0"),
        Sample("Argmin", place(ops.Argmin(), 1), (a,), "axis 1"),
        Sample("ArgSort", lambda a: ops.gather_d(a * a, 1, ops.ArgSort(1)(a))[:, 1:], (a,), "up"),
        Sample("ArgSort", lambda a: ops.gather_d(a * a, 0, ops.ArgSort(0, True)(a))[1:], (a,), "down"),
        Sample("CummaxPlace", order(ops.CummaxPlace(1), 1), (a,), "axis 1"),
        Sample("CumminPlace", order(ops.CumminPlace(1), 1), (a,), "axis 1"),
        Sample("ArgMaxWithValue", lambda a: ops.ArgMaxWithValue(1)(a * a)[1] ** 2, (a,), "axis 1"),
        Sample("ArgMinWithValue", lambda a: ops.ArgMinWithValue(0, True)(a * a)[1], (a,), "axis 0"),
        Sample("Sort", lambda a: ops.Sort(1, True)(a * a)[0] * a, (a,), "down"),
        Sample("TopK", lambda a: ops.TopK()(a * a, 3)[0] ** 2, (a,), "three"),
        Sample("Median", lambda a: ops.Median(axis=1)(a * a)[0] ** 2, (a,), "axis 1"),
        Sample("Cummax", lambda a: ops.Cummax(1)(a * a)[0] * a, (a,), "axis 1"),
        Sample("Cummin", lambda a: ops.Cummin(0)(a * a)[0] * a, (a,), "axis 0"),
        Sample("Unique", lambda a: ops.Unique()(a)[0] ** 2, (spaced(4),), "vector"),
    ]
