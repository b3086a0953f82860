"""Reductions, scans and sorting where samples can not reach: ties, zeros, empty axes, forms of calls, dtypes, errors.

Figures that are MindSpore's were recorded with MindSpore 2.10.0 (CPU).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, ops
from msgrad_ext import dtype as mstype

INF, NAN = float("inf"), float("nan")
TIE = [1.0, 3.0, 3.0, 2.0]
WEIGHTS = Tensor(np.array([1.0, 10.0, 100.0, 1000.0], np.float32))
MATRIX = [[1.0, 2.0, 3.0], [4.0, 6.0, 5.0]]


def tensor(values: Any, kind: Any = np.float32) -> Tensor:
    """A tensor of ``values``."""
    return Tensor(np.array(values, kind))


def gradient(function: Callable[[Tensor], Any], values: Any) -> np.ndarray:
    """The gradient of the sum of what ``function`` gives, by its only operand."""
    return mg.grad(function)(tensor(values)).asnumpy()


GRADIENTS = [
    ("max over all: ties share", lambda x: x.max(), TIE, [0, 0.5, 0.5, 0]),
    ("max along an axis: the first", lambda x: x.max(axis=0), TIE, [0, 1, 0, 0]),
    ("max with its place: the first", lambda x: x.max(0)[0], TIE, [0, 1, 0, 0]),
    ("ops.max over all: ties share", lambda x: ops.max(x)[0], TIE, [0, 0.5, 0.5, 0]),
    ("ops.min along an axis: the first", lambda x: ops.min(-x, 0)[0], TIE, [0, -1, 0, 0]),
    ("amax: ties share", lambda x: ops.amax(x, 0), TIE, [0, 0.5, 0.5, 0]),
    ("ReduceMin: ties share", lambda x: ops.ReduceMin()(-x), TIE, [0, -0.5, -0.5, 0]),
    ("ArgMaxWithValue: the first", lambda x: ops.ArgMaxWithValue()(x)[1], TIE, [0, 1, 0, 0]),
    ("sort keeps ties in order", lambda x: ops.sort(x)[0] * WEIGHTS, TIE, [1, 100, 1000, 10]),
    ("descending sort too", lambda x: ops.sort(x, 0, True)[0] * WEIGHTS, TIE, [1000, 1, 10, 100]),
    ("topk", lambda x: ops.topk(x, 2)[0] * WEIGHTS[:2], TIE, [0, 1, 10, 0]),
    ("median: the lower one", lambda x: ops.median(x, 0)[0], [3, 1, 3, 2], [0, 0, 0, 1]),
    ("median of a tie: the first", lambda x: ops.median(x, 0)[0], [2, 1, 2, 2], [1, 0, 0, 0]),
    ("norm of zeros", lambda x: ops.norm(x), [0, 0], [NAN, NAN]),
    ("1-norm of zeros", lambda x: ops.norm(x, 1, 0), [0, 0], [0, 0]),
    ("3-norm of zeros", lambda x: ops.norm(x, 3, 0), [0, 0], [0, 0]),
    ("infinity norm: the first", lambda x: ops.norm(x, INF, 0), TIE, [0, 1, 0, 0]),
    ("LpNorm of zeros", lambda x: ops.LpNorm(0)(x), [0, 0], [0, 0]),
    ("std of a constant", lambda x: ops.std(x), [1, 1], [NAN, NAN]),
    ("equal rows have distance 0 and slope 0", lambda x: ops.pdist(x), [[1, 2], [1, 2]], [[0, 0], [0, 0]]),
    ("product with a zero", lambda x: ops.prod(x), [2, 0, 4], [0, 8, 0]),
    ("ReduceProd over all", lambda x: ops.ReduceProd()(x), [2, 3, 4], [12, 8, 6]),
    ("product with two zeros", lambda x: ops.prod(x), [2, 0, 0], [0, 0, 0]),
    ("running product with a zero", lambda x: ops.cumprod(x, 0), [2, 0, 4], [1, 10, 0]),
    ("nanmean leaves NaN out", lambda x: ops.nanmean(x), [1, NAN, 3], [0.5, 0, 0.5]),
    ("logsumexp of large numbers", lambda x: ops.logsumexp(x, 0), [1000, 1000], [0.5, 0.5]),
    ("running maximum: the last of a tie", lambda x: ops.cummax(x, 0)[0], TIE, [1, 1, 2, 0]),
]


@pytest.mark.parametrize(
    "function, values, expected", [one[1:] for one in GRADIENTS], ids=[one[0] for one in GRADIENTS]
)
def test_gradients_at_ties_and_zeros(function: Callable[[Tensor], Any], values: Any, expected: Any) -> None:
    """The gradient follows the convention, MindSpore's unless MindSpore is wrong."""
    np.testing.assert_allclose(gradient(function, values), expected, rtol=1e-6)


def test_the_second_derivative_of_a_product_with_two_zeros() -> None:
    """Of x0 x1 x2 at (2, 0, 0) all that is left is the mixed derivative by the two zeros."""

    def hessian_row(x: Tensor) -> Any:
        return mg.grad(lambda x: ops.prod(x))(x)[1]

    assert gradient(hessian_row, [2.0, 0.0, 0.0]).tolist() == [0.0, 0.0, 2.0]


def test_the_second_derivative_of_a_running_product_with_zeros() -> None:
    """The running product is right at zeros at second order: d2/dx1 dx2 of sum(cumprod) at (2, 0, 0) is 2."""

    def row(x: Tensor) -> Any:
        return mg.grad(lambda x: ops.cumprod(x, 0))(x)[1]

    assert gradient(row, [2.0, 0.0, 0.0]).tolist() == [1.0, 0.0, 2.0]


def test_a_product_at_zeros_agrees_with_its_formula() -> None:
    """The check finds rule and formula of a product with zeros equal at both orders."""
    x = np.array([2.0, 0.0, 3.0, 0.0])
    assert [mg.check(lambda x: ops.prod(x), x, order=order).verdict for order in (1, 2)] == ["agree", "agree"]
    assert mg.check(lambda x: ops.prod(x), x).formula("x").text == "x_bar[i] = prod_{k != i} x[k]"


VALUES = [
    (lambda x: x.max(0), ([4.0, 6.0, 5.0], [1, 1, 1])),
    (lambda x: x.max(axis=0), [4.0, 6.0, 5.0]),
    (lambda x: ops.max(x), (6.0, 0)),
    (lambda x: ops.ArgMaxWithValue(1)(x), ([2, 1], [3.0, 6.0])),
    (lambda x: ops.argmax(x), 4),
    (lambda x: ops.CumSum(True, True)(x, 1), [[5.0, 3.0, 0.0], [11.0, 5.0, 0.0]]),
    (lambda x: ops.CumProd(True, True)(x, 1), [[6.0, 3.0, 1.0], [30.0, 5.0, 1.0]]),
    (lambda x: x.cumsum(), [1.0, 3.0, 6.0, 10.0, 16.0, 21.0]),
    (lambda x: ops.median(x, 0, True), ([[1.0, 2.0, 3.0]], [[0, 0, 0]])),
    (lambda x: ops.topk(x, 2), ([[3.0, 2.0], [6.0, 5.0]], [[2, 1], [1, 2]])),
    (lambda x: ops.norm(x, 1), 8.0),
    (lambda x: ops.norm(x, INF), 15.0),
    (lambda x: ops.norm(x, 1, 1), [6.0, 15.0]),
    (lambda x: ops.cdist(x, x, 1.0), [[0.0, 9.0], [9.0, 0.0]]),
    (lambda x: ops.sort(x, descending=True), ([[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]], [[2, 1, 0], [1, 2, 0]])),
    (lambda x: ops.unique(x[0]), ([1.0, 2.0, 3.0], [0, 1, 2])),
    (lambda x: ops.count_nonzero(x, 1, True), [[3], [3]]),
    (lambda x: ops.sum(x > 2, 1), [1, 3]),
    (lambda x: ops.cov(x, correction=1), [[1.0, 0.5], [0.5, 1.0]]),
]


@pytest.mark.parametrize("function, expected", VALUES)
def test_values_are_mindspores(function: Callable[[Tensor], Any], expected: Any) -> None:
    """The values, and whether there are one or two, are those of MindSpore."""
    result = function(tensor(MATRIX))
    assert isinstance(result, tuple) == isinstance(expected, tuple)
    for mine, other in zip(result, expected) if isinstance(expected, tuple) else [(result, expected)]:
        np.testing.assert_allclose(mine.asnumpy(), other, rtol=1e-6)


@pytest.mark.parametrize(
    "function, kind",
    [
        (lambda x: x.sum(), mstype.int64),
        (lambda x: ops.ReduceSum()(x), mstype.int8),
        (lambda x: ops.prod(x), mstype.int64),
        (lambda x: ops.mean(x), mstype.int8),
        (lambda x: ops.cumsum(x, 0), mstype.int8),
        (lambda x: x.cumsum(0), mstype.int32),
        (lambda x: ops.cumprod(x, 0), mstype.int64),
        (lambda x: ops.argmax(x), mstype.int64),
        (lambda x: ops.argmin(x), mstype.int32),
        (lambda x: ops.sort(x)[1], mstype.int32),
        (lambda x: ops.median(x)[1], mstype.int64),
        (lambda x: ops.cummin(x, 0)[1], mstype.int32),
        (lambda x: ops.count_nonzero(x), mstype.int32),
    ],
)
def test_dtypes_of_ints(function: Callable[[Tensor], Tensor], kind: Any) -> None:
    """What becomes of an int8 matrix is MindSpore's choice."""
    assert function(tensor(MATRIX, np.int8)).dtype == kind


ERRORS = [
    (lambda x: ops.ReduceSum()(x, (0, 0)), ValueError),
    (lambda x: ops.ReduceSum()(x, 5), ValueError),
    (lambda x: ops.ReduceSum()(x, True), TypeError),
    (lambda x: ops.ReduceSum(1), TypeError),
    (lambda x: ops.max(x, (0, 1)), TypeError),
    (lambda x: ops.topk(x, 0), ValueError),
    (lambda x: ops.topk(x, 1.5), TypeError),
    (lambda x: ops.sort(x, 0, 1), TypeError),
    (lambda x: ops.cumsum(x, "a"), TypeError),
    (lambda x: ops.cumsum(x > 2, 0), TypeError),
    (lambda x: ops.var(x, 0, 1.5), TypeError),
    (lambda x: ops.norm(x, "x"), ValueError),
    (lambda x: ops.norm(x[0], "fro"), TypeError),
    (lambda x: ops.addn([x, 3]), TypeError),
    (lambda x: ops.AddN()([]), ValueError),
    (lambda x: ops.AddN()([x, x[0]]), ValueError),
    (lambda x: ops.cdist(x, x, -1.0), ValueError),
    (lambda x: x.sum(rows=1), TypeError),
    (lambda x: ops.max(x[:0]), ValueError),
    (lambda x: ops.gather_elements(x, 0, tensor([[5, 0, 0]], np.int64)), IndexError),
]


@pytest.mark.parametrize("function, kind", ERRORS)
def test_wrong_arguments_are_refused(function: Callable[[Tensor], Any], kind: type[Exception]) -> None:
    """Wrong kinds are TypeErrors, wrong values ValueErrors, as in MindSpore."""
    with pytest.raises(kind):
        function(tensor(MATRIX))


def test_reductions_of_nothing() -> None:
    """Over an empty axis the sum is 0, the product 1, the mean NaN."""
    empty = tensor(np.zeros((0, 2)))
    assert ops.ReduceSum()(empty, 0).asnumpy().tolist() == [0.0, 0.0]
    assert ops.ReduceProd()(empty, 0).asnumpy().tolist() == [1.0, 1.0]
    assert np.isnan(ops.ReduceMean()(empty, 0).asnumpy()).all()


def test_nan_passes_an_extreme() -> None:
    """The maximum of what holds NaN is NaN; MindSpore drops it."""
    values = tensor([1.0, NAN, 3.0])
    assert np.isnan([float(values.max()), float(ops.max(values, 0)[0]), float(values.amin())]).all()


def test_float16_does_not_overflow_on_the_way() -> None:
    """Means, variances and norms of float16 are right where their squares or counts are above 65504."""
    large = tensor(np.full(70_000, 300.0), np.float16)
    assert float(large.mean()) == 300.0
    assert mg.grad(lambda x: x.mean())(large).asnumpy().max() == np.float16(1 / 70_000)
    few = tensor([300.0, 400.0], np.float16)
    assert (float(ops.norm(few)), float(ops.var(few)), ops.norm(few).dtype) == (500.0, 2500.0, mstype.float16)


def test_norms_of_large_numbers_do_not_overflow() -> None:
    """The 3-norm of (1e200, 1e200) is 2 ** (1 / 3) * 1e200."""
    large = Tensor(np.array([1e200, 1e200]))
    assert float(ops.norm(large, 3, 0)) == pytest.approx(2 ** (1 / 3) * 1e200, rel=1e-14)


def test_an_index_read_from_an_input_is_in_the_formula() -> None:
    """A gather by an input shows the entry of an entry."""
    x, i = np.array([[0.5, 1.5, 2.5]]), np.array([[2, 0, 2, 1]])
    report = mg.check(lambda x, i: ops.gather_elements(x, 1, i) ** 2, x, i)
    assert report.verdict == "agree"
    assert any(
        "[i, I[i, j]]" in line.text or "[I[" in line.text or "i[" in line.text for line in report.formula("x").lines
    )


def test_a_formula_that_is_too_large_is_said_to_be() -> None:
    """The second order of a long running product has too many factors: unchecked, with the reason, and no crash."""
    report = mg.check(lambda x: ops.cumprod(x, 0), np.linspace(0.9, 1.1, 400), order=2)
    assert report.verdict == "unchecked"
    assert "factors" in report["x"].note


def test_the_sympy_script_of_a_product_checks_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """The exported script of a product computes the gradients that it stores."""
    report = mg.check(lambda x: ops.prod(x * x, 1), np.array([[0.5, -1.5, 2.0], [1.0, 3.0, -0.25]]))
    exec(compile(report.export("sympy"), "product", "exec"), {"__name__": "__main__"})
    assert "6 elements agree" in capsys.readouterr().out
