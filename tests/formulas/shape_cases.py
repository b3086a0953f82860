"""Networks whose code does arithmetic with lengths: name, function, shapes in letters, and lengths to try them at.

The lengths to try differ from all that a derivation traces a network at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from msgrad_ext import Parameter, Tensor, nn, ops


@dataclass(frozen=True)
class ShapeCase:
    """A network, its shapes, lengths that it is tried at, and notes that its formulas must have."""

    name: str
    network: Any
    shapes: dict[str, tuple[Any, ...]]
    sizes: dict[str, int]
    notes: tuple[str, ...] = ()
    letters: dict[str, str] = field(default_factory=dict)


def heads(x: Any, w: Any, h: int) -> Any:
    """Attention with ``h`` heads."""
    b, n, d = x.shape
    q = (x @ w).reshape(b, n, h, d // h).transpose(0, 2, 1, 3)
    p = ops.softmax(q @ q.swapaxes(-1, -2) / math.sqrt(d // h), -1)
    return (p @ q).transpose(0, 2, 1, 3).reshape(b, n, d).tanh().sum()


def standardised(x: Any) -> Any:
    """Columns of mean 0 and unbiased variance 1."""
    n = x.shape[0]
    centred = x - x.sum(0) / n
    return (centred / ops.sqrt((centred * centred).sum(0) / (n - 1))).exp().sum()


def causal(x: Any) -> Any:
    """Self-attention that sees the past only."""
    n, d = x.shape
    mask = Tensor(np.triu(np.full((n, n), -1e9), 1)).astype(x.dtype)
    return (ops.softmax(x @ x.T / d**0.5 + mask, -1) @ x).exp().mean()


def gated(a: Any, b: Any) -> Any:
    """One half gates the other."""
    return (a * ops.sigmoid(b)).sum()


def rotary(x: Any) -> Any:
    """Halves of each row exchanged, one with its sign turned."""
    h = x.shape[1] // 2
    return (ops.concat([-x[:, h:], x[:, :h]], 1) * x).exp().sum()


def gram(x: Any) -> Any:
    """The Gram matrices of the channels of images."""
    f = x.reshape(x.shape[0], x.shape[1], -1)
    return ((f @ f.swapaxes(1, 2)) / f.shape[2]).tanh().sum()


def centred(x: Any) -> Any:
    """The centring matrix applied."""
    m = x.shape[0]
    return ((ops.eye(m).astype(x.dtype) - ops.ones((m, m), x.dtype) / m) @ x).exp().sum()


def three(x: Any, y: Any, z: Any) -> Any:
    """Three vectors joined."""
    a = ops.concat([x, y, z])
    return ops.softmax(a, -1) @ a / a.shape[0]


def kronecker(x: Any, y: Any) -> Any:
    """The Kronecker product by a reshape."""
    (m, k), (p, q) = x.shape, y.shape
    return (x[:, None, :, None] * y[None, :, None, :]).reshape(m * p, k * q).exp().sum()


NEEDED = "since the network needs it"


class Scaled(nn.Cell):
    """A layer of 4 to 3 that divides by the number of rows."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = Parameter(Tensor(np.linspace(-1, 1, 12).reshape(4, 3).astype(np.float32)), name="weight")

    def construct(self, x: Any) -> Any:
        """The mean over rows of tanh(x W)."""
        return ops.tanh(x @ self.weight.astype(x.dtype)).sum() / x.shape[0]


MK, V = ("m", "k"), ("n",)
S23 = {"m": 4, "k": 3}


def case(
    name: str, network: Any, shapes: dict[str, tuple[Any, ...]], notes: tuple[str, ...] = (), **sizes: int
) -> ShapeCase:
    """A case in short."""
    return ShapeCase(name, network, shapes, sizes, notes)


X, XV, X3 = {"x": MK}, {"x": V}, {"x": ("b", "n", "d")}
X4 = {"x": ("b", "c", "h", "w")}
CASES = [
    case("flat", lambda x: ops.exp(x.reshape(-1)).sum(), X, m=4, k=3),
    case("flat by rows", lambda x: ops.exp(x.reshape(x.shape[0], -1)).sum(), X3, b=2, n=3, d=4),
    case("flat by size", lambda x: ops.tanh(x.reshape(x.size)).sum(), X, m=4, k=3),
    case(
        "rows joined",
        lambda x: ops.exp(x.reshape(x.shape[0] * x.shape[1], x.shape[2])).sum(0).tanh().sum(),
        X3,
        b=2,
        n=3,
        d=4,
    ),
    case("flatten layer", lambda x: ops.exp(ops.flatten(x)).sum(1).tanh().sum(), X4, b=2, c=3, h=2, w=4),
    case("column", lambda x: (x.reshape(-1, 1) * x.reshape(1, -1)).exp().sum(), XV, n=4),
    case("view as", lambda x, y: (x.reshape(y.shape) * y).exp().sum(), {"x": ("m", 1, "k"), "y": MK}, m=2, k=3),
    case("mean by length", lambda x: (x * x).sum() / x.shape[0], XV, n=4),
    case("mean by size", lambda x: ops.exp(x).sum() / x.size, X, m=4, k=3),
    case("mean by product", lambda x: ops.exp(x).sum() / (x.shape[0] * x.shape[1]), X, m=4, k=3),
    case("times length", lambda x: ops.exp(x).sum() * x.shape[1], X, m=4, k=3),
    case("inverse length", lambda x: ops.exp(x).sum() * (1 / x.shape[1]), X, m=4, k=3),
    case("root of length", lambda x: ops.softmax(x / math.sqrt(x.shape[-1]), -1).exp().sum(), X, m=4, k=3),
    case("one over root", lambda x: ops.exp(x * x.shape[-1] ** -0.5).sum(), X, m=4, k=3),
    case("numpy root", lambda x: ops.exp(x / np.sqrt(x.shape[-1])).sum(), X, m=4, k=3),
    case("logarithm of length", lambda x: ops.exp(x).sum() / math.log(x.shape[0]), X, m=4, k=3),
    case("length less one", lambda x: (x * x).sum() / (x.shape[0] - 1), XV, n=4),
    case("Bessel", lambda x: ops.exp(x).sum() * (x.shape[0] / (x.shape[0] - 1)), XV, n=4),
    case("pairs", lambda x: ops.exp(x).sum() * 2 / (x.shape[0] * (x.shape[0] - 1)), XV, n=4),
    case(
        "ridge of length",
        lambda x, w: ((x @ w) ** 2).sum() / (2 * x.shape[0]) + 0.5 * (w * w).sum(),
        {"x": MK, "w": ("k",)},
        m=4,
        k=3,
    ),
    case("standardised", standardised, X, m=4, k=3),
    case("whole minus mean", lambda x: ops.exp(x - x.sum(-1, keepdims=True) / x.shape[-1]).sum(), X, m=4, k=3),
    case(
        "broadcast to", lambda x, b: ops.exp(ops.broadcast_to(b, x.shape) * x).sum(), {"x": MK, "b": ("k",)}, m=4, k=3
    ),
    case(
        "expand",
        lambda x, b: ops.exp(b.reshape(-1, 1).expand(-1, x.shape[1]) * x).sum(),
        {"x": MK, "b": ("m",)},
        m=4,
        k=3,
    ),
    case("tile", lambda b: ops.exp(ops.tile(b, (b.shape[0], 1))).sum(), {"b": V}, n=4),
    case("stack", lambda x, y: ops.exp(ops.stack([x, y], 1)).sum(0).tanh().sum(), {"x": V, "y": V}, n=4),
    case("without first", lambda x: ((x[1:] - x[:-1]) ** 2).sum(), XV, n=4),
    case("smoothness", lambda x: ((x[2:] - 2 * x[1:-1] + x[:-2]) ** 2).sum(), XV, n=6),
    case("total variation", lambda x: ops.abs(x[1:] - x[:-1]).sum() + ops.abs(x[:, 1:] - x[:, :-1]).sum(), X, m=4, k=3),
    case("first columns", lambda x: ops.exp(x[:, :2]).sum(), X, ("for k >= 2",), m=4, k=3),
    case("first ten", lambda x: ops.exp(x[:10]).sum(), XV, ("for n >= 10",), n=14),
    case("last three", lambda x: ops.exp(x[-3:]).sum(), XV, ("for n >= 3",), n=4),
    case(
        "columns of another",
        lambda x, y: (x[:, : y.shape[0]] * y).exp().sum(),
        {"x": MK, "y": ("n",)},
        ("for k >= n",),
        m=4,
        k=6,
        n=3,
    ),
    case("last", lambda x: (x[-1] * x[0]).exp().sum(), X, m=4, k=3),
    case("reversed", lambda x: (x[::-1] * x).exp().sum(), XV, n=4),
    case("every second", lambda x: ops.exp(x[::2]).sum(), XV, ("for n divisible by 2",), n=4),
    case("even and odd", lambda x: (x[::2] * x[1::2]).exp().sum(), XV, ("for n divisible by 2",), n=8),
    case(
        "halves",
        lambda x: (x[:, : x.shape[1] // 2] * x[:, x.shape[1] // 2 :]).exp().sum(),
        X,
        ("for k divisible by 2",),
        m=3,
        k=4,
    ),
    case(
        "split",
        lambda x: (lambda a, b: (a * ops.sigmoid(b)).sum())(*ops.split(x, x.shape[1] // 2, axis=1)),
        X,
        ("for k divisible by 2",),
        m=3,
        k=4,
    ),
    case(
        "chunk",
        lambda x: (lambda a, b: (a * ops.sigmoid(b)).sum())(*ops.chunk(x, 2, axis=1)),
        X,
        ("for k divisible by 2",),
        m=3,
        k=4,
    ),
    case("in pairs", lambda x: ops.exp(x.reshape(-1, 2)).sum(0).tanh().sum(), XV, ("for n divisible by 2",), n=8),
    case(
        "rotary",
        lambda x: (lambda h: ops.concat([-x[:, h:], x[:, :h]], 1) * x)(x.shape[1] // 2).exp().sum(),
        X,
        ("for k divisible by 2",),
        m=3,
        k=4,
    ),
    case(
        "heads",
        lambda x, w: heads(x, w, 2),
        {"x": ("b", "n", "d"), "w": ("d", "d")},
        ("for d divisible by 2",),
        b=2,
        n=3,
        d=4,
    ),
    case(
        "channels last",
        lambda x: ops.exp(x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])).sum(0).tanh().sum(),
        X4,
        b=2,
        c=3,
        h=2,
        w=4,
    ),
    case(
        "groups",
        lambda x: ops.exp(x.reshape(x.shape[0], 2, -1)).sum(-1).tanh().sum(),
        X,
        ("for k divisible by 2",),
        m=3,
        k=4,
    ),
    case(
        "pixels",
        lambda x: (x.reshape(x.shape[0], x.shape[1], -1).sum(-1) / (x.shape[2] * x.shape[3])).exp().sum(),
        X4,
        b=2,
        c=3,
        h=2,
        w=4,
    ),
    case(
        "gram of channels",
        gram,
        X4,
        b=2,
        c=3,
        h=2,
        w=4,
    ),
    case(
        "ones column",
        lambda x: ops.softmax(ops.concat([x, ops.ones((x.shape[0], 1), x.dtype)], 1), -1)[:, 0].exp().sum(),
        X,
        m=4,
        k=3,
    ),
    case("ones of the shape", lambda x: ops.exp(x * ops.ones(x.shape, x.dtype)).sum(), X, m=4, k=3),
    case("sum by ones", lambda x: (ops.ones((1, x.shape[0]), x.dtype) @ x).exp().sum(), X, m=4, k=3),
    case(
        "centring matrix",
        lambda x: (
            ((ops.eye(x.shape[0]).astype(x.dtype) - ops.ones((x.shape[0], x.shape[0]), x.dtype) / x.shape[0]) @ x)
            .exp()
            .sum()
        ),
        X,
        m=4,
        k=3,
    ),
    case("ridge by eye", lambda a: ops.logdet(a @ a.T + ops.eye(a.shape[0]).astype(a.dtype)), {"a": MK}, m=3, k=4),
    case("weights by place", lambda x: (x * ops.arange(x.shape[0]).astype(x.dtype)).exp().sum(), XV, n=4),
    case("linspace", lambda x: (x * Tensor(np.linspace(0, 1, x.shape[0]).astype(np.float32))).exp().sum(), XV, n=4),
    case(
        "lower triangle",
        lambda x: (x * Tensor(np.tril(np.ones(x.shape, np.float32)))).exp().sum(),
        {"x": ("n", "n")},
        n=4,
    ),
    case("upper triangle", lambda x: (x * Tensor(np.triu(np.ones(x.shape, np.float32), 1))).exp().sum(), X, m=4, k=3),
    case("causal", causal, {"x": ("n", "d")}, n=4, d=3),
    case("padded", lambda x: ops.exp(ops.pad(x, (1, 2))).sum(), X, m=4, k=3),
    case("padded to twice", lambda x: (ops.pad(x, (0, x.shape[0])) ** 2).exp().sum(), XV, n=4),
    case(
        "concat",
        lambda x, y: (lambda z: ops.exp(z).sum() / z.shape[0])(ops.concat([x, y], 0)),
        {"x": ("m",), "y": ("n",)},
        m=4,
        n=3,
    ),
    case(
        "concat of three",
        three,
        {"x": ("m",), "y": ("n",), "z": ("k",)},
        m=4,
        n=3,
        k=2,
    ),
    case(
        "outer flat",
        lambda x, y: ops.exp((x.reshape(-1, 1) * y).reshape(-1)).sum(),
        {"x": ("m",), "y": ("n",)},
        m=4,
        n=3,
    ),
    case(
        "Kronecker",
        lambda x, y: (
            (x[:, None, :, None] * y[None, :, None, :])
            .reshape(x.shape[0] * y.shape[0], x.shape[1] * y.shape[1])
            .exp()
            .sum()
        ),
        {"x": MK, "y": ("p", "q")},
        m=2,
        k=3,
        p=4,
        q=2,
    ),
    case(
        "equal letters",
        lambda x, y: (x @ y).exp().sum(),
        {"x": MK, "y": ("n", "p")},
        (f"n = k, {NEEDED}",),
        m=2,
        k=3,
        n=3,
        p=4,
    ),
    case(
        "two equal letters",
        lambda x, y: (x * y).exp().sum(),
        {"x": MK, "y": ("n", "p")},
        (f"n = m, {NEEDED}", f"p = k, {NEEDED}"),
        m=2,
        k=3,
        n=2,
        p=3,
    ),
    case("length of a parameter", Scaled(), X, (f"k = 4, {NEEDED}",), m=2, k=4),
    case("dropped axis", lambda x: (x[:, 0] * x[:, 1:].sum(1)).exp().sum(), X, m=4, k=3),
    case("negative log of count", lambda x: -ops.log(ops.exp(x).sum(-1) / x.shape[-1]).sum(), X, m=4, k=3),
    case("quadratic in length", lambda x: x.sum() ** 2 / x.shape[0] ** 2 + (x * x).sum(), XV, n=4),
    case(
        "windows",
        lambda x: sum(ops.exp(x[i : x.shape[0] - 2 + i] * x[: x.shape[0] - 2]).sum() for i in range(3)),
        XV,
        n=6,
    ),
]
