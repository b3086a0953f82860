"""Trees of what second order is headed by, and of Kronecker products."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Integer

from ..symbolic.kronecker import KroneckerSum, Product
from ..symbolic.notation import ONE, Node, name, scaled

ROWS = (Integer(2), Integer(2))


def nabla(first: Node, second: Node) -> Node:
    """A block by two arrays."""
    return Node("nabla", (first, second))


def applied(block: Node, direction: str, linear_map: bool) -> Node:
    """A block times a direction."""
    return Node("along", (block, name(direction, ())), (), "map" if linear_map else "")


def element(base: Node, letters: Sequence[str]) -> Node:
    """An element of a block or of a product."""
    return Node("element", (base, *(Node("index", (), (), letter) for letter in letters)))


def vectorised(array: Node) -> Node:
    """An array with its rows under each other."""
    return Node("vec", (array,), (Integer(2),))


def kronecker_node(terms: KroneckerSum, sign: str) -> Node:
    """A sum of Kronecker products; ``sign`` is the letter of the commutation matrix."""
    found = tuple(_product(one, sign) for one in terms.terms)
    return found[0] if len(found) == 1 else Node("add", found, ROWS)


def _product(one: Product, sign: str) -> Node:
    if one.kind in ("vec", "out", "in"):
        left = vectorised(one.left) if one.kind != "in" else one.left
        right = vectorised(one.right) if one.kind != "out" else one.right
        body = Node("prod", (left, Node("row", (right,), right.shape)), ROWS)
    else:
        body = Node("kron", (one.left, one.right), ROWS)
    if one.turned:
        body = Node("prod", (body, Node("commute", (), ROWS, (sign, *one.turned))), ROWS)
    coefficient = one.coefficient
    if coefficient == ONE:
        return body
    if coefficient.kind == "number":
        return scaled(coefficient.data, (), body)
    if coefficient.kind == "scale":
        rest = [part for part in coefficient.args if part != ONE]
        return Node("scale", (*rest, body), ROWS, coefficient.data)
    return Node("scale", (coefficient, body), ROWS, Integer(1))


__all__ = ["applied", "element", "kronecker_node", "nabla", "vectorised"]
