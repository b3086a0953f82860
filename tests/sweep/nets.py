"""Networks of the sweep's tests, and lies to plant in the rules of ops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import msgrad_ext as mg
from msgrad_ext import Parameter, Tensor, nn, ops


class Product(nn.Cell):
    """The tutorial's network."""

    def __init__(self) -> None:
        super().__init__()
        self.matmul = ops.MatMul()
        self.z = Parameter(Tensor(np.array([1.0], np.float32)), name="z")

    def construct(self, x: Any, y: Any) -> Any:
        return self.matmul(x * self.z, y)


class Branching(nn.Cell):
    """Python control flow on the data of an input and a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.w = Parameter(Tensor(np.array([0.5, -0.2, 1.0], np.float32)), name="w")

    def construct(self, x: Any) -> Any:
        if (x * self.w).sum() > 0:
            return (x * self.w).exp().sum()
        return (x * x * self.w).sum()


class Classifier(nn.Cell):
    """A layer and a loss with labels."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Dense(3, 4)
        self.loss = nn.CrossEntropyLoss()

    def construct(self, x: Any, labels: Any) -> Any:
        return self.loss(self.layer(x), labels)


class WrongAbove(nn.Cell):
    """A backward function that is wrong where an element is large: some points show it, some do not."""

    def construct(self, x: Any) -> Any:
        return x * x

    def bprop(self, x: Any, out: Any, dout: Any) -> Any:
        return (ops.where(x > 0.95, 2.1 * x * dout, 2 * x * dout),)


def product() -> Any:
    """A report on `Product`."""
    return mg.check(Product(), arrays(0, (2, 3)), arrays(1, (3, 3)))


def arrays(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers between 0 and 1."""
    return np.random.default_rng(seed).uniform(0, 1, shape).astype(np.float32)


@contextmanager
def lie(op: str, voice: str, wrong: Any) -> Iterator[None]:
    """``wrong`` in the place of a voice meanwhile."""
    cls = mg.registered_ops()[op]
    before = vars(cls)[voice]
    setattr(cls, voice, wrong)
    try:
        yield
    finally:
        setattr(cls, voice, before)


def wrong_product(self: Any, ct: Any, out: Any, a: Any, b: Any) -> Any:
    """The rule of Mul with a relative error of a millionth."""
    return ct * b * 1.000001, ct * a
