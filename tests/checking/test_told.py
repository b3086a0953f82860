"""What a person is told when something is wrong: two witnesses against a third, and two questions with two answers."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import nn, ops
from msgrad_ext.tensor import Tensor

from .test_lies import LIES, REGISTRY, X, Y, first_fault, honest, scaled


def fault_of(patch: pytest.MonkeyPatch, op: str, network: Any, *inputs: Any, **voices: Any) -> Any:
    """The fault that the check finds while ``voices`` of ``op`` lie."""
    for voice, lie in voices.items():
        patch.setattr(REGISTRY[op], voice, lie)
    return first_fault(mg.check(network, *(inputs or (X,))))


def doubled(op: str) -> Any:
    """The meaning of an op, twice as large."""
    meaning = honest(op, "meaning")
    return lambda self, *operands: lambda *i: 2 * meaning(self, *operands)(*i)


@pytest.mark.parametrize("name", LIES)
def test_formula_and_slope_are_two_against_a_lying_rule(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All three numbers are kept, and the conclusion says who is alone."""
    op, rule, network, _ = LIES[name]
    heard = fault_of(monkeypatch, op, network, X, Y, vjp=rule).testimony
    assert heard.conclusion == "The formula and the slope agree: the rule is wrong."
    said = {voice.who: voice.value for voice in heard.voices}
    formula, slope = said["formula"], said["slope of the forward program"]
    assert slope == pytest.approx(formula, rel=1e-15, abs=1e-15) and said["rule"] != formula


def test_the_numbers_are_told_with_the_digits_that_tell_them_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lie of one in 1e12 needs more digits than a wrong sign."""
    small = fault_of(monkeypatch, "Mul", lambda x, y: x * y, X, Y, vjp=scaled("Mul", 0, 1 + 1e-12)).testimony
    assert [voice.text for voice in small.voices] == ["1.5000000000015", "1.5", "1.5"]


def test_a_doubled_rule_in_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The place, and each witness's number there."""
    heard = fault_of(monkeypatch, "Square", lambda x: ops.square(x), vjp=scaled("Square", 0, 2.0)).testimony
    assert heard.what == "cotangent of a[0, 0], with the output weighted by ones"
    assert [(voice.who, voice.text) for voice in heard.voices] == [
        ("rule", "2"), ("formula", "1"), ("slope of the forward program", "1"),
    ]  # fmt: skip


def test_a_wrong_bprop_is_told_against_formula_and_slope() -> None:
    """The user's derivative is the one that is alone."""

    class Twice(nn.Cell):
        def construct(self, x: Tensor) -> Tensor:
            return x * 2.0

        def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
            return (dout * 3.0,)

    heard = first_fault(mg.check(Twice(), X)).testimony
    assert heard.conclusion == "The formula and the slope agree: the result, with the bprop of Twice, is wrong."
    assert [voice.text for voice in heard.voices] == ["3", "2", "2"]


# Who is wrong of two forward voices: (op, voices that lie, side) ---------------------------------------------------


def test_a_third_definition_tells_that_the_numpy_voice_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """mpmath's own sine agrees with the meaning."""
    voice = honest("Sin", "numpy")
    fault = fault_of(monkeypatch, "Sin", lambda x: ops.sin(x), numpy=lambda s, a: voice(s, a) * 1.5)
    assert fault.side == "forward"
    assert fault.testimony.conclusion == "mpmath.sin agrees with the meaning: the numpy voice is wrong."


def test_a_third_definition_tells_that_the_meaning_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """mpmath's own sine agrees with the numpy voice."""
    fault = fault_of(monkeypatch, "Sin", lambda x: ops.sin(x), meaning=doubled("Sin"))
    assert fault.side == "symbolic"
    assert fault.testimony.conclusion == "mpmath.sin agrees with the numpy voice: the meaning is wrong."


def test_a_matrix_product_has_a_third_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    """numpy's product tells for arrays too."""
    fault = fault_of(monkeypatch, "MatMul", lambda x, y: x @ y.T, X, Y, meaning=doubled("MatMul"))
    assert (fault.side, fault.testimony.conclusion[:12]) == ("symbolic", "numpy.matmul")


def test_rule_and_meaning_that_lie_alike_are_both_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same lie on both roads."""
    fault = fault_of(monkeypatch, "Sin", lambda x: ops.sin(x), meaning=doubled("Sin"), vjp=scaled("Sin", 0, 2.0))
    assert fault.side == "both" and "the meaning, and the rule with it, is wrong" in fault.testimony.conclusion


OPS_WITH_LIES = ("Tanh", "Sigmoid", "Exp", "Log", "Div", "Mul", "Softmax", "ReduceSum", "Erf", "Softplus")


@pytest.mark.parametrize("op", OPS_WITH_LIES)
@pytest.mark.parametrize("voice", ["numpy", "meaning"])
def test_the_wrong_voice_is_named(op: str, voice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of two forward voices lies, it is the one that is named."""
    call: Any = {"Div": lambda x: x / (x + 9.0), "Mul": lambda x: x * (x + 9.0), "ReduceSum": lambda x: (x * x).sum(1)}
    network = call.get(op, lambda x: REGISTRY[op]()(x * x + 0.1))
    true = honest(op, "numpy")
    lie = doubled(op) if voice == "meaning" else lambda s, *operands: true(s, *operands) * 2
    fault = fault_of(monkeypatch, op, network, **{voice: lie})
    assert (fault.op, fault.side) == (op, "symbolic" if voice == "meaning" else "forward")


# Two questions, two answers ------------------------------------------------------------------------------------------


def test_a_right_rule_and_a_good_result() -> None:
    """Both answers, each with its figures."""
    found = mg.check(lambda x, y: x * y, X, Y)["x"]
    assert found.rule_answer.startswith("Yes: proved at all shapes")
    assert "rule and formula agree in 50-digit arithmetic" in found.rule_answer
    assert (found.accuracy.digits, found.accuracy.of, found.accuracy.lost) == (15, 15, 0)


def test_a_right_rule_and_a_poor_result() -> None:
    """Cancellation takes digits from a right formula: 3 are left of x - tanh(x) at 1e-6, where a rounding grows 1e12 times."""
    found = mg.check(lambda x: x - ops.tanh(x), np.array([1e-6]))["x"]
    assert found.status == "ill-conditioned" and found.rule_answer.startswith("Yes: ")
    assert found.note == "the rule is right, but 3 of 15 decimal digits are left: the others are lost to cancellation"
    assert found.accuracy.digits == 3 and 1e12 < found.accuracy.condition < 1e13


def test_a_wrong_rule_and_how_far_off_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer is no, the second says how many digits the wrong rule leaves."""
    monkeypatch.setattr(REGISTRY["Exp"], "vjp", scaled("Exp", 0, 1 + 1e-9))
    found = mg.check(lambda x: ops.exp(x), X)["x"]
    assert (found.rule_answer[:3], found.accuracy.digits) == ("No:", 9)


@pytest.mark.parametrize("kind, of", [("float16", 3), ("float32", 6), ("float64", 15)])
def test_digits_are_those_of_the_dtype(kind: str, of: int) -> None:
    """What the coarsest dtype on the way can hold."""
    assert mg.check(lambda x: ops.sin(x) * x, X.astype(kind))["x"].accuracy.of == of


def test_steep_functions_amplify_a_rounding() -> None:
    """The condition of sin(1e6 x) is about the argument's size."""
    assert 1e5 < mg.check(lambda x: ops.sin(x * 1e6), np.array([0.3, 1.7]))["x"].accuracy.condition < 1e8


def test_both_answers_stand_in_text_and_html() -> None:
    """Two questions, one below the other, in each form."""
    bundle = mg.check(lambda x: x - ops.tanh(x), np.array([1e-6]))._repr_mimebundle_()
    for shown in bundle["text/plain"], bundle["text/html"]:
        first, second = shown.index("Is the rule right?"), shown.index("How good is the float evaluation?")
        assert first < second and "3 of 15" in shown[second:]


def test_the_reproducer_and_the_witnesses_stand_in_text_and_html(monkeypatch: pytest.MonkeyPatch) -> None:
    """They come right after the fault."""
    monkeypatch.setattr(REGISTRY["Sin"], "vjp", scaled("Sin", 0, -1.0))
    bundle = mg.check(lambda x: ops.sin(x), X)._repr_mimebundle_()
    for shown in bundle["text/plain"], bundle["text/html"]:
        places = [shown.index(one) for one in ("Wrong: ", "Witnesses: ", "paste this into a cell", "mg.check(net")]
        assert places == sorted(places)


# Statuses ----------------------------------------------------------------------------------------------------------------


def told(network: Any, *inputs: Any) -> str:
    """The note on the first gradient."""
    report = mg.check(network, *inputs)
    return str(report[report.names[0]].note)


@pytest.mark.parametrize(
    "network, data, words",
    [
        (ops.relu, [1.0, 0.0], "ReLU in line 0 at a[1] = 0 (slope 0 on the left, 1 on the right, taken 0): The derivative at 0"),
        (ops.abs, [[2.0, 0.0]], "at a[0, 1] = 0 (slope -1 on the left, 1 on the right, taken 0)"),
        (lambda x: ops.where(x > 0.5, x * 2.0, x * 3.0), [0.5], "none (the value jumps) on the"),
        (ops.log, [2.0, -1.0], "is nan at [1] for a[1] = -1; it is differentiable where a > 0"),
        (lambda x: 1.0 / x, [1.0, 0.0], "is inf at [1] for a = 1 and b[1] = 0; it is differentiable where b is not 0"),
        (ops.sqrt, [4.0, 0.0], "the derivative of Sqrt in line 0 is not for a[1] = 0; it is differentiable where a > 0"),
        (ops.exp, [800.0], "its true size there, about 2.7e+347, is more than a float64 can hold"),
        (lambda x: x * x, [1.0, np.nan], "the input x is nan at [1]"),
    ],
)  # fmt: skip
def test_a_status_names_the_op_the_value_and_the_place(network: Any, data: Any, words: str) -> None:
    """What a reader in the middle of a lesson needs to go on."""
    note = told(network, np.array(data))
    assert words in re.sub(r"in line \d+", "in line 0", note)


def test_what_differs_between_two_runs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many entries, and the first one's two values."""
    voice, count = honest("Sin", "numpy"), itertools.count()
    lie = lambda s, a: voice(s, a) + (1e-3 * next(count) if a.dtype != object else 0)  # noqa: E731
    monkeypatch.setattr(REGISTRY["Sin"], "numpy", lie)
    report = mg.check(lambda x: ops.sin(x) * x, X)
    found = report["x"]
    assert found.status in ("nondeterministic", "disagree")
    assert found.status == "disagree" or "entries; the first, at [0, 0]: " in found.note
