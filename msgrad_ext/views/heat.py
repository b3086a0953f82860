"""Numbers to colours, and large arrays to images: what a heat map needs, and no HTML.

Colours are translucent, so that one value reads on a light and on a dark theme: the theme's own text colour stays
readable (contrast of at least 4.5 to 1) on every colour that is made here; a test holds it.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from .digits import magnitudes

POSITIVE, NEGATIVE, ODD = (37, 110, 190), (214, 96, 60), (150, 60, 200)
DEEPEST = 0.55
PIXELS = 256


def largest(value: np.ndarray) -> float:
    """The largest finite magnitude of ``value``: the end of the colour scale; 0.0 if there is none."""
    array = np.abs(magnitudes(value))
    return float(array[np.isfinite(array)].max(initial=0.0))


def colour(value: float, top: float) -> str:
    """CSS colour of one number: hue by its sign, depth by its size against ``top``; empty for zero."""
    if not np.isfinite(value):
        return _rgba(ODD, 0.45)
    if not top or not value:
        return ""
    return _rgba(POSITIVE if value > 0 else NEGATIVE, 0.06 + (DEEPEST - 0.06) * min(abs(value) / top, 1.0))


def _rgba(base: tuple[int, int, int], alpha: float) -> str:
    return f"rgba({base[0]}, {base[1]}, {base[2]}, {alpha:.2f})"


def image(value: np.ndarray) -> tuple[bytes, tuple[int, int], tuple[int, int]]:
    """A 2-D array as PNG, the PNG's (rows, columns), and the (rows, columns) of entries that one spot stands for.

    A spot that stands for several entries shows the one of largest magnitude, so that no outlier is lost. Small arrays
    are enlarged here, not by the front end: a sanitiser takes the style away that would keep their edges sharp.
    """
    array = magnitudes(value)
    block = (-(-array.shape[0] // PIXELS), -(-array.shape[1] // PIXELS))
    array = _blocks(array, block)
    top = largest(array)
    depth = np.nan_to_num(np.abs(array) / top if top else array * 0.0, nan=1.0, posinf=1.0)
    hue = np.where((array < 0)[..., None], NEGATIVE, POSITIVE)
    hue = np.where(np.isfinite(array)[..., None], hue, ODD)
    alpha = np.where(np.isfinite(array), depth * 255, 255)
    pixels = np.concatenate([hue, alpha[..., None]], axis=-1).round().astype(np.uint8)
    pixels = pixels.repeat(_zoom(array.shape[0]), axis=0).repeat(_zoom(array.shape[1]), axis=1)
    return png(pixels), pixels.shape[:2], block


def _zoom(spots: int) -> int:
    """How many pixels wide each of so many spots is; a few are made large so that they can be seen."""
    return max(1, min(24 if spots <= 4 else 8, 400 // spots))


def _blocks(array: np.ndarray, block: tuple[int, int]) -> np.ndarray:
    """The entry of largest magnitude of each block; one that is not a number counts as largest."""
    rows, columns = block
    if block == (1, 1):
        return array
    padding = ((0, -array.shape[0] % rows), (0, -array.shape[1] % columns))
    padded = np.pad(array, padding)
    high, wide = padded.shape[0] // rows, padded.shape[1] // columns
    tiles = padded.reshape(high, rows, wide, columns).swapaxes(1, 2).reshape(high, wide, rows * columns)
    place = np.nan_to_num(np.abs(tiles), nan=np.inf).argmax(axis=-1)
    return np.take_along_axis(tiles, place[..., None], axis=-1)[..., 0]


def png(pixels: np.ndarray) -> bytes:
    """Eight-bit RGBA pixels, shape (rows, columns, 4), as a PNG file."""
    rows, columns = pixels.shape[:2]
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels.reshape(rows, -1)], axis=1)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", columns, rows, 8, 6, 0, 0, 0)
    body = zlib.compress(lines.tobytes(), 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
