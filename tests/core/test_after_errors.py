"""After any error the next call works: nothing of a failed trace stays behind. (In MindSpore 2.10 a later ``x[0]`` fails.)"""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, ParameterTuple, nn, ops
from msgrad_ext.errors import MsgradError
from msgrad_ext.ops import GradOperation
from msgrad_ext.tensor import Tensor

X = Tensor(np.array([1.0, 2.0]))
M = Tensor(np.ones((2, 3)))
INTEGERS = Tensor(np.array([1, 2]))


class Linear(nn.Cell):
    """``x w``."""

    def __init__(self) -> None:
        super().__init__()
        self.w = Parameter(np.array([3.0, 2.0]), name="w")

    def construct(self, x: Tensor) -> Tensor:
        return x * self.w


def inner_error(x: Tensor) -> Tensor:
    """A gradient inside a gradient, which fails."""
    return GradOperation()(lambda y: ops.MatMul()(y, y))(x)


# Each is run inside a gradient: the user's Python, an op's contract, a value that would leave the network, a misspelt name.
INSIDE: dict[str, Any] = {
    "name": lambda x: undefined_name,  # type: ignore[name-defined]  # noqa: F821
    "zero division": lambda x: x * (1 / 0),
    "raise": lambda x: (_ for _ in ()).throw(KeyError("mine")),
    "attribute": lambda x: x.shap,
    "method": lambda x: x.sqare(),
    "ops": lambda x: ops.relus(x),
    "nn": lambda x: nn.Dens(2, 3)(x),
    "mg": lambda x: mg.Tensr(x),
    "shape": lambda x: ops.MatMul()(x, x),
    "broadcast": lambda x: x + M,
    "dtype": lambda x: ops.sin(INTEGERS) * x,
    "axis": lambda x: x.sum(axis=5),
    "axis kind": lambda x: x.sum(axis="a"),
    "operand": lambda x: x + "a",
    "none": lambda x: x * None,
    "index": lambda x: x[7],
    "many indices": lambda x: x[0, 0, 0],
    "arguments": lambda x: ops.Mul()(x),
    "keyword": lambda x: ops.ReduceSum(keepdims=True)(x),
    "float": lambda x: float(x[0]) * x,
    "int": lambda x: int(x[0]) * x,
    "complex": lambda x: complex(x[0]) * x,
    "item": lambda x: x[0].item() * x,
    "asnumpy": lambda x: x.asnumpy() * x,
    "numpy": lambda x: x.numpy() * x,
    "tolist": lambda x: x.tolist(),
    "math": lambda x: math.sin(x[0]),
    "np.sin": lambda x: np.sin(x),
    "np.sum": lambda x: np.sum(x),
    "np.dot": lambda x: np.dot(x, x),
    "np.round": lambda x: np.round(x),
    "np.concatenate": lambda x: np.concatenate([x, x]),
    "np.stack": lambda x: np.stack([x, x]),
    "np.where": lambda x: np.where(x > 0, x, 0),
    "np.asarray": lambda x: np.asarray(x),
    "np.array": lambda x: np.array([x[0], 1.0]),
    "format": lambda x: f"{x:.2f}",
    "format item": lambda x: f"{x[0]:.2f}",
    "range": lambda x: [x for _ in range(x[0])],
    "list index": lambda x: [1, 2][x[0]] * x,
    "pickle": lambda x: pickle.dumps(x),
    "Tensor": lambda x: Tensor(x) * x,
    "Tensor of a list": lambda x: Tensor([x[0], 1.0]),
    "Parameter": lambda x: Parameter(x) * x,
    "truth": lambda x: x if x else -x,
    "len": lambda x: len(x[0]),
    "iterate": lambda x: list(x[0]),
    "array on the right": lambda x: x * np.ones(2),
    "write": lambda x: x.add_(1.0),
    "nested": inner_error,
    "assign shape": lambda x: ops.assign(Linear().w, x.sum()),
    "assign to an input": lambda x: ops.assign(x, x),
    "parameter out": lambda x: float(Linear().w.sum()) * x if False else np.sin(Linear().w) * x,
    "class": lambda x: GradOperation()(Linear)(x),
    "no function": lambda x: GradOperation()(3)(x),
    "flag": lambda x: GradOperation(getall=True),
    "deep": lambda x: copy.deepcopy(x).foo,
}


# Each is run at the top level: structures, weights and arguments that do not fit.
OUTSIDE: dict[str, Any] = {
    "flag": lambda: GradOperation(get_all=1),
    "weights": lambda: GradOperation(get_by_list=True)(Linear(), "w")(X),
    "sens shape": lambda: GradOperation(sens_param=True)(Linear())(X, M),
    "sens kind": lambda: GradOperation(sens_param=True)(Linear())(X, None),
    "sens missing": lambda: GradOperation(sens_param=True)(Linear())(),
    "sens dtype": lambda: GradOperation(sens_param=True)(Linear())(X, INTEGERS),
    "many": lambda: GradOperation()(Linear())(X, X),
    "few": lambda: GradOperation()(Linear())(),
    "keyword": lambda: GradOperation()(Linear())(y=X),
    "complex": lambda: GradOperation()(lambda x: x * x)(Tensor(np.array([1j]))),
    "position": lambda: mg.grad(Linear(), 3)(X),
    "position kind": lambda: mg.grad(Linear(), "x")(X),
    "mutable": lambda: mg.mutable("text"),
    "wrt": lambda: mg.check(Linear(), X, wrt=["y"]),
    "order": lambda: mg.check(Linear(), X, order=0),
    "compile": lambda: mg.compile(Linear(), M),
    "shape": lambda: mg.derive(Linear(), shapes={"x": (3,)}),
    "ragged": lambda: Tensor([[1], [2, 3]]),
    "text": lambda: Tensor("text"),
    "dtype": lambda: Tensor([1.0], "float32"),
    "names": lambda: ParameterTuple([Parameter(1.0, name="w"), Parameter(1.0, name="w")]),
    "bool": lambda: Parameter(True),
    "misspelt": lambda: setattr(Parameter(1.0), "require_grad", False),
    "cell attribute": lambda: Linear().trainable_parms(),
    "cell value": lambda: setattr(Linear(), "w", 3.0),
    "cell name": lambda: Linear().insert_child_to_cell("a.b", Linear()),
    "no construct": lambda: nn.Cell()(X),
    "list call": lambda: nn.CellList([Linear()])(X),
    "list index": lambda: nn.CellList([Linear()])[4],
    "member": lambda: nn.SequentialCell([3]),
    "context": lambda: mg.set_context(mode=9),
    "dtype name": lambda: mg.dtype.float33,
    "public name": lambda: mg.gradd,
    "promotion": lambda: Tensor(np.ones(1, np.uint16)) + Tensor(np.ones(1, np.int8)),
    "list operand": lambda: X * [1.0, 2.0],
    "array operand": lambda: X * np.ones(2),
    "matmul": lambda: X @ 2,
    "bits": lambda: X & X,
    "assign": lambda: ops.assign(Parameter(np.ones(3)), X),
}


def the_next_call_works() -> None:
    """A gradient with an index, by inputs and parameters, has its values; nothing is being recorded."""
    from msgrad_ext.registry import recorder

    assert recorder.get() is None
    net = Linear()
    found = GradOperation(get_all=True, get_by_list=True)(lambda x: net(x)[0] * x, [net.w])(X)
    assert (found[0][0].tolist(), found[1][0].tolist()) == ([12.0, 3.0], [3.0, 0.0])


@pytest.mark.parametrize("name", INSIDE)
def test_an_error_inside_a_gradient_leaves_nothing_behind(name: str) -> None:
    """The user's error comes through, or ours with the line; then the next call works."""
    with pytest.raises(Exception) as caught:
        GradOperation()(INSIDE[name])(X)
    the_next_call_works()
    if isinstance(caught.value, MsgradError) and name not in ("mg",):
        assert caught.value.location is not None and "test_after_errors" in caught.value.location.filename


@pytest.mark.parametrize("name", OUTSIDE)
def test_an_error_outside_leaves_nothing_behind(name: str) -> None:
    """And has a builtin type that a tutorial can catch."""
    with pytest.raises((TypeError, ValueError, AttributeError, RuntimeError, LookupError)):
        OUTSIDE[name]()
    the_next_call_works()


@pytest.mark.parametrize(
    ("misspelt", "right"),
    [
        (lambda: ops.relus, "relu"),
        (lambda: nn.Dens, "Dense"),
        (lambda: Linear().trainable_parms, "trainable_params"),
        (lambda: X.reshap, "reshape"),
        (lambda: mg.vlue_and_grad, "value_and_grad"),
        (lambda: setattr(Parameter(1.0), "requirements_grad", False), "requires_grad"),
        (lambda: mg.dtype.float_32, "float32"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_right_one(misspelt: Any, right: str) -> None:
    """``Did you mean``."""
    with pytest.raises(AttributeError, match=f"Did you mean '{right}'"):
        misspelt()


def test_a_misspelt_flag_is_answered_with_the_right_one() -> None:
    """Of `GradOperation`."""
    with pytest.raises(TypeError, match="get_all"):
        GradOperation(getall=True)


def test_printing_inside_construct_shows_values(capsys: pytest.CaptureFixture[str]) -> None:
    """``print(x)`` and ``print((x,))`` as outside."""
    GradOperation()(lambda x: print(x, (x[0],), f"{x}") or x)(X)
    assert capsys.readouterr().out == "[1. 2.] (Tensor(shape=[], dtype=Float64, value= 1),) [1. 2.]\n"
