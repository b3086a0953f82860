"""Fresh values for a network's inputs and parameters, drawn like the ones it has: same kind, same range.

Comes in: the arrays of one application. Goes out: a `Source` for each, small plain data, and from a seed the arrays at
any shape and dtype. What is integer stays integer and among the values that were there; what is one-hot, binary, a
distribution or a special matrix stays so; floats stay between the least and the greatest value that there was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..formulas.declared import sample, violated
from ..symbolic.facts import SQUARE, Facts
from .row import Setting

# Kinds of points: two general ones, and places where gradients are known to go wrong.
KINDS = ("range", "normal", "zeros", "ties", "large", "tiny", "negative", "subnormal")
OWN = "own"
# Words that are read off the data, the most telling one first.
_WORDS = (
    "one-hot",
    "binary",
    "diagonal",
    "positive definite",
    "antisymmetric",
    "symmetric",
    "orthogonal",
    "simplex",
    "unit norm",
)
_MOST_VALUES = 4096


@dataclass(frozen=True, eq=False)
class Source:
    """How the values of one array are drawn.

    Attributes
    ----------
    shape, dtype
        As they were.
    low, high : float
        The least and the greatest finite value.
    word : str
        What holds of the array besides, one of the words of `symbolic.facts`; empty if nothing does.
    pool : ndarray or None
        The values of an array that is not float.
    ordered, distinct : bool
        Whether these stood in order, and whether there was each once.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    low: float = 0.0
    high: float = 0.0
    word: str = ""
    pool: np.ndarray | None = None
    ordered: bool = False
    distinct: bool = False


def source_of(array: np.ndarray, parameter: bool = False, words: Sequence[str] = ()) -> Source:
    """The source of arrays like this one; ``words`` are what the user declared of it."""
    array = np.asarray(array)
    if array.dtype.kind != "f":
        flat = array.ravel()
        pool = np.unique(flat)
        return Source(
            array.shape,
            array.dtype,
            pool=pool[:: max(1, pool.size // _MOST_VALUES)],
            ordered=array.ndim == 1 and array.size > 1 and bool(np.all(flat[1:] >= flat[:-1])),
            distinct=array.ndim == 1 and array.size > 1 and pool.size == flat.size,
        )
    finite = array[np.isfinite(array)].astype(np.float64)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    declared = next((word for word in _WORDS if word in words), "")
    return Source(array.shape, array.dtype, low, high, declared or ("" if parameter else _word(array, low, high)))


def _word(array: np.ndarray, low: float, high: float) -> str:
    """What is seen to hold of an input. Equal elements tell nothing, and single rows and small numbers little."""
    if low == high or not array.ndim or array.shape[-1] < 2:
        return ""
    for word in _WORDS:
        square = array.ndim > 1 and array.shape[-1] == array.shape[-2]
        if (word in SQUARE and not square) or (word == "orthogonal" and array.ndim < 2):
            continue
        if violated(word, array) is None:
            return word
    return ""


def draw(sources: Sequence[Source], shapes: Sequence[tuple[int, ...]], setting: Setting) -> list[np.ndarray]:
    """The arrays of one setting; each depends on the seed and its own place alone."""
    return [
        _drawn(source, shape, setting, np.random.default_rng([setting.seed, place]))
        for place, (source, shape) in enumerate(zip(sources, shapes))
    ]


def _drawn(source: Source, shape: tuple[int, ...], setting: Setting, generator: np.random.Generator) -> np.ndarray:
    if source.pool is not None:
        return _picked(source, source.pool, shape, generator)
    dtype = np.dtype(setting.dtype) if setting.dtype else source.dtype
    with np.errstate(all="ignore"):
        if source.word:
            return _structured(source, shape, generator).astype(dtype)
        return _POINTS[setting.points](source, shape, generator, dtype).astype(dtype)


def _picked(source: Source, pool: np.ndarray, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Values that were there; distinct ones and ordered ones stay so."""
    count = int(np.prod(shape))
    if source.distinct and count > pool.size and pool[0] == 0 and pool[-1] == pool.size - 1:
        pool = np.arange(count)
    alone = source.distinct and count <= pool.size
    found = generator.choice(pool, count, replace=not alone) if pool.size else np.zeros(count)
    return (np.sort(found) if source.ordered else found).reshape(shape).astype(source.dtype)


def _structured(source: Source, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """An array of which the source's word holds."""
    if source.word == "one-hot":
        if len(shape) == 2 and shape == source.shape and shape[0] == shape[1]:
            # The identity may be meant as a matrix: it stays one that has an inverse.
            return np.eye(shape[0])[generator.permutation(shape[0])]
        return np.eye(shape[-1])[generator.integers(0, shape[-1], shape[:-1])]
    if source.word == "binary":
        return generator.integers(0, 2, shape).astype(np.float64)
    low = 0.1 if source.word == "simplex" else -1.0
    return np.asarray(sample(generator.uniform(low, 1.0, shape), Facts({"x": (source.word,)}), "x"))


# Kinds of points ---------------------------------------------------------------------------------------------------


def _range(source: Source, shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """Evenly between the least and the greatest value that there was; around a single one, or around zero, otherwise."""
    low, high = source.low, source.high
    if low == high:
        low, high = (0.5 * low, 1.5 * low) if low else (-1.0, 1.0)
        low, high = min(low, high), max(low, high)
    return np.clip(generator.uniform(low, high, shape).astype(dtype), low, high)


def _normal(source: Source, shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """Standard normal numbers, of the sign that all values had."""
    found = generator.standard_normal(shape)
    if source.low > 0:
        return np.abs(found) + 2.0**-10
    return -np.abs(found) - 2.0**-10 if source.high < 0 else found


def _zeros(source: Source, shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """Half of the values are zero."""
    return _range(source, shape, generator, dtype) * generator.integers(0, 2, shape)


def _ties(source: Source, shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """No more than two different values."""
    return generator.choice(_range(source, (2,), generator, dtype), shape)


def _large(source: Source, shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """A thousand times as large, or as float16 can bear."""
    return _range(source, shape, generator, dtype) * min(1000.0, float(np.finfo(dtype).max) ** 0.25)


def _tiny(source: Source, shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """Of the size of the square root of the least normal number."""
    return _range(source, shape, generator, dtype) * np.sqrt(np.finfo(dtype).tiny)


def _negative(source: Source, shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """None is positive."""
    return -np.abs(_range(source, shape, generator, dtype))


def _subnormal(source: Source, shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """Half of the values are some of the least numbers that the dtype has."""
    least = generator.integers(1, 10, shape) * np.sign(_range(source, shape, generator, dtype))
    few = least.astype(dtype) * np.finfo(dtype).smallest_subnormal
    return np.where(generator.integers(0, 2, shape), few, _range(source, shape, generator, dtype))


_POINTS = dict(zip(KINDS, (_range, _normal, _zeros, _ties, _large, _tiny, _negative, _subnormal)))
# Examples for a function of the user's, which draws in their place.
_POINTS[OWN] = _range


__all__ = ["KINDS", "OWN", "Source", "draw", "source_of"]
