"""Wrong forms, planted on purpose: every small change of a notation tree or of an indexed expression, one at a time."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Integer, Rational, Symbol

from msgrad_ext.symbolic.nodes import Delta, Entry, Total, Within
from msgrad_ext.symbolic.notation import Node

TINY = 1 + Rational(1, 10**12)
FUNCTIONS = {"Exp": "Tanh", "Log": "Exp", "Tanh": "Sigmoid", "Sigmoid": "Tanh", "Relu": "Absolute", "Sin": "Cos"}
FUNCTIONS |= {"Positive": "Sign", "Sign": "Positive", "Absolute": "Relu", "Cos": "Sin"}

Mutant = tuple[str, Node]


def mutants(node: Node) -> Iterator[Mutant]:
    """Each tree that differs from ``node`` by one mistake at one place, with the name of the mistake."""
    yield from _here(node)
    for place, arg in enumerate(node.args):
        for mistake, changed in mutants(arg):
            args = (*node.args[:place], changed, *node.args[place + 1 :])
            yield mistake, Node(node.kind, args, node.shape, node.data)


def _times(number: Expr, node: Node) -> Node:
    if node.kind == "scale":
        return Node("scale", node.args, node.shape, node.data * number)
    return Node("scale", (node,), node.shape, number)


def _here(node: Node) -> Iterator[Mutant]:
    yield "sign", _times(Integer(-1), node)
    yield "coefficient of 1e-12", _times(TINY, node)
    if node.kind in ("T", "row"):
        yield "transpose dropped", node.args[0]
    if len(node.shape) == 2:
        yield "transpose put in", Node("T", (node,), node.shape)
    if node.kind in ("prod", "had", "add") and len(node.args) > 1:
        for place in range(len(node.args)):
            rest = node.args[:place] + node.args[place + 1 :]
            yield f"part of {node.kind} dropped", rest[0] if len(rest) == 1 else Node(node.kind, rest, node.shape)
    if node.kind == "prod" and len(node.args) > 1:
        yield "factors swapped", Node("prod", node.args[::-1], node.shape)
    if node.kind == "ones":
        yield "other axis", Node("ones", (), node.shape, node.data + 1)
    if node.kind == "softmax":
        yield "other axis", Node("softmax", node.args, node.shape, 1 - (node.data or 0))
    if node.kind == "number":
        yield "number", Node("number", (), (), node.data + 1)
    if node.kind == "pow":
        yield "exponent", Node("pow", node.args, node.shape, node.data + 1)
        yield "exponent", Node("pow", node.args, node.shape, -node.data)
    if node.kind == "fn" and node.data[0] in FUNCTIONS:
        yield "function", Node("fn", node.args, node.shape, (FUNCTIONS[node.data[0]], *node.data[1:]))
    if node.kind == "scale" and len(node.args) > 1:
        yield "scalar dropped", Node("scale", node.args[1:], node.shape, node.data)
    if node.kind == "of" and node.data == "InverseMatrix":
        yield "inverse dropped", node.args[0]


def changed(expr: Expr, old: Expr, new: Expr) -> Expr:
    """``expr`` with one part replaced, bound indices left alone."""
    return expr.xreplace({old: new})


def wrong_expressions(expr: Expr) -> Iterator[tuple[str, Expr]]:
    """Each expression that differs from ``expr`` by one mistake."""
    yield "sign", -expr
    yield "coefficient of 1e-12", expr * TINY
    if expr.is_Add:
        for term in expr.args:
            yield "sign of a term", expr - 2 * term
            yield "term dropped", expr - term
    for part in _parts(expr, Within):
        position, step, n = part.args
        yield "condition off by one", changed(expr, part, Within(position + 1, step, n))
    for part in _parts(expr, Delta):
        yield "condition off by one", changed(expr, part, Delta(part.args[0] + 1, part.args[1]))
    for part in _parts(expr, Entry):
        if part.indices and isinstance(part.indices[-1], Symbol):
            yield "index off by one", changed(expr, part, Entry(part.head, *part.indices[:-1], part.indices[-1] + 1))
        if len(part.indices) > 1 and part.indices[0] != part.indices[1]:
            swapped = (part.indices[1], part.indices[0], *part.indices[2:])
            yield "indices swapped", changed(expr, part, Entry(part.head, *swapped))
    for part in _parts(expr, Total):
        (k, n), *rest = part.limits
        yield "a sum too long", changed(expr, part, Total(part.body, ((k, n + 1), *rest)))


def _parts(expr: Expr, kind: type) -> list[Expr]:
    return sorted(expr.atoms(kind), key=str)


__all__ = ["mutants", "wrong_expressions"]
