"""Derivatives that users write: a right one agrees at every order, a wrong one is named with its line and its input."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.tensor import Tensor

A = np.array([[1.0, 2.0], [0.5, -1.0]])
B = np.array([[0.3, -0.2], [0.1, 0.7]])


class Linear(nn.Cell):
    """``x @ w`` with the backward function by hand."""

    def construct(self, x: Tensor, w: Tensor) -> Tensor:
        return x @ w

    def bprop(self, x: Tensor, w: Tensor, out: Tensor, dout: Tensor) -> Any:
        return self.back(x, w, out, dout)

    def back(self, x: Tensor, w: Tensor, out: Tensor, dout: Tensor) -> Any:
        return dout @ w.T, x.T @ dout


class Around(nn.Cell):
    """A cell between two other ops, so that neither its inputs nor its cotangent are simple."""

    def __init__(self, inner: nn.Cell) -> None:
        super().__init__()
        self.inner = inner

    def construct(self, *inputs: Tensor) -> Tensor:
        first, *others = inputs
        return ops.tanh(self.inner(ops.sin(first), *others)) * 2


def linear(back: Callable[..., Any]) -> nn.Cell:
    """`Linear` with another backward function."""

    class Wrong(Linear):
        def back(self, *args: Any) -> Any:
            return back(*args)

    return Wrong()


class Softmax(nn.Cell):
    def construct(self, x: Tensor) -> Tensor:
        return ops.softmax(x)

    def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
        return out * (dout - (dout * out).sum(-1, keepdims=True))


class Exp(nn.Cell):
    def construct(self, x: Tensor) -> Tensor:
        return ops.exp(x)

    def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
        return dout * out


class Two(nn.Cell):
    def construct(self, x: Tensor) -> Any:
        return x * x, ops.sin(x)

    def bprop(self, x: Tensor, out: Any, dout: Any) -> Any:
        return dout[0] * 2 * x + dout[1] * ops.cos(x)


class Kept(nn.Cell):
    """A value of the forward run is kept for the backward one."""

    def construct(self, x: Tensor) -> Tensor:
        self.kept = ops.sin(x)
        return self.kept * self.kept

    def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
        return dout * 2 * self.kept * ops.cos(x)


class Branch(nn.Cell):
    def construct(self, x: Tensor) -> Tensor:
        return x * x

    def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
        if dout.sum() > 0:
            return 2 * x * dout
        return (x + x) * dout


class Nested(nn.Cell):
    """A backward function that calls another cell which has one, and a gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.exp = Exp()

    def construct(self, x: Tensor) -> Tensor:
        return self.exp(x) * ops.sin(x)

    def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
        return dout * (out + self.exp(x) * mg.grad(ops.sin)(x))


class Looked(nn.Cell):
    """A hook that only looks."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Dense(2, 3, weight_init="ones")
        self.dense.register_backward_hook(lambda cell, grad_input, grad_output: None)

    def construct(self, x: Tensor) -> Tensor:
        h = ops.sin(x)
        h.register_hook(lambda sent: None)
        return ops.tanh(self.dense(ops.HookBackward(lambda sent: None)(h)))


RIGHT = [(Linear(), (A, B)), *((cell(), (A,)) for cell in (Softmax, Exp, Two, Kept, Branch, Nested))]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("cell", "inputs"), RIGHT, ids=[type(cell).__name__ for cell, _ in RIGHT])
def test_a_right_bprop_agrees(cell: nn.Cell, inputs: Any, order: int) -> None:
    """Alone, at first and second order."""
    assert mg.check(cell, *inputs, order=order).verdict == "agree"


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("cell", [Linear(), Softmax(), Exp()], ids=lambda cell: type(cell).__name__)
def test_a_right_bprop_agrees_inside_a_network(cell: nn.Cell, order: int) -> None:
    """With ops around it."""
    inputs = (A, B) if isinstance(cell, Linear) else (A,)
    assert mg.check(Around(cell), *inputs, order=order).verdict == "agree"


def test_a_right_bprop_agrees_in_float32() -> None:
    """In the network's own dtype."""
    assert mg.check(Softmax(), A.astype(np.float32)).verdict == "agree"


@pytest.mark.parametrize("order", [1, 2])
def test_hooks_that_look_agree(order: int) -> None:
    """They leave the gradient as it is."""
    network = Looked()
    assert mg.check(network, A.astype(np.float32), order=order).verdict == "agree"


def bumped(gradient: Tensor) -> Tensor:
    """``gradient``, off by a hundredth in one element."""
    factors = np.ones(gradient.shape)
    factors[1, 0] = 1.01
    return gradient * Tensor(factors)


WRONG = {
    "factor": (lambda x, w, out, dout: (2 * dout @ w.T, x.T @ dout), "x", (0, 0)),
    "factor near one": (lambda x, w, out, dout: (dout @ w.T, 1.000000001 * x.T @ dout), "w", (0, 0)),
    "sign": (lambda x, w, out, dout: (-dout @ w.T, x.T @ dout), "x", (0, 0)),
    "not transposed": (lambda x, w, out, dout: (dout @ w, x.T @ dout), "x", (0, 0)),
    "dout forgotten": (lambda x, w, out, dout: (ops.ones_like(out) @ w.T, x.T @ dout), "x", (0, 0)),
    "swapped": (lambda x, w, out, dout: (x.T @ dout, dout @ w.T), "x", (0, 0)),
    "one element": (lambda x, w, out, dout: (bumped(dout @ w.T), x.T @ dout), "x", (1, 0)),
    "none": (lambda x, w, out, dout: (None, x.T @ dout), "x", (0, 0)),
    "out for input": (lambda x, w, out, dout: (dout @ w.T, out.T @ dout), "w", (0, 0)),
    "scalar": (lambda x, w, out, dout: (dout.sum(), x.T @ dout), "x", None),
    "one too few": (lambda x, w, out, dout: (dout @ w.T,), None, None),
    "one too many": (lambda x, w, out, dout: (dout @ w.T, x.T @ dout, dout), None, None),
    "dtype": (lambda x, w, out, dout: ((dout @ w.T).astype(mg.float32), x.T @ dout), "x", None),
}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(("back", "operand", "index"), WRONG.values(), ids=WRONG)
def test_a_wrong_bprop_is_named(back: Any, operand: str | None, index: Any, inside: bool) -> None:
    """With the cell's class, the input, the first wrong index and the line of the return."""
    report = mg.check(Around(linear(back)) if inside else linear(back), A, B)
    fault = report[report.names[int(operand == "w")]].fault
    assert report.verdict == "disagree"
    assert (fault.op, fault.operand, fault.side, fault.index) == ("Wrong", operand, "numeric", index)
    lines, start = inspect.getsourcelines(Linear.bprop)
    assert fault.line == start + len(lines) - 1
    with pytest.raises(AssertionError, match="Wrong"):
        report.raise_if_wrong()


def test_the_other_gradients_of_a_wrong_bprop_agree() -> None:
    """Only what is wrong is called wrong."""
    report = mg.check(linear(lambda x, w, out, dout: (2 * dout @ w.T, x.T @ dout)), A, B)
    assert (report["x"].status, report["w"].status) == ("disagree", "agree")


def test_a_missing_sum_over_a_broadcast_axis_is_named() -> None:
    """The gradient must have its input's shape."""

    class Add(nn.Cell):
        def construct(self, x: Tensor, b: Tensor) -> Tensor:
            return x + b

        def bprop(self, x: Tensor, b: Tensor, out: Tensor, dout: Tensor) -> Any:
            return dout, dout

    fault = mg.check(Add(), A, A[0])["b"].fault
    assert (fault.op, fault.operand) == ("Add", "b")
    assert "shape (2,), but got (2, 2)" in fault.detail


class WrongSecond(nn.Cell):
    def construct(self, x: Tensor) -> Tensor:
        return x * x

    def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
        return dout * 2 * ops.stop_gradient(x)


def test_a_wrong_second_derivative_is_named_at_second_order_only() -> None:
    """The first derivative is right, its own derivative is not."""
    assert mg.check(WrongSecond(), A).verdict == "agree"
    fault = mg.check(WrongSecond(), A, order=2)["x"].fault
    assert (fault.op, fault.operand, fault.side) == ("WrongSecond", "x", "numeric")
    assert "second derivative" in fault.detail


def test_a_bprop_with_a_state_is_judged_each_time() -> None:
    """Each gradient is judged by the run that gave it; the check never runs the user's Python again."""

    class Stateful(nn.Cell):
        calls = 0

        def construct(self, x: Tensor) -> Tensor:
            return x * x

        def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
            Stateful.calls += 1
            return dout * (2 if Stateful.calls == 1 else 3) * x

    cell = Stateful()
    assert [mg.check(cell, A).verdict for _ in range(2)] == ["agree", "disagree"]
    assert Stateful.calls == 2


def test_what_a_bprop_prints_is_printed_once(capsys: Any) -> None:
    """The check repeats nothing of what the user wrote."""

    class Prints(nn.Cell):
        def construct(self, x: Tensor) -> Tensor:
            return x * x

        def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
            print("dout", dout)
            return 2 * x * dout

    mg.check(Prints(), np.array([3.0]))
    assert capsys.readouterr().out == "dout [1.]\n"


def test_parameters_of_a_bprop_are_constants_by_convention() -> None:
    """MindSpore gives them no gradient; the report says so and does not call it wrong."""

    class Scale(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.w = Parameter(np.array([2.0, 3.0]), name="w")

        def construct(self, x: Tensor) -> Tensor:
            return x * self.w

        def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
            return dout * self.w

    report = mg.check(Scale(), A)
    assert report.verdict == "agree"
    assert report["w"].value.tolist() == [0.0, 0.0]
    assert any("constant by MindSpore's convention" in note for note in report.result.notes)
    assert mg.check(Scale(), A, order=2)["w"].status == "unchecked"


def test_a_bprop_in_numpy_is_right_at_its_values_and_no_more() -> None:
    """What numpy computes is a constant of the graph: at other weights nothing is known of it."""

    class Numpy(nn.Cell):
        factor = 2

        def construct(self, x: Tensor) -> Tensor:
            return x * x

        def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
            return Tensor(self.factor * dout.asnumpy() * x.asnumpy())

    assert mg.check(Numpy(), A)["x"].status == "unchecked"
    wrong = Numpy()
    wrong.factor = 3
    assert mg.check(wrong, A)["x"].fault.op == "Numpy"


def test_a_bprop_of_another_convention_at_a_kink_is_told_with_the_kink() -> None:
    """Here 1 at zero, where MindSpore takes 0."""

    class Relu(nn.Cell):
        def construct(self, x: Tensor) -> Tensor:
            return ops.relu(x)

        def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
            return dout * (x >= 0).astype(x.dtype)

    assert mg.check(Relu(), np.array([-1.0, 2.0])).verdict == "agree"
    assert "not differentiable here" in mg.check(Relu(), np.array([0.0, 2.0]))["x"].fault.detail


HOOKS: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "HookBackward": (lambda x: ops.HookBackward(lambda sent: (sent[0] * 2,))(x * x), "HookBackward"),
    "InsertGradientOf": (lambda x: ops.InsertGradientOf(lambda sent: sent * 0.5)(x * x), "InsertGradientOf"),
}


@pytest.mark.parametrize(("network", "op"), HOOKS.values(), ids=HOOKS)
def test_a_hook_that_changes_the_gradient_is_named(network: Any, op: str) -> None:
    """By its op and the line where it stands."""
    fault = mg.check(network, A)["x"].fault
    assert (fault.op, fault.side, fault.line) == (op, "numeric", network.__code__.co_firstlineno)


def test_a_cell_hook_that_changes_the_gradient_is_named() -> None:
    """By the class of the cell."""
    cell = nn.Tanh()
    cell.register_backward_hook(lambda cell, grad_input, grad_output: (grad_input[0] * 2,))
    assert mg.check(cell, A)["x"].fault.op == "Tanh"


def test_formulas_are_those_of_construct() -> None:
    """Never of what the user wrote."""
    wrong = linear(lambda x, w, out, dout: (7 * dout @ w.T, x.T @ dout))
    assert mg.derive(wrong, {"x": ("m", "k"), "w": ("k", "n")}, sens="G")["x"].text == "X_bar = G W^T"
    report = mg.check(Exp(), A)
    np.testing.assert_allclose(report.formula("x").evaluate({"x": A}), np.exp(A), rtol=1e-14)


def test_a_cell_shows_what_bprop_prints(capsys: Any) -> None:
    """Once; what construct prints is not printed twice."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "msgrad_ext")
    lines = [
        "from mindspore import nn, Tensor",
        "class Net(nn.Cell):",
        "    def construct(self, x):",
        "        print('forward')",
        "        return x * x",
        "    def bprop(self, x, out, dout):",
        "        print('backward', dout)",
        "        return 3 * x * dout",
        "Net()(Tensor([2.0]))",
    ]
    shell.run_cell_magic("gradcell", "-q -o report", "\n".join(lines))
    assert capsys.readouterr().out == "forward\nbackward [1.]\n"
    fault = shell.user_ns["report"]["x"].fault
    assert (fault.op, fault.line) == ("Net", 9)


def test_one_fault_of_several_gradients_is_told_once() -> None:
    """With the names of all that it spoils."""
    wrong = linear(lambda x, w, out, dout: (x + 1, x.T @ dout))
    report = mg.check(lambda x, w, b: wrong(x * b, w), A, A.T, np.array(2.0))
    text = str(report)
    spoilt = [one.name for one in report.result.gradients if one.fault]
    assert len(spoilt) == 2 and text.count("Wrong: ") == 1
    assert f"Wrong: gradients by {', '.join(spoilt)}" in text
