"""Budgets in time, memory and operations; what is refused; and the progress of a check."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import errors, ops
from msgrad_ext.checking.effort.amounts import AmountError, Amounts, amounts
from msgrad_ext.checking.effort.budget import Budget, budget_of
from msgrad_ext.checking.effort.progress import heard, listening, tell
from msgrad_ext.checking.effort.progress_line import Line, Terminal, shown_progress

X = np.ones((2, 3))

READ = {
    "2s": Amounts(seconds=2),
    "500 ms": Amounts(seconds=0.5),
    "1.5min": Amounts(seconds=90),
    "500MB": Amounts(memory=500e6),
    "1 GiB": Amounts(memory=2.0**30),
    "1e8 ops": Amounts(operations=1e8),
    "2s 500MB": Amounts(seconds=2, memory=500e6),
    "1e9 operations, 2GB, 10 s": Amounts(10, 2e9, 1e9),
}
WRONG = ["", " ", "1", "2 parsecs", "fast", "-1s", "0s", "2s 3s", "1e400s", "s", "2s;;", "nan s", "2s !"]


@pytest.mark.parametrize("text", READ)
def test_amounts_are_read(text: str) -> None:
    """Seconds, bytes and operations, alone or together, in any order."""
    assert amounts(text) == READ[text]


@pytest.mark.parametrize("text", WRONG)
def test_other_texts_are_refused(text: str) -> None:
    """What is no positive amount with a known unit, each kind once, is refused."""
    with pytest.raises(AmountError):
        amounts(text)
    with pytest.raises(errors.ArgumentValueError, match="The budget must"):
        mg.check(ops.tanh, X, budget=text)


@pytest.mark.parametrize("given", [0, -1, True, None, [2], float("inf"), 1j])
def test_a_number_is_positive_seconds(given: Any) -> None:
    """A number is so many seconds; what is none is refused."""
    assert amounts(np.float32(2)) == Amounts(seconds=2)
    with pytest.raises(AmountError, match="must be a positive number"):
        amounts(given)


def test_the_tighter_of_time_and_operations_counts() -> None:
    """Amounts of two kinds each set a limit."""
    assert budget_of("2s 1e8 ops").floats == 100_000_000
    assert budget_of("0.1s 1e8 ops").floats == budget_of(0.1).floats
    assert budget_of("500MB") == Budget(memory=500_000_000)
    assert budget_of(2).formulas == 2
    assert budget_of(None) == Budget()


def test_formulas_take_from_the_budget() -> None:
    """What a check may take goes for its formulas too."""

    def net(x: Any, w: Any) -> Any:
        return (ops.softmax(ops.tanh(x @ w), -1) ** 2).sum()

    short = mg.check(net, np.ones((2, 3)), np.ones((3, 4)), budget=0.001)
    assert any("more work than the budget allows" in note for note in short.formula("w").notes)
    long = mg.check(net, np.ones((2, 3)), np.ones((3, 4)), budget="60s")
    assert not any("budget" in note for note in long.formula("w").notes)


def test_exact_numbers_are_objects_and_take_memory() -> None:
    """Fifty digits are left for floats where they would not fit."""
    x = np.linspace(0.1, 1, 40)
    assert "50-digit" in mg.check(ops.tanh, x).result.gradients[0].evidence
    assert "float64" in mg.check(ops.tanh, x, budget="20KB").result.gradients[0].evidence


def test_a_gradient_by_integers_is_refused() -> None:
    """Of a gradient that is truncated to integers nothing can be said; the report says why, and does not pass."""
    from msgrad_ext import Tensor
    from msgrad_ext.gradients.grad_operation import GradOperation, observed
    from msgrad_ext.pipeline import report_on

    with observed() as found:
        GradOperation()(lambda x: (x * x).sum())(Tensor(np.arange(3)))
    report = report_on(found[0], "net", 0, Budget())
    gradient = report.result.gradients[0]
    assert (report.verdict, gradient.status, gradient.compared) == ("refused", "refused", 0)
    assert "integer" in gradient.note
    with pytest.raises(errors.GradientError, match="refused"):
        report.raise_if_wrong()


# Progress ---------------------------------------------------------------------------------------------------------


def test_the_steps_of_a_check_are_told() -> None:
    """A callable hears each step with its parts; afterwards nobody listens."""
    heard_of: list[tuple[str, int, int]] = []
    quiet, loud = (mg.check(ops.tanh, X, progress=one) for one in (None, lambda *step: heard_of.append(step)))
    steps = {step for step, _, _ in heard_of}
    assert {"rounding noise", "rules and formulas", "slopes"} <= steps
    assert all(0 <= done <= total for _, done, total in heard_of)
    assert str(loud) == str(quiet)
    assert not listening()


def test_a_listener_that_raises_stops_the_check() -> None:
    """A script may give up on a check; what is found later is the same."""

    class Enough(Exception):
        pass

    def stop(step: str, done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        mg.check(ops.tanh, X, progress=stop)
    assert not listening()
    assert mg.check(ops.tanh, X).verdict == "agree"


def test_a_wrong_listener_is_refused() -> None:
    """What can not be called is refused."""
    with pytest.raises(errors.ArgumentError, match="progress must be callable"):
        mg.check(ops.tanh, X, progress="bar")  # type: ignore[arg-type]


def test_the_line_appears_after_a_second_and_is_wiped() -> None:
    """Short checks show nothing; a long one a line that is gone in the end."""
    stream, now = io.StringIO(), [0.0]
    screen = Terminal(stream)
    line = Line("Net", screen, lambda: now[0])
    with heard(line):
        tell("slopes")
        assert stream.getvalue() == ""
        now[0] = 1.1
        tell("rounding noise", 1, 4)
        now[0] = 1.15
        tell("rounding noise", 2, 4)
    assert stream.getvalue() == "\rChecking Net: rounding noise, 2 of 4 ..."
    screen.clear()
    assert stream.getvalue().endswith("\r" + " " * len("Checking Net: rounding noise, 2 of 4 ...") + "\r")


def test_without_a_terminal_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody looks no line is written."""
    with shown_progress("Net", None):
        assert not listening()
    with shown_progress("Net", False):
        assert not listening()
    assert capsys.readouterr() == ("", "")
