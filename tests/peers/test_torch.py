"""Gradients of a few dozen networks against torch in float64; torch is installed in an environment of its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import ops

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peers

MINE = SimpleNamespace(
    sin=ops.sin, cos=ops.cos, exp=ops.exp, log=ops.log, tanh=ops.tanh, sigmoid=ops.sigmoid, relu=ops.relu, sqrt=ops.sqrt,
    abs=ops.abs, where=ops.where, maximum=ops.maximum, minimum=ops.minimum, reciprocal=ops.reciprocal, square=ops.square,
    softmax=lambda a, axis: ops.softmax(a, axis), log_softmax=lambda a, axis: ops.log_softmax(a, axis),
    sum=lambda a, axis, keep=False: ops.reduce_sum(a, axis, keep), mean=lambda a, axis: ops.reduce_mean(a, axis),
    amax=lambda a, axis: ops.reduce_max(a, axis), cat=lambda parts, axis: ops.concat(parts, axis),
    stack=lambda parts, axis: ops.stack(parts, axis), move=lambda a, *axes: ops.transpose(a, axes),
    grow=lambda a, *shape: ops.broadcast_to(a, shape), stop=ops.stop_gradient,
    cross_entropy=ops.softmax_cross_entropy_with_logits,
)  # fmt: skip
THEIRS = SimpleNamespace(
    sin=torch.sin, cos=torch.cos, exp=torch.exp, log=torch.log, tanh=torch.tanh, sigmoid=torch.sigmoid, relu=torch.relu,
    sqrt=torch.sqrt, abs=torch.abs, where=torch.where, maximum=torch.maximum, minimum=torch.minimum,
    reciprocal=torch.reciprocal, square=torch.square,
    softmax=torch.softmax, log_softmax=torch.log_softmax,
    sum=lambda a, axis, keep=False: torch.sum(a, axis, keep), mean=torch.mean,
    amax=lambda a, axis: torch.amax(a, axis), cat=torch.cat, stack=torch.stack,
    move=lambda a, *axes: a.permute(axes), grow=lambda a, *shape: a.expand(*shape), stop=lambda a: a.detach(),
    cross_entropy=lambda a, b: -(b.detach() * torch.log_softmax(a, 1)).sum(1),
)  # fmt: skip

# Networks of a library `f` and two (3, 4) inputs; y is positive.
NETWORKS: dict[str, Any] = {
    "product": lambda f, x, y: x * y,
    "quotient": lambda f, x, y: x / y,
    "power": lambda f, x, y: y**x,
    "square of a difference": lambda f, x, y: f.square(x - y),
    "broadcast row": lambda f, x, y: x * y[0],
    "broadcast column": lambda f, x, y: x * y[:, :1],
    "broadcast scalar": lambda f, x, y: x * y[0, 0],
    "outer": lambda f, x, y: x[:, :1] * y[:1],
    "waves": lambda f, x, y: f.sin(x * y) + f.cos(x / y),
    "exp log": lambda f, x, y: f.exp(f.log(y) * x),
    "root": lambda f, x, y: f.sqrt(y + f.square(x)),
    "reciprocal": lambda f, x, y: f.reciprocal(y) * x,
    "saturating": lambda f, x, y: f.tanh(x) * f.sigmoid(y),
    "kinks": lambda f, x, y: f.relu(x) + f.abs(x) * y,
    "extremes": lambda f, x, y: f.maximum(x, y) * f.minimum(x, y * 0.5),
    "branches": lambda f, x, y: f.where(x > 0, f.exp(x), x * y),
    "matmul": lambda f, x, y: x @ f.move(y, 1, 0),
    "gram": lambda f, x, y: f.tanh(f.move(x, 1, 0) @ x) * 0.5,
    "quadratic form": lambda f, x, y: x[0] @ (f.move(y, 1, 0) @ y) @ x[0],
    "batched": lambda f, x, y: f.stack([x, y], 0) @ f.move(f.stack([y, x], 0), 0, 2, 1),
    "softmax": lambda f, x, y: f.softmax(x, 1) * y,
    "softmax by columns": lambda f, x, y: f.softmax(x * y, 0) * x,
    "log softmax": lambda f, x, y: f.log_softmax(x, -1) * y,
    "cross entropy": lambda f, x, y: f.cross_entropy(x, f.stop(y / f.sum(y, 1, True))),
    "mean": lambda f, x, y: f.mean(x * y, 0) * 3.0,
    "variance": lambda f, x, y: f.mean(f.square(x - f.sum(x, 1, True) * 0.25), 1),
    "normalized": lambda f, x, y: x / f.sqrt(f.sum(x * x, 1, True)) * y,
    "maximum of rows": lambda f, x, y: f.amax(x * y, 1),
    "logsumexp": lambda f, x, y: f.log(f.sum(f.exp(x), 1)),
    "slices": lambda f, x, y: x[1:, ::2] * y[:2, 1::2],
    "joined": lambda f, x, y: f.cat([x, y, x], 1) ** 2.0,
    "stacked": lambda f, x, y: f.sum(f.stack([x, y], 1), 0) * x[:2],
    "moved": lambda f, x, y: f.move(f.stack([x, y], 0), 2, 0, 1) ** 3.0,
    "grown": lambda f, x, y: f.grow(x[:1], 3, 4) * y,
    "stopped": lambda f, x, y: f.stop(x) * x + f.stop(f.sin(y)) * y + x * x * y,
    "attention": lambda f, x, y: f.softmax(x @ f.move(y, 1, 0) * 0.5, -1) @ y,
    "two layers": lambda f, x, y: f.tanh(f.relu(x @ f.move(y, 1, 0)) @ x),
    "shared": lambda f, x, y: f.exp(x) * f.exp(x) + x * f.exp(x) * y,
    "deep": lambda f, x, y: f.sin(f.sin(f.sin(f.sin(f.sin(x * y) * y) * y) * y) * y),
}


def data() -> tuple[np.ndarray, np.ndarray]:
    """Two inputs away from kinks."""
    draw = np.random.default_rng(5)
    return draw.uniform(0.2, 1.5, (3, 4)) * draw.choice([-1, 1], (3, 4)), draw.uniform(0.3, 2.0, (3, 4))


def theirs(network: Any, arrays: tuple[np.ndarray, ...], order: int) -> list[np.ndarray]:
    """torch's gradients of the output's sum, or of the sum of those gradients."""
    inputs = [torch.tensor(array, requires_grad=True) for array in arrays]
    total = network(THEIRS, *inputs).sum()
    for step in range(order):
        found = torch.autograd.grad(total, inputs, create_graph=True, materialize_grads=True)
        if step < order - 1:
            total = sum(one.sum() for one in found)
    return [one.detach().numpy() for one in found]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradient_equals_torchs(name: str, order: int) -> None:
    """To 1e-11 of the largest entry, in float64, at first and second order."""
    network, arrays = NETWORKS[name], data()
    report = mg.check(lambda x, y: network(MINE, x, y), *arrays, order=order)
    if report.verdict == "unchecked":
        pytest.skip("the gradient is a constant")
    for mine, other in zip([report["x"].value, report["y"].value], theirs(network, arrays, order), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-11, atol=1e-11 * max(1.0, np.abs(other).max()))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_check_agrees_too(name: str) -> None:
    """What equals torch's gradient is not called wrong."""
    network = NETWORKS[name]
    assert mg.check(lambda x, y: network(MINE, x, y), *data()).verdict in ("agree", "ill-conditioned")
