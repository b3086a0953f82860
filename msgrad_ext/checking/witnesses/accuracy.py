"""How good a float gradient is: digits kept, and how much one rounding grows on the way to it.

That is a question of its own. A rule may be right and its result poor, where terms cancel, or wrong by less than a rounding.
"""

from __future__ import annotations

import numpy as np

from ..result import Accuracy
from .compare import Comparison


def accuracy_of(
    value: np.ndarray, reference: np.ndarray, deviation: np.ndarray, unit: float, comparison: Comparison
) -> Accuracy | None:
    """The accuracy of ``value``; None where nothing was compared.

    Parameters
    ----------
    value, reference : ndarray
        The gradient, and the same from the formula.
    deviation : ndarray
        How far roundings move each entry (`noise.spread`).
    unit : float
        The largest rounding unit of the computation.
    comparison : Comparison
        Of the two.
    """
    if not comparison.compared:
        return None
    with np.errstate(all="ignore"):
        wide = value.astype(np.float64)
        finite = np.isfinite(wide) & np.isfinite(reference)
        gap = float(np.max(np.abs(wide - reference), where=finite, initial=0.0))
        size = float(np.max(np.abs(reference), where=finite, initial=0.0))
        noise = float(np.max(deviation, where=finite, initial=0.0))
    full = int(-np.log10(unit))
    if size == 0:
        return Accuracy(full if gap == 0 else 0, full, np.nan if noise else 0.0, comparison.index)
    # What is right to the last digits has lost none, though other data near by would.
    uncertain = gap if gap <= 4 * unit * size else max(gap, noise)
    kept = full if uncertain <= 4 * unit * size else int(np.clip(1e-3 - np.log10(uncertain / size), 0, full))
    return Accuracy(kept, full, noise / size / unit, comparison.index)
