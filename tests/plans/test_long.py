"""Long programs: what it takes to compile them grows as they do, and their plans are right, short texts with tables."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, ops
from msgrad_ext.numeric.plan import Plan
from msgrad_ext.passes import optimise

from .trying import close, safe, trial

Case = tuple[Callable[..., Any], list[np.ndarray]]
DRAW = np.random.default_rng(4)


def chain(count: int) -> Case:
    """Elementwise operations, one on the other."""

    def net(x: Tensor) -> Tensor:
        for _ in range(count // 2):
            x = ops.sin(x) * 1.01
        return x

    return net, [np.linspace(0.1, 1.0, 16)]


def products(count: int) -> Case:
    """Products with one matrix."""

    def net(x: Tensor, w: Tensor) -> Tensor:
        for _ in range(count // 2):
            x = ops.tanh(ops.matmul(x, w))
        return x

    return net, [DRAW.normal(size=(4, 8)), DRAW.normal(size=(8, 8)) / 3]


def branching(count: int) -> Case:
    """Operations on what was computed some steps before."""
    draw = np.random.default_rng(count)
    picks = draw.integers(0, 5, count)
    back = draw.integers(1, 40, (count, 2))

    def net(x: Tensor, y: Tensor) -> Tensor:
        known = [x, y]
        for pick, (one, other) in zip(picks, back):
            a, b = known[-min(len(known), int(one))], known[-min(len(known), int(other))]
            known.append([ops.sin(a), ops.relu(a), a * b, (a + b) * 0.5, a - b][pick])
        return known[-1] + known[-2]

    return net, [DRAW.normal(size=16), DRAW.normal(size=16)]


def recurrent(count: int) -> Case:
    """A cell with a state, one input at a time."""
    steps = count // 5

    def net(xs: Tensor, w: Tensor, u: Tensor, b: Tensor) -> Tensor:
        state = ops.matmul(xs[0], w)
        for step in range(steps):
            state = ops.tanh(ops.matmul(xs[step], w) + ops.matmul(state, u) + b)
        return state

    sizes = ((steps, 2, 3), (3, 4), (4, 4), (4,))
    return net, [DRAW.normal(size=size) / 2 for size in sizes]


def gated(count: int) -> Case:
    """A state whose parts each have a gate, so that slices are put back and joined."""

    def net(h: Tensor, w: Tensor) -> Tensor:
        for _ in range(count // 10):
            gates = ops.matmul(h, w)
            keep, new = ops.sigmoid(gates[:, :4]), ops.tanh(gates[:, 4:])
            h = keep * h + ops.concat((new[:, 2:], new[:, :2]), 1)
        return h

    return net, [DRAW.normal(size=(80, 4)), DRAW.normal(size=(4, 8)) / 3]


CASES = [chain, products, branching, recurrent, gated]
# So many calls of functions an operation takes at most, from the network to its first gradient.
BOUNDS = {chain: 800, products: 1250, branching: 1350, recurrent: 1550, gated: 1300}


def calls(case: Case) -> int:
    """How many functions are called from the network to its first gradient."""
    net, arrays = case
    count = 0

    def see(frame: Any, event: str, value: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        mg.compile(net, *arrays)(*arrays)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.__name__)
def test_compiling_is_linear_in_the_program(case: Callable[[int], Case]) -> None:
    """Twice the operations take little more than twice the calls."""
    calls(case(100))
    small, large = calls(case(300)), calls(case(600))
    assert small < large <= 2.2 * small, (small, large, large / small)
    assert large / 600 <= BOUNDS[case]


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("seed", [None, 3], ids=["ones", "random weights"])
def test_plans_of_long_programs(case: Callable[[int], Case], seed: int | None) -> None:
    """Right, with buffers of NaN, on repeated calls and with inputs that are one array."""
    net, arrays = case(400)
    safe(trial(net, arrays, seed))


@pytest.mark.parametrize("case", [chain, products, gated], ids=lambda one: one.__name__)
def test_long_runs_are_tables(case: Callable[[int], Case]) -> None:
    """The text of a plan does not grow with a chain of operations on arrays of the workspace."""
    short, long = (Plan(optimise(trial(*case(count)).plain), native=False) for count in (400, 800))
    lines = [len(one.fast_source.splitlines()) for one in (short, long)]
    assert lines[0] == lines[1] < 80
    assert short.counts["operations"] < long.counts["operations"]


def shown_beside(x: Tensor, scale: Tensor) -> Tensor:
    """A view of an input stands among the steps of a table, and is read after it alone."""
    x = ops.sin(ops.sin(x))
    shown = ops.broadcast_to(scale, (8, 4))
    for _ in range(120):
        x = ops.sin(x)
    return ops.tanh(ops.matmul(shown, ops.cumsum(x, 0)))


def selecting(x: Tensor, scale: Tensor) -> Tensor:
    """Selections in tables alone: no line of the text names the integers that they are computed in."""
    x = ops.sin(ops.sin(x * scale))
    for _ in range(120):
        x = ops.sin(ops.select(x > 0.1, x, ops.zeros_like(x)))
    return ops.sin(ops.sin(x)) * scale


def torn(x: Tensor, w: Tensor) -> Tensor:
    """Columns of a matrix that is read often, in another shape: no view shows them so, each call copies them."""
    for _ in range(60):
        x = ops.sin(ops.matmul(ops.sin(x), w) + w)
    columns = w[:, 1:]
    return x.sum() + ops.matmul(columns.reshape(1, 6), columns.reshape(6, 1)).sum()


def test_a_reshape_that_copies_is_taken_at_each_call() -> None:
    """It once was a copy of a buffer before anything stood in it."""
    one = trial(torn, [DRAW.normal(size=(3, 3)), DRAW.normal(size=(3, 3)) / 2], 3)
    assert "for call, given in steps1" in Plan(one.lean, native=False).fast_source
    safe(one)
    found = Plan(optimise(one.plain), poison=True)(*one.arrays)
    close(found, one.wanted(), one.exact)


@pytest.mark.parametrize("net", [shown_beside, selecting])
@pytest.mark.parametrize("gradients_only", [False, True])
def test_what_tables_leave_out_is_there(net: Callable[..., Any], gradients_only: bool) -> None:
    """Views that others read, and dtypes that only a table speaks of."""
    one = trial(net, [DRAW.normal(size=(4, 3)), np.asarray(0.9)], 3, gradients_only)
    assert "for call, given in steps1" in Plan(one.lean, native=False).fast_source
    safe(one)


def test_ten_thousand_operations() -> None:
    """No recursion anywhere: the gradient of a long chain is right."""
    net, (x,) = chain(10_000)
    value, slope = x, np.ones_like(x)
    for _ in range(5_000):
        value, slope = np.sin(value) * 1.01, slope * np.cos(value) * 1.01
    found, gradients = mg.compile(net, x)(x)
    np.testing.assert_allclose(found, value, rtol=1e-12)
    np.testing.assert_allclose(gradients["x"], slope, rtol=1e-9)
