"""`Sweep`: what a user holds after a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..checking.result import worst
from ..errors import GradientError, UnknownNameError, user_location
from .live import Live
from .options import Plan
from .row import Row, Setting
from .runner import Runner

PASSED = ("agree", "ill-conditioned", "kink")


@dataclass(frozen=True)
class Sweep:
    """The outcome of a sweep. Iterate over it for the rows; ``str`` and a notebook show a table.

    Attributes
    ----------
    title : str
        The network's name.
    rows : tuple of Row
        The checks that were done, in the order of their seeds.
    planned : int
        How many there were to be.
    notes : tuple of str
        What else must be known.
    """

    title: str
    rows: tuple[Row, ...]
    planned: int
    notes: tuple[str, ...] = ()
    _again: Callable[[Setting], Any] | None = field(default=None, repr=False, compare=False)
    _live: Live | None = field(default=None, repr=False, compare=False)

    @property
    def verdict(self) -> str:
        """The worst status of the rows."""
        return worst(row.status for row in self.rows)

    @property
    def first_failure(self) -> Row | None:
        """The row with the lowest seed at which something is wrong; None if nothing is."""
        return next((row for row in self.rows if row.failed), None)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows have each status."""
        statuses = [row.status for row in self.rows]
        return {status: statuses.count(status) for status in dict.fromkeys(statuses)}

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, seed: int) -> Row:
        """The row of ``seed``."""
        for row in self.rows:
            if row.seed == seed:
                return row
        told = f"from {self.rows[0].seed} to {self.rows[-1].seed}" if self.rows else "none"
        raise UnknownNameError(f"There is no check with the seed {seed!r}; the seeds are {told}.", user_location())

    def repeat(self, seed: int) -> Any:
        """The check of ``seed`` once more, as a `GradReport`: with formulas, values and the place of the fault.

        Raises
        ------
        UnknownNameError
            If no check has this seed.
        """
        row = self[seed]
        if self._again is None:
            raise UnknownNameError("This sweep does not know its network any more.", user_location())
        return self._again(Setting(row.seed, row.shapes, row.dtype, row.points))

    def raise_if_wrong(self) -> Sweep:
        """Raise `GradientError` if a check failed, or if nothing was compared in all of them.

        Raises
        ------
        GradientError
            With the seed, the op, the operand and the first offending index.
        """
        first = self.first_failure
        if first is not None:
            raise GradientError(
                f"For '{self.title}', check {self.rows.index(first) + 1} of {self.planned} failed, seed {first.seed}: "
                f"{first.status}: {first.fault or first.note}",
                first.fault.location if first.fault else None,
            )
        if not any(row.status in PASSED for row in self.rows):
            told = self.rows[0].note if self.rows else "no check was done"
            raise GradientError(f"For '{self.title}', not one of {self.planned} checks could compare anything: {told}")
        return self

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if self._live is not None and self._live.just_shown:
            return {"text/plain": repr(self)}
        from ..views.sweeps import mimebundle

        return mimebundle(self)

    def __str__(self) -> str:
        from ..views.sweeps import mimebundle

        return mimebundle(self)["text/plain"]

    def __repr__(self) -> str:
        return f"Sweep({self.title}: {self.verdict}; {len(self.rows)} of {self.planned} checks)"


def swept(
    runner: Runner, again: Callable[[Setting], Any], show: bool | None, each: Callable[[Row], Any] | None
) -> Sweep:
    """Run a sweep to its end, and tell of each row as it comes."""
    plan: Plan = runner.plan
    rows: list[Row] = []

    def so_far() -> Sweep:
        return Sweep(runner.subject.title, tuple(rows), plan.count, tuple(runner.notes), again, live)

    live = Live(show)
    try:
        for row in runner.rows():
            rows.append(row)
            if each is not None:
                each(row)
            live.update(so_far)
    finally:
        live.finish(so_far)
    return so_far()


__all__ = ["Sweep", "swept"]
