"""Building blocks of larger networks: a convolution, attention, layer norm with gelu, distances of all pairs."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np

from ..workload import Arrays, Hand, Workload
from .data import Draw

GELU = sqrt(2 / pi)


def convolved(m: Any, x: Any, w: Any) -> Any:
    """A convolution without padding, relu, half the sum of squares."""
    y = m.relu(m.conv(x, w))
    return m.sum(y * y) * 0.5


def prepare_convolved(x: np.ndarray, w: np.ndarray) -> Hand:
    """Patches as columns: one product forward, two back."""
    images, channels, height, width = x.shape
    filters, _, rows, columns = w.shape
    high, wide = height - rows + 1, width - columns + 1
    patches = np.empty((channels, rows, columns, images, high, wide), x.dtype)
    ct_patches = np.empty_like(patches)
    flat, ct_flat = patches.reshape(channels * rows * columns, -1), ct_patches.reshape(channels * rows * columns, -1)
    y, zero = np.empty((filters, flat.shape[1]), x.dtype), np.zeros((), x.dtype)
    ct_w, ct_x, turned = np.empty_like(w), np.empty_like(x), np.empty((channels, images, height, width), x.dtype)
    ct_w_flat = ct_w.reshape(filters, -1)
    places = [(i, j) for i in range(rows) for j in range(columns)]

    def hand(x: np.ndarray, w: np.ndarray) -> Arrays:
        swapped = x.transpose(1, 0, 2, 3)
        for i, j in places:
            patches[:, i, j] = swapped[:, :, i : i + high, j : j + wide]
        kernel = w.reshape(filters, -1)
        kernel.dot(flat, y)
        np.maximum(y, zero, y)
        y.dot(flat.T, ct_w_flat)
        kernel.T.dot(y, ct_flat)
        turned.fill(0)
        for i, j in places:
            part = turned[:, :, i : i + high, j : j + wide]
            np.add(part, ct_patches[:, i, j], part)
        np.copyto(ct_x, turned.transpose(1, 0, 2, 3))
        return ct_x, ct_w

    return hand


def attention(m: Any, x: Any, wq: Any, wk: Any, wv: Any) -> Any:
    """One head of attention; half the sum of squares."""
    q, k, v = x @ wq, x @ wk, x @ wv
    out = m.softmax((q @ k.T) * float(wq.shape[1]) ** -0.5) @ v
    return m.sum(out * out) * 0.5


class AttentionByHand:
    """Fifteen products into buffers; the scale is put on the smallest array."""

    def __init__(self, x: np.ndarray, wq: np.ndarray, wk: np.ndarray, wv: np.ndarray) -> None:
        rows, width = x.shape[0], wq.shape[1]
        self.heads = tuple(np.empty((rows, width), x.dtype) for _ in range(7))
        self.share, self.ct_share = np.empty((rows, rows), x.dtype), np.empty((rows, rows), x.dtype)
        self.column, self.scale = np.empty((rows, 1), x.dtype), np.array(width**-0.5, x.dtype)
        self.part, self.results = np.empty_like(x), (np.empty_like(x), *(np.empty_like(wq) for _ in range(3)))

    def __call__(self, x: np.ndarray, wq: np.ndarray, wk: np.ndarray, wv: np.ndarray) -> Arrays:
        self.attend(x, wq, wk, wv)
        q, k, _, _, ct_q, ct_k, ct_v = self.heads
        part, (ct_x, ct_wq, ct_wk, ct_wv) = self.part, self.results
        self.ct_share.dot(k, ct_q)
        np.multiply(ct_q, self.scale, ct_q)
        self.ct_share.T.dot(q, ct_k)
        x.T.dot(ct_q, ct_wq)
        x.T.dot(ct_k, ct_wk)
        x.T.dot(ct_v, ct_wv)
        ct_q.dot(wq.T, ct_x)
        ct_k.dot(wk.T, part)
        np.add(ct_x, part, ct_x)
        ct_v.dot(wv.T, part)
        np.add(ct_x, part, ct_x)
        return self.results

    def attend(self, x: np.ndarray, wq: np.ndarray, wk: np.ndarray, wv: np.ndarray) -> None:
        """Forward, and back to the scores and the values."""
        q, k, v, out, _, _, ct_v = self.heads
        share, ct_share, column = self.share, self.ct_share, self.column
        x.dot(wq, q)
        np.multiply(q, self.scale, q)
        x.dot(wk, k)
        x.dot(wv, v)
        q.dot(k.T, share)
        np.maximum.reduce(share, 1, None, column, True)
        np.subtract(share, column, share)
        np.exp(share, share)
        np.add.reduce(share, 1, None, column, True)
        np.divide(share, column, share)
        share.dot(v, out)
        share.T.dot(out, ct_v)
        out.dot(v.T, ct_share)
        # The row sums of share * ct_share are those of out * out, which is smaller.
        np.multiply(out, out, out)
        np.add.reduce(out, 1, None, column, True)
        np.subtract(ct_share, column, ct_share)
        np.multiply(ct_share, share, ct_share)


def norm_gelu(m: Any, x: Any, gamma: Any, beta: Any, w: Any, b: Any) -> Any:
    """Layer norm, a dense layer, gelu by tanh; half the sum of squares."""
    centred = x - m.mean(x, 1, True)
    normal = centred / m.sqrt(m.mean(centred * centred, 1, True) + 1e-5)
    z = (normal * gamma + beta) @ w + b
    y = 0.5 * z * (1.0 + m.tanh((z + z * z * z * 0.044715) * GELU))
    return m.sum(y * y) * 0.5


class NormGeluByHand:
    """Means as products with a vector; elementwise steps in place."""

    def __init__(self, x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, w: np.ndarray, b: np.ndarray) -> None:
        rows, width = x.shape
        self.average, self.ones = np.full(width, 1 / width, x.dtype), np.ones(rows, x.dtype)
        self.normal, self.scaled, self.ct_s, self.t = (np.empty_like(x) for _ in range(4))
        self.z, self.u, self.y, self.ct_z = (np.empty((rows, w.shape[1]), x.dtype) for _ in range(4))
        self.mean, self.inverse, self.rest = (np.empty(rows, x.dtype) for _ in range(3))
        numbers = (1e-5, 1, 0.5, 0.044715, 3 * 0.044715, GELU)
        self.eps, self.one, self.half, self.cubic, self.three, self.root = (np.array(v, x.dtype) for v in numbers)
        self.results = tuple(np.empty_like(like) for like in (x, gamma, beta, w, b))

    def __call__(self, x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, w: np.ndarray, b: np.ndarray) -> Arrays:
        self.forward(x, gamma, beta, w, b)
        self.through_gelu()
        normal, ct_s, t, ct_z, ones, average = self.normal, self.ct_s, self.t, self.ct_z, self.ones, self.average
        ct_x, ct_gamma, ct_beta, ct_w, ct_b = self.results
        self.scaled.T.dot(ct_z, ct_w)
        ones.dot(ct_z, ct_b)
        ct_z.dot(w.T, ct_s)
        ones.dot(ct_s, ct_beta)
        np.multiply(ct_s, normal, t)
        ones.dot(t, ct_gamma)
        np.multiply(ct_s, gamma, ct_s)
        np.multiply(ct_s, normal, t)
        t.dot(average, self.rest)
        ct_s.dot(average, self.mean)
        np.multiply(normal, self.rest[:, None], t)
        np.subtract(ct_s, self.mean[:, None], ct_s)
        np.subtract(ct_s, t, ct_s)
        np.multiply(ct_s, self.inverse[:, None], ct_x)
        return self.results

    def forward(self, x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, w: np.ndarray, b: np.ndarray) -> None:
        """To the argument of gelu."""
        normal, scaled, inverse, mean, t, z = self.normal, self.scaled, self.inverse, self.mean, self.t, self.z
        x.dot(self.average, mean)
        np.subtract(x, mean[:, None], normal)
        np.multiply(normal, normal, t)
        t.dot(self.average, inverse)
        np.add(inverse, self.eps, inverse)
        np.sqrt(inverse, inverse)
        np.divide(self.one, inverse, inverse)
        np.multiply(normal, inverse[:, None], normal)
        np.multiply(normal, gamma, scaled)
        np.add(scaled, beta, scaled)
        scaled.dot(w, z)
        np.add(z, b, z)

    def through_gelu(self) -> None:
        """``y = z (1 + tanh u) / 2``, ``y' = (1 + tanh u) / 2 + z (1 - tanh^2 u) u' / 2``, and y times y'."""
        z, u, y, ct_z, one = self.z, self.u, self.y, self.ct_z, self.one
        np.multiply(z, z, y)
        np.multiply(y, self.cubic, u)
        np.add(u, one, u)
        np.multiply(u, z, u)
        np.multiply(u, self.root, u)
        np.tanh(u, u)
        np.multiply(y, self.three, ct_z)
        np.add(ct_z, one, ct_z)
        np.multiply(ct_z, self.root, ct_z)
        np.multiply(ct_z, z, ct_z)
        np.multiply(u, u, y)
        np.subtract(one, y, y)
        np.multiply(ct_z, y, ct_z)
        np.add(u, one, u)
        np.add(ct_z, u, ct_z)
        np.multiply(ct_z, self.half, ct_z)
        np.multiply(z, u, y)
        np.multiply(y, self.half, y)
        np.multiply(ct_z, y, ct_z)


def distances(m: Any, x: Any, y: Any) -> Any:
    """A kernel of the squared distances of all pairs of rows, summed."""
    between = m.reshape(x, (x.shape[0], 1, x.shape[1])) - m.reshape(y, (1, y.shape[0], y.shape[1]))
    return m.sum(m.exp(m.sum(between * between, 2, False) * -0.1))


def prepare_distances(x: np.ndarray, y: np.ndarray) -> Hand:
    """Distances as squares and one product, so that no array of rank 3 is made."""
    kernel, of_x, of_y = np.empty((len(x), len(y)), x.dtype), np.empty(len(x), x.dtype), np.empty(len(y), x.dtype)
    row, column = np.empty(len(y), x.dtype), np.empty(len(x), x.dtype)
    ones_x, ones_y, ones = np.ones(len(x), x.dtype), np.ones(len(y), x.dtype), np.ones(x.shape[1], x.dtype)
    scaled, square_y, ct_x, ct_y = np.empty_like(x), np.empty_like(y), np.empty_like(x), np.empty_like(y)
    part_x, part_y, a, c = np.empty_like(x), np.empty_like(y), np.array(-0.1, x.dtype), np.array(0.2, x.dtype)

    def hand(x: np.ndarray, y: np.ndarray) -> Arrays:
        np.multiply(x, x, scaled)
        scaled.dot(ones, of_x)
        np.multiply(of_x, a, of_x)
        np.multiply(y, y, square_y)
        square_y.dot(ones, of_y)
        np.multiply(of_y, a, of_y)
        np.multiply(x, c, scaled)
        scaled.dot(y.T, kernel)
        np.add(kernel, of_x[:, None], kernel)
        np.add(kernel, of_y, kernel)
        np.exp(kernel, kernel)
        kernel.dot(ones_y, column)
        ones_x.dot(kernel, row)
        kernel.dot(y, ct_x)
        np.multiply(x, column[:, None], part_x)
        np.subtract(ct_x, part_x, ct_x)
        np.multiply(ct_x, c, ct_x)
        kernel.T.dot(x, ct_y)
        np.multiply(y, row[:, None], part_y)
        np.subtract(ct_y, part_y, ct_y)
        np.multiply(ct_y, c, ct_y)
        return ct_x, ct_y

    return hand


def workloads(small: bool) -> list[Workload]:
    """All of this family."""
    draw = Draw(3)
    shapes = ((2, 2, 6, 5), (3, 2, 3, 3)) if small else ((8, 3, 32, 32), (16, 3, 3, 3))
    conv = {"x": draw(*shapes[0]), "w": draw(*shapes[1], scale=0.2)}
    rows, width = (6, 4) if small else (128, 64)
    head = {"x": draw(rows, width), **{name: draw.weight(width, width) for name in ("wq", "wk", "wv")}}
    rows, width = (5, 8) if small else (64, 256)
    block = {"x": draw(rows, width), "gamma": 1 + draw(width, scale=0.1), "beta": draw(width, scale=0.1)}
    block |= {"w": draw.weight(width, width), "b": draw(width, scale=0.1)}
    rows, width = (7, 3) if small else (300, 16)
    pairs = {"x": draw(rows, width, scale=0.5), "y": draw(rows, width, scale=0.5)}
    return [
        Workload("conv_8x3x32", convolved, conv, ("x", "w"), prepare_convolved, ("w",)),
        Workload("attention_128x64", attention, head, tuple(head), AttentionByHand, ("wq", "wk", "wv"), tolerance=1e-3),
        Workload("ln_gelu_64x256", norm_gelu, block, tuple(block), NormGeluByHand, tuple(block)[1:], tolerance=1e-3),
        Workload("pairdist_300x16", distances, pairs, ("x", "y"), prepare_distances, tolerance=1e-3),
    ]
