"""What the passes make of unrolled loops: joined operands, and time in proportion to the length."""

from __future__ import annotations

from typing import Any

from msgrad_ext import Tensor, ops
from msgrad_ext.passes import optimise
from msgrad_ext.passes.order import ALGEBRA
from msgrad_ext.passes.rewriting import Rewriter
from msgrad_ext.passes.simplify import remove_dead, simplify

from .graphs import array, counted, gradients, multiplications


def recurrent(x: Tensor, h: Tensor, w: Tensor, u: Tensor, b: Tensor) -> Tensor:
    """A tanh cell over the first axis of ``x``."""
    for step in range(x.shape[0]):
        h = ops.tanh(h @ w + x[step] @ u + b)
    return (h * h).sum()


def layers(x: Tensor, *weights: Tensor) -> Tensor:
    """Tanh layers."""
    for weight in weights:
        x = ops.tanh(x @ weight)
    return (x * x).sum()


STEPS = 12


def cell_gradients() -> Any:
    """The gradients of `recurrent` over a few steps."""
    return gradients(recurrent, array(STEPS, 8, 16), array(8, 16), array(16, 16), array(16, 16), array(16))


def test_a_shared_weight_is_one_product() -> None:
    """Its gradient is the product of all states with all cotangents, joined."""
    before, after = counted(simplify(cell_gradients())), counted(optimise(cell_gradients()))
    assert (before["MatMul"], after["MatMul"]) == (6 * STEPS, 2 * STEPS + 4)
    assert (before["StridedSliceGrad"], after.get("StridedSliceGrad", 0)) == (STEPS, 0)
    assert (before["ReduceSum"], after["ReduceSum"]) == (STEPS, 1)
    assert (before["TanhSlope"], after["TanhSlope"]) == (STEPS, 1)
    assert after["Concat"] == 3


def test_joining_does_not_multiply_more() -> None:
    """The same products, at once."""
    assert multiplications(optimise(cell_gradients())) == multiplications(simplify(cell_gradients()))


def test_slopes_of_independent_layers_are_one_call() -> None:
    """They depend on forward values alone."""
    graph = gradients(layers, array(8, 16), *(array(16, 16) for _ in range(9)))
    assert (counted(simplify(graph))["TanhSlope"], counted(optimise(graph))["TanhSlope"]) == (9, 1)


def test_large_arrays_are_not_joined() -> None:
    """A copy would cost more than the calls."""
    graph = gradients(layers, array(512, 512), *(array(512, 512) for _ in range(5)))
    assert "Concat" not in counted(optimise(graph))


def chain(length: int) -> Any:
    """The gradient of a long chain."""

    def net(x: Tensor) -> Tensor:
        for _ in range(length // 2):
            x = ops.sin(x * 1.01)
        return x

    return gradients(net, array(16))


def visits(length: int) -> int:
    """How many equations the rules see for a chain."""
    graph = remove_dead(chain(length))
    state = Rewriter(graph, ALGEBRA)
    state.run(graph)
    return state.visits


def test_the_work_grows_with_the_length_alone() -> None:
    """Four times the chain, four times the equations that are looked at."""
    assert visits(1600) <= 4.1 * visits(400)


def test_very_long_chains_need_no_recursion() -> None:
    """Neither of elementwise ops nor of products."""
    assert len(optimise(chain(10_000)).eqns) > 10_000

    def products(x: Tensor, w: Tensor) -> Tensor:
        for _ in range(1500):
            x = x @ w
        return x

    assert counted(optimise(gradients(products, array(1, 4), array(4, 4))))["MatMul"] > 1500
