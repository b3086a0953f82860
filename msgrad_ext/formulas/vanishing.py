"""Gradients that are 0 everywhere though no rule of the notation sees it, as that of the sum of normalised rows.

The lines are computed at random arrays in fifty digits and in a hundred. A true zero is rounding that shrinks with the
digits; a small number stays. Only for functions without kinks: what is analytic and 0 at random places is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checking.witnesses.digits import context
from ..symbolic import functions as fs
from ..symbolic.lines import Derivation
from ..symbolic.nodes import Largest, Tied
from ..symbolic.scalar import Step
from .evaluation import evaluate_lines
from .trial import Trial

NOTE = "found to be 0 by computing it in 100 digits at random arrays"
SMALL = 1e-9
DIGITS = (50, 100)
# What is left in a hundred digits of a true zero's rounding in fifty, at most: most of fifty digits are gone.
LEFT = 30
ELEMENTS = 400
_KINKED = (fs.Indicator, fs.Relu, fs.Absolute, fs.Maximum, fs.Minimum, fs.Choice, Largest, Tied, Step)


def vanishes(trial: Trial, key: str) -> bool:
    """True if the line ``key`` of the trial's derivation is 0 wherever it is defined."""
    samples = trial.samples()
    value = np.asarray(samples[key])
    if not np.max(np.abs(value), initial=0) <= SMALL or _kinked(trial.derivation, key):
        return False
    inputs = {name: samples[one] for one, name in trial.derivation.inputs.items()}
    if sum(array.size for array in inputs.values()) > ELEMENTS:
        return False
    mp, sizes = context(), []
    for digits in DIGITS:
        with mp.workdps(digits):
            given = {name: _precise(mp, array) for name, array in inputs.items()}
            found = np.asarray(evaluate_lines(trial.derivation, given, [key])[key]).ravel()
            if not all(mp.isfinite(one) for one in found):
                return False
            sizes.append(max((abs(one) for one in found), default=mp.zero))
    return bool(sizes[0] < SMALL and sizes[1] <= sizes[0] / mp.mpf(10) ** LEFT)


def _precise(mp: Any, array: np.ndarray) -> np.ndarray:
    result = np.empty(array.shape, object)
    result.ravel()[:] = [mp.mpf(float(one)) for one in array.ravel()]
    return result


def _kinked(derivation: Derivation, key: str) -> bool:
    """True if the line rests on a function that is not analytic."""
    wanted = {key}
    for line in reversed(derivation.lines):
        if line.key in wanted:
            wanted.update(line.operands)
            if line.template.expr.has(*_KINKED):
                return True
    return False


__all__ = ["NOTE", "vanishes"]
