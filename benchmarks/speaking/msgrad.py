"""The vocabulary in this package, and its ways to call a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import msgrad_ext as mg
from msgrad_ext import Parameter, ParameterTuple, Tensor, nn, ops
from msgrad_ext.numeric.plan import Plan
from msgrad_ext.observing import gradient_plan
from msgrad_ext.trace import trace

from ..workload import Arrays, Workload

tanh, exp, sin, sqrt, relu, softplus = ops.tanh, ops.exp, ops.sin, ops.sqrt, ops.relu, ops.softplus
log_softmax, softmax, reshape = ops.log_softmax, ops.softmax, ops.reshape


def sum(a: Any, axis: Any = (), keep: bool = False) -> Any:
    """Sum over ``axis``, or of all."""
    return ops.reduce_sum(a, axis, keep)


def mean(a: Any, axis: Any, keep: bool) -> Any:
    """Mean over ``axis``."""
    return ops.reduce_mean(a, axis, keep)


def conv(x: Any, w: Any) -> Any:
    """Convolution of images (N, C, H, W) without padding."""
    return ops.conv2d(x, w)


class _Speech:
    """This module, as the programs want it."""

    tanh, exp, sin, sqrt, relu, softplus = map(staticmethod, (tanh, exp, sin, sqrt, relu, softplus))  # type: ignore[misc]
    log_softmax, softmax, reshape, sum, mean, conv = map(  # type: ignore[misc]
        staticmethod, (log_softmax, softmax, reshape, sum, mean, conv)
    )


class Network(nn.Cell):
    """A workload as a network: its weights are parameters, all else are inputs."""

    def __init__(self, workload: Workload) -> None:
        super().__init__()
        self.loss = workload.loss
        for name in workload.weights:
            setattr(self, name, Parameter(Tensor(workload.arrays[name]), name=name))
        self.held = [(name, name in workload.weights) for name in workload.arrays]

    def construct(self, *inputs: Any) -> Any:
        """The program of inputs and weights, in its own order."""
        given = iter(inputs)
        return self.loss(_Speech, *(getattr(self, name) if held else next(given) for name, held in self.held))


class GradNet(nn.Cell):
    """The tutorial's cell that takes the gradient of another one."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net
        self.operation = ops.GradOperation()

    def construct(self, *inputs: Any) -> Any:
        """The gradient by the first input."""
        gradient_function = self.operation(self.net)
        return gradient_function(*inputs)


def inputs(workload: Workload) -> Arrays:
    """The arrays that are not weights."""
    return tuple(array for name, array in workload.arrays.items() if name not in workload.weights)
