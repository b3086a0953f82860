"""A float gradient measured against its balls, entry by entry; every figure is rounded so that it stays a bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import balls

# A ball is narrow when its radius is below this part of a rounding unit: of its entry, or of entries that are this much
# smaller than the largest.
_NARROW, _SMALL = 2.0**-10, 2.0**-20
# More than what the roundings of a few float64 operations can take away from a bound.
_UP = 1 + 2.0**-40
_TINY = 5e-324


@dataclass(frozen=True, eq=False)
class Measured:
    """Middles and radii of balls as floats, and proven bounds of how far ``value`` is from what they hold."""

    value: np.ndarray
    middle: np.ndarray
    radius: np.ndarray
    error: np.ndarray
    narrow: np.ndarray

    @property
    def size(self) -> float:
        """A lower bound of the largest size of the derivative's entries."""
        low = np.where(self.narrow, np.abs(self.middle) - self.radius, 0.0)
        return max(float(low.max(initial=0.0)), 0.0)

    @property
    def eps(self) -> float:
        """The dtype's rounding unit."""
        return float(np.finfo(self.value.dtype).eps)

    @property
    def ulps(self) -> np.ndarray:
        """The errors of narrow entries in units of the last place of the true derivative, as a flat array."""
        true = np.abs(self.middle[self.narrow])
        with np.errstate(all="ignore"):
            size = true.astype(self.value.dtype)
            size = np.where(size.astype(np.float64) > true, np.nextafter(size, size.dtype.type(0)), size)
            spacing = np.spacing(size).astype(np.float64)
            return np.where(self.error[self.narrow] > 0, self.error[self.narrow] / spacing, 0.0)

    def outside(self, tolerance: np.ndarray) -> np.ndarray:
        """Where a result certainly lies further from its narrow ball than ``tolerance``, or is not finite."""
        wide = self.value.astype(np.float64)
        with np.errstate(all="ignore"):
            gap = np.abs(wide - self.middle) / _UP - self.radius
            return self.narrow & (~np.isfinite(wide) | (gap > tolerance))


def measure(value: np.ndarray, found: np.ndarray, scale: float) -> Measured:
    """``value`` against the balls ``found``; ``scale`` is the size of the cotangents that the gradient is made of."""
    flat, wide = found.ravel().tolist(), value.astype(np.float64)
    radius = _above(map(balls.kind().rad, flat), value.shape)
    middle = np.fromiter(map(float, flat), np.float64, len(flat)).reshape(value.shape)
    error = _distance(wide, flat) if value.dtype == np.float64 else _distance_of_coarse(wide, middle, radius)
    info = np.finfo(value.dtype)
    with np.errstate(all="ignore"):
        finite = np.isfinite(middle) & np.isfinite(radius)
        largest = float(np.max(np.abs(middle), where=finite & (np.abs(middle) > radius), initial=0.0))
        unit = np.maximum(np.abs(middle), max(_SMALL * largest, float(info.eps) * scale)) * float(info.eps)
        narrow = finite & (radius <= _NARROW * np.maximum(unit, float(info.smallest_subnormal)))
    return Measured(value, middle, radius, np.where(narrow & np.isnan(error), np.inf, error), narrow)


def _distance(wide: np.ndarray, flat: Sequence[Any]) -> np.ndarray:
    """How far float64 numbers may be from what the balls hold; among balls, whose middles have more digits than floats."""
    arb = balls.kind()
    gaps = (abs(one - arb(number)).abs_upper() for one, number in zip(flat, wide.ravel().tolist()))
    return _above(gaps, wide.shape)


def _distance_of_coarse(wide: np.ndarray, middle: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """The same for numbers with fewer digits, to which the rounding of the middles to float64 does not matter."""
    with np.errstate(all="ignore"):
        gap = np.abs(wide - middle) + radius
        return np.where(gap > 0, (gap + 2.0**-52 * np.abs(middle)) * _UP + 2 * _TINY, 0.0)


def _above(numbers: Iterable[Any], shape: Sequence[int]) -> np.ndarray:
    """Sizes as floats that are not below them; 0 only for what is 0."""
    found = [0.0 if one == 0 else float(one) * _UP + _TINY for one in numbers]
    return np.array(found, np.float64).reshape(tuple(shape))


__all__ = ["Measured", "measure"]
