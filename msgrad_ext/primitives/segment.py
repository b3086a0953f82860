"""Sums, products and extremes of rows by the segment that each belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentValueError, DtypeError, ShapeError
from ..op import Composite
from ..registry import fn
from ..tensor import Tensor
from .arguments import integer, pinned, tensor
from .gather import added, taken


def _read(op: str, input_x: Any, segment_ids: Any, num_segments: Any) -> tuple[Tensor, Tensor, int]:
    x, ids = tensor(op, "input_x", input_x), tensor(op, "segment_ids", segment_ids)
    if ids.numpy_dtype.kind not in "iu":
        raise DtypeError(f"For '{op}', the segment_ids must be ints, but got {ids.dtype}.")
    if x.shape[: ids.ndim] != ids.shape:
        raise ShapeError(
            f"For '{op}', the shape of segment_ids must be the first axes of {x.shape}, but got {ids.shape}."
        )
    count = integer(op, "num_segments", num_segments)
    if count < 1:
        raise ArgumentValueError(f"For '{op}', the num_segments must be positive, but got {count}.")
    known = ids._array()
    if known.size and known.max() >= count:
        raise ArgumentValueError(f"For '{op}', each segment_id must be less than {count}, but got {known.max()}.")
    return fn.reshape(x, (ids.size, *x.shape[ids.ndim :])), fn.reshape(ids, (-1,)), count


class UnsortedSegmentSum(Composite, functions="unsorted_segment_sum"):
    """The sum of the rows of each segment; rows with a negative id are left out."""

    def compute(self, input_x: Any, segment_ids: Any, num_segments: Any) -> Tensor:
        """One row for each segment, zeros for one without rows."""
        x, ids, count = _read("UnsortedSegmentSum", input_x, segment_ids, num_segments)
        if ids.size and ids._array().min() < 0:
            kept = np.nonzero(pinned(ids) >= 0)[0]
            x, ids = taken(x, (0,), (Tensor(kept),)), taken(ids, (0,), (Tensor(kept),))
        return added(x, (0,), (ids,), (count, *x.shape[1:]))


class _Extreme:
    """Base of what reduces the rows of each segment by an op; rows of one segment are gathered beside each other."""

    def compute(self, input_x: Any, segment_ids: Any, num_segments: Any) -> Tensor:
        """One row for each segment."""
        x, ids, count = _read(type(self).__name__, input_x, segment_ids, num_segments)
        known = pinned(ids)
        members = [np.nonzero(known == segment)[0] for segment in range(count)]
        width = max((len(rows) for rows in members), default=0)
        if not width:
            return fn.broadcast_to(self.empty(x.numpy_dtype), (count, *x.shape[1:]))
        table = np.zeros((count, width), np.int64)
        there = np.zeros((count, width), bool)
        for segment, rows in enumerate(members):
            table[segment, : len(rows)] = rows
            there[segment, : len(rows)] = True
        rows = taken(x, (0,), (Tensor(table),))
        shown = fn.broadcast_to(Tensor(there.reshape(*there.shape, *(1,) * (x.ndim - 1))), rows.shape)
        return self.reduce(fn.select(shown, rows, self.empty(x.numpy_dtype)))

    @staticmethod
    def empty(kind: np.dtype) -> Tensor:
        """The result of a segment without rows."""
        raise NotImplementedError

    @staticmethod
    def reduce(rows: Tensor) -> Tensor:
        """``rows`` reduced along axis 1."""
        raise NotImplementedError


def _limit(kind: np.dtype, which: str) -> Tensor:
    return Tensor(np.asarray(getattr(np.finfo(kind) if kind.kind == "f" else np.iinfo(kind), which), kind))


class UnsortedSegmentMax(_Extreme, Composite, functions="unsorted_segment_max"):
    """The largest of the rows of each segment, by element; the dtype's smallest number for one without rows.

    Notes
    -----
    Equal rows share the gradient.
    """

    @staticmethod
    def empty(kind: np.dtype) -> Tensor:
        """The smallest number."""
        return _limit(kind, "min")

    @staticmethod
    def reduce(rows: Tensor) -> Tensor:
        """The largest."""
        return fn.reduce_max(rows, 1)


class UnsortedSegmentMin(_Extreme, Composite, functions="unsorted_segment_min"):
    """The smallest of the rows of each segment, by element; the dtype's largest number for one without rows.

    Notes
    -----
    Equal rows share the gradient.
    """

    @staticmethod
    def empty(kind: np.dtype) -> Tensor:
        """The largest number."""
        return _limit(kind, "max")

    @staticmethod
    def reduce(rows: Tensor) -> Tensor:
        """The smallest."""
        return fn.neg(fn.reduce_max(fn.neg(rows), 1))


class UnsortedSegmentProd(_Extreme, Composite, functions="unsorted_segment_prod"):
    """The product of the rows of each segment, by element; ones for one without rows."""

    @staticmethod
    def empty(kind: np.dtype) -> Tensor:
        """One."""
        return Tensor(np.ones((), kind))

    @staticmethod
    def reduce(rows: Tensor) -> Tensor:
        """The product, one column after the other."""
        columns = [rows[:, column] for column in range(rows.shape[1])]
        result = columns[0]
        for column in columns[1:]:
            result = result * column
        return result


__all__ = ["UnsortedSegmentMax", "UnsortedSegmentMin", "UnsortedSegmentProd", "UnsortedSegmentSum"]
