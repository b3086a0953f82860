"""One element of an array as a formula over numbers: indexed expressions with every index a number and no sum left.

Comes in: an expression over entries, its indices and lengths as numbers. Goes out: the same over entries at numbers, with
sums written out, indicators decided and what is 0 gone. Factors that a sum does not run over stay in front of it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

from sympy import Add, Expr, Integer, Mul, Pow, S, Symbol

from ..errors import NotSupportedError
from .functions import Absolute, Compare, Exp, Log, Maximum
from .matrix_functions import InverseMatrix, LogDeterminant, MatrixFunction, Minor
from .nodes import Binder, Delta, Entry, Largest, Quotient, Ravel, Share, Tied, Total, Unravel, Within
from .notation import ONE, Node, number, scaled
from .products import Product

Place = Mapping[Symbol, int]
# A determinant of n rows has n! terms.
ROWS = 4


class TooLong(Exception):
    """More steps than allowed."""


class Unroller:
    """Writes elements out; ``sizes`` has the lengths of axes by letter, ``shapes`` those of arrays by key.

    Raises
    ------
    TooLong
        After ``limit`` steps.
    """

    def __init__(self, sizes: Mapping[Symbol, int], shapes: Mapping[str, Sequence[Expr]], limit: int) -> None:
        self.sizes = {letter: Integer(size) for letter, size in sizes.items()}
        self.shapes = shapes
        self.limit = limit
        self.steps = 0

    def length(self, n: Expr) -> int:
        """A length as a number."""
        return int(n.xreplace(self.sizes))

    def element(self, expr: Expr, at: Place) -> Expr:
        """``expr`` with indices at numbers."""
        self.steps += 1
        if self.steps > self.limit:
            raise TooLong
        rule = next((_RULES[kind] for kind in type(expr).__mro__ if kind in _RULES), None)
        if rule is not None:
            return rule(self, expr, at)
        if isinstance(expr, Symbol):
            return Integer(at[expr]) if expr in at else self.sizes.get(expr, expr)
        if not expr.args:
            return expr
        return expr.func(*(self.element(arg, at) for arg in expr.args))

    def whole(self, expr: Expr, at: Place) -> int:
        """An index as a number; below 0 for one that is no whole number."""
        if isinstance(expr, Integer):
            return int(expr)
        if expr.has(Entry, Binder):
            raise NotSupportedError(
                "For 'elements', an index is read from an array, so that which elements are meant depends on its values; "
                "read Formula.lines."
            )
        if isinstance(expr, Symbol):
            return at[expr] if expr in at else self.length(expr)
        if isinstance(expr, Quotient):
            above, below = (self.whole(arg, at) for arg in expr.args)
            return above // below if above % below == 0 else -1
        if isinstance(expr, Ravel):
            flat = 0
            for i, n in zip(expr.args[0], expr.args[1]):
                flat = flat * self.length(n) + self.whole(i, at)
            return flat
        if isinstance(expr, Unravel):
            flat, axis, shape = self.whole(expr.args[0], at), int(expr.args[1]), [self.length(n) for n in expr.args[2]]
            for n in shape[:axis:-1]:
                flat //= n
            return flat % shape[axis] if axis else flat
        parts = [self.whole(arg, at) for arg in expr.args]
        return sum(parts) if isinstance(expr, Add) else _product(parts)

    def entry(self, expr: Entry, at: Place) -> Expr:
        """An element of an array; 0 outside of it."""
        places = [self.whole(i, at) for i in expr.indices]
        shape = [self.length(n) for n in self.shapes[expr.head.name]]
        inside = all(0 <= i < n for i, n in zip(places, shape))
        return Entry(expr.head, *places) if inside else S.Zero

    def indicator(self, expr: Expr, at: Place) -> Expr:
        """1 or 0."""
        if isinstance(expr, Delta):
            first, second = (self.whole(arg, at) for arg in expr.args)
            return S.One if first == second else S.Zero
        given, step, n = (self.whole(arg, at) for arg in expr.args)
        return S.One if given % step == 0 and 0 <= given // step < n else S.Zero

    def product(self, expr: Mul, at: Place) -> Expr:
        """A product; indicators first, since what they exclude need not be written."""
        result = []
        for factor in sorted(expr.args, key=lambda factor: not isinstance(factor, (Delta, Within))):
            value = self.element(factor, at)
            if value == 0:
                return S.Zero
            result.append(value)
        return Mul(*result)

    def places(self, expr: Binder, at: Place) -> list[Place]:
        """The numbers that the indices of a binder run through."""
        spans = [range(self.length(n)) for _, n in expr.limits]
        if self.steps + math.prod(map(len, spans)) > self.limit:
            raise TooLong
        return [{**at, **dict(zip(expr.bound, pick))} for pick in itertools.product(*spans)]

    def total(self, expr: Total, at: Place) -> Expr:
        """A sum, written out behind the factors that it does not run over."""
        if isinstance(expr.body, Add):
            return Add(*(self.total(Total(part, expr.limits), at) for part in expr.body.args))
        bound = set(expr.bound)
        factors = Mul.make_args(expr.body)
        outer = [self.element(f, at) for f in factors if not f.free_symbols & bound]
        if any(f == 0 for f in outer):
            return S.Zero
        inner = Mul(*(f for f in factors if f.free_symbols & bound))
        return Mul(*outer, Add(*(self.element(inner, place) for place in self.places(expr, at))))

    def largest(self, expr: Largest, at: Place) -> Expr:
        """The largest of several."""
        values = list(dict.fromkeys(self.element(expr.body, place) for place in self.places(expr, at)))
        result = values[0]
        for value in values[1:]:
            result = Maximum(result, value)
        return result

    def tied(self, expr: Tied, at: Place) -> Expr:
        """The share in the maximum."""
        most = self.largest(Largest(expr.body, expr.limits), at)
        here = self.element(expr.body, {**at, expr.bound[0]: self.whole(expr.args[2], at)})
        values = [self.element(expr.body, place) for place in self.places(expr, at)]
        same = Symbol("==")
        if len(values) == 1:
            return S.One
        return Compare(same, here, most) / Add(*(Compare(same, value, most) for value in values))

    def share(self, expr: Share, at: Place) -> Expr:
        """An element of a softmax."""
        here = self.element(expr.body, {**at, expr.bound[0]: self.whole(expr.args[2], at)})
        values = [self.element(expr.body, place) for place in self.places(expr, at)]
        return Exp(here) / Add(*(Exp(value) for value in values)) if len(values) > 1 else S.One

    def several(self, expr: Product, at: Place) -> Expr:
        """A product over indices, without the places that are left out."""
        apart = [tuple(self.whole(i, at) for i in place) for place in expr.without]
        places = [place for place in self.places(expr, at) if tuple(place[k] for k in expr.bound) not in apart]
        return Mul(*(self.element(expr.body, place) for place in places))

    def of_matrix(self, expr: MatrixFunction, at: Place) -> Expr:
        """An inverse or a determinant of few rows, by its cofactors."""
        n = self.length(expr.length)
        if n > ROWS or not isinstance(expr, (InverseMatrix, LogDeterminant, Minor)):
            raise NotSupportedError(
                f"For 'elements', there are no formulas of single elements for {type(expr).__name__} of {n} rows; "
                "read Formula.lines."
            )
        row, column = expr.bound
        rows = [[self.element(expr.body, {**at, row: r, column: c}) for c in range(n)] for r in range(n)]
        at_places = [self.whole(i, at) for i in expr.places]
        if isinstance(expr, LogDeterminant):
            return Log(Absolute(_determinant(rows)))
        if isinstance(expr, InverseMatrix):
            i, j = at_places
            return _determinant(_with_unit_row(rows, j, i)) / _determinant(rows)
        pairs = list(zip(at_places[::2], at_places[1::2]))
        if len({r for r, _ in pairs}) < len(pairs):
            return S.Zero
        for r, c in pairs:
            rows = _with_unit_row(rows, r, c)
        return _determinant(rows)


def _product(parts: Sequence[int]) -> int:
    result = 1
    for part in parts:
        result *= part
    return result


def _with_unit_row(rows: list[list[Expr]], r: int, c: int) -> list[list[Expr]]:
    unit: list[Expr] = [S.One if k == c else S.Zero for k in range(len(rows))]
    return [unit if k == r else row for k, row in enumerate(rows)]


def _determinant(rows: list[list[Expr]]) -> Expr:
    terms = []
    for order in itertools.permutations(range(len(rows))):
        swaps = sum(a > b for a, b in itertools.combinations(order, 2))
        factors = [row[c] for row, c in zip(rows, order)]
        terms.append(S.Zero if S.Zero in factors else Mul(S.NegativeOne**swaps, *factors))
    return Add(*terms)


_RULES: dict[type, Callable[[Unroller, Expr, Place], Expr]] = {
    Entry: Unroller.entry,
    Delta: Unroller.indicator,
    Within: Unroller.indicator,
    Mul: Unroller.product,
    Total: Unroller.total,
    Largest: Unroller.largest,
    Tied: Unroller.tied,
    Share: Unroller.share,
    Product: Unroller.several,
    MatrixFunction: Unroller.of_matrix,
    Quotient: lambda unroller, expr, at: Integer(unroller.whole(expr, at)),
    Ravel: lambda unroller, expr, at: Integer(unroller.whole(expr, at)),
    Unravel: lambda unroller, expr, at: Integer(unroller.whole(expr, at)),
}


def scalar_node(expr: Expr, name: Callable[[Entry], Node]) -> Node:
    """The notation of a formula over numbers; ``name`` gives that of an entry."""
    if isinstance(expr, Entry):
        return name(expr)
    if expr.is_Rational or expr.is_NumberSymbol or expr.is_Float:
        return number(expr)
    if isinstance(expr, Add):
        return Node("add", tuple(scalar_node(arg, name) for arg in expr.args))
    if isinstance(expr, Mul):
        coefficient, rest = expr.as_coeff_Mul()
        # Numbers by name come before sums: z (x + y).
        factors = sorted(Mul.make_args(rest), key=lambda factor: isinstance(factor, Add))
        return scaled(coefficient, [scalar_node(arg, name) for arg in factors], ONE)
    if isinstance(expr, Pow) and expr.exp.is_Rational:
        return Node("pow", (scalar_node(expr.base, name),), (), expr.exp)
    tags = [arg.name for arg in expr.args if isinstance(arg, Symbol)]
    args = tuple(scalar_node(arg, name) for arg in expr.args if not isinstance(arg, Symbol))
    return Node("fn", args, (), ("power" if isinstance(expr, Pow) else type(expr).__name__, *tags))


def collected(expr: Expr) -> Expr:
    """A sum with factors that its terms share in front of what they do not: ``z x + z y`` is ``z (x + y)``."""
    if not isinstance(expr, Add):
        return expr
    terms, done = list(expr.args), list[Expr]()
    while True:
        counts: dict[Expr, int] = {}
        for term in terms:
            for factor in Mul.make_args(term):
                if not factor.is_number:
                    counts[factor] = counts.get(factor, 0) + 1
        best = max(counts.values(), default=0)
        if best < 2:
            return Add(*done, *terms)
        shared = [factor for factor, count in counts.items() if count == best]
        common = max(shared, key=lambda factor: isinstance(factor, Add))
        mine = [term for term in terms if common in Mul.make_args(term)]
        terms = [term for term in terms if common not in Mul.make_args(term)]
        done.append(Mul(common, collected(Add(*(_without(term, common) for term in mine)))))


def _without(term: Expr, factor: Expr) -> Expr:
    factors = list(Mul.make_args(term))
    factors.remove(factor)
    return Mul(*factors)


def shared_parts(exprs: Sequence[Expr]) -> set[Expr]:
    """The operations that occur more than once in ``exprs``, without those that occur in such ones only."""
    seen: set[Expr] = set()
    found: set[Expr] = set()
    stack = list(exprs)
    while stack:
        part = stack.pop()
        if isinstance(part, Entry) or not part.args:
            continue
        # What is divided by is shared, and not its reciprocal, nor a product with a number.
        counts = not (isinstance(part, Pow) and part.exp == -1) and scalar_operations(part) > 0
        if counts and part in seen:
            found.add(part)
            continue
        seen.add(part)
        stack += part.args
    return found


def scalar_operations(expr: Expr) -> int:
    """Sums, products, quotients, powers and functions in a formula over numbers; a minus is none."""
    count, stack = 0, [expr]
    while stack:
        part = stack.pop()
        if isinstance(part, Entry) or not part.args:
            continue
        if isinstance(part, Mul):
            factors = [f for f in part.args if f != -1]
            bases = [f.base if isinstance(f, Pow) and f.exp == -1 and len(factors) > 1 else f for f in factors]
            count += len(factors) - 1
            stack += bases
            continue
        count += len(part.args) - 1 if isinstance(part, Add) else 1
        stack += part.args
    return count


__all__ = ["TooLong", "Unroller", "collected", "scalar_node", "scalar_operations", "shared_parts"]
