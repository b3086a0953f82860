"""A page that stands alone: reports and formulas in one HTML file that opens without a network, light or dark.

It uses the same pieces as the notebook's HTML; only the page around them has a style sheet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from . import formulas
from .escape import escape
from .html import badge, render_html
from .sections import build
from .seen import ReportSeen

STYLE = """
:root { color-scheme: light dark; --ink: #1c2128; --paper: #ffffff; --soft: #f3f4f6; --line: #d0d7de; --link: #0550ae; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --paper: #14171c; --soft: #20252d; --line: #3a424d; --link: #79b8ff; }
}
body { color: var(--ink); background: var(--paper); font: 15px/1.5 system-ui, sans-serif; max-width: 68rem;
       margin: 0 auto; padding: 1.5rem; }
a { color: var(--link); }
h2 { border-top: 1px solid var(--line); padding-top: 1.2rem; margin-top: 2.4rem; }
pre { background: var(--soft); padding: 0.7rem; border-radius: 6px; overflow-x: auto; }
.formula { overflow-x: auto; padding: 0.3rem 0; }
math { font-size: 1.15em; }
summary { cursor: pointer; }
nav li { margin: 0.35rem 0; list-style: none; }
nav ul { padding-left: 0; }
"""


def page(reports: Sequence[tuple[str, ReportSeen]], title: str, text: str = "") -> str:
    """One HTML document.

    Parameters
    ----------
    reports : sequence of (heading, report)
    title, text : str
        The page's heading, and paragraphs below it, parted by blank lines; plain text.
    """
    entries = [(_anchor(number, heading), heading, report) for number, (heading, report) in enumerate(reports)]
    contents = "".join(
        f"<li>{badge(report.result.verdict)} <a href='#{anchor}'>{escape(heading)}</a></li>"
        for anchor, heading, report in entries
    )
    said = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in text.split("\n\n") if paragraph.strip())
    body = "".join(
        f"<section aria-labelledby='{anchor}'><h2 id='{anchor}'>{escape(heading)}</h2>{_cell(report)}"
        f"{render_html(build(report, with_sources=False))}{_formulas(report)}{_plan(report)}</section>"
        for anchor, heading, report in entries
    )
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main><h1>{escape(title)}</h1>{said}"
        f"<nav aria-label='Reports'><ul>{contents}</ul></nav>{body}</main></body></html>\n"
    )


def _anchor(number: int, heading: str) -> str:
    """An id made from the content, so that the page is the same in every run."""
    return "report-" + hashlib.sha256(f"{number} {escape(heading)}".encode()).hexdigest()[:12]


def _cell(report: ReportSeen) -> str:
    return f"<pre><code>{escape(report.cell_source)}</code></pre>" if report.cell_source else ""


def _plan(report: ReportSeen) -> str:
    if not report.source:
        return ""
    return f"<details><summary>Compiled plan (numpy)</summary><pre><code>{escape(report.source)}</code></pre></details>"


def _formulas(report: ReportSeen) -> str:
    """The formulas, typeset, and their LaTeX source to copy."""
    if not report.formulas:
        return ""
    shown = "".join(f"<div class='formula'>{formula.mathml}</div>" for formula in report.formulas.values())
    derivation = formulas.derivation_mathml(report.formulas)
    lines = f"<details><summary>Derivation</summary>{derivation}</details>" if derivation else ""
    latex = formulas.latex_bundle(report.formulas)
    return (
        f"<p><strong>Formulas</strong></p>{shown}{lines}"
        f"<details><summary>LaTeX source</summary><pre>{escape(latex)}</pre></details>"
    )
