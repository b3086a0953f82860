"""An array as HTML: a table of coloured numbers, or a picture with figures and a corner of its numbers.

Every number can be read without colour; colour and tooltip only add. Arrays of more than two axes are shown as slices.
"""

from __future__ import annotations

import base64

import numpy as np

from .digits import Number, full, magnitudes, shape_text, short, summary
from .escape import escape
from .heat import colour, image, largest
from .parts import Matrix

FULL = 16
SLICES = 6
CORNER = 6
CELL = "padding:3px 8px;text-align:right;border:1px solid rgba(128, 128, 128, 0.25)"
HEAD = "padding:3px 8px;text-align:right;font-weight:normal;opacity:0.75;border:0"
FRAME = "1px solid rgba(128, 128, 128, 0.5)"
TABLE = "border-collapse:collapse;margin:0 0 8px 0;font-family:monospace;font-size:13px"
CAPTION = "text-align:left;padding:4px 0;white-space:nowrap;color:inherit"
TITLE = "margin:4px 0;font-family:monospace;font-size:13px"
SMALL = "margin:2px 0;font-size:12px;opacity:0.85"


def array_html(part: Matrix) -> str:
    """One array, whatever its shape, with its caption."""
    value = part.value
    if not value.size:
        return f"{_title(part)}<p style='{SMALL}'>no entries</p>"
    if value.ndim <= 2 and max(value.shape, default=1) <= FULL:
        table = _table(part, value.reshape((1,) * (2 - value.ndim) + value.shape), "", part.caption)
        return f"{table}<p style='{SMALL}'>{escape(part.detail)}</p>"
    slices = int(np.prod(value.shape[:-2])) if value.ndim > 2 else 0
    if value.ndim > 2 and slices <= SLICES and max(value.shape[-2:]) <= FULL:
        return _slices(part)
    return _picture(part)


def _slices(part: Matrix) -> str:
    """An array of three axes or more, slice by slice."""
    lead = part.value.shape[:-2]
    top = largest(part.value)
    text = "".join(
        _table(part, part.value[index], ", ".join(map(str, index)) + ", ", f"slice [{', '.join(map(str, index))}]", top)
        for index in np.ndindex(*lead)
    )
    return f"{_title(part)}{text}"


def _title(part: Matrix) -> str:
    return f"<p style='{TITLE}'>{escape(part.caption)}</p><p style='{SMALL}'>{escape(part.detail)}</p>"


def _table(part: Matrix, value: np.ndarray, lead: str, caption: str, top: float | None = None) -> str:
    """A 2-D piece of an array as a table; ``lead`` are its fixed indices."""
    top = largest(part.value) if top is None else top
    sizes = magnitudes(value)
    ndim = part.value.ndim
    head = "".join(f"<th scope='col' style='{HEAD}'>{k}</th>" for k in range(value.shape[1]))
    head = f"<thead><tr><td style='{HEAD}'></td>{head}</tr></thead>" if ndim else ""
    rows = []
    for i, row in enumerate(value):
        cells = "".join(
            _cell(_entry(part.name, ndim, lead, i, j), entry, colour(sizes[i, j], top)) for j, entry in enumerate(row)
        )
        side = f"<th scope='row' style='{HEAD}'>{i if ndim > 1 else ''}</th>" if ndim else ""
        rows.append(f"<tr>{side}{cells}</tr>")
    label = escape(f"{part.caption}, {part.detail}" if caption == part.caption else f"{part.caption}, {caption}")
    return (
        f"<table aria-label='{label}' style='{TABLE}'><caption style='{CAPTION}'>{escape(caption)}</caption>"
        f"{head}<tbody>{''.join(rows)}</tbody></table>"
    )


def _entry(name: str, ndim: int, lead: str, row: int, column: int) -> str:
    """``x[0, 1]``: how the user would write this entry."""
    inside = {0: "", 1: f"[{column}]"}.get(ndim, f"[{lead}{row}, {column}]")
    return name + inside


def _cell(entry: str, value: Number, background: str) -> str:
    style = f"background-color:{background};{CELL}" if background else CELL
    return f"<td style='{style}' title='{escape(f'{entry} = {full(value)}')}'>{escape(short(value))}</td>"


def flat(value: np.ndarray) -> tuple[np.ndarray, str]:
    """``value`` as a 2-D array for a picture, and how that was done, in words."""
    if value.ndim == 2:
        return value, "rows downwards"
    if value.ndim == 1:
        width = max(FULL, int(np.ceil(np.sqrt(value.size))))
        padded = np.pad(value, (0, -value.size % width))
        return padded.reshape(-1, width), f"{width} entries a line, read like text"
    return montage(value), f"slices {shape_text(value.shape[-2:])} side by side, read like text"


def montage(value: np.ndarray) -> np.ndarray:
    """The last two axes of ``value`` as tiles of one plane, about as wide as high, one empty pixel apart."""
    tiles = value.reshape((-1, *value.shape[-2:]))
    count, height, width = (size + bool(axis) for axis, size in enumerate(tiles.shape))
    across = max(1, min(count, round(float(np.sqrt(count * height / width)))))
    tiles = np.pad(tiles, ((0, -count % across), (0, 1), (0, 1)))
    plane = tiles.reshape(-1, across, height, width).swapaxes(1, 2).reshape(-1, across * width)
    return plane[:-1, :-1]


def _picture(part: Matrix) -> str:
    """A large array: an image, the figures that sum it up, and its first numbers."""
    value = part.value
    plane, how = flat(value)
    content, (rows, columns), block = image(plane)
    more = f"; one spot is the largest of {block[0]} x {block[1]} entries" if block != (1, 1) else ""
    figures = summary(value)
    key = f"blue is positive, red is negative, deepest at magnitude {short(largest(value))}; {how}{more}"
    alternative = escape(f"{part.caption}, {part.detail}. {figures}.")
    source = base64.b64encode(content).decode("ascii")
    return (
        f"{_title(part)}<p style='{SMALL}'>{escape(figures)}</p>"
        f"<img src='data:image/png;base64,{source}' width='{columns}' height='{rows}' alt='{alternative}' "
        f"title='{alternative}' style='image-rendering:pixelated;border:{FRAME};max-width:100%'>"
        f"<p style='{SMALL}'>{escape(key)}</p>{_corner(part)}"
    )


def _corner(part: Matrix) -> str:
    """The first rows and columns of a large array, as numbers."""
    value = part.value
    lead = (0,) * max(value.ndim - 2, 0)
    plane = value[lead]
    if plane.ndim == 1:
        piece = plane[None, : 2 * CORNER]
    else:
        piece = plane[:CORNER, :CORNER]
    text = "".join(f"{index}, " for index in lead)
    table = _table(part, piece, text, f"first entries of {part.name}")
    return f"<details><summary>First entries</summary>{table}</details>"
