"""Linear and quadratic forms, least squares."""

from __future__ import annotations

from .base import MN, SQUARE, VEC, Case, norm, total

FORMS = [
    Case("a' x", lambda x, a: total(a * x), {"x": VEC, "a": VEC}, {"x": "a", "a": "x"}),
    Case(
        "a' X b",
        lambda X, a, b: total(a * (X @ b)),
        {"X": MN, "a": ("m",), "b": VEC},
        {"X": r"a b^\top", "a": "X b", "b": r"X^\top a"},
    ),
    Case("a' X' b", lambda X, a, b: total(a * (X.T @ b)), {"X": MN, "a": VEC, "b": ("m",)}, {"X": r"b a^\top"}),
    Case(
        "a' X' X b",
        lambda X, a, b: total((X @ a) * (X @ b)),
        {"X": MN, "a": VEC, "b": VEC},
        {"X": r"X \left(a b^\top + b a^\top\right)", "a": r"X^\top X b"},
    ),
    Case(
        "x' A x",
        lambda x, A: total(x * (A @ x)),
        {"x": VEC, "A": SQUARE},
        {"x": r"\left(A + A^\top\right) x", "A": r"x x^\top"},
    ),
    Case(
        "quadratic",
        lambda x, A, b: total(x * (A @ x)) / 2 - total(b * x),
        {"x": VEC, "A": SQUARE, "b": VEC},
        {"x": r"\frac{1}{2} \left(A + A^\top\right) x - b"},
    ),
    Case(
        "least squares",
        lambda x, A, b: total((A @ x - b) ** 2),
        {"x": VEC, "A": MN, "b": ("m",)},
        {"x": r"2 A^\top \left(A x - b\right)", "A": r"2 \left(A x - b\right) x^\top", "b": r"2 \left(b - A x\right)"},
    ),
    Case(
        "half mean square",
        lambda w, X, y: ((X @ w - y) ** 2).mean() / 2,
        {"w": VEC, "X": MN, "y": ("m",)},
        {"w": r"\frac{1}{m} X^\top \left(X w - y\right)"},
    ),
    Case(
        "residual norm",
        lambda x, A, b: norm(A @ x - b),
        {"x": VEC, "A": MN, "b": ("m",)},
        {"x": r"\frac{1}{\left\lVert A x - b\right\rVert} A^\top \left(A x - b\right)"},
    ),
    Case(
        "ridge",
        lambda x, A, b, lam: total((A @ x - b) ** 2) + lam * total(x * x),
        {"x": VEC, "A": MN, "b": ("m",), "lam": ()},
        {"x": r"2 \left(A^\top \left(A x - b\right) + \lambda x\right)", "lam": r"x^\top x"},
    ),
    Case(
        "weighted least squares",
        lambda x, A, b, W: total((A @ x - b) * (W @ (A @ x - b))),
        {"x": VEC, "A": MN, "b": ("m",), "W": ("m", "m")},
        {
            "x": r"A^\top \left(W + W^\top\right) \left(A x - b\right)",
            "W": r"\left(A x - b\right) \left(A x - b\right)^\top",
        },
    ),
    Case(
        "Mahalanobis",
        lambda x, y, M: total((M @ (x - y)) ** 2),
        {"x": VEC, "y": VEC, "M": MN},
        {"x": r"2 M^\top M \left(x - y\right)", "M": r"2 M \left(x - y\right) \left(x - y\right)^\top"},
    ),
    Case(
        "Rayleigh quotient",
        lambda x, A: total(x * (A @ x)) / total(x * x),
        {"x": VEC, "A": SQUARE},
        {
            "x": r"\frac{1}{x^\top x} \left(A + A^\top\right) x - 2 \frac{x^\top A x}{\left(x^\top x\right)^2} x",
            "A": r"\frac{1}{x^\top x} x x^\top",
        },
    ),
    Case(
        "log of a form",
        lambda x, A: total(x * (A @ x)).log(),
        {"x": VEC, "A": SQUARE},
        {"x": r"\frac{1}{x^\top A x} \left(A + A^\top\right) x"},
    ),
    Case(
        "root of a form",
        lambda x, A: total(x * (A @ x)).sqrt(),
        {"x": VEC, "A": SQUARE},
        {"x": r"\frac{1}{2 \sqrt{x^\top A x}} \left(A + A^\top\right) x"},
    ),
    Case(
        "sine of a product",
        lambda x, a: total(a * x).sin(),
        {"x": VEC, "a": VEC},
        {"x": r"\cos\left(a^\top x\right) a"},
    ),
    Case(
        "exponential of a form",
        lambda x, A: (-total(x * (A @ x)) / 2).exp(),
        {"x": VEC, "A": SQUARE},
        {"x": r"-\frac{1}{2} \exp\left(-\frac{1}{2} x^\top A x\right) \left(A + A^\top\right) x"},
    ),
    Case(
        "bilinear",
        lambda x, y, A: total(x * (A @ y)),
        {"x": ("m",), "y": VEC, "A": MN},
        {"x": "A y", "y": r"A^\top x", "A": r"x y^\top"},
    ),
    Case(
        "two norms",
        lambda x, A, B: total((A @ x) ** 2) * total((B @ x) ** 2),
        {"x": VEC, "A": MN, "B": ("k", "n")},
        {"x": r"2 x^\top B^\top B x A^\top A x + 2 x^\top A^\top A x B^\top B x"},
    ),
]
