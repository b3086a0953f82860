"""Matrix notation for arrays of three axes and more, where some indices are only carried along.

An index that stands alone on an axis wherever it occurs can be fixed: what is left of each array is a slice with fewer
axes, and the formula of matrices for the slices holds for each index. A bound index that is carried becomes a sum of
matrix formulas: ``W_bar = sum_b X_b^T G_b``. What can be fixed is looked for in a few ways; the caller picks by cost.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

from sympy import Add, Expr, Integer, Mul, Symbol

from .indexed import Indexed, each, letters_of
from .matrix import to_node
from .nodes import Binder, Entry, Total
from .normal import Ranges, Term, expand, freshen
from .notation import Node, NoMatrixForm, added, scaled
from .tidy import tidy

Shapes = Mapping[str, Sequence[Expr]]
MOST = 6


def carried_nodes(
    expr: Expr, places: Sequence[Expr], ranges: Ranges, shapes: Shapes, avoid: Collection[str]
) -> list[Node]:
    """Matrix forms of ``expr`` with indices carried along, as ``each`` nodes.

    Parameters
    ----------
    expr : Expr
        An element over keys of arrays.
    places : sequence of Expr
        The index of each axis of the output; 0 on an axis of length 1.
    ranges : dict
        Lengths of these indices.
    shapes : mapping
        Key -> shape of the array.
    avoid : collection of str
        Letters that no index may have.
    """
    terms = expand(freshen(expr))
    found: list[Node] = []
    for choices in _kept([i for i in places if i != 0]):
        for kept in choices:
            # Each term by itself is tried only where the whole has no form.
            for careful in (False, True):
                try:
                    found.append(_Carrier(expr, places, ranges, shapes, avoid, careful).node(terms, kept))
                    break
                except NoMatrixForm:
                    continue
        if found:
            break
    return found


def _kept(free: Sequence[Expr]) -> Iterator[list[tuple[Expr, ...]]]:
    """The indices that matrices keep: the last two or the last one; other pairs if neither has a form."""
    last = [tuple(free[-2:]), tuple(free[-1:])]
    if len(free) == 2:
        last.append(tuple(free[:1]))
    yield list(dict.fromkeys(last))
    yield [pair for pair in itertools.combinations(free, 2) if pair not in last]


class _Carrier:
    """Fixes indices for one choice of those that are kept."""

    def __init__(
        self,
        expr: Expr,
        places: Sequence[Expr],
        ranges: Ranges,
        shapes: Shapes,
        avoid: Collection[str],
        careful: bool,
    ) -> None:
        self.careful = careful
        self.places = places
        self.ranges = ranges
        self.shapes = shapes
        self.names, self.batch = letters_of(expr, places, avoid)
        self.writer = Indexed(frozenset(avoid), {}, ranges, self.batch)
        self.slices: dict[str, tuple[str, tuple[bool | None, ...], tuple[Expr, ...]]] = {}

    def node(self, terms: Sequence[Term], kept: Sequence[Expr]) -> Node:
        """The whole formula."""
        fixed = {i for i in self.places if i != 0 and i not in kept}
        groups: dict[tuple[Expr, ...], tuple[tuple[Symbol, ...], list[Expr]]] = {}
        for term in terms:
            summed = self.chosen(term, fixed, kept)
            lengths = tuple(dict(term.bound)[k] for k in summed)
            known, bodies = groups.setdefault(lengths, (summed, []))
            factors = [factor.xreplace(dict(zip(summed, known))) for factor in term.factors]
            rest = tuple((k, n) for k, n in term.bound if k not in summed)
            bodies.append(Total(Mul(*factors), rest))
        shape = tuple(self.ranges[i] for i in kept)
        for i in self.places:
            if i in fixed:
                self.writer.lengths[self.names[i]] = self.ranges[i]
        parts = [self.group(group, lengths, bodies, fixed, kept) for lengths, (group, bodies) in groups.items()]
        letters = tuple(self.names[i] if i in fixed else None for i in self.places)
        return each(added(parts, shape), letters, self.writer.lengths)

    def chosen(self, term: Term, fixed: set, kept: Sequence[Expr]) -> tuple[Symbol, ...]:
        """The bound indices of a term to carry: as few as there must be."""
        bound = dict(term.bound)
        first = sorted(bound, key=lambda k: (k != self.batch, str(k)))
        tried = 0
        for count in range(min(len(first), 2) + 1):
            for summed in itertools.combinations(first, count):
                rest = {k: n for k, n in bound.items() if k not in summed}
                whole = Total(Mul(*term.factors), tuple(rest.items()))
                scope = {**{i: self.ranges[i] for i in kept}, **rest}
                out = {**{i: self.ranges[i] for i in fixed}, **{k: bound[k] for k in summed}}
                tried += 1
                try:
                    body = self.fix(whole, scope, out)
                    if self.careful:
                        to_node(body, kept, self.ranges)
                    return summed
                except NoMatrixForm:
                    if tried > MOST:
                        raise
        raise NoMatrixForm

    def group(
        self,
        summed: Sequence[Symbol],
        lengths: Sequence[Expr],
        bodies: Sequence[Expr],
        fixed: set,
        kept: Sequence[Expr],
    ) -> Node:
        """The terms with the same carried sum."""
        limits = tuple(zip(summed, lengths))
        names = {i: self.names[i] for i in fixed}
        inner = self.writer.inside(limits, {**self.names, **names}) if limits else self.names
        out = {**{i: self.ranges[i] for i in fixed}, **dict(limits)}
        scope = {i: self.ranges[i] for i in kept}
        body = self.fix(Add(*bodies), scope, out)
        node = self.named(tidy(to_node(body, kept, self.ranges)), inner)
        return carried_sum(node, tuple(inner[k] for k in summed)) if limits else node

    def fix(self, expr: Expr, scope: Ranges, out: Ranges) -> Expr:
        """``expr`` over slices at the indices ``out``; ``scope`` has the other indices.

        Raises
        ------
        NoMatrixForm
            If an index stands elsewhere than on an axis of its own length, or too many axes are left.
        """
        if isinstance(expr, Entry):
            return self.slice(expr, scope, out)
        if expr in out:
            raise NoMatrixForm
        if isinstance(expr, Binder):
            inner = {**scope, **dict(expr.limits)}
            rest = [self.fix(arg, scope, out) for arg in expr.args[2:]]
            return type(expr)(self.fix(expr.body, inner, out), expr.limits, *rest)
        return expr.func(*(self.fix(arg, scope, out) for arg in expr.args)) if expr.args else expr

    def slice(self, entry: Entry, scope: Ranges, out: Ranges) -> Expr:
        """One element, of the slice at its fixed indices."""
        left: list[Expr] = []
        taken: list[Expr] = []
        # An axis of length 1 needs neither an index nor a colon.
        places: list[bool | None] = []
        for i, n in zip(entry.indices, self.shapes[entry.head.name]):
            if n == 1:
                places.append(None)
            elif isinstance(i, Integer) or out.get(i) == n:
                places.append(True)
                taken.append(i)
            elif scope.get(i) == n:
                places.append(False)
                left.append(i)
            else:
                raise NoMatrixForm
        if len(left) > 2:
            raise NoMatrixForm
        if not taken:
            return Entry(entry.head, *left)
        text = f"{entry.head.name} at {places} {taken}"
        self.slices[text] = (entry.head.name, tuple(places), tuple(taken))
        return Entry(Symbol(text), *left)

    def named(self, node: Node, names: Mapping[Symbol, str]) -> Node:
        """``node`` with slices under their indices."""
        if node.kind == "name" and node.data in self.slices:
            key, places, taken = self.slices[node.data]
            at = tuple(self.writer.place(i, names) for i in taken)
            return Node("slice", at, node.shape, (key, places))
        args = tuple(self.named(arg, names) for arg in node.args)
        return node if args == node.args else Node(node.kind, args, node.shape, node.data)


def carried_sum(body: Node, letters: tuple[str, ...]) -> Node:
    """A sum of matrices over letters; numbers and scalars that do not depend on these stand before it."""
    if body.kind == "scale":
        outside = [part for part in body.args[:-1] if not depends(part, letters)]
        inside = [part for part in body.args[:-1] if part not in outside]
        if body.data != 1 or outside:
            rest = scaled(Integer(1), inside, body.args[-1])
            # Not by `scaled`: its arithmetic may not reach into the sum.
            return Node("scale", (*outside, carried_sum(rest, letters)), body.shape, body.data)
    return Node("csum", (body,), body.shape, letters)


def depends(node: Node, letters: Collection[str]) -> bool:
    """True if a letter stands in ``node``."""
    return (node.kind == "index" and node.data in letters) or any(depends(arg, letters) for arg in node.args)


__all__ = ["carried_nodes", "carried_sum", "depends"]
