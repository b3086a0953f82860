"""The vocabulary in this package, and its ways to call a gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import msgrad_ext as mg
from msgrad_ext import Parameter, ParameterTuple, Tensor, nn, ops
from msgrad_ext.numeric.plan import Plan
from msgrad_ext.observing import gradient_plan
from msgrad_ext.tracing.trace import trace

from ..workload import Arrays, Candidate, Workload

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


def max_pool(a: Any) -> Any:
    """The largest of each four."""
    return ops.max_pool2d(a, 2, 2)


def swap(a: Any) -> Any:
    """The last two axes exchanged."""
    return ops.swapaxes(a, -1, -2)


def logsumexp(a: Any) -> Any:
    """Over the last axis."""
    return ops.logsumexp(a, a.ndim - 1)


def take(table: Any, at: Any) -> Any:
    """Rows of a table."""
    return ops.gather(table, at, 0)


def eye(size: int, like: Any) -> Any:
    """Ones in the diagonal."""
    return ops.eye(size, size, like.dtype)


class _Speech:
    """This module, as the programs want it."""

    tanh, exp, sin, sqrt, relu, softplus = map(staticmethod, (tanh, exp, sin, sqrt, relu, softplus))  # type: ignore[misc]
    log_softmax, softmax, reshape, sum, mean, conv = map(  # type: ignore[misc]
        staticmethod, (log_softmax, softmax, reshape, sum, mean, conv)
    )
    sigmoid, inverse, max_pool, swap, logsumexp, take, eye = map(  # type: ignore[misc]
        staticmethod, (ops.sigmoid, ops.inverse, max_pool, swap, logsumexp, take, eye)
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


@dataclass(frozen=True, eq=False)
class Prepared:
    """A workload as a network of this package, with its arguments as arrays and as tensors."""

    workload: Workload
    net: Any
    arrays: Arrays
    tensors: tuple[Tensor, ...]
    weights: ParameterTuple
    positions: tuple[int, ...]
    names: tuple[str, ...]


def prepared(workload: Workload) -> Prepared:
    """The network, or for second order the function whose gradient is asked for."""
    net = Network(workload)
    inputs = [name for name in workload.arrays if name not in workload.weights]
    arrays = tuple(workload.arrays[name] for name in inputs)
    weights = ParameterTuple([one for one in net.trainable_params() if one.name in workload.wrt])
    positions = tuple(inputs.index(name) for name in workload.wrt if name in inputs)
    names = tuple(f"inputs_{inputs.index(name)}" if name in inputs else name for name in workload.wrt)
    function: Any = net
    if workload.kind == "hvp":
        inner = mg.grad(net)

        def function(x: Any, v: Any) -> Any:
            return ops.reduce_sum(inner(x) * v)

        names = ("x",)
        net.held = net.held[:1]
    return Prepared(workload, function, arrays, tuple(map(Tensor, arrays)), weights, positions, names)


def gradient_plan_of(one: Prepared) -> tuple[Plan, Arrays]:
    """The compiled gradients alone, without the network's value, and the arrays that it takes."""
    program = trace(one.net, list(one.tensors))
    values = [*program.values, *([one.workload.sens] if one.workload.sens is not None else [])]
    known = {**dict(zip(program.arguments, program.graph.inputs)), **{var.name: var for var in program.graph.inputs}}
    wrt = [known[name] for name in one.names]
    plan = gradient_plan(program.graph, wrt, one.workload.sens is not None, values).plan
    return plan, tuple(np.asarray(value) for value in values)


def candidates(workload: Workload) -> dict[str, Candidate]:
    """The plan of the gradients alone, `mg.compile` with the value too, and the call that users of MindSpore write."""
    one = prepared(workload)
    if workload.kind == "hessian":
        return {"call": _hessian(one)}
    plan, arrays = gradient_plan_of(one)
    compiled = mg.compile(one.net, *one.arrays, wrt=one.names, sens=workload.sens)
    return {
        "plan": Candidate(lambda: plan(*arrays), tuple),
        "compile": Candidate(lambda: compiled(*one.arrays), lambda found: tuple(found[1][name] for name in one.names)),
        "call": _call(one),
    }


def _call(one: Prepared) -> Candidate:
    if one.workload.name == "net_2x3_x":
        user = GradNet(one.net)
        return Candidate(lambda: user(*one.tensors), lambda found: (found.asnumpy(),))
    sens = one.workload.sens
    tensors = one.tensors if sens is None else (*one.tensors, Tensor(sens))
    gradient = mg.grad(one.net, one.positions or None, one.weights or None, sens_param=sens is not None)

    def read(found: Any) -> Arrays:
        parts = found if one.positions and one.weights else (found, ()) if one.positions else ((), found)
        flat = [tensor for part in parts for tensor in (part if isinstance(part, (tuple, list)) else [part])]
        return tuple(tensor.asnumpy() for tensor in flat)

    return Candidate(lambda: gradient(*tensors), read)


def _hessian(one: Prepared) -> Candidate:
    hessian = mg.jacrev(mg.grad(one.net)) if not hasattr(mg, "hessian") else mg.hessian(one.net)
    return Candidate(lambda: hessian(*one.tensors), lambda found: (found.asnumpy(),))


def first_gradient(one: Prepared) -> Any:
    """From the network to its first gradients, compiled anew."""
    if one.workload.kind == "hessian":
        return _hessian(one).call()
    return mg.compile(one.net, *one.arrays, wrt=one.names, sens=one.workload.sens)(*one.arrays)
