"""Arrays of any rank taken whole: what is done element by element needs no indices, ``2 (X - Y)``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Expr, Mul, Symbol

from .matrix import to_node
from .nodes import Binder, Entry, Total, fresh_index
from .normal import Ranges
from .notation import Node, NoMatrixForm
from .tidy import tidy

# What means the same for arrays of any rank.
_ANY_RANK = {"name", "number", "fn", "had", "scale", "add", "pow", "norm", "inner"}


def whole_node(expr: Expr, places: Sequence[Expr], ranges: Ranges, shapes: Mapping[str, Sequence[Expr]]) -> Node:
    """``expr`` with arrays as they are, if each is read at all of the output's indices in their order.

    Raises
    ------
    NoMatrixForm
        If one is not, or something is meant for matrices only.
    """
    free = tuple(i for i in places if i != 0)
    # A number may be made of whole arrays too, by sums over all of their indices.
    sums = sorted((tuple(n for _, n in total.limits) for total in expr.atoms(Total)), key=str)
    lengths = tuple(ranges[i] for i in free) or next((one for one in sums if len(one) > 2), ())
    if len(lengths) < 3:
        raise NoMatrixForm
    line, count = fresh_index(), Mul(*lengths)
    flat = _Flat(lengths, shapes).visit(expr, {free: line} if free else {})
    if flat.free_symbols & set(free):
        raise NoMatrixForm
    out = [line] if free else []
    node = _inner(tidy(to_node(flat, out, {line: count} if free else {})))
    if not _any_rank(node) or len(node.shape) != len(out):
        raise NoMatrixForm
    return node


class _Flat:
    """Puts one index in place of several that always stand together."""

    def __init__(self, lengths: tuple[Expr, ...], shapes: Mapping[str, Sequence[Expr]]) -> None:
        self.lengths = lengths
        self.shapes = shapes

    def visit(self, expr: Expr, known: Mapping[tuple, Symbol]) -> Expr:
        """``expr`` over flat arrays."""
        if isinstance(expr, Entry):
            shape = self.shapes[expr.head.name]
            at = tuple(i for i, n in zip(expr.indices, shape) if n != 1)
            if not at:
                return Entry(expr.head)
            if at not in known or tuple(n for n in shape if n != 1) != self.lengths:
                raise NoMatrixForm
            return Entry(expr.head, known[at])
        if isinstance(expr, Total):
            if tuple(n for _, n in expr.limits) != self.lengths:
                raise NoMatrixForm
            line = fresh_index()
            body = self.visit(expr.body, {**known, expr.bound: line})
            if body.free_symbols & set(expr.bound):
                raise NoMatrixForm
            return Total(body, ((line, Mul(*self.lengths)),))
        if isinstance(expr, Binder):
            raise NoMatrixForm
        return expr.func(*(self.visit(arg, known) for arg in expr.args)) if expr.args else expr


def _inner(node: Node) -> Node:
    """``a^T b`` as the inner product of two arrays."""
    args = tuple(_inner(arg) for arg in node.args)
    if node.kind == "trace" and args[0].kind == "prod" and len(args[0].args) == 2 and args[0].args[0].kind == "T":
        return Node("inner", (args[0].args[0].args[0], args[0].args[1]))
    if node.kind == "prod" and len(args) == 2 and args[0].kind == "row" and not node.shape:
        return Node("inner", (args[0].args[0], args[1]))
    return node if args == node.args else Node(node.kind, args, node.shape, node.data)


def _any_rank(node: Node) -> bool:
    return node.kind in _ANY_RANK and all(map(_any_rank, node.args))


__all__ = ["whole_node"]
