"""First values: their distributions, names, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import initializer as init
from msgrad_ext.initializer import initializer

SHAPE = (400, 500)
# Standard deviation and bound of 200000 draws of each in MindSpore 2.10.0 at this shape; None where there is no bound.
MEASURED: dict[str, tuple[float, float | None]] = {
    "normal": (0.009989131, None),
    "uniform": (0.040473912, 0.069999225),
    "he_uniform": (0.0634108, 0.10954409),
    "HeNormal": (0.06311376, None),
    "xavier_uniform": (0.04719683, 0.081649035),
    "xavier_normal": (0.047118388, None),
    "orthogonal": (0.044721328, None),
}


@pytest.mark.parametrize("name", MEASURED)
def test_first_values_are_spread_as_mindspores(name: str) -> None:
    """By name, in any case; the same standard deviation to 1 %, and the same bound to 0.1 %."""
    found = initializer(name, SHAPE).asnumpy()
    deviation, bound = MEASURED[name]
    assert found.dtype == np.float32 and found.std() == pytest.approx(deviation, rel=1e-2)
    assert abs(found.mean()) < 4 * deviation / np.sqrt(found.size)
    if bound is not None:
        assert abs(found).max() == pytest.approx(bound, rel=1e-3)


def test_truncated_normal_keeps_its_bounds() -> None:
    """No value is beyond two standard deviations, and a normal cut there has 0.88 of the spread."""
    found = initializer(init.TruncatedNormal(0.5), SHAPE).asnumpy()
    assert abs(found).max() <= 1 and found.std() == pytest.approx(0.5 * 0.8796, rel=1e-2)


def test_variance_scaling_has_its_variance() -> None:
    """``scale / fan_in`` for each distribution."""
    for distribution in ("uniform", "truncated_normal", "untruncated_normal"):
        found = initializer(init.VarianceScaling(2.0, "fan_in", distribution), SHAPE).asnumpy()
        assert found.std() == pytest.approx(np.sqrt(2 / 500), rel=1e-2)


def test_an_orthogonal_matrix_is_one() -> None:
    """Its rows are orthonormal."""
    found = initializer(init.Orthogonal(2.0), (3, 2, 4)).asnumpy().reshape(3, 8).astype(float)
    np.testing.assert_allclose(found @ found.T, 4 * np.eye(3), atol=1e-6)


CONSTANT: dict[str, tuple[Any, Any]] = {
    "zeros": ("zeros", np.zeros((2, 3))),
    "One": ("One", np.ones((2, 3))),
    "number": (0.5, np.full((2, 3), 0.5)),
    "Constant": (init.Constant(3), np.full((2, 3), 3)),
    "Identity": ("identity", np.eye(2, 3)),
}


@pytest.mark.parametrize("name", CONSTANT)
def test_constant_first_values(name: str) -> None:
    """Those that draw nothing."""
    given, expected = CONSTANT[name]
    np.testing.assert_array_equal(initializer(given, (2, 3)).asnumpy(), expected)


def test_dirac_hands_channels_on() -> None:
    """The middle of each kernel of a channel to itself is 1."""
    found = initializer("dirac", (2, 3, 3)).asnumpy()
    assert (found.sum(), found[0, 0, 1], found[1, 1, 1]) == (2, 1, 1)


def test_sparse_leaves_a_share_of_each_column_zero() -> None:
    """Three of ten rows."""
    assert ((initializer(init.Sparse(0.3), (10, 4)).asnumpy() == 0).sum(0) == 3).all()


@pytest.mark.parametrize(
    ("given", "shape", "kind"),
    [
        ("foo", (2, 3), ValueError),
        (None, (2, 3), TypeError),
        ([1.0], (2, 3), TypeError),
        ("normal", [2, 0], ValueError),
        ("normal", (2.0,), ValueError),
        ("he_uniform", (3,), ValueError),
        ("xavier_normal", (3,), ValueError),
        (init.HeUniform(nonlinearity="foo"), (3, 4), ValueError),
        (init.HeUniform(mode="foo"), (3, 4), ValueError),
        (init.Normal(-1.0), (3, 4), ValueError),
        (mg.Tensor([1.0, 2.0]), (3,), ValueError),
    ],
)
def test_what_is_refused(given: Any, shape: Any, kind: type) -> None:
    """With MindSpore's kinds of errors."""
    with pytest.raises(kind):
        initializer(given, shape)


@pytest.mark.parametrize(("shape", "expected"), [(3, (3,)), ((2, 3), (2, 3)), ([4], (4,)), ((), ())])
def test_shapes(shape: Any, expected: tuple[int, ...]) -> None:
    """An int, a tuple or a list."""
    assert initializer("normal", shape).shape == expected


def test_dtype_and_seed() -> None:
    """Values come in the dtype that is asked for, and come again."""
    mg.set_seed(1)
    first = initializer(init.Normal(0.02), (3,), mg.float16)
    mg.set_seed(1)
    assert (first.dtype, first.tolist()) == (mg.float16, initializer(init.Normal(0.02), (3,), mg.float16).tolist())


def test_an_initializer_fills_an_array() -> None:
    """MindSpore's way of calling one."""
    array = np.empty((2, 2))
    init.One()(array)
    assert array.tolist() == [[1, 1], [1, 1]]


def test_it_prints_without_an_address() -> None:
    """Printed output is the same in every run."""
    assert repr(init.HeUniform()) == "<mindspore.common.initializer.HeUniform object>"
