"""A profile -> parts: a table of the user's lines with time, share, calls and bytes, and what the plan takes as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .html import render_html
from .parts import Paragraph, Section, Table
from .text import render_text


class CostSeen(Protocol):
    """What a line costs."""

    @property
    def line(self) -> int | None: ...
    @property
    def text(self) -> str: ...
    @property
    def nanoseconds(self) -> int | None: ...
    @property
    def calls(self) -> int: ...
    @property
    def bytes(self) -> int: ...


class ProfileSeen(Protocol):
    """A profile, as far as the views look at it."""

    @property
    def title(self) -> str: ...
    @property
    def rows(self) -> Sequence[CostSeen]: ...
    @property
    def nanoseconds(self) -> int: ...
    @property
    def plan(self) -> int | None: ...
    @property
    def workspace(self) -> int: ...
    @property
    def outputs(self) -> int: ...


def duration(nanoseconds: float) -> str:
    """``740 ns``, ``3.1 µs``, ``12 ms``: two figures at least."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            value = nanoseconds / size
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{nanoseconds:.0f} ns"


def memory(count: int) -> str:
    """``96 bytes``, ``1.5 KiB``, ``24 MiB``."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.1f} {unit}" if count < 10 * size else f"{count / size:.0f} {unit}"
    return "1 byte" if count == 1 else f"{count} bytes"


def amounts(workspace: int, outputs: int) -> str:
    """The memory of a plan, in a sentence."""
    return f"Memory: {memory(workspace)} of workspace, kept between calls; {memory(outputs)} of results, new at each."


def build(profile: ProfileSeen) -> Section:
    """The profile as parts."""
    timed = profile.plan is not None
    total = max(profile.nanoseconds, 1)
    rows = tuple(
        (
            "-" if row.line is None else str(row.line),
            row.text or "(no line of yours)",
            *((duration(row.nanoseconds or 0), f"{100 * (row.nanoseconds or 0) / total:.0f} %") if timed else ()),
            str(row.calls),
            memory(row.bytes),
        )
        for row in profile.rows
    )
    head = ("line", "code", *(("time", "share") if timed else ()), "calls", "memory")
    title = "Operations of the gradient" + (" one by one, the shortest of some runs" if timed else "")
    table = Table(title, head, rows, tuple(range(2, len(head))))
    return Section(f"Cost of the gradient of {profile.title}", (table, *map(Paragraph, summary(profile))))


def summary(profile: ProfileSeen) -> tuple[str, ...]:
    """What the lines take together, and the plan, where they were timed; and the memory: a sentence each."""
    held = amounts(profile.workspace, profile.outputs)
    if profile.plan is None:
        return (held,)
    return f"Operations one by one: {duration(profile.nanoseconds)}; the compiled plan: {duration(profile.plan)}.", held


def mimebundle(profile: ProfileSeen) -> dict[str, str]:
    """The profile as text and as HTML."""
    section = build(profile)
    return {"text/plain": render_text(section), "text/html": render_html(section)}
