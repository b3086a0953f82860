"""Assertions for people's own test suites: gradients of a network, and backwards that were written by hand.

Nothing of a test runner is needed: each is a function that raises an ``AssertionError`` which names the op, the operand,
the side, the first wrong index and the line, and returns the report otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import primitives as _primitives  # noqa: F401 - as does this
from .checking.result import Gradient
from .errors import ArgumentValueError, GradientError, Location, choices, user_location
from .handwritten.check import check_backward
from .pipeline import check
from .report import GradReport
from .tracing import hooks as _hooks  # noqa: F401 - importing it fills the registry

# A status that says nothing about a number, or that it is wrong, can not be allowed.
ALLOWED = ("ill-conditioned", "kink")

__all__ = ["ALLOWED", "WrongGradient", "assert_backward_agrees", "assert_gradients_agree"]


class WrongGradient(GradientError):
    """A gradient is not right, or nothing could be said of it.

    Attributes
    ----------
    report : GradReport
        All that the check found.
    order : int
        The order of the derivative that failed.
    """

    def __init__(self, message: str, report: GradReport, order: int, location: Location | None) -> None:
        super().__init__(message, location)
        self.report = report
        self.order = order


def assert_gradients_agree(
    net: Callable[..., Any],
    *inputs: Any,
    wrt: Sequence[str] | None = None,
    sens: Any = None,
    order: int | Sequence[int] = 1,
    seed: int = 0,
    budget: float | str | None = None,
    assume: Mapping[str, Any] | None = None,
    allow: Sequence[str] = (),
) -> Any:
    """Assert that every gradient of ``net`` at ``inputs`` is right, by all witnesses of `msgrad_ext.check`.

    Parameters
    ----------
    net : Cell or callable
        The network; a ``bprop`` of its own is checked too.
    *inputs
        Tensors or ndarrays.
    wrt, sens, seed, budget, assume
        As for `msgrad_ext.check`.
    order : int or sequence of int
        Which derivatives. With 2 the first is checked before: a wrong first derivative may have a right second one.
    allow : sequence of str
        Statuses besides ``"agree"`` that pass: ``"kink"``, ``"ill-conditioned"``.

    Returns
    -------
    GradReport, or a tuple of them for a sequence of orders

    Raises
    ------
    WrongGradient
        An ``AssertionError`` that names the op, the operand, the side, the first wrong index and the line.
    """
    __tracebackhide__ = True
    _check_allow(allow)
    asked = [order] if isinstance(order, int) else list(order)
    if not asked or any(isinstance(one, bool) or not isinstance(one, int) or one < 1 for one in asked):
        raise ArgumentValueError(f"The order must be whole numbers from 1, but got {order!r}.", user_location())
    reports = {}
    for step in range(1, max(asked) + 1):
        if step == 1 or step in asked:
            options: Any = {"wrt": wrt, "sens": sens, "budget": budget, "seed": seed, "assume": assume}
            reports[step] = _passed(check(net, *inputs, order=step, **options), step, allow, user_location())
    return reports[order] if isinstance(order, int) else tuple(reports[one] for one in asked)


def assert_backward_agrees(
    forward: Any,
    *arguments: Any,
    wrt: Sequence[str] | None = None,
    sens: Any = None,
    style: str | None = None,
    parameters: Mapping[str, str] | None = None,
    budget: float | str | None = None,
    seed: int = 0,
    allow: Sequence[str] = (),
) -> GradReport:
    """Assert that a hand-written backward is right: ``assert_backward_agrees(forward, backward, x, w)``.

    Parameters
    ----------
    forward, *arguments, wrt, sens, style, parameters, budget, seed
        As for `msgrad_ext.check_backward`.
    allow : sequence of str
        Statuses besides ``"agree"`` that pass: ``"kink"``, ``"ill-conditioned"``.

    Returns
    -------
    GradReport

    Raises
    ------
    WrongGradient
        An ``AssertionError`` that names the function, the argument, the first wrong index and the line.
    """
    __tracebackhide__ = True
    _check_allow(allow)
    report = check_backward(
        forward, *arguments, wrt=wrt, sens=sens, style=style, parameters=parameters, budget=budget, seed=seed
    )
    return _passed(report, 1, allow, user_location())


def _check_allow(allow: Sequence[str]) -> None:
    __tracebackhide__ = True
    for status in [allow] if isinstance(allow, str) else allow:
        if status not in ALLOWED:
            raise ArgumentValueError(
                f"A gradient that is {status!r} can not be allowed to pass. {choices(status, list(ALLOWED))}",
                user_location(),
            )


def _passed(report: GradReport, order: int, allow: Sequence[str], location: Location | None) -> GradReport:
    __tracebackhide__ = True
    allowed = {"agree", *([allow] if isinstance(allow, str) else allow)}
    failed = [one for one in report.result.gradients if one.status not in allowed or not one.compared]
    if not report.result.gradients:
        raise WrongGradient(f"For '{report.result.title}', there is no gradient to check.", report, order, location)
    if failed:
        which = "" if order == 1 else f" of order {order}"
        names = ", ".join(one.name for one in failed)
        told = "\n".join(dict.fromkeys(_told(one) for one in failed))
        message = f"For '{report.result.title}', the gradient{which} by {names} is not right.\n{told}"
        raise WrongGradient(message, report, order, location)
    return report


def _told(gradient: Gradient) -> str:
    """One gradient in a line: its status and who is at fault."""
    if gradient.fault is not None:
        return f"{gradient.status}: {gradient.fault}"
    hint = f' (allow=("{gradient.status}",) lets it pass)' if gradient.status in ALLOWED else ""
    return f"{gradient.name} {gradient.status}: {gradient.note or 'nothing was compared'}{hint}"
