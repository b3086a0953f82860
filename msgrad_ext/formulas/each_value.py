"""The value of a formula with letters at arrays: indexed sums, and matrix formulas that hold for each index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sympy import Expr, Symbol

from ..symbolic.notation import Node
from .indexed_value import Labelled, spread
from .letters_value import RELATIONS, Indices, length_at, matrices
from .notation_value import Reader
from .scalar_value import FUNCTIONS, ones_where


def each_value(
    node: Node,
    arrays: Mapping[str, np.ndarray],
    sizes: Mapping[Symbol, int],
    shape: Sequence[Expr],
    sample: Any = None,
) -> np.ndarray:
    """The array of ``shape`` that an ``each`` node says, for arrays by key and lengths by letter of axis.

    Arrays are float64, or object arrays of numbers such as ``sample``.

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
        found = Indices(arrays, sizes, ranges, sample).value(body)
        return _placed(spread(found, [Symbol(letter) for letter in free]), free, [], ranges, numbers)
    array = Slices(arrays, sizes, ranges, sample).value(body)
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


def kinds(node: Node) -> set[str]:
    """The kinds of nodes in a tree."""
    return {node.kind}.union(*(kinds(arg) for arg in node.args))


class Slices(Reader):
    """Computes a tree of matrices with letters: each letter is an axis before the rows and the columns."""

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        sizes: Mapping[Symbol, int],
        ranges: Mapping[str, int],
        sample: Any = None,
    ) -> None:
        super().__init__(arrays, sizes, sample)
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
        at = iter(node.args)
        letters: list[str] = []
        chosen: list[Any] = []
        for taken in places:
            one = next(at) if taken else None
            if one is not None and one.kind == "index":
                letters.append(one.data)
            whole = one.kind == "index" if one is not None else taken is False
            chosen.append(slice(None) if whole else 0 if one is None else int(one.data))
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

    def _add(self, node: Node, args: list[Any]) -> np.ndarray:
        result = args[0]
        for arg, part in zip(args[1:], node.args[1:]):
            if part.shape and result.shape[-2:] != (1, 1) and arg.shape[-2:] != result.shape[-2:]:
                raise ValueError("The terms of a sum differ in shape.")
            result = result + arg
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
            return ones_where(RELATIONS[{"==": "="}.get(tags[0], tags[0])](*args), self.exact)
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


def _diagonal(item: Labelled, k: Symbol) -> Labelled:
    first = item.labels.index(k)
    second = item.labels.index(k, first + 1)
    rest = tuple(x for at, x in enumerate(item.labels) if at not in (first, second))
    return Labelled(np.diagonal(item.array, axis1=first, axis2=second), (*rest, k))


__all__ = ["each_value"]
