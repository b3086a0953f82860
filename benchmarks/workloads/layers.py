"""Networks of layers: a perceptron, fifty thin layers, a recurrent cell, logistic regression."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ..workload import Arrays, Hand, Workload
from .data import Draw


def perceptron(m: Any, x: Any, t: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    """Two layers with relu, and the cross entropy of the softmax, over the rows."""
    scores = m.relu(x @ w1 + b1) @ w2 + b2
    return -m.sum(t * m.log_softmax(scores)) / float(x.shape[0])


def prepare_perceptron(x: np.ndarray, t: np.ndarray, w1: np.ndarray, *others: np.ndarray) -> Hand:
    """Three large products, three small ones, all into buffers."""
    _, w2, _ = others
    rows, hidden, classes = x.shape[0], w1.shape[1], w2.shape[1]
    h, ct_h, live = np.empty((rows, hidden), x.dtype), np.empty((rows, hidden), x.dtype), np.empty((rows, hidden), bool)
    scores, top, ones = np.empty((rows, classes), x.dtype), np.empty((rows, 1), x.dtype), np.ones(rows, x.dtype)
    zero, scale = np.zeros((), x.dtype), np.array(1 / rows, x.dtype)
    ct_x, ct_w1, ct_b1 = np.empty_like(x), np.empty_like(w1), np.empty(hidden, x.dtype)
    ct_w2, ct_b2 = np.empty_like(w2), np.empty(classes, x.dtype)

    def hand(x: np.ndarray, t: np.ndarray, w1: np.ndarray, b1: Any, w2: np.ndarray, b2: Any) -> Arrays:
        x.dot(w1, h)
        np.add(h, b1, h)
        np.maximum(h, zero, h)
        h.dot(w2, scores)
        np.add(scores, b2, scores)
        np.maximum.reduce(scores, 1, None, top, True)
        np.subtract(scores, top, scores)
        np.exp(scores, scores)
        np.add.reduce(scores, 1, None, top, True)
        np.divide(scores, top, scores)
        np.subtract(scores, t, scores)
        np.multiply(scores, scale, scores)
        scores.dot(w2.T, ct_h)
        np.greater(h, zero, live)
        np.multiply(ct_h, live, ct_h)
        h.T.dot(scores, ct_w2)
        ones.dot(scores, ct_b2)
        x.T.dot(ct_h, ct_w1)
        ones.dot(ct_h, ct_b1)
        ct_h.dot(w1.T, ct_x)
        return ct_x, ct_w1, ct_b1, ct_w2, ct_b2

    return hand


def deep(m: Any, x: Any, *layers: Any) -> Any:
    """Tanh layers: weights first, then biases; half the sum of squares."""
    count = len(layers) // 2
    for w, b in zip(layers[:count], layers[count:]):
        x = m.tanh(x @ w + b)
    return m.sum(x * x) * 0.5


def prepare_deep(x: np.ndarray, *layers: np.ndarray) -> Hand:
    """Layers side by side in one array, so that slopes and gradients of all weights are one call each."""
    count = len(layers) // 2
    h, ct = np.empty((count + 1, *x.shape), x.dtype), np.empty((count, *x.shape), x.dtype)
    slope, one = np.empty_like(ct), np.ones((), x.dtype)
    ct_w, ct_b = np.empty((count, *layers[0].shape), x.dtype), np.empty((count, layers[-1].shape[0]), x.dtype)
    steps = list(pairwise(h))
    turns = h[:-1].transpose(0, 2, 1)

    def hand(x: np.ndarray, *layers: np.ndarray) -> Arrays:
        h[0] = x
        for (before, after), w, b in zip(steps, layers[:count], layers[count:]):
            before.dot(w, after)
            np.add(after, b, after)
            np.tanh(after, after)
        np.multiply(h[1:], h[1:], slope)
        np.subtract(one, slope, slope)
        np.multiply(h[-1], slope[-1], ct[-1])
        for place in range(count - 1, 0, -1):
            ct[place].dot(layers[place].T, ct[place - 1])
            np.multiply(ct[place - 1], slope[place - 1], ct[place - 1])
        np.matmul(turns, ct, ct_w)
        np.add.reduce(ct, 1, None, ct_b)
        return (*ct_w, *ct_b)

    return hand


def recurrent(m: Any, xs: Any, h: Any, wx: Any, wh: Any, b: Any) -> Any:
    """A tanh cell over the rows of ``xs``; half the sum of squares of the last state."""
    for step in range(xs.shape[0]):
        h = m.tanh(xs[step] @ wx + h @ wh + b)
    return m.sum(h * h) * 0.5


def prepare_recurrent(xs: np.ndarray, h: np.ndarray, wx: np.ndarray, wh: np.ndarray, b: np.ndarray) -> Hand:
    """Inputs of all steps in one product, gradients of the shared weights in one each."""
    steps, rows, width = xs.shape[0], h.shape[0], h.shape[1]
    states, ct = np.empty((steps + 1, rows, width), xs.dtype), np.empty((steps, rows, width), xs.dtype)
    inputs, slope, one = np.empty_like(ct), np.empty_like(ct), np.ones((), xs.dtype)
    ct_xs, ct_h, ct_wx, ct_wh = (np.empty_like(like) for like in (xs, h, wx, wh))
    ct_b, ones = np.empty_like(b), np.ones(steps * rows, xs.dtype)
    flat, flat_inputs = ct.reshape(-1, width), inputs.reshape(-1, width)
    flat_states, flat_ct_xs = states[:-1].reshape(-1, width), ct_xs.reshape(steps * rows, -1)

    def hand(xs: np.ndarray, h: np.ndarray, wx: np.ndarray, wh: np.ndarray, b: np.ndarray) -> Arrays:
        flat_xs = xs.reshape(steps * rows, -1)
        flat_xs.dot(wx, flat_inputs)
        np.add(flat_inputs, b, flat_inputs)
        states[0] = h
        for step in range(steps):
            after = states[step + 1]
            states[step].dot(wh, after)
            np.add(after, inputs[step], after)
            np.tanh(after, after)
        np.multiply(states[1:], states[1:], slope)
        np.subtract(one, slope, slope)
        np.multiply(states[-1], slope[-1], ct[-1])
        back = wh.T
        for step in range(steps - 1, 0, -1):
            ct[step].dot(back, ct[step - 1])
            np.multiply(ct[step - 1], slope[step - 1], ct[step - 1])
        ct[0].dot(back, ct_h)
        flat.dot(wx.T, flat_ct_xs)
        flat_xs.T.dot(flat, ct_wx)
        flat_states.T.dot(flat, ct_wh)
        ones.dot(flat, ct_b)
        return ct_xs, ct_h, ct_wx, ct_wh, ct_b

    return hand


def logistic(m: Any, x: Any, t: Any, w: Any, b: Any) -> Any:
    """Logistic regression: the mean of ``log(1 + exp(z)) - t z``."""
    z = x @ w + b
    return m.sum(m.softplus(z) - t * z) / float(x.shape[0])


def prepare_logistic(x: np.ndarray, t: np.ndarray, w: np.ndarray, b: np.ndarray) -> Hand:
    """Two passes over the matrix, and the sigmoid between them."""
    z, ones = np.empty_like(t), np.ones(x.shape[0], x.dtype)
    one, scale = np.ones((), x.dtype), np.array(1 / x.shape[0], x.dtype)
    ct_w, ct_b = np.empty_like(w), np.empty_like(b)

    def hand(x: np.ndarray, t: np.ndarray, w: np.ndarray, b: np.ndarray) -> Arrays:
        x.dot(w, z)
        np.add(z, b, z)
        np.negative(z, z)
        np.exp(z, z)
        np.add(z, one, z)
        np.divide(one, z, z)
        np.subtract(z, t, z)
        np.multiply(z, scale, z)
        x.T.dot(z, ct_w)
        ct_b[0] = ones.dot(z)
        return ct_w, ct_b

    return hand


def workloads(small: bool) -> list[Workload]:
    """All of this family."""
    found = []
    inputs, hidden, classes = (13, 7, 4) if small else (784, 128, 10)
    names = ("w1", "b1", "w2", "b2")
    for rows in (32, 1024):
        draw, batch = Draw(rows), min(rows, 9) if small else rows
        arrays = {"x": draw(batch, inputs), "t": draw.one_hot(batch, classes)}
        arrays |= {"w1": draw.weight(inputs, hidden), "b1": draw(hidden, scale=0.1)}
        arrays |= {"w2": draw.weight(hidden, classes), "b2": draw(classes, scale=0.1)}
        found.append(Workload(f"mlp_b{rows}", perceptron, arrays, ("x", *names), prepare_perceptron, names))
    return [*found, _deep(small), _recurrent(small), _logistic(small)]


def _deep(small: bool) -> Workload:
    count, width = (5, 4) if small else (50, 16)
    draw = Draw(50)
    layers = {f"w{place}": draw.weight(width, width) for place in range(count)}
    layers |= {f"b{place}": draw(width, scale=0.1) for place in range(count)}
    names = tuple(layers)
    return Workload("deep50x16", deep, {"x": draw(width, width), **layers}, names, prepare_deep, names)


def _recurrent(small: bool) -> Workload:
    steps, rows, width = (6, 3, 5) if small else (50, 16, 64)
    draw = Draw(64)
    arrays = {"xs": draw(steps, rows, width), "h": draw(rows, width)}
    arrays |= {"wx": draw.weight(width, width), "wh": draw.weight(width, width), "b": draw(width, scale=0.1)}
    return Workload("rnn50x64", recurrent, arrays, tuple(arrays), prepare_recurrent, ("wx", "wh", "b"), tolerance=1e-3)


def _logistic(small: bool) -> Workload:
    rows, width = (100, 5) if small else (100_000, 50)
    draw = Draw(100, "float64")
    labels = (draw.generator.random(rows) < 0.5).astype(np.float64)
    arrays = {"x": draw(rows, width), "t": labels, "w": draw.weight(width), "b": draw(1)}
    return Workload("logreg_1e5x50", logistic, arrays, ("w", "b"), prepare_logistic, ("w", "b"))
