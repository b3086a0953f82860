"""Seeded random networks that hold what plans and passes rewrite: chains, products, shared weights, equal layers, views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from msgrad_ext import ops

SIZE = 4

SMOOTH = (ops.tanh, ops.sin, ops.sigmoid, ops.square, ops.exp, ops.relu, ops.abs, ops.softplus, lambda a: -a)
PAIRS = (ops.add, ops.sub, ops.mul, ops.maximum, ops.minimum, lambda a, b: ops.where(a > b, a, b * 0.5))
VIEWS: tuple[Callable[[Any], Any], ...] = (
    lambda a: a.T,
    lambda a: a[::-1],
    lambda a: a[:, 1:2] + a,
    lambda a: ops.broadcast_to(a[0], (SIZE, SIZE)),
    lambda a: ops.reshape(ops.reshape(a, (2, SIZE, 2)).transpose(1, 0, 2), (SIZE, SIZE)),
    lambda a: ops.concat([a[2:], a[:2]], 0),
    lambda a: ops.stack([a[:, 0], a[:, 1], a[:, 3], a[:, 3]]),
)
SUMS: tuple[Callable[[Any], Any], ...] = (
    lambda a: a - a.mean(1, True),
    lambda a: ops.reduce_sum(a, 0, True) * a,
    lambda a: ops.softmax(a),
    lambda a: ops.reduce_max(a, 1, True) + a * 0.1,
    lambda a: a / (ops.reduce_sum(a * a) + 1.0),
    lambda a: ops.reduce_sum(a) * a * 0.01,
)


def layers(draw: np.random.Generator, h: Any, weights: list[Any]) -> Any:
    """Equal layers one after another, with one weight or several."""
    shared = draw.integers(2)
    for step in range(int(draw.integers(2, 5))):
        h = ops.tanh(h @ (weights[0] if shared else weights[step % len(weights)]) + weights[-1][0])
    return h


def chain(draw: np.random.Generator, a: Any) -> Any:
    """Elementwise ops one after another, with numbers between them."""
    for _ in range(int(draw.integers(2, 7))):
        a = SMOOTH[draw.integers(len(SMOOTH))](a * 0.5 + float(draw.normal()))
    return ops.tanh(a)


def network(seed: int) -> Callable[..., Any]:
    """A network on three matrices; its outputs share values, and one may be an input or a constant."""

    def net(x: Any, y: Any, w: Any) -> Any:
        draw = np.random.default_rng(seed)
        values = [x, y, w]
        for _ in range(int(draw.integers(4, 14))):
            first, second = (values[place] for place in draw.integers(len(values), size=2))
            kind = draw.integers(7)
            if kind == 0:
                made = chain(draw, first)
            elif kind == 1:
                made = PAIRS[draw.integers(len(PAIRS))](first, second)
            elif kind == 2:
                made = VIEWS[draw.integers(len(VIEWS))](first)
            elif kind == 3:
                made = ops.tanh(SUMS[draw.integers(len(SUMS))](first))
            elif kind == 4:
                made = layers(draw, first, [second, w, y])
            elif kind == 5:
                made = (first @ second.T) @ w * 0.2
            else:
                made = ops.tanh(first @ second * 0.3 + second[0] + first @ w)
            values.append(made)
        outputs = [values[-1], values[-2].sum(), values[int(draw.integers(len(values)))], values[-1]]
        return tuple(outputs[: int(draw.integers(1, 5))])

    return net


def matrices(seed: int, kind: str = "float64") -> list[np.ndarray]:
    """Three inputs of `network`."""
    return [np.asarray(one, kind) for one in np.random.default_rng(seed + 1000).normal(size=(3, SIZE, SIZE))]
