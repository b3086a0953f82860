"""The check of one gradient: plan against formula against the slopes of the forward program.

Comes in: an `Application` (what a cell computed). Goes out: a `CheckResult`. Two questions are kept apart: is the rule
right (compared with the formula in fifty digits, where that is affordable), and is the float result as good as rounding
allows (compared with the formula at the user's data). `Judge` answers them.
"""

from __future__ import annotations

import numpy as np

from ..errors import MsgradError
from ..formulas.product_value import FormulaTooLargeError
from ..gradients.grad_operation import Application
from ..ir import Var
from .case import Case
from .completed import blamed
from .effort.budget import Budget
from .flow import flow
from .judge import Judge
from .large import checked
from .result import CheckResult, Fault, Gradient
from .witnesses.domain import broken_meaning


def check_application(
    application: Application, title: str, seed: int = 0, budget: Budget = Budget(), blame: bool = True
) -> CheckResult:
    """Check every gradient of one application.

    Parameters
    ----------
    application : Application
        What was computed.
    title : str
        The network's name.
    seed : int
        For the random weights, directions and roundings.
    budget : Budget
        How much work may be done.
    blame : bool
        Whether faults get their reproducers.
    """
    # NaN and infinity are answers here, told by a status; numpy's warnings about them would only stain the cell.
    with np.errstate(all="ignore"):
        case = Case(application, seed, budget)
        result = _checked(case, title)
        return blamed(case, result, checked_again) if blame else result


def checked_again(application: Application) -> CheckResult:
    """The check of a reproducer, as a user would run it, but without reproducers of its own."""
    return check_application(application, "net", blame=False)


def _checked(case: Case, title: str) -> CheckResult:
    refused = _refusal(case)
    if refused is not None:
        return _unjudged(case, title, *refused)
    return checked(case, title, _judged)


def _judged(case: Case, title: str) -> CheckResult:
    """The check of all of a case."""
    application = case.application
    try:
        judged = Judge(case)
        gradients = tuple(judged.gradient(position) for position in range(len(application.names)))
    except FormulaTooLargeError as error:
        return _unjudged(case, title, "unchecked", str(error), None)
    except Exception:
        # A meaning may raise anything; what raised is found by asking each op's by itself.
        fault = broken_meaning(case)
        if fault is None:
            raise
        return _unjudged(case, title, "disagree", "", fault)
    output = application.program.result[0] if application.program.result else None
    return CheckResult(
        title=title,
        gradients=gradients,
        flow=flow(case, judged.heard.evaluated),
        output=None if output is None else np.array(output),
        sens="ones" if application.sens is None else "given",
        seed=case.seed,
        witnesses=judged.witnesses(),
        notes=case.reference.notes,
        location=application.location,
    )


def _refusal(case: Case) -> tuple[str, str, Fault | None] | None:
    """Status, note and fault when the roads can not be compared at all."""
    if any(var.dtype.kind != "f" for var in case.application.wrt):
        return (
            "refused",
            "a gradient by an integer input is truncated to integers, as in MindSpore: no formula says it",
            None,
        )
    if not any(isinstance(atom, Var) for atom in case.outputs):
        return "unchecked", "the output is a constant or not float: there is nothing to differentiate", None
    try:
        _ = case.reference
    except (MsgradError, NotImplementedError) as error:
        return "unchecked", f"no formula could be derived: {error}", None
    except Exception:
        fault = broken_meaning(case)
        if fault is None:
            raise
        return "disagree", "", fault
    return None


def _unjudged(case: Case, title: str, status: str, note: str, fault: Fault | None) -> CheckResult:
    """A result in which nothing was compared, and which says so."""
    application = case.application
    gradients = tuple(
        Gradient.unseen(name, kind, value, status, note, fault)
        for name, kind, value in zip(application.names, application.kinds, application.gradients)
    )
    return CheckResult(
        title, gradients, (), None, "given" if application.sens else "ones", case.seed, (), (), application.location
    )
