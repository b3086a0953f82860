"""Samples of elementary, special and rounding functions, and of functions of two operands."""

from __future__ import annotations

from typing import Any

import numpy as np

from msgrad_ext import ops
from msgrad_ext.tensor import Tensor

from .base import Sample, spaced

_SINGLES = {"matrix": (2, 3), "row": (1, 3), "scalar": ()}
_PAIRS = {"plain": ((2, 3), (2, 3)), "row": ((2, 3), (3,)), "column": ((2, 1), (1, 3)), "zero-d": ((), ())}
# Name -> where it is sampled.
_UNARY: dict[str, tuple[float, float]] = {
    "Rsqrt": (0.2, 1.7), "Log1p": (-0.6, 1.7), "Expm1": (-1.3, 1.7), "Exp2": (-1.3, 1.7), "Log2": (0.2, 1.7),
    "Log10": (0.2, 1.7), "Tan": (-1.2, 1.3), "Asin": (-0.9, 0.8), "ACos": (-0.9, 0.8), "Atan": (-1.3, 1.7),
    "Sinh": (-1.3, 1.7), "Cosh": (-1.3, 1.7), "Asinh": (-1.3, 1.7), "Acosh": (1.2, 2.9), "Atanh": (-0.9, 0.8),
    "Sinc": (-1.3, 1.7), "Erf": (-1.3, 1.7), "Erfc": (-1.3, 1.7), "Erfinv": (-0.9, 0.8), "Lgamma": (0.2, 4.7),
    "Digamma": (0.2, 4.7), "TanhSlope": (-1.3, 1.7),
}  # fmt: skip
_STEPS = "Floor Ceil Round Trunc".split()
_BINARY = "Atan2 Hypot LogAddExp LogAddExp2 Xlogy Xdivy DivNoNan MulNoNan SquaredDifference Fmax Fmin".split()
_DIVISIONS = "FloorDiv FloorMod TruncateDiv TruncateMod".split()


def samples() -> list[Sample]:
    found = []
    for name, (low, high) in _UNARY.items():
        for label, shape in _SINGLES.items():
            found.append(Sample(name, getattr(ops, name)(), (spaced(*shape, low=low, high=high),), label))
    for name in _STEPS:
        op = getattr(ops, name)()
        found.append(Sample(name, lambda a, op=op: op(a) * a * a, (spaced(2, 3, low=-2.3, high=2.8),), "factor"))
    for name in _BINARY:
        for label, (first, second) in _PAIRS.items():
            inputs = (spaced(*first, low=0.4, high=1.9), spaced(*second, low=0.3, high=1.8, seed=1))
            found.append(Sample(name, getattr(ops, name)(), inputs, label))
    for name in _DIVISIONS:
        op = getattr(ops, name)()
        first, second = spaced(2, 3, low=-5.0, high=5.3), spaced(2, 3, low=0.6, high=1.9, seed=1)
        found.append(Sample(name, lambda a, b, op=op: op(a, b) * a * b, (first, second), "factor"))
        found.append(Sample(name, lambda a, b, op=op: op(a, b) * a * b, (first, -second[0]), "negative row"))
    return [*found, *_others()]


def _others() -> list[Sample]:
    a, b, c = spaced(2, 3), spaced(2, 3, seed=1), spaced(2, 3, low=0.4, high=1.9, seed=2)

    def branch(op: Any) -> Any:
        return lambda a, b: ops.where(op(a, b), a * b, a * a)

    return [
        Sample("Polygamma", lambda a: ops.polygamma(1, a), (c,), "first"),
        Sample("Polygamma", lambda a: ops.Polygamma()(Tensor(np.array(2)), a), (c,), "second"),
        Sample("Heaviside", lambda a, b: ops.heaviside(ops.floor(a), b) * b, (a, b), "at zero"),
        Sample("Heaviside", lambda a, b: ops.Heaviside()(a, b) * a + b * b, (a, b), "away"),
        Sample("Addcmul", lambda a, b, c: ops.Addcmul()(a, b, c, 0.5), (a, b, c), "half"),
        Sample("Addcdiv", lambda a, b, c: ops.Addcdiv()(a, b, c, 2.0), (a, b, c), "double"),
        Sample("Lerp", lambda a, b, c: ops.Lerp()(a, b, c), (a, b, c), "weights"),
        Sample("IsNan", lambda a: ops.where(ops.IsNan()(a), a, a * a), (a,), "numbers"),
        Sample("IsInf", lambda a: ops.where(ops.IsInf()(a), a, a * a), (a,), "numbers"),
        Sample("IsFinite", lambda a: ops.where(ops.IsFinite()(a), a * a, a), (a,), "numbers"),
        Sample("NanToNum", lambda a: ops.NanToNum(1.0)(a) * a, (a,), "numbers"),
        Sample("ApproximateEqual", branch(ops.ApproximateEqual(0.5)), (a, b), "branch"),
        Sample("LogicalXor", branch(lambda a, b: ops.LogicalXor()(a > 0, b > 0)), (a, b), "branch"),
    ]
