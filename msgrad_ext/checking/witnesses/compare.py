"""Comparison of a float gradient with its reference, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .noise import tolerance


@dataclass(frozen=True)
class Comparison:
    """Differences of a gradient from its reference.

    Attributes
    ----------
    compared, total : int
        Entries that are finite on both sides, and all entries.
    max_abs, max_rel, max_ulp : float
        Largest differences: absolute, relative to the reference, in units of the last place.
    within : bool
        Whether every compared entry is within its tolerance.
    tolerance : float
        That of the entry that came nearest to failing, or failed worst.
    index : tuple of int
        That entry.
    digits_lost : int
        Decimal digits lost to cancellation, when they are more than half of the dtype's; otherwise 0.
    unit : float
        The largest rounding unit of the computation.
    """

    compared: int
    total: int
    max_abs: float
    max_rel: float
    max_ulp: float
    within: bool
    tolerance: float
    index: tuple[int, ...]
    digits_lost: int
    unit: float = float(np.finfo(np.float64).eps)

    @property
    def figures(self) -> dict[str, Any]:
        """What a `Gradient` tells of the comparison, by the names of its fields."""
        told = ("max_abs", "max_rel", "max_ulp", "compared", "tolerance")
        return {name: getattr(self, name) for name in told}


def compare_floats(
    value: np.ndarray, reference: np.ndarray, deviation: np.ndarray, unit: float, zero: bool = False
) -> Comparison:
    """Compare ``value`` with ``reference``; ``deviation`` is the rounding noise at each entry.

    ``unit`` is the largest rounding unit of the computation, which tells lost digits from a coarse dtype; ``zero`` says
    that the reference is known to be exactly zero: rounding then loses no digits.
    """
    total = int(value.size)
    with np.errstate(all="ignore"):
        wide = value.astype(np.float64)
        finite = np.isfinite(wide) & np.isfinite(reference)
        if not finite.any():
            return Comparison(0, total, np.nan, np.nan, np.nan, False, 0.0, (), 0)
        gap = np.where(finite, np.abs(wide - reference), 0.0)
        size = np.where(finite, np.abs(reference), 0.0)
        allowed = tolerance(deviation, np.where(finite, reference, 0.0), value.dtype)
        relative = np.where(gap > 0, gap / np.where(size > 0, size, np.inf), 0.0)
        relative = np.where((gap > 0) & (size == 0), np.inf, relative)
        spacing = np.spacing(np.abs(reference).astype(value.dtype)).astype(np.float64)
        ulp = np.where(finite & (gap > 0), gap / spacing, 0.0)
        spot = np.unravel_index(int(np.argmax(gap / allowed)), gap.shape) if gap.ndim else ()
        return Comparison(
            compared=int(finite.sum()),
            total=total,
            max_abs=float(gap.max()),
            max_rel=float(relative.max()),
            max_ulp=float(ulp.max()),
            within=bool(np.all(gap <= allowed)),
            tolerance=float(allowed[spot]),
            index=tuple(int(one) for one in spot),
            digits_lost=0 if zero or _as_good(gap, size, unit) else _digits_lost(deviation, size, unit),
            unit=unit,
        )


def _as_good(gap: np.ndarray, size: np.ndarray, unit: float) -> bool:
    """True when the result is right to the last digits, as where all that is subtracted is exact."""
    return float(np.max(gap)) <= 4 * unit * float(np.max(size))


def _digits_lost(deviation: np.ndarray, size: np.ndarray, unit: float) -> int:
    """Decimal digits that the largest entry's noise takes away, if that is more than half of them."""
    noise, largest = float(np.max(deviation)), float(np.max(size))
    if noise == 0:
        return 0
    digits = int(-np.log10(unit))
    lost = digits if largest == 0 else int(np.log10(max(noise / largest / unit, 1)))
    return min(lost, digits) if lost > digits / 2 else 0
