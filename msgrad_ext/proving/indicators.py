"""Choices and signs as sums of two indicators: ``[u > 0]`` and ``[u = 0]``, for one of ``u`` and ``-u``.

What a rule says by comparisons and a derivation by signs becomes the same polynomial. Products of indicators are put into
one form: each is its own square, and the two of one ``u`` exclude each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sympy import Expr, Integer, Mul, Pow, S, Symbol

from ..symbolic import functions as fs
from ..symbolic.nodes import Entry, Largest, Tied, Total
from ..symbolic.normal import inner_canonical, rebuild

HALF = fs.HALF
_IS = Symbol("==")


def positive(u: Expr) -> Expr:
    """1 where ``u > 0``, else 0."""
    u = u.expand()
    if u.is_number:
        return Integer(1) if u > 0 else S.Zero
    if u.could_extract_minus_sign():
        return 1 - fs.Positive(-u) - fs.Compare(_IS, -u, S.Zero)
    return fs.Positive(u)


def zero(u: Expr) -> Expr:
    """1 where ``u = 0``, else 0."""
    u = u.expand()
    if u.is_number:
        return Integer(1) if u == 0 else S.Zero
    return fs.Compare(_IS, -u if u.could_extract_minus_sign() else u, S.Zero)


def plain(expr: Expr) -> Expr:
    """``expr`` in indicators, and in exponentials where a function is defined by them."""
    if not expr.args or (isinstance(expr, Entry) and not expr.nested):
        return expr
    if isinstance(expr, fs.Compare):
        return comparison(expr)
    args = [plain(arg) if isinstance(arg, Expr) else arg for arg in expr.args]
    if isinstance(expr, Tied):
        return share(expr)
    rule = RULES.get(type(expr).__name__)
    if rule is not None:
        return rule(*args)
    made = rebuild(expr, args)
    return lifted(made) if isinstance(made, fs.Real) and not isinstance(made, fs.Indicator) else made


def comparison(expr: Expr) -> Expr:
    """A comparison in indicators."""
    u = plain(expr.args[1]) - plain(expr.args[2])
    return {
        ">": lambda: positive(u),
        ">=": lambda: positive(u) + zero(u),
        "==": lambda: zero(u),
        "!=": lambda: 1 - zero(u),
    }[expr.args[0].name]()


def chosen(condition: Expr, a: Expr, b: Expr) -> Expr:
    """``a`` where the condition is not 0, else ``b``; a condition of indicators alone is 0 or 1."""
    holds = condition if two_valued(condition) else 1 - zero(condition)
    return holds * a + (1 - holds) * b


def two_valued(condition: Expr) -> bool:
    """True if an expression is its own square, by the laws of indicators."""
    if not condition.has(fs.Indicator):
        return False
    square, itself = (condition * condition).expand(), condition.expand()
    return sum(map(term, square.as_ordered_terms()), S.Zero) == sum(map(term, itself.as_ordered_terms()), S.Zero)


def term(product: Expr) -> Expr:
    """A product with the laws of its indicators applied."""
    return Mul(*factors(Mul.make_args(product)))


def factors(given: Iterable[Expr]) -> list[Expr]:
    """Factors of a product without powers of indicators; 0 where two of them exclude each other."""
    found: list[Expr] = []
    for factor in given:
        base = factor.base if isinstance(factor, Pow) and factor.exp.is_Integer and factor.exp > 0 else factor
        found.append(base if isinstance(base, (fs.Positive, fs.Compare)) else factor)
    indicators = dict.fromkeys(one for one in found if isinstance(one, (fs.Positive, fs.Compare)))
    if any(isinstance(one, fs.Positive) and fs.Compare(_IS, one.args[0], S.Zero) in indicators for one in indicators):
        return [S.Zero]
    return [*(one for one in found if one not in indicators), *indicators]


def lifted(expr: Expr) -> Expr:
    """A function of a choice as a choice of the function's values."""
    for place, arg in enumerate(expr.args):
        marks = list(arg.atoms(fs.Positive, fs.Compare)) if isinstance(arg, Expr) else []
        for mark in sorted(marks, key=str):
            if not arg.xreplace({mark: S.One}).has(mark):
                sides = (arg.xreplace({mark: value}).expand() for value in (S.One, S.Zero))
                one, other = (lifted(expr.func(*expr.args[:place], side, *expr.args[place + 1 :])) for side in sides)
                return mark * one + (1 - mark) * other
    return expr


def share(expr: Tied) -> Expr:
    """The share of an index in a maximum: whether it is one, over how many are."""
    body, ((k, n),), at = expr.body, expr.limits, expr.args[2]
    most = Largest(body, ((k, n),))

    def equal(one: Expr) -> Expr:
        return zero(inner_canonical(plain(one), 90) - inner_canonical(most, 90))

    return equal(body.xreplace({k: at})) / Total(equal(body), ((k, n),))


def _hyperbolic(sign: int) -> Callable[..., Expr]:
    return lambda x: (fs.Exp(x) + sign * fs.Exp(-x)) / 2


RULES: dict[str, Callable[..., Expr]] = {
    "Sigmoid": lambda x: 1 / (1 + fs.Exp(-x)),
    "Tanh": lambda x: (fs.Exp(2 * x) - 1) / (fs.Exp(2 * x) + 1),
    "Sinh": _hyperbolic(-1),
    "Cosh": _hyperbolic(1),
    "SlopePower": lambda a, b, count: fs.Power(a, b),
    "LogOfBase": fs.Log,
    "Positive": positive,
    "Half": lambda x: positive(x) + HALF * zero(x),
    "Sign": lambda x: 2 * positive(x) + zero(x) - 1,
    "Relu": lambda x: x * positive(x),
    "Absolute": lambda x: x * (2 * positive(x) + zero(x) - 1),
    "Maximum": lambda a, b: b + (a - b) * positive(a - b),
    "Minimum": lambda a, b: a - (a - b) * positive(a - b),
    "Choice": chosen,
}

__all__ = ["factors", "plain"]
