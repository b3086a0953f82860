"""Blocks of images moved between space, depth and batch; each is a reshape, a transpose and a reshape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentValueError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor
from .arguments import int_tuple, integer, tensor
from .padding import padded


def _image(op: str, x: Any, rank: int = 4) -> Tensor:
    given = tensor(op, "x", x)
    if given.ndim != rank:
        raise ShapeError(f"For '{op}', the input must have {rank} axes, but got shape {given.shape}.")
    return given


def _divides(op: str, lengths: Sequence[int], by: Sequence[int]) -> None:
    if any(length % one for length, one in zip(lengths, by)):
        raise ArgumentValueError(f"For '{op}', {tuple(lengths)} must be divisible by {tuple(by)}.")


class SpaceToDepth(Composite):
    """Blocks of ``block_size`` by ``block_size`` pixels as channels."""

    def __init__(self, block_size: int) -> None:
        self.block_size = integer("SpaceToDepth", "block_size", block_size, 2)

    def compute(self, x: Any) -> Tensor:
        """The tensor with more channels: the place in the block comes before the channel."""
        given, b = _image("SpaceToDepth", x), self.block_size
        n, c, h, w = given.shape
        _divides("SpaceToDepth", (h, w), (b, b))
        apart = fn.reshape(given, (n, c, h // b, b, w // b, b))
        return fn.reshape(fn.transpose(apart, (0, 3, 5, 1, 2, 4)), (n, c * b * b, h // b, w // b))


class DepthToSpace(Composite):
    """Channels as blocks of ``block_size`` by ``block_size`` pixels."""

    def __init__(self, block_size: int) -> None:
        self.block_size = integer("DepthToSpace", "block_size", block_size, 2)

    def compute(self, x: Any) -> Tensor:
        """The tensor with fewer channels."""
        given, b = _image("DepthToSpace", x), self.block_size
        n, c, h, w = given.shape
        _divides("DepthToSpace", (c,), (b * b,))
        apart = fn.reshape(given, (n, b, b, c // (b * b), h, w))
        return fn.reshape(fn.transpose(apart, (0, 3, 4, 1, 5, 2)), (n, c // (b * b), h * b, w * b))


@composite(functions="pixel_shuffle")
def pixel_shuffle(input: Any, upscale_factor: int) -> Tensor:
    """Channels as blocks of pixels: the channel comes before the place in the block."""
    x, r = tensor("pixel_shuffle", "input", input), integer("pixel_shuffle", "upscale_factor", upscale_factor, 1)
    if x.ndim < 3:
        raise ShapeError(f"For 'pixel_shuffle', the input must have at least 3 axes, but got shape {x.shape}.")
    *lead, c, h, w = x.shape
    _divides("pixel_shuffle", (c,), (r * r,))
    k = len(lead)
    apart = fn.reshape(x, (*lead, c // (r * r), r, r, h, w))
    order = (*range(k), k, k + 3, k + 1, k + 4, k + 2)
    return fn.reshape(fn.transpose(apart, order), (*lead, c // (r * r), h * r, w * r))


@composite(functions="pixel_unshuffle")
def pixel_unshuffle(input: Any, downscale_factor: int) -> Tensor:
    """Blocks of pixels as channels; the inverse of `pixel_shuffle`."""
    x, r = (
        tensor("pixel_unshuffle", "input", input),
        integer("pixel_unshuffle", "downscale_factor", downscale_factor, 1),
    )
    if x.ndim < 3:
        raise ShapeError(f"For 'pixel_unshuffle', the input must have at least 3 axes, but got shape {x.shape}.")
    *lead, c, h, w = x.shape
    _divides("pixel_unshuffle", (h, w), (r, r))
    k = len(lead)
    apart = fn.reshape(x, (*lead, c, h // r, r, w // r, r))
    order = (*range(k), k, k + 2, k + 4, k + 1, k + 3)
    return fn.reshape(fn.transpose(apart, order), (*lead, c * r * r, h // r, w // r))


@composite(functions="channel_shuffle")
def channel_shuffle(x: Any, groups: int) -> Tensor:
    """The channels of ``groups`` groups dealt out in turn."""
    given, g = tensor("channel_shuffle", "x", x), integer("channel_shuffle", "groups", groups, 1)
    if given.ndim < 3:
        raise ShapeError(f"For 'channel_shuffle', the input must have at least 3 axes, but got shape {given.shape}.")
    n, c, *rest = given.shape
    _divides("channel_shuffle", (c,), (g,))
    return fn.reshape(fn.swapaxes(fn.reshape(given, (n, g, c // g, *rest)), 1, 2), given.shape)


def to_batch(op: str, x: Any, block: Sequence[int], paddings: Sequence[Sequence[int]]) -> Tensor:
    """``x`` (batch, channels, space ...) padded, each pixel of a block in a batch of its own."""
    given = tensor(op, "x", x)
    start = given.ndim - len(block)
    wide = padded(given, [(0, 0)] * start + [(pair[0], pair[1]) for pair in paddings])
    _divides(op, wide.shape[start:], block)
    n, *middle = wide.shape[:start]
    space = wide.shape[start:]
    parts = [part for length, b in zip(space, block) for part in (length // b, b)]
    apart = fn.reshape(wide, (n, *middle, *parts))
    inner = [start + 2 * axis + 1 for axis in range(len(block))]
    outer = [start + 2 * axis for axis in range(len(block))]
    moved = fn.transpose(apart, (*inner, *range(start), *outer))
    return fn.reshape(moved, (n * int(np.prod(block)), *middle, *(length // b for length, b in zip(space, block))))


def from_batch(op: str, x: Any, block: Sequence[int], crops: Sequence[Sequence[int]]) -> Tensor:
    """The inverse of `to_batch`, with crops in the place of paddings."""
    given = tensor(op, "x", x)
    start = given.ndim - len(block)
    n, *middle = given.shape[:start]
    space = given.shape[start:]
    _divides(op, (n,), (int(np.prod(block)),))
    count = n // int(np.prod(block))
    apart = fn.reshape(given, (*block, count, *middle, *space))
    k = len(block)
    pairs = [axis for at in range(k) for axis in (k + start + at, at)]
    moved = fn.transpose(apart, (*range(k, k + start), *pairs))
    whole = fn.reshape(moved, (count, *middle, *(length * b for length, b in zip(space, block))))
    cut = tuple(slice(pair[0], length - pair[1]) for pair, length in zip(crops, whole.shape[start:]))
    return whole[(*(slice(None),) * start, *cut)]


def _block(op: str, block: Any, rows: Any, name: str) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    pairs = tuple(int_tuple(op, name, row) for row in (rows.tolist() if isinstance(rows, Tensor) else rows))
    if any(len(pair) != 2 or min(pair) < 0 for pair in pairs):
        raise ArgumentValueError(f"For '{op}', the {name} must be pairs of ints >= 0, but got {rows}.")
    sizes = int_tuple(op, "block", block)
    return (sizes * len(pairs) if len(sizes) == 1 else sizes), pairs


class SpaceToBatch(Composite):
    """Each pixel of a block in a batch of its own."""

    def __init__(self, block_size: int, paddings: Any) -> None:
        self.block_size, self.paddings = _block("SpaceToBatch", block_size, paddings, "paddings")

    def compute(self, input_x: Any) -> Tensor:
        """The tensor with more batches."""
        return to_batch("SpaceToBatch", input_x, self.block_size, self.paddings)


class BatchToSpace(Composite):
    """The inverse of `SpaceToBatch`."""

    def __init__(self, block_size: int, crops: Any) -> None:
        self.block_size, self.crops = _block("BatchToSpace", block_size, crops, "crops")

    def compute(self, input_x: Any) -> Tensor:
        """The tensor with fewer batches."""
        return from_batch("BatchToSpace", input_x, self.block_size, self.crops)


class SpaceToBatchND(Composite):
    """Each pixel of a block in a batch of its own."""

    def __init__(self, block_shape: Any, paddings: Any) -> None:
        self.block_shape, self.paddings = _block("SpaceToBatchND", block_shape, paddings, "paddings")

    def compute(self, input_x: Any) -> Tensor:
        """The tensor with more batches."""
        return to_batch("SpaceToBatchND", input_x, self.block_shape, self.paddings)


class BatchToSpaceND(Composite):
    """The inverse of `SpaceToBatchND`."""

    def __init__(self, block_shape: Any, crops: Any) -> None:
        self.block_shape, self.crops = _block("BatchToSpaceND", block_shape, crops, "crops")

    def compute(self, input_x: Any) -> Tensor:
        """The tensor with fewer batches."""
        return from_batch("BatchToSpaceND", input_x, self.block_shape, self.crops)


@composite(functions="space_to_batch_nd")
def space_to_batch_nd(input_x: Any, block_size: Any, paddings: Any) -> Tensor:
    """Each pixel of a block in a batch of its own."""
    return SpaceToBatchND(block_size, paddings)(input_x)


@composite(functions="batch_to_space_nd")
def batch_to_space_nd(input_x: Any, block_shape: Any, crops: Any) -> Tensor:
    """The inverse of `space_to_batch_nd`."""
    return BatchToSpaceND(block_shape, crops)(input_x)


__all__ = ["from_batch", "to_batch"]
