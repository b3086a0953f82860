"""The terminal form of a report."""

import numpy as np
import pytest

from msgrad_ext.views.digits import printed, rms, short, summary
from msgrad_ext.views.sections import build
from msgrad_ext.views.text import WIDTH, render_text

from . import reports


@pytest.mark.parametrize("make", [reports.tutorial, reports.wrong, reports.kink, reports.large])
def test_first_line_is_verdict(make):
    """The first line begins with the verdict."""
    report = make()
    assert render_text(build(report)).split("\n")[0].startswith(report.result.verdict + ": ")


@pytest.mark.parametrize("make", [reports.tutorial, reports.wrong, reports.kink, reports.large])
def test_width(make):
    """With names of common length no line but the verdict is longer than 100 columns."""
    lines = render_text(build(make())).split("\n")[1:]
    assert [line for line in lines if len(line) > WIDTH] == []


def test_verdict_line_of_tutorial():
    """The verdict of the tutorial counts its gradients and entries."""
    first = render_text(build(reports.tutorial())).split("\n")[0]
    assert first == "agree: 3 gradients; 16 entries compared; largest difference 1.9e-06 (1 ulp)"


def test_fault_is_told_in_full():
    """A fault names op, operand, side, index, line and detail."""
    text = render_text(build(reports.wrong()))
    for row in ("op                 MatMul", "operand            b", "side               numeric",
                "first wrong index  [0, 1]", "line 4 of the cell", "the rule gives 2.7, the formula 2.6"):  # fmt: skip
        assert row in text


def test_long_notes_are_kept():
    """A note longer than a line is wrapped, and no word is lost."""
    report = reports.kink()
    text = " ".join(render_text(build(report)).split())
    assert all(" ".join(gradient.note.split()) in text for gradient in report.result.gradients)


def test_nothing_compared_shows_no_difference():
    """A gradient that was not compared shows dashes, never a difference of zero."""
    line = next(line for line in render_text(build(reports.kink())).split("\n") if line.startswith("  w  "))
    assert line.split() == ["w", "(3,)", "float32", "unchecked", "-", "-", "-", "0", "-"]


def test_no_control_characters():
    """A hostile name brings no escape sequence and no bidi control to the terminal."""
    text = render_text(build(reports.hostile()))
    assert not set(text) & set("\x1b\u202e\u2066")
    assert "\\x1b" in text and "\\u202e" in text


def test_values_and_formulas_are_shown():
    """The numbers of the tutorial and its formulas stand in the text."""
    text = render_text(build(reports.tutorial()))
    assert "[[4.5099998 2.7       3.6000001]" in text and "[21.536]" in text
    assert "x_bar = z * 1[m,n] @ y^T" in text and "z_bar = sum(x * a_bar)" in text


def test_large_array_is_short():
    """A large array takes few lines, also with four axes."""
    assert printed(np.ones((100, 80))).count("\n") < 20
    assert printed(np.ones((8, 8, 5, 5))).count("\n") < 30


def test_figures():
    """Figures skip what is not finite and say how much that was; the rms does not overflow."""
    found = summary(np.array([3.0, -4.0, 0.0, np.nan, np.inf]))
    assert (found.least, found.greatest, found.zeros, found.odd, found.entries) == (-4.0, 3.0, 1, 2, 5)
    assert rms(np.array([3e300, -4e300])) == pytest.approx(np.sqrt(12.5) * 1e300, rel=1e-15)


def test_short_numbers():
    """Four figures, no negative zero, and integers and truth values as such."""
    values = (-0.0, True, np.int64(3), np.float32(0.1), 1 + 2j, 123456.0)
    assert [short(value) for value in values] == ["0", "True", "3", "0.1", "1+2j", "1.235e+05"]
