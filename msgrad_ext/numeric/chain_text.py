"""A chain of steps as text: a function for one block, and the loop that calls it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from ..ir import Eqn, Shape, unique
from .chains import Chain
from .selections import bits_of
from .steps import Step, Value
from .sums import TERMS, Ones, runs_of

if TYPE_CHECKING:
    from .fast import FastWriter

_TURN = "{}.transpose(0, 2, 1)"


def write_chain(writer: FastWriter, step: Step) -> None:
    """Add the function and the loop of a chain to what ``writer`` has."""
    _ChainWriter(writer, step.settings[0], step).write()


class _ChainWriter:
    """Writes one chain."""

    def __init__(self, writer: FastWriter, chain: Chain, step: Step) -> None:
        self.writer = writer
        self.chain = chain
        self.step = step
        self.ones = Ones(writer.lowered)
        self.outer = [one for one in step.operands if one.kind != "constant"]
        self.homes: dict[tuple[int, Any, Shape], str] = {}
        self.rows: list[tuple[str, Eqn | None]] = []

    def write(self) -> None:
        """The function, then the loop."""
        chain, writer = self.chain, self.writer
        name = unique("chain", writer.taken)
        for step in chain.steps:
            self.inner(step)
        for at, (total, parts) in enumerate(chain.sums):
            source = total.operands[0].name
            self.row(f"{parts.name}[k] = {writer.name('add_reduce')}({source}, None)", total)
            writer.row(f"{parts.name} = {writer.buffer(parts)}", total.eqn)
            chain.sums[at] = (Step("reduce", "add", (parts,), total.out, total.settings, total.eqn), parts)
        for total, into in chain.totals:
            self.row(f"{writer.name('add')}({into.name}, {self.summed(total)}, {into.name})", total)
            writer.row(f"{into.name} = {writer.into(into, required=True)}", total.eqn)
            writer.row(f"{into.name}.fill(0)", total.eqn)
        sums = [parts.name for _, parts in chain.sums]
        tail = [*(["k"] if sums else []), *sums, *(into.name for _, into in chain.totals)]
        given = [value.name for value in (*self.outer, *chain.made)]
        parameters = [*given, *self.homes.values(), *tail]
        writer.functions.append((f"def {name}({', '.join(parameters)}):", self.rows))
        self.loop(name, tail)
        for total, _ in chain.sums:
            writer.write_reduce(total)

    # The block ----------------------------------------------------------------------------------------------------

    def row(self, text: str, step: Step) -> None:
        """One more line of the function."""
        self.rows.append((text, step.eqn))

    def inner(self, step: Step) -> None:
        """One step on a block."""
        if step.kind == "view":
            self.row(f"{step.out.name} = {step.operands[0].name}.reshape({(-1, *step.out.shape[1:])})", step)
        elif step.kind == "reduce":
            stored = "[...]" if step.out in self.chain.made else ""
            self.row(f"{step.out.name}{stored} = {self.reduced(step)}", step)
        elif step.kind == "bits":
            self.bits(step)
        else:
            self.elementwise(step)

    def elementwise(self, step: Step) -> None:
        """A ufunc, a cast or a selection."""
        operands = ", ".join(value.name for value in step.operands)
        call = f"{self.writer.name(step.name)}({operands}" if step.name else operands
        stored = step.out in self.chain.made
        into = step.out.name if stored else self.home(step.out) if step.kind != "where" else ""
        if step.kind == "cast" or (step.kind == "where" and stored):
            self.row(f"{into}[...] = {call}{')' if step.name else ''}", step)
            text = into if not stored else ""
        else:
            word = "out=" if step.name in ("maximum", "minimum") else ""
            text = f"{call}, {word}{into})" if into else f"{call})"
            if stored:
                self.row(text, step)
        if not stored:
            self.row(f"{step.out.name} = {text}", step)

    def bits(self, step: Step) -> None:
        """A ufunc of the bits of a block."""
        if step.out not in self.chain.made:
            self.row(f"{step.out.name} = {self.home(step.out)}", step)
        operands = ", ".join(map(self.seen, (*step.operands, step.out)))
        self.row(f"{self.writer.name(step.name)}({operands})", step)

    def seen(self, value: Value) -> str:
        """The text of a float as the integer with its bits."""
        kind = bits_of(value).dtype
        return value.name if kind == value.dtype else f"{value.name}.view({self.writer.dtype(kind)})"

    def reduced(self, step: Step) -> str:
        """A reduction that keeps the rows."""
        (operand,), (axes, keep) = step.operands, step.settings
        counts = [prod(operand.shape[start:stop]) for start, stop in runs_of(axes)]
        if step.name == "add" and step.out.dtype.char in "fd" and max(counts) <= TERMS:
            return f"{self.summed(step)}.reshape({(-1, *step.out.shape[1:])})"
        tail = ", None, None, True" if keep else ""
        return f"{self.writer.name(step.name + '_reduce')}({operand.name}, {axes}{tail})"

    def summed(self, step: Step) -> str:
        """A sum by products with ones; its elements lie as those of the block do."""
        (operand,), (axes, _) = step.operands, step.settings
        text, shape = operand.name, list(operand.shape)
        if self.chain.in_turn(operand.shape):
            text, shape = _TURN.format(text), [shape[0], shape[2], shape[1]]
            axes = tuple(sorted((0, 2, 1)[axis] for axis in axes))
        for start, stop in reversed(runs_of(axes)):
            count, rest = prod(shape[start:stop]), prod(shape[stop:])
            if not start:
                own = count // shape[0] * self.chain.step
                self.row(f"rows = {text}.reshape(-1, {rest})", step)
                text = f"{self.ones.of((own,), operand.dtype).name}[: len(rows)].dot(rows)"
            elif rest == 1:
                text = f"{text}.reshape(-1, {count}).dot({self.ones.of((count,), operand.dtype).name})"
            else:
                vector = self.ones.of((1, count), operand.dtype).name
                text = f"{self.writer.name('matmul')}({vector}, {text}.reshape(-1, {count}, {rest}))"
            del shape[start:stop]
        return text if 0 not in axes else f"{text}.reshape({tuple(shape)})"

    # The loop -----------------------------------------------------------------------------------------------------

    def home(self, value: Value) -> str:
        """The name of the block buffer of ``value``."""
        if value in self.chain.lent:
            return self.chain.lent[value].name
        key = (self.chain.homes[value], value.dtype, () if self.chain.flat else value.shape)
        if key not in self.homes:
            self.homes[key] = unique(f"t{len(self.homes) + 1}", self.writer.taken)
        return self.homes[key]

    def loop(self, name: str, tail: list[str]) -> None:
        """The calls of the function for all blocks; the last one may be shorter."""
        chain, writer, eqn = self.chain, self.writer, self.step.eqn
        texts = [self.whole(value) for value in self.outer]
        for value in chain.made:
            into = writer.into(value, required=True)
            writer.row(f"{value.name} = {into}", eqn)
            texts.append(self.whole(value, own=True))
        cut = [chain.sliced(value) for value in (*self.outer, *chain.made)]
        full = chain.length - chain.length % chain.step
        counted = "k" in tail
        writer.row(
            f"for {'k, i in enumerate(range' if counted else 'i in range'}(0, {full}, {chain.step})"
            f"{')' if counted else ''}:",
            eqn,
        )
        writer.row(f"    j = i + {chain.step}", eqn)
        parts = [f"{text}[i:j]" if one else text for text, one in zip(texts, cut)]
        writer.row(f"    {name}({', '.join([*parts, *self.scratch(chain.step), *tail])})", eqn)
        if chain.length % chain.step:
            parts = [f"{text}[{full}:]" if one else text for text, one in zip(texts, cut)]
            last = [str(full // chain.step) if one == "k" else one for one in tail]
            writer.row(f"{name}({', '.join([*parts, *self.scratch(chain.length % chain.step), *last])})", eqn)

    def whole(self, value: Value, own: bool = False) -> str:
        """The name of an operand of which the loop takes parts."""
        text = value.name if own else self.writer.given(value)
        if value in self.chain.laid:
            turned = self.chain.laid[value]
            form = "{}.T" if len(turned.shape) == 2 else _TURN
            space = self.writer.space
            laid = space.name(space.view(space.place(turned), form))
            self.writer.row(f"{laid}[...] = {text}", self.step.eqn)
            return laid
        if not self.chain.flat or len(value.shape) == (1 if self.chain.sliced(value) else 0):
            return text
        shape = "-1" if self.chain.sliced(value) else "()"
        flat = unique(f"{value.name}_flat", self.writer.taken)
        self.writer.row(f"{flat} = {text}.reshape({shape})", self.step.eqn)
        return flat

    def scratch(self, length: int) -> list[str]:
        """The block buffers for a block of ``length``."""
        chain, names = self.chain, []
        for slot, dtype, shape in self.homes:
            block = chain.block(length, shape)
            turned = chain.in_turn(block)
            own = (block[0], block[2], block[1]) if turned else block
            place = self.writer.space.put("buffer", self.writer.layout.slots[chain.scratch[slot]], own, dtype)
            names.append(self.writer.space.name(self.writer.space.view(place, _TURN) if turned else place))
        return names
