"""The walk: from the leaves up, each node rebuilt by its constructor and put to the rules for its kind."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Integer

from ..notation import Node, diagonal, hadamard, power, product, row, scaled, transpose
from .cost import cost, unordered
from .products import inverse, norm, shorter, signed, square_root, traced
from .sums import summed

ROUNDS = 6


def tidy(node: Node) -> Node:
    """An equal tree that is shorter to read, or ``node`` itself."""
    return _turned(_Walk().visit(node))


class _Walk:
    def __init__(self) -> None:
        self.done: dict[Node, Node] = {}

    def visit(self, node: Node) -> Node:
        """The short form of one node; each is made once."""
        if node not in self.done:
            self.done[node] = node
            self.done[node] = self.improved(node)
        return self.done[node]

    def improved(self, node: Node) -> Node:
        """``node`` with short arguments, and the rules applied until nothing gets shorter."""
        made = node
        for _ in range(ROUNDS):
            found = rebuilt(made, tuple(self.visit(arg) for arg in made.args))
            rule = RULES.get(found.kind)
            found = found if rule is None else rule(found)
            if found == made:
                break
            made = found
        return made


def rebuilt(node: Node, args: tuple[Node, ...]) -> Node:
    """A node of the same kind over other arguments, in plain form."""
    make = _MAKERS.get(node.kind)
    return make(node, args) if make else Node(node.kind, args, node.shape, node.data)


def _of(node: Node, args: tuple[Node, ...]) -> Node:
    (a,) = args
    if node.data == "InverseMatrix":
        return inverse(a)
    if node.data in ("Determinant", "LogDeterminant") and a.kind == "T":
        a = a.args[0]
    if node.data == "Minor" and a.shape[0] != 1:
        # Where the determinant is not 0; elsewhere the inverse is not there to be read.
        return scaled(Integer(1), (Node("of", (a,), (), "Determinant"),), transpose(inverse(a)))
    return Node("of", (a,), node.shape, node.data)


def _softmax(node: Node, args: tuple[Node, ...]) -> Node:
    return Node("softmax", args, node.shape, node.data)


def _power(node: Node) -> Node:
    """A power of a sum of squares as a power of a norm."""
    base, exponent = node.args[0], node.data
    half = square_root(base) if not node.shape else None
    if half is None:
        return node
    found = power(norm(half), 2 * exponent)
    return found if exponent.q == 2 or cost(found) < cost(node) else node


def _inner(node: Node) -> Node:
    half = square_root(node)
    return traced(node) if half is None else power(norm(half), Integer(2))


def _trace(node: Node) -> Node:
    found = traced(node)
    inner = found.args[0]
    if (
        found.kind == "trace"
        and inner.kind == "prod"
        and len(inner.args) == 2
        and transpose(inner.args[0]) == inner.args[1]
    ):
        return power(norm(inner.args[1]), Integer(2))
    return found


def _scale(node: Node) -> Node:
    """Norms and sums of squares of one vector as powers of one norm, then the signs."""
    norms = {part.args[0] if part.kind == "norm" else part.args[0].args[0] for part in node.args[:-1] if _is_norm(part)}
    factors = []
    for part in node.args[:-1]:
        base, exponent = (part.args[0], part.data) if part.kind == "pow" else (part, Integer(1))
        half = square_root(base)
        factors.append(power(norm(half), 2 * exponent) if half is not None and half in norms else part)
    return signed(scaled(node.data, factors, node.args[-1]))


def _is_norm(part: Node) -> bool:
    return part.kind == "norm" or (part.kind == "pow" and part.args[0].kind == "norm")


_MAKERS: dict[str, Callable[[Node, tuple[Node, ...]], Node]] = {
    "T": lambda node, args: transpose(args[0]),
    "row": lambda node, args: row(args[0]),
    "prod": lambda node, args: product(*args),
    "had": lambda node, args: hadamard(*args),
    "add": lambda node, args: summed(args, node.shape),
    "scale": lambda node, args: scaled(node.data, args[:-1], args[-1]),
    "pow": lambda node, args: power(args[0], node.data),
    "diag": lambda node, args: diagonal(args[0]),
    "of": _of,
}
RULES: dict[str, Callable[[Node], Node]] = {
    "prod": lambda node: signed(shorter(node)),
    "had": lambda node: signed(node),
    "scale": _scale,
    "pow": _power,
    "inner": _inner,
    "trace": _trace,
}


def _turned(node: Node) -> Node:
    """Transposes pulled out of sums and functions where that is shorter."""
    args = tuple(_turned(arg) for arg in node.args)
    if node.kind == "prod":
        args = tuple(_mirrored(part, args) for part in args)
    made = Node(node.kind, args, node.shape, node.data) if args != node.args else node
    if len(made.shape) == 2 and made.kind in ("add", "had", "pow", "fn", "softmax"):
        whole = Node("T", (transpose(made),), made.shape)
        plain = (made.kind == "softmax" and made.data == 0) or (made.kind == "pow" and made.args[0].kind == "T")
        if plain or (cost(whole), turns(whole)) < (cost(made), turns(made)):
            return whole
    return made


def _mirrored(part: Node, parts: tuple[Node, ...]) -> Node:
    """A sum in a product as the transpose of a later one, where it is that: ``S^T S`` reads better than two sums."""
    if part.kind != "add" or len(part.shape) != 2:
        return part
    other = transpose(part)
    found = next((one for one in parts[parts.index(part) + 1 :] if unordered(one) == unordered(other)), None)
    return part if found is None or found == part else Node("T", (found,), part.shape)


def turns(node: Node) -> int:
    """The transposes in a tree."""
    return (node.kind == "T") + sum(map(turns, node.args))


__all__ = ["tidy"]
