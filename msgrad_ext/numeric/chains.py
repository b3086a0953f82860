"""Chains of steps on large arrays, computed block by block: what lies between never leaves the cache.

Comes in: steps. Goes out: steps in which such a chain is one step with a `Chain` as its setting. Where all is done
element by element, blocks are taken of the elements in order. Otherwise they are taken of the rows (the first axis):
then reductions along the other axes are part of the chain too, and what comes of them is used in the same block.

Sums over the rows as well are taken along: a full sum by numpy's pairwise sums in a block, and again of the blocks'
sums; any other one by adding up what the blocks give.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from math import prod

import numpy as np

from ..ir import Shape
from .buffers import lay_out, views_of
from .steps import ELEMENTWISE, Step, Value
from .sums import number_of, whole_sum

# In bytes; smaller arrays stay in the cache by themselves.
LARGE = 1 << 19
_BLOCK = 8192
# Rows of blocks, where numpy's loops over the last axis are short and a call costs more.
_ROWS = 32768
_ROW = 1 << 15
_PENDING = 64
# A loop over fewer elements costs more than what it does.
_SHORT = 128


class Chain:
    """Steps on arrays with one first axis.

    Attributes
    ----------
    shape : tuple of int
        The largest that a step makes.
    flat : bool
        True if blocks are taken of the elements in order, false if of the rows.
    turned : tuple of int or None
        The shape of arrays whose last two axes are exchanged in memory, so that loops over the last are long.
    rows : set of Value
        What has the rows of the chain.
    steps : list of Step
        In order: elementwise steps, and for rows also views and reductions that keep the rows.
    sums : list of Step
        Full sums of what the steps make, and the value that takes the sums of the blocks of each.
    totals : list of Step
        Other sums over the rows, and the value that they are added up in.
    made : tuple of Value
        What others read.
    laid : dict of Value to Value
        What is read by all blocks, and the array that holds it with its last two axes exchanged.
    homes : dict of Value to int
        The block buffer of each value that stays in a block and has one.
    lent : dict of Value to Value
        What stays in a block that is later written to a stored value's.
    scratch : list of Value
        The block buffers, as bytes.
    outs : tuple of Value
        That, the sums, and what the chain needs for itself while it runs.
    """

    def __init__(self, shape: Shape, flat: bool, steps: list[Step], rows: set[Value]) -> None:
        self.rows = rows
        self.shape = shape
        self.flat = flat
        self.steps = steps
        self.turned: Shape | None = None
        self.sums: list[tuple[Step, Value]] = []
        self.totals: list[tuple[Step, Value]] = []
        self.made: tuple[Value, ...] = ()
        self.laid: dict[Value, Value] = {}
        self.homes: dict[Value, int] = {}
        self.lent: dict[Value, Value] = {}
        self.scratch: list[Value] = []
        self.outs: tuple[Value, ...] = ()

    @property
    def length(self) -> int:
        """How far the blocks run."""
        return prod(self.shape) if self.flat else self.shape[0]

    @property
    def step(self) -> int:
        """The length of a block."""
        if self.flat:
            # So that a handful of block buffers takes a twentieth of what is made, where that is large.
            return min(self.length, max(_BLOCK, min(3 * _BLOCK, self.length // 128)))
        return min(self.length, max(1, _ROWS // prod(self.shape[1:])))

    def block(self, length: int, shape: Shape | None = None) -> Shape:
        """The shape of a block of an array of ``shape``."""
        return (length,) if self.flat else (length, *(shape or self.shape)[1:])

    @property
    def blocks(self) -> int:
        """The number of blocks."""
        return -(-self.length // self.step)

    def sliced(self, value: Value) -> bool:
        """True if a block reads a part of ``value`` only."""
        if self.flat:
            return value.shape == self.shape
        return value in self.rows

    def in_turn(self, shape: Shape) -> bool:
        """True for the shape of an array, or of a block of it, whose last two axes are exchanged in memory."""
        return self.turned is not None and len(shape) == len(self.turned) and shape[1:] == self.turned[1:]


def block_chains(steps: Sequence[Step], outputs: Sequence[Value]) -> list[Step]:
    """The steps with chains on large arrays as one step each."""
    if not any(map(_large, steps)):
        return list(steps)
    uses = Counter(operand for step in steps for operand in step.operands)
    uses.update(outputs)
    return _Grouping(uses).run(steps)


def _large(step: Step) -> bool:
    return step.kind in ELEMENTWISE and step.out.nbytes >= LARGE


class _Grouping:
    """Collects steps that can run together: they go where the last of them stands, others before or after them."""

    def __init__(self, uses: Counter[Value]) -> None:
        self.uses = uses
        self.result: list[Step] = []
        self.clear()

    def clear(self) -> None:
        """No group, and nothing that waits for it."""
        self.group: list[Step] = []
        self.members: set[Value] = set()
        self.after: list[Step] = []
        self.later: set[Value] = set()
        self.flat = True

    def run(self, steps: Sequence[Step]) -> list[Step]:
        """The steps in their new order."""
        queue = deque(steps)
        while queue or self.group:
            if not queue:
                queue.extend(self.flush())
                continue
            step = queue.popleft()
            if not self.group:
                self.start(step)
                continue
            late = any(one in self.later or self.hidden(one) for one in step.operands)
            if not late and self.joins(step):
                self.group.append(step)
                if not (step.kind == "reduce" and 0 in step.settings[0]):
                    self.members.add(step.out)
                else:
                    self.later.add(step.out)
            elif late or any(one in self.members for one in step.operands):
                self.after.append(step)
                self.later.add(step.out)
                if (_large(step) and step.out.shape == self.group[0].out.shape) or len(self.after) > _PENDING:
                    queue.extendleft(reversed(self.flush()))
            else:
                self.result.append(step)
        return self.result

    def hidden(self, value: Value) -> bool:
        """True for a view of a member that is not in the group."""
        return value not in self.members and value is not value.root and value.root in self.members

    def start(self, step: Step) -> None:
        """Open a group with ``step``, or leave it alone."""
        if _large(step):
            self.group, self.members = [step], {step.out}
            self.flat = _flat(step.out.shape, step.operands)
        else:
            self.result.append(step)

    def joins(self, step: Step) -> bool:
        """True if ``step`` runs in the blocks of the group; it may turn them from elements in order to rows."""
        shape = self.group[0].out.shape
        outer = [one for one in step.operands if one not in self.members]
        if step.kind in ELEMENTWISE and step.out.shape == shape and self.flat and _flat(shape, outer):
            return True
        if whole_sum(step) and step.operands[0] in self.members and (self.flat or step.operands[0].shape == shape):
            return True
        if not (self.by_rows(step, shape) and all(_in_rows(one, shape[0]) for one in self.group)):
            return False
        self.flat = False
        return True

    def by_rows(self, step: Step, shape: Shape) -> bool:
        """True if ``step`` can be done some rows at a time."""
        if len(shape) < 2 or prod(shape[1:]) > _ROW or step.out.size > prod(shape):
            return False
        if step.kind in ELEMENTWISE:
            inside = [one for one in step.operands if one in self.members]
            near = inside or step.out.shape == shape
            return (
                bool(near) and all(len(one.shape) == len(step.out.shape) for one in inside) and _in_rows(step, shape[0])
            )
        if step.kind not in ("view", "reduce") or step.operands[0] not in self.members:
            return False
        if step.kind == "view":
            return step.name.startswith("{}.reshape") and step.out.shape[:1] == shape[:1] and step.out.compact
        if 0 in step.settings[0]:
            return step.name == "add" and step.out.dtype.char in "fd"
        return True

    def flush(self) -> list[Step]:
        """Put out the group; what comes after it is to be looked at again."""
        self.result += _chained(self.group, self.flat, self.uses)
        after = self.after
        self.clear()
        return after


def _in_rows(step: Step, rows: int) -> bool:
    """True if blocks of rows of the operands give a block of rows of the result."""
    if step.kind == "view" or step.kind == "reduce":
        return True
    rank = len(step.out.shape)
    if not rank or step.out.shape[0] != rows:
        return False
    return all(len(one.shape) < rank or one.shape[0] in (1, rows) for one in step.operands)


def _flat(shape: Shape, outer: Iterable[Value]) -> bool:
    """True if blocks of elements in order do: all is of the full shape, or one number."""
    if len(shape) == 1:
        return all(one.shape == shape or one.size == 1 for one in outer)
    return all(one.size == 1 or (one.shape == shape and (one.kind != "view" or one.compact)) for one in outer)


def _chained(group: list[Step], flat: bool, uses: Counter[Value]) -> list[Step]:
    """The steps of a group as one, if that is worth it."""
    finals = [step for step in group if step.kind == "reduce" and 0 in step.settings[0]]
    inner = [step for step in group if step not in finals]
    if sum(step.kind in ELEMENTWISE for step in inner) < 2 or not (flat or prod(inner[0].out.shape[1:]) <= _ROW):
        return group
    members = {step.out for step in inner}
    cut, whole = _read(inner, members)
    if cut & whole and not flat:
        return group
    chain = Chain(inner[0].out.shape, flat, inner, members | cut)
    within = Counter(one for step in group for one in step.operands)
    seen = [step for step in inner if uses[step.out] > within[step.out]]
    # A view is made of the views that it is taken of.
    shown = {one for step in seen if step.kind == "view" for one in views_of(step.out)}
    views = [step for step in inner if step.out in shown]
    stored = {step.out for step in seen if step.kind != "view"} | {step.out.root for step in views}
    chain.made = tuple(step.out for step in inner if step.out in stored)
    outer = list(dict.fromkeys(one for step in inner for one in step.operands if one not in members))
    _turn(chain, outer)
    behind = [*views, *(one for step in finals for one in _final(chain, step))]
    _scratch(chain)
    chain.outs = (
        *chain.made,
        *(total.out for total, _ in chain.sums),
        *(parts for _, parts in (*chain.sums, *chain.totals)),
        *chain.laid.values(),
        *chain.scratch,
    )
    return [Step("chain", "", tuple(outer), chain.outs[0], (chain,), inner[-1].eqn), *behind]


def _read(steps: Sequence[Step], members: set[Value]) -> tuple[set[Value], set[Value]]:
    """Of what ``steps`` read: what has their rows, and what is the same for all rows."""
    cut: set[Value] = set()
    whole: set[Value] = set()
    rows = steps[0].out.shape[0]
    for step in steps:
        for one in step.operands:
            if one not in members:
                (cut if len(one.shape) == len(step.out.shape) and one.shape[0] == rows else whole).add(one)
    return cut, whole


def _turn(chain: Chain, outer: Sequence[Value]) -> None:
    """Exchange the last two axes of what stays in the blocks, where loops over the last one would be short."""
    shape = chain.shape
    if chain.flat or len(shape) != 3 or shape[2] >= _SHORT or shape[1] < 2 * shape[2] or shape[2] < 2:
        return
    kept = [step for step in chain.steps if step.kind == "view"]
    rooted = {value.shape for step in kept for value in (step.out, *step.operands)}
    if shape in rooted or any(one.shape == shape for one in (*chain.made, *outer)):
        return
    chain.turned = shape
    for one in outer:
        if one.shape[-2:] == shape[1:]:
            turned = (*one.shape[:-2], shape[2], shape[1])
            chain.laid[one] = Value(turned, one.dtype, "made", f"{one.name}_turned")


def _final(chain: Chain, step: Step) -> list[Step]:
    """Take along a sum over the rows; what makes the plan's value of it comes after the chain."""
    (operand,), (axes, keep), out = step.operands, step.settings, step.out
    if whole_sum(step):
        number = number_of(step)
        parts = Value((chain.blocks,), out.dtype, "made", f"{number.name}_parts")
        chain.sums.append((Step("reduce", "add", step.operands, number, ((0,), False), step.eqn), parts))
        return [Step("view", out.form, (number,), out, (), step.eqn)] if number is not out else []
    rest = tuple(length for axis, length in enumerate(operand.shape) if axis not in axes)
    turned = chain.in_turn(operand.shape) and axes == (0,)
    total = Value(rest[::-1] if turned else rest, out.dtype, "made", f"{out.name}_total")
    chain.totals.append((step, total))
    if not turned:
        out.kind, out.base, out.form = "view", total, f"{{}}.reshape({out.shape})"
        return [Step("view", out.form, (total,), out, (), step.eqn)]
    back = Value(
        out.shape, out.dtype, "view", f"{out.name}_back", total, "{}.T[None]" if keep else "{}.T", compact=False
    )
    return [Step("view", back.form, (total,), back, (), step.eqn), Step("cast", "", (back,), out, (), step.eqn)]


def _scratch(chain: Chain) -> None:
    """Block buffers, shared by the values of a block as the workspace's are by those of the plan."""
    blocks: dict[Value, Value] = {}
    # A block of what is stored serves for other values until it is written.
    lent = {one for one in chain.made if chain.flat}
    inner = {step.out for step in chain.steps} - (set(chain.made) - lent)

    def block(value: Value) -> Value:
        if value not in blocks:
            own = chain.block(chain.step, value.shape) if value in inner or chain.sliced(value) else value.shape
            base = block(value.base) if value in inner and value.kind == "view" and value.base else None
            kind = "view" if base else "made" if value in inner else "input"
            blocks[value] = Value(own, value.dtype, kind, base=base)
        return blocks[value]

    steps = []
    for one in chain.steps:
        # A reduction of a block is small, and makes its own array.
        kind = "call" if one.kind == "reduce" else one.kind
        steps.append(Step(kind, one.name, tuple(map(block, one.operands)), block(one.out)))
    for total, _ in (*chain.sums, *chain.totals):
        steps.append(Step("reduce", "add", (block(total.operands[0]),), Value((), np.dtype("f"), "input")))
    end = Value((), np.dtype("f"), "input")
    steps.append(Step("guard", "", tuple(blocks[one] for one in lent), end))
    layout = lay_out(steps, (), {value for value in blocks.values() if value.kind == "input"})
    homes = {value: layout.slots[blocks[value]] for value in inner if blocks.get(value) in layout.slots}
    owners = {homes[one]: one for one in lent if one in homes}
    owned = {slot for slot, one in owners.items() if all(v.dtype == one.dtype for v, at in homes.items() if at == slot)}
    chain.lent = {value: owners[slot] for value, slot in homes.items() if slot in owned and value not in lent}
    kept = [slot for slot in range(len(layout.sizes)) if slot not in owned and slot in {*homes.values()}]
    chain.homes = {value: kept.index(slot) for value, slot in homes.items() if slot not in owned}
    chain.scratch = [Value((layout.sizes[slot],), np.dtype(np.uint8), "made") for slot in kept]
