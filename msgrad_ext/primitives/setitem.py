"""Assigning to elements, ``x[index] = value``: a new tensor, in which the elements written to no longer depend on ``x``.

Positions are known when it runs (those that depend on values are guarded), so that of several values for one element the
last one wins, here and in the derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, AssignmentError, AxisError, ShapeError
from ..op import apply, recorder
from ..registry import composite, fn
from ..tensor import Epoch, Parameter, Tensor, is_number
from .arguments import pinned
from .array import BroadcastTo, Reshape
from .gather import taken
from .getitem import NEW, items
from .indexing import StridedSliceGrad, bound


def updated(x: Tensor, index: Any, value: Any) -> Tensor:
    """``x`` with the elements at ``index`` replaced by ``value``, which broadcasts."""
    wanted = items(x, index)
    given = _value(value, x)
    if all(isinstance(item.what, (slice, int)) or item.what is NEW for item in wanted):
        spoken = [item.what for item in wanted if item.what is not NEW]
        parts = [one if isinstance(one, slice) else slice(one, one + 1) for one in spoken]
        mask = np.zeros(x.shape, bool)
        mask[tuple(parts)] = True
        if given.ndim == 0:
            return fn.select(Tensor(mask), given, x)
        op, _ = bound(x, parts)
        shape = tuple(len(range(*part.indices(n))) for part, n in zip(parts, x.shape))
        kept = tuple(n for n, one in zip(shape, spoken) if isinstance(one, slice))
        filled = Reshape()(_spread(given, kept), shape)
        return fn.select(Tensor(mask), apply(StridedSliceGrad(op.begin, op.step, op.size, x.shape), (filled,)), x)
    at = tuple(None if item.what is NEW else _fixed(item.what) for item in wanted)
    return written(x, np.arange(x.size).reshape(x.shape)[at], given)


def _fixed(what: Any) -> Any:
    return pinned(what) if isinstance(what, Tensor) else what


def _value(value: Any, x: Tensor) -> Tensor:
    if not isinstance(value, Tensor):
        if isinstance(value, (str, bytes, complex)):
            raise AxisError(f"For 'setitem', the value must be of numbers, but got {type(value).__name__}.")
        if not (is_number(value) or isinstance(value, (list, tuple, np.ndarray, np.generic))):
            raise ArgumentError(
                f"For 'setitem', the value must be a number, a Tensor, a tuple or a list, but got {type(value).__name__}."
            )
        if isinstance(value, (list, tuple)) and any(hasattr(one, "_trace") for one in value):
            value = fn.stack([one if isinstance(one, Tensor) else Tensor(one) for one in value])
        else:
            return Tensor(np.asarray(value).astype(x.numpy_dtype))
    return value if value.numpy_dtype == x.numpy_dtype else fn.cast(value, x.numpy_dtype)


def _spread(value: Tensor, shape: tuple[int, ...]) -> Tensor:
    """``value`` broadcast to ``shape``; more axes in front are let go if their length is 1."""
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = Reshape()(value, value.shape[1:])
    if value.shape == shape:
        return value
    try:
        return BroadcastTo(shape)(value)
    except ShapeError:
        raise ShapeError(f"For 'setitem', a value of shape {value.shape} can not be broadcast to {shape}.") from None


def written(x: Tensor, positions: np.ndarray, value: Tensor) -> Tensor:
    """``x`` with ``value`` at flat ``positions``; where one comes twice the last wins."""
    flat = Reshape()(_spread(value, positions.shape), (-1,))
    source = np.full(x.size, -1)
    source[positions.ravel()] = np.arange(positions.size)
    if positions.size == 0:
        return Reshape()(x, x.shape)
    source = source.reshape(x.shape)
    if value.ndim == 0:
        return fn.select(Tensor(source >= 0), value, x)
    return fn.select(Tensor(source >= 0), taken(flat, (0,), (Tensor(np.maximum(source, 0)),)), x)


def combined(x: Tensor, positions: np.ndarray, value: Tensor, how: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """``x`` with ``how(element, value)`` at flat ``positions``, one value after the other where one comes twice."""
    flat, at = Reshape()(_spread(value, positions.shape), (-1,)), positions.ravel()
    turn = np.zeros(at.size, np.int64)
    seen: dict[int, int] = {}
    for place, position in enumerate(at.tolist()):
        turn[place] = seen[position] = seen.get(position, -1) + 1
    result = x
    for number in range(max(seen.values(), default=-1) + 1):
        source = np.full(x.size, -1)
        source[at[turn == number]] = np.nonzero(turn == number)[0]
        source = source.reshape(x.shape)
        values = taken(flat, (0,), (Tensor(np.maximum(source, 0)),))
        result = fn.select(Tensor(source >= 0), how(result, values), result)
    return result


@composite(methods="__setitem__")
def setitem(x: Tensor, index: Any, value: Any) -> None:
    """``x[index] = value``.

    Notes
    -----
    An input of the network is not changed, since others see it; copy it first. The elements that are replaced get no
    gradient, the value gets it.
    """
    running: Any = recorder.get()
    foreign = hasattr(x, "_trace") and (x._trace is not running or x._given)
    if foreign:
        raise AssignmentError(
            "For 'setitem', an input of the network can not be changed in place; write into a copy of it: "
            "x = x.copy(), or build the result with ops.where."
        )
    result = updated(x, index, value)
    if not hasattr(result, "_trace"):
        x._value = result._array()
        if running is None or isinstance(x, Parameter):
            Epoch.advance()
    elif isinstance(x, Parameter):
        raise AssignmentError(
            f"For 'setitem', {x.name} is a Parameter, which keeps no values of a running network; use ops.assign."
        )
    else:
        running.adopt(x, result)


__all__ = ["combined", "updated", "written"]
