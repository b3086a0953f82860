"""Gradients of gradients, stop_gradient, shared parameters, and what an error leaves behind: nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext import dtype as mstype
from msgrad_ext.ops import GradOperation
from msgrad_ext.tensor import Tensor

from .networks import Two

X = Tensor(np.array([1.0, 2.0]))


def values(result: Any) -> Any:
    """The numbers of a result."""
    return tuple(map(values, result)) if isinstance(result, tuple) else result.asnumpy().tolist()


@pytest.mark.parametrize(("order", "expected"), [(1, 12.0), (2, 12.0), (3, 6.0), (4, 0.0)])
def test_gradients_nest(order: int, expected: float) -> None:
    """The derivatives of x^3 at 2."""
    net: Any = lambda x: x * x * x  # noqa: E731
    for _ in range(order):
        net = GradOperation()(net)
    assert values(net(Tensor(2.0, mstype.float64))) == expected


SECOND: dict[str, tuple[Any, list[float]]] = {
    "(sum x)^3": (lambda x: x.sum() ** 3.0, [108.0, 108.0, 108.0]),
    "mean": (lambda x: (x * x * x).mean(), [2.0, 4.0, 6.0]),
    "max squared": (lambda x: ops.ReduceMax()(x) ** 2.0, [0.0, 0.0, 2.0]),
    "log softmax": (lambda x: -(ops.log_softmax(x)[2:]).sum(), [0.0, 0.0, 0.0]),
    "matmul": (lambda x: (x.reshape(1, 3) @ x.reshape(3, 1)).sum(), [2.0, 2.0, 2.0]),
    "tanh": (lambda x: ops.tanh(x).sum(), list(-2 * np.tanh([1.0, 2.0, 3.0]) * (1 - np.tanh([1.0, 2.0, 3.0]) ** 2))),
    "sigmoid of relu": (
        lambda x: ops.sigmoid(ops.relu(x)).sum(),
        [(s := 1 / (1 + np.exp(-v))) * (1 - s) * (1 - 2 * s) for v in (1.0, 2.0, 3.0)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SECOND)
def test_the_second_derivative_is_right(name: str) -> None:
    """Sums of the Hessian's rows at (1, 2, 3), among them those that MindSpore's default mode gets wrong."""
    net, expected = SECOND[name]
    found = GradOperation()(GradOperation()(net))(Tensor(np.array([1.0, 2.0, 3.0])))
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-13, atol=1e-14)


def test_rows_of_the_hessian_by_weights() -> None:
    """The companion tutorial's Hessian of ``x^2 y`` at (4, 5): 10, 8, 8, 0."""
    first = GradOperation(get_all=True)(lambda x, y: x * x * y)
    second = GradOperation(get_all=True, sens_param=True)(first)
    x, y = Tensor(np.array([4.0])), Tensor(np.array([5.0]))
    one, none = Tensor(np.array([1.0])), Tensor(np.array([0.0]))
    rows = values(second(x, y, (one, none))) + values(second(x, y, (none, one)))
    assert rows == ([10.0], [8.0], [8.0], [0.0])


def test_a_parameters_gradient_of_an_inner_gradient() -> None:
    """``d/dw d/dx`` of ``w^2 x^3``: ``6 w x^2``."""

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.w = Parameter(np.array(2.0))

        def construct(self, x: Tensor) -> Tensor:
            return GradOperation()(lambda x: self.w * self.w * x * x * x)(x)

    net = Net()
    assert values(GradOperation(get_by_list=True)(net, net.w)(Tensor(np.array(3.0)))) == 108.0


def test_a_gradient_penalty() -> None:
    """A loss that holds the square of an inner gradient: ``d/dx (2x)^2 = 8x``."""
    penalty = lambda x: (GradOperation()(lambda x: x * x)(x) ** 2.0).sum()  # noqa: E731
    assert values(GradOperation()(penalty)(X)) == [8.0, 16.0]


def test_stop_gradient_is_a_constant_at_every_order() -> None:
    """``x stop(x)`` has gradient ``x`` and second derivative 0."""
    net = lambda x: (x * ops.stop_gradient(x)).sum()  # noqa: E731
    first = GradOperation()(net)
    assert (values(first(X)), values(GradOperation()(first)(X))) == ([1.0, 2.0], [0.0, 0.0])


@pytest.mark.parametrize("value", [3.0, None, "text"])
def test_stop_gradient_hands_on_what_is_no_tensor(value: Any) -> None:
    """Numbers, None and strings as they are."""
    assert ops.stop_gradient(value) is value


def test_a_shared_parameters_contributions_add() -> None:
    """One cell used twice: its parameter is one, with the sum of both uses."""

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.one = Two()
            self.same = self.one

        def construct(self, x: Tensor) -> Tensor:
            return self.one(self.same(x))

    net = Net()
    assert values(GradOperation(get_by_list=True)(net, net.one.b)(X)) == [9.0, 13.0]


def test_after_an_error_the_next_gradient_is_right() -> None:
    """An exception in a network leaves nothing behind."""

    def broken(x: Tensor) -> Tensor:
        return x[0] * undefined_name  # type: ignore[name-defined] # noqa: F821

    with pytest.raises(NameError):
        GradOperation()(broken)(X)
    assert values(GradOperation()(lambda x: x[0] * x)(X)) == [4.0, 1.0]


def test_an_error_inside_a_nested_gradient_leaves_nothing_behind() -> None:
    """Also when two traces were running."""

    def outer(x: Tensor) -> Tensor:
        return GradOperation()(lambda y: float(y))(x)

    with pytest.raises(TypeError):
        GradOperation()(outer)(Tensor(1.0))
    assert values(Tensor([1.0]) + Tensor([1.0])) == [2.0]


def test_the_gradient_function_keeps_the_networks_signature() -> None:
    """``help(grad(net))`` shows the network's arguments."""
    import inspect

    assert list(inspect.signature(GradOperation()(lambda x, y: x * y)).parameters) == ["x", "y"]


def test_the_result_of_an_in_place_change_is_fresh() -> None:
    """Writing into a gradient changes no later gradient."""
    net = lambda x: x * 2.0 + x  # noqa: E731
    first = GradOperation()(net)(X)
    first[0] = 99.0
    assert values(GradOperation()(net)(X)) == [3.0, 3.0]


def test_a_gradient_uses_the_parameters_current_value() -> None:
    """After ``set_data`` the next gradient is that of the new value."""
    net = Two()
    gradient = GradOperation()(net)
    gradient(X)
    net.w.set_data(Tensor(np.array([10.0, 20.0])))
    assert values(gradient(X)) == [40.0, 80.0]


def test_mg_check_accepts_what_grad_operation_accepts() -> None:
    """The same network by both entrances gives the same gradient."""
    assert mg.check(Two(), X)["x"].value.tolist() == values(GradOperation()(Two())(X))
