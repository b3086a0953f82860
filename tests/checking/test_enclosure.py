"""Enclosures: the balls hold the true derivative, kinks stay open, a wrong result is outside, and flint is left alone."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import flint
import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, nn, ops
from msgrad_ext.checking.case import Case
from msgrad_ext.checking.effort.budget import Budget
from msgrad_ext.checking.witnesses.digits import context
from msgrad_ext.enclosing import balls
from msgrad_ext.enclosing.enclose import MISSING, _Encloser, enclose_application
from msgrad_ext.enclosing.lines import enclose_lines
from msgrad_ext.enclosing.place import Work
from msgrad_ext.enclosing.result import figure
from msgrad_ext.enclosing.rules import rules
from msgrad_ext.formulas.indexed_value import RULES
from msgrad_ext.ir import Var
from msgrad_ext.numeric.interpreter import interpret_exact
from msgrad_ext.pipeline import apply_gradient, differentiated

from ..ops.samples import SAMPLES, Sample

CASES = [pytest.param(sample, id=f"{sample.op}-{sample.name}") for sample in SAMPLES]


def applied(function: Any, *inputs: Any, order: int = 1, **options: Any) -> Any:
    """The gradients of a function, computed and not checked."""
    tensors = [Tensor(np.asarray(one)) for one in inputs]
    return apply_gradient(differentiated(function, None, None, order), tensors, None, **options)


def ball_arrays(application: Any, bits: int = 128) -> list[np.ndarray]:
    """The balls of each gradient."""
    enclosing = _Encloser(Case(application, 0, Budget()), 30.0)
    with balls.precision(bits):
        found = enclose_lines(
            enclosing.derivation, {**enclosing.values, **enclosing.weights}, enclosing.wanted, Work(30.0)
        )
    return [found[key] for key in enclosing.wanted]


@cache
def hundred_digits() -> Any:
    """A context of mpmath with a hundred digits and the functions that numpy calls, apart from the check's own."""
    numbers = context.__wrapped__()
    numbers.dps = 100
    return numbers


def exact_gradients(application: Any) -> list[np.ndarray]:
    """The gradients by the numeric rules in a hundred digits: they share nothing with the balls."""
    case, number = Case(application, 0, Budget()), hundred_digits().convert

    def numbers(array: Any) -> np.ndarray:
        flat = [number(one) for one in np.asarray(array).ravel().tolist()]
        return np.fromiter(flat, object, len(flat)).reshape(np.shape(array))

    def constant(value: Any) -> Any:
        return value.recipe(hundred_digits()) if hasattr(value, "recipe") else number(value)

    inputs = [numbers(array) if array.dtype.kind == "f" else array for array in case.arrays]
    values = interpret_exact(case.backward, [*inputs, *map(numbers, case.weights)], constant)
    outputs = case.backward.outputs[len(case.forward.outputs) :]
    return [values[atom] if isinstance(atom, Var) else np.broadcast_to(atom.value, atom.shape) for atom in outputs]


def holds(array: np.ndarray, exact: Any) -> bool:
    """Whether every ball meets the number of a hundred digits, which rounding has moved by at most 1e-80."""
    with balls.precision(400):
        for ball, number in zip(array.ravel().tolist(), np.asarray(exact).ravel().tolist(), strict=True):
            middle = flint.arb(hundred_digits().nstr(hundred_digits().convert(number), 98))
            if not ball.overlaps(flint.arb(middle, abs(middle) * flint.arb("1e-80") + flint.arb("1e-85"))):
                return False
    return True


# Sound ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", CASES)
def test_the_balls_of_every_op_hold_the_derivative(sample: Sample) -> None:
    """At every sample the gradient in a hundred digits, by the numeric rules, lies in its ball."""
    application = applied(sample.network, *sample.inputs)
    found = ball_arrays(application)
    assert all(map(balls.finite, found))
    assert all(holds(array, exact) for array, exact in zip(found, exact_gradients(application), strict=True))


def test_every_kind_of_expression_has_a_rule() -> None:
    """What formulas are evaluated by in floats is known among balls too; a new kind is refused until it is."""
    assert set(RULES) <= set(rules())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_random_networks_are_enclosed(kind: str, seed: int) -> None:
    """A random network's gradients are enclosed in every float dtype, and its result is near."""
    draw = np.random.default_rng(seed).normal
    x, w, v = (draw(size=shape).astype(kind) for shape in ((5, 3), (3, 4), (4, 2)))
    function = (ops.tanh, ops.relu, ops.gelu, ops.sigmoid)[seed]
    application = applied(lambda x, w, v: ops.reduce_max(ops.softmax(function(x @ w) @ v), 1).mean(), x, w, v)
    found = enclose_application(application, "net")
    assert (found.verdict, found.enclosed) == ("agree", 15 + 12 + 8)
    assert 0 < found.eps < 64
    exact = exact_gradients(application)
    assert all(holds(array, one) for array, one in zip(ball_arrays(application), exact, strict=True))
    for one, value, true in zip(found.gradients, application.gradients, exact, strict=True):
        gap = max(abs(float(hundred_digits().convert(float(v)) - t)) for v, t in zip(value.ravel(), true.ravel()))
        assert gap <= one.error <= gap * 1.001 + 1e-30


def test_the_second_order_is_enclosed() -> None:
    """Nested gradients are enclosed by the derivative of their lines."""
    x = np.random.default_rng(1).normal(size=(3, 4))
    application = applied(lambda x: ops.log_softmax(x * x) * x, x, order=2)
    found = ball_arrays(application)
    assert enclose_application(application, "net").enclosed == 12
    assert all(holds(array, exact) for array, exact in zip(found, exact_gradients(application), strict=True))


def test_the_bounds_are_rounded_up() -> None:
    """A bound that is printed with three figures is still a bound."""
    assert [figure(one) for one in (0.0, 1.0, 4.0001, 123456.0, float("nan"))] == ["0", "1", "4.01", "1.24e+05", "-"]


def test_a_derivative_that_is_zero_by_cancellation_is_told_as_zero() -> None:
    """Where the true derivative is 0, units of its size mean nothing, and the distance is told as it is."""
    x = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    found = enclose_application(applied(lambda x: ops.softmax(x), x), "net").gradients[0]
    assert (found.status, found.size) == ("agree", 0.0)
    assert 0 < found.error < 1e-6
    assert "which is 0" in found.told


def test_more_bits_are_taken_where_they_tell_more() -> None:
    """A cancellation of forty digits is no obstacle: the precision is doubled until the balls are narrow."""
    x = np.array([1e-15, 2e-15])
    found = enclose_application(applied(lambda x: ((1.0 + x) ** 2 - 1.0 - 2.0 * x - x * x) * 1e60 + x, x), "net")
    assert (found.verdict, found.bits) == ("disagree", 512) or found.bits > 128
    assert found.enclosed == 2


# Kinks, jumps and poles ------------------------------------------------------------------------------------------------

OPEN = {
    "relu": (lambda x: ops.relu(x), [0.0, 1.0, -1.0], 1),
    "abs": (lambda x: ops.abs(x) * 2.0, [0.0, 1.0, -1.0], 1),
    "leaky relu": (lambda x: ops.leaky_relu(x), [0.0, 1.0, -1.0], 1),
    "maximum of equals": (lambda x: ops.maximum(x, 1.0), [1.0, 2.0, 0.0], 1),
    "maximum of two that may be equal": (lambda x: ops.maximum(x * x / 3.0, 3.0), [3.0, 1.0], 1),
    "largest of a row with a tie": (lambda x: x.max(), [2.0, 2.0, 1.0], 2),
    "floor": (lambda x: ops.floor(x) * x, [1.0, 1.5], 1),
    "sign": (lambda x: ops.sign(x) * x, [0.0, 1.5], 1),
    "comparison": (lambda x: ops.where(x > 1.0, x * 2.0, x * 3.0), [1.0, 2.0], 1),
    "equality": (lambda x: ops.where(x == 1.0, ops.ones_like(x), x), [1.0, 2.0], 1),
    "square root": (lambda x: ops.sqrt(x), [0.0, 1.0], 1),
    "logarithm outside of its domain": (lambda x: ops.log(x), [-1.0, 1.0], 1),
    "pole": (lambda x: 1.0 / (x - 1.0), [1.0, 3.0], 1),
    "relu of what is zero by cancellation": (lambda x: ops.relu(ops.exp(x) - ops.exp(x)) + x, [0.5], 1),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_straddles_a_kink_or_a_pole_is_undetermined(name: str) -> None:
    """Only the entries at the kink are open; they are counted and told, and the others are enclosed."""
    function, values, count = OPEN[name]
    report = mg.check(function, np.array(values), enclose=True)
    found = report.result.enclosure
    assert (found.undetermined, found.enclosed) == (count, len(values) - count)
    assert "undetermined" in str(report) if found.enclosed else found.verdict == "unchecked"


CLOSED = {
    "two relus that make a line, at a kink": (lambda x: ops.relu(x) * 0.0 + x, [0.0, 1.0]),
    "a tie that relu makes flat": (lambda x: ops.relu(x).max() + (x * x).sum(), [-1.0, -2.0]),
    "a comparison of what does not move": (lambda x: ops.where(Tensor([1.0, 0.0]) > 0.0, x, ops.sin(x)), [0.0, 1.0]),
    "the branch that is not taken": (lambda x: ops.where(x > 0.0, ops.log(x), x), [-1.0, 1.0]),
    "a sorted row": (lambda x: ops.sort(x * 3.0)[0] * Tensor([1.0, 2.0]), [5.0, 1.0]),
}


@pytest.mark.parametrize("name", CLOSED)
def test_a_derivative_that_exists_all_the_same_is_enclosed(name: str) -> None:
    """A slope that may lie anywhere between its sides does no harm where the result does not depend on it."""
    function, values = CLOSED[name]
    found = mg.check(function, np.array(values), enclose=True).result.enclosure
    assert (found.verdict, found.undetermined) == ("agree", 0)


def test_a_wide_slope_holds_the_derivative_of_a_line_made_of_kinks() -> None:
    """``relu(-t) + t - relu(t)`` is 0 everywhere; its rules say 1 at 0, and the balls know no better than [-1, 1]."""
    application = applied(lambda t: ops.relu(-t) + t - ops.relu(t), np.array([0.0]))
    (found,) = ball_arrays(application)
    assert found[0].contains(0)
    assert enclose_application(application, "net").verdict == "unchecked"


# Wrong -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_a_wrong_rule_lies_outside(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is wrong by more than rounding gives a result outside of its ball, whose place is told."""
    right = mg.registered_ops()["Tanh"].vjp
    monkeypatch.setattr(mg.registered_ops()["Tanh"], "vjp", lambda self, ct, out, x: right(self, ct, out, x) * 1.001)
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(kind)
    found = enclose_application(applied(lambda x: ops.tanh(x) * x, x), "net")
    assert found.verdict == "disagree"
    assert "rounding explains" in found.gradients[0].note
    report = mg.check(lambda x: ops.tanh(x) * x, x, enclose=True)
    assert (report.verdict, report.result.enclosure.verdict) == ("disagree", "disagree")
    assert report["x"].fault.op == "Tanh"


def test_a_result_that_only_the_balls_disprove_is_wrong() -> None:
    """Where the check had passed, a result outside of its ball turns the verdict, with the side and the index."""
    report = mg.check(lambda x: ops.exp(x), np.array([0.5, 1.0]))
    assert report.verdict == "agree"
    report.application.gradients[0][1] += 1e-3
    report.enclose()
    assert report.verdict == "disagree"
    assert (report["x"].fault.side, report["x"].fault.index) == ("result", (1,))
    with pytest.raises(mg.errors.GradientError):
        report.raise_if_wrong()


def test_a_result_that_overflows_is_wrong() -> None:
    """Infinity where the derivative is a number is outside of its ball."""
    found = mg.check(lambda x: ops.log(1.0 + ops.exp(x)), np.array([1.0, 800.0]), enclose=True)
    assert found.result.enclosure.verdict == "disagree"
    assert found.result.enclosure.gradients[0].index == (1,)


def test_sens_weights_the_enclosure_too() -> None:
    """The weights of the output are those of the call."""
    x, sens = np.array([0.5, 1.0]), np.array([3.0, -2.0])
    report = mg.check(lambda x: ops.exp(x), x, sens=sens, enclose=True)
    assert report.result.enclosure.verdict == "agree"


# On request ------------------------------------------------------------------------------------------------------------


def test_nothing_is_enclosed_unless_asked_for() -> None:
    """A report is the same with and without python-flint, since only what is asked for is enclosed."""
    report = mg.check(lambda x: ops.exp(x), np.array([0.5]))
    assert report.result.enclosure is None
    assert "balls" not in str(report)


def test_the_report_shows_what_was_proven() -> None:
    """Evidence and a section of its own, in text and HTML; asked twice, it is told once."""
    report = mg.check(lambda x: ops.exp(x) * x, np.array([0.5, 2.0], np.float32))
    first = str(report.enclose())
    assert str(report.enclose()) == first
    assert report["x"].evidence.startswith("enclosed: every entry (2) within ")
    assert report["x"].evidence.count("enclosed") == 1
    bundle = report._repr_mimebundle_()
    for text in bundle.values():
        assert "proven in balls of 128 bits" in text
        assert "Enclosure" in text


def test_without_flint_the_report_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else changes without python-flint."""
    expected = mg.check(lambda x: ops.exp(x), np.array([0.5]))
    monkeypatch.setitem(sys.modules, "flint", None)
    report = mg.check(lambda x: ops.exp(x), np.array([0.5]), enclose=True)
    assert report.result.enclosure.note == MISSING
    assert "pip install msgrad_ext[proof]" in str(report)
    assert (report.verdict, report["x"].evidence) == (expected.verdict, expected["x"].evidence)


def test_what_takes_too_long_is_told() -> None:
    """The limit is a count of operations, so that it is the same in every run."""
    x = np.ones((40, 40))
    found = mg.check(lambda x: ops.tanh(x) @ x, x).enclose(seconds=1e-4)
    assert (found.verdict, found.gradients) == ("unchecked", ())
    assert "0.0001 seconds" in found.note


@pytest.mark.parametrize("options", [{"bits": 0}, {"bits": True}, {"bits": 1.5}, {"seconds": 0}, {"seconds": np.inf}])
def test_limits_out_of_range_are_refused(options: dict[str, Any]) -> None:
    """A precision or a time that means nothing is an error."""
    with pytest.raises(mg.errors.ArgumentValueError):
        mg.check(lambda x: ops.exp(x), np.array([0.5])).enclose(**options)


# Side effects ----------------------------------------------------------------------------------------------------------


def test_the_precision_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """flint's precision is the user's, after an enclosure and after one that fails."""
    monkeypatch.setattr(flint.ctx, "prec", 77)
    application = applied(lambda x: ops.exp(x) * x, np.array([0.5]))
    enclose_application(application, "net")
    assert flint.ctx.prec == 77
    enclose_application(application, "net", seconds=1e-9)
    assert flint.ctx.prec == 77


def test_eight_threads_give_the_same_enclosure() -> None:
    """The precision belongs to the whole process; enclosures in threads wait for each other."""
    before = flint.ctx.prec
    net = nn.SequentialCell([nn.Dense(3, 8), nn.Tanh(), nn.Dense(8, 2)])
    application = apply_gradient(net, [Tensor(np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32))], None)
    alone = [str(enclose_application(application, "net", bits)) for bits in (128, 192)]
    start = threading.Barrier(8)

    def one(number: int) -> str:
        start.wait()
        return str(enclose_application(application, "net", (128, 192)[number % 2]))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(8))) == alone * 4
    assert flint.ctx.prec == before
