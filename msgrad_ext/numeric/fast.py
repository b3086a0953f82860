"""The fast form of a plan as text: one line a step, results into buffers of a workspace, the user's line beside it.

Comes in: steps and where their values live. Goes out: `Fast`, the text and what it needs to run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import Location
from ..ir import Eqn, Graph, Shape
from .buffers import Layout, lay_out, workspace_bytes
from .chain_text import write_chain
from .chains import block_chains
from .lowering import Steps, lower_steps
from .rooms import with_rooms
from .scalars import fits, write_scalars
from .selections import bits_of, selected
from .source import _place
from .space import BY_NAME, NO_SPACE, Space, SpaceWriter, in_tables
from .steps import Step, Value
from .sums import cheaper_sums
from .turned import turned_rows


@dataclass(frozen=True)
class Fast:
    """The fast form of a plan.

    Attributes
    ----------
    text : str
        The module; it needs the names in ``given`` and those of the arrays and calls.
    numbers : dict of str to ndarray
        Constants that are part of the program.
    arrays : dict of str to int
        Constants of the graph at hand, by their place among them.
    calls : dict of str to callable
        Voices that are called as they are.
    lines : dict of int to Eqn
        The equation of each line of the text.
    memory : int
        Bytes of a workspace.
    counts : dict of str to int
        Operations, calls and allocations of one run.
    space : Space
        What a workspace is made of.
    plain : bool
        True if it is plain Python, which hands over to numpy where Python raises.
    """

    text: str
    numbers: dict[str, np.ndarray]
    arrays: dict[str, int]
    calls: dict[str, Any]
    lines: dict[int, Eqn]
    memory: int
    counts: dict[str, int]
    space: Space = NO_SPACE
    plain: bool = False


def write_fast(graph: Graph, constants: dict[int, int], scalars: bool = True) -> Fast:
    """The fast form of ``graph``; ``constants`` says the place of each constant array by its id.

    Where all is numbers without axes it is plain Python, unless ``scalars`` is false.
    """
    lowered = lower_steps(graph)
    if scalars and fits(lowered):
        return write_plain(lowered)
    lowered = turned_rows(lowered)
    steps = cheaper_sums(lowered, block_chains(selected(lowered), lowered.outputs))
    steps = with_rooms(lowered, steps)
    return FastWriter(lowered, steps, lay_out(steps, lowered.outputs), constants).write()


def write_plain(lowered: Steps) -> Fast:
    """The fast form of a plan of numbers."""
    before, rows, after = write_scalars(lowered)
    body = rendered([(text, step.eqn if step else None, None) for text, step in rows])
    first = len(before) + 1
    lines = {first + at: step.eqn for at, (_, step) in enumerate(rows) if step is not None and step.eqn is not None}
    count = sum(step.kind != "guard" for step in lowered.steps)
    counts = {"operations": count, "calls": 0, "allocations": len(lowered.outputs)}
    return Fast("\n".join([*before, *body, *after]) + "\n", {}, {}, {}, lines, 0, counts, plain=True)


def rendered(rows: Sequence[tuple[str, Eqn | None, Location | None]]) -> list[str]:
    """The lines of a body, each with the user's line unless it is the one above's."""
    width = min(max((len(text) for text, _, _ in rows), default=0), 72) + 4
    lines, before = [], ""
    for text, eqn, location in rows:
        note = _place(eqn.location if eqn is not None else location)
        lines.append(f"{'    ' + text:<{width}}  # {note}" if note and note != before else f"    {text}")
        before = note
    return lines


class FastWriter:
    """Writes one plan."""

    def __init__(self, lowered: Steps, steps: list[Step], layout: Layout, constants: dict[int, int]) -> None:
        self.lowered = lowered
        self.steps = steps
        self.layout = layout
        self.constants = constants
        self.taken = lowered.taken
        self.used: set[str] = set()
        self.space = SpaceWriter(layout, self.taken)
        self.unnamed = {step.out for step in steps if step.kind == "room" and step.out in layout.slots}
        self.rows: list[tuple[str, Eqn | None, Location | None]] = []
        self.functions: list[tuple[str, list[tuple[str, Eqn | None]]]] = []
        self.allocations = 0
        self.noisy = False

    # The parts of the text ------------------------------------------------------------------------------------------

    def write(self) -> Fast:
        """The text and what it needs."""
        for part in in_tables(self.steps, self.layout):
            if isinstance(part, list):
                self.write_table(part)
            else:
                getattr(self, f"write_{part.kind}")(part)
        copies = [one for one in self.lowered.inputs if one in self.layout.slots]
        self.rows[:0] = [(f"{self.buffer(one)}[...] = {one.name}", None, None) for one in copies]
        results = ", ".join(self.result(value, copied) for value, copied in self.layout.results)
        self.row(f"return ({results},)" if results else "return ()")
        lines = [*self.imports(), *self.helpers()]
        numbered: dict[int, Eqn] = {}
        for head, rows in self.functions:
            lines.append(head)
            numbered |= {len(lines) + 1 + at: eqn for at, (_, eqn) in enumerate(rows) if eqn is not None}
            lines += [*rendered([(text, eqn, None) for text, eqn in rows]), "", ""]
        arguments = "".join(f", {value.name}" for value in self.lowered.inputs)
        lines += [f"def body(space{arguments}):"]
        if self.held:
            lines.append(f"    {', '.join(self.held)}{',' if len(self.held) == 1 else ''} = space")
        first = len(lines) + 1
        lines += rendered(self.rows)
        lines += self.entry(arguments)
        numbered |= {first + index: eqn for index, (_, eqn, _) in enumerate(self.rows) if eqn is not None}
        numbers = {one.name: one.array for one in self.lowered.constants if id(one.lit) not in self.constants}
        arrays = {
            one.name: self.constants[id(one.lit)] for one in self.lowered.constants if id(one.lit) in self.constants
        }
        memory, calls, space = workspace_bytes(self.layout), self.lowered.calls, self.space.space(self.noisy)
        return Fast("\n".join(lines) + "\n", numbers, arrays, calls, numbered, memory, self.counts(), space)  # type: ignore[arg-type]

    @property
    def held(self) -> list[str]:
        """The names of what a workspace holds, in order."""
        tables = [f"steps{number + 1}" for number in range(len(self.space.tables))]
        return [*(["run"] if self.noisy else []), *self.space.names.values(), *tables]

    def counts(self) -> dict[str, int]:
        """What one run does."""
        operations = calls = 0
        for step in self.steps:
            if step.kind == "chain":
                chain = step.settings[0]
                count = len(chain.steps) + len(chain.sums) + len(chain.totals)
                operations += count
                calls += chain.blocks * (1 + count) + len(chain.sums)
            elif step.kind == "view":
                calls += not self.layout.static(step.out)
            elif step.kind not in ("guard", "room"):
                operations, calls = operations + 1, calls + 1
        return {"operations": operations, "calls": calls, "allocations": self.allocations}

    def imports(self) -> list[str]:
        """What the text takes from numpy."""
        names = sorted(name for name in self.used if "_reduce" not in name)
        lines = ["import numpy as np", "from numpy import array, asarray, empty"]
        lines += [f"from numpy import {', '.join(names[at : at + 12])}" for at in range(0, len(names), 12)]
        return [*lines, *(f"{name} = np.{name[:-7]}.reduce" for name in sorted(self.used - set(names)))]

    def helpers(self) -> list[str]:
        """Voices as functions."""
        functions = [line for text in self.lowered.functions for line in ["", "", *text.splitlines()]]
        return [*self.space.functions(), *functions, "", ""]

    def entry(self, arguments: str) -> list[str]:
        """The function that is called: it takes a workspace that nobody uses, and puts it back."""
        run = "space[0](body, space" if self.noisy else "body(space"
        lines = ["", "", f"def plan({arguments[2:]}):"]
        if not self.held:
            return [*lines, f"    return body(None{arguments})"]
        return [
            *lines,
            "    try:",
            "        space = spaces.pop()",
            "    except IndexError:",
            "        space = workspace()",
            "    try:",
            f"        return {run}{arguments})",
            "    finally:",
            "        spaces.append(space)",
        ]

    # Names --------------------------------------------------------------------------------------------------------

    def row(self, text: str, eqn: Eqn | None = None, location: Location | None = None) -> None:
        """One more line of the body."""
        self.rows.append((text, eqn, location))

    def name(self, name: str) -> str:
        """A name of numpy's, which is then imported."""
        self.used.add(name)
        return name

    def dtype(self, dtype: np.dtype) -> str:
        """A dtype's name."""
        return self.name("bool_" if dtype.kind == "b" else dtype.name)

    def empty(self, value: Value) -> str:
        """A new array for ``value``."""
        return f"empty({value.shape}, {self.dtype(value.dtype)})"

    def buffer(self, value: Value) -> str:
        """The name of the array in which ``value`` is kept."""
        return self.array(self.layout.slots[value], value.shape, value.dtype)

    def array(self, slot: int, shape: Shape, dtype: np.dtype) -> str:
        """The name of a slot's memory as an array."""
        return self.space.name(self.space.put("buffer", slot, shape, dtype))

    def given(self, value: Value) -> str:
        """The text of an operand."""
        if value in self.unnamed or (value.kind == "view" and self.layout.static(value)):
            return self.space.name(self.space.place(value))
        return value.name

    def into(self, value: Value, required: bool = False) -> str | None:
        """The array that a step's result goes to, or None for a new one."""
        if value.kind == "view" and value.base is not None:
            if not self.layout.static(value):
                return value.form.format(value.base.name)
            return self.space.name(self.space.place(value))
        if value in self.layout.slots:
            return self.buffer(value)
        self.allocations += 1
        return self.empty(value) if required or not value.shape else None

    def result(self, value: Value, copied: bool) -> str:
        """An output."""
        if copied:
            self.allocations += 1
            return f"array({self.given(value)})"
        return value.name

    # Steps --------------------------------------------------------------------------------------------------------

    def write_ufunc(self, step: Step) -> None:
        into = self.into(step.out)
        word = "out=" if step.name in BY_NAME else ""
        arguments = [*map(self.given, step.operands), *([f"{word}{into}"] if into else [])]
        self.noisy = True
        self.row(f"{step.out.name} = {self.name(step.name)}({', '.join(arguments)})", step.eqn)

    write_matmul = write_ufunc

    def written(self, step: Step) -> str:
        """The array that a step's statement writes to; what always lies in one place is called by that alone."""
        if self.layout.static(step.out):
            self.unnamed.add(step.out)
            return self.given(step.out)
        self.row(f"{step.out.name} = {self.into(step.out, required=True)}", step.eqn)
        return step.out.name

    def write_bits(self, step: Step) -> None:
        self.written(step)
        operands = ", ".join(map(self.bits, (*step.operands, step.out)))
        self.row(f"{self.name(step.name)}({operands})", step.eqn)

    def bits(self, value: Value) -> str:
        """The text of an operand, a float as the integer with its bits."""
        seen = bits_of(value)
        if seen is value:
            return self.given(value)
        kind = self.dtype(seen.dtype)
        return self.given(seen) if self.layout.static(seen) else f"{self.given(value)}.view({kind})"

    def write_where(self, step: Step) -> None:
        self.allocations += 1
        self.row(f"{step.out.name} = {self.name('where')}({', '.join(map(self.given, step.operands))})", step.eqn)

    def write_cast(self, step: Step) -> None:
        self.noisy = True
        self.row(f"{self.written(step)}[...] = {self.given(step.operands[0])}", step.eqn)

    def write_reduce(self, step: Step) -> None:
        (operand,), (axes, keep) = step.operands, step.settings
        self.noisy = True
        axis = "None" if len(axes) == len(operand.shape) else str(axes[0] if len(axes) == 1 else axes)
        into = self.into(step.out)
        tail = f", None, {into}" if into or keep else ""
        text = f"{self.name(step.name + '_reduce')}({self.given(operand)}, {axis}{tail}{', True' if keep else ''})"
        self.row(f"{step.out.name} = {text}", step.eqn)

    def write_dot(self, step: Step) -> None:
        first, second = map(self.given, step.operands)
        into = self.into(step.out)
        self.row(f"{step.out.name} = {first}.dot({second}{f', {into}' if into else ''})", step.eqn)

    def write_inner(self, step: Step) -> None:
        first, second = (self.flat(operand) for operand in step.operands)
        # A product of vectors hands out a number even if it was given an array to write to.
        self.row(f"{first}.dot({second}, {self.written(step)})", step.eqn)

    def flat(self, value: Value) -> str:
        """The text of an operand as a vector."""
        text = self.given(value)
        if len(value.shape) == 1:
            return text
        if not (value.compact and self.layout.static(value)):
            return f"{text}.ravel()"
        return self.space.name(self.space.flat(value))

    def write_call(self, step: Step) -> None:
        self.noisy = True
        self.allocations += 1
        names, (spell,) = list(map(self.given, step.operands)), step.settings
        text = spell.format(*names) if isinstance(spell, str) else spell(names)
        if step.eqn is not None and step.out.kind == "made":
            text = f"asarray({text}, {self.dtype(step.out.dtype)})"
        self.row(f"{step.out.name} = {text}", step.eqn)

    def write_room(self, step: Step) -> None:
        if step.out not in self.unnamed:
            self.row(f"{step.out.name} = {self.into(step.out, required=True)}", step.eqn)

    def write_fill(self, step: Step) -> None:
        self.noisy = True
        into = self.given(step.out) if step.settings[:1] == ("part",) else self.written(step)
        self.row(step.name.format(*map(self.given, step.operands), out=into), step.eqn)

    def write_view(self, step: Step) -> None:
        if self.layout.static(step.out):
            return
        if "broadcast_to" in step.name:
            self.name("broadcast_to")
        self.row(f"{step.out.name} = {step.name.format(self.given(step.operands[0]))}", step.eqn)

    def write_chain(self, step: Step) -> None:
        self.noisy = True
        write_chain(self, step)

    def write_table(self, steps: list[Step]) -> None:
        """Many steps on arrays of the workspace alone: one loop goes through them."""
        self.noisy = True
        self.unnamed.update(step.out for step in steps)
        first = steps[0].eqn
        name = f"steps{self.space.table(steps) + 1}"
        self.row(f"for call, given in {name}:", None, first.location if first is not None else None)
        self.row("    call(*given)")

    def write_guard(self, step: Step) -> None:
        expected, location = step.settings
        self.row(f"if {'not ' if expected else ''}{self.given(step.operands[0])}:", None, location)
        self.row("    raise GuardFailed()", None, location)
