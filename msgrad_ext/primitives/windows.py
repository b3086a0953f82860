"""Sliding windows over the last axes of a tensor, and their transpose: what convolution and pooling are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..lazy import sym
from ..op import Op, apply
from ..tensor import Tensor

Ints = tuple[int, ...]


class Windows(Op, view=True):
    """The windows that slide over the last axes: ``out[..., k, p] = a[..., p stride + k dilation - before]``.

    Outside of the operand there are zeros.

    Parameters
    ----------
    kernel, stride, dilation : tuple of int
        For each of the last axes: how long a window is, how far it moves, how far apart its elements are.
    before, after : tuple of int
        How many zeros stand before and after the axis.
    """

    certain = True

    def __init__(self, kernel, stride, dilation, before, after):
        self.kernel, self.stride, self.dilation = tuple(kernel), tuple(stride), tuple(dilation)
        self.before, self.after = tuple(before), tuple(after)

    def bind(self, a):
        n = len(self.kernel)
        spans = [length + before + after for length, before, after in zip(a.shape[-n:], self.before, self.after)]
        size = tuple(
            (span - dilation * (k - 1) - 1) // stride + 1
            for span, k, stride, dilation in zip(spans, self.kernel, self.stride, self.dilation)
        )
        if any(count < 1 for count in size):
            raise ShapeError(f"For 'Windows', a window of {self.kernel} must fit into {tuple(spans)}.")
        return self.set(size=size), (a,)

    def numpy(self, a):
        n = a.ndim - len(self.kernel)
        if any(self.before) or any(self.after):
            spans = [length + more + last for length, more, last in zip(a.shape[n:], self.before, self.after)]
            padded = np.zeros((*a.shape[:n], *spans), a.dtype)
            middle = (..., *(slice(at, at + length) for at, length in zip(self.before, a.shape[n:])))
            padded[middle] = a
            a = padded
        inner = [step * by for step, by in zip(a.strides[n:], self.dilation)]
        outer = [step * by for step, by in zip(a.strides[n:], self.stride)]
        shape = (*a.shape[:n], *self.kernel, *self.size)
        return np.lib.stride_tricks.as_strided(a, shape, (*a.strides[:n], *inner, *outer), writeable=False)

    def vjp(self, ct, out, a):
        return apply(joining(self, a.shape[-len(self.kernel) :]), (ct,))

    def out_shape(self, shape):
        n = len(self.kernel)
        inside("Windows", self, shape[len(shape) - n :])
        return (*shape[: len(shape) - n], *self.kernel, *self.size)

    def meaning(self, a):
        n = len(self.kernel)

        def element(*i):
            lead, within, place = i[: -2 * n], i[-2 * n : -n], i[-n:]
            at, result = [], 1
            for axis, (k, p) in enumerate(zip(within, place)):
                at.append(p * self.stride[axis] + k * self.dilation[axis] - self.before[axis])
                if self.before[axis] or self.after[axis]:
                    result *= sym.inside(at[-1], 1, a.shape[axis - n])
            return result * a[(*lead, *at)]

        return element


class WindowsGrad(Op):
    """The transpose of `Windows`: each element is the sum of the window elements that it was copied to."""

    certain = True

    def __init__(self, kernel, stride, dilation, before, after, size, shape):
        self.kernel, self.stride, self.dilation = kernel, stride, dilation
        self.before, self.after, self.size, self.shape = before, after, size, shape

    def numpy(self, a):
        n = a.ndim - 2 * len(self.kernel)
        out = np.zeros((*a.shape[:n], *self.shape), a.dtype)
        for at in np.ndindex(self.kernel):
            here, part = [...], [slice(None)] * n + list(at)
            for k, apart, by, more, count, length in zip(
                at, self.dilation, self.stride, self.before, self.size, self.shape
            ):
                # Of the places that this element of the kernel has, those that are not in the padding.
                start = k * apart - more
                first = max(0, -(start // by))
                last = max(first, min(count, (length - 1 - start) // by + 1))
                here.append(slice(start + first * by, start + last * by, by) if last > first else slice(0))
                part.append(slice(first, last))
            goal = out[tuple(here)]
            np.add(goal, a[tuple(part)], out=goal)
        return out

    def vjp(self, ct, out, a):
        windows = Windows(self.kernel, self.stride, self.dilation, self.before, self.after)
        return apply(windows.set(size=self.size), (ct,))

    def out_shape(self, shape):
        n = len(self.kernel)
        if tuple(shape[len(shape) - 2 * n :]) != (*self.kernel, *self.size):
            raise ShapeError(f"For 'WindowsGrad', the last axes must be {(*self.kernel, *self.size)}, but got {shape}.")
        inside("WindowsGrad", self, self.shape)
        return (*shape[: len(shape) - 2 * n], *self.shape)

    def meaning(self, a):
        n = len(self.kernel)

        def element(*q):
            def body(*k):
                at, result = [], 1
                for axis in range(n):
                    position = q[axis - n] + self.before[axis] - k[axis] * self.dilation[axis]
                    result *= sym.inside(position, self.stride[axis], self.size[axis])
                    at.append(sym.over(position, self.stride[axis]))
                return result * a[(*q[:-n], *k, *at)]

            return sym.totals(self.kernel, body)

        return element


def inside(op: str, windows: Any, lengths: Ints) -> None:
    """Refuse windows that reach beyond axes of ``lengths`` with their padding: they would show foreign memory."""
    settings = (windows.kernel, windows.stride, windows.dilation, windows.before, windows.after, windows.size, lengths)
    for k, by, apart, before, after, count, length in zip(*settings):
        if isinstance(length, int) and (count - 1) * by + (k - 1) * apart >= length + before + after:
            raise ShapeError(f"For '{op}', windows of {windows.kernel} must fit into {tuple(lengths)}.")


def joining(windows: Windows, shape: Ints) -> WindowsGrad:
    """The transpose of ``windows`` on axes of ``shape``."""
    settings = (windows.kernel, windows.stride, windows.dilation, windows.before, windows.after, windows.size)
    return WindowsGrad(*settings, tuple(shape))


def windows(x: Tensor, kernel: Ints, stride: Ints, before: Ints, after: Ints, dilation: Ints) -> Tensor:
    """The windows of the last axes of ``x``, (lead..., kernel..., places...)."""
    if any(more < 0 for more in (*before, *after)):
        n = len(kernel)
        cut = [slice(max(-b, 0), length - max(-e, 0)) for b, e, length in zip(before, after, x.shape[-n:])]
        x = x[(..., *cut)]
        before, after = (tuple(max(more, 0) for more in side) for side in (before, after))
    return Windows(kernel, stride, dilation, before, after)(x)


def joined_windows(parts: Tensor, kernel: Ints, stride: Ints, before: Ints, dilation: Ints, shape: Ints) -> Tensor:
    """The windows ``parts``, (lead..., kernel..., places...), added into axes of ``shape``."""
    size = parts.shape[-len(kernel) :]
    after = tuple(
        max((count - 1) * by + (k - 1) * apart + 1 - length - more, 0)
        for count, by, k, apart, length, more in zip(size, stride, kernel, dilation, shape, before)
    )
    return apply(WindowsGrad(kernel, stride, dilation, tuple(before), after, size, tuple(shape)), (parts,))


__all__ = ["joined_windows", "windows"]
