"""Samples of arithmetic, elementary functions and comparisons."""

from __future__ import annotations

from msgrad_ext import ops

from .base import Sample, spaced

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


def samples() -> list[Sample]:
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
