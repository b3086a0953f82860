"""A numpy function that can be traced gives formulas and exports; one that can not is checked all the same."""

from __future__ import annotations

import numpy as np
import pytest

import msgrad_ext as mg

from .right import cases

RIGHT = cases()


@pytest.mark.parametrize(
    ("name", "operand", "text"),
    [
        ("matmul", "y", "Y_bar = X^T 1_m 1_n^T"),
        ("sigmoid", "x", "X_bar = (1 - sigmoid(X)) ⊙ sigmoid(X)"),
        ("product", "x", "X_bar = Y"),
        ("scaled", "a", "a_bar = X^T 1_m"),
    ],
)
def test_formula_of_a_numpy_function(name: str, operand: str, text: str) -> None:
    """The formula is derived from the forward function."""
    assert mg.check_backward(*RIGHT[name]).formula(operand).text == text


def test_formulas_are_of_the_right_gradient() -> None:
    """A wrong backward has the formula of what it should be, and the export computes it."""
    forward, _, x, y = RIGHT["matmul"]
    report = mg.check_backward(forward, lambda dy, x, y: (dy @ y.T, -x.T @ dy), x, y)
    assert report.verdict == "disagree"
    assert report.formula("y").text == "Y_bar = X^T 1_m 1_n^T"
    assert np.allclose(report.evaluate({})[1]["y"], x.T @ np.ones((3, 5)))


def test_what_can_not_be_traced_has_no_formulas() -> None:
    """A function that fills a buffer is checked, and its report shows no formula."""
    report = mg.check_backward(*RIGHT["conv"])
    assert report.verdict == "agree"
    assert report.application is None and not report.formulas
    assert "agree" in str(report) and "text/html" in report._repr_mimebundle_()


def test_report_says_what_was_compared() -> None:
    """The table's title and the note speak of the user's functions."""
    text = " ".join(str(mg.check_backward(*RIGHT["matmul"])).split())
    assert "between what matmul_bprop returned and the slope of matmul" in text
    assert "derived from it, not from matmul_bprop" in text
