"""The target ``latex``: the gradients and the backprop lines as a LaTeX fragment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .target import CONVENTION, comment, exporter

if TYPE_CHECKING:
    from ..report import GradReport


@exporter("latex")
def latex(report: GradReport) -> str:
    """Closed forms, then the derivation, as display mathematics; needs amsmath only."""
    lines = [
        f"% Gradients of {comment(report.result.title)}; {CONVENTION}.",
        f"% Verdict of the check: {report.verdict}.",
    ]
    notes: list[str] = []
    for formula in report.formulas.values():
        lines += [r"\begin{equation*}", f"  {formula.display()}", r"\end{equation*}"]
        notes += [note for note in formula.notes if note not in notes]
    derivation = next(iter(report.formulas.values()), None)
    if derivation is not None and derivation.lines:
        rows = " \\\\\n".join(f"  {row}" for line in derivation.lines for row in line.rows)
        lines += ["% The derivation: values forward, cotangents backward.", r"\begin{align*}", rows, r"\end{align*}"]
    lines += [f"% {comment(note)}" for note in notes]
    return "\n".join(lines) + "\n"
