"""Pooling: the largest element, the mean or the p-norm of each window of lines, images and volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..dtype import to_numpy
from ..errors import ArgumentValueError, DtypeError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor
from .arguments import boolean, integer
from .max_places import MaxPoolPlaces, taken
from .spatial import Ints, both, channels_first, channels_last, layout, lengths, mode, padding, rank
from .windows import windows

Pads = tuple[Ints, Ints]


def pooled_length(size: int, k: int, by: int, apart: int, before: int, after: int, ceil_mode: bool) -> int:
    """How many windows there are; with ``ceil_mode`` also one that begins inside and ends outside."""
    room = size + before + after - apart * (k - 1) - 1
    count = (room + (by - 1 if ceil_mode else 0)) // by + 1
    return count - 1 if ceil_mode and (count - 1) * by >= size + before else count


def reaching(x: Tensor, kernel: Ints, stride: Ints, dilation: Ints, pads: Pads, ceil_mode: bool) -> Pads:
    """``pads`` with as much after each axis as its last window needs."""
    after = []
    for size, k, by, apart, first, last in zip(x.shape[-len(kernel) :], kernel, stride, dilation, *pads):
        count = pooled_length(size, k, by, apart, first, last, ceil_mode)
        after.append(max(last, (count - 1) * by + apart * (k - 1) + 1 - size - first))
    return pads[0], tuple(after)


def floats(op: str, x: Tensor) -> Tensor:
    """``x``, which must hold floats."""
    if x.numpy_dtype.kind not in "fO":
        raise DtypeError(f"For '{op}', the operand must be a float tensor, but got {x.dtype}.")
    return x


def fits(op: str, x: Tensor, kernel: Ints, dilation: Ints, pads: Pads) -> None:
    """Refuse windows that are longer than an axis with its padding."""
    spans = [size + first + last for size, first, last in zip(x.shape[-len(kernel) :], *pads)]
    if any(span < apart * (k - 1) + 1 for span, k, apart in zip(spans, kernel, dilation)):
        raise ShapeError(f"For '{op}', the kernel {kernel} must fit into the input, but got shape {x.shape}.")


def largest(
    op: str,
    x: Tensor,
    kernel: Ints,
    stride: Ints,
    pads: Pads,
    dilation: Ints,
    ceil_mode: bool = False,
    output_type: Any = np.int64,
) -> tuple[Tensor, Tensor]:
    """The largest of each window, and its place."""
    pads = reaching(floats(op, x), kernel, stride, dilation, pads, ceil_mode)
    fits(op, x, kernel, dilation, pads)
    places = MaxPoolPlaces(kernel, stride, dilation, *pads, output_type)(x)
    return taken(x, places, len(kernel)), places


def averaged(
    op: str,
    x: Tensor,
    kernel: Ints,
    stride: Ints,
    pads: Pads,
    ceil_mode: bool = False,
    padded: bool = False,
    divisor: int = 0,
) -> Tensor:
    """The mean of each window; ``padded`` counts the zeros of the padding too, ``divisor`` stands for the count."""
    n, given = len(kernel), pads
    pads = reaching(floats(op, x), kernel, stride, (1,) * n, pads, ceil_mode)
    fits(op, x, kernel, (1,) * n, pads)
    parts = windows(x, kernel, stride, *pads, (1,) * n)
    axes = tuple(range(x.ndim - n, x.ndim))
    counts = np.ones((), np.int64)
    for size, k, by, first, last, count in zip(x.shape[-n:], kernel, stride, *given, parts.shape[-n:]):
        start = np.arange(count) * by - first
        low, high = (-first, size + last) if padded else (0, size)
        counts = counts[..., None] * (np.minimum(start + k, high) - np.maximum(start, low))
    if divisor:
        return fn.div(fn.reduce_sum(parts, axes), divisor)
    if counts.min() == counts.max() == np.prod(kernel):
        return fn.reduce_mean(parts, axes)
    return fn.div(fn.reduce_sum(parts, axes), Tensor(counts.astype(x.numpy_dtype)))


class _Pool:
    """Base of pooling classes with a kernel, strides, a padding mode and a layout."""

    axes: ClassVar[int] = 2
    modes: ClassVar[tuple[str, ...]] = ("valid", "same")

    def __init__(self, kernel_size: Any = 1, strides: Any = 1, pad_mode: str = "valid", data_format: str = "NCHW"):
        op = type(self).__name__
        also = (self.axes + 2,)
        self.kernel_size = lengths(op, "kernel_size", kernel_size, self.axes, 1, also)[-self.axes :]
        self.strides = lengths(op, "strides", strides, self.axes, 1, also)[-self.axes :]
        self.pad_mode = mode(op, pad_mode, self.modes, fold=True).upper()
        self.data_format = data_format
        layout(op, data_format, self.axes)

    def laid_out(self, x: Any) -> tuple[Tensor, bool]:
        """The operand with its channels second, and whether they came last."""
        op = type(self).__name__
        last = layout(op, self.data_format, self.axes)
        rank(op, "x", x, self.axes + 2)
        return (channels_first(x) if last else x), last

    def pads(self, x: Tensor) -> Pads:
        """Zeros before and after each axis."""
        return padding(self.pad_mode.lower(), (), x.shape[2:], self.kernel_size, self.strides)


class MaxPool(_Pool, Composite):
    """The largest of each window of images.

    Notes
    -----
    The first of those that tie takes the whole cotangent.
    """

    def compute(self, x: Tensor) -> Tensor:
        x, last = self.laid_out(x)
        result = largest("MaxPool", x, self.kernel_size, self.strides, self.pads(x), (1,) * self.axes)[0]
        return channels_last(result) if last else result


class AvgPool(_Pool, Composite):
    """The mean of each window of images; with ``pad_mode="same"`` only what is in the image counts."""

    def compute(self, x: Tensor) -> Tensor:
        x, last = self.laid_out(x)
        result = averaged("AvgPool", x, self.kernel_size, self.strides, self.pads(x))
        return channels_last(result) if last else result


class MaxPoolWithArgmax(_Pool, Composite):
    """The largest of each window of images, and its place in the image, row by row.

    Notes
    -----
    The first of those that tie takes the whole cotangent.
    """

    def compute(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x, last = self.laid_out(x)
        settings = (self.kernel_size, self.strides, self.pads(x), (1, 1), False, np.int32)
        result, places = (channels_last(one) if last else one for one in largest("MaxPoolWithArgmax", x, *settings))
        return result, places


class MaxPoolWithArgmaxV2(Composite):
    """The largest of each window of images, and its place in the image, with padding and dilation.

    Notes
    -----
    The first of those that tie takes the whole cotangent.
    """

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = None,
        pads: Any = 0,
        dilation: Any = (1, 1),
        ceil_mode: bool = False,
        argmax_type: Any = np.int64,
    ) -> None:
        op = "MaxPoolWithArgmaxV2"
        self.kernel_size = lengths(op, "kernel_size", kernel_size, 2)
        self.strides = self.kernel_size if strides is None else lengths(op, "strides", strides, 2)
        self.pads = lengths(op, "pads", pads, 2, 0)
        self.dilation = lengths(op, "dilation", dilation, 2)
        self.ceil_mode = boolean(op, "ceil_mode", ceil_mode)
        self.argmax_type = to_numpy(argmax_type)
        half(op, self.pads, self.kernel_size)

    def compute(self, x: Tensor) -> tuple[Tensor, Tensor]:
        rank("MaxPoolWithArgmaxV2", "x", x, 4)
        settings = (self.kernel_size, self.strides, (self.pads, self.pads), self.dilation, self.ceil_mode)
        return largest("MaxPoolWithArgmaxV2", x, *settings, self.argmax_type)


def half(op: str, pads: Sequence[int], kernel: Sequence[int]) -> None:
    """Refuse padding that is more than half of a window."""
    if any(more > k // 2 for more, k in zip(pads, kernel)):
        raise ArgumentValueError(
            f"For '{op}', the padding must be at most half of the kernel, but got {tuple(pads)} and {tuple(kernel)}."
        )


class MaxPool3D(Composite):
    """The largest of each window of volumes.

    Notes
    -----
    The first of those that tie takes the whole cotangent.
    """

    def __init__(
        self,
        kernel_size: Any = 1,
        strides: Any = 1,
        pad_mode: str = "VALID",
        pad_list: Any = 0,
        ceil_mode: bool | None = None,
        data_format: str = "NCDHW",
    ) -> None:
        self.kernel_size = lengths("MaxPool3D", "kernel_size", kernel_size, 3)
        self.strides = lengths("MaxPool3D", "strides", strides, 3)
        self.pad_mode = mode("MaxPool3D", pad_mode, ("valid", "same", "pad"), fold=True).upper()
        self.pad_list = both(lengths("MaxPool3D", "pad_list", pad_list, 3, 0, (6,)), 3)
        self.ceil_mode = bool(ceil_mode)
        self.data_format = data_format
        if self.pad_mode != "PAD" and any(self.pad_list):
            raise ArgumentValueError(f"For 'MaxPool3D', 'pad_list' is for 'pad_mode' 'pad' only, but got {pad_list!r}.")

    def compute(self, x: Tensor) -> Tensor:
        last = layout("MaxPool3D", self.data_format, 3)
        x = channels_first(rank("MaxPool3D", "x", x, 5)) if last else rank("MaxPool3D", "x", x, 5)
        pads = padding(self.pad_mode.lower(), self.pad_list, x.shape[2:], self.kernel_size, self.strides)
        result = largest("MaxPool3D", x, self.kernel_size, self.strides, pads, (1, 1, 1), self.ceil_mode)[0]
        return channels_last(result) if last else result


class AvgPool3D(Composite):
    """The mean of each window of volumes."""

    def __init__(
        self,
        kernel_size: Any = 1,
        strides: Any = 1,
        pad_mode: str = "valid",
        pad: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int = 0,
        data_format: str = "NCDHW",
    ) -> None:
        self.kernel_size = lengths("AvgPool3D", "kernel_size", kernel_size, 3)
        self.strides = lengths("AvgPool3D", "strides", strides, 3)
        self.pad_mode = mode("AvgPool3D", pad_mode, ("valid", "same", "pad"), fold=True)
        self.pad = both(lengths("AvgPool3D", "pad", pad, 3, 0, (6,)), 3)
        self.ceil_mode = boolean("AvgPool3D", "ceil_mode", ceil_mode)
        self.count_include_pad = boolean("AvgPool3D", "count_include_pad", count_include_pad)
        self.divisor_override = integer("AvgPool3D", "divisor_override", divisor_override, 0)
        self.data_format = data_format

    def compute(self, x: Tensor) -> Tensor:
        last = layout("AvgPool3D", self.data_format, 3)
        x = channels_first(rank("AvgPool3D", "x", x, 5)) if last else rank("AvgPool3D", "x", x, 5)
        pads = padding(self.pad_mode, self.pad, x.shape[2:], self.kernel_size, self.strides)
        padded = self.count_include_pad and self.pad_mode == "pad"
        settings = (pads, self.ceil_mode, padded, self.divisor_override)
        result = averaged("AvgPool3D", x, self.kernel_size, self.strides, *settings)
        return channels_last(result) if last else result


def max_pooled(op: str, x: Any, n: int, kernel: Any, stride: Any, pad: Any, dilation: Any, ceil_mode: Any) -> Any:
    """The largest of each window and its place, for the functions of ``n`` axes."""
    sizes = lengths(op, "kernel_size", kernel, n)
    steps = sizes if stride is None else lengths(op, "stride", stride, n)
    pads = lengths(op, "padding", pad, n, 0)
    half(op, pads, sizes)
    apart = lengths(op, "dilation", dilation, n)
    return largest(op, rank(op, "x", x, n + 2), sizes, steps, (pads, pads), apart, boolean(op, "ceil_mode", ceil_mode))


@composite(functions="max_pool1d")
def max_pool1d(
    x: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    return_indices: bool = False,
    ceil_mode: bool = False,
) -> Any:
    """The largest of each window of lines; the first of those that tie takes the whole cotangent."""
    found = max_pooled("max_pool1d", x, 1, kernel_size, stride, padding, dilation, ceil_mode)
    return found if return_indices else found[0]


@composite(functions="max_pool2d")
def max_pool2d(
    x: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    return_indices: bool = False,
    ceil_mode: bool = False,
) -> Any:
    """The largest of each window of images; the first of those that tie takes the whole cotangent."""
    found = max_pooled("max_pool2d", x, 2, kernel_size, stride, padding, dilation, ceil_mode)
    return found if return_indices else found[0]


@composite(functions="max_pool3d")
def max_pool3d(
    x: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest of each window of volumes; the first of those that tie takes the whole cotangent."""
    found = max_pooled("max_pool3d", x, 3, kernel_size, stride, padding, dilation, ceil_mode)
    return found if return_indices else found[0]


def avg_pooled(
    op: str, x: Any, n: int, kernel: Any, stride: Any, pad: Any, ceil: Any, padded: Any, divisor: Any
) -> Tensor:
    """The mean of each window, for the functions of ``n`` axes."""
    sizes, steps = lengths(op, "kernel_size", kernel, n), lengths(op, "stride", stride, n)
    if isinstance(pad, (tuple, list)) and n > 1 and len(pad) != 2 * n:
        raise ArgumentValueError(f"For '{op}', the 'padding' must be an int or {2 * n} ints, but got {pad!r}.")
    more = both(lengths(op, "padding", pad, n, 0, (2 * n,)), n)
    flags = (boolean(op, "ceil_mode", ceil), boolean(op, "count_include_pad", padded))
    half(op, more[::2], sizes)
    half(op, more[1::2], sizes)
    divisor = integer(op, "divisor_override", 0 if divisor is None else divisor)
    return averaged(op, rank(op, "input_x", x, n + 2), sizes, steps, (more[::2], more[1::2]), *flags, divisor)


@composite(functions="avg_pool1d")
def avg_pool1d(
    input_x: Tensor,
    kernel_size: Any = 1,
    stride: Any = 1,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of lines."""
    return avg_pooled("avg_pool1d", input_x, 1, kernel_size, stride, padding, ceil_mode, count_include_pad, 0)


@composite(functions="avg_pool2d")
def avg_pool2d(
    input_x: Tensor,
    kernel_size: Any = 1,
    stride: Any = 1,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int = 0,
) -> Tensor:
    """The mean of each window of images."""
    settings = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return avg_pooled("avg_pool2d", input_x, 2, *settings)


@composite(functions="avg_pool3d")
def avg_pool3d(
    input_x: Tensor,
    kernel_size: Any = 1,
    stride: Any = 1,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int = 0,
) -> Tensor:
    """The mean of each window of volumes."""
    settings = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return avg_pooled("avg_pool3d", input_x, 3, *settings)
