"""Images, lines and volumes at another size: nearest elements, and weighted sums of neighbours along each axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor
from .adaptive import adaptive_mean, along
from .arguments import boolean
from .pooling import floats
from .spatial import Ints, lengths, rank

MODES = ("nearest", "linear", "bilinear", "bicubic", "area", "nearest-exact", "trilinear")
_RANKS = {"linear": (3,), "bilinear": (4,), "bicubic": (4,), "trilinear": (5,)}


def places(size: int, count: int, align_corners: bool, half_pixel: bool) -> np.ndarray:
    """Where each of ``count`` elements lies on an axis of ``size`` elements."""
    at = np.arange(count, dtype=np.float64)
    if align_corners:
        return at * (size - 1) / max(count - 1, 1)
    return (at + 0.5) * size / count - 0.5 if half_pixel else at * size / count


def linear_weights(size: int, count: int, align_corners: bool, half_pixel: bool) -> np.ndarray:
    """The matrix of linear interpolation along an axis."""
    at = np.maximum(places(size, count, align_corners, half_pixel), 0)
    low = np.minimum(np.floor(at).astype(int), size - 1)
    result = np.zeros((count, size))
    share = np.minimum(at - low, 1)
    result[np.arange(count), low] += 1 - share
    result[np.arange(count), np.minimum(low + 1, size - 1)] += share
    return result


def cubic_weights(size: int, count: int, align_corners: bool) -> np.ndarray:
    """The matrix of cubic convolution along an axis (Keys, with a = -0.75); the border elements are repeated."""
    at = places(size, count, align_corners, True)
    low = np.floor(at).astype(int)
    result = np.zeros((count, size))
    for offset in range(-1, 3):
        d = np.abs(at - (low + offset))
        near = (1.25 * d - 2.25) * d * d + 1
        far = ((-0.75 * d + 3.75) * d - 6) * d + 3
        np.add.at(result, (np.arange(count), np.clip(low + offset, 0, size - 1)), np.where(d <= 1, near, far))
    return result


def nearest(x: Tensor, sizes: Ints, index: Callable[[int, int], np.ndarray]) -> Tensor:
    """The elements of the last axes at ``index(length, new length)``."""
    for place, count in enumerate(sizes):
        axis = x.ndim - len(sizes) + place
        at = np.clip(index(x.shape[axis], count), 0, x.shape[axis] - 1)
        x = fn.gather(x, Tensor(at.astype(np.int64)), axis)
    return x


def wanted(x: Tensor, size: Any, scale_factor: Any, recompute: Any) -> Ints:
    """The new lengths of the axes behind batch and channel."""
    n = x.ndim - 2
    if (size is None) == (scale_factor is None):
        raise ArgumentValueError("For 'interpolate', one of 'size' and 'scale_factor' must be given.")
    if size is not None:
        return lengths("interpolate", "size", size, n)
    factors = tuple(scale_factor) if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * n
    if any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in factors):
        raise ArgumentError(f"For 'interpolate', the 'scale_factor' must hold numbers, but got {scale_factor!r}.")
    if len(factors) != n or any(one <= 0 for one in factors):
        raise ArgumentValueError(
            f"For 'interpolate', the 'scale_factor' must hold {n} positive numbers, but got {scale_factor!r}."
        )
    exact = [length * factor for length, factor in zip(x.shape[2:], factors)]
    if not recompute and any(one != int(one) for one in exact):
        raise ArgumentValueError(
            "For 'interpolate', the new lengths must be whole, or 'recompute_scale_factor' be True, "
            f"but got {scale_factor!r} for shape {x.shape}."
        )
    return tuple(int(one) for one in exact)


@composite(functions="interpolate upsample")
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
) -> Tensor:
    """``input`` (batch, channel, ...) at another ``size``."""
    floats("interpolate", rank("interpolate", "input", input, 3, 4, 5))
    if not isinstance(mode, str):
        raise ArgumentError(f"For 'interpolate', the 'mode' must be a str, but got {type(mode).__name__}.")
    if mode not in MODES:
        raise ArgumentValueError(f"For 'interpolate', the 'mode' must be one of {list(MODES)}, but got {mode!r}.")
    if align_corners is not None:
        boolean("interpolate", "align_corners", align_corners)
        if mode in ("nearest", "nearest-exact", "area"):
            raise ArgumentValueError(f"For 'interpolate', 'align_corners' can not be set with mode {mode!r}.")
    if input.ndim not in _RANKS.get(mode, (3, 4, 5)):
        raise ArgumentValueError(f"For 'interpolate', mode {mode!r} does not take a tensor of rank {input.ndim}.")
    sizes = wanted(input, size, scale_factor, recompute_scale_factor)
    if mode.startswith("nearest"):
        half = 0.5 if mode == "nearest-exact" else 0.0
        return nearest(input, sizes, lambda n, count: np.floor((np.arange(count) + half) * n / count))
    if mode == "area":
        return adaptive_mean("interpolate", input, len(sizes), sizes)
    return weighted(input, sizes, mode == "bicubic", bool(align_corners), True)


def weighted(x: Tensor, sizes: Ints, cubic: bool, align_corners: bool, half_pixel: bool) -> Tensor:
    """Weighted sums of neighbours along each of the last axes."""
    for place, count in enumerate(sizes):
        axis = x.ndim - len(sizes) + place
        n = x.shape[axis]
        if n != count:
            settings = (n, count, align_corners)
            x = along(x, axis, cubic_weights(*settings) if cubic else linear_weights(*settings, half_pixel))
    return x


class ResizeBilinearV2(Composite):
    """Images at another size, by linear interpolation along both axes."""

    def __init__(self, align_corners: bool = False, half_pixel_centers: bool = False) -> None:
        self.align_corners = boolean("ResizeBilinearV2", "align_corners", align_corners)
        self.half_pixel_centers = boolean("ResizeBilinearV2", "half_pixel_centers", half_pixel_centers)

    def compute(self, image: Tensor, size: Any) -> Tensor:
        floats("ResizeBilinearV2", rank("ResizeBilinearV2", "image", image, 4))
        sizes = lengths("ResizeBilinearV2", "size", size, 2)
        return weighted(image, sizes, False, self.align_corners, self.half_pixel_centers)


class ResizeBilinear(Composite):
    """Images at another size, by linear interpolation along both axes."""

    def __init__(self, size: Any, align_corners: bool = False, half_pixel_centers: bool = False) -> None:
        self.size = lengths("ResizeBilinear", "size", size, 2)
        self.align_corners = boolean("ResizeBilinear", "align_corners", align_corners)
        self.half_pixel_centers = boolean("ResizeBilinear", "half_pixel_centers", half_pixel_centers)

    def compute(self, x: Tensor) -> Tensor:
        return ResizeBilinearV2(self.align_corners, self.half_pixel_centers)(x, self.size)


class ResizeNearestNeighbor(Composite):
    """Images at another size, by the nearest elements."""

    def __init__(self, size: Any, align_corners: bool = False, half_pixel_centers: bool = False) -> None:
        self.size = lengths("ResizeNearestNeighbor", "size", size, 2)
        self.align_corners = boolean("ResizeNearestNeighbor", "align_corners", align_corners)
        self.half_pixel_centers = boolean("ResizeNearestNeighbor", "half_pixel_centers", half_pixel_centers)

    def compute(self, input_x: Tensor) -> Tensor:
        if rank("ResizeNearestNeighbor", "input_x", input_x, 4).size == 0:
            raise ShapeError(f"For 'ResizeNearestNeighbor', the images must not be empty, but got {input_x.shape}.")

        def index(n: int, count: int) -> np.ndarray:
            at = places(n, count, self.align_corners, False)
            if self.align_corners:
                return np.floor(at + 0.5)
            return np.floor((np.arange(count) + 0.5) * n / count) if self.half_pixel_centers else np.floor(at)

        return nearest(input_x, self.size, index)
