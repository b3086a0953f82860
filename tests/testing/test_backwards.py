"""Hand-written backwards: wrong ones are caught and named, right ones agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext.testing import WrongGradient, assert_backward_agrees

from . import right, wrong
from .arrays import draw

RIGHT = right.cases()
WRONG = {name: (arguments, operand, words) for name, arguments, operand, words in wrong.cases()}
FIELDS = {"layer": {"w": "grads.w", "b": "grads.b"}}
# In these a float64 buffer or constant makes the gradients of float32 arrays float64.
DRIFTING = {"conv", "im2col", "dropout", "attention", "gelu", "layer"}


@pytest.mark.parametrize("name", RIGHT)
def test_right_backward_agrees(name: str) -> None:
    """A right backward agrees at every entry."""
    report = assert_backward_agrees(*RIGHT[name], parameters=FIELDS.get(name))
    assert all(one.compared == one.value.size for one in report.result.gradients)


@pytest.mark.parametrize("name", [one for one in RIGHT if one not in DRIFTING])
def test_right_backward_agrees_in_float32(name: str) -> None:
    """A right backward agrees in float32, and its gradients stay float32."""
    report = assert_backward_agrees(*map(_single, RIGHT[name]))
    assert {report[one].dtype for one in report} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", sorted(DRIFTING - {"layer"}))
def test_float64_gradients_of_float32_inputs_are_told(name: str) -> None:
    """A buffer of float64 in a backward of float32 arrays is told as what it is."""
    report = mg.check_backward(*map(_single, RIGHT[name]))
    assert any("must be float32" in one.fault.detail for one in report.result.gradients if one.fault)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_backward_is_named(name: str) -> None:
    """A wrong backward disagrees, and the answer names the function, the argument and what it looks like."""
    arguments, operand, words = WRONG[name]
    report = mg.check_backward(*arguments)
    assert report.verdict == "disagree"
    faults = [one.fault for one in report.result.gradients if one.fault is not None]
    assert any((fault.operand or "") == operand and words in fault.detail for fault in faults), [*map(str, faults)]
    assert all(fault.line for fault in faults)


def _single(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _single(one) for key, one in value.items()}
    return value.astype(np.float32) if isinstance(value, np.ndarray) and value.dtype == np.float64 else value


def test_first_wrong_index_and_line() -> None:
    """The fault tells the first wrong index and the line that made the gradient."""
    forward, backward, *inputs = RIGHT["affine"]

    def twisted(dout, cache):
        dx, dw, db = backward(dout, cache)
        dw = dw.copy()
        dw[2, 3] *= 1 + 1e-8
        return dx, dw, db

    fault = mg.check_backward(forward, twisted, *inputs)["w"].fault
    assert (fault.op, fault.operand, fault.side, fault.index) == ("twisted", "w", "numeric", (2, 3))
    assert fault.location.text == "dw[2, 3] *= 1 + 1e-8"


def test_other_gradients_stay_right() -> None:
    """Only the gradient that is wrong is told to be."""
    arguments, _, _ = WRONG["sign"]
    report = mg.check_backward(*arguments)
    assert {name: report[name].status for name in report} == {"x": "agree", "w": "disagree", "b": "agree"}


def test_nondeterministic_backward() -> None:
    """A backward that gives something else each time is told as such."""
    report = mg.check_backward(wrong.sine, wrong.counting_backward, np.ones(3))
    assert report.verdict == "nondeterministic"


def test_kink_is_told_with_its_slopes() -> None:
    """At a kink any value between the slopes is a convention, and the status says so."""
    for slope in (0.0, 0.5, 1.0):
        report = mg.check_backward(
            lambda x: np.maximum(x, 0),
            lambda dy, x, s=slope: dy * np.where(x == 0, s, x > 0),
            np.array([0.0, 1.0, -1.0]),
        )
        assert report.verdict == "kink"
        assert "between the slopes 0 and 1" in report["x"].note


def test_tie_of_a_maximum_may_be_split() -> None:
    """The gradient of a maximum may go to one of two equals, or half to each."""
    x = np.array([1.0, 3.0, 3.0])
    halves = mg.check_backward(lambda x: x.max(), lambda dy, x: dy * (x == x.max()) / (x == x.max()).sum(), x)
    first = mg.check_backward(lambda x: x.max(), lambda dy, x: dy * (np.arange(x.size) == x.argmax()), x)
    assert (halves.verdict, first.verdict) == ("kink", "kink")


def test_outside_the_domain() -> None:
    """Where the function is not finite, nothing is compared and nothing agrees."""
    report = mg.check_backward(lambda x: np.log(x), lambda dy, x: dy / x, np.array([1.0, -1.0]))
    assert report.verdict == "outside-domain"
    with pytest.raises(WrongGradient):
        assert_backward_agrees(lambda x: np.sqrt(x), lambda dy, x: dy / 2 / np.sqrt(x), np.array([1.0, 0.0]))


def test_nothing_to_compare_never_agrees() -> None:
    """Gradients without entries are unchecked."""
    assert mg.check_backward(lambda x: x * 2, lambda dy, x: dy * 2, np.zeros((0, 3))).verdict == "unchecked"


def test_cancellation_is_ill_conditioned() -> None:
    """A right formula that loses digits is right, and says that it does."""
    report = mg.check_backward(lambda x: np.tanh(x), lambda dy, x: dy * (1 - np.tanh(x) ** 2), np.array([12.0, 11.0]))
    assert report.verdict == "ill-conditioned"


def test_code_that_numbers_can_not_run() -> None:
    """A function that takes floats alone is compared with differences in floats, and evidence says so."""

    def forward(x):
        return np.frombuffer(np.sin(x).tobytes())

    def backward(dy, x):
        return dy * np.cos(x)

    def off(dy, x):
        return dy * np.cos(x) * (1 + 1e-9)

    x = np.array([0.3, 1.2, 2.0])
    report = mg.check_backward(forward, backward, x)
    assert report.verdict == "agree"
    assert "extrapolated differences in float64" in report["x"].evidence
    assert mg.check_backward(forward, off, x).verdict == "disagree"


def test_large_inputs_are_sampled_and_it_is_said() -> None:
    """Of many entries some are looked at; all of them together along random directions."""

    def forward(x, w):
        return np.tanh(x @ w)

    def backward(dy, x, w):
        dz = dy * (1 - np.tanh(x @ w) ** 2)
        return dz @ w.T, x.T @ dz

    def off(dy, x, w):
        dx, dw = backward(dy, x, w)
        dw[100, 50] += 1e-3
        return dx, dw

    x, w = draw((4, 200), (200, 100))
    report = mg.check_backward(forward, backward, x, w, budget=0.2)
    assert report.verdict == "agree"
    assert "compared one by one" in report["w"].note
    assert mg.check_backward(forward, off, x, w, budget=0.2).verdict == "disagree"


def test_same_report_each_time() -> None:
    """Two checks print the same, and leave numpy's global state as it was."""
    before = np.random.get_state()[1].copy(), np.geterr(), np.get_printoptions()
    first, second = (str(mg.check_backward(*RIGHT["layernorm"])).splitlines()[4:] for _ in range(2))
    after = np.random.get_state()[1].copy(), np.geterr(), np.get_printoptions()
    assert first == second
    assert np.array_equal(before[0], after[0]) and before[1:] == after[1:]


def test_inputs_and_layers_stay_as_they_were() -> None:
    """The user's arrays and layers are the same after the check."""
    layer, x = RIGHT["layer"]
    kept = x.copy(), layer.w.copy()
    mg.check_backward(layer, x, parameters=FIELDS["layer"])
    assert np.array_equal(x, kept[0]) and np.array_equal(layer.w, kept[1])
    assert "x" not in vars(layer) and not layer.grads


def test_sens_and_wrt() -> None:
    """The report shows the gradients asked for, under the weights that were given."""
    forward, backward, x, y = RIGHT["matmul"]
    sens = draw((3, 5), seed=9)[0]
    report = mg.check_backward(forward, backward, x, y, sens=sens, wrt=["y"])
    assert report.names == ("y",)
    assert np.allclose(report["y"].value, x.T @ sens)


def test_jumps() -> None:
    """The slope of the pieces is right on both sides of a jump; at the jump it is one of the conventions."""
    for function, at in ((np.sign, 0.0), (np.floor, 1.0)):
        report = mg.check_backward(
            lambda x, f=function: f(x) * x, lambda dy, x, f=function: dy * f(x), np.array([at, 1.5])
        )
        assert report.verdict in ("kink", "agree")
        assert (
            mg.check_backward(lambda x, f=function: f(x), lambda dy, x: 0 * dy, np.array([at, 1.5])).verdict == "kink"
        )
    assert (
        mg.check_backward(np.sign, lambda dy, x: 0 * dy, np.array([0.5, -1.5]), style="dy, inputs").verdict == "agree"
    )


def test_value_of_zero_is_no_kink() -> None:
    """A smooth function that is zero at the point has no kink there."""
    report = mg.check_backward(lambda x, s: x * s, lambda dy, x, s: (dy * s, dy * x), np.array([1.0, 0.0]), np.zeros(2))
    assert report.verdict == "agree"
