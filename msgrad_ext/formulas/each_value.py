"""The value of a formula with letters at arrays: indexed sums, and matrix formulas that hold for each index.

What is computed is the tree that is printed, by its letters, apart from the expression that it was made from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sympy import Expr, Integer, Symbol

from ..symbolic.notation import Node
from .indexed_value import Labelled, Place, contract, elementwise, spread
from .matrix_value import matrix_function
from .notation_value import Reader
from .scalar_value import FUNCTIONS

_RELATIONS = {
    "=": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "<": np.less,
    "<=": np.less_equal,
    "|": lambda step, position: position % step == 0,
}


def each_value(
    node: Node, arrays: Mapping[str, np.ndarray], sizes: Mapping[Symbol, int], shape: Sequence[Expr]
) -> np.ndarray:
    """The array of ``shape`` that an ``each`` node says, for arrays by key and lengths by letter of axis.

    Raises
    ------
    NotImplementedError
        If the tree holds a node that has no value here.
    ValueError
        If its parts do not fit.
    """
    letters, lengths = node.data
    ranges = {letter: length_at(n, sizes) for letter, n in lengths}
    numbers = [length_at(n, sizes) for n in shape]
    free = [letter for letter, n in zip(letters, shape) if n != 1 and letter is not None]
    kept = [at for at, (letter, n) in enumerate(zip(letters, shape)) if n != 1 and letter is None]
    (body,) = node.args
    if not kept and "slice" not in kinds(body):
        found = Indices(arrays, sizes, ranges).value(body)
        return _placed(spread(found, [Symbol(letter) for letter in free]), free, [], ranges, numbers)
    array = Slices(arrays, sizes, ranges).value(body)
    array = array.reshape((*(1,) * (len(ranges) + 2 - array.ndim), *array.shape))
    inner = [numbers[at] for at in kept]
    if array.shape[-2:] != tuple([*inner, 1, 1][:2]):
        raise ValueError("A formula for slices has another shape than the slices.")
    order = [at for at, letter in enumerate(ranges) if letter in free]
    if any(n != 1 for at, n in enumerate(array.shape[:-2]) if at not in order):
        raise ValueError("A letter is left that nothing sums over.")
    array = array.reshape([array.shape[at] for at in order] + inner)
    order = [[letter for letter in ranges if letter in free].index(letter) for letter in free]
    array = array.transpose([*order, *range(len(free), array.ndim)])
    return _placed(array, free, kept, ranges, numbers, letters)


def _placed(
    array: np.ndarray,
    free: Sequence[str],
    kept: Sequence[int],
    ranges: Mapping[str, int],
    numbers: Sequence[int],
    letters: Sequence[str | None] = (),
) -> np.ndarray:
    """``array``, with axes for the letters ``free`` and then for the axes ``kept``, in the order of the output's."""
    array = np.broadcast_to(array, [*(ranges[letter] for letter in free), *(numbers[at] for at in kept)])
    if kept:
        outer = [at for at, letter in enumerate(letters) if letter in free]
        axes = [*outer, *kept]
        array = array.transpose(sorted(range(len(axes)), key=axes.__getitem__))
    return array.reshape(tuple(numbers))


def length_at(n: Expr, sizes: Mapping[Symbol, int]) -> int:
    """A length as a number."""
    return int(n.xreplace({letter: Integer(size) for letter, size in sizes.items()}))


def kinds(node: Node) -> set[str]:
    """The kinds of nodes in a tree."""
    return {node.kind}.union(*(kinds(arg) for arg in node.args))


class Indices:
    """Computes a tree of scalars with letters; each letter in scope is an axis."""

    def __init__(
        self, arrays: Mapping[str, np.ndarray], sizes: Mapping[Symbol, int], ranges: Mapping[str, int]
    ) -> None:
        self.arrays = arrays
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
        value: Expr = node.data.xreplace(self.sizes)
        return Labelled(np.float64(value.p / value.q if value.is_Rational else float(value)), ())

    def _index(self, node: Node) -> Labelled:
        return Labelled(np.arange(self.ranges[node.data]), (Symbol(node.data),))

    def _entry(self, node: Node) -> Labelled:
        """Elements; an index outside of the array or between its places reads 0."""
        array = self.arrays[node.data]
        given = self.each(node.args)
        labels = tuple(dict.fromkeys(k for item in given for k in item.labels))
        at = [spread(item, labels) for item in given]
        inside, places = np.asarray(True), []
        for i, n in zip(at, array.shape):
            whole = np.floor(i)
            inside = inside & (whole == i) & (whole >= 0) & (whole < n)
            places.append(np.clip(whole, 0, n - 1).astype(np.int64))
        return Labelled(np.where(inside, array[tuple(places)], 0.0), labels)

    def _add(self, node: Node) -> Labelled:
        return elementwise(lambda *parts: sum(parts[1:], parts[0]), *self.each(node.args))

    def factors(self, nodes: Sequence[Node]) -> list[Labelled]:
        """Factors; where a condition fails the others count for nothing."""
        values = self.each(nodes)
        for node, holds in zip(nodes, list(values)):
            if node.kind == "holds":
                values = [
                    part if np.isfinite(part.array).all() else elementwise(_dropped, holds, part) for part in values
                ]
        return values

    def _prod(self, node: Node) -> Labelled:
        return contract(self.factors(node.args), (), self.place)

    def _scale(self, node: Node) -> Labelled:
        return contract([Labelled(np.float64(node.data), ()), *self.factors(node.args)], (), self.place)

    def _pow(self, node: Node) -> Labelled:
        return elementwise(lambda a: a ** (node.data.p / node.data.q), self.value(node.args[0]))

    def _fn(self, node: Node) -> Labelled:
        (name,) = node.data
        if name == "power":
            return elementwise(np.power, *self.each(node.args))
        function = next(function for kind, function in FUNCTIONS.items() if kind.__name__ == name)
        return elementwise(function, *self.each(node.args))

    # Conditions and places ------------------------------------------------------------------------------------

    def _holds(self, node: Node) -> Labelled:
        return elementwise(lambda *parts: np.logical_and.reduce(np.broadcast_arrays(*parts)) * 1.0, *self.each(node.args))

    def _relation(self, node: Node) -> Labelled:
        return elementwise(_RELATIONS[node.data], *self.each(node.args))

    def _between(self, node: Node) -> Labelled:
        return elementwise(lambda low, here, high: (low <= here) & (here < high), *self.each(node.args))

    def _over(self, node: Node) -> Labelled:
        return elementwise(np.true_divide, *self.each(node.args))

    def _floor(self, node: Node) -> Labelled:
        return elementwise(np.floor_divide, *self.each(node.args))

    def _mod(self, node: Node) -> Labelled:
        return elementwise(np.mod, *self.each(node.args))

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
            item = elementwise(lambda array, kept: np.where(kept, array, 1.0), item, holds)
        return self.over(item, node.data, lambda array, axes: np.prod(array, axis=axes))

    def _ishare(self, node: Node) -> Labelled:
        body, at = node.args
        item, k = self.value(body), Symbol(node.data[0])
        if k not in item.labels:
            return Labelled(np.float64(1 / self.ranges[node.data[0]]), ())
        e = np.exp(item.array)
        share = Labelled(e / np.sum(e, axis=item.labels.index(k), keepdims=True), item.labels)
        return self.read(share, [k], [at])

    def read(self, item: Labelled, bound: Sequence[Symbol], places: Sequence[Node]) -> Labelled:
        """``item`` with its axes ``bound`` read at ``places``."""
        batch = [k for k in item.labels if k not in bound]
        array = spread(item, (*batch, *bound))
        array = np.broadcast_to(array, (*array.shape[: len(batch)], *(self.ranges[k.name] for k in bound)))
        inner = Indices({"~": array}, {}, self.ranges)
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
        found = matrices(kind, array)
        if not places:
            return Labelled(found[..., 0, 0], batch)
        return self.read(Labelled(found, (*batch, *bound)), bound, places)


class _Found(Indices):
    """Computes a position where letters have values of their own."""

    def __init__(self, outer: Indices, known: Mapping[Symbol, Labelled]) -> None:
        super().__init__(outer.arrays, outer.sizes, outer.ranges)
        self.known = known

    def _index(self, node: Node) -> Labelled:
        return self.known.get(Symbol(node.data)) or super()._index(node)


class Slices(Reader):
    """Computes a tree of matrices with letters: each letter is an axis before the rows and the columns."""

    def __init__(
        self, arrays: Mapping[str, np.ndarray], sizes: Mapping[Symbol, int], ranges: Mapping[str, int]
    ) -> None:
        super().__init__(arrays, sizes)
        self.ranges = ranges

    def value(self, node: Node) -> np.ndarray:
        """The value of one node."""
        rule = getattr(self, f"_{node.kind}", None)
        if rule is None:
            raise NotImplementedError(f"There is no value of {node.kind} here.")
        return rule(node, [self.value(arg) for arg in node.args] if node.kind != "slice" else [])

    def _slice(self, node: Node, args: list[Any]) -> np.ndarray:
        key, places = node.data
        array = self.arrays[key]
        array = array.reshape([n for n in array.shape if n != 1])
        at = iter(node.args)
        letters: list[str] = []
        chosen: list[Any] = []
        for taken in places:
            one = next(at) if taken else None
            if one is not None and one.kind == "index":
                letters.append(one.data)
            chosen.append(slice(None) if one is None or one.kind == "index" else int(one.data))
        array = array[tuple(chosen)]
        left = [one for one in chosen if not isinstance(one, int)]
        named = [taken for taken, one in zip(places, chosen) if not isinstance(one, int)]
        order = [axis for axis, is_letter in enumerate(named) if is_letter]
        rest = [axis for axis in range(len(left)) if axis not in order]
        array = array.transpose(order + rest)
        labelled = Labelled(array.reshape(*array.shape[: len(order)], -1), tuple(map(Symbol, letters)) + (Symbol("~"),))
        shape = list(array.shape[len(order) :])
        # One letter may stand on two axes: the diagonal is meant.
        for letter in dict.fromkeys(letters):
            while labelled.labels.count(Symbol(letter)) > 1:
                labelled = _diagonal(labelled, Symbol(letter))
        wide = spread(labelled, (*(Symbol(letter) for letter in self.ranges), Symbol("~")))
        return wide.reshape(*wide.shape[:-1], *(shape if len(shape) == 2 else [*shape, 1, 1][:2]))

    def _csum(self, node: Node, args: list[Any]) -> np.ndarray:
        (array,) = args
        order = list(self.ranges)
        array = np.broadcast_to(array, (*(1,) * (len(order) + 2 - array.ndim), *array.shape))
        axes = tuple(order.index(letter) for letter in node.data)
        lengths = [self.ranges[letter] if at in axes else array.shape[at] for at, letter in enumerate(order)]
        return np.sum(np.broadcast_to(array, (*lengths, *array.shape[-2:])), axis=axes, keepdims=True)

    def _T(self, node: Node, args: list[Any]) -> np.ndarray:  # noqa: N802 (the kind of the node)
        return np.swapaxes(args[0], -1, -2)

    _row = _T

    def _had(self, node: Node, args: list[Any]) -> np.ndarray:
        result = args[0]
        for arg in args[1:]:
            if arg.shape[-2:] != result.shape[-2:]:
                raise ValueError("The factors of an elementwise product differ in shape.")
            result = result * arg
        return result

    def _scale(self, node: Node, args: list[Any]) -> np.ndarray:
        result = args[-1] * self.number(node.data)
        for scalar in args[:-1]:
            if scalar.shape[-2:] != (1, 1):
                raise ValueError("A factor before a matrix is no scalar.")
            result = result * scalar
        return result

    def _fn(self, node: Node, args: list[Any]) -> np.ndarray:
        name, *tags = node.data
        if tags:
            return _RELATIONS[{"==": "="}.get(tags[0], tags[0])](*args) * 1.0
        return next(function for kind, function in FUNCTIONS.items() if kind.__name__ == name)(*args)

    def _of(self, node: Node, args: list[Any]) -> np.ndarray:
        return matrices(node.data, args[0])

    def _softmax(self, node: Node, args: list[Any]) -> np.ndarray:
        e = np.exp(args[0])
        return e / np.sum(e, axis=-2 if node.data in (None, 0) else -1, keepdims=True)

    def _diag(self, node: Node, args: list[Any]) -> np.ndarray:
        return args[0] * np.eye(args[0].shape[-2])

    def _diagof(self, node: Node, args: list[Any]) -> np.ndarray:
        return np.diagonal(args[0], axis1=-2, axis2=-1)[..., None]

    def _norm(self, node: Node, args: list[Any]) -> np.ndarray:
        return np.sqrt(np.sum(args[0] * args[0], axis=(-2, -1), keepdims=True))

    def _trace(self, node: Node, args: list[Any]) -> np.ndarray:
        return np.trace(args[0], axis1=-2, axis2=-1)[..., None, None]

    def _inner(self, node: Node, args: list[Any]) -> np.ndarray:
        return np.sum(args[0] * args[1], axis=(-2, -1), keepdims=True)


def matrices(kind: str, stack: np.ndarray) -> np.ndarray:
    """A function of each matrix of a stack."""
    flat = [matrix_function(kind, matrix) for matrix in stack.reshape(-1, *stack.shape[-2:])]
    return np.stack(flat).reshape(*stack.shape[:-2], *flat[0].shape)


def _diagonal(item: Labelled, k: Symbol) -> Labelled:
    first = item.labels.index(k)
    second = item.labels.index(k, first + 1)
    rest = tuple(x for at, x in enumerate(item.labels) if at not in (first, second))
    return Labelled(np.diagonal(item.array, axis1=first, axis2=second), (*rest, k))


def _dropped(holds: np.ndarray, part: np.ndarray) -> np.ndarray:
    return np.where(np.not_equal(holds, 0), part, 0.0)


__all__ = ["each_value"]
