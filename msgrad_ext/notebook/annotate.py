"""The cell's text with what each line did: its ops, their shapes, and the size of the gradient that reaches them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from ..checking.result import Flow
from ..profiling import LineCost, Profile
from ..report import GradReport
from ..views.costs import duration, memory, summary
from ..views.sections import count


@dataclass(frozen=True)
class Annotated:
    """An annotated cell, for display.

    Attributes
    ----------
    rows : tuple
        For each line of the cell its number, its text, what happened there, and what it costs.
    foot : tuple of str
        Sentences below.
    """

    rows: tuple[tuple[int, str, str, str], ...]
    foot: tuple[str, ...] = ()

    def __repr__(self) -> str:
        width = max((len(text) for _, text, _, _ in self.rows), default=0)
        lines = (
            f"{number:>3}  {text:<{width}}  {'; '.join(filter(None, (note, cost)))}".rstrip()
            for number, text, note, cost in self.rows
        )
        return "\n".join([*lines, *self.foot])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        left = ' style="text-align:left"'
        rows = "".join(
            f'<tr><td style="text-align:right;opacity:0.6">{number}</td>'
            f'<td{left}><code style="white-space:pre">{escape(text)}</code></td>'
            f"<td{left}>{escape(note)}</td><td{left}>{escape(cost)}</td></tr>"
            for number, text, note, cost in self.rows
        )
        head = "".join(
            f"<th{left}>{name}</th>" for name in ("line", "cell", "ops, shapes, rms of the gradient", "cost")
        )
        table = f'<table class="tex2jax_ignore mathjax_ignore"><tr>{head}</tr>{rows}</table>'
        foot = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.foot)
        return {"text/plain": repr(self), "text/html": table + foot}


def annotated(report: GradReport, profile: Profile) -> Annotated:
    """The cell that ``report`` comes from, each line with its ops and with what it costs."""
    notes: dict[int, list[str]] = {}
    for node in report.result.flow:
        if node.op is not None and node.location is not None and node.location.in_cell:
            notes.setdefault(node.location.line, []).append(_note(node))
    costs = {row.line: _cost(row) for row in profile if row.location is not None and row.location.in_cell}
    source = enumerate(report.cell_source.split("\n"), 1)
    rows = tuple((number, text, "; ".join(notes.get(number, ())), costs.get(number, "")) for number, text in source)
    return Annotated(rows, summary(profile))


def _cost(row: LineCost) -> str:
    time = "" if row.nanoseconds is None else f"{duration(row.nanoseconds)}, "
    return f"{time}{count(row.calls, 'call')}, {memory(row.bytes)}"


def _note(node: Flow) -> str:
    shape = "x".join(map(str, node.shape)) or "scalar"
    gradient = "no gradient" if node.gradient_norm is None else f"{node.gradient_norm:.3g}"
    return f"{node.op} {shape}: {gradient}"
