"""Every op of the registry, walked: its three voices agree, and a lie in any of them is caught and named.

A new op needs a sample in `samples` and nothing here.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from sympy import Rational

import msgrad_ext as mg
from msgrad_ext.numeric.interpreter import run
from msgrad_ext.registry import COMPOSITES
from msgrad_ext.reversing.reverse import expand, plain

from .samples import SAMPLES, Sample

SMALL = 1e-9
# A cast from float32 is the identity in exact numbers; the error must show above the rounding of float32.
SMALL_IN_NUMPY = {"Cast": 1e-4}
CASES = [pytest.param(sample, id=f"{sample.op}-{sample.name}") for sample in SAMPLES]
FIRST = {sample.op: sample for sample in reversed(SAMPLES)}
OPS = sorted(mg.registered_ops())
# Affine in every input and without a broadcast: the gradient is a constant, which has no derivative to check.
CONSTANT_GRADIENT = {("Sign", "scalar"), ("Add", "zero-d")}
# Ops without a cotangent for any operand.
CONSTANT = {
    "SignDeterminant",
    "Sign",
    "ZerosLike",
    "OnesLike",
    "StopGradient",
    "Floor",
    "Ceil",
    "Round",
    "Trunc",
    "FloorDiv",
    "TruncateDiv",
}


@cache
def report(sample: Sample, order: int = 1) -> Any:
    """The check of a sample, made once."""
    return mg.check(sample.network, *sample.inputs, order=order)


def close(actual: Any, desired: Any) -> None:
    """Equal to 1e-12: a few roundings of float64, far below any wrong rule."""
    np.testing.assert_allclose(np.asarray(actual, float), np.asarray(desired, float), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", sorted({*OPS, *COMPOSITES}))
def test_every_op_has_a_sample(name: str) -> None:
    """An op without a sample would be tested by nothing."""
    assert name in FIRST


@pytest.mark.parametrize("sample", CASES)
def test_the_check_agrees(sample: Sample) -> None:
    """Plan, formula and forward slopes of every sample agree."""
    assert {gradient.status for gradient in report(sample).result.gradients} == {"agree"}


@pytest.mark.parametrize("sample", CASES)
def test_plan_and_formula_give_the_same_gradient(sample: Sample) -> None:
    """The plan's gradient equals the formula's to 1e-12 in float64."""
    for gradient in report(sample).result.gradients:
        close(gradient.value, gradient.reference)


@pytest.mark.parametrize("sample", CASES)
def test_plan_and_interpreter_give_the_same_gradient(sample: Sample) -> None:
    """The simplified plan equals the plain interpretation of the unsimplified graph to 1e-12."""
    from msgrad_ext.reversing.reverse import reverse

    application = report(sample).application
    program = application.program
    slow = run(reverse(program.graph, application.wrt), program.values)[len(program.graph.outputs) :]
    for mine, other in zip(application.gradients, slow, strict=True):
        close(mine, other)


@pytest.mark.parametrize("sample", CASES)
def test_plan_and_meaning_give_the_same_output(sample: Sample) -> None:
    """The value that the compiled plan gives is the value that the meaning gives, to 1e-12."""
    from msgrad_ext.checking.witnesses.reference import Reference

    application = report(sample).application
    program = application.program
    if sample.op == "Cast":
        pytest.skip("the sample computes in float32")
    graph = plain(program.graph)
    evaluated = Reference(graph, application.wrt).evaluate(program.values, [np.ones(graph.outputs[0].shape)])
    close(run(expand(graph), program.values)[0], evaluated.outputs[0])


@pytest.mark.parametrize("sample", CASES)
def test_float32_stays_float32(sample: Sample) -> None:
    """In a float32 network no equation and no gradient is float64."""
    if sample.op == "Cast":
        pytest.skip("the sample casts to float64 on purpose")
    inputs = [array.astype(np.float32) for array in sample.inputs]
    plan = mg.compile(sample.network, *inputs)
    kinds = {eqn.out.dtype for eqn in plan.graph.eqns} | {gradient.dtype for gradient in plan(*inputs)[1].values()}
    assert np.dtype(np.float64) not in kinds


@pytest.mark.parametrize("sample", CASES)
def test_the_second_order_agrees(sample: Sample) -> None:
    """The gradient of the gradient's sum agrees with the formula's at every sample."""
    statuses = {gradient.status for gradient in report(sample, 2).result.gradients}
    assert statuses == {"unchecked" if (sample.op, sample.name) in CONSTANT_GRADIENT else "agree"}


# Lies --------------------------------------------------------------------------------------------------------------


@cache
def differentiated_operand(name: str) -> str | None:
    """The first operand that the op's rule returns a cotangent for at its first sample, or None."""
    cls = mg.registered_ops()[name]
    honest, found = cls.vjp, []

    def spy(self: Any, ct: Any, out: Any, *operands: Any) -> Any:
        result = honest(self, ct, out, *operands)
        parts = result if isinstance(result, tuple) else (result,)
        found.extend(position for position, part in enumerate(parts) if part is not None)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cls, "vjp", spy)
        mg.check(FIRST[name].network, *FIRST[name].inputs)
    return cls.operands[min(found)] if found else None


def lying_rule(honest: Any) -> Any:
    """``honest`` with its first cotangent too large by one part in 1e9."""

    def vjp(self: Any, ct: Any, out: Any, *operands: Any) -> Any:
        result = honest(self, ct, out, *operands)
        parts = list(result) if isinstance(result, tuple) else [result]
        spot = next(position for position, part in enumerate(parts) if part is not None)
        parts[spot] = parts[spot] * (1 + SMALL)
        return tuple(parts)

    return vjp


def lying_numpy(name: str) -> Any:
    """The op's numpy voice off by one part in 1e9, or the opposite of a truth value."""
    honest, small = mg.registered_ops()[name].numpy, SMALL_IN_NUMPY.get(name, SMALL)

    def numpy(self: Any, *operands: Any) -> Any:
        result = np.asarray(honest(self, *operands))
        if result.dtype.kind in "iu":
            return result ^ 1
        return ~result if result.dtype.kind == "b" else result + small * (np.abs(result) + 1)

    return numpy


def lying_meaning(honest: Any, truth: bool) -> Any:
    """``honest`` off by one part in 1e9, or the opposite of a truth value."""

    def meaning(self: Any, *operands: Any) -> Any:
        element = honest(self, *operands)
        if truth:
            return lambda *i: 1 - element(*i)
        return lambda *i: element(*i) * (1 + Rational(1, 10**9)) + Rational(1, 10**9)

    return meaning


@cache
def kind_of_result(name: str) -> str:
    """What kind of number the op gives at its first sample: ``f`` for floats, ``b`` for bools, ``i`` or ``u`` for ints."""
    graph = expand(report(FIRST[name]).application.program.graph)
    return next(eqn.out.dtype.kind for eqn in graph.eqns if type(eqn.op).__name__ == name)


def truth_valued(name: str) -> bool:
    """Whether the op's result is bool."""
    return kind_of_result(name) == "b"


def first_fault(name: str) -> Any:
    """The fault that the check finds at the op's first sample."""
    result = mg.check(FIRST[name].network, *FIRST[name].inputs)
    assert result.verdict == "disagree"
    return next(gradient.fault for gradient in result.result.gradients if gradient.status == "disagree")


@pytest.mark.parametrize("name", OPS)
def test_a_small_lie_in_the_rule_is_caught_and_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative error of 1e-9 in a rule is found, with the op, the operand and the side."""
    operand = differentiated_operand(name)
    if operand is None:
        assert name in CONSTANT or kind_of_result(name) != "f"
        return
    cls = mg.registered_ops()[name]
    monkeypatch.setattr(cls, "vjp", lying_rule(cls.vjp))
    fault = first_fault(name)
    assert (fault.op, fault.operand, fault.side) == (name, operand, "numeric")


@pytest.mark.parametrize("name", OPS)
def test_a_small_lie_in_the_numpy_voice_is_caught_and_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative error of 1e-9 in what an op computes is found, with the op and the side."""
    cls = mg.registered_ops()[name]
    monkeypatch.setattr(cls, "numpy", lying_numpy(name))
    fault = first_fault(name)
    assert (fault.op, fault.side) == (name, "forward")


@pytest.mark.parametrize("name", OPS)
def test_a_small_lie_in_the_meaning_is_caught_and_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative error of 1e-9 in what an op is said to mean is found, with the op and the side."""
    cls = mg.registered_ops()[name]
    monkeypatch.setattr(cls, "meaning", lying_meaning(cls.meaning, truth_valued(name)))
    fault = first_fault(name)
    assert (fault.op, fault.side) == (name, "symbolic")


@pytest.mark.parametrize("name", OPS)
def test_a_fault_names_the_users_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault of a lying numpy voice tells a line of the user's code."""
    cls = mg.registered_ops()[name]
    monkeypatch.setattr(cls, "numpy", lying_numpy(name))
    assert first_fault(name).line is not None


def test_the_walk_leaves_the_voices_as_they_were() -> None:
    """After all lies the ops agree again: nothing of them stays in a cache."""
    sample = FIRST["Mul"]
    assert mg.check(sample.network, *sample.inputs).verdict == "agree"
