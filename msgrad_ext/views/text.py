"""Tree of parts -> ``text/plain``: the verdict first, then aligned tables, at most about 100 columns, no colour.

The text is the same from run to run, and says all that the other forms say but the pictures.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from itertools import zip_longest

from .digits import printed, summary
from .escape import plain
from .parts import Badge, Callout, Code, Math, Matrix, Paragraph, Part, Picture, Section, Table

WIDTH = 100
LEAST = 18


def render_text(section: Section) -> str:
    """The whole tree as text; the verdict stands on the first line."""
    lines: list[str] = []
    for part in section.parts:
        if isinstance(part, Badge):
            lines.append(f"{part.status}: {plain(part.text)}")
    lines.append(plain(section.title))
    for part in section.parts:
        lines += [] if isinstance(part, Badge) else _render(part)
    return "\n".join(line.rstrip() for line in lines)


def _render(part: Part) -> Iterator[str]:
    return _BY_KIND[type(part)](part)


def _section(part: Section) -> Iterator[str]:
    if part.title == "Code":
        return
    yield ""
    yield part.title
    yield "-" * len(part.title)
    yield from _inside(part)


def _inside(part: Section) -> Iterator[str]:
    """What a section holds; sections within it have no heading, since what they hold has captions."""
    for inner in part.parts:
        yield from _inside(inner) if isinstance(inner, Section) else _render(inner)


def _badge(part: Badge) -> Iterator[str]:
    yield f"{part.status}: {plain(part.text)}"


def _paragraph(part: Paragraph) -> Iterator[str]:
    yield from _wrapped(plain(part.text), "")


def _callout(part: Callout) -> Iterator[str]:
    """Labels in one column; a note without labels runs on after its title."""
    if not part.rows[0][0]:
        yield from _wrapped(f"{plain(part.title)}: {plain(part.rows[0][1])}", "  ")
        return
    yield plain(part.title)
    width = max(len(label) for label, _ in part.rows)
    for label, value in part.rows:
        indent = " " * (width + 4)
        yield from (f"  {label:<{width}}  {line}" if not k else line
                    for k, line in enumerate(_wrapped(plain(value), indent, len(indent))))  # fmt: skip


def _wrapped(text: str, indent: str, used: int = 0) -> list[str]:
    """``text`` in lines of `WIDTH` columns; lines after the first begin with ``indent``; nothing is left out."""
    lines = []
    for piece in text.split("\n"):
        folded = textwrap.wrap(piece, WIDTH - max(used, len(indent)), break_long_words=False) or [""]
        lines += folded
    return [line if not k else indent + line for k, line in enumerate(lines)]


def _table(part: Table) -> Iterator[str]:
    """Aligned columns; where they would not fit, cells of words are wrapped and numbers are left whole."""
    rows = [[plain(cell).replace("\n", " ") for cell in row] for row in (part.head, *part.rows)]
    widths = _fitted([max(map(len, column)) for column in zip(*rows, strict=True)], part.numeric)
    yield plain(part.caption) + ("" if part.caption.endswith("?") else ":")
    for row in rows:
        wrapped = [
            [cell] if k in part.numeric else textwrap.wrap(cell, width, break_long_words=False) or [""]
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for line in zip_longest(*wrapped, fillvalue=""):
            yield "  " + "  ".join(
                f"{cell:>{width}}" if k in part.numeric else f"{cell:<{width}}"
                for k, (cell, width) in enumerate(zip(line, widths, strict=True))
            )


def _fitted(widths: list[int], numeric: tuple[int, ...]) -> list[int]:
    """``widths`` with the widest columns of words made narrower, until the table fits or they are at the least."""
    fitted = list(widths)
    words = [k for k in range(len(widths)) if k not in numeric]
    while words and sum(fitted) + 2 * len(fitted) > WIDTH:
        widest = max(words, key=fitted.__getitem__)
        if fitted[widest] <= LEAST:
            break
        fitted[widest] -= 1
    return fitted


def _matrix(part: Matrix) -> Iterator[str]:
    status = f", {part.status}" if part.status else ""
    yield f"{plain(part.caption)} ({plain(part.detail)}){status}:"
    if part.value.size > 200:
        yield f"  {summary(part.value)}"
    yield from ("  " + line for line in printed(part.value).split("\n"))


def _picture(part: Picture) -> Iterator[str]:
    yield from ()


def _code(part: Code) -> Iterator[str]:
    yield plain(part.caption) + ":"
    yield from ("    " + line for line in plain(part.text).split("\n"))


def _math(part: Math) -> Iterator[str]:
    yield from ("  " + line for line in plain(part.text).split("\n"))


_BY_KIND: dict[type, Callable[..., Iterator[str]]] = {
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
