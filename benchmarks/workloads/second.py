"""Second order: Rosenbrock's function of twenty numbers along a direction and whole, and a perceptron of 49 numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..workload import Arrays, Hand, Workload
from .data import Draw


def rosenbrock(m: Any, x: Any) -> Any:
    """``sum 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2``."""
    head, tail = x[:-1], x[1:]
    step, rest = tail - head * head, 1.0 - head
    return m.sum(step * step * 100.0 + rest * rest)


def prepare_product(x: np.ndarray, v: np.ndarray) -> Hand:
    """The Hessian is tridiagonal: its diagonals times the direction."""
    result, middle, off, part = np.empty_like(x), np.empty(len(x) - 1), np.empty(len(x) - 1), np.empty(len(x) - 1)
    head, tail = result[:-1], result[1:]
    c400, c1200, c200, c2 = (np.array(value) for value in (-400.0, 1200.0, 200.0, 2.0))

    def hand(x: np.ndarray, v: np.ndarray) -> Arrays:
        x0, v0, v1 = x[:-1], v[:-1], v[1:]
        np.multiply(x0, c400, off)
        np.multiply(x0, x0, middle)
        np.multiply(middle, c1200, middle)
        np.add(middle, c2, middle)
        np.multiply(x[1:], c400, part)
        np.add(middle, part, middle)
        np.multiply(v, c200, result)
        result[0] = 0.0
        np.multiply(middle, v0, middle)
        np.add(head, middle, head)
        np.multiply(off, v1, part)
        np.add(head, part, head)
        np.multiply(off, v0, off)
        np.add(tail, off, tail)
        return (result,)

    return hand


def prepare_tridiagonal(x: np.ndarray) -> Hand:
    """Three diagonals written into zeros."""
    size = len(x)
    result = np.zeros((size, size))
    flat = result.ravel()
    diagonal, above, below = flat[:: size + 1], flat[1 :: size + 1], flat[size :: size + 1]
    most, middle, part = diagonal[:-1], np.empty(size - 1), np.empty(size - 1)
    c400, c1200, c2 = np.array(-400.0), np.array(1200.0), np.array(2.0)

    def hand(x: np.ndarray) -> Arrays:
        head = x[:-1]
        np.multiply(head, c400, above)
        below[:] = above
        np.multiply(head, head, middle)
        np.multiply(middle, c1200, middle)
        np.multiply(x[1:], c400, part)
        np.add(middle, part, middle)
        diagonal.fill(200.0)
        np.add(most, middle, most)
        np.add(most, c2, most)
        diagonal[0] -= 200.0
        return (result,)

    return hand


def perceptron(m: Any, theta: Any, x: Any, t: Any) -> Any:
    """A perceptron 4-5-4 whose 49 numbers stand in one vector; half the mean of squares."""
    w1, b1 = m.reshape(theta[:20], (4, 5)), theta[20:25]
    w2, b2 = m.reshape(theta[25:45], (5, 4)), theta[45:]
    error = m.tanh(x @ w1 + b1) @ w2 + b2 - t
    return m.sum(error * error) * (0.5 / x.shape[0])


class PerceptronByHand:
    """Blocks of the Hessian by hand: outer products of the slopes, and what the curvature of tanh adds."""

    def __init__(self, theta: np.ndarray, x: np.ndarray, t: np.ndarray) -> None:
        rows = len(x)
        self.scale, self.one, self.minus_two = np.array(1 / rows), np.ones(()), np.array(-2.0)
        self.with_one, self.active = np.ones((rows, 5)), np.ones((rows, 6))
        self.with_one[:, :4] = x
        self.pairs = (self.with_one[:, :, None] * self.with_one[:, None, :]).reshape(rows, 25).T
        self.h, self.d, self.r, self.c = self.active[:, :5], *(np.empty((rows, n)) for n in (5, 4, 5))
        self.z, self.slopes = np.empty((rows, 5)), np.empty((rows, 5, 5))
        self.flat = self.slopes.reshape(rows, 25)
        self.gram, self.curved, self.mixed, self.bent = (np.empty((25, n)) for n in (25, 5, 6, 4))
        self.last, self.overlap, self.first = np.empty((6, 6)), np.empty((5, 5)), np.empty((5, 5, 5, 5))
        self.result, self.upper = np.zeros((49, 49)), np.empty((5, 5, 6, 4))
        self.diagonal, self.crossing = np.einsum("ikjk->ijk", self.first), np.einsum("ikko->iko", self.upper[:, :, :5])
        down, right = self.result.strides
        self.corner = np.lib.stride_tricks.as_strided(
            self.result[25:, 25:], (6, 6, 4), (4 * down, 4 * right, down + right)
        )

    def __call__(self, theta: np.ndarray, x: np.ndarray, t: np.ndarray) -> Arrays:
        w1, w2 = theta[:25].reshape(5, 5), theta[25:].reshape(6, 4)
        inner, scale, result = w2[:5], self.scale, self.result
        self.forward(w1, w2, t)
        flat, active, first, upper, overlap = self.flat, self.active, self.first, self.upper, self.overlap
        inner.dot(inner.T, overlap)
        np.multiply(overlap, scale, overlap)
        flat.T.dot(flat, self.gram)
        np.multiply(self.gram.reshape(5, 5, 5, 5), overlap[:, None, :], first)
        self.pairs.dot(self.bend(inner), self.curved)
        np.add(self.diagonal, self.curved.reshape(5, 5, 5), self.diagonal)
        result[:25, :25] = first.reshape(25, 25)
        flat.T.dot(active, self.mixed)
        np.multiply(self.mixed, scale, self.mixed)
        np.multiply(self.mixed.reshape(5, 5, 6, 1), inner[:, None, :], upper)
        flat.T.dot(self.r, self.bent)
        np.add(self.crossing, self.bent.reshape(5, 5, 4), self.crossing)
        result[:25, 25:] = upper.reshape(25, 24)
        result[25:, :25] = upper.reshape(25, 24).T
        active.T.dot(active, self.last)
        np.multiply(self.last, scale, self.last)
        self.corner[:] = self.last[:, :, None]
        return (result,)

    def forward(self, w1: np.ndarray, w2: np.ndarray, t: np.ndarray) -> None:
        """Activities, their slopes, the error."""
        d, r = self.d, self.r
        self.with_one.dot(w1, self.z)
        np.tanh(self.z, self.h)
        np.multiply(self.h, self.h, d)
        np.subtract(self.one, d, d)
        self.active.dot(w2, r)
        np.subtract(r, t, r)
        np.multiply(r, self.scale, r)
        np.multiply(self.with_one[:, :, None], d[:, None, :], self.slopes)

    def bend(self, inner: np.ndarray) -> np.ndarray:
        """The curvature of tanh, weighted by what reaches it."""
        c = self.c
        self.r.dot(inner.T, c)
        np.multiply(c, self.d, c)
        np.multiply(c, self.h, c)
        np.multiply(c, self.minus_two, c)
        return c


def workloads(small: bool) -> list[Workload]:
    """All of this family; they are small as they are."""
    draw = Draw(20, "float64")
    x, v = draw(20), draw(20)
    arrays = {"theta": draw(49, scale=0.5), "x": draw(16, 4), "t": draw(16, 4)}
    return [
        Workload("hvp_rosen20", rosenbrock, {"x": x, "v": v}, ("x",), prepare_product, kind="hvp", tolerance=1e-9),
        Workload("hess_rosen20", rosenbrock, {"x": x}, ("x",), prepare_tridiagonal, kind="hessian", tolerance=1e-9),
        Workload("hess_mlp49", perceptron, arrays, ("theta",), PerceptronByHand, kind="hessian", tolerance=1e-9),
    ]
