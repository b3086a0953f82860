"""Which slopes are taken, at how many entries, and in what arithmetic: as good as the budget and the user's code allow."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..checking.effort.budget import Budget
from .buffers import COMPLEX, DIGITS, EXTENDED, Arithmetic, copied
from .exactly import digits_array, floats_of, metered
from .layout import Layout, plain
from .slopes import Column, Slopes, Way, complex_way, exact_way, series_way
from .styles import Subject

# All runs in fifty digits together may take this many times what one may.
EXACT_RUNS = 15
EVALUATIONS = 16_384
DIRECTIONS = 2
_PATIENCE = 8.0


@dataclass(frozen=True, eq=False)
class Direction:
    """How all inputs move at once, and what the forward function does along it under each weighting."""

    moves: list[np.ndarray]
    column: Column
    how: str


class Witness:
    """The slopes of one forward function.

    Parameters
    ----------
    build : callable
        Makes the subject with each of the user's functions adapted.
    layout : Layout
        The arguments.
    weightings : sequence of sequence of ndarray
        Weights of the outputs, in float64.
    budget : Budget
        How much may be done.
    seed : int
        For samples and directions.
    exact_run : callable, optional
        Runs the function in fifty digits, where there is a better way than the user's own code.
    """

    def __init__(
        self,
        build: Callable[[Any], Subject],
        layout: Layout,
        weightings: Sequence[Sequence[np.ndarray]],
        budget: Budget,
        seed: int,
        exact_run: Callable[[Sequence[Any]], Any] | None = None,
    ) -> None:
        self.build = build
        self.layout = layout
        self.arrays = [np.asarray(array, np.float64) for array in layout.arrays]
        self.weights = [_flat(weighting) for weighting in weightings]
        self.budget = budget
        self.generator = np.random.default_rng(seed)
        self.exact_run = exact_run
        self.entries = [(number, index) for number in layout.wrt for index in np.ndindex(self.arrays[number].shape)]

    # Ways ----------------------------------------------------------------------------------------------------------

    def _subject(self, arithmetic: Arithmetic | None) -> Subject:
        return self.build(lambda function: copied(function, arithmetic) if arithmetic else function)

    def _runner(self, arithmetic: Arithmetic | None) -> Callable[[Sequence[Any]], Any]:
        subject = self._subject(arithmetic)
        return lambda arrays: _flat(subject.run(self.layout.filled(list(arrays))).outputs)

    @cached_property
    def exact(self) -> tuple[Way, int] | None:
        """The way in fifty digits and what one run of it costs; None if the user's code does not run in it."""
        if self.layout.tensors and self.exact_run is None:
            return None
        try:
            run = self.exact_run or self._runner(DIGITS)
            way, cost = metered(lambda: exact_way(run, self.arrays), self.budget.exact * EXACT_RUNS / 3)
            start = [digits_array(one) for one in self.arrays]
            ours, theirs = (
                floats_of(run(start)),
                _flat(self._subject(None).run(self.layout.filled(self.arrays)).outputs),
            )
        except Exception:  # noqa: BLE001 - the user's code may raise anything on numbers that it was not written for
            return None
        # What it computes in fifty digits must be what it computes in floats.
        near = np.isclose(
            ours,
            np.asarray(theirs, float),
            rtol=1e-3,
            atol=1e-6 * float(np.max(np.abs(ours), initial=1)),
            equal_nan=True,
        )
        return (way, max(cost, ours.size + len(self.entries))) if near.all() else None

    @cached_property
    def series(self) -> Way:
        """Differences in extended precision, or in float64 if the user's code rounds to that."""
        if not self.layout.tensors:
            with suppress(Exception):
                run = self._runner(EXTENDED)
                if np.asarray(run([one.astype(np.longdouble) for one in self.arrays])).dtype == np.longdouble:
                    return series_way(run, self.arrays, np.longdouble)
        return series_way(self._runner(None), self.arrays, np.float64)

    @cached_property
    def directions(self) -> list[Direction]:
        """The slopes along some random directions in which all inputs move, by the best way there is."""
        way = self.series
        if self.exact is not None and 2 * DIRECTIONS * self.exact[1] <= self.budget.exact * EXACT_RUNS:
            way = self.exact[0]
        found = []
        for _ in range(DIRECTIONS):
            moves = [
                self.generator.standard_normal(array.shape) if number in self.layout.wrt else np.zeros(array.shape)
                for number, array in enumerate(self.arrays)
            ]
            found.append(Direction(moves, way.column(moves), way.how))
        return found

    def _complex(self) -> Way | None:
        """The complex step, if it gives what a better way gives along random directions."""
        if self.exact is None or self.exact_run is not None or self.layout.tensors:
            return None
        try:
            way = complex_way(self._runner(COMPLEX), self.arrays)
            pairs = [(way.column(one.moves), one.column) for one in self.directions]
        except Exception:  # noqa: BLE001 - the user's code may raise anything on complex numbers
            return None
        for mine, right in pairs:
            gap = np.abs(mine.value - floats_of(right.value))
            size = np.max(np.abs(mine.value), initial=1e-300)
            if right.kink.any() or not np.all(gap <= 1e-9 * size + 10 * right.error):
                return None
        return way

    # Slopes ---------------------------------------------------------------------------------------------------------

    @cached_property
    def way(self) -> Way:
        """The way by which single entries are looked at."""
        if self.exact is not None:
            way, cost = self.exact
            if 2 * cost * len(self.entries) <= self.budget.exact * EXACT_RUNS:
                return way
        return self._complex() or self.series

    def _affordable(self) -> int:
        """How many entries can be looked at one by one."""
        if self.way.exact:
            return len(self.entries)
        start = time.perf_counter()
        self._runner(None)(self.arrays)
        took = time.perf_counter() - start
        # A power of four, so that a function which is not slow is always looked at in the same way.
        slow = 4 ** int(np.log(max(_PATIENCE / max(took, 1e-6), 1)) / np.log(4))
        share = min(self.budget.floats / Budget().floats, 1.0)
        return max(int(min(EVALUATIONS, slow) * share / self.way.cost), 4)

    @cached_property
    def slopes(self) -> dict[int, Slopes]:
        """The slopes by the number of the slot."""
        found = {
            number: Slopes.empty(self.arrays[number].shape, len(self.weights), self.way.exact)
            for number in self.layout.wrt
        }
        chosen: list[Any] = self.entries
        limit = self._affordable()
        if limit < len(chosen):
            order = self.generator.permutation(len(chosen))[: limit - 2]
            chosen = [self.entries[n] for n in sorted({0, len(self.entries) - 1, *map(int, order)})]
        for number, index in chosen:
            moves = [np.zeros(array.shape) for array in self.arrays]
            moves[number][index] = 1.0
            found[number].put(index, self.way.column(moves), self.weights, self.way.exact)
        return found

    @property
    def complete(self) -> bool:
        """True when every entry was looked at."""
        return all(one.done.all() for one in self.slopes.values())

    # The backward in fifty digits -----------------------------------------------------------------------------------

    def backward_in_digits(self, weighting: Sequence[np.ndarray]) -> list[Any] | None:
        """What the user's backward returns when it is run in fifty digits; None if it can not be."""
        if self.exact is None or self.layout.tensors:
            return None
        subject = self._subject(DIGITS)

        def run() -> list[Any] | str:
            ran = subject.run(self.layout.filled([digits_array(one) for one in self.arrays]))
            given = [
                digits_array(weight)[()] if np.ndim(out) == 0 else digits_array(weight)
                for out, weight in zip(ran.outputs, weighting)
            ]
            return self.layout.gradients(ran.pull(given))

        try:
            found, _ = metered(run, self.budget.exact * EXACT_RUNS)
            shapes = [self.arrays[number].shape for number in self.layout.wrt]
            if isinstance(found, str) or any(np.shape(one) != shape for one, shape in zip(found, shapes)):
                return None
            return [digits_array(np.zeros(shape) if one is None else one) for one, shape in zip(found, shapes)]
        except Exception:  # noqa: BLE001 - the user's code may raise anything on numbers that it was not written for
            return None


def _flat(outputs: Sequence[Any]) -> Any:
    parts = [
        np.asarray(one if hasattr(one, "_mpf_") or isinstance(one, np.ndarray) else plain(one)).ravel()
        for one in outputs
    ]
    return np.concatenate(parts) if parts else np.zeros(0)
