"""The values that a sweep draws: of the kind that they were."""

from __future__ import annotations

import numpy as np
import pytest

from msgrad_ext.formulas.declared import violated
from msgrad_ext.sweeping.points import KINDS, draw, source_of
from msgrad_ext.sweeping.row import Setting

DATA = {
    "positive": np.array([0.5, 2.0, 1.0], np.float32),
    "probabilities": np.array([[0.2, 0.7], [0.6, 0.3]]),
    "mixed": np.array([[-1.0, 0.3], [2.0, 0.25]], np.float32),
    "constant": np.ones((2, 2)),
    "zeros": np.zeros(3, np.float32),
    "scalar": np.array(3.0),
}


def one(array: np.ndarray, shape: tuple[int, ...] | None = None, **setting: object) -> np.ndarray:
    """A sample of one array."""
    given = Setting(**{"seed": 1, **setting})  # type: ignore[arg-type]
    return draw([source_of(array)], [array.shape if shape is None else shape], given)[0]


@pytest.mark.parametrize("name", DATA)
def test_values_stay_in_the_range(name: str) -> None:
    """Samples lie between the least and the greatest value; where there is one value, around it."""
    array = DATA[name]
    low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = (0.5 * low, 1.5 * low) if low else (-1, 1)
    for seed in range(20):
        sample = one(array, seed=seed)
        assert sample.shape == array.shape
        assert sample.dtype == array.dtype
        assert low <= sample.min() <= sample.max() <= high


@pytest.mark.parametrize(
    "word, array",
    [
        ("one-hot", np.eye(4)[[0, 2, 2]]),
        ("binary", np.array([0.0, 1, 1, 0, 0])),
        ("simplex", np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])),
        ("symmetric", np.array([[1.0, 2], [2, -5]])),
        ("positive definite", np.array([[2.0, 0.5], [0.5, 1]])),
        ("antisymmetric", np.array([[0.0, 2], [-2, 0]])),
    ],
)
@pytest.mark.parametrize("points", KINDS)
def test_structure_is_kept(word: str, array: np.ndarray, points: str) -> None:
    """What is one-hot, a distribution, symmetric and so on stays so at all points, and varies."""
    samples = [one(array, seed=seed, points=points) for seed in range(12)]
    assert all(violated(word, sample) is None for sample in samples)
    assert any(np.any(sample != samples[0]) for sample in samples)


def test_integers_are_those_that_were_there() -> None:
    """Integers are drawn from those of the data; ordered ones stay in order, distinct ones distinct."""
    for seed in range(10):
        assert set(one(np.array([3, 5, 3, 9]), (7,), seed=seed)) <= {3, 5, 9}
        assert sorted(one(np.array([2, 0, 1]), seed=seed)) == [0, 1, 2]
        ordered = one(np.array([0, 0, 1, 2], np.int32), (9,), seed=seed)
        assert ordered.dtype == np.int32
        assert list(ordered) == sorted(ordered)
    assert one(np.array([[True, False]]), (40, 2)).dtype == bool
    assert sorted(one(np.array([2, 0, 1]), (5,))) == [0, 1, 2, 3, 4]


def test_special_points_are_special() -> None:
    """Zeros, ties, large, tiny, negative and subnormal numbers are there where they were asked for."""
    array = np.linspace(0.5, 2, 60, dtype=np.float32)
    assert 0 < np.count_nonzero(one(array, points="zeros") == 0) < 60
    assert len(np.unique(one(array, points="ties"))) == 2
    assert one(array, points="large").min() >= 500
    assert 0 < one(array, points="tiny").max() < 1e-18
    assert one(array, points="negative").max() < 0
    subnormal = one(array, points="subnormal")
    assert np.count_nonzero((subnormal != 0) & (np.abs(subnormal) < np.finfo(np.float32).tiny)) > 10
    assert one(array, points="normal").min() > 0
    assert one(array - 1, points="normal").min() < 0


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("points", KINDS)
def test_floats_are_cast(dtype: str, points: str) -> None:
    """Samples have the dtype that was asked for and are finite; integers keep theirs."""
    sample = one(DATA["mixed"], (30, 2), points=points, dtype=dtype)
    assert sample.dtype == dtype
    assert np.all(np.isfinite(sample))
    assert one(np.array([1, 2]), dtype=dtype).dtype == np.int64


def test_a_sample_depends_on_its_seed_and_place_alone() -> None:
    """The same seed gives the same arrays, whatever else is drawn; another seed gives others."""
    sources = [source_of(DATA["mixed"]), source_of(DATA["positive"])]
    shapes = [(2, 2), (3,)]
    first = draw(sources, shapes, Setting(5))
    assert all(np.array_equal(a, b) for a, b in zip(first, draw(sources, shapes, Setting(5))))
    assert np.array_equal(first[0], draw(sources[:1], shapes[:1], Setting(5))[0])
    assert not np.array_equal(first[0], draw(sources, shapes, Setting(6))[0])
