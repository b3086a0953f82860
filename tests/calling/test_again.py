"""A program that is traced at each call shares the plan of a trace before it, as long as the traces are alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, nn, ops
from msgrad_ext.numeric.plan import Plan
from msgrad_ext.registry import OPS
from msgrad_ext.tracing import held

from .calls import Count

X = Tensor(np.array([[0.5, -1.0, 2.0]], np.float32))


class Counting(nn.Cell):
    """It stores at each call, so that no trace of it is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.steps, self.factor, self.power = 0, 2.0, 2

    def construct(self, x: Any) -> Any:
        self.steps += 1
        x = ops.tanh(x) * self.factor
        return x**self.power if x.sum() > 0 else x * 5.0


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], int]:
    made = []
    begin = Plan.__init__

    def counted(plan: Any, *args: Any, **named: Any) -> None:
        made.append(plan)
        begin(plan, *args, **named)

    monkeypatch.setattr(Plan, "__init__", counted)

    def count(call: Callable[[], Any]) -> int:
        before = len(made)
        call()
        return len(made) - before

    return count


def test_one_plan_for_many_traces(plans: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program runs at each call; the plan is made once."""
    count = Count(monkeypatch)
    net = Counting()
    gradient = mg.grad(net)
    gradient(X)
    for number in range(2, 7):
        assert count.of(lambda: gradient(X)) == 1
        assert plans(lambda: gradient(X)) == 0
        assert net.steps == 2 * number - 1


def slope(x: np.ndarray, factor: float, power: int) -> np.ndarray:
    t = np.tanh(x)
    inner = factor * (1 - t * t)
    return inner * (power * (factor * t) ** (power - 1) if (factor * t).sum() > 0 else 5.0)


def test_another_program_has_another_plan() -> None:
    """Constants, settings and branches that differ are seen."""
    net = Counting()
    gradient = mg.grad(net)
    x = X.asnumpy()
    for _ in range(2):
        for factor, power, sign in ((2.0, 2, 1), (3.0, 2, 1), (3.0, 3, 1), (3.0, 3, -1), (2.0, 2, 1)):
            net.factor, net.power = factor, power
            found = gradient(X * float(sign)).asnumpy()
            np.testing.assert_allclose(found, slope(sign * x, factor, power), rtol=2e-6)


def test_a_rule_that_is_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule or a voice that is put in another's place is asked."""
    gradient = mg.grad(Counting())
    before = gradient(X).asnumpy()
    monkeypatch.setattr(OPS["Tanh"], "vjp", lambda self, ct, out, x: ct * 3.0)
    assert not np.allclose(gradient(X).asnumpy(), before)
    monkeypatch.undo()
    np.testing.assert_array_equal(gradient(X).asnumpy(), before)


def test_a_derivative_of_the_user_s_runs_at_each_call() -> None:
    """A ``bprop`` is never answered by a plan that was made with an earlier run of it."""

    class Own(nn.Cell):
        factor = 1.0

        def construct(self, x: Any) -> Any:
            return x * 2.0

        def bprop(self, x: Any, out: Any, dout: Any) -> Any:
            Own.factor += 1.0
            return (dout * Own.factor,)

    gradient = mg.grad(Own())
    assert [float(gradient(X).asnumpy()[0, 0]) for _ in range(4)] == [2.0, 3.0, 4.0, 5.0]


def test_the_second_call_keeps_the_plan_of_the_first(plans: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is not compiled again; a value beside the gradients takes one plan more."""
    count, w = Count(monkeypatch), mg.Parameter(Tensor(np.full((3, 3), 0.3, np.float32)), name="w")

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.w = w

        def construct(self, x: Any) -> Any:
            return ops.tanh(ops.matmul(x, self.w))

    net = Net()
    gradient, valued = mg.grad(net), mg.value_and_grad(net)
    first = gradient(X).asnumpy()
    assert plans(lambda: gradient(X)) == 0
    assert count.of(lambda: gradient(X)) == 0
    np.testing.assert_array_equal(gradient(X).asnumpy(), first)
    valued(X)
    assert plans(lambda: valued(X)) == 1
    assert count.of(lambda: valued(X)) == 0
    np.testing.assert_array_equal(valued(X)[1].asnumpy(), first)


def test_gradients_alone_run_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trace computes no value of the example that Python does not look at and the caller does not get."""
    computed = []
    compute = held._computed
    monkeypatch.setattr(held, "_computed", lambda *given: computed.append(given[0]) or compute(*given))

    def net(x: Any) -> Any:
        parts = [ops.softmax(x[:, :2]), ops.relu(x[:, 1:]) * x.max()]
        return ops.reduce_sum(ops.concat(parts, 1) @ ops.concat(parts, 1).T)

    found = mg.grad(net)(X)
    assert not computed
    value, same = mg.value_and_grad(lambda x: net(x))(X)
    assert computed
    np.testing.assert_array_equal(found.asnumpy(), same.asnumpy())
    np.testing.assert_allclose(value.asnumpy(), net(X).asnumpy(), rtol=1e-6)
