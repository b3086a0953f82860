"""Norms and distances."""

from __future__ import annotations

from msgrad_ext import ops

from .base import MN, SQUARE, VEC, Case, norm, total

NORMS = [
    Case("Frobenius squared", lambda X: total(X * X), {"X": MN}, {"X": "2 X"}),
    Case("Frobenius", lambda X: norm(X), {"X": MN}, {"X": r"\frac{1}{\left\lVert X\right\rVert} X"}),
    Case(
        "distance",
        lambda x, a: norm(x - a),
        {"x": VEC, "a": VEC},
        {"x": r"\frac{1}{\left\lVert x - a\right\rVert} \left(x - a\right)"},
    ),
    Case(
        "factorisation",
        lambda U, V, X: total((X - U @ V.T) ** 2),
        {"U": ("m", "k"), "V": ("n", "k"), "X": MN},
        {
            "U": r"2 \left(U V^\top - X\right) V",
            "V": r"2 \left(U V^\top - X\right)^\top U",
            "X": r"2 \left(X - U V^\top\right)",
        },
    ),
    Case(
        "outer approximation",
        lambda x, y, A: total((A - ops.outer(x, y)) ** 2),
        {"x": ("m",), "y": VEC, "A": MN},
        {"x": r"2 \left(x y^\top - A\right) y", "y": r"2 \left(x y^\top - A\right)^\top x"},
    ),
    Case(
        "orthogonality",
        lambda X, E: total((X.T @ X - E) ** 2),
        {"X": MN, "E": SQUARE},
        {"X": r"2 X \left(2 X^\top X - E - E^\top\right)"},
    ),
    Case(
        "cosine similarity",
        lambda x, y: total(x * y) / (norm(x) * norm(y)),
        {"x": VEC, "y": VEC},
        {
            "x": r"\frac{1}{\left\lVert x\right\rVert \left\lVert y\right\rVert} y - \frac{x^\top y}{\left\lVert x\right\rVert^3 \left\lVert y\right\rVert} x"
        },
    ),
    Case(
        "direction",
        lambda x, a: total(a * x) / norm(x),
        {"x": VEC, "a": VEC},
        {
            "x": r"\frac{1}{\left\lVert x\right\rVert} a - \frac{a^\top x}{\left\lVert x\right\rVert^3} x",
            "a": r"\frac{1}{\left\lVert x\right\rVert} x",
        },
    ),
    Case(
        "L1 residual",
        lambda x, A, b: total((A @ x - b).abs()),
        {"x": VEC, "A": MN, "b": ("m",)},
        {"x": r"A^\top \operatorname{sign}\left(A x - b\right)"},
    ),
    Case(
        "elastic net",
        lambda w, X, y, a, b: total((X @ w - y) ** 2) + a * total(w.abs()) + b * total(w * w),
        {"w": VEC, "X": MN, "y": ("m",), "a": (), "b": ()},
        {"w": r"2 X^\top \left(X w - y\right) + a \operatorname{sign}\left(w\right) + 2 b w"},
    ),
    Case("pseudo Huber", lambda r: total((1 + r * r).sqrt() - 1), {"r": VEC}, {"r": r"\frac{r}{\sqrt{1 + r^2}}"}),
    Case(
        "triplet",
        lambda a, p, n: total((a - p) ** 2) - total((a - n) ** 2),
        {"a": ("d",), "p": ("d",), "n": ("d",)},
        {"a": r"2 \left(n - p\right)", "p": r"2 \left(p - a\right)"},
    ),
    Case("fourth power", lambda x: total(x * x) ** 2, {"x": VEC}, {"x": r"4 x^\top x x"}),
    Case(
        "p norm",
        lambda x: total(x**3) ** (1 / 3),
        {"x": VEC},
        {"x": r"\left(\mathbf{1}^\top x^{3}\right)^{-2/3} x^{2}"},
    ),
    Case(
        "pairwise distances",
        lambda X, Y: total((ops.expand_dims((X * X).sum(1), 1) + (Y * Y).sum(1) - 2 * X @ Y.T).sqrt()),
        {"X": ("m", "d"), "Y": ("n", "d")},
        {},
    ),
    Case(
        "regularised factorisation",
        lambda U, V, X, l: total((X - U @ V.T) ** 2) + l * (total(U * U) + total(V * V)),
        {"U": ("m", "k"), "V": ("n", "k"), "X": MN, "l": ()},
        {"U": r"2 \left(U V^\top - X\right) V + 2 l U"},
    ),
]
