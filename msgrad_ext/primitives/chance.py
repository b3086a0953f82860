"""Random tensors. They are drawn from the generator of `initializer`, which ``set_seed`` starts anew; in a network they
are constants, drawn once for a trace."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentValueError, DtypeError
from ..initializer import generator
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor, is_number
from .arguments import integer, tensor
from .creation import kind_of, lengths


def source(seed: Any = None) -> np.random.Generator:
    """The common generator, or one of its own for a seed that is not 0 or None."""
    return np.random.default_rng(integer("random", "seed", seed, 0)) if seed else generator()


def _floats(op: str, dtype: Any, default: Any = np.float32) -> np.dtype:
    kind = kind_of(op, dtype, default)
    if kind.kind != "f":
        raise ArgumentValueError(f"For '{op}', the dtype must be a float type, but got {kind}.")
    return kind


def _ints(op: str, dtype: Any, default: Any = np.int64) -> np.dtype:
    kind = kind_of(op, dtype, default)
    if kind.kind not in "iu":
        raise ArgumentValueError(f"For '{op}', the dtype must be an int type, but got {kind}.")
    return kind


def _shape(op: str, size: tuple[Any, ...]) -> tuple[int, ...]:
    return lengths(op, size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size)


@composite(functions="rand")
def rand(*size: Any, dtype: Any = None, seed: int | None = None) -> Tensor:
    """Numbers evenly from [0, 1)."""
    return Tensor(source(seed).random(_shape("rand", size)).astype(_floats("rand", dtype)))


@composite(functions="randn")
def randn(*size: Any, dtype: Any = None, seed: int | None = None) -> Tensor:
    """Numbers of the standard normal distribution."""
    return Tensor(source(seed).standard_normal(_shape("randn", size)).astype(_floats("randn", dtype)))


@composite(functions="rand_like")
def rand_like(input: Any, seed: int | None = None, *, dtype: Any = None) -> Tensor:
    """Numbers evenly from [0, 1), in the shape of ``input``."""
    x = tensor("rand_like", "input", input)
    return Tensor(source(seed).random(x.shape).astype(_floats("rand_like", dtype, x.numpy_dtype)))


@composite(functions="randn_like")
def randn_like(input: Any, seed: int | None = None, *, dtype: Any = None) -> Tensor:
    """Numbers of the standard normal distribution, in the shape of ``input``."""
    x = tensor("randn_like", "input", input)
    return Tensor(source(seed).standard_normal(x.shape).astype(_floats("randn_like", dtype, x.numpy_dtype)))


@composite(functions="randint")
def randint(low: int, high: int, size: Any, seed: int | None = None, *, dtype: Any = None) -> Tensor:
    """Ints evenly from ``low`` to before ``high``."""
    return Tensor(_between("randint", low, high, lengths("randint", size), seed).astype(_ints("randint", dtype)))


@composite(functions="randint_like")
def randint_like(input: Any, low: int, high: int, seed: int | None = None, *, dtype: Any = None) -> Tensor:
    """Ints evenly from ``low`` to before ``high``, in the shape of ``input``."""
    x = tensor("randint_like", "input", input)
    kind = _ints("randint_like", dtype, x.numpy_dtype)
    return Tensor(_between("randint_like", low, high, x.shape, seed).astype(kind))


def _between(op: str, low: Any, high: Any, shape: tuple[int, ...], seed: Any) -> np.ndarray:
    first, last = integer(op, "low", low), integer(op, "high", high)
    if first >= last:
        raise ArgumentValueError(f"For '{op}', low must be less than high, but got {first} and {last}.")
    return source(seed).integers(first, last, shape)


@composite(functions="randperm")
def randperm(n: int, seed: int = 0, offset: int = 0, dtype: Any = None) -> Tensor:
    """The ints below ``n`` in random order."""
    return Tensor(source(seed).permutation(integer("randperm", "n", n, 0)).astype(kind_of("randperm", dtype, np.int64)))


@composite(functions="standard_normal")
def standard_normal(shape: Any, seed: int | None = None) -> Tensor:
    """Numbers of the standard normal distribution."""
    return Tensor(source(seed).standard_normal(lengths("standard_normal", shape)).astype(np.float32))


def _scaled(op: str, drawn: np.ndarray, first: Any, second: Any) -> tuple[Tensor, Any, Any]:
    """Draws that broadcast with the two parameters of a distribution, which may be tensors of the network."""
    given = [one if is_number(one) else tensor(op, "parameter", one) for one in (first, second)]
    return Tensor(drawn.astype(np.float32)), given[0], given[1]


@composite(functions="normal")
def normal(shape: Any, mean: Any, stddev: Any, seed: int | None = None) -> Tensor:
    """Numbers of the normal distribution; ``mean + stddev * z`` is differentiable by both."""
    drawn = source(seed).standard_normal(_spread("normal", shape, mean, stddev))
    z, middle, width = _scaled("normal", drawn, mean, stddev)
    return z * width + middle


@composite(functions="uniform")
def uniform(shape: Any, minval: Any, maxval: Any, seed: int | None = None, dtype: Any = None) -> Tensor:
    """Numbers evenly from ``minval`` to ``maxval``; ints from it to before it with an int dtype."""
    kind = kind_of("uniform", dtype)
    drawn = source(seed).random(_spread("uniform", shape, minval, maxval))
    u, low, high = _scaled("uniform", drawn, minval, maxval)
    if kind.kind in "iu":
        return fn.cast(u * (high - low) + low, kind)
    return u * (high - low) + low


def _spread(op: str, shape: Any, *params: Any) -> tuple[int, ...]:
    shapes = [one.shape for one in params if isinstance(one, Tensor)]
    return np.broadcast_shapes(lengths(op, shape), *shapes)


@composite(functions="bernoulli", methods="bernoulli")
def bernoulli(input: Any, p: Any = 0.5, seed: int | None = None) -> Tensor:
    """Ones with probability ``p``, else zeros, in the shape and dtype of ``input``."""
    x = tensor("bernoulli", "input", input)
    chance = p._leave("bernoulli()") if isinstance(p, Tensor) else p
    if np.min(chance) < 0 or np.max(chance) > 1:
        raise ArgumentValueError(f"For 'bernoulli', p must be in [0, 1], but got {p}.")
    return Tensor((source(seed).random(x.shape) < chance).astype(x.numpy_dtype))


@composite(functions="shuffle")
def shuffle(x: Any, seed: int | None = None) -> Tensor:
    """``x`` with its rows in random order."""
    given = tensor("shuffle", "x", x)
    return fn.gather(given, Tensor(source(seed).permutation(given.shape[0])), 0) if given.ndim else given


class StandardNormal(Composite):
    """Numbers of the standard normal distribution."""

    def __init__(self, seed: int = 0, seed2: int = 0) -> None:
        self.seed, self.seed2 = integer("StandardNormal", "seed", seed, 0), integer("StandardNormal", "seed2", seed2, 0)

    def compute(self, shape: Any) -> Tensor:
        """The numbers."""
        return standard_normal(shape, self.seed or self.seed2)


class UniformReal(Composite):
    """Numbers evenly from [0, 1)."""

    def __init__(self, seed: int = 0, seed2: int = 0) -> None:
        self.seed, self.seed2 = integer("UniformReal", "seed", seed, 0), integer("UniformReal", "seed2", seed2, 0)

    def compute(self, shape: Any) -> Tensor:
        """The numbers."""
        return rand(shape, seed=self.seed or self.seed2)


class UniformInt(Composite):
    """Ints evenly from a minimum to before a maximum."""

    def __init__(self, seed: int = 0, seed2: int = 0) -> None:
        self.seed, self.seed2 = integer("UniformInt", "seed", seed, 0), integer("UniformInt", "seed2", seed2, 0)

    def compute(self, shape: Any, minval: Any, maxval: Any) -> Tensor:
        """The ints."""
        if any(isinstance(one, Tensor) and one.numpy_dtype.kind not in "iu" for one in (minval, maxval)):
            raise DtypeError("For 'UniformInt', minval and maxval must be ints.")
        low, high = integer("UniformInt", "minval", minval), integer("UniformInt", "maxval", maxval)
        drawn = _between("UniformInt", low, high, lengths("UniformInt", shape), self.seed or self.seed2)
        return Tensor(drawn.astype(np.int32))


__all__ = ["source"]
