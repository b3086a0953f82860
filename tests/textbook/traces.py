"""Traces and matrix products."""

from __future__ import annotations

from .base import MN, NM, SQUARE, Case, total, trace

TRACES = [
    Case("tr A X", lambda X, A: trace(A @ X), {"X": MN, "A": NM}, {"X": r"A^\top", "A": r"X^\top"}),
    Case("tr X", lambda X: trace(X), {"X": SQUARE}, {"X": "I"}),
    Case(
        "tr A X B",
        lambda X, A, B: trace(A @ X @ B),
        {"X": MN, "A": ("k", "m"), "B": ("n", "k")},
        {"X": r"A^\top B^\top", "A": r"B^\top X^\top", "B": r"X^\top A^\top"},
    ),
    Case("tr A X' B", lambda X, A, B: trace(A @ X.T @ B), {"X": MN, "A": ("k", "n"), "B": ("m", "k")}, {"X": r"B A"}),
    Case(
        "tr X' A X",
        lambda X, A: trace(X.T @ A @ X),
        {"X": NM, "A": SQUARE},
        {"X": r"\left(A + A^\top\right) X", "A": r"X X^\top"},
    ),
    Case("tr X A X'", lambda X, A: trace(X @ A @ X.T), {"X": MN, "A": SQUARE}, {"X": r"X \left(A + A^\top\right)"}),
    Case("tr X X", lambda X: trace(X @ X), {"X": SQUARE}, {"X": r"2 X^\top"}),
    Case("tr X X X", lambda X: trace(X @ X @ X), {"X": SQUARE}, {"X": r"3 X^\top X^\top"}),
    Case("tr X' X", lambda X: trace(X.T @ X), {"X": MN}, {"X": "2 X"}),
    Case(
        "tr A X B X",
        lambda X, A, B: trace(A @ X @ B @ X),
        {"X": MN, "A": NM, "B": NM},
        {"X": r"A^\top X^\top B^\top + B^\top X^\top A^\top"},
    ),
    Case(
        "tr A X B X' C",
        lambda X, A, B, C: trace(A @ X @ B @ X.T @ C),
        {"X": MN, "A": ("k", "m"), "B": SQUARE, "C": ("m", "k")},
        {"X": r"A^\top C^\top X B^\top + C A X B"},
    ),
    Case("sum of Hadamard product", lambda X, A: total(X * A), {"X": MN, "A": MN}, {"X": "A", "A": "X"}),
    Case(
        "sum X squared over rows",
        lambda X: total(X.sum(0) * X.sum(0)),
        {"X": MN},
        {"X": r"2 \mathbf{1} \mathbf{1}^\top X"},
    ),
    Case(
        "commutator",
        lambda X, A: total((A @ X - X @ A) ** 2),
        {"X": SQUARE, "A": SQUARE},
        {"X": r"2 A^\top \left(A X - X A\right) - 2 \left(A X - X A\right) A^\top"},
    ),
]
