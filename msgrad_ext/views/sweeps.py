"""A sweep -> parts: the verdict, the first failure with what repeats it, a summary, and each check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ..checking.result import STATUSES
from .digits import shape_text, short
from .html import render_html
from .parts import Badge, Callout, Paragraph, Part, Section, Table
from .sections import count, fault_rows
from .text import render_text

if TYPE_CHECKING:
    from ..checking.result import Fault

# More rows than this are not all shown; those that agree are left out first.
MOST = 40


class RowSeen(Protocol):
    """One check of a sweep."""

    @property
    def seed(self) -> int: ...
    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]: ...
    @property
    def dtype(self) -> str: ...
    @property
    def points(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def worst_ulp(self) -> float | None: ...
    @property
    def compared(self) -> int: ...
    @property
    def evidence(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def fault(self) -> Fault | None: ...
    @property
    def failed(self) -> bool: ...


class SweepSeen(Protocol):
    """A sweep, as far as the views look at it."""

    @property
    def title(self) -> str: ...
    @property
    def rows(self) -> Sequence[RowSeen]: ...
    @property
    def planned(self) -> int: ...
    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def verdict(self) -> str: ...


def mimebundle(sweep: SweepSeen) -> dict[str, str]:
    """``text/plain`` and ``text/html`` of a sweep."""
    tree = build(sweep)
    return {"text/plain": render_text(tree), "text/html": render_html(tree)}


def build(sweep: SweepSeen) -> Section:
    """The whole sweep as a tree of parts."""
    first = next((row for row in sweep.rows if row.failed), None)
    parts: list[Part] = [Badge(sweep.verdict, _sentence(sweep))]
    parts += [_failure(first)] if first is not None else []
    parts += [Callout("note", "Note", (("", note),)) for note in sweep.notes]
    if sweep.rows:
        parts += [_summary(sweep.rows), *map(Paragraph, _evidence(sweep.rows))]
        parts.append(Section("Each check", tuple(_each(sweep.rows)), fold=True))
    return Section(f"Sweep of {sweep.title}", tuple(parts))


def _sentence(sweep: SweepSeen) -> str:
    """How many checks were done, at which seeds, and what came out."""
    done = len(sweep.rows)
    said = [f"{done} of {count(sweep.planned, 'check')} done"]
    if done:
        said.append(f"seeds {sweep.rows[0].seed} to {sweep.rows[-1].seed}")
        said.append(count(sum(row.compared for row in sweep.rows), "entry", "entries") + " compared")
        statuses = [row.status for row in sweep.rows]
        found = [f"{statuses.count(one)} {one}" for one in reversed(STATUSES) if one in statuses]
        said += [", ".join(found)] if len(found) > 1 else []
        said += [f"largest difference {_ulp(_worst(sweep.rows))} ulp"] if _worst(sweep.rows) is not None else []
    if done < sweep.planned and done and sweep.rows[-1].failed:
        said.append("stopped at the first failure")
    return "; ".join(said)


def _failure(row: RowSeen) -> Callout:
    """The first failure: where, who is wrong, and what repeats it."""
    rows = [
        ("seed", str(row.seed)),
        *((name, text) for name, text in zip(_HEAD[1:4], _place(row)) if text != "as given"),
    ]
    rows.append(("status", row.status))
    rows += fault_rows(row.fault) if row.fault is not None else [("note", row.note)]
    return Callout("fault", "First failure", (*rows, ("to repeat it", f"sweep.repeat({row.seed})")))


_HEAD = ("seed", "shapes", "dtype", "points")


def _place(row: RowSeen) -> tuple[str, str, str]:
    shapes = ", ".join(f"{name} {shape_text(shape)}" for name, shape in row.shapes.items())
    return shapes or "as given", row.dtype or "as given", row.points


def _worst(rows: Sequence[RowSeen]) -> float | None:
    return max((row.worst_ulp for row in rows if row.worst_ulp is not None), default=None)


def _ulp(value: float | None) -> str:
    return "-" if value is None else short(value, 3)


def _summary(rows: Sequence[RowSeen]) -> Table:
    """Checks of one dtype and one kind of points together; shapes differ from check to check."""
    groups: dict[tuple[str, str], list[RowSeen]] = {}
    for row in rows:
        groups.setdefault(_place(row)[1:], []).append(row)
    lines = []
    for (dtype, points), members in groups.items():
        statuses = [row.status for row in members]
        told = ", ".join(f"{statuses.count(one)} {one}" for one in reversed(STATUSES) if one in statuses)
        shapes = len({_place(row)[0] for row in members})
        compared = str(sum(row.compared for row in members))
        lines.append((dtype, points, str(shapes), str(len(members)), told, _ulp(_worst(members)), compared))
    head = ("dtype", "points", "shapes", "checks", "status", "max ulp", "compared")
    return Table("Checks by dtype and points", head, tuple(lines), (2, 3, 5, 6))


def _evidence(rows: Sequence[RowSeen]) -> list[str]:
    """Each evidence that was reached, and at how many checks."""
    found = [row.evidence for row in rows if row.compared]
    return [f"Evidence of {count(found.count(one), 'check')}: {one}." for one in dict.fromkeys(found)]


def _each(rows: Sequence[RowSeen]) -> list[Part]:
    """The checks one by one; of many those that tell more than that they agree, and the last."""
    shown = list(rows)
    if len(rows) > MOST:
        telling = [row for row in rows if row.status != "agree"][:MOST]
        taken = {row.seed for row in (*telling, *rows[-max(0, MOST - len(telling)) or len(rows) :])}
        shown = [row for row in rows if row.seed in taken]
    lines = tuple(_line(row) for row in shown)
    head = (*_HEAD, "status", "max ulp", "compared", "note")
    left = len(rows) - len(shown)
    parts: list[Part] = [Table("The checks in the order of their seeds", head, lines, (0, 5, 6))]
    return [*parts, Paragraph(f"{count(left, 'further check')} not shown; all are in rows.")] if left else parts


def _line(row: RowSeen) -> tuple[str, ...]:
    note: Any = f"{row.fault.op}, {row.fault.side} side" if row.fault is not None else row.note
    return (str(row.seed), *_place(row), row.status, _ulp(row.worst_ulp), str(row.compared), note)


__all__ = ["build", "mimebundle"]
