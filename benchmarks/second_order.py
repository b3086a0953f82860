"""Second derivatives: each workload as a function, and as numpy written by hand, with what can be reused made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from msgrad_ext import ops


@dataclass(frozen=True)
class Second:
    """One workload of second order.

    Attributes
    ----------
    name : str
    function : callable
        From tensors to the value.
    inputs : tuple of ndarray
    wrt : tuple of str
        The names of what the Hessian is taken by.
    hand : callable
        Gives a function of the inputs (and of the direction, for a product): numpy by hand, its buffers made once.
    product : bool
        A product with a direction, not the Hessian.
    """

    name: str
    function: Callable[..., Any]
    inputs: tuple[np.ndarray, ...]
    wrt: tuple[str, ...]
    hand: Callable[..., Callable[..., np.ndarray]]
    product: bool = False


def rosenbrock(x: Any) -> Any:
    """``sum(100 (x' - x^2)^2 + (1 - x)^2)``."""
    return ops.reduce_sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def hand_rosenbrock_hessian(x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Three diagonals, written into views of one buffer."""
    n = x.size
    whole = np.zeros((n, n), x.dtype)
    flat = whole.reshape(-1)
    diagonal, upper, lower = flat[:: n + 1], flat[1 :: n + 1], flat[n :: n + 1]
    a, b = np.empty(n - 1, x.dtype), np.empty(n - 1, x.dtype)
    c400, c1200, c2, c200 = (np.array(number, x.dtype) for number in (-400.0, 1200.0, 2.0, 200.0))

    def hessian(x: np.ndarray) -> np.ndarray:
        first = x[:-1]
        np.multiply(first, c400, upper)
        lower[...] = upper
        np.multiply(first, first, a)
        np.multiply(a, c1200, a)
        np.multiply(x[1:], c400, b)
        np.add(a, b, a)
        np.add(a, c2, diagonal[:-1])
        diagonal[1:-1] += c200
        diagonal[-1] = 200.0
        return whole

    return hessian


def hand_rosenbrock_product(x: np.ndarray) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The same three diagonals times a vector."""
    n = x.size
    a, b, out = np.empty(n - 1, x.dtype), np.empty(n - 1, x.dtype), np.empty(n, x.dtype)
    c400, c3, c2, c200 = (np.array(number, x.dtype) for number in (-400.0, -3.0, 2.0, 200.0))

    def product(x: np.ndarray, v: np.ndarray) -> np.ndarray:
        first, v1, v0 = x[:-1], v[1:], v[:-1]
        np.multiply(first, first, a)
        np.multiply(a, c3, a)
        np.add(a, x[1:], a)
        np.multiply(a, c400, a)
        np.add(a, c2, a)
        np.multiply(a, v0, out[:-1])
        np.multiply(first, c400, b)
        np.multiply(b, v1, a)
        out[:-1] += a
        np.multiply(b, v0, b)
        out[-1] = 0.0
        np.multiply(v1, c200, a)
        np.add(a, b, a)
        out[1:] += a
        return out

    return product


def perceptron(theta: Any, x: Any, t: Any) -> Any:
    """The squared error of a perceptron 4-8-1 with tanh, of all its 49 parameters in one vector."""
    w1, b1 = ops.reshape(theta[:32], (4, 8)), theta[32:40]
    w2, b2 = ops.reshape(theta[40:48], (8, 1)), theta[48:]
    return ops.reduce_mean((ops.tanh(x @ w1 + b1) @ w2 + b2 - t) ** 2)


def hand_perceptron_hessian(theta: np.ndarray, x: np.ndarray, t: np.ndarray) -> Callable[..., np.ndarray]:
    """``J^T J`` in one product, and what the tanh's second derivative and the products of layers add."""
    rows = x.shape[0]
    jacobian = np.ones((rows, 49), x.dtype)
    with_one = np.ones((rows, 5), x.dtype)
    whole = np.empty((49, 49), x.dtype)
    scale = np.array(2.0 / rows, x.dtype)
    by_w1, by_b1, by_w2 = jacobian[:, :32].reshape(rows, 4, 8), jacobian[:, 32:40], jacobian[:, 40:48]
    item = whole.itemsize
    # The element (a, h), (b, h) of the first layer, and (a, h), h of the first by the second; row 4 is the bias.
    inner = np.ndarray((5, 5, 8), x.dtype, whole, 0, (8 * 49 * item, 8 * item, 50 * item))
    across = np.ndarray((5, 8), x.dtype, whole, 40 * item, (8 * 49 * item, 50 * item))
    turned = np.ndarray((5, 8), x.dtype, whole, 40 * 49 * item, (8 * item, 50 * item))
    pairs = np.empty((rows, 5, 5), x.dtype)

    def hessian(theta: np.ndarray, x: np.ndarray, t: np.ndarray) -> np.ndarray:
        w1, b1, w2 = theta[:32].reshape(4, 8), theta[32:40], theta[40:48]
        h = np.tanh(x.dot(w1) + b1, out=by_w2)
        error = (h.dot(w2) + (theta[48] - t[:, 0])) * scale
        slope = 1.0 - h * h
        weighted = np.multiply(slope, w2, out=by_b1)
        np.multiply(x[:, :, None], weighted[:, None, :], by_w1)
        jacobian.T.dot(jacobian * scale, whole)
        with_one[:, :4] = x
        np.multiply(with_one[:, :, None], with_one[:, None, :], pairs)
        bent = weighted * h * (error * -2.0)[:, None]
        inner[...] += pairs.reshape(rows, 25).T.dot(bent).reshape(5, 5, 8)
        cross = with_one.T.dot(slope * error[:, None])
        across[...] += cross
        turned[...] += cross
        return whole

    return hessian


def quadratic(x: Any, a: Any) -> Any:
    """``x^T A x``."""
    return ops.reduce_sum(x * (a @ x))


def logistic(w: Any, x: Any, y: Any) -> Any:
    """The loss of logistic regression."""
    z = x @ w
    return ops.reduce_sum(ops.softplus(z) - y * z)


def hand_logistic(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> Callable[..., np.ndarray]:
    """``X^T diag(s (1 - s)) X``."""

    def hessian(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        s = 1.0 / (1.0 + np.exp(-x.dot(w)))
        return x.T.dot((s * (1.0 - s))[:, None] * x)

    return hessian


def factorisation(u: Any, v: Any, m: Any) -> Any:
    """The squared error of ``U V^T``."""
    return ops.reduce_sum((ops.matmul(u, v.T) - m) ** 2)


def hand_factorisation(u: np.ndarray, v: np.ndarray, m: np.ndarray) -> Callable[..., np.ndarray]:
    """``2 V^T V`` on the diagonal, by U."""
    n, k = u.shape
    every = np.arange(n)

    def hessian(u: np.ndarray, v: np.ndarray, m: np.ndarray) -> np.ndarray:
        out = np.zeros((n, k, n, k), u.dtype)
        out[every, :, every, :] = 2.0 * v.T.dot(v)
        return out

    return hessian


def second_order() -> list[Second]:
    """All workloads of second order, with the same data in every run."""
    data = np.random.default_rng(0).standard_normal
    x20, theta, rows = data(20), data(49) * 0.5, (data((16, 4)), data((16, 1)))
    return [
        Second("hvp_rosen20", rosenbrock, (x20,), ("x",), hand_rosenbrock_product, product=True),
        Second("hess_rosen20", rosenbrock, (x20,), ("x",), hand_rosenbrock_hessian),
        Second("hess_mlp49", perceptron, (theta, *rows), ("theta",), hand_perceptron_hessian),
        Second(
            "hess_quadratic500", quadratic, (data(500), data((500, 500))), ("x",), lambda x, a: lambda x, a: a + a.T
        ),
        Second("hess_logistic100", logistic, (data(100) * 0.1, data((200, 100)), data(200)), ("w",), hand_logistic),
        Second(
            "hess_factorisation50",
            factorisation,
            (data((50, 5)), data((50, 5)), data((50, 50))),
            ("u",),
            hand_factorisation,
        ),
    ]
