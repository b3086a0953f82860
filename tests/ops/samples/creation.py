"""Samples of tensors of numbers, of what asks for a shape or dtype, and of what maps over tuples."""

from __future__ import annotations

import numpy as np

from msgrad_ext import Tensor, ops

from .base import Sample, spaced

_LEFT = ops.MultitypeFuncGraph("left")


@_LEFT.register("Tensor", "Number")
def _scaled(a: Tensor, number: float) -> Tensor:
    return a * a * number


@_LEFT.register("Tensor", "Tensor")
def _multiplied(a: Tensor, b: Tensor) -> Tensor:
    return a * b


def _tuples(a: np.ndarray) -> list[Sample]:
    def both(a: Tensor) -> Tensor:
        first, (second, third) = ops.HyperMap()(lambda u, v: u * v, (a, (a, a * a)), (a, (a, a)))
        return first + second + third

    def flat(a: Tensor) -> Tensor:
        first, second = ops.Map(lambda u: u * u)((a, a * a))
        return first + second

    return [
        Sample("HyperMap", both, (a,), "nested"),
        Sample("Partial", lambda a: ops.Partial()(ops.mul, a)(a + 1), (a,), "one"),
        Sample("Map", flat, (a,), "two"),
        Sample("MultitypeFuncGraph", lambda a: _LEFT(a, 2.0) + _LEFT(a, a), (a,), "two bodies"),
        Sample("InvertPermutation", lambda a: ops.transpose(a, ops.InvertPermutation()((1, 0))) ** 2, (a,), "swap"),
    ]


def _questions(a: np.ndarray) -> list[Sample]:
    def printed(a: Tensor) -> Tensor:
        ops.Print()(a, "seen")
        return a * a

    return [
        Sample("Shape", lambda a: ops.reshape(a, ops.Shape()(a)) ** 2, (a,), "same"),
        Sample("TensorShape", lambda a: a**2 * ops.cast(ops.TensorShape()(a)[1], a.dtype), (a,), "columns"),
        Sample("Rank", lambda a: a**2 * ops.Rank()(a), (a,), "factor"),
        Sample("Size", lambda a: a**2 * ops.Size()(a), (a,), "factor"),
        Sample("DType", lambda a: a**2 * ops.ones((2, 3), ops.DType()(a)), (a,), "ones"),
        Sample("Identity", lambda a: ops.Identity()(a) ** 2, (a,), "square"),
        Sample("Depend", lambda a: ops.Depend()(a * a, a) * a, (a,), "first"),
        Sample("Print", printed, (a,), "square"),
    ]


def samples() -> list[Sample]:
    a = spaced(2, 3)

    def drawn(name: str) -> object:
        return lambda a: a**2 * ops.cast(getattr(ops, name)(seed=3)((2, 3)), a.dtype)

    return [
        Sample("Zeros", lambda a: a**2 + ops.Zeros()((2, 3), a.dtype), (a,), "plus"),
        Sample("Ones", lambda a: a**2 * ops.Ones()((2, 3), a.dtype), (a,), "times"),
        Sample("Eye", lambda a: a**2 * ops.Eye()(2, 3, a.dtype), (a,), "times"),
        Sample("Fill", lambda a: a**2 * ops.Fill()(a.dtype, (2, 3), 2.5), (a,), "times"),
        Sample("FillV2", lambda a: a * ops.FillV2()((2, 3), a[0, 0]), (a,), "an input's value"),
        Sample("Range", lambda a: a**2 * ops.Range()(0, 3, 1), (a,), "times"),
        Sample("LinSpace", lambda a: ops.LinSpace()(a[0, 0], a[1, 1], 4) ** 2, (a,), "between inputs"),
        Sample("ScalarToTensor", lambda a: a**2 * ops.ScalarToTensor()(3, a.dtype), (a,), "times"),
        Sample("StandardNormal", drawn("StandardNormal"), (a,), "times"),  # type: ignore[arg-type]
        Sample("UniformReal", drawn("UniformReal"), (a,), "times"),  # type: ignore[arg-type]
        Sample("UniformInt", lambda a: a**2 * (ops.UniformInt(seed=3)((2, 3), 1, 5) + 1), (a,), "times"),
        *_questions(a),
        *_tuples(a),
    ]
