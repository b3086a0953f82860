"""The notation tree: matrices, vectors and sums as a person writes them; printers and the evaluation read it.

Vectors are columns. A `Node` has a kind, arguments, a shape of at most two lengths (none for a scalar), and data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr, Integer

Shape = tuple[Expr, ...]


class NoMatrixForm(Exception):
    """An expression has no matrix notation; its indexed form is used."""


@dataclass(frozen=True)
class Node:
    """One node of a formula; see the constructors below for the kinds."""

    kind: str
    args: tuple[Node, ...] = ()
    shape: Shape = ()
    data: Any = None


def name(key: str, shape: Shape) -> Node:
    """A named array."""
    return Node("name", (), shape, key)


def number(value: Expr) -> Node:
    """A rational number, or the length of an axis."""
    return Node("number", (), (), value)


def ones(n: Expr) -> Node:
    """The vector of ones."""
    return Node("ones", (), (n,), n)


def eye(n: Expr) -> Node:
    """The identity matrix."""
    return Node("eye", (), (n, n), n)


ONE = number(Integer(1))


def transpose(a: Node) -> Node:
    """The transpose of a matrix."""
    if a.kind == "T":
        return a.args[0]
    if a.kind in ("eye", "diag"):
        return a
    if a.kind == "prod" and len(a.shape) == 2:
        return product(*(flip(part) for part in reversed(a.args)))
    return Node("T", (a,), a.shape[::-1])


def flip(part: Node) -> Node:
    """The transpose of a factor of a product: a column vector becomes a row and back."""
    if len(part.shape) == 2 and part.kind != "row":
        return transpose(part)
    return part.args[0] if part.kind == "row" else row(part)


def row(a: Node) -> Node:
    """A vector as a row."""
    return Node("row", (a,), a.shape)


def product(*parts: Node) -> Node:
    """A matrix product; rows and columns stand where they belong."""
    if any(part.kind == "scale" and part.shape for part in parts):
        coefficient = Integer(1)
        scalars: list[Node] = []
        bare: list[Node] = []
        for part in parts:
            if part.kind == "scale" and part.shape:
                coefficient *= part.data
                scalars += part.args[:-1]
                part = part.args[-1]
            bare.append(part)
        return scaled(coefficient, scalars, product(*bare))
    flat: list[Node] = []
    for part in parts:
        flat += part.args if part.kind == "prod" else (part,)
    flat = [part for part in flat if part.kind != "eye"] or flat[:1]
    if len(flat) == 1:
        return flat[0]
    first = (flat[0].shape[0],) if flat[0].kind != "row" else ()
    last = flat[-1].shape[1:] if flat[-1].kind != "row" else flat[-1].shape
    return Node("prod", tuple(flat), (*first, *last))


def hadamard(a: Node, b: Node) -> Node:
    """The elementwise product of two of one shape."""
    for one, other in ((a, b), (b, a)):
        if one.kind == "ones" or one == ONE:
            return other
        if one.kind == "eye":
            return diagonal(diagonal_of(other))
    parts = [*(a.args if a.kind == "had" else (a,)), *(b.args if b.kind == "had" else (b,))]
    return Node("had", tuple(parts), a.shape)


def diagonal(v: Node) -> Node:
    """The diagonal matrix of a vector."""
    return eye(v.shape[0]) if v.kind == "ones" else Node("diag", (v,), v.shape * 2)


def diagonal_of(a: Node) -> Node:
    """The diagonal of a matrix."""
    if a.kind == "eye":
        return ones(a.shape[0])
    return a.args[0] if a.kind == "diag" else Node("diagof", (a,), a.shape[:1])


def scaled(coefficient: Expr, scalars: list[Node], a: Node) -> Node:
    """A number and scalars times something."""
    factors = [s for s in scalars if s != ONE]
    if a.shape == () and a != ONE:
        factors.append(a)
        a = ONE
    if coefficient == 1 and not factors:
        return a
    if coefficient == 1 and len(factors) == 1 and a == ONE:
        return factors[0]
    if not factors and a == ONE:
        return number(coefficient)
    return Node("scale", (*factors, a), a.shape, coefficient)


def added(parts: list[Node], shape: Shape) -> Node:
    """A sum; common factors on the left or on the right of products are pulled out."""
    if len(parts) == 1:
        return parts[0]
    common = _common_scale(parts)
    if common is not None:
        bare = [
            Node("scale", (part.args[-1],), shape, part.data / abs(part.data)) if part.data < 0 else part.args[-1]
            for part in parts
        ]
        return Node("scale", (*common[1], added(bare, shape)), shape, common[0])
    for side in (0, -1):
        pulled = _pull(parts, side, shape)
        if pulled is not None:
            return pulled
    return _factored(parts, shape) or Node("add", tuple(parts), shape)


def _factored(parts: list[Node], shape: Shape) -> Node | None:
    """A sum whose terms share a factor of their elementwise products; ``diag(v) P`` is ``P`` times ``v 1^T`` here."""
    split = [one for one in map(_elementwise, parts) if one is not None]
    if len(shape) == 0 or len(parts) > 8 or len(split) < len(parts):
        return None
    common = next((f for f in split[0][1] if len(f.shape) == len(shape) and all(f in one[1] for one in split)), None)
    if common is None or sum(len(one[1]) > 1 for one in split) < 2:
        return None
    rests = []
    for (data, scalars), factors in split:
        left = list(factors)
        left.remove(common)
        rest = Node("had", tuple(left), shape) if len(left) > 1 else left[0] if left else ONE
        rests.append(Node("scale", (*scalars, rest), rest.shape, data) if scalars or data != 1 else rest)
    return hadamard(common, added(rests, shape))


def _elementwise(part: Node) -> tuple[tuple[Expr, tuple[Node, ...]], tuple[Node, ...]] | None:
    """Number and scalars, and the factors of the elementwise product, of one term."""
    outer: tuple[Expr, tuple[Node, ...]] = (Integer(1), ())
    if part.kind == "scale":
        outer, part = (part.data, part.args[:-1]), part.args[-1]
    if part == ONE or not part.shape:
        return None
    if part.kind == "had":
        return outer, part.args
    if part.kind == "prod" and len(part.args) == 2 and len(part.shape) == 2:
        a, b = part.args
        if a.kind == "diag" and b.kind not in ("diag", "row"):
            return outer, (b, product(a.args[0], row(ones(b.shape[1]))))
        if b.kind == "diag" and a.kind != "row" and len(a.shape) == 2:
            return outer, (a, product(ones(a.shape[0]), row(b.args[0])))
    return outer, (part,)


def _common_scale(parts: list[Node]) -> tuple[Expr, tuple[Node, ...]] | None:
    """The number and the scalars that all of ``parts`` are multiplied by."""
    if any(part.kind != "scale" or part.args[-1] == ONE for part in parts):
        return None
    first = parts[0]
    if any(abs(part.data) != abs(first.data) or part.args[:-1] != first.args[:-1] for part in parts):
        return None
    found = abs(first.data), first.args[:-1]
    return None if found == (1, ()) else found


def _pull(parts: list[Node], side: int, shape: Shape) -> Node | None:
    split = [one for one in (_split(part, side) for part in parts) if one is not None]
    if len(split) < len(parts) or len(shape) == 0:
        return None
    common = split[0][0]
    if any(one[0] != common for one in split):
        return None
    rests = [one[1] for one in split]
    if any(rest.shape != rests[0].shape for rest in rests):
        return None
    inner = added(rests, rests[0].shape)
    return product(common, inner) if side == 0 else product(inner, common)


def _split(part: Node, side: int) -> tuple[Node, Node] | None:
    """A product without its outer factor on one side, and that factor; scalars stay with the rest."""
    if part.kind == "scale" and part.args[-1].kind == "prod":
        inner = _split(part.args[-1], side)
        return (
            None if inner is None else (inner[0], Node("scale", (*part.args[:-1], inner[1]), inner[1].shape, part.data))
        )
    if part.kind != "prod":
        return None
    rest, outer = (part.args[1:], part.args[0]) if side == 0 else (part.args[:-1], part.args[-1])
    # What is left must be a column or a matrix that the pulled factor can stand beside.
    if rest[0].kind == "row" or (side == 0 and len(outer.shape) < 2):
        return None
    left = product(*rest)
    fits = len(left.shape) == (1 if outer.kind == "row" else 2) if side else len(left.shape) > 0
    return (outer, left) if fits else None
