"""What was measured, as data: `Line` for each workload, `Outcome` for a run; as text, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from .timing import Ratio

MEGA = 2**20


@dataclass(frozen=True)
class Line:
    """One workload.

    Attributes
    ----------
    name : str
        Of the workload.
    hand : float
        Seconds of hand-written numpy.
    ratios : mapping of str to Ratio
        Time over that, for each candidate.
    missing : mapping of str to str
        Candidates without a figure, and why.
    memory : mapping of str to (int, int)
        Bytes that are kept between calls, and the peak of one call above them.
    outputs : int
        Bytes of the gradients alone.
    """

    name: str
    hand: float
    ratios: Mapping[str, Ratio]
    missing: Mapping[str, str] = field(default_factory=dict)
    memory: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    outputs: int = 0

    def text(self, columns: list[str]) -> str:
        """A line of the table that is printed."""
        cells = [str(self.ratios[name]) if name in self.ratios else "-" for name in columns]
        return f"{self.name:<18}{self.hand * 1e6:>10.1f}" + "".join(f"  {cell:>26}" for cell in cells)

    def row(self, columns: list[str]) -> str:
        """A row of a Markdown table."""
        return f"| {self.name} | {self.hand * 1e6:.1f} | " + " | ".join(map(self._cell, columns)) + " |"

    def _cell(self, name: str) -> str:
        one = self.ratios.get(name)
        return "-" if one is None else f"{one.middle:.2f} <small>{one.low:.2f}..{one.high:.2f}</small>"


@dataclass(frozen=True)
class Outcome:
    """One run of the benchmarks."""

    machine: str
    versions: Mapping[str, str]
    rounds: int
    lines: tuple[Line, ...]
    first: Mapping[str, float] = field(default_factory=dict)
    start: Mapping[str, float] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """The candidates that have a figure, in order."""
        return list(dict.fromkeys(name for line in self.lines for name in line.ratios))

    def json(self) -> str:
        """All figures."""
        return json.dumps(asdict(self), indent=1) + "\n"

    def markdown(self) -> str:
        """The tables of ``docs/performance.md``."""
        parts = [f"Measured on {self.machine}; {self.rounds} rounds."]
        if self.versions:
            parts.append("Peers: " + "; ".join(self.versions.values()) + ".")
        columns = self.columns
        parts.append("\n".join([_head(["workload", "hand, us", *columns]), *(one.row(columns) for one in self.lines)]))
        reasons = [f"- {one.name}, {who}: {why}" for one in self.lines for who, why in one.missing.items()]
        parts += ["No figure:\n\n" + "\n".join(reasons)] if reasons else []
        parts += [f"## {title}\n\n{table}" for title, table in (self._memory(), self._first(), self._start()) if table]
        return "\n\n".join(parts) + "\n"

    def _memory(self) -> tuple[str, str]:
        title = "Memory of one call, MiB of arrays: kept between calls + peak of a call"
        names = list(dict.fromkeys(name for line in self.lines for name in line.memory))
        rows = []
        for line in self.lines:
            pairs = [line.memory.get(name) for name in names]
            cells = ["-" if one is None else f"{one[0] / MEGA:.2f} + {one[1] / MEGA:.2f}" for one in pairs]
            rows.append(f"| {line.name} | {line.outputs / MEGA:.2f} | " + " | ".join(cells) + " |")
        return title, "\n".join([_head(["workload", "gradients alone", *names]), *rows]) if names else ""

    def _first(self) -> tuple[str, str]:
        rows = [f"| {name} | {seconds * 1e3:.1f} |" for name, seconds in self.first.items()]
        return "From the network to the first gradients, ms", "\n".join(
            [_head(["workload", "ms"]), *rows]
        ) if rows else ""

    def _start(self) -> tuple[str, str]:
        rows = [f"| {name} | {value:.2f} |" for name, value in self.start.items()]
        return "Starting", "\n".join([_head(["what", ""]), *rows]) if rows else ""


def _head(names: list[str]) -> str:
    return "| " + " | ".join(names) + " |\n|" + "---|" * len(names)
