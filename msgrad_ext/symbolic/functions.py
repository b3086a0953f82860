"""Scalar functions of meanings that SymPy lacks, or whose value at a kink is a convention of MindSpore.

Where a function has a definition, its derivative is SymPy's derivative of the definition. A derivative at a kink is an
indicator that carries the convention's value (`relu'(0) = 0`), never Heaviside or DiracDelta.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy
from sympy import Add, Dummy, Expr, Function, Mul, Pow, Rational, S


class Real(Function):
    """Base of functions of real arguments with real values."""

    is_real = True
    is_commutative = True

    def _eval_is_finite(self) -> bool:
        return True


class Exp(Real):
    """The exponential. Unlike SymPy's it keeps products of exponentials apart, so that a softmax stays visible."""

    nargs = 1
    is_positive = True

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        if x.is_zero:
            return S.One
        logs = [term for term in Add.make_args(x) if term.has(Log) and _as_log(term)]
        if not logs:
            return None
        rest = Add(*(term for term in Add.make_args(x) if term not in logs))
        powers = (found for found in map(_as_log, logs) if found is not None)
        return Mul(cls(rest), *(Pow(base, exponent) for base, exponent in powers))

    def fdiff(self, argindex: int = 1) -> Expr:
        return derivative(sympy.exp)(self.args[0]).replace(sympy.exp, Exp)


class Log(Real):
    """The natural logarithm."""

    nargs = 1

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        if x is S.One:
            return S.Zero
        return x.args[0] if isinstance(x, Exp) else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return derivative(sympy.log)(self.args[0])


def _as_log(term: Expr) -> tuple[Expr, Expr] | None:
    """``(v, c)`` when ``term`` is ``c * log(v)`` with a number ``c``."""
    coefficient, rest = term.as_coeff_Mul()
    return (rest.args[0], coefficient) if isinstance(rest, Log) else None


@cache
def derivative(definition: Any) -> Any:
    """The derivative of a function of one argument, made by SymPy from its definition."""
    u = Dummy("u", real=True)
    result = sympy.diff(definition(u), u)
    return lambda x: result.xreplace({u: x})


class Sigmoid(Real):
    """``1 / (1 + exp(-x))``."""

    nargs = 1

    @staticmethod
    def definition(x: Expr) -> Expr:
        return 1 / (1 + sympy.exp(-x))

    def fdiff(self, argindex: int = 1) -> Expr:
        return polynomial(in_itself(Sigmoid.definition), self)


class Tanh(Real):
    """``(exp(x) - exp(-x)) / (exp(x) + exp(-x))``."""

    nargs = 1

    @staticmethod
    def definition(x: Expr) -> Expr:
        return (sympy.exp(x) - sympy.exp(-x)) / (sympy.exp(x) + sympy.exp(-x))

    def fdiff(self, argindex: int = 1) -> Expr:
        return polynomial(in_itself(Tanh.definition), self)


@cache
def in_itself(definition: Any, degree: int = 2) -> tuple[Expr, ...]:
    """Coefficients ``c`` with ``f' = c0 + c1 f + c2 f^2``, found and proved as an identity of rational functions.

    Raises
    ------
    ArithmeticError
        If there are none.
    """
    u, t = Dummy("u", real=True), Dummy("t", positive=True)
    unknown = sympy.symbols(f"c:{degree + 1}", cls=Dummy)
    value = definition(u)
    guess = Add(*(c * value**power for power, c in enumerate(unknown)))
    equation = (sympy.diff(value, u) - guess).subs(u, sympy.log(t))
    numerator = sympy.Poly(sympy.fraction(sympy.together(equation))[0].expand(), t)
    solution = sympy.solve(numerator.coeffs(), unknown, dict=True)
    if not solution:
        raise ArithmeticError("The derivative is no polynomial in the function itself.")
    return tuple(solution[0].get(c, c) for c in unknown)


def polynomial(coefficients: tuple[Expr, ...], x: Expr) -> Expr:
    """``c0 + c1 x + ...``, with ``x`` pulled out when it is in every term."""
    if coefficients[0] == 0:
        return x * polynomial(coefficients[1:], x)
    return Add(*(c * x**power for power, c in enumerate(coefficients)))


class Power(Real):
    """``a ** b`` with an exponent that is not a number."""

    nargs = 2

    @classmethod
    def eval(cls, a: Expr, b: Expr) -> Expr | None:
        return Pow(a, b) if b.is_Rational else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return _power_slope(argindex, 1, *self.args)


class SlopePower(Real):
    """``a ** b`` in the derivative of order ``count`` of a power of ``a``.

    There it has a factor that is 0 where ``b`` is one of -1 ... ``-count``; at ``a = 0`` it is 0 then, not infinite.
    """

    nargs = 3

    @classmethod
    def eval(cls, a: Expr, b: Expr, count: Expr) -> Expr | None:
        return Pow(a, b) if b.is_Rational else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return _power_slope(argindex, self.args[2] + 1, *self.args[:2])


class LogOfBase(Log):
    """The logarithm in the derivative of a power by its exponent, where 0 has the logarithm 0: ``0 ** b`` is constant."""


def _power_slope(argindex: int, count: Any, base: Expr, exponent: Expr) -> Expr:
    """The derivative of ``base ** exponent``, made by SymPy."""
    a, b = Dummy("a", positive=True), Dummy("b", real=True)
    slope = sympy.powsimp(sympy.diff(a**b, (a, b)[argindex - 1]))

    def named(power: Expr) -> Expr:
        return Power(a, b) if power.exp == b else SlopePower(a, power.exp, count)

    changed = slope.replace(lambda e: e.is_Pow and not e.exp.is_Number, named)
    return changed.replace(sympy.log, LogOfBase).xreplace({a: base, b: exponent})


class Indicator(Real):
    """Base of functions that are constant wherever they have a derivative."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return S.Zero


class Positive(Indicator):
    """1 for ``x > 0``, else 0: the slope of relu, 0 at 0."""

    nargs = 1


class Sign(Indicator):
    """-1, 0 or 1: the slope of the absolute value, 0 at 0."""

    nargs = 1


class Half(Indicator):
    """1 for ``x > 0``, 1/2 at 0, else 0: the slope of a maximum, shared by equal operands."""

    nargs = 1


class Truncate(Indicator):
    """The integer part, towards 0."""

    nargs = 1


class Compare(Indicator):
    """1 where ``a relation b`` holds, else 0; ``relation`` is a symbol named ``>``, ``>=``, ``==`` or ``!=``."""

    nargs = 3

    def opposite(self) -> Expr:
        """1 where this is 0, and 0 where it is 1."""
        relation, a, b = self.args
        if relation.name in ("==", "!="):
            return Compare(sympy.Symbol("!=" if relation.name == "==" else "=="), a, b)
        return Compare(sympy.Symbol(">=" if relation.name == ">" else ">"), b, a)


class Relu(Real):
    """``max(x, 0)``, with slope 0 at 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return Positive(self.args[0])


class Absolute(Real):
    """``|x|``, with slope 0 at 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return Sign(self.args[0])


class Maximum(Real):
    """The larger of two; equal operands have slope 1/2 each."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        mine, other = self.args if argindex == 1 else self.args[::-1]
        return Half(mine - other)


class Minimum(Real):
    """The smaller of two; equal operands have slope 1/2 each."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        mine, other = self.args if argindex == 1 else self.args[::-1]
        return Half(other - mine)


class Choice(Real):
    """``a`` where the condition is not 0, else ``b``."""

    nargs = 3

    @classmethod
    def eval(cls, condition: Expr, a: Expr, b: Expr) -> Expr | None:
        if a == b:
            return a
        if isinstance(condition, Compare) and (a, b) in ((1, 0), (0, 1)):
            return condition if a == 1 else condition.opposite()
        return (a if condition else b) if condition.is_Number else None

    def fdiff(self, argindex: int = 1) -> Expr:
        if argindex == 1:
            return S.Zero
        return Choice(self.args[0], *((1, 0) if argindex == 2 else (0, 1)))


KINKS = {
    Positive: "relu has slope 0 at 0",
    Sign: "the absolute value has slope 0 at 0",
    Half: "equal operands of a maximum or minimum share the slope equally",
}
HALF = Rational(1, 2)
