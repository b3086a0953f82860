"""Values put at positions: scatters in MindSpore's forms, composed of `AddAt`, selections and what `setitem` does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, DtypeError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor, is_number
from .arguments import dims, int_tuple, one_axis, one_of, pinned, tensor
from .gather import added, checked_index, parts_of
from .setitem import combined, updated, written

Rule = Callable[[Tensor, Tensor], Tensor]


def _flat(shape: tuple[int, ...], parts: list[Tensor]) -> np.ndarray:
    """Flat positions in an array of ``shape`` of what ``parts``, positions in its first axes, select."""
    at = tuple(pinned(part) for part in parts)
    return np.arange(int(np.prod(shape, dtype=int))).reshape(shape)[at]


class ScatterNd(Composite, functions="scatter_nd"):
    """Zeros of ``shape`` with the updates added at the positions in the last axis of the indices."""

    def compute(self, indices: Any, updates: Any, shape: Any) -> Tensor:
        """The filled tensor."""
        given, target = tensor("ScatterNd", "updates", updates), dims("ScatterNd", "shape", shape)
        return _added_nd("ScatterNd", indices, given, target)


def _added_nd(op: str, indices: Any, updates: Tensor, shape: tuple[int, ...]) -> Tensor:
    parts = parts_of(op, indices, shape)
    _fits(op, updates, (*parts[0].shape, *shape[len(parts) :]))
    return added(updates, tuple(range(len(parts))), parts, shape)


def _fits(op: str, updates: Tensor, wanted: tuple[int, ...]) -> None:
    if updates.shape != wanted:
        raise ShapeError(f"For '{op}', the updates must have shape {wanted}, but got {updates.shape}.")


class _TensorScatter:
    """Base of scatters into a tensor at the positions in the last axis of the indices."""

    def compute(self, input_x: Any, indices: Any, updates: Any) -> Tensor:
        """The updated tensor."""
        name = type(self).__name__
        x, given = tensor(name, "input_x", input_x), tensor(name, "updates", updates)
        if given.numpy_dtype != x.numpy_dtype:
            raise DtypeError(f"For '{name}', the updates must be {x.dtype}, as the input, but got {given.dtype}.")
        parts = parts_of(name, indices, x.shape)
        _fits(name, given, (*parts[0].shape, *x.shape[len(parts) :]))
        return self.put(x, parts, given)

    def put(self, x: Tensor, parts: list[Tensor], updates: Tensor) -> Tensor:
        """``updates`` put at the positions ``parts``; one after the other by `rule`."""
        return combined(x, _flat(x.shape, parts), updates, self.rule)

    @staticmethod
    def rule(old: Tensor, new: Tensor) -> Tensor:
        """What an element becomes."""
        raise NotImplementedError


class TensorScatterUpdate(_TensorScatter, Composite, functions="tensor_scatter_update"):
    """The operand with elements replaced; where a position comes twice the last update wins."""

    def put(self, x: Tensor, parts: list[Tensor], updates: Tensor) -> Tensor:
        """The replaced elements get no gradient."""
        return written(x, _flat(x.shape, parts), updates)


class TensorScatterAdd(_TensorScatter, Composite, methods="tensor_scatter_add"):
    """The operand with updates added at positions."""

    def put(self, x: Tensor, parts: list[Tensor], updates: Tensor) -> Tensor:
        """All updates of one position are added."""
        return x + added(updates, tuple(range(len(parts))), parts, x.shape)


class TensorScatterSub(
    _TensorScatter, Composite, functions="tensor_scatter_sub", methods="tensor_scatter_sub scatter_sub"
):
    """The operand with updates subtracted at positions."""

    def put(self, x: Tensor, parts: list[Tensor], updates: Tensor) -> Tensor:
        """All updates of one position are subtracted."""
        return x - added(updates, tuple(range(len(parts))), parts, x.shape)


class TensorScatterMul(
    _TensorScatter, Composite, functions="tensor_scatter_mul", methods="tensor_scatter_mul scatter_mul"
):
    """The operand multiplied by updates at positions."""

    @staticmethod
    def rule(old: Tensor, new: Tensor) -> Tensor:
        """The product."""
        return old * new


class TensorScatterDiv(
    _TensorScatter, Composite, functions="tensor_scatter_div", methods="tensor_scatter_div scatter_div"
):
    """The operand divided by updates at positions."""

    @staticmethod
    def rule(old: Tensor, new: Tensor) -> Tensor:
        """The quotient."""
        return old / new


class TensorScatterMax(
    _TensorScatter, Composite, functions="tensor_scatter_max", methods="tensor_scatter_max scatter_max"
):
    """The operand with the larger of element and update at positions."""

    @staticmethod
    def rule(old: Tensor, new: Tensor) -> Tensor:
        """The larger; equal ones share the gradient."""
        return fn.maximum(old, new)


class TensorScatterMin(
    _TensorScatter, Composite, functions="tensor_scatter_min", methods="tensor_scatter_min scatter_min"
):
    """The operand with the smaller of element and update at positions."""

    @staticmethod
    def rule(old: Tensor, new: Tensor) -> Tensor:
        """The smaller; equal ones share the gradient."""
        return fn.minimum(old, new)


def along_axis(op: str, x: Tensor, axis: int, index: Any, updates: Any, reduction: str) -> Tensor:
    """``x`` with updates at ``index`` along ``axis``, the other positions being those of the update."""
    at, given = tensor(op, "index", index), tensor(op, "updates", updates)
    place = one_axis(op, axis, x.ndim)
    if at.ndim != x.ndim or given.ndim != x.ndim or any(n > m for n, m in zip(at.shape, given.shape)):
        raise ShapeError(
            f"For '{op}', index and updates must have {x.ndim} axes and the index must not be longer, but got "
            f"{at.shape} and {given.shape}."
        )
    given = given if given.shape == at.shape else given[tuple(slice(n) for n in at.shape)]
    at = checked_index(op, at, x.shape[place])
    known = pinned(at) if reduction == "none" else None
    if known is None:
        counts = [Tensor(one) for one in np.indices(at.shape)]
        counts[place] = at
        return x + added(given, tuple(range(x.ndim)), counts, x.shape)
    where = [*np.indices(at.shape)]
    where[place] = known
    return written(x, np.arange(x.size).reshape(x.shape)[tuple(where)], given)


class TensorScatterElements(Composite):
    """The operand with updates at indices along an axis, replaced or added."""

    def __init__(self, axis: int = 0, reduction: str = "none") -> None:
        self.axis = axis
        self.reduction = one_of("TensorScatterElements", "reduction", reduction, ("none", "add"))

    def compute(self, data: Any, indices: Any, updates: Any) -> Tensor:
        """The updated tensor."""
        x = tensor("TensorScatterElements", "data", data)
        return along_axis("TensorScatterElements", x, self.axis, indices, updates, self.reduction)


@composite(functions="tensor_scatter_elements")
def tensor_scatter_elements(input_x: Any, indices: Any, updates: Any, axis: int = 0, reduction: str = "none") -> Tensor:
    """``input_x`` with updates at indices along ``axis``, replaced (``"none"``) or added (``"add"``)."""
    return TensorScatterElements(axis, reduction)(input_x, indices, updates)


@composite(functions="scatter", methods="scatter")
def scatter(input: Any, axis: int, index: Any, src: Any, reduce: str = "none") -> Tensor:
    """``input`` with ``src`` (a tensor, or one number) at ``index`` along ``axis``."""
    x, at = tensor("scatter", "input", input), tensor("scatter", "index", index)
    one_of("scatter", "reduce", reduce, ("none", "add"))
    if is_number(src):
        src = fn.broadcast_to(fn.cast(Tensor(src), x.numpy_dtype), at.shape)
    return along_axis("scatter", x, axis, at, src, reduce)


@composite(functions="scatter_add scatter_nd_add tensor_scatter_add")
def scatter_add(input_x: Any, indices: Any, updates: Any, use_locking: bool = False) -> Tensor:
    """``input_x`` with updates added at the positions in the last axis of the indices."""
    return TensorScatterAdd()(input_x, indices, updates)


@composite(methods="scatter_add")
def scatter_add_method(self: Tensor, first: Any, *rest: Any, **named: Any) -> Tensor:
    """``x.scatter_add(dim, index, src)`` along an axis; ``x.scatter_add(indices, updates)`` at positions."""
    if isinstance(first, int):
        return along_axis("scatter_add", self, first, *rest, **named, reduction="add")
    return TensorScatterAdd()(self, first, *rest, **named)


def _at_slices(op: str, x: Tensor, axis: int, index: Any) -> tuple[int, Tensor]:
    place = one_axis(op, axis, x.ndim)
    return place, checked_index(op, Tensor(index) if isinstance(index, (list, tuple)) else index, x.shape[place])


def index_added(op: str, x: Tensor, axis: int, index: Any, updates: Any, alpha: Any = 1) -> Tensor:
    """``x`` with slices of ``updates``, times ``alpha``, added at ``index`` along ``axis``."""
    place, at = _at_slices(op, x, axis, index)
    given = tensor(op, "y", updates)
    _fits(op, given, (*x.shape[:place], at.size, *x.shape[place + 1 :]))
    return x + added(given if alpha == 1 else given * alpha, (place,), (at,), x.shape)


class IndexAdd(Composite):
    """The operand with slices added at indices along ``axis``."""

    def __init__(self, axis: int, use_lock: bool = True, check_index_bound: bool = True) -> None:
        self.axis, self.use_lock, self.check_index_bound = axis, use_lock, check_index_bound

    def compute(self, x: Any, indices: Any, y: Any) -> Tensor:
        """The updated tensor."""
        return index_added("IndexAdd", tensor("IndexAdd", "x", x), self.axis, indices, y)


@composite(functions="index_add")
def index_add(x: Any, indices: Any, y: Any, axis: int, use_lock: bool = True, check_index_bound: bool = True) -> Tensor:
    """``x`` with slices of ``y`` added at ``indices`` along ``axis``."""
    return index_added("index_add", tensor("index_add", "x", x), axis, indices, y)


@composite(methods="index_add")
def index_add_method(self: Tensor, dim: Any, index: Any, source: Any, *, alpha: Any = 1) -> Tensor:
    """``self`` with slices of ``source``, times ``alpha``, added at ``index`` along ``dim``."""
    return index_added("index_add", self, dim, index, source, alpha)


class IndexFill(Composite):
    """The operand with slices at indices along an axis filled with one value."""

    def compute(self, x: Any, dim: Any, index: Any, value: Any) -> Tensor:
        """The filled tensor."""
        given = tensor("IndexFill", "x", x)
        place, at = _at_slices("IndexFill", given, int_tuple("IndexFill", "dim", dim)[0], index)
        filled = _fill_value("IndexFill", value)
        mask = np.zeros(given.shape[place], bool)
        mask[pinned(at)] = True
        rows = Tensor(mask.reshape([-1 if axis == place else 1 for axis in range(given.ndim)]))
        return fn.masked_fill(given, rows, filled)


def _fill_value(op: str, value: Any) -> Any:
    if is_number(value):
        return value
    given = tensor(op, "value", value)
    if given.ndim:
        raise ArgumentValueError(f"For '{op}', the value must be a number or a 0-d tensor, but got {given.shape}.")
    return given


@composite(functions="index_fill", methods="index_fill")
def index_fill(x: Any, axis: int, index: Any, value: Any) -> Tensor:
    """``x`` with slices at ``index`` along ``axis`` filled with ``value``."""
    return IndexFill()(x, axis, index, value)


@composite(methods="index_put")
def index_put(self: Tensor, indices: Any, values: Any, accumulate: bool = False) -> Tensor:
    """``self`` with ``values`` at the positions that a tuple of tensors gives, replaced or added."""
    if not isinstance(indices, (tuple, list)):
        raise ArgumentError(f"For 'index_put', the indices must be a tuple, but got {type(indices).__name__}.")
    if not accumulate:
        return updated(self, tuple(indices), values)
    where = np.arange(self.size).reshape(self.shape)[tuple(pinned(tensor("index_put", "indices", i)) for i in indices)]
    flat = fn.reshape(self, (-1,))
    spread = fn.reshape(fn.broadcast_to(values, where.shape), (-1,))
    return fn.reshape(flat + added(spread, (0,), (Tensor(where.ravel()),), flat.shape), self.shape)


@composite(functions="inplace_update", methods="inplace_update")
def inplace_update(x: Any, v: Any, indices: Any) -> Tensor:
    """``x`` with its rows at ``indices`` replaced by the rows of ``v``."""
    rows = list(int_tuple("inplace_update", "indices", indices))
    return updated(tensor("inplace_update", "x", x), (rows,), v)


@composite(functions="select_scatter", methods="select_scatter")
def select_scatter(input: Any, src: Any, axis: int, index: int) -> Tensor:
    """``input`` with ``src`` at ``index`` of ``axis``."""
    return slice_scatter(input, fn.expand_dims(src, axis), axis, index, index + 1)


@composite(functions="slice_scatter", methods="slice_scatter")
def slice_scatter(
    input: Any, src: Any, axis: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """``input`` with ``src`` in the slice ``start:end:step`` of ``axis``."""
    x = tensor("slice_scatter", "input", input)
    place = one_axis("slice_scatter", axis, x.ndim)
    return updated(x, (*(slice(None),) * place, slice(start, end, step)), src)


__all__ = ["along_axis", "index_added"]
