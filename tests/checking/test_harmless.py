"""Nothing is wrong here: rules rewritten in equal ways, random networks, data of every size. Nobody may be blamed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.tensor import Tensor

REGISTRY = mg.registered_ops()
FINE = ("agree", "ill-conditioned")
# How many random networks are tried; as many as one asks for.
COUNT = int(os.environ.get("MSGRAD_EXT_RANDOM_NETWORKS", "50"))


def turned(a: Any) -> Any:
    """The transpose of a matrix."""
    return ops.transpose(a, (1, 0))


def wider(a: Any) -> Any:
    """In a wider float, where there is one."""
    return ops.cast(a, mg.float64)


def upward(self: Any, ct: Any, out: Any, a: Any, b: Any) -> Any:
    """The product's rule in float64, and back."""
    return ops.cast(wider(ct) * wider(b), ct.dtype), ops.cast(wider(ct) * wider(a), ct.dtype)


def column_by_column(self: Any, ct: Any, out: Any, a: Any, b: Any) -> Any:
    """A matrix product's rule, one column of the result after the other."""
    count = ct.shape[1]
    parts_a = [ops.matmul(ct[:, k : k + 1], turned(b[:, k : k + 1])) for k in range(count)]
    total = parts_a[-1]
    for part in parts_a[-2::-1]:
        total = total + part
    return total, ops.concat([ops.matmul(turned(a), ct[:, k : k + 1]) for k in range(count)], 1)


# (op, an equal rule)
REWRITTEN: dict[str, tuple[str, Callable[..., Any]]] = {
    "product, other order": ("Mul", lambda s, ct, out, a, b: (b * ct, a * ct)),
    "product, in a wider float": ("Mul", upward),
    "product, as a quotient": ("Mul", lambda s, ct, out, a, b: (ct / (1.0 / b), ct / (1.0 / a))),
    "product, by einsum": ("Mul", lambda s, ct, out, a, b: (ops.einsum("ij,ij->ij", ct, b + 0 * a), ct * a)),
    "sum, by copies": ("Add", lambda s, ct, out, a, b: (ct * 1.0, ct + 0.0)),
    "sum, through views": ("Add", lambda s, ct, out, a, b: (ct.reshape(-1).reshape(ct.shape), ct[::-1][::-1])),
    "difference, as a negative sum": ("Sub", lambda s, ct, out, a, b: (ct, 0.0 - ct)),
    "difference, twice negative": ("Sub", lambda s, ct, out, a, b: (ops.neg(ops.neg(ct)), -ct)),
    "quotient, by a reciprocal": ("Div", lambda s, ct, out, a, b: (ct * (1 / b), -(ct * a) / (b * b))),
    "quotient, from its result": ("Div", lambda s, ct, out, a, b: (ct / b, -(ct / b) * out)),
    "tanh, by its result": ("Tanh", lambda s, ct, out, a: ct * (1.0 - out) * (1.0 + out)),
    "tanh, by cosh": ("Tanh", lambda s, ct, out, a: ct / ops.square(ops.cosh(a))),
    "sigmoid, split": ("Sigmoid", lambda s, ct, out, a: ct * out - ct * out * out),
    "sigmoid, by its opposite": ("Sigmoid", lambda s, ct, out, a: ct * out * ops.sigmoid(-a)),
    "exponential, anew": ("Exp", lambda s, ct, out, a: ops.exp(a) * ct),
    "exponential, of a half twice": ("Exp", lambda s, ct, out, a: ops.exp(a / 2) * ct * ops.exp(a / 2)),
    "logarithm, by a power": ("Log", lambda s, ct, out, a: ct * a**-1.0),
    "logarithm, by its result": ("Log", lambda s, ct, out, a: ct * ops.exp(-out)),
    "square, as a sum": ("Square", lambda s, ct, out, a: ct * a + a * ct),
    "root, of its operand": ("Sqrt", lambda s, ct, out, a: 0.5 * ct * a**-0.5),
    "sine, by a rounded shift": ("Sin", lambda s, ct, out, a: ct * ops.sin(a + np.pi / 2)),
    "sine, by a rounded factor": ("Sin", lambda s, ct, out, a: ct * ops.cos(a) * (np.pi * (1 / np.pi))),
    "cosine, by the other sign": ("Cos", lambda s, ct, out, a: ct * ops.sin(-a)),
    "matrices, transposed": ("MatMul", lambda s, ct, out, a, b: (turned(ops.matmul(b, turned(ct))), turned(ops.matmul(turned(ct), a)))),
    "matrices, by einsum": ("MatMul", lambda s, ct, out, a, b: (ops.einsum("ik,jk->ij", ct, b), ops.einsum("ij,ik->jk", a, ct))),
    "matrices, column by column": ("MatMul", column_by_column),
    "softmax, with its sum outside": ("Softmax", lambda s, ct, out, a: out * ct - out * (out * ct).sum(-1, keepdims=True)),
    "sum over all, by a product": ("ReduceSum", lambda s, ct, out, a: ops.ones_like(a) * s.kept(ct, a)),
    "a mask that is all ones": ("Tanh", lambda s, ct, out, a: ops.where(a == a, ct * (1.0 - out * out), ct)),
}  # fmt: skip


def everything(x: Tensor, y: Tensor) -> Tensor:
    """A network of all the rewritten ops."""
    z = ops.tanh(ops.matmul(x, y) * 0.3) / (ops.square(y) + 1.5) - ops.sin(x) * ops.sigmoid(y)
    w = ops.log(ops.exp(z) + 1.0) + ops.cos(z) * ops.sqrt(ops.square(x) + 1.0)
    return ops.softmax(w * 2.0) * x.sum() + w


@pytest.mark.parametrize("kind", ["float64", "float16"])
@pytest.mark.parametrize("name", REWRITTEN)
def test_a_rule_that_is_rewritten_is_not_flagged(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a rule computes is judged, not how it is written."""
    op, rule = REWRITTEN[name]
    monkeypatch.setattr(REGISTRY[op], "vjp", rule)
    x, y = np.random.default_rng(7).normal(size=(2, 3, 3)).astype(kind)
    assert mg.check(everything, x, y).verdict in FINE


def fresh_in_place(honest: Any) -> Any:
    """A voice that works in place on an array of its own."""

    def numpy(self: Any, *operands: Any) -> Any:
        result = np.array(honest(self, *operands))
        result += 0
        result *= 1
        return result

    return numpy


def copying(honest: Any) -> Any:
    """A voice that copies what it is given, and gives a view."""

    def numpy(self: Any, *operands: Any) -> Any:
        result = np.asarray(honest(self, *(np.array(one) for one in operands)))
        return result[...].reshape(result.shape)

    return numpy


def twice(honest: Any) -> Any:
    """A voice that computes twice and keeps a list of what it was asked."""
    asked: list[Any] = []

    def numpy(self: Any, *operands: Any) -> Any:
        asked.append([np.shape(one) for one in operands])
        honest(self, *operands)
        return honest(self, *operands)

    return numpy


def same_bytes(honest: Any) -> Any:
    """A voice that writes into its operand what stands there already."""

    def numpy(self: Any, *operands: Any) -> Any:
        result = np.array(honest(self, *operands))
        first = operands[0]
        if isinstance(first, np.ndarray) and first.flags.writeable:
            first[...] = first
        return result

    return numpy


VOICES = {
    "in place on its own": fresh_in_place,
    "copies and views": copying,
    "computes twice": twice,
    "writes the same": same_bytes,
}


@pytest.mark.parametrize("op", ["Mul", "MatMul", "Tanh", "Softmax", "Exp", "Div"])
@pytest.mark.parametrize("name", VOICES)
def test_a_voice_that_is_rewritten_is_not_flagged(name: str, op: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other code that computes the same numbers."""
    monkeypatch.setattr(REGISTRY[op], "numpy", VOICES[name](REGISTRY[op].numpy))
    x, y = np.random.default_rng(8).normal(size=(2, 3, 3))
    assert mg.check(everything, x, y).verdict in FINE


def stable_tanh(self: Any, a: Any) -> Any:
    """The hyperbolic tangent, differently rounded."""
    e = np.exp(-2 * np.abs(a))
    return np.sign(a) * (1 - e) / (1 + e) if np.asarray(a).dtype != object else np.tanh(a)


def test_a_voice_that_rounds_differently_is_not_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few units in the last place are no fault."""
    monkeypatch.setattr(REGISTRY["Tanh"], "numpy", stable_tanh)
    x = np.random.default_rng(9).normal(size=(3, 3)) + 0.2
    assert mg.check(lambda x: ops.tanh(x) * x, x).verdict in FINE


# Random networks ---------------------------------------------------------------------------------------------------

UNARY = (
    "tanh",
    "sigmoid",
    "sin",
    "cos",
    "square",
    "softplus",
    "softmax",
    "silu",
    "erf",
    "log_softmax",
    "gelu",
    "atan",
    "expm1",
)
BINARY = ("add", "sub", "mul", "div", "maximum", "matmul", "hypot")


def random_network(seed: int) -> Callable[..., Tensor]:
    """A straight line of random ops on values of one square shape, with reuse, views and reductions."""
    draw = np.random.default_rng(seed)
    plan = [
        (str(draw.choice(UNARY)), str(draw.choice(BINARY)), draw.integers(0, 99, 4))
        for _ in range(int(draw.integers(2, 6)))
    ]

    def network(x: Tensor, y: Tensor) -> Tensor:
        values = [x, y]
        for unary, binary, (i, j, k, view) in plan:
            a, b = values[i % len(values)], values[j % len(values)]
            a = getattr(ops, unary)(a * 0.5)
            if binary == "div":
                b = ops.square(b) + 1.0
            c = getattr(ops, binary)(a, b)
            if view % 5 == 0:
                c = ops.transpose(c, (1, 0))
            elif view % 5 == 1:
                c = ops.concat([c[1:], c[:1]], 0)
            elif view % 5 == 2:
                c = c - c.mean(k % 2, True)
            elif view % 5 == 3:
                c = c * c[k % 3]
            values.append(c)
        return values[-1] + values[-2] * 0.1 if seed % 3 else (values[-1] * values[-2]).sum(seed % 2)

    return network


@pytest.mark.parametrize("start", range(0, COUNT, 10))
def test_random_networks_raise_no_alarm(start: int) -> None:
    """Ten random networks at random data, each in a float dtype in turn."""
    for seed in range(start, start + 10):
        kind = ("float64", "float32", "float64", "float16")[seed % 4]
        x, y = np.random.default_rng(1000 + seed).normal(size=(2, 3, 3)).astype(kind)
        report = mg.check(random_network(seed), x, y, seed=seed)
        assert report.verdict in FINE, f"network {seed} in {kind}: {report.verdict}, {report.result.gradients[0].fault}"


@pytest.mark.parametrize("scale", [1e-150, 1e-60, 1e-12, 1e-3, 1e3, 1e12, 1e60, 1e150])
@pytest.mark.parametrize("name", ["linear", "product", "rational", "softmax", "norm"])
def test_the_size_of_the_data_raises_no_alarm(name: str, scale: float) -> None:
    """Very large and very small numbers, in networks that stay finite."""
    networks: dict[str, Callable[..., Any]] = {
        "linear": lambda x: (x[0] * 3.0 - x[1] / 7.0).sum(),
        "product": lambda x: x[0] * x[1],
        "rational": lambda x: x[0] / x[1] + x[1] / x[0],
        "softmax": lambda x: ops.softmax(x / scale) * 2.0,
        "norm": lambda x: x / ops.sqrt((x * x).sum()) if scale < 1e100 and scale > 1e-100 else x / ops.abs(x).sum(),
    }
    x = np.random.default_rng(3).normal(size=(2, 3)) * scale
    assert mg.check(networks[name], x).verdict in FINE


@pytest.mark.parametrize("power", range(1, 13, 2))
def test_an_ill_conditioned_inverse_is_no_alarm(power: int) -> None:
    """A nearly singular matrix loses digits; it is nobody's fault."""
    a = np.array([[1.0, 1.0], [1.0, 1.0 + 10.0**-power]])
    assert mg.check(lambda a, b: ops.matmul(ops.inverse(a), b), a, np.ones((2, 1))).verdict in FINE


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9, 1e-12])
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_cancellation_is_no_alarm(gap: float, kind: str) -> None:
    """The difference of nearly equal numbers under a steep function."""
    x = np.array([1.0, 2.0], kind)
    assert mg.check(lambda x: ops.log(ops.square(x + gap - x) + 1e-3 * x), x).verdict in FINE


class Renamed(nn.Cell):
    """A network with names of its own."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        setattr(self, first, Parameter(np.array([[0.3, -0.4], [0.2, 0.9]]), name=first))
        setattr(self, second, Parameter(np.array([0.5, -0.25]), name=second))
        self.names = first, second

    def construct(self, x: Tensor) -> Tensor:
        weight, bias = (getattr(self, name) for name in self.names)
        return ops.tanh(ops.matmul(x, weight) + bias)


@pytest.mark.parametrize("names", [("w", "b"), ("sens", "out"), ("v1", "v2"), ("lambda_", "E"), ("x_", "weight.bias_")])
def test_names_change_nothing(names: tuple[str, str]) -> None:
    """The same gradients under other names."""
    report = mg.check(Renamed(*(name.replace(".", "_") for name in names)), np.array([[1.0, -2.0]]))
    assert report.verdict == "agree"


@pytest.mark.parametrize("order", ["C", "F", "strided", "read-only", "broadcast"])
def test_the_layout_of_an_input_changes_nothing(order: str) -> None:
    """Views, Fortran order, negative strides and arrays that may not be written."""
    base = np.random.default_rng(4).normal(size=(4, 6))
    arrays = {"C": base[:3, :3].copy(), "F": np.asfortranarray(base[:3, :3]), "strided": base[::-1, ::2][:3]}
    arrays["read-only"] = base[:3, :3].copy()
    arrays["read-only"].setflags(write=False)
    arrays["broadcast"] = np.broadcast_to(base[0, :3], (3, 3))
    assert mg.check(lambda x: ops.tanh(ops.matmul(x, x)) * x, arrays[order]).verdict == "agree"


def test_one_array_given_twice_is_two_inputs() -> None:
    """Operands that share memory are no in-place change."""
    x = np.random.default_rng(5).normal(size=(3, 3))
    report = mg.check(lambda x, y: ops.matmul(x, y) - y * x, x, x)
    assert report.verdict == "agree"
