"""What users switch on: values computed again for less memory, and differences of pairs multiplied out for speed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, ops
from msgrad_ext.ir import Graph, rename
from msgrad_ext.numeric.interpreter import run
from msgrad_ext.numeric.plan import Plan
from msgrad_ext.passes import optimise
from msgrad_ext.passes.recompute import recomputed
from msgrad_ext.passes.simplify import simplify
from msgrad_ext.reversing.reverse import reverse
from msgrad_ext.tracing.trace import trace
from tests.plans.nets import matrices, network
from tests.plans.trying import close, trial

DRAW = np.random.default_rng(11)


def recurrent(xs: Any, h: Any, wx: Any, wh: Any) -> Any:
    """A tanh cell over the rows of ``xs``."""
    for step in range(xs.shape[0]):
        h = ops.tanh(xs[step] @ wx + h @ wh)
    return ops.reduce_sum(h * h)


def deep(x: Any, *weights: Any) -> Any:
    """Tanh layers."""
    for w in weights:
        x = ops.tanh(x @ w)
    return ops.reduce_sum(x * x)


def draw(*shape: int) -> np.ndarray:
    """Small numbers."""
    return np.asarray(DRAW.normal(size=shape) * 0.3, np.float32)


def long(kind: str, steps: int) -> tuple[Any, list[np.ndarray]]:
    """A network of so many steps, and its inputs."""
    if kind == "recurrent":
        return recurrent, [draw(steps, 32, 8), draw(32, 8), draw(8, 8), draw(8, 8)]
    return deep, [draw(64, 8), *(draw(8, 8) for _ in range(steps))]


def gradients(net: Any, arrays: list[np.ndarray]) -> Graph:
    """The gradients alone."""
    program = trace(net, [Tensor(one) for one in arrays])
    whole = reverse(program.graph, list(program.graph.inputs), False, list(program.values))
    return Graph(whole.inputs, whole.eqns, whole.outputs[len(program.graph.outputs) :], whole.guards)


@pytest.mark.parametrize("kind", ["recurrent", "deep"])
def test_memory_grows_with_the_root_of_the_length(kind: str) -> None:
    """Sixteen times the steps take four times the memory, not sixteen, and a third of what a plan takes else."""
    bytes_, usual = {}, {}
    for steps in (12, 192):
        net, arrays = long(kind, steps)
        graph = gradients(net, arrays)
        bytes_[steps] = Plan(optimise(graph, recompute=True), native=False).memory
        usual[steps] = Plan(optimise(graph), native=False).memory
    assert usual[192] > 12 * usual[12]
    assert bytes_[192] < 6 * bytes_[12]
    assert 5 * bytes_[192] < usual[192]


@pytest.mark.parametrize("kind", ["recurrent", "deep"])
def test_numbers_are_the_same_to_the_last_bit(kind: str) -> None:
    """By the interpreter and as plans, with poisoned buffers, again and again."""
    net, arrays = long(kind, 24)
    graph = simplify(gradients(net, arrays))
    again = rename(recomputed(graph))
    assert len(again.eqns) > len(graph.eqns)
    wanted, planned = run(graph, arrays), Plan(graph, native=False)(*arrays)
    plan = Plan(again, native=False)
    for one, other in zip(run(again, arrays), wanted):
        np.testing.assert_array_equal(one, other)
    for found in (plan(*arrays), plan(*arrays), Plan(again, poison=True)(*arrays)):
        for one, other in zip(found, planned):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("option", ["recompute", "reassociate"])
@pytest.mark.parametrize("seed", range(12))
def test_random_networks(seed: int, option: str) -> None:
    """Any network gives the same under an option."""
    one = trial(network(seed), matrices(seed), seed)
    graph = optimise(one.plain, **{option: True})
    close(Plan(graph, poison=True)(*one.arrays), one.wanted(), one.exact)


def kernel(x: Any, y: Any) -> Any:
    """A kernel of all pairs."""
    between = ops.expand_dims(x, 1) - ops.expand_dims(y, 0)
    return ops.reduce_sum(ops.exp(-ops.reduce_sum(between * between, 2)))


def weighted(x: Any, y: Any) -> Any:
    """Squares of differences with weights, over other axes and with axes kept."""
    between = ops.square((ops.expand_dims(x, 1) - ops.expand_dims(y, 0)) * ops.reshape(y[0], (1, 1, -1)))
    return ops.reduce_sum(ops.sqrt(ops.reduce_sum(between, -1, True) + 1.0)) + ops.reduce_sum(between)


def apart(x: Any, y: Any) -> Any:
    """Differences plus sums, which are no squares."""
    between = ops.expand_dims(x, 1) - ops.expand_dims(y, 0)
    return ops.reduce_sum(ops.tanh(ops.reduce_sum(between * (between + ops.expand_dims(x, 1)), 2)))


@pytest.mark.parametrize("net", [kernel, weighted, apart])
@pytest.mark.parametrize("seed", [None, 5])
def test_differences_of_pairs(net: Any, seed: int | None) -> None:
    """The products give what the differences give."""
    arrays = [DRAW.normal(size=(40, 5)) * 0.3, DRAW.normal(size=(30, 5)) * 0.3]
    one = trial(net, arrays, seed)
    graph = optimise(one.plain, reassociate=True)
    assert net is weighted or all(len([n for n in eqn.out.shape if n > 1]) < 3 for eqn in graph.eqns)
    close(Plan(graph, poison=True)(*one.arrays), one.wanted(), 1e-9)


def test_a_distance_of_a_point_to_itself_is_not_negative() -> None:
    """Where all digits cancel, a square root of the sum of squares is still a number."""
    x = np.asarray(DRAW.normal(size=(50, 20)) * 100, np.float32)

    def net(x: Any, y: Any) -> Any:
        between = ops.expand_dims(x, 1) - ops.expand_dims(y, 0)
        return ops.reduce_sum(ops.sqrt(ops.reduce_sum(between * between, 2)))

    value, _ = mg.compile(net, x, x.copy(), reassociate=True)(x, x.copy())
    assert np.isfinite(value)


def test_options_are_off_by_default() -> None:
    """Without them nothing is computed twice, and no difference is multiplied out."""
    arrays = [draw(40, 5), draw(30, 5)]
    assert any(eqn.out.shape == (40, 30, 5) for eqn in mg.compile(kernel, *arrays).graph.eqns)
    assert not any(eqn.out.shape == (40, 30, 5) for eqn in mg.compile(kernel, *arrays, reassociate=True).graph.eqns)
    net, long_arrays = long("recurrent", 30)
    usual, less = mg.compile(net, *long_arrays), mg.compile(net, *long_arrays, recompute=True)
    for name, wanted in usual(*long_arrays)[1].items():
        np.testing.assert_allclose(less(*long_arrays)[1][name], wanted, rtol=1e-4, atol=1e-6)
