"""The sweep itself: settings in, rows out, in the order of their seeds, wherever the checks ran.

The network is traced here, once for each shape and dtype; what is sent away is the traced program. What it can not
answer (another branch of the user's Python, rules exchanged in this process), and every failure, is checked again here
on a fresh trace, so that a row is what `Runner.report` gives for its seed, whichever executor there was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..checking.result import CheckResult
from ..errors import MsgradError
from ..gradients.grad_operation import Application, Request
from .options import Plan
from .recipe import Recipe
from .row import Row, Setting, refused_row, row_of
from .sending import Elsewhere, OurCode, Packed, our_code, packed, run_packed
from .shapes import Axes, drawn_sizes, letters_of, unified
from .subject import Subject, parameter_lengths

# So many checks are under way at a time: enough for a cluster, and few to cancel.
WINDOW = 64
_BRANCHES = 8
_ATTEMPTS = 12
# What a network, or the user's code in it, may raise at data that it was not made for.
_MISFITS = (MsgradError, ArithmeticError, AssertionError, LookupError, TypeError, ValueError)

Answer = Row | Elsewhere | None
Key = tuple[tuple[tuple[str, tuple[int, ...]], ...], str]


class Runner:
    """One sweep under way.

    Parameters
    ----------
    subject : Subject
        The network.
    plan : Plan
        What was asked for.
    """

    def __init__(self, subject: Subject, plan: Plan) -> None:
        self.subject, self.plan = subject, plan
        self.notes: list[str] = []
        self._same: dict[int, dict[str, str | int]] = {}
        self._settings: dict[int, Setting] = {}
        self._recipes: dict[Key, list[Recipe]] = {}
        self._errors: dict[Key, Exception] = {}
        self._packed: dict[Key, tuple[int, Packed | None]] = {}
        self._code: OurCode | None = None
        self._away = plan.executor is not None

    # Settings ---------------------------------------------------------------------------------------------------------

    def setting(self, number: int) -> Setting:
        """Where check ``number`` takes place; lengths at which the network does not run are drawn again."""
        seed = self.plan.seed + number
        if seed not in self._settings:
            axes, dtype, points = self.plan.turn(number)
            setting = Setting(seed, {}, dtype, points)
            if axes:
                setting = self._with_shapes(setting, axes)
            self._settings[seed] = setting
        return self._settings[seed]

    def _with_shapes(self, setting: Setting, axes: Axes) -> Setting:
        if not letters_of(axes):
            return replace(setting, shapes=drawn_sizes(axes, {}, setting.seed, 0))
        if id(axes) not in self._same:
            probe = partial(self._misfit, setting)
            same, error = unified(axes, parameter_lengths(self.subject.application), probe)
            self._same[id(axes)] = same
            self.notes += [f"{letter} = {same[letter]}, since the network needs it" for letter in same]
            if error is not None:
                self.notes.append(f"the network was not seen to run at these shapes: {error}")
        for attempt in range(_ATTEMPTS):
            found = replace(setting, shapes=drawn_sizes(axes, self._same[id(axes)], setting.seed, attempt))
            if self._traced(found) is not None:
                break
        return found

    def _misfit(self, setting: Setting, shapes: Any) -> Exception | None:
        found = replace(setting, shapes=shapes)
        return None if self._traced(found) is not None else self._errors.get(_key(found))

    def _traced(self, setting: Setting) -> list[Recipe] | None:
        """The recipes for the shapes and the dtype of a setting; None where the network does not run."""
        key = _key(setting)
        if key not in self._recipes and key not in self._errors:
            # What a function of the user's that draws values raises is the user's affair.
            values = self.subject.values(setting)
            try:
                self._keep(self.subject.request(setting, values), setting)
            except _MISFITS as error:
                self._errors[key] = error
        return self._recipes.get(key)

    def _keep(self, request: Request, setting: Setting) -> None:
        found = self._recipes.setdefault(_key(setting), [])
        recipe = self.subject.recipe(request, setting)
        if recipe is not None and len(found) < _BRANCHES:
            found.append(recipe)

    # One check --------------------------------------------------------------------------------------------------------

    def result(
        self, setting: Setting, values: Sequence[np.ndarray] | None = None
    ) -> tuple[CheckResult, Application | None]:
        """The check at a setting on a fresh trace; raises what the network raises there."""
        drawn = self.subject.values(setting) if values is None else values
        result, application, request = self.subject.check(setting, drawn)
        if request is not None:
            self._keep(request, setting)
        return result, application

    def _fresh(self, setting: Setting) -> Row:
        values = self.subject.values(setting)
        try:
            return row_of(setting, self.result(setting, values)[0])
        except _MISFITS as error:
            return refused_row(setting, error)

    def _given(self, setting: Setting) -> list[np.ndarray] | None:
        return None if self.subject.own is None or self.subject.weights else self.subject.values(setting)

    def _settled(self, setting: Setting, answer: Answer) -> Row:
        """The row of a setting, given what the recipes answered."""
        if isinstance(answer, Elsewhere):
            self._away = False
            told = f"the executor's processes can not do these checks, which therefore run here: {answer.reason}"
            self.notes += [told] if told not in self.notes else []
            answer = self._here(setting)
        if not isinstance(answer, Row) or answer.failed:
            return self._fresh(setting)
        return answer

    def _here(self, setting: Setting) -> Row | None:
        """What the recipes say, in this thread."""
        recipes = self._traced(setting) or []
        given = self._given(setting) if recipes else None
        return next((row for row in (one.check(setting, given) for one in recipes) if row is not None), None)

    # All of them ------------------------------------------------------------------------------------------------------

    def rows(self) -> Iterator[Row]:
        """The rows in the order of their seeds, each as soon as those before it are there."""
        waiting: deque[tuple[Setting, Callable[[], Answer], Future[Answer] | None]] = deque()
        number = 0
        try:
            while number < self.plan.count or waiting:
                while number < self.plan.count and len(waiting) < (WINDOW if self._away else 1):
                    setting = self.setting(number)
                    future = self._submit(setting) if self._away else None
                    waiting.append((setting, partial(self._here, setting), future))
                    number += 1
                setting, here, future = waiting.popleft()
                row = self._settled(setting, here() if future is None else future.result())
                yield row
                if row.failed and self.plan.stop:
                    return
        finally:
            # Also when the reader leaves, or an interrupt comes: the executor is free for others.
            for *_, future in waiting:
                if future is not None:
                    future.cancel()

    def _submit(self, setting: Setting) -> Future[Answer] | None:
        """The check under way on the executor; None where only a fresh trace will do."""
        executor: Any = self.plan.executor
        recipes = self._traced(setting)
        if not recipes:
            return None
        given = self._given(setting)
        if isinstance(executor, ThreadPoolExecutor):
            return executor.submit(_first, tuple(recipes), setting, given)
        key = _key(setting)
        count, sent = self._packed.get(key, (0, None))
        if count != len(recipes):
            self._code = self._code or our_code()
            sent = packed(recipes, self._code)
            self._packed[key] = (len(recipes), sent)
        return None if sent is None else executor.submit(run_packed, sent, setting, given)


def _first(recipes: Sequence[Recipe], setting: Setting, given: Any) -> Row | None:
    """The answer of the first recipe that holds."""
    return next((row for row in (one.check(setting, given) for one in recipes) if row is not None), None)


def _key(setting: Setting) -> Key:
    return tuple(sorted(setting.shapes.items())), setting.dtype


__all__ = ["Runner"]
