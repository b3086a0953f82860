"""The text of arrays as MindSpore prints them. An array comes in, its text goes out."""

from __future__ import annotations

import numpy as np

# A vector of more members than this shows its ends only, as does any longer axis than the second of a larger rank.
_VECTOR, _AXIS, _ENDS = 1000, 6, 3
_WIDTH = {"b": 5, "f": 15}
_HALF_WIDTH = 11


def text(array: np.ndarray) -> str:
    """What ``str`` of a tensor shows: numpy's text, and a single float with as few digits as tell it apart."""
    if array.ndim or array.dtype.kind != "f":
        return str(array)
    number = float(array)
    if np.isfinite(number) and number != 0 and not 1e-4 <= abs(number) < 1e16:
        return str(np.format_float_scientific(array.ravel()[0], trim="-", exp_digits=2))
    return str(np.format_float_positional(array.ravel()[0], trim="0"))


def value_text(array: np.ndarray) -> str:
    """What stands after ``value=`` in the ``repr`` of a tensor."""
    if array.ndim == 0:
        return " " + (f"{float(array):g}" if array.dtype.kind == "f" else _member(array.ravel()[0], 0))
    if array.ndim == 1:
        return " " + (_vector(array) if array.size else "")
    return "\n" + (_rows(array, _width(array), 0) if array.size else "")


def _width(array: np.ndarray) -> int:
    """How wide each member is written."""
    kind = array.dtype.kind
    if kind in "iu":
        return max(len(str(array.min())), len(str(array.max())))
    return _HALF_WIDTH if array.dtype == np.float16 else _WIDTH.get(kind, 0)


def _member(value: np.generic, width: int) -> str:
    if isinstance(value, np.complexfloating):
        return f"{value.real:g}{value.imag:+g}j"
    if not isinstance(value, np.floating):
        return f"{value!s:>{width}}"
    digits = 4 if value.dtype == np.float16 else 8
    return f"{float(value):{width}.{digits}e}" if width else f"{float(value):g}"


def _ends(row: np.ndarray, width: int) -> str:
    """A row's first and last members."""
    first, last = (", ".join(_member(one, width) for one in part) for part in (row[:_ENDS], row[-_ENDS:]))
    return f"[{first} ... {last}]"


def _vector(array: np.ndarray) -> str:
    """All members of a vector, a dozen or two in a line."""
    width = _width(array)
    if array.size > _VECTOR:
        return _ends(array, width)
    count = 24 if array.dtype.kind in "iu" else 12
    parts = ["["]
    for place, value in enumerate(array, 1):
        parts += [_member(value, width), ", " if place < array.size else "", "\n " if place % count == 0 else ""]
    return "".join([*parts, "]"])


def _rows(array: np.ndarray, width: int, depth: int) -> str:
    """An array of two axes or more; every longer axis shows its ends only."""
    if array.ndim == 1:
        if array.size > _AXIS:
            return _ends(array, width)
        return "[" + ", ".join(_member(one, width) for one in array) + "]"
    inner = [_rows(one, width, depth + 1) for one in (array if len(array) <= _AXIS else array[:_ENDS])]
    between = ",\n" + " " * (depth + 1)
    if len(array) <= _AXIS:
        return "[" + between.join(inner) + "]"
    last = [_rows(one, width, depth + 1) for one in array[-_ENDS:]]
    return "[" + between.join([*inner, f"...{between[1:]}{last[0]}", *last[1:]]) + "]"
