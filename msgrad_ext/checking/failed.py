"""The result of a check that ended before there was a gradient, because a voice of an op gave what can not be right."""

from __future__ import annotations

import numpy as np

from ..errors import VoiceError
from .result import CheckResult, Fault, Gradient


def failed_result(title: str, error: VoiceError, seed: int) -> CheckResult:
    """One gradient, which disagrees, and the fault that ``error`` tells of."""
    side = "forward" if error.operand is None and "result must" in error.message else "numeric"
    fault = Fault(error.op, error.operand, side, None, error.location, error.message)
    gradient = Gradient(
        "all", "input", np.array(np.nan), None, "disagree", "none", np.nan, np.nan, np.nan, 0, 0.0, "nothing was compared",
        "no gradient could be computed", fault,
    )  # fmt: skip
    return CheckResult(title, (gradient,), (), None, "ones", seed, (), (), error.location)
