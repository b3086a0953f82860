"""Gathers, slices, joins, sorts, sums along an axis, turns and layouts."""

from __future__ import annotations

import numpy as np

from msgrad_ext import Tensor, ops

from .base import Case

PLACES = Tensor(np.array([[0, 2, 1], [2, 2, 0]], np.int32))

PLACED = [
    Case("embedding", lambda table: table[PLACES] ** 2, {"table": (4, "d")}),
    Case(
        "gather on the middle axis",
        lambda x: ops.gather(x, Tensor(np.array([1, 0, 1], np.int32)), 1),
        {"x": ("b", 3, "d")},
    ),
    Case("concat", lambda x, y: ops.concat((x, y), 1) ** 2, {"x": ("b", "s", "d"), "y": ("b", "t", "d")}),
    Case("split", lambda x: ops.split(x, 2, 2)[0] * ops.split(x, 2, 2)[1], {"x": ("b", "t", 4)}),
    Case("stack", lambda x, y: ops.stack((x, y), 1) ** 2, {"x": ("b", "t", "d"), "y": ("b", "t", "d")}),
    Case("slice", lambda x: x[:, 1:] - x[:, :-1], {"x": ("b", 5, "d")}),
    Case("slice letters", lambda x: x[:, 1:] * x[:, :-1], {"x": ("b", "t", "d")}),
    Case("strided slice", lambda x: x[:, ::2] ** 2, {"x": ("b", 6, "d")}),
    Case("first token", lambda x: x[:, 0].exp(), {"x": ("b", "t", "d")}),
    Case("cumsum", lambda x: ops.cumsum(x, 1), {"x": ("b", "t", "d")}),
    Case("cumsum squared", lambda x: (ops.cumsum(x, 1) ** 2).sum(), {"x": ("b", "t", "d")}, sens=False),
    Case("cumprod", lambda x: ops.cumprod(x, 1), {"x": ("b", 3, "d")}),
    Case("sort", lambda x: ops.sort(x, 1)[0] ** 2, {"x": ("b", "t", "d")}),
    Case("topk", lambda x: ops.topk(x, 2)[0], {"x": ("b", "t", 4)}),
    Case("max over tokens", lambda x: ops.max(x, 1)[0], {"x": ("b", "t", "d")}),
    Case("largest with ties", lambda x: ops.ReduceMax()(x, 1), {"x": ("b", "t", "d")}),
    Case("smallest", lambda x: ops.ReduceMin()(x, 2), {"x": ("b", "t", "d")}),
    Case("transpose", lambda x: x.transpose(2, 0, 1) ** 2, {"x": ("b", "t", "d")}),
    Case("flatten to rows", lambda x, w: x.reshape(-1, x.shape[-1]) @ w, {"x": ("b", "t", 3), "w": (3, "k")}),
    Case("flatten image", lambda x, w: x.reshape(x.shape[0], -1) @ w, {"x": ("b", 2, 3, 3), "w": (18, "k")}),
    Case(
        "heads apart and joined",
        lambda x: x.reshape(x.shape[0], x.shape[1], 2, 3).transpose(0, 2, 1, 3) ** 2,
        {"x": ("b", "t", 6)},
    ),
    Case("expand and squeeze", lambda x: (ops.expand_dims(x, 1) * 2).exp().squeeze(1), {"x": ("b", "t", "d")}),
    Case("tile", lambda x: ops.tile(x, (1, 2, 1)) ** 2, {"x": ("b", 3, "d")}),
    Case("pad", lambda x: ops.pad(x, (1, 1)) ** 2, {"x": ("b", "t", 3)}),
    Case("roll and flip", lambda x: ops.flip(x, (1,)) * x, {"x": ("b", 4, "d")}),
    Case(
        "causal mask",
        lambda q, k: ops.softmax(
            ops.masked_fill(ops.matmul(q, k.transpose(0, 2, 1)), ops.triu(ops.ones((3, 3), q.dtype), 1) > 0, -1e9), -1
        ),
        {"q": ("b", 3, "d"), "k": ("b", 3, "d")},
    ),
    Case("tril", lambda x: ops.tril(x) @ x, {"x": ("b", 3, 3)}),
    Case(
        "distances",
        lambda x, y: ((x.expand_dims(2) - y.expand_dims(1)) ** 2).sum(-1),
        {"x": ("b", "n", "d"), "y": ("b", "m", "d")},
    ),
    Case("norm over the last axis", lambda x: (x * x).sum(-1).sqrt(), {"x": ("b", "t", "d")}),
    Case("l2 normalise", lambda x: x / (x * x).sum(-1, keepdims=True).sqrt(), {"x": ("b", "t", "d")}),
    Case("mean over tokens", lambda x, w: (x.mean(1) @ w).tanh(), {"x": ("b", "t", "d"), "w": ("d", "k")}),
    Case("logsumexp", lambda x: ops.logsumexp(x, -1), {"x": ("b", "t", "d")}),
]
