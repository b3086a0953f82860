"""What a cell shows: which of its applications are checked and told of, and the displays in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..checking.effort.budget import budget_of
from ..checking.result import STATUSES, CheckResult, Gradient
from ..pipeline import title_of
from ..report import GradReport
from ..views.formulas import derivation_text, latex_outputs
from ..views.sections import COLUMNS
from .annotate import annotated

if TYPE_CHECKING:
    from ..gradients.grad_operation import Application
    from .options import CellOptions

# So many gradients of one line are all checked; of more, as in a loop of training, some.
LIMIT = 20
SPREAD = 5


def kept(group: Sequence[Application]) -> list[Application]:
    """The applications of one place that are checked: all of a few, some of many, the first and the last included."""
    if len(group) <= LIMIT:
        return list(group)
    places = {round(step * (len(group) - 1) / (SPREAD - 1)) for step in range(SPREAD)}
    return [group[place] for place in sorted(places)]


def merged(
    found: Sequence[GradReport], group: Sequence[Application], count: int, source: str, options: CellOptions
) -> GradReport:
    """One report for a place that took ``count`` gradients: the worst, or the last of equals, with a note on them."""
    if not found:
        return unchecked(group[-1], source, options)
    worst = max(found, key=lambda report: STATUSES.index(report.verdict))
    chosen = found[-1] if found[-1].verdict == worst.verdict else worst
    if count > 1:
        place = group[0].location
        line = "this line" if place is None else f"line {place.line}"
        which = "all of them" if len(found) == count else f"{len(found)} of them, from the first to the last,"
        shown = "the last" if chosen is found[-1] else "the worst"
        note = f"{line} took {count} gradients; {which} were checked, and {shown} is shown"
        chosen.result = replace(chosen.result, notes=(*chosen.result.notes, note))
    return chosen


def unchecked(application: Application, source: str, options: CellOptions) -> GradReport:
    """A report on gradients that the user did not want checked."""
    from ..formulas.derivation import formulas_of

    why = "the check was turned off"
    nan = float("nan")
    gradients = tuple(
        Gradient(name, kind, value, None, "unchecked", "none", nan, nan, nan, 0, 0.0, why, why)
        for name, kind, value in zip(application.names, application.kinds, application.gradients)
    )
    sens = "ones" if application.sens is None else "given"
    result = CheckResult(
        title_of(application.function), gradients, (), None, sens, options.seed, (), (why,), application.location
    )
    limits = budget_of(options.budget)
    return GradReport(result, application, lambda: formulas_of(application, budget=limits.formulas), source)


@dataclass(frozen=True)
class Latex:
    """Formulas as an output of their own, which every front end typesets."""

    latex: str
    text: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/latex": self.latex, "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Exported:
    """An export, shown as code."""

    target: str
    text: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        language = {"latex": "latex"}.get(self.target, "python")
        fence = "`" * 3
        while fence in self.text:
            fence += "`"
        return {"text/plain": self.text, "text/markdown": f"{fence}{language}\n{self.text}\n{fence}"}

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Line:
    """One line of plain text."""

    text: str

    def __repr__(self) -> str:
        return self.text


def present(found: Any, options: CellOptions, defined: Sequence[str] = ()) -> list[Any]:
    """What to display, in order: the report, its formulas, exports, and the live panel."""
    if options.quiet:
        return []
    if isinstance(found, Mapping):
        return [Latex(latex, text) for latex, text in formula_outputs(found)]
    if not found:
        return [Line(_nothing(defined))]
    shown: list[Any] = []
    for report in found:
        shown.append(report)
        shown += [Latex(latex, text) for latex, text in formula_outputs(report.formulas)]
        if options.annotate or options.profile:
            shown.append(annotated(report, report.profile() if options.profile else report.profile(0)))
        shown += [Exported(target, report.export(target)) for target in options.export]
        if options.live:
            shown.append(report.widget())
    return shown


def formula_outputs(formulas: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The formulas and their derivation as LaTeX, each with its plain text; the derivation defines their names."""
    texts = [formula.wrapped(COLUMNS) for formula in formulas.values()]
    latex = latex_outputs(formulas)
    texts += [derivation_text(formulas, COLUMNS)] * (len(latex) - len(texts))
    return list(zip(latex, texts))


def _nothing(defined: Sequence[str]) -> str:
    what = f"Defined {', '.join(defined)}. " if defined else ""
    return f"{what}No gradient was taken; end the cell with a network call, Net()(x, y), to see its gradients."
