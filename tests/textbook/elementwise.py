"""Functions taken element by element."""

from __future__ import annotations

from msgrad_ext import ops

from .base import MN, SQUARE, VEC, Case, total

ELEMENTWISE = [
    Case("sum of exp", lambda x: total(x.exp()), {"x": VEC}, {"x": r"\exp\left(x\right)"}),
    Case("sum of log", lambda x: total(x.log()), {"x": VEC}, {"x": r"\frac{1}{x}"}),
    Case(
        "sum of A x exp",
        lambda x, A: total((A @ x).exp()),
        {"x": VEC, "A": MN},
        {"x": r"A^\top \exp\left(A x\right)", "A": r"\exp\left(A x\right) x^\top"},
    ),
    Case("entropy", lambda p: -total(p * p.log()), {"p": VEC}, {"p": r"-\log\left(p\right) - \mathbf{1}"}),
    Case(
        "relative entropy",
        lambda p, q: total(p * (p / q).log()),
        {"p": VEC, "q": VEC},
        {"p": r"\log\left(\frac{p}{q}\right) + \mathbf{1}", "q": r"-\frac{p}{q}"},
    ),
    Case(
        "sum of sigmoid",
        lambda x: total(x.sigmoid()),
        {"x": VEC},
        {"x": r"\sigma\left(x\right) \odot \left(1 - \sigma\left(x\right)\right)"},
    ),
    Case(
        "sum of tanh",
        lambda x, W: total((W @ x).tanh()),
        {"x": VEC, "W": MN},
        {
            "x": r"W^\top \left(1 - \tanh\left(W x\right)^2\right)",
            "W": r"\left(1 - \tanh\left(W x\right)^2\right) x^\top",
        },
    ),
    Case(
        "sum of relu",
        lambda x, W, b: total(ops.relu(W @ x + b)),
        {"x": VEC, "W": MN, "b": ("m",)},
        {"x": r"W^\top [W x + b > 0]", "W": r"[W x + b > 0] x^\top", "b": "[W x + b > 0]"},
    ),
    Case("sum of roots", lambda x: total(x.sqrt()), {"x": VEC}, {"x": r"\frac{1}{2 \sqrt{x}}"}),
    Case("sum of sines", lambda X: total(X.sin()), {"X": MN}, {"X": r"\cos\left(X\right)"}),
    Case(
        "log cosh",
        lambda W, x: total(ops.cosh(W @ x).log()),
        {"W": MN, "x": VEC},
        {"W": r"\tanh\left(W x\right) x^\top", "x": r"W^\top \tanh\left(W x\right)"},
    ),
    Case("softplus", lambda x: total((1 + x.exp()).log()), {"x": VEC}, {"x": r"\sigma\left(x\right)"}),
    Case(
        "Hadamard form",
        lambda x, A, B: total(x * ((A * B) @ x)),
        {"x": VEC, "A": SQUARE, "B": SQUARE},
        {"x": r"\left(A \odot B + \left(A \odot B\right)^\top\right) x", "A": r"B \odot x x^\top"},
    ),
    Case(
        "three vectors",
        lambda x, y, z: total(x * y * z),
        {"x": VEC, "y": VEC, "z": VEC},
        {"x": r"y \odot z", "y": r"x \odot z"},
    ),
    Case(
        "scaled columns",
        lambda x, A: total((A * x) ** 2),
        {"x": VEC, "A": MN},
        {"x": r"2 \left(A^2\right)^\top \mathbf{1} \odot x", "A": r"2 A \operatorname{diag}\left(x\right)^2"},
    ),
    Case(
        "gated",
        lambda u, v, x: total((u * x).sigmoid() * (v * x)),
        {"u": VEC, "v": VEC, "x": VEC},
        {"v": r"x \odot \sigma\left(u \odot x\right)"},
    ),
    Case("cubes", lambda x, a: total(a * x**3), {"x": VEC, "a": VEC}, {"x": r"3 a \odot x^2", "a": "x^3"}),
    Case("square of a sum", lambda x: total(x) ** 2, {"x": VEC}, {"x": r"2 \mathbf{1} \mathbf{1}^\top x"}),
    Case("mean", lambda x: x.mean(), {"x": VEC}, {"x": r"\frac{1}{n} \mathbf{1}"}),
    Case(
        "variance",
        lambda x: ((x - x.mean()) ** 2).mean(),
        {"x": VEC},
        {"x": r"\frac{2}{n} \left(x - \frac{1}{n} \mathbf{1} \mathbf{1}^\top x\right)"},
    ),
    Case("quotient", lambda x, y: total(x / y), {"x": VEC, "y": VEC}, {"x": r"\frac{1}{y}", "y": r"-\frac{x}{y^2}"}),
    Case("arctangent", lambda x: total(ops.atan(x)), {"x": VEC}, {"x": r"\frac{1}{1 + x^2}"}),
    Case(
        "silu",
        lambda x: total(x * x.sigmoid()),
        {"x": VEC},
        {"x": r"\sigma\left(x\right) \odot \left(1 + x \odot \left(1 - \sigma\left(x\right)\right)\right)"},
    ),
]
