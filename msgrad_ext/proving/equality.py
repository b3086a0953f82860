"""Whether two indexed formulas are one at all lengths: by normal forms, then as rational functions of what they hold.

The answer True is a proof: each step is an identity. The answer False means that none was found.
"""

from __future__ import annotations

import itertools
import math

from sympy import Add, Dummy, Expr, Integer, Mul, Pow, S, fraction, together

from ..symbolic import functions as fs
from ..symbolic.nodes import Entry, Total
from ..symbolic.normal import Ranges, Term, canonical, contract, freshen, inner_canonical
from .indicators import factors, plain

# Terms that a difference may be multiplied out to.
MOST = 80


class TooManyTerms(ArithmeticError):
    """A difference has more terms than are multiplied out."""


def equal(first: Expr, second: Expr, ranges: Ranges) -> bool:
    """True if two expressions are proved to be the same for all values and lengths."""
    if first == second:
        return True
    difference = spread(plain(first) - plain(second), ranges)
    if difference == 0:
        return True
    return vanishes(difference)


def spread(expr: Expr, ranges: Ranges) -> Expr:
    """``expr`` multiplied out, sums over indices too, and equal terms collected."""
    found = []
    terms = _terms(freshen(expr))
    if len(terms) > MOST:
        raise TooManyTerms(f"the difference has {len(terms)} terms")
    for term in terms:
        done = contract(Term(term.bound, tuple(factors(Mul.make_args(Mul(*term.factors))))), dict(ranges))
        if done is None:
            continue
        numbers = [factor for factor in done.factors if factor.is_Rational]
        rest = tuple(factors(Mul.make_args(Mul(*(f for f in done.factors if not f.is_Rational)))))
        found.append(Mul(*numbers) * canonical(Term(done.bound, rest), 0))
    return Add(*found)


def _terms(expr: Expr) -> list[Term]:
    if isinstance(expr, Add):
        return [term for part in expr.args for term in _terms(part)]
    if isinstance(expr, Total):
        limits = tuple((k, n) for k, n in expr.limits)
        return [Term(limits + term.bound, term.factors) for term in _terms(expr.body)]
    if isinstance(expr, Pow) and isinstance(expr.exp, Integer) and 1 < expr.exp <= 4 and _sums(expr.base):
        return _terms(Mul(*(freshen(expr.base) for _ in range(int(expr.exp))), evaluate=False))
    if isinstance(expr, Mul):
        choices = [_terms(factor) if _sums(factor) else [Term((), (factor,))] for factor in expr.args]
        if math.prod(map(len, choices)) > MOST:
            raise TooManyTerms("a product of the difference has too many terms")
        return [
            Term(tuple(b for t in pick for b in t.bound), tuple(f for t in pick for f in t.factors))
            for pick in itertools.product(*choices)
        ]
    return [Term((), (expr,))]


def _sums(expr: Expr) -> bool:
    return isinstance(expr, (Add, Total, Mul)) or (
        isinstance(expr, Pow) and isinstance(expr.exp, Integer) and expr.exp > 1 and isinstance(expr.base, (Add, Total))
    )


def vanishes(expr: Expr) -> bool:
    """True if ``expr`` is 0 as a rational function of its entries, sums and functions."""
    atoms: dict[Expr, Expr] = {}
    rational = _rational(inner_canonical(freshen(expr), 0), atoms)
    numerator = fraction(together(rational))[0].expand()
    for root, square in [(root, square) for square, root in atoms.items() if isinstance(square, Pow)]:
        numerator = _reduced(numerator, root, square.base if square.exp == S.Half else None, atoms)
    return numerator == 0


def _reduced(numerator: Expr, root: Expr, square: Expr | None, atoms: dict[Expr, Expr]) -> Expr:
    """Even powers of a root as powers of what it is the root of."""
    if square is None:
        return numerator
    base = fraction(together(_rational(square, atoms)))
    total = S.Zero
    for term in Add.make_args(numerator):
        n = term.as_powers_dict().get(root, S.Zero)
        half = int(n) // 2 if n.is_Integer else 0
        total += term / root ** (2 * half) * (base[0] / base[1]) ** half
    return fraction(together(total))[0].expand()


def _rational(expr: Expr, atoms: dict[Expr, Expr]) -> Expr:
    """``expr`` with a symbol for all that is no sum, product or power with a whole exponent."""
    if expr.is_Rational or (expr.is_Symbol and not isinstance(expr, Entry) and expr.is_positive):
        return expr
    if isinstance(expr, (Add, Mul)):
        return expr.func(*(_rational(arg, atoms) for arg in expr.args))
    if isinstance(expr, Pow) and isinstance(expr.exp, Integer):
        return Pow(_rational(expr.base, atoms), expr.exp)
    if isinstance(expr, Pow) and expr.exp.is_Rational and expr.exp.q == 2:
        root = atoms.setdefault(Pow(expr.base, S.Half), Dummy(positive=True))
        return root ** int(expr.exp.p)
    if isinstance(expr, fs.Exp):
        return _exponential(expr, atoms)
    return atoms.setdefault(expr, Dummy(real=True))


def _exponential(expr: Expr, atoms: dict[Expr, Expr]) -> Expr:
    """An exponential of a sum as a product of powers, so that ``exp(-x)`` is ``1 / exp(x)``."""
    result: Expr = S.One
    for term in Add.make_args(expr.args[0].expand()):
        number, rest = term.as_coeff_Mul()
        if rest == 1 or not number.is_Integer:
            number, rest = S.One, term
        result *= atoms.setdefault(fs.Exp(rest, evaluate=False), Dummy(positive=True)) ** number
    return result


__all__ = ["equal"]
