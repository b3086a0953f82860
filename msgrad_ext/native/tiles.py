"""Short rows are reduced many together: a buffer takes what each row adds, and its neighbours are joined until one is left.

A sum of one row at a time is a shuffle of registers and does not vectorise over rows, nor does what is done with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# Rows of so few elements are worked on together, and so many elements at a time.
SHORT, TOGETHER = 64, 1024

_JOINED = {"sum": "{0} + {1}", "max": "m_max{end}({0}, {1})", "min": "m_min{end}({0}, {1})"}
_EMPTY = {"sum": "0", "max": "-__builtin_inf()", "min": "__builtin_inf()"}


@dataclass(frozen=True)
class Tile:
    """The rows ``t`` to ``e`` along the axis ``i{axis}``.

    Attributes
    ----------
    rows : int
        How many are worked on together.
    length : int
        The elements of a row.
    declared, buffers : list of str
        The arrays of numbers for each row, and the buffers of a stage.
    """

    axis: int
    extent: int
    rows: int
    length: int
    declared: list[str] = field(default_factory=list)
    buffers: list[str] = field(default_factory=list)

    @property
    def turn(self) -> str:
        """Which of the rows this one is."""
        return f"(i{self.axis} - t)"

    @property
    def width(self) -> int:
        """The room of a row in a buffer: a power of two, so that neighbours can be joined."""
        return 1 << (self.length - 1).bit_length()

    def column(self, kind: str) -> str:
        """A new array with one number for each row."""
        name = f"r{len(self.declared)}"
        self.declared.append(f"{kind} {name}[{self.rows}];")
        return name

    def buffer(self, kind: str) -> str:
        """A new array with room for all elements, for one stage."""
        name = f"b{len(self.buffers)}"
        self.buffers.append(f"{kind} {name}[{self.rows * self.width}] __attribute__((aligned(64)));")
        return name

    def padded(self, name: str, kind: str) -> list[str]:
        """What stands behind a row that does not fill its room."""
        if self.width == self.length:
            return []
        place = f"{name}[{self.turn} * {self.width} + l]"
        return [f"for (long l = {self.length}; l < {self.width}; l++) {place} = {_EMPTY[kind]};"]

    def folded(self, name: str, kind: str, end: str) -> list[str]:
        """Neighbours are joined until the buffer has one number for each row, at its beginning."""
        lines, width = [], self.width // 2
        while width:
            joined = _JOINED[kind].format(f"{name}[2 * m]", f"{name}[2 * m + 1]", end=end)
            count = f"(e - t) * {width}" if width > 1 else "e - t"
            lines += ["#pragma omp simd", f"for (long m = 0; m < {count}; m++) {name}[m] = {joined};"]
            width //= 2
        return lines

    def each(self, lines: list[str], together: bool) -> list[str]:
        """A loop over the rows."""
        if not lines:
            return []
        loop = f"for (long i{self.axis} = t; i{self.axis} < e; i{self.axis}++) {{"
        return [*(["#pragma omp simd"] if together else []), loop, *lines, "}"]

    def block(self, lines: list[str]) -> list[str]:
        """One stage, with its buffers."""
        found = ["{", *self.buffers, *lines, "}"] if self.buffers else lines
        self.buffers.clear()
        return found

    def around(self, lines: list[str]) -> list[str]:
        """The loop over tiles."""
        last = f"long e = t + {self.rows} < {self.extent} ? t + {self.rows} : {self.extent};"
        return [f"for (long t = 0; t < {self.extent}; t += {self.rows}) {{", last, *self.declared, *lines, "}"]
