"""Random data, the same in every run."""

from __future__ import annotations

import numpy as np


class Draw:
    """Draws arrays of one dtype.

    Parameters
    ----------
    seed : int
        Where the generator starts.
    dtype : str
        Of all arrays.
    """

    def __init__(self, seed: int, dtype: str = "float32") -> None:
        self.generator = np.random.default_rng(seed)
        self.dtype = np.dtype(dtype)

    def __call__(self, *shape: int, scale: float = 1.0) -> np.ndarray:
        """Normal numbers."""
        return np.asarray(self.generator.standard_normal(shape) * scale, self.dtype)

    def weight(self, *shape: int) -> np.ndarray:
        """A layer's weight, of a size that keeps the variance."""
        return self(*shape, scale=shape[0] ** -0.5)

    def one_hot(self, rows: int, classes: int) -> np.ndarray:
        """Rows with a single one."""
        return np.eye(classes, dtype=self.dtype)[self.generator.integers(classes, size=rows)]
