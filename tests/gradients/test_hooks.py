"""Hooks on gradients and on cells: what they are given and what they change is recorded from MindSpore 2.10."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.tensor import Tensor

X = Tensor(np.array([1.0, 2.0, 3.0], np.float32))
Y = Tensor(np.array([3.0, 5.0, 7.0], np.float32))


def values(result: Any) -> Any:
    """The numbers of a result."""
    return tuple(map(values, result)) if isinstance(result, (tuple, list)) else result.asnumpy().tolist()


def test_hook_backward_gets_a_tuple_and_may_look() -> None:
    """What it keeps can be looked at afterwards."""
    seen: list[Any] = []
    hook = ops.HookBackward(seen.append)

    def network(x: Tensor, y: Tensor) -> Tensor:
        a, b = hook(x * x, y * y)
        return a * b

    assert values(mg.grad(network, (0, 1))(X, Y)) == ([18, 100, 294], [6, 40, 126])
    assert len(seen) == 1
    assert isinstance(seen[0], tuple)
    assert values(seen[0]) == ([9, 25, 49], [1, 4, 9])
    assert str(seen[0][0]) == "[ 9. 25. 49.]"


@pytest.mark.parametrize("answer", [lambda sent: sent[0] * 2, lambda sent: (sent[0] * 2,)])
def test_hook_backward_may_replace_the_gradient(answer: Any) -> None:
    """By a tensor, or a tuple of one."""
    assert values(mg.grad(lambda x: ops.HookBackward(answer)(x * x))(X)) == [4, 8, 12]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(lambda sent: sent[0].sum(), ValueError), (lambda sent: 2, TypeError), (lambda sent: (), TypeError)],
)
def test_what_a_hook_returns_must_fit(answer: Any, kind: type[Exception]) -> None:
    """In number, kind and shape."""
    with pytest.raises(kind, match="HookBackward"):
        mg.grad(lambda x: ops.HookBackward(answer)(x * x))(X)


def test_hooks_must_be_callable() -> None:
    """TypeError at once."""
    for make in (ops.HookBackward, ops.InsertGradientOf, X.register_hook, nn.ReLU().register_backward_hook):
        with pytest.raises(TypeError, match="callable"):
            make(3)


def test_insert_gradient_of() -> None:
    """A function of the gradient; forward it changes nothing."""
    double = ops.InsertGradientOf(lambda sent: sent * 2)
    assert values(double(X)) == [1, 2, 3]
    assert values(mg.grad(lambda x: double(x * x))(X)) == [4, 8, 12]


def test_register_hook_sees_the_whole_gradient() -> None:
    """Of all uses of the value, also those before it was registered; the first hook is called first."""

    def twice(x: Tensor) -> Tensor:
        a = x * x
        a.register_hook(lambda sent: sent * 2)
        a.register_hook(lambda sent: sent + 1)
        return a * x

    def late(x: Tensor) -> Tensor:
        a = x * x
        b = a * x
        a.register_hook(lambda sent: sent * 2)
        return b + a

    assert values(mg.grad(twice)(X)) == [7, 24, 51]
    assert values(mg.grad(late)(X)) == [9, 28, 57]


def test_register_hook_on_an_input_and_its_removal() -> None:
    """The handle takes it back."""

    def hooked(x: Tensor, kept: bool) -> Tensor:
        handle = x.register_hook(lambda sent: sent * 2)
        if not kept:
            handle.remove()
        return x * x

    assert values(mg.grad(hooked)(X, True)) == [4, 8, 12]
    assert values(mg.grad(hooked)(X, False)) == [2, 4, 6]


def test_register_hook_on_a_parameter() -> None:
    """It stays until it is removed, for compiled gradients too."""
    weight = Parameter(Tensor([1.0, 2.0, 3.0]), name="w")

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.w = weight

        def construct(self, x: Tensor) -> Tensor:
            return x * self.w

    net = Net()
    plan = mg.compile(net, X)
    handle = weight.register_hook(lambda sent: sent * 2)
    assert values(mg.grad(net, None, weight)(X)) == [2, 4, 6]
    assert plan(X)[1]["w"].tolist() == [2, 4, 6]
    handle.remove()
    assert values(mg.grad(net, None, weight)(X)) == [1, 2, 3]
    assert plan(X)[1]["w"].tolist() == [1, 2, 3]


class Inner(nn.Cell):
    def construct(self, x: Tensor) -> Tensor:
        return x * x


class Outer(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()

    def construct(self, x: Tensor) -> Tensor:
        return self.inner(x) * 3


def test_backward_hooks_of_a_cell() -> None:
    """They are given the cell and tuples, and may give other gradients of the inputs."""
    seen: list[Any] = []
    net = Outer()
    net.inner.register_backward_hook(lambda cell, sent, got: seen.append((cell, values(sent), values(got))))
    assert values(mg.grad(net)(X)) == [6, 12, 18]
    assert seen == [(net.inner, ([6, 12, 18],), ([3, 3, 3],))]
    handle = net.inner.register_backward_hook(lambda cell, sent, got: (sent[0] * 10,))
    assert values(mg.grad(net)(X)) == [60, 120, 180]
    handle.remove()
    assert values(mg.grad(net)(X)) == [6, 12, 18]


def test_backward_pre_hooks_of_a_cell() -> None:
    """They may give another gradient of the output."""
    net = Outer()
    net.inner.register_backward_pre_hook(lambda cell, got: got[0] * 10)
    assert values(mg.grad(net)(X)) == [60, 120, 180]


def test_a_hooked_cell_keeps_the_gradients_of_its_parameters() -> None:
    """Unlike a ``bprop``."""
    dense = nn.Dense(3, 1, weight_init="ones")
    dense.register_backward_hook(lambda cell, sent, got: None)
    x = Tensor(np.array([[1.0, 2.0, 3.0]], np.float32))
    assert values(mg.grad(dense, None, dense.trainable_params())(x)) == ([[1, 2, 3]], [1])


def test_forward_hooks_of_a_cell() -> None:
    """Before, they may change the inputs; after, the output. Gradients follow."""
    net = Outer()
    before = net.inner.register_forward_pre_hook(lambda cell, inputs: inputs[0] * 2)
    assert values((net(X), mg.grad(net)(X))) == ([12, 48, 108], [24, 48, 72])
    before.remove()
    net.inner.register_forward_hook(lambda cell, inputs, output: output * 2)
    assert values((net(X), mg.grad(net)(X))) == ([6, 24, 54], [12, 24, 36])


def test_hooks_at_second_order() -> None:
    """A hook is part of the gradient that is differentiated again."""
    network = lambda x: ops.InsertGradientOf(lambda sent: sent * 2)(x * x * x)  # noqa: E731
    assert values(mg.grad(mg.grad(network))(X)) == [12, 24, 36]
