"""Elements repeated, reversed, rolled and turned."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, ShapeError
from ..op import Composite, apply
from ..registry import composite, fn
from ..tensor import Tensor
from .arguments import axes, dims, int_tuple, integer, one_axis, tensor
from .array import BroadcastTo, Concat, ExpandDims, Reshape
from .gather import taken
from .getitem import copy
from .indexing import bound


def repeated(x: Tensor, repeats: Any, axis: int | None) -> Tensor:
    """``x`` with each element of ``axis`` repeated; of all elements, laid out in one axis, if that is None."""
    if axis is None:
        x, axis = Reshape()(x, (-1,)), 0
    place = one_axis("repeat_interleave", axis, x.ndim)
    counts = int_tuple("repeat_interleave", "repeats", repeats)
    if any(count < 0 for count in counts):
        raise ArgumentValueError(f"For 'repeat_interleave', the repeats must not be negative, but got {counts}.")
    length = x.shape[place]
    if len(counts) == 1:
        wide = ExpandDims()(x, place + 1)
        shape = (*x.shape[: place + 1], counts[0], *x.shape[place + 1 :])
        return Reshape()(BroadcastTo(shape)(wide), (*x.shape[:place], length * counts[0], *x.shape[place + 1 :]))
    if len(counts) != length:
        raise ArgumentValueError(
            f"For 'repeat_interleave', there must be one repeat or {length} of them, but got {len(counts)}."
        )
    return taken(x, (place,), (Tensor(np.repeat(np.arange(length), counts)),))


@composite(functions="repeat_interleave", methods="repeat_interleave")
def repeat_interleave(input: Any, repeats: Any, axis: int | None = None, **named: Any) -> Tensor:
    """``input`` with each element of ``axis`` repeated; all elements in one axis by default."""
    return repeated(tensor("repeat_interleave", "input", input), repeats, named.get("dim", axis))


@composite(functions="repeat_elements")
def repeat_elements(x: Any, rep: int, axis: int = 0) -> Tensor:
    """``x`` with each element of ``axis`` repeated ``rep`` times."""
    return repeated(tensor("repeat_elements", "x", x), integer("repeat_elements", "rep", rep, 1), axis)


def reversed_along(op: str, x: Tensor, given: Any) -> Tensor:
    """``x`` in reverse order along the axes ``given``."""
    turned = axes(op, dims(op, "axis", given), x.ndim)
    parts = [slice(None, None, -1) if axis in turned else slice(None) for axis in range(x.ndim)]
    return apply(*bound(x, parts)) if turned else x


class ReverseV2(Composite):
    """The operand in reverse order along the axes."""

    def __init__(self, axis: Any) -> None:
        self.axis = dims("ReverseV2", "axis", axis)

    def compute(self, input: Any) -> Tensor:
        """The reversed tensor."""
        return reversed_along("ReverseV2", tensor("ReverseV2", "input", input), self.axis)


@composite(functions="flip", methods="flip")
def flip(input: Any, *dims: Any) -> Tensor:
    """``input`` in reverse order along the axes ``dims``."""
    x = tensor("flip", "input", input)
    return reversed_along("flip", x, dims[0] if len(dims) == 1 else dims)


@composite(functions="reverse")
def reverse(x: Any, axis: Any) -> Tensor:
    """``x`` in reverse order along the axes."""
    return reversed_along("reverse", tensor("reverse", "x", x), axis)


@composite(functions="fliplr", methods="fliplr")
def fliplr(input: Any) -> Tensor:
    """``input`` in reverse order along its second axis."""
    return reversed_along("fliplr", tensor("fliplr", "input", input), (1,))


@composite(functions="flipud", methods="flipud")
def flipud(input: Any) -> Tensor:
    """``input`` in reverse order along its first axis."""
    return reversed_along("flipud", tensor("flipud", "input", input), (0,))


def rolled(x: Tensor, shifts: Any, dims: Any) -> Tensor:
    """``x`` moved along axes, what leaves at the end coming back at the start."""
    by = int_tuple("roll", "shifts", shifts)
    if dims is None:
        return Reshape()(rolled(Reshape()(x, (-1,)), by[:1], 0), x.shape)
    along = [one_axis("roll", axis, x.ndim, "dims") for axis in int_tuple("roll", "dims", dims)]
    if len(by) != len(along):
        raise ArgumentValueError(f"For 'roll', shifts and dims must be as many, but got {by} and {tuple(along)}.")
    for shift, axis in zip(by, along):
        cut = -shift % max(x.shape[axis], 1)
        if cut:
            before = (slice(None),) * axis
            x = Concat(axis)((x[(*before, slice(cut, None))], x[(*before, slice(cut))]))
    return x


class Roll(Composite):
    """The operand moved along axes, what leaves at the end coming back at the start."""

    def __init__(self, shifts: Any, dims: Any = None, **earlier: Any) -> None:
        self.shifts, self.dims = shifts, earlier.get("axis", dims)

    def compute(self, input: Any) -> Tensor:
        """The rolled tensor."""
        return rolled(tensor("Roll", "input", input), self.shifts, self.dims)


@composite(functions="roll", methods="roll")
def roll(input: Any, shifts: Any, dims: Any = None) -> Tensor:
    """``input`` moved by ``shifts`` along ``dims``; all elements in row-major order by default."""
    return rolled(tensor("roll", "input", input), shifts, dims)


@composite(functions="rot90", methods="rot90")
def rot90(input: Any, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """``input`` turned by ``k`` quarters from the first axis of ``dims`` towards the second."""
    x = tensor("rot90", "input", input)
    plane = axes("rot90", dims, x.ndim)
    if len(plane) != 2:
        raise ArgumentValueError(f"For 'rot90', dims must be two axes, but got {plane}.")
    turns = integer("rot90", "k", k) % 4
    if turns == 2:
        return reversed_along("rot90", x, plane)
    if turns == 1:
        return fn.swapaxes(reversed_along("rot90", x, plane[1:]), *plane)
    return reversed_along("rot90", fn.swapaxes(x, *plane), plane[1:]) if turns else copy(x)


class ReverseSequence(Composite):
    """Each slice along ``batch_dim`` with its first elements along ``seq_dim`` in reverse order."""

    def __init__(self, seq_dim: int, batch_dim: int = 0) -> None:
        self.seq_dim, self.batch_dim = integer("ReverseSequence", "seq_dim", seq_dim), batch_dim

    def compute(self, x: Any, seq_lengths: Any) -> Tensor:
        """The reversed tensor."""
        given, lengths = tensor("ReverseSequence", "x", x), tensor("ReverseSequence", "seq_lengths", seq_lengths)
        along = one_axis("ReverseSequence", self.seq_dim, given.ndim)
        batch = one_axis("ReverseSequence", self.batch_dim, given.ndim)
        counts = np.asarray(int_tuple("ReverseSequence", "seq_lengths", lengths))
        if along == batch or counts.shape != (given.shape[batch],):
            raise ShapeError(
                f"For 'ReverseSequence', there must be {given.shape[batch]} lengths and two axes, but got {counts.shape}."
            )
        if counts.size and not 0 <= counts.min() <= counts.max() <= given.shape[along]:
            raise ArgumentError(f"For 'ReverseSequence', the lengths must be in [0, {given.shape[along]}].")
        place = np.arange(given.shape[along])
        table = np.where(place < counts[:, None], counts[:, None] - 1 - place, place)
        rows = Tensor(np.broadcast_to(np.arange(len(counts))[:, None], table.shape))
        front = fn.movedim(given, (batch, along), (0, 1))
        return fn.movedim(taken(front, (0, 1), (rows, Tensor(table))), (0, 1), (batch, along))


@composite(functions="reverse_sequence")
def reverse_sequence(x: Any, seq_lengths: Any, seq_dim: int, batch_dim: int = 0) -> Tensor:
    """``x`` with the first elements of each sequence in reverse order."""
    return ReverseSequence(seq_dim, batch_dim)(x, seq_lengths)


__all__ = ["repeated", "reversed_along", "rolled"]
