"""From an application to its sweep: the one road that reports, `msgrad_ext.sweep` and cells take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..checking.effort.budget import budget_of
from ..checking.result import CheckResult
from ..gradients.grad_operation import Application
from .options import read_plan
from .row import Row, Setting, row_of
from .runner import Runner
from .subject import Subject
from .sweep import Sweep, swept

# From a result and its application to the report of it.
Reporting = Callable[[CheckResult, "Application | None"], Any]


def runner_of(
    application: Application, title: str, words: Mapping[str, Sequence[str]] | None = None, **asked: Any
) -> Runner:
    """The sweep of an application; ``asked`` are the arguments of `GradReport.sweep`, with their defaults.

    Raises
    ------
    MsgradError
        If one of them is none.
    """
    asked = {**DEFAULTS, **asked}
    budget = budget_of(asked.pop("budget"))
    known = {name: var.shape for name, var in zip(application.program.arguments, application.program.graph.inputs)}
    plan = read_plan(known, **asked)
    return Runner(Subject(application, title, budget, plan.own, words), plan)


DEFAULTS: dict[str, Any] = {
    "n": 100, "seed": 0, "shapes": None, "dtypes": None, "points": "range", "executor": None, "stop": True,
    "budget": None,
}  # fmt: skip


def run_sweep(
    runner: Runner, reporting: Reporting, show: bool | None = None, each: Callable[[Row], Any] | None = None
) -> Sweep:
    """The whole sweep."""

    def again(setting: Setting) -> Any:
        return reporting(*runner.result(setting))

    return swept(runner, again, show, each)


def rows_of(runner: Runner) -> Iterator[Row]:
    """The rows of a sweep as they come."""
    return runner.rows()


def sweep_of_failed(result: CheckResult, count: int, again: Callable[[Setting], Any]) -> Sweep:
    """The sweep of a network whose gradient can not be computed at all: its one row says why."""
    row = row_of(Setting(result.seed), result)
    return Sweep(result.title, (row,), count, ("no gradient could be computed, so there was no further check",), again)


__all__ = ["DEFAULTS", "rows_of", "run_sweep", "runner_of", "sweep_of_failed"]
