"""Constant arrays whose lengths are letters: ones, ramps, identities, triangles, each seen at several runs.

Comes in: the arrays of one constant at several runs. Goes out: the formula of an element, if there is one for all runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Expr, Rational, Symbol, cancel

from ..symbolic.functions import Compare
from ..symbolic.language import Pattern
from ..symbolic.lengths import Runs
from ..symbolic.nodes import Delta, index


def pattern_of(arrays: Sequence[np.ndarray], runs: Runs) -> Pattern | None:
    """The pattern that ``arrays`` have, or None."""
    rank = arrays[0].ndim
    places = tuple(index(f"~at{axis}") for axis in range(rank))
    wide = [np.asarray(array, np.float64) for array in arrays]
    if any(array.size == 0 for array in wide):
        return None
    slack = 1e-6 if arrays[0].dtype in (np.float16, np.float32) else 1e-12
    for found in _ways(wide, places, runs, slack):
        if found is not None:
            return Pattern(places, found)
    return None


def constant_of_runs(values: Sequence[Any], runs: Runs, slack: float) -> Expr | None:
    """A number by run as an expression; 0 and whole numbers are taken as they are."""
    if all(float(one).is_integer() for one in values):
        return runs.expression([int(one) for one in values])
    if len(set(values)) == 1:
        return None
    return runs.number([float(one) for one in values], slack)


def _ways(wide: list[np.ndarray], places: tuple[Symbol, ...], runs: Runs, slack: float) -> Iterator[Expr | None]:
    yield _ramp(wide, places, runs, slack)
    for axis in range(len(places)):
        yield _single(wide, places, runs, slack, axis)
    if len(places) >= 2:
        yield _diagonal(wide, places, runs, slack)
        yield _triangle(wide, places, runs, slack)


def _ramp(wide: list[np.ndarray], places: tuple[Symbol, ...], runs: Runs, slack: float) -> Expr | None:
    """A number and a multiple of each index."""
    first = [array.flat[0] for array in wide]
    steps = []
    for axis in range(len(places)):
        second = [
            array[tuple(int(n == axis) for n in range(array.ndim))] if array.shape[axis] > 1 else None for array in wide
        ]
        if None in second and any(one is not None for one in second):
            return None
        steps.append([0.0 if b is None else b - a for a, b in zip(first, second)])
    for number, array in enumerate(wide):
        grid = np.full(array.shape, first[number])
        for axis, slope in enumerate(steps):
            grid = grid + slope[number] * np.arange(array.shape[axis]).reshape((-1,) + (1,) * (array.ndim - 1 - axis))
        if not np.allclose(grid, array, rtol=slack, atol=slack):
            return None
    total = _number(first, runs, slack)
    for place, slope in zip(places, steps):
        factor = _number(slope, runs, slack)
        total = None if total is None or factor is None else total + factor * place
    return total


def _number(values: Sequence[float], runs: Runs, slack: float) -> Expr | None:
    near = [round(one) if abs(one - round(one)) <= slack else one for one in values]
    if len(set(near)) == 1 and not isinstance(near[0], int):
        exact = Fraction(near[0]).limit_denominator(64)
        return Rational(exact.numerator, exact.denominator) if abs(float(exact) - near[0]) <= slack else None
    return constant_of_runs(near, runs, slack)


def _two(array: np.ndarray) -> list[float] | None:
    """The two values of an array that has two."""
    found = sorted(set(array.flat)) if array.size < 10**5 else list(np.unique(array))
    return found if len(found) == 2 else None


def _background(wide: list[np.ndarray], runs: Runs, slack: float) -> tuple[list[float], list[float], Expr, Expr] | None:
    """Both values of arrays of two values, and their expressions; an infinite one has none."""
    both = [_two(array) for array in wide]
    if any(one is None or not np.all(np.isfinite(one)) for one in both):
        return None
    low, high = [one[0] for one in both if one], [one[1] for one in both if one]
    expressions = _number(low, runs, slack), _number(high, runs, slack)
    return None if expressions[0] is None or expressions[1] is None else (low, high, expressions[0], expressions[1])


def _between(low: Expr, high: Expr, where: Expr) -> Expr:
    return low + cancel(high - low) * where


def _single(wide: list[np.ndarray], places: tuple[Symbol, ...], runs: Runs, slack: float, axis: int) -> Expr | None:
    """One place of an axis has another value than the rest, or all places from one on have."""
    found = _background(wide, runs, slack)
    if found is None:
        return None
    _, high, low_one, high_one = found
    here = [np.moveaxis(array == one, axis, -1) for array, one in zip(wide, high)]
    lines = [one.reshape(-1, one.shape[-1]) for one in here]
    if any((line != line[0]).any() for line in lines):
        return None
    counts = [int(line[0].sum()) for line in lines]
    starts = [int(np.argmax(line[0])) for line in lines]
    at = runs.expression(starts)
    if at is not None and set(counts) == {1}:
        return _between(low_one, high_one, Delta(places[axis], at))
    if at is not None and all(line[0][start:].all() for line, start in zip(lines, starts)):
        return _between(low_one, high_one, Compare(Symbol(">="), places[axis], at))
    ends = runs.expression(counts)
    if ends is not None and all(line[0][:count].all() for line, count in zip(lines, counts)):
        return _between(low_one, high_one, Compare(Symbol(">"), ends, places[axis]))
    return None


def _diagonal(wide: list[np.ndarray], places: tuple[Symbol, ...], runs: Runs, slack: float) -> Expr | None:
    """A diagonal of the last two axes has another value than the rest."""

    def offset(mask: np.ndarray) -> int:
        rows, columns = np.nonzero(mask)
        return int(columns[0] - rows[0]) if len(rows) else 0

    return _aslant(wide, runs, slack, offset, np.eye, lambda shift: Delta(places[-2] + shift, places[-1]))


def _triangle(wide: list[np.ndarray], places: tuple[Symbol, ...], runs: Runs, slack: float) -> Expr | None:
    """One value on and under a diagonal of the last two axes, another above it."""

    def under(shift: Expr) -> Expr:
        return Compare(Symbol(">="), places[-2] + shift, places[-1])

    return _aslant(wide, runs, slack, lambda mask: int(mask[0].sum()) - 1, np.tri, under)


def _aslant(
    wide: list[np.ndarray],
    runs: Runs,
    slack: float,
    offset: Callable[[np.ndarray], int],
    model: Callable[..., np.ndarray],
    here: Callable[[Expr], Expr],
) -> Expr | None:
    """One value where ``model`` of the last two axes is true, shifted by ``offset``, another elsewhere."""
    found = _background(wide, runs, slack)
    if found is None:
        return None
    low, high, low_one, high_one = found
    for these, (other, one_here) in ((high, (low_one, high_one)), (low, (high_one, low_one))):
        offsets = []
        for array, one in zip(wide, these):
            mask = array == one
            k = offset(mask.reshape(-1, *array.shape[-2:])[0])
            same = mask == model(array.shape[-2], array.shape[-1], k=k, dtype=bool)
            offsets.append(k if same.all() else None)
        shift = runs.expression([one for one in offsets if one is not None]) if None not in offsets else None
        if shift is not None:
            return _between(other, one_here, here(shift))
    return None


__all__ = ["constant_of_runs", "pattern_of"]
