"""Kinks are told from curvature, however small the numbers are."""

from __future__ import annotations

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import ops


@pytest.mark.parametrize("x", [0.0, 1e-200, 1e-25, -3e-22, 1e25])
def test_a_square_has_no_kink(x: float) -> None:
    """A square is smooth at zero and near it, where a step is longer than the number."""
    assert mg.check(lambda x: x * x, np.array([x])).verdict == "agree"


def test_a_small_float32_square_has_no_kink() -> None:
    """The same where the result underflows in float32."""
    assert mg.check(lambda x: x * x, np.array([1e-30], np.float32)).verdict == "agree"


@pytest.mark.parametrize("net", [ops.relu, ops.abs, lambda x: ops.maximum(x, -x)])
def test_a_kink_is_a_kink(net) -> None:
    """One-sided slopes that differ at every step."""
    assert mg.check(net, np.array([0.0, 1.0])).verdict == "kink"


def test_conventions_that_do_not_add_up_are_a_kink() -> None:
    """``relu(x) - relu(-x)`` is ``x``, but its gradient at 0 is 0 by the conventions: nobody is wrong there."""
    report = mg.check(lambda x: ops.relu(x) - ops.relu(-x), np.array([0.0, 2.0]))
    assert report.verdict == "kink"
    assert "conventions" in report["x"].note
    assert "slope agrees" not in report["x"].evidence
