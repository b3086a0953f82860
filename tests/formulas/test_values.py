"""Formulas at values: the weight of the output, what is missing, what does not fit; and names that differ."""

from __future__ import annotations

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import errors, ops

X = np.array([[0.5, 1.0, 2.0], [0.2, 0.7, 1.1]])
Y = np.array([[1.0, 2.0], [0.5, 0.3], [0.1, 0.4]])
SENS = np.array([[1.0, -2.0], [0.5, 3.0]])


def test_the_given_weight_of_the_output_is_used() -> None:
    """A formula of a report with ``sens`` needs the inputs only."""
    report = mg.check(lambda x, y: ops.matmul(x, y), X, Y, sens=SENS)
    assert np.allclose(report.formula("x").evaluate({"x": X, "y": Y}), SENS @ Y.T, rtol=1e-12)


def test_another_weight_may_be_given() -> None:
    """The weight goes by its name in the formula."""
    report = mg.check(lambda x, y: ops.matmul(x, y), X, Y, sens=SENS)
    found = report.formula("x").evaluate({"x": X, "y": Y, "G": 2 * SENS})
    assert np.allclose(found, 2 * SENS @ Y.T, rtol=1e-12)


def test_an_input_called_like_the_weight_is_another_thing() -> None:
    """The weight gets another name than any input."""
    report = mg.check(lambda x, G: ops.matmul(x, G), X, Y, sens=SENS)
    assert np.allclose(report.formula("x").evaluate({"x": X, "G": Y}), SENS @ Y.T, rtol=1e-12)


def test_a_missing_value_is_named() -> None:
    """The error says what is missing."""
    report = mg.check(lambda x, y: ops.matmul(x, y), X, Y)
    with pytest.raises(errors.UnknownNameError, match="none of y"):
        report.formula("x").evaluate({"x": X})


def test_a_shape_that_does_not_fit_is_named() -> None:
    """The error names the input and both shapes."""
    report = mg.check(lambda x, y: ops.matmul(x, y), X, Y)
    with pytest.raises(errors.ShapeError, match=r"y must have shape \(k, n\), but got \(2,\)"):
        report.formula("x").evaluate({"x": X, "y": np.ones(2)})


def test_cotangents_of_two_passes_have_two_names() -> None:
    """At second order no name is defined twice, neither in text nor in LaTeX."""
    report = mg.check(lambda x, y: ops.sum(ops.matmul(x, y) ** 3), X, Y, order=2)
    lines = report.formula("x").lines
    for heads in ([line.text.split(" = ")[0] for line in lines], [line.latex.split(" = ")[0] for line in lines]):
        assert len(heads) == len(set(heads))


def test_an_input_called_like_a_cotangent_is_another_thing() -> None:
    """``x_bar`` as an input's name is not the gradient by ``x``."""
    report = mg.check(lambda x, x_bar: x * x_bar, np.ones(3), np.ones(3))
    gradient, value = report.formula("x").text.split(" = ")
    assert gradient != value


def test_a_formula_rests_on_rows_that_sum_to_one_only_where_they_do() -> None:
    """The contract of the cross entropy expects such labels; with others the general formula is shown."""
    from msgrad_ext import ops

    def loss(a, w, t):
        return ops.softmax_cross_entropy_with_logits(a @ w, t).sum()

    a, w = np.array([[0.5, -1.0], [1.5, 0.25]]), np.array([[1.0, 0.0, -0.5], [0.5, 2.0, 1.0]])
    one_hot = mg.check(loss, a, w, np.eye(3)[[0, 2]]).formula("w")
    other = mg.check(loss, a, w, np.array([[2.0, 0.0, 1.0], [0.5, 0.5, 0.5]])).formula("w")
    assert one_hot.text == "W_bar = A^T (softmax(A W) - T)"
    assert "shown for rows of t that sum to one" in one_hot.notes
    assert "1_" in other.text
    assert not any("sum to one" in note for note in other.notes)
