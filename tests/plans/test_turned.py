"""Rows are laid innermost where loops over the last axes would be short; the numbers are those of the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from msgrad_ext import ops
from msgrad_ext.numeric import turned
from msgrad_ext.numeric.interpreter import run
from msgrad_ext.numeric.plan import GuardFailed, Plan

from ..native import fuzz
from ..native.nets import gradient_graph
from .trying import close, trial


def mixture(x: Any, means: Any, widths: Any) -> Any:
    """The log likelihood of a mixture."""
    apart = (ops.expand_dims(x, 1) - means) / ops.exp(widths)
    return ops.logsumexp(ops.reduce_sum(apart * apart, 2) * -0.5 - ops.reduce_sum(widths, 1), 1).sum()


def arrays(rows: int, count: int, axes: int, dtype: Any) -> list[np.ndarray]:
    """Points, means and widths."""
    rng = np.random.default_rng([rows, count, axes])
    return [rng.normal(size=shape).astype(dtype) for shape in ((rows, axes), (count, axes), (count, axes))]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("rows", "count", "axes"), [(1000, 8, 4), (400, 5, 3), (150, 150, 2)])
def test_short_rows_are_turned(rows: int, count: int, axes: int, dtype: Any) -> None:
    """A mixture of many points is turned, with the numbers of the interpreter and from poisoned buffers too."""
    tried = trial(mixture, arrays(rows, count, axes, dtype), seed=1)
    plan = Plan(tried.lean)
    assert "_turned" in plan.fast_source
    for made in (plan, Plan(tried.lean, poison=True), plan):
        close(made(*tried.arrays), tried.wanted(), tried.exact)


@pytest.mark.parametrize(("rows", "count", "axes"), [(40, 8, 4), (1000, 1, 1), (300, 4, 64)])
def test_what_gains_nothing_stays(rows: int, count: int, axes: int) -> None:
    """Few rows, rows of one element, and long rows are left as they are."""
    tried = trial(mixture, arrays(rows, count, axes, np.float32))
    plan = Plan(tried.lean)
    assert "_turned" not in plan.fast_source
    close(plan(*tried.arrays), tried.wanted(), tried.exact)


class Drawn(fuzz.Drawn):
    """A network drawn over arrays of many rows and short last axes."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        rng = np.random.default_rng([seed, 7])
        rows = int(rng.choice([64, 70, 130]))
        rest = [int(n) for n in rng.choice((1, 2, 3, 5, 64), int(rng.integers(1, 4)))]
        last = rest[-1]
        self.shapes = [(rows, *rest), (rows, *rest[:-1], 1), (last,), (last, int(rng.choice((1, 2, 3, 70))))]


@pytest.mark.parametrize("seed", [16, 33, 44, 47, 54, *range(6)])
def test_drawn_networks(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn networks in which every region is turned, whether it pays or not, with inputs in any layout."""
    monkeypatch.setattr(turned, "_LEAST", -(10**9))
    monkeypatch.setattr(turned._Turn, "pays", lambda self: True)
    net, rng = Drawn(seed), np.random.default_rng([seed, 2])
    graph, first = gradient_graph(net, *net.arrays(rng))
    plan = Plan(graph, poison=True)
    assert "_turned" in plan.fast_source
    for given in (first, [*net.arrays(rng)[: len(graph.inputs)], *first[len(net.shapes) + 1 :]]):
        try:
            found, wanted = plan(*given), run(graph, given)
        except GuardFailed:
            continue
        assert max(fuzz.far(one, other) for one, other in zip(found, wanted, strict=True)) < 300
