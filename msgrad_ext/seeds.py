"""The generator that first values, masks and random tensors are drawn from: numpy's global state is not touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from .errors import ArgumentError, ArgumentValueError, user_location
from .registry import fleeting


class _Source:
    """The generator that first values are drawn from, outside of `seeded`."""

    generator = np.random.default_rng(0)
    seed: int | None = None


# That of `seeded`: each thread has its own.
_meanwhile: ContextVar[np.random.Generator | None] = ContextVar("meanwhile", default=None)


def set_seed(seed: int) -> None:
    """Start the generator of first values anew."""
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ArgumentError(f"For 'set_seed', the seed must be an int, but got {seed!r}.", user_location())
    if seed < 0:
        raise ArgumentValueError(f"For 'set_seed', the seed must not be negative, but got {seed}.", user_location())
    _Source.seed = seed
    if _meanwhile.get() is None:
        _Source.generator = np.random.default_rng(seed)
    else:
        _meanwhile.set(np.random.default_rng(seed))


def generator() -> np.random.Generator:
    """The generator that first values, and random tensors, are drawn from."""
    fleeting()
    return _meanwhile.get() or _Source.generator


def get_seed() -> int | None:
    """The seed that was set last; None if none was."""
    return _Source.seed


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw first values from a fresh generator meanwhile, so that a cell gives the same values in every run."""
    token = _meanwhile.set(np.random.default_rng(seed))
    try:
        yield
    finally:
        _meanwhile.reset(token)


def uniform(low: float, high: float, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers drawn evenly between ``low`` and ``high`` from the generator that `set_seed` starts."""
    return generator().uniform(low, high, shape)
