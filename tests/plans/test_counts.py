"""Counts of what plans do: a regression of speed is seen without a clock.

``operations``, ``calls`` and ``allocations`` are those of the generated code, bounded by what it does today; work is the
arithmetic of a graph by its shapes, and does not depend on how it is written.
"""

from __future__ import annotations

from math import prod

import pytest

from benchmarks.speaking.msgrad import gradient_plan_of, prepared
from benchmarks.workloads import workloads
from msgrad_ext.ir import Graph, Lit
from msgrad_ext.numeric.plan import Plan
from msgrad_ext.passes.simplify import simplify
from msgrad_ext.tensor import Tensor
from msgrad_ext.tracing.trace import trace

WORKLOADS = {name: one for name, one in workloads().items() if one.kind == "gradient"}
PRODUCTS = ("MatMul", "BatchMatMul")

# At most so many operations, calls of numpy and allocations in one run of the gradients.
BOUNDS: dict[str, tuple[int, int, int]] = {
    "net_2x3": (5, 9, 3),
    "net_2x3_sens": (5, 9, 3),
    "net_2x3_x": (2, 4, 1),
    "net_64": (5, 7, 3),
    "net_64_sens": (5, 9, 3),
    "net_512": (5, 7, 3),
    "net_512_sens": (6, 167, 3),
    "scalar_chain100": (177, 0, 1),
    "chain12_f32": (32, 4059, 1),
    "chain12_f64": (32, 4059, 1),
    "mlp_b32": (29, 32, 5),
    "mlp_b1024": (28, 44, 5),
    "deep50x16": (406, 456, 100),
    "rnn50x64": (314, 318, 5),
    "logreg_1e5x50": (16, 203, 2),
    "conv_8x3x32": (9, 13, 2),
    "attention_128x64": (31, 35, 4),
    "ln_gelu_64x256": (70, 71, 5),
    "pairdist_300x16": (13, 605, 2),
    "pool_16x28": (12, 17, 4),
    "bn_512x128": (31, 33, 3),
    "heads_4x4x64": (17, 21, 3),
    "lstm20x32": (872, 895, 5),
    "mixture_1000x8": (34, 38, 4),
    "factors_200x150": (11, 12, 2),
    "embedded_64x20": (22, 24, 3),
    "inverse_50": (12, 15, 3),
}


def plan_of(name: str) -> Plan:
    """The compiled gradients of a workload at its own size."""
    return gradient_plan_of(prepared(WORKLOADS[name]))[0]


def work(graph: Graph) -> int:
    """Arithmetic: two for each term of a product of matrices, one for each element of all else that computes."""
    total = 0
    for eqn in graph.eqns:
        sizes = [prod(atom.shape) for atom in eqn.inputs]
        if type(eqn.op).__name__ in PRODUCTS:
            first, out = eqn.inputs[0].shape, eqn.out.shape
            inner = sizes[0] // max(prod(first[:-2]) * out[-2], 1)
            total += 2 * prod(out) * inner
        elif not (eqn.op.view or all(isinstance(atom, Lit) for atom in eqn.inputs)):
            total += max([*sizes, prod(eqn.out.shape)])
    return total


@pytest.mark.parametrize("name", WORKLOADS)
def test_counts_of_the_generated_code(name: str) -> None:
    """No workload takes more operations, calls or allocations than it did."""
    counts = plan_of(name).counts
    found = tuple(counts[kind] for kind in ("operations", "calls", "allocations"))
    assert all(one <= most for one, most in zip(found, BOUNDS[name])), (found, BOUNDS[name])


@pytest.mark.parametrize("name", ["mlp_b32", "mlp_b1024", "deep50x16", "rnn50x64", "attention_128x64", "net_512_sens"])
def test_gradients_of_products_cost_three_times_the_forward_program(name: str) -> None:
    """One product forward, two back."""
    one = prepared(WORKLOADS[name])
    forward = simplify(trace(one.net, list(one.tensors)).graph)
    assert work(plan_of(name).graph) <= 3.2 * work(forward)


@pytest.mark.parametrize("name", ["chain12_f32", "scalar_chain100"])
def test_gradients_of_elementwise_chains_cost_two_and_a_half_times_the_forward_program(name: str) -> None:
    """A slope for each operation, and the product with what comes back."""
    one = prepared(WORKLOADS[name])
    forward = simplify(trace(one.net, list(one.tensors)).graph)
    assert work(plan_of(name).graph) <= 2.5 * work(forward)


def test_a_seed_of_ones_is_no_matrix() -> None:
    """With ones as weights, the gradients of a product are sums of rows and columns."""
    graph = plan_of("net_512").graph
    assert work(graph) <= 6 * 512 * 512


def test_a_chain_takes_no_memory_but_its_result() -> None:
    """Twelve operations on a million elements run in blocks."""
    plan = plan_of("chain12_f32")
    assert plan.memory <= 0.06 * 4 * 1_000_000


def test_a_workspace_is_not_larger_than_the_work_asks() -> None:
    """Buffers are shared by what does not live at the same time: fifty layers keep their states, and little more."""
    plan = plan_of("deep50x16")
    states = 50 * 16 * 16 * 4
    assert plan.memory <= 5 * states


def test_work_counts_products_and_elements() -> None:
    """The count itself: a product of (2, 3) and (3, 4), a sine, a sum."""

    def net(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y).sin().sum()

    ones = WORKLOADS["net_2x3"].arrays
    graph = trace(net, [Tensor(ones["x"]), Tensor(ones["y"])]).graph
    assert work(graph) == 2 * 2 * 3 * 3 + 6 + 6
