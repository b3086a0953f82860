"""The vocabulary in which ops say their meaning: one output element as a formula of operands' elements.

Op files reach it as ``lazy.sym``. An operand is an `Accessor`: ``a[i, j]`` is an element, ``a.shape`` its lengths.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Pow, S, Symbol, Tuple, pi

from . import functions as _f
from . import scalar as _s
from .matrix_functions import inverse, log_determinant, lower, minor
from .nodes import Delta, Entry, Largest, Quotient, Ravel, Total, Unravel, Within, expression, fresh_index
from .products import Product

__all__ = ["inverse", "log_determinant", "lower", "minor", "pi"]

exp, log, sigmoid, tanh, relu, absolute = _f.Exp, _f.Log, _f.Sigmoid, _f.Tanh, _f.Relu, _f.Absolute
abs = _f.Absolute
maximum, minimum, sign, truncate, power = _f.Maximum, _f.Minimum, _f.Sign, _f.Truncate, _f.Power
# Every declared function by its printed name: sin, atan2, erf, ...
globals().update({kind.word: kind for kind in _s.SCALARS.values()})


@dataclass(frozen=True)
class Pattern:
    """A constant array whose lengths are letters: its element at ``places`` is ``expr``."""

    places: tuple[Symbol, ...]
    expr: Expr

    def at(self, indices: Sequence[Any]) -> Expr:
        """The element at ``indices``."""
        return self.expr.xreplace(dict(zip(self.places, map(expression, indices))))


class Accessor:
    """An operand of a meaning: elements by index, with broadcasting."""

    def __init__(self, head: Symbol, shape: Sequence[Any], number: Expr | Pattern | None = None) -> None:
        self.head = head
        self.shape = tuple(map(expression, shape))
        self.ndim = len(self.shape)
        self.number = number

    def __getitem__(self, indices: Any) -> Expr:
        given = tuple(indices) if isinstance(indices, (tuple, list, Tuple)) else (indices,)
        if self.number is not None and not isinstance(self.number, Pattern):
            return self.number
        given = given[len(given) - self.ndim :] if self.ndim else ()
        if len(given) < self.ndim:
            raise IndexError(f"An operand of rank {self.ndim} needs as many indices, but got {len(given)}.")
        places = [S.Zero if n == 1 else i for i, n in zip(given, self.shape)]
        return Entry(self.head, *places) if self.number is None else self.number.at(places)


def total(n: Any, f: Callable[[Any], Any]) -> Expr:
    """The sum of ``f(k)`` for ``k`` in ``range(n)``."""
    if n == 1:
        return expression(f(S.Zero))
    k = fresh_index()
    return Total(f(k), ((k, n),))


def totals(lengths: Sequence[Any], f: Callable[..., Any]) -> Expr:
    """The sum of ``f(k1, k2, ...)`` over several indices."""
    ks = [S.Zero if n == 1 else fresh_index() for n in lengths]
    return Total(f(*ks), tuple((k, n) for k, n in zip(ks, lengths) if n != 1))


def largest(n: Any, f: Callable[[Any], Any]) -> Expr:
    """The largest ``f(k)`` for ``k`` in ``range(n)``; equal ones share the derivative."""
    if n == 1:
        return expression(f(S.Zero))
    k = fresh_index()
    return Largest(f(k), ((k, n),))


def largests(lengths: Sequence[Any], f: Callable[..., Any]) -> Expr:
    """The largest ``f(k1, k2, ...)`` over several indices; equal ones share the derivative."""
    moving = [n for n in lengths if n != 1]
    if len(moving) < 2:
        return largest(moving[0] if moving else 1, lambda k: f(*(S.Zero if n == 1 else k for n in lengths)))
    return largest(product(lengths), lambda k: f(*(Unravel(k, axis, lengths) for axis in range(len(lengths)))))


def smallests(lengths: Sequence[Any], f: Callable[..., Any]) -> Expr:
    """The smallest ``f(k1, k2, ...)`` over several indices; equal ones share the derivative."""
    return -largests(lengths, lambda *k: -f(*k))


def products(lengths: Sequence[Any], f: Callable[..., Any]) -> Expr:
    """The product of ``f(k1, k2, ...)`` over several indices."""
    ks = [S.Zero if n == 1 else fresh_index() for n in lengths]
    return Product(f(*ks), tuple((k, n) for k, n in zip(ks, lengths) if n != 1))


def product(lengths: Sequence[Any]) -> Expr:
    """The number of elements of an array."""
    return expression(math.prod(lengths))


def inside(position: Any, step: Any, n: Any) -> Expr:
    """1 where ``position`` is one of ``0, step, ..., (n - 1) step``, else 0."""
    return Within(position, step, n)


def over(position: Any, step: Any) -> Expr:
    """``position / step``, read where it divides."""
    return Quotient(position, step)


def number(value: int) -> Expr:
    """A number as a formula."""
    return expression(value)


def sqrt(x: Any) -> Expr:
    """The square root."""
    return Pow(x, _f.HALF)


def where(condition: Any, a: Any, b: Any) -> Expr:
    """``a`` where ``condition`` (1 or 0) holds, else ``b``."""
    return _f.Choice(condition, a, b)


def compare(a: Any, relation: str, b: Any) -> Expr:
    """1 where ``a relation b`` holds, else 0; the relation is one of ``> >= < <= == !=``."""
    if relation in ("<", "<="):
        return compare(b, relation.replace("<", ">"), a)
    return _f.Compare(Symbol(relation), a, b)


indicator = compare


def leads(at: Callable[[Any], Any], k: Any, j: Any) -> Expr:
    """1 where ``at(k)`` comes before ``at(j)`` in descending order; those that tie keep their order."""
    return compare(at(k), ">", at(j)) + compare(at(k), "==", at(j)) * compare(k, "<", j)


def last_leader(n: Any, i: Any, at: Callable[[Any], Any]) -> Expr:
    """The last place up to ``i`` whose element is the largest up to there."""

    def beaten(k: Any) -> Expr:
        return total(n, lambda j: compare(j, "<=", i) * compare(at(j), ">", at(k)))

    return largest(n, lambda k: k * compare(k, "<=", i) * compare(beaten(k), "==", 0))


def nonzero(x: Any) -> Expr:
    """1 where ``x`` is not 0, else 0."""
    return compare(x, "!=", 0)


def axis_index(indices: Sequence[Any], axes: Sequence[int], keep_dims: bool, inner: Sequence[Any]) -> tuple[Any, ...]:
    """The operand's index of a reduction: ``inner`` at the reduced ``axes``, the output's ``indices`` elsewhere."""
    outer = [i for position, i in enumerate(indices) if not (keep_dims and position in axes)]
    rest, reduced = iter(outer), iter(inner)
    return tuple(next(reduced) if axis in axes else next(rest) for axis in range(len(outer) + len(axes)))


def reduction(a: Accessor, axes: Sequence[int], keep_dims: bool, how: Callable[..., Any]) -> Callable[..., Expr]:
    """The meaning of reducing ``axes`` of ``a`` by ``how``, such as `totals` or `largests`."""
    lengths = [a.shape[axis] for axis in axes]
    return lambda *i: how(lengths, lambda *k: a[axis_index(i, axes, keep_dims, k)])


def reshaped(a: Accessor, indices: Sequence[Any], shape: Sequence[Any]) -> Expr:
    """The element of ``a`` that stands at ``indices`` once ``a`` is laid out as ``shape``."""
    flat = Ravel(indices, shape)
    return a[tuple(Unravel(flat, axis, a.shape) for axis in range(a.ndim))]


def placed(a: Accessor, indices: Sequence[Any], begin: Sequence[int], step: Sequence[int]) -> Expr:
    """The element at ``indices`` of zeros into which ``a`` is put at ``begin`` with ``step``."""
    result, at = S.One, []
    for i, n, first, stride in zip(indices, a.shape, begin, step):
        result *= Within(i - first, stride, n)
        at.append(Quotient(i - first, stride))
    return result * Entry(a.head, *(S.Zero if n == 1 else i for i, n in zip(at, a.shape)))


def equal_places(first: Sequence[Any], second: Sequence[Any]) -> Expr:
    """1 where two places are one, else 0."""
    return expression(math.prod(Delta(mine, other) for mine, other in zip(first, second)))


def joined(pieces: Sequence[Accessor], indices: Sequence[Any], axis: int) -> Expr:
    """The element at ``indices`` of ``pieces`` put one after the other along ``axis``."""
    offset, result = S.Zero, S.Zero
    for piece in pieces:
        at = [*indices[:axis], indices[axis] - offset, *indices[axis + 1 :]]
        result += Within(at[axis], 1, piece.shape[axis]) * piece[tuple(at)]
        offset += piece.shape[axis]
    return result
