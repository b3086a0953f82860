"""Derivatives that the user wrote, below a derivative of higher order: a wrong first derivative may have a right second
one (a ``bprop`` that forgets its ``dout``), so the first is looked at whatever order was asked for.
"""

from __future__ import annotations

from dataclasses import replace

from ...gradients.grad_operation import Application
from ...reversing.reverse import GradOf, customs
from ..result import CheckResult
from .custom import custom_faults

_PASSED = ("agree", "ill-conditioned", "kink")


def blame_inner(result: CheckResult, application: Application) -> CheckResult:
    """``result``, unless its gradients agree and a derivative of lower order, which the user wrote, is wrong.

    Parameters
    ----------
    result : CheckResult
        What the check of the gradients found.
    application : Application
        What was computed.
    """
    graph = application.program.graph
    inner = [call for eqn in graph.eqns if isinstance(eqn.op, GradOf) for call in customs(eqn.op.graph)]
    if not inner or result.verdict not in _PASSED:
        return result
    # One that computes with Python's numbers is a constant in part: what was recorded of it is not all that it is.
    left = {call.name for call in inner if call.left}
    faults = [fault for fault in custom_faults(application, result.seed) if fault.op not in left]
    if not faults:
        return result
    note = "the derivative of higher order agrees with its formula, but a derivative that it rests on is wrong"
    changed = {
        "status": "disagree",
        "evidence": "the witnesses contradict each other",
        "note": note,
        "fault": faults[0],
    }
    return replace(result, gradients=tuple(replace(one, **changed) for one in result.gradients))  # type: ignore[arg-type]
