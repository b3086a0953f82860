"""Pooling layers: the largest, the mean or a norm of each window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..registry import fn, op_class
from ..tensor import Tensor
from . import checks
from .cell import Cell


class _Pool(Cell):
    """Base of pooling layers: window, step, and how the edges are treated. An input may lack the axis of the batch."""

    axes = 2

    def _settle(self, kernel_size: Any, stride: Any, pad_mode: Any, dilation: Any = 1) -> None:
        if not isinstance(pad_mode, str):
            checks.refuse_kind(self, "pad_mode", "str", pad_mode)
        self.pad_mode = checks.one_of(self, "pad_mode", pad_mode.upper(), ["VALID", "SAME", "PAD"])
        self.kernel_size = self._window("kernel_size", kernel_size)
        self.stride = self._window("stride", stride)
        self.dilation = self._window("dilation", dilation)

    def _window(self, name: str, value: Any) -> Any:
        """``value``, an int or a tuple of ints; one alone stands for all axes."""
        if isinstance(value, bool) or not isinstance(value, (int, tuple)):
            checks.refuse_kind(self, name, "int or a tuple of ints", value)
        count = self.axes if isinstance(value, tuple) and len(value) != 1 else 1
        checks.lengths(self, name, value, count)
        return value[0] if isinstance(value, tuple) and len(value) == 1 else value

    def _only_with_pad(self, **settings: tuple[Any, Any]) -> None:
        """Refuse settings, given with their defaults, that count with pad_mode='pad' only."""
        for name, (value, default) in settings.items():
            if self.pad_mode != "PAD" and value != default:
                checks.refuse_value(self, name, f"{default} unless pad_mode is 'pad'", value)

    def _pooled(self, x: Tensor) -> Any:
        """The result for an input with the axis of the batch."""
        return x

    def construct(self, x: Tensor) -> Any:
        """The pooled input."""
        return batched(self, x, self.axes, self._pooled)

    def extend_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, pad_mode={self.pad_mode}"


def batched(layer: Cell, x: Tensor, axes: int, pool: Callable[[Tensor], Any]) -> Any:
    """``pool`` of ``x``, which has ``axes`` axes behind the channels, and may lack that of the batch."""
    single, several = {1: (2, 3), 2: (3, 4), 3: (4, 5)}[axes]
    checks.rank(layer, x, single, several)
    if x.ndim == several:
        return pool(x)
    found = pool(fn.expand_dims(x, 0))
    return tuple(fn.squeeze(one, 0) for one in found) if isinstance(found, tuple) else fn.squeeze(found, 0)


class _MaxPool(_Pool):
    """Base of max pooling; the first of equal elements takes the whole cotangent."""

    def __init__(
        self,
        kernel_size: Any = 1,
        stride: Any = 1,
        pad_mode: str = "valid",
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self._settle(kernel_size, stride, pad_mode, dilation)
        self._only_with_pad(
            padding=(padding, 0), dilation=(dilation, 1), return_indices=(return_indices, False),
            ceil_mode=(ceil_mode, False),
        )  # fmt: skip
        self.padding, self.return_indices, self.ceil_mode = padding, return_indices, ceil_mode

    def _pad(self, pool: Any, x: Tensor, kernel: Any, stride: Any) -> Any:
        return pool(x, kernel, stride, self.padding, self.dilation, self.return_indices, self.ceil_mode)


class MaxPool2d(_MaxPool):
    """The largest of each window of images.

    Parameters
    ----------
    kernel_size, stride : int or tuple of two
        The window and its step (1 by default).
    pad_mode : str
        'valid' (whole windows only), 'same' (output length is that of the input over the stride) or 'pad'.
    padding, dilation, return_indices, ceil_mode
        For 'pad' only.
    """

    def __init__(
        self,
        kernel_size: Any = 1,
        stride: Any = 1,
        pad_mode: str = "valid",
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
        data_format: str = "NCHW",
    ) -> None:
        super().__init__(kernel_size, stride, pad_mode, padding, dilation, return_indices, ceil_mode)
        checks.one_of(self, "data_format", data_format, ["NCHW"])

    def _pooled(self, x: Tensor) -> Any:
        if self.pad_mode == "PAD":
            return self._pad(fn.max_pool2d, x, self.kernel_size, self.stride)
        return op_class("MaxPool")(self.kernel_size, self.stride, self.pad_mode)(x)


class MaxPool3d(_MaxPool):
    """The largest of each window of volumes; settings as in `MaxPool2d`, for three axes."""

    axes = 3

    def _pooled(self, x: Tensor) -> Any:
        if self.pad_mode == "PAD":
            return self._pad(fn.max_pool3d, x, self.kernel_size, self.stride)
        return op_class("MaxPool3D")(self.kernel_size, self.stride, self.pad_mode)(x)


class MaxPool1d(_MaxPool):
    """The largest of each window of (batch, channel, length); settings as in `MaxPool2d`, as ints."""

    axes = 1

    def __init__(
        self,
        kernel_size: int = 1,
        stride: int = 1,
        pad_mode: str = "valid",
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(
            checks.whole(self, "kernel_size", kernel_size), checks.whole(self, "stride", stride), pad_mode, padding,
            dilation, return_indices, ceil_mode,
        )  # fmt: skip
        lead = (1, 1) if self.pad_mode == "PAD" else (1,)
        self.kernel_size, self.stride = (*lead, kernel_size), (*lead, stride)

    def _pooled(self, x: Tensor) -> Any:
        if self.pad_mode == "PAD":
            return self._pad(fn.max_pool1d, x, self.kernel_size[-1], self.stride[-1])
        pool = op_class("MaxPool")(self.kernel_size, self.stride, self.pad_mode)
        return fn.squeeze(pool(fn.expand_dims(x, 2)), 2)


class _AvgPool(_Pool):
    """Base of mean pooling."""

    def _means(self, padding: Any, ceil_mode: Any, count_include_pad: Any, divisor_override: Any) -> None:
        """Keep the settings of the padded form, and whether it is needed."""
        if divisor_override is not None and divisor_override <= 0:
            checks.refuse_value(self, "divisor_override", "positive", divisor_override)
        plain = (padding, ceil_mode, count_include_pad, divisor_override) == (0, False, True, None)
        self.padded = self.pad_mode == "PAD" or not plain
        if self.padded and self.pad_mode == "SAME":
            checks.refuse_value(self, "pad_mode", "'valid' or 'pad' with settings of padding", self.pad_mode.lower())
        self.padding, self.ceil_mode, self.count_include_pad = padding, ceil_mode, count_include_pad
        self.divisor_override = 0 if divisor_override is None else divisor_override


class AvgPool2d(_AvgPool):
    """The mean of each window of images.

    Parameters
    ----------
    kernel_size, stride : int or tuple of two
        The window and its step (1 by default).
    pad_mode : str
        'valid' (whole windows only), 'same' (output length is that of the input over the stride; only elements of the
        input count) or 'pad'.
    padding, ceil_mode, count_include_pad, divisor_override
        For 'pad': zeros around, windows that reach beyond, whether those zeros count, and a divisor in place of the count.
    """

    def __init__(
        self,
        kernel_size: Any = 1,
        stride: Any = 1,
        pad_mode: str = "valid",
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
        data_format: str = "NCHW",
    ) -> None:
        super().__init__()
        self._settle(kernel_size, stride, pad_mode)
        checks.one_of(self, "data_format", data_format, ["NCHW"])
        self._means(padding, ceil_mode, count_include_pad, divisor_override)

    def _pooled(self, x: Tensor) -> Any:
        if self.padded:
            return fn.avg_pool2d(
                x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
                self.divisor_override,
            )  # fmt: skip
        return op_class("AvgPool")(self.kernel_size, self.stride, self.pad_mode)(x)


class AvgPool3d(_AvgPool):
    """The mean of each window of volumes; settings as in `AvgPool2d`, for three axes."""

    axes = 3

    def __init__(
        self,
        kernel_size: Any = 1,
        stride: Any = 1,
        pad_mode: str = "valid",
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self._settle(kernel_size, stride, pad_mode)
        self._means(padding, ceil_mode, count_include_pad, divisor_override)

    def _pooled(self, x: Tensor) -> Any:
        if self.padded:
            return fn.avg_pool3d(
                x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
                self.divisor_override,
            )  # fmt: skip
        return op_class("AvgPool3D")(self.kernel_size, self.stride, self.pad_mode)(x)


class AvgPool1d(_AvgPool):
    """The mean of each window of (batch, channel, length); settings as in `AvgPool2d`, as ints."""

    axes = 1

    def __init__(
        self,
        kernel_size: int = 1,
        stride: int = 1,
        pad_mode: str = "valid",
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self._settle(checks.whole(self, "kernel_size", kernel_size), checks.whole(self, "stride", stride), pad_mode)
        self._means(padding, ceil_mode, count_include_pad, None)
        if not self.padded:
            self.kernel_size, self.stride = (1, kernel_size), (1, stride)

    def _pooled(self, x: Tensor) -> Any:
        if self.padded:
            return fn.avg_pool1d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
        pool = op_class("AvgPool")(self.kernel_size, self.stride, self.pad_mode)
        return fn.squeeze(pool(fn.expand_dims(x, 2)), 2)


class _ToSize(Cell):
    """Base of pooling to a given output size."""

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size


class AdaptiveAvgPool1d(_ToSize):
    """Means of as many windows as the output is long."""

    def construct(self, input: Tensor) -> Tensor:
        """The means of the windows of the last axis."""
        return fn.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_ToSize):
    """Means of as many windows as the output has elements; None keeps an axis."""

    def construct(self, input: Tensor) -> Tensor:
        """The means of the windows of the last two axes."""
        return fn.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_ToSize):
    """Means of as many windows as the output has elements; None keeps an axis."""

    def construct(self, input: Tensor) -> Tensor:
        """The means of the windows of the last three axes."""
        return fn.adaptive_avg_pool3d(input, self.output_size)


class AdaptiveMaxPool1d(_ToSize):
    """The largest of as many windows as the output is long."""

    def construct(self, input: Tensor) -> Tensor:
        """The largest of each window of the last axis."""
        return fn.adaptive_max_pool1d(input, self.output_size)


class AdaptiveMaxPool2d(_ToSize):
    """The largest of as many windows as the output has elements; None keeps an axis."""

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = checks.boolean(self, "return_indices", return_indices)

    def construct(self, input: Tensor) -> Any:
        """The largest of each window of the last two axes, and where it is if asked for."""
        return fn.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class _Norms(Cell):
    """Base of pooling by a norm."""

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.settings = (norm_type, kernel_size, stride, ceil_mode)


class LPPool1d(_Norms):
    """The sum of powers of each window, to the inverse power."""

    def construct(self, x: Tensor) -> Tensor:
        """``(sum of x^p) ** (1 / p)`` of each window of the last axis."""
        return fn.lp_pool1d(x, *self.settings)


class LPPool2d(_Norms):
    """The sum of powers of each window, to the inverse power."""

    def construct(self, x: Tensor) -> Tensor:
        """``(sum of x^p) ** (1 / p)`` of each window of the last two axes."""
        return fn.lp_pool2d(x, *self.settings)


__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "MaxPool1d", "MaxPool2d", "MaxPool3d",
]  # fmt: skip
