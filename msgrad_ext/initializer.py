"""First values of parameters, by MindSpore's names, drawn from a generator of our own: numpy's global state is not touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .dtype import DType, from_numpy, to_numpy
from .errors import ArgumentError, ArgumentValueError, UnknownNameError, choices, user_location
from .tensor import Tensor, is_number


class _Source:
    """The generator that first values are drawn from."""

    generator = np.random.default_rng(0)


def set_seed(seed: int) -> None:
    """Start the generator of first values anew."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ArgumentError(f"For 'set_seed', the seed must be a non-negative int, but got {seed!r}.", user_location())
    _Source.generator = np.random.default_rng(seed)


def generator() -> np.random.Generator:
    """The generator that first values, and random tensors, are drawn from."""
    return _Source.generator


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw first values from a fresh generator meanwhile, so that a cell gives the same values in every run."""
    before = _Source.generator
    _Source.generator = np.random.default_rng(seed)
    try:
        yield
    finally:
        _Source.generator = before


def _he_uniform(shape: tuple[int, ...], fan_in: int) -> np.ndarray:
    bound = 1 / np.sqrt(fan_in)
    return _Source.generator.uniform(-bound, bound, shape)


def _xavier_uniform(shape: tuple[int, ...], fan_in: int) -> np.ndarray:
    bound = np.sqrt(6 / (fan_in + shape[0]))
    return _Source.generator.uniform(-bound, bound, shape)


_METHODS: dict[str, Callable[[tuple[int, ...], int], np.ndarray]] = {
    "zeros": lambda shape, fan_in: np.zeros(shape),
    "zero": lambda shape, fan_in: np.zeros(shape),
    "ones": lambda shape, fan_in: np.ones(shape),
    "one": lambda shape, fan_in: np.ones(shape),
    "normal": lambda shape, fan_in: _Source.generator.normal(0, 0.01, shape),
    "uniform": lambda shape, fan_in: _Source.generator.uniform(-0.07, 0.07, shape),
    "xavier_uniform": _xavier_uniform,
    "xavieruniform": _xavier_uniform,
    "he_uniform": _he_uniform,
    "heuniform": _he_uniform,
}


def initialized(init: Any, shape: tuple[int, ...], fan_in: int, dtype: DType | None = None) -> Tensor:
    """A tensor of ``shape``: ``init`` itself, or values by its name, or all one number; float32 by default."""
    kind = np.dtype(np.float32) if dtype is None else to_numpy(dtype)
    if isinstance(init, (Tensor, np.ndarray)):
        given = Tensor(init)
        if given.shape != shape:
            raise ArgumentValueError(
                f"The first values must have shape {shape}, but got {given.shape}.", user_location()
            )
        return given
    if is_number(init):
        return Tensor(np.full(shape, init, kind))
    name = "he_uniform" if init is None else init
    if not isinstance(name, str):
        raise ArgumentError(f"First values must be a Tensor, a name or a number, but got {init!r}.", user_location())
    if name.lower() not in _METHODS:
        raise UnknownNameError(
            f"There is no initializer '{name}'. {choices(name.lower(), list(_METHODS))}", user_location()
        )
    return Tensor(_METHODS[name.lower()](shape, fan_in).astype(kind))


def initializer(init: Any, shape: Any, dtype: DType | None = None) -> Tensor:
    """A tensor of first values, as `mindspore.common.initializer.initializer`."""
    lengths = (shape,) if isinstance(shape, int) else tuple(shape)
    return initialized(
        init, lengths, int(np.prod(lengths[1:], dtype=np.int64)) or 1, dtype or from_numpy(np.dtype("f4"))
    )
