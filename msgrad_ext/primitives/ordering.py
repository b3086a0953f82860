"""Extremes with their places, sorting, the largest ``k``, medians and running extremes: composed of places and gathers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtype import is_float
from ..errors import ArgumentError, ArgumentValueError, AxisError, DtypeError, NotSupportedError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor
from .reduction import ReduceMax, ReduceMin, amax, amin, flag, limited, operand
from .scan import along, one_axis
from .sorting import ArgSort, CummaxPlace, CumminPlace, taken, with_index

Pair = tuple[Tensor, Tensor]


class ArgMaxWithValue(Composite):
    """Place and value of the maximum along ``axis``.

    Notes
    -----
    The first of those that tie gets the whole cotangent.
    """

    def __init__(self, axis=0, keep_dims=False):
        self.axis, self.keep_dims = axis, keep_dims

    def compute(self, input: Tensor) -> Pair:
        return with_index("ArgMaxWithValue", input, self.axis, self.keep_dims, True)[::-1]


class ArgMinWithValue(Composite):
    """Place and value of the minimum along ``axis``.

    Notes
    -----
    The first of those that tie gets the whole cotangent.
    """

    def __init__(self, axis=0, keep_dims=False):
        self.axis, self.keep_dims = axis, keep_dims

    def compute(self, input: Tensor) -> Pair:
        return with_index("ArgMinWithValue", input, self.axis, self.keep_dims, False)[::-1]


@composite(methods="argmax_with_value")
def argmax_with_value(x: Tensor, axis: int = 0, keep_dims: bool = False) -> Pair:
    """Value and place of the maximum along ``axis``."""
    return with_index("argmax_with_value", x, axis, keep_dims, True)


@composite(methods="argmin_with_value")
def argmin_with_value(x: Tensor, axis: int = 0, keep_dims: bool = False) -> Pair:
    """Value and place of the minimum along ``axis``."""
    return with_index("argmin_with_value", x, axis, keep_dims, False)


def _indexed(name: str, x: Any, axis: Any, keepdims: Any, initial: Any, where: Any) -> Pair:
    x, largest = operand(name, x), name == "max"
    if axis is None:
        kind = ReduceMax if largest else ReduceMin
        value = _bounded(name, kind()(limited(name, x, initial, where)), initial)
        return value, Tensor(np.zeros((), np.int64))
    if not isinstance(axis, int) or isinstance(axis, bool):
        raise ArgumentError(f"For '{name}', the 'axis' must be int, but got {type(axis).__name__}.")
    value, index = with_index(name, limited(name, x, initial, where), axis, keepdims, largest)
    return _bounded(name, value, initial), index


def _bounded(name: str, value: Tensor, initial: Any) -> Tensor:
    return value if initial is None else (fn.maximum if name == "max" else fn.minimum)(value, initial)


@composite(functions="max")
def max_(input: Tensor, axis: Any = None, keepdims: bool = False, *, initial: Any = None, where: Any = None) -> Pair:
    """Maximum along ``axis`` and its place; over all elements, with place 0, by default.

    Along an axis the first of those that tie gets the whole cotangent; over all elements they share it.
    """
    return _indexed("max", input, axis, keepdims, initial, where)


@composite(functions="min")
def min_(input: Tensor, axis: Any = None, keepdims: bool = False, *, initial: Any = None, where: Any = None) -> Pair:
    """Minimum along ``axis`` and its place; over all elements, with place 0, by default.

    Along an axis the first of those that tie gets the whole cotangent; over all elements they share it.
    """
    return _indexed("min", input, axis, keepdims, initial, where)


def _method(name: str, x: Tensor, args: tuple[Any, ...], given: dict[str, Any]) -> Any:
    """``x.max`` in its two forms: ``(axis, keepdims, *, initial, where, return_indices)`` gives a value, and
    ``(dim, keepdim)``, or an int by position, gives value and place."""
    names = ("axis", "keepdims", "initial", "where", "return_indices", "dim", "keepdim")
    unknown = [key for key in given if key not in names]
    if unknown or len(args) > 2:
        raise ArgumentError(f"For '{name}', the arguments are {', '.join(names)}, but got {unknown or list(args)}.")
    # The name of the flag tells the forms apart where the axis does not.
    by_place = bool(args) and isinstance(args[0], int) and not isinstance(args[0], bool) and "keepdims" not in given
    axis = args[0] if args else given.get("axis", given.get("dim"))
    keep = args[1] if len(args) > 1 else given.get("keepdims", given.get("keepdim", False))
    initial, where = given.get("initial"), given.get("where")
    flag(name, "keepdims", keep)
    if "dim" in given or by_place or given.get("return_indices"):
        return _indexed(name, x, axis, keep, initial, where)
    if isinstance(axis, int) and x.ndim:
        return _indexed(name, x, axis, keep, initial, where)[0]
    return (amax if name == "max" else amin)(x, axis, keep, initial=initial, where=where)


@composite(methods="max")
def tensor_max(x: Tensor, *args: Any, **given: Any) -> Any:
    """Maximum over ``axis``; with an int by position or as ``dim``, and with ``return_indices``, also its place.

    Over all elements those that tie share the cotangent; along one axis the first of them gets it.
    """
    return _method("max", x, args, given)


@composite(methods="min")
def tensor_min(x: Tensor, *args: Any, **given: Any) -> Any:
    """Minimum over ``axis``; with an int by position or as ``dim``, and with ``return_indices``, also its place.

    Over all elements those that tie share the cotangent; along one axis the first of them gets it.
    """
    return _method("min", x, args, given)


@composite(functions="aminmax", methods="aminmax")
def aminmax(input: Tensor, *, axis: Any = 0, keepdims: bool = False) -> Pair:
    """Minimum and maximum along ``axis``; the first of those that tie gets the cotangent."""
    low = _indexed("min", input, axis, keepdims, None, None)[0]
    return low, _indexed("max", input, axis, keepdims, None, None)[0]


@composite(methods="ptp")
def ptp(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Maximum less minimum over ``axis``."""
    return amax(x, axis, keepdims) - amin(x, axis, keepdims)


class Sort(Composite):
    """The elements along ``axis`` in order, and their places; those that tie keep their order."""

    def __init__(self, axis=-1, descending=False):
        if isinstance(axis, bool) or not hasattr(axis, "__index__"):
            raise ArgumentError(f"For 'Sort', the type of 'axis' should be 'int', but got {type(axis).__name__}.")
        self.axis, self.descending = axis, flag("Sort", "descending", descending)

    def compute(self, x: Tensor) -> Pair:
        x = operand("Sort", x)
        if not x.ndim:
            return x, fn.cast(fn.zeros_like(x), np.int32)
        axis = one_axis("Sort", self.axis, x.ndim)
        order = ArgSort(axis, self.descending)(x)
        return taken(x, order, axis), order


@composite(functions="sort")
def sort(input_x: Tensor, axis: int = -1, descending: bool = False) -> Pair:
    """The elements along ``axis`` in order, and their places."""
    return Sort(axis, descending)(input_x)


@composite(methods="sort")
def tensor_sort(x: Tensor, axis: Any = -1, descending: bool = False, *, dim: Any = None) -> Pair:
    """The elements along ``axis`` in order, and their places."""
    return Sort(axis if dim is None else dim, descending)(x)


@composite(functions="msort", methods="msort")
def msort(input: Tensor) -> Tensor:
    """The elements along the first axis in ascending order."""
    return Sort(0)(input)[0]


def _leading(name: str, x: Tensor, k: Any, axis: int, largest: bool) -> Pair:
    if isinstance(k, Tensor):
        k = int(k._array())
    if isinstance(k, bool) or not hasattr(k, "__index__"):
        raise ArgumentError(f"For '{name}', the k must be an int, but got {type(k).__name__}.")
    if not 0 < k <= x.shape[axis]:
        raise ArgumentValueError(f"For '{name}', the k must be in (0, {x.shape[axis]}], but got {k}.")
    order = ArgSort(axis, largest)(x)[along(x.ndim, axis, slice(0, k))]
    return taken(x, order, axis), order


class TopK(Composite):
    """The ``k`` largest elements along the last axis, in descending order, and their places."""

    def __init__(self, sorted=True):
        self.sorted = flag("TopK", "sorted", sorted)

    def compute(self, input_x: Tensor, k: int) -> Pair:
        x = operand("TopK", input_x)
        return _leading("TopK", x, k, one_axis("TopK", -1, x.ndim), True)


@composite(functions="topk", methods="topk")
def topk(input: Tensor, k: int, dim: Any = None, largest: bool = True, sorted: bool = True) -> Pair:
    """The ``k`` largest (or smallest) elements along ``dim``, in order, and their places."""
    x = operand("topk", input)
    return _leading(
        "topk", x, k, one_axis("topk", -1 if dim is None else dim, x.ndim), flag("topk", "largest", largest)
    )


@composite(functions="top_k", methods="top_k")
def top_k(input_x: Tensor, k: int, sorted: bool = True) -> Pair:
    """The ``k`` largest elements along the last axis, and their places."""
    return TopK(sorted)(input_x, k)


@composite(functions="kthvalue", methods="kthvalue")
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Pair:
    """The ``k``-th smallest element along ``dim``, counted from 1, and its place."""
    return _ranked("kthvalue", input, dim, keepdim, lambda n: k)


def _ranked(name: str, x: Any, axis: Any, keep: Any, rank: Any) -> Pair:
    """The element of rank ``rank(n)`` along ``axis``, counted from 1, and its place, Int64."""
    x, keep = operand(name, x), flag(name, "keepdims", keep)
    if not x.ndim:
        return x, fn.cast(fn.zeros_like(x), np.int64)
    place = one_axis(name, axis, x.ndim)
    n = x.shape[place]
    at = rank(n)
    if isinstance(at, bool) or not hasattr(at, "__index__"):
        raise ArgumentError(f"For '{name}', the k must be an int, but got {type(at).__name__}.")
    if not 0 < at <= n:
        raise ArgumentValueError(f"For '{name}', the rank must be in (0, {n}], but got {at}.")
    order = fn.cast(ArgSort(place)(x)[along(x.ndim, place, slice(at - 1, at))], np.int64)
    value = taken(x, order, place)
    return (value, order) if keep else (fn.squeeze(value, place), fn.squeeze(order, place))


@composite(functions="median", methods="median")
def median(input: Tensor, axis: Any = -1, keepdims: bool = False) -> Pair:
    """Median along ``axis`` and its place; the lower one of the two in the middle.

    Notes
    -----
    The element that is taken gets the whole cotangent.
    """
    return _ranked("median", input, axis, keepdims, lambda n: (n + 1) // 2)


class Median(Composite):
    """Median along ``axis`` and its place, or of all elements; the lower one of the two in the middle."""

    def __init__(self, global_median=False, axis=0, keep_dims=False, ignore_nan=False):
        self.global_median, self.axis = flag("Median", "global_median", global_median), axis
        self.keep_dims, self.ignore_nan = keep_dims, flag("Median", "ignore_nan", ignore_nan)

    def compute(self, x: Tensor) -> Pair:
        x = operand("Median", x)
        axis, keep = self.axis, self.keep_dims
        if self.global_median:
            x, axis, keep = fn.reshape(x, (-1,)), 0, False
        value, place = (nanmedian if self.ignore_nan else median)(x, axis, keep)
        if self.global_median and is_float(x.numpy_dtype):
            # Those that tie share the cotangent, as in MindSpore.
            fixed = fn.stop_gradient(value)
            ties = x == fixed
            count = fn.reduce_sum(fn.cast(ties, x.numpy_dtype))
            value = fixed + fn.reduce_sum(fn.select(ties, x - fixed, fn.zeros_like(x))) / count
        # MindSpore gives no place in the whole: always 0.
        return value, fn.zeros_like(place) if self.global_median else place


@composite(functions="nanmedian", methods="nanmedian")
def nanmedian(input: Tensor, axis: Any = -1, keepdims: bool = False) -> Pair:
    """Median along ``axis`` of what is not NaN, and its place; the lower one of the two in the middle."""
    x, keep = operand("nanmedian", input), flag("nanmedian", "keepdims", keepdims)
    place = one_axis("nanmedian", axis, x.ndim)
    # In ascending order NaN comes last, so the numbers are the first ones.
    count = fn.reduce_sum(fn.cast(x == x, np.int64), (place,), True)
    middle = fn.cast(fn.maximum(count - 1, 0) / 2, np.int64)
    order = fn.cast(taken(ArgSort(place)(x), middle, place), np.int64)
    value = taken(x, order, place)
    return (value, order) if keep else (fn.squeeze(value, place), fn.squeeze(order, place))


class Cummax(Composite):
    """Running maximum along ``axis`` and its place; of those that tie, the last."""

    def __init__(self, axis):
        self.axis = axis

    def compute(self, input: Tensor) -> Pair:
        return _running("Cummax", input, self.axis)


class Cummin(Composite):
    """Running minimum along ``axis`` and its place; of those that tie, the last."""

    def __init__(self, axis):
        self.axis = axis

    def compute(self, input: Tensor) -> Pair:
        return _running("Cummin", input, self.axis)


def _running(name: str, x: Any, axis: Any) -> Pair:
    x = operand(name, x)
    if x.numpy_dtype.kind == "b":
        raise DtypeError(f"For '{name}', the operand must be a tensor of numbers, but got bool.")
    place = one_axis(name, axis, x.ndim)
    kind, dtype = (CummaxPlace, np.int64) if name == "Cummax" else (CumminPlace, np.int32)
    index = kind(place, dtype)(x)
    return taken(x, index, place), index


@composite(functions="cummax", methods="cummax")
def cummax(input: Tensor, axis: int) -> Pair:
    """Running maximum along ``axis`` and its place, Int64."""
    return Cummax(axis)(input)


@composite(functions="cummin", methods="cummin")
def cummin(input: Tensor, axis: int) -> Pair:
    """Running minimum along ``axis`` and its place, Int32."""
    return Cummin(axis)(input)


class Unique(Composite):
    """The different elements of a vector in the order of their first places, and for each element which it is."""

    def compute(self, x: Tensor) -> Pair:
        x = operand("Unique", x)
        if x.ndim != 1:
            raise AxisError(f"For 'Unique', the operand must have one axis, but got shape {x.shape}.")
        _, first, inverse = np.unique(x._array(), return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        rank = np.argsort(order, kind="stable")
        kept = first[order].astype(np.int64)
        return taken(x, Tensor(kept), 0), Tensor(rank[inverse].astype(np.int32))


@composite(functions="unique_consecutive", methods="unique_consecutive")
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    """The elements without repetitions of the one before; on request which one each is, and how often each comes."""
    x = operand("unique_consecutive", input)
    if dim is not None and x.ndim != 1:
        raise NotSupportedError("For 'unique_consecutive', a dim is not supported; flatten the tensor.")
    row = fn.reshape(x, (-1,))
    known = row._array()
    starts = np.flatnonzero(np.concatenate((np.ones(min(len(known), 1), bool), known[1:] != known[:-1])))
    values = taken(row, Tensor(starts.astype(np.int64)), 0)
    group = np.searchsorted(starts, np.arange(len(known)), side="right") - 1
    found = [values]
    if flag("unique_consecutive", "return_inverse", return_inverse):
        found.append(Tensor(group.reshape(x.shape).astype(np.int64)))
    if flag("unique_consecutive", "return_counts", return_counts):
        found.append(Tensor(np.diff(np.append(starts, len(known))).astype(np.int64)))
    return tuple(found) if len(found) > 1 else values


@composite(functions="unique")
def unique(input: Tensor) -> Pair:
    """The different elements in the order of their first places, and for each element which it is."""
    x = operand("unique", input)
    values, inverse = Unique()(fn.reshape(x, (-1,)))
    return values, fn.reshape(inverse, x.shape)
