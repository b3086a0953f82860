"""Losses and layers."""

from __future__ import annotations

from msgrad_ext import ops

from .base import MN, VEC, Case, norm, total

LOSSES = [
    Case("log-sum-exp", lambda x: total(x.exp()).log(), {"x": VEC}, {"x": r"\operatorname{softmax}\left(x\right)"}),
    Case(
        "log-sum-exp of A x",
        lambda x, A, b: total((A @ x + b).exp()).log(),
        {"x": VEC, "A": MN, "b": ("m",)},
        {
            "x": r"A^\top \operatorname{softmax}\left(A x + b\right)",
            "A": r"\operatorname{softmax}\left(A x + b\right) x^\top",
        },
    ),
    Case(
        "softmax weighted",
        lambda x: ops.softmax(x),
        {"x": VEC},
        {
            "x": r"\operatorname{softmax}\left(x\right) \odot \left(G - G^\top \operatorname{softmax}\left(x\right) \mathbf{1}\right)"
        },
        sens=True,
    ),
    Case(
        "cross entropy",
        lambda x, y: -total(y * ops.log_softmax(x)),
        {"x": VEC, "y": VEC},
        {"x": r"\mathbf{1}^\top y \operatorname{softmax}\left(x\right) - y"},
    ),
    Case(
        "softmax regression",
        lambda W, X, Y: -total(Y * ops.log_softmax(X @ W)),
        {"W": ("d", "k"), "X": ("n", "d"), "Y": ("n", "k")},
        {
            "W": r"X^\top \left(\operatorname{diag}\left(Y \mathbf{1}\right) \operatorname{softmax}\left(X W\right) - Y\right)"
        },
    ),
    Case(
        "logistic regression",
        lambda w, X, t: -total(t * (X @ w).sigmoid().log() + (1 - t) * (1 - (X @ w).sigmoid()).log()),
        {"w": ("d",), "X": ("n", "d"), "t": ("n",)},
        {
            "w": r"X^\top \left(\sigma\left(X w\right) - t\right)",
            "X": r"\left(\sigma\left(X w\right) - t\right) w^\top",
        },
        draw="unit",
    ),
    Case(
        "logistic loss",
        lambda w, X, y: total((1 + (-y * (X @ w)).exp()).log()),
        {"w": ("d",), "X": ("n", "d"), "y": ("n",)},
        {"w": r"-X^\top \left(y \odot \sigma\left(-y \odot X w\right)\right)"},
    ),
    Case(
        "Poisson regression",
        lambda w, X, y: total((X @ w).exp() - y * (X @ w)),
        {"w": ("d",), "X": ("n", "d"), "y": ("n",)},
        {"w": r"X^\top \left(\exp\left(X w\right) - y\right)"},
    ),
    Case(
        "hinge",
        lambda w, X, y: total(ops.relu(1 - y * (X @ w))),
        {"w": ("d",), "X": ("n", "d"), "y": ("n",)},
        {"w": r"-X^\top \left(y \odot [1 - y \odot X w > 0]\right)"},
    ),
    Case(
        "support vectors",
        lambda w, X, y, c: total(w * w) / 2 + c * total(ops.relu(1 - y * (X @ w))),
        {"w": ("d",), "X": ("n", "d"), "y": ("n",), "c": ()},
        {"w": r"w - c X^\top \left(y \odot [1 - y \odot X w > 0]\right)"},
    ),
    Case(
        "network of two layers",
        lambda x, W, b, v: total(v * (W @ x + b).tanh()),
        {"x": VEC, "W": MN, "b": ("m",), "v": ("m",)},
        {
            "x": r"W^\top \left(v \odot \left(1 - \tanh\left(W x + b\right)^2\right)\right)",
            "W": r"\left(v \odot \left(1 - \tanh\left(W x + b\right)^2\right)\right) x^\top",
            "v": r"\tanh\left(W x + b\right)",
        },
    ),
    Case(
        "square loss of a neuron",
        lambda w, X, y: total(((X @ w).sigmoid() - y) ** 2),
        {"w": ("d",), "X": ("n", "d"), "y": ("n",)},
        {
            "w": r"2 X^\top \left(\left(\sigma\left(X w\right) - y\right) \odot \sigma\left(X w\right) \odot \left(1 - \sigma\left(X w\right)\right)\right)"
        },
    ),
    Case(
        "linear layer",
        lambda X, W, b: X @ W + b,
        {"X": ("n", "d"), "W": ("d", "k"), "b": ("k",)},
        {"X": r"G W^\top", "W": r"X^\top G", "b": r"G^\top \mathbf{1}"},
        sens=True,
    ),
    Case(
        "tanh layer",
        lambda X, W, b: (X @ W + b).tanh(),
        {"X": ("n", "d"), "W": ("d", "k"), "b": ("k",)},
        {"W": r"X^\top \left(G \odot \left(1 - \tanh\left(X W + \mathbf{1} b^\top\right)^2\right)\right)"},
        sens=True,
    ),
    Case(
        "attention",
        lambda Q, K, V: ops.softmax(Q @ K.T) @ V,
        {"Q": ("m", "d"), "K": ("n", "d"), "V": ("n", "k")},
        {
            "V": r"\operatorname{softmax}\left(Q K^\top\right)^\top G",
            "Q": r"\left(P \odot \left(G V^\top - \operatorname{diag}\left(\left(P \odot G V^\top\right) \mathbf{1}\right) \mathbf{1} \mathbf{1}^\top\right)\right) K",
        },
        sens=True,
    ),
    Case(
        "radial basis",
        lambda x, y, s: (-total((x - y) ** 2) / (2 * s * s)).exp(),
        {"x": VEC, "y": VEC, "s": ()},
        {
            "x": r"\frac{1}{s^2} \exp\left(-\frac{\left\lVert x - y\right\rVert^2}{2 s^2}\right) \left(y - x\right)",
            "s": r"\frac{\left\lVert x - y\right\rVert^2}{s^3} \exp\left(-\frac{\left\lVert x - y\right\rVert^2}{2 s^2}\right)",
        },
    ),
    Case(
        "focal",
        lambda p: -total((1 - p) ** 2 * p.log()),
        {"p": VEC},
        {"p": r"2 \left(1 - p\right) \odot \log\left(p\right) - \frac{\left(1 - p\right)^2}{p}"},
        draw="unit",
    ),
    Case(
        "binary cross entropy",
        lambda p, t: -(t * p.log() + (1 - t) * (1 - p).log()).mean(),
        {"p": VEC, "t": VEC},
        {"p": r"\frac{1}{n} \left(\frac{1 - t}{1 - p} - \frac{t}{p}\right)"},
        draw="unit",
    ),
    Case(
        "root mean square norm",
        lambda x, g: x * g / ((x * x).mean()).sqrt(),
        {"x": VEC, "g": VEC},
        {"g": r"\frac{1}{\sqrt{\frac{1}{n} x^\top x}} G \odot x"},
        sens=True,
    ),
    Case(
        "normalisation",
        lambda x: x / norm(x),
        {"x": VEC},
        {"x": r"\frac{1}{\left\lVert x\right\rVert} G - \frac{x^\top G}{\left\lVert x\right\rVert^3} x"},
        sens=True,
    ),
    Case(
        "layer norm",
        lambda x, g: total(g * (x - x.mean()) / ((x - x.mean()) ** 2).mean().sqrt()),
        {"x": VEC, "g": VEC},
        {},
    ),
    Case(
        "outer product weighted",
        lambda x, y: ops.outer(x, y),
        {"x": ("m",), "y": VEC},
        {"x": "G y", "y": r"G^\top x"},
        sens=True,
    ),
    Case(
        "product of three",
        lambda A, X, B: A @ X @ B,
        {"A": ("k", "m"), "X": MN, "B": ("n", "d")},
        {"X": r"A^\top G B^\top", "A": r"G B^\top X^\top"},
        sens=True,
    ),
    Case("Gram matrix", lambda X: X @ X.T, {"X": MN}, {"X": r"\left(G + G^\top\right) X"}, sens=True),
    Case("Hadamard weighted", lambda X, Y: X * Y, {"X": MN, "Y": MN}, {"X": r"G \odot Y"}, sens=True),
    Case(
        "temperature",
        lambda x, t: total((x / t).exp()).log() * t,
        {"x": VEC, "t": ()},
        {"x": r"\operatorname{softmax}\left(\frac{x}{t}\right)"},
    ),
    Case(
        "expected value",
        lambda x, v: total(ops.softmax(x) * v),
        {"x": VEC, "v": VEC},
        {
            "x": r"\operatorname{softmax}\left(x\right) \odot \left(v - v^\top \operatorname{softmax}\left(x\right) \mathbf{1}\right)",
            "v": r"\operatorname{softmax}\left(x\right)",
        },
    ),
    Case(
        "autoencoder",
        lambda W, x: total((W.T @ (W @ x) - x) ** 2),
        {"W": MN, "x": VEC},
        {"W": r"2 W \left(x r^\top + r x^\top\right)"},
    ),
    Case(
        "factorisation of logits",
        lambda U, V, Y: total((1 + (U @ V.T).exp()).log() - Y * (U @ V.T)),
        {"U": ("m", "k"), "V": ("n", "k"), "Y": MN},
        {
            "U": r"\left(\sigma\left(U V^\top\right) - Y\right) V",
            "V": r"\left(\sigma\left(U V^\top\right) - Y\right)^\top U",
        },
    ),
]
