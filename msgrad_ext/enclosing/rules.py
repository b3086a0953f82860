"""How each kind of expression is evaluated with balls. A kind that is not in the table is refused, never guessed.

Axes, indices and their ranges are handled as in `formulas.indexed_value`; numbers and decisions are handled here, since
an order of balls that overlap is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy
from sympy import Add, Expr, Float, Mul, NumberSymbol, Pow, Rational, S, Symbol

from ..formulas.indexed_value import Labelled, value
from ..formulas.product_value import product
from ..symbolic import functions as fs
from ..symbolic.matrix_functions import InverseMatrix, LogDeterminant, Lower, Minor
from ..symbolic.nodes import Delta, Entry, Largest, Quotient, Ravel, Share, Tied, Total, Unravel, Within
from ..symbolic.products import Product
from ..symbolic.scalar import SCALARS
from . import balls, choosing, matrices
from .contraction import contract
from .entries import entry, positions
from .place import BallPlace, as_objects, by_element, each

Rule = Callable[[Any, Any], Labelled]


def scalar(one: Any) -> Labelled:
    """A number without axes."""
    result = np.empty((), object)
    result[()] = one
    return Labelled(result, ())


def number(expr: Rational, place: BallPlace) -> Labelled:
    """A rational number; a whole one exactly."""
    return scalar(int(expr.p) if expr.q == 1 else balls.ball(int(expr.p)) / int(expr.q))


def decimal(expr: Float, place: BallPlace) -> Labelled:
    """A float in a meaning, as exactly the number that it is."""
    return number(Rational(expr), place)


def infinite(expr: Expr, place: BallPlace) -> Labelled:
    """What SymPy makes of a division by zero in a meaning: nothing is known of it."""
    return scalar(balls.nothing())


def constant(expr: NumberSymbol, place: BallPlace) -> Labelled:
    """A constant such as pi."""
    arb = balls.kind()
    known = {sympy.pi: arb.pi, sympy.E: arb.const_e, sympy.EulerGamma: arb.const_euler}
    if expr not in known:
        raise NotImplementedError(f"There is no enclosure of the constant {expr}.")
    return scalar(known[expr]())


def symbol(expr: Symbol, place: BallPlace) -> Labelled:
    """A length, or an index as the numbers it runs through."""
    if expr in place.ranges:
        return Labelled(np.arange(place.ranges[expr]).astype(object), (expr,))
    return scalar(place.lengths[expr])


def add(expr: Expr, place: BallPlace) -> Labelled:
    """A sum of expressions."""
    result = value(expr.args[0], place)
    for arg in expr.args[1:]:
        result = each(np.add, place, result, value(arg, place))
    return result


def mul(expr: Any, place: BallPlace) -> Labelled:
    """A product."""
    return contract(factors(expr.args, place), (), place)


def total(expr: Total, place: BallPlace) -> Labelled:
    """A sum over indices."""
    inner = place.within(expr.limits)
    if isinstance(expr.body, Add):
        return add(Add(*(Total(arg, expr.limits) for arg in expr.body.args), evaluate=False), place)
    return contract(factors(Mul.make_args(expr.body), inner), expr.bound, inner)


def _product(expr: Product, place: BallPlace) -> Labelled:
    """A product over indices."""
    found = product(expr, place)
    place.work.add(float(np.size(found.array)) * float(np.prod([place.length(n) for _, n in expr.limits])))
    return Labelled(as_objects(found.array), found.labels)


def factors(args: Sequence[Expr], place: BallPlace) -> list[Labelled]:
    """The values of factors; where a choice among them is certainly 0 the branch is not taken, whatever it holds."""
    parts = [value(arg, place) for arg in args]
    choices = [part for arg, part in zip(args, parts) if isinstance(arg, (fs.Choice, fs.Compare, Delta, Within))]
    if choices and not all(_finite(arg, part, place) for arg, part in zip(args, parts)):
        for choice in choices:
            parts = [part if balls.finite(part.array) else each(_kept, place, choice, part) for part in parts]
    return parts


def _finite(arg: Expr, part: Labelled, place: BallPlace) -> bool:
    """Whether all of a factor is known; what is read from an array is if the array is, which may be much smaller."""
    if isinstance(arg, Entry) and not arg.nested and balls.finite(place.arrays[arg.head]):
        return True
    return balls.finite(part.array)


def _kept(choice: Any, part: Any) -> np.ndarray:
    return np.where(balls.zero(choice), 0, part)


def power(expr: Expr, place: BallPlace) -> Labelled:
    """A power."""
    base, exponent = expr.args
    item = value(base, place)
    if not exponent.is_Rational:
        return each(by_element(balls.power, 2), place, item, value(exponent, place))
    above, below = int(exponent.p), int(exponent.q)
    if exponent == 2:
        return each(np.multiply, place, item, item)
    if below == 1:
        return each(by_element(lambda x: balls.whole_power(x, above), 1), place, item)
    return each(by_element(lambda x: balls.root(x, above, below), 1), place, item)


def _function(function: Callable[..., Any]) -> Rule:
    def rule(expr: Any, place: BallPlace) -> Labelled:
        items = [value(arg, place) for arg in expr.args]
        return each(by_element(function, len(items)), place, *items)

    return rule


def _bound(function: Callable[..., Any]) -> Rule:
    """A larger or smaller one, which stays what it is."""

    def rule(expr: Any, place: BallPlace) -> Labelled:
        items = [value(arg, place) for arg in expr.args]
        return each(np.frompyfunc(function, len(items), 1), place, *items)

    return rule


def _step(how: str) -> Rule:
    """A function whose values are whole numbers."""

    def rule(expr: Any, place: BallPlace) -> Labelled:
        moves = place.moves(expr)

        def one(x: Any) -> Any:
            found = balls.whole_part(x, moves, how)
            # Far apart or not, the whole numbers next to x are not all known: nothing is.
            return balls.nothing() if found is None else found

        return each(np.frompyfunc(one, 1, 1), place, value(expr.args[0], place))

    return rule


@cache
def rules() -> dict[type, Rule]:
    """The table."""
    known = balls.smooth_functions()
    smooth = {kind: known[kind.__name__.lower()] for kind in (*SCALARS.values(), *_OWN) if _named(kind) in known}
    return {
        Rational: number,
        Float: decimal,
        **dict.fromkeys(map(type, (S.Infinity, S.NegativeInfinity, S.ComplexInfinity, S.NaN)), infinite),
        NumberSymbol: constant,
        Symbol: symbol,
        Entry: entry,
        Add: add,
        Mul: mul,
        Pow: power,
        Total: total,
        Product: _product,
        Quotient: positions,
        Ravel: positions,
        Unravel: positions,
        **{kind: _function(function) for kind, function in smooth.items()},
        **{kind: _step(_named(kind)) for kind in (SCALARS["Floor"], SCALARS["Ceil"], SCALARS["Rint"], fs.Truncate)},
        fs.Maximum: _bound(balls.higher),
        fs.Minimum: _bound(balls.lower),
        fs.Relu: _bound(balls.relu),
        fs.Compare: choosing.compare,
        fs.Choice: choosing.choice,
        fs.Positive: choosing.positive,
        fs.Half: choosing.half,
        fs.Sign: choosing.sign,
        sympy.sign: choosing.sign,
        Largest: choosing.largest,
        Tied: choosing.tied,
        Share: choosing.share,
        Delta: choosing.delta,
        Within: choosing.within,
        InverseMatrix: matrices.inverse,
        Minor: matrices.minor,
        LogDeterminant: matrices.log_determinant,
        Lower: matrices.lower,
    }


_OWN = (*(fs.Exp, fs.Log, fs.LogOfBase, fs.Sigmoid, fs.Tanh, fs.Absolute, sympy.Abs, fs.Power, fs.SlopePower),)


def _named(kind: Any) -> str:
    return str(kind.__name__).lower()


__all__ = ["rules"]
