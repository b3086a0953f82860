"""What is replaced before stored outputs are compared: noise of the machine, and nothing that carries a result."""

from __future__ import annotations

import re
from configparser import RawConfigParser
from pathlib import Path

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.report import GradReport

PATTERNS = Path(__file__).resolve().parents[1] / "nbval.cfg"


def sanitised(text: str) -> str:
    """``text`` as nbval compares it."""
    config = RawConfigParser()
    config.read(PATTERNS, encoding="utf-8")
    for section in config.sections():
        text = re.sub(config.get(section, "regex"), config.get(section, "replace"), text)
    return text


def report_at(*values: float) -> GradReport:
    """A report on tanh and a product, at these values."""
    return mg.check(lambda x: ops.tanh(x) * x, np.array(values))


def noisy(text: str) -> str:
    """``text`` as another machine might print it: other differences, and other last digits in tooltips."""
    text = re.sub(r"largest difference \S+ \(\S+ ulp\)", "largest difference 4.44e-16 (2.5 ulp)", text)
    row = r"\1   1e-16  2.25e-16      0.5         \2  3.1e-15"
    text = re.sub(r"(float64 +agree) +\S+ +\S+ +\S+ +(\d+) +\S+", row, text)
    text = re.sub(r"(>)\d\.?\d*e-1\d(</td>)", r"\g<1>1.23e-17\2", text)
    return re.sub(r"(title='x\[\d\] = \d\.\d+)\d'", r"\g<1>3'", text)


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_noise_is_not_compared(kind: str) -> None:
    """Two reports that differ by noise alone are equal in comparison, though their texts differ."""
    text = report_at(0.3, 0.7)._repr_mimebundle_()[kind]
    assert noisy(text) != text
    assert sanitised(noisy(text)) == sanitised(text)


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_values_are_compared(kind: str) -> None:
    """A gradient that is off in its fourth figure is seen."""
    first, second = (report_at(0.3, last)._repr_mimebundle_()[kind] for last in (0.7, 0.701))
    assert sanitised(first) != sanitised(second)


@pytest.mark.parametrize(
    ("stored", "fresh"),
    [
        ("agree: 1 gradient; 6 entries compared", "disagree: 1 gradient; 6 entries compared"),
        ("agree: 1 gradient; 6 entries compared", "agree: 1 gradient; 5 entries compared"),
        ("  x  (2,)  float64  agree  0  0  0  2  1e-15", "  x  (2,)  float64  disagree  0  0  0  2  1e-15"),
        ("  x  (2,)  float64  agree  0  0  0  2  1e-15", "  x  (2,)  float64  agree  0  0  0  1  1e-15"),
        ("X_bar = z G Y^T", "X_bar = z G Y"),
        ("[[2.211 0.51 1.49 ]", "[[2.211 0.51 1.48 ]"),
        ("[3.6000001]", "[3.7]"),
        ("2.15359993e+01", "2.15369993e+01"),
    ],
)
def test_results_are_compared(stored: str, fresh: str) -> None:
    """Verdicts, counts, formulas and figures are compared."""
    assert sanitised(stored) != sanitised(fresh)


@pytest.mark.parametrize(
    ("stored", "fresh"),
    [
        ("[[2.211     0.51      1.4900001]\n [5.588     2.68 ]]", "[[2.211 0.51  1.49 ]\n [5.588 2.68 ]]"),
        ("[[4.5099998 2.7       3.6000001]]", "[[4.51 2.7  3.6 ]]"),
    ],
)
def test_figures_one_unit_apart_are_equal(stored: str, fresh: str) -> None:
    """What MindSpore, numpy on one machine and numpy on another print for one float32 figure passes."""
    assert sanitised(stored) == sanitised(fresh)
