"""Convolutions, pooling, normalisations and losses over batches."""

from __future__ import annotations

from msgrad_ext import ops

from .base import Case

IMAGE = ("b", "c", 6, 6)


def mse(x, y):
    """The mean of squared errors."""
    return ((x - y) ** 2).mean()


LAYERS = [
    Case("conv1d", lambda x, w: ops.conv1d(x, w), {"x": ("b", "c", "t"), "w": ("o", "c", 3)}),
    Case("conv1d fixed", lambda x, w: ops.conv1d(x, w), {"x": ("b", "c", 8), "w": ("o", "c", 3)}),
    Case("conv2d", lambda x, w: ops.conv2d(x, w), {"x": ("b", "c", 5, 5), "w": ("o", "c", 3, 3)}),
    Case("conv2d all letters", lambda x, w: ops.conv2d(x, w), {"x": ("b", "c", "h", "w"), "w": ("o", "c", 3, 3)}),
    Case("conv2d stride 2", lambda x, w: ops.conv2d(x, w, stride=2), {"x": ("b", "c", 5, 5), "w": ("o", "c", 3, 3)}),
    Case("conv2d same", lambda x, w: ops.conv2d(x, w, pad_mode="same"), {"x": ("b", "c", 4, 4), "w": ("o", "c", 3, 3)}),
    Case(
        "conv2d pad 1 with bias, relu",
        lambda x, w, a: ops.relu(ops.conv2d(x, w, a, pad_mode="pad", padding=1)),
        {"x": ("b", "c", 4, 4), "w": ("o", "c", 3, 3), "a": ("o",)},
    ),
    Case("conv2d 1x1", lambda x, w: ops.conv2d(x, w), {"x": ("b", "c", 4, 4), "w": ("o", "c", 1, 1)}),
    Case("max_pool2d", lambda x: ops.max_pool2d(x, 2, 2), {"x": ("b", "c", 4, 4)}),
    Case("avg_pool2d", lambda x: ops.avg_pool2d(x, 2, 2), {"x": ("b", "c", 4, 4)}),
    Case("global average pool", lambda x: x.mean((2, 3)), {"x": ("b", "c", "h", "w")}),
    Case("layer norm", lambda x, g, h: nn_layer_norm(x, g, h), {"x": ("b", "t", "d"), "g": ("d",), "h": ("d",)}),
    Case("rms norm", lambda x, g: ops.rms_norm(x, g)[0], {"x": ("b", "t", "d"), "g": ("d",)}),
    Case("centred", lambda x: x - x.mean(-1, keep_dims=True), {"x": ("b", "t", "d")}),
    Case("softmax last axis", lambda x: ops.softmax(x, -1), {"x": ("b", "t", "d")}),
    Case("softmax middle axis", lambda x: ops.softmax(x, 1), {"x": ("b", "t", "d")}),
    Case("log softmax", lambda x: ops.log_softmax(x, -1), {"x": ("b", "t", "d")}),
    Case(
        "token cross entropy",
        lambda x, y: -(y * ops.log_softmax(x, -1)).sum(),
        {"x": ("b", "t", "v"), "y": ("b", "t", "v")},
        sens=False,
    ),
    Case("mse batch", mse, {"x": ("b", "t", "d"), "y": ("b", "t", "d")}, sens=False),
    Case("bias over channels", lambda x, a: x + a.reshape(1, -1, 1, 1), {"x": ("b", "c", "h", "w"), "a": ("c",)}),
    Case("broadcast add", lambda x, y: (x + y).tanh(), {"x": ("b", "t", "d"), "y": ("t", "d")}),
    Case("broadcast mul", lambda x, s: x * s, {"x": ("b", "t", "d"), "s": ("b", 1, "d")}),
    Case(
        "batch norm by hand",
        lambda x: (
            (x - x.mean((0, 2, 3), keep_dims=True))
            / ((x - x.mean((0, 2, 3), keep_dims=True)) ** 2).mean((0, 2, 3), keep_dims=True).sqrt()
        ),
        {"x": ("b", "c", "h", "w")},
    ),
    Case(
        "gated", lambda x, w, v: (x @ w).sigmoid() * (x @ v), {"x": ("b", "t", "d"), "w": ("d", "k"), "v": ("d", "k")}
    ),
]


def nn_layer_norm(x, g, h):
    """Layer norm by its definition."""
    c = x - x.mean(-1, keep_dims=True)
    return c / ((c * c).mean(-1, keep_dims=True) + 0.01).sqrt() * g + h


LAYERS += [
    Case("activation of images", lambda x: (x.tanh() * x.sigmoid()).sum(), {"x": ("b", "c", "h", "w")}, sens=False),
    Case("norm of images", lambda x: (x * x).sum().sqrt(), {"x": ("b", "c", "h", "w")}, sens=False),
    Case(
        "cosine of images",
        lambda x, y: (x * y).sum() / ((x * x).sum() * (y * y).sum()).sqrt(),
        {"x": ("b", "c", "h"), "y": ("b", "c", "h")},
        sens=False,
    ),
    Case("power and scale", lambda x, a: a * x**3, {"x": ("b", "t", "d"), "a": (1,)}),
]
