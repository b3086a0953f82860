"""Where values live: which are fresh, which share a slot of the workspace, and which views are made once.

A slot is handed on when nobody reads its value, or a view of it, any more. An elementwise step may write over an
operand that it reads last, if that is the whole slot in the same layout; no other step writes where it reads.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from .steps import ELEMENTWISE, Step, Value

# Steps whose result goes into a buffer that they are given.
INTO = frozenset({"ufunc", "bits", "fill", "room", "cast", "reduce", "dot", "matmul", "inner"})


@dataclass(frozen=True)
class Layout:
    """Where the values of a plan live.

    Attributes
    ----------
    sizes : list of int
        Bytes of each slot.
    slots : dict of Value to int
        The slot of each value that has one.
    fresh : set of Value
        Values that are new arrays at each call.
    results : list of (Value, bool)
        The outputs, and whether each must be copied.
    """

    sizes: list[int] = field(default_factory=list)
    slots: dict[Value, int] = field(default_factory=dict)
    fresh: set[Value] = field(default_factory=set)
    results: list[tuple[Value, bool]] = field(default_factory=list)

    def static(self, value: Value) -> bool:
        """True if ``value`` is one array for the life of a workspace."""
        while value.kind == "view" and value.base is not None and not value.torn:
            value = value.base
        return value.kind == "constant" or value in self.slots


def lay_out(steps: Sequence[Step], outputs: Sequence[Value], elsewhere: Collection[Value] = ()) -> Layout:
    """Slots for the values of ``steps``, except those that live ``elsewhere``."""
    layout = Layout()
    layout.fresh.update(elsewhere)
    _choose_fresh(layout, steps, outputs)
    last = _last_reads(steps, layout)
    free = _Free(layout.sizes)
    for index, step in enumerate(steps):
        dying = _dying(step, index, last, layout)
        for out in _made(step):
            if out in layout.fresh or out in layout.slots or step.kind not in INTO | {"chain"} or out.kind == "view":
                continue
            slot = _overwritten(step, dying) if step.kind in ELEMENTWISE else None
            if slot is not None:
                layout.slots[out] = layout.slots[slot]
                dying.remove(slot)
            else:
                layout.slots[out] = free.take(out.nbytes)
            if last.get(out, -1) <= index:
                dying.append(out)
        for value in dying:
            free.give(layout.slots[value])
    return layout


def _made(step: Step) -> tuple[Value, ...]:
    return step.settings[0].outs if step.kind == "chain" else (step.out,)


def _choose_fresh(layout: Layout, steps: Sequence[Step], outputs: Sequence[Value]) -> None:
    """Outputs are made as new arrays where they can be, and copied where they would share memory."""
    makers = {out: step for step in steps if step.kind not in ("view", "guard") for out in _made(step)}
    claimed: set[Value] = set()
    for value in outputs:
        root = value.root
        whole = value is root or (value.kind == "view" and value.size == root.size and "broadcast_to" not in value.form)
        own = root in makers and makers[root].kind != "call"
        called = value is root and root in makers and makers[root].kind == "call"
        if root not in claimed and ((whole and own) or called) and not any(one is value for one in claimed):
            layout.fresh.add(root)
            layout.results.append((value, False))
        else:
            layout.results.append((value, True))
        claimed.add(root)


def _last_reads(steps: Sequence[Step], layout: Layout) -> dict[Value, int]:
    """The index of the last step that reads each root."""
    last: dict[Value, int] = {}
    for index, step in enumerate(steps):
        for operand in step.operands:
            last[operand.root] = index
    for value, _ in layout.results:
        last[value.root] = len(steps)
    return last


def _dying(step: Step, index: int, last: dict[Value, int], layout: Layout) -> list[Value]:
    """Roots with a slot that ``step`` reads last."""
    roots = dict.fromkeys(operand.root for operand in step.operands)
    return [root for root in roots if root in layout.slots and last[root] == index]


def _overwritten(step: Step, dying: Sequence[Value]) -> Value | None:
    """The operand whose slot an elementwise step may take over."""
    for value in dying:
        readers = [operand for operand in step.operands if operand.root is value]
        same = (value.shape, value.dtype) == (step.out.shape, step.out.dtype)
        if same and all(reader is value for reader in readers):
            return value
    return None


class _Free:
    """The slots that nobody uses."""

    def __init__(self, sizes: list[int]) -> None:
        self.sizes = sizes
        self.by_size: dict[int, list[int]] = {}
        self.known: list[int] = []

    def take(self, nbytes: int) -> int:
        """A free slot of at least ``nbytes``, not much larger; a new one if there is none."""
        at = bisect_left(self.known, nbytes)
        for size in self.known[at : at + 8]:
            if size > 2 * nbytes + 1024:
                break
            if self.by_size[size]:
                return self.by_size[size].pop()
        self.sizes.append(nbytes)
        return len(self.sizes) - 1

    def give(self, slot: int) -> None:
        """``slot`` is free again."""
        size = self.sizes[slot]
        if size not in self.by_size:
            self.by_size[size] = []
            insort(self.known, size)
        self.by_size[size].append(slot)


def workspace_bytes(layout: Layout) -> int:
    """The bytes of all slots."""
    return sum(layout.sizes)


def views_of(value: Value) -> list[Value]:
    """A view and the views that it is taken of, outermost last, without the root."""
    found: list[Any] = []
    while value.base is not None:
        found.append(value)
        value = value.base
    return found[::-1]
