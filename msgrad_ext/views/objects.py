"""A tensor and a network as HTML, for the front end that shows a cell's value. Arrays and rows of text come in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import CAPTION, SMALL, TABLE, TITLE, array_html
from .escape import escape
from .html import LINE, NO_TEX
from .parts import Matrix

CELL = f"text-align:left;padding:2px 14px 2px 0;border:0;border-bottom:{LINE};vertical-align:top"
NUMBER = CELL.replace("text-align:left", "text-align:right")
# Rows of a network's table; a deeper one says how many more there are.
ROWS = 60


@dataclass(frozen=True)
class Layer:
    """One row of a network: depth, name, class and settings, and how many parameters it has, by ``trained``."""

    depth: int
    name: str
    kind: str
    settings: str
    parameters: str
    trained: int
    frozen: int


def tensor_html(kind: str, name: str, detail: str, value: np.ndarray) -> str:
    """One array with what it is: ``Tensor``, ``Parameter w``."""
    part = Matrix(name=name or "tensor", caption=f"{kind} {name}".rstrip(), value=value, detail=detail)
    return f"<div class='{NO_TEX}'>{array_html(part)}</div>"


def network_html(title: str, layers: list[Layer]) -> str:
    """A network as a table: a row for each cell inside, indented as it is held, with its parameters."""
    trained, frozen = (sum(getattr(one, side) for one in layers) for side in ("trained", "frozen"))
    caption = f"{title}: {trained + frozen:,} parameters" + (f", {frozen:,} of them frozen" if frozen else "")
    if len(layers) == 1 and not trained + frozen:
        return f"<p class='{NO_TEX}' style='{TITLE}'><strong>{escape(title)}</strong>, without parameters</p>"
    head = "".join(
        f"<th scope='col' style='{style}'>{text}</th>"
        for text, style in (("layer", CELL), ("own parameters", CELL), ("count", NUMBER))
    )
    rows = "".join(map(_row, layers[:ROWS]))
    more = len(layers) - ROWS
    note = f"<p style='{SMALL}'>and {more} more cells</p>" if more > 0 else ""
    return (
        f"<div class='{NO_TEX}' style='overflow-x:auto'><table style='{TABLE}' aria-label='{escape(caption)}'>"
        f"<caption style='{CAPTION}'>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>{note}</div>"
    )


def _row(layer: Layer) -> str:
    indent = CELL.replace("padding:2px 14px 2px 0", f"padding:2px 14px 2px {18 * layer.depth}px")
    name = f"{escape(layer.name)}: " if layer.name else ""
    count = layer.trained + layer.frozen
    return (
        f"<tr><th scope='row' style='{indent};font-weight:normal'>{name}<strong>{escape(layer.kind)}</strong>"
        f"{escape(layer.settings)}</th>"
        f"<td style='{CELL}'>{escape(layer.parameters)}</td>"
        f"<td style='{NUMBER}'>{f'{count:,}' if count else ''}</td></tr>"
    )
