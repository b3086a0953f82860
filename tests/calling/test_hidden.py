"""What a network reads in ways that are easily overlooked: a change of it gives another answer at the next call."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, nn, ops

Case = tuple[Callable[..., Any], Callable[[], Any]]
X = Tensor(np.float32([0.5, -1.0, 2.0]))


def attribute_of_a_function() -> Case:
    def scaled(x: Any) -> Any:
        return x * scaled.rate  # type: ignore[attr-defined]

    scaled.rate = 2.0  # type: ignore[attr-defined]
    return lambda x: scaled(x).sum(), lambda: setattr(scaled, "rate", 5.0)


def attribute_of_a_tensor() -> Case:
    held = Tensor(np.float32(1.0))
    held.rate = 2.0
    return lambda x: (x * held * held.rate).sum(), lambda: setattr(held, "rate", 5.0)


def attribute_of_a_number() -> Case:
    class Rate(float):
        more = 2.0

    rate = Rate(1.0)
    return lambda x: (x * rate.more).sum(), lambda: setattr(rate, "more", 5.0)


def text_of_an_object() -> Case:
    class Mode:
        name = "slow"

        def __str__(self) -> str:
            return self.name

    mode, rates = Mode(), {"slow": 2.0, "fast": 5.0}
    return lambda x: (x * rates[f"{mode}"]).sum(), lambda: setattr(mode, "name", "fast")


def class_of_an_object() -> Case:
    class Slow:
        rate = 2.0

    class Fast:
        rate = 5.0

    one = Slow()
    return lambda x: (x * one.rate).sum(), lambda: setattr(one, "__class__", Fast)


def class_of_a_cell() -> Case:
    class Slow(nn.Cell):
        def construct(self, x: Any) -> Any:
            return (x * 2.0).sum()

    class Fast(nn.Cell):
        def construct(self, x: Any) -> Any:
            return (x * 5.0).sum()

    net = Slow()
    return net, lambda: setattr(net, "__class__", Fast)


def bases_of_a_class() -> Case:
    class Slow:
        rate = 2.0

    class Fast:
        rate = 5.0

    class Chosen(Slow):
        pass

    one = Chosen()
    return lambda x: (x * one.rate).sum(), lambda: setattr(Chosen, "__bases__", (Fast,))


def list_in_a_class_of_a_function() -> Case:
    class Rates:
        stack = [2.0]

    return lambda x: (x * Rates.stack[-1]).sum(), lambda: Rates.stack.append(5.0)


def equal_number_in_a_set() -> Case:
    parts: set[float] = {2}

    def net(x: Any) -> Any:
        (one,) = parts
        return (x * (Tensor([3, 5, 7]) // 2 if isinstance(one, int) else Tensor([3, 5, 7]) / 2)).sum()

    def change() -> None:
        parts.clear()
        parts.add(2.0)

    return net, change


def setting_of_the_context() -> Case:
    before = mg.context.get_context("mode")

    def net(x: Any) -> Any:
        return (x * 2.0).sum() if mg.context.get_context("mode") == before else (x * 5.0).sum()

    return net, lambda: mg.context.set_context(mode=1 - before)  # type: ignore[operator]


def member_of_an_enumeration() -> Case:
    class Mode(Enum):
        SLOW = 2.0
        FAST = 5.0

    class Held:
        mode = Mode.SLOW

    held = Held()
    return lambda x: (x * held.mode.value).sum(), lambda: setattr(held, "mode", Mode.FAST)


CASES = [
    attribute_of_a_function, attribute_of_a_tensor, attribute_of_a_number, text_of_an_object, class_of_an_object,
    class_of_a_cell, bases_of_a_class, list_in_a_class_of_a_function, equal_number_in_a_set, setting_of_the_context,
    member_of_an_enumeration,
]  # fmt: skip


def compiled(net: Callable[..., Any]) -> Callable[..., Any]:
    made = mg.compile(net, X)
    return lambda x: Tensor(made(x)[1]["x"])


@pytest.mark.parametrize("taken", [ops.GradOperation(), compiled], ids=["GradOperation", "compile"])
@pytest.mark.parametrize("case", CASES, ids=lambda one: one.__name__)
def test_a_change_is_seen(case: Callable[[], Case], taken: Callable[..., Any]) -> None:
    """By a gradient function that answered calls before."""
    if (case, taken) == (attribute_of_a_number, compiled):
        pytest.skip("what a compiled function does not follow: subclasses of numbers")
    mode = mg.context.get_context("mode")
    net, change = case()
    gradient = taken(net)
    before = [gradient(X).asnumpy() for _ in range(5)][-1]
    change()
    try:
        after = gradient(X).asnumpy()
    finally:
        mg.context.set_context(mode=mode)
    expected = [1.5, 2.5, 3.5] if case is equal_number_in_a_set else [5.0] * 3
    np.testing.assert_array_equal(after, expected)
    assert not np.array_equal(before, after)
