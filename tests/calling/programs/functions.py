"""Functions, methods, and the things that they reach."""

from __future__ import annotations

import functools
import math
from collections import OrderedDict
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

import msgrad_ext as mg
import msgrad_ext.nn as nn
import msgrad_ext.ops as F
from msgrad_ext import Parameter, Tensor, ops
from msgrad_ext import dtype as mstype
from msgrad_ext import ops as P

from .common import EPS, LEARNING_RATE, PROGRAMS, Call, X, Y, program, tensor
from .networks import Base, Dense, Dicts

relu = nn.ReLU()


def helper(x: Any, power: int = 2) -> Any:
    return ops.pow(x, power) + EPS


def rms(x: Any, axis: int = -1, *, eps: float = EPS) -> Any:
    return x / ops.sqrt(ops.mean(x * x, axis, keep_dims=True) + eps)


def activation(name: str) -> Callable[[Any], Any]:
    table = {"tanh": ops.tanh, "sigmoid": ops.sigmoid}
    return table[name]


def taken(function: Callable[..., Any], *args: Any, **named: Any) -> Callable[[], Call]:
    def make() -> Call:
        gradient = mg.grad(function, **named)
        return lambda: gradient(*args)

    return make


def scaled(factor: float, table: dict[str, float]) -> Callable[[Any], Any]:
    def inner(x: Any) -> Any:
        return x * factor * table["a"]

    return inner


def nested(x: Any) -> Any:
    def step(v: Any) -> Any:
        return ops.tanh(v) * 0.5

    for _ in range(3):
        x = step(x)
    return x


def comprehension(x: Any) -> Any:
    parts = [x[i] * float(i) for i in range(x.shape[0])]
    return sum(parts[1:], parts[0])


def unpacking(x: Any) -> Any:
    q, k = ops.split(x, 3, axis=1)
    n, _ = x.shape
    return ops.matmul(q, k.T) / n


def branching(x: Any) -> Any:
    if x.ndim == 2 and isinstance(x, Tensor):
        return x * 2.0
    return x


def raising(x: Any) -> Any:
    if x.shape[0] != 4:
        raise ValueError(f"four rows are wanted, not {x.shape[0]}")
    assert x.shape[1] == 6, "six columns"
    return x * x


def mixture(x: Any) -> Any:
    mean, log_var = x[:, :3], x[:, 3:]
    return -0.5 * ops.reduce_sum(1 + log_var - mean**2 - ops.exp(log_var))


def constants(x: Any) -> Any:
    return x * math.sqrt(2.0) / np.pi + Tensor(np.ones((4, 6)), mstype.float32) * np.float32(2.0)


def dictionary(x: Any) -> Any:
    state = {"h": x, "c": x * 2}
    state["h"] = ops.tanh(state["h"]) + state["c"]
    for key, value in state.items():
        if key == "c":
            state["h"] = state["h"] * value
    return state["h"]


def layer_in_function(x: Any) -> Any:
    return nn.ReLU()(x).exp().sum()


def functional(x: Any, y: Any) -> Any:
    return F.mse_loss(F.softmax(x[:, :3], -1), y) + P.ReduceMean()(P.Square()(x))


def keywords(x: Any, y: Any, *, scale: float = 2.0) -> Any:
    return (x.sum() + y.sum()) * scale


def ordered(x: Any) -> Any:
    steps = OrderedDict(first=ops.tanh, second=ops.exp)
    for one in steps.values():
        x = one(x)
    return x


@functools.lru_cache
def table() -> np.ndarray:
    return np.ones(3)


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs) * 2.0

    return wrapper


@decorated
def wrapped(x: Any) -> Any:
    return ops.tanh(x)


def walrus(x: Any) -> Any:
    if (n := x.shape[0]) > 2:
        return x * float(n)
    return x


def methods(x: Any) -> Any:
    return x.reshape(2, -1).transpose(1, 0).astype(mstype.float32).mean(0).pow(2).sum()


def indexing(x: Any) -> Any:
    return x[..., 1:3] + x[:, -1:] * x[None, 0, :2].squeeze()


PROGRAMS |= {
    "closure": taken(scaled(2.0, {"a": 3.0}), X),
    "helper": taken(lambda x: helper(rms(x), 3), X),
    "choice_of_function": taken(lambda x: activation("tanh")(x), X),
    "global_layer": taken(lambda x: relu(x) * LEARNING_RATE, X),
    "partial": taken(functools.partial(lambda factor, x: x * factor, 2.0), X),
    "partial_keyword": taken(functools.partial(keywords, scale=3.0), X, Y),
    "positions": taken(functional, X, Y, grad_position=(0, 1)),
    **{one.__name__: taken(one, X) for one in (
        nested, comprehension, unpacking, branching, raising, mixture, constants, dictionary, layer_in_function, ordered, wrapped,
        walrus, methods, indexing,
    )},
}  # fmt: skip


@program
def keyword_arguments() -> Call:
    gradient = mg.grad(keywords)
    return lambda: gradient(X, y=Y, scale=3.0)


@program
def weights_in_a_dict() -> Call:
    net = Dicts()
    gradient = mg.value_and_grad(net, None, net.trained())
    return lambda: gradient(X)


@program
def bound_method() -> Call:
    net = Base(3)
    return lambda: mg.grad(net.head)(X)


@program
def method_of_a_class() -> Call:
    class Model:
        def __init__(self) -> None:
            self.net, self.factor = Dense(), 2.0

        def loss(self, x: Any) -> Any:
            return (self.net(x) * self.factor).sum()

        def gradient(self, x: Any) -> Any:
            return mg.grad(self.loss)(x)

    model = Model()
    return lambda: model.gradient(X)


@program
def benchmark_network() -> Call:
    from benchmarks.speaking.msgrad import prepared
    from benchmarks.workloads import workloads

    one = prepared(workloads()["mlp_b32"])
    gradient = mg.grad(one.net, None, one.weights)
    return lambda: gradient(*one.tensors)


class Vocabulary:
    tanh = staticmethod(ops.tanh)
    matmul = staticmethod(ops.matmul)

    @staticmethod
    def sum(a: Any, axis: Any = ()) -> Any:
        return ops.reduce_sum(a, axis)


@program
def vocabulary() -> Call:
    def loss(m: Any, x: Any, w: Any) -> Any:
        return m.sum(m.tanh(m.matmul(x, w)))

    gradient, w = mg.grad(lambda x, w: loss(Vocabulary, x, w), (0, 1)), tensor(6, 3)
    return lambda: gradient(X, w)


@program
def vocabulary_object() -> Call:
    m = SimpleNamespace(tanh=ops.tanh, sum=lambda a: ops.reduce_sum(a))

    class Generic(nn.Cell):
        def __init__(self, loss: Any, weights: dict[str, Any]) -> None:
            super().__init__()
            self.loss = loss
            for name, one in weights.items():
                setattr(self, name, Parameter(one, name=name))
            self.names = list(weights)

        def construct(self, *inputs: Any) -> Any:
            return self.loss(m, *inputs, *[getattr(self, name) for name in self.names])

    net = Generic(lambda m, x, w: m.sum(m.tanh(x @ w)), {"w": tensor(6, 3)})
    gradient = mg.value_and_grad(net, None, net.trainable_params())
    return lambda: gradient(X)


@program
def training_mode() -> Call:
    net = nn.SequentialCell(nn.Dense(6, 6), nn.LayerNorm((6,)), nn.ReLU())
    net.set_train()

    def call() -> Any:
        net.set_train(True)
        return mg.grad(net)(X)

    return call


@program
def logged_loss() -> Call:
    net, seen = Dense(), []
    gradient = mg.value_and_grad(lambda x: net(x).sum(), None, net.trainable_params())

    def call() -> Any:
        loss, grads = gradient(X)
        seen.append(float(loss.asnumpy()))
        return grads

    return call
