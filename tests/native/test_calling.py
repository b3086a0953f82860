"""The compiled function beside the plan: fresh results, odd inputs, branches, voices that are not C, the setting."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, nn, ops
from msgrad_ext.errors import ArgumentError
from msgrad_ext.native.lowering import lower
from msgrad_ext.native.program import NoNative
from msgrad_ext.numeric.interpreter import run
from msgrad_ext.numeric.plan import GuardFailed

from .nets import Random, data, gradient_graph, native, parameter


def small() -> tuple[Any, list[np.ndarray]]:
    """A graph and its arrays."""
    rng = np.random.default_rng(1)
    return gradient_graph(lambda x, w: (ops.tanh(ops.matmul(x, w)) * x).sum(), data(rng, np.float32, 6, 6),
                          data(rng, np.float32, 6, 6))  # fmt: skip


def test_results_are_fresh_and_inputs_stay() -> None:
    """No result shares memory with another, an input, or a later result."""
    graph, arrays = small()
    function = native(graph).function
    assert function is not None
    before = [array.copy() for array in arrays]
    first, second = function(*arrays), function(*arrays)
    for one in first:
        assert not any(np.shares_memory(one, other) for other in (*arrays, *second))
        one[...] = np.nan
    for one, wanted in zip(second, run(graph, arrays), strict=True):
        np.testing.assert_allclose(one, wanted, rtol=1e-4, atol=1e-5)
    for array, copy in zip(arrays, before):
        np.testing.assert_array_equal(array, copy)


def test_one_array_for_two_inputs() -> None:
    """Inputs may be one array, or overlap."""
    graph, (x, _) = small()
    for given in ([x, x], [x, x.T], [x, x[::-1]]):
        for found, wanted in zip(native(graph).function(*given), run(graph, given), strict=True):  # type: ignore[misc]
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_arrays_that_do_not_fit_are_answered_by_the_plan() -> None:
    """Another shape, dtype, class or byte order, and a wrong count, go to the numpy plan as they are."""
    graph, (x, w) = small()
    seen: list[Any] = []
    function = native(graph, lambda *arrays: seen.append(arrays) or "numpy").function
    assert function is not None
    others = [x[:3], x.astype(np.float64), x.view(np.matrix), x.astype(">f4"), x[None], 1.0, None]
    for other in others:
        assert function(other, w) == "numpy"
    assert function(x) == "numpy"
    assert len(seen) == len(others) + 1


def test_inputs_that_are_given_back_are_copies() -> None:
    """An output that is an input, a constant, a view, or given twice is an array of its own."""
    from msgrad_ext.passes.simplify import simplify
    from msgrad_ext.tracing.trace import trace

    def net(x: Any) -> Any:
        y = x * 2.0
        return x, x.T, y, y, y.T, ops.ones((2,), mg.float32), Tensor(np.arange(3.0))

    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    graph = simplify(trace(net, [Tensor(x)]).graph)
    found = native(graph).function(x)  # type: ignore[misc]
    for one, wanted in zip(found, run(graph, [x]), strict=True):
        np.testing.assert_array_equal(one, wanted)
        assert one.dtype == wanted.dtype
        assert one.flags.owndata and one.flags.writeable and one.flags.c_contiguous
    assert len({id(one) for one in found}) == len(found)


def test_another_branch_raises_as_the_plan_does() -> None:
    """A guard that fails is told."""
    graph, (x,) = gradient_graph(lambda x: (ops.exp(x) if (x.sum() > 0) else x * x).sum(), np.ones((3, 4), np.float32))
    function = native(graph).function
    assert function is not None
    assert len(function(x)) == 2
    with pytest.raises(GuardFailed):
        function(-x)


def test_voices_without_a_form_in_c_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """An op that the table does not have, and one whose voice was replaced, is called in Python."""
    calls = []
    voice = ops.Exp.numpy

    def loud(self: Any, a: Any) -> Any:
        calls.append(a.shape)
        return voice(self, a)

    x = data(np.random.default_rng(2), np.float32, 4, 5)
    monkeypatch.setattr(ops.Exp, "numpy", loud)
    graph, arrays = gradient_graph(lambda x: (ops.cumsum(ops.sin(x) * x + 1.0, 0) * ops.exp(x * 0.5 - 1.0)).sum(), x)
    made = native(graph)
    calls.clear()
    found = made.function(*arrays)  # type: ignore[misc]
    assert calls
    for one, wanted in zip(found, run(graph, arrays), strict=True):
        np.testing.assert_allclose(one, wanted, rtol=1e-5, atol=1e-6)


def test_an_error_of_a_voice_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a voice raises reaches the caller, and nothing is lost by it."""
    x = data(np.random.default_rng(2), np.float32, 4, 5)
    graph, arrays = gradient_graph(lambda x: (ops.cumsum(ops.sin(x) * x, 0) * ops.cos(x)).sum(), x)

    def fails(self: Any, *arrays: Any) -> Any:
        raise ZeroDivisionError("on purpose")

    name = next(type(eqn.op) for eqn in graph.eqns if "umSum" in type(eqn.op).__name__)
    monkeypatch.setattr(name, "numpy", fails)
    function = native(graph).function
    assert function is not None
    for _ in range(3):
        with pytest.raises(ZeroDivisionError, match="on purpose"):
            function(*arrays)


def test_too_little_c_is_left_to_numpy() -> None:
    """Half-precision floats and networks of ops without a form stay with numpy, with the reason."""
    x = np.ones((3, 3), np.float16)
    graph, _ = gradient_graph(lambda x: (x * x).sum(), x)
    with pytest.raises(NoNative, match="float16"):
        lower(graph)


def wait(plan: Any) -> str:
    """The status, once it is decided."""
    end = time.monotonic() + 60
    while time.monotonic() < end and any(one in plan.native for one in ("fewer", "waiting", "compiling")):
        time.sleep(0.01)
    return str(plan.native)


def test_a_hot_plan_changes_over_while_threads_call_it() -> None:
    """No call waits or fails while the C form takes over, and all give the same numbers."""
    rng = np.random.default_rng(3)
    inputs = [data(rng, np.float32, *shape) for shape in ((9, 8), (9, 8), (8, 8), (8,))]
    compiled = mg.compile(Random(11), *inputs)
    plan = compiled._versions[0].plan
    assert "fewer than" in plan.native
    wanted = {name: one.copy() for name, one in compiled(*inputs)[1].items()}
    wrong: list[Any] = []
    stop = threading.Event()

    def call() -> None:
        while not stop.is_set():
            found = compiled(*inputs)[1]
            for name, one in found.items():
                if not np.allclose(one, wanted[name], rtol=1e-3, atol=1e-4):
                    wrong.append(name)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    status = wait(plan)
    time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()
    assert status.startswith("compiled C"), status
    assert not wrong


def test_the_setting_switches_back_and_forth() -> None:
    """Off, the numpy plan answers; on again, what was compiled is still there."""
    x = np.ones((5, 5), np.float32)
    compiled = mg.compile(lambda x: (ops.sin(x) * x).sum(), x)
    plan = compiled._versions[0].plan
    for _ in range(30):
        compiled(x)
    assert wait(plan).startswith("compiled C")
    fast = plan.run
    mg.set_native(False)
    assert plan.native == "numpy: compiled C is switched off"
    assert plan.run is not fast
    mg.set_native(True)
    assert plan.run is fast
    with pytest.raises(ArgumentError, match="must be bool"):
        mg.set_native("yes")


def test_off_nothing_is_asked_for() -> None:
    """With the setting off no plan is compiled, however often it is called."""
    mg.set_native(False)
    x = np.ones((5, 5), np.float32)
    compiled = mg.compile(lambda x: (ops.sin(x) * x).sum(), x)
    for _ in range(50):
        compiled(x)
    assert compiled._versions[0].plan._tier.native is None


def test_names_of_users_do_not_enter_the_text() -> None:
    """Names of inputs, parameters and lines of the user's code are not in the C text."""

    class Secret(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.weight = parameter(np.random.default_rng(0), "quite_unusual_name*/", 4, 4)

        def construct(self, unusual_argument: Any) -> Any:
            return ops.matmul(unusual_argument, self.weight).sum()

    graph, _ = gradient_graph(Secret(), np.ones((4, 4), np.float32))
    assert "unusual" not in native(graph).text
