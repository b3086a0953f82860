"""Functions with second derivatives: textbook ones and small networks, written over any library of array functions.

A `Case` is a function of a library and arrays. The tests take this package's ops as the library; what the Hessians are
compared with is made by the numeric road and differences, which know nothing of formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

VEC, SQUARE, DATA = ("n",), ("n", "n"), ("n", "d")
REGRESSION = {"w": ("d",), "X": DATA, "y": ("n",)}


@dataclass(frozen=True)
class Case:
    """A function ``f(library, **arrays)``, its shapes, what it is differentiated by, and how arrays are drawn.

    ``blocks`` has the text of some blocks as it must be printed, after the equality sign.
    """

    name: str
    function: Callable[..., Any]
    shapes: dict[str, tuple[Any, ...]]
    wrt: tuple[str, ...]
    blocks: dict[tuple[str, str], str] | None = None
    draw: str = "positive"


def total(a: Any) -> Any:
    """The sum of all elements."""
    return a.sum()


def softplus(o: Any, z: Any) -> Any:
    """The logarithm of ``1 + exp(z)``."""
    return o.log(1 + o.exp(z))


def norm(o: Any, a: Any) -> Any:
    """The Euclidean or Frobenius norm."""
    return o.sqrt((a * a).sum())


def likelihood(o: Any, w: Any, b: Any, X: Any, y: Any) -> Any:
    """The negative logarithm of a logistic model's likelihood."""
    p = o.sigmoid(X @ w + b)
    return -(y * o.log(p) + (1 - y) * o.log(1 - p)).mean()


def normal_density(o: Any, x: Any, mu: Any, S: Any) -> Any:
    """The negative logarithm of a normal density, but for a constant."""
    return (o.logdet(S) + total((x - mu) * (o.inverse(S) @ (x - mu)))) / 2


def layer_norm(o: Any, x: Any, g: Any) -> Any:
    """A weighted sum of normalised values."""
    c = x - x.mean()
    return total(g * c / o.sqrt((c * c).mean() + 1))


def cosine(o: Any, x: Any, y: Any) -> Any:
    """The cosine of the angle between two vectors."""
    return total(x * y) / (norm(o, x) * norm(o, y))


def tanh_net(o: Any, W: Any, b: Any, v: Any, X: Any, y: Any) -> Any:
    """The mean squared error of one hidden layer."""
    h = o.tanh(X @ W + b)
    return ((h @ v - y) ** 2).mean()


def class_net(o: Any, W: Any, U: Any, X: Any, Y: Any) -> Any:
    """The cross entropy of one hidden layer of sigmoids."""
    h = o.sigmoid(X @ W)
    p = o.softmax(h @ U)
    return -total(Y * o.log(p)) / 4


def deep_net(o: Any, A: Any, B: Any, c: Any, X: Any, y: Any) -> Any:
    """The squared error of two hidden layers."""
    h = o.tanh(X @ A)
    g = o.tanh(h @ B)
    return total((g @ c - y) ** 2)


def attention(o: Any, Q: Any, K: Any, V: Any) -> Any:
    """The sum of squares of what one head of attention gives."""
    out = o.softmax(Q @ o.turn(K)) @ V
    return total(out * out) / 2


FORMS = [
    Case(
        "quadratic form",
        lambda o, x, A: total(x * (A @ x)),
        {"x": VEC, "A": SQUARE},
        ("x", "A"),
        {("x", "x"): "A + A^T", ("A", "A"): "0"},
    ),
    Case(
        "least squares",
        lambda o, w, X, y: total((X @ w - y) ** 2),
        REGRESSION,
        ("w", "y"),
        {("w", "w"): "2 X^T X", ("y", "y"): "2 I_n", ("w", "y"): "-2 X^T"},
    ),
    Case(
        "ridge",
        lambda o, w, X, y, lam: total((X @ w - y) ** 2) + lam * total(w * w),
        {**REGRESSION, "lam": ()},
        ("w", "lam"),
        {("w", "lam"): "2 w", ("lam", "lam"): "0"},
    ),
    Case(
        "weighted least squares",
        lambda o, w, X, y, c: total(c * (X @ w - y) ** 2) / 2,
        {**REGRESSION, "c": ("n",)},
        ("w",),
        {("w", "w"): "X^T diag(c) X"},
    ),
    Case(
        "bilinear form",
        lambda o, x, W, y: total(x * (W @ y)),
        {"x": ("m",), "W": ("m", "n"), "y": VEC},
        ("x", "W", "y"),
    ),
    Case("cubes", lambda o, x: total(x**3), {"x": VEC}, ("x",), {("x", "x"): "6 diag(x)"}),
    Case("fourth powers", lambda o, x: total(x**4) / 12, {"x": VEC}, ("x",), {("x", "x"): "diag(x^⊙2)"}),
    Case("variance", lambda o, x: ((x - x.mean()) ** 2).mean(), {"x": VEC}, ("x",)),
    Case("harmonic mean", lambda o, x: 1 / total(1 / x), {"x": VEC}, ("x",)),
    Case("norm", lambda o, x: norm(o, x), {"x": VEC}, ("x",)),
    Case("residual norm", lambda o, w, X, y: norm(o, X @ w - y), REGRESSION, ("w",)),
    Case("Rayleigh quotient", lambda o, x, A: total(x * (A @ x)) / total(x * x), {"x": VEC, "A": SQUARE}, ("x",)),
    Case("cosine", cosine, {"x": VEC, "y": VEC}, ("x", "y")),
    Case(
        "Mahalanobis", lambda o, x, M, m: total((M @ (x - m)) ** 2), {"x": VEC, "M": ("p", "n"), "m": VEC}, ("x", "M")
    ),
    Case("product of sums", lambda o, x, y: total(x) * total(y * y), {"x": VEC, "y": ("m",)}, ("x", "y")),
    Case("chained squares", lambda o, x: total((x[1:] - x[:-1] ** 2) ** 2), {"x": (5,)}, ("x",)),
]

ELEMENTWISE = [
    Case(
        "entropy",
        lambda o, x: total(x * o.log(x)),
        {"x": VEC},
        ("x",),
    ),
    Case("sigmoids", lambda o, x: total(o.sigmoid(x)), {"x": VEC}, ("x",)),
    Case("pseudo Huber", lambda o, x: total(o.sqrt(1 + x * x)), {"x": VEC}, ("x",)),
    Case("Student's t", lambda o, x, s: total(o.log(1 + (x / s) ** 2)), {"x": VEC, "s": ()}, ("x", "s")),
    Case("sines", lambda o, A, x: total(o.sin(A @ x)), {"A": ("m", "n"), "x": VEC}, ("x", "A")),
    Case("Gaussian kernel", lambda o, x, y: o.exp(-total((x - y) ** 2) / 2), {"x": VEC, "y": VEC}, ("x", "y")),
    Case(
        "log barrier",
        lambda o, x, A, b: -total(o.log(b - A @ x)),
        {"x": VEC, "A": ("m", "n"), "b": ("m",)},
        ("x",),
        draw="small",
    ),
    Case(
        "relu net",
        lambda o, W, v, X: total((o.relu(X @ W) @ v) ** 2),
        {"W": ("d", "h"), "v": ("h",), "X": DATA},
        ("W", "v"),
        draw="normal",
    ),
    Case(
        "smooth gate",
        lambda o, w, X: total(o.sigmoid(X @ w) * (X @ w)),
        {"w": ("d",), "X": DATA},
        ("w",),
        draw="normal",
    ),
    Case("kinked", lambda o, x: total(o.abs(x) * x * x), {"x": VEC}, ("x",), draw="normal"),
]

LIKELIHOODS = [
    Case(
        "logistic regression",
        lambda o, w, X, y: total(softplus(o, X @ w) - y * (X @ w)),
        REGRESSION,
        ("w",),
        {("w", "w"): "X^T diag((1 - sigmoid(X w)) ⊙ sigmoid(X w)) X"},
        draw="normal",
    ),
    Case("logistic likelihood", likelihood, {"w": ("d",), "b": (), "X": DATA, "y": ("n",)}, ("w", "b")),
    Case(
        "log-sum-exp",
        lambda o, x: o.log(total(o.exp(x))),
        {"x": VEC},
        ("x",),
        {("x", "x"): "diag(softmax(x)) - softmax(x) softmax(x)^T"},
        draw="normal",
    ),
    Case(
        "log-sum-exp of a map",
        lambda o, x, A, b: o.log(total(o.exp(A @ x + b))),
        {"x": VEC, "A": ("m", "n"), "b": ("m",)},
        ("x", "b"),
    ),
    Case("cross entropy", lambda o, z, t: -total(t * o.log(o.softmax(z))), {"z": VEC, "t": VEC}, ("z",)),
    Case(
        "softmax regression",
        lambda o, W, X, Y: -total(Y * o.log(o.softmax(X @ W))),
        {"W": ("d", "c"), "X": DATA, "Y": ("n", "c")},
        ("W",),
    ),
    Case(
        "Poisson regression",
        lambda o, w, X, y: total(o.exp(X @ w) - y * (X @ w)),
        REGRESSION,
        ("w",),
        {("w", "w"): "X^T diag(exp(X w)) X"},
    ),
    Case(
        "normal scales",
        lambda o, mu, s, x: total(((x - mu) / s) ** 2) / 2 + total(o.log(s)),
        {"mu": VEC, "s": VEC, "x": VEC},
        ("mu", "s"),
    ),
    Case(
        "normal log scale",
        lambda o, mu, r, x: (total((x - mu) ** 2) * o.exp(-r) + r) / 2,
        {"mu": (), "r": (), "x": VEC},
        ("mu", "r"),
    ),
    Case(
        "normal density",
        normal_density,
        {"x": VEC, "mu": VEC, "S": SQUARE},
        ("mu", "S"),
        {("mu", "mu"): "1/2 (S^-1 + S^-T)"},
        draw="definite",
    ),
    Case("relative entropy", lambda o, p, q: total(p * o.log(p / q)), {"p": VEC, "q": VEC}, ("p", "q")),
]

MATRICES = [
    Case("log det", lambda o, A: o.logdet(A), {"A": SQUARE}, ("A",), draw="definite"),
    Case("determinant", lambda o, A: o.det(A), {"A": SQUARE}, ("A",), draw="definite"),
    Case("trace of inverse", lambda o, A: o.trace(o.inverse(A)), {"A": SQUARE}, ("A",), draw="definite"),
    Case(
        "inverse form",
        lambda o, a, A, b: total(a * (o.inverse(A) @ b)),
        {"a": VEC, "A": SQUARE, "b": VEC},
        ("A", "b"),
        draw="definite",
    ),
    Case("trace of a form", lambda o, X, A: o.trace(o.turn(X) @ A @ X), {"X": ("n", "k"), "A": SQUARE}, ("X",)),
    Case("trace of a cube", lambda o, X: o.trace(X @ X @ X), {"X": SQUARE}, ("X",)),
    Case("Frobenius norm", lambda o, X: norm(o, X), {"X": ("m", "n")}, ("X",)),
    Case("symmetric factor", lambda o, X, A: total((X @ o.turn(X) - A) ** 2), {"X": ("n", "k"), "A": SQUARE}, ("X",)),
    Case(
        "matrix factorisation",
        lambda o, U, V, Y: total((U @ o.turn(V) - Y) ** 2),
        {"U": ("m", "k"), "V": ("n", "k"), "Y": ("m", "n")},
        ("U", "V"),
    ),
    Case(
        "linear layers",
        lambda o, A, B, x, y: total((A @ (B @ x) - y) ** 2),
        {"A": ("p", "m"), "B": ("m", "n"), "x": VEC, "y": ("p",)},
        ("A", "B"),
    ),
]

NETWORKS = [
    Case(
        "tanh net",
        tanh_net,
        {"W": ("d", "h"), "b": ("h",), "v": ("h",), "X": DATA, "y": ("n",)},
        ("W", "b", "v"),
        draw="normal",
    ),
    Case(
        "class net",
        class_net,
        {"W": ("d", "h"), "U": ("h", "c"), "X": DATA, "Y": ("n", "c")},
        ("W", "U"),
        draw="normal",
    ),
    Case(
        "deep net",
        deep_net,
        {"A": ("d", "h"), "B": ("h", "g"), "c": ("g",), "X": DATA, "y": ("n",)},
        ("A", "B", "c"),
        draw="normal",
    ),
    Case("layer norm", layer_norm, {"x": VEC, "g": VEC}, ("x", "g"), draw="normal"),
    Case("attention", attention, {"Q": ("m", "k"), "K": ("n", "k"), "V": ("n", "v")}, ("Q", "V"), draw="normal"),
]

CASES = [*FORMS, *ELEMENTWISE, *LIKELIHOODS, *MATRICES, *NETWORKS]
