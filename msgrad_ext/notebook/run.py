"""A cell from its code to what it shows: run it, observe its gradients, check each, choose the displays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ..checking.effort.budget import budget_of
from ..checking.effort.progress_line import shown_progress
from ..checking.result import Gradient
from ..errors import GradCellError, MsgradError, NotSupportedError, choices, without_our_frames
from ..formulas.derivation import derive
from ..gradients.grad_operation import Application, observed
from ..initializer import seeded
from ..observing import Applications
from ..pipeline import apply_gradient, differentiated, report_on, title_of
from ..report import GradReport
from ..sweeping.sweep import Sweep
from ..tensor import Tensor
from .cell import CellCode, CellResult, Rollback, last_call
from .options import CellOptions, variable
from .present import kept, merged, present


def gradcell(shell: Any, code: CellCode, namespace: dict[str, Any], options: CellOptions) -> tuple[list[Any], Any]:
    """Run a cell, check every gradient in it, and say what to show.

    Parameters
    ----------
    shell : InteractiveShell or None
        Where it runs.
    code : CellCode
        The compiled cell.
    namespace : dict
        The user's names.
    options : CellOptions
        What the user asked for.

    Returns
    -------
    tuple
        The objects to display, in order, and the cell's value.
    """
    __tracebackhide__ = True
    with Rollback(namespace), seeded(options.seed):
        with observed() as taken:
            ran, value = _ran(code, namespace)
        applications: Sequence[Application] = taken
        if options.shapes is not None:
            formulas = _derived(ran, value, namespace, options)
            _bind(formulas, namespace, options)
            return present(formulas, options), value
        if applications and (options.sens is not None or options.order != 1):
            raise GradCellError(
                "For '%%gradcell', --sens and --order go with a plain network call; this cell takes gradients itself."
            )
        if not applications and ran.call is not None:
            applications = _plain_call(ran, code, namespace, options)
        _known_somewhere(applications, options)
        with _brief_interrupts(), shown_progress("gradients", None):
            reports = reports_of(applications, code.source, options)
            sweeps = _swept(reports, options)
        if options.check == "strict":
            for report in reports:
                report.raise_if_wrong()
            for sweep in sweeps:
                sweep.raise_if_wrong()
        _bind(reports[0] if len(reports) == 1 else tuple(reports), namespace, options)
        with _brief_interrupts():
            shown = present(reports, options, defined=() if reports else ran.names)
            return [*shown, *(() if options.quiet else sweeps)], value


@contextmanager
def _brief_interrupts() -> Iterator[None]:
    """Let an interrupt of our work pass without our frames: IPython takes seconds to write out hundreds of them."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise stop.with_traceback(None) from None


def _swept(reports: Sequence[GradReport], options: CellOptions) -> list[Sweep]:
    """The further checks that ``--sweep`` asks for, of each gradient of the cell."""
    if options.sweep is None:
        return []
    count, seed, budget = options.sweep, options.seed, options.budget
    return [report.sweep(count, seed, budget=budget, show=False) for report in reports]


def _ran(code: CellCode, namespace: dict[str, Any]) -> tuple[CellResult, Any]:
    """Run the cell, and the call of a network that it ends with."""
    __tracebackhide__ = True
    ran = None
    try:
        ran = last_call(code, namespace)
        return ran, ran.value if ran.call is None else ran.call()
    except MsgradError as error:
        # The call is made from here, so an error of the call as a whole has no line of the cell in its traceback.
        raise error if ran is None else error.at(code.last_location)
    except BaseException as error:
        without_our_frames(error)
        raise


def _bind(outcome: Any, namespace: dict[str, Any], options: CellOptions) -> None:
    """Give the outcome the name that the user asked for."""
    if options.out is not None:
        namespace[options.out] = outcome


def _plain_call(ran: CellResult, code: CellCode, namespace: dict[str, Any], options: CellOptions) -> list[Application]:
    """The gradients of the network that the cell ends with a call of."""
    assert ran.call is not None
    function, args = ran.call.function, ran.call.args
    if ran.call.kwargs:
        raise NotSupportedError(
            "For '%%gradcell', give the inputs of the last call by position, so that each has a gradient.",
            code.last_location,
        )
    if not any(isinstance(one, Tensor) and one.numpy_dtype.kind == "f" for one in args) and not _parameters(function):
        return []
    sens = (
        None
        if options.sens is None
        else variable("--sens", options.sens, namespace, code.text.locate_option(options.sens, "--sens"))
    )
    try:
        # The network ran once already for its value; what it prints is not printed again.
        inner = differentiated(function, options.wrt, sens, options.order)
        application = apply_gradient(inner, args, options.wrt, sens if options.order == 1 else None, printed=True)
    except MsgradError as error:
        raise error.at(code.last_location)
    return [replace(application, location=code.last_location)]


def _parameters(function: Any) -> list[Any]:
    return list(getattr(function, "trainable_params", list)())


def _derived(ran: CellResult, value: Any, namespace: Mapping[str, Any], options: CellOptions) -> Mapping[str, Any]:
    """Formulas at symbolic shape of the network that the cell gives or defines."""
    candidates = [value, *(namespace[name] for name in reversed(ran.names) if name in namespace)]
    for one in candidates:
        if isinstance(one, type) and hasattr(one, "construct"):
            one = one()
        if hasattr(type(one), "construct") or (callable(one) and not isinstance(one, type)):
            assert options.shapes is not None
            return derive(
                one, options.shapes, wrt=options.wrt, sens=options.sens, assume=options.assume, budget=options.budget
            )
    raise GradCellError("For '%%gradcell --shapes', the cell must define a network, or end with one.")


def reports_of(applications: Sequence[Application], source: str, options: CellOptions) -> list[GradReport]:
    """One report for each place and program in the cell; a loop's many applications share one."""
    limits = budget_of(options.budget if options.check != "on" or options.budget else 2.0)
    texts: dict[int, str] = {}
    groups: dict[Any, list[Application]] = {}
    for application in applications:
        text = texts.setdefault(id(application.plan), "") or str(application.plan.graph)
        texts[id(application.plan)] = text
        groups.setdefault((str(application.location), text), []).append(application)
    reports = []
    for group in groups.values():
        count = applications.count_of(group) if isinstance(applications, Applications) else len(group)
        checked = [] if options.check == "off" else kept(group)
        found = [
            report_on(one, title_of(one.function), options.seed, limits, source, _spoken_of(one, options))
            for one in checked
        ]
        report = merged(found, group, count, source, options)
        report.result = replace(report.result, gradients=_wanted(report, options.wrt))
        if options.enclose and checked:
            report.enclose()
        reports.append(report)
    return reports


def _spoken_of(application: Application, options: CellOptions) -> Mapping[str, str]:
    """What ``--assume`` says of the inputs and parameters of this application; a cell may have others."""
    names = {var.name for var in application.program.graph.inputs}
    return {name: words for name, words in (options.assume or {}).items() if name in names}


def _known_somewhere(applications: Sequence[Application], options: CellOptions) -> None:
    """Refuse a name in ``--assume`` that no gradient of the cell knows."""
    names = {var.name for one in applications for var in one.program.graph.inputs}
    for name in options.assume or {}:
        if applications and name not in names:
            raise GradCellError(
                f"For '%%gradcell --assume', there is no input or parameter '{name}'. {choices(name, sorted(names))}"
            )


def _wanted(report: GradReport, names: Sequence[str] | None) -> tuple[Gradient, ...]:
    """The gradients that ``--wrt`` names; all of them without it."""
    return report.result.gradients if names is None else tuple(report[name] for name in names)
