"""The evidence ladder: what a verdict says that was proved is proved, and no wrong rule ever is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import nn, ops
from msgrad_ext.checking.evidence.ladder import path
from msgrad_ext.checking.evidence.local import DEFAULT, climb
from msgrad_ext.checking.evidence.rungs import ALL_SHAPES, CONTRADICTED, EXACT, RUNGS, THIS_SHAPE, weakest
from msgrad_ext.gradients.compiled import as_inputs
from msgrad_ext.ir import Eqn, Var
from msgrad_ext.numeric.interpreter import interpret, widen
from msgrad_ext.pipeline import apply_gradient
from msgrad_ext.proving.proof import prove
from msgrad_ext.registry import OPS, fn
from msgrad_ext.reversing.reverse import expand, plain

from ..ops.samples import SAMPLES, Sample

FIRST = {sample.op: sample for sample in reversed(SAMPLES) if sample.op in OPS}
X = np.array([[0.5, -1.5, 2.5], [1.25, 0.75, -0.25]])
Y = np.array([[1.5, 0.5, -0.5], [2.25, -1.75, 3.25], [0.25, 1.25, 0.75]])
Pieces = list[tuple[Eqn, dict[Var, np.ndarray]]]


@cache
def pieces(sample: Sample) -> Pieces:
    """The equations of a sample's own op that have a derivative, with the values of all variables."""
    application = apply_gradient(sample.network, as_inputs(sample.inputs), None)
    graph = widen(expand(plain(application.program.graph)), np.dtype(np.float64))
    given = [np.asarray(value) for value in application.program.values]
    values = interpret(graph, [one.astype(float) if one.dtype.kind == "f" else one for one in given])
    flowing = {eqn for var in graph.inputs if var.dtype.kind == "f" for eqn in path(graph, var)}
    return [(eqn, values) for eqn in graph.eqns if type(eqn.op).__name__ == sample.op and eqn in flowing]


# Ops whose rule gives no cotangent: there is nothing to be wrong.
WITHOUT = {
    "Ceil",
    "Floor",
    "FloorDiv",
    "OnesLike",
    "Round",
    "Sign",
    "SignDeterminant",
    "Trunc",
    "TruncateDiv",
    "ZerosLike",
}


# Ops whose first cotangent is 0, which a factor leaves as it is.
ZERO = {("Heaviside", "a factor")}


def rungs(sample: Sample) -> Iterator[Any]:
    """The rungs that a sample's op reaches by exact numbers."""
    for eqn, values in pieces(sample):
        yield climb(eqn, values, DEFAULT, 0, "agrees in floats")


def wrong(rule: Any, change: Any) -> Any:
    """A rule whose first cotangent is changed."""

    def vjp(self: Any, ct: Any, out: Any, *operands: Any) -> Any:
        found = rule(self, ct, out, *operands)
        parts = list(found) if isinstance(found, tuple) else [found]
        spots = [place for place, part in enumerate(parts) if part is not None]
        for spot in spots[:1]:
            parts[spot] = change(parts[spot])
        return tuple(parts)

    return vjp


LIES = {
    "a factor": lambda part: part * (1 + 1e-9),
    "an offset": lambda part: part + 1e-12,
}


# Over all ops ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(FIRST))
def test_no_right_rule_is_contradicted(name: str) -> None:
    """An honest rule is never said to be wrong."""
    assert CONTRADICTED not in [one.rung for one in rungs(FIRST[name])]


@pytest.mark.parametrize(
    ("name", "lie"), sorted({(name, lie) for name in FIRST for lie in LIES if name not in WITHOUT} - ZERO)
)
def test_no_wrong_rule_is_proved(name: str, lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong rule reaches none of the rungs that are proofs, though the right one may have been proved before."""
    for _ in rungs(FIRST[name]):
        pass
    found = pieces(FIRST[name])
    monkeypatch.setattr(OPS[name], "vjp", wrong(OPS[name].vjp, LIES[lie]))
    assert not {one.rung for one in rungs(FIRST[name])} & {ALL_SHAPES, THIS_SHAPE, EXACT}
    if lie == "a factor":
        assert not any(prove(eqn, brief=True).proved for eqn, _ in found)


def test_nearly_all_rules_are_proved_at_their_shape() -> None:
    """Of the ops' first samples nine in ten are proved on polynomials alone."""
    reached = [one.rung for sample in FIRST.values() for one in rungs(sample)]
    assert reached.count(THIS_SHAPE) >= 0.9 * len(reached)


# What a verdict says --------------------------------------------------------------------------------------------------


def network(x: Any, y: Any) -> Any:
    """The shape of the tutorial's network."""
    return (x * 2.0) @ y


def test_the_verdict_begins_with_the_strongest_rung() -> None:
    """The evidence is told first, and is there op by op."""
    gradient = mg.check(network, X, Y)["x"]
    assert gradient.evidence.startswith("proved at all shapes: the rule of every op")
    assert [(one.op, one.rung) for one in gradient.ladder.ops] == [("Mul", ALL_SHAPES), ("MatMul", ALL_SHAPES)]


def test_only_ops_on_the_way_count() -> None:
    """A gradient's rung is that of the ops between it and the output."""
    report = mg.check(network, X, Y)
    assert [one.op for one in report["y"].ladder.ops] == ["MatMul"]


def test_the_weakest_op_decides() -> None:
    """A gradient stands no higher than the weakest of its ops, and the others are told."""
    assert weakest([ALL_SHAPES, EXACT, THIS_SHAPE], "") == EXACT
    gradient = mg.check(lambda x: ops.cumsum(ops.exp(x), 1).sum(), X)["x"]
    ranks = [RUNGS.index(one.rung) for one in gradient.ladder.ops]
    assert RUNGS.index(gradient.ladder.rung) == max(ranks)


def test_a_second_check_tells_the_same() -> None:
    """What is kept changes the time of a check, never its text."""
    texts = {mg.check(network, X, Y)["x"].evidence for _ in range(3)}
    assert len(texts) == 1


def test_a_gradient_that_disagrees_has_no_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is called proved where the witnesses contradict each other."""
    monkeypatch.setattr(OPS["Mul"], "vjp", wrong(OPS["Mul"].vjp, LIES["a factor"]))
    gradient = mg.check(network, X, Y)["x"]
    assert (gradient.status, gradient.ladder) == ("disagree", None)
    assert "proved" not in gradient.evidence


def test_a_derivative_of_the_users_is_compared_as_a_whole() -> None:
    """A bprop has no rule of an op: it stands where the comparison of the whole does, and the ladder says so."""

    class Net(nn.Cell):
        def construct(self, x: Any) -> Any:
            return x * x

        def bprop(self, x: Any, out: Any, dout: Any) -> Any:
            return (2.0 * x * dout,)

    ladder = mg.check(Net(), X)["x"].ladder
    assert ladder.rung == "agrees in 50 digits"
    assert "the user wrote" in str(ladder)


def test_stronger_evidence_is_given_on_request() -> None:
    """What is too long for each check is proved when it is asked for."""
    report = mg.check(lambda x: (ops.softmax(x, -1) * x).sum(), X)
    assert report.evidence("x").rung == ALL_SHAPES


# Exact tests of single rules --------------------------------------------------------------------------------------------


def only(function: Any, *arrays: np.ndarray, op: str) -> Any:
    """The rung of one op of a function, by exact numbers."""
    (found,) = rungs(Sample(op, function, arrays, "only"))
    return found


def test_a_comparison_is_decided_at_the_values_and_told() -> None:
    """The proof of a relu is for all values that compare as those at hand do."""
    found = only(ops.relu, X, op="ReLU")
    assert (found.rung, found.detail) == (THIS_SHAPE, "where comparisons go as at these values")


def test_at_a_kink_there_is_no_proof() -> None:
    """At zero a relu's rule is a convention."""
    assert only(ops.relu, np.zeros((2, 2)), op="ReLU").rung != THIS_SHAPE


def test_large_operands_are_compared_at_points() -> None:
    """Where polynomials take too much, exact rationals are compared, and the chance of a wrong pass is told."""
    found = only(lambda x, y: x * y, np.ones((9, 40)), np.ones((9, 40)), op="Mul")
    assert found.rung == EXACT
    assert "passes with a chance below 2^-120" in found.detail
    assert "over the budget" in found.why[0]


def test_a_rule_that_is_wrong_elsewhere_is_contradicted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is right at the user's values, and wrong where random points fall, is found out."""
    right = OPS["Square"].vjp

    def vjp(self: Any, ct: Any, out: Any, a: Any) -> Any:
        return fn.select(a > 1e6, ct, right(self, ct, out, a))

    monkeypatch.setattr(OPS["Square"], "vjp", vjp)
    assert only(ops.square, np.ones((9, 40)), op="Square").rung == CONTRADICTED


def test_an_exchanged_voice_of_an_op_that_the_rule_uses_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule of sin uses cos: a wrong cos makes it wrong, though nothing of sin was changed."""
    assert only(ops.sin, X, op="Sin").rung == THIS_SHAPE
    right = OPS["Cos"].numpy
    with monkeypatch.context() as patch:
        patch.setattr(OPS["Cos"], "numpy", lambda self, a: right(self, a) * 2)
        assert only(ops.sin, X, op="Sin").rung != THIS_SHAPE
    assert only(ops.sin, X, op="Sin").rung == THIS_SHAPE


def test_a_lie_about_one_entry_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """All entries are compared."""
    right, ones = OPS["Exp"].vjp, np.ones((2, 3))
    ones[1, 2] += 1e-12
    monkeypatch.setattr(OPS["Exp"], "vjp", lambda s, ct, out, a: right(s, ct, out, a) * mg.Tensor(ones))
    assert only(ops.exp, X, op="Exp").rung not in (THIS_SHAPE, EXACT)
