"""Indexed expressions as standard SymPy: `Indexed`, `Sum`, `KroneckerDelta`, `Piecewise` and elementary functions.

What comes out is built by constructors only and holds no class of this package, so that all of SymPy can work with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import sympy
from sympy import Add, And, Expr, Integer, Mul, Pow, Rational, S, Symbol

from ..errors import NotSupportedError
from . import functions as fs
from . import standard_matrices
from .indexed import free_letters, letter
from .nodes import Binder, Delta, Entry, Largest, Quotient, Ravel, Share, Tied, Total, Unravel, Within
from .products import Product
from .scalar import SCALARS

_BOUND = "klpqrsuv"


def free_indices(places: Sequence[Expr], avoid: Collection[str]) -> tuple[Expr, ...]:
    """The index of each axis: a symbol, 0 on an axis of length 1."""
    letters = free_letters(places, avoid)
    return tuple(Symbol(letters[i], integer=True) if i in letters else S.Zero for i in places)


def standard(
    expr: Expr,
    indices: Mapping[Symbol, Expr],
    names: Mapping[str, str],
    numbers: Mapping[str, Expr],
    avoid: Collection[str] = (),
) -> Expr:
    """``expr`` in standard SymPy.

    Parameters
    ----------
    expr : Expr
        An element over keys of arrays.
    indices : mapping
        Free index of ``expr`` -> the symbol that stands for it.
    names : mapping
        Key -> name of the array.
    numbers : mapping
        Key -> number, for constants of the program.
    avoid : collection of str
        Names that no index may have.

    Raises
    ------
    NotSupportedError
        If SymPy has no standard form for a part of it: a largest element over an axis of unknown length.
    """
    taken = {str(i) for i in indices.values()} | set(names.values()) | set(avoid)
    return _Converter(names, numbers, frozenset(taken)).convert(expr, indices)


class _Converter:
    def __init__(self, names: Mapping[str, str], numbers: Mapping[str, Expr], taken: frozenset[str]) -> None:
        self.names = names
        self.numbers = numbers
        self.taken = taken
        self.inside_binders = 0

    def convert(self, expr: Expr, at: Mapping[Symbol, Expr]) -> Expr:
        """One expression; ``at`` says what the indices in scope are called."""
        rule = next((RULES[kind] for kind in type(expr).__mro__ if kind in RULES), None)
        if rule is None:
            raise NotSupportedError(f"For 'Formula.sympy', there is no standard form of {type(expr).__name__}.")
        return rule(self, expr, at)

    def each(self, parts: Sequence[Expr], at: Mapping[Symbol, Expr]) -> list[Expr]:
        """Several expressions."""
        return [self.convert(part, at) for part in parts]

    def symbol(self, expr: Symbol, at: Mapping[Symbol, Expr]) -> Expr:
        """An index or a length."""
        return at.get(expr, expr)

    def entry(self, expr: Entry, at: Mapping[Symbol, Expr]) -> Expr:
        """An element of an array; a scalar is a symbol."""
        if expr.head.name in self.numbers:
            return self.numbers[expr.head.name]
        name = Symbol(self.names[expr.head.name], real=True)
        return sympy.Indexed(sympy.IndexedBase(name), *self.each(expr.indices, at)) if expr.indices else name

    def product(self, expr: Mul, at: Mapping[Symbol, Expr]) -> Expr:
        """A product; where an indicator is 0 the rest is not looked at, since it may read outside of an array."""
        guards = [factor for factor in expr.args if isinstance(factor, Within)]
        rest = Mul(*self.each([factor for factor in expr.args if not isinstance(factor, Within)], at))
        return where(And(*(self.inside(guard, at) for guard in guards)), rest, 0) if guards else rest

    def inside(self, expr: Within, at: Mapping[Symbol, Expr]) -> Any:
        """The condition of a range indicator."""
        position, step, n = self.each(expr.args, at)
        inside = And(position >= 0, position < n * step)
        return inside if step == 1 else And(inside, sympy.Eq(sympy.Mod(position, step), 0))

    def within(self, expr: Within, at: Mapping[Symbol, Expr]) -> Expr:
        """A range indicator."""
        return where(self.inside(expr, at), 1, 0)

    def ravel(self, expr: Ravel, at: Mapping[Symbol, Expr]) -> Expr:
        """A position from its indices."""
        flat, after = S.Zero, S.One
        for i, n in zip(reversed(self.each(expr.args[0], at)), reversed(self.each(expr.args[1], at))):
            flat, after = flat + i * after, after * n
        return flat

    def unravel(self, expr: Unravel, at: Mapping[Symbol, Expr]) -> Expr:
        """An index from a position."""
        axis, shape = int(expr.args[1]), self.each(expr.args[2], at)
        upper = sympy.floor(self.convert(expr.args[0], at) / Mul(*shape[axis + 1 :]))
        return sympy.Mod(upper, shape[axis]) if axis else upper

    def body(self, expr: Binder, inner: Mapping[Symbol, Expr]) -> Expr:
        """What a binder binds."""
        self.inside_binders += 1
        try:
            return self.convert(expr.body, inner)
        finally:
            self.inside_binders -= 1

    def bound(self, expr: Binder, at: Mapping[Symbol, Expr]) -> tuple[dict[Symbol, Expr], list[tuple]]:
        """The scope inside of a binder, and its limits; inner indices differ from outer ones."""
        inner = dict(at)
        for k in expr.bound:
            used = {str(i) for i in inner.values()} | self.taken
            inner[k] = Symbol(letter(_BOUND, used), integer=True)
        return inner, [(inner[k], 0, self.convert(n, at) - 1) for k, n in expr.limits]

    def total(self, expr: Total, at: Mapping[Symbol, Expr]) -> Expr:
        """A sum."""
        inner, limits = self.bound(expr, at)
        return sympy.Sum(self.body(expr, inner), *limits)

    def multiplied(self, expr: Product, at: Mapping[Symbol, Expr]) -> Expr:
        """A product; what is left out counts as 1."""
        inner, limits = self.bound(expr, at)
        body = self.body(expr, inner)
        for place in expr.without:
            pairs = zip((inner[k] for k in expr.bound), self.each(place, at))
            here = Mul(*(among("==", k, i) for k, i in pairs))
            body = here + (1 - here) * body
        return sympy.Product(body, *limits)

    def share(self, expr: Share, at: Mapping[Symbol, Expr]) -> Expr:
        """A softmax, by its definition."""
        inner, limits = self.bound(expr, at)
        here = self.convert(expr.body, {**at, expr.bound[0]: self.convert(expr.args[2], at)})
        return sympy.exp(here) / sympy.Sum(sympy.exp(self.convert(expr.body, inner)), *limits)

    def elements(self, expr: Binder, at: Mapping[Symbol, Expr]) -> list[Expr]:
        """The body at every index; the length must be known."""
        ((k, n),) = expr.limits
        if not n.is_Integer:
            raise NotSupportedError(
                "For 'Formula.sympy', SymPy has no largest element over an axis of unknown length; "
                "give the length as an int in shapes, or use Formula.evaluate."
            )
        return [self.convert(expr.body, {**at, k: Integer(number)}) for number in range(int(n))]

    def largest(self, expr: Largest, at: Mapping[Symbol, Expr]) -> Expr:
        """The largest element."""
        return sympy.Max(*self.elements(expr, at))

    def tied(self, expr: Tied, at: Mapping[Symbol, Expr]) -> Expr:
        """1 for the largest element, shared by those that tie."""
        parts = self.elements(expr, at)
        top = sympy.Max(*parts)
        here = self.convert(expr.body, {**at, expr.bound[0]: self.convert(expr.args[2], at)})
        return where(sympy.Eq(here, top), 1 / Add(*(where(sympy.Eq(part, top), 1, 0) for part in parts)), 0)

    def compare(self, expr: Expr, at: Mapping[Symbol, Expr]) -> Expr:
        """A comparison as 1 or 0."""
        if self.inside_binders:
            return among(expr.args[0].name, *self.each(expr.args[1:], at))
        relation = {">": sympy.Gt, ">=": sympy.Ge, "==": sympy.Eq, "!=": sympy.Ne}[expr.args[0].name]
        return where(relation(*self.each(expr.args[1:], at)), 1, 0)


def among(relation: str, first: Expr, second: Expr) -> Expr:
    """A comparison as 1 or 0 inside of a sum or product.

    Not a `Piecewise`: SymPy moves the conditions of one out of the sum or product that binds their index, and takes
    hours over several. And no `KroneckerDelta`, whose products SymPy gets wrong.
    """
    if relation in ("==", "!="):
        equal = among(">=", first, second) * among(">=", second, first)
        return equal if relation == "==" else 1 - equal
    return sympy.Heaviside(first - second, 1 if relation == ">=" else 0)


def choice(converter: _Converter, expr: Expr, at: Mapping[Symbol, Expr]) -> Expr:
    """One of two by a condition."""
    condition, a, b = converter.each(expr.args, at)
    if converter.inside_binders and isinstance(expr.args[0], fs.Compare):
        return condition * a + (1 - condition) * b
    return where(sympy.Ne(condition, 0), a, b)


def where(condition: Any, here: Any, otherwise: Any) -> Expr:
    """``here`` where the condition holds."""
    return sympy.Piecewise((here, condition), (otherwise, True))


def _of(make: Callable[..., Expr]) -> Callable[[_Converter, Expr, Mapping[Symbol, Expr]], Expr]:
    return lambda converter, expr, at: make(*converter.each(expr.args, at))


RULES: dict[type, Callable[[_Converter, Any, Mapping[Symbol, Expr]], Expr]] = {
    Rational: lambda converter, expr, at: expr,
    Symbol: _Converter.symbol,
    Entry: _Converter.entry,
    Add: _of(Add),
    Mul: _Converter.product,
    Pow: _of(Pow),
    Total: _Converter.total,
    Product: _Converter.multiplied,
    Share: _Converter.share,
    Largest: _Converter.largest,
    Tied: _Converter.tied,
    Delta: _of(sympy.KroneckerDelta),
    Within: _Converter.within,
    Quotient: _of(lambda position, step: sympy.floor(position / step)),
    Ravel: _Converter.ravel,
    Unravel: _Converter.unravel,
    fs.Exp: _of(sympy.exp),
    fs.Log: _of(sympy.log),
    fs.Tanh: _of(sympy.tanh),
    sympy.NumberSymbol: lambda converter, expr, at: expr,
    **{kind: _of(kind.standard) for kind in SCALARS.values()},
    sympy.Abs: _of(sympy.Abs),
    sympy.sign: _of(sympy.sign),
    fs.Sigmoid: _of(lambda x: 1 / (1 + sympy.exp(-x))),
    fs.Relu: _of(lambda x: sympy.Max(0, x)),
    fs.Absolute: _of(sympy.Abs),
    fs.Sign: _of(sympy.sign),
    fs.Positive: _of(lambda x: where(x > 0, 1, 0)),
    fs.Half: _of(lambda x: sympy.Piecewise((1, x > 0), (fs.HALF, sympy.Eq(x, 0)), (0, True))),
    fs.Truncate: _of(lambda x: where(x >= 0, sympy.floor(x), sympy.ceiling(x))),
    fs.Maximum: _of(sympy.Max),
    fs.Minimum: _of(sympy.Min),
    fs.Power: _of(Pow),
    fs.SlopePower: _of(lambda a, b, count: Pow(a, b)),
    fs.Compare: _Converter.compare,
    fs.Choice: choice,
}
RULES.update(standard_matrices.RULES)


__all__ = ["free_indices", "standard"]
