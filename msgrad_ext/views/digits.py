"""Numbers as people read them: short in a cell, full in a tooltip, and the few figures that sum up an array.

Comes in: arrays and floats. Goes out: text, the same in every run. No HTML, no colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Number = bool | int | float | complex | np.generic


def short(value: Number, figures: int = 4) -> str:
    """``value`` to four significant figures: ``4.51``, ``-1.2e-07``, ``nan``, ``True``, ``3``."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value)) if abs(int(value)) < 10**7 else f"{float(value):.{figures}g}"
    if isinstance(value, (complex, np.complexfloating)):
        return f"{value:.{figures}g}"
    return f"{float(value) + 0.0:.{figures}g}"


def full(value: object) -> str:
    """``value`` with all the digits its dtype has."""
    return str(value.item() if isinstance(value, np.integer) else value)


def shape_text(shape: tuple[object, ...]) -> str:
    """``(2, 3)``, ``(3,)``, or ``scalar``."""
    return str(tuple(shape)).replace("'", "") if shape else "scalar"


def printed(value: np.ndarray, width: int = 96) -> str:
    """``value`` as numpy prints it, shortened when it has more than 200 entries."""
    array = np.asarray(value)
    edge = 3 if array.ndim <= 2 else 1
    return np.array2string(array, max_line_width=width, threshold=200, edgeitems=edge, precision=8)


@dataclass(frozen=True)
class Summary:
    """Figures that sum up an array; ``odd`` counts its entries that are not finite."""

    entries: int
    least: float
    greatest: float
    mean: float
    rms: float
    zeros: int
    odd: int

    def __str__(self) -> str:
        text = (
            f"{self.entries} entries: min {short(self.least)}, max {short(self.greatest)}, mean {short(self.mean)}, "
            f"rms {short(self.rms)}, {self.zeros} zero"
        )
        return text + (f", {self.odd} not finite" if self.odd else "")


def magnitudes(value: np.ndarray) -> np.ndarray:
    """``value`` as float64 for display: what is not a real number yet is made one."""
    array = np.asarray(value)
    if array.dtype.kind == "c":
        return np.abs(array)
    return array.astype(np.float64)


def summary(value: np.ndarray) -> Summary:
    """The figures of the finite entries of ``value``."""
    array = magnitudes(value)
    finite = array[np.isfinite(array)]
    odd = array.size - finite.size
    if not finite.size:
        return Summary(array.size, np.nan, np.nan, np.nan, np.nan, 0, odd)
    return Summary(
        array.size, float(finite.min()), float(finite.max()), float(finite.mean()), rms(finite),
        int((finite == 0).sum()), odd,
    )  # fmt: skip


def rms(value: np.ndarray) -> float:
    """Root mean square, safe against overflow; 0.0 of nothing."""
    array = np.abs(magnitudes(value))
    top = float(array.max(initial=0.0))
    if not top or not np.isfinite(top):
        return top
    return top * float(np.sqrt(np.mean((array / top) ** 2)))
