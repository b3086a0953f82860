"""Convolutions of lines, images and volumes, and their transposes: windows times weights."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..errors import ArgumentError, ArgumentValueError, DtypeError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor
from .arguments import dims, integer, tensor
from .spatial import (
    Ints,
    OperandShapeError,
    both,
    channels_first,
    channels_last,
    layout,
    lengths,
    mode,
    padding,
    rank,
    steps,
)
from .windows import joined_windows, windows


def convolved(
    x: Tensor, weight: Tensor, stride: Ints, pads: tuple[Ints, Ints], dilation: Ints, group: int = 1
) -> Tensor:
    """The convolution of ``x`` (N, C, *S) with ``weight`` (O, C / group, *K)."""
    kernel = weight.shape[2:]
    parts = windows(x, kernel, stride, *pads, dilation)
    places = parts.shape[-len(kernel) :]
    n, o, inner, count = x.shape[0], weight.shape[0], math.prod(weight.shape[1:]), math.prod(places)
    if group == 1:
        result = fn.matmul(fn.reshape(weight, (o, inner)), fn.reshape(parts, (n, inner, count)))
    else:
        columns = fn.reshape(parts, (n, group, inner, count))
        result = fn.matmul(fn.reshape(weight, (group, o // group, inner)), columns)
    return fn.reshape(result, (n, o, *places))


def spread(
    y: Tensor, weight: Tensor, shape: Ints, stride: Ints, before: Ints, dilation: Ints, group: int = 1
) -> Tensor:
    """The transpose of `convolved` by its input: ``y`` (N, O, *P) spread into (N, C, *shape)."""
    kernel, n, o = weight.shape[2:], y.shape[0], weight.shape[0]
    inner, places = math.prod(weight.shape[1:]), y.shape[2:]
    if group == 1:
        columns = fn.matmul(fn.transpose(fn.reshape(weight, (o, inner)), (1, 0)), fn.reshape(y, (n, o, -1)))
    else:
        rows = fn.swapaxes(fn.reshape(weight, (group, o // group, inner)), 1, 2)
        columns = fn.matmul(rows, fn.reshape(y, (n, group, o // group, -1)))
    parts = fn.reshape(columns, (n, weight.shape[1] * group, *kernel, *places))
    return joined_windows(parts, kernel, stride, before, dilation, shape)


class _Convolution:
    """Base of convolutions: their settings, checked."""

    axes: ClassVar[int] = 2

    def settle(self, out_channel, kernel_size, mode_number, pad_mode, pad, stride, dilation, group, data_format):
        """Keep the settings, as MindSpore names and prints them."""
        op, count = type(self).__name__, self.axes
        self.out_channel = integer(op, "out_channel", out_channel, 1)
        self.kernel_size = lengths(op, "kernel_size", kernel_size, count)
        if mode_number != 1:
            raise ArgumentValueError(f"For '{op}', the 'mode' must be 1, but got {mode_number!r}.")
        self.mode = 1
        self.pad_mode = mode(op, pad_mode, ("valid", "same", "pad"))
        self.pad = both(lengths(op, "pad", pad, count, 0, (2 * count,)), count)
        if self.pad_mode != "pad" and any(self.pad):
            raise ArgumentValueError(
                f"For '{op}', the 'pad' must be zero when 'pad_mode' is not 'pad', "
                f"but got 'pad': {pad} and 'pad_mode': {pad_mode}."
            )
        self.stride = steps(op, "stride", stride, count)
        self.dilation = steps(op, "dilation", dilation, count)
        self.group = integer(op, "group", group, 1)
        self.data_format = data_format
        layout(op, data_format, count)

    @property
    def last(self) -> bool:
        """True if channels come last."""
        return layout(type(self).__name__, self.data_format, self.axes)

    def pads(self, sizes: Ints) -> tuple[Ints, Ints]:
        """Zeros before and after each axis."""
        return padding(self.pad_mode, self.pad, sizes, self.kernel_size, self.stride, self.dilation)

    def fitted(self, x: Tensor, weight: Tensor) -> None:
        """Refuse weights that do not fit the settings or ``x``, whose channels come second."""
        op = type(self).__name__
        same_dtype(op, x, weight)
        if weight.shape[2:] != self.kernel_size or weight.shape[0] != self.out_channel:
            raise OperandShapeError(
                f"For '{op}', the weight must be of shape ({self.out_channel}, C, "
                f"{', '.join(map(str, self.kernel_size))}), but got {weight.shape}."
            )
        if self.out_channel % self.group:
            raise ArgumentValueError(
                f"For '{op}', 'out_channel' must be divisible by 'group', but got {self.out_channel} and {self.group}."
            )


def same_dtype(op: str, x: Tensor, weight: Tensor) -> None:
    """Refuse operands of different dtypes, and those that are no floats."""
    if x.numpy_dtype != weight.numpy_dtype or x.numpy_dtype.kind not in "fO":
        raise DtypeError(
            f"For '{op}', input and weight must be floats of one dtype, but got {x.dtype} and {weight.dtype}."
        )


class Conv2D(_Convolution, Composite):
    """Convolution of images: ``out[n, o, p, q] = sum_{c, k, l} weight[o, c, k, l] x[n, c, p + k, q + l]``.

    Parameters
    ----------
    out_channel : int
    kernel_size : int or tuple of 2 ints
    mode : int
        1.
    pad_mode : str
        ``"valid"``, ``"same"`` or ``"pad"``.
    pad : int or tuple of 4 ints
        Zeros above, below, left and right, for ``"pad"``.
    stride, dilation : int or tuple of 2 ints
    group : int
        How many groups the channels form.
    data_format : str
        ``"NCHW"`` or ``"NHWC"``.
    """

    def __init__(
        self,
        out_channel: int,
        kernel_size: Any,
        mode: int = 1,
        pad_mode: str = "valid",
        pad: Any = 0,
        stride: Any = 1,
        dilation: Any = 1,
        group: int = 1,
        data_format: str = "NCHW",
    ) -> None:
        self.settle(out_channel, kernel_size, mode, pad_mode, pad, stride, dilation, group, data_format)

    def compute(self, x: Tensor, weight: Tensor) -> Tensor:
        op = type(self).__name__
        rank(op, "x", x, self.axes + 2)
        rank(op, "weight", weight, self.axes + 2)
        if self.last:
            x, weight = channels_first(x), channels_first(weight)
        self.fitted(x, weight)
        if x.shape[1] != weight.shape[1] * self.group:
            raise OperandShapeError(
                f"For '{op}', the channels of x must be 'group' times those of the weight, "
                f"but got x: {x.shape}, weight: {weight.shape} and group {self.group}."
            )
        pads = self.pads(x.shape[2:])
        spans = [(k - 1) * apart + 1 for k, apart in zip(self.kernel_size, self.dilation)]
        if any(size + first + last < span for size, first, last, span in zip(x.shape[2:], *pads, spans)):
            raise ShapeError(f"For '{op}', the kernel {self.kernel_size} must fit into x, but got x: {x.shape}.")
        result = convolved(x, weight, self.stride, pads, self.dilation, self.group)
        return channels_last(result) if self.last else result


class Conv3D(Conv2D):
    """Convolution of volumes, (batch, channel, depth, height, width); settings as in `Conv2D`, for three axes."""

    axes = 3

    def __init__(
        self,
        out_channel: int,
        kernel_size: Any,
        mode: int = 1,
        pad_mode: str = "valid",
        pad: Any = 0,
        stride: Any = 1,
        dilation: Any = 1,
        group: int = 1,
        data_format: str = "NCDHW",
    ) -> None:
        self.settle(out_channel, kernel_size, mode, pad_mode, pad, stride, dilation, group, data_format)


class DepthwiseConv2dNative(_Convolution, Composite, aliases="DepthwiseConv2D"):
    """Convolution of each channel by itself, with weights (channel_multiplier, channel, height, width)."""

    def __init__(
        self,
        channel_multiplier: int,
        kernel_size: Any,
        mode: int = 3,
        pad_mode: str = "valid",
        pad: Any = 0,
        stride: Any = 1,
        dilation: Any = 1,
        group: int = 1,
    ) -> None:
        if mode != 3:
            raise ArgumentValueError(f"For 'DepthwiseConv2dNative', the 'mode' must be 3, but got {mode!r}.")
        self.settle(channel_multiplier, kernel_size, 1, pad_mode, pad, stride, dilation, group, "NCHW")

    def compute(self, x: Tensor, weight: Tensor) -> Tensor:
        rank("DepthwiseConv2dNative", "x", x, 4)
        self.fitted(x, rank("DepthwiseConv2dNative", "weight", weight, 4))
        channels = x.shape[1]
        if weight.shape[1] != channels:
            raise OperandShapeError(f"For 'DepthwiseConv2dNative', channels differ: {x.shape}, {weight.shape}.")
        rows = fn.reshape(fn.swapaxes(weight, 0, 1), (-1, 1, *self.kernel_size))
        return convolved(x, rows, self.stride, self.pads(x.shape[2:]), self.dilation, channels)


class Conv2DBackpropInput(_Convolution, Composite, aliases="Conv2DTranspose"):
    """Transposed convolution: the derivative of `Conv2D` by its input, applied to ``dout``.

    The settings are those of the convolution; a call takes ``dout``, the weights and the shape of the input.
    """

    def __init__(
        self,
        out_channel: int,
        kernel_size: Any,
        pad_mode: str = "valid",
        pad: Any = 0,
        pad_list: Any = None,
        mode: int = 1,
        stride: Any = 1,
        dilation: Any = 1,
        group: int = 1,
        data_format: str = "NCHW",
    ) -> None:
        self.settle(out_channel, kernel_size, mode, pad_mode, pad, stride, dilation, group, data_format)
        if pad_list is not None and self.pad_mode == "pad":
            self.pad = lengths(type(self).__name__, "pad_list", pad_list, 4, 0)

    def compute(self, dout: Tensor, weight: Tensor, input_sizes: Any) -> Tensor:
        op = type(self).__name__
        rank(op, "dout", dout, 4)
        rank(op, "weight", weight, 4)
        shape = dims(op, "input_sizes", tuple(input_sizes) if isinstance(input_sizes, list) else input_sizes)
        if len(shape) != 4:
            raise ArgumentValueError(f"For '{op}', 'input_sizes' must hold 4 lengths, but got {shape}.")
        if self.last:
            dout, weight, shape = channels_first(dout), channels_first(weight), (shape[0], shape[3], *shape[1:3])
        self.fitted(dout, weight)
        before, after = self.pads(shape[2:])
        spans = [(k - 1) * apart + 1 for k, apart in zip(self.kernel_size, self.dilation)]
        sizes = zip(shape[2:], before, after, spans, self.stride)
        wanted = (shape[0], self.out_channel, *((n + b + e - span) // by + 1 for n, b, e, span, by in sizes))
        if dout.shape != wanted or shape[1] != weight.shape[1] * self.group:
            raise OperandShapeError(
                f"For '{op}', dout must have shape {wanted} for an input of shape {shape}, but got {dout.shape}."
            )
        result = spread(dout, weight, shape[2:], self.stride, before, self.dilation, self.group)
        return channels_last(result) if self.last else result


def functional(
    op: str, x: Tensor, weight: Tensor, bias: Any, stride: Any, pad_mode: Any, pad: Any, dilation: Any, groups: Any
) -> Tensor:
    """A convolution over the axes behind batch and channel, with a bias."""
    count = {"conv1d": 1, "conv2d": 2, "conv3d": 3}[op]
    rank(op, "input", x, count + 2)
    rank(op, "weight", weight, count + 2)
    lengths(op, "padding", pad, count, 0)
    lengths(op, "stride", stride, count)
    lengths(op, "dilation", dilation, count)
    if count == 1:
        # A line is an image one row high.
        alone = (fn.expand_dims(one, 2) for one in (x, weight))
        rows = ((0, 0, *both(lengths(op, "padding", pad, 1, 0), 1)), (1, *lengths(op, "stride", stride, 1)))
        apart = (1, *lengths(op, "dilation", dilation, 1))
        settings = (1, pad_mode, *rows, apart, groups)
        result = fn.squeeze(Conv2D(weight.shape[0], (1, weight.shape[2]), *settings)(*alone), 2)
    else:
        settings = (1, pad_mode, pad, stride, dilation, groups)
        result = (Conv2D if count == 2 else Conv3D)(weight.shape[0], weight.shape[2:], *settings)(x, weight)
    if bias is None:
        return result
    if not isinstance(bias, Tensor):
        raise ArgumentError(f"For '{op}', the 'bias' must be a Tensor, but got {type(bias).__name__}.")
    if bias.shape != weight.shape[:1]:
        raise ShapeError(f"For '{op}', the bias must have shape {weight.shape[:1]}, but got {bias.shape}.")
    return fn.add(result, fn.reshape(bias, (-1,) + (1,) * count))


@composite(functions="conv1d")
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    pad_mode: str = "valid",
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution of lines: ``out[n, o, p] = sum_{c, k} weight[o, c, k] input[n, c, p + k]``."""
    return functional("conv1d", input, weight, bias, stride, pad_mode, padding, dilation, groups)


@composite(functions="conv2d")
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    pad_mode: str = "valid",
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution of images: ``out[n, o, p, q] = sum_{c, k, l} weight[o, c, k, l] input[n, c, p + k, q + l]``."""
    return functional("conv2d", input, weight, bias, stride, pad_mode, padding, dilation, groups)


@composite(functions="conv3d")
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    pad_mode: str = "valid",
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution of volumes, (batch, channel, depth, height, width)."""
    return functional("conv3d", input, weight, bias, stride, pad_mode, padding, dilation, groups)


@composite(functions="conv_transpose2d")
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Transposed convolution of images, with weights (in channels, out channels / groups, height, width)."""
    op = "conv_transpose2d"
    same_dtype(op, rank(op, "input", input, 4), rank(op, "weight", weight, 4))
    if input.shape[1] != weight.shape[0]:
        raise ShapeError(f"For '{op}', the channels must be equal, but got {input.shape} and {weight.shape}.")
    by, gap = (steps(op, name, value, 2) for name, value in (("stride", stride), ("dilation", dilation)))
    pad, more = (lengths(op, n, v, 2, 0) for n, v in (("padding", padding), ("output_padding", output_padding)))
    sizes = zip(input.shape[2:], by, pad, gap, weight.shape[2:], more)
    shape = tuple((n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, s, p, d, k, e in sizes)
    result = spread(input, weight, shape, by, pad, gap, integer(op, "groups", groups, 1))
    return result if bias is None else fn.add(result, fn.reshape(tensor(op, "bias", bias), (-1, 1, 1)))
