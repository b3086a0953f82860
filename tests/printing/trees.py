"""Random notation trees of every shape, for printers to print."""

from __future__ import annotations

import random

from sympy import Integer, Rational, Symbol

from msgrad_ext.symbolic.notation import Node

N, M = (Symbol(letter, integer=True, positive=True) for letter in "nm")
LENGTHS = (N, M)
NUMBERS = [Integer(2), Integer(-3), Rational(1, 2), Rational(-2, 3), N, 1 / M, N - 1]
POWERS = [Integer(2), Integer(-1), Integer(-2), Rational(1, 2), Rational(-1, 2), Rational(3, 2), Rational(-2, 3)]


def key(shape: tuple) -> str:
    """The key of an array of one shape: s, u_n, A_nm and so on."""
    return "suA"[len(shape)] + "".join(map(str, shape))


class Trees:
    """Draws trees from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def tree(self, shape: tuple, depth: int) -> Node:
        """A tree of one shape."""
        if depth == 0:
            return self.leaf(shape)
        kinds = [self.same, self.same, self.power, self.sum]
        kinds += [self.scale, self.product] if shape else [self.number, self.norm, self.inner, self.product, self.trace]
        kinds += [self.turned] if len(shape) == 2 else []
        return self.random.choice(kinds)(shape, depth - 1)

    def leaf(self, shape: tuple) -> Node:
        choice = self.random.random()
        if len(shape) == 1 and choice < 0.2:
            return Node("ones", (), shape, shape[0])
        if len(shape) == 2 and shape[0] == shape[1] and choice < 0.2:
            return Node("eye", (), shape, shape[0])
        if not shape and choice < 0.4:
            return self.number(shape, 0)
        return Node("name", (), shape, key(shape))

    def number(self, shape: tuple, depth: int) -> Node:
        return Node("number", (), (), self.random.choice(NUMBERS))

    def same(self, shape: tuple, depth: int) -> Node:
        """A function, or an elementwise product."""
        if self.random.random() < 0.4:
            if shape and self.random.random() < 0.2:
                axis = self.random.choice([0, 1]) if len(shape) == 2 else None
                return Node("softmax", (self.tree(shape, depth),), shape, axis)
            return Node("fn", (self.tree(shape, depth),), shape, (self.random.choice(["Sin", "Sigmoid", "Absolute"]),))
        if not shape:
            return self.scale(shape, depth)
        parts = [self.tree(shape, depth) for _ in range(self.random.choice([2, 2, 3]))]
        divisors = [Node("pow", (part,), shape, self.random.choice(POWERS[1:3])) for part in parts]
        return Node("had", tuple(self.random.choice(pair) for pair in zip(parts, divisors)), shape)

    def power(self, shape: tuple, depth: int) -> Node:
        return Node("pow", (self.tree(shape, depth),), shape, self.random.choice(POWERS))

    def sum(self, shape: tuple, depth: int) -> Node:
        parts = [self.tree(shape, depth) for _ in range(self.random.choice([2, 3]))]
        if self.random.random() < 0.3:
            parts[0] = self.number((), 0)
        return Node("add", tuple(parts), shape)

    def scale(self, shape: tuple, depth: int) -> Node:
        scalars = tuple(self.tree((), depth) for _ in range(self.random.choice([0, 1, 2])))
        number = self.random.choice([one for one in NUMBERS if one.is_Rational] + [Integer(-1), Integer(1)])
        return Node("scale", (*scalars, self.tree(shape, depth)), shape, number)

    def product(self, shape: tuple, depth: int) -> Node:
        inner = (self.random.choice(LENGTHS),)
        if len(shape) == 2:
            if self.random.random() < 0.3:
                first, last = self.tree(shape[:1], depth), self.tree(shape[1:], depth)
                return Node("prod", (first, Node("row", (last,), shape[1:])), shape)
            return Node("prod", (self.tree(shape[:1] + inner, depth), self.tree(inner + shape[1:], depth)), shape)
        if len(shape) == 1:
            return Node("prod", (self.tree(shape + inner, depth), self.tree(inner, depth)), shape)
        row = Node("row", (self.tree(inner, depth),), inner)
        return Node("prod", (row, self.tree(inner, depth)), ())

    def turned(self, shape: tuple, depth: int) -> Node:
        if shape[0] == shape[1]:
            kind = self.random.choice(["T", "diag", "of"])
            if kind == "diag":
                return Node("diag", (self.tree(shape[:1], depth),), shape)
            if kind == "of":
                return Node("of", (Node("name", (), shape, key(shape)),), shape, "InverseMatrix")
        return Node("T", (self.tree(shape[::-1], depth),), shape)

    def norm(self, shape: tuple, depth: int) -> Node:
        return Node("norm", (self.leaf(self.random.choice([(N,), (N, M)])),), ())

    def inner(self, shape: tuple, depth: int) -> Node:
        return Node("inner", (self.tree((N, M), depth), self.tree((N, M), depth)), ())

    def trace(self, shape: tuple, depth: int) -> Node:
        return Node("trace", (self.tree((N, N), depth),), ())
