"""What came back: the plan's results against an interpretation of the plan's own graph, and what the caller was handed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...gradients.grad_operation import Application
from ..result import Fault


def result_fault(
    application: Application, position: int, meant: np.ndarray, deviation: np.ndarray, large: bool
) -> Fault | None:
    """How gradient ``position`` was changed on its way from the plan's graph to the caller, or None if it was not.

    Parameters
    ----------
    application : Application
        What was computed.
    position : int
        The gradient.
    meant : ndarray
        What the plan's graph gives, interpreted.
    deviation : ndarray
        How far rounding alone may move it: the plan may add and multiply in another order than its graph has.
    large : bool
        The program is too large for fifty digits.
    """
    value, place = application.gradients[position], application.location
    with np.errstate(all="ignore"):
        gap = np.abs(value.astype(np.float64) - meant.astype(np.float64))
        # The plan may add in another order. The spread of one entry says little of that: the whole array's takes part.
        common = 0.5 * np.sqrt(np.mean(np.square(deviation))) if deviation.size else 0.0
        room = (4 if large else 2) * np.maximum(deviation, common)
        wrong = gap > room + 4 * np.finfo(value.dtype).eps * np.abs(meant.astype(np.float64))
    if wrong.any():
        index = tuple(int(one) for one in np.argwhere(wrong)[0])
        told = f"the plan gives {value[index]:.10g}, its graph, interpreted, {meant[index]:.10g}"
        return Fault("plan", None, "result", index, place, told)
    if not _came_back(application.gradients, application.returned):
        told = "what the caller was handed is not what the plan gave"
        return Fault("plan", application.names[position], "result", None, place, told)
    return None


def _came_back(gradients: Sequence[np.ndarray], returned: Sequence[np.ndarray]) -> bool:
    """True when ``gradients`` are among ``returned``, bit for bit and in their order; or nothing was seen to come back."""
    if not returned:
        return True
    pending = iter(returned)
    return all(any(_same(one, other) for other in pending) for one in gradients)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()
