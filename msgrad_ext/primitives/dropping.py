"""Ops that draw numbers: dropout of elements and of channels, and leaky units with drawn slopes.

What is drawn is a constant of the graph, so forward and backward see the same. A plan that holds such a constant is
traced again at its next call, which draws anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, DtypeError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..seeds import uniform
from ..tensor import Epoch, Tensor


def drawn(shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Numbers between ``low`` and ``high``, other ones at every call."""
    Epoch.advance()
    return uniform(low, high, shape)


def _input(op: str, x: Any, *ranks: int) -> Tensor:
    if not isinstance(x, Tensor):
        raise ArgumentError(f"For '{op}', the input must be a Tensor, but got {type(x).__name__}.")
    if x.numpy_dtype.kind not in "fO":
        raise DtypeError(f"For '{op}', the input must be a float tensor, but got {x.dtype}.")
    if ranks and x.ndim not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise ShapeError(f"For '{op}', the input must have {wanted} axes, but got shape {x.shape}.")
    return x


def _probability(op: str, name: str, value: Any, includes: float) -> float:
    """``value`` as a probability; of the two bounds, ``includes`` alone is allowed."""
    if not isinstance(value, float):
        raise ArgumentError(f"For '{op}', the '{name}' must be float, but got {type(value).__name__}.")
    if not 0 < value < 1 and value != includes:
        wanted = "(0, 1]" if includes else "[0, 1)"
        raise ArgumentValueError(f"For '{op}', the '{name}' must be in {wanted}, but got {value}.")
    return value


def _dropped(x: Tensor, keep: float, lead: int | None = None) -> tuple[Tensor, np.ndarray]:
    """``x`` with elements dropped at random, or whole channels of ``lead`` axes, and which were kept."""
    shape = x.shape if lead is None else (*x.shape[:lead], *(1 for _ in x.shape[lead:]))
    kept = np.broadcast_to(drawn(shape) < keep, x.shape)
    # The scale is rounded once, as MindSpore's is: 1 / keep in the tensor's own dtype.
    scale = (kept * np.asarray(1 / keep)).astype(x.numpy_dtype)
    return fn.mul(x, Tensor._wrap(scale)), kept


class Dropout(Composite):
    """Elements set to 0 at random and the others divided by ``keep_prob``; the result, and 1 where one was kept.

    Notes
    -----
    The derivative sees the elements that this call has kept.
    """

    def __init__(self, keep_prob: float = 0.5, Seed0: int = 0, Seed1: int = 0) -> None:
        self.keep_prob = _probability("Dropout", "keep_prob", keep_prob, 1.0)
        self.Seed0, self.Seed1 = Seed0, Seed1

    def compute(self, x: Tensor) -> tuple[Tensor, Tensor]:
        result, kept = _dropped(_input("Dropout", x), self.keep_prob)
        return result, Tensor._wrap(kept.astype(x.numpy_dtype))


class _Channels(Composite):
    """Base of dropout of whole channels."""

    axes = 0

    def __init__(self, keep_prob: float = 0.5) -> None:
        if isinstance(keep_prob, int) and not isinstance(keep_prob, bool):
            keep_prob = float(keep_prob)
        # All may be dropped here, unlike in Dropout: then the result is 0.
        self.keep_prob = keep_prob if keep_prob == 0.0 else _probability(self._name, "keep_prob", keep_prob, 1.0)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def compute(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = _input(self._name, x, self.axes)
        if not self.keep_prob:
            return fn.zeros_like(x), Tensor._wrap(np.zeros(x.shape, bool))
        result, kept = _dropped(x, self.keep_prob, lead=2)
        return result, Tensor._wrap(kept.copy())


class Dropout2D(_Channels):
    """Channels of images set to 0 at random and the others divided by ``keep_prob``; the result, and which were kept."""

    axes = 4


class Dropout3D(_Channels):
    """Channels of volumes set to 0 at random and the others divided by ``keep_prob``; the result, and which were kept."""

    axes = 5


@composite(functions="dropout")
def dropout(input: Tensor, p: float = 0.5, training: bool = True, seed: int | None = None) -> Tensor:
    """``input`` with elements set to 0 with probability ``p`` and the others divided by ``1 - p``, in training."""
    _input("dropout", input)
    if not training:
        return input
    return _dropped(input, 1 - _probability("dropout", "p", p, 0.0))[0]


def _by_channel(name: str, input: Tensor, p: Any, training: bool, ranks: tuple[int, ...], lead: int) -> Tensor:
    _input(name, input, *ranks)
    if not isinstance(p, float):
        raise ArgumentError(f"For '{name}', the 'p' must be float, but got {type(p).__name__}.")
    if not 0 <= p <= 1:
        raise ArgumentValueError(f"For '{name}', the 'p' must be in [0, 1], but got {p}.")
    if not training or not p:
        return input
    return fn.zeros_like(input) if p == 1 else _dropped(input, 1 - p, lead)[0]


@composite(functions="dropout1d")
def dropout1d(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Rows of the last axis set to 0 with probability ``p`` and the others divided by ``1 - p``, in training."""
    return _by_channel("dropout1d", input, p, training, (2, 3), len(getattr(input, "shape", ())) - 1)


@composite(functions="dropout2d")
def dropout2d(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Channels of images set to 0 with probability ``p`` and the others divided by ``1 - p``, in training."""
    return _by_channel("dropout2d", input, p, training, (4,), 2)


@composite(functions="dropout3d")
def dropout3d(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Channels of volumes set to 0 with probability ``p`` and the others divided by ``1 - p``, in training."""
    return _by_channel("dropout3d", input, p, training, (5,), 2)


def leaky_by_chance(x: Tensor, lower: float, upper: float) -> Tensor:
    """``x`` where it is positive, otherwise ``x`` times a slope drawn between ``lower`` and ``upper``."""
    _input("RReLU", x)
    slopes = drawn(x.shape, lower, upper).astype(x.numpy_dtype)
    return fn.select(x > 0, x, fn.mul(x, Tensor._wrap(slopes)))
