"""Long sums of alike terms as one op on stacked operands: the gradients of what a loop uses again and again.

::

    v3 = MatMul v1 d1        (v1, v2 transposes of x1, x2)        v1 = Concat[axis=0] x1 x2
    v4 = MatMul v2 d2                                       ->    v2 = Transpose[perm=(1, 0)] v1
    v5 = Add v3 v4                                                v3 = Concat[axis=0] d1 d2
                                                                  v4 = MatMul v2 v3
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ir import Atom, Eqn, Graph, Var, literal
from ..registry import OPS
from .costs import CALL, COPY, JOIN, JOINED
from .joins import joined, run_of
from .rewriting import Rewriter, is_float, plain, size
from .simplify import Rule, remove_dead

_FEWEST = 3


def stacked(graph: Graph, rules: Sequence[Rule], slices_only: bool = False) -> Graph:
    """``graph`` with its long sums of alike terms taken together, or of these only the sums of slices."""
    state = Stacker(graph, rules, (_slices,) if slices_only else (_slices, _products, _sums))
    return remove_dead(state.run(graph)) if state.chains else graph


class Stacker(Rewriter):
    """One run over a graph that takes sums of many terms together."""

    def __init__(self, graph: Graph, rules: Sequence[Rule], takers: Sequence[Callable[..., list[Atom]]]) -> None:
        super().__init__(graph, rules)
        self.takers = takers
        self.places = {eqn.out: place for place, eqn in enumerate(graph.eqns)}
        self.chains = chains(graph, self.uses, self.own)

    def simplified(self, eqn: Eqn) -> Atom:
        """What ``eqn`` becomes: the end of a sum of many terms is made anew."""
        terms = self.chains.get(eqn.out)
        if terms is None:
            return super().simplified(eqn)
        self.location = eqn.location
        rest = [self.now(term) for term in terms]
        count = len(rest)
        for take in self.takers:
            rest = take(self, rest)
        if len(rest) == count:
            return super().simplified(eqn)
        total = rest[0]
        for term in rest[1:]:
            total = self.call("Add", total, term)
        return total

    def place(self, atom: Atom) -> int:
        """Where ``atom`` was made in the graph."""
        return self.places.get(atom, -1) if isinstance(atom, Var) else -1


def chains(graph: Graph, uses: Any, own: Callable[..., bool]) -> dict[Var, list[Atom]]:
    """The terms of each sum of at least a few, by the variable that holds it."""
    made = {eqn.out: eqn for eqn in graph.eqns if type(eqn.op).__name__ == "Add" and own(eqn.op)}
    kept = set(graph.outputs)

    def inner(atom: Any, shape: Any) -> bool:
        return atom in made and uses[atom] == 1 and atom.shape == shape and atom not in kept

    within = {atom for eqn in made.values() for atom in eqn.inputs if inner(atom, eqn.out.shape)}
    found: dict[Var, list[Atom]] = {}
    for var, eqn in made.items():
        if var in within or not is_float(var):
            continue
        terms: list[Atom] = []
        pending: list[Atom] = [*reversed(eqn.inputs)]
        while pending:
            atom = pending.pop()
            if atom in within and atom.shape == var.shape:
                pending += reversed(made[atom].inputs)  # type: ignore[index]
            else:
                terms.append(atom)
        if len(terms) >= _FEWEST and all(term.shape == var.shape for term in terms):
            found[var] = terms
    return found


def _made(state: Stacker, term: Atom, name: str) -> Eqn | None:
    return state.source(term, name) if state.once(term) else None


def _slices(state: Stacker, terms: list[Atom]) -> list[Atom]:
    """Slices put back at places that do not overlap are joined, with zeros between them."""
    alike: dict[Any, list[tuple[int, Any]]] = {}
    rest: list[Atom] = []
    for term in terms:
        made: Any = _made(state, term, "StridedSliceGrad")
        axis = None if made is None else _only_axis(made.op)
        if axis is None:
            rest.append(term)
        else:
            alike.setdefault((made.op.shape, axis), []).append((made.op.begin[axis], made))
    for (shape, axis), members in alike.items():
        members, over = _apart(members, axis)
        rest += [made.out for _, made in over]
        if len(members) < 2:
            rest += [made.out for _, made in members]
            continue
        ends = [0, *(start + made.op.size[axis] for start, made in members)]
        parts: list[Atom] = []
        for (start, made), end in zip(members, ends):
            if start > end:
                parts.append(_zeros(state, (*shape[:axis], start - end, *shape[axis + 1 :]), made.out))
            parts.append(made.inputs[0])
        if ends[-1] < shape[axis]:
            parts.append(_zeros(state, (*shape[:axis], shape[axis] - ends[-1], *shape[axis + 1 :]), members[0][1].out))
        rest.append(state.make(plain("Concat").set(axis=axis), *parts) if axis else joined(state, parts))
    return rest


def _only_axis(op: Any) -> int | None:
    """The only axis along which what is put back is shorter than the whole; the first where there is none."""
    axes = [axis for axis, (length, full) in enumerate(zip(op.size, op.shape)) if length != full]
    if len(axes) > 1 or any(step != 1 for step in op.step) or 0 in op.size:
        return None
    return axes[0] if axes else 0


def _apart(members: list[tuple[int, Any]], axis: int) -> tuple[list[tuple[int, Any]], list[tuple[int, Any]]]:
    """Those that do not overlap, in their order, and the others."""
    apart: list[tuple[int, Any]] = []
    over: list[tuple[int, Any]] = []
    end = 0
    for start, made in sorted(members, key=lambda one: one[0]):
        if start < end:
            over.append((start, made))
        else:
            apart.append((start, made))
            end = start + made.op.size[axis]
    return apart, over


def _zeros(state: Stacker, shape: tuple[int, ...], like: Var) -> Atom:
    return state.make(OPS["BroadcastTo"](shape), literal(0, like.dtype))


def _products(state: Stacker, terms: list[Atom]) -> list[Atom]:
    """Matrix products are one product of what is joined along the axis that is summed over."""
    pairs = [(term, made) for term in terms if (made := _made(state, term, "MatMul")) is not None]
    if len(pairs) < _FEWEST or not _pays([made for _, made in pairs]):
        return terms
    taken = {term for term, _ in pairs}
    pairs.sort(key=lambda one: -state.place(one[1].inputs[1]))
    lefts = [_turned(state, made.inputs[0]) for _, made in pairs]
    rights = [made.inputs[1] for _, made in pairs]
    starts = [run.start for run in (run_of(state, one) for one in lefts) if run.source not in lefts]
    if len(starts) == len(lefts) and starts == sorted(starts, reverse=True):
        lefts.reverse()
        rights.reverse()
    product = state.call("MatMul", state.turned(joined(state, lefts)), joined(state, rights))
    return [*(term for term in terms if term not in taken), product]


def _turned(state: Stacker, atom: Atom) -> Atom:
    """The transpose of a matrix, without an equation where it is one."""
    made: Any = state.source(atom, "Transpose")
    return made.inputs[0] if made is not None and made.op.perm == (1, 0) else state.turned(atom)


def _pays(members: Sequence[Eqn]) -> bool:
    """True if the joining costs less than the calls and sums that it saves."""
    out = members[0].out
    saved = (len(members) - 1) * (2 * CALL + size(out) * out.dtype.itemsize * COPY)
    moved = sum(size(atom) * atom.dtype.itemsize for made in members for atom in made.inputs)
    return saved > 2 * (JOIN + len(members) * JOINED) + moved * COPY


def _sums(state: Stacker, terms: list[Atom]) -> list[Atom]:
    """Sums over the first axis are one sum over what is joined along it."""
    alike: dict[Any, list[tuple[Atom, Eqn]]] = {}
    for term in terms:
        made: Any = _made(state, term, "ReduceSum")
        if made is not None and 0 in made.op.axis:
            alike.setdefault((made.op.key, made.inputs[0].shape[1:]), []).append((term, made))
    for members in alike.values():
        if len(members) < _FEWEST:
            continue
        members.sort(key=lambda one: -state.place(one[1].inputs[0]))
        stack = joined(state, [made.inputs[0] for _, made in members])
        total = state.make(members[0][1].op, stack)
        taken = {term for term, _ in members}
        terms = [*(term for term in terms if term not in taken), total]
    return terms


__all__ = ["stacked"]
