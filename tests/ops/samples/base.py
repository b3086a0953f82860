"""What a sample is, and inputs for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

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
