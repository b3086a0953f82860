"""Chains of elementwise operations: a hundred on one number, twelve on a million."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, sin
from typing import Any

import numpy as np

from ..workload import Arrays, Hand, Workload
from .data import Draw

ROUNDS = 20
BLOCK = 8192


def scalar(m: Any, x: Any) -> Any:
    """A hundred operations: twenty times a sine, two products and two sums."""
    for _ in range(ROUNDS):
        s = m.sin(x) * 1.1 + 0.1
        x = s * s + 0.2
    return x


def prepare_scalar(x: np.ndarray) -> Hand:
    """Python floats; the slope is carried along, since with one number either direction costs the same."""
    result = np.empty((), x.dtype)

    def hand(x: np.ndarray) -> Arrays:
        value, slope = float(x), 1.0
        for _ in range(ROUNDS):
            s = sin(value) * 1.1 + 0.1
            slope *= cos(value) * s * 2.2
            value = s * s + 0.2
        result[()] = slope
        return (result,)

    return hand


def twelve(m: Any, x: Any) -> Any:
    """Twelve operations; the sum is taken of them by the weights of the output, which are ones."""
    a = x * 0.7
    b = m.sin(a)
    c = b + 0.3
    e = m.exp(-(c * c))
    g = m.tanh(e * a)
    h = g + b
    return h * x * 0.5 + a


def prepare_twelve(x: np.ndarray) -> Hand:
    """In blocks that stay in the cache, with nothing else in memory."""
    result = np.empty_like(x)
    size = min(BLOCK, x.size)
    buffers = [np.empty(size, x.dtype) for _ in range(6)]
    c07, c03, c05, c1 = (np.array(value, x.dtype) for value in (0.7, 0.3, 0.5, 1.0))

    def block(x: np.ndarray, out: np.ndarray) -> None:
        a, b, c, e, g, t = (one[: x.size] for one in buffers)
        np.multiply(x, c07, a)
        np.sin(a, b)
        np.add(b, c03, c)
        np.multiply(c, c, e)
        np.negative(e, e)
        np.exp(e, e)
        np.multiply(e, a, g)
        np.tanh(g, g)
        # d out: 0.5 (g + b) by x itself, 0.5 x by g and by b; then back through tanh, exp and sin to a.
        np.add(g, b, out)
        np.multiply(out, c05, out)
        np.multiply(x, c05, b)
        np.multiply(g, g, g)
        np.subtract(c1, g, g)
        np.multiply(g, b, g)
        np.multiply(g, e, g)  # the gradient that reaches a through e a; through e it is g a (-2 c)
        np.multiply(g, a, t)
        np.multiply(t, c, t)
        np.add(t, t, t)
        np.subtract(b, t, b)
        np.cos(a, a)
        np.multiply(b, a, b)
        np.add(b, g, b)
        np.add(b, c1, b)
        np.multiply(b, c07, b)
        np.add(out, b, out)

    return lambda x: _in_blocks(block, size, x, result)


def _in_blocks(block: Callable[[np.ndarray, np.ndarray], None], size: int, x: np.ndarray, result: np.ndarray) -> Arrays:
    for start in range(0, x.size, size):
        block(x[start : start + size], result[start : start + size])
    return (result,)


def workloads(small: bool) -> list[Workload]:
    """All of this family."""
    size = 1000 if small else 1_000_000
    found = [Workload("scalar_chain100", scalar, {"x": np.array(0.3)}, ("x",), prepare_scalar, tolerance=1e-9)]
    for bits in (32, 64):
        arrays = {"x": Draw(bits, f"float{bits}")(size)}
        found.append(Workload(f"chain12_f{bits}", twelve, arrays, ("x",), prepare_twelve))
    return found
