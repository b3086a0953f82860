"""How a backward may be handed over, and what is said where it is not clear."""

from __future__ import annotations

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext.errors import ArgumentError, DtypeError, UnknownNameError
from msgrad_ext.handwritten.styles import STYLES

from .arrays import draw

X, W = draw((2, 3), (3, 4))


def forward(x, w):
    return np.tanh(x @ w)


def gradients(dy, x, w):
    dz = dy * (1 - np.tanh(x @ w) ** 2)
    return dz @ w.T, x.T @ dz


def cached(x, w):
    return np.tanh(x @ w), (x, w)


def closure(x, w):
    return np.tanh(x @ w), lambda dy: gradients(dy, x, w)


class Function:
    """In torch's newer style."""

    @staticmethod
    def forward(x, w):
        return np.tanh(x @ w)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, dy):
        return gradients(dy, *ctx.saved_tensors)


class Layer:
    """Keeps its weight in a dict."""

    def __init__(self):
        self.params, self.grads = {"w": W.copy()}, {}

    def forward(self, x):
        self.cache = x
        return forward(x, self.params["w"])

    def backward(self, dy):
        dx, self.grads["w"] = gradients(dy, self.cache, self.params["w"])
        return dx


def scalar(x, w):
    return forward(x, w).sum()


GIVEN = {
    "dy, inputs": (forward, gradients),
    "inputs, dy": (forward, lambda x, w, dy: gradients(dy, x, w)),
    "inputs, out, dy": (forward, lambda x, w, out, dout: gradients(dout, x, w)),
    "dy, out, inputs": (forward, lambda dy, y, x, w: gradients(dy, x, w)),
    "dy, inputs, out": (forward, lambda dy, x, w, y: gradients(dy, x, w)),
    "dy, cache": (cached, lambda dy, cache: gradients(dy, *cache)),
    "cache, dy": (cached, lambda cache, dy: gradients(dy, *cache)),
    "closure": (closure,),
    "makers": (
        forward,
        [lambda y, x, w: lambda g: gradients(g, x, w)[0], lambda y, x, w: lambda g: gradients(g, x, w)[1]],
    ),
    "context": (Function,),
    "inputs": (scalar, lambda x, w: gradients(np.ones((2, 4)), x, w)),
    "value and gradients": (lambda x, w: (scalar(x, w), gradients(np.ones((2, 4)), x, w)),),
}


@pytest.mark.parametrize("style", GIVEN)
def test_style_is_read_from_the_functions(style: str) -> None:
    """Each style is told by its parameters, and by its name."""
    assert mg.check_backward(*GIVEN[style], X, W).verdict == "agree"
    assert mg.check_backward(*GIVEN[style], X, W, style=style).verdict == "agree"


def test_layer_with_parameters() -> None:
    """A layer's parameters are checked where it leaves their gradients."""
    report = mg.check_backward(Layer(), X, parameters={"params.w": "grads.w"})
    assert (report.verdict, report.names) == ("agree", ("x", "params_w"))


def test_every_style_is_tried() -> None:
    """No style is without a test."""
    assert {*GIVEN, "layer"} == set(STYLES)


def test_unclear_style_is_refused() -> None:
    """Where the parameters do not tell, nothing is guessed."""
    with pytest.raises(ArgumentError, match="style="):
        mg.check_backward(forward, lambda a, b, c: gradients(a, b, c), X, W)
    with pytest.raises(ArgumentError, match="any number"):
        mg.check_backward(forward, lambda *given: gradients(*given), X, W)
    with pytest.raises(ValueError, match="There is no style"):
        mg.check_backward(forward, gradients, X, W, style="x")


def test_several_outputs() -> None:
    """Cotangents of several outputs come in a tuple, or one by one."""

    def both(x):
        return np.sin(x), np.cos(x).sum()

    assert mg.check_backward(both, lambda dy, x: dy[0] * np.cos(x) - dy[1] * np.sin(x), X).verdict == "agree"
    apart = mg.check_backward(both, lambda d1, d2, x: d1 * np.cos(x) - d2 * np.sin(x), X)
    assert apart.verdict == "agree"
    assert mg.check_backward(both, lambda d1, d2, x: d1 * np.cos(x) + d2 * np.sin(x), X).verdict == "disagree"


def test_nested_arguments_and_gradients() -> None:
    """Arrays in dicts and lists have gradients of the same structure."""

    def net(x, params):
        return x @ params["w"] * params["scales"][0]

    def back(dy, x, params):
        w, s = params["w"], params["scales"][0]
        return (dy * s) @ w.T, {"w": x.T @ (dy * s), "scales": [(dy * (x @ w)).sum(axis=0)]}

    report = mg.check_backward(net, back, X, {"w": W, "scales": [np.arange(4.0)]})
    assert (report.verdict, report.names) == ("agree", ("x", "params.w", "params.scales_0"))


def test_gradients_in_a_dict() -> None:
    """Gradients may come by name."""
    named = mg.check_backward(forward, lambda dy, x, w: dict(zip(("dx", "w"), gradients(dy, x, w))), X, W)
    assert named.verdict == "agree"
    missing = mg.check_backward(forward, lambda dy, x, w: {"x": gradients(dy, x, w)[0]}, X, W)
    assert "without the gradient of w" in missing["w"].fault.detail


def test_none_is_zero() -> None:
    """No gradient counts as zeros."""
    assert mg.check_backward(lambda x, y: x * 2, lambda dy, x, y: (2 * dy, None), X, X).verdict == "agree"
    assert mg.check_backward(lambda x, y: x * y, lambda dy, x, y: (y * dy, None), X, X).verdict == "disagree"


def test_refused_inputs() -> None:
    """Complex arrays, no arrays and unknown names are refused."""
    with pytest.raises(DtypeError):
        mg.check_backward(np.sin, lambda dy, x: dy, X * 1j)
    with pytest.raises(ArgumentError):
        mg.check_backward(lambda n: n, lambda dy, n: dy, 3)
    with pytest.raises(UnknownNameError):
        mg.check_backward(forward, gradients, X, W, wrt=["z"])
    with pytest.raises(ArgumentError):
        mg.check_backward(forward, gradients)


def test_functions_of_tensors() -> None:
    """Functions written with this package's ops are checked with tensors."""

    def net(x, w):
        return mg.ops.tanh(mg.ops.matmul(x, w))

    def back(dy, x, w):
        dz = dy * (1 - mg.ops.tanh(mg.ops.matmul(x, w)) ** 2)
        return mg.ops.matmul(dz, w.T), mg.ops.matmul(x.T, dz)

    x, w = mg.Tensor(X.astype(np.float32)), mg.Tensor(W.astype(np.float32))
    assert mg.check_backward(net, back, x, w).verdict == "agree"
    off = mg.check_backward(net, lambda dy, x, w: (back(dy, x, w)[0], -back(dy, x, w)[1]), x, w)
    assert (off["x"].status, off["w"].status) == ("agree", "disagree")
