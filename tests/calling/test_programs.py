"""Ordinary programs (`programs`) are answered without a trace from their third call on, with the numbers of a trace."""

from __future__ import annotations

import numpy as np
import pytest

from msgrad_ext.gradients.grad_operation import observed

from .calls import Count, numbers
from .programs import PROGRAMS

# Each call of these changes parameters: no two calls give the same.
TRAINING = {
    "training_step", "training_step_made_anew", "momentum", "descent_by_hand", "assigned_parameters", "train_one_step",
    "own_train_step",
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_third_call_is_answered_without_a_trace(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two traces are enough, whatever the program is made of."""
    count = Count(monkeypatch)
    call = PROGRAMS[name]()
    call(), call()
    assert count.of(call) == 0
    found = numbers(call())
    with observed():
        wanted = numbers(call())
    assert len(found) == len(wanted) > 0
    if name not in TRAINING:
        for one, other in zip(found, wanted):
            np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", sorted(TRAINING))
def test_a_training_step_without_a_trace_learns_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of steps that are answered from what was kept ends where a run of traced steps ends."""
    import msgrad_ext as mg

    ends = []
    for kept in (True, False):
        mg.set_seed(3)
        np.random.seed(3)
        call = PROGRAMS[name]()
        for _ in range(8):
            if kept:
                last = numbers(call())
            else:
                with observed():
                    last = numbers(call())
        ends.append(last)
    for one, other in zip(*ends):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
