"""The result of a check that ended before there was a gradient, because a voice of an op gave what can not be right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import VoiceError
from .result import CheckResult, Fault, Gradient

if TYPE_CHECKING:
    from ..tensor import Tensor


def failed_result(
    title: str, error: VoiceError, seed: int, inputs: Mapping[str, Tensor], parameters: Mapping[str, Tensor]
) -> CheckResult:
    """All gradients that were asked for disagree, by the fault that ``error`` tells of.

    Parameters
    ----------
    title : str
        The network's name.
    error : VoiceError
        What the op gave.
    seed : int
        That of the check.
    inputs, parameters : mapping of str to Tensor
        What the gradients were asked by.
    """
    fault = Fault(error.op, error.operand, error.side, None, error.location, error.message)
    why = "no gradient could be computed"
    gradients = tuple(
        Gradient.unseen(name, kind, np.full(one.shape, np.nan, one.numpy_dtype), "disagree", why, fault)
        for kind, asked in (("input", inputs), ("parameter", parameters))
        for name, one in asked.items()
    )
    return CheckResult(title, gradients, (), None, "ones", seed, (), (), error.location)
