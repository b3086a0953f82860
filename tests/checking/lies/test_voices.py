"""Lying forward voices: what an op computes, and what it is said to mean; alone, and together with the rule."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from sympy import Rational

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.op import Elementwise
from msgrad_ext.registry import OPS

from .nets import NETS
from .planting import REGISTRY, by_check, by_observation, changed, plant, sampled, seen, targets
from .voice_lies import MEANING, NUMPY

X = np.array([[0.5, -1.5], [1.25, 0.75]])
# In this network the minus stands in a rule alone: its meaning is not asked.
ONLY_IN_RULES = {("penalty", "Neg")}


@cache
def places() -> tuple[tuple[str, str], ...]:
    """Every op of every network."""
    return tuple(sorted({(one.net, one.op) for net in NETS for one in targets(net)}))


def told(table: dict[str, Any], name: str, voice: str, count: int) -> list[tuple[str, str]]:
    """Where the lie is told."""
    float32 = name == "only float32"
    candidates = [one for one in places() if (one[0] == "mlp32") == float32 or not name.startswith("only float")]
    if voice == "meaning":
        candidates = [one for one in candidates if one not in ONLY_IN_RULES]

    def wanted(place: tuple[str, str]) -> bool:
        return voice == "meaning" or name == "only digits" or changes(place, table[name])

    return sampled(name, candidates, count, wanted)


def changes(place: tuple[str, str], lie: Any) -> bool:
    """True when the lying voice gives another float result somewhere in the network."""
    net, op = place
    honest, different = REGISTRY[op].numpy, []

    def spy(self: Any, *operands: Any) -> Any:
        right = np.asarray(honest(self, *operands))
        if right.dtype.kind == "f":
            different.append(not np.array_equal(right, lie(honest)(self, *operands), equal_nan=True))
        return right

    make, inputs = NETS[net]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(REGISTRY[op], "numpy", spy)
        make()(*map(mg.Tensor, inputs))
    return any(different)


def score(place: tuple[str, str], voice: str, lie: Any, side: str, how: Any) -> str:
    """Empty when verdict, op and side are right; else what was said."""
    net, op = place
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(REGISTRY[op], voice, lie(getattr(REGISTRY[op], voice)))
        got = seen(how(net))
    return "" if (got[0], got[1], got[3]) == ("disagree", op, side) else f"{net}.{op} by {how.__name__}: {got}"


@pytest.mark.parametrize("name", NUMPY)
def test_a_wrong_computation_is_caught_and_named(name: str) -> None:
    """The forward side is at fault, in whatever dtype and at whatever values the voice is wrong."""
    found = told(NUMPY, name, "numpy", 2)
    assert found
    ways = [by_check, by_observation, by_check] * len(found)
    assert [bad for one, how in zip(found, ways) if (bad := score(one, "numpy", NUMPY[name], "forward", how))] == []


@pytest.mark.parametrize("name", MEANING)
def test_a_wrong_meaning_is_caught_and_named(name: str) -> None:
    """The symbolic side is at fault."""
    found = told(MEANING, name, "meaning", 2)
    ways = [by_check, by_observation, by_check] * len(found)
    assert [
        bad for one, how in zip(found, ways) if (bad := score(one, "meaning", MEANING[name], "symbolic", how))
    ] == []


BAD_MEANINGS: dict[str, Any] = {
    "raises": lambda self, a: 1 // 0,
    "gives nothing": lambda self, a: None,
    "gives text": lambda self, a: lambda *i: "x",
    "asks for an index too many": lambda self, a: lambda *i: a[(*i, 0)],
}


@pytest.mark.parametrize("name", BAD_MEANINGS)
def test_a_broken_meaning_is_a_finding_not_a_crash(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be derived from it: the report says so and names the op; it never agrees."""
    monkeypatch.setattr(REGISTRY["Sin"], "meaning", BAD_MEANINGS[name])
    report = mg.check(lambda x: ops.sin(x) * x, X)
    assert report.verdict in ("disagree", "unchecked")
    assert "Sin" in f"{report['x'].fault} {report['x'].note}"


ONE_OPERAND = [
    ("mlp", "Tanh"),
    ("elementwise", "Exp"),
    ("elementwise", "Sin"),
    ("shared", "Transpose"),
    ("attention", "Softmax"),
    ("conv", "ReduceSum"),
]


@pytest.mark.parametrize("factor", [2.0, 1 + 2.0**-20])
@pytest.mark.parametrize("net, op", ONE_OPERAND)
def test_rule_and_meaning_that_are_wrong_alike_are_caught(net: str, op: str, factor: float) -> None:
    """Two roads against the forward program: both are wrong."""
    target = next(one for one in targets(net) if one.op == op)
    honest, ratio = REGISTRY[op].meaning, Rational(factor)
    with pytest.MonkeyPatch.context() as patch:
        plant(patch, target, changed(lambda c, ct, out, a: c * factor))
        patch.setattr(REGISTRY[op], "meaning", lambda self, *o: lambda *i: ratio * honest(self, *o)(*i))
        verdict, named, _, side = seen(by_check(net))
    assert (verdict, named, side) == ("disagree", op, "both")


@pytest.mark.parametrize("factor", [2.0, 1 + 2.0**-20])
@pytest.mark.parametrize("net, op", ONE_OPERAND)
def test_computation_and_rule_that_are_wrong_alike_are_caught(net: str, op: str, factor: float) -> None:
    """The forward program does not do what the op means, and its rule follows it."""
    target = next(one for one in targets(net) if one.op == op)
    honest = REGISTRY[op].numpy
    with pytest.MonkeyPatch.context() as patch:
        plant(patch, target, changed(lambda c, ct, out, a: c * factor))
        patch.setattr(REGISTRY[op], "numpy", lambda self, *o: (honest(self, *o) * factor).astype(o[0].dtype))
        verdict, named, _, side = seen(by_check(net))
    assert (verdict, named, side) == ("disagree", op, "forward")


def own_cube(wrong: tuple[str, ...]) -> type[Elementwise]:
    """An op that a user might write, with the named voices wrong."""
    numpy_factor, rule_factor, meaning_factor = (2 if one in wrong else 1 for one in ("numpy", "vjp", "meaning"))

    class OwnCube(Elementwise):
        """The third power."""

        def numpy(self, a: Any) -> Any:
            return a * a * a * numpy_factor

        def vjp(self, ct: Any, out: Any, a: Any) -> Any:
            return ct * (3.0 * rule_factor) * a * a

        def meaning(self, a: Any) -> Any:
            return lambda *i: a[i] ** 3 * meaning_factor

    return OwnCube


# Rule and meaning against the numpy voice: which of the two sides is wrong can not be known, so the computation is named.
OWN = {(): None, ("numpy",): "forward", ("vjp",): "numeric", ("meaning",): "symbolic", ("vjp", "meaning"): "forward"}


@pytest.mark.parametrize("wrong", OWN, ids=" and ".join)
def test_in_an_op_of_the_users_own_two_against_one_decide(wrong: tuple[str, ...]) -> None:
    """Its voices all come from one place: what two of the three say is what counts."""
    cube = own_cube(wrong)
    try:
        got = seen(mg.check(lambda x: cube()(x) * x, X))
    finally:
        del OPS["OwnCube"]
    assert (got[1], got[3]) == (("OwnCube", OWN[wrong]) if wrong else (None, None))


def test_voices_that_are_all_wrong_alike_are_another_op() -> None:
    """What computes, derives and means the same is right: nobody inside can know that another function was wanted."""
    cube = own_cube(("numpy", "vjp", "meaning"))
    try:
        assert mg.check(lambda x: cube()(x) * x, X).verdict == "agree"
    finally:
        del OPS["OwnCube"]
