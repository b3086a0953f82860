"""Networks for the tests of compiled C, and how they are run by both tiers."""

from __future__ import annotations

from typing import Any

import numpy as np

import msgrad_ext as mg
from msgrad_ext import Parameter, Tensor, nn, ops
from msgrad_ext.native.tier import Native
from msgrad_ext.numeric.interpreter import run
from msgrad_ext.numeric.plan import GuardFailed

UNARY = "sin cos tanh exp sigmoid softplus relu abs square neg erf atan asinh".split()
BINARY = "add sub mul maximum minimum".split()


def native(graph: Any, fallback: Any = None) -> Native:
    """The compiled form of ``graph``, made now."""
    made = Native(graph, fallback or (lambda *arrays: run(graph, arrays)), GuardFailed)
    made.make()
    assert made.function is not None, made.status
    return made


def gradient_graph(net: Any, *inputs: Any, **options: Any) -> tuple[Any, list[np.ndarray]]:
    """The graph of value and gradients, and the arrays it takes."""
    compiled = mg.compile(net, *inputs, **options)
    version = compiled._versions[0]
    return version.plan.graph, [
        *map(np.asarray, inputs),
        *(np.asarray(one._array()) for one in version.program.captured),
    ]


def data(rng: np.random.Generator, dtype: Any, *shape: int) -> np.ndarray:
    """Numbers of moderate size."""
    return rng.uniform(-1.5, 1.5, shape).astype(dtype)


class Random(nn.Cell):
    """A network whose steps are drawn: elementwise functions, broadcasts, reductions, products, views."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def construct(self, x: Any, y: Any, w: Any, b: Any) -> Any:
        """Some number."""
        rng = np.random.default_rng(self.seed)
        values = [x, x * y, ops.matmul(x, w), x + b]
        for _ in range(int(rng.integers(4, 14))):
            one, other = (values[int(rng.integers(len(values)))] for _ in range(2))
            values.append(step(rng, one, other, w, b))
        total = values[-1].sum()
        for one in values[:-1]:
            total = total + one.mean()
        return total


def step(rng: np.random.Generator, one: Any, other: Any, w: Any, b: Any) -> Any:
    """One drawn step; all values have the shape of the first."""
    kind = int(rng.integers(9))
    if kind < 3:
        return getattr(ops, UNARY[int(rng.integers(len(UNARY)))])(one)
    if kind < 5:
        return getattr(ops, BINARY[int(rng.integers(len(BINARY)))])(one, other)
    if kind == 5:
        axis = int(rng.integers(2))
        return one - one.mean(axis, keep_dims=True)
    if kind == 6:
        return ops.softmax(one, int(rng.integers(2))) + other * 0.5
    if kind == 7:
        return ops.matmul(one, w) / 3.0 + b
    return (one.T * 2.0).T + other.reshape(one.size).reshape(one.shape)


def parameter(rng: np.random.Generator, name: str, *shape: int) -> Parameter:
    """A float32 parameter."""
    return Parameter(Tensor(data(rng, np.float32, *shape)), name=name)
