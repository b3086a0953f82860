"""The notation tree: matrices, vectors and sums as a person writes them; printers and the evaluation read it.

Vectors are columns. A `Node` has a kind, arguments, a shape of at most two lengths (none for a scalar), and data. The
constructors here keep what they make in a plain form (transposes at the leaves, products flat); `tidy` makes it short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Integer, Mul, Rational, sqrt

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

    def __post_init__(self) -> None:
        # Trees are looked up by value all the time: the hash of each is counted once.
        object.__setattr__(self, "_hash", hash((self.kind, self.args, self.shape, self.data)))

    def __hash__(self) -> int:
        return self._hash  # type: ignore[attr-defined]


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
    """The transpose of a matrix, with the transposes at the leaves; itself where it is plain to see."""
    if a.kind == "T":
        return a.args[0]
    if len(a.shape) < 2 or symmetric(a):
        return a
    turned = a.shape[::-1]
    if a.kind == "prod":
        return product(*(flip(part) for part in reversed(a.args)))
    if a.kind == "scale":
        return scaled(a.data, a.args[:-1], transpose(a.args[-1]))
    if a.kind in ("add", "had", "pow", "fn"):
        return Node(a.kind, tuple(transpose(part) for part in a.args), turned, a.data)
    if a.kind == "softmax":
        return Node("softmax", (transpose(a.args[0]),), turned, 1 - a.data)
    return Node("T", (a,), turned)


def flip(part: Node) -> Node:
    """The transpose of a factor of a product: a column vector becomes a row and back."""
    if part.kind == "row":
        return part.args[0]
    return transpose(part) if len(part.shape) == 2 else row(part)


def symmetric(a: Node) -> bool:
    """True for a matrix that is its own transpose, as far as its form tells."""
    if len(a.shape) < 2 or a.shape[0] != a.shape[1]:
        return False
    if a.kind in ("eye", "diag"):
        return True
    if a.kind == "of":
        return a.data != "Lower" and symmetric(a.args[0])
    if a.kind == "scale":
        return symmetric(a.args[-1])
    if a.kind == "prod":
        return all(flip(part) == other for part, other in zip(a.args, reversed(a.args)))
    if a.kind in ("add", "had", "pow", "fn"):
        if all(len(part.shape) < 2 or symmetric(part) for part in a.args):
            return True
        if a.kind in ("pow", "fn"):
            return False
        rest = list(a.args)
        for part in a.args:
            if transpose(part) not in rest:
                return False
            rest.remove(transpose(part))
        return True
    return False


def row(a: Node) -> Node:
    """A vector as a row."""
    return Node("row", (a,), a.shape)


def product(*parts: Node) -> Node:
    """A matrix product; rows and columns stand where they belong, numbers and scalars before it."""
    coefficient: Expr = Integer(1)
    scalars: list[Node] = []
    flat: list[Node] = []
    for part in parts:
        turned = part.kind == "row"
        bare = part.args[0] if turned else part
        if bare.kind == "scale" and bare.shape:
            coefficient *= bare.data
            scalars += bare.args[:-1]
            bare = bare.args[-1]
        inner = bare.args if bare.kind == "prod" else (bare,)
        if bare.shape:
            flat += [flip(one) for one in reversed(inner)] if turned else inner
        else:
            scalars.append(bare)
    flat = [part for part in flat if part.kind != "eye"] or flat[:1]
    flat = _counted(flat, scalars) or [ONE]
    if len(flat) > 1:
        first = (flat[0].shape[0],) if flat[0].kind != "row" else ()
        last = flat[-1].shape[1:] if flat[-1].kind != "row" else flat[-1].shape
        flat = [Node("prod", tuple(flat), (*first, *last))]
    return scaled(coefficient, scalars, flat[0])


def _counted(parts: list[Node], scalars: list[Node]) -> list[Node]:
    """``parts`` without ``1^T 1``, which is the length of the axis, and sums of a diagonal, which are traces."""
    kept: list[Node] = []
    for part in parts:
        if part.kind in ("ones", "diagof") and kept and kept[-1] == row(ones(part.shape[0])):
            kept.pop()
            scalars.append(number(part.data) if part.kind == "ones" else Node("trace", part.args))
        else:
            kept.append(part)
    return kept


def hadamard(*parts: Node) -> Node:
    """The elementwise product of arrays of one shape, and of numbers."""
    coefficient: Expr = Integer(1)
    scalars: list[Node] = []
    flat: list[Node] = []
    for part in parts:
        if part.kind == "scale" and part.shape:
            coefficient *= part.data
            scalars += part.args[:-1]
            part = part.args[-1]
        if not part.shape:
            scalars.append(part)
        else:
            flat += part.args if part.kind == "had" else (part,)
    moving = [part for part in flat if part.kind != "ones"]
    if any(part.kind in ("eye", "diag") for part in moving):
        main = diagonal(hadamard(*(diagonal_of(part) for part in moving)))
    elif len(moving) > 1:
        main = Node("had", tuple(moving), moving[0].shape)
    else:
        main = (*moving, *flat, ONE)[0]
    return scaled(coefficient, scalars, main)


def diagonal(v: Node) -> Node:
    """The diagonal matrix of a vector."""
    if v.kind == "scale":
        return scaled(v.data, v.args[:-1], diagonal(v.args[-1]))
    return eye(v.shape[0]) if v.kind == "ones" else Node("diag", (v,), v.shape * 2)


def diagonal_of(a: Node) -> Node:
    """The diagonal of a matrix."""
    if a.kind == "eye":
        return ones(a.shape[0])
    if a.kind == "T":
        a = a.args[0]
    return a.args[0] if a.kind == "diag" else Node("diagof", (a,), a.shape[:1])


def power(base: Node, exponent: Expr) -> Node:
    """``base`` to a rational power, element by element."""
    if exponent == 1 or base == ONE:
        return base
    if exponent == 0:
        return ONE
    if base.kind == "pow" and (base.data.q == 2 or base.args[0].kind == "norm" or exponent.is_Integer):
        return power(base.args[0], base.data * exponent)
    if base.kind == "number" and (exponent.is_Integer or not base.data.is_Rational):
        return number(base.data**exponent)
    if base.kind == "scale" and not base.shape and exponent.q == 2 and _root(base) is not None:
        return scaled(_root(base) ** (2 * exponent), [power(part, exponent) for part in base.args], ONE)
    return Node("pow", (base,), base.shape, exponent)


def _root(a: Node) -> Expr | None:
    """The root of the number before ``a``, if it is rational and all that it stands before is positive."""
    positive = all(part.kind == "number" or (part.kind == "pow" and part.args[0].kind == "norm") for part in a.args)
    root = sqrt(a.data) if positive and a.data > 0 else None
    return root if root is not None and root.is_Rational else None


def scaled(coefficient: Expr, scalars: Sequence[Node], a: Node) -> Node:
    """A number and scalars times something; factors that share a base are one."""
    powers: dict[Node, Expr] = {}
    lengths: Expr = Integer(1)
    pending = [*scalars, a] if not a.shape else list(scalars)
    main = a if a.shape else ONE
    if main.kind == "scale":
        coefficient, pending, main = coefficient * main.data, [*pending, *main.args[:-1]], main.args[-1]
    while pending:
        part = pending.pop(0)
        if part.kind == "scale":
            coefficient *= part.data
            pending = [*part.args, *pending]
        elif part.kind == "number":
            lengths *= part.data
        else:
            base, exponent = (part.args[0], part.data) if part.kind == "pow" else (part, Integer(1))
            powers[base] = powers.get(base, Integer(0)) + exponent
    rational, lengths = lengths.as_coeff_Mul()
    coefficient *= rational
    factors = [power(base, exponent) for base, exponent in powers.items() if exponent != 0]
    factors += [number(factor) for factor in Mul.make_args(lengths) if factor != 1]
    if coefficient == 0:
        return number(Integer(0))
    if coefficient == 1 and not factors:
        return main
    if coefficient == 1 and len(factors) == 1 and main == ONE:
        return factors[0]
    if not factors and main == ONE:
        return number(coefficient)
    return Node("scale", (*factors, main), main.shape, coefficient)


def negated(a: Node) -> Node:
    """The opposite; of a sum, term by term."""
    if a.kind == "add":
        return Node("add", tuple(negated(part) for part in a.args), a.shape)
    return scaled(Rational(-1), (), a)


def added(parts: Sequence[Node], shape: Shape) -> Node:
    """A sum of some parts; numbers in it are added to each element."""
    flat: list[Node] = []
    for part in parts:
        flat += part.args if part.kind == "add" else (part,)
    flat = [part for part in flat if part != number(Integer(0))]
    if not flat:
        return number(Integer(0))
    return flat[0] if len(flat) == 1 else Node("add", tuple(flat), shape)


__all__ = [
    "ONE",
    "NoMatrixForm",
    "Node",
    "Shape",
    "added",
    "diagonal",
    "diagonal_of",
    "eye",
    "flip",
    "hadamard",
    "name",
    "negated",
    "number",
    "ones",
    "power",
    "product",
    "row",
    "scaled",
    "symmetric",
    "transpose",
]
