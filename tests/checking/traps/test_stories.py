"""The traps that take more than one network at one point, and those that can not be told here, with the reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.tensor import Tensor

from .test_table import TRAPS
from .trap import f64

# Numbers of the catalogue without a network here, and why.
ABSENT = {
    38: "there is no eigh; svd and eig raise NotSupportedError, which `test_an_op_that_is_missing_says_so` holds",
    50: "logsumexp has no weights b here, as in MindSpore",
}
TOLD_BELOW = {38, 56, 64, 68, 72, 80, 83, 85, 86, 87, 88, 90, 91, 92, 93}


def test_every_number_of_the_catalogue_is_told_or_has_a_reason() -> None:
    """All 97."""
    assert set(range(1, 98)) == {trap.number for trap in TRAPS} | TOLD_BELOW | set(ABSENT)


@pytest.mark.parametrize("name", ["svd", "qr", "eig"])
def test_an_op_that_is_missing_says_so(name: str) -> None:
    """38: no gradient is made up for a decomposition; it is refused by name, or its check agrees."""
    x = np.array([[2.0, 0.5], [0.5, 2.0]])
    with pytest.raises((TypeError, ValueError, NotImplementedError, RuntimeError), match=name):
        mg.check(lambda x: getattr(ops, name)(x), x)


def test_a_gradient_below_any_absolute_tolerance_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """56: -7e-6 for 1e-6 passes checkers with absolute tolerances."""
    monkeypatch.setattr(mg.registered_ops()["Div"], "vjp", lambda self, ct, out, a, b: (ct * -7e-6, None))
    report = mg.check(lambda x: x / 1e6, f64(2))
    assert (report.verdict, report["x"].fault.op) == ("disagree", "Div")


def test_duplicate_axes_are_refused() -> None:
    """64: an axis given twice is an error, not a guess."""
    with pytest.raises(ValueError, match="once"):
        mg.check(lambda x: x.sum((0, 0)), np.ones((2, 2)))


@pytest.mark.parametrize("place", [3, -4])
def test_a_place_out_of_range_is_an_error(place: int) -> None:
    """68: nothing is clamped in silence."""
    with pytest.raises((IndexError, ValueError, RuntimeError)):
        mg.check(lambda x: x[Tensor(np.array([place], np.int32))], f64(1, 2, 3))


def test_data_changed_after_the_forward_run_changes_no_gradient() -> None:
    """72: what the backward pass reads is what the forward pass read."""
    x, kept = f64(1, 2), []

    def network(x: Tensor) -> Tensor:
        kept.append(x)
        return x * x

    report = mg.check(network, x)
    x[:] = 100.0
    assert (report["x"].value.tolist(), report.verdict) == ([2.0, 4.0], "agree")


def test_the_check_leaves_its_inputs_alone() -> None:
    """72: not a bit of the user's arrays is different afterwards."""
    x, y = np.linspace(-1, 1, 6).reshape(2, 3), np.linspace(0.3, 2, 6).reshape(2, 3)
    before = x.tobytes(), y.tobytes()
    mg.check(lambda x, y: ops.tanh(x * y) / y + x[::-1], x, y)
    assert (x.tobytes(), y.tobytes()) == before


@pytest.mark.parametrize("data", [np.array([1, 2]), np.array([True, False])])
def test_an_input_that_is_not_float_is_refused(data: np.ndarray) -> None:
    """80: a gradient by integers or truth values has no meaning, and the message says so."""
    with pytest.raises(TypeError, match="float"):
        mg.check(lambda x: x * 2.0, data, wrt=["x"])


def test_a_complex_input_is_refused() -> None:
    """83: there is no convention for it here."""
    with pytest.raises(TypeError, match="complex"):
        mg.check(lambda x: x * x, np.array([1j]))


class Shared(nn.Cell):
    """One parameter under two attributes, and another of the same name."""

    def __init__(self) -> None:
        super().__init__()
        self.a = Parameter(np.array(2.0), name="w")
        self.b = self.a
        self.c = Parameter(np.array(5.0), name="w")

    def construct(self, x: Tensor) -> Tensor:
        return self.a * self.b * self.c * x


def test_a_parameter_used_twice_gets_both_contributions() -> None:
    """85: one parameter under two attributes is one parameter."""
    report = mg.check(Shared(), np.array(3.0))
    assert (report["a"].value.item(), report.verdict) == (60.0, "agree")


def test_two_parameters_of_one_name_stay_two() -> None:
    """86: identity, not the name, tells them apart."""
    report = mg.check(Shared(), np.array(3.0))
    assert (report.names, report["c"].value.item()) == (("x", "a", "c"), 12.0)


@pytest.mark.parametrize("name", ["x", "E", "I", "S", "N", "Q", "O", "pi", "beta", "gamma", "zeta", "lambda", "None"])
def test_a_parameter_may_bear_any_name(name: str) -> None:
    """87: names of SymPy's, of Python's and the input's own are names."""

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            setattr(self, name, Parameter(f64(2, 3), name=name))

        def construct(self, x: Tensor) -> Tensor:
            return ops.sin(getattr(self, name) * x)

    report = mg.check(Net(), f64(0.5, 0.25))
    assert report.verdict == "agree"
    np.testing.assert_allclose(report[report.names[1]].value, np.cos([1.0, 0.75]) * [0.5, 0.25], rtol=1e-14)


@pytest.mark.parametrize("leave", [float, lambda x: x.asnumpy(), lambda x: x.item(), np.asarray])
def test_a_value_that_leaves_the_network_is_an_error(leave: Any) -> None:
    """88: a detached factor would give 3 for 6 in silence."""
    with pytest.raises((TypeError, ValueError, RuntimeError)):
        mg.check(lambda x: x * leave(x), np.array(3.0))


class Product(nn.Cell):
    """``x w`` with a backward function that is wrong by the second input."""

    def construct(self, x: Tensor, w: Tensor) -> Tensor:
        return x * w

    def bprop(self, x: Tensor, w: Tensor, out: Tensor, dout: Tensor) -> Any:
        return dout * w, dout * w


def test_a_wrong_custom_backward_is_named() -> None:
    """90: the user's rule is used, and found wrong."""
    report = mg.check(Product(), f64(1, 2), f64(3, 4))
    assert (report["w"].status, report["w"].fault.op) == ("disagree", "Product")


def test_a_changed_attribute_is_seen() -> None:
    """91: a compiled gradient of a changed network is the changed network's."""

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.factor = 2.0

        def construct(self, x: Tensor) -> Tensor:
            return x * x * self.factor

    net = Net()
    plan = mg.compile(net, f64(3))
    first = plan(f64(3))[1]["x"].item()
    net.factor = 5.0
    assert (first, plan(f64(3))[1]["x"].item()) == (12.0, 30.0)


def test_dropout_has_one_mask() -> None:
    """92: the backward pass drops what the forward pass dropped."""
    net = nn.Dropout(p=0.5)
    net.set_train(True)
    x = np.ones(64)
    report = mg.check(lambda x: net(x), x)
    assert report.verdict == "agree"
    assert set(report["x"].value.tolist()) == {0.0, 2.0}


def test_a_long_chain_ends_within_its_budget() -> None:
    """93: a chain of 1,500 steps is judged, or its report says what was not."""

    def net(x: Tensor) -> Tensor:
        for _ in range(1500):
            x = x * 0.999 + 0.001
        return x

    report = mg.check(net, np.array(0.5), budget=1.0)
    assert report.verdict in ("agree", "ill-conditioned", "unchecked")
    assert report.verdict != "unchecked" or report["x"].note
