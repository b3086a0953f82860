"""The networks on which lies are told: small, smooth at their data, and each with another shape of backward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.ops import GradOperation
from msgrad_ext.tensor import Tensor


def drawn(*shape: int, seed: int = 0, scale: float = 1.0, kind: str = "float64") -> np.ndarray:
    """Normal numbers of an own generator."""
    return (np.random.default_rng((seed, *shape)).normal(size=shape) * scale).astype(kind)


class Mlp(nn.Cell):
    """Two dense layers under a softmax cross entropy."""

    def __init__(self, kind: str = "float64") -> None:
        super().__init__()
        self.w1, self.b1 = Parameter(drawn(3, 4, seed=1, kind=kind)), Parameter(drawn(4, seed=2, kind=kind))
        self.w2, self.b2 = Parameter(drawn(4, 2, seed=3, kind=kind)), Parameter(drawn(2, seed=4, kind=kind))

    def construct(self, x: Tensor) -> Tensor:
        hidden = ops.tanh(ops.matmul(x, self.w1) + self.b1)
        labels = Tensor(np.eye(2, dtype=x.numpy_dtype)[[0, 1, 1]])
        return ops.softmax_cross_entropy_with_logits(ops.matmul(hidden, self.w2) + self.b2, labels).mean()


class Conv(nn.Cell):
    """A convolution, a smooth activation, an average pool."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 2, pad_mode="valid", has_bias=True, dtype=mg.float64)
        self.conv.weight.set_data(Tensor(drawn(2, 2, 2, 2, seed=5)))
        self.conv.bias.set_data(Tensor(drawn(2, seed=6)))
        self.pool = nn.AvgPool2d(2, 1)

    def construct(self, x: Tensor) -> Tensor:
        return ops.sigmoid(self.pool(self.conv(x))).sum((2, 3))


class Attention(nn.Cell):
    """Scaled dot-product attention with projections."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k = Parameter(drawn(3, 2, seed=7)), Parameter(drawn(3, 2, seed=8))
        self.v = Parameter(drawn(3, 3, seed=9))

    def construct(self, x: Tensor) -> Tensor:
        scores = ops.matmul(ops.matmul(x, self.q), ops.transpose(ops.matmul(x, self.k), (1, 0))) / 1.5
        return ops.matmul(ops.softmax(scores), ops.matmul(x, self.v))


class Recurrent(nn.Cell):
    """Three steps of a recurrence with one set of weights."""

    def __init__(self) -> None:
        super().__init__()
        self.w, self.u = Parameter(drawn(3, 2, seed=10)), Parameter(drawn(2, 2, seed=11))
        self.b = Parameter(drawn(2, seed=12))

    def construct(self, x: Tensor) -> Tensor:
        h = ops.zeros((2, 2), x.dtype)
        for step in range(3):
            h = ops.tanh(ops.matmul(x[step], self.w) + ops.matmul(h, self.u) + self.b)
        return h


class Shared(nn.Cell):
    """One parameter used three times, once transposed."""

    def __init__(self) -> None:
        super().__init__()
        self.w = Parameter(drawn(3, 3, seed=13))

    def construct(self, x: Tensor) -> Tensor:
        code = ops.sin(ops.matmul(x, self.w))
        return ops.matmul(code, ops.transpose(self.w, (1, 0))) * x + self.w.sum() * x


class Penalty(nn.Cell):
    """A loss with the square of its own gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.w = Parameter(drawn(3, seed=14))

    def construct(self, x: Tensor) -> Tensor:
        inner = GradOperation()(lambda z: (ops.sigmoid(z * self.w) * ops.exp(z)).sum())
        return (ops.square(inner(x))).sum() + ops.cos(x).sum()


class Written(nn.Cell):
    """A product with a backward function by hand, between two ops."""

    class Product(nn.Cell):
        def construct(self, x: Tensor, w: Tensor) -> Tensor:
            return ops.matmul(x, w)

        def bprop(self, x: Tensor, w: Tensor, out: Tensor, dout: Tensor) -> Any:
            return ops.matmul(dout, ops.transpose(w, (1, 0))), ops.matmul(ops.transpose(x, (1, 0)), dout)

    def __init__(self) -> None:
        super().__init__()
        self.product = Written.Product()

    def construct(self, x: Tensor, w: Tensor) -> Tensor:
        return ops.tanh(self.product(ops.sin(x), w))


class Normalized(nn.Cell):
    """A layer norm by hand, with broadcasts to and from an axis of length 1."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma, self.beta = Parameter(drawn(3, seed=15)), Parameter(drawn(3, seed=16))

    def construct(self, x: Tensor) -> Tensor:
        centred = x - x.mean(1, True)
        scale = ops.sqrt(ops.square(centred).mean(1, True) + 1e-3)
        return ops.log(ops.exp(centred / scale * self.gamma + self.beta) + 1.0)


def elementwise(x: Tensor, y: Tensor) -> Tensor:
    """A dozen elementwise ops with fan-out."""
    z = ops.exp(x * 0.3) / (ops.square(y) + 1.0) - ops.sin(x) * y
    return ops.sqrt(ops.square(z) + 2.0) * ops.cos(y) + ops.log(ops.exp(z) + 1.0) - z


NETS: dict[str, tuple[Callable[[], Any], tuple[np.ndarray, ...]]] = {
    "mlp": (Mlp, (drawn(3, 3, seed=20),)),
    "mlp32": (lambda: Mlp("float32"), (drawn(3, 3, seed=20, kind="float32"),)),
    "conv": (Conv, (drawn(1, 2, 4, 3, seed=21),)),
    "attention": (Attention, (drawn(4, 3, seed=22),)),
    "recurrent": (Recurrent, (drawn(3, 2, 3, seed=23),)),
    "shared": (Shared, (drawn(2, 3, seed=24),)),
    "penalty": (Penalty, (drawn(3, seed=25),)),
    "written": (Written, (drawn(2, 3, seed=26), drawn(3, 4, seed=27))),
    "normalized": (Normalized, (drawn(2, 3, seed=28),)),
    "elementwise": (lambda: elementwise, (drawn(2, 3, seed=29), drawn(3, seed=30))),
}
