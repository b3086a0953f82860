"""Interpolation to another size: each axis by a constant matrix, so that it is a matrix product in all respects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, ShapeError
from ..registry import composite, fn
from ..tensor import Tensor

_RANKS = {"nearest": (3, 4, 5), "linear": (3,), "bilinear": (4,), "trilinear": (5,), "area": (3, 4, 5)}


def _nearest(count: int, length: int, aligned: bool) -> np.ndarray:
    """Each of ``count`` new places takes the element of ``length`` old ones that it falls on."""
    place = np.arange(count)
    found = np.zeros((count, length))
    found[place, place * length // count] = 1
    return found


def _linear(count: int, length: int, aligned: bool) -> np.ndarray:
    """Each new place lies between two old ones; their first and last meet if ``aligned``, otherwise their ends."""
    place = np.arange(count)
    if aligned:
        spot = place * ((length - 1) / (count - 1) if count > 1 else 0.0)
    else:
        spot = np.maximum((place + 0.5) * (length / count) - 0.5, 0)
    left = np.minimum(np.floor(spot).astype(int), length - 1)
    right = np.minimum(left + 1, length - 1)
    found = np.zeros((count, length))
    np.add.at(found, (place, left), 1 - (spot - left))
    np.add.at(found, (place, right), spot - left)
    return found


def _area(count: int, length: int, aligned: bool) -> np.ndarray:
    """The mean of the old places that each new one covers, a part of one as a whole."""
    found = np.zeros((count, length))
    for place in range(count):
        first, last = place * length // count, -(-(place + 1) * length // count)
        found[place, first:last] = 1 / (last - first)
    return found


_MATRICES: dict[str, Callable[[int, int, bool], np.ndarray]] = {
    "nearest": _nearest, "linear": _linear, "bilinear": _linear, "trilinear": _linear, "area": _area,
}  # fmt: skip


def _target(x: Tensor, size: Any, scale_factor: Any) -> tuple[int, ...]:
    """The new lengths of the axes behind the channels."""
    count = x.ndim - 2
    if (size is None) == (scale_factor is None):
        raise ArgumentValueError("For 'interpolate', either 'size' or 'scale_factor' must be given, and not both.")
    name, given = ("size", size) if scale_factor is None else ("scale_factor", scale_factor)
    each = tuple(given) if isinstance(given, (tuple, list)) else (given,) * count
    kinds = (int,) if scale_factor is None else (int, float)
    if any(isinstance(one, bool) or not isinstance(one, kinds) for one in each):
        raise ArgumentError(
            f"For 'interpolate', the '{name}' must be one number or a tuple of them, but got {given!r}."
        )
    if len(each) != count or any(one <= 0 for one in each):
        raise ArgumentValueError(
            f"For 'interpolate', the '{name}' must be {count} positive numbers for shape {x.shape}, but got {given!r}."
        )
    return each if scale_factor is None else tuple(int(n * one) for n, one in zip(x.shape[2:], each))


def _along(x: Tensor, axis: int, matrix: np.ndarray) -> Tensor:
    """``x`` with ``axis`` multiplied by a constant matrix."""
    constant = Tensor._wrap(matrix.T.astype(x.numpy_dtype))
    if axis == x.ndim - 1:
        return fn.matmul(x, constant)
    return fn.swapaxes(fn.matmul(fn.swapaxes(x, axis, -1), constant), axis, -1)


@composite(functions="interpolate upsample")
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
) -> Tensor:
    """The axes of ``input`` behind the channels brought to ``size``, or to ``scale_factor`` times their lengths.

    Parameters
    ----------
    mode : str
        'nearest', 'area', or 'linear', 'bilinear' and 'trilinear' for one, two and three axes.
    align_corners : bool, optional
        The first and the last elements meet; otherwise the ends of the axes do.
    recompute_scale_factor : bool, optional
        Accepted for compatibility: the scale is always that of the lengths.
    """
    if not isinstance(input, Tensor):
        raise ArgumentError(f"For 'interpolate', the input must be a Tensor, but got {type(input).__name__}.")
    if mode not in _MATRICES:
        raise ArgumentValueError(
            f"For 'interpolate', the mode must be one of {', '.join(map(repr, _MATRICES))}, but got {mode!r}."
        )
    if input.ndim not in _RANKS[mode]:
        raise ShapeError(f"For 'interpolate', the mode {mode!r} does not go with shape {input.shape}.")
    if align_corners is not None and _MATRICES[mode] is not _linear:
        raise ArgumentValueError(f"For 'interpolate', align_corners does not go with the mode {mode!r}.")
    result = input
    for axis, count in enumerate(_target(input, size, scale_factor), 2):
        if count != input.shape[axis]:
            result = _along(result, axis, _MATRICES[mode](count, input.shape[axis], bool(align_corners)))
    return result
