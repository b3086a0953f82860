"""Indexed expressions to matrix notation: the factors of a term are a network of matrices and vectors over indices.

Bound indices are removed one by one as products, traces and sums. Where an index joins more than two matrices there is
no matrix form, and `NoMatrixForm` says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Add, Expr, Function, Mul, Pow, S, Symbol

from .functions import Exp
from .matrix_functions import MatrixFunction, Minor
from .nodes import Binder, Delta, Entry, Share, Total
from .normal import Ranges, Term, expand, freshen, replace, same
from .notation import (
    ONE,
    Node,
    NoMatrixForm,
    added,
    diagonal,
    diagonal_of,
    eye,
    hadamard,
    name,
    number,
    ones,
    product,
    row,
    scaled,
    transpose,
)

Item = tuple[Node, tuple[Symbol, ...]]


def to_node(expr: Expr, out: Sequence[Symbol], ranges: Ranges) -> Node:
    """``expr`` as a scalar, vector or matrix over the indices ``out``.

    Raises
    ------
    NoMatrixForm
        If there is none.
    """
    shape = tuple(ranges[i] for i in out)
    if len(shape) > 2:
        raise NoMatrixForm
    parts = [_term(term, tuple(out), ranges) for term in expand(freshen(expr))]
    return added(parts, shape)


def reads_whole_arrays(expr: Expr, scope: Ranges, shapes: Mapping[str, Sequence[Expr]]) -> bool:
    """True if each entry's indices run through whole axes of its array; matrices can not say a part of one."""
    if isinstance(expr, Entry):
        return all(n == 1 if i == 0 else scope.get(i) == n for i, n in zip(expr.indices, shapes[expr.head.name]))
    if isinstance(expr, Binder):
        inner = {**scope, **dict(expr.limits)}
        return reads_whole_arrays(expr.body, inner, shapes) and all(
            reads_whole_arrays(arg, scope, shapes) for arg in expr.args[2:]
        )
    return all(reads_whole_arrays(arg, scope, shapes) for arg in expr.args)


def recognise(factors: list[Expr]) -> list[Expr]:
    """Exponentials over their sum, as softmax."""
    for factor in factors:
        base, power = factor.as_base_exp()
        if not (isinstance(base, Total) and len(base.limits) == 1 and power.is_Integer and power < 0):
            continue
        if not isinstance(base.body, Exp):
            continue
        ((k, n),), inner = base.limits, base.body.args[0]
        for other in factors:
            e, times = other.as_base_exp()
            for at in sorted(e.free_symbols, key=str) if isinstance(e, Exp) else ():
                whole = times.is_Integer and times > 0
                if whole and isinstance(at, Symbol) and same(replace(inner, k, at), e.args[0]):
                    rest = [f for f in factors if f not in (factor, other)]
                    both = min(times, -power)
                    left = [f for f in (Pow(base, power + both), Pow(e, times - both)) if f != 1]
                    return recognise([*rest, *left, Pow(Share(inner, ((k, n),), at), both)])
    return factors


def _term(term: Term, out: tuple[Symbol, ...], ranges: Ranges) -> Node:
    bound = dict(term.bound)
    ranges = {**ranges, **bound}
    coefficient, scalars, items = S.One, [], []
    for factor in recognise(list(term.factors)):
        if factor.is_Rational:
            coefficient *= factor
            continue
        node, labels = _item(factor, ranges)
        if labels:
            items.append((node, labels))
        else:
            scalars.append(node)
    for k in list(bound):
        if not any(k in labels for _, labels in items):
            scalars.append(number(bound.pop(k)))
    items = merge(items)
    while bound:
        k = _next(items, bound)
        items = merge(_eliminate(items, k, ranges, scalars, bound))
    return scaled(coefficient, scalars, _finish(items, out, ranges))


def _item(factor: Expr, ranges: Ranges) -> Item:
    """A factor as a node over the indices that occur in it."""
    if isinstance(factor, Entry):
        moving = tuple(i for i in factor.indices if i != 0)
        shape = tuple(ranges[i] if i in ranges else _refuse() for i in moving)
        if len(moving) > 2:
            raise NoMatrixForm
        node = name(factor.head.name, shape)
        return (diagonal_of(node), moving[:1]) if len(moving) == 2 and moving[0] == moving[1] else (node, moving)
    if isinstance(factor, Delta):
        if all(i in ranges for i in factor.args):
            return eye(ranges[factor.args[0]]), factor.args
        raise NoMatrixForm
    if isinstance(factor, MatrixFunction) and factor.places:
        return _of_matrix(factor, ranges), factor.places
    labels = tuple(sorted(factor.free_symbols & set(ranges), key=str))
    if len(labels) == 2:
        labels = _orientation(factor, labels)
    return elementwise(factor, labels, ranges), labels


def _refuse() -> Expr:
    raise NoMatrixForm


def _orientation(factor: Expr, labels: tuple[Symbol, ...]) -> tuple[Symbol, ...]:
    """The order of two indices in which most entries have them: what comes first in a pair is a row."""
    votes = dict.fromkeys(labels, 0)
    for share in factor.atoms(Share):
        factor = factor.xreplace({share: share.body.xreplace({share.bound[0]: share.args[2]})})
    for part in factor.atoms(Entry):
        moving = [i for i in part.indices if i != 0]
        for place, i in enumerate(moving if len(moving) == 2 else ()):
            if i in votes:
                votes[i] += 2 - 4 * place
        # A vector that stands alone is added to every row, as a bias is.
        if len(moving) == 1 and moving[0] in votes:
            votes[moving[0]] -= 1
    return labels if votes[labels[0]] >= votes[labels[1]] else labels[::-1]


def elementwise(expr: Expr, labels: tuple[Symbol, ...], ranges: Ranges) -> Node:
    """A scalar function of arrays, taken element by element over ``labels``."""
    if len(labels) > 2:
        raise NoMatrixForm
    shape = tuple(ranges[i] for i in labels)
    if (
        expr.is_Rational
        or expr.is_NumberSymbol
        or (expr.is_Symbol and expr not in ranges and not isinstance(expr, Entry))
    ):
        return number(expr)
    if isinstance(expr, Entry) and tuple(i for i in expr.indices if i != 0) == labels:
        return name(expr.head.name, shape)
    if isinstance(expr, Add):
        if not any(isinstance(arg, Delta) for arg in expr.args):
            parts = [
                elementwise(arg, labels, ranges) if not arg.free_symbols & set(ranges) else to_node(arg, labels, ranges)
                for arg in expr.args
            ]
            return added(parts, shape)
    if isinstance(expr, Pow) and expr.exp.is_Rational:
        base = elementwise(expr.base, labels, ranges)
        return Node("pow", (base,), shape, expr.exp)
    if isinstance(expr, Share):
        return _softmax(expr, labels, ranges)
    if isinstance(expr, MatrixFunction) and set(labels) == set(expr.places):
        return oriented(_of_matrix(expr, ranges), expr.places, labels)
    if isinstance(expr, Function):
        tags = [
            arg.name
            for arg in expr.args
            if arg.is_Symbol and not isinstance(arg, Entry) and arg not in ranges and not arg.is_integer
        ]
        args = [arg for arg in expr.args if getattr(arg, "name", None) not in tags]
        return Node("fn", tuple(elementwise(arg, labels, ranges) for arg in args), shape, (type(expr).__name__, *tags))
    if isinstance(expr, (Mul, Total, Entry)):
        return to_node(expr, labels, ranges)
    raise NoMatrixForm


def _of_matrix(expr: MatrixFunction, ranges: Ranges) -> Node:
    """A function of a whole matrix, over its row and column, or as a number."""
    outer = set(ranges) & expr.body.free_symbols
    if (
        len(set(expr.places)) != len(expr.places)
        or len(expr.places) > 2
        or outer
        or not set(expr.places) <= set(ranges)
    ):
        raise NoMatrixForm
    inner = to_node(expr.body, expr.bound, {**ranges, **dict(expr.limits)})
    kind = type(expr).__name__ if expr.places or not isinstance(expr, Minor) else "Determinant"
    shape = (expr.length,) * len(expr.places)
    if inner.kind == "T" and kind in ("InverseMatrix", "Minor"):
        return transpose(Node("of", inner.args, shape, kind))
    return Node("of", (inner,), shape, kind)


def _softmax(expr: Share, labels: tuple[Symbol, ...], ranges: Ranges) -> Node:
    ((k, n),), at = expr.limits, expr.args[2]
    if at not in labels or at in expr.body.free_symbols:
        raise NoMatrixForm
    inner = tuple(k if i == at else i for i in labels)
    body = elementwise(expr.body, inner, {**ranges, k: n})
    return Node("softmax", (body,), tuple(ranges[i] for i in labels), labels.index(at) if len(labels) == 2 else None)


def merge(items: list[Item]) -> list[Item]:
    """Items over the same indices as one, by the elementwise product."""
    result: list[Item] = []
    for node, labels in items:
        for position, (other, theirs) in enumerate(result):
            if set(labels) == set(theirs):
                result[position] = hadamard(other, oriented(node, labels, theirs)), theirs
                break
        else:
            result.append((node, labels))
    return result


def oriented(node: Node, labels: tuple[Symbol, ...], wanted: tuple[Symbol, ...]) -> Node:
    """A matrix over ``labels`` as one over ``wanted``."""
    return node if tuple(labels) == tuple(wanted) else transpose(node)


def _next(items: list[Item], bound: Ranges) -> Symbol:
    """The bound index to remove next: one that joins two matrices first, so that chains stay products."""

    def rank(k: Symbol) -> tuple:
        mine = [labels for _, labels in items if k in labels]
        joined = set().union(*mine) - {k}
        bent = sum(_curved(node) for node, labels in items if k in labels)
        return (len(mine) > 2, len(joined), -sum(len(x) for x in mine), bent, str(k))

    return min(bound, key=rank)


def _curved(node: Node) -> bool:
    """True for what is taken element by element; products of such arrays are left for last, as a person does."""
    if node.kind in ("add", "had", "scale"):
        return any(map(_curved, node.args))
    return node.kind in ("fn", "pow", "softmax")


def _eliminate(items: list[Item], k: Symbol, ranges: Ranges, scalars: list[Node], bound: Ranges) -> list[Item]:
    """Sum over one index."""
    del bound[k]
    mine = [item for item in items if k in item[1]]
    rest = [item for item in items if k not in item[1]]
    vectors = [item for item in mine if len(item[1]) == 1]
    matrices = [item for item in mine if len(item[1]) == 2]
    if len(matrices) > 2:
        raise NoMatrixForm
    if len(matrices) == 1:
        matrix, labels = matrices[0]
        other = labels[0] if labels[1] == k else labels[1]
        if not vectors and other in bound and not any(other in labels for _, labels in rest):
            del bound[other]
            scalars.append(_sum_all(matrix))
            return rest
        right = vectors[0][0] if vectors else ones(ranges[k])
        return [*rest, (product(oriented(matrix, labels, (other, k)), right), (other,))]
    if len(matrices) == 2:
        (a, la), (b, lb) = matrices
        first, last = next(i for i in la if i != k), next(i for i in lb if i != k)
        middle = [diagonal(vectors[0][0])] if vectors else []
        return [*rest, (product(oriented(a, la, (first, k)), *middle, oriented(b, lb, (k, last))), (first, last))]
    vector = vectors[0][0]
    if vector.kind == "pow" and vector.data == 2:
        scalars.append(product(row(vector.args[0]), vector.args[0]))
    elif vector.kind == "had":
        first = vector.args[0]
        other = hadamard(*vector.args[1:])
        scalars.append(product(row(first), other))
    else:
        scalars.append(product(row(ones(ranges[k])), vector))
    return rest


def _sum_all(matrix: Node) -> Node:
    """The sum of all elements of a matrix."""
    if matrix.kind == "had" and len(matrix.args) == 2:
        return Node("inner", matrix.args)
    return product(row(ones(matrix.shape[0])), matrix, ones(matrix.shape[1]))


def _finish(items: list[Item], out: tuple[Symbol, ...], ranges: Ranges) -> Node:
    """What is left over the output's indices."""
    if len(out) < 2:
        nodes = [node for node, _ in items]
        return nodes[0] if nodes else ones(ranges[out[0]]) if out else ONE
    by_labels = {frozenset(labels): (node, labels) for node, labels in items}
    left, right = (by_labels.get(frozenset((i,)), (None,))[0] for i in out)
    found = by_labels.get(frozenset(out))
    if found is None:
        return product(left or ones(ranges[out[0]]), row(right or ones(ranges[out[1]])))
    matrix = oriented(*found, out)
    parts = [*([diagonal(left)] if left else []), matrix, *([diagonal(right)] if right else [])]
    return product(*parts)


__all__ = ["reads_whole_arrays", "recognise", "to_node"]
