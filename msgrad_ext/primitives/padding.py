"""Borders around a tensor: constant, reflected, repeated or wrapped; and the ops of MindSpore that slice by size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, ShapeError
from ..op import Composite, apply
from ..registry import composite, fn
from ..tensor import Tensor, is_number
from .arguments import dims, int_tuple, integer, one_axis, one_of, tensor
from .gather import taken
from .indexing import StridedSlice, StridedSliceGrad

Widths = Sequence[tuple[int, int]]


def padded(x: Tensor, widths: Widths, value: Any = 0) -> Tensor:
    """``x`` with ``value`` around it; a negative width cuts."""
    if any(width < 0 for pair in widths for width in pair):
        x = x[tuple(slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(widths, x.shape))]
        widths = [(max(a, 0), max(b, 0)) for a, b in widths]
    if not any(width for pair in widths for width in pair):
        return x
    begin = tuple(before for before, _ in widths)
    shape = tuple(n + a + b for n, (a, b) in zip(x.shape, widths))
    zeros = apply(StridedSliceGrad(begin, (1,) * x.ndim, x.shape, shape), (x,))
    if is_number(value) and value == 0:
        return zeros
    mask = np.ones(shape, bool)
    mask[tuple(slice(first, first + n) for first, n in zip(begin, x.shape))] = False
    return fn.masked_fill(zeros, Tensor(mask), value)


_TABLES = {"reflect": "reflect", "symmetric": "symmetric", "replicate": "edge", "edge": "edge", "circular": "wrap"}


def mirrored(op: str, x: Tensor, widths: Widths, mode: str) -> Tensor:
    """``x`` with its own elements around it: the border reads positions by a table for each axis."""
    x = x[tuple(slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(widths, x.shape))] if _cuts(widths) else x
    for axis, (before, after) in enumerate((max(a, 0), max(b, 0)) for a, b in widths):
        n = x.shape[axis]
        most = {"reflect": n - 1, "symmetric": n, "circular": n}.get(mode)
        if most is not None and max(before, after) > most:
            raise ArgumentValueError(
                f"For '{op}', a padding of mode '{mode}' must be at most {most} along axis {axis}, but got "
                f"{(before, after)}."
            )
        if before or after:
            table = np.pad(np.arange(n), (before, after), _TABLES[mode])  # type: ignore[call-overload]
            x = taken(x, (axis,), (Tensor(table),))
    return x


def _cuts(widths: Widths) -> bool:
    return any(width < 0 for pair in widths for width in pair)


def _pairs(op: str, padding: Any, ndim: int) -> list[tuple[int, int]]:
    """Widths by axis of a flat padding that speaks of the last axis first."""
    flat = int_tuple(op, "padding", padding)
    if len(flat) % 2:
        raise ArgumentValueError(f"For '{op}', the padding must be pairs, but got {len(flat)} ints.")
    if len(flat) > 2 * ndim:
        raise ArgumentValueError(f"For '{op}', the padding must be for at most {ndim} axes, but got {len(flat) // 2}.")
    pairs = [(flat[at], flat[at + 1]) for at in range(0, len(flat), 2)]
    return [(0, 0)] * (ndim - len(pairs)) + pairs[::-1]


@composite(functions="pad")
def pad(input_x: Any, padding: Any, mode: str = "constant", value: Any = None) -> Tensor:
    """``input_x`` with borders; ``padding`` has two widths for each axis, the last axis first.

    Notes
    -----
    Modes are ``constant`` (with ``value``, by default 0), ``reflect``, ``replicate`` (or ``edge``) and ``circular``. A
    negative width cuts.
    """
    x = tensor("pad", "input_x", input_x)
    one_of("pad", "mode", mode, ("constant", "reflect", "replicate", "edge", "circular"))
    widths = _pairs("pad", padding, x.ndim)
    if mode == "constant":
        return padded(x, widths, 0 if value is None else value)
    if value is not None and not (is_number(value) and value == 0):
        raise ArgumentValueError(f"For 'pad', a value goes with mode 'constant' only, but got mode '{mode}'.")
    return mirrored("pad", x, widths, mode)


class Pad(Composite):
    """The operand with zeros around it; ``paddings`` has a pair of widths for each axis."""

    def __init__(self, paddings: Any) -> None:
        if not isinstance(paddings, (tuple, list)):
            raise ArgumentError(f"For 'Pad', the paddings must be a tuple of pairs, but got {paddings!r}.")
        self.paddings = tuple(dims("Pad", "paddings", pair) for pair in paddings)
        if any(len(pair) != 2 or min(pair) < 0 for pair in self.paddings):
            raise ArgumentValueError(f"For 'Pad', each of the paddings must be two ints >= 0, but got {paddings!r}.")

    def compute(self, input_x: Any) -> Tensor:
        """The padded tensor."""
        x = tensor("Pad", "input_x", input_x)
        if len(self.paddings) != x.ndim:
            raise ShapeError(f"For 'Pad', there must be a pair for each axis of {x.shape}, but got {self.paddings}.")
        return padded(x, [(pair[0], pair[1]) for pair in self.paddings])


class PadV3(Composite):
    """The operand with borders; the paddings are a flat tensor, the last axis first."""

    def __init__(self, mode: str = "constant", paddings_contiguous: bool = True) -> None:
        self.mode = one_of("PadV3", "mode", mode, ("constant", "reflect", "edge", "circular"))
        self.paddings_contiguous = paddings_contiguous

    def compute(self, x: Any, paddings: Any, constant_value: Any = None) -> Tensor:
        """The padded tensor."""
        flat = int_tuple("PadV3", "paddings", paddings)
        if not self.paddings_contiguous:
            flat = tuple(one for pair in zip(flat[: len(flat) // 2], flat[len(flat) // 2 :]) for one in pair)
        return pad(x, flat, self.mode, constant_value if self.mode == "constant" else None)


class MirrorPad(Composite):
    """The operand reflected around it, without its border (``REFLECT``) or with it (``SYMMETRIC``)."""

    def __init__(self, mode: str = "REFLECT") -> None:
        self.mode = one_of("MirrorPad", "mode", mode, ("REFLECT", "SYMMETRIC"))

    def compute(self, input_x: Any, paddings: Any) -> Tensor:
        """The padded tensor; ``paddings`` has a pair of widths for each axis."""
        x = tensor("MirrorPad", "input_x", input_x)
        rows = paddings.tolist() if isinstance(paddings, (Tensor, np.ndarray)) else paddings
        widths = [dims("MirrorPad", "paddings", row) for row in rows]
        if len(widths) != x.ndim or any(len(row) != 2 for row in widths):
            raise ShapeError(f"For 'MirrorPad', there must be a pair for each axis of {x.shape}, but got {rows}.")
        return mirrored("MirrorPad", x, [(row[0], row[1]) for row in widths], self.mode.lower())


@composite(functions="mirror_pad")
def mirror_pad(input_x: Any, paddings: Any, mode: str) -> Tensor:
    """``input_x`` reflected around it."""
    return MirrorPad(mode)(input_x, paddings)


class Slice(Composite, functions="slice"):
    """``size`` elements of each axis from ``begin``; a size of -1 takes the rest."""

    def compute(self, input_x: Any, begin: Any, size: Any) -> Tensor:
        """The slice."""
        x = tensor("Slice", "input_x", input_x)
        first, count = dims("Slice", "begin", begin), dims("Slice", "size", size)
        if len(first) != x.ndim or len(count) != x.ndim:
            raise ShapeError(f"For 'Slice', begin and size must have {x.ndim} ints, but got {first} and {count}.")
        count = tuple(n - at if k == -1 else k for at, k, n in zip(first, count, x.shape))
        if any(at < 0 or k < 0 or at + k > n for at, k, n in zip(first, count, x.shape)):
            raise ArgumentValueError(f"For 'Slice', begin {first} and size {count} must lie within {x.shape}.")
        return x[tuple(slice(at, at + k) for at, k in zip(first, count))]


@composite(functions="strided_slice")
def strided_slice(input_x: Any, begin: Any, end: Any, strides: Any, *masks: int, **named: int) -> Tensor:
    """Every ``strides``-th element of each axis from ``begin`` to ``end``, with `StridedSlice`'s masks."""
    return StridedSlice(*masks, **named)(input_x, begin, end, strides)


@composite(functions="narrow", methods="narrow")
def narrow(input: Any, axis: int, start: Any, length: int) -> Tensor:
    """``length`` elements of ``axis`` from ``start``."""
    x = tensor("narrow", "input", input)
    place = one_axis("narrow", axis, x.ndim)
    first, count = integer("narrow", "start", start), integer("narrow", "length", length, 0)
    first = first + x.shape[place] if first < 0 else first
    if not 0 <= first <= first + count <= x.shape[place]:
        raise ArgumentValueError(
            f"For 'narrow', start {start} and length {count} must lie within {x.shape[place]} elements."
        )
    return x[(*(slice(None),) * place, slice(first, first + count))]


__all__ = ["mirrored", "padded"]
