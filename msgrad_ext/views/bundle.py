"""What a notebook displays for a report: a static bundle, and the formulas as outputs of their own."""

from __future__ import annotations

from . import formulas
from .html import render_html
from .sections import build
from .seen import ReportSeen
from .text import render_text


def mimebundle(report: ReportSeen) -> dict[str, str]:
    """``text/plain`` and ``text/html`` of one report; the HTML holds no TeX."""
    tree = build(report)
    return {"text/plain": render_text(tree), "text/html": render_html(tree)}


def latex_outputs(report: ReportSeen) -> list[str]:
    """Texts for ``text/latex`` outputs: one display per gradient, then the derivation."""
    return formulas.latex_outputs(report.formulas)
