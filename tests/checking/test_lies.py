"""Planted lies of many kinds: each is caught, and who told it is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.errors import GradientError
from msgrad_ext.ops import GradOperation
from msgrad_ext.tensor import Tensor

REGISTRY = mg.registered_ops()
X = np.array([[0.5, -1.5, 2.5], [1.25, 0.75, -0.25]])
Y = np.array([[1.5, 0.5, -0.5], [2.25, -1.75, 3.25]])


def honest(name: str, voice: str) -> Any:
    """A voice as the package has it."""
    return getattr(REGISTRY[name], voice)


def first_fault(report: Any) -> Any:
    """The fault of the first gradient that disagrees."""
    return next(gradient.fault for gradient in report.result.gradients if gradient.status == "disagree")


def scaled(name: str, position: int, factor: float) -> Any:
    """The rule of an op with one cotangent scaled."""
    rule = honest(name, "vjp")

    def vjp(self: Any, ct: Any, out: Any, *operands: Any) -> Any:
        result = rule(self, ct, out, *operands)
        parts = list(result) if isinstance(result, tuple) else [result]
        parts[position] = parts[position] * factor
        return tuple(parts)

    return vjp


# (op, lying rule, network of x and y, operand that is wrong)
LIES: dict[str, tuple[str, Any, Any, str]] = {
    "sign": ("Sin", scaled("Sin", 0, -1.0), lambda x, y: ops.sin(x) * y, "a"),
    "factor 2": ("Exp", scaled("Exp", 0, 2.0), lambda x, y: ops.exp(x) * y, "a"),
    "zero": ("Tanh", scaled("Tanh", 0, 0.0), lambda x, y: ops.tanh(x) * y, "a"),
    "one in 1e12": ("Mul", scaled("Mul", 0, 1 + 1e-12), lambda x, y: x * y, "a"),
    "second operand": ("Div", scaled("Div", 1, 1 + 1e-9), lambda x, y: x / y, "b"),
    "forgot the minus": ("Sub", lambda s, ct, out, a, b: (ct, ct), lambda x, y: x - y, "b"),
    "operands swapped": ("Mul", lambda s, ct, out, a, b: (ct * a, ct * b), lambda x, y: x * y, "a"),
    "cotangent forgotten": ("Square", lambda s, ct, out, a: 2 * a, lambda x, y: ops.square(x) * y, "a"),
    "None for a gradient": ("Mul", lambda s, ct, out, a, b: (None, ct * a), lambda x, y: x * y, "a"),
    "output for input": ("Sin", lambda s, ct, out, a: ct * ops.cos(out), lambda x, y: ops.sin(x) * y, "a"),
    "1 - a for 1 - out": ("Sigmoid", lambda s, ct, out, a: ct * out * (1 - a), lambda x, y: ops.sigmoid(x) * y, "a"),
    "absolute offset": ("Cos", lambda s, ct, out, a: -(ct * ops.sin(a)) + 1e-10, lambda x, y: ops.cos(x) * y, "a"),
    "one entry only": (
        "Exp",
        lambda s, ct, out, a: ct * out * Tensor(np.array([[1, 1, 1], [1, 1 + 1e-9, 1]])),
        lambda x, y: ops.exp(x) * y,
        "a",
    ),
    "sums to zero over a row": (
        "Exp",
        lambda s, ct, out, a: ct * out + Tensor(np.array([1e-9, -1e-9, 0.0])),
        lambda x, y: ops.exp(x) * y,
        "a",
    ),
    "relu of the other side": (
        "ReLU", lambda s, ct, out, a: ops.where(a > 0, ops.zeros_like(ct), ct), lambda x, y: ops.relu(x) * y, "a",
    ),
    "softmax without its sum": ("Softmax", lambda s, ct, out, a: out * ct, lambda x, y: ops.softmax(x) * y, "a"),
    "mean without its count": (
        "ReduceMean", lambda s, ct, out, a: ops.ones_like(a) * s.kept(ct, a), lambda x, y: (x * y).mean(1) * 2.0, "a",
    ),
    "matmul transposed wrongly": (
        "MatMul", lambda s, ct, out, a, b: (ct @ b, a @ ct), lambda x, y: x[:, :2] @ y[:, :2], "a",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_a_lying_rule_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong rule makes the verdict "disagree"."""
    op, rule, network, _ = LIES[name]
    monkeypatch.setattr(REGISTRY[op], "vjp", rule)
    assert mg.check(network, X, Y).verdict == "disagree"


@pytest.mark.parametrize("name", LIES)
def test_a_lying_rule_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault names the op, the operand and the numeric side."""
    op, rule, network, operand = LIES[name]
    monkeypatch.setattr(REGISTRY[op], "vjp", rule)
    fault = first_fault(mg.check(network, X, Y))
    assert (fault.op, fault.operand, fault.side) == (op, operand, "numeric")


@pytest.mark.parametrize("kind", ["float16", "float32"])
@pytest.mark.parametrize("name", ["sign", "one in 1e12", "absolute offset", "second operand"])
def test_a_small_lie_is_caught_in_low_precision_too(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule is judged in fifty digits, whatever dtype the network computes in."""
    op, rule, network, operand = LIES[name]
    monkeypatch.setattr(REGISTRY[op], "vjp", rule)
    fault = first_fault(mg.check(network, X.astype(kind), Y.astype(kind)))
    assert (fault.op, fault.operand) == (op, operand)


@pytest.mark.parametrize("seed", range(10))
def test_a_lie_of_one_in_1e12_is_caught_at_every_seed(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Detection does not depend on the luck of a seed."""
    monkeypatch.setattr(REGISTRY["MatMul"], "vjp", scaled("MatMul", 0, 1 + 1e-12))
    assert first_fault(mg.check(lambda x, y: x @ y.T, X, Y, seed=seed)).op == "MatMul"


def test_the_first_offending_index_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is that of the entry that is wrong, not just any."""
    op, rule, network, _ = LIES["one entry only"]
    monkeypatch.setattr(REGISTRY[op], "vjp", rule)
    assert first_fault(mg.check(network, X, Y)).index == (1, 1)


def test_the_users_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is that of the call in the network, which has two calls of the op's kind."""
    monkeypatch.setattr(REGISTRY["Sin"], "vjp", scaled("Sin", 0, 1.5))

    def network(x: Tensor) -> Tensor:
        y = ops.cos(x)
        return ops.sin(y)  # here

    fault = first_fault(mg.check(network, X))
    assert fault.location.text == "return ops.sin(y)  # here"


def test_the_liar_among_many_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a network of a dozen ops the one that lies is named, not its neighbours."""
    monkeypatch.setattr(REGISTRY["Log"], "vjp", scaled("Log", 0, 1 + 1e-8))

    def network(x: Tensor, y: Tensor) -> Tensor:
        z = ops.exp(ops.tanh(x) * y) + ops.square(x - y)
        return ops.sqrt(ops.log(z + 1.0) + 1.0).sum() / ops.exp(x).mean()

    assert first_fault(mg.check(network, X, Y)).op == "Log"


WRONG_SHAPES: dict[str, Any] = {
    "shape": lambda s, ct, out, a, b: ((ct * b).sum(), ct * a),
    "count": lambda s, ct, out, a, b: (ct * b,),
    "dtype": lambda s, ct, out, a, b: (ops.cast(ct * b, mg.float32), ct * a),
    "shape within": lambda s, ct, out, a, b: (ct @ b, ct * a),
    "no tensor": lambda s, ct, out, a, b: (1.0, ct * a),
}


@pytest.mark.parametrize("name", WRONG_SHAPES)
def test_a_rule_of_wrong_form_is_a_fault_not_a_crash(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cotangent of a wrong number, shape or dtype is named before any number is compared."""
    monkeypatch.setattr(REGISTRY["Mul"], "vjp", WRONG_SHAPES[name])
    fault = first_fault(mg.check(lambda x, y: x * y, X, Y))
    assert (fault.op, fault.side) == ("Mul", "numeric")


def test_a_numpy_voice_of_wrong_shape_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that breaks the contract is the forward side's fault."""
    monkeypatch.setattr(REGISTRY["Sin"], "numpy", lambda self, a: np.sin(a).sum())
    fault = first_fault(mg.check(ops.sin, X))
    assert (fault.op, fault.side) == ("Sin", "forward")


def test_a_numpy_voice_that_is_wrong_in_float32_only_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that appears in the user's dtype alone is found in the floats."""
    voice = honest("Exp", "numpy")
    monkeypatch.setattr(
        REGISTRY["Exp"], "numpy", lambda s, a: voice(s, a) * np.float32(1.01) if a.dtype == np.float32 else voice(s, a)
    )
    fault = first_fault(mg.check(lambda x: ops.exp(x) * x, X.astype(np.float32)))
    assert (fault.op, fault.side) == ("Exp", "forward")


def test_rule_and_meaning_that_lie_together_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A common lie of both roads is contradicted by the forward program's slopes."""
    meaning = honest("Sin", "meaning")
    monkeypatch.setattr(REGISTRY["Sin"], "vjp", scaled("Sin", 0, 2.0))
    monkeypatch.setattr(REGISTRY["Sin"], "meaning", lambda s, a: lambda *i: 2 * meaning(s, a)(*i))
    assert mg.check(lambda x: ops.sin(x), X).verdict == "disagree"


def test_a_rule_that_remembers_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A voice that gives another result at each call never agrees."""
    calls = []

    def numpy(self: Any, a: np.ndarray) -> np.ndarray:
        calls.append(1)
        return np.sin(a) * (1 + 1e-3 * len(calls)) if a.dtype != object else honest_sin(self, a)

    honest_sin = honest("Sin", "numpy")
    monkeypatch.setattr(REGISTRY["Sin"], "numpy", numpy)
    assert mg.check(lambda x: ops.sin(x) * x, X).verdict in ("nondeterministic", "disagree")


def test_a_lie_at_second_order_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is used only inside the first gradient is judged when the second is taken."""
    monkeypatch.setattr(REGISTRY["Cos"], "vjp", scaled("Cos", 0, 1 + 1e-9))
    fault = first_fault(mg.check(lambda x: ops.sin(x) * x, X, order=2))
    assert (fault.op, fault.operand) == ("Cos", "a")


def test_a_lie_does_not_stay_in_a_cache() -> None:
    """A voice is read when it is used: before, during and after a lie the verdicts are right."""
    network = lambda x: ops.exp(x) * 2.0  # noqa: E731
    before = mg.check(network, X).verdict
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(REGISTRY["Exp"], "vjp", scaled("Exp", 0, 1.1))
        during = mg.check(network, X).verdict
    assert (before, during, mg.check(network, X).verdict) == ("agree", "disagree", "agree")


def test_a_lie_in_the_loss_layer_names_the_parameters_it_spoils(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every gradient that a lie reaches disagrees; one that it does not reach still agrees."""
    monkeypatch.setattr(REGISTRY["Tanh"], "vjp", scaled("Tanh", 0, 1.1))

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.w, self.b = Parameter(np.ones((3, 2))), Parameter(np.ones(2))

        def construct(self, x: Tensor) -> Tensor:
            return ops.tanh(x @ self.w) + self.b

    report = mg.check(Net(), X)
    assert [report[name].status for name in report] == ["disagree", "disagree", "agree"]


def test_raise_if_wrong_names_op_operand_and_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """For test suites: one error with all that is needed to find the fault."""
    op, rule, network, _ = LIES["one entry only"]
    monkeypatch.setattr(REGISTRY[op], "vjp", rule)
    with pytest.raises(GradientError, match=r"Exp, operand a, numeric side, at \[1, 1\]"):
        mg.check(network, X, Y).raise_if_wrong()


def test_raise_if_wrong_returns_the_report_when_all_is_right() -> None:
    """So that a suite can go on with it."""
    report = mg.check(lambda x: x * x, X)
    assert report.raise_if_wrong() is report


def test_a_lie_inside_a_nested_gradient_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that takes a gradient itself: the op that lies inside is found."""
    monkeypatch.setattr(REGISTRY["Sigmoid"], "vjp", scaled("Sigmoid", 0, 1 + 1e-9))

    class Penalty(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.w = Parameter(np.array([0.3, -0.2, 0.7]))

        def construct(self, x: Tensor) -> Tensor:
            inner = GradOperation()(lambda x: ops.sigmoid(x * self.w).sum())
            return (inner(x) ** 2.0).sum()

    fault = first_fault(mg.check(Penalty(), X))
    assert (fault.op, fault.side) == ("Sigmoid", "numeric")


def test_a_rule_of_a_wrong_shape_is_told_for_each_gradient(monkeypatch) -> None:
    """No gradient can be computed then, and each one that was asked for says why and who."""
    monkeypatch.setattr(mg.registered_ops()["MatMul"], "vjp", lambda self, ct, out, a, b: (ct, a.T @ ct))
    report = mg.check(lambda x, y: ops.matmul(x, y), np.ones((2, 3)), np.ones((3, 4)))
    assert report.names == ("x", "y")
    assert report["x"].status == "disagree"
    assert (report["x"].fault.op, report["x"].fault.operand, report["x"].fault.side) == ("MatMul", "a", "numeric")
    assert report["x"].value.shape == (2, 3)
