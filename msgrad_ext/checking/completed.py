"""What is added to the faults of a finished check: the witnesses at the offending place, and the least code to see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from ..numeric.interpreter import widen
from ..reversing.reverse import expand
from ..tracing.trace import trace
from .case import DOUBLE, Case
from .culprit.told import network_hearing, op_hearing
from .reproducing.calls import MISFITS
from .reproducing.reproducer import SECOND, Check, op_reproduction, programs, reproduction, suspects, valued
from .result import CheckResult, Fault, Gradient, Reproducer, Testimony

RESTLESS = Reproducer("", 0, "no reproducer: what remembers earlier calls, or draws anew, does not do the same again")


def blamed(case: Case, result: CheckResult, check: Check) -> CheckResult:
    """``result`` with a testimony and a reproducer for each of its faults.

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
    # Gradients often share one fault, and an op by itself says the same of it each time.
    alone: dict[Fault, tuple[Testimony | None, ...]] = {}
    gradients = []
    for position, gradient in enumerate(result.gradients):
        fault = gradient.fault
        if fault is not None:
            key = (fault.op, fault.operand, fault.side, fault.location)
            if key not in known:
                steady = gradient.status != "nondeterministic"
                known[key] = reproduction(case, fault, check) if steady else RESTLESS
            if fault not in alone:
                alone[fault] = _alone(case, fault)
            heard = alone[fault][0] if alone[fault] else _of_network(case, fault, gradient, position)
            gradient = replace(gradient, fault=replace(fault, testimony=heard, reproduction=known[key]))
        gradients.append(gradient)
    return replace(result, gradients=tuple(gradients))


def _alone(case: Case, fault: Fault) -> tuple[Testimony | None, ...]:
    """What the witnesses say of the op at fault by itself; empty where it does not show the fault so."""
    if fault.detail.startswith(SECOND):
        return (None,)  # the forward program is made of the same rules: its slope is no third witness
    with np.errstate(all="ignore"):
        return tuple(op_hearing(specimen, fault) for specimen in islice(suspects(programs(case), fault), 1))


def _of_network(case: Case, fault: Fault, gradient: Gradient, position: int) -> Testimony | None:
    """What the witnesses say of the gradient of the whole network."""
    with np.errstate(all="ignore"):
        heard = network_hearing(case, fault, gradient, position)
        return None if heard is None else replace(heard, alone=False)


def failure_blamed(
    result: CheckResult, function: Callable[..., Any], inputs: Sequence[Any], check: Check
) -> CheckResult:
    """The same for a check that ended before there was a gradient: what ran forward is traced once more."""
    fault = next((gradient.fault for gradient in result.gradients if gradient.fault is not None), None)
    if fault is None:
        return result
    try:
        program = trace(function, list(inputs))
        found = valued(widen(expand(program.graph), DOUBLE), program.values)
    except MISFITS:
        made = Reproducer("", 0, "no reproducer: the network does not run forward")
    else:
        reproductions = (op_reproduction(specimen, fault, check) for specimen in suspects([found], fault))
        made = next(reproductions, Reproducer("", 0, "no reproducer: no op shows the fault by itself"))
    told = [replace(one, fault=replace(one.fault, reproduction=made)) if one.fault else one for one in result.gradients]
    return replace(result, gradients=tuple(told))
