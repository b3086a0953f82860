"""Numbers that layers derive from their settings: bounds of first values, lengths, what is kept when some is dropped."""

from __future__ import annotations

import math

from ..initializer import HeUniform, Uniform, fans


def complement(probability: float) -> float:
    """``1 - probability``."""
    return 1.0 - probability


def even_within_root(count: int) -> Uniform:
    """First values within ``1 / sqrt(count)``, of biases and recurrent weights; no values for a count of 0."""
    return Uniform(1 / math.sqrt(count))


def usual_weight() -> HeUniform:
    """First values of weights of dense and convolution layers, within ``1 / sqrt(fan_in)``."""
    return HeUniform(math.sqrt(5))


def usual_bias(shape: tuple[int, ...]) -> Uniform:
    """First values of the bias beside a weight of ``shape``, within ``1 / sqrt(fan_in)``."""
    return even_within_root(fans(shape)[0])


def divides(count: int, *totals: int) -> bool:
    """Whether each of ``totals`` is a multiple of ``count``."""
    return all(total % count == 0 for total in totals)


def quotient(total: int, count: int) -> int:
    """``total / count`` of a total that divides."""
    return total // count


def times(first: int, second: int) -> int:
    """``first * second``."""
    return first * second


def transposed_length(mode: str, length: int, kernel: int, stride: int, dilation: int, padding: int) -> int:
    """The length that a transposed convolution gives, by MindSpore's ``pad_mode``."""
    reach = kernel + (kernel - 1) * (dilation - 1)
    if mode == "same":
        return length * stride
    if mode == "valid":
        return length * stride + max(reach - stride, 0)
    return length * stride - padding + reach - stride


def stretched(shape: tuple[int, ...], axis: int, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """``shape`` with ``axis`` replaced by axes of ``sizes``."""
    place = axis % len(shape)
    return (*shape[:place], *sizes, *shape[place + 1 :])


def pairs(padding: tuple[int, ...], ndim: int) -> tuple[tuple[int, int], ...]:
    """Paddings counted from the last axis, as a pair for each of ``ndim`` axes from the first."""
    given = [(padding[place], padding[place + 1]) for place in range(0, len(padding), 2)]
    return (*((0, 0) for _ in range(ndim - len(given))), *reversed(given))


def direction(layer: int, backward: bool, both: bool) -> int:
    """The place of one direction of one layer among the weights of a recurrent network."""
    return layer * (2 if both else 1) + backward
