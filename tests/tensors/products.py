"""Batched products, attention, einsum."""

from __future__ import annotations

from msgrad_ext import ops

from .base import Case


def attention(q, k, v):
    """Scaled dot-product attention over the last two axes."""
    scores = ops.matmul(q, k.swapaxes(-1, -2)) / q.shape[-1] ** 0.5 if isinstance(q.shape[-1], int) else None
    return ops.matmul(ops.softmax(scores, -1), v)


def heads(x, wq, wk, wv):
    """Multi-head attention: project, part into two heads, attend, join."""
    b, t, d = x.shape

    def part(h):
        return h.reshape(b, t, 2, d // 2).transpose(0, 2, 1, 3)

    q, k, v = part(x @ wq), part(x @ wk), part(x @ wv)
    p = ops.softmax(ops.matmul(q, k.transpose(0, 1, 3, 2)), -1)
    return ops.matmul(p, v).transpose(0, 2, 1, 3).reshape(b, t, d)


def scores(q, k, v):
    """Attention without a scale."""
    return ops.matmul(ops.softmax(ops.matmul(q, k.swapaxes(-1, -2)), -1), v)


BIK, BKJ = ("b", "m", "k"), ("b", "k", "n")
HEADS = ("b", "h", "t", "d")

PRODUCTS = [
    Case("bmm", lambda A, B: ops.bmm(A, B), {"A": BIK, "B": BKJ}),
    Case("bmm summed", lambda A, B: ops.bmm(A, B).sum(), {"A": BIK, "B": BKJ}, sens=False),
    Case("bmm squared", lambda A, B: (ops.bmm(A, B) ** 2).sum(), {"A": BIK, "B": BKJ}, sens=False),
    Case("matmul rank 3 by 2", lambda X, W: X @ W, {"X": ("b", "t", "d"), "W": ("d", "k")}),
    Case("matmul rank 2 by 3", lambda A, B: ops.matmul(A, B), {"A": ("m", "k"), "B": BKJ}),
    Case(
        "dense over tokens",
        lambda X, W, c: (X @ W + c).tanh(),
        {"X": ("b", "t", "d"), "W": ("d", "k"), "c": ("k",)},
    ),
    Case(
        "two layers over tokens",
        lambda X, W, U: ops.relu(X @ W) @ U,
        {"X": ("b", "t", "d"), "W": ("d", "k"), "U": ("k", "n")},
    ),
    Case("attention", scores, {"q": ("b", "t", "d"), "k": ("b", "s", "d"), "v": ("b", "s", "n")}),
    Case("attention, 4 axes", scores, {"q": HEADS, "k": ("b", "h", "s", "d"), "v": ("b", "h", "s", "n")}),
    Case(
        "multi-head attention",
        heads,
        {"x": ("b", "t", 4), "wq": (4, 4), "wk": (4, 4), "wv": (4, 4)},
    ),
    Case(
        "einsum bilinear",
        lambda x, W, y: ops.einsum("bi,ijk,bj->bk", x, W, y),
        {"x": ("b", "i"), "W": ("i", "j", "k"), "y": ("b", "j")},
    ),
    Case("einsum outer", lambda x, y: ops.einsum("bi,bj->bij", x, y), {"x": ("b", "m"), "y": ("b", "n")}),
    Case("einsum trace", lambda a: ops.einsum("bii->b", a), {"a": ("b", "n", "n")}),
    Case(
        "einsum chain",
        lambda a, b, c: ops.einsum("bij,bjk,bkl->bil", a, b, c),
        {"a": ("q", "m", "k"), "b": ("q", "k", "n"), "c": ("q", "n", "p")},
    ),
    Case(
        "einsum tensor contraction",
        lambda t, u: ops.einsum("ijk,kjl->il", t, u),
        {"t": ("m", "n", "k"), "u": ("k", "n", "p")},
    ),
    Case(
        "CP model",
        lambda a, b, c, t: ((ops.einsum("ir,jr,kr->ijk", a, b, c) - t) ** 2).sum(),
        {"a": ("m", "r"), "b": ("n", "r"), "c": ("p", "r"), "t": ("m", "n", "p")},
        sens=False,
    ),
    Case(
        "Tucker core",
        lambda g, a, b, c: ops.einsum("pqr,ip,jq,kr->ijk", g, a, b, c),
        {"g": ("p", "q", "r"), "a": ("m", "p"), "b": ("n", "q"), "c": ("k", "r")},
    ),
    Case(
        "batched quadratic form",
        lambda x, A: ops.einsum("bi,bij,bj->b", x, A, x),
        {"x": ("b", "n"), "A": ("b", "n", "n")},
    ),
    Case("batched gram", lambda X: ops.matmul(X.transpose(0, 2, 1), X), {"X": ("b", "n", "d")}),
    Case("batched inverse", lambda A: ops.MatrixInverse()(A), {"A": ("b", "n", "n")}, low=-1.0, high=1.0),
    Case(
        "batched log det",
        lambda A: ops.logdet(ops.matmul(A, A.transpose(0, 2, 1))).sum(),
        {"A": ("b", "n", "n")},
        sens=False,
        low=-1.0,
    ),
    Case(
        "batched solve",
        lambda A, x: ops.matmul(ops.MatrixInverse()(A), x),
        {"A": ("b", "n", "n"), "x": ("b", "n", "k")},
        low=-1.0,
        high=1.0,
    ),
]
