"""Wrong backwards of the kinds that people write, each with the operand that it makes wrong and words of the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import right as r


def _copy(function: Any, *changes: tuple[str, str]) -> Any:
    """``function`` with pieces of its source replaced, each of which must be there."""
    import inspect
    import linecache

    source = inspect.getsource(function)
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    _copy.count += 1  # type: ignore[attr-defined]
    name = f"<wrong {_copy.count}>"  # type: ignore[attr-defined]
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    scope = dict(vars(r))
    exec(compile(source, name, "exec"), scope)
    return scope[function.__name__]


_copy.count = 0  # type: ignore[attr-defined]


# What can not be had by changing a line ------------------------------------------------------------------------------

_stored: dict[str, Any] = {}


def remembered(x):
    _stored["x"] = x
    return np.sin(x)


def remembered_backward(dy, x):
    return dy * np.cos(_stored["x"])


class Counting:
    """Gives another gradient each time."""

    count = 0


def counting_backward(dy, x):
    Counting.count += 1
    return dy * np.cos(x) * (1 + 1e-3 * Counting.count)


def sine(x):
    return np.sin(x)


def in_place_cotangent(dy, x):
    dy *= np.cos(x)
    return dy


def in_place_input(dy, x):
    x += 1e-9
    return dy * np.cos(x)


def saved_forward(x):
    y = np.exp(x)
    return y.copy(), y


def saved_backward(dy, cache):
    cache *= dy
    return cache


def output_forward(x):
    y = np.tanh(x)
    return y, (y, None)


def output_backward(dy, cache):
    y, _ = cache
    y *= -y
    y += 1
    return dy * y


def one_entry(dy, x):
    dx = dy * np.cos(x)
    dx[1, 2] += 1e-9
    return dx


def clipped(dy, x):
    return np.clip(dy, -5, 5) * np.cos(x)


def single_inside(dy, x):
    return (dy.astype(np.float32) * np.cos(x.astype(np.float32))).astype(np.float64)


def nan_somewhere(dy, x):
    dx = dy * np.cos(x)
    dx[0, 1] = np.nan
    return dx


def nothing(dy, x):
    return np.zeros_like(x)


def raises(dy, x):
    return dy * np.cos(x)[:, :2]


def mean_loss(x):
    return (x**2).mean()


def sum_gradient(dy, x):
    return dy * 2 * x


def ones_only(dy, x):
    return np.cos(x)


def bad_forward(x):
    x *= 2
    return np.sin(x / 2)


def good_for_rows(dy, x):
    # The rows of softmax's Jacobian sum to zero, so that with dy = 1 nothing at all is seen.
    y = r.softmax(x)
    return y * dy - y * (dy * y).sum()


def huge_abs(x):
    return np.abs(x)


def abs_backward(dy, x):
    return dy * np.where(x == 0, 3.0, np.sign(x))


Case = tuple[str, tuple[Any, ...], str, str]
RIGHT = r.cases()
X = RIGHT["softmax"][2]


def case(name: str, of: str, operand: str, words: str, *changes: tuple[str, str]) -> Case:
    """A right backward with changes to its source."""
    forward, backward, *inputs = RIGHT[of]
    return name, (forward, _copy(backward, *changes), *inputs), operand, words


def cases() -> Iterator[Case]:
    """Name, arguments of the check, the operand at fault, words that the answer must hold."""
    yield from _layers()
    yield from _functions()
    yield from _steps()
    yield from _manners()


def _layers() -> Iterator[Case]:
    yield case("bias not summed", "affine", "b", "the sum over axis 0", ("dout.sum(axis=0)", "dout"))
    yield case("bias over wrong axis", "affine", "b", "shape", ("dout.sum(axis=0)", "dout.sum(axis=1)"))
    yield case(
        "weight not transposed",
        "affine",
        "w",
        "transposition",
        ("x.reshape(x.shape[0], -1).T @ dout", "(x.reshape(x.shape[0], -1).T @ dout).T"),
    )
    yield case("sign", "affine", "w", "sign", ("dw = x", "dw = -x"))
    yield case("factor two", "affine", "x", "2 times", ("dx = (dout", "dx = 2 * (dout"))
    yield case("relu of the cotangent", "relu", "x", "", ("(x > 0)", "(dout > 0)"))
    yield case("leaky by a hair", "relu", "x", "", ("dout * (x > 0)", "dout * np.where(x > 0, 1, 1e-7)"))
    yield case("batch norm without the mean's share", "batchnorm", "x", "", (" - dbeta", ""))
    yield case("batch norm without the variance's share", "batchnorm", "x", "", (" - xhat * dgamma", ""))
    yield case("batch norm: gamma forgotten", "batchnorm", "x", "", ("gamma / std", "1 / std"))
    yield case("layer norm over the wrong axis", "layernorm", "x", "", ("g.mean(axis=-1", "g.mean(axis=0"))
    yield case(
        "layer norm without the variance's share",
        "layernorm",
        "x",
        "",
        (" - xhat * (g * xhat).mean(axis=-1, keepdims=True)", ""),
    )
    yield case("convolution by one off", "conv", "x", "", ("dpadded[:, :, 1:-1, 1:-1]", "dpadded[:, :, :-2, :-2]"))
    yield case(
        "convolution assigns for adds", "conv", "x", "", ("i : i + k, j : j + k] += ", "i : i + k, j : j + k] = ")
    )
    yield case("convolution's bias over the batch only", "conv", "b", "shape", ("axis=(0, 2, 3)", "axis=0"))
    yield case("im2col with rows for columns", "im2col", "x", "", ("dcolumns[:, :, i, j]", "dcolumns[:, :, j, i]"))
    yield case(
        "max-pool to every entry", "maxpool", "x", "", ("windows == out[:, :, :, None, :, None]", "windows == windows")
    )
    yield case("dropout unscaled", "dropout", "x", "0.5 times", (" / 0.5", ""))


def _functions() -> Iterator[Case]:
    yield case(
        "softmax's diagonal only",
        "softmax",
        "x",
        "",
        ("y * (dy - (dy * y).sum(axis=-1, keepdims=True))", "y * (1 - y) * dy"),
    )
    yield "softmax over everything", (r.softmax, good_for_rows, X), "x", ""
    yield case("softmax over the wrong axis", "softmax", "x", "", (".sum(axis=-1", ".sum(axis=0"))
    yield case("logsumexp unweighted", "logsumexp", "x", "dy is not used", ("dy[:, None] * ", ""))
    yield case("cumsum not reversed", "cumsum", "x", "", ("np.cumsum(dy[::-1], axis=0)[::-1]", "np.cumsum(dy, axis=0)"))
    yield case("cumsum reversed once", "cumsum", "x", "reversed along axis 0", (", axis=0)[::-1]", ", axis=0)"))
    yield case("broadcast not undone", "scaled", "a", "the sum over axis 0", (".sum(axis=0)", ""))
    yield case("broadcast undone without keepdims", "scaled", "b", "shape", (", keepdims=True", ""))
    yield case("broadcast undone by a mean", "scaled", "a", "1/3", (".sum(axis=0)", ".mean(axis=0)"))
    yield case("attention without scale", "attention", "q", "", ("dq = ds @ k * scale", "dq = ds @ k"))
    yield case("attention: k not transposed", "attention", "k", "", ("ds.swapaxes(-1, -2) @ q", "ds @ q"))
    yield case(
        "attention: softmax's sum forgotten",
        "attention",
        "q",
        "",
        ("p * (dp - (dp * p).sum(axis=-1, keepdims=True))", "p * dp"),
    )
    yield case("gelu's constant mistyped", "gelu", "x", "", ("3 * 0.044715", "3 * 0.0447151"))
    yield case(
        "matmul the other way round",
        "matmul",
        "x",
        "",
        ("dout @ y.T, x.T @ dout", "(x * 0 + dout @ y.T[:, ::-1]), x.T @ dout"),
    )
    yield case(
        "gather without repeated rows", "gather", "table", "", ("np.add.at(dtable, rows, dy)", "dtable[rows] = dy")
    )


def _steps() -> Iterator[Case]:
    yield "lstm: cell's own path", _lstm("dc + dh * o * (1 - t**2)", "dc"), "x", ""
    yield (
        "lstm: gates exchanged",
        _lstm("dc * c * f * (1 - f), dh * t * o * (1 - o)", "dh * t * o * (1 - o), dc * c * f * (1 - f)"),
        "x",
        "",
    )
    yield "lstm: forget gate forgotten", _lstm("dc * f, x.T", "dc, x.T"), "c", ""
    yield (
        "loss not divided",
        (_copy(r.softmax_loss, ("return loss, dx / n", "return loss, dx")), *RIGHT["softmax_loss"][1:]),
        "x",
        "3 times",
    )
    yield "pullback without projection", (_copy(r.normalise, (" - y * (dy * y).sum()", "")), X), "x", ""
    yield "makers exchanged", (r.product, r.product_vjps[::-1], *RIGHT["product"][2:]), "x", "gradient by y"
    yield (
        "rosenbrock assigns for adds",
        (r.rosenbrock, _copy(r.rosenbrock_grad, ("g[1:] += ", "g[1:] = ")), RIGHT["rosenbrock"][2]),
        "x",
        "",
    )
    yield (
        "inverse not transposed",
        (r.logdet, _copy(r.logdet_backward, (".T", "")), RIGHT["logdet"][2]),
        "a",
        "transposed",
    )
    yield "mean taken for a sum", (mean_loss, sum_gradient, X), "x", "12 times"
    yield "state of the module", (remembered, remembered_backward, X), "x", "state outside"
    yield "cotangent changed in place", (sine, in_place_cotangent, X), "dy", "in place"
    yield "input changed in place", (sine, in_place_input, X), "x", "in place"
    yield "saved value changed in place", (saved_forward, saved_backward, X), "x", "saved value is changed"
    yield "output changed in place", (output_forward, output_backward, X), "y", "in place"
    yield "input changed by the forward", (bad_forward, lambda dy, x: dy * np.cos(x / 2), X), "x", "in place"


def _manners() -> Iterator[Case]:
    yield "one entry by 1e-9", (sine, one_entry, X), "x", "1 of 12"
    yield "cotangent clipped", (sine, clipped, X), "x", ""
    yield "float32 inside", (sine, single_inside, X), "x", "coarser dtype"
    yield "not a number", (sine, nan_somewhere, X), "x", "nan"
    yield "zeros", (sine, nothing, X), "x", "zero everywhere"
    yield "raises", (sine, raises, X), "", "raised ValueError"
    yield "dout forgotten", (sine, ones_only, X), "x", "dy is not used"
    yield (
        "dtype drift",
        (sine, lambda dy, x: (dy * np.cos(x)).astype(np.float64), X.astype(np.float32)),
        "x",
        "must be float32",
    )
    yield "shape drift", (sine, lambda dy, x: (dy * np.cos(x)).ravel(), X), "x", "reshape is missing"
    yield (
        "one gradient too few",
        (*RIGHT["scaled"][:1], lambda dy, x, a, b: (a * dy, (dy * x).sum(0)), *RIGHT["scaled"][2:]),
        "",
        "2 gradients",
    )
    yield (
        "beyond the slopes at a kink",
        (huge_abs, abs_backward, np.array([1.0, 0.0, -2.0])),
        "x",
        "slopes on the two sides",
    )


def _lstm(old: str, new: str) -> tuple[Any, ...]:
    step = _copy(r.lstm_step_backward, (old, new))
    forward, _, *inputs = RIGHT["lstm"]
    return (forward, lambda dout, cache: step(*dout, cache), *inputs)
