"""What `check` refuses, and what it takes."""

from __future__ import annotations

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, Tensor, errors, nn, ops

X = np.array([[0.5, 1.0, 2.0], [0.2, 0.7, 1.1]])


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (errors.ArgumentError, lambda: mg.check(3, X)),
        (errors.ArgumentError, lambda: mg.check(nn.ReLU, X)),
        (errors.ArgumentError, lambda: mg.check(ops.tanh, X, wrt=0)),
        (errors.ArgumentValueError, lambda: mg.check(ops.tanh, X, budget="1")),
        (errors.ArgumentValueError, lambda: mg.check(ops.tanh, X, budget=float("inf"))),
        (errors.ArgumentValueError, lambda: mg.check(ops.tanh, X, seed=-1)),
        (errors.ArgumentValueError, lambda: mg.check(ops.tanh, X, seed="a")),
        (errors.ArgumentValueError, lambda: mg.derive(lambda x: x * x, {"x": ("m",)}, sens="x")),
    ],
)
def test_a_wrong_argument_is_refused_with_the_line(kind, call) -> None:
    """The error is the package's own and names the user's line."""
    with pytest.raises(kind, match="line") as caught:
        call()
    assert caught.value.location is not None


def test_lists_and_numbers_as_weights_take_the_outputs_dtype() -> None:
    """They have no dtype of their own."""
    report = mg.check(lambda x: x * x, X, sens=[[1, 2, 3], [4, 5, 6]])
    assert np.array_equal(report["x"].value, 2 * X * [[1, 2, 3], [4, 5, 6]])


def test_arrays_of_another_byte_order_are_taken() -> None:
    """They are brought into the machine's own."""
    report = mg.check(lambda x, y: x * y, X.astype(">f8"), X)
    assert report.verdict == "agree"
    assert report["x"].value.dtype == np.float64


class Clash(nn.Cell):
    """A parameter that is called like the input."""

    def __init__(self) -> None:
        super().__init__()
        self.x = Parameter(Tensor(np.array([1.5, 2.5, 3.5])))

    def construct(self, x):
        return ops.tanh(x) * self.x


def test_a_parameter_called_like_an_input_has_one_name_everywhere() -> None:
    """The names of the report are those that its formulas and its inputs go by."""
    report = mg.check(Clash(), X)
    assert report.names == ("x", "x_2")
    for name in report.names:
        assert np.allclose(report.formula(name).evaluate(report.inputs), report[name].value)


def test_grad_operation_names_a_clash_alike() -> None:
    """`GradOperation` by inputs and parameters reports each under a name of its own."""
    from msgrad_ext.gradients.grad_operation import observed

    net = Clash()
    with observed() as found:
        ops.GradOperation(get_all=True, get_by_list=True)(net, list(net.trainable_params()))(Tensor(X))
    assert found[0].names == ("x", "x_2")
