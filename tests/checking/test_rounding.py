"""Rounding: what counts as lost digits, in which dtype, and that NaN is an answer and not a warning."""

from __future__ import annotations

import warnings

import numpy as np

import msgrad_ext as mg
from msgrad_ext import Tensor, ops


def test_a_float16_input_of_a_float32_product_loses_no_digits() -> None:
    """The rounding unit is that of each equation's own dtype, not of the coarsest input."""
    generator = np.random.default_rng(0)
    x, y, z = (generator.standard_normal(3).astype(kind) for kind in (np.float16, np.float32, np.float64))
    report = mg.check(lambda x, y, z: ops.sum(x * y) * z, x, y, z)
    assert [report[name].status for name in "xyz"] == ["agree"] * 3


def test_an_exact_difference_loses_no_digits() -> None:
    """Near its minimum the gradient of a square is small, but it is right to the last digit."""
    report = mg.check(lambda w: ops.sum((w - 3) ** 2), np.array([3 - 1e-9, 3 - 2e-9]))
    assert report.verdict == "agree"


def test_lost_digits_are_still_told() -> None:
    """The slope of ``x - tanh(x)`` near 0 is right as a formula and has lost digits."""
    assert mg.check(lambda x: x - ops.tanh(x), np.array([1e-6])).verdict == "ill-conditioned"


def test_a_check_warns_of_nothing() -> None:
    """Values that are not finite are told by a status; numpy's warnings stay away."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mg.check(lambda x: x * x, np.array([1.0, np.nan, np.inf])).verdict == "outside-domain"
        assert mg.check(ops.log, np.array([-1.0, 0.0, 2.0])).verdict == "outside-domain"


def test_a_tensor_may_be_given_as_well() -> None:
    """Inputs are tensors or arrays."""
    assert mg.check(ops.sin, Tensor(np.array([0.5]))).verdict == "agree"
