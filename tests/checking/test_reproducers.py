"""Shrunk reproducers: each fault comes with code that a person can paste, and that code shows the same fault."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.checking.reproducing.shrink import Tries, shrunk
from msgrad_ext.checking.reproducing.specimen import alone, shortened
from msgrad_ext.checking.reproducing.written import array_text, identifiers
from msgrad_ext.errors import Location
from msgrad_ext.ir import Eqn, Var
from msgrad_ext.tensor import Tensor

from .test_lies import LIES, REGISTRY, WRONG_SHAPES, X, Y, first_fault, honest, scaled

# Lies that hold an array of a fixed shape, or need a matrix: the least size at which they can be seen at all.
LARGER = {"one entry only": 6, "sums to zero over a row": 3, "matmul transposed wrongly": 4}


def pasted(code: str) -> Any:
    """The report that the reproducer's last line gives, in a namespace of its own."""
    *lines, last = code.split("\n")
    namespace: dict[str, Any] = {}
    exec("\n".join(lines), namespace)  # our own text, in a closed namespace
    return eval(last, namespace)


@pytest.mark.parametrize("name", LIES)
def test_a_lie_has_a_reproducer_of_least_size_that_shows_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lie shrinks to two elements, or to what its own constants need; the code runs and the same one is named."""
    op, rule, network, _ = LIES[name]
    monkeypatch.setattr(REGISTRY[op], "vjp", rule)
    fault = first_fault(mg.check(network, X, Y))
    again = first_fault(pasted(fault.reproducer))
    assert (again.op, again.operand, again.side) == (fault.op, fault.operand, fault.side)
    assert fault.reproduction.elements <= LARGER.get(name, 2)


@pytest.mark.parametrize("name", WRONG_SHAPES)
def test_a_rule_of_wrong_form_has_a_reproducer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that gives no gradient at all is reproduced too."""
    monkeypatch.setattr(REGISTRY["Mul"], "vjp", WRONG_SHAPES[name])
    fault = first_fault(mg.check(lambda x, y: x * y, X, Y))
    assert (first_fault(pasted(fault.reproducer)).op, fault.reproduction.elements <= 2) == ("Mul", True)


def test_numbers_are_simple(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where any number will do, it is 1."""
    monkeypatch.setattr(REGISTRY["Sin"], "vjp", scaled("Sin", 0, 2.0))
    code = first_fault(mg.check(lambda x: ops.sin(x * 1.7) * x, X)).reproducer
    assert code.endswith("def net(a):\n    return ops.Sin()(a)\n\nmg.check(net, np.array([1.0]))")


def test_numbers_are_as_simple_as_the_lie_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lie above 2 only needs a number above 2."""
    rule = lambda s, ct, out, a: ct * ops.where(a > 2.0, 3.0 * ops.square(a), 2.0 * a)  # noqa: E731
    monkeypatch.setattr(REGISTRY["Square"], "vjp", rule)
    code = first_fault(mg.check(lambda x: ops.square(x), X)).reproducer
    assert code.endswith("np.array([3.0]))")


def test_settings_follow_the_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reduction over the second of three axes becomes one over the only axis."""
    monkeypatch.setattr(REGISTRY["ReduceSum"], "vjp", scaled("ReduceSum", 0, 2.0))
    code = first_fault(mg.check(lambda x: x.sum(1), np.ones((2, 3, 4)))).reproducer
    assert "ops.ReduceSum()(a, axis=(0,))" in code and "np.array([1.0])" in code


def test_memory_is_not_read_beyond_an_operand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows take their settings from a call for the smaller shape, which says what fits."""
    monkeypatch.setattr(REGISTRY["Windows"], "vjp", scaled("Windows", 0, 2.0))
    pool = nn.AvgPool2d(2, 2)
    fault = first_fault(mg.check(lambda x: pool(x), np.arange(16.0).reshape(1, 1, 4, 4)))
    assert first_fault(pasted(fault.reproducer)).op == "Windows"


def test_a_meaning_that_lies_is_reproduced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The symbolic side too."""
    meaning = honest("Tanh", "meaning")
    monkeypatch.setattr(REGISTRY["Tanh"], "meaning", lambda s, a: lambda *i: 2 * meaning(s, a)(*i))
    fault = first_fault(mg.check(lambda x: ops.tanh(x) * x, X))
    assert (first_fault(pasted(fault.reproducer)).side, fault.reproduction.elements) == ("symbolic", 1)


def test_a_voice_that_is_wrong_in_float32_alone_keeps_the_dtype(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reproducer computes in the dtype in which the fault shows."""
    voice = honest("Exp", "numpy")
    lie = lambda s, a: voice(s, a) * np.float32(1.01) if a.dtype == np.float32 else voice(s, a)  # noqa: E731
    monkeypatch.setattr(REGISTRY["Exp"], "numpy", lie)
    fault = first_fault(mg.check(lambda x: ops.exp(x) * x, X.astype(np.float32)))
    assert "dtype=np.float32" in fault.reproducer and first_fault(pasted(fault.reproducer)).op == "Exp"


def test_a_fault_of_second_order_is_reproduced_at_second_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that holds its operand fixed is right once and wrong when it is differentiated."""
    monkeypatch.setattr(REGISTRY["Square"], "vjp", lambda s, ct, out, a: ct * 2.0 * ops.stop_gradient(a))
    fault = first_fault(mg.check(lambda x: ops.square(x) * x, X, order=2))
    assert fault.detail.startswith("second order") and fault.reproducer.endswith("np.array([1.0]), order=2)")
    assert first_fault(pasted(fault.reproducer)).op == "Square"


class Scaled(nn.Cell):
    """A linear map whose derivative is wrong by its first operand; it counts how often that is asked."""

    calls = 0

    def construct(self, x: Tensor, w: Tensor) -> Tensor:
        return ops.matmul(x, w)

    def bprop(self, x: Tensor, w: Tensor, out: Tensor, dout: Tensor) -> Any:
        Scaled.calls += 1
        return ops.matmul(dout, w.T) * 1.5, ops.matmul(x.T, dout)


@pytest.mark.parametrize("inside", [False, True])
def test_a_users_bprop_is_reproduced_by_a_call_of_the_cell(inside: bool) -> None:
    """The code calls the user's class with one number for each operand; the check ran the derivative once."""

    class Outer(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Scaled()

        def construct(self, x: Tensor, w: Tensor) -> Tensor:
            return ops.sin(self.inner(x * 2.0, w))

    Scaled.calls = 0
    fault = first_fault(mg.check(Outer() if inside else Scaled(), X, Y.T))
    assert fault.reproducer.endswith("net = Scaled()\nmg.check(net, np.array([[1.0]]), np.array([[1.0]]))")
    assert Scaled.calls == 1


def test_parameters_of_a_users_cell_stay_as_they_are() -> None:
    """A cell with parameters is called with fewer rows, and a remark says that it needs its parameters."""

    class Layer(nn.Cell):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.w = Parameter(np.ones((3, width)))

        def construct(self, x: Tensor) -> Tensor:
            return ops.matmul(x, self.w)

        def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
            return (ops.matmul(dout, self.w.T) * 2.0,)

    code = first_fault(mg.check(Layer(2), X)).reproducer
    assert "net = Layer(width=...)  # as in your cell" in code and "np.array([[1.0, 1.0, 1.0]])" in code


def test_a_large_fixed_shape_has_no_reproducer_but_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can not be shrunk is not printed by the page; the report says why."""
    rule = lambda s, ct, out, a: ct * out * Tensor(np.full((9, 9), 2.0))  # noqa: E731
    monkeypatch.setattr(REGISTRY["Exp"], "vjp", rule)
    made = first_fault(mg.check(lambda x: ops.exp(x), np.ones((9, 9)))).reproduction
    assert (made.code, made.note) == ("", "no reproducer: the fault shows at no smaller shape than one of 81 elements")


def test_reports_of_one_fault_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of the attempts is fixed."""
    monkeypatch.setattr(REGISTRY["Div"], "vjp", scaled("Div", 1, 1.5))
    texts = {str(mg.check(lambda x, y: ops.tanh(x) / y, X, Y)).split("Network")[0] for _ in range(3)}
    assert len(texts) == 1


def test_the_tries_are_counted() -> None:
    """No more questions are asked than were allowed."""
    var, out = Var("a", (5, 7), np.dtype(float)), Var("out", (5, 7), np.dtype(float))
    specimen = alone(Eqn(REGISTRY["Exp"](), (var,), out, Location("f", 1, "g")), {var: np.arange(35.0).reshape(5, 7)})
    asked: list[int] = []
    shrunk(specimen, lambda one: bool(asked.append(1)), Tries(9))
    assert len(asked) == 9


def test_an_axis_is_cut_in_all_operands_that_share_it() -> None:
    """The contract holds at every step."""
    a, b = Var("a", (2, 3), np.dtype(float)), Var("b", (3, 4), np.dtype(float))
    out = Var("out", (2, 4), np.dtype(float))
    specimen = alone(Eqn(REGISTRY["MatMul"](), (a, b), out), {a: np.ones((2, 3)), b: np.ones((3, 4))})
    found = shortened(specimen, 3, 0)
    assert found is not None and [one.shape for one in found.arrays] == [(2, 1), (1, 4)]
    assert shortened(specimen, 3, 0, only=0) is None


def test_names_of_users_are_put_into_code_only_if_they_are_identifiers() -> None:
    """Anything else is called by its place."""
    assert identifiers(["x", "class", "a b", "__import__('os')", "np", "x"]) == ["x", "x2", "x3", "x4", "x5", "x6"]


def test_arrays_are_written_exactly() -> None:
    """Every value, the dtype and what is not finite come back."""
    arrays = [np.array([[0.1, -np.inf], [np.nan, 1e-300]]), np.array([True]), np.array(3, np.int32), np.zeros((0, 2))]
    for array in arrays:
        back = eval(array_text(array), {"np": np})
        assert back.dtype == array.dtype and np.array_equal(back, array, equal_nan=array.dtype.kind == "f")
