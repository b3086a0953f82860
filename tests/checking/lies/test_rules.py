"""Lying rules: values, saved values, shapes and dtypes. Each is told in several networks, and its op and operand are named."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from msgrad_ext.errors import VoiceError

from .nets import NETS
from .planting import Target, by_check, by_observation, fault_of, matters, plant, sampled, seen, targets
from .rule_lies import FORMS, SAVED, VALUES, swapped

# Lies of which no single operand is the one that is wrong.
EITHER = {id(swapped)}
COUNTED = {"one too many", "one too few", "a list", "nothing", "an error"}


@cache
def ruled(net: str | None = None) -> tuple[Target, ...]:
    """The operands whose rule is used; in one network a rule of its own stands for MatMul's."""
    nets = list(NETS) if net is None else [net]
    found = (target for one in nets for target in targets(one))
    return tuple(target for target in found if not (target.net == "written" and target.op == "MatMul"))


@cache
def chosen(table: str, name: str, count: int) -> tuple[Target, ...]:
    """Operands at which the lie changes something."""
    lie = {"values": VALUES, "saved": SAVED}[table][name]
    candidates = ruled("mlp32" if name == "only for float32" else None)

    def wanted(target: Target) -> bool:
        return matters(lambda patch: plant(patch, target, lie), target.net)

    found = sampled(name, candidates, count, wanted)
    assert found, "the lie changes nothing anywhere"
    return tuple(found)


def score(lie: Any, target: Target, how: Callable[[str], Any]) -> str:
    """Empty when verdict, op, operand, side and line are right; else what was said."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch, target, lie)
        report = how(target.net)
    verdict, op, operand, side = seen(report)
    operands = {"a", "b"} if id(lie) in EITHER else {target.operand}
    right = (verdict, op, side) == ("disagree", target.op, "numeric") and operand in operands
    return "" if right and fault_of(report).line is not None else f"{target}: {(verdict, op, operand, side)}"


@pytest.mark.parametrize("name", VALUES)
def test_a_wrong_value_is_caught_and_named(name: str) -> None:
    """What a rule returns is wrong by its values."""
    assert [bad for one in chosen("values", name, 2) if (bad := score(VALUES[name], one, by_check))] == []


@pytest.mark.parametrize("name", SAVED)
def test_a_wrong_saved_value_is_caught_and_named(name: str) -> None:
    """A rule computes with other operands, another result or another cotangent than it was given."""
    assert [bad for one in chosen("saved", name, 2) if (bad := score(SAVED[name], one, by_check))] == []


@pytest.mark.parametrize("name", VALUES)
def test_a_wrong_value_is_caught_where_gradients_are_observed(name: str) -> None:
    """The same in a cell's `GradOperation`."""
    assert score(VALUES[name], chosen("values", name, 2)[0], by_observation) == ""


@pytest.mark.parametrize("name", SAVED)
def test_a_wrong_saved_value_is_caught_where_gradients_are_observed(name: str) -> None:
    """The same in a cell's `GradOperation`."""
    assert score(SAVED[name], chosen("saved", name, 2)[0], by_observation) == ""


@pytest.mark.parametrize("name", FORMS)
def test_a_wrong_form_is_caught_and_named(name: str) -> None:
    """A cotangent of a wrong shape, dtype or kind is named before any number is compared."""
    bad = []
    for target in sampled(name, ruled(), 2):
        with pytest.MonkeyPatch.context() as patch:
            plant(patch, target, FORMS[name])
            verdict, op, operand, side = seen(by_check(target.net))
        operands = {None, target.operand} if name in COUNTED else {target.operand}
        if (verdict, op, side) != ("disagree", target.op, "numeric") or operand not in operands:
            bad.append(f"{target}: {(verdict, op, operand, side)}")
    assert bad == []


@pytest.mark.parametrize("name", ["summed", "other float", "one too many"])
def test_a_wrong_form_is_an_error_where_gradients_are_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell can not go on without its gradient: the error names the op."""
    target = sampled(name, ruled(), 1)[0]
    plant(monkeypatch, target, FORMS[name])
    with pytest.raises(VoiceError) as told:
        by_observation(target.net)
    assert told.value.op == target.op
