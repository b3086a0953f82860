"""What a kept trace follows into the user's own objects, modules and functions: each change of it gives the fresh answer."""

from __future__ import annotations

import functools
import sys
import types
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, Tensor, nn, ops
from msgrad_ext.gradients.grad_operation import observed

from .calls import Count, agree, numbers, settle

X = Tensor(np.array([[0.5, -1.0, 2.0]], np.float32))
RATES = {"high": 2.0, "low": 0.5}
WHICH = "high"
ORDERED = OrderedDict(a=2.0)
PARTS = ([1.5], {"deep": [2.5]})
CHOSEN = {1.0, 2.0}
Pair = namedtuple("Pair", "rate power")


@dataclass
class Settings:
    rate: float = 1.5
    tags: list[float] = field(default_factory=lambda: [2.0])


class Plain:
    shared = 3.0

    def __init__(self) -> None:
        self.rate, self.inner = 1.5, SimpleNamespace(gain=2.0)
        self.array = np.float32([2.0])

    def times(self, x: Any) -> Any:
        return x * self.rate * self.shared

    def __call__(self, x: Any) -> Any:
        return self.times(x) * self.inner.gain

    def __len__(self) -> int:
        return 2

    @property
    def twice(self) -> float:
        return self.rate * 2


class Words:
    gain = 2.0

    @staticmethod
    def double(x: Any) -> Any:
        return x * 2.0


class Mode(Enum):
    FAST = 2.0

    def weight(self) -> float:
        return float(self.value)


class Parent(nn.Cell):
    def head(self, x: Any) -> Any:
        return x * 1.5


class Net(Parent):
    """A network that reads objects of all kinds, some by names that it puts together."""

    def __init__(self) -> None:
        super().__init__()
        self.settings, self.plain, self.words, self.mode = Settings(), Plain(), Words, Mode.FAST
        self.pair = Pair(1.5, 2)
        self.w0 = Parameter(Tensor(np.float32([2.0])), name="w0")
        self.fc1 = nn.Dense(3, 3)
        self.number1 = 1.25
        self.power = ops.ReduceSum()
        self.power.scale = 2

    def head(self, x: Any) -> Any:
        return super(Net, self).head(x) * 2.0  # noqa: UP008 - as the tutorial writes it

    def construct(self, x: Any) -> Any:
        x = self.head(x) * self.settings.rate * self.settings.tags[0] * self.pair.rate
        x = self.plain(x) + self.plain.times(x) * self.plain.twice * len(self.plain) * Tensor(self.plain.array)
        x = self.words.double(x) * self.words.gain * self.mode.weight() * self.power.scale
        x = x * RATES[WHICH] * ORDERED["a"] * PARTS[0][0] * PARTS[1]["deep"][0] * sum(CHOSEN)
        parts = {}
        parts["x"] = x * getattr(self, f"w{0}") * getattr(self, "number" + str(1))
        return self.power(ops.tanh(getattr(self, f"fc{1}")(parts["x"] * 1e-7)) * x)


def taken(net: Any) -> Callable[..., Any]:
    return ops.GradOperation(get_all=True, get_by_list=True)(net)


def fresh(call: Callable[[], Any]) -> list[np.ndarray]:
    with observed():
        return numbers(call())


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    return Count(monkeypatch)


def put(holder: str, name: str, value: Any) -> Callable[[Any, Any], None]:
    """Set an attribute of what ``holder`` names from the network on, behind the network's back."""

    def change(net: Any, patch: Any) -> None:
        one = net
        for step in filter(None, holder.split(".")):
            one = getattr(one, step)
        patch.setattr(one, name, value)

    return change


def seven(self: Any, x: Any = None) -> Any:
    return 7.0 if x is None else x * 7.0


def swapped(container: Any, key: Any, value: Any) -> Callable[[Any, Any], None]:
    def change(net: Any, patch: Any) -> None:
        if isinstance(container, set):
            container.add(value)
            return
        container[key] = value

    return change


CHANGES: dict[str, Callable[[Any, Any], Any]] = {
    "a field of a dataclass": put("settings", "rate", 4.0),
    "an element of a field": lambda net, patch: net.settings.tags.__setitem__(0, 5.0),
    "another object": lambda net, patch: setattr(net, "settings", Settings(9.0)),
    "another tuple with names": lambda net, patch: net.__dict__.update(pair=Pair(2.5, 2)),
    "an attribute of an object": put("plain", "rate", 4.0),
    "what a class shares": lambda net, patch: patch.setattr(Plain, "shared", 4.0),
    "an attribute that hides the class's": put("plain", "shared", 5.0),
    "a namespace in an object": put("plain.inner", "gain", 5.0),
    "numbers of an array in an object": lambda net, patch: net.plain.array.__setitem__(0, 5.0),
    "a method of an object's class": lambda net, patch: patch.setattr(Plain, "times", seven),
    "a method on the object": lambda net, patch: patch.setattr(net.plain, "times", lambda x: x * 7.0),
    "__call__ of the class": lambda net, patch: patch.setattr(Plain, "__call__", seven),
    "code of __call__": lambda net, patch: patch.setattr(Plain.__call__, "__code__", seven.__code__),
    "__len__ of the class": lambda net, patch: patch.setattr(Plain, "__len__", lambda self: 5),
    "a property": lambda net, patch: patch.setattr(Plain, "twice", property(seven)),
    "__getattribute__": lambda net, patch: patch.setattr(
        Plain,
        "__getattribute__",
        lambda self, name: 3.5 if name == "rate" else object.__getattribute__(self, name),
        raising=False,
    ),
    "a function in a class": lambda net, patch: patch.setattr(Words, "double", staticmethod(lambda x: x * 5.0)),
    "a number in a class": lambda net, patch: patch.setattr(Words, "gain", 5.0),
    "another class": lambda net, patch: net.__dict__.update(words=type("W", (Words,), {"gain": 3.0})),
    "a method of an enumeration": lambda net, patch: patch.setattr(Mode, "weight", seven),
    "a method of the parent": lambda net, patch: patch.setattr(Parent, "head", seven),
    "an attribute by a name put together": lambda net, patch: net.__dict__.update(number1=3.0),
    "a layer by a name put together": lambda net, patch: setattr(net, "fc1", nn.Dense(3, 3)),
    "a parameter by a name put together": lambda net, patch: setattr(
        net, "w0", Parameter(Tensor(np.float32([5.0])), name="w0")
    ),
    "an attribute of an op": put("power", "scale", 5.0),
    "an op's attribute behind its back": lambda net, patch: net.power.__dict__.update(scale=6),
    "a value in a dict": swapped(RATES, "high", 7.0),
    "the key": lambda net, patch: patch.setitem(globals(), "WHICH", "low"),
    "a value in an ordered dict": swapped(ORDERED, "a", 7.0),
    "a list in a tuple": swapped(PARTS[0], 0, 7.0),
    "a list in a dict in a tuple": swapped(PARTS[1]["deep"], 0, 7.0),
    "an element of a set": swapped(CHOSEN, None, 7.0),
    "a name of a builtin": lambda net, patch: patch.setitem(globals(), "sum", seven_of),
    "getattr itself": lambda net, patch: patch.setitem(globals(), "getattr", other_getattr),
}


def seven_of(values: Any) -> float:
    return 7.0


def other_getattr(one: Any, name: str) -> Any:
    return 4.0 if name == "number1" else one.__dict__[name]


@pytest.fixture(autouse=True)
def as_before() -> Any:
    yield
    RATES["high"], ORDERED["a"], PARTS[0][0], PARTS[1]["deep"][0] = 2.0, 2.0, 1.5, 2.5
    CHOSEN.discard(7.0)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_gives_the_fresh_answer(change: str, count: Count, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of what the trace rests on, the answer is that of a trace made then."""
    net = Net()
    gradient = taken(net)
    settle(lambda: gradient(X), count)
    before = numbers(gradient(X))
    CHANGES[change](net, monkeypatch)
    wanted = fresh(lambda: gradient(X))
    assert any(not np.array_equal(one, other) for one, other in zip(before, wanted)), "nothing changed"
    for _ in range(4):
        agree(gradient(X), wanted)


def test_an_op_s_number_of_another_kind(count: Count) -> None:
    """A setting that is equal but of another kind is another setting."""
    op = ops.ReduceSum()
    op.scale = 1
    gradient = mg.grad(lambda x: op(x * (2.0 if isinstance(op.scale, float) else 3.0)))
    settle(lambda: gradient(X), count)
    op.scale = 1.0
    assert gradient(X).asnumpy()[0, 0] == 2.0


def test_a_module_of_the_user(count: Count, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a module of the user's holds is followed."""
    module = types.ModuleType("settings_of_a_user")
    exec("RATE = 2.0\ndef scale(x):\n    return x * RATE\n", vars(module))
    monkeypatch.setitem(sys.modules, "settings_of_a_user", module)
    gradient = mg.grad(lambda x: module.scale(x) * module.RATE)
    settle(lambda: gradient(X), count)
    module.RATE = 3.0
    assert gradient(X).asnumpy()[0, 0] == 9.0
    settle(lambda: gradient(X), count)
    module.scale = lambda x: x * 5.0
    assert gradient(X).asnumpy()[0, 0] == 15.0


def test_functions_made_anew(count: Count) -> None:
    """A function that is made anew shares what was kept, as long as its variables hold the same."""
    net = Parent()
    net.construct = net.head

    def step(factor: float, late: float | None = None) -> Any:
        scale = factor
        gradient = mg.grad(lambda x: net(x) * scale)
        if late is not None:
            scale = late
        return gradient(X)

    settle(lambda: step(2.0), count)
    assert step(2.0).asnumpy()[0, 0] == 3.0
    assert step(4.0).asnumpy()[0, 0] == 6.0
    settle(lambda: step(4.0), count)
    assert step(4.0, late=8.0).asnumpy()[0, 0] == 12.0
    assert step(4.0).asnumpy()[0, 0] == 6.0


def test_functions_made_anew_with_other_defaults(count: Count) -> None:
    """Defaults, and functions among the variables, are compared too."""
    net = nn.ReLU()

    def step(factor: float, inner: float) -> Any:
        def part(x: Any) -> Any:
            return x * inner

        return mg.grad(lambda x, k=factor: part(net(x)) * k)(X)

    settle(lambda: step(2.0, 1.0), count)
    assert step(3.0, 1.0).asnumpy()[0, 0] == 3.0
    assert step(2.0, 4.0).asnumpy()[0, 0] == 8.0
    assert step(2.0, 1.0).asnumpy()[0, 0] == 2.0


def test_bound_methods_of_two_objects(count: Count) -> None:
    """The method of one object is not answered by what was kept for another's."""

    class Model:
        def __init__(self, factor: float) -> None:
            self.net, self.factor = relu, factor

        def loss(self, x: Any) -> Any:
            return self.net(x) * self.factor

    relu = nn.ReLU()
    one, other = Model(2.0), Model(5.0)
    settle(lambda: mg.grad(one.loss)(X), count)
    assert mg.grad(other.loss)(X).asnumpy()[0, 0] == 5.0
    assert mg.grad(one.loss)(X).asnumpy()[0, 0] == 2.0
    one.factor = 3.0
    assert mg.grad(one.loss)(X).asnumpy()[0, 0] == 3.0


def test_keywords(count: Count) -> None:
    """Arguments by keyword: their names, order and values belong to the trace."""
    gradient = mg.grad(lambda x, a=None, b=None, *, scale=1.0: (x * a - b) * scale)
    y, z = X * 2.0, X * 3.0
    settle(lambda: gradient(X, a=y, b=z, scale=2.0), count)
    agree(gradient(X, a=y, b=z, scale=2.0), [2 * y.asnumpy()])
    agree(gradient(X, b=y, a=z, scale=2.0), [2 * z.asnumpy()])
    agree(gradient(X, a=y, b=z, scale=3.0), [3 * y.asnumpy()])
    agree(gradient(X, y, z), [y.asnumpy()])
    every = ops.GradOperation(get_all=True)(lambda x, a, b: x * a - b * b)
    settle(lambda: every(X, a=y, b=z), count)
    agree(every(X, b=z, a=y), numbers(every(X, a=y, b=z))[:1] + numbers(every(X, a=y, b=z))[:0:-1])


def test_weights_by_identity(count: Count) -> None:
    """Other parameters of the same form are other weights; the weights are those of the asking."""
    a, b = (Parameter(Tensor(np.float32([number])), name=name) for name, number in (("a", 2.0), ("b", 5.0)))

    def product(x: Any) -> Any:
        return (x * a * b).sum()

    settle(lambda: mg.grad(product, None, [a])(X), count)
    first = mg.grad(product, None, [a])(X)
    agree(first, [np.float32([7.5])])
    agree(mg.grad(product, None, [b])(X), [np.float32([3.0])])
    agree(mg.grad(product, None, [a, b])(X), [np.float32([7.5]), np.float32([3.0])])
    agree(mg.grad(product, None, a)(X), [np.float32([7.5])])
    assert isinstance(mg.grad(product, None, a)(X), Tensor) and isinstance(first, tuple)


def test_a_buffer_that_is_written_in_place(count: Count) -> None:
    """A tensor that the function writes is written at each call."""
    buffer = Tensor(np.float32([1.0]))

    def counting(x: Any) -> Any:
        buffer[0] = buffer[0] + 1.0
        return x * 2.0

    gradient = mg.grad(counting)
    for _ in range(5):
        gradient(X)
    assert buffer.asnumpy()[0] == 6.0


def test_stores_into_containers(count: Count) -> None:
    """What a function stores outside of itself is stored at each call."""
    seen: dict[str, Any] = {"calls": 0}

    def noting(x: Any) -> Any:
        seen["calls"] = seen["calls"] + 1
        return x * 2.0

    gradient = mg.grad(noting)
    for _ in range(5):
        gradient(X)
    assert seen["calls"] == 5


def test_layers_made_in_a_function_are_drawn_anew(count: Count) -> None:
    """A layer with weights that is made inside has other weights at each call."""

    def drawing(x: Any) -> Any:
        return nn.Dense(3, 3)(x)

    gradient = mg.grad(drawing)
    found = {gradient(X).asnumpy().tobytes() for _ in range(5)}
    assert len(found) == 5


def test_the_wrapper_made_anew(count: Count) -> None:
    """A cell that is made around a known network changes nothing for it; a change of the cell that was traced does."""

    class Outer(nn.Cell):
        def __init__(self, net: Any) -> None:
            super().__init__()
            self.net, self.grad_op = net, ops.GradOperation()

        def construct(self, x: Any) -> Any:
            return self.grad_op(self.net)(x)

    net = Net()
    settle(lambda: Outer(net)(X), count)
    net.number1 = 4.0
    wanted = fresh(lambda: Outer(net)(X))
    agree(Outer(net)(X), wanted)


def test_a_partial_function_s_function(count: Count) -> None:
    """The function behind a partial one, and what it holds, are followed."""
    table = [2.0]
    gradient = mg.grad(functools.partial(lambda factors, x: x * factors[0], table))
    settle(lambda: gradient(X), count)
    table[0] = 5.0
    assert gradient(X).asnumpy()[0, 0] == 5.0
