"""Samples of activations; both sides of each kink, and none at it."""

from __future__ import annotations

import numpy as np

from msgrad_ext import ops

from .base import Sample, spaced

_SHAPES = {"matrix": (2, 5), "row": (1, 3), "scalar": ()}
_PLAIN = "Softplus LogSigmoid Softsign Mish SiLU GeLU FastGeLU Elu SeLU CeLU HShrink SoftShrink".split()


def samples() -> list[Sample]:
    found = []
    for name in _PLAIN:
        for label, shape in _SHAPES.items():
            found.append(Sample(name, lambda a, name=name: getattr(ops, name)()(a) * a, (_ends(shape, 2.1),), label))
    for name in ("ReLU6", "HSigmoid", "HSwish"):
        for label, shape in _SHAPES.items():
            inputs = (_ends(shape, 7.3),)
            found.append(Sample(name, lambda a, name=name: getattr(ops, name)()(a) * a * a, inputs, label))
    a = spaced(2, 4)
    return [
        *found,
        Sample("Elu", lambda a: ops.Elu(0.7)(a) * a, (a,), "alpha"),
        Sample("CeLU", lambda a: ops.CeLU(2.0)(a) * a, (a,), "alpha"),
        Sample("GLU", lambda a: ops.GLU()(a), (a,), "last"),
        Sample("GLU", lambda a: ops.GLU(0)(a), (a,), "first"),
        Sample("PReLU", ops.PReLU(), (a, np.array([0.2, 0.3, 0.4, 0.5])), "channels"),
        Sample("PReLU", ops.PReLU(), (spaced(2, 3, 2), np.array([0.2, 0.3, 0.4])), "cube"),
        Sample("PReLU", ops.PReLU(), (spaced(3), np.array([0.2])), "one"),
    ]


def _ends(shape: tuple[int, ...], size: float) -> np.ndarray:
    return spaced(*shape, low=-size, high=size)
