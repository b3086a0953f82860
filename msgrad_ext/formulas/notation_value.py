"""The value of a notation tree at arrays: the test that a formula passes before it is shown.

Everything is a matrix here: a scalar is 1 by 1, a vector a column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy import Expr, Integer, Rational, Symbol

from ..symbolic.nodes import Entry
from ..symbolic.notation import Node
from .indexed_value import RULES, Labelled, Place, value
from .matrix_value import matrix_function
from .scalar_value import rational_power


def node_value(
    node: Node, arrays: Mapping[str, np.ndarray], sizes: Mapping[Symbol, int], sample: Any = None
) -> np.ndarray:
    """The matrix that ``node`` says, for arrays by key and lengths by letter.

    Arrays are float64, or object arrays of numbers such as ``sample``, which then makes the tree's own numbers exact.
    """
    return Reader(arrays, sizes, sample).value(node)


class Reader:
    """Computes a notation tree by its kinds."""

    def __init__(self, arrays: Mapping[str, np.ndarray], sizes: Mapping[Symbol, int], sample: Any = None) -> None:
        self.arrays = arrays
        self.sizes = {n: Integer(size) for n, size in sizes.items()}
        self.exact = sample is not None
        held = {} if sample is None else {Symbol("~sample"): np.array([sample], object)}
        self.place = Place(held, dict(sizes), {}, self.exact)

    def value(self, node: Node) -> np.ndarray:
        """The value of one node."""
        return getattr(self, f"_{node.kind}")(node, [self.value(arg) for arg in node.args])

    def number(self, n: Expr) -> Any:
        """A number or a length, as a number of the kind that the arrays hold."""
        if isinstance(n, Rational) and not self.exact:
            return n.p / n.q
        found = value(n.xreplace(self.sizes), self.place).array
        return found[()] if isinstance(found, np.ndarray) else found

    def size(self, n: Expr) -> int:
        """A length."""
        return int(n.xreplace(self.sizes))

    def _name(self, node: Node, args: list[Any]) -> np.ndarray:
        array = self.arrays[node.data]
        return array.reshape([self.size(n) for n in node.shape] if len(node.shape) == 2 else (-1, 1))

    def _number(self, node: Node, args: list[Any]) -> np.ndarray:
        return np.array([[self.number(node.data)]], object if self.exact else np.float64)

    def _ones(self, node: Node, args: list[Any]) -> np.ndarray:
        return np.ones((self.size(node.data), 1))

    def _eye(self, node: Node, args: list[Any]) -> np.ndarray:
        return np.eye(self.size(node.data))

    def _T(self, node: Node, args: list[Any]) -> np.ndarray:  # noqa: N802 (the kind of the node)
        return args[0].T

    _row = _T

    def _prod(self, node: Node, args: list[Any]) -> np.ndarray:
        result = args[0]
        for arg in args[1:]:
            result = result @ arg
        return result

    def _had(self, node: Node, args: list[Any]) -> np.ndarray:
        result = args[0]
        for arg in args[1:]:
            if arg.shape != result.shape:
                raise ValueError("The factors of an elementwise product differ in shape.")
            result = result * arg
        return result

    def _scale(self, node: Node, args: list[Any]) -> np.ndarray:
        result = args[-1] * self.number(node.data)
        for scalar in args[:-1]:
            result = result * scalar.item()
        return result

    def _add(self, node: Node, args: list[Any]) -> np.ndarray:
        result = args[0]
        for arg, part in zip(args[1:], node.args[1:]):
            if part.shape and result.size > 1 and arg.shape != result.shape:
                raise ValueError("The terms of a sum differ in shape.")
            result = result + arg
        return result

    def _pow(self, node: Node, args: list[Any]) -> np.ndarray:
        return rational_power(args[0], int(node.data.p), int(node.data.q))

    def _fn(self, node: Node, args: list[Any]) -> np.ndarray:
        name, *tags = node.data
        heads = [Symbol(f"~a{place}") for place in range(len(args))]
        rule = next(rule for kind, rule in RULES.items() if kind.__name__ == name)
        labels = tuple(Symbol(letter, integer=True) for letter in "ij")
        sizes = np.broadcast_shapes(*(arg.shape for arg in args))
        given = [np.broadcast_to(arg, sizes) for arg in args]
        place = Place(dict(zip(heads, given)), {}, dict(zip(labels, sizes)), self.exact)
        kind = next(kind for kind in RULES if kind.__name__ == name)
        wanted = [Symbol(tag) for tag in tags] + [Entry(head, *labels) for head in heads]
        call = Call(kind, tuple(wanted))
        result: Labelled = rule(call, place)
        return np.asarray(result.array).reshape(sizes)

    def _of(self, node: Node, args: list[Any]) -> np.ndarray:
        return matrix_function(node.data, args[0])

    def _softmax(self, node: Node, args: list[Any]) -> np.ndarray:
        axis = 0 if node.data in (None, 0) else 1
        e = np.exp(args[0])
        return e / np.sum(e, axis=axis, keepdims=True)

    def _diag(self, node: Node, args: list[Any]) -> np.ndarray:
        return np.diag(args[0][:, 0])

    def _diagof(self, node: Node, args: list[Any]) -> np.ndarray:
        return np.diag(args[0]).reshape(-1, 1)

    def _trace(self, node: Node, args: list[Any]) -> np.ndarray:
        return np.array([[np.trace(args[0])]])

    def _norm(self, node: Node, args: list[Any]) -> np.ndarray:
        return np.sqrt(np.array([[np.sum(args[0] * args[0])]]))

    def _inner(self, node: Node, args: list[Any]) -> np.ndarray:
        return np.array([[np.sum(args[0] * args[1])]])


class Call:
    """A function with its arguments, as the rules of evaluation read it."""

    def __init__(self, kind: type, args: tuple[Any, ...]) -> None:
        self.kind = kind
        self.args = args


__all__ = ["node_value"]
