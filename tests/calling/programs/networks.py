"""Networks, asked for the gradient by their input or by their parameters."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any

import numpy as np

import msgrad_ext as mg
import msgrad_ext.nn as nn
from msgrad_ext import Parameter, ParameterTuple, Tensor, ops
from msgrad_ext import dtype as mstype
from msgrad_ext import ops as P
from msgrad_ext.initializer import Normal, initializer

from .common import PROGRAMS, Call, X, tensor

SCALES = np.float32([0.5, 2.0, 1.5])
CONFIG = {"hidden": 5, "act": "tanh", "layers": [5, 4], "dropout": None}


class Dense(nn.Cell):
    def __init__(self, hidden: int = 5) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Dense(6, hidden), nn.Dense(hidden, 3)
        self.relu = nn.ReLU()

    def construct(self, x: Any) -> Any:
        return self.fc2(self.relu(self.fc1(x)))


class Sequence(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.SequentialCell([nn.Dense(6, 5), nn.Tanh(), nn.Dense(5, 3)])

    def construct(self, x: Any) -> Any:
        return self.layers(x)


class Listed(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.CellList([nn.Dense(6, 6) for _ in range(3)])
        self.act = ops.Tanh()

    def construct(self, x: Any) -> Any:
        for layer in self.layers:
            x = self.act(layer(x)) + x
        return x


class Indexed(Listed):
    def construct(self, x: Any) -> Any:
        for i in range(len(self.layers)):
            x = self.act(self.layers[i](x))
        return x


class Residual(nn.Cell):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.fc = nn.LayerNorm((width,)), nn.Dense(width, width)

    def construct(self, x: Any) -> Any:
        return x + ops.gelu(self.fc(self.norm(x)))


class Stack(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.SequentialCell(*[Residual(6) for _ in range(3)])
        self.head = nn.Dense(6, 3)

    def construct(self, x: Any) -> Any:
        return self.head(self.blocks(x))


class WithLoss(nn.Cell):
    def __init__(self, backbone: Any, loss_fn: Any) -> None:
        super().__init__(auto_prefix=False)
        self.backbone, self.loss_fn = backbone, loss_fn

    def construct(self, data: Any, label: Any) -> Any:
        return self.loss_fn(self.backbone(data), label)


class Attention(nn.Cell):
    def __init__(self, width: int = 6, heads: int = 2) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.scale = 1.0 / math.sqrt(self.size)
        self.q, self.k, self.v = (nn.Dense(width, width, has_bias=False) for _ in range(3))
        self.softmax, self.transpose, self.reshape = ops.Softmax(-1), ops.Transpose(), ops.Reshape()
        self.matmul, self.matmul_t = ops.BatchMatMul(), ops.BatchMatMul(transpose_b=True)

    def split(self, x: Any) -> Any:
        return self.transpose(self.reshape(x, (-1, self.heads, self.size)), (1, 0, 2))

    def construct(self, x: Any) -> Any:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        scores = self.softmax(self.matmul_t(q, k) * self.scale)
        return self.reshape(self.transpose(self.matmul(scores, v), (1, 0, 2)), x.shape)


class Parametrised(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.w = Parameter(initializer(Normal(0.1), [6, 3], mstype.float32), name="w")
        self.b = Parameter(Tensor(np.zeros(3, np.float32)), name="b")
        self.matmul, self.add = P.MatMul(), P.Add()

    def construct(self, x: Any) -> Any:
        return self.add(self.matmul(x, self.w), self.b)


class Recurrent(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.wx = Parameter(tensor(6, 5), name="wx")
        self.wh = Parameter(tensor(5, 5), name="wh")
        self.steps = 4

    def construct(self, x: Any) -> Any:
        h = ops.zeros((x.shape[0], 5), mstype.float32)
        for _ in range(self.steps):
            h = ops.tanh(ops.matmul(x, self.wx) + ops.matmul(h, self.wh))
        return h


class Unrolled(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.Dense(6, 6)

    def construct(self, xs: Any) -> Any:
        out = []
        state = xs[0]
        for i in range(xs.shape[0]):
            state = ops.tanh(self.cell(state) + xs[i])
            out.append(state)
        return ops.stack(out)


class Base(nn.Cell):
    factor = 3.0

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = nn.Dense(6, width)

    def head(self, x: Any) -> Any:
        return self.fc(x)

    def construct(self, x: Any) -> Any:
        return self.head(x) * self.factor


class Derived(Base):
    factor = 2.0

    def head(self, x: Any) -> Any:
        return ops.relu(super().head(x))

    def construct(self, x: Any) -> Any:
        return super().construct(x) + 1.0


class OldSuper(Base):
    def head(self, x: Any) -> Any:
        return super(OldSuper, self).head(x) * 2  # noqa: UP008 - as the tutorial writes it


class WithProperty(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Dense(6, 3)
        self._alpha = 0.5

    @property
    def alpha(self) -> float:
        return self._alpha * 2

    @staticmethod
    def squash(x: Any) -> Any:
        return ops.tanh(x)

    @classmethod
    def shift(cls, x: Any) -> Any:
        return x + 1.0

    def construct(self, x: Any) -> Any:
        return self.shift(self.squash(self.fc(x))) * self.alpha


@dataclass
class Settings:
    width: int = 5
    rate: float = 0.5
    names: tuple[str, ...] = ("a", "b")
    extra: dict[str, float] = field(default_factory=lambda: {"scale": 2.0})


@dataclass(frozen=True)
class Frozen:
    rate: float = 0.5
    steps: int = 3


class Mode(Enum):
    FAST = 1
    SLOW = 2


class WithDataclass(nn.Cell):
    def __init__(self, settings: Any) -> None:
        super().__init__()
        self.cfg = settings
        self.fc = nn.Dense(6, 3)

    def construct(self, x: Any) -> Any:
        return self.fc(x) * self.cfg.rate


class WithEnum(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.mode = Mode.FAST
        self.fc = nn.Dense(6, 3)

    def construct(self, x: Any) -> Any:
        if self.mode == Mode.FAST:
            return self.fc(x)
        return self.fc(x) * 2.0


class WithConfig(nn.Cell):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        self.fc = nn.Dense(6, config["hidden"])
        self.acts = {"tanh": ops.tanh, "relu": ops.relu}

    def construct(self, x: Any) -> Any:
        if self.config["dropout"] is not None:
            x = x * 0.5
        return self.acts[self.config["act"]](self.fc(x))


class WithArrays(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.mask = Tensor(np.tril(np.ones((4, 4), np.float32)))
        self.scales = SCALES
        self.fc = nn.Dense(6, 3)

    def construct(self, x: Any) -> Any:
        return ops.matmul(self.mask, self.fc(x)) * Tensor(self.scales) * Tensor(SCALES)


class Dicts(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.weights = {"w": Parameter(tensor(6, 3), name="w"), "b": Parameter(tensor(3), name="b")}

    def trained(self) -> list[Parameter]:
        return list(self.weights.values())

    def construct(self, x: Any) -> Any:
        return ops.matmul(x, self.weights["w"]) + self.weights["b"]


class GetAttr(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        for i in range(3):
            setattr(self, f"fc{i}", nn.Dense(6, 6))

    def construct(self, x: Any) -> Any:
        for i in range(3):
            x = ops.relu(getattr(self, f"fc{i}")(x))
        return x


class Cells(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Dense(6, 6), nn.Dense(6, 6)

    def construct(self, x: Any) -> Any:
        for cell in self.cells():
            x = ops.sigmoid(cell(x))
        return x


class Convolved(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, pad_mode="valid", has_bias=True, weight_init="ones")
        self.pool, self.flatten, self.fc = nn.MaxPool2d(2, 2), nn.Flatten(), nn.Dense(8, 3)

    def construct(self, x: Any) -> Any:
        return self.fc(self.flatten(self.pool(ops.relu(self.conv(x)))))


class GradInside(nn.Cell):
    def __init__(self, net: Any, **flags: Any) -> None:
        super().__init__()
        self.net = net
        self.grad_op = ops.GradOperation(**flags)

    def construct(self, *inputs: Any) -> Any:
        gradient_function = self.grad_op(self.net)
        return gradient_function(*inputs)


class GradWeights(nn.Cell):
    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net
        self.params = ParameterTuple(net.trainable_params())
        self.grad_op = ops.GradOperation(get_by_list=True)

    def construct(self, x: Any) -> Any:
        return self.grad_op(self.net, self.params)(x)


class Product(nn.Cell):
    def __init__(self) -> None:
        super(Product, self).__init__()  # noqa: UP008 - as the tutorial writes it
        self.matmul = ops.MatMul()
        self.z = Parameter(Tensor(np.array([1.0], np.float32)), name="z")

    def construct(self, x: Any, y: Any) -> Any:
        x = x * self.z
        return self.matmul(x, y)


NETS: dict[str, Callable[[], Any]] = {
    "dense": Dense, "sequential": Sequence, "cell_list": Listed, "indexed_cell_list": Indexed, "blocks": Stack,
    "attention": Attention, "parametrised": Parametrised, "recurrent": Recurrent, "unrolled": Unrolled,
    "derived": lambda: Derived(3), "old_super": lambda: OldSuper(3), "property": WithProperty,
    "dataclass": lambda: WithDataclass(Settings()), "frozen_dataclass": lambda: WithDataclass(Frozen()),
    "namespace": lambda: WithDataclass(SimpleNamespace(rate=2.0)),
    "namedtuple": lambda: WithDataclass(namedtuple("C", "rate")(2.0)),
    "enum": WithEnum, "config": lambda: WithConfig(CONFIG), "arrays": WithArrays, "dict_of_parameters": Dicts,
    "getattr": GetAttr, "cells": Cells,
}  # fmt: skip


def by_input(net: Callable[[], Any]) -> Callable[[], Call]:
    def make() -> Call:
        gradient = ops.GradOperation()(net())
        return lambda: gradient(X)

    return make


def by_weights(net: Callable[[], Any]) -> Callable[[], Call]:
    def make() -> Call:
        made = net()
        return lambda: mg.value_and_grad(made, None, made.trainable_params())(X)

    return make


for _name, _net in NETS.items():
    PROGRAMS[f"net_{_name}"] = by_input(_net)
for _name in ("dense", "cell_list", "blocks"):
    PROGRAMS[f"weights_{_name}"] = by_weights(NETS[_name])
