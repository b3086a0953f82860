"""The assertions for test suites: what they return, what they raise, and what they never let pass."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, nn, ops
from msgrad_ext.testing import WrongGradient, assert_backward_agrees, assert_gradients_agree

X = Tensor(np.array([0.3, -1.2, 2.0]))


class Sine(nn.Cell):
    """With a backward function of its own."""

    def construct(self, x):
        return ops.sin(x)

    def bprop(self, x, out, dout):
        return self.back(x, dout)

    def back(self, x, dout):
        return ops.cos(x) * dout


class Forgetful(Sine):
    """Forgets what it is told."""

    def back(self, x, dout):
        return ops.cos(x)


class Detached(Sine):
    """Right, but a constant to the second derivative."""

    def back(self, x, dout):
        return ops.stop_gradient(ops.cos(x)) * dout


def test_report_is_returned() -> None:
    """What agrees gives its report; several orders give several."""
    report = assert_gradients_agree(Sine(), X)
    assert report.verdict == "agree"
    reports = assert_gradients_agree(Sine(), X, order=(1, 2))
    assert [one.verdict for one in reports] == ["agree", "agree"]
    assert assert_gradients_agree(Sine(), X, order=2).verdict == "agree"


def test_message_names_the_fault() -> None:
    """The message is short, and names the cell, the operand, the side, the index and the line."""
    with pytest.raises(WrongGradient) as caught:
        assert_gradients_agree(Forgetful(), X)
    text = caught.value.message
    assert len(text.splitlines()) == 2
    for word in ("Forgetful", "operand x", "numeric side", "at [0]", "in bprop, line"):
        assert word in text
    assert isinstance(caught.value, AssertionError)
    assert caught.value.report.verdict == "disagree"


@pytest.mark.parametrize("order", [2, (2,), (1, 2), 3])
def test_forgotten_cotangent_is_seen_at_every_order(order: int | tuple[int, ...]) -> None:
    """A bprop that forgets its dout has a right second derivative; the first is checked before."""
    with pytest.raises(WrongGradient, match="Forgetful"):
        assert_gradients_agree(Forgetful(), X, order=order)


def test_check_of_order_two_alone_sees_it_too() -> None:
    """`check` of the second order looks at the user's first derivative as well."""
    report = mg.check(Forgetful(), X, order=2)
    assert (report.verdict, report["x"].fault.op) == ("disagree", "Forgetful")
    assert mg.check(Sine(), X, order=2).verdict == "agree"


def test_second_order_of_a_detached_bprop() -> None:
    """A bprop whose value is right and whose derivative is not is wrong at order 2 alone."""
    assert assert_gradients_agree(Detached(), X).verdict == "agree"
    with pytest.raises(WrongGradient, match="of order 2") as caught:
        assert_gradients_agree(Detached(), X, order=(1, 2))
    assert caught.value.order == 2


def test_kinks_pass_when_they_are_allowed() -> None:
    """A status other than agreement passes only if it is named."""
    zero = Tensor(np.array([0.0, 1.0]))
    with pytest.raises(WrongGradient, match="lets it pass"):
        assert_gradients_agree(ops.relu, zero)
    assert assert_gradients_agree(ops.relu, zero, allow=("kink",)).verdict == "kink"
    assert assert_gradients_agree(ops.relu, zero, allow="kink").verdict == "kink"


@pytest.mark.parametrize("status", ["disagree", "unchecked", "outside-domain", "nondeterministic", "agreed"])
def test_what_says_nothing_can_not_be_allowed(status: str) -> None:
    """No argument lets a gradient pass of which nothing was compared."""
    with pytest.raises(ValueError, match="can not be allowed"):
        assert_gradients_agree(ops.relu, X, allow=(status,))


def test_nan_and_nothing_never_pass() -> None:
    """NaN agrees with nothing, and neither does an array without entries."""
    with pytest.raises(WrongGradient):
        assert_gradients_agree(ops.log, Tensor(np.array([-1.0, 2.0])), allow=("kink", "ill-conditioned"))
    with pytest.raises(WrongGradient):
        assert_gradients_agree(ops.sin, Tensor(np.zeros((0, 2))), allow=("kink", "ill-conditioned"))


@pytest.mark.parametrize("order", [0, (), True, (1, 0), 1.5])
def test_wrong_orders_are_refused(order: object) -> None:
    """Orders are whole numbers from 1."""
    with pytest.raises((ValueError, TypeError)):
        assert_gradients_agree(ops.sin, X, order=order)  # type: ignore[arg-type]


def test_traceback_shows_the_users_test_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """pytest's traceback ends at the user's line, with the message below it."""
    path = tmp_path / "test_mine.py"
    path.write_text(
        textwrap.dedent("""
        import numpy as np
        from msgrad_ext.testing import assert_backward_agrees

        def backward(dy, x):
            return dy * 2 * x

        def test_cube():
            assert_backward_agrees(lambda x: x**3, backward, np.array([1.0, 2.0]))
        """)
    )
    pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(path)])
    out = capsys.readouterr().out
    assert "1 failed" in out
    assert "testing.py" not in out and "handwritten" not in out
    assert "backward, operand x, numeric side" in out and "line 6" in out


def test_import_is_lazy() -> None:
    """The package gives out both names without having imported what is behind them."""
    code = "import sys, msgrad_ext as mg; print('testing' in dir(mg), 'msgrad_ext.handwritten' in sys.modules, 'sympy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["True", "False", "False"]
    assert mg.testing.assert_backward_agrees is assert_backward_agrees
