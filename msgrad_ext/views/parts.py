"""The pieces of a view: a neutral tree, built once from a report, that text, HTML and widgets all read.

Plain frozen data. A part says what is shown, never how: no tag, no colour, no width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Badge:
    """A status word and the sentence that goes with it."""

    status: str
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A sentence or two."""

    text: str


@dataclass(frozen=True)
class Callout:
    """A box that must be read: ``kind`` is ``"fault"`` or ``"note"``; ``rows`` are (label, value) pairs."""

    kind: str
    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """Columns with heads; the first column heads its row. ``numeric`` columns are set to the right."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Matrix:
    """An array whose numbers are shown; ``name`` is used for its entries, as in ``x[0, 1]``."""

    name: str
    caption: str
    detail: str
    value: np.ndarray
    status: str = ""


@dataclass(frozen=True)
class Picture:
    """An SVG image and the text that says the same."""

    caption: str
    svg: str
    alternative: str


@dataclass(frozen=True)
class Code:
    """Source text, shown as it stands; ``whole`` where it is there to be copied, all of it at one click."""

    caption: str
    text: str
    whole: bool = False


@dataclass(frozen=True)
class Math:
    """A formula in terminal text, by its name; LaTeX goes out as outputs of its own."""

    name: str
    text: str


@dataclass(frozen=True)
class Section:
    """A title and the parts below it; ``fold`` sections may be closed at first where the medium can."""

    title: str
    parts: tuple[Part, ...]
    fold: bool = False


Part = Badge | Paragraph | Callout | Table | Matrix | Picture | Code | Math | Section
