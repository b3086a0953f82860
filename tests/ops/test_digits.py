"""The voices on numbers of many digits, and the constants that know theirs."""

from __future__ import annotations

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext.checking.witnesses.digits import DIGITS, context, number
from msgrad_ext.checking.witnesses.witness import runs_exactly
from msgrad_ext.constants import PI, ROOT_HALF, TWO_BY_ROOT_PI
from msgrad_ext.numeric.interpreter import widen
from msgrad_ext.reversing.reverse import expand

from .samples import SAMPLES, Sample

CASES = [pytest.param(sample, id=f"{sample.op}-{sample.name}") for sample in SAMPLES]


@pytest.mark.parametrize("sample", CASES)
def test_every_voice_runs_on_fifty_digits(sample: Sample) -> None:
    """No sample falls back to floats, where a lie of 1e-12 would pass."""
    program = mg.check(sample.network, *sample.inputs).application.program
    arrays = [np.asarray(value, float) if value.dtype.kind == "f" else value for value in program.values]
    assert runs_exactly(widen(expand(program.graph), np.dtype(float)), arrays)


@pytest.mark.parametrize("constant", [PI, ROOT_HALF, TWO_BY_ROOT_PI])
def test_a_constant_has_fifty_digits(constant: float) -> None:
    """What stands for pi is more than a float among numbers of many digits."""
    exact = number(constant)
    assert abs(exact - constant) < 1e-15
    assert exact != context().mpf(float(constant))
    assert context().dps == DIGITS


def test_fifty_digit_functions_match_their_floats() -> None:
    """The methods that numpy calls on the numbers compute what numpy computes on floats."""
    value = -2.5
    exact = np.array([number(value)], dtype=object)
    for function in (np.floor, np.ceil, np.trunc, np.rint, np.arctan, np.exp2, np.expm1):
        assert float(function(exact)[0]) == pytest.approx(float(function(value)), rel=1e-15)
    for function in (np.fmod, np.remainder, np.floor_divide, np.arctan2, np.hypot):
        assert float(function(exact, np.array([number(1.5)], dtype=object))[0]) == pytest.approx(
            float(function(value, 1.5)), rel=1e-15
        )
