"""What callers may do: any layout of inputs, one array for two of them, threads, writing into results, other branches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.numeric.plan import GuardFailed, Plan
from msgrad_ext.tensor import Tensor

from .nets import SIZE, matrices, network
from .trying import Trial, alone, close, safe, trial

SEEDS = range(8)


def fortran(array: np.ndarray) -> np.ndarray:
    """Columns one after another in memory."""
    return np.asfortranarray(array)


def strided(array: np.ndarray) -> np.ndarray:
    """Every second element of a larger array."""
    large = np.full([2 * n for n in array.shape], np.nan, array.dtype)
    view = large[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def backwards(array: np.ndarray) -> np.ndarray:
    """With negative strides."""
    return array[::-1, ::-1].copy()[::-1, ::-1]


def frozen(array: np.ndarray) -> np.ndarray:
    """Read-only."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def unaligned(array: np.ndarray) -> np.ndarray:
    """At an address that is no multiple of its items' size."""
    raw = np.zeros(array.nbytes + 1, np.uint8)
    view = raw[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


@pytest.mark.parametrize("layout", [fortran, strided, backwards, frozen, unaligned])
@pytest.mark.parametrize("seed", SEEDS)
def test_any_layout_of_the_inputs(seed: int, layout: object) -> None:
    """Layouts other than the example's give the same numbers."""
    one = trial(network(seed), matrices(seed), seed)
    other = Trial(one.plain, tuple(layout(array) if array.ndim == 2 else array for array in one.arrays))  # type: ignore[operator]
    safe(other)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_array_for_several_inputs(seed: int) -> None:
    """Inputs that are one array, its transpose, or a broadcast row of it, are read, never written."""
    x = matrices(seed)[0]
    one = trial(network(seed), matrices(seed), None, gradients_only=True)
    for arrays in ((x, x, x), (x, x.T, x[::-1]), (x, np.broadcast_to(x[0], (SIZE, SIZE)), x)):
        safe(Trial(one.plain, arrays))


@pytest.mark.parametrize("seed", SEEDS)
def test_results_are_inputs_of_the_next_call(seed: int) -> None:
    """A result may be handed in again: a call does not write what it was given."""
    one = trial(network(seed), matrices(seed), None, gradients_only=True)
    plan, arrays = Plan(one.lean), one.arrays
    for _ in range(3):
        wanted = one.wanted(arrays)
        arrays = plan(*arrays)
        close(arrays, wanted, one.exact)


IDENTITIES = {
    "an input": lambda x, y, w: x,
    "an input twice": lambda x, y, w: (x, x),
    "a view of an input": lambda x, y, w: x.T,
    "a constant": lambda x, y, w: (ops.ones_like(x), x * 0.0 + 1.0),
    "a constant array": lambda x, y, w: Tensor(np.arange(3.0)),
    "a value and views of it": lambda x, y, w: (lambda s: (s, s.T, s[0], s[::-1]))(ops.sin(x)),
    "a sum that broadcasts back": lambda x, y, w: ops.reduce_sum(x),
    "shared cotangents": lambda x, y, w: x + y + w,
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_results_that_could_be_views(name: str) -> None:
    """What could be handed out as it is, or as a view, or as a kept constant, is an array of its own."""
    safe(trial(IDENTITIES[name], matrices(0)))
    safe(trial(IDENTITIES[name], matrices(0), 3))


@pytest.mark.parametrize("seed", [1, 4])
def test_threads(seed: int) -> None:
    """Eight threads call one plan at once, each with its own inputs, and each gets its own answers."""
    one = trial(network(seed), matrices(seed), seed, gradients_only=True)
    plan = Plan(one.lean)
    inputs = [(*matrices(place), *one.arrays[3:]) for place in range(8)]
    wanted = [plan(*arrays) for arrays in inputs]

    def work(place: int) -> bool:
        found = [plan(*inputs[place]) for _ in range(150)]
        alone(found[-1], found[0])
        return all(np.array_equal(a, b) for results in found for a, b in zip(results, wanted[place]))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_threads_in_numpys_long_calls() -> None:
    """The same with arrays so large that numpy lets other threads run in the midst of a call."""
    draw = np.random.default_rng(0)

    def net(x: Tensor, w: Tensor) -> Tensor:
        return ops.tanh(ops.sin(x) * x + 1.0) @ w

    def drawn() -> tuple[np.ndarray, ...]:
        return draw.normal(size=(1000, 20)), draw.normal(size=(20, 3))

    compiled = mg.compile(net, *drawn())
    inputs = [drawn() for _ in range(8)]
    wanted = [compiled(*one)[1] for one in inputs]

    def work(place: int) -> bool:
        return all(
            np.array_equal(found[name], wanted[place][name])
            for found in [compiled(*inputs[place])[1] for _ in range(20)]
            for name in found
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def branching(x: Tensor) -> Tensor:
    """Two branches."""
    y = ops.sin(x) * 2.0
    if y.sum() > 0:
        return y * x
    return ops.exp(y)


def test_another_branch_raises_before_anything_is_returned() -> None:
    """A plan whose guard does not hold raises, and is as good as new afterwards."""
    up, down = np.array([0.5, 0.7]), np.array([-0.5, -0.7])
    one = trial(branching, [up])
    plan = Plan(one.lean)
    kept = [array.copy() for array in plan(up)]
    for _ in range(3):
        with pytest.raises(GuardFailed):
            plan(down)
        for found, old in zip(plan(up), kept):
            np.testing.assert_array_equal(found, old)
    safe(one)


def test_compiled_functions_follow_their_branches() -> None:
    """`mg.compile` answers from the trace whose branch the values take, in any order."""
    compiled = mg.compile(branching, np.array([0.5, 0.7]))
    for sign in (1, -1, -1, 1, -1):
        x = sign * np.array([0.5, 0.7])
        y = 2 * np.sin(x)
        slope = 2 * np.cos(x)
        wanted = slope * x + y if sign > 0 else np.exp(y) * slope
        np.testing.assert_allclose(compiled(x)[1]["x"], wanted, rtol=1e-14)


def test_compiled_results_stay() -> None:
    """What a call of `mg.compile` gave is not touched by the next one."""
    x, y, w = matrices(2)
    compiled = mg.compile(network(2), x, y, w)
    value, gradients = compiled(x, y, w)
    flat = [*(value if isinstance(value, tuple) else (value,)), *gradients.values()]
    kept = [array.copy() for array in flat]
    compiled(y, w, x)
    for mine, old in zip(flat, kept):
        np.testing.assert_array_equal(mine, old)
    alone([array for array in flat if array.ndim], [x, y, w])


def test_plans_leave_the_error_state_alone() -> None:
    """A plan is silent about overflow, and the caller's own setting stays."""
    with np.errstate(all="raise"):
        compiled = mg.compile(lambda x: ops.exp(x) / x, np.array([1.0, 2.0]))
        value, _ = compiled(np.array([1e4, 0.0]))
        assert np.isposinf(value).all()
        assert np.geterr()["over"] == "raise"
