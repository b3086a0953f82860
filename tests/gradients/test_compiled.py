"""`mg.compile`: what a call answers, and that it never answers from a trace that is out of date."""

from __future__ import annotations

import gc
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.tensor import Tensor

X = np.array([1.0, 2.0, 3.0])
SCALE: Any = 2.0


class Scaled(nn.Cell):
    """A network with a parameter and all kinds of settings."""

    shared = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.w = Parameter(np.array([1.0, 1.0, 1.0]))
        self.factor = 2.0
        self.steps = [1.0, 1.0]
        self.table = {"gain": 1.0}
        self.array = np.ones(1)
        self.config = SimpleNamespace(gain=1.0)

    def construct(self, x: Tensor) -> Tensor:
        gain = self.factor * self.shared * self.table["gain"] * self.array[0] * self.config.gain
        return x * self.w * gain * sum(self.steps)


class Inherited(Scaled):
    """A network that runs its parent's construct."""


def by_x(plan: Any, x: np.ndarray = X) -> list[float]:
    """The gradient by x that the plan gives."""
    return plan(x)[1]["x"].tolist()


# What a call gives ------------------------------------------------------------------------------------------------


def test_a_call_gives_value_and_gradients_by_name() -> None:
    """Inputs first, then parameters."""
    value, gradients = mg.compile(Scaled(), X)(X)
    assert (value.tolist(), list(gradients)) == ([4.0, 8.0, 12.0], ["x", "w"])


def test_wrt_selects_and_orders() -> None:
    """Only what is named, in that order."""
    assert list(mg.compile(Scaled(), X, wrt=["w", "x"])(X)[1]) == ["w", "x"]


def test_wrt_may_be_one_name() -> None:
    """A string is one name, not its letters."""
    assert list(mg.compile(Scaled(), X, wrt="w")(X)[1]) == ["w"]


def test_an_unknown_name_is_refused_with_the_choices() -> None:
    """A near miss is offered."""
    with pytest.raises(ValueError, match="no input or parameter 'ww'"):
        mg.compile(Scaled(), X, wrt=["ww"])


def test_no_name_at_all_is_refused() -> None:
    """``wrt=[]`` asks for nothing."""
    with pytest.raises(ValueError, match="wrt"):
        mg.compile(Scaled(), X, wrt=[])


def test_an_integer_input_can_not_be_named() -> None:
    """A gradient by it has no meaning; unnamed it is passed over."""
    net = lambda x, n: x * n  # noqa: E731
    assert list(mg.compile(net, X, np.array([1, 2, 3]))(X, np.array([1, 2, 3]))[1]) == ["x"]
    with pytest.raises(TypeError, match="'n' is int64"):
        mg.compile(net, X, np.array([1, 2, 3]), wrt=["n"])


def test_sens_weights_the_output() -> None:
    """The gradient of the weighted sum."""
    assert by_x(mg.compile(Scaled(), X, sens=np.array([1.0, 10.0, 100.0]))) == [4.0, 40.0, 400.0]


def test_sens_of_another_shape_is_refused() -> None:
    """At once, not at the first call."""
    with pytest.raises(ValueError, match="shape"):
        mg.compile(Scaled(), X, sens=np.ones(2))


def test_changing_sens_afterwards_changes_nothing() -> None:
    """The weights are copied when the plan is made."""
    weights = np.ones(3)
    plan = mg.compile(Scaled(), X, sens=weights)
    weights[:] = 7.0
    assert by_x(plan) == [4.0, 4.0, 4.0]


@pytest.mark.parametrize("kind", [np.asarray, Tensor])
def test_arrays_and_tensors_are_taken_alike(kind: Any) -> None:
    """ndarrays come out."""
    value, gradients = mg.compile(Scaled(), kind(X))(kind(X))
    assert (type(value), type(gradients["x"])) == (np.ndarray, np.ndarray)


def test_the_value_has_the_networks_structure() -> None:
    """Tuples, dicts and constants as the network returns them."""
    value, _ = mg.compile(lambda x: {"a": x, "b": (x * 2.0, None)}, X)(X)
    assert (value["a"].tolist(), value["b"][0].tolist(), value["b"][1]) == ([1, 2, 3], [2, 4, 6], None)


def test_results_are_fresh() -> None:
    """Writing into a result changes neither inputs nor parameters nor later results."""
    net = Scaled()
    plan = mg.compile(lambda x: (x, net.w, x), X)
    x = X.copy()
    value, gradients = plan(x)
    for array in (*value, *gradients.values()):
        array[:] = 99.0
    assert (x.tolist(), net.w.asnumpy().tolist(), plan(x)[0][2].tolist()) == (X.tolist(), [1.0] * 3, X.tolist())


def test_the_source_can_be_read() -> None:
    """It is numpy, with the user's line beside it."""
    plan = mg.compile(lambda x: ops.sin(x), X)
    assert "np.cos(x)" in plan.source and "ops.sin(x)" in plan.source


# Never out of date ------------------------------------------------------------------------------------------------


def test_other_shapes_are_traced_again() -> None:
    """And the first shape is still answered."""
    plan = mg.compile(lambda x: x * x, X)
    assert (plan(np.ones((2, 2)))[1]["x"].tolist(), by_x(plan)) == ([[2.0, 2.0]] * 2, [2.0, 4.0, 6.0])


def test_other_dtypes_are_traced_again() -> None:
    """A float32 input gets a float32 gradient."""
    plan = mg.compile(lambda x: x * x, X)
    assert plan(X.astype(np.float32))[1]["x"].dtype == np.float32


def test_the_other_branch_is_traced_again() -> None:
    """Python control flow on data takes the branch of the data at hand, each time."""

    def net(x: Tensor) -> Tensor:
        return x * 2.0 if x.sum() > 0 else x * 3.0

    plan = mg.compile(net, X)
    assert [by_x(plan, sign * X)[0] for sign in (1, -1, 1, -1)] == [2.0, 3.0, 2.0, 3.0]


def test_a_loop_on_data_runs_as_often_as_it_must() -> None:
    """The number of rounds may differ from call to call."""

    def net(x: Tensor) -> Tensor:
        while x.sum() < 100.0:
            x = x * 2.0
        return x

    plan = mg.compile(net, X)
    assert [by_x(plan, scale * X)[0] for scale in (1.0, 10.0, 100.0)] == [32.0, 2.0, 1.0]


def test_a_plain_argument_is_part_of_the_program() -> None:
    """Another number means another trace."""
    plan = mg.compile(lambda x, n: x * n, X, 2)
    assert [plan(X, n)[1]["x"][0] for n in (2, 3, 2.5)] == [2.0, 3.0, 2.5]


def test_parameters_are_read_afresh() -> None:
    """``set_data`` needs no new trace."""
    net = Scaled()
    plan = mg.compile(net, X)
    net.w.set_data(Tensor(np.full(3, 5.0)))
    assert by_x(plan) == [20.0] * 3


def test_a_replaced_parameter_is_the_one_that_counts() -> None:
    """Assigning another Parameter."""
    net = Scaled()
    plan = mg.compile(net, X)
    net.w = Parameter(np.full(3, 7.0))
    assert by_x(plan) == [28.0] * 3


def test_freezing_a_parameter_takes_it_out() -> None:
    """``requires_grad`` may be flipped at any time."""
    net = Scaled()
    plan = mg.compile(net, X)
    plan(X)
    net.w.requires_grad = False
    assert list(plan(X)[1]) == ["x"]


def change_attribute(net: Any) -> None:
    """Assign to an attribute."""
    net.factor = 6.0


def change_list(net: Any) -> None:
    """Change a list in place."""
    net.steps[0] = 5.0


def change_dict(net: Any) -> None:
    """Change a dict in place."""
    net.table["gain"] = 3.0


def change_array(net: Any) -> None:
    """Change an array in place."""
    net.array[0] = 3.0


def change_object(net: Any) -> None:
    """Change an object of settings in place."""
    net.config.gain = 3.0


@pytest.mark.parametrize("change", [change_attribute, change_list, change_dict, change_array, change_object])
@pytest.mark.parametrize("cls", [Scaled, Inherited])
def test_a_changed_setting_is_seen(cls: Any, change: Any) -> None:
    """Whatever the network reads from its own attributes, the next call sees it."""
    net = cls()
    plan = mg.compile(net, X)
    before = by_x(plan)[0]
    change(net)
    assert (before, by_x(plan)[0]) == (4.0, 12.0)


@pytest.mark.parametrize("cls", [Scaled, Inherited])
def test_a_changed_class_attribute_is_seen(cls: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a parent class."""
    plan = mg.compile(cls(), X)
    monkeypatch.setattr(Scaled, "shared", 3.0)
    assert by_x(plan)[0] == 12.0


class Global(nn.Cell):
    """A network that reads a global, through a function."""

    def construct(self, x: Tensor) -> Tensor:
        return x * scale()


class GlobalChild(Global):
    """The same, inherited."""


def scale() -> Any:
    """The global."""
    return SCALE


@pytest.mark.parametrize("net", [Global(), GlobalChild(), lambda x: x * SCALE, lambda x: x * scale()])
def test_a_changed_global_is_seen(net: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read directly, in an inherited method, or by a function that the network calls."""
    plan = mg.compile(net, X)
    monkeypatch.setattr(sys.modules[__name__], "SCALE", 5.0)
    assert by_x(plan)[0] == 5.0


def test_a_changed_closure_is_seen() -> None:
    """A variable of the surrounding function."""
    gain = 2.0

    def net(x: Tensor) -> Tensor:
        return x * gain

    plan = mg.compile(net, X)
    gain = 5.0
    assert by_x(plan)[0] == 5.0


def test_a_tensor_made_anew_is_seen_though_it_takes_the_old_ones_place() -> None:
    """Identity is judged by the object, not by an address that is used again."""
    namespace: dict[str, Any] = {"gain": Tensor(2.0)}
    exec("def net(x):\n    return x * gain", namespace)
    plan = mg.compile(namespace["net"], X)
    found = []
    for value in (3.0, 4.0, 5.0):
        del namespace["gain"]
        gc.collect()
        namespace["gain"] = Tensor(value)
        found.append(by_x(plan)[0])
    assert found == [3.0, 4.0, 5.0]


def test_a_tensor_written_in_place_is_seen() -> None:
    """A constant tensor of a closure, changed by ``t[0] = ...``."""
    gain = Tensor(np.array([2.0]))
    plan = mg.compile(lambda x: x * gain, X)
    gain[0] = 5.0
    assert by_x(plan)[0] == 5.0


def test_the_training_flag_is_part_of_the_program() -> None:
    """``set_train`` switches the branch."""

    class Net(nn.Cell):
        def construct(self, x: Tensor) -> Tensor:
            return x * 2.0 if self.training else x

    net = Net()
    plan = mg.compile(net, X)
    assert (by_x(plan)[0], net.set_train() and by_x(plan)[0]) == (1.0, 2.0)


def test_an_unchanged_network_is_not_traced_again() -> None:
    """The guard is no excuse to trace each time."""
    traces = []

    def net(x: Tensor) -> Tensor:
        traces.append(1)
        return x * x

    plan = mg.compile(net, X)
    count = len(traces)
    for _ in range(5):
        plan(X)
    assert len(traces) <= count + 1  # the list itself is a closure that the first trace changed


def test_a_failed_call_leaves_the_plan_usable() -> None:
    """A wrong shape is an error of that call alone."""
    plan = mg.compile(lambda x, y: x @ y, np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="share K"):
        plan(np.ones((2, 3)), np.ones((2, 3)))
    assert plan(np.ones((2, 3)), np.ones((3, 2)))[0].tolist() == [[3.0, 3.0]] * 2


def test_eight_threads_may_share_a_plan() -> None:
    """Each call gets the gradient of its own input, whatever branch and shape the others take."""

    def net(x: Tensor) -> Tensor:
        return x * x if x.sum() > 0 else x * 3.0

    plan = mg.compile(net, X)
    start = threading.Barrier(8)

    def work(number: int) -> bool:
        start.wait()
        right = True
        for step in range(20):
            x = np.full(1 + (number + step) % 4, float(number + 1) * (-1) ** step)
            right &= bool(np.array_equal(plan(x)[1]["x"], 2 * x if x.sum() > 0 else np.full_like(x, 3.0)))
        return right

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_a_method_that_super_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A method of a parent's is seen to change when the child's own asks for it by ``super()``."""

    class Parent(nn.Cell):
        def head(self, x: Any) -> Any:
            return x * 2.0

    class Child(Parent):
        def head(self, x: Any) -> Any:
            return super().head(x) * 3.0

        def construct(self, x: Any) -> Any:
            return self.head(x)

    compiled = mg.compile(Child(), np.ones(2))
    assert compiled(np.ones(2))[1]["x"].tolist() == [6.0, 6.0]
    monkeypatch.setattr(Parent, "head", lambda self, x: x * 5.0)
    assert compiled(np.ones(2))[1]["x"].tolist() == [15.0, 15.0]
