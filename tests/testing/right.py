"""Functions of numpy with backwards as people write them, all of them right."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import draw

EPS = 1e-5


# Layers, with a cache as in CS231n ------------------------------------------------------------------------------------


def affine_forward(x, w, b):
    return x.reshape(x.shape[0], -1) @ w + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, _ = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(x, 0), (x, None)


def relu_backward(dout, cache):
    x, _ = cache
    return dout * (x > 0)


def batchnorm_forward(x, gamma, beta):
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    std = np.sqrt(var + EPS)
    xhat = (x - mu) / std
    return gamma * xhat + beta, (xhat, gamma, std)


def batchnorm_backward(dout, cache):
    xhat, gamma, std = cache
    n = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma / std / n * (n * dout - dbeta - xhat * dgamma)
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta):
    mu = np.mean(x, axis=-1, keepdims=True)
    var = np.var(x, axis=-1, keepdims=True)
    std = np.sqrt(var + EPS)
    xhat = (x - mu) / std
    return gamma * xhat + beta, (xhat, gamma, std)


def layernorm_backward(dout, cache):
    xhat, gamma, std = cache
    axes = tuple(range(dout.ndim - 1))
    dgamma = (dout * xhat).sum(axis=axes)
    dbeta = dout.sum(axis=axes)
    g = dout * gamma
    dx = (g - g.mean(axis=-1, keepdims=True) - xhat * (g * xhat).mean(axis=-1, keepdims=True)) / std
    return dx, dgamma, dbeta


def conv_forward(x, w, b):
    n, _, height, width = x.shape
    f, _, k, _ = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows, columns = height + 3 - k, width + 3 - k
    out = np.zeros((n, f, rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = padded[:, :, i : i + k, j : j + k]
            out[:, :, i, j] = np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out, (padded, w)


def conv_backward(dout, cache):
    padded, w = cache
    k = w.shape[2]
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            window = padded[:, :, i : i + k, j : j + k]
            dw += np.tensordot(dout[:, :, i, j], window, axes=([0], [0]))
            dpadded[:, :, i : i + k, j : j + k] += np.tensordot(dout[:, :, i, j], w, axes=1)
    dx = dpadded[:, :, 1:-1, 1:-1]
    db = dout.sum(axis=(0, 2, 3))
    return dx, dw, db


def im2col(x, k):
    n, c, height, width = x.shape
    rows, columns = height - k + 1, width - k + 1
    found = np.empty((n, c, k, k, rows, columns), dtype=x.dtype)
    for i in range(k):
        for j in range(k):
            found[:, :, i, j] = x[:, :, i : i + rows, j : j + columns]
    return found.reshape(n, c * k * k, rows * columns)


def im2col_forward(x, w):
    k = w.shape[2]
    columns = im2col(x, k)
    out = w.reshape(w.shape[0], -1) @ columns
    side = x.shape[2] - k + 1
    return out.reshape(x.shape[0], w.shape[0], side, side), (x.shape, w, columns)


def im2col_backward(dout, cache):
    shape, w, columns = cache
    k = w.shape[2]
    flat = dout.reshape(dout.shape[0], dout.shape[1], -1)
    dw = np.einsum("nfp,ncp->fc", flat, columns).reshape(w.shape)
    dcolumns = (w.reshape(w.shape[0], -1).T @ flat).reshape(shape[0], shape[1], k, k, *dout.shape[2:])
    dx = np.zeros(shape)
    for i in range(k):
        for j in range(k):
            dx[:, :, i : i + dout.shape[2], j : j + dout.shape[3]] += dcolumns[:, :, i, j]
    return dx, dw


def maxpool_forward(x):
    n, c, height, width = x.shape
    windows = x.reshape(n, c, height // 2, 2, width // 2, 2)
    out = windows.max(axis=(3, 5))
    return out, (windows, out, x.shape)


def maxpool_backward(dout, cache):
    windows, out, shape = cache
    mask = windows == out[:, :, :, None, :, None]
    return (mask * dout[:, :, :, None, :, None]).reshape(shape)


def dropout_forward(x, mask):
    return x * mask / 0.5, (mask, None)


def dropout_backward(dout, cache):
    mask, _ = cache
    return dout * mask / 0.5


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(dy, x):
    y = softmax(x)
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


def logsumexp(x):
    top = x.max(axis=1, keepdims=True)
    return np.log(np.exp(x - top).sum(axis=1)) + top[:, 0]


def logsumexp_backward(dy, x):
    return dy[:, None] * softmax(x)


def cumsum(x):
    return np.cumsum(x, axis=0)


def cumsum_backward(dy, x):
    return np.cumsum(dy[::-1], axis=0)[::-1]


def scaled(x, a, b):
    return a * x + b


def scaled_backward(dy, x, a, b):
    dx = a * dy
    da = (dy * x).sum(axis=0)
    db = dy.sum(axis=(0, 1), keepdims=True)
    return dx, da, db


def attention(q, k, v):
    return softmax(q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])) @ v


def attention_backward(dout, q, k, v):
    scale = 1 / np.sqrt(q.shape[-1])
    p = softmax(q @ k.swapaxes(-1, -2) * scale)
    dv = p.swapaxes(-1, -2) @ dout
    dp = dout @ v.swapaxes(-1, -2)
    ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True))
    dq = ds @ k * scale
    dk = ds.swapaxes(-1, -2) @ q * scale
    return dq, dk, dv


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def gelu_backward(dy, x):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (x + 0.044715 * x**3))
    return dy * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * c * (1 + 3 * 0.044715 * x**2))


def matmul_bprop(x, y, out, dout):
    return dout @ y.T, x.T @ dout


def matmul(x, y):
    return x @ y


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_backward(grad_output, output, x):
    return grad_output * output * (1 - output)


def gather(table, rows):
    return table[rows]


def gather_backward(dy, table, rows):
    dtable = np.zeros_like(table)
    np.add.at(dtable, rows, dy)
    return dtable


def lstm_step(x, h, c, w, u, b):
    z = x @ w + h @ u + b
    i, f, o, g = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    c_next = f * c + i * g
    h_next = o * np.tanh(c_next)
    return h_next, c_next, (x, h, c, w, u, i, f, o, g, c_next)


def lstm_step_backward(dh, dc, cache):
    x, h, c, w, u, i, f, o, g, c_next = cache
    t = np.tanh(c_next)
    dc = dc + dh * o * (1 - t**2)
    dz = np.hstack([dc * g * i * (1 - i), dc * c * f * (1 - f), dh * t * o * (1 - o), dc * i * (1 - g**2)])
    return dz @ w.T, dz @ u.T, dc * f, x.T @ dz, h.T @ dz, dz.sum(axis=0)


def lstm(x, h, c, w, u, b):
    h_next, c_next, cache = lstm_step(x, h, c, w, u, b)
    return (h_next, c_next), cache


def lstm_backward(dout, cache):
    return lstm_step_backward(*dout, cache)


def softmax_loss(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    n = x.shape[0]
    loss = -logp[np.arange(n), y].mean()
    dx = np.exp(logp)
    dx[np.arange(n), y] -= 1
    return loss, dx / n


def normalise(x):
    length = np.sqrt((x * x).sum())
    y = x / length

    def pull(dy):
        return (dy - y * (dy * y).sum()) / length

    return y, pull


def product(x, y):
    return x * y


product_vjps = (lambda ans, x, y: lambda g: g * y, lambda ans, x, y: lambda g: g * x)


class Swish:
    """In the style of ``torch.autograd.Function``."""

    @staticmethod
    def forward(ctx, x, beta):
        s = sigmoid(beta * x)
        ctx.save_for_backward(x, beta, s)
        return x * s

    @staticmethod
    def backward(ctx, grad_output):
        x, beta, s = ctx.saved_tensors
        inner = x * s * (1 - s)
        return grad_output * (s + beta * inner), (grad_output * x * inner).sum()


class Dense:
    """A layer that keeps what it needs."""

    def __init__(self, w, b):
        self.w, self.b = w, b
        self.grads: dict[str, Any] = {}

    def forward(self, x):
        self.x = x
        return np.maximum(x @ self.w + self.b, 0) ** 2

    def backward(self, dy):
        z = self.x @ self.w + self.b
        dz = dy * 2 * np.maximum(z, 0)
        self.grads["w"] = self.x.T @ dz
        self.grads["b"] = dz.sum(axis=0)
        return dz @ self.w.T


def mlp(x, params):
    h = np.tanh(x @ params["w1"] + params["b1"])
    return h @ params["w2"], (x, h, params)


def mlp_backward(dout, cache):
    x, h, params = cache
    dz = dout @ params["w2"].T * (1 - h**2)
    return dz @ params["w1"].T, {"w1": x.T @ dz, "b1": dz.sum(axis=0), "w2": h.T @ dout}


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_grad(x):
    g = np.zeros_like(x)
    g[:-1] += -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    g[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return g


def logdet(a):
    return np.linalg.slogdet(a)[1]


def logdet_backward(dy, a):
    return dy * np.linalg.inv(a).T


def cases() -> dict[str, tuple[Any, ...]]:
    """Arguments of the check by name: forward, backward (if there is one), inputs."""
    x, w, b = draw((3, 4), (4, 5), (5,))
    q, k, v = draw((2, 3, 4), (2, 3, 4), (2, 3, 2), seed=1)
    image, kernel, bias = draw((2, 2, 5, 5), (3, 2, 3, 3), (3,), seed=2)
    xs, hs, cs, ws, us, bs = draw((2, 3), (2, 4), (2, 4), (3, 16), (4, 16), (16,), seed=3)
    gamma, beta = draw((4,), (4,), seed=4)
    pool, a, b11, table = draw((1, 2, 4, 4), (4,), (1, 1), (5, 3), seed=5)
    mask = (draw((3, 4), seed=6)[0] > 0).astype(np.int64)
    y = np.array([0, 3, 1])
    params = dict(zip(("w1", "b1", "w2"), draw((4, 3), (3,), (3, 2), seed=7)))
    return {
        "affine": (affine_forward, affine_backward, x, w, b),
        "relu": (relu_forward, relu_backward, x),
        "batchnorm": (batchnorm_forward, batchnorm_backward, x, gamma, beta),
        "layernorm": (layernorm_forward, layernorm_backward, x, gamma, beta),
        "conv": (conv_forward, conv_backward, image, kernel, bias),
        "im2col": (im2col_forward, im2col_backward, image, kernel),
        "maxpool": (maxpool_forward, maxpool_backward, pool),
        "dropout": (dropout_forward, dropout_backward, x, mask),
        "softmax": (softmax, softmax_backward, x),
        "logsumexp": (logsumexp, logsumexp_backward, x),
        "cumsum": (cumsum, cumsum_backward, x),
        "scaled": (scaled, scaled_backward, x, a, b11),
        "attention": (attention, attention_backward, q, k, v),
        "gelu": (gelu, gelu_backward, x),
        "matmul": (matmul, matmul_bprop, x, w),
        "sigmoid": (sigmoid, sigmoid_backward, x),
        "gather": (gather, gather_backward, table, np.array([1, 1, 4, 0])),
        "lstm": (lstm, lstm_backward, xs, hs, cs, ws, us, bs),
        "softmax_loss": (softmax_loss, x, y),
        "normalise": (normalise, x),
        "product": (product, product_vjps, x, x[::-1] + 0.5),
        "swish": (Swish, x, np.array(1.3)),
        "layer": (Dense(w, b), x),
        "mlp": (mlp, mlp_backward, x, params),
        "rosenbrock": (rosenbrock, rosenbrock_grad, a),
        "logdet": (logdet, logdet_backward, x[:, :3] + 2 * np.eye(3)),
    }
