"""How a kept trace answers: in few calls, in the containers of a fresh one, with fresh arrays, in threads."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, ParameterTuple, Tensor, nn, ops
from msgrad_ext.gradients.grad_operation import observed

from .calls import Count, agree, numbers, settle

FACTOR = 2.0


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    return Count(monkeypatch)


class GradNetWrtX(nn.Cell):
    """The tutorial's."""

    def __init__(self, net: Any, **flags: Any) -> None:
        super().__init__()
        self.net = net
        self.grad_op = ops.GradOperation(**flags)

    def construct(self, *inputs: Any) -> Any:
        gradient_function = self.grad_op(self.net)
        return gradient_function(*inputs)


class Product(nn.Cell):
    """The tutorial's Net."""

    def __init__(self) -> None:
        super().__init__()
        self.matmul = ops.MatMul()
        self.z = Parameter(Tensor(np.array([1.0], np.float32)), name="z")

    def construct(self, x: Any, y: Any) -> Any:
        x = x * self.z
        return self.matmul(x, y)


A = Tensor(np.float32([[0.8, 0.6, 0.2], [1.8, 1.3, 1.1]]))
B = Tensor(np.float32([[0.11, 3.3, 1.1], [1.1, 0.2, 1.4], [1.1, 2.2, 0.3]]))


def python_calls(call: Callable[[], Any]) -> list[str]:
    """The Python functions that one call runs."""
    found: list[str] = []

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            found.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return found


def test_a_kept_call_is_short(count: Count) -> None:
    """The tutorial's call makes no trace, walks no frames, and runs few Python functions besides the plan."""
    outer = GradNetWrtX(Product())
    settle(lambda: outer(A, B), count)
    ran = python_calls(lambda: outer(A, B))
    assert ran[1:5] == ["__call__", "construct", "__call__", "answer"]
    assert set(ran[5:]) <= IN_A_PLAN
    gradient = ops.GradOperation()(outer.net)
    assert python_calls(lambda: gradient(A, B))[1:2] == ["answer"]


# What the plan itself runs, from its first call on and while compiled C is asked for.
IN_A_PLAN = {"run", "ask", "plan", "workspace", "body", "request", "choose", "spread"}


@pytest.mark.parametrize("kind", ["value and gradients", "hessian", "product"])
def test_a_compiled_call_is_short(kind: str, count: Count) -> None:
    """A compiled function is answered by one generated function: nothing is compared in a loop."""
    x, y = A.asnumpy(), B.asnumpy()
    given = (x, y, x) if kind == "product" else (x, y)
    if kind == "value and gradients":
        compiled: Any = mg.compile(Product(), x, y)
    elif kind == "hessian":
        compiled = mg.compile_hessian(Product(), x, y)
    else:
        compiled = mg.compile_hvp(Product(), x, y, wrt=["x"])
    compiled(*given)
    ran = python_calls(lambda: compiled(*given))
    assert ran[1] == "answer"
    assert set(ran[2:]) <= IN_A_PLAN


@pytest.mark.parametrize(
    "number", [np.float64(0.3), np.array(0.3), Tensor(np.array(0.3))], ids=["number", "array", "tensor"]
)
def test_a_number_is_answered_at_once(number: Any) -> None:
    """Numbers of numpy are as good as arrays without axes."""
    compiled = mg.compile(lambda x: ops.sin(x) * 2.0, number)
    compiled(number)
    ran = python_calls(lambda: compiled(number))
    assert ran[1] == "answer"
    assert "_checked" not in ran
    np.testing.assert_allclose(compiled(number)[1]["x"], 2 * np.cos(0.3), rtol=1e-15)


def test_second_derivatives_are_kept(count: Count) -> None:
    """`hessian` and `hvp` ask for no trace once there is one, also when they are called anew."""

    def cubed(x: Any) -> Any:
        return (x**3).sum() * FACTOR

    x, v = Tensor(np.float32([1.0, 2.0])), Tensor(np.float32([1.0, -1.0]))
    settle(lambda: mg.hessian(cubed)(x), count)
    np.testing.assert_allclose(mg.hessian(cubed)(x).asnumpy(), [[12.0, 0.0], [0.0, 24.0]], rtol=1e-6)
    settle(lambda: mg.hvp(cubed, x, v), count)
    gradient, product = mg.hvp(cubed, x, v)
    np.testing.assert_allclose(gradient.asnumpy(), [6.0, 24.0], rtol=1e-6)
    np.testing.assert_allclose(product.asnumpy(), [12.0, -24.0], rtol=1e-6)
    globals()["FACTOR"] = 4.0
    try:
        np.testing.assert_allclose(mg.hessian(cubed)(x).asnumpy(), [[24.0, 0.0], [0.0, 48.0]], rtol=1e-6)
        np.testing.assert_allclose(mg.hvp(cubed, x, v)[1].asnumpy(), [24.0, -48.0], rtol=1e-6)
    finally:
        globals()["FACTOR"] = 2.0


def test_versions_for_several_shapes(count: Count) -> None:
    """Calls at two shapes in turn are answered at once, each from its own plan."""
    compiled = mg.compile(Product(), A.asnumpy(), B.asnumpy())
    gradient = mg.grad(Product())
    wide = Tensor(np.ones((5, 3), np.float32))
    for _ in range(3):
        compiled(wide, B), gradient(wide, B), compiled(A, B), gradient(A, B)
    assert count.of(lambda: [compiled(one, B) and gradient(one, B) for one in (wide, A, wide, A)]) == 0
    assert gradient(wide, B).shape == (5, 3) and gradient(A, B).shape == (2, 3)
    assert compiled(wide, B)[1]["x"].shape == (5, 3) and compiled(A, B)[1]["x"].shape == (2, 3)


def test_while_another_thread_watches(count: Count) -> None:
    """A kept call is answered while another thread's gradients are observed; they are not told of."""
    net = Product()
    gradient = mg.grad(net)
    settle(lambda: gradient(A, B), count)
    inside, go_on = threading.Event(), threading.Event()
    seen: list[int] = []

    def watch() -> None:
        with observed() as found:
            inside.set()
            go_on.wait(10)
            seen.append(len(found))

    thread = threading.Thread(target=watch)
    thread.start()
    inside.wait(10)
    assert count.of(lambda: gradient(A, B)) == 0
    go_on.set()
    thread.join()
    assert seen == [0]


@pytest.mark.parametrize(
    "flags", [{}, {"get_all": True}, {"get_by_list": True}, {"get_all": True, "get_by_list": True}]
)
def test_containers_are_those_of_a_trace(flags: dict[str, bool], count: Count) -> None:
    """A kept trace gives the same containers as a fresh one."""
    outer = GradNetWrtX(Product(), **flags)
    settle(lambda: outer(A, B), count)
    found = outer(A, B)
    with observed():
        wanted = outer(A, B)
    assert repr(found) == repr(wanted)


def test_results_are_fresh(count: Count) -> None:
    """What one call returned is not written by the next."""
    outer = GradNetWrtX(Product())
    settle(lambda: outer(A, B), count)
    first = outer(A, B)
    text = str(first)
    outer(Tensor(A.asnumpy() * 2), Tensor(B.asnumpy() * 5))
    assert str(first) == text


def test_weights_of_the_output(count: Count) -> None:
    """With ``sens_param`` the last argument weights the output, also from a kept trace."""
    outer = GradNetWrtX(Product(), sens_param=True)
    sens = Tensor(np.float32([[0.1, 0.6, 0.2], [0.8, 1.3, 1.1]]))
    settle(lambda: outer(A, B, sens), count)
    np.testing.assert_allclose(outer(A, B, sens).asnumpy(), [[2.211, 0.51, 1.49], [5.588, 2.68, 4.07]], rtol=1e-5)
    np.testing.assert_allclose(
        outer(A, B, sens * 2.0).asnumpy(), [[4.422, 1.02, 2.98], [11.176, 5.36, 8.14]], rtol=1e-5
    )


def test_value_and_gradient(count: Count) -> None:
    """`value_and_grad` keeps its trace: value, gradients by input and weights, further values."""
    net = Product()
    weights = ParameterTuple(net.trainable_params())
    both = mg.value_and_grad(lambda x, y: (net(x, y).sum(), x + y[0]), 0, weights, has_aux=True)
    with observed():
        wanted = numbers(both(A, B))
    settle(lambda: both(A, B), count)
    agree(both(A, B), wanted)


def test_training_learns(count: Count) -> None:
    """A loop of training sees the parameters of each step, without a trace of its own."""
    net = nn.Dense(3, 1)
    optimizer = nn.SGD(net.trainable_params(), 0.1)
    step = mg.value_and_grad(lambda x: (net(x) ** 2).sum(), None, optimizer.parameters)
    losses = []
    for _ in range(12):
        loss, gradients = step(A)
        optimizer(gradients)
        losses.append(float(loss.asnumpy()))
    assert losses[-1] < 0.5 * losses[0]
    assert all(one >= other for one, other in pairwise(losses))
    assert count.traces <= 4


def test_second_order(count: Count) -> None:
    """A gradient of a gradient is kept as well."""
    second = mg.grad(mg.grad(lambda x: (x**3).sum() * FACTOR))
    x = Tensor(np.float32([1.0, 2.0]))
    settle(lambda: second(x), count)
    np.testing.assert_allclose(second(x).asnumpy(), [12.0, 24.0], rtol=1e-6)


def test_threads() -> None:
    """Threads that share a gradient function, while its network changes, get answers of one state or the other."""
    net = Product()
    gradient = ops.GradOperation()(net)
    one = numbers(gradient(A, B))[0]
    wrong: list[Any] = []

    def run() -> None:
        for _ in range(150):
            found = numbers(gradient(A, B))[0]
            ratio = found / one
            if not np.allclose(ratio, np.round(ratio[0, 0]), rtol=1e-5):
                wrong.append(found)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 30):
        net.z.set_data(Tensor(np.float32([float(number)])))
        net.scale = number
    for thread in threads:
        thread.join()
    assert not wrong
