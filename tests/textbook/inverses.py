"""Determinants and inverses."""

from __future__ import annotations

from .base import MN, NM, SQUARE, VEC, Case, det, inverse, logdet, total, trace

INVERSES = [
    Case("det", lambda X: det(X), {"X": SQUARE}, {"X": r"\det\left(X\right) X^{-\top}"}, draw="definite"),
    Case("log det", lambda X: logdet(X), {"X": SQUARE}, {"X": r"X^{-\top}"}, draw="definite"),
    Case(
        "det A X B",
        lambda X, A, B: det(A @ X @ B),
        {"X": SQUARE, "A": SQUARE, "B": SQUARE},
        {"X": r"\det\left(A X B\right) X^{-\top}"},
        draw="definite",
    ),
    Case(
        "det X' X",
        lambda X: det(X.T @ X),
        {"X": MN},
        {"X": r"2 \det\left(X^\top X\right) X \left(X^\top X\right)^{-1}"},
        draw="tall",
    ),
    Case("log det X' X", lambda X: logdet(X.T @ X), {"X": MN}, {"X": r"2 X \left(X^\top X\right)^{-1}"}, draw="tall"),
    Case("tr inverse", lambda X: trace(inverse(X)), {"X": SQUARE}, {"X": r"-X^{-\top} X^{-\top}"}, draw="definite"),
    Case(
        "tr A X^-1 B",
        lambda X, A, B: trace(A @ inverse(X) @ B),
        {"X": SQUARE, "A": MN, "B": NM},
        {"X": r"-X^{-\top} A^\top B^\top X^{-\top}", "A": r"B^\top X^{-\top}"},
        draw="definite",
    ),
    Case(
        "a' X^-1 b",
        lambda X, a, b: total(a * (inverse(X) @ b)),
        {"X": SQUARE, "a": VEC, "b": VEC},
        {"X": r"-X^{-\top} a b^\top X^{-\top}", "b": r"X^{-\top} a"},
        draw="definite",
    ),
    Case(
        "x' A^-1 x",
        lambda x, A: total(x * (inverse(A) @ x)),
        {"x": VEC, "A": SQUARE},
        {"x": r"\left(A^{-1} + A^{-\top}\right) x", "A": r"-A^{-\top} x x^\top A^{-\top}"},
        draw="definite",
    ),
    Case(
        "Gaussian",
        lambda x, m, S: logdet(S) / 2 + total((x - m) * (inverse(S) @ (x - m))) / 2,
        {"x": VEC, "m": VEC, "S": SQUARE},
        {
            "m": r"\frac{1}{2} \left(S^{-1} + S^{-\top}\right) \left(m - x\right)",
            "S": r"\frac{1}{2} S^{-\top} - \frac{1}{2} S^{-\top} \left(x - m\right) \left(x - m\right)^\top S^{-\top}",
        },
        draw="definite",
    ),
    Case(
        "inverse weighted",
        lambda X: inverse(X),
        {"X": SQUARE},
        {"X": r"-X^{-\top} G X^{-\top}"},
        sens=True,
        draw="definite",
    ),
    Case(
        "log det I + A X",
        lambda X, A, E: logdet(E + A @ X),
        {"X": SQUARE, "A": SQUARE, "E": SQUARE},
        {"X": r"A^\top \left(E + A X\right)^{-\top}"},
        draw="definite",
    ),
    Case(
        "Wishart",
        lambda S, X: trace(inverse(S) @ X) + logdet(S),
        {"S": SQUARE, "X": SQUARE},
        {"S": r"S^{-\top} - S^{-\top} X^\top S^{-\top}", "X": r"S^{-\top}"},
        draw="definite",
    ),
    Case(
        "ridge solution",
        lambda A, b, c, E: total(c * (inverse(A.T @ A + E) @ (A.T @ b))),
        {"A": MN, "b": ("m",), "c": VEC, "E": SQUARE},
        {"b": r"A \left(A^\top A + E\right)^{-\top} c"},
        draw="definite",
    ),
    Case(
        "two inverses",
        lambda X: trace(inverse(X) @ inverse(X)),
        {"X": SQUARE},
        {"X": r"-2 X^{-\top} X^{-\top} X^{-\top}"},
        draw="definite",
    ),
    Case(
        "det over trace",
        lambda X: det(X) / trace(X),
        {"X": SQUARE},
        {
            "X": r"\frac{\det\left(X\right)}{\operatorname{tr}\left(X\right)} X^{-\top} - \frac{\det\left(X\right)}{\operatorname{tr}\left(X\right)^2} I"
        },
        draw="definite",
    ),
    Case(
        "entropy of a Gaussian",
        lambda A, S: logdet(A @ S @ A.T) / 2,
        {"A": MN, "S": SQUARE},
        {"S": r"\frac{1}{2} A^\top \left(A S A^\top\right)^{-\top} A"},
        draw="wide",
    ),
]
