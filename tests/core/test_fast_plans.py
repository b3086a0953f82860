"""The fast form of plans: buffers, blocks and plain floats give what the interpreter gives, whatever comes in."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from msgrad_ext import ops
from msgrad_ext.ir import Graph
from msgrad_ext.numeric.interpreter import run
from msgrad_ext.numeric.plan import Plan
from msgrad_ext.passes.simplify import simplify
from msgrad_ext.reversing.reverse import reverse
from msgrad_ext.tensor import Tensor
from msgrad_ext.tracing.trace import trace
from tests.core.test_numeric import backward, random_network


def gradient(net: Any, *arrays: np.ndarray, sens: bool = False) -> Graph:
    """The simplified graph of value and gradients."""
    graph = trace(net, [Tensor(array) for array in arrays]).graph
    return simplify(reverse(graph, graph.inputs, sens))


def agree(plan: Plan, arrays: Any, rtol: float = 1e-10) -> None:
    """The plan gives fresh arrays that equal the interpreter's."""
    mine, other = plan(*arrays), run(plan.graph, arrays)
    for one, two in zip(mine, other, strict=True):
        assert type(one) is np.ndarray and one.flags.writeable
        assert (one.shape, one.dtype) == (two.shape, two.dtype)
        scale = np.nanmax(np.abs(two[np.isfinite(two)]), initial=0) if two.dtype.kind == "f" else 0
        np.testing.assert_allclose(one, two, rtol=rtol, atol=1e-3 * rtol * scale)
    for at, one in enumerate(mine):
        assert not any(np.shares_memory(one, two) for two in (*arrays, *mine[:at]))


def chain(x: Tensor, y: Tensor) -> Any:
    """A dozen elementwise ops and a sum."""
    a = ops.sin(x * y)
    b = ops.tanh(a + x)
    c = ops.where(b > 0.1, ops.exp(-b * b), ops.relu(b) + ops.abs(y))
    return ops.reduce_sum(ops.sqrt(c * c + 1.0)), c


def rows(x: Tensor, y: Tensor) -> Any:
    """A chain with a row, a column, and sums between."""
    a = ops.sigmoid(x * y[:1] + y[:, :1])
    b = a - ops.reduce_mean(a, 1, True)
    return ops.reduce_sum(b * b * ops.softmax(y, -1), (0, 1), True) + ops.reduce_sum(b * y, 0)


def turned(x: Tensor, y: Tensor) -> Any:
    """A chain that reads transposes, and an output that is one."""
    a = ops.exp(-x.T * x.T) * y.T
    return a.T + y, (a * a).reshape(-1)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("net", [chain, rows, turned])
@pytest.mark.parametrize("shape", [(300, 257), (3, 5), (0, 4), (70_000, 1)])
def test_large_and_small_arrays(net: Any, shape: tuple[int, ...], kind: str) -> None:
    """Blocked, whole and empty arrays give the same, also from buffers full of NaN, and again."""
    if net is rows and 0 in shape:
        return
    x, y = np.random.default_rng(3).normal(size=(2, *shape)).astype(kind)
    graph = gradient(net, x, y)
    tolerance = 2e-4 if kind == "float32" else 1e-10
    for plan in (Plan(graph), Plan(graph, poison=True)):
        agree(plan, (x, y), tolerance)
        agree(plan, (y, y), tolerance)
        agree(plan, (x[::-1], np.asfortranarray(y)), tolerance)
        agree(plan, (np.broadcast_to(x[:1], shape), y), tolerance)


def test_a_chain_needs_little_memory() -> None:
    """What lies between the ends of a chain on a million elements never fills an array."""
    x, y = np.random.default_rng(0).uniform(0.5, 1.5, (2, 1_000_000)).astype("float32")
    graph = gradient(chain, x, y)
    small = Plan(Graph(graph.inputs, graph.eqns, graph.outputs[2:], graph.guards))
    assert small.memory <= 0.05 * 2 * x.nbytes
    assert small.counts["allocations"] == 2


@pytest.mark.parametrize("seed", range(60))
def test_poisoned_buffers_do_not_show(seed: int) -> None:
    """No step reads what was not written in this call, and what was returned stays as it was."""
    arrays = np.random.default_rng(seed).normal(size=(2, 3, 3))
    graph = simplify(backward(random_network(seed), *arrays))
    for mine, other in zip(Plan(graph, poison=True)(*arrays), run(graph, arrays), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-11, atol=1e-13)
    plan = Plan(graph)
    first = plan(*arrays)
    kept = [one.copy() for one in first]
    plan(*(2 * arrays))
    for one, copy in zip(first, kept):
        np.testing.assert_array_equal(one, copy)


def floats(x: Tensor, y: Tensor) -> Any:
    """A network of numbers with everything that may overflow or leave its domain."""
    a = ops.exp(x) / y + ops.log(ops.abs(y)) * ops.sqrt(x)
    b = ops.maximum(ops.tanh(a), ops.pow(x, y)) - ops.sin(y)
    return ops.where(b > x, b * x, ops.relu(y) * a), b


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_numbers_without_axes(kind: str) -> None:
    """Plain Python gives what numpy gives, to the last digits, and the same infinities and NaN."""
    edges = [0.7, 2.0, -1.5, 0.0, -0.0, 90.0, 1e30, 800.0, -1e-40, np.inf, -np.inf, np.nan]
    graph = gradient(floats, *(np.array(one, kind) for one in (0.7, 1.3)))
    plan = Plan(graph)
    assert plan.counts["calls"] == 0
    for x in edges:
        for y in edges:
            agree(plan, (np.array(x, kind), np.array(y, kind)), 1e-4 if kind == "float32" else 1e-12)


def test_float32_numbers_are_rounded_at_each_step() -> None:
    """What float32 loses is lost in plain Python too."""
    graph = gradient(lambda x, y: (x + y) - x, np.array(1, "float32"), np.array(1, "float32"))
    arrays = (np.array(1e8, "float32"), np.array(1, "float32"))
    assert Plan(graph)(*arrays)[0] == run(graph, arrays)[0] == 0


def test_threads_do_not_share_a_workspace() -> None:
    """Calls at the same time give what calls one after the other give."""
    shape = (60, 60)
    arrays = np.random.default_rng(1).normal(size=(8, 2, *shape))
    plan = Plan(gradient(rows, *arrays[0]))
    wanted = [[one.copy() for one in plan(*pair)] for pair in arrays]
    wrong: list[int] = []

    def work(at: int) -> None:
        for _ in range(40):
            if any(not np.array_equal(one, two) for one, two in zip(plan(*arrays[at]), wanted[at])):
                wrong.append(at)

    threads = [threading.Thread(target=work, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_lines_and_counts_are_known() -> None:
    """Each line of the fast source that computes belongs to an equation, and calls are counted."""
    x, y = np.ones((2, 2, 3))
    plan = Plan(gradient(lambda x, y: ops.matmul(x, y.T) * 2.0, x, y))
    text = plan.fast_source.splitlines()
    assert any(".dot(" in text[line - 1] and eqn.op.label == "MatMul" for line, eqn in plan.lines.items())
    assert 0 < plan.counts["operations"] <= plan.counts["calls"]
    assert "import numpy" in plan.source and "workspace" not in plan.source
