"""Convolution layers, and those that turn a convolution's shapes round."""

from __future__ import annotations

from typing import Any

from ..initializer import initializer
from ..primitives.sizes import divides, quotient, times, transposed_length, usual_bias, usual_weight
from ..registry import fn, op_class
from ..tensor import Parameter, Tensor
from . import checks
from .cell import Cell

_MODES = ("valid", "same", "pad")


class _Conv(Cell):
    """Base of convolution layers: settings, ``weight`` and ``bias``."""

    axes = 2
    transposed = False

    def _settle(
        self,
        channels: tuple[Any, Any],
        sizes: tuple[Any, ...],
        pad_mode: Any,
        padding: Any,
        group: Any,
        has_bias: Any,
        inits: tuple[Any, Any],
        dtype: Any,
    ) -> None:
        """Check and keep the settings, and make the parameters."""
        self.in_channels = checks.whole(self, "in_channels", channels[0])
        self.out_channels = checks.whole(self, "out_channels", channels[1])
        names = ("kernel_size", "stride", "dilation")
        self.kernel_size, self.stride, self.dilation = (
            checks.lengths(self, name, one, self.axes) for name, one in zip(names, sizes)
        )
        self.pad_mode = checks.one_of(self, "pad_mode", pad_mode, _MODES)
        self.padding = self._padding(padding)
        self.group = checks.whole(self, "group", group)
        if not divides(group, *channels):
            checks.refuse_value(self, "group", f"a divisor of the channels {channels[0]} and {channels[1]}", group)
        self.has_bias = checks.boolean(self, "has_bias", has_bias)
        first, last = channels if self.transposed else (channels[1], channels[0])
        shape = (first, quotient(last, group), *self.kernel_size)
        self.weight_init, self.bias_init = inits
        if self.weight_init is None:
            self.weight_init = usual_weight()
        if has_bias and self.bias_init is None:
            self.bias_init = usual_bias(shape)
        self.weight = Parameter(initializer(self.weight_init, shape, dtype), name="weight")
        self.bias = Parameter(initializer(self.bias_init, channels[1], dtype), name="bias") if has_bias else None

    def _padding(self, padding: Any) -> Any:
        if isinstance(padding, bool) or not isinstance(padding, (int, tuple)):
            checks.refuse_kind(self, "padding", "int or a tuple of ints", padding)
        ends = times(2, len(self.kernel_size))
        if isinstance(padding, tuple) and len(padding) != ends:
            checks.refuse_value(self, "padding", f"int or a tuple of {ends} ints", padding)
        for one in padding if isinstance(padding, tuple) else (padding,):
            checks.whole(self, "padding", one, 0)
        if self.pad_mode != "pad" and padding != 0 and any(padding if isinstance(padding, tuple) else (padding,)):
            checks.refuse_value(self, "padding", f"0 when pad_mode is '{self.pad_mode}'", padding)
        return padding

    def _op(self, name: str, channels: int) -> Any:
        """The op ``name`` with this layer's settings."""
        return op_class(name)(
            channels, self.kernel_size, mode=1, pad_mode=self.pad_mode, pad=self.padding, stride=self.stride,
            dilation=self.dilation, group=self.group,
        )  # fmt: skip

    def _shifted(self, x: Tensor) -> Tensor:
        """``x`` with the bias of each channel added."""
        if self.bias is None:
            return x
        return fn.add(x, fn.reshape(self.bias, (1, -1, *(1 for _ in self.kernel_size))))

    def extend_repr(self) -> str:
        layout = "NCDHW" if len(self.kernel_size) == 3 else "NCHW"
        return (
            f"input_channels={self.in_channels}, output_channels={self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, pad_mode={self.pad_mode}, padding={self.padding}, dilation={self.dilation}, "
            f"group={self.group}, has_bias={self.has_bias}, weight_init={self.weight_init}, "
            f"bias_init={self.bias_init}, format={layout}"
        )


class Conv2d(_Conv):
    """Convolution of images, (batch, channel, height, width).

    Parameters
    ----------
    in_channels, out_channels : int
        Channels before and after.
    kernel_size, stride, dilation : int or tuple of two
        The window, its step, and the distance of its elements.
    pad_mode : str
        'same' (output length is that of the input over the stride), 'valid' (whole windows only) or 'pad' (by ``padding``).
    padding : int or tuple of four
        Top, bottom, left, right; for 'pad' only.
    group : int
        Channels are taken in so many groups.
    has_bias : bool
        Whether there is a ``bias``; there is none by default.
    weight_init, bias_init : Tensor, str, Initializer or number, optional
        First values; by default uniform within ``1 / sqrt(fan_in)``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        pad_mode: str = "same",
        padding: Any = 0,
        dilation: Any = 1,
        group: int = 1,
        has_bias: bool = False,
        weight_init: Any = None,
        bias_init: Any = None,
        data_format: str = "NCHW",
        dtype: Any = None,
    ) -> None:
        super().__init__()
        checks.one_of(self, "data_format", data_format, ["NCHW"])
        sizes, inits = (kernel_size, stride, dilation), (weight_init, bias_init)
        self._settle((in_channels, out_channels), sizes, pad_mode, padding, group, has_bias, inits, dtype)
        self.conv2d = self._op("Conv2D", out_channels)

    def construct(self, x: Tensor) -> Tensor:
        """The convolved images."""
        return self._shifted(self.conv2d(x, self.weight))


class Conv3d(_Conv):
    """Convolution of volumes, (batch, channel, depth, height, width); settings as in `Conv2d`, for three axes."""

    axes = 3

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        pad_mode: str = "same",
        padding: Any = 0,
        dilation: Any = 1,
        group: int = 1,
        has_bias: bool = False,
        weight_init: Any = None,
        bias_init: Any = None,
        data_format: str = "NCDHW",
        dtype: Any = None,
    ) -> None:
        super().__init__()
        checks.one_of(self, "data_format", data_format, ["NCDHW"])
        sizes, inits = (kernel_size, stride, dilation), (weight_init, bias_init)
        self._settle((in_channels, out_channels), sizes, pad_mode, padding, group, has_bias, inits, dtype)
        self.conv3d = self._op("Conv3D", out_channels)

    def construct(self, x: Tensor) -> Tensor:
        """The convolved volumes."""
        return self._shifted(self.conv3d(x, self.weight))


class _Line(_Conv):
    """Base of one-dimensional convolutions: done in two dimensions, the first of length 1."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        pad_mode: str = "same",
        padding: int = 0,
        dilation: int = 1,
        group: int = 1,
        has_bias: bool = False,
        weight_init: Any = None,
        bias_init: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        given = {"kernel_size": kernel_size, "stride": stride, "dilation": dilation}
        sizes = tuple((1, checks.whole(self, name, one)) for name, one in given.items())
        if isinstance(weight_init, Tensor):
            checks.rank(self, weight_init, 3)
            weight_init = fn.expand_dims(weight_init, 2)
        padding = checks.whole(self, "padding", padding, 0)
        self._settle(
            (in_channels, out_channels), sizes, pad_mode, (0, 0, padding, padding), group, has_bias,
            (weight_init, bias_init), dtype,
        )  # fmt: skip


class Conv1d(_Line):
    """Convolution of (batch, channel, length); settings as in `Conv2d`, as ints."""

    def construct(self, x: Tensor) -> Tensor:
        """The convolved rows."""
        checks.rank(self, x, 3)
        return fn.squeeze(self._shifted(self._op("Conv2D", self.out_channels)(fn.expand_dims(x, 2), self.weight)), 2)


class _Back(_Conv):
    """Base of transposed convolutions: the derivative of a convolution by its input, taken as a layer."""

    transposed = True

    def _spread(self, x: Tensor) -> Tensor:
        """The transposed convolution of ``x`` of rank 4, with the bias."""
        padding = self.padding if isinstance(self.padding, tuple) else (self.padding,) * 4
        both = (sum(padding[:2]), sum(padding[2:]))
        sizes = zip(x.shape[2:], self.kernel_size, self.stride, self.dilation, both)
        lengths = tuple(transposed_length(self.pad_mode, *one) for one in sizes)
        spread = self._op("Conv2DTranspose", self.in_channels)
        return self._shifted(spread(x, self.weight, (x.shape[0], self.out_channels, *lengths)))


class Conv1dTranspose(_Back, _Line):
    """Transposed convolution of (batch, channel, length); settings as in `Conv1d`."""

    def construct(self, x: Tensor) -> Tensor:
        """The rows, spread."""
        checks.rank(self, x, 3)
        return fn.squeeze(self._spread(fn.expand_dims(x, 2)), 2)


class Conv2dTranspose(_Back):
    """Transposed convolution of images; settings as in `Conv2d`, and zeros appended by ``output_padding``."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        pad_mode: str = "same",
        padding: Any = 0,
        output_padding: Any = 0,
        dilation: Any = 1,
        group: int = 1,
        has_bias: bool = False,
        weight_init: Any = None,
        bias_init: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        sizes, inits = (kernel_size, stride, dilation), (weight_init, bias_init)
        self._settle((in_channels, out_channels), sizes, pad_mode, padding, group, has_bias, inits, dtype)
        self.output_padding = checks.lengths(self, "output_padding", output_padding, 2, 0)
        if any(self.output_padding) and pad_mode != "pad":
            checks.refuse_value(self, "output_padding", f"0 when pad_mode is '{pad_mode}'", output_padding)
        for more, stride_, dilation_ in zip(self.output_padding, self.stride, self.dilation):
            if more >= max(stride_, dilation_):
                checks.refuse_value(self, "output_padding", "less than stride or dilation", output_padding)

    def construct(self, x: Tensor) -> Tensor:
        """The images, spread."""
        checks.rank(self, x, 4)
        spread = self._spread(x)
        bottom, right = self.output_padding
        return fn.pad(spread, (0, right, 0, bottom)) if bottom or right else spread


__all__ = ["Conv1d", "Conv1dTranspose", "Conv2d", "Conv2dTranspose", "Conv3d"]
