"""Samples of windows, convolution, pooling and resizing."""

from __future__ import annotations

from msgrad_ext import ops
from msgrad_ext.primitives.max_places import MaxPoolPlaces, taken
from msgrad_ext.primitives.windows import joined_windows, windows

from .base import Sample, spaced

_PLAIN = ((2, 2), (1, 1), (0, 0), (0, 0), (1, 1))
_PADDED = ((3, 2), (2, 1), (1, 0), (0, 1), (1, 2))


def _patches() -> list[Sample]:
    return [
        Sample("Windows", lambda a: windows(a, *_PLAIN) ** 2, (spaced(2, 4, 3),), "plain"),
        Sample("Windows", lambda a: windows(a, *_PADDED) ** 2, (spaced(2, 4, 5),), "padded"),
        Sample("Windows", lambda a: windows(a, (2,), (3,), (0,), (0,), (1,)) ** 2, (spaced(7),), "leftover"),
        Sample(
            "WindowsGrad",
            lambda a: joined_windows(a, (2, 2), (2, 1), (1, 0), (1, 1), (3, 4)) ** 2,
            (spaced(2, 2, 2, 2, 3),),
            "padded",
        ),
        Sample(
            "MaxPoolPlaces",
            lambda a: taken(a, MaxPoolPlaces((2, 2), (2, 1), (1, 1), (0, 1), (0, 1))(a), 2) ** 2,
            (spaced(1, 4, 4),),
            "padded",
        ),
    ]


def samples() -> list[Sample]:
    x, w = spaced(1, 2, 5, 4), spaced(3, 2, 2, 3, seed=1)
    y = spaced(1, 3, 4, 2, seed=2)
    volume = spaced(1, 1, 3, 2, 3)
    return [
        *_patches(),
        Sample("Conv2D", lambda a, b: ops.Conv2D(3, (2, 3))(a, b) ** 2, (x, w), "valid"),
        Sample("Conv2D", lambda a, b: ops.Conv2D(3, (2, 3), pad_mode="same", stride=2)(a, b) ** 2, (x, w), "same"),
        Sample("Conv2D", lambda a, b: ops.Conv2D(2, 2, group=2)(a, b) ** 2, (x, spaced(2, 1, 2, 2)), "groups"),
        Sample("Conv2D", lambda a, b: ops.conv2d(a, b, None, 1, "pad", 1, 2), (x, spaced(1, 2, 2, 1)), "dilated"),
        Sample("Conv3D", lambda a, b: ops.Conv3D(2, 2)(a, b) ** 2, (volume, spaced(2, 1, 2, 2, 2)), "valid"),
        Sample(
            "DepthwiseConv2dNative",
            lambda a, b: ops.DepthwiseConv2dNative(2, 2)(a, b) ** 2,
            (x, spaced(2, 2, 2, 2)),
            "valid",
        ),
        Sample(
            "Conv2DBackpropInput",
            lambda a, b: ops.Conv2DBackpropInput(3, (2, 3))(a, b, (1, 2, 5, 4)) ** 2,
            (y, w),
            "valid",
        ),
        Sample("MaxPool", lambda a: ops.MaxPool(2, 2)(a) ** 2, (x,), "valid"),
        Sample("MaxPool", lambda a: ops.MaxPool((3, 2), 2, "same")(a) ** 2, (x,), "same"),
        Sample("MaxPoolWithArgmax", lambda a: ops.MaxPoolWithArgmax(2, 1)(a)[0] ** 2, (x,), "overlap"),
        Sample("MaxPoolWithArgmaxV2", lambda a: ops.MaxPoolWithArgmaxV2(2, 1, 1)(a)[0] ** 2, (x,), "padded"),
        Sample("MaxPool3D", lambda a: ops.MaxPool3D(2, 1)(a) ** 2, (volume,), "valid"),
        Sample("AvgPool", lambda a: ops.AvgPool(2, 2)(a) ** 2, (x,), "valid"),
        Sample("AvgPool", lambda a: ops.AvgPool(3, 2, "same")(a) ** 2, (x,), "same"),
        Sample("AvgPool3D", lambda a: ops.AvgPool3D(2, 1)(a) ** 2, (volume,), "valid"),
        Sample("AdaptiveAvgPool2D", lambda a: ops.AdaptiveAvgPool2D((2, 2))(a) ** 2, (x,), "uneven"),
        Sample("AdaptiveAvgPool3D", lambda a: ops.AdaptiveAvgPool3D((3, 1, 2))(a) ** 2, (volume,), "uneven"),
        Sample("AdaptiveMaxPool2D", lambda a: ops.AdaptiveMaxPool2D((2, 3))(a)[0] ** 2, (x,), "uneven"),
        Sample("Im2Col", lambda a: ops.Im2Col(2, 2, 1, 1)(a) ** 2, (x,), "padded"),
        Sample("Col2Im", lambda a: ops.Col2Im(2)(a, (3, 3)) ** 2, (spaced(1, 2, 4, 4),), "overlap"),
        Sample("ResizeBilinear", lambda a: ops.ResizeBilinear((3, 6))(a) ** 2, (x,), "both"),
        Sample("ResizeBilinearV2", lambda a: ops.ResizeBilinearV2(True)(a, (3, 6)) ** 2, (x,), "corners"),
        Sample("ResizeNearestNeighbor", lambda a: ops.ResizeNearestNeighbor((3, 6))(a) ** 2, (x,), "both"),
    ]
