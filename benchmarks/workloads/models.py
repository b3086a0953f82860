"""Networks of other kinds: pooling, batch norm, several heads, an LSTM, mixtures, factors, an embedding, a likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..workload import Arrays, Hand, Workload
from .data import Draw


def pooled(m: Any, x: Any, w: Any) -> Any:
    """A convolution, relu, the largest of four, half the sum of squares."""
    y = m.max_pool(m.relu(m.conv(x, w)))
    return m.sum(y * y) * 0.5


def prepare_pooled(x: np.ndarray, w: np.ndarray) -> Hand:
    """As for the convolution; the largest of four views, and where each of them is it."""
    images, channels, height, width = x.shape
    filters, _, rows, columns = w.shape
    high, wide = height - rows + 1, width - columns + 1
    patches = np.empty((channels, rows, columns, images, high, wide), x.dtype)
    ct_patches, flat = np.empty_like(patches), patches.reshape(channels * rows * columns, -1)
    ct_flat = ct_patches.reshape(flat.shape)
    y, zero = np.empty((filters, images, high, wide), x.dtype), np.zeros((), x.dtype)
    ct_y, top = np.zeros_like(y), np.empty((filters, images, high // 2, wide // 2), x.dtype)
    hit = np.empty(top.shape, bool)
    views = [(y[..., i::2, j::2], ct_y[..., i::2, j::2]) for i in (0, 1) for j in (0, 1)]
    ct_w, ct_x, turned = np.empty_like(w), np.empty_like(x), np.empty((channels, images, height, width), x.dtype)
    places = [(i, j) for i in range(rows) for j in range(columns)]
    y_flat, ct_y_flat = y.reshape(filters, -1), ct_y.reshape(filters, -1)

    def hand(x: np.ndarray, w: np.ndarray) -> Arrays:
        swapped, kernel = x.transpose(1, 0, 2, 3), w.reshape(filters, -1)
        for i, j in places:
            patches[:, i, j] = swapped[:, :, i : i + high, j : j + wide]
        kernel.dot(flat, y_flat)
        np.maximum(views[0][0], views[1][0], out=top)
        np.maximum(top, views[2][0], out=top)
        np.maximum(top, views[3][0], out=top)
        np.maximum(top, zero, out=top)
        for view, ct in views:
            # Where relu cut all four off, the cotangent is 0 wherever it goes.
            np.equal(view, top, hit)
            np.multiply(top, hit, ct)
        ct_y_flat.dot(flat.T, ct_w.reshape(filters, -1))
        kernel.T.dot(ct_y_flat, ct_flat)
        turned.fill(0)
        for i, j in places:
            part = turned[:, :, i : i + high, j : j + wide]
            np.add(part, ct_patches[:, i, j], part)
        np.copyto(ct_x, turned.transpose(1, 0, 2, 3))
        return ct_x, ct_w

    return hand


def batch_norm(m: Any, x: Any, gamma: Any, beta: Any) -> Any:
    """Rows normalised by column over the batch, scaled, shifted, relu, half the sum of squares."""
    centred = x - m.mean(x, 0, True)
    y = m.relu(centred / m.sqrt(m.mean(centred * centred, 0, True) + 1e-5) * gamma + beta)
    return m.sum(y * y) * 0.5


def prepare_batch_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> Hand:
    """Means as products with a row; the rest in place."""
    normal, y, t, ct_x = (np.empty_like(x) for _ in range(4))
    average, ones = np.full(len(x), 1 / len(x), x.dtype), np.ones(len(x), x.dtype)
    mean, inverse, of_y, of_t = (np.empty_like(gamma) for _ in range(4))
    ct_gamma, ct_beta = np.empty_like(gamma), np.empty_like(gamma)
    eps, zero = np.array(1e-5, x.dtype), np.zeros((), x.dtype)

    def hand(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> Arrays:
        average.dot(x, mean)
        np.subtract(x, mean, normal)
        np.multiply(normal, normal, t)
        average.dot(t, inverse)
        np.add(inverse, eps, inverse)
        np.sqrt(inverse, inverse)
        np.reciprocal(inverse, inverse)
        np.multiply(normal, inverse, normal)
        np.multiply(normal, gamma, y)
        np.add(y, beta, y)
        np.maximum(y, zero, out=y)
        ones.dot(y, ct_beta)
        np.multiply(y, normal, t)
        ones.dot(t, ct_gamma)
        np.divide(ct_gamma, len(x), of_t)
        np.divide(ct_beta, len(x), of_y)
        np.multiply(normal, of_t, t)
        np.subtract(y, t, ct_x)
        np.subtract(ct_x, of_y, ct_x)
        np.multiply(inverse, gamma, inverse)
        np.multiply(ct_x, inverse, ct_x)
        return ct_x, ct_gamma, ct_beta

    return hand


def heads(m: Any, q: Any, k: Any, v: Any) -> Any:
    """Attention of several heads, (batch, head, place, width); half the sum of squares."""
    out = m.softmax(q @ m.swap(k) * float(q.shape[-1]) ** -0.5) @ v
    return m.sum(out * out) * 0.5


def prepare_heads(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> Hand:
    """Stacks of products into buffers; the row sums that softmax needs are those of the smaller output."""
    share = np.empty((*q.shape[:3], k.shape[2]), q.dtype)
    ct_share, out, column = np.empty_like(share), np.empty_like(q), np.empty((*q.shape[:3], 1), q.dtype)
    scaled, scale, results = (
        np.empty_like(q),
        np.array(q.shape[-1] ** -0.5, q.dtype),
        tuple(map(np.empty_like, (q, k, v))),
    )

    def hand(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> Arrays:
        ct_q, ct_k, ct_v = results
        np.multiply(q, scale, scaled)
        np.matmul(scaled, k.swapaxes(2, 3), share)
        np.maximum.reduce(share, 3, None, column, True)
        np.subtract(share, column, share)
        np.exp(share, share)
        np.add.reduce(share, 3, None, column, True)
        np.divide(share, column, share)
        np.matmul(share, v, out)
        np.matmul(share.swapaxes(2, 3), out, ct_v)
        np.matmul(out, v.swapaxes(2, 3), ct_share)
        np.multiply(out, out, out)
        np.add.reduce(out, 3, None, column, True)
        np.subtract(ct_share, column, ct_share)
        np.multiply(ct_share, share, ct_share)
        np.matmul(ct_share, k, ct_q)
        np.multiply(ct_q, scale, ct_q)
        np.matmul(ct_share.swapaxes(2, 3), scaled, ct_k)
        return results

    return hand


def lstm(m: Any, xs: Any, h: Any, c: Any, wx: Any, wh: Any) -> Any:
    """An LSTM over the rows of ``xs``; half the sum of squares of the last state."""
    width = h.shape[1]
    for step in range(xs.shape[0]):
        z = xs[step] @ wx + h @ wh
        keep, take, out = (m.sigmoid(z[:, place * width : (place + 1) * width]) for place in range(3))
        c = keep * c + take * m.tanh(z[:, 3 * width :])
        h = out * m.tanh(c)
    return m.sum(h * h) * 0.5


class LstmByHand:
    """Gates of all steps in one array; inputs and weights in one product each, slopes of all gates at once."""

    def __init__(self, xs: np.ndarray, h: np.ndarray, c: np.ndarray, wx: np.ndarray, wh: np.ndarray) -> None:
        steps, (rows, width) = len(xs), h.shape
        self.z, self.slope, self.ct = (np.empty((steps, rows, 4 * width), xs.dtype) for _ in range(3))
        self.h, self.c = (np.empty((steps + 1, rows, width), xs.dtype) for _ in range(2))
        self.t, self.u = np.empty((steps, rows, width), xs.dtype), np.empty((rows, width), xs.dtype)
        self.ct_c, self.one, self.width = np.empty((rows, width), xs.dtype), np.ones((), xs.dtype), width
        self.results = tuple(np.empty_like(like) for like in (xs, h, c, wx, wh))

    def __call__(self, xs: np.ndarray, h: np.ndarray, c: np.ndarray, wx: np.ndarray, wh: np.ndarray) -> Arrays:
        flat, z = xs.reshape(-1, xs.shape[2]), self.z
        flat.dot(wx, z.reshape(-1, z.shape[2]))
        self.h[0], self.c[0] = h, c
        for step in range(len(xs)):
            self.forward(step, wh)
        gates, slope, one = z[..., : 3 * self.width], self.slope, self.one
        np.subtract(one, gates, slope[..., : 3 * self.width])
        np.multiply(slope[..., : 3 * self.width], gates, slope[..., : 3 * self.width])
        np.multiply(z[..., 3 * self.width :], z[..., 3 * self.width :], slope[..., 3 * self.width :])
        np.subtract(one, slope[..., 3 * self.width :], slope[..., 3 * self.width :])
        ct_xs, ct_h, ct_c, ct_wx, ct_wh = self.results
        ct_h[...], self.ct_c[...] = self.h[-1], 0
        for step in reversed(range(len(xs))):
            self.back(step, wh, ct_h)
        np.copyto(ct_c, self.ct_c)
        ct = self.ct.reshape(-1, z.shape[2])
        ct.dot(wx.T, ct_xs.reshape(flat.shape))
        flat.T.dot(ct, ct_wx)
        self.h[:-1].reshape(-1, self.width).T.dot(ct, ct_wh)
        return self.results

    def forward(self, step: int, wh: np.ndarray) -> None:
        """One step."""
        z, n, one, c, t, u = self.z[step], self.width, self.one, self.c[step + 1], self.t[step], self.u
        np.add(z, self.h[step].dot(wh), z)
        gates = z[:, : 3 * n]
        np.negative(gates, gates)
        np.exp(gates, gates)
        np.add(gates, one, gates)
        np.reciprocal(gates, gates)
        np.tanh(z[:, 3 * n :], z[:, 3 * n :])
        np.multiply(z[:, :n], self.c[step], c)
        np.multiply(z[:, n : 2 * n], z[:, 3 * n :], u)
        np.add(c, u, c)
        np.tanh(c, t)
        np.multiply(z[:, 2 * n : 3 * n], t, self.h[step + 1])

    def back(self, step: int, wh: np.ndarray, ct_h: np.ndarray) -> None:
        """One step back: the cotangents of the gates, and of the states before."""
        z, n, t, u, ct_c, ct = self.z[step], self.width, self.t[step], self.u, self.ct_c, self.ct[step]
        np.multiply(ct_h, t, ct[:, 2 * n : 3 * n])
        np.multiply(t, t, u)
        np.subtract(self.one, u, u)
        np.multiply(u, ct_h, u)
        np.multiply(u, z[:, 2 * n : 3 * n], u)
        np.add(ct_c, u, ct_c)
        np.multiply(ct_c, self.c[step], ct[:, :n])
        np.multiply(ct_c, z[:, 3 * n :], ct[:, n : 2 * n])
        np.multiply(ct_c, z[:, n : 2 * n], ct[:, 3 * n :])
        np.multiply(ct, self.slope[step], ct)
        np.multiply(ct_c, z[:, :n], ct_c)
        ct.dot(wh.T, ct_h)


def mixture(m: Any, x: Any, means: Any, widths: Any, shares: Any) -> Any:
    """The log likelihood of a mixture of normal distributions with their own widths along each axis."""
    apart = (m.reshape(x, (x.shape[0], 1, x.shape[1])) - means) / m.exp(widths)
    return m.sum(m.logsumexp(m.sum(apart * apart, 2, False) * -0.5 - m.sum(widths, 1, False) + shares))


def prepare_mixture(x: np.ndarray, means: np.ndarray, widths: np.ndarray, shares: np.ndarray) -> Hand:
    """Points last in all arrays, so that loops over them are long."""
    (rows, axes), count = x.shape, len(means)
    apart, square = np.empty((count, axes, rows), x.dtype), np.empty((count, axes, rows), x.dtype)
    scores, top, inverse = np.empty((count, rows), x.dtype), np.empty(rows, x.dtype), np.empty_like(means)
    points, ct_points = np.empty((axes, rows), x.dtype), np.empty((axes, rows), x.dtype)
    ones_axes, ones = np.ones((1, axes), x.dtype), np.ones(rows, x.dtype)
    half, base = np.array(-0.5, x.dtype), np.empty(count, x.dtype)
    results = tuple(map(np.empty_like, (x, means, widths, shares)))

    def hand(x: np.ndarray, means: np.ndarray, widths: np.ndarray, shares: np.ndarray) -> Arrays:
        ct_x, ct_means, ct_widths, ct_shares = results
        np.copyto(points, x.T)
        np.exp(np.negative(widths, inverse), inverse)
        np.subtract(points, means[:, :, None], apart)
        np.multiply(apart, inverse[:, :, None], apart)
        np.multiply(apart, apart, square)
        np.matmul(ones_axes, square, scores[:, None])
        np.multiply(scores, half, scores)
        np.subtract(shares, widths.sum(1), base)
        np.add(scores, base[:, None], scores)
        np.maximum.reduce(scores, 0, None, top)
        np.subtract(scores, top, scores)
        np.exp(scores, scores)
        np.add.reduce(scores, 0, None, top)
        np.divide(scores, top, scores)
        scores.dot(ones, ct_shares)
        np.matmul(square, scores[:, :, None], ct_widths[:, :, None])
        np.subtract(ct_widths, ct_shares[:, None], ct_widths)
        np.multiply(apart, inverse[:, :, None], apart)
        np.multiply(apart, scores[:, None], apart)
        apart.reshape(-1, rows).dot(ones, ct_means.reshape(-1))
        np.add.reduce(apart, 0, None, ct_points)
        np.negative(ct_points.T, ct_x)
        return results

    return hand


def factors(m: Any, u: Any, v: Any, y: Any, known: Any) -> Any:
    """Two factors of a matrix of which some elements are known, kept small."""
    miss = (u @ v.T - y) * known
    return m.sum(miss * miss) + (m.sum(u * u) + m.sum(v * v)) * 0.1


def prepare_factors(u: np.ndarray, v: np.ndarray, y: np.ndarray, known: np.ndarray) -> Hand:
    """Three products; ``known`` holds zeros and ones, so that it need not be squared."""
    miss, ct_u, ct_v = np.empty_like(y), np.empty_like(u), np.empty_like(v)
    part_u, part_v = np.empty_like(u), np.empty_like(v)
    two, little = np.array(2, u.dtype), np.array(0.2, u.dtype)

    def hand(u: np.ndarray, v: np.ndarray, y: np.ndarray, known: np.ndarray) -> Arrays:
        u.dot(v.T, miss)
        np.subtract(miss, y, miss)
        np.multiply(miss, known, miss)
        np.multiply(v, two, part_v)
        miss.dot(part_v, ct_u)
        np.multiply(u, two, part_u)
        miss.T.dot(part_u, ct_v)
        np.multiply(u, little, part_u)
        np.add(ct_u, part_u, ct_u)
        np.multiply(v, little, part_v)
        np.add(ct_v, part_v, ct_v)
        return ct_u, ct_v

    return hand


def embedded(m: Any, table: Any, w: Any, words: Any, labels: Any) -> Any:
    """Means of rows of a table, scores, the cross entropy of the labels."""
    scores = m.mean(m.take(table, words), 1, False) @ w
    return -m.sum(m.log_softmax(scores) * labels) / float(words.shape[0])


def prepare_embedded(table: np.ndarray, w: np.ndarray, words: np.ndarray, labels: np.ndarray) -> Hand:
    """Rows are added up at places of a line; numpy adds whole rows more slowly."""
    (texts, length), width, classes = words.shape, table.shape[1], w.shape[1]
    mean, ct_mean = np.empty((texts, width), table.dtype), np.empty((texts, width), table.dtype)
    scores, column = np.empty((texts, classes), table.dtype), np.empty((texts, 1), table.dtype)
    ct_table, ct_w, along = np.empty_like(table), np.empty_like(w), np.arange(width)
    rows, share, over = (
        np.empty((texts, length, width), table.dtype),
        np.array(1 / length, table.dtype),
        np.empty_like(column),
    )
    each = np.array(1 / (length * texts), table.dtype)
    mean_ones, scale = np.ones((1, length), table.dtype), np.array(1 / texts, table.dtype)

    def hand(table: np.ndarray, w: np.ndarray, words: np.ndarray, labels: np.ndarray) -> Arrays:
        np.take(table, words, 0, rows, "clip")
        np.matmul(mean_ones, rows, mean[:, None])
        np.multiply(mean, share, mean)
        mean.dot(w, scores)
        np.maximum.reduce(scores, 1, None, column, True)
        np.subtract(scores, column, scores)
        np.exp(scores, scores)
        np.add.reduce(scores, 1, None, over, True)
        np.divide(scores, over, scores)
        np.subtract(scores, labels, scores)
        scores.dot(w.T, ct_mean)
        np.multiply(ct_mean, each, ct_mean)
        np.multiply(scores, scale, scores)
        mean.T.dot(scores, ct_w)
        ct_table.fill(0)
        places = (words.reshape(-1, 1) * width + along).reshape(-1)
        np.add.at(ct_table.reshape(-1), places, np.broadcast_to(ct_mean[:, None], rows.shape).reshape(-1))
        return ct_table, ct_w

    return hand


def likelihood(m: Any, a: Any, x: Any) -> Any:
    """A quadratic form of the inverse of ``a a^T + n``."""
    size = a.shape[0]
    return m.sum(x * (m.inverse(a @ a.T + m.eye(size, a) * float(size)) @ x))


def prepare_likelihood(a: np.ndarray, x: np.ndarray) -> Hand:
    """One inverse; the cotangent of the matrix is an outer product of what is solved."""
    size = len(a)
    gram, solved, ct_gram = np.empty_like(a), np.empty_like(x), np.empty_like(a)
    ct_a, ct_x, diagonal = np.empty_like(a), np.empty_like(x), np.eye(size, dtype=a.dtype) * size
    two = np.array(2, a.dtype)

    def hand(a: np.ndarray, x: np.ndarray) -> Arrays:
        a.dot(a.T, gram)
        np.add(gram, diagonal, gram)
        np.linalg.inv(gram).dot(x, solved)
        np.multiply(solved, two, ct_x)
        solved.dot(ct_x.T, ct_gram)
        ct_gram.dot(a, ct_a)
        np.negative(ct_a, ct_a)
        return ct_a, ct_x

    return hand


def workloads(small: bool) -> list[Workload]:
    """All of this family."""
    draw = Draw(9)

    def arrays(**shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> dict[str, np.ndarray]:
        return {name: draw(*shape[0 if small else 1]) for name, shape in shapes.items()}

    images = arrays(x=((2, 2, 7, 7), (16, 1, 28, 28)), w=((3, 2, 2, 2), (6, 1, 5, 5)))
    batch = arrays(x=((7, 4), (512, 128)), gamma=((4,), (128,)), beta=((4,), (128,)))
    several = arrays(**dict.fromkeys("qkv", ((2, 2, 5, 3), (4, 4, 64, 16))))
    steps = arrays(xs=((3, 2, 3), (20, 16, 32)), h=((2, 4), (16, 32)), c=((2, 4), (16, 32)))
    steps |= {"wx": draw.weight(3, 16) if small else draw.weight(32, 128)}
    steps |= {"wh": draw.weight(4, 16) if small else draw.weight(32, 128)}
    points = arrays(x=((9, 2), (1000, 4)), means=((3, 2), (8, 4)), widths=((3, 2), (8, 4)), shares=((3,), (8,)))
    points["widths"] *= points["widths"].dtype.type(0.1)
    parts = arrays(u=((5, 2), (200, 8)), v=((4, 2), (150, 8)), y=((5, 4), (200, 150)))
    parts["known"] = (draw.generator.random(parts["y"].shape) < 0.3).astype(np.float32)
    texts, classes = (4, 3) if small else (64, 10)
    words = arrays(table=((9, 4), (1000, 32)), w=((4, 3), (32, 10)))
    words["words"] = draw.generator.integers(len(words["table"]), size=(texts, 3 if small else 20)).astype(np.int32)
    words["labels"] = draw.one_hot(texts, classes)
    square = {name: one.astype(np.float64) for name, one in arrays(a=((4, 4), (50, 50)), x=((4, 2), (50, 3))).items()}
    near = 1e-3
    return [
        Workload("pool_16x28", pooled, images, ("x", "w"), prepare_pooled, ("w",), tolerance=near),
        Workload("bn_512x128", batch_norm, batch, tuple(batch), prepare_batch_norm, ("gamma", "beta"), tolerance=near),
        Workload("heads_4x4x64", heads, several, ("q", "k", "v"), prepare_heads, tolerance=near),
        Workload("lstm20x32", lstm, steps, tuple(steps), LstmByHand, ("wx", "wh"), tolerance=near),
        Workload("mixture_1000x8", mixture, points, tuple(points), prepare_mixture, tuple(points)[1:], tolerance=near),
        Workload("factors_200x150", factors, parts, ("u", "v"), prepare_factors, ("u", "v"), tolerance=near),
        Workload("embedded_64x20", embedded, words, ("table", "w"), prepare_embedded, ("table", "w"), tolerance=near),
        Workload("inverse_50", likelihood, square, ("a", "x"), prepare_likelihood),
    ]
