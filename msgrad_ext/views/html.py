"""Tree of parts -> ``text/html`` that needs no script, no style sheet and no trust.

Front ends sanitise the HTML of notebooks that are not trusted: inline SVG, MathML, scripts, style elements and aria
attributes go; tables, inline colours, ``<details>`` and images from data URIs stay. A code host drops colours as well.
So each fact stands in text, and what aria says is said by captions too. Every piece of foreign text passes `escape`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from .arrays import CAPTION, SMALL, TABLE, array_html
from .escape import escape
from .parts import Badge, Callout, Code, Math, Matrix, Paragraph, Part, Picture, Section, Table

SIGNS = {
    "agree": ("\u2713", "46, 160, 67"),
    "ill-conditioned": ("\u2248", "191, 135, 0"),
    "kink": ("\u2220", "191, 135, 0"),
    "outside-domain": ("\u2205", "191, 135, 0"),
    "refused": ("\u2013", "128, 128, 128"),
    "unchecked": ("?", "128, 128, 128"),
    "nondeterministic": ("\u21c4", "215, 58, 73"),
    "disagree": ("\u2717", "215, 58, 73"),
}
LINE = "1px solid rgba(128, 128, 128, 0.35)"
# A dollar sign in a name or a message is no formula: these classes keep MathJax 2, 3 and 4 from looking.
NO_TEX = "tex2jax_ignore mathjax_ignore"
PRE = "padding:8px;overflow-x:auto;white-space:pre;text-align:left;line-height:1.35;font-size:12px"
COPY = f"border:{LINE};border-radius:4px;user-select:all"


def render_html(section: Section) -> str:
    """The whole tree as one block of HTML."""
    label = escape(f"Gradient report: {section.title}")
    inside = "".join(render_part(part) for part in section.parts)
    return f"<div class='{NO_TEX}' role='region' aria-label='{label}'>{inside}</div>"


def render_part(part: Part) -> str:
    """One part and what is below it."""
    return _BY_KIND[type(part)](part)


def badge(status: str) -> str:
    """A status word with its sign, in a frame of its colour."""
    sign, rgb = SIGNS[status]
    style = f"background-color:rgba({rgb}, 0.22);border:1px solid rgba({rgb}, 0.8);border-radius:4px;padding:2px 8px"
    return f"<strong style='{style}'>{sign} {escape(status)}</strong>"


def _badge(part: Badge) -> str:
    return f"<p style='margin:6px 0'>{badge(part.status)} {escape(part.text)}</p>"


def _paragraph(part: Paragraph) -> str:
    return f"<p style='{SMALL}'>{escape(part.text)}</p>"


def _callout(part: Callout) -> str:
    """A fault or a note: a frame with a coloured edge; a fault's rows form a small table."""
    rgb = "215, 58, 73" if part.kind == "fault" else "191, 135, 0"
    style = f"border-left:4px solid rgba({rgb}, 0.9);background-color:rgba({rgb}, 0.10);padding:6px 10px;margin:6px 0"
    if not part.rows[0][0]:
        return f"<div style='{style}'><strong>{escape(part.title)}.</strong> {escape(part.rows[0][1])}</div>"
    cell = "text-align:left;padding:1px 10px 1px 0;border:0;white-space:pre-wrap;vertical-align:top"
    rows = "".join(
        f"<tr><th scope='row' style='{cell}'>{escape(label)}</th><td style='{cell}'>{escape(value)}</td></tr>"
        for label, value in part.rows
    )
    table = f"<table style='{TABLE}'><caption style='{CAPTION}'><strong>{escape(part.title)}</strong></caption>"
    return f"<div style='{style}'>{table}<tbody>{rows}</tbody></table></div>"


def _table(part: Table) -> str:
    def cell(tag: str, text: str, column: int) -> str:
        side = "right" if column in part.numeric else "left"
        style = f"text-align:{side};padding:3px 10px;border-bottom:{LINE};white-space:pre-wrap"
        return f"<{tag} style='{style}'>{escape(text)}</{tag.split()[0]}>"

    head = "".join(cell("th scope='col'", text, k) for k, text in enumerate(part.head))
    rows = "".join(
        "<tr>" + "".join(cell("td" if k else "th scope='row'", text, k) for k, text in enumerate(row)) + "</tr>"
        for row in part.rows
    )
    return (
        f"<div style='overflow-x:auto'><table style='{TABLE}'>"
        f"<caption style='{CAPTION}'>{escape(part.caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _matrix(part: Matrix) -> str:
    status = f"<p style='margin:4px 0'>{badge(part.status)}</p>" if part.status not in ("", "agree") else ""
    return f"<div style='display:inline-block;vertical-align:top;margin:0 24px 4px 0;max-width:100%;overflow-x:auto'>" \
           f"{array_html(part)}{status}</div>"  # fmt: skip


def _picture(part: Picture) -> str:
    source = base64.b64encode(part.svg.encode("utf-8")).decode("ascii")
    return (
        f"<p style='margin:4px 0;font-size:12px'>{escape(part.caption)}</p>"
        f"<img src='data:image/svg+xml;base64,{source}' alt='{escape(part.alternative)}' style='max-width:100%'>"
    )


def _code(part: Code) -> str:
    style = f"{PRE};{COPY}" if part.whole else PRE
    return f"<p style='margin:4px 0'>{escape(part.caption)}</p><pre style='{style}'>{escape(part.text)}</pre>"


def _math(part: Math) -> str:
    return f"<pre style='{PRE}'>{escape(part.text)}</pre>"


def _section(part: Section) -> str:
    inside = "".join(render_part(inner) for inner in part.parts)
    if part.fold:
        return f"<details style='margin:6px 0'><summary>{escape(part.title)}</summary>{inside}</details>"
    return f"<p style='margin:12px 0 2px 0'><strong>{escape(part.title)}</strong></p>{inside}"


_BY_KIND: dict[type, Callable[..., str]] = {
    Section: _section,
    Badge: _badge,
    Paragraph: _paragraph,
    Callout: _callout,
    Table: _table,
    Matrix: _matrix,
    Picture: _picture,
    Code: _code,
    Math: _math,
}
