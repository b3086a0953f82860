"""Tensors joined and taken apart: concatenation, stacking and splitting, composed of `Concat` and slices."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ArgumentValueError, ShapeError
from ..op import Composite
from ..registry import composite
from ..tensor import Tensor
from .arguments import int_tuple, integer, one_axis, tensor, tensors
from .array import Concat, ExpandDims, Reshape
from .padding import padded
from .shaping import at_least


@composite(functions="concat cat")
def concat(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Tensors joined along ``axis``, in their common dtype."""
    return Concat(axis)(tensors)


class Stack(Composite, aliases="Pack"):
    """Tensors of one shape joined along a new axis."""

    def __init__(self, axis: int = 0) -> None:
        self.axis = integer("Stack", "axis", axis)

    def compute(self, input_x: Any) -> Tensor:
        """The stacked tensor."""
        given = tensors("Stack", "tensors", input_x)
        if any(one.shape != given[0].shape for one in given):
            shapes = " and ".join(str(one.shape) for one in given)
            raise ShapeError(f"For 'Stack', all tensors must have one shape, but got {shapes}.")
        axis = one_axis("Stack", self.axis, given[0].ndim + 1)
        return Concat(axis)(tuple(ExpandDims()(one, axis) for one in given))


@composite(functions="stack")
def stack(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis."""
    return Stack(axis)(tensors)


@composite(functions="hstack")
def hstack(tensors: Any) -> Tensor:
    """Tensors joined along the second axis; vectors along their only one."""
    given = at_least(1, tuple(_all("hstack", tensors)))
    return Concat(0 if given[0].ndim == 1 else 1)(given)


@composite(functions="vstack row_stack")
def vstack(inputs: Any) -> Tensor:
    """Tensors joined along the first axis; vectors as rows."""
    return Concat(0)(at_least(2, tuple(_all("vstack", inputs))))


@composite(functions="dstack")
def dstack(tensors: Any) -> Tensor:
    """Tensors joined along the third axis."""
    return Concat(2)(at_least(3, tuple(_all("dstack", tensors))))


@composite(functions="column_stack")
def column_stack(tensors: Any) -> Tensor:
    """Matrices joined along the second axis, vectors as columns."""
    given = _all("column_stack", tensors)
    return Concat(1)(tuple(Reshape()(one, (-1, 1)) if one.ndim < 2 else one for one in given))


def _all(op: str, given: Any) -> list[Tensor]:
    return tensors(op, "tensors", given)


@composite(functions="block_diag")
def block_diag(*inputs: Any) -> Tensor:
    """Matrices along the diagonal of a larger one, zeros elsewhere."""
    blocks = [at_least(2, tensor("block_diag", "inputs", one)) for one in inputs]
    if any(block.ndim != 2 for block in blocks):
        raise ShapeError("For 'block_diag', each input must have at most 2 axes.")
    width, before, rows = sum(block.shape[1] for block in blocks), 0, []
    for block in blocks:
        rows.append(padded(block, ((0, 0), (before, width - before - block.shape[1]))))
        before += block.shape[1]
    return Concat(0)(tuple(rows)) if rows else Tensor([])


def pieces(x: Tensor, sizes: Sequence[int], axis: int) -> tuple[Tensor, ...]:
    """``x`` cut along ``axis`` into pieces of these lengths."""
    found, start = [], 0
    for size in sizes:
        found.append(x[(slice(None),) * axis + (slice(start, start + size),)])
        start += size
    return tuple(found)


class Split(Composite):
    """The operand cut along ``axis`` into ``output_num`` equal pieces."""

    def __init__(self, axis: int = 0, output_num: int = 1) -> None:
        self.axis = integer("Split", "axis", axis)
        self.output_num = integer("Split", "output_num", output_num, 1)

    def compute(self, input_x: Any) -> tuple[Tensor, ...]:
        """The pieces, a tuple."""
        x = tensor("Split", "input_x", input_x)
        axis = one_axis("Split", self.axis, x.ndim)
        if x.shape[axis] % self.output_num:
            raise ArgumentValueError(
                f"For 'Split', the length {x.shape[axis]} of axis {axis} must be divisible by output_num = "
                f"{self.output_num}."
            )
        return pieces(x, [x.shape[axis] // self.output_num] * self.output_num, axis)


@composite(functions="split", methods="split")
def split(tensor_: Any, split_size_or_sections: Any, axis: int = 0, **earlier: Any) -> tuple[Tensor, ...]:
    """``tensor_`` cut along ``axis`` into pieces of one length (the last may be shorter), or of the lengths given."""
    if set(earlier) - {"output_num"}:
        raise ArgumentError(f"split() got an unexpected keyword argument '{sorted(earlier)[0]}'")
    if earlier:
        # The form of version 1: split(x, axis, output_num).
        return Split(split_size_or_sections, earlier["output_num"])(tensor_)
    x = tensor("split", "tensor", tensor_)
    place = one_axis("split", axis, x.ndim)
    length = x.shape[place]
    if isinstance(split_size_or_sections, (tuple, list)):
        sizes = int_tuple("split", "split_size_or_sections", split_size_or_sections)
        if any(size < 0 for size in sizes) or sum(sizes) != length:
            raise ArgumentValueError(
                f"For 'split', the sections must not be negative and add up to {length}, but got {sizes}."
            )
        return pieces(x, sizes, place)
    size = integer("split", "split_size_or_sections", split_size_or_sections, 1)
    return pieces(x, [min(size, length - start) for start in range(0, length, size)] or [0], place)


@composite(functions="chunk", methods="chunk")
def chunk(input: Any, chunks: int, axis: int = 0, **named: Any) -> tuple[Tensor, ...]:
    """``input`` cut along ``axis`` into at most ``chunks`` pieces of one length (the last may be shorter)."""
    x = tensor("chunk", "input", input)
    place = one_axis("chunk", named.get("dim", axis), x.ndim)
    count = integer("chunk", "chunks", chunks, 1)
    return split(x, max(-(-x.shape[place] // count), 1), place)


@composite(functions="tensor_split", methods="tensor_split")
def tensor_split(input: Any, indices_or_sections: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """``input`` cut along ``axis`` into nearly equal pieces, or at the indices given."""
    return _parted("tensor_split", tensor("tensor_split", "input", input), indices_or_sections, axis)


def _parted(op: str, x: Tensor, wanted: Any, axis: int) -> tuple[Tensor, ...]:
    place = one_axis(op, axis, x.ndim)
    length = x.shape[place]
    if isinstance(wanted, (tuple, list)):
        given = int_tuple(op, "indices_or_sections", wanted)
        cuts = [0, *(slice(at).indices(length)[1] for at in given), length]
    else:
        count = integer(op, "indices_or_sections", wanted, 1)
        cuts = [part * (length // count) + min(part, length % count) for part in range(count + 1)]
    before = (slice(None),) * place
    return tuple(x[(*before, slice(start, max(start, stop)))] for start, stop in itertools.pairwise(cuts))


@composite(functions="hsplit", methods="hsplit")
def hsplit(input: Any, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """``input`` cut along its second axis, a vector along its only one."""
    x = tensor("hsplit", "input", input)
    return _parted("hsplit", x, indices_or_sections, 0 if x.ndim == 1 else 1)


@composite(functions="vsplit", methods="vsplit")
def vsplit(input: Any, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """``input`` cut along its first axis."""
    return _parted("vsplit", tensor("vsplit", "input", input), indices_or_sections, 0)


@composite(functions="dsplit", methods="dsplit")
def dsplit(input: Any, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """``input`` cut along its third axis."""
    return _parted("dsplit", tensor("dsplit", "input", input), indices_or_sections, 2)


def unstacked(op: str, x: Tensor, axis: int, count: int | None = None) -> tuple[Tensor, ...]:
    """The slices of ``x`` along ``axis``, which goes."""
    place = one_axis(op, axis, x.ndim)
    if count is not None and count != x.shape[place]:
        raise ArgumentValueError(f"For '{op}', num must be {x.shape[place]}, the length of the axis, but got {count}.")
    return tuple(x[(slice(None),) * place + (at,)] for at in range(x.shape[place]))


class Unstack(Composite, aliases="Unpack"):
    """The slices of the operand along ``axis``, a tuple."""

    def __init__(self, axis: int = 0, num: int | None = None) -> None:
        self.axis = integer("Unstack", "axis", axis)
        self.num = num if num is None else integer("Unstack", "num", num, 1)

    def compute(self, input_x: Any) -> tuple[Tensor, ...]:
        """The slices."""
        return unstacked("Unstack", tensor("Unstack", "input_x", input_x), self.axis, self.num)


@composite(functions="unstack")
def unstack(input_x: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices of ``input_x`` along ``axis``, a tuple."""
    return unstacked("unstack", tensor("unstack", "input_x", input_x), axis)


@composite(functions="unbind", methods="unbind")
def unbind(input: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices of ``input`` along ``dim``, a tuple."""
    return unstacked("unbind", tensor("unbind", "input", input), dim)


__all__ = ["Stack", "pieces", "split", "unstacked"]
