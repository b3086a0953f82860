"""Second derivatives: the lines of the gradient, differentiated once more, and Hessian blocks read off from them.

Comes in: a graph. Goes out: a derivation whose gradients are Hessian-vector products, and the elements of a block of the
Hessian, which is the slope of such a product by its direction: the product is linear in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Add, Expr, S, Symbol, diff

from ..dtype import is_float
from ..ir import Graph, Var
from .compose import BUDGET, alias, definition, entries, size, substitute
from .lines import Builder, Derivation
from .nodes import Delta, Entry, fresh_index
from .normal import Ranges, Term, canonical, expand, freshen, normal
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


def derive_second(
    graph: Graph,
    wrt: Sequence[Var],
    directions: Mapping[Var, str],
    sens: str | None = None,
    letters: Mapping[str, Sequence[Any]] | None = None,
) -> Second:
    """Lines of ``graph``, of its gradients, and of the gradients' slopes along ``directions`` (variable -> symbol)."""
    builder = Builder(graph, letters or {})
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


def dependents(derivation: Derivation, key: str) -> frozenset[str]:
    """The keys whose values depend on ``key``."""
    found = {key}
    for line in derivation.lines:
        if not found.isdisjoint(line.operands):
            found.add(line.key)
    return frozenset(found)


def block(derivation: Derivation, key: str, along: str, closing: str) -> tuple[Expr, Ranges] | None:
    """The slope of ``key`` by ``along``, over the indices of both; None if it gets too long.

    Parameters
    ----------
    derivation : Derivation
    key, along : str
        A product of the Hessian, and its direction.
    closing : str
        What is put in: "all", "cotangents" (values keep their names), or "moving": only what the direction moves.
    """
    moving = dependents(derivation, along)
    expr = _closed(derivation, key, along, closing, moving)
    if expr is None:
        return None
    shape, other = derivation.shapes[key], derivation.shapes[along]
    fresh = [S.Zero if n == 1 else fresh_index() for n in other]
    slope = diff(expr, Entry(Symbol(along), *fresh))
    whole = out_indices((*shape, *other))
    new = {p: i for p, i in zip(fresh, whole[len(shape) :]) if p != 0}
    ranges = {i: n for i, n in zip(whole, (*shape, *other)) if i != 0}
    if slope == 0:
        return S.Zero, ranges
    return on_diagonal(normal(slope.xreplace(new), ranges), ranges), ranges


def _closed(derivation: Derivation, key: str, along: str, closing: str, moving: frozenset[str]) -> Expr | None:
    """The element of ``key`` with lines put in, without the terms that the direction does not move."""
    order = {line.key: place for place, line in enumerate(derivation.lines)}
    shape = derivation.shapes[key]
    indices = out_indices(shape)
    ranges = {i: n for i, n in zip(indices, shape) if i != 0}
    expr = _moved(definition(derivation.definition(key), indices), moving)
    while True:
        heads = {e.head.name for e in entries(expr)} & order.keys()
        if closing == "moving":
            heads &= moving
        elif closing == "cotangents":
            heads = {k for k in heads if k in derivation.cotangents or alias(derivation.definition(k))}
        if not heads:
            return normal(expr, ranges)
        latest = max(heads, key=order.__getitem__)
        line = derivation.definition(latest)
        found = {e: definition(line, e.indices) for e in entries(expr) if e.head.name == latest}
        if size(expr) + sum(size(part) for part in found.values()) > BUDGET:
            return None
        expr = _moved(normal(substitute(expr, latest, line), ranges), moving)


def _moved(expr: Expr, moving: frozenset[str]) -> Expr:
    """The terms that hold something that moves; the others have slope 0."""
    return Add(*(term for term in Add.make_args(expr) if any(e.head.name in moving for e in entries(term))))


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


__all__ = ["Second", "block", "dependents", "derive_second", "on_diagonal"]
