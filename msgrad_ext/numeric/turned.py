"""Rows laid innermost, where numpy's loops over the last axes would be short.

numpy takes some five nanoseconds to begin a loop over the last axis, and a third of one for an element. Where a thousand
rows of a few elements meet operands that are broadcast along them, it does little else than begin::

    v1: f32[1000,8,4] = subtract(x, means)      (x f32[1000,1,4], means f32[8,4]: 8000 loops over 4)
    v1: f32[8,4,1000] = subtract(x, means)      (x f32[1,4,1000], means f32[8,4,1]: 32 loops over 1000)

Steps that depend on each other by such arrays are a region. A region is turned if the loops that are saved are worth the
copies of what goes in and out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod

from ..ir import Shape, unique
from .chains import LARGE
from .lowering import Steps
from .steps import ELEMENTWISE, Step, Value

# In nanoseconds: a loop over the last axis, one that looks for an extreme, an element that is copied to another order, a copy's call.
_LOOP, _EXTREME, _MOVED, _CALL = 5, 20, 1, 600
# What is saved must be worth it, and rows must be long.
_WORTH, _LEAST, _ROWS = 1.0, 5000, 64
# A byte of a large array, which would go through the cache in blocks if it were not turned; still larger ones are left.
_BYTE, _LARGEST = 0.1, 1 << 25


def turned_rows(lowered: Steps) -> Steps:
    """``lowered`` with the regions turned that are worth it."""
    if sum(map(_saved, lowered.steps)) < _LEAST:
        return lowered
    for region in _regions(lowered.steps):
        turn = _Turn(lowered, region)
        if turn.pays():
            lowered = replace(lowered, steps=turn.steps())
    return lowered


def _full(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + tuple(shape)


def _turned(shape: Shape) -> Shape:
    return (*shape[1:], shape[0])


def _loops(shapes: Sequence[Shape], out: Shape) -> int:
    """How many loops over the last axes numpy makes: neighbours are one loop where all operands run through them as one."""
    padded = [_full(shape, len(out)) for shape in shapes]
    long = [axis for axis, length in enumerate(out) if length > 1]
    length, last = 1, None
    for axis in reversed(long):
        pattern = [shape[axis] > 1 for shape in padded]
        if last is not None and pattern != last:
            break
        length, last = length * out[axis], pattern
    return prod(out) // max(length, 1)


def _saved(step: Step) -> float:
    """The nanoseconds that numpy needs less for ``step`` if the rows lie innermost."""
    whole = step.operands[0].shape if step.kind == "reduce" else step.out.shape
    if not _belongs(step) or len(whole) < 2 or not prod(whole):
        return 0
    if step.kind == "reduce":
        # Sums of short rows are products with ones.
        axes = step.settings[0]
        short = step.name != "add" and len(whole) - 1 in axes and 0 not in axes and whole[-1] > 1
        return _EXTREME * (step.out.size - prod(whole[1:])) if short else 0
    shapes = [_full(one.shape, len(whole)) for one in step.operands]
    loops = _loops(shapes, whole) - _loops([_turned(shape) for shape in shapes], _turned(whole))
    return _LOOP * loops - (_BYTE * step.out.nbytes if step.out.nbytes >= LARGE else 0)


def _belongs(step: Step) -> bool:
    """True for a step on rows that can be done with the rows innermost."""
    out = step.out
    if step.kind == "view":
        given = step.operands[0].shape
        return step.name.startswith("{}.reshape(") and len(given) > 1 and given[0] == (out.shape or (0,))[0] >= _ROWS
    if step.kind == "reduce":
        out = step.operands[0]
    elif step.kind not in ELEMENTWISE or any(len(one.shape) > len(out.shape) for one in step.operands):
        return False
    return len(out.shape) > 1 and out.shape[0] >= _ROWS and out.dtype.char != "e" and out.nbytes < _LARGEST


def _rowed(value: Value, rows: int) -> bool:
    """True for what is another array when it is turned."""
    return len(value.shape) > 1 and value.shape[0] == rows


def _regions(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Steps on rows, in groups that depend on each other."""
    leader: dict[Value, Value] = {}

    def find(value: Value) -> Value:
        while leader.setdefault(value, value) is not value:
            value = leader[value]
        return value

    inside = [step for step in steps if _belongs(step)]
    for step in inside:
        rows = (step.operands[0] if step.kind in ("reduce", "view") else step.out).shape[0]
        known = [one for one in (step.out, *step.operands) if _rowed(one, rows)]
        for one in known[1:]:
            leader[find(one)] = find(known[0])
    groups: dict[Value, list[Step]] = {}
    for step in inside:
        rows = (step.operands[0] if step.kind in ("reduce", "view") else step.out).shape[0]
        first = next(one for one in (step.out, *step.operands) if _rowed(one, rows))
        groups.setdefault(find(first), []).append(step)
    yield from groups.values()


class _Turn:
    """One region turned."""

    def __init__(self, lowered: Steps, region: list[Step]) -> None:
        self.lowered, self.region = lowered, set(region)
        self.rows = (region[0].operands[0] if region[0].kind in ("reduce", "view") else region[0].out).shape[0]
        over = [step for step in region if step.kind == "reduce" and 0 in step.settings[0]]
        self.made = {step.out: step for step in region if _rowed(step.out, self.rows) and step not in over}
        outside = [step for step in lowered.steps if step not in self.region]
        self.wanted = {one for step in outside for one in step.operands} | set(lowered.outputs)
        self.wanted |= {value.base for value in self.wanted if value.base is not None}
        read = [(one, len(one.shape) == self.rank(step)) for step in region for one in self.operands(step)]
        self.wanted |= {one for one, whole in read if not whole}
        self.given = {one: None for one, whole in read if whole and _rowed(one, self.rows) and one not in self.made}
        self.twins: dict[tuple[Value, bool], Value] = {}
        self.done: list[Step] = []

    def pays(self) -> bool:
        """True if what is saved is more than what goes in and out costs."""
        through = [*self.given, *(one for one in self.made if one in self.wanted)]
        moved = sum(_CALL + _MOVED * one.size for one in through if prod(one.shape[1:]) > 1)
        return sum(map(_saved, self.region)) > max(_LEAST, _WORTH * moved)

    @staticmethod
    def rank(step: Step) -> int:
        """The number of axes that a step goes through."""
        return len((step.operands[0] if step.kind in ("reduce", "view") else step.out).shape)

    def operands(self, step: Step) -> list[Value]:
        """What ``step`` reads; what was filled from something smaller is that, for long loops need no filling."""
        found = []
        for one in step.operands:
            maker = self.made.get(one)
            plain = maker is not None and maker.kind == "cast" and step.kind in ("ufunc", "where")
            small = maker.operands[0] if maker is not None and plain else one
            others = any(other.shape == step.out.shape for other in step.operands if other is not one)
            found.append(small if small.dtype == one.dtype and others else one)
        return found

    def steps(self) -> list[Step]:
        """All steps, with those of the region turned."""
        read = {one for step in self.region for one in self.operands(step)} | self.wanted
        for step in self.lowered.steps:
            if step not in self.region:
                self.done.append(step)
            elif step.kind != "cast" or step.out in read:
                self.turn(step)
        return self.done

    def turn(self, step: Step) -> None:
        """One step of the region."""
        if step.kind == "reduce":
            self.reduce(step)
        elif step.kind == "view":
            given = self.twin(step.operands[0], self.rank(step))
            shape = _turned(step.out.shape)
            target = self.fresh(step.out) if step.out in self.made else step.out
            self.view(target, given, f"{{}}.reshape({shape})", step)
        else:
            rank = len(step.out.shape)
            operands = tuple(self.twin(one, rank) for one in self.operands(step))
            self.done.append(Step(step.kind, step.name, operands, self.fresh(step.out), step.settings, step.eqn))
        if step.out in self.made and step.out in self.wanted:
            self.back(step)

    def reduce(self, step: Step) -> None:
        """A reduction; without the rows it gives what it gave before."""
        (operand,), (axes, keep) = step.operands, step.settings
        rank, out = len(operand.shape), step.out
        turned = tuple(sorted((axis - 1) % rank for axis in axes))
        given = self.twin(operand, rank)
        if out in self.made:
            self.done.append(Step("reduce", step.name, (given,), self.fresh(out), (turned, keep), step.eqn))
        elif not keep:
            self.done.append(Step("reduce", step.name, (given,), out, (turned, False), step.eqn))
        else:
            rest = tuple(length for axis, length in enumerate(operand.shape) if axis not in axes)
            bare = Value(rest, out.dtype, "made", self.named(out))
            self.done.append(Step("reduce", step.name, (given,), bare, (turned, False), step.eqn))
            self.view(out, bare, f"{{}}.reshape({out.shape})", step)

    def twin(self, value: Value, rank: int) -> Value:
        """``value`` as a turned step of that many axes reads it."""
        whole = len(value.shape) == rank
        if not value.shape:
            return value
        if (value, whole) in self.twins:
            return self.twins[value, whole]
        if not whole or value.shape[0] == 1:
            shape = (*(value.shape[1:] if whole else value.shape), 1)
            form = "{}[0, ..., None]" if whole else "{}[..., None]"
        else:
            shape, form = _turned(value.shape), f"{{}}.transpose{(*range(1, len(value.shape)), 0)}"
        target = Value(shape, value.dtype, "made", self.named(value))
        self.view(target, value, form, None)
        target.compact = value.compact and value.size == max(value.shape)
        if whole and not target.compact and _rowed(value, self.rows):
            seen, target = target, Value(shape, value.dtype, "made", self.named(value))
            self.done.append(Step("cast", "", (seen,), target, (shape,)))
        self.twins[value, whole] = target
        return target

    def back(self, step: Step) -> None:
        """What the region makes, as others read it."""
        twin, out = self.twins[step.out, True], step.out
        seen = Value(out.shape, out.dtype, "made", self.named(out))
        rank = len(out.shape)
        self.view(seen, twin, f"{{}}.transpose{(rank - 1, *range(rank - 1))}", step)
        seen.compact = False
        out.kind, out.base, out.form, out.make, out.compact = "made", None, "", None, True
        self.done.append(Step("cast", "", (seen,), out, (out.shape,), step.eqn))

    def view(self, value: Value, base: Value, form: str, step: Step | None) -> None:
        """Make ``value`` a view."""
        value.kind, value.base, value.form, value.make, value.template = "view", base, form, None, None
        value.compact = base.compact
        self.done.append(Step("view", form, (base,), value, (), step.eqn if step else None))

    def fresh(self, value: Value) -> Value:
        """The array that a turned step makes."""
        twin = self.twins[value, True] = Value(_turned(value.shape), value.dtype, "made", self.named(value))
        return twin

    def named(self, value: Value) -> str:
        """A name that is not in use."""
        return unique(f"{value.name or 'value'}_turned", self.lowered.taken)
