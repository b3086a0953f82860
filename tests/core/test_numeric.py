"""Simplification and plans: the same numbers as plain interpretation, on random graphs and on NaN and infinities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.ir import Graph
from msgrad_ext.numeric.interpreter import run
from msgrad_ext.numeric.plan import GuardFailed, Plan
from msgrad_ext.passes.simplify import simplify
from msgrad_ext.reversing.reverse import reverse
from msgrad_ext.tensor import Tensor
from msgrad_ext.tracing.trace import trace

EDGES = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 5e-324, 1e308, -2.5])
UNARY = [ops.sin, ops.tanh, ops.relu, ops.abs, ops.square, ops.neg, ops.sigmoid, ops.softmax, ops.sign]
BINARY = [ops.add, ops.sub, ops.mul, ops.maximum, ops.minimum, lambda a, b: ops.where(a > b, a, b)]
MOVES = [
    lambda a: a.transpose(1, 0),
    lambda a: a[::-1],
    lambda a: a[:, :2].reshape(2, 3).transpose(1, 0)[:, :1] + a,
    lambda a: ops.reduce_sum(a, 0, True) * a,
    lambda a: a.mean(1, True) - a,
    lambda a: ops.concat([a[1:], a[:1]], 0),
    lambda a: ops.reshape(ops.reshape(a, (9,)), (3, 3)),
    lambda a: a @ a.T * 0.1,
    lambda a: ops.neg(ops.neg(a)) * 1.0 + ops.zeros_like(a),
]


def random_network(seed: int) -> Any:
    """A network of a dozen random ops on two (3, 3) inputs."""

    def net(x: Tensor, y: Tensor) -> Any:
        draw = np.random.default_rng(seed)
        values = [x, y, Tensor(np.eye(3))]
        for _ in range(12):
            kind = draw.integers(3)
            first, second = (values[i] for i in draw.integers(len(values), size=2))
            if kind == 0:
                values.append(UNARY[draw.integers(len(UNARY))](first))
            elif kind == 1:
                values.append(BINARY[draw.integers(len(BINARY))](first, second))
            else:
                values.append(MOVES[draw.integers(len(MOVES))](first))
        return values[-1], values[-2].sum()

    return net


def backward(net: Any, *arrays: np.ndarray) -> Graph:
    """The graph of values and gradients by all inputs, as the reverse pass leaves it."""
    graph = trace(net, [Tensor(array) for array in arrays]).graph
    return reverse(graph, graph.inputs)


@pytest.mark.parametrize("seed", range(60))
def test_a_plan_equals_the_interpreter_on_random_networks(seed: int) -> None:
    """The generated source does what the interpreter does with the same graph, up to the order of sums."""
    arrays = np.random.default_rng(seed).normal(size=(2, 3, 3))
    graph = simplify(backward(random_network(seed), *arrays))
    for mine, other in zip(Plan(graph)(*arrays), run(graph, arrays), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("seed", range(60))
def test_simplification_keeps_the_values_of_random_networks(seed: int) -> None:
    """The simplified graph gives what the plain one gives, to a few roundings."""
    arrays = np.random.default_rng(seed).normal(size=(2, 3, 3))
    graph = backward(random_network(seed), *arrays)
    for mine, other in zip(run(simplify(graph), arrays), run(graph, arrays), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-13, atol=1e-13)


RULES: dict[str, Any] = {
    "one times x": lambda x: ops.ones_like(x) * x,
    "x times one": lambda x: x * 1.0,
    "x over one": lambda x: x / 1.0,
    "x to the first": lambda x: x**1.0,
    "zero times x": lambda x: x * 0.0,
    "x plus zero": lambda x: x + 0.0,
    "x minus itself": lambda x: x - x,
    "x over itself": lambda x: x / x,
    "minus minus": lambda x: ops.neg(ops.neg(x)),
    "x to the zeroth": lambda x: x**0.0,
    "one to the x": lambda x: ops.ones_like(x) ** x,
    "transposed twice": lambda x: ops.transpose(ops.transpose(ops.reshape(x, (2, 5)), (1, 0)), (1, 0)),
    "reshaped twice": lambda x: x.reshape(5, 2).reshape(10),
    "broadcast and added": lambda x: ops.broadcast_to(x, (3, 10)) + x,
    "where of a constant": lambda x: ops.where(ops.ones_like(x) > 0, x, -x),
    "the same twice": lambda x: ops.sin(x) + ops.sin(x),
    "uniform constants": lambda x: ops.exp(ops.ones_like(x)) * x,
    "zeros and signs": lambda x: ops.sign(x) * ops.abs(x),
    "slice of a uniform": lambda x: ops.ones_like(x)[2:4].sum() * x,
}


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", RULES)
def test_simplification_keeps_every_float(name: str, kind: str) -> None:
    """NaN, infinities, signed zeros, subnormals: the simplified graph gives the same bits."""
    with np.errstate(over="ignore"):
        x = EDGES.astype(kind)
    graph = trace(RULES[name], [Tensor(x)]).graph
    (mine,), (other,) = run(simplify(graph), [x]), run(graph, [x])
    np.testing.assert_array_equal(mine, other)
    np.testing.assert_array_equal(np.signbit(mine), np.signbit(other))


@pytest.mark.parametrize("name", RULES)
def test_simplification_keeps_the_gradients_edges(name: str) -> None:
    """The gradient's NaN and infinities stay where they were."""
    graph = backward(RULES[name], EDGES)
    np.testing.assert_array_equal(run(simplify(graph), [EDGES])[1], run(graph, [EDGES])[1])


@pytest.mark.parametrize("name", RULES)
def test_simplification_is_finished_at_once(name: str) -> None:
    """Doing it twice gives the same graph as once."""
    once = simplify(backward(RULES[name], EDGES))
    assert str(simplify(once)) == str(once)


def test_equal_equations_become_one() -> None:
    """However often they are written."""
    graph = simplify(trace(lambda x: ops.sin(x) * ops.sin(x) + ops.sin(x), [Tensor(EDGES)]).graph)
    assert [type(eqn.op).__name__ for eqn in graph.eqns].count("Sin") == 1


def test_what_no_output_needs_is_removed() -> None:
    """But never what a guard needs."""

    def net(x: Tensor) -> Tensor:
        ops.exp(x)
        return x * 2.0 if ops.sin(x).sum() > -5 else x

    names = [type(eqn.op).__name__ for eqn in simplify(trace(net, [Tensor(np.ones(2))]).graph).eqns]
    assert "Exp" not in names and "Sin" in names


def test_zeros_of_two_signs_stay_two() -> None:
    """0.0 and -0.0 are equal but not the same constant."""
    x = np.array([1.0])
    graph = simplify(trace(lambda x: (x * 0.0, x * -0.0), [Tensor(x)]).graph)
    assert [bool(np.signbit(one[0])) for one in Plan(graph)(x)] == [False, True]


SHARING: dict[str, Any] = {
    "input": lambda x: x,
    "input twice": lambda x: (x, x),
    "view": lambda x: x.T,
    "slice": lambda x: (x[:1], x[0]),
    "reshape": lambda x: x.reshape(-1),
    "constant": lambda x: Tensor(np.ones((2, 2))),
    "broadcast": lambda x: ops.broadcast_to(x, (3, 2, 2)),
    "value and its view": lambda x: ((y := ops.sin(x)), y.T, y[0]),
    "stop_gradient": ops.stop_gradient,
}


@pytest.mark.parametrize("name", SHARING)
def test_outputs_share_no_memory(name: str) -> None:
    """Neither with inputs, nor with constants, nor with each other; and they can be written."""
    x = np.arange(4.0).reshape(2, 2)
    plan = Plan(simplify(backward(SHARING[name], x)))
    arrays = [*plan(x), *plan(x), x]
    shared = [(i, j) for i, a in enumerate(arrays) for j, b in enumerate(arrays) if i < j and np.shares_memory(a, b)]
    assert (shared, all(array.flags.writeable for array in arrays)) == ([], True)


def test_outputs_are_arrays_also_at_0_d() -> None:
    """Never numpy scalars."""
    assert all(type(one) is np.ndarray for one in Plan(simplify(backward(lambda x: x.sum(), EDGES)))(EDGES))


def test_a_voice_put_in_place_is_used() -> None:
    """The plan calls a replaced numpy voice, and forgets it when it is taken back."""
    net, x = (lambda x: ops.sin(x) * 3.0), np.array([0.5])
    before = mg.compile(net, x)(x)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mg.registered_ops()["Sin"], "numpy", lambda self, a: a * 0 + 7.0)
        during = mg.compile(net, x)(x)[0]
    assert (during.tolist(), mg.compile(net, x)(x)[0].tolist()) == ([21.0], before.tolist())


def test_a_guard_that_fails_is_told() -> None:
    """A plan is never run on data that takes another branch."""
    plan = Plan(simplify(trace(lambda x: x if x.sum() > 0 else -x, [Tensor(np.ones(2))]).graph))
    with pytest.raises(GuardFailed):
        plan(-np.ones(2))


def test_equal_graphs_share_their_source() -> None:
    """Code is made once."""
    first, second = (mg.compile(lambda x: ops.sin(x), np.ones(2)) for _ in range(2))
    assert first.source == second.source


def test_constants_of_equal_graphs_are_not_mixed_up() -> None:
    """The cache is of code, not of numbers."""
    nets = [lambda x, k=k: x * Tensor(np.array([k, 2 * k])) for k in (1.0, 3.0)]
    assert [mg.compile(net, np.ones(2))(np.ones(2))[0].tolist() for net in nets] == [[1.0, 2.0], [3.0, 6.0]]


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_a_plan_keeps_dtypes(kind: str) -> None:
    """Numbers in the source do not widen float16 or float32."""
    x = np.array([[0.5, 1.5]], kind)
    value, gradients = mg.compile(lambda x: (x * 0.1 + 1) / 3 - ops.softmax(x).mean() ** 2.0, x)(x)
    assert (value.dtype, gradients["x"].dtype) == (kind, kind)
