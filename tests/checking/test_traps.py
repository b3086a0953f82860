"""The catalogue of traps: what the check says at kinks, poles, edges of domains, and where gradients are often wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.tensor import Tensor

Net = Callable[..., Any]


def f64(*values: float) -> np.ndarray:
    """A vector in float64."""
    return np.array(values, dtype=np.float64)


def gradient(network: Net, *inputs: np.ndarray) -> np.ndarray:
    """The first input's gradient by the compiled plan."""
    return next(iter(mg.compile(network, *inputs)(*inputs)[1].values()))


# (network, inputs, gradient by the first input)
KINKS: dict[str, tuple[Net, tuple[np.ndarray, ...], list[float]]] = {
    "relu at 0": (ops.relu, (f64(0.0, 1.0),), [0.0, 1.0]),
    "maximum with 0 at 0": (lambda x: ops.maximum(x, 0.0), (f64(0.0, 1.0),), [0.5, 1.0]),
    "maximum tie": (ops.maximum, (f64(2.0, 1.0), f64(2.0, 3.0)), [0.5, 0.0]),
    "minimum tie": (ops.minimum, (f64(2.0, 1.0), f64(2.0, 3.0)), [0.5, 1.0]),
    "reduce-max tie": (ops.reduce_max, (f64(3.0, 1.0, 3.0),), [0.5, 0.0, 0.5]),
    "abs at 0": (ops.abs, (f64(0.0, -2.0),), [0.0, -1.0]),
    "sign at 0": (ops.sign, (f64(0.0, 2.0),), [0.0, 0.0]),
    "l1 at 0": (lambda x, y: ops.abs(x - y).sum(), (f64(1.0, 2.0), f64(1.0, 0.0)), [0.0, 1.0]),
    "relu(x) - relu(-x)": (lambda x: ops.relu(x) - ops.relu(-x), (f64(0.0),), [0.0]),
    "relu(-t) + t - relu(t)": (lambda t: ops.relu(-t) + t - ops.relu(t), (f64(0.0),), [1.0]),
}


@pytest.mark.parametrize("name", KINKS)
def test_the_convention_at_a_kink_is_mindspores(name: str) -> None:
    """At a kink the gradient is the documented convention's."""
    network, inputs, expected = KINKS[name]
    np.testing.assert_array_equal(gradient(network, *inputs), expected)


ONE_SIDED = [name for name in KINKS if name not in ("sign at 0", "relu(x) - relu(-x)", "relu(-t) + t - relu(t)")]


@pytest.mark.parametrize("name", ONE_SIDED)
def test_a_kink_is_called_a_kink(name: str) -> None:
    """At a kink the status says so, and the note gives the slopes on both sides."""
    network, inputs, _ = KINKS[name]
    found = mg.check(network, *inputs).result.gradients[0]
    assert (found.status, "on the left" in found.note) == ("kink", True)


@pytest.mark.parametrize("name", ["sign at 0", "relu(x) - relu(-x)", "relu(-t) + t - relu(t)"])
def test_a_hidden_kink_does_not_pass_silently(name: str) -> None:
    """Where kinks cancel, or a step has equal slopes, the conventions may give a wrong number: it is never plain agreement."""
    network, inputs, _ = KINKS[name]
    assert mg.check(network, *inputs).verdict != "agree"


@pytest.mark.parametrize("name", KINKS)
def test_a_kinks_note_names_its_convention(name: str) -> None:
    """A kink's note says which op stands at it and by what convention."""
    network, inputs, _ = KINKS[name]
    found = mg.check(network, *inputs).result.gradients[0]
    if found.status == "kink":
        assert "convention" in found.note or "half" in found.note or "share" in found.note


def test_an_identity_by_branch_is_caught() -> None:
    """``1 if x == 1 else x`` has slope 1 at 1, but both roads say 0: the forward slopes tell."""
    net = lambda x: ops.where(x == 1.0, ops.ones_like(x), x)  # noqa: E731
    assert mg.check(net, f64(1.0)).verdict != "agree"


OUTSIDE: dict[str, tuple[Net, tuple[np.ndarray, ...]]] = {
    "log of -1": (ops.log, (f64(-1.0),)),
    "log of 0": (ops.log, (f64(0.0),)),
    "sqrt of 0": (ops.sqrt, (f64(0.0),)),
    "0 sqrt(x) at 0": (lambda x: ops.sqrt(x) * 0.0, (f64(0.0),)),
    "1 / 0": (lambda x: 1.0 / x, (f64(0.0),)),
    "0 / 0": (lambda x, y: x / y, (f64(0.0), f64(0.0))),
    "norm at 0": (lambda x: ops.sqrt((x * x).sum()), (f64(0.0, 0.0),)),
    "norm squared at 0": (lambda x: ops.sqrt((x * x).sum()) ** 2.0, (f64(0.0, 0.0),)),
    "x log x at 0": (lambda x: x * ops.log(x), (f64(0.0),)),
    "sin(x) / x at 0": (lambda x: ops.sin(x) / x, (f64(0.0),)),
    "root of a negative base": (lambda x: x**0.5, (f64(-2.0),)),
    "softmax of -inf": (ops.softmax, (f64(-np.inf, -np.inf),)),
    "NaN data": (lambda x: x * x, (f64(np.nan, 1.0),)),
    "log(1 + exp(x)) far out": (lambda x: ops.log(1.0 + ops.exp(x)), (f64(800.0),)),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_the_domain_is_never_agreement(name: str) -> None:
    """Where the derivative is not finite, or the floats are not, nothing is said to agree."""
    network, inputs = OUTSIDE[name]
    assert mg.check(network, *inputs).verdict in ("outside-domain", "kink", "disagree")


@pytest.mark.parametrize(
    "name", ["log of -1", "log of 0", "sqrt of 0", "1 / 0", "0 / 0", "norm at 0", "NaN data", "root of a negative base"]
)
def test_a_pole_is_outside_the_domain(name: str) -> None:
    """A pole or an argument out of range is called outside-domain, with a note."""
    network, inputs = OUTSIDE[name]
    found = mg.check(network, *inputs).result.gradients[0]
    assert (found.status, bool(found.note)) == ("outside-domain", True)


# Smooth points where implementations have been wrong: (network, inputs, gradient by the first input)
SMOOTH: dict[str, tuple[Net, tuple[np.ndarray, ...], Any]] = {
    "max(x, x)": (lambda x: ops.maximum(x, x), (f64(1.0, -2.0),), [1.0, 1.0]),
    "x ** 0 at 0": (lambda x: x**0.0, (f64(0.0, 2.0),), [0.0, 0.0]),
    "x ** 2 at 0": (lambda x: x**2.0, (f64(0.0, 3.0),), [0.0, 6.0]),
    "negative base, whole exponent": (lambda x: x**3.0, (f64(-2.0),), [12.0]),
    "where guards sqrt": (lambda x: ops.where(x > 0, ops.sqrt(x), ops.zeros_like(x)), (f64(-1.0, 4.0),), [0.0, 0.25]),
    "where guards 1/x": (lambda x: ops.where(x > 0, 1.0 / x, x), (f64(-1.0, 2.0),), [1.0, -0.25]),
    "where guards log": (lambda x: ops.where(x > 0, ops.log(x), x), (f64(-3.0, 2.0),), [1.0, 0.5]),
    "reversed slice": (lambda x, y: x[::-1] * y, (f64(1.0, 2.0, 3.0), f64(4.0, 5.0, 6.0)), [6.0, 5.0, 4.0]),
    "strided slice": (lambda x: x[1::2] * 3.0, (f64(1.0, 2.0, 3.0, 4.0),), [0.0, 3.0, 0.0, 3.0]),
    "negative index": (lambda x: x[-1] * 2.0, (f64(1.0, 2.0),), [0.0, 2.0]),
    "same slice twice": (lambda x: x[0] * x[0] + x[0], (f64(3.0, 1.0),), [7.0, 0.0]),
    "concat of one tensor twice": (lambda x: ops.concat([x, x], 0), (f64(1.0, 2.0),), [2.0, 2.0]),
    "broadcast undone": (lambda b, x: x + b, (f64(1.0, 2.0), np.ones((3, 2))), [3.0, 3.0]),
    "axis of length 1": (lambda b, x: x * b, (np.ones((3, 1)), np.full((3, 2), 2.0)), [[4.0]] * 3),
    "0-d operand": (lambda s, x: s * x, (np.array(2.0), np.ones((2, 3))), 6.0),
    "vector by matrix": (lambda v, m: v @ m, (f64(1.0, 2.0), np.array([[1.0, 2.0], [3.0, 4.0]])), [3.0, 7.0]),
    "batched product": (lambda a, b: a @ b, (np.ones((2, 1, 2)), np.array([[1.0], [5.0]])), [[[1.0, 5.0]]] * 2),
    "unused input": (lambda x, y: y * 2.0, (f64(1.0, 2.0), f64(3.0)), [0.0, 0.0]),
    "stop_gradient": (lambda x: x * ops.stop_gradient(x), (f64(3.0),), [3.0]),
    "mean, keepdims, negative axis": (lambda x: x.mean(-1, True) * 4.0, (np.ones((2, 4)),), [[1.0] * 4] * 2),
    "softmax stays finite": (lambda x: ops.softmax(x)[0], (f64(1000.0, 0.0),), [0.0, 0.0]),
    "log_softmax at 800": (lambda x: ops.log_softmax(x)[1], (f64(800.0, 0.0),), [-1.0, 1.0]),
    "sigmoid at -800": (ops.sigmoid, (f64(-800.0, 0.0),), [0.0, 0.25]),
    "reshape keeps the order": (
        lambda x, y: x.reshape(3, 2) * y, (np.zeros((2, 3)), np.arange(6.0).reshape(3, 2)), np.arange(6.0).reshape(2, 3)
    ),
    "inverse permutation": (
        lambda x, y: x.transpose(2, 0, 1) * y,
        (np.zeros((2, 3, 4)), np.arange(24.0).reshape(4, 2, 3)),
        np.arange(24.0).reshape(4, 2, 3).transpose(1, 2, 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
def test_the_gradient_at_a_smooth_point_is_the_hand_computed_one(name: str) -> None:
    """A known value, computed by hand."""
    network, inputs, expected = SMOOTH[name]
    np.testing.assert_allclose(gradient(network, *inputs), expected, rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize("name", SMOOTH)
def test_the_check_agrees_at_a_smooth_point(name: str) -> None:
    """No alarm at a point where the derivative exists."""
    network, inputs, _ = SMOOTH[name]
    assert mg.check(network, *inputs).verdict == "agree"


def test_stop_gradient_agrees_with_its_meaning() -> None:
    """A factor under stop_gradient is a constant for all three witnesses."""
    assert mg.check(lambda x: x * ops.stop_gradient(x), f64(3.0)).verdict == "agree"


def test_stop_gradient_is_constant_at_second_order() -> None:
    """The derivative of ``x stop(x)`` is ``stop(x)``, whose derivative is 0."""
    report = mg.check(lambda x: x * ops.stop_gradient(x) + x * x * 0.5, f64(3.0), order=2)
    assert (report["x"].value.tolist(), report.verdict) == ([1.0], "agree")


def test_lost_digits_are_ill_conditioned() -> None:
    """The derivative of ``x - tanh(x)`` at 1e-6 is right and loses most of its digits: not wrong, and not plainly right."""
    assert mg.check(lambda x: x - ops.tanh(x), f64(1e-6)).verdict == "ill-conditioned"


def test_a_saturated_tanh_keeps_its_digits() -> None:
    """The rule of tanh subtracts nothing: far out its derivative is right to the last digits."""
    assert mg.check(ops.tanh, f64(12.0, 20.0)).verdict == "agree"


def test_a_steep_function_is_no_false_alarm() -> None:
    """sin(1e6 x), which defeats finite differences, is not called wrong."""
    assert mg.check(lambda x: ops.sin(x * 1e6), f64(0.3, 1.7)).verdict in ("agree", "ill-conditioned")


@pytest.mark.parametrize("near", [1e-7, 1e-15, -1e-15])
def test_near_a_kink_is_not_at_a_kink(near: float) -> None:
    """relu at 1e-15 is smooth there: the step of the slopes is shorter."""
    assert mg.check(ops.relu, f64(near)).verdict == "agree"


def test_a_gradient_far_below_any_absolute_tolerance_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """x / 1e6 with -7e-6 for its gradient passes checkers with absolute tolerances, not this one."""
    monkeypatch.setattr(mg.registered_ops()["Div"], "vjp", lambda self, ct, out, a, b: (ct * -7e-6, None))
    assert mg.check(lambda x: x / 1e6, f64(2.0)).verdict == "disagree"


def test_a_mean_of_more_than_float16_can_count() -> None:
    """The mean of 80000 float16 numbers has the gradient 1/80000, though 80000 is infinite in float16."""
    np.testing.assert_array_equal(gradient(lambda x: x.mean(), np.ones(80000, np.float16)), np.float16(1 / 80000))


def test_each_gradient_has_the_dtype_of_its_own_input() -> None:
    """A float32 input beside a float64 one gets a float32 gradient."""
    report = mg.check(lambda x, y: x * y, np.ones(2, np.float32), np.full(2, 3.0))
    assert (report["x"].dtype, report["y"].dtype, report.verdict) == (np.float32, np.float64, "agree")


def test_no_gradient_passes_a_cast_through_int() -> None:
    """A cast to int is piecewise constant: its gradient is zero."""
    net = lambda x: ops.cast(ops.cast(x, mg.int32), mg.float64) * x  # noqa: E731
    assert gradient(net, f64(2.7)).tolist() == [2.0]


def test_a_complex_input_is_refused() -> None:
    """There is no gradient by a complex number here, and it says so."""
    with pytest.raises(TypeError, match="Complex128"):
        mg.check(lambda x: x * x, np.array([1j]))


def test_an_integer_input_is_refused_by_name() -> None:
    """A gradient by an integer has no meaning, and the message says what to do."""
    with pytest.raises(TypeError, match="float"):
        mg.check(lambda x: x * 2.0, np.array([1, 2]), wrt=["x"])


class Shared(nn.Cell):
    """One parameter under two names, and two parameters of one name."""

    def __init__(self) -> None:
        super().__init__()
        self.a = Parameter(np.array(2.0), name="w")
        self.b = self.a
        self.c = Parameter(np.array(5.0), name="w")

    def construct(self, x: Tensor) -> Tensor:
        return self.a * self.b * self.c * x


def test_a_shared_parameter_gets_the_sum_of_its_uses() -> None:
    """One parameter under two attributes is one parameter: its contributions add."""
    report = mg.check(Shared(), np.array(3.0))
    assert (report["a"].value.item(), report.verdict) == (2 * 2.0 * 5.0 * 3.0, "agree")


def test_two_parameters_of_one_name_stay_two() -> None:
    """Parameters are told apart by identity: equal names do not merge them, in floats or in formulas."""
    report = mg.check(Shared(), np.array(3.0))
    assert (report.names, report["c"].value.item()) == (("x", "a", "c"), 2.0 * 2.0 * 3.0)


@pytest.mark.parametrize(
    "name", ["x", "E", "I", "S", "N", "Q", "O", "pi", "beta", "gamma", "zeta", "lambda", "None", "Sum"]
)
def test_a_parameter_may_bear_any_name(name: str) -> None:
    """Names that SymPy or Python use, or the input's own, are names like any other."""

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            setattr(self, name, Parameter(np.array([2.0, 3.0]), name=name))

        def construct(self, x: Tensor) -> Tensor:
            return ops.sin(getattr(self, name) * x)

    report = mg.check(Net(), f64(0.5, 0.25))
    np.testing.assert_allclose(report[report.names[1]].value, np.cos([1.0, 0.75]) * [0.5, 0.25], rtol=1e-14)
    assert report.verdict == "agree"


def test_a_long_chain_is_checked() -> None:
    """A chain of 300 steps, which overflows the stack of naive symbolic differentiation, is checked."""

    def net(x: Tensor) -> Tensor:
        for _ in range(300):
            x = ops.sin(x) + x * 0.5
        return x

    assert mg.check(net, f64(0.3)).verdict in ("agree", "ill-conditioned")


def test_an_axis_of_length_zero_is_not_agreement() -> None:
    """A check that compared no entry says so."""
    found = mg.check(lambda x: x.sum(), np.zeros((0, 3)))["x"]
    assert (found.status, found.compared) == ("unchecked", 0)


def test_duplicate_axes_are_refused() -> None:
    """An axis given twice is an error, not a guess."""
    with pytest.raises(ValueError, match="once"):
        mg.check(lambda x: x.sum((0, 0)), np.ones((2, 2)))


def test_the_empty_axis_tuple_means_all_axes() -> None:
    """``axis=()`` reduces everything, as in MindSpore (numpy reduces nothing)."""
    assert gradient(lambda x: ops.ReduceSum()(x * 2.0, ()), np.ones((2, 2))).tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_labels_get_no_gradient_by_convention() -> None:
    """The labels of the fused cross entropy are constants in both roads, and the notes say so."""
    loss = lambda z, y: ops.softmax_cross_entropy_with_logits(z, y)  # noqa: E731
    report = mg.check(loss, np.array([[0.3, 1.2]]), np.array([[1.0, 0.0]]))
    assert (report["y"].value.tolist(), report.verdict) == ([[0.0, 0.0]], "agree")


def test_data_changed_in_place_after_the_call_changes_no_report() -> None:
    """The report holds the values that were checked, not views of the user's arrays."""
    x = f64(1.0, 2.0)
    report = mg.check(lambda x: x * x, x)
    x[:] = 100.0
    assert report["x"].value.tolist() == [2.0, 4.0]
