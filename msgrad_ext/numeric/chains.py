"""Chains of elementwise steps on large arrays, computed block by block: what lies between never leaves the cache.

Comes in: steps. Goes out: steps in which such a chain is one step with a `Chain` as its setting. A full sum of what a
chain makes is taken along, block by block: numpy's pairwise sums in a block, and again of the blocks' sums.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

import numpy as np

from ..ir import Shape
from .buffers import lay_out
from .steps import ELEMENTWISE, Step, Value
from .sums import number_of, whole_sum

# Smaller arrays stay in the cache by themselves.
_LARGE = 1 << 16
_BLOCK = 8192
_ROW = 1 << 15
_PENDING = 64


class Chain:
    """Elementwise steps on one shape.

    Attributes
    ----------
    shape : tuple of int
        What all steps make.
    flat : bool
        True if blocks are taken of the elements in order, false if of the rows.
    steps : list of Step
        In order.
    sums : list of Step
        Full sums of what the steps make, and the value that takes the sums of the blocks of each.
    made : tuple of Value
        What others read.
    homes : dict of Value to int
        The block buffer of each value that stays in a block.
    scratch : list of Value
        The block buffers, as bytes.
    outs : tuple of Value
        That, the sums, and what the chain needs for itself while it runs.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.flat = True
        self.steps: list[Step] = []
        self.sums: list[tuple[Step, Value]] = []
        self.made: tuple[Value, ...] = ()
        self.homes: dict[Value, int] = {}
        self.scratch: list[Value] = []
        self.outs: tuple[Value, ...] = ()

    @property
    def length(self) -> int:
        """How far the blocks run."""
        return int(np.prod(self.shape)) if self.flat else self.shape[0]

    @property
    def step(self) -> int:
        """The length of a block."""
        row = 1 if self.flat else int(np.prod(self.shape[1:]))
        return min(self.length, max(1, _BLOCK // row))

    def block(self, length: int) -> Shape:
        """The shape of a block."""
        return (length,) if self.flat else (length, *self.shape[1:])

    @property
    def blocks(self) -> int:
        """The number of blocks."""
        return -(-self.length // self.step)

    def sliced(self, value: Value) -> bool:
        """True if a block reads a part of ``value`` only."""
        if self.flat:
            return value.shape == self.shape
        return len(value.shape) == len(self.shape) and value.shape[0] == self.shape[0]


def block_chains(steps: Sequence[Step], outputs: Sequence[Value]) -> list[Step]:
    """The steps with chains on large arrays as one step each."""
    if not any(map(_large, steps)):
        return list(steps)
    uses = Counter(operand for step in steps for operand in step.operands)
    uses.update(outputs)
    return _Grouping(uses).run(steps)


def _large(step: Step) -> bool:
    return step.kind in ELEMENTWISE and step.out.size >= _LARGE


class _Grouping:
    """Collects steps that can run together: they go where the last of them stands, others before or after them."""

    def __init__(self, uses: Counter[Value]) -> None:
        self.uses = uses
        self.result: list[Step] = []
        self.group: list[Step] = []
        self.members: set[Value] = set()
        self.after: list[Step] = []
        self.later: set[Value] = set()

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
            late = any(one in self.later or (one.root in self.members and one is not one.root) for one in step.operands)
            if not late and self.joins(step):
                self.group.append(step)
                self.members.add(step.out)
            elif late or any(one in self.members for one in step.operands):
                self.after.append(step)
                self.later.add(step.out)
                if (_large(step) and step.out.shape == self.group[0].out.shape) or len(self.after) > _PENDING:
                    queue.extendleft(reversed(self.flush()))
            else:
                self.result.append(step)
        return self.result

    def start(self, step: Step) -> None:
        """Open a group with ``step``, or leave it alone."""
        if _large(step):
            self.group, self.members = [step], {step.out}
        else:
            self.result.append(step)

    def joins(self, step: Step) -> bool:
        """True if ``step`` runs in the blocks of the group."""
        if step.kind in ELEMENTWISE:
            return step.out.shape == self.group[0].out.shape
        return step.operands[0] in self.members and whole_sum(step)

    def flush(self) -> list[Step]:
        """Put out the group; what comes after it is to be looked at again."""
        self.result += _chained(self.group, self.uses)
        after, self.group, self.after, self.members, self.later = self.after, [], [], set(), set()
        return after


def _chained(group: list[Step], uses: Counter[Value]) -> list[Step]:
    """The steps of a group as one, if that is worth it."""
    inner = [step for step in group if step.kind in ELEMENTWISE]
    chain = Chain(inner[0].out.shape)
    made = {step.out for step in inner}
    outer = list(dict.fromkeys(one for step in inner for one in step.operands if one not in made))
    chain.flat = _flat(chain, outer)
    if len(inner) < 2 or not (chain.flat or np.prod(chain.shape[1:]) <= _ROW) or not _fits(chain, outer):
        return group
    within = Counter(one for step in group for one in step.operands)
    chain.steps = inner
    chain.made = tuple(step.out for step in inner if uses[step.out] > within[step.out])
    views = []
    for step in group:
        if step.kind == "reduce":
            whole = step.out
            number = number_of(step)
            parts = Value((chain.blocks,), whole.dtype, "made", f"{number.name}_parts")
            chain.sums.append((Step("reduce", "add", step.operands, number, ((0,), False), step.eqn), parts))
            if number is not whole:
                views.append(Step("view", whole.form, (number,), whole, (), step.eqn))
    _scratch(chain)
    chain.outs = (
        *chain.made,
        *(sum_.out for sum_, _ in chain.sums),
        *(parts for _, parts in chain.sums),
        *chain.scratch,
    )
    out = chain.outs[0] if chain.outs else inner[-1].out
    return [Step("chain", "", tuple(outer), out, (chain,), inner[-1].eqn), *views]


def _scratch(chain: Chain) -> None:
    """Block buffers, shared by the values of a block as the workspace's are by those of the plan."""
    shape = chain.block(chain.step)
    blocks: dict[Value, Value] = {}

    def block(value: Value) -> Value:
        if value not in blocks:
            own = shape if chain.sliced(value) else value.shape
            blocks[value] = Value(own, value.dtype, "made" if value in inner else "input")
        return blocks[value]

    inner = {step.out for step in chain.steps} - set(chain.made)
    steps = [Step(one.kind, one.name, tuple(map(block, one.operands)), block(one.out)) for one in chain.steps]
    reads = [
        Step("reduce", "add", (block(total.operands[0]),), Value((), np.dtype("f"), "input")) for total, _ in chain.sums
    ]
    layout = lay_out([*steps, *reads], (), {value for value in blocks.values() if value.kind == "input"})
    chain.homes = {value: layout.slots[blocks[value]] for value in inner if blocks[value] in layout.slots}
    chain.scratch = [Value((size,), np.dtype(np.uint8), "made") for size in layout.sizes]


def _flat(chain: Chain, outer: Sequence[Value]) -> bool:
    """True if blocks of elements in order do: all is of the full shape, or one number."""
    if len(chain.shape) == 1:
        return all(one.shape == chain.shape or one.size == 1 for one in outer)
    return all(one.size == 1 or (one.shape == chain.shape and (one.kind != "view" or one.compact)) for one in outer)


def _fits(chain: Chain, outer: Sequence[Value]) -> bool:
    """True if each operand is read by blocks, or is the same for all of them."""
    if chain.flat:
        return True
    return all(chain.sliced(one) or len(one.shape) < len(chain.shape) or one.shape[0] == 1 for one in outer)
