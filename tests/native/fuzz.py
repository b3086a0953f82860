"""Networks drawn at random over all that compiled C has forms for, and the ways their arrays may lie in memory.

``python -m tests.native.fuzz 300`` tries so many, from a first seed on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from msgrad_ext import Tensor, ops
from msgrad_ext.native.program import NoNative

from .nets import UNARY, gradient_graph, native
from .nets import data as numbers

LENGTHS = (1, 2, 3, 5, 7, 16, 17, 33)
MORE = "hardswish elu leaky_relu softsign sqrt log1p rsqrt".split()


class Drawn:
    """A network whose steps are drawn by ``seed``: the pool of its values has arrays of any shape."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.seed = seed
        self.dtype = np.dtype([np.float32, np.float64][int(rng.integers(2))])
        rank = int(rng.integers(1, 4))
        lengths = [int(n) for n in rng.choice(LENGTHS, rank)]
        if rng.random() < 0.04:
            lengths[int(rng.integers(rank))] = 0
        rows = (*lengths[:-1], 1) if rng.random() < 0.5 else tuple(lengths)
        self.shapes = [tuple(lengths), rows, tuple(lengths[-1:]), (lengths[-1], int(rng.choice(LENGTHS)))]
        self.steps = int(rng.integers(3, 12))

    def arrays(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Its inputs: of any order and stride in memory, one of them whole numbers."""
        found = [laid_out(rng, numbers(rng, self.dtype, *shape)) for shape in self.shapes]
        return [*found, rng.integers(0, max(1, self.shapes[0][-1]), 4).astype(np.int32)]

    def __call__(self, x: Any, y: Any, b: Any, w: Any, at: Any) -> Any:
        rng = np.random.default_rng([self.seed, 1])
        pool = [x, y, b, x * y]
        if x.ndim > 1 and x.size:
            pool.append(ops.matmul(x, w))
        if x.size:
            pool.append(ops.gather(x, at, x.ndim - 1))
        for _ in range(self.steps):
            made = STEPS[int(rng.integers(len(STEPS)))](rng, pool)
            if made is not None and prod(made.shape) < 20_000:
                pool.append(made)
        total = pool[0].sum()
        for one in pool[1:]:
            total = total + (one * one).sum() * 0.1
        return total


def laid_out(rng: np.random.Generator, array: np.ndarray) -> np.ndarray:
    """The same numbers, laid out another way."""
    kind = int(rng.integers(5))
    if kind == 0:
        return np.asfortranarray(array)
    if kind == 1:
        return np.repeat(array, 2, -1)[..., ::2]
    if kind == 2:
        return array[..., ::-1].copy()[..., ::-1]
    return array


def pick(rng: np.random.Generator, pool: list[Any]) -> Any:
    """One of the values."""
    return pool[int(rng.integers(len(pool)))]


def axes_of(rng: np.random.Generator, one: Any) -> tuple[int, ...]:
    """Some of its axes."""
    return tuple(axis for axis in range(one.ndim) if rng.random() < 0.5) or tuple(range(one.ndim))


def partner(rng: np.random.Generator, pool: list[Any], one: Any) -> Any:
    """A value that broadcasts with it."""
    found = [other for other in pool if fits(one.shape, other.shape)]
    return pick(rng, found)


def fits(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """True where the shapes broadcast."""
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return False
    return True


def unary(rng: np.random.Generator, pool: list[Any]) -> Any:
    """A function of each element."""
    names = [name for name in (*UNARY, *MORE) if hasattr(ops, name)]
    name, one = names[int(rng.integers(len(names)))], pick(rng, pool)
    return getattr(ops, name)(ops.abs(one) + 0.5 if name in ("sqrt", "rsqrt", "log1p") else one)


def binary(rng: np.random.Generator, pool: list[Any]) -> Any:
    """A function of two values, one of them broadcast."""
    one = pick(rng, pool)
    other = partner(rng, pool, one)
    name = ("add", "sub", "mul", "maximum", "minimum", "div", "atan2", "hypot", "logaddexp", "fmax")[
        int(rng.integers(10))
    ]
    if name in ("div", "hypot", "atan2"):
        other = ops.abs(other) + 0.5
    return getattr(ops, name)(one, other)


def reduced(rng: np.random.Generator, pool: list[Any]) -> Any:
    """A reduction over some axes."""
    one = pick(rng, pool)
    name = ("reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "logsumexp")[int(rng.integers(5))]
    if not one.size:
        name = "reduce_sum"
    return getattr(ops, name)(one, axes_of(rng, one), bool(rng.integers(2)))


def softened(rng: np.random.Generator, pool: list[Any]) -> Any:
    """A softmax along an axis."""
    one = pick(rng, pool)
    if not one.ndim or not one.size:
        return None
    return (ops.softmax, ops.log_softmax)[int(rng.integers(2))](one, int(rng.integers(one.ndim)))


def centred(rng: np.random.Generator, pool: list[Any]) -> Any:
    """A value over its spread along some axes."""
    one = pick(rng, pool)
    if not one.ndim or not one.size:
        return None
    axes = axes_of(rng, one)
    far = one - ops.reduce_mean(one, axes, True)
    return far / ops.sqrt(ops.reduce_mean(far * far, axes, True) + 0.1)


def seen(rng: np.random.Generator, pool: list[Any]) -> Any:
    """A view: transposed, reshaped, sliced, repeated."""
    one, kind = pick(rng, pool), int(rng.integers(5))
    if not one.ndim:
        return None
    if kind == 0:
        return ops.transpose(one, tuple(int(axis) for axis in rng.permutation(one.ndim)))
    if kind == 1:
        return one.reshape(one.size) * 1.5
    if kind == 2:
        return one[..., :: int(rng.integers(1, 4))]
    if kind == 3:
        return one[..., one.shape[-1] // 2 :] * 2.0
    return ops.broadcast_to(ops.expand_dims(one, 0), (int(rng.integers(1, 4)), *one.shape))


def joined(rng: np.random.Generator, pool: list[Any]) -> Any:
    """Two values one behind the other, or chosen from by a comparison."""
    one = pick(rng, pool)
    if not one.ndim:
        return None
    if rng.random() < 0.5:
        return ops.concat((one, one * 0.5), int(rng.integers(one.ndim)))
    other = partner(rng, pool, one)
    return ops.select(one > other, one + other, one * other) if hasattr(ops, "select") else None


def pairs(rng: np.random.Generator, pool: list[Any]) -> Any:
    """Distances of all pairs of rows."""
    one = pick(rng, pool)
    if one.ndim != 2 or not one.size:
        return None
    far = ops.expand_dims(one, 1) - ops.expand_dims(one * 0.5 + 0.1, 0)
    return ops.exp(-(far * far).sum(-1))


def product(rng: np.random.Generator, pool: list[Any]) -> Any:
    """A product of matrices, or a running sum."""
    one = pick(rng, pool)
    if one.ndim < 2:
        return ops.cumsum(one, 0) if one.ndim and one.size else None
    return ops.matmul(one, ops.swapaxes(one, -1, -2)) if one.size else None


def positioned(rng: np.random.Generator, pool: list[Any]) -> Any:
    """Elements by position, places of extremes, running sums and products, the largest of windows."""
    one, kind = pick(rng, pool), int(rng.integers(6))
    if not one.ndim or not one.size:
        return None
    axis = int(rng.integers(one.ndim))
    if kind == 0:
        at = rng.integers(-one.shape[axis], one.shape[axis], (2, 3))
        return ops.gather(one, Tensor(at.astype(np.int32)), axis)
    if kind == 1:
        return ops.gather_d(one, axis, Tensor(rng.integers(-one.shape[axis], one.shape[axis], one.shape)))
    if kind == 2:
        return one * ops.cast(ops.expand_dims(ops.Argmax(axis)(one), axis), one.dtype)
    if kind == 3 and one.ndim > 1:
        return one[
            Tensor(rng.integers(0, one.shape[0], 3)), ..., Tensor(rng.integers(-one.shape[-1], one.shape[-1], 3))
        ]
    if kind == 4 and one.ndim == 2:
        return ops.max_pool2d(ops.reshape(one, (1, 1, *one.shape)), 2, 1, 1)
    return (ops.CumSum, ops.CumProd)[kind % 2](bool(rng.integers(2)), bool(rng.integers(2)))(one * 0.5, axis)


def contracted(rng: np.random.Generator, pool: list[Any]) -> Any:
    """A product over named axes, the result's in any order."""
    one = pick(rng, pool)
    if not one.ndim or not one.size or one.size > 2_000:
        return None
    left = "abcd"[: one.ndim]
    kept = [x for x in left if rng.random() < 0.7]
    right = "".join(rng.permutation([x for x in left if rng.random() < 0.7] or [left[0]]))
    other = one.sum([left.index(x) for x in left if x not in right]) if set(left) - set(right) else one
    other = ops.transpose(other, tuple(sorted(right).index(x) for x in right)) * 0.5
    return ops.einsum(f"{left},{right}->{''.join(rng.permutation(kept))}", one, other)


STEPS: tuple[Callable[[np.random.Generator, list[Any]], Any], ...] = (
    unary, unary, binary, binary, reduced, reduced, softened, centred, seen, seen, joined, pairs, product,
    positioned, positioned, contracted,
)  # fmt: skip


def far(found: np.ndarray, wanted: np.ndarray, least: float = 1e-3) -> float:
    """The distance in units of the last place of the largest element; infinite where NaN or infinities stand elsewhere."""
    if (found.shape, found.dtype) != (wanted.shape, wanted.dtype):
        return np.inf
    if not (np.array_equal(np.isnan(found), np.isnan(wanted)) and np.array_equal(np.isinf(found), np.isinf(wanted))):
        return np.inf
    finite = np.isfinite(wanted)
    if not finite.any():
        return 0.0
    size = max(float(np.max(np.abs(wanted[finite]))), least)
    return float(np.max(np.abs(found[finite] - wanted[finite]))) / size / float(np.finfo(wanted.dtype).eps)


def attempt(seed: int) -> tuple[float, str]:
    """The largest distance between both tiers for one network, at data that were not traced; and what was done."""
    from msgrad_ext.numeric.interpreter import run
    from msgrad_ext.numeric.plan import GuardFailed

    net, rng = Drawn(seed), np.random.default_rng([seed, 2])
    graph, first = gradient_graph(net, *net.arrays(rng))
    try:
        made = native(graph)
    except AssertionError as reason:
        return 0.0, str(reason)
    worst = 0.0
    for _ in range(2):
        arrays = [*net.arrays(rng)[: len(graph.inputs)], *first[len(net.shapes) + 1 :]]
        try:
            pairs = list(zip(made.function(*arrays), run(graph, arrays), strict=True))  # type: ignore[misc]
        except GuardFailed:
            continue
        worst = max([worst, *(far(found, wanted) for found, wanted in pairs)])
    return worst, made.status


def main(count: int, first: int = 0) -> None:
    """Try so many networks, and tell what was seen."""
    reasons: dict[str, int] = {}
    for seed in range(first, first + count):
        try:
            distance, status = attempt(seed)
        except NoNative as error:
            distance, status = 0.0, str(error)
        reason = "compiled" if status.startswith("compiled") else status
        reasons[reason] = reasons.get(reason, 0) + 1
        if distance > 64:
            print(f"seed {seed}: {distance:.0f} units of the last place; {status}", flush=True)
    print(reasons)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
