"""A profile tells what each line of the user's code costs."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.errors import ArgumentValueError
from msgrad_ext.report import GradReport
from msgrad_ext.tensor import Tensor
from msgrad_ext.views.costs import duration, memory


def network(x: Tensor, w: Tensor) -> Tensor:
    """Two lines of very different cost."""
    scaled = x * 2.0
    return ops.tanh(scaled @ w).sum()


@pytest.fixture(scope="module")
def report() -> GradReport:
    """Of a network whose product is most of the work."""
    draw = np.random.default_rng(0)
    return mg.check(network, draw.normal(size=(60, 80)), draw.normal(size=(80, 70)) / 9)


def test_each_line_has_its_operations(report: GradReport) -> None:
    """Calls are those of the compiled gradient's graph, and every equation is counted on one line."""
    profile = report.profile(2)
    assert [row.text for row in profile] == ["scaled = x * 2.0", "return ops.tanh(scaled @ w).sum()"]
    assert sum(row.calls for row in profile) == len(report.plan.graph.eqns)
    assert profile.nanoseconds == sum(row.nanoseconds for row in profile) > 0
    assert profile.rows[1].nanoseconds > profile.rows[0].nanoseconds
    assert [row.line for row in profile] == sorted(row.line or 0 for row in profile)


def test_bytes_are_those_of_new_arrays(report: GradReport) -> None:
    """What the lines make is at least the gradients; the plan keeps less than all of it."""
    profile = report.profile(1)
    assert profile.outputs == (60 * 80 + 80 * 70) * 8
    made = {eqn.out: int(np.prod(eqn.out.shape)) * 8 for eqn in report.plan.graph.eqns if not eqn.op.view}
    assert sum(row.bytes for row in profile) == sum(made.values())
    assert report.memory == (profile.workspace, profile.outputs)
    assert 0 < profile.workspace + profile.outputs <= sum(made.values())


def test_a_profile_is_a_table(report: GradReport) -> None:
    """Text and HTML hold a row for each line; the code is escaped."""
    bundle = report.profile(1)._repr_mimebundle_()
    assert re.search(r"scaled = x \* 2\.0 +\d+(\.\d)? (ns|µs|ms) +\d+ % +\d+ +\S+ \S+", bundle["text/plain"])
    assert "of workspace, kept between calls" in bundle["text/plain"]
    assert "scaled = x * 2.0" in bundle["text/html"]
    assert repr(report.profile(1)) == "Profile(network: 2 lines)"


def test_a_profile_without_times_is_the_same_in_every_run(report: GradReport) -> None:
    """Calls and bytes are counted, and nothing is timed."""
    first, second = report.profile(0), report.profile(0)
    assert str(first) == str(second)
    assert first.plan is None
    assert [(row.calls, row.bytes) for row in first] == [(row.calls, row.bytes) for row in report.profile(1)]
    assert re.search(r"scaled = x \* 2\.0 +\d+ +\S+ \S+", str(first))
    assert not re.search(r"\d (ns|µs|ms)\b", str(first))


def test_a_profile_is_frozen(report: GradReport) -> None:
    """Nobody changes a measurement."""
    with pytest.raises(FrozenInstanceError):
        report.profile(1).rows[0].calls = 0  # type: ignore[misc]


@pytest.mark.parametrize("repeats", [-1, 1.5, True, "3"])
def test_repeats_are_counted(report: GradReport, repeats: object) -> None:
    """A number of repeats that is none is refused."""
    with pytest.raises(ArgumentValueError, match="repeats must be a whole number from 0"):
        report.profile(repeats)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0 ns"), (740, "740 ns"), (3140, "3.1 µs"), (52_000, "52 µs"), (12_400_000, "12 ms"), (2e9, "2.0 s")],
)
def test_durations(nanoseconds: float, text: str) -> None:
    """Two figures, and a unit that fits."""
    assert duration(nanoseconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (24 * 2**20, "24 MiB")]
)
def test_memory(count: int, text: str) -> None:
    """Bytes in a unit that fits."""
    assert memory(count) == text
