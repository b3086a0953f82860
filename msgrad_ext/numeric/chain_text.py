"""A chain of elementwise steps as text: a function for one block, and the loop that calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..ir import unique
from .chains import Chain
from .selections import bits_of
from .steps import Step, Value

if TYPE_CHECKING:
    from .fast import FastWriter


def write_chain(writer: FastWriter, step: Step) -> None:
    """Add the function and the loop of a chain to what ``writer`` has."""
    _ChainWriter(writer, step.settings[0], step).write()


class _ChainWriter:
    """Writes one chain."""

    def __init__(self, writer: FastWriter, chain: Chain, step: Step) -> None:
        self.writer = writer
        self.chain = chain
        self.step = step
        self.outer = [one for one in step.operands if one.kind != "constant"]
        self.homes: dict[tuple[int, np.dtype], str] = {}
        self.rows: list[tuple[str, Step]] = []

    def write(self) -> None:
        """The function, then the loop."""
        chain, writer = self.chain, self.writer
        name = unique("chain", writer.taken)
        for step in chain.steps:
            self.inner(step)
        for at, (total, parts) in enumerate(chain.sums):
            source = total.operands[0].name
            self.rows.append((f"{parts.name}[k] = {writer.name('add_reduce')}({source}, None)", total))
            writer.row(f"{parts.name} = {writer.buffer(parts)}", total.eqn)
            chain.sums[at] = (Step("reduce", "add", (parts,), total.out, total.settings, total.eqn), parts)
        sums = [parts.name for _, parts in chain.sums]
        given = [value.name for value in (*self.outer, *chain.made)]
        parameters = [*given, *self.homes.values(), *(["k", *sums] if sums else [])]
        writer.functions.append((f"def {name}({', '.join(parameters)}):", [(text, one.eqn) for text, one in self.rows]))
        self.loop(name, sums)
        for total, _ in chain.sums:
            writer.write_reduce(total)

    def inner(self, step: Step) -> None:
        """One step on a block."""
        if step.kind == "bits":
            return self.bits(step)
        operands = ", ".join(value.name for value in step.operands)
        call = f"{self.writer.name(step.name)}({operands}" if step.name else operands
        stored = step.out in self.chain.made
        into = step.out.name if stored else self.home(step.out) if step.kind != "where" else ""
        if step.kind == "cast" or (step.kind == "where" and stored):
            self.rows.append((f"{into}[...] = {call}{')' if step.name else ''}", step))
            text = into if not stored else ""
        else:
            word = "out=" if step.name in ("maximum", "minimum") else ""
            text = f"{call}, {word}{into})" if into else f"{call})"
            if stored:
                self.rows.append((text, step))
        if not stored:
            self.rows.append((f"{step.out.name} = {text}", step))

    def bits(self, step: Step) -> None:
        """One step on the bits of a block."""
        if step.out not in self.chain.made:
            self.rows.append((f"{step.out.name} = {self.home(step.out)}", step))
        operands = ", ".join(map(self.seen, (*step.operands, step.out)))
        self.rows.append((f"{self.writer.name(step.name)}({operands})", step))

    def seen(self, value: Value) -> str:
        """The text of a float as the integer with its bits."""
        kind = bits_of(value).dtype
        return value.name if kind == value.dtype else f"{value.name}.view({self.writer.dtype(kind)})"

    def home(self, value: Value) -> str:
        """The name of the block buffer of ``value``."""
        key = (self.chain.homes[value], value.dtype)
        if key not in self.homes:
            self.homes[key] = unique(f"t{len(self.homes) + 1}", self.writer.taken)
        return self.homes[key]

    def loop(self, name: str, sums: list[str]) -> None:
        """The calls of the function for all blocks; the last one may be shorter."""
        chain, writer, eqn = self.chain, self.writer, self.step.eqn
        texts = [self.whole(value) for value in self.outer]
        for value in chain.made:
            into = writer.into(value, required=True)
            writer.row(f"{value.name} = {into}", eqn)
            texts.append(self.whole(value, own=True))
        cut = [self.chain.sliced(value) for value in (*self.outer, *chain.made)]
        full = chain.length - chain.length % chain.step
        number = "k, i in enumerate(range" if sums else "i in range"
        writer.row(f"for {number}(0, {full}, {chain.step}){')' if sums else ''}:", eqn)
        writer.row(f"    j = i + {chain.step}", eqn)
        parts = [f"{text}[i:j]" if one else text for text, one in zip(texts, cut)]
        tail = ["k", *sums] if sums else []
        writer.row(f"    {name}({', '.join([*parts, *self.scratch(chain.step), *tail])})", eqn)
        if chain.length % chain.step:
            parts = [f"{text}[{full}:]" if one else text for text, one in zip(texts, cut)]
            tail = [str(full // chain.step), *sums] if sums else []
            last = self.scratch(chain.length % chain.step)
            writer.row(f"{name}({', '.join([*parts, *last, *tail])})", eqn)

    def whole(self, value: Value, own: bool = False) -> str:
        """The name of an operand of which the loop takes parts."""
        text = value.name if own else self.writer.given(value)
        if not self.chain.flat or len(value.shape) == (1 if self.chain.sliced(value) else 0):
            return text
        shape = "-1" if self.chain.sliced(value) else "()"
        flat = unique(f"{value.name}_flat", self.writer.taken)
        self.writer.row(f"{flat} = {text}.reshape({shape})", self.step.eqn)
        return flat

    def scratch(self, length: int) -> list[str]:
        """The block buffers for a block of ``length``."""
        shape = self.chain.block(length)
        return [
            self.writer.array(self.writer.layout.slots[self.chain.scratch[slot]], shape, dtype)
            for slot, dtype in self.homes
        ]
