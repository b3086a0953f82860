"""Second derivatives: the lines of the gradient, differentiated once more, and Hessian blocks read off from them.

Comes in: a graph. Goes out: a derivation whose gradients are Hessian-vector products, and the elements of a block of the
Hessian, which is the slope of such a product by its direction: the product is linear in it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Add, Expr, Mul, S, Symbol, diff

from ..dtype import is_float
from ..ir import Graph, Var
from .combine import combined
from .compose import BUDGET, alias, aliases, definition, entries, resolved, size, substitute
from .known import Known
from .lines import Builder, Derivation
from .nodes import Delta, Entry, Total, fresh_index, index
from .normal import Ranges, Term, canonical, expand, freshen, normal
from .own_names import use_names
from .template import out_indices


@dataclass(frozen=True, eq=False)
class Second:
    """A derivation of second order.

    Attributes
    ----------
    derivation : Derivation
        Its gradients are the products of the Hessian and the directions, by variable.
    first : dict
        Variable -> key of its gradient of first order.
    directions : dict
        Variable -> key of the direction in which it moves.
    blocks : dict
        Key of a block of the Hessian -> the two variables that it is by; the derivation has its shape.
    """

    derivation: Derivation
    first: dict[Var, str]
    directions: dict[Var, str]
    blocks: dict[str, tuple[Var, Var]]

    def key(self, first: Var, second: Var) -> str | None:
        """The key of the block by two variables."""
        return next((key for key, pair in self.blocks.items() if pair == (first, second)), None)


def derive_second(
    graph: Graph,
    wrt: Sequence[Var],
    directions: Mapping[Var, str],
    sens: str | None = None,
    letters: Mapping[str, Sequence[Any]] | None = None,
    known: Known | None = None,
) -> Second:
    """Lines of ``graph``, of its gradients, and of the gradients' slopes along ``directions`` (variable -> symbol)."""
    builder = Builder(graph, letters or {}, known)
    builder.forward(graph)
    outputs = [builder.key(atom) for atom in graph.outputs if isinstance(atom, Var) and is_float(atom.dtype)]
    weights = [builder.weight(sens, key, len(outputs), at) for at, key in enumerate(outputs)] if sens else []
    every = list(dict.fromkeys([*wrt, *directions]))
    first = dict(zip(every, builder.reverse(outputs, weights, [builder.key(var) for var in every])))
    along = {var: builder.weight(name, first[var], 1, 0) for var, name in directions.items()}
    found = builder.reverse([first[var] for var in along], list(along.values()), [builder.key(var) for var in wrt])
    blocks = {f"h:{builder.keys[a]}|{builder.keys[b]}": (a, b) for a in wrt for b in along}
    for key, (a, b) in blocks.items():
        builder.shapes[key] = (*builder.shapes[builder.keys[a]], *builder.shapes[builder.keys[b]])
    return Second(builder.result(dict(zip(wrt, found)), tuple(weights)), first, along, blocks)


def slopes(derivation: Derivation, along: str, every: Collection[str]) -> dict[str, Expr | None]:
    """The slope by ``along`` (one of ``every`` direction) of each value, over its indices and `moved_indices`.

    What the direction moves is linear in it, term by term. So a line's slope is the line with the slopes of what it
    holds put in. None for what got too long.
    """
    steps = moved_indices(derivation, along)
    inner = {p: n for p, n in zip(steps, derivation.shapes[along]) if p != 0}
    pairs = zip(out_indices(derivation.shapes[along]), steps)
    found: dict[str, Expr | None] = {along: Mul(*(Delta(i, p) for i, p in pairs))}
    moving = set(every)
    for line in derivation.lines:
        if moving.isdisjoint(line.operands):
            continue
        moving.add(line.key)
        if found.keys().isdisjoint(line.operands):
            continue
        places = out_indices(derivation.shapes[line.key])
        expr = definition(line, places)
        # What other directions move stands still when only this one is followed.
        held = {e: found.get(e.head.name, S.Zero) for e in entries(expr) if e.head.name in moving}
        if any(slope is None for slope in held.values()) or size(expr) + sum(map(size, held.values())) > BUDGET:
            found[line.key] = None
            continue
        expr = expr.xreplace({e: _at(slope, derivation.shapes[e.head.name], e.indices) for e, slope in held.items()})
        ranges = {**inner, **{i: n for i, n in zip(places, derivation.shapes[line.key]) if i != 0}}
        found[line.key] = normal(expr, ranges)
    return found


def moved_indices(derivation: Derivation, along: str) -> tuple[Expr, ...]:
    """The indices of a direction in slopes by it."""
    return tuple(S.Zero if n == 1 else index(f"p{axis}") for axis, n in enumerate(derivation.shapes[along]))


def _at(slope: Expr | None, shape: Sequence[Expr], places: Sequence[Expr]) -> Expr:
    assert slope is not None
    new = {i: place for i, place in zip(out_indices(shape), places) if i != 0}
    return freshen(slope).xreplace(new)


def block(derivation: Derivation, key: str, along: str, slope: Expr) -> tuple[Expr, Ranges]:
    """A slope as the element of a block, over the indices of ``key`` and then those of ``along``."""
    shape, other = derivation.shapes[key], derivation.shapes[along]
    whole = out_indices((*shape, *other))
    new = {p: i for p, i in zip(moved_indices(derivation, along), whole[len(shape) :]) if p != 0}
    ranges = {i: n for i, n in zip(whole, (*shape, *other)) if i != 0}
    return on_diagonal(normal(slope.xreplace(new), ranges), ranges), ranges


def unit_steps(derivation: Derivation, key: str) -> tuple[Expr, Ranges]:
    """The slope of an input by itself, over its indices and `moved_indices`; and the lengths of the latter."""
    steps, shape = moved_indices(derivation, key), derivation.shapes[key]
    seed = Mul(*(Delta(i, p) for i, p in zip(out_indices(shape), steps)))
    return seed, {p: n for p, n in zip(steps, shape) if p != 0}


def value_slopes(derivation: Derivation, seeds: Mapping[str, Expr], steps: Ranges) -> dict[str, Expr | None]:
    """The slope of each value, over its indices and ``steps``, from those of inputs (``seeds``).

    A slope is over values by their names: that of ``H = tanh(Z)`` holds ``1 - H^2``. None for what got too long.
    """
    found: dict[str, Expr | None] = dict(seeds)
    hidden = aliases(derivation)
    for line in derivation.lines:
        if line.kind != "forward" or found.keys().isdisjoint(line.operands):
            continue
        places = out_indices(derivation.shapes[line.key])
        ranges = {**steps, **{i: n for i, n in zip(places, derivation.shapes[line.key]) if i != 0}}
        slope = chained(derivation, resolved(definition(line, places), hidden), found, ranges)
        if slope is not None and slope != 0:
            slope = combined(use_names(slope, derivation, hidden))
        found[line.key] = slope
    return found


def chained(derivation: Derivation, expr: Expr, slopes: Mapping[str, Expr | None], ranges: Ranges) -> Expr | None:
    """The slope of ``expr``, from those of the values that it holds; None if it gets too long."""
    parts = []
    for key in sorted({e.head.name for e in entries(expr)} & slopes.keys()):
        slope = slopes[key]
        if slope is None:
            return None
        shape = derivation.shapes[key]
        fresh = [S.Zero if n == 1 else fresh_index() for n in shape]
        outer = diff(expr, Entry(Symbol(key), *fresh))
        if size(outer) + size(slope) > BUDGET:
            return None
        limits = tuple((q, n) for q, n in zip(fresh, shape) if q != 0)
        parts.append(Total(Mul(outer, _at(slope, shape, fresh)), limits))
    found = normal(Add(*parts), ranges)
    return found if size(found) <= BUDGET else None


def turned(expr: Expr, shape: Sequence[Expr], other: Sequence[Expr], ranges: Ranges) -> Expr:
    """The element of a block by ``other`` and ``shape``, from that of the block by ``shape`` and ``other``."""
    before, after = out_indices((*shape, *other)), out_indices((*other, *shape))
    places = [*after[len(other) :], *after[: len(other)]]
    return normal(expr.xreplace({i: k for i, k in zip(before, places) if i != 0}), ranges)


def filled(derivation: Derivation, expr: Expr, ranges: Ranges, forward: bool) -> Expr | None:
    """``expr`` with cotangents (and, with ``forward``, values too) put in; None over budget."""
    order = {line.key: place for place, line in enumerate(derivation.lines)}
    changed = False
    while True:
        heads = {e.head.name for e in entries(expr)} & order.keys()
        if not forward:
            heads = {k for k in heads if k in derivation.cotangents or alias(derivation.definition(k))}
        if not heads:
            return on_diagonal(normal(expr, ranges), ranges) if changed else expr
        latest = max(heads, key=order.__getitem__)
        line, changed = derivation.definition(latest), True
        found = {e: definition(line, e.indices) for e in entries(expr) if e.head.name == latest}
        if size(expr) + sum(size(part) for part in found.values()) > BUDGET:
            return None
        expr = substitute(expr, latest, line)


def on_diagonal(expr: Expr, ranges: Ranges) -> Expr:
    """``expr`` with one index for two wherever a delta of two free indices holds: the rest lies on the diagonal."""
    parts = []
    for term in expand(freshen(expr)):
        factors = list(term.factors)
        for delta in [f for f in factors if isinstance(f, Delta)]:
            first, second = sorted(delta.args, key=str)
            if first in ranges and second in ranges:
                factors = [f if f == delta else f.xreplace({second: first}) for f in factors]
        parts.append(canonical(Term(term.bound, tuple(factors)), 0))
    return Add(*parts)


__all__ = [
    "Second",
    "block",
    "chained",
    "derive_second",
    "filled",
    "on_diagonal",
    "slopes",
    "turned",
    "unit_steps",
    "value_slopes",
]
