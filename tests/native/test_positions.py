"""Elements by position, running sums, places of extremes and products over named axes are loops of C, not calls of Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from msgrad_ext import ops
from msgrad_ext.native import build
from msgrad_ext.native.lowering import lower
from msgrad_ext.native.program import Call
from msgrad_ext.numeric.interpreter import run

from .nets import data, gradient_graph, native
from .test_same_numbers import close

A = data(np.random.default_rng(0), np.float64, 4, 5, 6)
AT = np.array([[0, -1, 2], [2, 2, -4]], np.int32)


def same(net: Any, *inputs: Any, ulps: float = 64) -> None:
    """Both tiers agree, and no voice is called."""
    graph, arrays = gradient_graph(net, *inputs)
    assert not any(isinstance(step, Call) for step in lower(graph).steps)
    for found, wanted in zip(native(graph).function(*arrays), run(graph, arrays), strict=True):  # type: ignore[misc]
        close(found, wanted, ulps)


def test_positions() -> None:
    """One axis, axes side by side and apart, of turned arrays and along one axis; negative ones and some that come twice."""

    def net(x: Any, at: Any, each: Any) -> Any:
        turned = ops.transpose(x, (2, 0, 1))
        parts = [ops.gather(x, at, axis) for axis in range(3)]
        parts += [x[at, :, at], x[:, at, at], turned[at, at], ops.gather_d(x, 1, each), ops.gather(turned, at, 2)]
        return sum((part * part).sum() for part in parts)

    same(net, A, AT, np.random.default_rng(1).integers(-5, 5, (3, 7, 2)))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("exclusive", [False, True])
def test_running(reverse: bool, exclusive: bool) -> None:
    """Running sums and products along each axis, in both directions, with and without the element itself."""

    def net(x: Any) -> Any:
        found = [kind(exclusive, reverse)(x, axis) for kind in (ops.CumSum, ops.CumProd) for axis in range(3)]
        return sum((one * one).sum() for one in found)

    same(net, A)


def test_places_of_extremes() -> None:
    """The first of equal elements, and the first NaN, as numpy has it; so for the windows of max pooling."""
    x = np.tile(np.array([0.0, -0.0, np.inf, np.nan, -np.inf, np.nan, 1.0, np.inf], np.float32), 9).reshape(9, 8)
    x = np.stack([np.roll(x, n, 1) for n in range(3)] + [np.full_like(x, -np.inf), np.full_like(x, 2.0)])

    def net(x: Any) -> Any:
        places = [kind(axis)(x) for kind in (ops.Argmax, ops.Argmin) for axis in range(3)]
        images = ops.expand_dims(x, 0)
        pools = [ops.max_pool2d(images, *how, return_indices=True) for how in ((2, 2), (3, 1, 1), (3, 2, 1))]
        return (*places, *(place for _, place in pools), *(value for value, _ in pools))

    graph, arrays = gradient_graph(net, x)
    assert not any(isinstance(step, Call) for step in lower(graph).steps)
    for found, wanted in zip(native(graph).function(*arrays), run(graph, arrays), strict=True):  # type: ignore[misc]
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("equation", "first", "second"),
    [("bij,bjk->kbi", (2, 3, 4), (2, 4, 5)), ("i,j->ji", (3,), (4,)), ("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5)),
     ("ab,ab->", (3, 4), (3, 4)), ("aib,bja->ji", (2, 3, 4), (4, 5, 2)), ("abc,bc->ca", (2, 3, 4), (3, 4))],
)  # fmt: skip
def test_named_axes(equation: str, first: tuple[int, ...], second: tuple[int, ...]) -> None:
    """Products over named axes are stacks of matrix products."""
    rng = np.random.default_rng(2)
    same(
        lambda x, y: (ops.einsum(equation, x, y) ** 2.0).sum(),
        data(rng, np.float64, *first),
        data(rng, np.float64, *second),
    )


@pytest.mark.parametrize("headers", [True, False])
@pytest.mark.parametrize(("place", "allowed"), [(4, False), (-5, False), (2**31 - 1, False), (-4, True), (3, True)])
def test_a_position_out_of_range(place: int, allowed: bool, headers: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What numpy refuses is refused with numpy's words; all else is answered."""
    if not headers:
        monkeypatch.setattr(build, "headers", lambda: False)
    graph, (x, at) = gradient_graph(lambda x, at: (ops.gather(x, at, 0) ** 2.0).sum(), A, abs(AT) % 4)
    made = native(graph)
    other = at.copy()
    other[1, 1] = place
    if allowed:
        for found, wanted in zip(made.function(x, other), run(graph, [x, other]), strict=True):  # type: ignore[misc]
            close(found, wanted, 16)
        return
    with pytest.raises(IndexError, match=f"index {place} is out of bounds for axis 0 with size 4"):
        made.function(x, other)  # type: ignore[misc]
