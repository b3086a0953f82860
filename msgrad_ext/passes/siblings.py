"""One elementwise op on several slices of one array, done on the range that holds them all.

::

    v1 = StridedSlice[begin=(0, 0), size=(16, 32)] z           v1 = StridedSlice[begin=(0, 0), size=(16, 64)] z
    v2 = StridedSlice[begin=(0, 32), size=(16, 32)] z    ->    v2 = Sigmoid v1
    v3 = Sigmoid v1                                            v3 = StridedSlice[begin=(0, 0), size=(16, 32)] v2
    v4 = Sigmoid v2                                            v4 = StridedSlice[begin=(0, 32), size=(16, 32)] v2

The gates of a recurrent cell are such slices. Each element is computed as before; a few may be computed that nobody
reads.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

from ..ir import Atom, Eqn, Graph, Var
from ..op import Elementwise
from ..voice import foreign
from .rewriting import plain, size
from .simplify import draft

# What lies between the slices may be at most half as much as they are, and not much in itself.
_SHARE = 1.5
_WASTE = 1 << 13
_ROUNDS = 6


def together(graph: Graph) -> Graph:
    """``graph`` with ops on slices of the same arrays done at once; ops on what comes of that too."""
    axes: dict[Any, int | None] = {}
    for number in range(_ROUNDS):
        found = _Round(graph, number, axes)
        if not found.groups:
            break
        graph = draft(graph.inputs, found.eqns(graph), graph.outputs, graph.guards)
    return graph


class _Round:
    """The groups of a graph; ``axes`` has the axes of the slices that earlier rounds looked at, and gets more."""

    def __init__(self, graph: Graph, number: int, axes: dict[Any, int | None]) -> None:
        self.number = number
        self.axes = axes
        self.slices: dict[Any, Eqn] = {}
        alike: dict[Any, list[Eqn]] = defaultdict(list)
        for eqn in graph.eqns:
            if type(eqn.op).__name__ == "StridedSlice":
                if eqn.out not in axes:
                    axes[eqn.out] = _axis(eqn.op, eqn.inputs[0])
                if axes[eqn.out] is not None:
                    self.slices[eqn.out] = eqn
            elif (
                self.slices
                and self._same_places(eqn)
                and isinstance(eqn.op, Elementwise)
                and not foreign(type(eqn.op).numpy)
            ):
                sources = tuple(id(self.slices[one].inputs[0]) for one in eqn.inputs)
                alike[eqn.op.key, sources, axes[eqn.inputs[0]]].append(eqn)
        self.groups = {members[0].out: members for members in alike.values() if self._pays(members)}

    def _same_places(self, eqn: Eqn) -> bool:
        """True if all operands are the same part of arrays of one shape."""
        if not eqn.inputs or eqn.inputs[0] not in self.slices or not self.slices.keys() >= set(eqn.inputs):
            return False
        cuts = [self.slices[one] for one in eqn.inputs]
        return len({(cut.op.begin, cut.op.size, cut.inputs[0].shape) for cut in cuts}) == 1  # type: ignore[attr-defined]

    def _range(self, members: list[Eqn]) -> tuple[int, list[tuple[int, int]]]:
        cuts: list[Any] = [self.slices[one.inputs[0]] for one in members]
        axis = self.axes[members[0].inputs[0]] or 0
        return axis, [(cut.op.begin[axis], cut.op.begin[axis] + cut.op.size[axis]) for cut in cuts]

    def _pays(self, members: list[Eqn]) -> bool:
        if len(members) < 2:
            return False
        ranges = sorted(self._range(members)[1])
        if any(one[1] > other[0] for one, other in pairwise(ranges)):
            return False
        whole, used = ranges[-1][1] - ranges[0][0], sum(stop - start for start, stop in ranges)
        row = size(members[0].out) // (ranges[0][1] - ranges[0][0])
        return whole == used or (whole <= _SHARE * used and (whole - used) * row <= _WASTE)

    def eqns(self, graph: Graph) -> list[Eqn]:
        """The equations with each group done where its first member stood."""
        done: dict[Var, Eqn] = {}
        result: list[Eqn] = []
        for eqn in graph.eqns:
            if eqn.out in self.groups:
                self._emit(self.groups[eqn.out], result, done)
            result.append(done.get(eqn.out, eqn))
        return result

    def _emit(self, members: list[Eqn], result: list[Eqn], done: dict[Var, Eqn]) -> None:
        """Add the op on the whole range; the members become slices of what it gives."""
        first = members[0]
        axis, ranges = self._range(members)
        start, stop = min(one[0] for one in ranges), max(one[1] for one in ranges)
        operands: list[Atom] = []
        for place, atom in enumerate(first.inputs):
            source = self.slices[atom].inputs[0]
            if (start, stop) != (0, source.shape[axis]):
                source = _cut(source, axis, start, stop, f"{first.out.name}_{self.number}_{place}", first, result)
            operands.append(source)
        out = Var(f"{first.out.name}_{self.number}", operands[0].shape, first.out.dtype)
        result.append(Eqn(first.op, tuple(operands), out, first.location))
        for one, (begin, end) in zip(members, ranges):
            done[one.out] = Eqn(_slice(out.shape, axis, begin - start, end - start), (out,), one.out, one.location)


def _axis(op: Any, source: Atom) -> int | None:
    """The only axis along which a slice is shorter than its source; None where there are others, or steps."""
    axes = [axis for axis, (length, full) in enumerate(zip(op.size, source.shape)) if length != full]
    return axes[0] if len(axes) == 1 and all(step == 1 for step in op.step) and size(source) else None


def _slice(shape: tuple[int, ...], axis: int, start: int, stop: int) -> Any:
    begin = tuple(start if one == axis else 0 for one in range(len(shape)))
    lengths = tuple(stop - start if one == axis else length for one, length in enumerate(shape))
    return plain("StridedSlice").set(begin=begin, step=(1,) * len(shape), size=lengths)


def _cut(source: Atom, axis: int, start: int, stop: int, name: str, eqn: Eqn, result: list[Eqn]) -> Var:
    """One more slice."""
    op = _slice(source.shape, axis, start, stop)
    out = Var(name, op.size, source.dtype)
    result.append(Eqn(op, (source,), out, eqn.location))
    return out
