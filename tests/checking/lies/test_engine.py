"""Lies of the engine: contributions added wrongly, wrong seeds, plans and results that are not what was derived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext.tensor import Tensor

from .engine_lies import ADDING, RESULTS, RETURNING, SEEDING, SIMPLIFYING, SOURCES, SUMMING, WEIGHING
from .nets import NETS
from .planting import by_check, by_observation, matters, sampled, seen

VECTORS = [net for net in NETS if net not in ("mlp", "mlp32")]


def weighted(net: str) -> Any:
    """The report of `mg.check` with weights of the output."""
    make, inputs = NETS[net]
    network, given = make(), [np.array(one) for one in inputs]
    out = network(*map(Tensor, given))
    return mg.check(network, *given, sens=np.random.default_rng(5).normal(size=out.shape).astype(out.numpy_dtype))


def score(
    lie: Any, net: str, sides: tuple[str, ...], how: Callable[[str], Any], verdicts: tuple[str, ...] = ("disagree",)
) -> str:
    """Empty when verdict and side are right; else what was said."""
    with pytest.MonkeyPatch.context() as patch:
        lie(patch)
        got = seen(how(net))
    right = got[0] in verdicts and (got[3] in sides or got[0] == "nondeterministic")
    return "" if right else f"{net} by {how.__name__}: {got}"


def scores(lie: Any, name: str, sides: tuple[str, ...], count: int = 2, nets: Any = tuple(NETS)) -> list[str]:
    """What was said wrongly of a lie in some networks where it changes something."""
    chosen = sampled(name, nets, count, lambda net: matters(lie, net))
    assert chosen, "the lie changes nothing anywhere"
    ways = [by_check, by_observation] * len(chosen)
    return [bad for net, how in zip(chosen, ways) if (bad := score(lie, net, sides, how))]


@pytest.mark.parametrize("name", ADDING)
def test_a_sum_of_contributions_that_is_wrong_is_the_engines(name: str) -> None:
    """Where a value is used more than once, its contributions add."""
    assert scores(ADDING[name], name, ("engine",)) == []


@pytest.mark.parametrize("name", SUMMING)
def test_a_broadcast_undone_wrongly_is_the_engines(name: str) -> None:
    """The cotangent of a broadcast operand is a sum over the axes that it did not have."""
    assert scores(SUMMING[name], name, ("engine",)) == []


@pytest.mark.parametrize("name", SEEDING)
def test_a_wrong_seed_is_named(name: str) -> None:
    """The pass starts with ones, or with the weights that were given."""
    chosen = sampled(name, tuple(NETS), 2, lambda net: matters(SEEDING[name], net))
    ways = [by_check, by_observation, by_check] * len(chosen)
    assert [bad for net, how in zip(chosen, ways) if (bad := score(SEEDING[name], net, ("seed",), how))] == []


@pytest.mark.parametrize("name", WEIGHING)
def test_weights_that_are_not_the_users_are_named(name: str) -> None:
    """``sens`` is taken as it is."""
    chosen = sampled(name, VECTORS, 2, lambda net: matters(WEIGHING[name], net))
    assert [bad for net in chosen if (bad := score(WEIGHING[name], net, ("seed",), weighted))] == []


@pytest.mark.parametrize("name", RESULTS)
def test_results_that_are_not_the_programs_are_named(name: str) -> None:
    """What the plan gives is what its program computes."""
    nets = sampled(name, tuple(NETS), 2, lambda net: matters(RESULTS[name], net) or name == "stale")
    verdicts = ("disagree", "nondeterministic") if name == "stale" else ("disagree",)
    ways = [by_check, by_observation, by_check] * len(nets)
    bad = [said for net, how in zip(nets, ways) if (said := score(RESULTS[name], net, ("result",), how, verdicts))]
    assert bad == []


@pytest.mark.parametrize("name", SIMPLIFYING)
def test_a_wrong_simplification_is_the_results(name: str) -> None:
    """The program that runs is not the one that was derived."""
    assert scores(SIMPLIFYING[name], name, ("result", "engine")) == []


@pytest.mark.parametrize("name", SOURCES)
def test_wrong_source_is_the_results(name: str) -> None:
    """The generated text does something else than the program."""
    assert scores(SOURCES[name], name, ("result",), 2) == []


@pytest.mark.parametrize("name", RETURNING)
def test_a_cell_that_gets_something_else_is_told(name: str) -> None:
    """What the cell was given is what was judged."""
    nets = sampled(name, tuple(NETS), 2)
    assert [bad for net in nets if (bad := score(RETURNING[name], net, ("result",), by_observation))] == []
