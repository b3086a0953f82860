"""This package's ops as the library that the corpus is written over, and the Hessians that the numeric road gives."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import msgrad_ext as mg
from msgrad_ext import Tensor, ops

from .corpus import Case

SIZES = (
    {"n": 4, "d": 3, "h": 2, "m": 5, "k": 2, "c": 3, "p": 3, "g": 3, "v": 4},
    {"n": 3, "d": 5, "h": 4, "m": 2, "k": 3, "c": 2, "p": 4, "g": 2, "v": 1},
)


class Library:
    """Functions of arrays by their common names."""

    log, exp, sqrt, sin, abs = ops.log, ops.exp, ops.sqrt, ops.sin, ops.abs
    sigmoid, tanh, relu = ops.sigmoid, ops.tanh, ops.relu
    logdet, det, trace = ops.logdet, ops.det, ops.trace

    @staticmethod
    def inverse(a: Any) -> Any:
        """The inverse of a matrix."""
        return ops.MatrixInverse()(a)

    @staticmethod
    def softmax(a: Any) -> Any:
        """Softmax over the last axis."""
        return ops.softmax(a, -1)

    @staticmethod
    def turn(a: Any) -> Any:
        """The transpose."""
        return a.T


def network(case: Case) -> Callable[..., Any]:
    """The case's function of its arrays, with their names in its signature."""

    def net(*arrays: Any) -> Any:
        return case.function(Library, **dict(zip(case.shapes, arrays)))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    net.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in case.shapes])  # type: ignore
    return net


def drawn(case: Case, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Arrays for a case."""
    generator = np.random.default_rng(7)
    found = {}
    for name, axes in case.shapes.items():
        shape = [axis if isinstance(axis, int) else sizes[axis] for axis in axes]
        if case.draw == "normal":
            # Away from 0, where functions with kinks have no second derivative.
            normal = generator.normal(size=shape)
            found[name] = normal + 0.1 * np.sign(normal)
        elif case.draw == "small":
            found[name] = generator.uniform(0.05, 0.15, shape) + (3 if name == "b" else 0)
        else:
            found[name] = generator.uniform(0.3, 1.4, shape)
            if case.draw == "definite" and len(shape) == 2:
                found[name] += 3 * np.eye(*shape)
    return found


def differences(case: Case, values: Mapping[str, np.ndarray]) -> dict[tuple[str, str], np.ndarray]:
    """The Hessian's blocks: central differences of the fourth order of the gradients that the numeric road computes."""
    plan = mg.compile(network(case), *(Tensor(values[name]) for name in case.shapes), wrt=list(case.wrt))

    def gradients(at: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = plan(*(Tensor(at[name]) for name in case.shapes))[1]
        return {name: np.array(found[name], np.float64) for name in case.wrt}

    blocks = {(a, b): np.zeros(values[a].shape + values[b].shape) for a in case.wrt for b in case.wrt}
    step = 1e-3
    for b in case.wrt:
        for place in np.ndindex(values[b].shape):
            for times, weight in ((1, 8), (-1, -8), (2, -1), (-2, 1)):
                moved = {name: np.array(array) for name, array in values.items()}
                moved[b][place] += times * step
                for a, found in gradients(moved).items():
                    blocks[a, b][(..., *place)] += weight * found / (12 * step)
    return blocks
