"""The trial itself: each way in which a plan can be unsafe makes it fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from msgrad_ext import ops
from msgrad_ext.ir import Graph
from msgrad_ext.numeric.plan import Plan

from . import trying
from .nets import matrices

Results = tuple[np.ndarray, ...]
KEPT: dict[int, Any] = {}


def honest(plan: Plan, arrays: Sequence[np.ndarray], poison: bool) -> Results:
    """As it is."""
    return plan(*arrays)


def same_buffers(plan: Plan, arrays: Sequence[np.ndarray], poison: bool) -> Results:
    """Results stand in buffers that the next call writes again."""
    kept = KEPT.setdefault(id(plan), [np.empty_like(one) for one in plan(*arrays)])
    for buffer, result in zip(kept, plan(*arrays)):
        buffer[...] = result
    return tuple(kept)


def unwritten(plan: Plan, arrays: Sequence[np.ndarray], poison: bool) -> Results:
    """A buffer is read before it is written; it happens to hold zeros."""
    return tuple(one + (np.nan if poison else 0.0) for one in plan(*arrays))


def writes_an_input(plan: Plan, arrays: Sequence[np.ndarray], poison: bool) -> Results:
    """An input is overwritten after its last use."""
    results = plan(*arrays)
    if not poison:
        arrays[0][...] = 0.0
    return results


def hands_out_an_input(plan: Plan, arrays: Sequence[np.ndarray], poison: bool) -> Results:
    """A result that equals an input is the input."""
    results = plan(*arrays)
    return tuple(next((a for a in arrays if np.array_equal(a, one)), one) for one in results)


def one_array_twice(plan: Plan, arrays: Sequence[np.ndarray], poison: bool) -> Results:
    """Equal results are one array."""
    results = plan(*arrays)
    return tuple(next(other for other in results if np.array_equal(other, one)) for one in results)


def ones_only(plan: Plan, arrays: Sequence[np.ndarray], poison: bool) -> Results:
    """The weights of the output are taken for ones."""
    return plan(*arrays[:3], *(np.ones_like(one) for one in arrays[3:]))


def slightly_wrong(plan: Plan, arrays: Sequence[np.ndarray], poison: bool) -> Results:
    """An error of 1e-6 in one element."""
    results = plan(*arrays)
    results[-1].flat[0] *= 1 + 1e-6
    return results


def other_dtype(plan: Plan, arrays: Sequence[np.ndarray], poison: bool) -> Results:
    """Float64 becomes float32."""
    return tuple(one.astype(np.float32) for one in plan(*arrays))


def grows(plan: Plan, arrays: Sequence[np.ndarray], poison: bool) -> Results:
    """A buffer that must start at zero is not cleared."""
    KEPT[id(plan)] = KEPT.get(id(plan), 0) + 1
    return tuple(one * KEPT[id(plan)] for one in plan(*arrays))


LIES = (same_buffers, unwritten, writes_an_input, hands_out_an_input, one_array_twice, ones_only, slightly_wrong)


def net(x: Any, y: Any, w: Any) -> Any:
    """Its first output is an input, the others are one value."""
    value = ops.tanh((x + y) @ w)
    return x, value, value


def lying(lie: Callable[..., Results]) -> type:
    """A class of plans that lie so."""

    class Lying:
        def __init__(self, graph: Graph, poison: bool = False) -> None:
            self.plan, self.poison = Plan(graph), poison

        def __call__(self, *arrays: np.ndarray) -> Results:
            return lie(self.plan, arrays, self.poison)

    return Lying


@pytest.mark.parametrize("lie", [*LIES, other_dtype, grows])
def test_a_lie_is_seen(lie: Callable[..., Results], monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that is unsafe in one way fails the trial."""
    monkeypatch.setattr(trying, "Plan", lying(lie))
    with pytest.raises(AssertionError):
        trying.safe(trying.trial(net, matrices(0), 5))


def test_the_truth_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same network with plans as they are passes."""
    monkeypatch.setattr(trying, "Plan", lying(honest))
    trying.safe(trying.trial(net, matrices(0), 5))
