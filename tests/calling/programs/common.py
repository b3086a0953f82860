"""What the programs share: where they are listed, and their data."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from msgrad_ext import Tensor

Call = Callable[[], Any]
PROGRAMS: dict[str, Callable[[], Call]] = {}


def program(make: Callable[[], Call]) -> Callable[[], Call]:
    PROGRAMS[make.__name__] = make
    return make


def array(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.sin(np.arange(math.prod(shape), dtype=np.float64) * 0.7 + 0.3).reshape(shape).astype(dtype)


def tensor(*shape: int) -> Tensor:
    return Tensor(array(*shape))


X, Y = tensor(4, 6), tensor(4, 3)
LABELS = Tensor(np.array([0, 2, 1, 1], np.int32))
LEARNING_RATE = 0.01
EPS = 1e-5
