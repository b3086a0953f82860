"""Jacobians, directional derivatives and Taylor coefficients; structures are those of MindSpore 2.10."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import nn, ops
from msgrad_ext.tensor import Tensor

X, Y = Tensor(np.array([1.0, 2.0])), Tensor(np.array([3.0, 5.0]))
V = Tensor(np.array([0.5, -1.0]))


def values(result: Any) -> Any:
    """The numbers of a result."""
    return type(result)(map(values, result)) if isinstance(result, (tuple, list)) else result.asnumpy().tolist()


def product(x: Tensor, y: Tensor) -> Tensor:
    return x * x * y


def pair(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return x * x * y, x + y


DX, DY, ONE = [[6, 0], [0, 20]], [[1, 0], [0, 4]], [[1, 0], [0, 1]]
BOTH = [mg.jacrev, mg.jacfwd]


@pytest.mark.parametrize("jacobian", BOTH)
def test_structures_of_jacobians(jacobian: Any) -> None:
    """Outputs outside, positions inside; a tuple of one position gives a bare one."""
    assert values(jacobian(product)(X, Y)) == DX
    assert values(jacobian(product, (0,))(X, Y)) == DX
    assert values(jacobian(product, (0, 1))(X, Y)) == (DX, DY)
    assert values(jacobian(pair)(X, Y)) == (DX, ONE)
    assert values(jacobian(pair, (0, 1))(X, Y)) == ((DX, DY), (ONE, ONE))
    assert values(jacobian(pair, has_aux=True)(X, Y)) == (DX, [4, 7])


@pytest.mark.parametrize("outer", BOTH)
@pytest.mark.parametrize("inner", BOTH)
def test_hessians(outer: Any, inner: Any) -> None:
    """Each of the four ways."""
    assert values(outer(inner(lambda x: (x * x * x).sum()))(X)) == [[6, 0], [0, 12]]


@pytest.mark.parametrize(
    ("position", "kind"), [(None, TypeError), ([0], TypeError), (-1, ValueError), (5, ValueError), (5, RuntimeError)]
)
def test_wrong_positions(position: Any, kind: type[Exception]) -> None:
    """The types of MindSpore's errors."""
    with pytest.raises(kind):
        mg.jacrev(product, position)(X, Y)


def test_jvp_structures() -> None:
    """Value and slope; with several outputs tuples; further values come third, a single one bare."""
    assert values(mg.jvp(product, (X, Y), (Y, X))) == ([3, 20], [19, 108])
    assert values(mg.jvp(product, [X, Y], [Y, X])) == ([3, 20], [19, 108])
    assert values(mg.jvp(pair, (X, Y), (Y, X))) == (([3, 20], [4, 7]), ([19, 108], [4, 7]))
    assert values(mg.jvp(pair, (X, Y), (Y, X), has_aux=True)) == ([3, 20], [19, 108], [4, 7])


@pytest.mark.parametrize(
    ("v", "kind"),
    [
        ((Y,), ValueError),
        ((Y, Tensor([1.0, 2.0])), TypeError),
        ((Y, Tensor(np.ones(3))), ValueError),
        ((Y, 3.0), TypeError),
        ("a", TypeError),
    ],
)
def test_directions_must_fit(v: Any, kind: type[Exception]) -> None:
    """In number, dtype, shape and kind."""
    with pytest.raises(kind):
        mg.jvp(product, (X, Y), v)


def test_vjp_structures() -> None:
    """A tuple for the inputs, even of one; with weights a pair."""
    net = nn.Dense(2, 1, weight_init=Tensor(np.array([[1.0, 2.0]], np.float32)), bias_init="ones")
    x, ct = Tensor([[3.0, 4.0]]), Tensor([[2.0]])
    value, pull = mg.vjp(net, x, weights=net.weight)
    assert values((value, *pull(ct))) == ([[12]], ([[2, 4]],), [[6, 8]])
    assert values(mg.vjp(net, x, weights=net.trainable_params())[1](ct)) == (([[2, 4]],), ([[6, 8]], [2]))
    value, pull, aux = mg.vjp(pair, X, Y, has_aux=True)
    assert values((value, pull(X), aux)) == ([3, 20], ([6, 40], [1, 8]), [4, 7])
    assert values(mg.vjp(pair, X, Y)[1](X, Y)) == ([9, 45], [4, 13])


def cube(x: Tensor) -> Tensor:
    return (x * x * x).sum()


NESTED = {
    "jvp of grad": lambda x: mg.jvp(mg.grad(cube), x, V)[1],
    "vjp of grad": lambda x: mg.vjp(mg.grad(cube), x)[1](V)[0],
    "grad of product": lambda x: mg.grad(lambda t: (mg.grad(cube)(t) * V).sum())(x),
    "grad of jvp": lambda x: mg.grad(lambda t: mg.jvp(cube, t, V)[1])(x),
}


@pytest.mark.parametrize("way", NESTED.values(), ids=NESTED)
def test_hessian_vector_products(way: Any) -> None:
    """``6 x v``."""
    np.testing.assert_allclose(way(X).asnumpy(), [3, -12], rtol=1e-14)


RUNS = {
    "value_and_grad": lambda f: mg.value_and_grad(f)(X),
    "grad with aux": lambda f: mg.grad(lambda x: (f(x), x), has_aux=True)(X),
    "jacrev": lambda f: mg.jacrev(f)(X),
    "jvp": lambda f: mg.jvp(f, X, V),
    "vjp": lambda f: mg.vjp(f, X)[1](V),
}


@pytest.mark.parametrize("use", RUNS.values(), ids=RUNS)
def test_the_function_runs_once(use: Any) -> None:
    """What it prints is printed once."""
    calls: list[int] = []

    def counted(x: Tensor) -> Tensor:
        calls.append(1)
        return x * x

    use(counted)
    assert len(calls) == 1


def sin_cos(x: Tensor) -> tuple[Tensor, Tensor]:
    return ops.sin(x), ops.cos(x)


def test_derivative_of_any_order() -> None:
    """The value and the n-th derivative; all inputs grow at rate one; several outputs come as lists."""
    np.testing.assert_allclose(ops.derivative(ops.sin, X, 3)[1].asnumpy(), -np.cos([1, 2]), rtol=1e-14)
    assert values(ops.derivative(product, (X, Y), 2)) == ([3, 20], [10, 18])
    value, second = ops.derivative(sin_cos, X, 2)
    assert isinstance(value, list)
    np.testing.assert_allclose(second[1].asnumpy(), -np.cos([1, 2]), rtol=1e-14)


@pytest.mark.parametrize(("order", "kind"), [(0, ValueError), (1.5, TypeError), (True, TypeError)])
def test_wrong_orders(order: Any, kind: type[Exception]) -> None:
    """A whole number from 1."""
    with pytest.raises(kind, match="order"):
        ops.derivative(ops.sin, X, order)


def test_jet() -> None:
    """Derivatives along a path whose own derivatives are given; recorded for exp(x) x."""
    series = Tensor(np.array([[1, 2, 1], [0.5, 0, 1]], np.float32))
    point = Tensor(np.array([1.0, 2.0, 3.0], np.float32))
    value, found = ops.jet(lambda x: ops.exp(x) * x, point, series)
    np.testing.assert_allclose(value.asnumpy(), [2.7182798, 14.77812, 60.256645], rtol=1e-5)
    recorded = [[5.4365597, 44.334358, 80.342194], [10.873119, 118.22496, 180.76993]]
    np.testing.assert_allclose(found.asnumpy(), recorded, rtol=1e-5)


def test_jet_refuses_series_that_do_not_fit() -> None:
    """In shape or number."""
    with pytest.raises(ValueError, match="shape"):
        ops.jet(ops.sin, X, Tensor(np.ones((2, 3))))
    with pytest.raises(ValueError, match="member"):
        ops.jet(product, (X, Y), (Tensor(np.ones((2, 2))),))
