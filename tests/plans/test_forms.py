"""The forms that only large arrays take, tried on small ones: blocks of rows, selections by bits, rooms, filled buffers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from msgrad_ext import Tensor, ops
from msgrad_ext.numeric import chains, plan, selections
from msgrad_ext.numeric.plan import Plan
from msgrad_ext.passes import optimise

from .nets import matrices, network
from .trying import Trial, close, safe, trial

DRAW = np.random.default_rng(21)


@pytest.fixture(params=[6, 48, 400], ids="blocks of {}".format)
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All arrays are large, and blocks so small that there are several, the last one shorter."""
    monkeypatch.setattr(chains, "LARGE", 1)
    monkeypatch.setattr(chains, "_BLOCK", request.param)
    monkeypatch.setattr(chains, "_ROWS", request.param)
    monkeypatch.setattr(selections, "_SHORT", 1)
    plan._CACHE.clear()
    yield
    plan._CACHE.clear()


def draw(*shape: int) -> np.ndarray:
    """Normal numbers."""
    return DRAW.normal(size=shape)


def pairs(x: Any, y: Any) -> Any:
    """Differences of all pairs, with sums along every axis."""
    apart = ops.expand_dims(x, 1) - ops.expand_dims(y, 0)
    near = ops.exp(-ops.reduce_sum(apart * apart, 2))
    return ops.reduce_sum(near * near) + ops.reduce_sum(ops.tanh(ops.reduce_sum(ops.abs(apart), 2)), 0)


def softmaxes(x: Any, y: Any) -> Any:
    """Rows and columns made to shares, with the largest taken off first."""
    return ops.softmax(ops.tanh(x) * 2.0, 1) + ops.softmax(ops.sin(x) + x, 0), ops.reduce_max(ops.exp(x) * x, 1)


def norms(x: Any, y: Any) -> Any:
    """Means and variances over rows, then over columns."""
    for axis in (1, 0):
        centred = x - ops.reduce_mean(x, axis, True)
        x = centred / ops.sqrt(ops.reduce_mean(centred * centred, axis, True) + 0.1)
    return x * ops.reduce_sum(y)


def masks(x: Any, y: Any) -> Any:
    """Selections: of zero, by zero, of two arrays, of numbers; nested."""
    some = ops.where(x > 0, x, ops.zeros_like(x)) + ops.where(x > 0.5, ops.zeros_like(x), ops.sin(x))
    return ops.where(ops.tanh(x) > some, some * x, ops.where(x < -0.5, ops.exp(x), x * 0.25)) + ops.sigmoid(x)


def cube(x: Any, y: Any) -> Any:
    """Sums along one axis and several of three."""
    whole = ops.expand_dims(x, 2) * ops.tanh(ops.reshape(y[0, :4], (1, 1, 4)))
    total = ops.reduce_sum(whole * whole, (0, 2)), ops.reduce_sum(ops.exp(whole * 0.1), 1, True)
    return (*total, ops.reduce_sum(whole, (1, 2)), ops.reduce_mean(whole, (0, 1)))


def windows(x: Any, y: Any) -> Any:
    """Convolutions and pooling of one image, with strides, padding and gaps."""
    image, kernel = ops.reshape(x[:6, :4], (1, 1, 6, 4)), ops.reshape(y[:2, :2], (1, 1, 2, 2))
    first = ops.conv2d(image, kernel, stride=2, pad_mode="pad", padding=1)
    second = ops.conv2d(image, kernel, pad_mode="same", dilation=2)
    return ops.tanh(first), ops.max_pool2d(second, 2, 2), ops.avg_pool2d(ops.relu(second), 2, 1)


def gates(x: Any, y: Any) -> Any:
    """A cell whose gates are slices of one array, with states that are joined."""
    h, states = x[:, :2] * 0.5, []
    for _ in range(4):
        z = ops.concat([h, x[:, 2:4]], 1) @ y[:4, :4]
        h = ops.sigmoid(z[:, :2]) * ops.tanh(z[:, 2:4]) + ops.sigmoid(z[:, 1:3]) * h
        states.append(h)
    return ops.concat(states, 0), ops.concat([ops.sin(h), ops.exp(h), h], 1)


def places(x: Any, y: Any) -> Any:
    """Elements taken by position, some twice."""
    rows = ops.gather(x, Tensor(np.array([[0, 2], [2, 5]])), 0)
    return ops.reduce_sum(rows * rows, (0, 1)), ops.gather_d(y, 1, Tensor(np.zeros((3, 2), np.int64)))


NETS = (pairs, softmaxes, norms, masks, cube, windows, gates, places)


def tried(net: Any, arrays: list[np.ndarray], seed: int | None) -> None:
    """As simplified, and as the passes make it."""
    one = trial(net, arrays, seed)
    safe(one)
    close(Plan(optimise(one.plain), poison=True)(*one.arrays), one.wanted(), one.exact * 10)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("net", NETS, ids=lambda net: net.__name__)
def test_forms(net: Any, seed: int | None) -> None:
    """Each form, with ones and with random weights, poisoned, repeated, and with results written to."""
    tried(net, [draw(11, 5), draw(9, 5)], seed)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("net", NETS, ids=lambda net: net.__name__)
def test_forms_in_single_precision(net: Any) -> None:
    """float32 stays float32."""
    tried(net, [np.asarray(draw(11, 5), np.float32), np.asarray(draw(9, 5), np.float32)], 5)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("seed", range(12))
def test_random_networks_in_blocks(seed: int) -> None:
    """Random networks, all of whose chains run in blocks; the same array for all inputs too."""
    one = trial(network(seed), matrices(seed), seed if seed % 2 else None)
    safe(one)
    if seed % 2 == 0:
        x = matrices(seed)[0]
        safe(Trial(one.plain, (x, x.T, x[::-1])))


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -0.0])
def test_selections_keep_bits(bad: float) -> None:
    """What is not chosen does not show, whatever it is; what is chosen keeps its sign."""
    x = draw(7, 5)
    x[2], x[4, 1] = bad, bad
    one = trial(lambda a, b: (masks(a, b), ops.where(b > 0, a, ops.zeros_like(a))), [x, draw(7, 5)], 2)
    safe(one)
    found = Plan(one.lean)(*one.arrays)[1]
    wanted = np.where(one.arrays[1] > 0, x, 0.0)
    assert found.tobytes() == wanted.tobytes()


def test_wide_loops_over_short_axes() -> None:
    """Differences of many pairs of short rows lie with their last axes exchanged while they are in a block."""
    arrays = [np.asarray(draw(60, 8), np.float32), np.asarray(draw(500, 8), np.float32)]
    one = trial(pairs, arrays, 4)
    assert ".transpose(0, 2, 1)" in Plan(one.lean).fast_source
    assert Plan(one.lean).memory < 60 * 500 * 8 * 4 * 2
    safe(one)


@pytest.mark.parametrize("bad", [np.nan, np.inf], ids=["NaN", "infinity"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_product_with_one_zero_reads_all(bad: float, dtype: Any) -> None:
    """A matrix of one number times a row or a column: zero times what is not finite is NaN."""
    zero, row = np.zeros((1, 1), dtype), np.array([[1, bad, 2]], dtype)

    def net(x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, ...]:
        return ops.matmul(x, y), ops.matmul(z, x)

    one = trial(net, [zero, row, row.T.copy()], 2)
    close(Plan(one.lean)(*one.arrays), one.wanted(), one.exact)
    assert np.isnan(Plan(one.lean)(*one.arrays)[0][0, 1])
