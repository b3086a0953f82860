"""Without Python's headers C is called through ctypes, with the same numbers; what can not be is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from msgrad_ext import ops
from msgrad_ext.native import build
from msgrad_ext.native.tier import Native
from msgrad_ext.numeric.interpreter import run
from msgrad_ext.numeric.plan import GuardFailed

from .fuzz import attempt
from .nets import data, gradient_graph, native


@pytest.fixture(autouse=True)
def no_headers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """There is no Python.h, and no text that needs it."""
    monkeypatch.setattr(build, "headers", lambda: False)
    yield


@pytest.mark.parametrize("seed", [3, 5, 223, 1003])
def test_drawn_networks(seed: int) -> None:
    """Gradients are those of the interpreter; networks with voices to call stay with numpy."""
    distance, status = attempt(seed)
    assert distance < 1000
    assert status.startswith("compiled C") or "Python.h is not installed" in status


def test_large_products_and_long_memory() -> None:
    """BLAS is numpy's, and memory between the steps is taken and given back."""
    rng = np.random.default_rng(0)
    graph, arrays = gradient_graph(lambda x, w: ops.tanh(ops.tanh(x @ w) @ w).sum(), data(rng, np.float32, 60, 60),
                                   data(rng, np.float32, 60, 60))  # fmt: skip
    made = native(graph)
    assert "Python.h" not in made.text
    for _ in range(3):
        for found, wanted in zip(made.function(*arrays), run(graph, arrays), strict=True):  # type: ignore[misc]
            np.testing.assert_allclose(found, wanted, 1e-4, 1e-4)


def test_what_does_not_fit_goes_to_numpy() -> None:
    """Another count, shape, dtype or class is answered by the plan; other layouts are not; a guard that fails raises."""
    graph, (x,) = gradient_graph(lambda x: (ops.exp(x) if (x.sum() > 0) else x * x).sum(), np.ones((3, 4), np.float32))
    seen: list[Any] = []
    function = native(graph, lambda *arrays: seen.append(arrays) or "numpy").function
    assert function is not None
    others = [x[:2], x.astype(np.float64), x.view(np.matrix), x.astype(">f4"), None, 1.0]
    for other in others:
        assert function(other) == "numpy"
    assert function() == "numpy"
    assert len(seen) == len(others) + 1
    for same in (np.asfortranarray(x), np.repeat(x, 2, 1)[:, ::2]):
        for found, wanted in zip(function(same), run(graph, [x]), strict=True):
            np.testing.assert_allclose(found, wanted, 1e-6)
    with pytest.raises(GuardFailed):
        function(-x)


def test_voices_can_not_be_called() -> None:
    """The reason is told."""
    graph, _ = gradient_graph(lambda x: (ops.erfinv(ops.sin(x) * x * 0.5) * ops.exp(x * 0.5)).sum(), np.ones((4, 5)))
    made = Native(graph, lambda *arrays: arrays, GuardFailed)
    made.make()
    assert made.status == "numpy: Python.h is not installed, and some operations have no form in C"
