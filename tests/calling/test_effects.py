"""Code that does more than compute is run at each call, as if nothing had been kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, nn, ops

from .calls import Count

FACTOR = 2.0
X = Tensor(np.array([[0.5, -1.0, 2.0]], np.float32))


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    return Count(monkeypatch)


LOG: list[Any] = []
NOTES: dict[str, int] = {"calls": 0}


def appends(x: Any) -> Any:
    LOG.append(1)
    return x * 2.0


def prints(x: Any) -> Any:
    print("ran")
    return x * 2.0


def notes(x: Any) -> Any:
    NOTES["calls"] += 1
    return x * 2.0


def shows(x: Any) -> Any:
    ops.Print()(x)
    return x * 2.0


def formats(x: Any) -> Any:
    return x * len(f"{x}")


def draws(x: Any) -> Any:
    return x * Tensor(np.random.rand(1).astype(np.float32))


def draws_ours(x: Any) -> Any:
    return x * ops.StandardNormal()((1,))


def drops(x: Any) -> Any:
    return ops.dropout(x, 0.5)


def tells_time(x: Any) -> Any:
    import time

    return x * time.perf_counter()


def reflects(x: Any) -> Any:
    return x * globals()["FACTOR"]


def asks(x: Any) -> Any:
    return x * float(getattr(np, "random").rand())  # noqa: B009 - the spelling is the case


class Storing(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.steps = 0

    def construct(self, x: Any) -> Any:
        self.steps += 1
        return x * float(self.steps)


class Given:
    """What is reached has attributes in a way of its own."""

    def __getattr__(self, name: str) -> float:
        if name == "factor":
            return 2.0
        raise AttributeError(name)

    def __call__(self, x: Any) -> Any:
        return x * self.factor


@pytest.mark.parametrize(
    "function",
    [appends, prints, notes, shows, formats, draws, draws_ours, drops, tells_time, reflects, asks, Storing(), Given()],
    ids=lambda one: getattr(type(one), "__name__", "") if isinstance(one, (nn.Cell, Given)) else one.__name__,
)
def test_what_does_more_runs_at_each_call(function: Any, count: Count) -> None:
    """Code that prints, stores, draws, reads the clock or looks around runs at each call as before."""
    gradient, x = mg.grad(function), Tensor(np.float32([1.0]))
    for _ in range(5):
        gradient(x)
    assert count.of(lambda: gradient(x)) == 1


def test_side_effects_stay(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed and appended comes once for each call."""
    LOG.clear()
    for _ in range(6):
        mg.grad(appends)(X)
        mg.grad(prints)(X)
    assert len(LOG) == 6
    assert capsys.readouterr().out == "ran\n" * 6


def test_moving_averages_move() -> None:
    """A layer that assigns to its parameters does so at each call."""
    net = nn.BatchNorm1d(3)
    net.set_train()
    gradient, x = mg.grad(net), Tensor(np.arange(6, dtype=np.float32).reshape(2, 3))
    seen = []
    for _ in range(5):
        gradient(x)
        seen.append(net.moving_mean.asnumpy().tolist())
    assert len({tuple(one) for one in seen}) == 5
