"""The functional interface: ``grad``, ``value_and_grad``, ``vjp``, ``jvp``, ``jacrev`` and ``get_grad``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.tensor import Tensor

X, Y = Tensor(np.array([1.0, 2.0])), Tensor(np.array([3.0, 5.0]))


def product(x: Tensor, y: Tensor) -> Tensor:
    """``x^2 y``."""
    return x * x * y


def values(result: Any) -> Any:
    """The numbers of a result."""
    return tuple(map(values, result)) if isinstance(result, tuple) else result.asnumpy().tolist()


class Net(nn.Cell):
    """A network with one parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.w = Parameter(np.array([2.0, 3.0]), name="w")

    def construct(self, x: Tensor) -> Tensor:
        return x * self.w


DX, DY = [6.0, 20.0], [1.0, 4.0]


@pytest.mark.parametrize(
    ("position", "expected"), [(0, DX), (1, DY), ((0,), DX), ((0, 1), (DX, DY)), ((1, 0), (DY, DX))]
)
def test_positions_give_mindspores_structure(position: Any, expected: Any) -> None:
    """An int, or a tuple of one, a bare tensor; a longer tuple a tuple, in its order."""
    assert values(mg.grad(product, position)(X, Y)) == expected


@pytest.mark.parametrize("position", [-1, (0, 0), (0, -1), 2])
def test_impossible_positions_are_value_errors(position: Any) -> None:
    """Negative, repeated, or out of range."""
    with pytest.raises((ValueError, IndexError)):
        mg.grad(product, position)(X, Y)


@pytest.mark.parametrize("position", [[0], "x", 1.0, True])
def test_positions_of_other_types_are_type_errors(position: Any) -> None:
    """Lists and strings too, as in MindSpore."""
    with pytest.raises(TypeError):
        mg.grad(product, position)


def test_no_position_and_no_weights_is_a_value_error() -> None:
    """There would be nothing to differentiate by."""
    with pytest.raises(ValueError, match="grad_position"):
        mg.grad(product, None)


def test_weights_alone() -> None:
    """Without positions the weights' gradients come alone; a single Parameter bare."""
    net = Net()
    assert values(mg.grad(net, None, net.w)(X)) == [1.0, 2.0]
    assert values(mg.grad(net, None, [net.w])(X)) == ([1.0, 2.0],)


def test_position_and_weights() -> None:
    """A pair."""
    net = Net()
    assert values(mg.grad(net, 0, [net.w])(X)) == ([2.0, 3.0], ([1.0, 2.0],))


def test_value_and_grad() -> None:
    """The value first."""
    value, gradient = mg.value_and_grad(product)(X, Y)
    assert (values(value), values(gradient)) == ([3.0, 20.0], DX)


def test_further_outputs_are_handed_through() -> None:
    """``has_aux``: they add nothing to the gradient."""
    gradient, aux = mg.grad(lambda x: (x * x, x * 100.0), has_aux=True)(X)
    assert (values(gradient), values(aux)) == ([2.0, 4.0], ([100.0, 200.0],))


def test_value_and_grad_with_further_outputs() -> None:
    """All outputs, then the gradient of the first."""
    value, gradient = mg.value_and_grad(lambda x: (x * x, x * 100.0), has_aux=True)(X)
    assert (values(value), values(gradient)) == (([1.0, 4.0], [100.0, 200.0]), [2.0, 4.0])


def test_has_aux_needs_several_outputs() -> None:
    """ValueError otherwise."""
    with pytest.raises(ValueError, match="has_aux"):
        mg.grad(lambda x: x, has_aux=True)(X)


def test_ids_and_get_grad() -> None:
    """Pairs of position or name and gradient, and the way to pick one."""
    net = Net()
    found = mg.grad(net, 0, [net.w], return_ids=True)(X)
    assert (values(mg.get_grad(found, 0)), values(mg.get_grad(found, net.w))) == ([2.0, 3.0], [1.0, 2.0])


def test_get_grad_refuses_what_is_not_there() -> None:
    """With the choices."""
    net = Net()
    with pytest.raises(ValueError, match="no gradient"):
        mg.get_grad(mg.grad(net, 0, [net.w], return_ids=True)(X), 3)


def test_vjp() -> None:
    """The value, and the function that pulls a cotangent back to all inputs."""
    value, pull = mg.vjp(product, X, Y)
    assert (values(value), values(pull(Y))) == ([3.0, 20.0], ([18.0, 100.0], [3.0, 20.0]))


def test_jvp() -> None:
    """The value, and the derivative along a direction."""
    value, slope = mg.jvp(product, (X, Y), (Y, X))
    assert (values(value), values(slope)) == ([3.0, 20.0], [6 * 3 + 1.0, 20 * 5 + 4 * 2.0])


def test_jvp_and_vjp_are_transposes() -> None:
    """``ct . J v`` is the same number from either side."""
    net = lambda x: ops.tanh(ops.softmax(x) * x)  # noqa: E731
    ct, v = Tensor(np.array([0.3, -0.7])), Tensor(np.array([1.1, 0.4]))
    forward = (mg.jvp(net, X, v)[1] * ct).sum()
    backward = (mg.vjp(net, X)[1](ct)[0] * v).sum()
    np.testing.assert_allclose(forward.asnumpy(), backward.asnumpy(), rtol=1e-14)


@pytest.mark.parametrize("function", [mg.jacrev, mg.jacfwd])
def test_the_jacobian(function: Any) -> None:
    """Its shape is the output's, then the input's."""
    matrix = Tensor(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    assert values(function(lambda x: matrix @ (x * x))(X)) == [[2.0, 8.0], [6.0, 16.0], [10.0, 24.0]]


def test_the_hessian_by_two_jacobians() -> None:
    """``jacrev(jacrev(f))``."""
    assert values(mg.jacrev(mg.jacrev(lambda x: (x * x * x).sum()))(X)) == [[6.0, 0.0], [0.0, 12.0]]


@pytest.mark.parametrize("name", ["grad", "value_and_grad", "jacrev", "jacfwd", "vjp", "jvp", "get_grad"])
def test_ops_offers_the_same_functions(name: str) -> None:
    """``ops.grad`` is ``mindspore.grad``."""
    assert getattr(ops, name) is getattr(mg, name)
