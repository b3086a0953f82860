"""``vmap``: axes, structures, per-sample gradients, and the errors that MindSpore 2.10 raises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import nn, ops
from msgrad_ext.tensor import Tensor

X = Tensor(np.arange(6.0).reshape(2, 3))
Y = X + 1
ROW = Tensor(np.array([1.0, 2.0, 3.0]))


def values(result: Any) -> Any:
    """The numbers of a result."""
    return tuple(map(values, result)) if isinstance(result, tuple) else result.asnumpy().tolist()


def dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum()


def two(a: Tensor) -> tuple[Tensor, Tensor]:
    return a * a, a.sum()


CASES = {
    "both": (lambda: mg.vmap(dot)(X, Y), [8, 62]),
    "shared": (lambda: mg.vmap(dot, (0, None))(X, ROW), [8, 26]),
    "columns": (lambda: mg.vmap(dot, 1)(X, Y), [12, 22, 36]),
    "out": (lambda: mg.vmap(lambda a: a * a, 0, 1)(X), [[0, 9], [1, 16], [4, 25]]),
    "last": (lambda: mg.vmap(lambda a: a * a, -1, -1)(X), [[0, 1, 4], [9, 16, 25]]),
    "several outputs": (lambda: mg.vmap(two, 0, (1, 0))(X), ([[0, 9], [1, 16], [4, 25]], [3, 12])),
    "tuple input": (lambda: mg.vmap(lambda p: p[0] * p[1], ((0, 0),))((X, Y)), [[0, 2, 6], [12, 20, 30]]),
    "gradients": (lambda: mg.vmap(mg.grad(dot, (0, 1)))(X, Y), ([[1, 2, 3], [4, 5, 6]], [[0, 1, 2], [3, 4, 5]])),
    "inside a gradient": (lambda: mg.grad(lambda a: mg.vmap(dot)(a, a).sum())(X), [[0, 2, 4], [6, 8, 10]]),
    "the same of ops": (lambda: ops.vmap(dot)(X, Y), [8, 62]),
}


@pytest.mark.parametrize(("use", "expected"), CASES.values(), ids=CASES)
def test_values(use: Any, expected: Any) -> None:
    """Each sample by itself, stacked."""
    assert values(use()) == expected


def test_per_sample_gradients_inside_a_gradient() -> None:
    """A penalty on per-sample gradients can be differentiated."""

    def penalty(w: Tensor) -> Tensor:
        per_sample = mg.vmap(mg.grad(lambda v, x: dot(v, x) ** 2), (None, 0))(w, X)
        return (per_sample * per_sample).sum()

    rows = X.asnumpy()
    w = ROW.asnumpy()
    expected = sum(8 * (x @ x) * (w @ x) * x for x in rows)
    np.testing.assert_allclose(mg.grad(penalty)(ROW).asnumpy(), expected, rtol=1e-14)


def test_a_list_of_cells_maps_each_its_own_sample() -> None:
    """An ensemble."""
    found = mg.vmap(nn.CellList([nn.ReLU(), nn.Tanh()]))(Tensor(np.array([[-1.0], [1.0]])))
    np.testing.assert_allclose(found.asnumpy(), [[0.0], [np.tanh(1.0)]], rtol=1e-15)


@pytest.mark.parametrize(
    "use",
    [
        lambda: mg.vmap(dot, (None, None))(X, Y),
        lambda: mg.vmap(dot)(X, Tensor(np.ones((3, 3)))),
        lambda: mg.vmap(dot, 5)(X, Y),
        lambda: mg.vmap(dot, "a")(X, Y),
        lambda: mg.vmap(dot, (0,))(X, Y),
        lambda: mg.vmap(dot)(X, 3.0),
    ],
)
def test_axes_that_do_not_fit(use: Any) -> None:
    """RuntimeError, as in MindSpore, and ValueError, as it should be."""
    for kind in (RuntimeError, ValueError):
        with pytest.raises(kind, match="vmap"):
            use()


def test_decorators_for_compilation_change_nothing() -> None:
    """With options and without."""

    @mg.jit
    def plain(x: Tensor) -> Tensor:
        return x * x

    @mg.jit(jit_level="O0")
    def optioned(x: Tensor) -> Tensor:
        return x * x

    assert values(mg.grad(plain)(ROW)) == values(mg.grad(optioned)(ROW)) == [2, 4, 6]
    with pytest.raises(TypeError, match="callable"):
        mg.jit(3)
