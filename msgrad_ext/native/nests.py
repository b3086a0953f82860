"""Steps become groups: loops over one domain that share their reads, and row by row, their reductions.

A group runs through ``axes``; a step of it works on every element, or, where the group has a ``split``, once for each
index of the first ``split`` axes, from reductions over the others.
"""

from __future__ import annotations

import math
from typing import Any

from .program import (
    Call,
    Gather,
    Map,
    Place,
    Product,
    Program,
    Routine,
    Shape,
    Step,
    Value,
    contiguous,
    core,
    core_strides,
)

CAP = 64
SCALAR_CAP = 300
# How far back a step looks for a group that it does not depend on but could share its loop.
_BACK = 6


class Nest:
    """A group of maps and reductions.

    Parameters
    ----------
    axes : tuple of int
        The lengths of the axes that it runs through.
    """

    def __init__(self, axes: Shape) -> None:
        self.axes = axes
        self.steps: list[Map | Gather] = []
        self.split: int | None = None
        # For each value made here: "full" for one of every element, the number of leading axes that index it, or "end".
        self.level: dict[Value, str] = {}
        self.stage: dict[Any, int] = {}
        self.rows: set[Step] = set()

    @property
    def cap(self) -> int:
        """How many steps fit in."""
        return CAP if self.axes else SCALAR_CAP


Group = Nest | Product | Call | Place | Routine


def prefix_reduced(step: Gather) -> int | None:
    """The number of leading axes that a reduction keeps, if it reduces all others and no more; None otherwise."""
    axes = core(step.domain)
    strides = core_strides(step.domain, step.target.strides)
    kept = sum(stride != 0 for stride in strides)
    if step.target.offset or math.prod(axes[:kept]) != step.out.size:
        return None
    return kept if strides == (*contiguous(axes[:kept]), *(0,) * (len(axes) - kept)) else None


class Grouping:
    """One run over a program's steps."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.groups: list[Group] = []
        self.home: dict[Value, int] = {}
        self.pending: dict[Value, Map] = {}

    def run(self) -> list[Group]:
        """The groups in order of execution."""
        for step in self.program.steps:
            if isinstance(step, Map) and step.domain and all(self._outside(one.value) for one in step.operands):
                self.pending[step.out] = step
            else:
                self._place(step)
        for step in list(self.pending.values()):
            if step.out in self.pending:
                self._place(self.pending.pop(step.out))
        return self.groups

    def _outside(self, value: Value | None) -> bool:
        return value is None or value.role != "made"

    def _place(self, step: Step) -> None:
        waiting = [one.value for one in step.operands if one.value in self.pending]
        last = max((self.home[one.value] for one in step.operands if one.value in self.home), default=-1)
        if isinstance(step, (Map, Gather)):
            for index in self._candidates(last):
                nest = self.groups[index]
                if isinstance(nest, Nest) and self._join(nest, index, step, waiting):
                    return
        self._begin(step, list(dict.fromkeys(waiting)))

    def _begin(self, step: Step, waiting: list[Any]) -> None:
        """A group for ``step`` alone, or with what it waits for."""
        fresh = Nest(core(step.domain)) if isinstance(step, (Map, Gather)) else None
        for value in waiting:
            before = self.pending[value]
            if fresh is not None and self._aligned(before, step, fresh):
                continue
            self._place(self.pending.pop(value))
        index = len(self.groups)
        if fresh is None or not isinstance(step, (Map, Gather)):
            self.groups.append(step)  # type: ignore[arg-type]
            self.home[step.out] = index
            return
        self.groups.append(fresh)
        if not self._join(fresh, index, step, [value for value in waiting if value in self.pending]):
            raise AssertionError("a step does not fit its own group")

    def _candidates(self, last: int) -> list[int]:
        first = max(last, len(self.groups) - _BACK, 0)
        return list(dict.fromkeys([*([last] if last >= 0 else []), *range(first, len(self.groups))]))

    def _aligned(self, before: Map, step: Step, nest: Nest) -> bool:
        """True where ``step`` reads each element of what waits in the very turn in which it would be made in ``nest``."""
        uses = [one for one in step.operands if one.value is before.out]
        in_turn = all(core_strides(one.shape, one.strides) == contiguous(nest.axes) for one in uses)
        return in_turn and not any(one.offset for one in uses) and core(before.domain) == nest.axes

    def _join(self, nest: Nest, index: int, step: Map | Gather, waiting: list[Any]) -> bool:
        """Put ``step``, and what it waits for, into ``nest`` if they fit."""
        todo: list[Map | Gather] = []
        for value in dict.fromkeys(waiting):
            before = self.pending[value]
            if core(step.domain) != nest.axes or not self._aligned(before, step, nest):
                return False
            todo.append(before)
        if len(nest.steps) + len(todo) + 1 > nest.cap:
            return False
        coming = {one.out for one in todo}
        split = self._fits(nest, step, coming)
        if split is None:
            return False
        nest.split = split[0]
        for one in todo:
            self.pending.pop(one.out)
            self._add(nest, index, one, False)
        self._add(nest, index, step, split[1])
        return True

    def _fits(self, nest: Nest, step: Map | Gather, coming: set[Value]) -> tuple[int | None, bool] | None:
        """The nest's split and whether the step is one of rows, if it can be in ``nest``; None if not."""
        axes, split = core(step.domain), nest.split
        if axes == nest.axes:
            for one in step.operands:
                if one.value is None or one.value in coming:
                    continue
                level = nest.level.get(one.value)
                strides = core_strides(one.shape, one.strides)
                if level is None:
                    continue
                if level == "full":
                    if strides != contiguous(axes) or one.offset:
                        return None
                    continue
                rows = self._rows_of(nest, one.value)
                if rows is None or split not in (None, rows) or one.offset:
                    return None
                if strides != (*contiguous(axes[:rows]), *(0,) * (len(axes) - rows)):
                    return None
                split = rows
            return self._fits_extreme(nest, step, split)
        return self._fits_rows(nest, step, axes)

    def _fits_extreme(self, nest: Nest, step: Map | Gather, split: int | None) -> tuple[int | None, bool] | None:
        """A maximum is taken of whole rows: it fixes the split, or stands alone where all is one row."""
        if isinstance(step, Map) or step.kind == "sum":
            return split, False
        kept = prefix_reduced(step)
        inside = step.operands[0].value in nest.level
        if kept == 0:
            return None if nest.steps else (0, False)
        if kept is None:
            return None if inside else (split, False)
        return (kept, False) if split in (None, kept) else None

    def _fits_rows(self, nest: Nest, step: Map | Gather, axes: Shape) -> tuple[int | None, bool] | None:
        rows = len(axes)
        if isinstance(step, Gather) or not rows or nest.axes[:rows] != axes or nest.split not in (None, rows):
            return None
        inside = [one for one in step.operands if one.value in nest.level]
        if not inside:
            return None
        for one in inside:
            strides = core_strides(one.shape, one.strides)
            if self._rows_of(nest, one.value) != rows or strides != contiguous(axes) or one.offset:
                return None
        return rows, True

    def _rows_of(self, nest: Nest, value: Any) -> int | None:
        """How many leading axes index a value that is there once a row; None for one that is there only at the end."""
        level = nest.level[value]
        return int(level) if level.isdigit() and int(level) > 0 else None

    def _add(self, nest: Nest, index: int, step: Map | Gather, row: bool) -> None:
        stages = [nest.stage[one.value] for one in step.operands if one.value in nest.stage]
        stage = max(stages, default=0)
        nest.steps.append(step)
        self.home[step.out] = index
        if isinstance(step, Gather):
            kept = prefix_reduced(step)
            nest.level[step.out] = "end" if kept is None else str(kept)
            if step.kind != "sum" and step.operands[0].value in nest.level:
                # A maximum is taken of a row that is stored already.
                stage += 1
            nest.stage[step] = stage
            nest.stage[step.out] = stage + 1
            return
        if row:
            nest.rows.add(step)
            nest.level[step.out] = str(nest.split)
        else:
            nest.level[step.out] = "full"
        nest.stage[step] = nest.stage[step.out] = stage
