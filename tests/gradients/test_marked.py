"""Mutable containers, integer inputs, complex ones: which inputs have gradients, and of what form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.ops import GradOperation
from msgrad_ext.tensor import Tensor

X, Y = Tensor(np.array([1.0, 2.0])), Tensor(np.array([3.0, 5.0]))
ALL = GradOperation(get_all=True)


def plain(value: Any) -> Any:
    """Tensors as lists, containers as they are."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(map(plain, value))
    return value.tolist() if isinstance(value, Tensor) else value


@pytest.mark.parametrize(
    ("given", "net", "expected"),
    [
        ((X, Y), lambda t: t[0] * t[1], ([3.0, 5.0], [1.0, 2.0])),
        ([X, Y], lambda t: t[0] * t[1], [[3.0, 5.0], [1.0, 2.0]]),
        ({"a": X, "b": Y}, lambda t: t["a"] * t["b"], {"a": [3.0, 5.0], "b": [1.0, 2.0]}),
        ((X, (Y, X)), lambda t: t[0] * t[1][0], ([3.0, 5.0], ([1.0, 2.0], [0.0, 0.0]))),
        ((X, 3.0), lambda t: t[0] * t[1], ([3.0, 3.0], 0.0)),
    ],
)
def test_a_mutable_container_has_gradients_of_its_own_structure(given: Any, net: Any, expected: Any) -> None:
    """As in MindSpore's graph mode."""
    assert plain(GradOperation()(net)(mg.mutable(given))) == expected
    assert plain(ALL(net)(mg.mutable(given))) == (expected,)


def test_a_tuple_that_is_not_marked_is_skipped() -> None:
    """Its tensors are constants."""
    assert plain(ALL(lambda t, x: t[0] * x)((X, Y), X)) == ([1.0, 2.0],)


def test_a_tensor_after_a_container_keeps_its_place() -> None:
    """The gradient by position counts the container's tensors."""
    assert plain(mg.grad(lambda t, x: t[0] * t[1] * x, 1)(mg.mutable((X, X)), Y)) == [1.0, 4.0]


def test_a_compiled_network_takes_a_container() -> None:
    """Its tensors are inputs by names of their own."""
    plan = mg.compile(lambda t: t[0] * t[1], mg.mutable((X, Y)))
    assert {name: one.tolist() for name, one in plan(mg.mutable((X, Y)))[1].items()} == {
        "t_0": [3.0, 5.0],
        "t_1": [1.0, 2.0],
    }


@pytest.mark.parametrize("wrong", ["text", None, {1}, ("a",), object()])
def test_other_things_can_not_be_marked(wrong: Any) -> None:
    """TypeError, as in MindSpore."""
    with pytest.raises(TypeError, match="mutable"):
        mg.mutable(wrong)


@pytest.mark.parametrize("kind", ["int32", "int64", "uint8", "int8"])
def test_an_integer_input_has_an_integer_gradient(kind: str) -> None:
    """As in MindSpore: what the floats would give, without its fraction."""
    a = Tensor(np.array([1, 2], kind))
    da, dx = ALL(lambda a, x: a * x)(a, Y * 0.5)
    assert (da.numpy_dtype, da.tolist(), dx.tolist()) == (kind, [1, 2], [1.0, 2.0])


def test_integers_alone_have_an_integer_gradient() -> None:
    """Of the integers' own arithmetic."""
    found = GradOperation()(lambda a: a * a)(Tensor(np.array([3, 4], np.int32)))
    assert (found.numpy_dtype, found.tolist()) == ("int32", [6, 8])


def test_a_bool_input_has_a_bool_gradient() -> None:
    """True where the gradient is not zero."""
    da, _ = ALL(lambda a, x: a * x)(Tensor([True, False]), Tensor(np.array([0.0, 2.0])))
    assert (da.numpy_dtype, da.tolist()) == ("bool", [False, True])


def test_an_index_has_a_zero_gradient() -> None:
    """A comparison of integers passes nothing."""
    assert ALL(lambda i, x: ops.where(i == 1, x, x * x))(Tensor([1, 2]), X)[0].tolist() == [0, 0]


def test_an_integer_gradient_is_told_from_a_checked_one() -> None:
    """A check lists the float inputs alone; a gradient by integers alone is refused, with the reason."""
    from msgrad_ext.checking.effort.budget import budget_of
    from msgrad_ext.gradients.grad_operation import observed
    from msgrad_ext.pipeline import report_on

    with observed() as found:
        ALL(lambda a, x: a * x)(Tensor([1, 2]), X)
        GradOperation()(lambda a, x: a * x)(Tensor([1, 2]), X)
    assert [one.names for one in found] == [("x",), ("a",)]
    verdicts = [report_on(one, "net", 0, budget_of(None)).verdict for one in found]
    assert verdicts == ["agree", "refused"]


def test_a_complex_input_is_refused() -> None:
    """With a sentence; TypeError, as MindSpore's."""
    with pytest.raises(TypeError, match="complex numbers"):
        GradOperation()(lambda x: x * x)(Tensor(np.array([1 + 2j])))
