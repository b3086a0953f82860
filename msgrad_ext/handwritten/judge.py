"""`Judge`: compares what a backward returned with the slopes of its forward, and gives each gradient its status."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..checking.result import Fault, Gradient
from ..checking.witnesses import noise
from ..checking.witnesses.accuracy import accuracy_of
from ..checking.witnesses.compare import Comparison, compare_floats
from ..errors import Location
from .exactly import floats_of
from .hints import hint
from .lines import gradient_line
from .observed import Bench
from .slopes import Slopes
from .witness import Witness
from .wobble import spread

_EPS = float(np.finfo(np.float64).eps)
# Constants such as 1/sqrt(2 pi), written once in the forward and once in the backward, are each rounded by themselves.
CONSTANTS = 64 * _EPS
ROUNDINGS = 8


class Judge:
    """Judges one backward.

    Parameters
    ----------
    bench : Bench
        The functions as they are.
    witness : Witness
        The forward's slopes.
    weightings : sequence of sequence of ndarray
        Weights of the outputs; the first are those that the user gave.
    seed : int
        For the roundings.
    """

    def __init__(self, bench: Bench, witness: Witness, weightings: Sequence[Sequence[np.ndarray]], seed: int) -> None:
        self.bench, self.witness, self.weightings, self.seed = bench, witness, weightings, seed
        self.layout = bench.layout
        given = self.layout.arrays
        self.got = [bench.as_arrays(given, weighting) for weighting in weightings]
        self.narrow = any(given[number].dtype != np.float64 for number in self.layout.wrt)

    @cached_property
    def noise(self) -> list[list[np.ndarray]]:
        """Rounding noise of what was returned, by weighting and gradient."""
        return [self._spread(self.layout.arrays, weighting) for weighting in self.weightings]

    def _spread(self, arrays: Sequence[np.ndarray], weighting: Sequence[np.ndarray]) -> list[np.ndarray]:
        def run(moved: Sequence[Any]) -> list[np.ndarray]:
            ran = self.bench.subject.run(self.layout.filled([np.array(one, subok=True) for one in moved]))
            found = self.layout.gradients(ran.pull(self.bench.cotangents(ran, weighting)))
            zeros = [np.zeros(arrays[number].shape) for number in self.layout.wrt]
            return [zero if one is None else np.asarray(_bare(one)) for zero, one in zip(zeros, found)]

        if self.layout.tensors:
            return [np.zeros(arrays[number].shape) for number in self.layout.wrt]
        try:
            return spread(run, arrays, self.seed)
        except Exception:  # noqa: BLE001 - the user's code may not take arrays of another class
            return [np.zeros(arrays[number].shape) for number in self.layout.wrt]

    @cached_property
    def wide(self) -> tuple[list[list[Any]], list[list[np.ndarray]] | None, str]:
        """The backward in the widest arithmetic that it runs in, its noise (None in fifty digits), and what that is."""
        first = self.witness.backward_in_digits(self.weightings[0])
        if first is not None:
            rest = [self.witness.backward_in_digits(weighting) for weighting in self.weightings[1:]]
            if all(one is not None for one in rest):
                return [first, *(one for one in rest if one is not None)], None, "50 digits"
        if not self.narrow:
            return self.got, self.noise, "float64"
        arrays = self.witness.arrays
        try:
            found = [self.bench.as_arrays(arrays, weighting) for weighting in self.weightings]
        except (ValueError, TypeError):
            return self.got, self.noise, "its own dtype"
        return found, [self._spread(arrays, weighting) for weighting in self.weightings], "float64"

    # Is the formula right? ------------------------------------------------------------------------------------------

    def slopes(self, position: int) -> Slopes:
        """The slopes by one input."""
        return self.witness.slopes[self.layout.wrt[position]]

    def wrong(self, position: int) -> tuple[int, tuple[int, ...]] | None:
        """The first weighting and index at which the gradient is not the slope; None if there is none."""
        found, deviations, _ = self.wide
        slopes = self.slopes(position)
        for number, gradients in enumerate(found):
            mine, truth = np.asarray(gradients[position]), slopes.value[number]
            gap = np.abs(floats_of(mine - truth))
            scale = slopes.scale[number]
            limit = 10 * slopes.error[number] + CONSTANTS * scale
            if deviations is not None:
                limit = limit + noise.tolerance(deviations[number][position], floats_of(truth), np.dtype(np.float64))
                limit = limit + ROUNDINGS * self._unit(mine) * scale
            if self.narrow and deviations is not None and np.all(~slopes.done | (gap <= self._coarse(position, scale))):
                continue
            bad = np.where(slopes.kink, self._outside(floats_of(mine), slopes, number, limit), ~(gap <= limit))
            bad &= slopes.done & np.isfinite(floats_of(truth))
            if bad.any():
                return number, tuple(int(one) for one in np.argwhere(bad)[0])
        return None

    def _coarse(self, position: int, scale: np.ndarray) -> np.ndarray:
        """What a cast to the input's dtype inside of the functions explains, when they are run on wider arrays."""
        unit = float(np.finfo(self.layout.arrays[self.layout.wrt[position]].dtype).eps)
        return ROUNDINGS * unit * scale

    @staticmethod
    def _unit(array: np.ndarray) -> float:
        return float(np.finfo(array.dtype).eps) if array.dtype.kind == "f" else _EPS

    @staticmethod
    def _outside(mine: np.ndarray, slopes: Slopes, number: int, limit: np.ndarray) -> np.ndarray:
        """Where a gradient at a kink is not between the one-sided slopes."""
        low, high = slopes.low[number], slopes.high[number]
        room = limit + 1e-9 * (np.abs(low) + np.abs(high))
        return ~((low - room <= mine) & (mine <= high + room))

    # Verdicts -------------------------------------------------------------------------------------------------------

    def gradient(self, position: int) -> Gradient:
        """The verdict on one gradient."""
        slopes = self.slopes(position)
        value, reference = self.got[0][position], floats_of(slopes.value[0])
        comparison = self._compared(0, position)
        status, note, fault = self._verdict(position, comparison)
        return Gradient(
            name=self.layout.wrt_names[position],
            kind="input",
            value=value,
            reference=reference,
            status=status,
            evidence=self._evidence(position, status),
            **comparison.figures,
            origin=f"{noise.origin()}, and {ROUNDINGS} roundings of the sum of all |dy * slope|",
            note=note,
            fault=fault,
            accuracy=accuracy_of(value, reference, self._deviation(0, position), self._unit(value), comparison),
        )

    def _deviation(self, number: int, position: int) -> np.ndarray:
        """How far rounding, and the slopes' own error, may move a gradient."""
        slopes = self.slopes(position)
        extra = ROUNDINGS * self._unit(self.got[number][position]) * slopes.scale[number] + slopes.error[number]
        return np.asarray(self.noise[number][position] + np.nan_to_num(extra) / noise.FACTOR)

    def _compared(self, number: int, position: int) -> Comparison:
        slopes, value = self.slopes(position), self.got[number][position]
        unit, deviation = self._unit(value), self._deviation(number, position)
        reference = floats_of(slopes.value[number])
        # A kink has no slope to compare with: it has been compared with the slopes on its sides.
        middle = np.clip(value.astype(np.float64), slopes.low[number], slopes.high[number])
        reference = np.where(slopes.kink, middle, reference)
        zero = bool(np.all(np.abs(reference[slopes.done]) <= 1e-40 + CONSTANTS * slopes.scale[number][slopes.done]))
        return compare_floats(value, reference, deviation, unit, zero)

    def _verdict(self, position: int, comparison: Comparison) -> tuple[str, str, Fault | None]:
        slopes = self.slopes(position)
        if slopes.done.size == 0:
            return "unchecked", "the gradient has no entries", None
        truth = [floats_of(one)[slopes.done] for one in slopes.value]
        if not all(np.all(np.isfinite(one)) for one in truth):
            return "outside-domain", "the function or its slope is not finite here", None
        fault = self._formula_fault(position) or self._float_fault(position) or self._direction_fault(position)
        if fault is not None:
            return "disagree", "", fault
        if slopes.kink.any():
            return "kink", self._kink_note(slopes), None
        if comparison.digits_lost:
            told = f"the rule is right, but {comparison.digits_lost} decimal digits are lost to cancellation"
            return "ill-conditioned", told, None
        return "agree", self._sampled(slopes), None

    def _kink_note(self, slopes: Slopes) -> str:
        spot = tuple(int(one) for one in np.argwhere(slopes.kink)[0])
        low, high = float(slopes.low[0][spot]), float(slopes.high[0][spot])
        return (
            f"not differentiable at {int(slopes.kink.sum())} of {slopes.kink.size} entries, the first is {list(spot)}: "
            f"between the slopes {low:.6g} and {high:.6g} any value is a convention, and what was returned is one"
        )

    def _sampled(self, slopes: Slopes) -> str:
        if slopes.done.all():
            return ""
        return (
            f"{int(slopes.done.sum())} of {slopes.done.size} entries were compared one by one, all of them together "
            f"along {len(self.witness.directions)} random directions; a small error in one entry may not be seen"
        )

    def _formula_fault(self, position: int) -> Fault | None:
        spot = self.wrong(position)
        if spot is None:
            return None
        number, index = spot
        found, _, how = self.wide
        mine, truth = (
            floats_of(np.asarray(one))[index] for one in (found[number][position], self.slopes(position).value[number])
        )
        told = _differ(float(mine), float(truth))
        if not np.isfinite(mine):
            told = f"gives {float(mine)}, though the slope of {self.bench.subject.name} is finite"
        if self.slopes(position).kink[index]:
            told += ", which is not between the slopes on the two sides either"
        return self._fault(position, "numeric", index, f"{told}{self._hint(position)} (compared in {how})")

    def _float_fault(self, position: int) -> Fault | None:
        """A formula that is right, in a result that is not."""
        slopes = self.slopes(position)
        for number in range(len(self.weightings)):
            value = self.got[number][position]
            if not np.all(np.isfinite(value[slopes.done])):
                index = tuple(int(one) for one in np.argwhere(~np.isfinite(value) & slopes.done)[0])
                return self._fault(
                    position, "result", index, f"gives {float(value[index])}, though the slope is finite"
                )
            comparison = self._compared(number, position)
            if not comparison.within:
                told = _differ(float(value[comparison.index]), float(floats_of(slopes.value[number])[comparison.index]))
                detail = f"{told}: more than rounding in {value.dtype} explains; a coarser dtype inside?"
                return self._fault(position, "result", comparison.index, detail)
        return None

    def _direction_fault(self, position: int) -> Fault | None:
        """Where not every entry was looked at: all entries together, along random directions."""
        if self.witness.complete:
            return None
        found, deviations, how = self.wide
        for direction in self.witness.directions:
            if direction.column.kink.any():
                continue
            for number, weights in enumerate(self.witness.weights):
                slope = float(np.sum(weights * floats_of(direction.column.value)))
                terms = [
                    (direction.moves[slot] * floats_of(np.asarray(gradient)), direction.moves[slot])
                    for slot, gradient in zip(self.layout.wrt, found[number])
                ]
                predicted = sum(float(np.sum(term)) for term, _ in terms)
                scale = sum(float(np.sum(np.abs(term))) for term, _ in terms)
                error = float(np.sum(np.abs(weights) * direction.column.error))
                rounding = 0.0
                if deviations is not None:
                    rounding = noise.FACTOR * sum(
                        float(np.sum(np.abs(move) * one)) for (_, move), one in zip(terms, deviations[number])
                    )
                if not abs(slope - predicted) <= 10 * error + 1e-12 * scale + rounding:
                    who = self.bench.subject.name
                    told = (
                        f"along a random direction it predicts {predicted:.10g}, but the slope of {who} is {slope:.10g}"
                    )
                    rest = f"(compared in {how}); single entries that were looked at agree"
                    return self._fault(None, "numeric", None, f"{told} {rest}")
        return None

    def _hint(self, position: int) -> str:
        slopes = self.slopes(position)
        if not slopes.done.all():
            return ""
        right = [floats_of(one) for one in slopes.value]
        got = [one[position].astype(np.float64) for one in self.got]
        names = self.layout.wrt_names
        others = {
            name: [floats_of(one) for one in self.slopes(n).value] for n, name in enumerate(names) if n != position
        }
        shapes = {length for array in self.layout.arrays for length in (*array.shape, array.size)}
        told = hint(names[position], got, right, others, sorted(shapes))
        return f"; {told}" if told else ""

    def _fault(self, position: int | None, side: str, index: tuple[int, ...] | None, detail: str) -> Fault:
        name = None if position is None else self.layout.wrt_names[position]
        return Fault(self.bench.subject.backward_name, name, side, index, self.location(position), detail)

    def location(self, position: int | None) -> Location | None:
        """The user's line that makes a gradient."""
        return place(self.bench, position)

    def _evidence(self, position: int, status: str) -> str:
        if status == "disagree":
            return "the witnesses contradict each other"
        if status in ("unchecked", "outside-domain"):
            return "none"
        slopes = self.slopes(position)
        which = "every entry agrees" if slopes.done.all() else f"{int(slopes.done.sum())} sampled entries agree"
        many = len(self.weightings)
        parts = [
            f"{which} with the forward function's slope ({self.witness.way.how}) under {many} weighting{'s' * (many > 1)}"
        ]
        parts.append(f"the backward was run in {self.wide[2]}")
        return "; ".join([*parts, "the result agrees in floats"])


def place(bench: Bench, position: int | None) -> Location | None:
    """The user's line that makes the gradient number ``position``."""
    sources = bench.subject.sources
    if bench.subject.style == "makers" and position is not None:
        slot = bench.layout.slots[bench.layout.wrt[position]].path[0]
        return gradient_line(sources[1 + min(slot, len(sources) - 2)], None)
    if position is not None:
        slot = bench.layout.slots[bench.layout.wrt[position]].path[0]
        groups = sorted({one.path[0] for one in bench.layout.slots})
        position = groups.index(slot)
    return gradient_line(sources[-1], position)


def _bare(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, np.ndarray) else value


def _differ(mine: float, truth: float) -> str:
    if f"{mine:.10g}" == f"{truth:.10g}":
        return f"gives {mine:.10g}, which the slope of the forward function is not by {abs(mine - truth):.1e}"
    return f"gives {mine:.10g}, the slope of the forward function is {truth:.10g}"
