"""What is measured: each workload as a network, and as hand-written numpy that gives the same gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from msgrad_ext import Parameter, ParameterTuple, Tensor, nn, ops

Gradients = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Workload:
    """One workload.

    Attributes
    ----------
    name : str
        As the table has it.
    net : Cell
        The network; its gradients are taken by its trainable parameters.
    inputs : tuple of ndarray
        Its inputs.
    hand : callable
        The gradients by the parameters, written by hand in numpy, given inputs and parameters.
    """

    name: str
    net: Any
    inputs: tuple[np.ndarray, ...]
    hand: Callable[..., Gradients]

    @property
    def parameters(self) -> list[np.ndarray]:
        """The values of the parameters."""
        return [parameter.asnumpy() for parameter in self.net.trainable_params()]


class Net(nn.Cell):
    """The tutorial's network."""

    def __init__(self) -> None:
        super().__init__()
        self.matmul = ops.MatMul()
        self.z = Parameter(Tensor(np.array([1.0], np.float32)), name="z")

    def construct(self, x: Any, y: Any) -> Any:
        """``(x z) y``."""
        x = x * self.z
        return self.matmul(x, y)


def hand_net(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> Gradients:
    """The derivative by z of the sum of ``(x z) y``, in the two steps in which one would write it down."""
    ones = np.ones((x.shape[0], y.shape[1]), x.dtype)
    return (np.sum((ones @ y.T) * x, keepdims=True).reshape(1),)


class Perceptron(nn.Cell):
    """Two layers with tanh, and the mean squared error."""

    def __init__(self, sizes: tuple[int, int, int], generator: np.random.Generator) -> None:
        super().__init__()
        inputs, hidden, outputs = sizes

        def parameter(name: str, *shape: int) -> Parameter:
            values = generator.standard_normal(shape) / np.sqrt(shape[0])
            return Parameter(Tensor(values.astype(np.float32)), name=name)

        self.w1, self.b1 = parameter("w1", inputs, hidden), parameter("b1", hidden)
        self.w2, self.b2 = parameter("w2", hidden, outputs), parameter("b2", outputs)

    def construct(self, x: Any, t: Any) -> Any:
        """The loss."""
        h = ops.tanh(x @ self.w1 + self.b1)
        return ops.reduce_mean((h @ self.w2 + self.b2 - t) ** 2)


def hand_perceptron(
    x: np.ndarray, t: np.ndarray, w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: np.ndarray
) -> Gradients:
    """The derivatives of the perceptron's loss by its parameters."""
    h = np.tanh(x @ w1 + b1)
    ct_y = (h @ w2 + b2 - t) * np.float32(2 / t.size)
    ct_h = (ct_y @ w2.T) * (1 - h * h)
    return x.T @ ct_h, ct_h.sum(axis=0), h.T @ ct_y, ct_y.sum(axis=0)


def workloads() -> list[Workload]:
    """All workloads, with the same data in every run."""
    generator = np.random.default_rng(0)

    def data(*shape: int) -> np.ndarray:
        return generator.standard_normal(shape).astype(np.float32)

    found = [Workload("tutorial 2x3", Net(), (data(2, 3), data(3, 3)), hand_net)]
    found += [Workload(f"tutorial {n}x{n}", Net(), (data(n, n), data(n, n)), hand_net) for n in (64, 512)]
    inputs = (data(32, 64), data(32, 10))
    net = Perceptron((64, 128, 10), generator)
    return [*found, Workload("perceptron 64-128-10, 32 rows", net, inputs, hand_perceptron)]


def grad_operation(workload: Workload) -> Callable[[], Any]:
    """The gradients as a user of MindSpore takes them."""
    weights = ParameterTuple(workload.net.trainable_params())
    operation = ops.GradOperation(get_by_list=True)
    inputs = [Tensor(array) for array in workload.inputs]
    return lambda: operation(workload.net, weights)(*inputs)
