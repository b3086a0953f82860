"""Layers and ops that draw numbers, and running statistics: what a call draws or changes, and how often."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import nn, ops
from msgrad_ext.tensor import Tensor

ONES = np.ones((30, 40), np.float32)
IMAGES = np.ones((6, 8, 2, 3), np.float32)


@pytest.mark.parametrize("layer", [nn.Dropout(p=0.25), nn.Dropout(keep_prob=0.75)])
def test_dropout_drops_the_share_and_keeps_the_mean(layer: nn.Cell) -> None:
    """Kept elements are divided by what is kept."""
    found = layer.set_train()(Tensor(ONES)).asnumpy()
    assert set(np.unique(found)) == {np.float32(0), np.float32(1 / 0.75)}
    # Four standard deviations of the mean of 1200 draws.
    assert abs(found.mean() - 1) < 4 * np.sqrt(0.25 / 0.75 / found.size)


def test_dropout_in_evaluation_is_the_identity() -> None:
    """The very tensor."""
    x = Tensor(ONES)
    assert all(layer(x) is x for layer in (nn.Dropout(p=0.5), nn.Dropout2d(0.5), nn.Dropout1d(0.5), nn.Dropout3d(0.5)))


def test_dropouts_backward_sees_the_forwards_mask() -> None:
    """The gradient is what the value was multiplied by."""
    layer = nn.Dropout(p=0.5).set_train()
    value, gradients = mg.compile(lambda x: ops.reduce_sum(layer(x) * x), ONES)(ONES)
    assert float(value) == pytest.approx(gradients["x"].sum() / 2)


def test_dropout_draws_anew_at_every_call() -> None:
    """Also when the gradient was compiled."""
    layer = nn.Dropout(p=0.5).set_train()
    plan = mg.compile(layer, ONES)
    first, second = (plan(ONES) for _ in range(2))
    assert (first[0] != second[0]).any()
    for value, gradients in (first, second):
        np.testing.assert_array_equal(value, gradients["x"])


def test_set_seed_makes_the_same_masks_come_again() -> None:
    """And numpy's own generator is not touched."""
    state = str(np.random.get_state())
    found = []
    for _ in range(2):
        mg.set_seed(5)
        found.append(ops.dropout(Tensor(ONES)).asnumpy())
    assert (found[0] == found[1]).all() and str(np.random.get_state()) == state


@pytest.mark.parametrize(
    ("network", "x", "axes"),
    [
        (lambda x: ops.dropout1d(x, 0.5), IMAGES[:, :, 0], 2),
        (lambda x: ops.dropout2d(x, 0.5), IMAGES, 2),
        (lambda x: ops.dropout3d(x, 0.5), IMAGES[..., None], 2),
        (lambda x: ops.Dropout2D(0.5)(x)[0], IMAGES, 2),
        (lambda x: ops.Dropout3D(0.5)(x)[0], IMAGES[..., None], 2),
    ],
)
def test_channels_are_dropped_as_wholes(network: Any, x: np.ndarray, axes: int) -> None:
    """Each is 0 or doubled."""
    found = network(Tensor(x)).asnumpy()
    by_channel = found.reshape(*found.shape[:axes], -1)
    assert set(np.unique(by_channel)) == {0, 2} and (by_channel == by_channel[..., :1]).all()


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda x: ops.dropout(x, 1.0), ValueError),
        (lambda x: ops.dropout(x, -0.5), ValueError),
        (lambda x: ops.dropout(x, 1), TypeError),
        (lambda x: ops.dropout(x, "a"), TypeError),
        (lambda x: ops.dropout1d(ops.reshape(x, (2, 3, 2, 100))), ValueError),
        (lambda x: ops.dropout2d(x), ValueError),
        (lambda x: ops.Dropout(0.0)(x), ValueError),
        (lambda x: ops.dropout(3.0), TypeError),
    ],
)
def test_dropout_refuses(call: Any, kind: type) -> None:
    """Probabilities of a wrong kind or size, inputs of a wrong rank."""
    with pytest.raises(kind, match="For '"):
        call(Tensor(ONES))


def test_leaky_units_with_drawn_slopes() -> None:
    """The slope below 0 is between the bounds, and the gradient is that slope."""
    layer = nn.RReLU(0.1, 0.3)
    x = np.array([-1.0, 2.0])
    value, gradients = mg.compile(lambda x: ops.reduce_sum(layer(x)), x)(x)
    slope, above = gradients["x"].tolist()
    assert 0.1 <= slope <= 0.3 and above == 1 and float(value) == pytest.approx(2 - slope)


# Running statistics ------------------------------------------------------------------------------------------------

BATCH = np.array([[1.0, 2.0], [3.0, 6.0], [8.0, 1.0]], np.float32)


def moved(times: int) -> np.ndarray:
    """The running mean and variance after so many batches, by their definition: the variance is the unbiased one."""
    state = np.array([[0.0, 0.0], [1.0, 1.0]])
    for _ in range(times):
        state = 0.9 * state + 0.1 * np.array([BATCH.mean(0), BATCH.var(0, ddof=1)])
    return state


def statistics(layer: Any) -> np.ndarray:
    """The running mean and variance."""
    return np.array([layer.moving_mean.asnumpy(), layer.moving_variance.asnumpy()])


@pytest.mark.parametrize(
    ("run", "times"),
    [
        (lambda layer: layer(Tensor(BATCH)), 1),
        (lambda layer: [layer(Tensor(BATCH)) for _ in range(3)], 3),
        (lambda layer: ops.GradOperation()(layer)(Tensor(BATCH)), 1),
        (lambda layer: [ops.GradOperation()(layer)(Tensor(BATCH)) for _ in range(2)], 2),
        (lambda layer: mg.check(layer, BATCH), 0),
    ],
)
def test_training_moves_the_statistics_once_a_call(run: Any, times: int) -> None:
    """Whether the call is for a value or a gradient; a check is no call, and leaves them."""
    layer = nn.BatchNorm1d(2).set_train()
    run(layer)
    np.testing.assert_allclose(statistics(layer), moved(times), rtol=1e-6)


def test_a_compiled_gradient_moves_the_statistics_too() -> None:
    """At each of its calls."""
    layer = nn.BatchNorm1d(2).set_train()
    plan = mg.compile(layer, BATCH)
    before = statistics(layer)
    plan(BATCH)
    np.testing.assert_allclose(statistics(layer), 0.9 * before + moved(1) - 0.9 * moved(0), rtol=1e-6)


def test_evaluation_uses_the_statistics_and_leaves_them() -> None:
    """The network that was trained is another one when it is evaluated."""
    layer = nn.BatchNorm1d(2, eps=0.0).set_train()
    layer(Tensor(BATCH))
    mean, variance = statistics(layer)
    np.testing.assert_allclose(
        layer.set_train(False)(Tensor(BATCH)).asnumpy(), (BATCH - mean) / np.sqrt(variance), rtol=1e-6
    )
    np.testing.assert_allclose(statistics(layer), [mean, variance])


def test_the_statistics_need_parameters_in_training() -> None:
    """A plain tensor can not be moved."""
    two = Tensor(np.ones(2, np.float32))
    with pytest.raises(TypeError, match="Parameter"):
        ops.BatchNorm(is_training=True)(Tensor(BATCH), two, two, two, two)
