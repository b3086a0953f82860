"""Indexed expressions at arrays: float64 arrays, or object arrays of any numbers with operators and ``exp, log, ...``.

The symbolic road's only meeting with numpy. Arrays carry an index for each axis; sums over products are contracted
pairwise by ``matmul``, so no temporary is larger than what a factor or a result needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any, Self

import numpy as np
from sympy import Add, Expr, Float, Integer, Mul, NumberSymbol, Pow, Rational, S, Symbol

from ..symbolic import functions as fs
from ..symbolic.nodes import Delta, Entry, Largest, Quotient, Ravel, Share, Tied, Total, Unravel, Within
from .scalar_value import FUNCTIONS, finite, kept_where, ones_where, power_of, rational_power
from .windowed import windowed

_DIGITS = 80


@dataclass(frozen=True)
class Labelled:
    """An array with an index (a SymPy symbol) for each of its axes."""

    array: Any
    labels: tuple[Symbol, ...]


@dataclass(frozen=True)
class Place:
    """Where an expression is evaluated: arrays by head, lengths by symbol, ranges of the indices in scope."""

    arrays: Mapping[Symbol, np.ndarray]
    lengths: Mapping[Symbol, int]
    ranges: Mapping[Symbol, int]
    exact: bool

    def within(self, limits: Sequence[tuple[Symbol, Expr]]) -> Self:
        """The place inside of a binder."""
        inner = {k: self.length(n) for k, n in limits}
        return replace(self, ranges={**self.ranges, **inner})

    @property
    def rules(self) -> Mapping[type, Callable[[Any, Any], Labelled]]:
        """How each kind of expression is evaluated here."""
        return RULES

    def positions(self, array: Any) -> np.ndarray:
        """Computed indices as numbers; what is no whole number stays so, and equals no index."""
        found = np.asarray(array).astype(np.float64)
        return found.astype(np.int64) if np.all(found == np.trunc(found)) else found

    def convert(self, n: int) -> Any:
        """``n`` as a number of the kind that the arrays hold."""
        held = (
            one
            for a in self.arrays.values()
            if a.dtype == object
            for one in a.flat
            if not isinstance(one, (int, float))
        )
        sample = next(held, None)
        return n if sample is None else type(sample)(n)

    def length(self, n: Expr) -> int:
        """A length as a number."""
        if isinstance(n, Integer):
            return int(n)
        found = self.lengths.get(n)
        return int(n.xreplace({k: Integer(v) for k, v in self.lengths.items()})) if found is None else found


def evaluate(expr: Expr, indices: Sequence[Expr], shape: Sequence[int], place: Place) -> np.ndarray:
    """The array whose element at ``indices`` is ``expr``; an axis of length 1 has index 0."""
    ranges = {**place.ranges, **{i: n for i, n in zip(indices, shape) if i != 0}}
    with np.errstate(all="ignore"):
        result = value(expr, replace(place, ranges=ranges))
    moving = tuple(i for i in indices if i != 0)
    array = spread(result, moving)
    full = np.broadcast_to(array, tuple(ranges[i] for i in moving)).reshape(tuple(shape))
    return full.astype(object if place.exact else np.float64)


def spread(item: Labelled, labels: Sequence[Symbol]) -> np.ndarray:
    """The array with its axes in the order of ``labels``, length 1 where it has none of them."""
    order = [item.labels.index(k) for k in labels if k in item.labels]
    array = np.transpose(item.array, order) if order != list(range(len(order))) else np.asarray(item.array)
    return array.reshape(
        [
            array.shape[sum(x in item.labels for x in labels[:at])] if k in item.labels else 1
            for at, k in enumerate(labels)
        ]
    )


def value(expr: Expr, place: Place) -> Labelled:
    """An expression at arrays; its free indices become axes."""
    rules = place.rules
    rule = rules.get(type(expr))
    if rule is None:
        rule = next((rules[kind] for kind in type(expr).__mro__ if kind in rules), None)
    if rule is None:
        raise NotImplementedError(f"There is no evaluation of {type(expr).__name__}.")
    return rule(expr, place)


def elementwise(function: Callable[..., Any], *items: Labelled) -> Labelled:
    """A numpy function of aligned arrays."""
    labels = tuple(dict.fromkeys(k for item in items for k in item.labels))
    return Labelled(function(*(spread(item, labels) for item in items)), labels)


def number(expr: Expr, place: Place) -> Labelled:
    """A rational number; as a float, or exactly among exact numbers."""
    if not place.exact:
        return Labelled(np.float64(int(expr.p) / int(expr.q)), ())
    result = np.empty((), object)
    above = place.convert(int(expr.p))
    result[()] = above if expr.q == 1 else above / int(expr.q)
    return Labelled(result, ())


def decimal(expr: Float, place: Place) -> Labelled:
    """A float in a meaning, as exactly the number that it is."""
    return number(Rational(expr), place)


def infinite(expr: Expr, place: Place) -> Labelled:
    """What SymPy makes of a division by zero in a meaning: an infinity with a sign, or NaN."""
    return Labelled(np.asarray(float(expr) if expr.is_extended_real else np.nan, object if place.exact else None), ())


def constant(expr: NumberSymbol, place: Place) -> Labelled:
    """A constant such as pi, in as many digits as the numbers that the arrays hold."""
    if not place.exact:
        return Labelled(np.float64(float(expr)), ())
    result = np.empty((), object)
    result[()] = type(place.convert(1))(str(expr.evalf(_DIGITS)))
    return Labelled(result, ())


def symbol(expr: Symbol, place: Place) -> Labelled:
    """A length, or an index as the numbers it runs through."""
    if expr in place.ranges:
        return Labelled(np.arange(place.ranges[expr]), (expr,))
    return number(Integer(place.lengths[expr]), place)


def counter(expr: Symbol, place: Place) -> Labelled:
    """A length, or an index as the numbers it runs through, as whole numbers."""
    return symbol(expr, place) if expr in place.ranges else Labelled(np.asarray(place.lengths[expr]), ())


def whole(expr: Expr, place: Place) -> Labelled:
    """An index expression as whole numbers."""
    if isinstance(expr, Integer):
        return Labelled(np.asarray(int(expr)), ())
    if isinstance(expr, Symbol):
        return counter(expr, place)
    if isinstance(expr, (Add, Mul)):
        parts = [whole(arg, place) for arg in expr.args]
        combine = np.add if isinstance(expr, Add) else np.multiply
        result = parts[0]
        for part in parts[1:]:
            result = elementwise(combine, result, part)
        return result
    if isinstance(expr, Quotient):
        return elementwise(np.floor_divide, whole(expr.args[0], place), whole(expr.args[1], place))
    if not isinstance(expr, (Ravel, Unravel)):
        return _computed(expr, place)
    shape = [place.length(n) for n in expr.args[-1]]
    if isinstance(expr, Ravel):
        result = Labelled(np.asarray(0), ())
        for part, n in zip(expr.args[0], shape):
            result = elementwise(lambda a, b, n=n: a * n + b, result, whole(part, place))
        return result
    axis = int(expr.args[1])
    after = int(np.prod(shape[axis + 1 :], dtype=np.int64))
    flat = whole(expr.args[0], place)
    return Labelled(flat.array // after % shape[axis] if axis else flat.array // after, flat.labels)


def _computed(expr: Expr, place: Place) -> Labelled:
    """An index that is read from an array or computed."""
    item = value(expr, place)
    return Labelled(place.positions(item.array), item.labels)


def entry(expr: Entry, place: Place) -> Labelled:
    """Elements of an array: the array itself where the indices are plain, else gathered, 0 outside."""
    array = place.arrays[expr.head]
    plain = all(i == 0 or place.ranges.get(i) == n for i, n in zip(expr.indices, array.shape)) and len(
        set(expr.indices)
    ) == len(expr.indices)
    if plain and expr.indices.count(0) <= 1:
        moving = tuple(i for i in expr.indices if i != 0)
        kept = array[tuple(0 if i == 0 else slice(None) for i in expr.indices)]
        return Labelled(kept, moving)
    given = [whole(i, place) for i in expr.indices]
    labels = tuple(dict.fromkeys(k for item in given for k in item.labels))
    at = [spread(item, labels) for item in given]
    inside = np.asarray(True)
    for i, n in zip(at, array.shape):
        inside = inside & (i >= 0) & (i < n) & (i == np.trunc(i))
    if 0 in array.shape:
        return Labelled(np.zeros(np.broadcast_shapes(*(i.shape for i in at))), labels)
    taken = array[tuple(np.clip(i, 0, n - 1).astype(np.int64) for i, n in zip(at, array.shape))]
    outside = number(Integer(0), place).array if array.dtype == object else 0
    return Labelled(np.where(inside, taken, outside), labels) if not inside.all() else Labelled(taken, labels)


def add(expr: Expr, place: Place) -> Labelled:
    """A sum of expressions."""
    result = value(expr.args[0], place)
    for arg in expr.args[1:]:
        result = elementwise(np.add, result, value(arg, place))
    return result


def mul(expr: Expr, place: Place) -> Labelled:
    """A product."""
    return contract(factors(expr.args, place), (), place)


def factors(args: Sequence[Expr], place: Place) -> list[Labelled]:
    """The values of factors; where a choice among them is 0 the branch is not taken, and the others count for nothing."""
    parts = [value(arg, place) for arg in args]
    for choice in [part for arg, part in zip(args, parts) if isinstance(arg, (fs.Choice, fs.Compare))]:
        parts = [part if finite(part.array) else elementwise(kept_where, choice, part) for part in parts]
    return parts


def total(expr: Total, place: Place) -> Labelled:
    """A sum over indices: factors are contracted pairwise."""
    if expr.body.has(Within):
        expr = windowed(expr, tuple((head, array.shape) for head, array in place.arrays.items()))
    inner = place.within(expr.limits)
    if isinstance(expr.body, Add):
        return add(Add(*(Total(arg, expr.limits) for arg in expr.body.args), evaluate=False), place)
    return contract(factors(Mul.make_args(expr.body), inner), expr.bound, inner)


@dataclass(frozen=True)
class Arithmetic:
    """How products and sums are made of labelled arrays: of two, of two summed over an index, over an index, of a count."""

    times: Callable[[Labelled, Labelled], Labelled]
    pair: Callable[[Labelled, Labelled, Symbol], Labelled]
    total: Callable[[Labelled, Symbol], Labelled]
    count: Callable[[int], Labelled]


def contract(
    factors: list[Labelled], bound: Sequence[Symbol], place: Place, arithmetic: Arithmetic | None = None
) -> Labelled:
    """The product of ``factors`` summed over ``bound``, smallest intermediate results first."""
    made = arithmetic or _NUMPY
    left = [k for k in bound if any(k in f.labels for f in factors)]
    scale = int(np.prod([place.ranges[k] for k in bound if k not in left], dtype=np.int64))
    scalars = [f for f in factors if not f.labels]
    items = [f for f in factors if f.labels]
    while left:
        k = min(left, key=lambda k: (_size_without(items, k, place), str(k)))
        left.remove(k)
        mine = [f for f in items if k in f.labels]
        items = [f for f in items if k not in f.labels]
        while len(mine) > 2:
            mine.sort(key=lambda f: len(f.labels))
            mine = [made.times(mine[0], mine[1]), *mine[2:]]
        items.append(made.pair(mine[0], mine[1], k) if len(mine) == 2 else made.total(mine[0], k))
    first, *others = [*scalars, *([made.count(scale)] if scale != 1 or not factors else []), *items]
    return reduce(made.times, others, first)


def _size_without(items: Sequence[Labelled], k: Symbol, place: Place) -> int:
    labels = {x for f in items if k in f.labels for x in f.labels}
    return int(np.prod([place.ranges[x] for x in labels if x != k], dtype=np.int64))


def _sum(item: Labelled, k: Symbol) -> Labelled:
    axis = item.labels.index(k)
    return Labelled(np.sum(item.array, axis=axis), (*item.labels[:axis], *item.labels[axis + 1 :]))


def pair(a: Labelled, b: Labelled, k: Symbol) -> Labelled:
    """Two factors contracted over an index that both have; other common indices are batch axes."""
    batch = [x for x in a.labels if x in b.labels and x != k]
    rows = [x for x in a.labels if x not in b.labels]
    columns = [x for x in b.labels if x not in a.labels]
    size = {**dict(zip(a.labels, a.array.shape)), **dict(zip(b.labels, b.array.shape))}
    lead = [size[x] for x in batch]
    count = [int(np.prod([size[x] for x in group], dtype=np.int64)) for group in (rows, columns)]
    left = spread(a, [*batch, *rows, k]).reshape(*lead, count[0], size[k])
    right = spread(b, [*batch, k, *columns]).reshape(*lead, size[k], count[1])
    product = np.matmul(left, right)
    return Labelled(product.reshape([size[x] for x in (*batch, *rows, *columns)]), (*batch, *rows, *columns))


def power(expr: Expr, place: Place) -> Labelled:
    """A power; the exponent is nearly always a number."""
    base, exponent = expr.args
    item = value(base, place)
    if exponent.is_Rational:
        return Labelled(rational_power(item.array, int(exponent.p), int(exponent.q)), item.labels)
    return elementwise(power_of, item, value(exponent, place))


def largest(expr: Largest, place: Place) -> Labelled:
    """A maximum over an index."""
    item, k = value(expr.body, place.within(expr.limits)), expr.bound[0]
    if k not in item.labels:
        return item
    axis = item.labels.index(k)
    return Labelled(np.max(item.array, axis=axis), (*item.labels[:axis], *item.labels[axis + 1 :]))


def tied(expr: Tied, place: Place) -> Labelled:
    """The share of an index in the maximum."""
    item, k = value(expr.body, place.within(expr.limits)), expr.bound[0]
    if k not in item.labels:
        return number(Rational(1, place.length(expr.limits[0][1])), place)
    axis = item.labels.index(k)
    equal = np.where(item.array == np.max(item.array, axis=axis, keepdims=True), number(Integer(1), place).array, 0)
    share = equal / np.sum(equal, axis=axis, keepdims=True)
    return read(Labelled(share, item.labels), k, expr.args[2], place)


def softmax(expr: Share, place: Place) -> Labelled:
    """A softmax at an index, in the shifted form."""
    item, k = value(expr.body, place.within(expr.limits)), expr.bound[0]
    axis = item.labels.index(k)
    e = np.exp(item.array - np.max(item.array, axis=axis, keepdims=True))
    return read(Labelled(e / np.sum(e, axis=axis, keepdims=True), item.labels), k, expr.args[2], place)


def read(item: Labelled, k: Symbol, at: Expr, place: Place) -> Labelled:
    """``item`` with its index ``k`` read at the index ``at``."""
    if at in place.ranges and at not in item.labels:
        return Labelled(item.array, tuple(at if x == k else x for x in item.labels))
    head = Symbol("~item")
    indices = [at if x == k else x for x in item.labels]
    return entry(Entry(head, *indices), Place({head: item.array}, place.lengths, place.ranges, place.exact))


def indicator(expr: Expr, place: Place) -> Labelled:
    """A delta or a range indicator as zeros and ones."""
    if isinstance(expr, Delta):
        return elementwise(lambda a, b: ones_where(a == b, place.exact), *(whole(arg, place) for arg in expr.args))
    given, step = whole(expr.args[0], place), place.length(expr.args[1])
    n = place.length(expr.args[2])
    inside = (given.array % step == 0) & (given.array >= 0) & (given.array < n * step)
    return Labelled(ones_where(inside, place.exact), given.labels)


def _compare(expr: Expr, place: Place) -> Labelled:
    test = {">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal}[expr.args[0].name]
    return elementwise(
        lambda a, b: ones_where(test(a, b), place.exact), value(expr.args[1], place), value(expr.args[2], place)
    )


def _function(function: Callable[..., Any]) -> Callable[[Expr, Place], Labelled]:
    return lambda expr, place: elementwise(function, *(value(arg, place) for arg in expr.args))


_NUMPY = Arithmetic(
    times=partial(elementwise, np.multiply), pair=pair, total=_sum, count=lambda n: Labelled(np.asarray(n), ())
)

RULES: dict[type, Callable[[Any, Place], Labelled]] = {
    Float: decimal,
    **dict.fromkeys(map(type, (S.Infinity, S.NegativeInfinity, S.ComplexInfinity, S.NaN)), infinite),
    Rational: number,
    Symbol: symbol,
    Entry: entry,
    Add: add,
    Mul: mul,
    Pow: power,
    Total: total,
    Largest: largest,
    Tied: tied,
    Share: softmax,
    Delta: indicator,
    Within: indicator,
    fs.Compare: _compare,
    NumberSymbol: constant,
    **{kind: _function(function) for kind, function in FUNCTIONS.items()},
}
