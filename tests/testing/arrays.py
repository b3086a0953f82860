"""Arrays for the tests."""

from __future__ import annotations

from typing import Any

import numpy as np


def draw(*shapes: Any, seed: int = 0, dtype: Any = np.float64) -> list[np.ndarray]:
    """Random arrays."""
    generator = np.random.default_rng(seed)
    return [generator.standard_normal(shape).astype(dtype) for shape in shapes]
