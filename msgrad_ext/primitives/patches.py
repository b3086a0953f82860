"""Images as columns of their patches, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor
from .spatial import Ints, lengths, rank
from .windows import joined_windows, windows


def columns(op: str, x: Any, kernel: Ints, dilation: Ints, pads: Ints, stride: Ints) -> Tensor:
    """The patches of ``x``, (batch, channel, kernel, place)."""
    parts = windows(rank(op, "input", x, 4), kernel, stride, pads, pads, dilation)
    return fn.reshape(parts, (*x.shape[:2], int(np.prod(kernel)), -1))


def image(op: str, x: Any, size: Ints, kernel: Ints, dilation: Ints, pads: Ints, stride: Ints) -> Tensor:
    """Patches (batch, channel, kernel, place) added up into images of ``size``."""
    settings = zip(size, kernel, stride, pads, dilation)
    places = tuple((n + 2 * more - apart * (k - 1) - 1) // by + 1 for n, k, by, more, apart in settings)
    if x.shape[2:] != (int(np.prod(kernel)), int(np.prod(places))):
        raise ShapeError(
            f"For '{op}', the last axes must be {(int(np.prod(kernel)), int(np.prod(places)))}, but got {x.shape}."
        )
    parts = fn.reshape(x, (*x.shape[:2], *kernel, *places))
    return joined_windows(parts, kernel, stride, pads, dilation, size)


def pair(op: str, name: str, value: Any, least: int = 1) -> Ints:
    """Two lengths from an int or a tuple of one or two ints."""
    single = isinstance(value, (tuple, list)) and len(value) == 1
    return lengths(op, name, value[0] if single else value, 2, least)


class Im2Col(Composite):
    """The patches of images, (batch, channel, kernel, place)."""

    def __init__(self, ksizes: Any, strides: Any = 1, dilations: Any = 1, pads: Any = 0) -> None:
        self.ksizes, self.strides = pair("Im2Col", "ksizes", ksizes), pair("Im2Col", "strides", strides)
        self.dilations, self.pads = pair("Im2Col", "dilations", dilations), pair("Im2Col", "pads", pads, 0)

    def compute(self, input: Tensor) -> Tensor:
        return columns("Im2Col", input, self.ksizes, self.dilations, self.pads, self.strides)


class Col2Im(Composite):
    """Patches (batch, channel, kernel, place) added up into images."""

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        self.kernel_size, self.dilation = (
            pair("Col2Im", "kernel_size", kernel_size),
            pair("Col2Im", "dilation", dilation),
        )
        self.padding, self.stride = pair("Col2Im", "padding", padding, 0), pair("Col2Im", "stride", stride)

    def compute(self, x: Tensor, output_size: Any) -> Tensor:
        size = known_size("Col2Im", output_size)
        rank("Col2Im", "x", x, 4)
        return image("Col2Im", x, size, self.kernel_size, self.dilation, self.padding, self.stride)


def known_size(op: str, value: Any) -> Ints:
    """The lengths of an image, given as a tensor or a tuple of two ints."""
    given = value._array().tolist() if isinstance(value, Tensor) else value
    if not isinstance(given, (tuple, list)) or any(isinstance(n, bool) or not isinstance(n, int) for n in given):
        raise ArgumentError(f"For '{op}', the 'output_size' must hold two ints, but got {value!r}.")
    if len(given) != 2:
        raise ArgumentValueError(f"For '{op}', the 'output_size' must hold two ints, but got {value!r}.")
    return tuple(given)


@composite(functions="unfold", methods="unfold")
def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The patches of images as columns, (batch, channel * kernel, place)."""
    sizes, apart = pair("unfold", "kernel_size", kernel_size), pair("unfold", "dilation", dilation)
    pads, by = pair("unfold", "padding", padding, 0), pair("unfold", "stride", stride)
    parts = columns("unfold", input, sizes, apart, pads, by)
    return fn.reshape(parts, (parts.shape[0], -1, parts.shape[-1]))


@composite(functions="fold", methods="fold")
def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Patches as columns, (batch, channel * kernel, place), added up into images of ``output_size``."""
    sizes, apart = pair("fold", "kernel_size", kernel_size), pair("fold", "dilation", dilation)
    pads, by = pair("fold", "padding", padding, 0), pair("fold", "stride", stride)
    x = rank("fold", "input", input, 3, 4)
    if x.ndim == 3:
        if x.shape[1] % int(np.prod(sizes)):
            raise ShapeError(f"For 'fold', axis 1 must be a multiple of the kernel's size, but got shape {x.shape}.")
        x = fn.reshape(x, (x.shape[0], -1, int(np.prod(sizes)), x.shape[2]))
    return image("fold", x, known_size("fold", output_size), sizes, apart, pads, by)
