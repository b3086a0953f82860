"""Selecting, writing and scattering by position: values and gradients, with MindSpore 2.10's figures where it is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, ops
from msgrad_ext import dtype as mstype
from msgrad_ext.gradients.grad_operation import GradOperation

X = Tensor(np.array([1, 2, 3, 4, 5], np.float32))
A = Tensor(np.array([[1.5, 2.5, 3.5], [4.5, 5.5, 6.5]], np.float32))
B = np.arange(24.0).reshape(2, 3, 4)
AT, M = np.array([0, 1, 1]), np.array([True, False, True])


def grad(network: Any, *inputs: Any) -> Any:
    """The gradient by the first input, as a list."""
    return GradOperation()(network)(*inputs).tolist()


INDICES = {
    "int and slice": np.s_[0, :, 1],
    "negative step": np.s_[::-1, 2:0:-1],
    "new axes": np.s_[:, None, 1, ..., None],
    "ints": np.s_[AT],
    "pairs": np.s_[AT, AT],
    "apart": np.s_[AT, :, AT],
    "beside an int": np.s_[0, :, AT],
    "int between": np.s_[:, 0, AT],
    "mask": np.s_[:, M],
    "mask of two axes": np.s_[B[:, :, 0] > 5],
    "mask and ints": np.s_[:, M, AT[:2]],
    "table": np.s_[:, AT.reshape(1, 3)],
    "new axis between": np.s_[AT, None, AT],
    "array as it is": np.s_[np.array([1, 0])],
}


@pytest.mark.parametrize("name", INDICES)
def test_an_index_selects_what_numpy_selects(name: str) -> None:
    """Axes come in numpy's order; MindSpore's is the same."""
    index = INDICES[name]
    parts = index if isinstance(index, tuple) else (index,)
    mine = tuple(Tensor(one) if isinstance(one, np.ndarray) else one for one in parts)
    assert np.array_equal(Tensor(B)[mine].asnumpy(), B[index])


@pytest.mark.parametrize("name", INDICES)
def test_writing_by_an_index_is_numpys_too(name: str) -> None:
    """On a tensor outside of a network."""
    index, mine, theirs = INDICES[name], Tensor(B), B.copy()
    mine[index], theirs[index] = 7.0, 7.0
    assert np.array_equal(mine.asnumpy(), theirs)


@pytest.mark.parametrize("index", [5, -6, Tensor([7]), [0, 9], 1.0, "x", (0, 0), False, []])
def test_an_index_that_selects_nothing_raises_index_error(index: Any) -> None:
    """Out of range, too many, or of a kind that is no index."""
    with pytest.raises(IndexError):
        X[index]


def test_a_mask_of_another_shape_is_a_value_error() -> None:
    """As in MindSpore."""
    with pytest.raises(ValueError, match="bool index"):
        X[Tensor([True, False])]


def test_repeated_and_negative_positions_add_up() -> None:
    """MindSpore loses the gradient of a negative position."""
    assert grad(lambda x: x[Tensor([0, -1, -1])] ** 2, X) == [2, 0, 0, 0, 20]
    assert grad(lambda x: ops.gather(x, Tensor([0, -1]), 0), X) == [1, 0, 0, 0, 1]
    assert grad(lambda x: x[::-2] ** 2, X) == [2, 0, 6, 0, 10]


def test_a_mask_that_changes_is_traced_again() -> None:
    """The shape follows from the mask's values."""
    plan = mg.compile(lambda x: x[x > 2] ** 2, X)
    assert plan(X)[1]["x"].tolist() == [0, 0, 6, 8, 10]
    assert plan(X - 2)[1]["x"].tolist() == [0, 0, 0, 0, 6]


def test_an_index_that_is_an_input_is_not_pinned() -> None:
    """One plan serves all indices, negative ones too."""
    plan = mg.compile(lambda x, i: x[i] ** 2, X, Tensor([0, 2]))
    assert plan(X, Tensor([1, -1]))[1]["x"].tolist() == [0, 4, 0, 0, 10]


# Writing -----------------------------------------------------------------------------------------------------------


def test_what_is_written_over_gets_no_gradient_and_the_value_does() -> None:
    """As in MindSpore."""

    def net(x: Tensor, v: Tensor) -> Tensor:
        y = x * 1
        y[1:3] = v * y[0]
        y[4] += 2.0
        return y**2

    dx, dv = GradOperation(get_all=True)(net)(X, Tensor(np.float32(3.0)))
    assert (dx.tolist(), dv.tolist()) == ([38, 0, 0, 8, 14], 12)


def test_of_two_values_for_one_element_the_last_wins() -> None:
    """In the derivative too; MindSpore gives both a gradient."""

    def net(v: Tensor) -> Tensor:
        return ops.TensorScatterUpdate()(X, Tensor([[0], [0]]), v)

    values = Tensor(np.array([8, 9], np.float32))
    assert net(values).tolist() == [9, 2, 3, 4, 5]
    assert grad(net, values) == [0, 1]


def test_a_fresh_tensor_can_be_filled() -> None:
    """A constant becomes a value of the network when a value of it is written in."""

    def net(x: Tensor) -> Tensor:
        out = ops.zeros(3, mstype.float32)
        for place in range(3):
            out[place] = x[place] * x[4]
        return out

    assert grad(net, X) == [5, 5, 5, 0, 6]
    assert net(X).tolist() == [5, 10, 15]


def test_a_copy_is_written_without_the_original() -> None:
    """Slices are copies as well."""

    def net(x: Tensor) -> Tensor:
        whole, part = x.copy(), x[:]
        whole[0], part[1] = 0.0, 0.0
        return x + whole + part

    assert grad(net, X) == [2, 2, 3, 3, 3]


# Scatters, segments and masks ----------------------------------------------------------------------------------------

TWICE, ADDS = Tensor([[0, 0], [0, 0]]), Tensor(np.array([7, 8], np.float32))


@pytest.mark.parametrize(
    ("name", "corner"), [("Add", 16.5), ("Sub", -13.5), ("Mul", 84.0), ("Div", 1.5 / 56), ("Max", 8.0), ("Min", 1.5)]
)
def test_scatters_into_one_element_follow_each_other(name: str, corner: float) -> None:
    """MindSpore 2.10's figures."""
    found = getattr(ops, f"TensorScatter{name}")()(A, TWICE, ADDS)
    assert found.tolist() == [[pytest.approx(corner), 2.5, 3.5], [4.5, 5.5, 6.5]]


def test_updates_of_one_product_have_each_others_factors() -> None:
    """Where a position comes twice MindSpore forgets the other factor."""
    assert grad(lambda v: ops.TensorScatterMul()(A, TWICE, v), ADDS) == [12, pytest.approx(10.5)]


def test_segments() -> None:
    """MindSpore 2.10's figures: rows with a negative id are left out, an empty segment has the neutral value."""
    ids = Tensor([0, 0, 1, 0, 1])
    assert ops.unsorted_segment_sum(X, Tensor([0, 0, 2, 1, -1]), 3).tolist() == [3, 4, 3]
    assert ops.unsorted_segment_prod(X, ids, 3).tolist() == [8, 15, 1]
    assert ops.unsorted_segment_max(X, ids, 2).tolist() == [4, 5]
    assert ops.unsorted_segment_min(X, ids, 3).tolist() == [1, 3, float(np.finfo(np.float32).max)]
    assert grad(lambda x: ops.unsorted_segment_max(x, ids, 2) ** 2, X) == [0, 0, 0, 8, 10]


@pytest.mark.parametrize("call", [lambda x: ops.gather(x, x, 0), lambda x: ops.one_hot(x, 3), lambda x: x[x]])
def test_positions_that_are_no_ints_are_refused(call: Any) -> None:
    """MindSpore raises TypeError for ops and IndexError for an index."""
    with pytest.raises((TypeError, IndexError)):
        call(X)


@pytest.mark.parametrize("kind", [IndexError, RuntimeError, ValueError])
def test_a_position_out_of_range_is_of_each_kind_that_mindspore_raises(kind: type[Exception]) -> None:
    """Ops raise RuntimeError there, an index by numbers IndexError, a scatter ValueError."""
    with pytest.raises(kind):
        ops.gather(X, Tensor([0, 7]), 0)


# Branches that were not chosen ---------------------------------------------------------------------------------------


def test_nothing_flows_into_a_branch_that_was_not_chosen() -> None:
    """Neither at first nor at second order, also through moves of elements."""
    x = Tensor(np.array([-1.0, 0.0, 4.0, 1.0]))

    def net(x: Tensor) -> Tensor:
        return ops.where(x.reshape(2, 2) > 0, ops.sqrt(x * 1.0).reshape(2, 2), 0.0)

    assert grad(net, x) == [0, 0, 0.25, 0.5]
    assert grad(lambda x: GradOperation()(net)(x), x) == [0, 0, -1 / 32, -0.25]


def test_a_cotangent_that_happens_to_be_zero_is_alive() -> None:
    """At the root of ``exp(x) - 1`` the cotangent is 0 and the second derivative is 2."""
    x = Tensor(np.array([0.0]))

    def net(x: Tensor) -> Tensor:
        return ops.where(x > -1, ops.exp(x) - 1, 0.0) ** 2

    assert grad(net, x) == [0]
    assert grad(lambda x: GradOperation()(net)(x), x) == [2]


def test_a_masked_nan_leaves_no_trace() -> None:
    """Trap: 0 times NaN."""
    x = Tensor(np.array([np.nan, 2.0]))
    assert grad(lambda x: ops.masked_fill(ops.log(x) * x, x != x, 0.0), x) == [0, pytest.approx(np.log(2) + 1)]
