"""Pooling to a given size, and windows' p-norms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, ShapeError
from ..op import Composite, apply
from ..registry import composite, fn
from ..tensor import Tensor
from .arguments import boolean
from .gather import TakeAt
from .max_places import MaxPoolPlaces, taken
from .pooling import averaged, floats, largest, reaching
from .spatial import Ints, lengths
from .windows import windows


def begins(size: int, count: int) -> list[tuple[int, int]]:
    """Where each of ``count`` cells of an axis begins and ends: they cover it, and overlap where they must."""
    return [(cell * size // count, -(-(cell + 1) * size // count)) for cell in range(count)]


def target(op: str, value: Any, sizes: Sequence[int], least: int = 1) -> Ints:
    """The output's lengths; None keeps an axis as it is."""
    items = tuple(value) if isinstance(value, (tuple, list)) else (value,) * len(sizes)
    if any(item is not None and (isinstance(item, bool) or not isinstance(item, int)) for item in items):
        raise ArgumentError(f"For '{op}', the 'output_size' must be an int or a tuple of ints, but got {value!r}.")
    if len(items) != len(sizes):
        raise ArgumentValueError(f"For '{op}', the 'output_size' must have {len(sizes)} lengths, but got {value!r}.")
    if any(item is not None and item < least for item in items):
        raise ArgumentValueError(f"For '{op}', the 'output_size' must not be less than {least}, but got {value!r}.")
    return tuple(size if item is None else item for item, size in zip(items, sizes))


def along(x: Tensor, axis: int, matrix: np.ndarray) -> Tensor:
    """``x`` with each vector along ``axis`` multiplied by ``matrix``."""
    last = fn.matmul(fn.swapaxes(x, axis, -1) if axis != x.ndim - 1 else x, Tensor(matrix.T.astype(x.numpy_dtype)))
    return fn.swapaxes(last, axis, -1) if axis != x.ndim - 1 else last


def adaptive_mean(op: str, x: Any, n: int, output_size: Any) -> Tensor:
    """The mean of each cell of the last ``n`` axes."""
    ready(op, x, n)
    sizes = x.shape[-n:]
    wanted = target(op, output_size, sizes, 0)
    if 0 not in wanted and all(size % count == 0 for size, count in zip(sizes, wanted)):
        kernel = tuple(size // count for size, count in zip(sizes, wanted))
        return averaged(op, floats(op, x), kernel, kernel, ((0,) * n, (0,) * n))
    for place, (size, count) in enumerate(zip(sizes, wanted)):
        matrix = np.zeros((count, size))
        for row, (start, stop) in enumerate(begins(size, count)):
            matrix[row, start:stop] = 1 / (stop - start)
        x = along(x, x.ndim - n + place, matrix) if size != count else x
    return x


def ready(op: str, x: Any, n: int) -> None:
    """Refuse what is no tensor of floats with the last ``n`` axes, a channel and perhaps a batch."""
    if not isinstance(x, Tensor):
        raise ArgumentError(f"For '{op}', the 'input' must be a Tensor, but got {type(x).__name__}.")
    if x.ndim not in (n + 1, n + 2):
        raise ShapeError(f"For '{op}', the rank of 'input' must be {n + 1} or {n + 2}, but got shape {x.shape}.")
    floats(op, x)


def adaptive_largest(op: str, x: Any, n: int, output_size: Any) -> tuple[Tensor, Tensor]:
    """The largest of each cell of the last ``n`` axes, and its place."""
    ready(op, x, n)
    sizes = x.shape[-n:]
    wanted = target(op, output_size, sizes)
    if all(size % count == 0 for size, count in zip(sizes, wanted)):
        kernel = tuple(size // count for size, count in zip(sizes, wanted))
        return largest(op, x, kernel, kernel, ((0,) * n, (0,) * n), (1,) * n)
    numbers = np.arange(int(np.prod(sizes))).reshape(sizes)
    found = []
    for cell in np.ndindex(wanted):
        spans = [begins(size, count)[at] for size, count, at in zip(sizes, wanted, cell)]
        part = tuple(slice(*span) for span in spans)
        kernel = tuple(stop - start for start, stop in spans)
        place = MaxPoolPlaces(kernel, kernel, (1,) * n, (0,) * n, (0,) * n)(x[(..., *part)])
        table = Tensor(np.ascontiguousarray(numbers[part]).ravel())
        found.append(apply(TakeAt((0,), table.shape), (table, fn.reshape(place, (*x.shape[:-n], 1)))))
    places = fn.reshape(fn.concat(found, -1), (*x.shape[:-n], *wanted))
    return taken(x, places, n), places


@composite(functions="adaptive_avg_pool1d")
def adaptive_avg_pool1d(input: Tensor, output_size: int) -> Tensor:
    """The mean of each of ``output_size`` cells of lines."""
    return adaptive_mean("adaptive_avg_pool1d", input, 1, whole("adaptive_avg_pool1d", output_size))


@composite(functions="adaptive_avg_pool2d")
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The mean of each cell of images, in ``output_size`` rows and columns."""
    return adaptive_mean("adaptive_avg_pool2d", input, 2, output_size)


@composite(functions="adaptive_avg_pool3d")
def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The mean of each cell of volumes."""
    return adaptive_mean("adaptive_avg_pool3d", input, 3, output_size)


def whole(op: str, value: Any) -> int:
    """An output size that must be an int."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentError(f"For '{op}', the 'output_size' must be an int, but got {value!r}.")
    return value


@composite(functions="adaptive_max_pool1d")
def adaptive_max_pool1d(input: Tensor, output_size: int) -> Tensor:
    """The largest of each of ``output_size`` cells of lines; the first of those that tie takes the whole cotangent."""
    return adaptive_largest("adaptive_max_pool1d", input, 1, whole("adaptive_max_pool1d", output_size))[0]


@composite(functions="adaptive_max_pool2d")
def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each cell of images; the first of those that tie takes the whole cotangent."""
    found = adaptive_largest("adaptive_max_pool2d", input, 2, output_size)
    return found if boolean("adaptive_max_pool2d", "return_indices", return_indices) else found[0]


@composite(functions="adaptive_max_pool3d")
def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each cell of volumes; the first of those that tie takes the whole cotangent."""
    found = adaptive_largest("adaptive_max_pool3d", input, 3, output_size)
    return found if boolean("adaptive_max_pool3d", "return_indices", return_indices) else found[0]


class AdaptiveAvgPool2D(Composite):
    """The mean of each cell of images, in ``output_size`` rows and columns."""

    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size

    def compute(self, x: Tensor) -> Tensor:
        return adaptive_mean("AdaptiveAvgPool2D", x, 2, self.output_size)


class AdaptiveAvgPool3D(Composite):
    """The mean of each cell of volumes."""

    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size

    def compute(self, x: Tensor) -> Tensor:
        return adaptive_mean("AdaptiveAvgPool3D", x, 3, self.output_size)


class AdaptiveMaxPool2D(Composite):
    """The largest of each cell of images, and its place.

    Notes
    -----
    The first of those that tie takes the whole cotangent.
    """

    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size

    def compute(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return adaptive_largest("AdaptiveMaxPool2D", x, 2, self.output_size)


def normed(op: str, x: Any, n: int, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: Any) -> Tensor:
    """``(sum of x^p)^(1 / p)`` over each window."""
    if isinstance(norm_type, bool) or not isinstance(norm_type, (int, float)):
        raise ArgumentError(f"For '{op}', the 'norm_type' must be a number, but got {norm_type!r}.")
    if norm_type == 0:
        raise ArgumentValueError(f"For '{op}', the 'norm_type' must not be 0.")
    ready(op, x, n)
    kernel = lengths(op, "kernel_size", kernel_size, n)
    by = kernel if stride is None else lengths(op, "stride", stride, n)
    none, apart = (0,) * n, (1,) * n
    pads = reaching(x, kernel, by, apart, (none, none), boolean(op, "ceil_mode", ceil_mode))
    powers = windows(fn.pow(x, norm_type), kernel, by, *pads, apart)
    return fn.pow(fn.reduce_sum(powers, tuple(range(x.ndim - n, x.ndim))), 1 / norm_type)


@composite(functions="lp_pool1d")
def lp_pool1d(x: Tensor, norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """``(sum of x^p)^(1 / p)`` over each window of lines."""
    return normed("lp_pool1d", x, 1, norm_type, kernel_size, stride, ceil_mode)


@composite(functions="lp_pool2d")
def lp_pool2d(x: Tensor, norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """``(sum of x^p)^(1 / p)`` over each window of images."""
    return normed("lp_pool2d", x, 2, norm_type, kernel_size, stride, ceil_mode)
