"""What the passes make of small programs, as it is printed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from msgrad_ext import Tensor, ops
from msgrad_ext.passes import optimise
from msgrad_ext.passes.simplify import simplify
from msgrad_ext.passes.spread import regrouped

from .graphs import array, counted, forward, gradients, multiplications, text


def test_the_gradient_of_a_product_with_ones_is_sums_of_rows_and_columns() -> None:
    """``ones @ y.T`` is the sum of each row of ``y``, repeated."""
    graph = optimise(gradients(lambda x, y: x @ y, array(64, 64), array(64, 64)))
    assert text(graph) == [
        "v1: f32[64,1] = ReduceSum[keep_dims=True, axis=(1,)] y",
        "v2: f32[1,64] = Reshape[shape=(1, 64)] v1",
        "v3: f32[64,64] = BroadcastTo[shape=(64, 64)] v2",
        "v4: f32[1,64] = ReduceSum[keep_dims=True, axis=(0,)] x",
        "v5: f32[64,1] = Reshape[shape=(64, 1)] v4",
        "v6: f32[64,64] = BroadcastTo[shape=(64, 64)] v5",
    ]


def test_with_given_weights_the_products_stay() -> None:
    """Nothing is known of them."""
    plain = gradients(lambda x, y: x @ y, array(64, 64), array(64, 64), sens=True)
    assert multiplications(optimise(plain)) == multiplications(simplify(plain)) == 2 * 64**3


def test_small_products_with_ones_stay() -> None:
    """A product of few numbers costs no more than a sum."""
    assert counted(optimise(gradients(lambda x, y: x @ y, array(2, 3), array(3, 3))))["MatMul"] == 2


def test_a_factor_goes_out_of_a_sum() -> None:
    """The sum of ``x * r`` over the axis along which ``r`` repeats is ``r`` times the sum of ``x``."""
    graph = optimise(forward(lambda x, r: (x * r).sum(0), array(64, 64), array(64)))
    assert text(graph) == [
        "v1: f32[1,64] = ReduceSum[keep_dims=True, axis=(0,)] x",
        "v2: f32[1,64] = Mul v1 r",
        "v3: f32[64] = Reshape[shape=(64,)] v2",
    ]


def test_a_sum_of_rows_of_a_product_is_a_product_with_a_row() -> None:
    """A matrix product is not made to be summed."""
    graph = forward(lambda a, b: (a @ b).sum(0), array(64, 32), array(32, 64))
    assert (multiplications(simplify(graph)), multiplications(optimise(graph))) == (64 * 32 * 64, 32 * 64)


def test_a_sum_of_products_is_a_contraction() -> None:
    """Without the array of the products."""
    graph = optimise(forward(lambda a, b: (a * b).sum(), array(8, 8), array(8, 8)))
    assert counted(graph) == {"MatMul": 1, "Reshape": 3}


def test_chains_of_products_are_taken_in_the_order_that_costs_least() -> None:
    """``((a @ b) @ c) @ v`` has no product of two matrices."""
    graph = forward(lambda a, b, c, v: ((a @ b) @ c) @ v, *(array(32, 32) for _ in range(3)), array(32, 1))
    assert (multiplications(simplify(graph)), multiplications(optimise(graph))) == (2 * 32**3 + 32**2, 3 * 32**2)


def test_a_product_that_is_used_twice_is_not_made_twice() -> None:
    """However cheap the other order would be."""
    graph = forward(lambda a, b, v: ((p := a @ b) @ v, p), array(32, 32), array(32, 32), array(32, 1))
    assert multiplications(optimise(graph)) == 32**3 + 32**2


def test_the_transpose_of_a_product_is_a_product_of_transposes() -> None:
    """Transposes that meet are gone."""
    graph = optimise(forward(lambda a, b: (a.T @ b).T, array(8, 4), array(8, 5)))
    assert text(graph) == ["v1: f32[5,8] = Transpose[perm=(1, 0)] b", "v2: f32[5,4] = MatMul v1 a"]


def test_a_number_multiplies_the_smallest_operand() -> None:
    """Of a product of two tall matrices, not the product."""
    graph = optimise(forward(lambda a, b: (a @ b) * 0.25, array(64, 4), array(4, 64)))
    assert text(graph)[0] == "v1: f32[64,4] = Mul a 0.25"


STRENGTH: dict[str, tuple[Any, list[str]]] = {
    "square": (lambda x: x**2.0, ["v1: f32[9] = Square x"]),
    "cube": (lambda x: x**3.0, ["v1: f32[9] = Square x", "v2: f32[9] = Mul v1 x"]),
    "inverse": (lambda x: x**-1.0, ["v1: f32[9] = Div 1 x"]),
    "numbers": (lambda x: x * 0.5 * 4.0, ["v1: f32[9] = Mul x 2.0"]),
    "minus minus": (lambda x: x + ops.neg(x * x), ["v1: f32[9] = Mul x x", "v2: f32[9] = Sub x v1"]),
    "two signs": (lambda x: ops.neg(x) * ops.neg(x), ["v1: f32[9] = Mul x x"]),
    "exchanged": (lambda x: ops.sin(x) * x - x * ops.sin(x), ["v1: f32[9] = Sin x", "v2: f32[9] = Mul v1 x"]),
}


@pytest.mark.parametrize("name", STRENGTH)
def test_dear_ops_become_cheap_ones(name: str) -> None:
    """With the same meaning."""
    function, expected = STRENGTH[name]
    assert text(optimise(forward(function, array(9))))[: len(expected)] == expected


def test_numbers_whose_product_overflows_stay_two() -> None:
    """Their product is no number of the dtype, but the results are."""
    graph = optimise(forward(lambda x: x * 1e30 * 1e30, array(9)))
    assert counted(graph) == {"Mul": 2}


def test_slices_that_are_joined_again_are_gone() -> None:
    """In their order; in another one they stay."""
    x = array(6, 5)
    assert text(optimise(forward(lambda a: ops.concat([a[:2], a[2:6]], 0) * 2.0, x))) == ["v1: f32[6,5] = Mul a 2.0"]
    assert counted(optimise(forward(lambda a: ops.concat([a[2:], a[:2]], 0), x)))["Concat"] == 1


REGROUPED = [
    ((1, 4), (3, 4), (3, 2, 2), (1, 2, 2)),
    ((3, 1), (3, 4), (3, 2, 2), (3, 1, 1)),
    ((1, 1), (3, 4), (12,), (1,)),
    ((3, 1), (3, 4), (12,), None),
    ((1, 4), (3, 4), (1, 3, 1, 4), (1, 1, 1, 4)),
    ((1, 4), (3, 4), (4, 3), None),
]


@pytest.mark.parametrize(("core", "shape", "target", "expected"), REGROUPED)
def test_reshapes_of_what_repeats(core: Any, shape: Any, target: Any, expected: Any) -> None:
    """A reshape passes where groups of axes repeat as a whole or not at all."""
    assert regrouped(core, shape, target) == expected
    if expected is not None:
        part = np.arange(np.prod(core)).reshape(core)
        np.testing.assert_array_equal(
            np.broadcast_to(part, shape).reshape(target), np.broadcast_to(part.reshape(expected), target)
        )


def test_lines_of_the_user_stay() -> None:
    """Each equation says the line that it came from."""
    graph = optimise(gradients(lambda x, y: ops.tanh(x @ y), array(32, 32), array(32, 32)))
    assert all(eqn.location is not None for eqn in graph.eqns)


def test_it_is_finished_soon() -> None:
    """A second time changes nothing of the gradients of a small net."""

    def net(x: Tensor, w: Tensor) -> Tensor:
        return ops.softmax((x @ w) * 0.5).mean(0)

    once = optimise(gradients(net, array(32, 32), array(32, 32)))
    assert text(optimise(once)) == text(once)
