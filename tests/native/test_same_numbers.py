"""Compiled C gives the numbers of the plain interpreter, up to the last digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from msgrad_ext import nn, ops
from msgrad_ext.numeric.interpreter import run
from msgrad_ext.passes.simplify import simplify
from msgrad_ext.tensor import Tensor
from msgrad_ext.tracing.trace import trace

from .nets import UNARY, Random, data, gradient_graph, native


def close(found: Any, wanted: Any, ulps: float) -> None:
    """Equal shapes, dtypes and places of NaN and infinity; numbers within ``ulps`` of the largest."""
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    np.testing.assert_array_equal(np.isinf(found), np.isinf(wanted))
    finite = np.isfinite(wanted)
    if finite.any() and wanted.dtype.kind == "f":
        scale = np.max(np.abs(wanted[finite]))
        assert np.max(np.abs(found[finite] - wanted[finite])) <= ulps * np.finfo(wanted.dtype).eps * scale


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("seed", "shape"), [(1, (1, 1)), (2, (3, 4)), (3, (17, 33)), (4, (64, 64))])
def test_random_networks(seed: int, shape: tuple[int, int], dtype: Any) -> None:
    """Value and gradients of drawn networks, on data that were not traced."""
    rng = np.random.default_rng([seed, *shape])
    m, n = shape
    graph, _ = gradient_graph(Random(seed), *(data(rng, dtype, *one) for one in ((m, n), (m, n), (n, n), (n,))))
    made = native(graph)
    for _ in range(2):
        arrays = [data(rng, dtype, *var.shape) for var in graph.inputs]
        for found, wanted in zip(made.function(*arrays), run(graph, arrays), strict=True):  # type: ignore[misc]
            close(found, wanted, 64)


EXTREMES = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-30, -1e-30, 50.0, -50.0, 200.0, -200.0, 1e4, -1e4, 0.5]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("repeats", [1, 2])
def test_each_function_at_its_extremes(dtype: Any, repeats: int) -> None:
    """Each function, alone in a loop of 16 or 32: NaN and infinities stand where numpy has them, other values within 4 ulp."""
    x = np.tile(np.array(EXTREMES, dtype), repeats)
    names = [*UNARY, *"sqrt rsqrt log log1p expm1 tan asin acos acosh atanh sinh cosh floor ceil round".split(),
             *"reciprocal sign relu6 hardsigmoid logsigmoid".split()]  # fmt: skip
    names = [name for name in names if hasattr(ops, name)]
    assert len(names) > 25

    def net(x: Any) -> Any:
        return tuple(getattr(ops, name)(x) for name in names)

    graph = simplify(trace(net, [Tensor(x)]).graph)
    for name, found, wanted in zip(names, native(graph).function(x), run(graph, [x]), strict=True):  # type: ignore[misc]
        np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted), name)
        np.testing.assert_array_equal(np.isinf(found), np.isinf(wanted), name)
        finite = np.isfinite(wanted)
        np.testing.assert_array_max_ulp(found[finite], wanted[finite], 6, dtype) if finite.any() else None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_function_of_two_at_its_extremes(dtype: Any) -> None:
    """All pairs of extremes: NaN, infinities and signs of zero stand where numpy has them, other values within 6 ulp."""
    names = "add sub mul div maximum minimum xlogy xdivy div_no_nan heaviside hypot atan2 fmax fmin logaddexp".split()
    names = [name for name in names if hasattr(ops, name)]
    assert len(names) > 12
    x, y = (np.ascontiguousarray(one.reshape(-1)) for one in np.meshgrid(*(np.array(EXTREMES, dtype),) * 2))
    graph = simplify(
        trace(lambda x, y: tuple(getattr(ops, name)(x, y) for name in names), [Tensor(x), Tensor(y)]).graph
    )
    for name, found, wanted in zip(names, native(graph).function(x, y), run(graph, [x, y]), strict=True):  # type: ignore[misc]
        np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted), name)
        np.testing.assert_array_equal(np.isinf(found), np.isinf(wanted), name)
        finite = np.isfinite(wanted)
        if name not in ("maximum", "minimum", "fmax", "fmin"):  # which of two zeros is larger is left open
            np.testing.assert_array_equal(np.signbit(found[finite]), np.signbit(wanted[finite]), name)
        np.testing.assert_array_max_ulp(found[finite], wanted[finite], 6, dtype)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_whole_numbers_wrap_around(dtype: Any) -> None:
    """Sums, products and absolute values beyond the largest number are numpy's."""
    least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
    x = np.array([least, most, -1, 0, 7, least + 1, most // 2, 3] * 4, dtype)
    names = "add sub mul maximum minimum".split()
    graph = simplify(
        trace(lambda x, y: (*(getattr(ops, name)(x, y) for name in names), ops.neg(x), ops.abs(x), ops.square(y)),
              [Tensor(x), Tensor(x[::-1].copy())]).graph
    )  # fmt: skip
    given = [x, np.ascontiguousarray(x[::-1])]
    for found, wanted in zip(native(graph).function(*given), run(graph, given), strict=True):  # type: ignore[misc]
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == wanted.dtype == dtype


@pytest.mark.parametrize("rows", [1, 5, 130])
@pytest.mark.parametrize("length", [2, 3, 10, 33, 64, 65])
def test_short_rows(rows: int, length: int) -> None:
    """Rows are reduced together or one by one, whatever their number and length, and NaN stays in its row."""
    x = data(np.random.default_rng(length), np.float64, rows, length)
    graph, _ = gradient_graph(
        lambda x: (ops.softmax(x, 1) * ops.logsumexp(x, 1, True) + ops.reduce_min(x, 1, True)).sum(), x
    )
    x[rows // 2, length - 1] = np.nan
    for found, wanted in zip(native(graph).function(x), run(graph, [x]), strict=True):  # type: ignore[misc]
        close(found, wanted, 64)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_in_reductions(bad: float) -> None:
    """What is not finite in one row stays there, in softmax, sums, means, maxima and products."""

    def net(x: Any, w: Any) -> Any:
        rows = ops.softmax(x, 1) + ops.reduce_max(x, 1, True) + ops.reduce_mean(x, 1, True)
        found = ops.matmul(rows, w), ops.reduce_max(x), ops.reduce_min(x, 0), ops.log_softmax(x, 0)
        return sum((one.sum() for one in found), ops.sin(x).sum())

    rng = np.random.default_rng(0)
    x, w = data(rng, np.float32, 20, 37), data(rng, np.float32, 37, 5)
    graph, _ = gradient_graph(net, x, w)
    x[3, 30] = bad
    for found, wanted in zip(native(graph).function(x, w), run(graph, [x, w]), strict=True):  # type: ignore[misc]
        close(found, wanted, 64)


class Convolution(nn.Cell):
    """A convolution with padding, and what follows it."""

    def __init__(self, pad: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, pad_mode="pad", padding=pad)

    def construct(self, x: Any) -> Any:
        """The sum of squares."""
        return (ops.relu(self.conv(x)) ** 2).sum()


@pytest.mark.parametrize("pad", [0, 1])
def test_convolution(pad: int) -> None:
    """Windows are strides, and their transpose adds into place."""
    x = data(np.random.default_rng(5), np.float32, 2, 3, 9, 9)
    graph, arrays = gradient_graph(Convolution(pad), x)
    for found, wanted in zip(native(graph).function(*arrays), run(graph, arrays), strict=True):  # type: ignore[misc]
        close(found, wanted, 16)


def test_slices_steps_and_pairs() -> None:
    """Slices with steps, pairs of rows, and a maximum over everything."""

    def net(x: Any, y: Any) -> Any:
        pairs = ops.expand_dims(x, 1) - ops.expand_dims(y, 0)
        far = ops.exp(-(pairs * pairs).sum(-1))
        return far.sum() + x[1:, ::2].sum() * x.max() + (x[0] * y[1]).sum()

    rng = np.random.default_rng(6)
    graph, arrays = gradient_graph(net, data(rng, np.float64, 7, 5), data(rng, np.float64, 4, 5))
    for found, wanted in zip(native(graph).function(*arrays), run(graph, arrays), strict=True):  # type: ignore[misc]
        close(found, wanted, 16)


def test_a_square_matrix_beside_its_transpose() -> None:
    """What is made of an input alone is not fused with a step that reads it the other way round."""
    graph, arrays = gradient_graph(lambda x: ((x * 3.0).T * (ops.sin(x) + x)).sum(), np.eye(5, dtype=np.float32) + 2)
    for found, wanted in zip(native(graph).function(*arrays), run(graph, arrays), strict=True):  # type: ignore[misc]
        close(found, wanted, 4)


def test_a_long_sum_is_as_good_as_numpys() -> None:
    """The sum of a million floats, and of doubles that cancel, is right to two units of the last place."""
    x = np.random.default_rng(7).uniform(0, 1, 1_000_000)
    for dtype in (np.float32, np.float64):
        graph, arrays = gradient_graph(lambda x: ops.reduce_sum(x * x), x.astype(dtype))
        given = arrays[0].astype(np.longdouble)
        exact = float(np.sum((arrays[0] * arrays[0]).astype(np.longdouble)))
        assert given.size == 1_000_000
        found = native(graph).function(*arrays)[0]  # type: ignore[misc]
        assert abs(float(found) - exact) <= 2 * np.finfo(dtype).eps * abs(exact)
