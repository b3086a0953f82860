"""Graphs of gradients, written, printed and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from msgrad_ext import Tensor
from msgrad_ext.ir import Graph
from msgrad_ext.reversing.reverse import reverse
from msgrad_ext.tracing.trace import trace


def array(*shape: int) -> np.ndarray:
    """Normal values in float32."""
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


def forward(function: Callable[..., Any], *arrays: np.ndarray) -> Graph:
    """The graph of ``function``."""
    return trace(function, [Tensor(one) for one in arrays]).graph


def gradients(function: Callable[..., Any], *arrays: np.ndarray, sens: bool = False) -> Graph:
    """The graph of the gradients of ``function`` by all its inputs."""
    graph = forward(function, *arrays)
    whole = reverse(graph, graph.inputs, sens)
    return Graph(whole.inputs, whole.eqns, whole.outputs[len(graph.outputs) :], whole.guards)


def text(graph: Graph) -> list[str]:
    """The equations of ``graph`` as they are printed, without lines of the user's."""
    return [str(eqn) for eqn in graph.eqns]


def counted(graph: Graph) -> dict[str, int]:
    """How many equations there are of each op."""
    names = [type(eqn.op).__name__ for eqn in graph.eqns]
    return {name: names.count(name) for name in sorted(set(names))}


def multiplications(graph: Graph) -> int:
    """How many numbers the matrix products of ``graph`` multiply."""
    found = 0
    for eqn in graph.eqns:
        if type(eqn.op).__name__ in ("MatMul", "BatchMatMul"):
            found += int(np.prod(eqn.out.shape)) * eqn.inputs[0].shape[-1]
    return found
