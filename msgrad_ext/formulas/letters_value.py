"""The value of an indexed sum at arrays.

What is computed is the tree that is printed, by its letters, apart from the expression that it was made from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sympy import Expr, Integer, Rational, Symbol

from ..symbolic.notation import Node
from .evaluation import alike
from .indexed_value import Labelled, Place, contract, elementwise, spread, value
from .matrix_value import matrix_function, slopes
from .scalar_value import FUNCTIONS, finite, ones_where, power_of, rational_power

RELATIONS: dict[str, Callable[..., Any]] = {
    "=": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "<": np.less,
    "<=": np.less_equal,
    "|": lambda step, position: position % step == 0,
}


def length_at(n: Expr, sizes: Mapping[Symbol, int]) -> int:
    """A length as a number."""
    return int(n.xreplace({letter: Integer(size) for letter, size in sizes.items()}))


class Indices:
    """Computes a tree of scalars with letters; each letter in scope is an axis."""

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        sizes: Mapping[Symbol, int],
        ranges: Mapping[str, int],
        sample: Any = None,
    ) -> None:
        self.arrays = arrays
        self.sample = sample
        self.exact = sample is not None
        # Positions are whole numbers, whatever the arrays hold.
        self.counting = False
        self.sizes = {letter: Integer(size) for letter, size in sizes.items()}
        self.ranges = ranges
        self.place = Place({}, {}, {Symbol(letter): n for letter, n in ranges.items()}, False)

    def value(self, node: Node) -> Labelled:
        """The value of one node."""
        rule = getattr(self, f"_{node.kind}", None)
        if rule is None:
            raise NotImplementedError(f"There is no value of {node.kind} here.")
        return rule(node)

    def each(self, nodes: Sequence[Node]) -> list[Labelled]:
        """The values of several nodes."""
        return [self.value(node) for node in nodes]

    def _number(self, node: Node) -> Labelled:
        return Labelled(self.number(node.data.xreplace(self.sizes)), ())

    def number(self, n: Expr) -> Any:
        """A number of the kind that the arrays hold, or a whole number within positions."""
        if self.counting:
            return np.asarray(int(n) if n.is_Integer else float(n))
        if not self.exact and isinstance(n, Rational):
            return np.float64(n.p / n.q)
        held = {Symbol("~sample"): np.array([self.sample], object)} if self.exact else {}
        return np.asarray(value(n, Place(held, {}, {}, self.exact)).array)

    def count(self, node: Node) -> Labelled:
        """The value of a position."""
        before, self.counting = self.counting, True
        try:
            found = self.value(node)
        finally:
            self.counting = before
        return Labelled(np.asarray(found.array).astype(np.float64), found.labels)

    def _index(self, node: Node) -> Labelled:
        return Labelled(np.arange(self.ranges[node.data]), (Symbol(node.data),))

    def _entry(self, node: Node) -> Labelled:
        """Elements; an index outside of the array or between its places reads 0."""
        array = self.arrays[node.data]
        given = [self.count(arg) for arg in node.args]
        labels = tuple(dict.fromkeys(k for item in given for k in item.labels))
        at = [spread(item, labels) for item in given]
        inside, places = np.asarray(True), []
        for i, n in zip(at, array.shape):
            whole = np.floor(i)
            inside = inside & (whole == i) & (whole >= 0) & (whole < n)
            places.append(np.clip(whole, 0, n - 1).astype(np.int64))
        return Labelled(np.where(inside, array[tuple(places)], 0), labels)

    def _add(self, node: Node) -> Labelled:
        return elementwise(lambda *parts: sum(parts[1:], parts[0]), *self.each(node.args))

    def factors(self, nodes: Sequence[Node]) -> list[Labelled]:
        """Factors; where a condition fails the others count for nothing."""
        values = self.each(nodes)
        for node, holds in zip(nodes, list(values)):
            if node.kind == "holds":
                values = [part if finite(part.array) else elementwise(_dropped, holds, part) for part in values]
        return values

    def _prod(self, node: Node) -> Labelled:
        return contract(self.factors(node.args), (), self.place)

    def _scale(self, node: Node) -> Labelled:
        return contract([Labelled(self.number(node.data), ()), *self.factors(node.args)], (), self.place)

    def _pow(self, node: Node) -> Labelled:
        return elementwise(lambda a: rational_power(a, int(node.data.p), int(node.data.q)), self.value(node.args[0]))

    def _fn(self, node: Node) -> Labelled:
        (name,) = node.data
        # Outside of an axis stands a plain 0, which has no functions.
        items = [Labelled(alike(item.array, self.sample), item.labels) for item in self.each(node.args)]
        if name == "power":
            return elementwise(power_of, *items)
        function = next(function for kind, function in FUNCTIONS.items() if kind.__name__ == name)
        return elementwise(function, *items)

    # Conditions and places ------------------------------------------------------------------------------------

    def _holds(self, node: Node) -> Labelled:
        return elementwise(
            lambda *parts: ones_where(np.logical_and.reduce(np.broadcast_arrays(*parts)), self.exact),
            *self.each(node.args),
        )

    def _relation(self, node: Node) -> Labelled:
        read = self.each if any(map(_reads, node.args)) else lambda args: [self.count(arg) for arg in args]
        return elementwise(RELATIONS[node.data], *read(node.args))

    def _between(self, node: Node) -> Labelled:
        ends = [self.count(arg) for arg in node.args]
        return elementwise(lambda low, here, high: (low <= here) & (here < high), *ends)

    def _over(self, node: Node) -> Labelled:
        return elementwise(np.true_divide, *(self.count(arg) for arg in node.args))

    def _floor(self, node: Node) -> Labelled:
        return elementwise(np.floor_divide, *(self.count(arg) for arg in node.args))

    def _mod(self, node: Node) -> Labelled:
        return elementwise(np.mod, *(self.count(arg) for arg in node.args))

    def _place(self, node: Node) -> Labelled:
        raise NotImplementedError("A place is read by the product that leaves it out.")

    # What binds letters ---------------------------------------------------------------------------------------

    def _isum(self, node: Node) -> Labelled:
        body, *conditions = node.args
        parts = list(body.args) if body.kind == "prod" else [body]
        parts += [Node("holds", (condition,)) for condition in conditions]
        return contract(self.factors(parts), [Symbol(letter) for letter in node.data], self.place)

    def over(self, item: Labelled, letters: Sequence[str], function: Any) -> Labelled:
        """``function`` over the axes of ``letters``."""
        bound = [Symbol(letter) for letter in letters]
        labels = tuple(k for k in item.labels if k not in bound)
        array = spread(item, (*labels, *bound))
        array = np.broadcast_to(array, (*array.shape[: len(labels)], *(self.ranges[letter] for letter in letters)))
        return Labelled(function(array, tuple(range(len(labels), array.ndim))), labels)

    def _imax(self, node: Node) -> Labelled:
        return self.over(self.value(node.args[0]), node.data, lambda array, axes: np.max(array, axis=axes))

    def _imin(self, node: Node) -> Labelled:
        return self.over(self.value(node.args[0]), node.data, lambda array, axes: np.min(array, axis=axes))

    def _iprod(self, node: Node) -> Labelled:
        body, *conditions = node.args
        item = self.value(body)
        for condition in conditions:
            if condition.kind == "place":
                letters = [Node("index", (), (), letter) for letter in node.data]
                same = self.each([Node("relation", pair, (), "=") for pair in zip(letters, condition.args)])
                holds = elementwise(lambda *parts: ~np.logical_and.reduce(np.broadcast_arrays(*parts)), *same)
            else:
                holds = self.value(condition)
            item = elementwise(lambda array, kept: np.where(kept, array, 1), item, holds)
        return self.over(item, node.data, lambda array, axes: np.prod(array, axis=axes))

    def _ishare(self, node: Node) -> Labelled:
        body, at = node.args
        item, k = self.value(body), Symbol(node.data[0])
        if k not in item.labels:
            return Labelled(self.number(Rational(1, self.ranges[node.data[0]])), ())
        e = np.exp(item.array)
        share = Labelled(e / np.sum(e, axis=item.labels.index(k), keepdims=True), item.labels)
        return self.read(share, [k], [at])

    def read(self, item: Labelled, bound: Sequence[Symbol], places: Sequence[Node]) -> Labelled:
        """``item`` with its axes ``bound`` read at ``places``."""
        batch = [k for k in item.labels if k not in bound]
        array = spread(item, (*batch, *bound))
        array = np.broadcast_to(array, (*array.shape[: len(batch)], *(self.ranges[k.name] for k in bound)))
        inner = Indices({"~": array}, {}, self.ranges, self.sample)
        return inner.value(Node("entry", (*(Node("index", (), (), k.name) for k in batch), *places), (), "~"))

    def _iplace(self, node: Node) -> Labelled:
        """Where an element is by its size; among equals the first comes first."""
        body, position, *rank = node.args
        bound = [Symbol(letter) for letter in node.data]
        item = self.value(body)
        batch = tuple(k for k in item.labels if k not in bound)
        array = spread(item, (*batch, *bound))
        lengths = tuple(self.ranges[letter] for letter in node.data)
        array = np.broadcast_to(array, (*array.shape[: len(batch)], *lengths)).reshape(*array.shape[: len(batch)], -1)
        order = Labelled(np.argsort(-array, axis=-1, kind="stable"), (*batch, Symbol("~")))
        number = Node("number", (), (), Integer(0))
        inner = Indices({"~": order.array}, {}, self.ranges)
        places = [*(Node("index", (), (), k.name) for k in batch), rank[0] if rank else number]
        flat = inner.value(Node("entry", tuple(places), (), "~"))
        at = dict(zip(bound, np.unravel_index(flat.array.astype(np.int64), lengths)))
        return _Found(self, {k: Labelled(where, flat.labels) for k, where in at.items()}).value(position)

    def _imatrix(self, node: Node) -> Labelled:
        kind, *letters = node.data
        body, *places = node.args
        item, bound = self.value(body), [Symbol(letter) for letter in letters]
        batch = tuple(k for k in item.labels if k not in bound)
        array = spread(item, (*batch, *bound))
        array = np.broadcast_to(array, (*array.shape[: len(batch)], *(self.ranges[letter] for letter in letters)))
        kind = kind if places or kind != "Minor" else "Determinant"
        if len(places) > 2:
            found = slopes(array, len(places) // 2)
            at = (*(Node("index", (), (), k.name) for k in batch), *places)
            return Indices({"~": found}, {}, self.ranges, self.sample).value(Node("entry", at, (), "~"))
        found = matrices(kind, array)
        if not places:
            return Labelled(found[..., 0, 0], batch)
        return self.read(Labelled(found, (*batch, *bound)), bound, places)


class _Found(Indices):
    """Computes a position where letters have values of their own."""

    def __init__(self, outer: Indices, known: Mapping[Symbol, Labelled]) -> None:
        super().__init__(outer.arrays, {}, outer.ranges)
        self.sizes = outer.sizes
        self.counting = True
        self.known = known

    def _index(self, node: Node) -> Labelled:
        return self.known.get(Symbol(node.data)) or super()._index(node)


def matrices(kind: str, stack: np.ndarray) -> np.ndarray:
    """A function of each matrix of a stack."""
    flat = [matrix_function(kind, matrix) for matrix in stack.reshape(-1, *stack.shape[-2:])]
    return np.stack(flat).reshape(*stack.shape[:-2], *flat[0].shape)


def _reads(node: Node) -> bool:
    """True for a side of a relation that is an element or a largest one, not a position."""
    return node.kind in ("imax", "imin") or (
        node.kind not in ("index", "number", "iplace", "entry") and any(map(_reads, node.args))
    )


def _dropped(holds: np.ndarray, part: np.ndarray) -> np.ndarray:
    return np.where(np.not_equal(holds, 0), part, 0)


__all__ = ["RELATIONS", "Indices", "length_at", "matrices"]
