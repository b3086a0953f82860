"""The C text of a group: a function of pointers. Groups that do the same share one function."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .nests import Nest, prefix_reduced
from .program import Access, Gather, Map, Shape, Value, contiguous, core_strides, merged
from .tiles import SHORT, TOGETHER, Tile

# A sum runs in float over so many elements at most, then into a wider one.
BLOCK = 512


@dataclass(frozen=True)
class Kernel:
    """A function and what it is called with: (value, offset, is written), a row's room counted as a value."""

    text: str
    arguments: tuple[tuple[Value, int, bool], ...]
    rooms: tuple[Value, ...]


def kernel(nest: Nest, escaping: set[Value]) -> Kernel:
    """The function of ``nest``; values in ``escaping`` are stored."""
    return _Writer(nest, escaping).write()


class _Writer:
    """Writes one group."""

    def __init__(self, nest: Nest, escaping: set[Value]) -> None:
        self.nest, self.escaping = nest, escaping
        self.rows = nest.split or 0
        self.made = {step.out: step for step in nest.steps}
        self.stages = max((nest.stage[step] for step in nest.steps), default=0) + 1
        self.rooms: dict[Value, Value] = {}
        self.parameters: dict[tuple[Value, int], str] = {}
        self.written: set[Value] = set()
        self.names: dict[Value, str] = {}
        self.loaded: dict[tuple[str, str], str] = {}
        # What was loaded is known by the list it was loaded in, so the lists must live.
        self.kept: list[list[str]] = []
        # Loops whose turns may not run side by side.
        self.in_turn: set[int] = set()
        self.count = 0
        self.tile: Tile | None = None
        # With a tile: the arrays that hold a number for each of its rows.
        self.columns: dict[Value, str] = {}
        self._prepare()

    def _prepare(self) -> None:
        """Merge the axes, decide which rows are worked on together, and what needs room for them."""
        nest = self.nest
        accesses = [one for step in nest.steps for one in step.operands]
        accesses += [step.target for step in nest.steps if isinstance(step, Gather)]
        whole = (contiguous(nest.axes), (*(0,) * self.rows, *contiguous(nest.axes[self.rows :])))
        strides = [self.spread(one) for one in accesses] + list(whole)
        strides += [(*contiguous(nest.axes[: self.rows]), *(0,) * (len(nest.axes) - self.rows))]
        self.axes, joined, self.head = merged(nest.axes, strides, self.rows)
        self.strides = dict(zip(strides, joined))
        self.tile = self._tile()
        together = (self.tile.rows,) if self.tile else ()
        for step in nest.steps:
            for one in step.operands:
                before = self.made.get(one.value) if one.value is not None else None
                if isinstance(before, Map) and before not in nest.rows and nest.level[before.out] == "full":
                    if nest.stage[step] > nest.stage[before] and before.out not in self.escaping:
                        room = Value((*together, *nest.axes[self.rows :]), before.out.dtype)
                        self.rooms.setdefault(before.out, room)

    def _tile(self) -> Tile | None:
        """The rows that are worked on together, where rows are short and something is made of each."""
        length, head = math.prod(self.axes[self.head :]), self.head
        gathers = [step for step in self.nest.steps if isinstance(step, Gather)]
        if not head or len(self.axes) == head or length > SHORT or self.axes[head - 1] == 1:
            return None
        if not any(prefix_reduced(step) == self.rows for step in gathers):
            return None
        for step in gathers:
            inner = self.strides[self.spread(step.target)][head:]
            if any(inner) and not inner[-1]:
                return None
        extent = self.axes[head - 1]
        return Tile(head - 1, extent, min(extent, max(16, TOGETHER // length)), length)

    def spread(self, access: Access) -> Shape:
        """Its strides along the nest's axes; an access of rows stands still along the others."""
        found = core_strides(access.shape, access.strides)
        return (*found, *(0,) * (len(self.nest.axes) - len(found)))

    def pointer(self, value: Value, offset: int = 0, written: bool = False) -> str:
        """The parameter that points at ``value[offset]``."""
        if written:
            self.written.add(value)
        return self.parameters.setdefault((value, offset), f"p{len(self.parameters)}")

    def place(self, strides: Shape) -> str:
        """The index expression of strides along the nest's axes."""
        terms = [
            f"i{axis}" if stride == 1 else f"i{axis} * {stride}"
            for axis, stride in enumerate(self.strides[strides])
            if stride
        ]
        return " + ".join(terms) or "0"

    def fresh(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def read(self, access: Access, lines: list[str], stage: int) -> str:
        """The name of an element of ``access``; the line that loads it is added once."""
        value = access.value
        if value is None:
            return access.number
        before = self.made.get(value)
        if before is not None:
            later = isinstance(before, Map) and before not in self.nest.rows and stage > self.nest.stage[before]
            if value in self.columns and self.tile:
                text = f"{self.columns[value]}[{self.tile.turn}]"
            elif not later:
                return self.names[value]
            else:
                text = self.stored_at(value)
        else:
            text = f"{self.pointer(value, access.offset)}[{self.place(self.spread(access))}]"
        key = (text, str(id(lines)))
        if key not in self.loaded:
            self.loaded[key] = self.fresh()
            lines.append(f"{value.ctype} {self.loaded[key]} = {text};")
        return self.loaded[key]

    def stored_at(self, value: Value) -> str:
        """Where a value of every element is kept."""
        if value in self.rooms:
            lead = f"{self.tile.turn} * {self.tile.length} + " if self.tile else ""
            return f"{self.pointer(self.rooms[value], 0, True)}[{lead}{self.inside()}]"
        return f"{self.pointer(value, 0, True)}[{self.place(contiguous(self.nest.axes))}]"

    def compute(self, step: Map, lines: list[str]) -> None:
        """The line of a map, and its store."""
        operands = [self.read(one, lines, self.nest.stage[step]) for one in step.operands]
        name = self.names[step.out] = self.fresh()
        lines.append(f"{step.out.ctype} {name} = {step.form.format(*operands)};")
        if step in self.nest.rows:
            self.keep(step.out, name, lines)
        elif step.out in self.escaping or step.out in self.rooms:
            lines.append(f"{self.stored_at(step.out)} = {name};")

    def keep(self, value: Value, name: str, lines: list[str]) -> None:
        """The lines that store the number of a row for those who read it later."""
        if self.tile:
            column = self.columns[value] = self.tile.column(value.ctype)
            self.loaded[f"{column}[{self.tile.turn}]", str(id(lines))] = name
            lines.append(f"{column}[{self.tile.turn}] = {name};")
        if value in self.escaping:
            lines.append(f"{self.pointer(value, 0, True)}[{self.row()}] = {name};")

    def row(self) -> str:
        """The index of a row."""
        return self.place((*contiguous(self.nest.axes[: self.rows]), *(0,) * (len(self.nest.axes) - self.rows)))

    def inside(self) -> str:
        """The place of an element in its row."""
        return self.place((*(0,) * self.rows, *contiguous(self.nest.axes[self.rows :])))

    def write(self) -> Kernel:
        """The function."""
        before: list[str] = []
        after: list[str] = []
        inner: list[str] = []
        for stage in range(self.stages):
            inner += self.stage(stage, before, after)
        head = self.head
        if self.tile:
            inner, head = self.tile.around(_in(inner)), head - 1
        inner = self.over(range(head), inner)
        body = [*before, *inner, *after]
        rooms = tuple(self.rooms.values())
        parameters = ", ".join(
            f"{'' if value in self.written else 'const '}{value.ctype} *restrict {name}"
            for (value, _), name in self.parameters.items()
        )
        arguments = tuple((value, offset, value in self.written) for value, offset in self.parameters)
        return Kernel(f"({parameters}) {{\n" + "\n".join(_in(body)) + "\n}\n", arguments, rooms)

    def over(self, axes: range, lines: list[str]) -> list[str]:
        """Loops over ``axes``."""
        for axis in reversed(axes):
            lines = [f"for (long i{axis} = 0; i{axis} < {self.axes[axis]}; i{axis}++) {{", *_in(lines), "}"]
        return lines

    def stage(self, stage: int, before: list[str], after: list[str]) -> list[str]:
        """Once a row: what the reductions of the stages before gave, then the loop of this stage."""
        head: list[str] = []
        loop: list[str] = []
        sums: list[_Sum] = []
        tail: list[str] = []
        self.kept += [head, loop, tail]
        for step in self.nest.steps:
            if self.nest.stage[step] != stage:
                continue
            if isinstance(step, Map):
                self.compute(step, head if step in self.nest.rows else loop)
            else:
                self.reduce(step, stage, head, loop, sums, tail, before, after)
        if self.tile:
            return self.together(self.tile, head, loop, sums, tail)
        return [*head, *self.loops(loop, sums), *tail]

    def reduce(self, step: Gather, stage: int, head: list[str], loop: list[str], sums: list[_Sum],
               tail: list[str], before: list[str], after: list[str]) -> None:  # fmt: skip
        """A reduction: of a row, of everything, or into memory."""
        kept, end = prefix_reduced(step), "f" if step.out.ctype == "float" else ""
        if step.kind != "sum" and kept == self.rows and not self.tile:
            self.extreme(step, end, head)
            return
        value = self.read(step.operands[0], loop, stage)
        if kept == self.rows and self.tile:
            buffer, name = self.tile.buffer(step.out.ctype), self.fresh()
            sums.append(_Sum(step, value, "", buffer))
            tail.append(f"{step.out.ctype} {name} = {buffer}[{self.tile.turn}];")
            self.keep(step.out, name, tail)
            return
        if step.kind == "sum" and (kept == self.rows or kept == 0):
            total = self.fresh()
            sums.append(_Sum(step, value, total, self.tile.buffer(step.out.ctype) if self.tile else ""))
            first, last = (head, tail) if kept == self.rows else (before, after)
            first.append(f"double {total} = 0, {total}c = 0;")
            name = self.names[step.out] = self.fresh()
            last.append(f"{step.out.ctype} {name} = TOTAL{end}({total}, {total}c);")
            if step.out in self.escaping:
                place = self.row() if kept == self.rows else "0"
                last.append(f"{self.pointer(step.out, 0, True)}[{place}] = {name};")
            return
        self.into_memory(step, value, end, loop, sums, before)

    def into_memory(
        self, step: Gather, value: str, end: str, loop: list[str], sums: list[_Sum], before: list[str]
    ) -> None:
        """Each element is joined with what stands at its target."""
        # One pointer for both: the compiler takes two for different memory.
        start = self.pointer(step.out, 0, True)
        size = step.out.size
        if step.kind == "sum":
            before.append(f"memset({start}, 0, {size} * sizeof *{start});")
            change = "{0} += {1};"
        else:
            sign = "-" if step.kind == "max" else ""
            before.append(f"for (long i = 0; i < {size}; i++) {start}[i] = {sign}__builtin_inf();")
            change = f"{{0}} = m_{step.kind}{end}({{1}}, {{0}});"
        strides = self.spread(step.target)
        place = f"{start}[{step.target.offset} + {self.place(strides)}]"
        still = bool(self.axes) and not self.strides[strides][-1]
        if step.kind == "sum" and still:
            sums.append(_Sum(step, value, place, self.tile.buffer(step.out.ctype) if self.tile else ""))
        else:
            loop.append(change.format(place, value))
            if still:
                self.in_turn.add(id(loop))

    def extreme(self, step: Gather, end: str, head: list[str]) -> None:
        """The maximum or minimum of a row that stands in memory."""
        access = step.operands[0]
        strides = self.spread(access)
        inner = self.strides[strides][self.head :]
        length = 1
        for one in self.axes[self.head :]:
            length *= one
        name = self.names[step.out] = self.fresh()
        assert access.value is not None
        if access.value in self.rooms:
            start = self.pointer(self.rooms[access.value], 0, True)
        else:
            place = (
                " + ".join(f"i{axis} * {by}" for axis, by in enumerate(self.strides[strides][: self.head]) if by) or "0"
            )
            start = f"({self.pointer(access.value, access.offset, access.value in self.made)} + {place})"
        kind = step.out.ctype
        if inner == (1,):
            head.append(f"{kind} {name} = row_{step.kind}{end}({start}, {length});")
        else:
            place = " + ".join(f"j{axis} * {by}" for axis, by in enumerate(inner)) or "0"
            lines = [f"{name} = m_{step.kind}{end}({start}[{place}], {name});"]
            for axis in reversed(range(len(inner))):
                count = self.axes[self.head + axis]
                lines = [f"for (long j{axis} = 0; j{axis} < {count}; j{axis}++) {{", *_in(lines), "}"]
            head += [f"{kind} {name} = {start}[0];", *lines]
        if step.out in self.escaping:
            head.append(f"{self.pointer(step.out, 0, True)}[{self.row()}] = {name};")

    def together(self, tile: Tile, head: list[str], loop: list[str], sums: list[_Sum], tail: list[str]) -> list[str]:
        """A stage of all rows of a tile: their numbers, their elements, and what is joined of these."""
        place, last = f"{tile.turn} * {tile.width} + {self.inside()}", len(self.axes) - 1
        stores = [f"{one.buffer}[{place}] = {one.value};" for one in sums]
        elements = [*loop, *stores]
        if elements:
            elements = [*self.pragma(loop), *self.over(range(last, last + 1), elements)]
        elements = self.over(range(self.head, last), elements) if elements else []
        joined: list[str] = []
        ends: list[str] = []
        for one in sums:
            kind, end = one.step.kind, "f" if one.step.out.ctype == "float" else ""
            elements += tile.padded(one.buffer, kind)
            joined += tile.folded(one.buffer, kind, end)
            if one.total:
                ends.append(_wide(one.step, one.total, f"{one.buffer}[{tile.turn}]"))
        ended = tile.each([*ends, *tail], False)
        return tile.block([*tile.each(head, True), *tile.each(elements, False), *joined, *ended])

    def pragma(self, lines: list[str], partial: Sequence[str] = ()) -> list[str]:
        """What lets the turns of the innermost loop over ``lines`` run side by side."""
        reduction = f" reduction(+:{','.join(partial)})" if partial else ""
        apart = self.axes[-1] > 1 and id(lines) not in self.in_turn
        return [f"#pragma omp simd{reduction}"] if apart else []

    def loops(self, lines: list[str], sums: list[_Sum]) -> list[str]:
        """The loop over the elements of a row, with its sums."""
        if not lines and not sums:
            return []
        last = len(self.axes) - 1
        if last < self.head:  # a row is one element
            return ["{", *_in([*lines, *(_wide(one.step, one.total, one.value) for one in sums)]), "}"]
        partial = [f"s{index}" for index in range(len(sums))]
        body = [*lines, *(f"{name} += {one.value};" for name, one in zip(partial, sums))]
        starts = [f"{one.step.out.ctype} {name} = 0;" for name, one in zip(partial, sums)]
        ends = [_wide(one.step, one.total, name) for name, one in zip(partial, sums)]
        length = self.axes[last]
        pragma = self.pragma(lines, partial)
        if partial and length > BLOCK:
            text = [
                f"for (long b = 0; b < {length}; b += {BLOCK}) {{",
                f"long e = b + {BLOCK} < {length} ? b + {BLOCK} : {length};",
                *starts,
                *pragma,
                f"for (long i{last} = b; i{last} < e; i{last}++) {{",
                *_in(body),
                "}",
                *ends,
                "}",
            ]
        else:
            text = ["{", *starts, *pragma, *self.over(range(last, last + 1), body), *ends, "}"]
        return self.over(range(self.head, last), text)


@dataclass(frozen=True)
class _Sum:
    """What a loop reduces: the expression of an element, and what it is joined with."""

    step: Gather
    value: str
    total: str
    buffer: str


def _wide(step: Gather, total: str, value: str) -> str:
    """Add a partial sum to the total: in double, or for doubles with what was lost; to memory as it is."""
    if "[" in total:
        return f"{total} += {value};"
    return f"WIDE{'f' if step.out.ctype == 'float' else ''}({total}, {total}c, {value});"


def _in(lines: list[str]) -> list[str]:
    return [line if line.startswith("#") else f"    {line}" for line in lines]
