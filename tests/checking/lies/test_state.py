"""Voices with a memory, voices that write into their operands, and rules that are right at the first order alone."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.errors import ForwardVoiceError

from .nets import NETS
from .planting import REGISTRY, Target, by_check, by_observation, fault_of, plant, sampled, seen, targets
from .state_lies import FORWARD, IN_PLACE, RULES, SECOND

# Second derivatives of these are quick.
QUICK = ("mlp", "attention", "shared", "penalty", "elementwise", "normalized")


@cache
def places() -> tuple[tuple[str, str], ...]:
    """Every op of the networks in which the rules are the registered ones."""
    return tuple(sorted({(one.net, one.op) for net in NETS if net != "written" for one in targets(net)}))


def score_rule(lie: Any, target: Target, how: Any) -> str:
    """Empty when the lie is told of; else what was said."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch, target, lie)
        report = how(target.net)
    got = seen(report)
    named = got[0] == "nondeterministic" or (got[0], got[1], got[3]) == ("disagree", target.op, "numeric")
    return "" if named else f"{target} by {how.__name__}: {got}"


def score_voice(lie: Any, place: tuple[str, str], how: Any, verdicts: tuple[str, ...]) -> str:
    """Empty when the lie is told of; else what was said."""
    net, op = place
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(REGISTRY[op], "numpy", lie(REGISTRY[op].numpy))
        try:
            report = how(net)
        except ForwardVoiceError as error:
            # A cell ends with an error that names the op; nothing is computed with operands that have changed.
            return "" if error.op == op and how is by_observation else f"{net}.{op}: {error}"
    got = seen(report)
    named = got[0] == "nondeterministic" or (got[1], got[3]) == (op, "forward")
    return "" if got[0] in verdicts and named else f"{net}.{op} by {how.__name__}: {got}"


@pytest.mark.parametrize("name", RULES)
def test_a_rule_with_a_memory_is_caught(name: str) -> None:
    """A rule whose answer depends on how often it was asked has no derivative to agree with."""
    candidates = [target for net in NETS if net != "written" for target in targets(net)]
    found = sampled(name, candidates, 2)
    ways = [by_check, by_observation, by_check] * len(found)
    assert [bad for one, how in zip(found, ways) if (bad := score_rule(RULES[name](), one, how))] == []


@pytest.mark.parametrize("name", FORWARD)
def test_a_computation_with_a_memory_is_caught(name: str) -> None:
    """So has an op whose result depends on what it was asked before."""
    found = sampled(name, places(), 2)
    ways, verdicts = [by_check, by_observation, by_check] * len(found), ("disagree", "nondeterministic")
    assert [bad for one, how in zip(found, ways) if (bad := score_voice(FORWARD[name], one, how, verdicts))] == []


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_computation_that_writes_into_its_operand_is_caught(name: str) -> None:
    """An op leaves its operands as they were, even where this gradient does not suffer."""
    found = sampled(name, [one for one in places() if one[1] not in ("StridedSlice", "Windows")], 2)
    ways, verdicts = [by_check, by_observation, by_check] * len(found), ("disagree",)
    assert [bad for one, how in zip(found, ways) if (bad := score_voice(IN_PLACE[name], one, how, verdicts))] == []


@pytest.mark.parametrize("name", SECOND)
def test_a_rule_that_is_right_at_first_order_only_is_named_at_the_second(name: str) -> None:
    """A saved value that was taken for a constant."""
    make_second = [target for net in QUICK for target in targets(net) if target.op not in ("Softmax", "ReduceMean")]
    wrong = []
    for target in sampled(name, make_second, 40):
        make, inputs = NETS[target.net]
        with pytest.MonkeyPatch.context() as patch:
            plant(patch, target, SECOND[name])
            report = mg.check(make(), *(np.array(one) for one in inputs), order=2)
        if report.verdict != "agree":
            wrong.append((target, seen(report)))
        if len(wrong) == 1:
            break
    assert wrong
    assert [said for target, said in wrong if said != ("disagree", target.op, target.operand, "numeric")] == []


def test_a_rule_that_is_right_at_first_order_only_agrees_at_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked is answered: the first derivative is right."""
    plant(monkeypatch, Target("elementwise", "Exp", 0), SECOND["all detached"])
    report = mg.check(lambda x: ops.exp(x) * x, np.array([0.3, -0.5]))
    assert (report.verdict, fault_of(report)) == ("agree", None)
