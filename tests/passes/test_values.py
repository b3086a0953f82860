"""Optimised graphs give what the interpreter gives on the graphs that they were made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, ops
from msgrad_ext.numeric.interpreter import run
from msgrad_ext.passes import optimise
from msgrad_ext.reversing.reverse import reverse
from msgrad_ext.tracing.trace import trace

ONES = [
    lambda a, draw: ops.tanh(a),
    lambda a, draw: a.T,
    lambda a, draw: ops.neg(a),
    lambda a, draw: ops.square(a),
    lambda a, draw: a * 0.25,
    lambda a, draw: a * 2.0 * 0.5 + 1.0,
    lambda a, draw: (0.5 * a) ** float(draw.integers(1, 5)),
    lambda a, draw: ops.broadcast_to(a.mean(int(draw.integers(2)), True), a.shape),
    lambda a, draw: ops.broadcast_to(a.sum(), a.shape) * 0.1,
    lambda a, draw: ops.reduce_sum(a, 1, True) * a * 0.1,
    lambda a, draw: ops.reshape(ops.reshape(a, (-1,)), a.shape),
    lambda a, draw: ops.concat([a[4:], a[:4]], 0),
    lambda a, draw: ops.where(a > 0, a, -a),
    lambda a, draw: ops.softmax(a),
    lambda a, draw: ops.reshape(ops.broadcast_to(a[:, :1], a.shape), (4, -1)).reshape(a.shape),
    lambda a, draw: ops.ones_like(a) @ a * 0.1,
]
TWOS = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a @ b * 0.1,
    lambda a, b: a @ (b @ b[:, :1]) * 0.01 + b,
    lambda a, b: a.T @ b * 0.1,
    lambda a, b: (a @ b.T).sum(0) * 0.01 + a,
    lambda a, b: ops.sigmoid(a) * (b[:1] + 1.0),
]
LENGTH = 24


def network(seed: int) -> Any:
    """A network of some twenty random ops on matrices, some of them in a loop with shared weights."""

    def net(x: Tensor, w: Tensor) -> Tensor:
        draw = np.random.default_rng(seed)
        values = [x, w]
        for _ in range(14):
            a, b = (values[int(draw.integers(max(0, len(values) - 5), len(values)))] for _ in range(2))
            if draw.random() < 0.5:
                values.append(ONES[int(draw.integers(len(ONES)))](a, draw))
            else:
                values.append(TWOS[int(draw.integers(len(TWOS)))](a, b))
        h = values[-1]
        for step in range(int(draw.integers(0, 7))):
            h = ops.tanh(h[:4] @ w * 0.1 + x[step : step + 4] @ w * 0.1 + w[0])
        kind = int(draw.integers(3))
        return h if kind == 0 else h.sum() if kind == 1 else h.mean(1)

    return net


def gradient(net: Any, arrays: Any, sens: bool) -> Any:
    """The unsimplified graph of a network's value and gradients."""
    graph = trace(net, [Tensor(one) for one in arrays]).graph
    return reverse(graph, list(graph.inputs), sens)


@pytest.mark.parametrize("sens", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_random_networks_keep_their_values(seed: int, sens: bool) -> None:
    """With ones and with given weights, to the roundings of sums in another order."""
    draw = np.random.default_rng(seed)
    arrays = [draw.normal(size=(LENGTH, LENGTH)) for _ in range(2)]
    graph = gradient(network(seed), arrays, sens)
    made = optimise(graph)
    given = [draw.normal(size=var.shape) if place > 1 else arrays[place] for place, var in enumerate(graph.inputs)]
    for mine, meant in zip(run(made, given), run(graph, given), strict=True):
        assert (mine.dtype, mine.shape) == (meant.dtype, meant.shape)
        np.testing.assert_allclose(mine, meant, rtol=1e-9, atol=1e-9 * max(1.0, float(np.abs(meant).max())))


@pytest.mark.parametrize("seed", range(30))
def test_what_is_not_finite_stays_so(seed: int) -> None:
    """NaN and infinities in the inputs reach the places that they reached before."""
    draw = np.random.default_rng(seed)
    arrays = [draw.normal(size=(LENGTH, LENGTH)) for _ in range(2)]
    graph = gradient(network(seed), arrays, False)
    made = optimise(graph)
    for value in (np.nan, np.inf):
        arrays[int(draw.integers(2))][int(draw.integers(LENGTH)), int(draw.integers(LENGTH))] = value
        for mine, meant in zip(run(made, arrays), run(graph, arrays), strict=True):
            np.testing.assert_array_equal(np.isfinite(mine), np.isfinite(meant))


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_dtypes_stay(kind: Any) -> None:
    """No rewriting widens or narrows."""
    x = np.random.default_rng(0).normal(size=(40, 40)).astype(kind)
    graph = gradient(lambda a, b: ((a * 2.0) @ b / 3 + a.mean()) ** 3.0, [x, x], False)
    assert [one.dtype for one in run(optimise(graph), [x, x])] == [kind] * 3


def test_guards_stay() -> None:
    """What Python branched on is computed and asked for as before."""

    def net(x: Tensor) -> Tensor:
        return x @ x if (x * 2.0).sum() > 0 else x

    x = np.ones((30, 30))
    graph = optimise(trace(net, [Tensor(x)]).graph)
    assert [one.value for one in graph.guards] == [True]


def test_a_voice_put_in_place_is_not_gone_round() -> None:
    """A product whose voice is another one is computed by that."""
    x = np.ones((32, 32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mg.registered_ops()["MatMul"], "numpy", lambda self, a, b: a @ b * 7.0)
        _, found = mg.compile(lambda x: x @ x, x)(x)
    assert found["x"][0, 0] == 2 * 7 * 32
