"""Samples of assignments to parameters and of bitwise ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from msgrad_ext import Parameter, nn, ops
from msgrad_ext.tensor import Tensor

from .base import Sample, spaced


class Assigning(nn.Cell):
    """A network that assigns to a parameter between two reads."""

    def __init__(self, assign: Any) -> None:
        super().__init__()
        self.assign = assign

    def construct(self, x: Tensor) -> Tensor:
        w = Parameter(Tensor(np.array([0.5, -1.25]), x.dtype), name="w")
        before = w * x
        self.assign(w, x * 2.0)
        return before * w * x


def samples() -> list[Sample]:
    x, a, b = spaced(2), spaced(2, 3), spaced(2, 3, seed=1)
    return [
        *(
            Sample(name, Assigning(getattr(ops, name)()), (x,), "reads")
            for name in ("Assign", "AssignAdd", "AssignSub")
        ),
        Sample("BitwiseAnd", lambda a, b: ops.where(ops.bitwise_and(a > 0, b > 0), a * b, a), (a, b), "bools"),
        Sample("BitwiseOr", lambda a, b: ops.where(ops.bitwise_or(a > 0, b > 0), a * b, a), (a, b), "bools"),
        Sample("Invert", lambda a: a * a * ops.invert(Tensor(np.array([[1], [2]], np.int32))), (a,), "constant bits"),
        Sample("BitwiseXor", lambda a, b: ops.where(ops.bitwise_xor(a > 0, b > 0), a * b, a), (a, b), "bools"),
    ]
