"""Plans against the plain interpreter: the workloads of the benchmarks, samples of every op, random networks."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.speaking.msgrad import prepared
from benchmarks.workloads import workloads
from msgrad_ext import nn, ops
from tests.ops.samples import SAMPLES

from .nets import matrices, network
from .trying import safe, trial

SMALL = {name: one for name, one in workloads(small=True).items() if one.kind != "hessian"}
DRAW = np.random.default_rng(6)
# One sample of each op in every run, and some of the others.
CHOSEN = [*{sample.op: sample for sample in reversed(SAMPLES)}.values()]
CHOSEN += [SAMPLES[place] for place in DRAW.choice(len(SAMPLES), 60, replace=False)]


@pytest.mark.parametrize("only", [False, True], ids=["with the value", "gradients only"])
@pytest.mark.parametrize("name", SMALL)
def test_workloads(name: str, only: bool) -> None:
    """Each workload, with ones and with random weights of its output."""
    one = prepared(SMALL[name])
    for seed in (None, 7):
        safe(trial(one.net, one.arrays, seed, only))


@pytest.mark.parametrize("part", range(8))
def test_samples_of_every_op(part: int) -> None:
    """Each op in small networks, with random weights of the output."""
    for place, sample in enumerate(CHOSEN[part::8]):
        try:
            safe(trial(sample.network, sample.inputs, place))
        except AssertionError as error:
            raise AssertionError(f"{sample.op}, {sample.name}: {error}") from error


@pytest.mark.parametrize("seed", range(48))
def test_random_networks(seed: int) -> None:
    """Chains, products, equal layers, views and sums in random order, with ones and with random weights."""
    safe(trial(network(seed), matrices(seed), None if seed % 3 == 0 else seed, seed % 2 == 0))


@pytest.mark.parametrize("seed", range(8))
def test_random_networks_in_single_precision(seed: int) -> None:
    """The same in float32, which stays float32."""
    one = trial(network(seed), matrices(seed, "float32"), seed)
    assert {atom.dtype for atom in one.lean.outputs} == {np.dtype("float32")}
    safe(one)


@pytest.mark.parametrize("seed", range(8))
def test_not_a_number_stays_where_it_was(seed: int) -> None:
    """NaN and infinities in the inputs come out where the interpreter has them."""
    arrays = matrices(seed)
    for array, value in zip(arrays, (np.nan, np.inf, -np.inf)):
        array.flat[seed] = value
    one = trial(lambda x, y, w: (ops.tanh(x * y) + ops.exp(w) * 2.0, ops.relu(x - w).sum(1)), arrays, seed)
    safe(one)


class Second(nn.Cell):
    """A network whose value is a gradient."""

    def __init__(self, net: object) -> None:
        super().__init__()
        self.gradient = ops.GradOperation(get_all=True)(net)

    def construct(self, *inputs: object) -> object:
        """The sum of the squares of the gradients."""
        return sum(ops.reduce_sum(one * one) for one in self.gradient(*inputs))


@pytest.mark.parametrize("seed", range(6))
def test_second_order(seed: int) -> None:
    """Gradients of functions of gradients."""

    def net(x: object, y: object, w: object) -> object:
        found = network(seed)(x, y, w)
        return ops.reduce_sum(ops.tanh(found[0] * 0.1))

    safe(trial(Second(net), matrices(seed), seed))
