"""What is added to the faults of a finished check: the witnesses at the offending place, and the least code to see it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .case import Case
from .reproducer import Check, reproduction, suspects
from .result import CheckResult, Fault, Gradient, Hearing, Reproducer
from .told import network_hearing, op_hearing


def blamed(case: Case, result: CheckResult, check: Check) -> CheckResult:
    """``result`` with a hearing and a reproducer for each of its faults.

    Parameters
    ----------
    case : Case
        The application that was checked.
    result : CheckResult
        What was found.
    check : callable
        The check of another application, without reproducers.
    """
    if all(gradient.fault is None for gradient in result.gradients):
        return result
    known: dict[tuple[str, str | None, str, object], Reproducer] = {}
    gradients = []
    for position, gradient in enumerate(result.gradients):
        fault = gradient.fault
        if fault is not None:
            key = (fault.op, fault.operand, fault.side, fault.location)
            if key not in known:
                known[key] = reproduction(case, fault, check)
            heard = _hearing(case, fault, gradient, position)
            gradient = replace(gradient, fault=replace(fault, hearing=heard, reproduction=known[key]))
        gradients.append(gradient)
    return replace(result, gradients=tuple(gradients))


def _hearing(case: Case, fault: Fault, gradient: Gradient, position: int) -> Hearing | None:
    with np.errstate(all="ignore"):
        for specimen in suspects(case, fault):
            return op_hearing(specimen, fault)
        return network_hearing(case, gradient, position)
