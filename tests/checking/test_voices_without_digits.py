"""Ops whose ``numpy`` voice does not take fifty-digit numbers."""

import numpy as np

import msgrad_ext as mg
from msgrad_ext.primitives import registered_ops


def test_a_voice_that_takes_floats_only_is_checked_in_floats(monkeypatch):
    """A function that numpy has for floats alone is no reason to fail: the check says that it used float64."""
    monkeypatch.setattr(registered_ops()["Exp"], "numpy", lambda self, a: np.exp(np.logaddexp(a, -np.inf)))
    report = mg.check(lambda x: mg.ops.exp(x), np.array([0.5, 1.5]))
    assert report.verdict == "agree"
    assert "float64" in report["x"].evidence
