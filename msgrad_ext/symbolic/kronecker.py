"""Blocks of many axes as matrices: sums of Kronecker products, where a block's element splits into such.

An array's elements are counted row by row, so ``(M ⊗ N) vec(A) = vec(M A N^T)``. Comes in: an element over the indices
of the first array and of the second. Goes out: a number of terms, or None where an index joins what must stay apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr, Mul, S, Symbol

from .combine import labels
from .matrix import recognise, to_node
from .normal import Ranges, Term, expand, freshen
from .notation import ONE, Node, NoMatrixForm, scaled

TERMS = 6
Indices = tuple[Symbol, ...]


@dataclass(frozen=True)
class Product:
    """``coefficient * left ⊗ right``, times a commutation matrix of ``turned``; or ``vec(left) vec(right)^T``."""

    coefficient: Node
    left: Node
    right: Node
    kind: str
    turned: tuple[Expr, Expr] | None = None


@dataclass(frozen=True)
class KroneckerSum:
    """A sum of products."""

    terms: tuple[Product, ...]


def kronecker_terms(expr: Expr, rows: Indices, columns: Indices, ranges: Ranges) -> KroneckerSum | None:
    """``expr`` as Kronecker products: rows of the matrix are the pairs of ``rows``, its columns those of ``columns``."""
    if expr == 0 or max(len(rows), len(columns)) != 2 or not rows or not columns:
        return None
    terms = expand(freshen(expr))
    if len(terms) > TERMS:
        return None
    try:
        found = [_product(term, rows, columns, ranges) for term in terms]
    except NoMatrixForm:
        return None
    return KroneckerSum(tuple(one for one in found if one is not None)) if all(found) else None


def _product(term: Term, rows: Indices, columns: Indices, ranges: Ranges) -> Product | None:
    """One term as a product, if its factors split as one does."""
    number, bodies = S.One, []
    for factor in recognise(list(term.factors)):
        if factor.is_Rational:
            number *= factor
        else:
            bodies.append(factor)
    free = {*rows, *columns}
    pieces = _pieces(term, bodies)
    scalars = [_node(piece, (), ranges) for piece in pieces if not piece.free & free]
    pieces = [piece for piece in pieces if piece.free & free]
    for kind, first, second, turned in _ways(rows, columns):
        sides = [[p for p in pieces if p.free & free <= set(side)] for side in (first, second)]
        if sum(map(len, sides)) == len(pieces):
            left, right = (_node(_union(mine), side, ranges) for mine, side in zip(sides, (first, second)))
            lengths = tuple(ranges[i] for i in columns) if turned else None
            left, right, number, scalars = _bare(left, right, number, scalars)
            if kind == "row":
                right = Node("row", (right,), right.shape)
            elif kind == "lead":
                left = Node("row", (left,), left.shape)
            word = kind if kind in ("vec", "out", "in") else "kron"
            return Product(scaled(number, scalars, ONE), left, right, word, lengths)  # type: ignore[arg-type]
    return None


def _bare(left: Node, right: Node, number: Expr, scalars: list[Node]) -> tuple[Node, Node, Expr, list[Node]]:
    """Numbers and scalars out of the two sides."""
    sides = []
    for side in (left, right):
        if side.kind == "scale" and side.shape:
            number, scalars, side = number * side.data, [*scalars, *side.args[:-1]], side.args[-1]
        sides.append(side)
    return sides[0], sides[1], number, scalars


def _ways(rows: Indices, columns: Indices) -> list[tuple[str, Indices, Indices, bool]]:
    """How a term may split: kind, indices of the left side and of the right one, and whether it is turned."""
    if len(rows) == 2 and len(columns) == 2:
        (i, j), (k, l) = rows, columns  # noqa: E741 (the letter of an index)
        return [("vec", (i, j), (k, l), False), ("kron", (i, k), (j, l), False), ("kron", (i, l), (j, k), True)]
    if len(rows) == 2:
        (i, j), (k,) = rows, columns
        return [("out", (i, j), (k,), False), ("kron", (i, k), (j,), False), ("kron", (i,), (j, k), False)]
    (i,), (k, l) = rows, columns  # noqa: E741
    return [("in", (i,), (k, l), False), ("row", (i, k), (l,), False), ("lead", (k,), (i, l), False)]


@dataclass(frozen=True)
class _Piece:
    """Factors that share bound indices."""

    factors: tuple[Expr, ...]
    bound: tuple[tuple[Symbol, Expr], ...]
    free: frozenset[Symbol]


def _pieces(term: Term, bodies: Sequence[Expr]) -> list[_Piece]:
    """The connected parts of a term."""
    bound = dict(term.bound)
    parts: list[tuple[list[Expr], set[Symbol]]] = []
    for body in bodies:
        mine = set(body.args) if isinstance(labels(body), Expr) else set(labels(body))
        near = [part for part in parts if part[1] & mine]
        parts = [part for part in parts if not part[1] & mine]
        parts.append(([f for part in near for f in part[0]] + [body], mine.union(*(part[1] for part in near))))
    used = set().union(*(at for _, at in parts))
    pieces = [
        _Piece(tuple(fs), tuple((k, n) for k, n in bound.items() if k in at), frozenset(at - bound.keys()))
        for fs, at in parts
    ]
    # An index that nothing is over counts its length.
    lengths = [n for k, n in bound.items() if k not in used]
    return [*pieces, *(_Piece((n,), (), frozenset()) for n in lengths)]


def _union(pieces: Sequence[_Piece]) -> _Piece:
    return _Piece(
        tuple(f for piece in pieces for f in piece.factors),
        tuple(one for piece in pieces for one in piece.bound),
        frozenset().union(*(piece.free for piece in pieces)),
    )


def _node(piece: _Piece, out: Indices, ranges: Ranges) -> Node:
    return to_node(Term(piece.bound, (Mul(*piece.factors),)).expr(), out, ranges)


__all__ = ["KroneckerSum", "Product", "kronecker_terms"]
