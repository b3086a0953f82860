"""An interrupt at any moment leaves nothing half made behind: what is derived afterwards is what is derived without it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

import msgrad_ext as mg
from msgrad_ext import errors, ops
from msgrad_ext.formulas import kept
from msgrad_ext.symbolic import compose, effort, template
from msgrad_ext.symbolic.normal import normal

SHAPES = {"x": ("m", "k"), "w": ("k", "n"), "t": ("m", "n")}


def net(x, w, t):  # type: ignore[no-untyped-def]
    h = ops.tanh(x @ w)
    y = ops.softmax(h, -1)
    return (y * t).sum() + (h * h).mean()


def written() -> list[str]:
    """All that is shown of the net."""
    found = mg.derive(net, SHAPES)
    texts = [text for one in found.values() for text in (one.latex, one.text, *one.notes)]
    elements = found["w"].elements({"m": 1, "k": 2, "n": 2})
    return [*texts, *(line.latex for line in found["x"].lines), elements.text]


def forget() -> None:
    """Empty the caches of the symbolic road, so that the next derivation fills them."""
    for cache in (template._FORWARD, template._MERGED, kept._WRITTEN):
        cache.clear()
    template.adjoint.cache_clear()
    compose.own_form.cache_clear()


def interrupted(at: int, work: Callable[[], Any]) -> bool:
    """Do ``work`` until the ``at``-th call of a function of the package; True if it came so far."""
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        if event == "call" and "msgrad_ext" in frame.f_code.co_filename:
            count += 1
            if count == at:
                sys.setprofile(None)
                raise KeyboardInterrupt

    before = sys.getprofile()
    sys.setprofile(trace)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(before)
    return False


def test_an_interrupt_leaves_no_trace() -> None:
    """At points all over the derivation and the writing, with empty caches."""
    forget()
    expected = written()
    at, hits = 50, 0
    while at < 10**7:
        forget()
        if not interrupted(at, written):
            break
        hits += 1
        assert written() == expected, at
        at = at * 5 // 2 + 17
    assert hits >= 7


def test_a_budget_leaves_the_lines() -> None:
    """With next to nothing to spend each gradient is shown by its last line, and a note says so; nothing is kept of it."""
    full = mg.derive(net, SHAPES)
    short = mg.derive(net, SHAPES, budget=0.001)
    for name, one in short.items():
        assert any("more work than the budget allows" in note for note in one.notes)
        assert [line.text for line in one.lines] == [line.text for line in full[name].lines]
        assert one.text in [line.text for line in one.lines]
    again = mg.derive(net, SHAPES)
    assert [one.text for one in again.values()] == [one.text for one in full.values()]
    assert [one.text for one in mg.derive(net, SHAPES, budget=0.001).values()] == [one.text for one in short.values()]
    assert [one.text for one in mg.derive(net, SHAPES, budget=60).values()] == [one.text for one in full.values()]


@pytest.mark.parametrize("budget", [0, -1, "1", True, float("nan")])
def test_a_budget_is_a_positive_number(budget: Any) -> None:
    """As for `check`."""
    with pytest.raises(errors.ArgumentValueError, match="budget must be a positive number"):
        mg.derive(net, SHAPES, budget=budget)


def test_what_is_kept_costs_the_same_when_it_is_there() -> None:
    """The same work is counted in whatever order things are derived."""
    counts = []
    for _ in range(2):
        kept.forget()
        one = effort.Effort(10**9)
        with effort.limited(one):
            mg.derive(net, SHAPES)
        counts.append(one.left)
    assert counts[0] == counts[1]


def test_sums_with_indicators_do_not_explode() -> None:
    """What would be multiplied out to too many terms stops at the budget."""
    from sympy import Add, Mul, Symbol

    from msgrad_ext.symbolic.nodes import Delta, Entry, index

    i = index("i")
    factors = [Add(*(Delta(i, n) * Entry(Symbol(f"a{k}"), i) for n in range(9))) for k in range(9)]
    with pytest.raises(effort.OverBudget), effort.limited(effort.Effort(10_000)):
        normal(Mul(*factors), {})
