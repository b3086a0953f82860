"""Equations that are alike and independent, done in one call on stacked operands.

::

    v1 = TanhSlope a                             v1 = Concat[axis=0] a b c
    v2 = TanhSlope b                      ->     v2 = TanhSlope v1
    v3 = TanhSlope c     (all f32[8,16])         v3 = StridedSlice[begin=(0, 0), step=(1, 1), size=(8, 16)] v2   ...

Only such equations are taken as do not depend on each other. The order of the program changes with that, so it is made
anew; where two groups would wait for each other, one is given up.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..ir import Atom, Eqn, Graph, Guard, Lit, Var
from ..op import Elementwise
from . import costs
from .joins import joined, row_slice, run_of
from .rewriting import Rewriter, is_float, pad, size
from .simplify import draft

_FEWEST = 4
# The figures of costs are rough: what is gained must be clear.
_MARGIN = 1.5


@dataclass(frozen=True, eq=False)
class Group:
    """Equations to be done at once; operand ``place`` is stacked where ``stacked`` says so, else it is one for all."""

    members: tuple[Eqn, ...]
    stacked: tuple[bool, ...]


def batched(graph: Graph, rules: Any) -> tuple[Graph, int]:
    """``graph`` with its groups done in one call each, where that pays; and how many offsets were moved for more."""
    state = Rewriter(graph, rules)
    groups = candidates(graph, state)
    if not groups:
        return graph, 0
    order = arranged(graph, groups)
    for node in order:
        if isinstance(node, Eqn):
            state.new[node.out] = state.simplified(node)
        else:
            _emit(state, node)
    guards = tuple(Guard(state.now(one.var), one.value, one.location) for one in graph.guards)
    return draft(graph.inputs, state.eqns, tuple(map(state.now, graph.outputs)), guards), state.moved


def _form(eqn: Eqn, state: Rewriter, term: bool) -> Any:
    """A key that is equal for equations that could be one, or None: elementwise ops, products and sums.

    Contractions that are terms of a sum are left to `stacks`, which makes one of them all.
    """
    if not is_float(eqn.out) or not eqn.out.shape or not size(eqn.out) or not state.own(eqn.op):
        return None
    if isinstance(eqn.op, Elementwise):
        kinds = tuple([_part(atom, eqn.out) for atom in eqn.inputs])
        return None if None in kinds else (eqn.op.key, eqn.out.shape, eqn.out.dtype, *kinds)
    if type(eqn.op).__name__ == "MatMul":
        a, b = eqn.inputs
        if not isinstance(a, Var) or not isinstance(b, Var):
            return None
        if _is_turned(state, a) and not _is_turned(state, b):
            return None if term else (eqn.op.key, a.shape, b.shape, a.dtype)
        return (eqn.op.key, a.shape, a.dtype, id(b))
    if type(eqn.op).__name__ == "ReduceSum" and len(eqn.inputs[0].shape) > 1 and not term:
        return (eqn.op.key, eqn.inputs[0].shape, eqn.out.dtype)
    return None


def _is_turned(state: Rewriter, atom: Atom) -> bool:
    made: Any = state.source(atom, "Transpose")
    return made is not None and made.op.perm == (1, 0)


def _part(atom: Atom, out: Var) -> Any:
    """How an operand of an elementwise op takes part: stacked, or the same for all."""
    if isinstance(atom, Var) and atom.shape == out.shape:
        return atom.dtype
    if len(atom.shape) < len(out.shape) or pad(atom.shape, len(out.shape))[0] == 1:
        return (atom.dtype.str, atom.value.tobytes()) if isinstance(atom, Lit) and not atom.shape else id(atom)
    return None


def candidates(graph: Graph, state: Rewriter) -> list[Group]:
    """Groups of equations that are alike and of which none depends on another."""
    alike = Counter((type(eqn.op), eqn.out.shape) for eqn in graph.eqns)
    if max(alike.values(), default=0) < _FEWEST:
        return []
    state.made = {eqn.out: eqn for eqn in graph.eqns}
    readers: dict[Any, list[Eqn]] = defaultdict(list)
    for eqn in graph.eqns:
        for atom in eqn.inputs:
            readers[atom].append(eqn)
    returned = set(graph.outputs)
    forms = {
        eqn.out: _form(eqn, state, _is_term(readers[eqn.out]))
        for eqn in graph.eqns
        if alike[type(eqn.op), eqn.out.shape] >= _FEWEST
    }
    counts: dict[Any, int] = defaultdict(int)
    for form in forms.values():
        counts[form] += 1
    numbers = {form: place for place, form in enumerate(one for one in counts if one and counts[one] >= _FEWEST)}
    # Bit n of an equation's number is set if it depends on one of form n.
    above: dict[Any, int] = {}
    found: dict[int, list[Eqn]] = defaultdict(list)
    for eqn in graph.eqns:
        bits = 0
        for atom in eqn.inputs:
            if isinstance(atom, Var):
                bits |= above.get(atom, 0)
        place = numbers.get(forms.get(eqn.out))
        if place is not None:
            if not bits >> place & 1:
                found[place].append(eqn)
            bits |= 1 << place
        above[eqn.out] = bits
    groups = [_group(members) for members in found.values() if len(members) >= _FEWEST]
    joins = {eqn.out for group in groups for eqn in group.members}
    kept = [group for group in groups if _pays(group, state, joins, readers, returned)]
    state.made = {}
    return kept


def _is_term(readers: Sequence[Eqn]) -> bool:
    """True for what is a term of a sum and no more."""
    return len(readers) == 1 and type(readers[0].op).__name__ == "Add"


def _group(members: Sequence[Eqn]) -> Group:
    first = members[0]
    if type(first.op).__name__ == "ReduceSum":
        return Group(tuple(members), (True,))
    if isinstance(first.op, Elementwise):
        stacked = tuple(
            isinstance(atom, Var)
            and atom.shape == first.out.shape
            and any(one.inputs[place] is not atom for one in members)
            for place, atom in enumerate(first.inputs)
        )
    else:
        stacked = (True, any(one.inputs[1] is not first.inputs[1] for one in members))
    return Group(tuple(members), stacked)


def _pays(group: Group, state: Rewriter, joins: Any, readers: Any, returned: Any) -> bool:
    """True if one call costs less than the many, with the joining before it and the views after it."""
    first, count = group.members[0], len(group.members)
    saved = (count - 1) * costs.once(type(first.op))
    price = 0.0
    for place, stacked in enumerate(group.stacked):
        parts = [one.inputs[place] for one in group.members]
        if stacked and not _lie_in_rows(state, parts) and not any(part in joins for part in parts[:1]):
            price += (
                costs.JOIN + count * costs.JOINED + 2 * count * size(parts[0]) * parts[0].dtype.itemsize * costs.COPY
            )
    if not any(group.stacked):
        return False
    if not all(any(reader.out in joins for reader in readers[one.out]) for one in group.members):
        price += count * costs.VIEW
    price += sum(one.out in returned for one in group.members) * costs.RETURNED
    return saved > _MARGIN * price


def _lie_in_rows(state: Rewriter, parts: Sequence[Atom]) -> bool:
    """True if ``parts`` are slices of one thing, in some order."""
    first = run_of(state, parts[0])
    return first.source is not parts[0] and all(run_of(state, one).source is first.source for one in parts)


def arranged(graph: Graph, groups: Sequence[Group]) -> list[Eqn | Group]:
    """The equations and groups in an order in which each comes after what it needs."""
    groups, dropped = list(groups), 1
    while True:
        order, stuck = _sorted(graph, groups)
        if not stuck:
            return order
        # Twice as many each time, so that there are few times.
        smallest = set(sorted(stuck, key=lambda one: len(one.members))[:dropped])
        groups = [one for one in groups if one not in smallest]
        dropped *= 2


def _sorted(graph: Graph, groups: Sequence[Group]) -> tuple[list[Eqn | Group], list[Group]]:
    """The order, and the groups that wait for each other."""
    # What is done at once goes by the place of its first equation.
    nodes: dict[int, Eqn | Group] = dict(enumerate(graph.eqns))
    home: dict[Any, int] = {eqn.out: place for place, eqn in nodes.items()}  # type: ignore[union-attr]
    for group in groups:
        places = [home[eqn.out] for eqn in group.members]
        first = min(places)
        for place in places:
            del nodes[place]
        nodes[first] = group
        home.update((eqn.out, first) for eqn in group.members)
    needs = [0] * len(graph.eqns)
    readers: dict[int, list[int]] = defaultdict(list)
    for eqn in graph.eqns:
        reader = home[eqn.out]
        for atom in eqn.inputs:
            maker = home.get(atom)
            if maker is not None and maker != reader:
                needs[reader] += 1
                readers[maker].append(reader)
    ready = [place for place in nodes if not needs[place]]
    heapq.heapify(ready)
    order: list[Eqn | Group] = []
    while ready:
        place = heapq.heappop(ready)
        order.append(nodes.pop(place))
        for reader in readers.get(place, ()):
            needs[reader] -= 1
            if not needs[reader]:
                heapq.heappush(ready, reader)
    return order, [one for one in nodes.values() if isinstance(one, Group)]


def _emit(state: Rewriter, group: Group) -> None:
    """Add the equations of a group: joined operands, the op, and a slice for each member."""
    members = _by_rows(state, group)
    first = members[0]
    state.location = first.location
    result = _in_rows(state, group, members) if _by_row(group) else _in_stacks(state, group, members)
    rows = result.shape[0] // len(members)
    for place, one in enumerate(members):
        state.location = one.location
        part = state.make(row_slice(place * rows, rows, result.shape), result)
        state.new[one.out] = state.reshaped(part, one.out.shape)
        state.uses[state.new[one.out]] += state.uses[one.out]


def _by_row(group: Group) -> bool:
    """True for a group whose results lie below each other when the operands do."""
    return isinstance(group.members[0].op, Elementwise) or not all(group.stacked)


def _in_rows(state: Rewriter, group: Group, members: Sequence[Eqn]) -> Atom:
    """The op on operands that are joined along their first axis."""
    operands = []
    for place, stacked in enumerate(group.stacked):
        parts = [state.now(one.inputs[place]) for one in members]
        operands.append(joined(state, parts) if stacked else parts[0])
    return state.make(members[0].op, *operands)


def _in_stacks(state: Rewriter, group: Group, members: Sequence[Eqn]) -> Atom:
    """The op on operands that are joined along a new first axis."""
    op: Any = members[0].op
    if type(op).__name__ == "ReduceSum":
        stack = _stack(state, [state.now(one.inputs[0]) for one in members])
        return state.make(op.set(axis=tuple(axis + 1 for axis in op.axis)), stack)
    sources = [state.made[state.now(one.inputs[0])].inputs[0] for one in members]  # type: ignore[index]
    left = state.turned(_stack(state, sources))
    return state.call("BatchMatMul", left, _stack(state, [state.now(one.inputs[1]) for one in members]))


def _stack(state: Rewriter, parts: Sequence[Atom]) -> Atom:
    return state.reshaped(joined(state, parts), (len(parts), *parts[0].shape))


def _by_rows(state: Rewriter, group: Group) -> Sequence[Eqn]:
    """The members in the order in which their operands lie in one thing, if they do."""
    for place, stacked in enumerate(group.stacked):
        if not stacked:
            continue
        runs = [(run_of(state, state.now(one.inputs[place])), one) for one in group.members]
        if all(run.source is runs[0][0].source for run, _ in runs):
            return [one for _, one in sorted(runs, key=lambda pair: pair[0].start)]
    return group.members


__all__ = ["batched"]
