"""A kept trace answers only while all that it rests on is as it was: each way to go stale gives the fresh answer."""

from __future__ import annotations

import copy
import sys
import types
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, Tensor, nn, ops
from msgrad_ext.gradients.grad_operation import observed
from msgrad_ext.registry import OPS

from .calls import Count, agree, numbers, settle

B = Tensor(np.float32([[0.11, 3.3, 1.1], [1.1, 0.2, 1.4], [1.1, 2.2, 0.3]]))
X = Tensor(np.array([[0.5, -1.0, 2.0]], np.float32))
FACTOR = 2.0
NUMBERS = [1.0, 2.0]
CONSTANT = Tensor(np.float32(3.0))
ARRAY = np.float32([2.0])


def helper(x: Any) -> Any:
    return x * FACTOR


class Net(nn.Cell):
    """A network with one of everything."""

    def __init__(self) -> None:
        super().__init__()
        self.z = Parameter(Tensor(np.array([2.0], np.float32)), name="z")
        self.scale = 3.0
        self.sizes = [1.0]
        self.table = {"a": 2.0}
        self.buffer = Tensor(np.float32([4.0]))
        self.act = ops.Tanh()
        self.reduce = ops.ReduceSum(keep_dims=True)
        self.inner = nn.SequentialCell([nn.Dense(3, 3), nn.ReLU()])
        self.cells = nn.CellList([nn.Dense(3, 3)])
        self.call_me = None

    def part(self, x: Any) -> Any:
        return x * self.scale

    def construct(self, x: Any) -> Any:
        x = self.part(x) * self.z * self.sizes[0] * self.table["a"] + self.buffer
        x = helper(x) * NUMBERS[0] + CONSTANT
        x = self.inner(x) + self.cells[0](x)
        if self.call_me is not None:
            x = self.call_me(x)
        if self.training:
            x = x * 5.0
        return self.reduce(self.act(x * 0.1) * x, 1)


def taken(net: Any) -> Callable[..., Any]:
    """All gradients of ``net``, by inputs and parameters."""
    return ops.GradOperation(get_all=True, get_by_list=True)(net)


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    return Count(monkeypatch)


def fresh(net: Any, *args: Any) -> list[np.ndarray]:
    """The gradients of a trace made now, which nothing kept has a part in."""
    with observed():
        return numbers(taken(net)(*args))


def set_global(name: str, value: Any) -> Callable[..., None]:
    return lambda net, patch: patch.setitem(globals(), name, value)


def other_part(self: Any, x: Any) -> Any:
    return x * 7.0


def sevenfold(x: Any) -> Any:
    return x * 7.0


def set_item(net: Any, patch: Any) -> None:
    patch.setattr(net, "buffer", net.buffer)
    net.buffer[0] = 9.0


def change_list(net: Any, patch: Any) -> None:
    patch.setattr(sys.modules[__name__], "NUMBERS", NUMBERS)
    NUMBERS.insert(0, 6.0)


@pytest.fixture(autouse=True)
def first_numbers() -> Any:
    yield
    NUMBERS[:] = [1.0, 2.0]


def replace_code(net: Any, patch: Any) -> None:
    patch.setattr(helper, "__code__", sevenfold.__code__)


def wrong_rule(self: Any, ct: Any, out: Any, x: Any) -> Any:
    return ct * 3.0


def hook_value(cell: Any, inputs: Any, output: Any) -> Any:
    return output * 2.0


def pre_hook(cell: Any, inputs: Any) -> Any:
    return (inputs[0] * 2.0,)


CHANGES: dict[str, Callable[[Any, Any], Any]] = {
    "a parameter's values": lambda net, patch: net.z.set_data(Tensor(np.float32([5.0]))),
    "a parameter's values by assignment": lambda net, patch: setattr(net, "z", Tensor(np.float32([6.0]))),
    "another parameter": lambda net, patch: setattr(net, "z", Parameter(Tensor(np.float32([7.0])), name="z")),
    "a parameter's shape": lambda net, patch: net.z.set_data(Tensor(np.ones(3, np.float32)), slice_shape=True),
    "a parameter's dtype": lambda net, patch: setattr(net, "z", Parameter(Tensor(np.float16([7.0])), name="z")),
    "requires_grad": lambda net, patch: setattr(net.inner[0].weight, "requires_grad", False),
    "a number among the attributes": lambda net, patch: setattr(net, "scale", 4.0),
    "an attribute behind the cell's back": lambda net, patch: net.__dict__.update(scale=4.5),
    "an element of a list": lambda net, patch: net.sizes.__setitem__(0, 3.0),
    "another list": lambda net, patch: setattr(net, "sizes", [4.0]),
    "a value in a dict": lambda net, patch: net.table.update(a=5.0),
    "an element of a tensor": set_item,
    "a tensor's values": lambda net, patch: net.buffer.assign_value(Tensor(np.float32([8.0]))),
    "another tensor": lambda net, patch: setattr(net, "buffer", Tensor(np.float32([1.5]))),
    "another op": lambda net, patch: setattr(net, "act", ops.Sigmoid()),
    "an op's setting": lambda net, patch: setattr(net.act, "alpha", 2.0),
    "a layer in a sequence": lambda net, patch: net.inner.__setitem__(1, nn.Tanh()),
    "a layer more": lambda net, patch: net.inner.append(nn.Sigmoid()),
    "a layer in a list": lambda net, patch: net.cells.__setitem__(0, nn.Dense(3, 3)),
    "a layer's attribute": lambda net, patch: setattr(net.inner[0], "activation", nn.Tanh()),
    "a layer's parameter": lambda net, patch: net.inner[0].weight.set_data(Tensor(np.ones((3, 3), np.float32))),
    "training": lambda net, patch: net.set_train(),
    "a callable attribute": lambda net, patch: setattr(net, "call_me", sevenfold),
    "a global number": set_global("FACTOR", 5.0),
    "an element of a global list": change_list,
    "a global tensor": set_global("CONSTANT", Tensor(np.float32(7.0))),
    "a global function": set_global("helper", sevenfold),
    "a function's code": replace_code,
    "a builtin's name": lambda net, patch: patch.setitem(globals(), "float", sevenfold),
    "a method of the class": lambda net, patch: patch.setattr(Net, "part", other_part),
    "construct of the class": lambda net, patch: patch.setattr(Net, "construct", lambda self, x: x * self.scale),
    "a method of the object": lambda net, patch: object.__setattr__(net, "part", sevenfold),
    "construct of the object": lambda net, patch: object.__setattr__(net, "construct", sevenfold),
    "a layer's construct": lambda net, patch: patch.setattr(nn.ReLU, "construct", lambda self, x: x * 2.0),
    "a rule": lambda net, patch: patch.setattr(OPS["Tanh"], "vjp", wrong_rule),
    "a numpy voice": lambda net, patch: patch.setattr(OPS["Tanh"], "numpy", lambda self, x: np.sin(x)),
    "a forward hook": lambda net, patch: net.inner.register_forward_hook(hook_value),
    "a hook before": lambda net, patch: net.cells[0].register_forward_pre_hook(pre_hook),
    "a backward hook": lambda net, patch: net.cells[0].register_backward_hook(lambda c, gi, go: (gi[0] * 3.0,)),
    "a hook on a parameter": lambda net, patch: net.z.register_hook(lambda ct: ct * 2.0),
    "bprop": lambda net, patch: patch.setattr(Net, "bprop", lambda self, x, out, dout: (x * 11.0,), raising=False),
    "a module of ops": lambda net, patch: patch.setitem(sys.modules, "nothing", types.ModuleType("nothing")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_gives_the_fresh_answer(change: str, count: Count, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of what the trace rests on, the answer is that of a trace made then."""
    net = Net()
    gradient = taken(net)
    settle(lambda: gradient(X), count)
    CHANGES[change](net, monkeypatch)
    for _ in range(4):
        agree(gradient(X), fresh(net, X))


def test_a_change_is_seen_by_the_answer() -> None:
    """The changes above do change the gradients: a stale answer would be found."""
    inert = {"a builtin's name", "a module of ops", "an op's setting"}
    for name, change in CHANGES.items():
        with pytest.MonkeyPatch.context() as patch:
            mg.set_seed(1)
            net = Net()
            before = fresh(net, X)
            change(net, patch)
            after = fresh(net, X)
        NUMBERS[:] = [1.0, 2.0]
        equal = len(before) == len(after) and all(np.array_equal(a, b) for a, b in zip(before, after))
        assert equal == (name in inert), name


CALLS: dict[str, tuple[Any, Any]] = {
    "another shape": (X, Tensor(np.ones((2, 3), np.float32))),
    "other values": (X, Tensor(np.float32([[3.0, 2.0, -1.0]]))),
    "a tensor with a hook": (X, Tensor(np.float32([[3.0, 2.0, -1.0]]))),
}


@pytest.mark.parametrize("kind", CALLS)
def test_other_arguments(kind: str, count: Count) -> None:
    """A trace answers for arguments of its form alone, at any values."""
    net = Net()
    gradient = ops.GradOperation(get_all=True)(net)
    first, other = CALLS[kind]
    if kind == "a tensor with a hook":
        other.register_hook(lambda ct: ct * 2.0)
    settle(lambda: gradient(first), count)
    with observed():
        wanted = numbers(gradient(other))
    for _ in range(3):
        agree(gradient(other), wanted)


def test_a_setting_of_an_op(count: Count) -> None:
    """A setting of an op that the network holds is seen when it changes."""
    op = ops.MatMul()
    gradient = mg.grad(lambda x: op(x, B))
    x = Tensor(np.float32(np.arange(9).reshape(3, 3)))
    settle(lambda: gradient(x), count)
    op.transpose_b = True
    with observed():
        wanted = numbers(gradient(x))
    agree(gradient(x), wanted)
    assert not np.array_equal(wanted[0], np.ones((3, 3)) @ B.asnumpy().T)


def test_another_dtype(count: Count) -> None:
    """A trace at one dtype does not answer at another."""
    gradient = mg.grad(lambda x: ops.sin(x) * x)
    settle(lambda: gradient(X), count)
    wide = Tensor(X.asnumpy().astype(np.float64))
    assert gradient(wide).asnumpy().dtype == np.float64
    assert gradient(X).asnumpy().dtype == np.float32


def test_branches_on_values(count: Count) -> None:
    """A branch taken on a value is taken anew when the value asks for it."""

    def bent(x: Any) -> Any:
        return x * 2.0 if x.sum() > 0 else x * 3.0

    gradient = mg.grad(bent)
    plus, minus = Tensor(np.float32([1.0])), Tensor(np.float32([-1.0]))
    settle(lambda: gradient(plus), count)
    for _ in range(4):
        assert gradient(minus).asnumpy() == 3.0
        assert gradient(plus).asnumpy() == 2.0
    assert count.of(lambda: (gradient(plus), gradient(minus))) == 0


def test_branch_on_a_parameter(count: Count) -> None:
    """A branch on a parameter's value is one on a value as well."""
    z = Parameter(Tensor(np.float32(1.0)), name="z")

    def bent(x: Any) -> Any:
        return x * 2.0 if z else x * 3.0

    gradient, x = mg.grad(bent), Tensor(np.float32([1.0]))
    settle(lambda: gradient(x), count)
    z.set_data(Tensor(np.float32(0.0)))
    assert gradient(x).asnumpy() == 3.0


def test_python_arguments(count: Count) -> None:
    """Numbers, texts and tuples among the arguments belong to the trace."""
    gradient = mg.grad(lambda x, n, way, axes: ops.ReduceSum()(x, axes) * n if way == "a" else x * 5.0)
    x = Tensor(np.ones((2, 2), np.float32))
    settle(lambda: gradient(x, 2, "a", (0, 1)), count)
    assert gradient(x, 3, "a", (0, 1)).asnumpy().tolist() == [[3.0, 3.0], [3.0, 3.0]]
    assert gradient(x, 3, "b", (0, 1)).asnumpy().tolist() == [[5.0, 5.0], [5.0, 5.0]]
    assert gradient(x, 2, "a", (0, 1)).asnumpy().tolist() == [[2.0, 2.0], [2.0, 2.0]]


def closure() -> tuple[Callable[..., Any], Callable[[float], None]]:
    factor = 2.0

    def inner(x: Any) -> Any:
        return x * factor

    def change(value: float) -> None:
        nonlocal factor
        factor = value

    return inner, change


def test_closures_and_defaults(count: Count) -> None:
    """A variable of a surrounding function, a default and a bound argument are seen when they change."""
    inner, change = closure()
    gradient, x = mg.grad(inner), Tensor(np.float32([1.0]))
    settle(lambda: gradient(x), count)
    change(6.0)
    assert gradient(x).asnumpy() == 6.0

    def defaulted(x: Any, factor: float = 2.0) -> Any:
        return x * factor

    gradient = mg.grad(defaulted)
    settle(lambda: gradient(x), count)
    defaulted.__defaults__ = (8.0,)
    assert gradient(x).asnumpy() == 8.0
    held = [3.0]
    gradient = mg.grad(partial(lambda factors, x: x * factors[0], held))
    settle(lambda: gradient(x), count)
    held[0] = 4.0
    assert gradient(x).asnumpy() == 4.0


def test_a_copy_has_traces_of_its_own(count: Count) -> None:
    """A deep copy of a network is another network."""
    net = Net()
    settle(lambda: taken(net)(X), count)
    twin = copy.deepcopy(net)
    twin.scale = 9.0
    for _ in range(3):
        agree(taken(twin)(X), fresh(twin, X))
        agree(taken(net)(X), fresh(net, X))


def test_an_observer_sees_each_gradient(count: Count) -> None:
    """While someone observes, each call is traced and told of."""
    net = Net()
    gradient = taken(net)
    settle(lambda: gradient(X), count)
    with observed() as found:
        assert count.of(lambda: gradient(X)) == 1
    assert len(found) == 1
