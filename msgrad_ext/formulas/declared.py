"""Declared facts and numbers: samples of which the facts hold, and whether they hold of the user's data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ArgumentValueError
from ..symbolic.facts import Facts, fitting


def sample(array: np.ndarray, facts: Facts, name: str) -> np.ndarray:
    """``array``, of random numbers, made into one of which what is declared of ``name`` holds.

    It is written in operators alone: the numbers may be residues or have many digits.
    """
    for word, made in _MADE.items():
        if facts.holds(name, word):
            array = made(array)
    return array


def _turned(array: np.ndarray) -> np.ndarray:
    return np.swapaxes(array, -1, -2)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sum(a[..., :, :, None] * b[..., None, :, :], axis=-2)


def _unit_matrix(array: np.ndarray) -> np.ndarray:
    """The identity of as many rows, in numbers of the array's kind."""
    n = array.shape[-2]
    return array[..., :, :1] * 0 + np.eye(n, dtype=np.int64)


def _definite(array: np.ndarray) -> np.ndarray:
    return _product(array, _turned(array)) + _unit_matrix(array)


def _orthogonal(array: np.ndarray) -> np.ndarray:
    """The first columns of a product of two reflections."""
    n = array.shape[-2]
    first = array[..., :, :1]
    second = first * np.arange(1, n + 1).reshape(n, 1) + 1
    reflections = (
        _unit_matrix(array) - (v * _turned(v) * 2) / np.sum(v * v, axis=-2, keepdims=True) for v in (first, second)
    )
    if n < array.shape[-1]:
        raise ValueError("A matrix with more columns than rows has no orthonormal columns.")
    return _product(*reflections)[..., :, : array.shape[-1]]


def _one_hot(array: np.ndarray) -> np.ndarray:
    rows = np.arange(int(np.prod(array.shape[:-1]))).reshape(array.shape[:-1])
    return array * 0 + np.eye(array.shape[-1], dtype=np.int64)[(3 * rows + 1) % array.shape[-1]]


def _binary(array: np.ndarray) -> np.ndarray:
    return array * 0 + (np.arange(array.size).reshape(array.shape) * 7 // 3) % 2


def _unit(array: np.ndarray) -> np.ndarray:
    """A point of the sphere for each row, by stereographic projection."""
    flat = array[..., :-1]
    square = np.sum(flat * flat, axis=-1, keepdims=True) + array[..., -1:] * 0
    return np.concatenate([flat * 2, square - 1], axis=-1) / (square + 1)


# A word that comes later keeps what those before it made. A square is positive in every arithmetic.
_MADE: dict[str, Any] = {
    "nonnegative": lambda a: a * a,
    "binary": _binary,
    "symmetric": lambda a: (a + _turned(a)) / 2,
    "antisymmetric": lambda a: (a - _turned(a)) / 2,
    "positive semidefinite": _definite,
    "positive definite": _definite,
    "diagonal": lambda a: a * np.eye(a.shape[-1], dtype=np.int64),
    "orthogonal": _orthogonal,
    "one-hot": _one_hot,
    "rows sum to one": lambda a: a / np.sum(a, axis=-1, keepdims=True),
    "unit norm": _unit,
}


def of_data(facts: Facts, values: Mapping[str, Any], caller: str = "check") -> None:
    """Refuse data of which the declared facts do not hold.

    Raises
    ------
    ArgumentValueError
        With the array, the fact and the place.
    """
    arrays = {name: np.asarray(value) for name, value in values.items()}
    fitting(facts, {name: array.shape for name, array in arrays.items()}, caller)
    for name, words in facts.declared.items():
        for word in words:
            reason = violated(word, arrays[name])
            if reason is not None:
                raise ArgumentValueError(f"For '{caller}', {name} is declared {word}, but {reason}.")


def violated(word: str, array: np.ndarray) -> str | None:
    """Why ``word`` does not hold of ``array``, up to rounding in its dtype; None if it does."""
    slack = 1e-4 if array.dtype in (np.float16, np.float32) else 1e-9
    wide = array.astype(np.float64)
    scale = max(1.0, float(np.max(np.abs(wide), initial=0)))
    for test in _TESTS[word]:
        found = _first(test(wide), slack * scale)
        if found is not None:
            return _REASONS[test].format(*found)
    if word.startswith("positive ") and wide.size:
        least = float(np.min(np.linalg.eigvalsh(wide)))
        if least < -slack * scale or (word == "positive definite" and least <= 0):
            return f"its smallest eigenvalue is {least:.6g}"
    return None


def _first(error: np.ndarray, slack: float) -> tuple[str, float] | None:
    """Place and size of the largest error, if it is too large."""
    if not error.size or not np.any(~(np.abs(error) <= slack)):
        return None
    at = np.unravel_index(int(np.argmax(np.where(np.isnan(error), np.inf, np.abs(error)))), error.shape)
    return "[" + ", ".join(map(str, map(int, at))) + "]", float(error[at])


def _asymmetry(a: np.ndarray) -> np.ndarray:
    return a - _turned(a)


def _sum_with_transpose(a: np.ndarray) -> np.ndarray:
    return a + _turned(a)


def _off_diagonal(a: np.ndarray) -> np.ndarray:
    return a * (1 - np.eye(a.shape[-1]))


def _gram(a: np.ndarray) -> np.ndarray:
    return _turned(a) @ a - np.eye(a.shape[-1])


def _row_excess(a: np.ndarray) -> np.ndarray:
    return np.asarray(a.sum(axis=-1) - 1)


def _norm_excess(a: np.ndarray) -> np.ndarray:
    return np.asarray(np.sum(a * a, axis=-1) - 1)


def _not_binary(a: np.ndarray) -> np.ndarray:
    return np.where((a == 0) | (a == 1), 0.0, np.inf)


def _negative(a: np.ndarray) -> np.ndarray:
    return np.where(a >= 0, 0.0, np.inf)


def _not_positive(a: np.ndarray) -> np.ndarray:
    return np.where(a > 0, 0.0, np.inf)


_TESTS: dict[str, tuple[Any, ...]] = {
    "symmetric": (_asymmetry,),
    "antisymmetric": (_sum_with_transpose,),
    "positive definite": (_asymmetry,),
    "positive semidefinite": (_asymmetry,),
    "diagonal": (_off_diagonal,),
    "orthogonal": (_gram,),
    "rows sum to one": (_row_excess,),
    "simplex": (_row_excess, _negative),
    "one-hot": (_row_excess, _not_binary),
    "binary": (_not_binary,),
    "positive": (_not_positive,),
    "nonnegative": (_negative,),
    "unit norm": (_norm_excess,),
}
_REASONS: dict[Any, str] = {
    _asymmetry: "element {0} differs from that across the diagonal by {1:.6g}",
    _sum_with_transpose: "element {0} and that across the diagonal sum to {1:.6g}",
    _off_diagonal: "element {0} is {1:.6g}",
    _gram: "element {0} of the product of its transpose with it differs from the identity's by {1:.6g}",
    _row_excess: "the sum of row {0} differs from one by {1:.6g}",
    _norm_excess: "the squared norm of row {0} differs from one by {1:.6g}",
    _not_binary: "element {0} is neither 0 nor 1",
    _negative: "element {0} is negative or no number",
    _not_positive: "element {0} is not positive",
}


__all__ = ["of_data", "sample", "violated"]
