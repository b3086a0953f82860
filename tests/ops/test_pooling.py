"""Windows: MindSpore 2.10's figures for pooling, convolution and resizing, ties, and its refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from msgrad_ext import Tensor, nn, ops
from msgrad_ext.ops import GradOperation

X = Tensor(np.arange(48, dtype=np.float32).reshape(1, 1, 6, 8))
SMALL = Tensor(np.arange(12, dtype=np.float32).reshape(1, 1, 3, 4))
LINE = Tensor(np.arange(12, dtype=np.float32).reshape(1, 2, 6))


def ones(*shape: int, dtype: Any = np.float32) -> Tensor:
    """A tensor of ones."""
    return Tensor(np.ones(shape, dtype))


# MindSpore 2.10.0 on a CPU.
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda: ops.AvgPool(3, 2, "same")(X), [9, 11, 13, 14.5, 25, 27, 29, 30.5, 37, 39, 41, 42.5]),
        (lambda: ops.MaxPoolWithArgmax(2, 2)(X)[1], [9, 11, 13, 15, 25, 27, 29, 31, 41, 43, 45, 47]),
        (
            lambda: ops.max_pool2d(X, 3, 2, 1, 1, True, True)[1],
            [9, 11, 13, 15, 15, 25, 27, 29, 31, 31, 41, 43, 45, 47, 47, 41, 43, 45, 47, 47],
        ),
        (
            lambda: ops.avg_pool2d(X, 3, 2, 1),
            [2, 4, 5.333333492279053, 6.666666507720947, 11, 18, 20, 22, 21.66666603088379, 34, 36, 38],
        ),
        (
            lambda: ops.avg_pool2d(X, 3, 2, (0, 1, 0, 1)),
            [9, 11, 13, 9.666666984558105, 25, 27, 29, 20.33333396911621, 24.66666603088379, 26, 27.33333396911621,
             18.88888931274414],
        ),
        (lambda: ops.avg_pool2d(X, 3, 2, 0, False, True, 5), [16.2, 19.8, 23.4, 45, 48.6, 52.2]),
        (
            lambda: ops.avg_pool1d(LINE, 3, 2, 1, True),
            [0.3333333432674408, 2, 4, 2.5, 4.333333492279053, 8, 10, 5.5],
        ),
        (lambda: ops.avg_pool1d(LINE, 3, 2, 1, True, False), [0.5, 2, 4, 5, 6.5, 8, 10, 11]),
        (lambda: ops.adaptive_avg_pool2d(SMALL, 2), [2.5, 4.5, 6.5, 8.5]),
        (lambda: ops.adaptive_max_pool2d(SMALL, (2, 3), True)[1], [5, 6, 7, 9, 10, 11]),
        (lambda: ops.lp_pool1d(Tensor(np.array([[[1, -2, 3, -4]]], np.float32)), 1.0, 2), [-1, -1]),
        (
            lambda: ops.unfold(Tensor(np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)), 2),
            [0, 1, 3, 4, 1, 2, 4, 5, 3, 4, 6, 7, 4, 5, 7, 8],
        ),
        (
            lambda: ops.interpolate(SMALL, size=(5, 7), mode="bicubic", align_corners=True)[0, 0, 1],
            [1.625, 2.03125, 2.625, 3.125, 3.625, 4.21875, 4.625],
        ),
        (lambda: ops.interpolate(SMALL, size=(2, 2), mode="bilinear"), [1.5, 3.5, 7.5, 9.5]),
        (lambda: ops.ResizeNearestNeighbor((5, 7), True)(SMALL)[0, 0, 1], [4, 5, 5, 6, 6, 7, 7]),
        (
            lambda: ops.ResizeBilinearV2()(SMALL, (5, 7))[0, 0, 1],
            [2.4000000953674316, 2.971428632736206, 3.5428571701049805, 4.114285945892334, 4.685714244842529,
             5.257143020629883, 5.400000095367432],
        ),
    ],
)  # fmt: skip
def test_the_values_are_those_of_mindspore(function: Any, expected: list[float]) -> None:
    """The value is the recorded one."""
    # A few roundings of float32, where weights of both signs cancel.
    np.testing.assert_allclose(function().asnumpy().ravel(), expected, rtol=1e-5)


def test_bicubic_weights_are_those_of_mindspores_kernel() -> None:
    """MindSpore reads its cubic kernel from a table of 1024 entries, which moves values by some 5e-4."""
    recorded = [-0.38131866, -0.037962466, 0.62206775, 1.1978978, 1.7737274, 2.4337578, 2.7771139]
    row = ops.interpolate(SMALL, size=(5, 7), mode="bicubic")[0, 0, 0]
    np.testing.assert_allclose(row.asnumpy(), recorded, atol=6e-4)


def test_the_first_of_equal_elements_takes_the_cotangent() -> None:
    """In a window of equal elements the first one has the gradient 1."""
    gradient = GradOperation()(lambda x: ops.max_pool2d(x, 2))(ones(1, 1, 2, 2))
    assert gradient.asnumpy().ravel().tolist() == [1, 0, 0, 0]


def test_what_a_stride_leaves_over_has_the_gradient_zero() -> None:
    """A kernel of 2 with stride 2 on 5 elements never reads the last one."""
    gradient = GradOperation()(lambda x: ops.conv1d(x, ones(1, 1, 2), stride=2))(ones(1, 1, 5))
    assert gradient.asnumpy().ravel().tolist() == [1, 1, 1, 1, 0]


def test_padding_is_never_the_largest() -> None:
    """Elements below zero win against the padding."""
    assert ops.max_pool2d(-ones(1, 1, 2, 2), 2, 1, 1).asnumpy().tolist() == [[[[-1] * 3] * 3]]


def test_infinite_elements_stay() -> None:
    """A window that holds -inf alone gives -inf, and not the zero of the padding."""
    x = Tensor(np.full((1, 1, 2, 2), -np.inf))
    assert np.all(ops.MaxPool(2, 1, "same")(x).asnumpy() == -np.inf)


def test_the_layer_for_volumes_gives_places_when_asked() -> None:
    """nn.MaxPool3d passes its flags on by name: max_pool3d has them in another order than max_pool2d."""
    x = Tensor(np.arange(125, dtype=np.float32).reshape(1, 1, 5, 5, 5))
    result, places = nn.MaxPool3d(2, 2, pad_mode="pad", return_indices=True)(x)
    assert (result.shape, places.asnumpy().ravel().tolist()) == ((1, 1, 2, 2, 2), [31, 33, 41, 43, 81, 83, 91, 93])
    assert nn.MaxPool3d(2, 2, pad_mode="pad", ceil_mode=True)(x).shape == (1, 1, 3, 3, 3)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: ops.Conv2D(2, 0), ValueError),
        (lambda: ops.Conv2D(2, 1.5), TypeError),
        (lambda: ops.Conv2D(2.5, 2), TypeError),
        (lambda: ops.Conv2D(0, 2), ValueError),
        (lambda: ops.Conv2D(2, 2, mode=0), ValueError),
        (lambda: ops.Conv2D(2, 2, pad=1), ValueError),
        (lambda: ops.Conv2D(2, 2, pad_mode="SAME"), ValueError),
        (lambda: ops.Conv2D(2, 2, pad_mode=1), TypeError),
        (lambda: ops.Conv2D(2, 2, stride=0), ValueError),
        (lambda: ops.Conv2D(2, 2, pad_mode="pad", pad=-1), ValueError),
        (lambda: ops.Conv2D(5, 2)(ones(1, 3, 4, 4), ones(2, 3, 2, 2)), RuntimeError),
        (lambda: ops.conv2d(ones(1, 3, 4, 4), ones(2, 4, 2, 2)), RuntimeError),
        (lambda: ops.conv2d(ones(3, 4, 4), ones(2, 3, 2, 2)), ValueError),
        (lambda: ops.conv2d(ones(1, 3, 2, 2), ones(2, 3, 3, 3)), ValueError),
        (lambda: ops.conv2d(ones(1, 3, 4, 4), ones(2, 3, 2, 2, dtype=np.float64)), TypeError),
        (lambda: ops.conv2d(ones(1, 3, 4, 4), ones(2, 3, 2, 2), ones(3)), ValueError),
        (lambda: ops.conv2d(ones(1, 3, 4, 4), ones(2, 3, 2, 2), padding=1), ValueError),
        (lambda: ops.conv2d(ones(1, 3, 4, 4), ones(2, 3, 2, 2), pad_mode="pad", padding=(1, 1, 1, 1)), ValueError),
        (lambda: ops.MaxPool(0), ValueError),
        (lambda: ops.MaxPool("a"), TypeError),
        (lambda: ops.MaxPool(2, pad_mode="pad"), ValueError),
        (lambda: ops.MaxPool(9)(X), ValueError),
        (lambda: ops.MaxPool(2)(ones(1, 4, 4)), ValueError),
        (lambda: ops.MaxPool(2)(ones(1, 1, 4, 4, dtype=np.int32)), TypeError),
        (lambda: ops.max_pool2d(X, 3, 2, 2), ValueError),
        (lambda: ops.avg_pool2d(X, 3, 2, (1, 1)), ValueError),
        (lambda: ops.adaptive_avg_pool2d(X, "a"), TypeError),
        (lambda: ops.adaptive_avg_pool2d(X, (2,)), ValueError),
        (lambda: ops.adaptive_avg_pool1d(LINE, (2,)), TypeError),
        (lambda: ops.lp_pool1d(LINE, 0, 2), ValueError),
        (lambda: ops.unfold(ones(2, 4, 5), 2), ValueError),
        (lambda: ops.interpolate(SMALL), ValueError),
        (lambda: ops.interpolate(SMALL, size=(2, 2), mode="foo"), ValueError),
        (lambda: ops.interpolate(SMALL, size=(2, 2), align_corners=True), ValueError),
    ],
)
def test_wrong_settings_are_refused_as_in_mindspore(call: Any, kind: type[Exception]) -> None:
    """The error is of MindSpore's type, and says whose it is."""
    with pytest.raises(kind, match="For '"):
        call()
