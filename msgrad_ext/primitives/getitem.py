"""A tensor's ``x[...]``: ints, slices, ``...``, None, bools, tensors of ints or bools, lists and arrays of them.

An index is read into items, one for each thing that it says; slices are taken first, then what tensors select. The order
of the result's axes is numpy's, which MindSpore's is too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index as as_index
from typing import Any

import numpy as np

from ..errors import ArgumentValueError, AxisError, PositionError, ShapeError
from ..op import apply
from ..registry import composite, fn
from ..tensor import Tensor
from .arguments import pinned
from .array import ExpandDims, Reshape, Squeeze
from .gather import checked_index, taken
from .indexing import bound

NEW = object()


@dataclass(frozen=True)
class Item:
    """One thing that an index says: a slice, an int, a tensor of positions of one axis, or a new axis."""

    what: Any

    @property
    def advanced(self) -> bool:
        """True for what numpy calls advanced: a tensor; an int beside one counts too."""
        return isinstance(self.what, (Tensor, int))


def items(x: Tensor, index: Any) -> list[Item]:
    """What ``index`` says of each axis of ``x``, in order; every axis is spoken of."""
    parts = [_plain(part) for part in _listed(index)]
    consumed = sum(_consumes(part) for part in parts)
    if sum(part is Ellipsis for part in parts) > 1:
        raise AxisError("For 'getitem', there must be at most one '...' in an index.")
    if consumed > x.ndim:
        raise AxisError(f"For 'getitem', {consumed} indices are too many for shape {x.shape}.")
    if not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    found: list[Item] = []
    axis = 0
    for part in parts:
        if part is Ellipsis:
            whole = x.ndim - consumed
            found += [Item(slice(None))] * whole
            axis += whole
        else:
            found += _read(part, x.shape, axis)
            axis += _consumes(part)
    return found


def _listed(index: Any) -> list[Any]:
    """The parts of an index; a list that holds more than numbers is a tuple, as MindSpore reads it."""
    if isinstance(index, tuple):
        return list(index)
    if isinstance(index, list) and any(
        part is None or part is Ellipsis or isinstance(part, (slice, list, tuple, Tensor, np.ndarray)) for part in index
    ):
        return index
    return [index]


def _plain(part: Any) -> Any:
    """A part with lists and arrays as tensors, and single known numbers as Python's."""
    if isinstance(part, (list, tuple, range)):
        if len(part) == 0:
            raise AxisError("For 'getitem', a list in an index must not be empty.")
        part = np.asarray([as_index(one) if isinstance(one, Tensor) else one for one in part])
    if isinstance(part, np.ndarray):
        part = Tensor(part) if part.dtype.kind in "iub" else part
    if isinstance(part, np.generic) and part.dtype.kind in "iub":
        part = part.item()
    if isinstance(part, Tensor):
        return _known_number(part)
    if part is None or part is Ellipsis or isinstance(part, (slice, int)):
        return part
    kind = part.dtype if isinstance(part, np.ndarray) else type(part).__name__
    raise AxisError(
        "For 'getitem', an index must be an int, a slice, '...', None, a bool, or a tensor, list or array of ints or "
        f"bools, but got {kind}."
    )


def _known_number(part: Tensor) -> Any:
    if part.numpy_dtype.kind not in "iub":
        raise AxisError(f"For 'getitem', a tensor index must be of ints or bools, but got {part.dtype}.")
    if part.ndim == 0 and (part.numpy_dtype.kind == "b" or not hasattr(part, "_trace")):
        value = pinned(part).item()
        return bool(value) if part.numpy_dtype.kind == "b" else value
    return part


def _consumes(part: Any) -> int:
    """The number of axes that a part speaks of."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return part.ndim if isinstance(part, Tensor) and part.numpy_dtype.kind == "b" else 1


def _read(part: Any, shape: Sequence[int], axis: int) -> list[Item]:
    """The items of one part that speaks of ``axis`` and those after it."""
    if part is None or part is True:
        return [Item(NEW)]
    if part is False:
        raise AxisError("For 'getitem', a bool index must be True, but got False.")
    if isinstance(part, slice):
        if part.step is not None and as_index(part.step) == 0:
            raise ArgumentValueError("For 'getitem', the step of a slice must not be 0.")
        return [Item(part)]
    if isinstance(part, int):
        if not -shape[axis] <= part < shape[axis]:
            raise AxisError(f"For 'getitem', index {part} is out of range for axis {axis} of shape {tuple(shape)}.")
        return [Item(part % shape[axis])]
    if part.numpy_dtype.kind != "b":
        return [Item(_in_range(part, axis, shape))]
    if part.shape != tuple(shape[axis : axis + part.ndim]):
        raise ShapeError(
            f"For 'getitem', the shape {part.shape} of a bool index must be that of the axes it selects from, "
            f"{tuple(shape[axis : axis + part.ndim])}."
        )
    return [Item(Tensor(at)) for at in np.nonzero(pinned(part))]


def _in_range(part: Tensor, axis: int, shape: Sequence[int]) -> Tensor:
    try:
        return checked_index("getitem", part, shape[axis])
    except PositionError as error:
        raise PositionError(f"{error.message} That is axis {axis} of shape {tuple(shape)}.") from None


@composite(methods="__getitem__")
def getitem(x: Tensor, index: Any) -> Tensor:
    """``x[index]``."""
    return selected(x, items(x, index))


def selected(x: Tensor, wanted: Sequence[Item]) -> Tensor:
    """What ``wanted`` takes of ``x``."""
    spoken = [item for item in wanted if item.what is not NEW]
    parts = [_slice(item.what) for item in spoken]
    whole = all(part == slice(None) for part in parts)
    result = x if whole else apply(*bound(x, parts))
    dropped = tuple(axis for axis, item in enumerate(spoken) if isinstance(item.what, int))
    result = Squeeze(dropped)(result) if dropped else result
    rest = [item for item in wanted if not isinstance(item.what, int)]
    for axis, item in enumerate(rest):
        if item.what is NEW:
            result = ExpandDims()(result, axis)
    axes = tuple(axis for axis, item in enumerate(rest) if isinstance(item.what, Tensor))
    if axes:
        return _in_order(taken(result, axes, [rest[axis].what for axis in axes]), wanted, axes)
    # A new tensor, so that writing into it leaves ``x`` as it is.
    return Reshape()(x, x.shape) if result is x else result


def _slice(what: Any) -> slice:
    if isinstance(what, slice):
        return what
    return slice(what, what + 1, 1) if isinstance(what, int) else slice(None)


def _in_order(found: Tensor, wanted: Sequence[Item], axes: Sequence[int]) -> Tensor:
    """``found`` with the axes of the indices where numpy puts them: in place if all advanced items are neighbours."""
    rank = max(item.what.ndim for item in wanted if isinstance(item.what, Tensor))
    have = axes[0] if list(axes) == list(range(axes[0], axes[0] + len(axes))) else 0
    places = [place for place, item in enumerate(wanted) if item.advanced]
    together = places == list(range(places[0], places[0] + len(places)))
    goal = sum(not item.advanced for item in wanted[: places[0]]) if together else 0
    if have == goal or not rank:
        return found
    return fn.movedim(found, tuple(range(have, have + rank)), tuple(range(goal, goal + rank)))


@composite(methods="__contains__")
def contains(x: Tensor, value: Any) -> Any:
    """Whether any element of ``x`` equals ``value``."""
    return fn.reduce_sum(fn.cast(fn.equal(x, value), np.float32)) > 0


@composite(methods="copy clone contiguous")
def copy(input: Tensor) -> Tensor:
    """A tensor of the same values; writing into it leaves the other as it is."""
    return Reshape()(input, input.shape)


__all__ = ["Item", "copy", "items", "selected"]
