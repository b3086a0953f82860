"""What a wrong gradient looks like: the mistakes that people make most leave a trace in the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def hint(
    name: str,
    got: Sequence[np.ndarray],
    right: Sequence[np.ndarray],
    others: Mapping[str, Sequence[np.ndarray]],
    lengths: Sequence[int],
) -> str:
    """A sentence on what was probably forgotten, or nothing.

    Parameters
    ----------
    name : str
        The input.
    got, right : sequence of ndarray
        The gradient that was returned and the right one, for several cotangents.
    others : mapping of str to sequence of ndarray
        The right gradients by the other inputs.
    lengths : sequence of int
        Lengths of axes that a mean may have been taken over.
    """
    if not any(np.any(one) for one in got):
        return "it is zero everywhere"
    if len(got) > 1 and _alike(got[:1], got[1:2]) and not _alike(right[:1], right[1:2]):
        return "it is the same for every dy: dy is not used"
    for other, values in others.items():
        if other != name and _alike(got, values):
            return f"it is the gradient by {other}"
    return _factor(got, right, lengths) or _order(got, right) or _places(got, right)


def _alike(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> bool:
    if any(a.shape != b.shape for a, b in zip(first, second)):
        return False
    size = max((float(np.max(np.abs(one), initial=0.0)) for one in second), default=0.0)
    return size > 0 and all(np.all(np.abs(a - b) <= 1e-5 * np.abs(b) + 1e-7 * size) for a, b in zip(first, second))


def _factor(got: Sequence[np.ndarray], right: Sequence[np.ndarray], lengths: Sequence[int]) -> str:
    both, truth = (np.concatenate([one.ravel() for one in side]) for side in (got, right))
    weight = float(truth @ truth)
    factor = float(both @ truth) / weight if weight > 0 else 0.0
    if not np.isfinite(factor) or factor == 0 or not _alike(got, [factor * one for one in right]):
        return ""
    if abs(factor + 1) < 1e-6:
        return "its sign is wrong"
    for length in lengths:
        if length > 1 and abs(factor - length) < 1e-4 * length:
            return f"it is {length} times the right one, the length of an axis: a mean was taken for a sum"
        if length > 1 and abs(factor * length - 1) < 1e-4:
            return f"it is 1/{length} of the right one, the length of an axis: a sum was taken for a mean"
    return f"it is {factor:.6g} times the right one" if abs(factor - 1) > 1e-5 else ""


def _order(got: Sequence[np.ndarray], right: Sequence[np.ndarray]) -> str:
    shape = right[0].shape
    if len(shape) >= 2 and shape[-1] == shape[-2] and _alike([np.swapaxes(one, -1, -2) for one in got], right):
        return "it is transposed"
    for axis in range(len(shape)):
        if shape[axis] > 1 and _alike([np.flip(one, axis) for one in got], right):
            return f"it is reversed along axis {axis}"
    return ""


def _places(got: Sequence[np.ndarray], right: Sequence[np.ndarray]) -> str:
    wrong = np.zeros(right[0].shape, bool)
    for one, truth in zip(got, right):
        wrong |= np.abs(one - truth) > 1e-9 * np.max(np.abs(truth), initial=0.0)
    count = int(wrong.sum())
    return f"{count} of {wrong.size} entries are wrong" if 0 < count < wrong.size else ""
