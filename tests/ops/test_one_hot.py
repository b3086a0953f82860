"""`one_hot` in MindSpore's forms."""

from __future__ import annotations

import numpy as np

from msgrad_ext import Tensor, ops

INDICES = Tensor(np.array([0, 2], np.int32))


def test_one_hot_puts_one_at_the_index() -> None:
    """Whole ones and zeros by default, floats for floats."""
    found = ops.one_hot(INDICES, 3)
    assert np.array_equal(found.asnumpy(), [[1, 0, 0], [0, 0, 1]]) and found.asnumpy().dtype == np.int64
    assert ops.one_hot(INDICES, 3, 1.0, 0.0).asnumpy().dtype == np.float32


def test_one_hot_takes_the_values_and_the_axis() -> None:
    """The values' dtype is the result's, and the new axis stands where it is asked for."""
    found = ops.one_hot(INDICES, 3, Tensor(np.float64(2)), Tensor(np.float64(-1)), 0)
    assert np.array_equal(found.asnumpy(), [[2, -1], [-1, -1], [-1, 2]]) and found.asnumpy().dtype == np.float64
