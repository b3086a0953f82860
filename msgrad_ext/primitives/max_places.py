"""Where the largest element of each window stands: what max pooling and its indices are made of."""

from __future__ import annotations

import numpy as np

from ..errors import ShapeError
from ..lazy import sym
from ..op import Op, apply
from ..registry import fn
from ..tensor import Tensor
from .along_axis import GatherD


class MaxPoolPlaces(Op):
    """Place of the largest element of each window, counted through the last axes row by row; no gradient.

    Notes
    -----
    The first of those that tie.
    """

    smooth = False

    def __init__(self, kernel, stride, dilation, before, after, output_type=np.int64):
        self.kernel, self.stride, self.dilation = tuple(kernel), tuple(stride), tuple(dilation)
        self.before, self.after, self.output_type = tuple(before), tuple(after), np.dtype(output_type)

    def bind(self, a):
        n = len(self.kernel)
        spans = [length + before + after for length, before, after in zip(a.shape[-n:], self.before, self.after)]
        settings = zip(spans, self.kernel, self.stride, self.dilation)
        size = tuple((span - apart * (k - 1) - 1) // by + 1 for span, k, by, apart in settings)
        if any(count < 1 for count in size):
            raise ShapeError(f"For 'MaxPool', a window of {self.kernel} must fit into {tuple(spans)}.")
        return self.set(size=size), (a,)

    def numpy(self, a):
        n = a.ndim - len(self.kernel)
        lengths = a.shape[n:]
        if any(self.before) or any(self.after):
            spans = [length + more + last for length, more, last in zip(lengths, self.before, self.after)]
            padded = np.full((*a.shape[:n], *spans), -np.inf, a.dtype)
            middle = (..., *(slice(at, at + length) for at, length in zip(self.before, lengths)))
            padded[middle] = a
            a = padded
        largest, first = None, np.zeros((*a.shape[:n], *self.size), np.int32)
        for number, at in enumerate(np.ndindex(self.kernel)):
            settings = zip(at, self.dilation, self.stride, self.size)
            here = (..., *(slice(k * apart, k * apart + by * (count - 1) + 1, by) for k, apart, by, count in settings))
            if largest is None:
                largest = a[here].copy()
                continue
            # A NaN is larger than all but an earlier one.
            larger = (a[here] > largest) | ((a[here] != a[here]) & (largest == largest))
            np.maximum(first, larger * np.int32(number), out=first)
            np.maximum(largest, a[here], out=largest)
        place = np.zeros((), np.int64)
        for axis, k in enumerate(np.unravel_index(np.arange(np.prod(self.kernel)), self.kernel)):
            start = np.arange(self.size[axis]) * self.stride[axis] - self.before[axis]
            moved = start.reshape(-1, *(1,) * (len(self.kernel) - 1 - axis))
            # Where all of a window is -inf, the first of its elements that is not padding.
            at = np.clip((k * self.dilation[axis])[first] + moved, 0, lengths[axis] - 1)
            place = place * lengths[axis] + at
        return place.astype(self.output_type)

    def vjp(self, ct, out, a):
        return None

    def out_shape(self, shape):
        return (*shape[: len(shape) - len(self.kernel)], *self.size)

    def out_dtype(self, kind):
        return self.output_type

    def meaning(self, a):
        n = len(self.kernel)

        def element(*i):
            lead, place = i[:-n], i[-n:]

            def at(k):
                return [
                    p * by + one * apart - more
                    for p, one, by, apart, more in zip(place, k, self.stride, self.dilation, self.before)
                ]

            def valid(k):
                result = 1
                for position, length, more, last in zip(at(k), a.shape[-n:], self.before, self.after):
                    result *= sym.inside(position, 1, length) if more or last else 1
                return result

            def order(k, lengths):
                result = 0
                for one, length in zip(k, lengths):
                    result = result * length + one
                return result

            def leads(k, j):
                mine, other = a[(*lead, *at(k))], a[(*lead, *at(j))]
                earlier = sym.compare(order(k, self.kernel), "<", order(j, self.kernel))
                return valid(k) * (sym.compare(mine, ">", other) + sym.compare(mine, "==", other) * earlier)

            def first(*j):
                beaten = sym.totals(self.kernel, lambda *k: leads(k, j))
                return order(at(j), a.shape[-n:]) * valid(j) * sym.compare(beaten, "==", 0)

            return sym.totals(self.kernel, first)

        return element


def taken(x: Tensor, places: Tensor, axes: int) -> Tensor:
    """The elements of ``x`` at ``places``, which count through the last ``axes`` axes row by row."""
    lead = x.shape[: x.ndim - axes]
    flat, index = fn.reshape(x, (*lead, -1)), fn.reshape(places, (*lead, -1))
    return fn.reshape(apply(GatherD().set(dim=len(lead)), (flat, index)), places.shape)
