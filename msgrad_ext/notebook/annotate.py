"""The cell's text with what each line did: its ops, their shapes, and the size of the gradient that reaches them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from ..checking.result import Flow
from ..profiling import Profile
from ..report import GradReport
from ..views.costs import duration, memory, summary
from ..views.sections import count


@dataclass(frozen=True)
class Annotated:
    """An annotated cell, for display.

    Attributes
    ----------
    rows : tuple
        For each line of the cell its number, its text, and what happened there.
    foot : tuple of str
        Sentences below.
    """

    rows: tuple[tuple[int, str, str], ...]
    foot: tuple[str, ...] = ()

    def __repr__(self) -> str:
        width = max((len(text) for _, text, _ in self.rows), default=0)
        lines = (f"{number:>3}  {text:<{width}}  {note}".rstrip() for number, text, note in self.rows)
        return "\n".join([*lines, *self.foot])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        cells = "".join(
            f'<tr><td style="text-align:right;opacity:0.6">{number}</td>'
            f'<td style="text-align:left"><code style="white-space:pre">{escape(text)}</code></td>'
            f'<td style="text-align:left">{escape(note)}</td></tr>'
            for number, text, note in self.rows
        )
        head = "<tr><th>line</th><th>cell</th><th>ops, shapes, rms of the gradient; what it costs</th></tr>"
        table = f'<table class="tex2jax_ignore mathjax_ignore">{head}{cells}</table>'
        foot = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.foot)
        return {"text/plain": repr(self), "text/html": table + foot}


def annotated(report: GradReport, profile: Profile) -> Annotated:
    """The cell that ``report`` comes from, each line with its ops and with what it costs."""
    notes: dict[int, list[str]] = {}
    source = report.cell_source.split("\n")
    for node in report.result.flow:
        if node.op is not None and node.location is not None and node.location.in_cell:
            notes.setdefault(node.location.line, []).append(_note(node))
    for row in profile:
        if row.location is not None and row.location.in_cell:
            time = [] if row.nanoseconds is None else [duration(row.nanoseconds)]
            notes.setdefault(row.location.line, []).append(
                ", ".join([*time, count(row.calls, "call"), memory(row.bytes)])
            )
    rows = tuple((number, text, "; ".join(notes.get(number, ()))) for number, text in enumerate(source, 1))
    return Annotated(rows, summary(profile))


def _note(node: Flow) -> str:
    shape = "x".join(map(str, node.shape)) or "scalar"
    gradient = "no gradient" if node.gradient_norm is None else f"{node.gradient_norm:.3g}"
    return f"{node.op} {shape}: {gradient}"
