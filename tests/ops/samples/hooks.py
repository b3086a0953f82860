"""Samples of the hooks on gradients: they look, and leave the gradient as it is."""

from __future__ import annotations

from msgrad_ext import ops
from msgrad_ext.tensor import Tensor

from .base import Sample, spaced


def samples() -> list[Sample]:
    def seen(a: Tensor) -> Tensor:
        return ops.exp(ops.HookBackward(lambda sent: None)(ops.sin(a)))

    def pair(a: Tensor, b: Tensor) -> Tensor:
        first, second = ops.HookBackward(lambda sent: sent)(a * b, a + b)
        return first * second

    def inserted(a: Tensor) -> Tensor:
        return ops.exp(ops.InsertGradientOf(lambda sent: sent)(ops.sin(a)))

    return [
        Sample("HookBackward", seen, (spaced(2, 3),), "looks"),
        Sample("HookBackward", pair, (spaced(3), spaced(3, seed=1)), "two operands"),
        Sample("InsertGradientOf", inserted, (spaced(2, 3),), "same"),
    ]
