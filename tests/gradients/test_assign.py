"""Assignments to parameters inside networks: later reads see them, and they are stored when the call has ended."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.ops import GradOperation
from msgrad_ext.tensor import Tensor

X = Tensor(np.array([1.0, 2.0]))


class Counting(nn.Cell):
    """``x w``, and one more call counted."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = Parameter(Tensor(0), name="calls", requires_grad=False)
        self.w = Parameter(np.array([3.0, 2.0]), name="w")

    def construct(self, x: Tensor) -> Tensor:
        ops.assign_add(self.calls, Tensor(1))
        return x * self.w


class Growing(nn.Cell):
    """``w += x``, then ``x w``."""

    def __init__(self) -> None:
        super().__init__()
        self.w = Parameter(np.array([3.0, 2.0]), name="w")

    def construct(self, x: Tensor) -> Tensor:
        ops.assign_add(self.w, x)
        return x * self.w


def test_a_call_stores_what_it_assigned() -> None:
    """Forward, without a gradient."""
    net = Growing()
    assert (net(X).tolist(), net.w.tolist()) == ([4.0, 8.0], [4.0, 4.0])


def test_a_gradient_stores_what_its_call_assigned() -> None:
    """Once, whatever is asked for."""
    net = Counting()
    for _ in range(3):
        GradOperation(get_all=True, get_by_list=True)(net)(X)
    assert net.calls.item() == 3


def test_a_read_after_an_assignment_is_the_parameter_itself() -> None:
    """As in MindSpore: its gradient is the parameter's, and none goes to what was assigned."""
    net = Growing()
    dx, (dw,) = GradOperation(get_all=True, get_by_list=True)(net)(X)
    assert (dx[0].tolist(), dw.tolist()) == ([4.0, 4.0], [1.0, 2.0])


def test_a_failed_call_stores_nothing() -> None:
    """Neither the count nor the weights."""
    net = Counting()
    with pytest.raises(ValueError, match=r"share|broadcast"):
        GradOperation()(net)(Tensor(np.ones(3)))
    assert net.calls.item() == 0


def test_a_compiled_network_stores_at_every_call() -> None:
    """A plan would skip the effect, so that the network is traced again."""
    net = Growing()
    plan = mg.compile(net, X)
    assert net.w.tolist() == [3.0, 2.0]
    value, gradients = plan(X)
    assert (value.tolist(), gradients["x"].tolist(), net.w.tolist()) == ([4.0, 8.0], [4.0, 4.0], [4.0, 4.0])
    assert plan(X)[0].tolist() == [5.0, 12.0]


def test_a_check_stores_nothing() -> None:
    """It looks at a network and leaves it as it was."""
    net = Growing()
    assert mg.check(net, X).verdict == "agree"
    assert mg.check(net, X, order=2).verdict in ("agree", "unchecked")
    assert net.w.tolist() == [3.0, 2.0]


def test_an_optimiser_written_with_assign_sub() -> None:
    """A cell that takes a gradient and updates the weights, in a plain call; figures of MindSpore 2.10."""

    class Linear(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.v = Parameter(Tensor(np.array([1.0, 2.0], np.float32)))

        def construct(self, x: Tensor) -> Tensor:
            return x * self.v

    class Step(nn.Cell):
        def __init__(self, inner: nn.Cell) -> None:
            super().__init__()
            self.inner = inner
            self.gradient = GradOperation(get_by_list=True)

        def construct(self, x: Tensor) -> Any:
            (dv,) = self.gradient(self.inner, list(self.inner.trainable_params()))(x)
            ops.assign_sub(self.inner.v, dv * 0.1)
            return self.inner(x)

    inner = Linear()
    step = Step(inner)
    x = Tensor(np.array([1.0, 2.0], np.float32))
    found = [step(x).asnumpy(), step(x).asnumpy(), inner.v.asnumpy()]
    np.testing.assert_allclose(found, [[0.9, 3.6], [0.8, 3.2], [0.8, 1.6]], rtol=1e-6)


def test_a_step_inside_a_gradient() -> None:
    """The gradient of a network that trains another one first: the update counts as a constant."""
    net = Growing()
    outer = GradOperation()(lambda x: GradOperation()(net)(x) + net.w * x)(X)
    assert (outer.tolist(), net.w.tolist()) == ([4.0, 4.0], [4.0, 4.0])


@pytest.mark.parametrize("how", ["attribute", "set_data", "op"])
def test_the_three_ways_to_assign(how: str) -> None:
    """An attribute, ``set_data`` and ``ops.assign`` do the same."""

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.w = Parameter(np.array([3.0, 2.0]), name="w")

        def construct(self, x: Tensor) -> Tensor:
            if how == "attribute":
                self.w = x * 2.0
            elif how == "set_data":
                self.w.set_data(x * 2.0)
            else:
                ops.assign(self.w, x * 2.0)
            return x * self.w

    net = Net()
    dx, (dw,) = GradOperation(get_all=True, get_by_list=True)(net)(X)
    assert (dx[0].tolist(), dw.tolist(), net.w.tolist()) == ([2.0, 4.0], [1.0, 2.0], [2.0, 4.0])


@pytest.mark.parametrize(
    ("value", "kind"),
    [(np.ones(3), ValueError), (np.ones(2, np.complex64), TypeError), ("text", TypeError)],
)
def test_what_does_not_fit_is_refused(value: Any, kind: type) -> None:
    """Another shape, a dtype that does not widen, no tensor."""
    given = Tensor(value) if isinstance(value, np.ndarray) else value
    with pytest.raises(kind):
        ops.assign(Parameter(np.ones(2, np.float32)), given)
