"""The check keeps quiet where nothing is wrong: clean networks, many seeds, every float dtype, equivalent rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.tensor import Tensor


class Mlp(nn.Cell):
    """Two layers and a loss."""

    def __init__(self, kind: Any, seed: int) -> None:
        super().__init__()
        draw = np.random.default_rng(seed).normal
        self.w1, self.b1 = Parameter(draw(size=(3, 4)).astype(kind)), Parameter(draw(size=4).astype(kind))
        self.w2 = Parameter(draw(size=(4, 2)).astype(kind))

    def construct(self, x: Tensor, y: Tensor) -> Tensor:
        hidden = ops.tanh(ops.matmul(x, self.w1) + self.b1)
        return ops.softmax_cross_entropy_with_logits(ops.matmul(hidden, self.w2), y).mean()


def classes(kind: Any) -> np.ndarray:
    """One-hot labels of five rows."""
    return np.eye(2, dtype=kind)[[0, 1, 1, 0, 1]]


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("seed", range(6))
def test_an_mlp_is_clean_at_every_seed(kind: str, seed: int) -> None:
    """An MLP's gradients are never called wrong, in any float dtype, at any data."""
    x = np.random.default_rng(seed + 100).normal(size=(5, 3)).astype(kind)
    report = mg.check(Mlp(kind, seed), x, classes(kind), wrt=["x", "w1", "b1", "w2"], seed=seed)
    assert report.verdict == "agree"


PROBES: dict[str, Callable[..., Any]] = {
    "mse": lambda x, y: ((x @ y.T) ** 2).mean(),
    "logsumexp": lambda x, y: ops.log(ops.exp(x * y).sum(1)),
    "normalized": lambda x, y: x / ops.sqrt((x * x).sum(1, True) + 1e-3) * y,
    "bilinear": lambda x, y: (ops.sigmoid(x) @ ops.transpose(y, (1, 0))).sum(),
    "slices": lambda x, y: ops.concat([x[1:], y[:1] * 2.0], 0) * x,
    "branches": lambda x, y: ops.where(x > y, x * y, ops.sin(x)),
    "quotient": lambda x, y: x / (y * y + 1.0) - y,
    "softmax": lambda x, y: ops.softmax(x * 3.0) * y,
    "max": lambda x, y: ops.reduce_max(x * y, 1),
}


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", PROBES)
def test_smooth_probes_are_clean(name: str, kind: str) -> None:
    """A correct gradient at a smooth point is never called wrong, whatever the seed."""
    for seed in range(3):
        draw = np.random.default_rng(seed).normal
        x, y = draw(size=(3, 4)).astype(kind), draw(size=(3, 4)).astype(kind)
        assert mg.check(PROBES[name], x, y, seed=seed).verdict in ("agree", "ill-conditioned")


@pytest.mark.parametrize("seed", range(20))
def test_the_seed_of_the_check_changes_no_verdict(seed: int) -> None:
    """Random weights, directions and roundings of any seed give the same verdict."""
    x = np.array([[0.3, -1.2], [2.0, 0.7]])
    assert mg.check(lambda x: ops.exp(x) @ x, x, seed=seed).verdict == "agree"


@pytest.mark.parametrize("axis", [0, -1])
def test_a_gradient_that_is_zero_by_cancellation_agrees(axis: int) -> None:
    """The rows of a softmax sum to one: the second derivative of their sum is rounding only, and no alarm."""
    x = np.random.default_rng(0).normal(size=(2, 3))
    assert mg.check(lambda x: ops.softmax(x, axis), x, order=2).verdict == "agree"


@pytest.mark.parametrize("scale", [1e-90, 1e-30, 1e-8, 1e8, 1e90])
@pytest.mark.parametrize("name", ["square", "cube", "cube plus one"])
def test_the_size_of_the_data_raises_no_alarm(name: str, scale: float) -> None:
    """Powers of very large or very small numbers agree."""
    network = {"square": lambda x: x * x * 0.5, "cube": lambda x: x * x * x, "cube plus one": lambda x: x * x * x + 1.0}
    assert mg.check(network[name], np.array([1.1, -2.3]) * scale).verdict == "agree"


EQUIVALENT: dict[str, tuple[Any, Any]] = {
    "Mul": (lambda self, ct, out, a, b: (b * ct, a * ct), lambda x, y: x * y),
    "Div": (lambda self, ct, out, a, b: (ct * (1 / b), -(ct * a) / (b * b)), lambda x, y: x / y),
    "Tanh": (lambda self, ct, out, a: ct - ct * out * out, lambda x, y: ops.tanh(x) * y),
    "Sigmoid": (lambda self, ct, out, a: ct * out - ct * out * out, lambda x, y: ops.sigmoid(x) * y),
    "Square": (lambda self, ct, out, a: (a + a) * ct, lambda x, y: ops.square(x) * y),
    "Sqrt": (lambda self, ct, out, a: 0.5 * ct / ops.sqrt(a), lambda x, y: ops.sqrt(x * x + 1.0) * y),
    "Exp": (lambda self, ct, out, a: ops.exp(a) * ct, lambda x, y: ops.exp(x) * y),
    "Log": (lambda self, ct, out, a: ct * (1 / a), lambda x, y: ops.log(x * x + 1.0) * y),
    "ReduceSum": (lambda self, ct, out, a: ops.ones_like(a) * self.kept(ct, a), lambda x, y: ops.reduce_sum(x * y)),
    "MatMul": (lambda self, ct, out, a, b: ((b @ ct.T).T, (ct.T @ a).T), lambda x, y: x @ y),
}


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("name", EQUIVALENT)
def test_a_rule_rewritten_equivalently_is_not_flagged(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check judges what a rule computes, not how it is written."""
    rule, network = EQUIVALENT[name]
    monkeypatch.setattr(mg.registered_ops()[name], "vjp", rule)
    x, y = np.random.default_rng(3).normal(size=(2, 3, 3)).astype(kind)
    assert mg.check(network, x, y + 3).verdict == "agree"


@pytest.mark.parametrize("divisor", [0.7, 2**0.5, np.array([0.3, 0.6, 1.1])], ids=["number", "root", "array"])
def test_dividing_by_a_constant_is_no_alarm(divisor: Any) -> None:
    """Its reciprocal is taken in as many digits as the rest of the formula."""
    constant = Tensor(divisor) if isinstance(divisor, np.ndarray) else divisor
    assert mg.check(lambda x: (x / constant) ** 2, np.array([0.3, -0.5, 2.0])).verdict == "agree"
