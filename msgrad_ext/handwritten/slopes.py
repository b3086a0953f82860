"""The forward function's own slopes, by which a backward is judged: for each entry of each input, along that entry.

The function is run in fifty digits with a step of 1e-20, where that can be and is affordable; otherwise with an
imaginary step, or with a series of shrinking differences in extended precision or float64. Each way says how far it may
be off. One-sided slopes come along, so that a kink is known as one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .exactly import digits_array, float_of, floats_of

# Runs the function on arrays, one for each slot, and gives its outputs in one flat array.
Flat = Callable[[Sequence[Any]], Any]

STEP = 1e-20
LEVELS = 9


@dataclass(frozen=True, eq=False)
class Column:
    """The derivative of all outputs along one direction.

    ``value`` holds one number for each output entry, ``error`` how far each may be off; where ``kink`` is true the
    slopes differ on the two sides and are in ``left`` and ``right``.
    """

    value: Any
    error: np.ndarray
    kink: np.ndarray
    left: np.ndarray
    right: np.ndarray


@dataclass(frozen=True, eq=False)
class Way:
    """A way to get a column: its name for the report, and the function."""

    how: str
    column: Callable[[Sequence[np.ndarray]], Column]
    exact: bool = False
    cost: int = 2
    checked: bool = field(default=True)


def exact_way(run: Flat, arrays: Sequence[np.ndarray]) -> Way:
    """Central differences in fifty digits."""
    start = [digits_array(array) for array in arrays]
    here = np.asarray(run(start))
    size = np.abs(floats_of(here))

    def at(moves: Sequence[np.ndarray], step: Any) -> Any:
        moved = [
            array + digits_array(move) * step if np.any(move) else array.copy() for array, move in zip(start, moves)
        ]
        return np.asarray(run([np.asarray(one, dtype=object).view(type(start[0])) for one in moved]))

    def column(moves: Sequence[np.ndarray]) -> Column:
        step = digits_array(STEP)[()] * _reach(arrays, moves)
        ahead, behind = at(moves, step), at(moves, -step)
        right, left = (ahead - here) / step, (here - behind) / step
        value = (ahead - behind) / (2 * step)
        ends = [floats_of(one) for one in (left, right)]
        scale = np.maximum(np.abs(ends[0]), np.abs(ends[1]))
        rounding = 1e-45 * np.maximum(size, 1e-300) / float_of(step)
        kink = np.abs(floats_of(right - left)) > 1e-9 * scale + rounding
        if kink.any():
            # Curvature makes the two slopes differ in proportion to the step; a kink makes them differ at every step.
            near = step / 1000
            bend = floats_of((at(moves, near) + at(moves, -near) - 2 * here) / near)
            kink &= ~(np.abs(bend) <= 0.5 * np.abs(floats_of(right - left)))
        jump = scale * float_of(step) > 1e-9 * size
        if jump.any():
            # A step that is shorter still jumps as far. Zero, the slope of the pieces, is then among the choices.
            near = step / 1000
            jump &= np.abs(floats_of(at(moves, near) - at(moves, -near))) > 0.5 * np.abs(floats_of(ahead - behind))
            jump &= scale > 0
        ends = [np.where(jump, np.minimum(ends[0], 0), ends[0]), np.where(jump, np.maximum(ends[1], 0), ends[1])]
        return Column(value, 1e-19 * scale + rounding, kink | jump, *ends)

    return Way("differences in 50 digits", column, exact=True)


def complex_way(run: Flat, arrays: Sequence[np.ndarray]) -> Way:
    """The imaginary part of the function at an imaginary step; right for analytic functions, so it is put to a test."""
    start = [np.asarray(array, np.complex128) for array in arrays]

    def column(moves: Sequence[np.ndarray]) -> Column:
        value = np.imag(run([array + 1e-30j * move for array, move in zip(start, moves)])) / 1e-30
        error = 64 * np.finfo(float).eps * np.abs(value)
        return Column(value, error, np.zeros(value.shape, bool), value, value)

    return Way("a complex step of 1e-30", column, cost=1, checked=False)


def series_way(run: Flat, arrays: Sequence[np.ndarray], kind: Any) -> Way:
    """Ridders' extrapolation of central differences with halved steps, in the arithmetic ``kind``."""
    start = [np.asarray(array, kind) for array in arrays]
    here = np.asarray(run(start), kind)
    unit = float(np.finfo(kind).eps)

    def at(moves: Sequence[np.ndarray], step: float) -> Any:
        return np.asarray(run([array + kind(step) * move.astype(kind) for array, move in zip(start, moves)]), kind)

    def column(moves: Sequence[np.ndarray]) -> Column:
        value, error = _extrapolated(lambda step: at(moves, step), _reach(arrays, moves, 0.05), unit, here)
        step = 2.0**-20 * _reach(arrays, moves)
        left, right, kink = _sides(lambda shift: at(moves, shift), here, step, unit)
        return Column(value, np.where(np.isfinite(error), error, np.inf), kink, left, right)

    name = "extended precision" if kind is np.longdouble else "float64"
    return Way(f"extrapolated differences in {name}", column, cost=2 * LEVELS + 4)


def _reach(arrays: Sequence[np.ndarray], moves: Sequence[np.ndarray], share: float = 1.0) -> float:
    """How long a step may be: at tiny data, or near a pole at zero, a step of ordinary length would leave the point."""
    moved = [np.abs(array[move != 0]) for array, move in zip(arrays, moves) if np.any(move)]
    sizes = np.concatenate([one.ravel() for one in moved]) if moved else np.ones(1)
    small = float(np.min(sizes, where=sizes > 0, initial=np.inf))
    if share == 1.0:
        return small if 0 < small < 1e-6 else 1.0
    return share * min(max(small, 1e-3), 1.0) if np.isfinite(small) else share


def _extrapolated(at: Callable[[float], Any], step: float, unit: float, here: Any) -> tuple[Any, np.ndarray]:
    """The best estimate of each entry in the table of extrapolations, and how far it may be off."""
    best = np.zeros(here.shape, here.dtype)
    error = np.full(here.shape, np.inf)
    before: list[Any] = []
    for level in range(LEVELS):
        size = step * 2.0**-level
        ahead, behind = at(size), at(-size)
        row = [(ahead - behind) / here.dtype.type(2 * size)]
        rounding = unit * np.maximum(np.abs(ahead), np.abs(behind)).astype(float) / size
        for order, old in enumerate(before, 1):
            factor = here.dtype.type(4.0**order)
            row.append((factor * row[-1] - old) / (factor - 1))
            gap = np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - old)).astype(float) + rounding
            better = gap < error
            best, error = np.where(better, row[-1], best), np.where(better, gap, error)
        before = row
    return best, error


def _sides(
    at: Callable[[float], Any], here: Any, step: float, unit: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One-sided slopes, and where they differ by more than curvature and rounding explain."""

    def slopes(size: float) -> tuple[Any, Any]:
        return (here - at(-size)) / here.dtype.type(size), (at(size) - here) / here.dtype.type(size)

    (left, right), (left_half, right_half) = slopes(step), slopes(step / 2)
    gap, half = np.abs(right - left).astype(float), np.abs(right_half - left_half).astype(float)
    rounding = 16 * unit * np.maximum(np.abs(here).astype(float), 1e-300) / step
    kink = (half > 0.75 * gap) & (half > 1e-6 * np.maximum(np.abs(right), np.abs(left)).astype(float) + rounding)
    return left.astype(float), right.astype(float), kink


@dataclass(frozen=True, eq=False)
class Slopes:
    """What the slopes say of the gradient by one input, for several weightings of the outputs.

    Attributes
    ----------
    value : list of ndarray
        The gradient under each weighting, in the arithmetic of the way; NaN where no column was computed.
    low, high : list of ndarray
        Between these a gradient may lie: they are apart where the function has a kink.
    error, scale : list of ndarray
        How far ``value`` may be off; the sum of the sizes of all products of a weight and a partial derivative.
    kink, done : ndarray of bool
        Which entries are at a kink; which were computed.
    """

    value: list[Any]
    low: list[np.ndarray]
    high: list[np.ndarray]
    error: list[np.ndarray]
    scale: list[np.ndarray]
    kink: np.ndarray
    done: np.ndarray

    @classmethod
    def empty(cls, shape: tuple[int, ...], count: int, exact: bool) -> Slopes:
        """Nothing computed yet."""
        nothing = [np.full(shape, np.nan) for _ in range(count)]
        value = [one.astype(object) for one in nothing] if exact else [one.copy() for one in nothing]
        low, high, error, scale = ([one.copy() for one in nothing] for _ in range(4))
        return cls(value, low, high, error, scale, np.zeros(shape, bool), np.zeros(shape, bool))

    def put(self, index: tuple[int, ...], column: Column, weights: Sequence[np.ndarray], exact: bool) -> None:
        """Store what one column says of the entry ``index``."""
        self.done[index] = True
        used = np.zeros(column.kink.shape, bool)
        size = np.abs(floats_of(column.value))
        for number, weight in enumerate(weights):
            used |= weight != 0
            live = weight != 0
            wide = digits_array(weight) if exact else weight
            self.value[number][index] = np.sum((np.asarray(wide) * column.value)[live]) if live.any() else 0.0
            ends = np.sort([weight * column.left, weight * column.right], axis=0)
            middle = weight * floats_of(column.value)
            self.low[number][index] = np.sum(np.where(column.kink, ends[0], middle)[live])
            self.high[number][index] = np.sum(np.where(column.kink, ends[1], middle)[live])
            self.error[number][index] = np.sum((np.abs(weight) * column.error)[live])
            self.scale[number][index] = np.sum((np.abs(weight) * size)[live & ~column.kink])
        self.kink[index] = bool((column.kink & used).any())
