"""Large programs are checked within the default budget, on samples that are told, and lies in them are named."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, nn, ops
from msgrad_ext.checking.case import Case
from msgrad_ext.checking.effort import work
from msgrad_ext.checking.effort.budget import Budget
from msgrad_ext.checking.effort.sampling import samples
from msgrad_ext.checking.effort.separable import separable
from msgrad_ext.gradients.compiled import as_inputs
from msgrad_ext.pipeline import apply_gradient, differentiated

RANDOM = np.random.default_rng(0)


def tensor(*shape: int, dtype: Any = np.float32) -> Tensor:
    return Tensor(RANDOM.standard_normal(shape).astype(dtype))


def application(net: Any, *inputs: Any) -> Any:
    return apply_gradient(differentiated(net, None, None, 1), as_inputs(inputs), None, None)


def tanh(x: Any) -> Any:
    return ops.tanh(x)


def chain(x: Any) -> Any:
    for _ in range(4):
        x = ops.sin(x * 1.5) + ops.exp(-x * x)
    return x.sum()


class Mlp(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Dense(784, 128), nn.Dense(128, 10)
        self.loss = nn.SoftmaxCrossEntropyWithLogits(sparse=False, reduction="mean")

    def construct(self, x: Any, y: Any) -> Any:
        return self.loss(self.second(ops.relu(self.first(x))), y)


class Convolved(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 6, 5, pad_mode="valid"), nn.Conv2d(6, 16, 5, pad_mode="valid")
        self.pool, self.out = nn.MaxPool2d(2, 2), nn.Dense(256, 10)

    def construct(self, x: Any) -> Any:
        x = self.pool(ops.relu(self.second(self.pool(ops.relu(self.first(x))))))
        return self.out(x.reshape((x.shape[0], 256)))


def one_hot(count: int) -> Tensor:
    return Tensor(np.eye(10, dtype=np.float32)[RANDOM.integers(0, 10, count)])


@pytest.fixture
def lie(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Puts a false rule in the place of an op's own: each cotangent passes through a function."""

    def plant(name: str, change: Any) -> None:
        op = mg.registered_ops()[name]
        true = op.vjp

        def vjp(self: Any, ct: Any, out: Any, *operands: Any) -> Any:
            found = true(self, ct, out, *operands)
            return (change(found[0]), *found[1:]) if isinstance(found, tuple) else change(found)

        monkeypatch.setattr(op, "vjp", vjp)

    yield plant


# What is compared -------------------------------------------------------------------------------------------------


def test_a_sample_of_a_large_array_is_compared_and_told() -> None:
    """Of nine million entries some are compared, and the note says how many and how they were chosen."""
    found = mg.check(tanh, tensor(3000, 3000))["x"]
    assert (found.status, found.compared, found.value.size) == ("agree", 1024, 9_000_000)
    assert "1,024 of 9,000,000 entries were compared, chosen at random, seed 0" in found.note


@pytest.mark.parametrize("length", [1_000_000, 4_000_000])
def test_a_long_chain_is_checked_in_moderate_time(length: int) -> None:
    """The check of a chain of elementwise ops does not grow with its data."""
    found = application(chain, tensor(length))
    start = process_time()
    from msgrad_ext.pipeline import report_on

    gradient = report_on(found, "chain", 0, Budget())["x"]
    assert (gradient.status, gradient.compared) == ("agree", 1024)
    assert process_time() - start < 10


def test_a_network_that_the_budget_allows_is_compared_entry_by_entry() -> None:
    """All entries of the gradients of an MLP at a batch of 1024 are compared."""
    report = mg.check(Mlp(), tensor(1024, 784), one_hot(1024))
    assert report.verdict == "agree"
    assert all(report[name].compared == report[name].value.size for name in report.names)
    assert "on a sample (2 of 1,024 along axis 0 of x)" in report["x"].evidence


def test_what_is_not_compared_is_unchecked() -> None:
    """A sum over the whole batch can not be compared on a part of it: its gradient does not agree, it is unchecked."""
    report = mg.check(Mlp(), tensor(1024, 784), one_hot(1024), budget="3e7 ops")
    assert report.verdict == "unchecked"
    weight = report["first.weight"]
    assert (weight.status, weight.compared, weight.evidence) == ("unchecked", 0, "none")
    assert "no entry of it was compared" in weight.note
    assert "a larger budget allows it" in weight.note
    assert report["x"].status == "agree"
    assert 0 < report["x"].compared < report["x"].value.size


def test_what_can_not_be_cut_is_unchecked() -> None:
    """Without an axis that the network treats element by element there is no sample."""
    found = mg.check(lambda x: x @ x, tensor(60, 60), budget="1e4 ops")["x"]
    assert (found.status, found.compared) == ("unchecked", 0)


def test_the_seed_chooses_the_sample() -> None:
    """One seed gives one report; another looks at other entries."""
    x = tensor(2_000_000)
    first, again, other = (mg.check(lambda x: ops.sin(x), x, seed=seed, budget="1e7 ops") for seed in (0, 0, 1))
    assert str(first) == str(again)
    assert first["x"].max_ulp == again["x"].max_ulp
    assert "seed 1" in other["x"].note


def test_too_little_memory_makes_a_sample() -> None:
    """A budget of memory is kept to: what does not fit is sampled."""
    x = tensor(200, 200)
    assert mg.check(tanh, x)["x"].compared == 40_000
    assert mg.check(tanh, x, budget="1MB")["x"].compared == 1024


# Cutting ----------------------------------------------------------------------------------------------------------

CUTS = {
    "elementwise": (lambda x: ops.tanh(x) * 2, [(50, 60)], {"x": [0, 1]}),
    "rows of a product": (lambda x, y: ops.tanh(x @ y), [(50, 3), (3, 60)], {"x": [0], "y": [1]}),
    "a mean at the end": (lambda x: ops.exp(x).mean(), [(500,)], {"x": [0]}),
    "a mean inside": (lambda x: ops.exp(x - x.mean()), [(500,)], {"x": []}),
    "a product with itself": (lambda x: x.reshape((50, 1)) * x.reshape((1, 50)), [(50,)], {"x": []}),
    "softmax of rows": (lambda x: ops.softmax(x, -1), [(50, 40)], {"x": [0]}),
    "a running sum": (lambda x: ops.cumsum(x, 1), [(50, 40)], {"x": [0]}),
    "reversed": (lambda x: ops.sin(x) * ops.flip(x, (0,)), [(50,)], {"x": []}),
    "a sum divided by a sum": (lambda x: x.sum() / (x * x).sum(), [(500,)], {"x": []}),
    "a sum and a mean": (lambda x: x.sum() + (x * x).mean(), [(500,)], {"x": []}),
    "two layers": (lambda x, v, w: ops.tanh(ops.tanh(x @ v) @ w), [(50, 4), (4, 5), (5, 6)], {"x": [0], "v": [], "w": [1]}),
    "a bias": (lambda x, b: ops.tanh(x + b), [(50, 40), (40,)], {"x": [0, 1], "b": [0]}),
    "transposed": (lambda x: ops.exp(x.T).sum(0), [(50, 40)], {"x": [0, 1]}),
}  # fmt: skip


@pytest.mark.parametrize("case", CUTS)
def test_the_axes_that_can_be_cut(case: str) -> None:
    """An axis can be cut where each element of a value comes from one place of it."""
    net, shapes, wanted = CUTS[case]
    found = application(net, *(tensor(*shape) for shape in shapes))
    axes = separable(found.program.graph)
    names = dict(zip(found.wrt, found.names))
    assert {names[var]: sorted(axes.good(var).values()) for var in found.wrt} == wanted


@pytest.mark.parametrize("case", CUTS)
def test_a_cut_program_has_the_gradients_of_the_whole(case: str) -> None:
    """At the places that are kept the gradients of the cut program are those of the whole one."""
    net, shapes, wanted = CUTS[case]
    whole = application(net, *(tensor(*shape, dtype=np.float64) for shape in shapes))
    found = samples(whole, seed=3, entries=30)
    assert {name for one in found for name in one.application.names} == {n for n, axes in wanted.items() if axes}
    for one in found:
        for number, gradient in enumerate(one.application.gradients):
            assert np.allclose(gradient * one.factor, one.recorded(whole, number), rtol=1e-13, atol=1e-15)


def test_a_weight_of_the_output_is_cut_too() -> None:
    """The weights that the user gave the output belong to its places."""
    x, weight = tensor(100, 100), tensor(100, 100)
    found = mg.check(tanh, x, sens=weight, budget="1e5 ops")["x"]
    assert (found.status, found.compared) == ("agree", 1024)


# Lies -------------------------------------------------------------------------------------------------------------

LIES = {
    "relative 1e-6": lambda ct: ct * (1 + 1e-6),
    "doubled": lambda ct: ct * 2,
    "sign": lambda ct: -ct,
    "zero": lambda ct: ct * 0,
}


@pytest.mark.parametrize("name,how", [("Sin", "relative 1e-6"), ("Exp", "doubled"), ("Sin", "sign"), ("Exp", "zero")])
def test_a_lie_in_a_long_chain_is_named(lie: Any, name: str, how: str) -> None:
    """A wrong rule in a long chain is found on the sample, and named; every lie in one of two ops."""
    lie(name, LIES[how])
    found = mg.check(chain, tensor(300_000, dtype=np.float64), budget=0.5)["x"]
    assert found.status == "disagree"
    assert (found.fault.op, found.fault.side) == (name, "numeric")


@pytest.mark.parametrize("how", LIES)
@pytest.mark.parametrize("name", ["MatMul", "ReLU", "SoftmaxCrossEntropyWithLogits"])
def test_a_lie_in_an_mlp_is_named(lie: Any, name: str, how: str) -> None:
    """A wrong rule in an MLP is found at full size, and named."""
    lie(name, LIES[how])
    shapes = [(128, 784), (784, 64), (64, 10)]
    labels = Tensor(one_hot(128).asnumpy().astype(np.float64))

    def net(x: Any, v: Any, w: Any) -> Any:
        return ops.SoftmaxCrossEntropyWithLogits()(ops.relu(x @ v) @ w, labels)[0].mean()

    report = mg.check(net, *(tensor(*shape, dtype=np.float64) for shape in shapes))
    assert report.verdict == "disagree"
    faults = {report[one].fault.op for one in report.names if report[one].fault}
    assert faults == {name}


def test_a_lie_that_only_a_sample_sees_spoils_what_was_not_compared(lie: Any) -> None:
    """A gradient of which no entry could be compared is wrong when an op of its network is."""
    lie("ReLU", LIES["doubled"])
    report = mg.check(Mlp(), tensor(1024, 784), one_hot(1024), budget="3e7 ops")
    assert {report[one].status for one in ("x", "first.weight")} == {"disagree"}
    assert report["first.weight"].fault.op == "ReLU"


def test_a_result_that_is_wrong_at_full_size_alone_is_seen() -> None:
    """What was recorded is compared with the formula, not what the small program gives."""
    from dataclasses import replace

    from msgrad_ext.checking.check import check_application

    found = application(tanh, tensor(1500, 1500))
    wrong = found.gradients[0].copy()
    wrong[-1] *= 1.01
    result = check_application(replace(found, gradients=(wrong,)), "tanh", budget=Budget(floats=1_000_000))
    fault = result.gradients[0].fault
    assert fault is not None
    assert (result.verdict, fault.side, fault.index[0]) == ("disagree", "result", 1499)


# Counting ---------------------------------------------------------------------------------------------------------


def test_a_function_costs_more_than_a_product_and_a_view_nothing() -> None:
    """Counts follow what numpy takes."""
    x = tensor(1000)

    def cost(net: Any) -> int:
        return work.traffic(application(net, x).program.graph)

    assert cost(lambda a: a * a) < cost(ops.tanh)
    assert cost(lambda a: a.reshape((10, 100))) == 0


def test_the_effort_falls_with_the_budget() -> None:
    """With less budget come fewer runs, then none at full size."""
    found = application(chain, tensor(10_000))
    traffic = work.traffic(Case(found, 0, Budget()).backward)
    efforts = [Case(found, 0, Budget(floats=traffic * runs)).effort for runs in (22, 11, 9, 2)]
    assert efforts == [work.Effort(4, 2), work.Effort(2, 1), work.Effort(1, 1), None]


def test_a_convolution_is_checked_at_full_size() -> None:
    """All gradients of a convolutional network agree, all entries compared."""
    report = mg.check(Convolved(), tensor(4, 1, 28, 28))
    assert report.verdict == "agree"
    assert all(report[name].compared == report[name].value.size for name in report.names)
