"""The tensor side of an indexed expression: entries of arrays, sums over indices, deltas, index maps.

These are SymPy expressions, so that `sympy.diff` runs through them by the chain rule; what is told here is only how a
sum or an entry behaves. Indices are symbols; lengths are symbols or integers.
"""

from __future__ import annotations

import itertools
import operator
from importlib import import_module
from typing import Any

from sympy import Basic, Expr, Integer, S, Symbol, Tuple, diff

from .functions import Exp

# SymPy imports this inside of its first long sum; better with SymPy itself than within a derivation.
import_module("sympy.tensor.tensor")

_fresh = itertools.count()


def expression(value: Any) -> Any:
    """A formula or an int as an expression. Text is refused: SymPy would evaluate it."""
    if isinstance(value, Basic):
        return value
    return Integer(operator.index(value))


def index(name: str) -> Symbol:
    """An index by name; two of one name are the same index."""
    return Symbol(name, integer=True, nonnegative=True)


def length(name: str) -> Symbol:
    """The length of an axis, by letter."""
    return Symbol(name, integer=True, positive=True)


def fresh_index() -> Symbol:
    """An index that nothing else uses; canonical names are given when an expression is put into normal form."""
    # Padded, so that names sort in the order in which they were made, whatever the count.
    return index(f"~{next(_fresh):012d}")


class Entry(Expr):
    """One element of an array: ``Entry(head, i, j)``; outside of its range it is 0.

    An index may be an element of an array of integers, as in a gather; no derivative passes through an index.
    """

    is_commutative = True
    is_real = True
    is_symbol = True
    _diff_wrt = True

    def __new__(cls, head: Symbol, *indices: Any) -> Entry:
        return Expr.__new__(cls, head, *map(expression, indices))

    @property
    def head(self) -> Symbol:
        return self.args[0]

    @property
    def indices(self) -> tuple[Expr, ...]:
        return self.args[1:]

    @property
    def nested(self) -> bool:
        """True if an index is more than symbols and numbers: an element of an array of integers, or a sum."""
        return any(bool(i.args) and i.has(Entry, Binder) for i in self.indices)

    @property
    def free_symbols(self) -> set:
        return set().union({self}, *(arg.free_symbols for arg in self.args))

    def _eval_derivative(self, wrt: Expr) -> Expr:
        if not isinstance(wrt, Entry) or wrt.head != self.head:
            return S.Zero
        result = S.One
        for mine, other in zip(self.indices, wrt.indices):
            result *= Delta(mine, other)
        return result

    def _sympystr(self, printer: Any) -> str:
        return f"{self.head.name}[{', '.join(printer._print(i) for i in self.indices)}]"


class Delta(Expr):
    """1 where two indices are equal, else 0."""

    is_commutative = True
    is_real = True
    is_nonnegative = True

    def __new__(cls, first: Any, second: Any) -> Expr:
        first, second = expression(first), expression(second)
        if first == second:
            return S.One
        if isinstance(first, Integer) and isinstance(second, Integer):
            return S.Zero
        return Expr.__new__(cls, *sorted((first, second), key=str))

    def _eval_derivative(self, wrt: Expr) -> Expr:
        return S.Zero

    def _eval_power(self, exponent: Expr) -> Expr | None:
        return self if exponent.is_positive else None


class Within(Expr):
    """1 where ``number`` is divisible by ``step`` and ``number / step`` is in ``[0, n)``, else 0."""

    is_commutative = True
    is_real = True

    def __new__(cls, number: Any, step: Any, n: Any) -> Expr:
        number, step, n = expression(number), expression(step), expression(n)
        if n == 1:
            return Delta(number, 0)
        return Expr.__new__(cls, *((number, step) if step > 0 else (-number, -step)), n)

    def _eval_derivative(self, wrt: Expr) -> Expr:
        return S.Zero

    def _eval_power(self, exponent: Expr) -> Expr | None:
        return self if exponent.is_positive else None


class Quotient(Expr):
    """``number // step``, read where it divides."""

    is_commutative = True
    is_integer = True

    def __new__(cls, number: Any, step: Any) -> Expr:
        number, step = expression(number), expression(step)
        exact = (number / step).expand()
        # A length that is half of an axis is a whole number too.
        if step == 1 or all(term.as_coeff_Mul()[0].is_integer for term in exact.as_ordered_terms()):
            return exact
        return Expr.__new__(cls, *((number, step) if step > 0 else (-number, -step)))


class Ravel(Expr):
    """The position of ``indices`` in an array of ``shape`` laid out row by row."""

    is_commutative = True
    is_integer = True

    def __new__(cls, indices: Any, shape: Any) -> Expr:
        indices, shape = Tuple(*indices), Tuple(*shape)
        moving = [(i, n) for i, n in zip(indices, shape) if n != 1]
        if not moving:
            return S.Zero
        indices, shape = Tuple(*(i for i, _ in moving)), Tuple(*(n for _, n in moving))
        if len(moving) == 1:
            return indices[0]
        first = indices[0]
        if (
            isinstance(first, Unravel)
            and all(part == Unravel(first.args[0], position, first.args[2]) for position, part in enumerate(indices))
            and first.args[2] == shape
        ):
            return first.args[0]
        return Expr.__new__(cls, indices, shape)


class Unravel(Expr):
    """Index number ``axis`` of position ``flat`` in an array of ``shape`` laid out row by row."""

    is_commutative = True
    is_integer = True

    def __new__(cls, flat: Any, axis: Any, shape: Any) -> Expr:
        flat, axis, shape = expression(flat), int(axis), Tuple(*shape)
        if shape[axis] == 1:
            return S.Zero
        kept = [n for n in shape if n != 1]
        axis = len([n for n in shape[:axis] if n != 1])
        if len(kept) == 1:
            return flat
        if isinstance(flat, Ravel):
            indices, rows = flat.args
            (i, j), (a, b) = _block(tuple(rows), tuple(kept), axis)
            if b - a == 1:
                return Ravel(indices[i:j], rows[i:j])
            if j - i == 1 or b - a < len(kept):
                return Unravel(Ravel(indices[i:j], rows[i:j]), axis - a, kept[a:b])
        return Expr.__new__(cls, flat, Integer(axis), Tuple(*kept))


def _block(first: tuple, second: tuple, axis: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The axes of ``first`` and of ``second`` that hold ``axis`` of ``second`` when one array is laid out as both."""
    i = j = a = b = 0
    mine = other = S.One
    while j < len(first) or b < len(second):
        if b == a or (j > i and _divides(other, mine) and b < len(second)):
            other, b = other * second[b], b + 1
        elif j < len(first) and _divides(mine, other):
            mine, j = mine * first[j], j + 1
        else:
            break
        if mine == other and j > i:
            if a <= axis < b:
                return (i, j), (a, b)
            i, a, mine, other = j, b, S.One, S.One
    return (i, len(first)), (a, len(second))


def _divides(part: Expr, whole: Expr) -> bool:
    """True if ``whole`` is certainly a multiple of ``part``."""
    rest = whole / part
    return bool(rest.is_integer and rest.as_numer_denom()[1] == 1)


class Binder(Expr):
    """Base of what binds indices: ``args = (body, ((k, n), ...), *rest)``; ``rest`` lies outside of the binding."""

    is_commutative = True
    is_real = True

    def __new__(cls, body: Any, limits: Any, *rest: Any) -> Expr:
        return Expr.__new__(cls, expression(body), Tuple(*(Tuple(*limit) for limit in limits)), *map(expression, rest))

    @property
    def body(self) -> Expr:
        return self.args[0]

    @property
    def limits(self) -> Tuple:
        return self.args[1]

    @property
    def bound(self) -> tuple[Symbol, ...]:
        return tuple(limit[0] for limit in self.limits)

    @property
    def free_symbols(self) -> set:
        inner = self.body.free_symbols - set(self.bound)
        return inner.union(*(arg.free_symbols for arg in (*(n for _, n in self.limits), *self.args[2:])))


class Total(Binder):
    """The sum of ``body`` over its indices."""

    def __new__(cls, body: Any, limits: Any) -> Expr:
        body = expression(body)
        limits = tuple(limits)
        return body if body is S.Zero or not limits else Binder.__new__(cls, body, limits)

    def _eval_derivative(self, wrt: Expr) -> Expr:
        return Total(diff(self.body, wrt), self.limits)


class Largest(Binder):
    """The largest ``body`` over its index."""

    def _eval_derivative(self, wrt: Expr) -> Expr:
        ((k, n),) = self.limits
        at = fresh_index()
        slope = diff(self.body, wrt).xreplace({k: at})
        return Total(Tied(self.body, self.limits, at) * slope, ((at, n),))


class Tied(Binder):
    """At index ``at``: 1 shared equally among the indices where ``body`` is largest, else 0."""

    def _eval_derivative(self, wrt: Expr) -> Expr:
        return S.Zero


class Share(Binder):
    """Softmax: ``exp(body)`` at index ``at``, divided by the sum of ``exp(body)`` over the index."""

    def _eval_derivative(self, wrt: Expr) -> Expr:
        ((k, _n),) = self.limits
        below = Total(Exp(self.body), self.limits)
        return diff(Exp(self.body.xreplace({k: self.args[2]})) / below, wrt)
