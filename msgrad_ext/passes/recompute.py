"""Values of a long forward program computed a second time on the way back, so that they need not be kept: less memory.

The program before its fullest point is cut into segments. What a later segment reads is kept; what only the way back
reads is dropped, and computed again, by the same equations from what was kept, just before it is read. With about the
root of the program's length as the number of segments, the memory is that root too, for one more run forward. Results
are the same to the last bit.

A reshape to the shape that a value has already marks what is computed again, so that nothing takes the second time for
the first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from ..ir import Atom, Eqn, Graph, Var
from ..registry import OPS
from .rewriting import size
from .simplify import draft

# A program that keeps less than so many values at once gains nothing.
_FEWEST = 8


def recomputed(graph: Graph) -> Graph:
    """``graph`` with the same values to the last bit, and less of them kept at the same time."""
    graph = draft(graph.inputs, summed_early(graph.eqns), graph.outputs, graph.guards)
    room = Room(graph, graph.eqns)
    best, least = graph.eqns, room.most
    saved = room.saved
    if len(saved) < _FEWEST:
        return graph
    middle = math.isqrt(len(saved))
    for count in sorted({max(2, middle * part // 4) for part in (2, 3, 4, 6, 8)}):
        eqns = _Cut(graph, room, count).eqns
        most = Room(graph, eqns).most
        if most < least:
            best, least = tuple(eqns), most
    return draft(graph.inputs, best, graph.outputs, graph.guards)


def summed_early(eqns: Sequence[Eqn]) -> list[Eqn]:
    """The equations with each sum of two values right behind the second of them, so that the two can go."""
    made = {eqn.out: place for place, eqn in enumerate(eqns)}
    moved: dict[int, list[Eqn]] = {}
    at: dict[Var, int] = {}
    for eqn in eqns:
        place = made[eqn.out]
        if type(eqn.op).__name__ == "Add":
            place = max((at.get(atom, -1) for atom in eqn.inputs if isinstance(atom, Var)), default=-1)
            place = made[eqn.out] if place < 0 else place
        at[eqn.out] = place
        moved.setdefault(place, []).append(eqn)
    return [eqn for place in sorted(moved) for eqn in sorted(moved[place], key=lambda one: made[one.out])]


class Room:
    """What is kept while a program runs.

    Attributes
    ----------
    most : int
        Bytes at the fullest point; inputs and outputs do not count.
    full : int
        The number of equations before that point.
    saved : list of Var
        What is kept there, in the order in which it was made.
    """

    def __init__(self, graph: Graph, eqns: Sequence[Eqn]) -> None:
        self.root: dict[Var, Var] = {}
        last: dict[Var, int] = {}
        for place, eqn in enumerate(eqns):
            base = eqn.inputs[0] if eqn.op.view and eqn.inputs else None
            self.root[eqn.out] = self.root.get(base, base) if isinstance(base, Var) else eqn.out  # type: ignore[arg-type]
            for atom in eqn.inputs:
                if isinstance(atom, Var):
                    last[self.root.get(atom, atom)] = place
        free = {*graph.inputs, *(self.root.get(one, one) for one in graph.outputs if isinstance(one, Var))}
        ends: dict[int, list[Var]] = {}
        held, self.most, self.full = 0, 0, 0
        for place, eqn in enumerate(eqns):
            if self.root[eqn.out] is eqn.out and eqn.out not in free:
                held += _bytes(eqn.out)
                ends.setdefault(last.get(eqn.out, place), []).append(eqn.out)
            if held > self.most:
                self.most, self.full = held, place + 1
            held -= sum(map(_bytes, ends.pop(place, ())))
        self.saved = [
            eqn.out
            for eqn in eqns[: self.full]
            if self.root[eqn.out] is eqn.out and eqn.out not in free and last.get(eqn.out, -1) >= self.full
        ]


def _bytes(var: Var) -> int:
    return size(var) * var.dtype.itemsize


class _Cut:
    """One way to cut: ``count`` segments with about the same bytes to save in each."""

    def __init__(self, graph: Graph, room: Room, count: int) -> None:
        before, behind = graph.eqns[: room.full], graph.eqns[room.full :]
        self.segment = _segments(before, set(room.saved), count)
        self.parts: dict[int, list[Eqn]] = {}
        for eqn in before:
            self.parts.setdefault(self.segment[eqn.out], []).append(eqn)
        self.kept = self._kept(room, {*graph.outputs, *(guard.var for guard in graph.guards)})
        self.read = {atom for eqn in behind for atom in eqn.inputs if self._dropped(atom)}
        self.again: dict[Atom, Var] = {}
        self.done: set[int] = set()
        self.eqns = list(before)
        for eqn in behind:
            self._second(eqn)

    def _kept(self, room: Room, returned: Iterable[Atom]) -> set[Atom]:
        """What a later segment reads, with what it is a view of."""
        kept = set(returned)
        for number, part in self.parts.items():
            kept.update(atom for eqn in part for atom in eqn.inputs if self.segment.get(atom, number) < number)
        return kept | {room.root[one] for one in kept if isinstance(one, Var) and one in room.root}

    def _dropped(self, atom: Atom) -> bool:
        """True for what is not kept until the way back; the last segment is read at once."""
        return atom not in self.kept and self.segment.get(atom, len(self.parts)) < len(self.parts) - 1

    def _second(self, eqn: Eqn) -> None:
        """Add an equation of the way back, after the segments that it reads have been computed again."""
        segments = {self.segment[atom] for atom in eqn.inputs if self._dropped(atom)}
        for number in sorted(segments - self.done, reverse=True):
            self.done.add(number)
            self._compute(self.parts[number])
        self.eqns.append(_on(eqn, self.again, eqn.out))

    def _compute(self, part: list[Eqn]) -> None:
        """The equations of a segment once more, as far as the way back reads what they make."""
        wanted, chosen = set(self.read), []
        for eqn in reversed(part):
            if eqn.out in wanted and self._dropped(eqn.out):
                chosen.append(eqn)
                wanted.update(eqn.inputs)
        seen: dict[Atom, Var] = {}
        for eqn in reversed(chosen):
            for atom in eqn.inputs:
                if isinstance(atom, Var) and atom not in seen:
                    seen[atom] = self._marked(atom, eqn)
            out = seen[eqn.out] = self.again[eqn.out] = Var(f"{eqn.out.name}_again", eqn.out.shape, eqn.out.dtype)
            self.eqns.append(_on(eqn, seen, out))

    def _marked(self, atom: Var, eqn: Eqn) -> Var:
        """The same value under another name."""
        op = OPS["Reshape"]().set(shape=atom.shape)
        out = Var(f"{atom.name}_seen", atom.shape, atom.dtype)
        self.eqns.append(Eqn(op, (atom,), out, eqn.location))
        return out


def _on(eqn: Eqn, new: Mapping[Atom, Var], out: Var) -> Eqn:
    """An equation on what its operands have become."""
    return Eqn(eqn.op, tuple(new.get(atom, atom) for atom in eqn.inputs), out, eqn.location)


def _segments(eqns: Sequence[Eqn], saved: set[Var], count: int) -> dict[Atom, int]:
    """The number of the segment of each value."""
    share = sum(map(_bytes, saved)) / count
    found: dict[Atom, int] = {}
    held = 0
    for eqn in eqns:
        found[eqn.out] = min(int(held / share), count - 1)
        held += _bytes(eqn.out) if eqn.out in saved else 0
    return found
