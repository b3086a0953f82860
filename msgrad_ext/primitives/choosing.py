"""Elements chosen by a mask, and one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract import broadcast
from ..errors import ArgumentError, ArgumentValueError, DtypeError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor, is_number
from .arguments import integer, one_axis, pinned, tensor
from .gather import taken
from .logic import Equal, Select
from .setitem import written


def mask_of(op: str, mask: Any) -> Tensor:
    """``mask``, which must be a tensor of bools."""
    given = tensor(op, "mask", mask)
    if given.numpy_dtype.kind != "b":
        raise DtypeError(f"For '{op}', the mask must be bool, but got {given.dtype}.")
    return given


@composite(methods="where")
def where_method(self: Tensor, condition: Any, y: Any) -> Tensor:
    """``self`` where ``condition`` holds, ``y`` elsewhere."""
    return Select()(condition, self, y)


@composite(methods="select")
def select_method(self: Tensor, first: Any, second: Any) -> Tensor:
    """``x.select(condition, y)`` chooses by element; ``x.select(axis, index)`` takes one slice."""
    if isinstance(first, Tensor):
        return Select()(first, self, second)
    place = one_axis("select", first, self.ndim)
    return self[(*(slice(None),) * place, second)]


class MaskedFill(Composite, functions="masked_fill", methods="masked_fill"):
    """The operand with one value where the mask holds; what is filled gets no gradient."""

    def compute(self, input_x: Any, mask: Any, value: Any) -> Tensor:
        """The filled tensor."""
        x, given = tensor("MaskedFill", "input_x", input_x), mask_of("MaskedFill", mask)
        if isinstance(value, bool) and x.numpy_dtype.kind != "b":
            raise ArgumentError("For 'MaskedFill', the value must be a number or a 0-d tensor, but got bool.")
        if not is_number(value):
            value = tensor("MaskedFill", "value", value)
            if value.ndim:
                raise ShapeError(f"For 'MaskedFill', the value must have no axes, but got shape {value.shape}.")
        filled = fn.cast(value if isinstance(value, Tensor) else Tensor(value), x.numpy_dtype)
        return Select()(given, value if is_number(value) and x.numpy_dtype.kind == "f" else filled, x)


class MaskedSelect(Composite, functions="masked_select", methods="masked_select"):
    """The elements where the mask holds, in row-major order."""

    def compute(self, input: Any, mask: Any) -> Tensor:
        """A vector."""
        x, given = tensor("MaskedSelect", "input", input), mask_of("MaskedSelect", mask)
        shape = broadcast(x.shape, given.shape)
        if shape is None:
            raise ShapeError(f"For 'MaskedSelect', the shapes must broadcast, but got {x.shape} and {given.shape}.")
        at = np.nonzero(np.broadcast_to(pinned(given), shape).ravel())[0]
        return taken(fn.reshape(fn.broadcast_to(x, shape), (-1,)), (0,), (Tensor(at),))


@composite(methods="masked_scatter")
def masked_scatter(self: Tensor, mask: Any, source: Any) -> Tensor:
    """``self`` with the first elements of ``source`` where the mask holds, in row-major order."""
    given, values = mask_of("masked_scatter", mask), tensor("masked_scatter", "source", source)
    shape = broadcast(self.shape, given.shape)
    if shape != self.shape:
        raise ShapeError(f"For 'masked_scatter', the mask must broadcast to {self.shape}, but got {given.shape}.")
    at = np.nonzero(np.broadcast_to(pinned(given), self.shape).ravel())[0]
    if values.size < at.size:
        raise ArgumentValueError(
            f"For 'masked_scatter', the source must have at least {at.size} elements, but got {values.size}."
        )
    return written(self, at, fn.reshape(values, (-1,))[: at.size])


class NonZero(Composite):
    """The positions of the elements that are not 0, a row for each."""

    def compute(self, input: Any) -> Tensor:
        """Ints, without a gradient."""
        return nonzero(input)


@composite(functions="nonzero", methods="nonzero")
def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """The positions of the elements that are not 0: a row for each, or a tuple of one tensor for each axis."""
    x = tensor("nonzero", "input", input)
    found = np.nonzero(pinned(x if x.numpy_dtype.kind == "b" else x != 0))
    if as_tuple:
        return tuple(Tensor(at.astype(np.int64)) for at in found)
    return Tensor(np.stack(found, -1).astype(np.int64))


@composite(functions="argwhere", methods="argwhere")
def argwhere(input: Any) -> Tensor:
    """The positions of the elements that are not 0, a row for each."""
    return nonzero(input)


def hot(op: str, indices: Any, depth: Any, on_value: Any, off_value: Any, axis: Any) -> Tensor:
    """A new axis of length ``depth`` with ``on_value`` at the index and ``off_value`` elsewhere."""
    at = tensor(op, "indices", indices)
    if at.numpy_dtype.kind not in "iu":
        raise DtypeError(f"For '{op}', the indices must be ints, but got {at.dtype}.")
    rank = at.ndim + 1
    place, count = one_axis(op, axis, rank), integer(op, "depth", depth, 0)
    numbers = Tensor(np.arange(count, dtype=np.int64).reshape([count] + [1] * (rank - 1 - place)))
    chosen = Equal()(fn.expand_dims(at, place), numbers)
    given = (on_value, off_value)
    if all(map(is_number, given)):
        kind = np.float32 if any(isinstance(one, float) for one in given) else np.int64
        if given == (1, 0):
            return fn.cast(chosen, kind)
        given = tuple(Tensor(kind(one)) for one in given)
    values = [one if isinstance(one, Tensor) else Tensor(one) for one in given]
    return Select()(chosen, *(fn.broadcast_to(fn.reshape(one, ()), chosen.shape) for one in values))


class OneHot(Composite):
    """A new axis with one value at the index and another elsewhere."""

    def __init__(self, axis: int = -1) -> None:
        self.axis = integer("OneHot", "axis", axis, -1)

    def compute(self, indices: Any, depth: Any, on_value: Any, off_value: Any) -> Tensor:
        """The one-hot tensor."""
        return hot("OneHot", indices, depth, on_value, off_value, self.axis)


@composite(functions="one_hot")
def one_hot(indices: Any, depth: Any, on_value: Any = 1, off_value: Any = 0, axis: int = -1) -> Tensor:
    """A new axis of length ``depth`` with ``on_value`` at the index and ``off_value`` elsewhere.

    The values give the dtype: ints make it Int64, floats Float32.
    """
    return hot("one_hot", indices, depth, on_value, off_value, axis)


__all__ = ["hot", "mask_of"]
