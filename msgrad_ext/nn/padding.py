"""Layers that put elements around, and those that move elements between channels and places."""

from __future__ import annotations

from typing import Any, ClassVar

from ..primitives.sizes import divides, pairs, quotient
from ..registry import fn, op_class
from ..tensor import Tensor
from . import checks
from .cell import Cell


class Pad(Cell):
    """Elements around: zeros, or the input's own, mirrored.

    Parameters
    ----------
    paddings : tuple of pairs
        How many before and after, for each axis.
    mode : str
        'CONSTANT' (zeros), 'REFLECT' (mirrored at the last element) or 'SYMMETRIC' (mirrored behind it).
    """

    def __init__(self, paddings: Any, mode: str = "CONSTANT") -> None:
        super().__init__()
        self.mode = checks.one_of(self, "mode", mode, ["CONSTANT", "REFLECT", "SYMMETRIC"])
        if not isinstance(paddings, tuple):
            checks.refuse_kind(self, "paddings", "a tuple of pairs", paddings)
        if any(len(pair) != 2 for pair in paddings) or len(paddings) > 4:
            checks.refuse_value(self, "paddings", "four pairs at most", paddings)
        self.paddings = paddings

    def construct(self, x: Tensor) -> Tensor:
        """``x`` with elements around."""
        if self.mode == "CONSTANT":
            return op_class("Pad")(self.paddings)(x)
        return op_class("MirrorPad")(mode=self.mode)(x, self.paddings)


class _Around(Cell):
    """Base of padding of the last axes; an int stands for both ends of each."""

    axes: ClassVar[int] = 2
    signed: ClassVar[bool] = True

    def _settle(self, padding: Any) -> None:
        most = len((0, 0) * self.axes)
        if isinstance(padding, int):
            padding = (padding,) * most
        if not isinstance(padding, tuple) or not all(isinstance(one, int) for one in padding):
            checks.refuse_kind(self, "padding", "int or a tuple of ints", padding)
        if not divides(2, len(padding)) or len(padding) > most or (self.axes == 1 and len(padding) != 2):
            checks.refuse_value(self, "padding", f"an even number of ints, {most} at most", padding)
        if not self.signed and min(padding, default=0) < 0:
            checks.refuse_value(self, "padding", "not negative", padding)
        self.padding = padding


class _ConstantPad(_Around):
    """Base of padding by one number."""

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__()
        self._settle(padding)
        self.value = checks.number(self, "value", value)

    def construct(self, x: Tensor) -> Tensor:
        """``x`` with ``value`` around; a negative length takes elements away."""
        return fn.pad(x, self.padding, "constant", self.value)


class ConstantPad1d(_ConstantPad):
    """One number around the last axis."""

    axes = 1


class ConstantPad2d(_ConstantPad):
    """One number around the last two axes: left, right, top, bottom."""


class ConstantPad3d(_ConstantPad):
    """One number around the last three axes: left, right, top, bottom, front, back."""

    axes = 3


class ZeroPad2d(_ConstantPad):
    """Zeros around the last two axes: left, right, top, bottom."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0)


class _ReflectionPad(_Around):
    """Base of padding by mirrored elements."""

    signed = False

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self._settle(padding)

    def construct(self, x: Tensor) -> Tensor:
        """``x`` with its own elements around, mirrored at the last one."""
        return op_class("MirrorPad")(mode="REFLECT")(x, pairs(self.padding, x.ndim))


class ReflectionPad1d(_ReflectionPad):
    """Mirrored elements around the last axis."""

    axes = 1


class ReflectionPad2d(_ReflectionPad):
    """Mirrored elements around the last two axes: left, right, top, bottom."""


class ReflectionPad3d(_ReflectionPad):
    """Mirrored elements around the last three axes: left, right, top, bottom, front, back."""

    axes = 3


class _ReplicationPad(_Around):
    """Base of padding by the elements at the edge."""

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self._settle(padding)

    def construct(self, x: Tensor) -> Tensor:
        """``x`` with its last elements repeated around."""
        return fn.pad(x, self.padding, "replicate")


class ReplicationPad1d(_ReplicationPad):
    """The elements at the ends, repeated around the last axis."""

    axes = 1


class ReplicationPad2d(_ReplicationPad):
    """The elements at the edge, repeated around the last two axes."""


class ReplicationPad3d(_ReplicationPad):
    """The elements at the surface, repeated around the last three axes."""

    axes = 3


class PixelShuffle(Cell):
    """Channels laid out as places: (C r^2, H, W) becomes (C, H r, W r)."""

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def construct(self, input: Tensor) -> Tensor:
        """The images, ``upscale_factor`` times as high and wide."""
        return fn.pixel_shuffle(input, self.upscale_factor)


class PixelUnshuffle(Cell):
    """Places laid out as channels: (C, H r, W r) becomes (C r^2, H, W)."""

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def construct(self, input: Tensor) -> Tensor:
        """The images, a ``downscale_factor``-th as high and wide."""
        return fn.pixel_unshuffle(input, self.downscale_factor)


class ChannelShuffle(Cell):
    """Channels of ``groups`` groups, dealt out in turn."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = checks.whole(self, "groups", groups)

    def construct(self, x: Tensor) -> Tensor:
        """The same channels in another order."""
        if not divides(self.groups, x.shape[1]):
            checks.refuse_value(self, "groups", f"a divisor of the {x.shape[1]} channels", self.groups)
        each = quotient(x.shape[1], self.groups)
        grouped = fn.reshape(x, (x.shape[0], self.groups, each, *x.shape[2:]))
        return fn.reshape(fn.swapaxes(grouped, 1, 2), x.shape)


class Upsample(Cell):
    """Images of another size, by interpolation."""

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.settings = (size, scale_factor, mode, align_corners, recompute_scale_factor)

    def construct(self, x: Tensor) -> Tensor:
        """``x`` interpolated."""
        return fn.interpolate(x, *self.settings)


__all__ = [
    "ChannelShuffle", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d", "Pad", "PixelShuffle", "PixelUnshuffle",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d",
    "ReplicationPad3d", "Upsample", "ZeroPad2d",
]  # fmt: skip
