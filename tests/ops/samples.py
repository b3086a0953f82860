"""For each op of the registry: small networks that use it, and inputs inside its domain, in float64.

Shapes differ in every axis, hold an axis of length 1, a scalar, and broadcasting where the op allows it. Values stay
away from kinks, which have tests of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from msgrad_ext import ops
from msgrad_ext.tensor import Tensor

Network = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Sample:
    """A network that uses one op, and its inputs."""

    op: str
    network: Network
    inputs: tuple[np.ndarray, ...]
    name: str


def spaced(*shape: int, low: float = -1.0, high: float = 1.0, seed: int = 0) -> np.ndarray:
    """Different values between ``low`` and ``high``, in random order; no two are nearer than the range by their count."""
    count = int(np.prod(shape, dtype=int))
    values = low + (high - low) * (np.arange(count) + 0.61) / max(count, 1)
    return np.random.default_rng(seed).permutation(values).reshape(shape)


_PAIRS = {
    "plain": ((2, 3), (2, 3)),
    "row": ((2, 3), (3,)),
    "column": ((2, 1), (1, 3)),
    "scalar": ((2, 3), ()),
    "zero-d": ((), ()),
}
_SINGLES = {"matrix": (2, 3), "row": (1, 3), "scalar": ()}
_POSITIVE = {"Sqrt", "Log", "Reciprocal"}
_UNARY = "Neg Abs Square Sqrt Exp Log Reciprocal Sin Cos Tanh Sigmoid ReLU Sign".split()
_BINARY = "Add Sub Mul Div RealDiv Pow Maximum Minimum".split()
_COMPARE = "Greater GreaterEqual Less LessEqual Equal NotEqual".split()


def _elementwise() -> list[Sample]:
    found = []
    for name in _UNARY:
        low = 0.2 if name in _POSITIVE else -1.3
        for label, shape in _SINGLES.items():
            found.append(Sample(name, getattr(ops, name)(), (spaced(*shape, low=low, high=1.7),), label))
    for name in _BINARY:
        for label, (first, second) in _PAIRS.items():
            inputs = (spaced(*first, low=0.4, high=1.9), spaced(*second, low=0.3, high=1.8, seed=1))
            found.append(Sample(name, getattr(ops, name)(), inputs, label))
    for name in _COMPARE:
        op = getattr(ops, name)()
        found.append(
            Sample(
                name,
                lambda a, b, op=op: ops.where(op(a, b), a * a, b * 3.0),
                (spaced(2, 3), spaced(2, 3, seed=1)),
                "branch",
            )
        )
    return found


def _logic() -> list[Sample]:
    a, b = spaced(2, 3), spaced(2, 3, seed=1)
    return [
        Sample("LogicalAnd", lambda a, b: ops.where(ops.logical_and(a > 0, b > 0), a * b, a), (a, b), "branch"),
        Sample("LogicalOr", lambda a, b: ops.where(ops.logical_or(a > 0, b > 0), a * b, a), (a, b), "branch"),
        Sample("LogicalNot", lambda a: ops.where(ops.logical_not(a > 0), a * a, a), (a,), "branch"),
        Sample("Select", lambda a, b: ops.Select()(a > b, a * a, b), (a, b), "branch"),
        Sample("Select", lambda a, b: ops.Select()(a > 0, a, b), (spaced(2, 3), spaced(3)), "broadcast"),
    ]


def _arrays() -> list[Sample]:
    a, b = spaced(2, 3), spaced(2, 3, seed=1)
    return [
        Sample("Reshape", lambda a: ops.Reshape()(a, (3, 2)) ** 2, (a,), "matrix"),
        Sample("Reshape", lambda a: ops.Reshape()(a, (-1,)) ** 2, (a,), "flat"),
        Sample("Transpose", lambda a: ops.Transpose()(a, (1, 0)) * 2.0, (a,), "matrix"),
        Sample("Transpose", lambda a: ops.Transpose()(a, (2, 0, 1)), (spaced(2, 3, 4),), "cube"),
        Sample("ExpandDims", lambda a: ops.ExpandDims()(a, 1) * a, (spaced(3),), "outer"),
        Sample("Squeeze", lambda a: ops.Squeeze(1)(a) ** 2, (spaced(2, 1, 3),), "middle"),
        Sample("BroadcastTo", lambda a: ops.BroadcastTo((4, 2, 3))(a), (spaced(2, 1),), "grow"),
        Sample("Concat", lambda a, b: ops.Concat(1)((a, b, a)) ** 2, (a, spaced(2, 1)), "axis 1"),
        Sample("Concat", lambda a, b: ops.Concat(0)((a, b)), (a, b), "axis 0"),
        Sample("Cast", lambda a: ops.Cast()(a * a, np.float64), (spaced(2, 3).astype(np.float32),), "widen"),
        Sample("ZerosLike", lambda a: ops.ZerosLike()(a) + a, (a,), "plus"),
        Sample("OnesLike", lambda a: ops.OnesLike()(a) * a, (a,), "times"),
        Sample("StopGradient", lambda a: ops.stop_gradient(a * 2.0) * a, (a,), "times"),
        Sample("StridedSlice", lambda a: a[1:, ::2] ** 2, (spaced(3, 4),), "steps"),
        Sample("StridedSlice", lambda a: a[::-1, -1], (spaced(3, 4),), "reversed"),
        Sample(
            "StridedSliceGrad", lambda a: ops.StridedSliceGrad((0, 1), (2, 1), (2, 3), (4, 5))(a) ** 2, (a,), "place"
        ),
    ]


def _reductions() -> list[Sample]:
    found = []
    for name in ("ReduceSum", "ReduceMean", "ReduceMax"):
        for label, keep, axis in (("all", False, ()), ("axis 0", False, 0), ("kept", True, 1), ("two", False, (0, 2))):
            op = getattr(ops, name)(keep)
            found.append(Sample(name, lambda a, op=op, axis=axis: op(a * a * a, axis), (spaced(2, 3, 4),), label))
    for name in ("Softmax", "LogSoftmax"):
        for axis in (0, -1):
            found.append(Sample(name, getattr(ops, name)(axis), (spaced(2, 3),), f"axis {axis}"))
    return found


def _products() -> list[Sample]:
    def loss(a: Tensor) -> Tensor:
        labels = Tensor(np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])).astype(a.dtype)
        return ops.SoftmaxCrossEntropyWithLogits()(a, labels)[0]

    return [
        Sample("MatMul", ops.MatMul(), (spaced(2, 3), spaced(3, 4)), "plain"),
        Sample("MatMul", ops.MatMul(True, True), (spaced(3, 2), spaced(4, 3)), "transposed"),
        Sample("MatMul", lambda a: a @ a, (spaced(3, 3),), "square"),
        Sample("BatchMatMul", ops.BatchMatMul(), (spaced(5, 2, 3), spaced(5, 3, 4)), "batch"),
        Sample("BatchMatMul", lambda a, b: ops.matmul(a, b), (spaced(5, 2, 3), spaced(3, 4)), "broadcast"),
        Sample("SoftmaxCrossEntropyWithLogits", loss, (spaced(2, 3),), "rows"),
    ]


SAMPLES = [*_elementwise(), *_logic(), *_arrays(), *_reductions(), *_products()]
