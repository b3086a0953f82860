"""A cell that trains: its loop runs quickly, and each line's gradients are checked, not every one of them."""

from __future__ import annotations

import numpy as np
import pytest

from msgrad_ext import Tensor, nn, ops
from msgrad_ext.gradients.grad_operation import GradOperation, observed
from msgrad_ext.observing import KEPT

SETUP = """
import numpy as np
from mindspore import nn, ops, Tensor, ParameterTuple
x = Tensor(np.linspace(-1, 1, 12).reshape(6, 2).astype(np.float32))
y = Tensor(np.array([0, 1, 0, 1, 1, 0], np.int32))
net = nn.SequentialCell(nn.Dense(2, 3), nn.Tanh(), nn.Dense(3, 2))
loss_net = nn.WithLossCell(net, nn.CrossEntropyLoss())
"""


def run(cell: str) -> tuple[object, dict]:
    """The report and the namespace that a gradcell with the set-up and ``cell`` leaves."""
    from msgrad_ext.notebook.cell import parse_cell, read_cell
    from msgrad_ext.notebook.options import CellOptions
    from msgrad_ext.notebook.run import gradcell

    namespace: dict = {}
    gradcell(None, parse_cell(read_cell(None, "", SETUP + cell)), namespace, CellOptions(out="report", quiet=True))
    return namespace["report"], namespace


def test_a_training_loop_is_one_report_that_tells_how_many_there_were() -> None:
    """A hundred steps at one line give one report, on some of them, by the parameters' own names."""
    report, namespace = run(
        "step = nn.TrainOneStepCell(loss_net, nn.Adam(net.trainable_params(), 0.05))\n"
        "losses = [step(x, y) for _ in range(100)]\n"
    )
    assert report.verdict == "agree"
    assert report.names == ("0.weight", "0.bias", "2.weight", "2.bias")
    assert any("took 100 gradients; 5 of them" in note for note in report.result.notes)
    assert float(namespace["losses"][-1]) < float(namespace["losses"][0])


def test_the_functional_loop_is_checked_as_well() -> None:
    """``value_and_grad`` and an optimizer that is called with the gradients."""
    report, namespace = run(
        "optimizer = nn.SGD(net.trainable_params(), 0.5)\n"
        "grad_fn = ops.value_and_grad(loss_net, None, optimizer.parameters)\n"
        "losses = []\n"
        "for _ in range(30):\n"
        "    loss, grads = grad_fn(x, y)\n"
        "    optimizer(grads)\n"
        "    losses.append(float(loss))\n"
    )
    assert report.verdict == "agree"
    assert namespace["losses"][-1] < namespace["losses"][0]


def test_a_loop_that_takes_two_ways_has_two_reports() -> None:
    """Another program at the same line is another gradient, which is checked as well."""
    report, _ = run(
        "a = Tensor(np.array([0.5, 2.0]))\n"
        "def f(a, k):\n"
        "    return (a * a if k % 2 else ops.exp(a)).sum()\n"
        "for k in range(50):\n"
        "    ops.GradOperation()(f)(a, k)\n"
    )
    assert [one.verdict for one in report] == ["agree", "agree"]
    assert all("took 25 gradients" in one.result.notes[-1] for one in report)


def test_of_very_many_gradients_some_are_kept() -> None:
    """The first and the last are among them, evenly spread ones between, and they are counted."""
    with observed() as found:
        for k in range(333):
            GradOperation()(lambda a: ops.sin(a))(Tensor(float(k)))
    assert KEPT <= len(found) <= 2 * KEPT + 1
    assert found.count_of(found) == 333
    values = [int(one.program.values[0]) for one in found]
    assert (values[0], values[-1]) == (0, 332)
    assert len(set(np.diff(values[:-1]))) == 1


def test_an_equal_program_is_compiled_once_while_observed() -> None:
    """Applications of one program share one plan."""
    with observed() as found:
        for k in range(5):
            GradOperation()(lambda a: ops.sin(a))(Tensor(float(k)))
    assert len({id(one.plan) for one in found}) == 1


def test_a_constant_that_changes_is_another_program() -> None:
    """An array that the function reads is part of the program: its new value is not overlooked."""
    with observed():
        weight = [np.array([1.0, 2.0]), np.array([3.0, 4.0])]
        gradients = [GradOperation()(lambda a, w=w: a * Tensor(w))(Tensor([1.0, 1.0])).asnumpy() for w in weight]
    assert [list(one) for one in gradients] == [[1.0, 2.0], [3.0, 4.0]]


def test_a_rule_that_changes_is_seen_while_observed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan is not used again when a rule of the program has been exchanged."""
    with observed():
        square = GradOperation()(lambda a: ops.square(a))
        before = float(square(Tensor(3.0)))
        monkeypatch.setattr(ops.Square, "vjp", lambda self, ct, out, a: ct * 5.0)
        after = float(square(Tensor(3.0)))
    assert (before, after) == (6.0, 5.0)


def test_a_step_of_training_does_not_rename_the_network() -> None:
    """Around a network, cells of training leave the names of its parameters alone."""
    net = nn.Dense(2, 1)
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.Momentum(net.trainable_params(), 0.1, 0.9))
    assert [one.name for one in net.trainable_params()] == ["weight", "bias"]
    assert "moments.weight" in step.named_parameters()
