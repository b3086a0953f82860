"""Scalar functions of meanings: one declaration each, and nothing else to edit.

A declaration names the function, the SymPy function that it is (its derivative and its standard form), the name by
which arrays compute it, and how it is printed. Functions whose value at a kink is a convention are in `functions`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import new_class
from typing import Any

import sympy
from sympy import Dummy, Expr, S

from ..constants import Irrational
from .functions import Exp, Indicator, Log, Real

SCALARS: dict[str, type[Scalar]] = {}
# What SymPy calls a function -> what it is called here, for derivatives that SymPy makes.
_OURS: dict[Any, type[Real]] = {sympy.exp: Exp, sympy.log: Log}


class Scalar(Real):
    """Base of declared functions.

    Attributes
    ----------
    said : callable
        The SymPy function; its derivative is SymPy's.
    standard : callable
        The standard form, where that is not ``said``.
    array : str
        numpy's name of the function, or that of the method of numbers of many digits.
    word, command : str
        The name in plain text and in LaTeX.
    """

    said: Callable[..., Expr]
    standard: Callable[..., Expr]
    array: str
    word: str
    command: str | None = None

    def fdiff(self, argindex: int = 1) -> Expr:
        return slope(type(self).__name__, argindex)(*self.args)


class Step(Scalar, Indicator):
    """Base of declared functions that are constant wherever they have a derivative."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return S.Zero


def scalar(
    name: str,
    said: Callable[..., Expr],
    array: str | None = None,
    command: str | None = None,
    count: int = 1,
    standard: Callable[..., Expr] | None = None,
    base: type[Scalar] = Scalar,
) -> type[Scalar]:
    """Declare the function ``name`` of ``count`` arguments."""
    word = name.lower()
    attributes = {
        "nargs": count,
        "said": staticmethod(said),
        "standard": staticmethod(standard or said),
        "array": array or word,
        "word": word,
        "command": command,
    }
    kind = new_class(name, (base,), {}, lambda body: body.update(attributes))
    SCALARS[name] = kind
    _OURS.setdefault(said, kind)
    return kind


@cache
def slope(name: str, argindex: int) -> Callable[..., Expr]:
    """The derivative of a declared function by one of its arguments, made by SymPy."""
    kind = SCALARS[name]
    arguments = [Dummy(f"u{place}", real=True) for place in range(len(kind.nargs) and max(kind.nargs))]
    result = ours(sympy.diff(kind.said(*arguments), arguments[argindex - 1]))
    return lambda *args: result.xreplace(dict(zip(arguments, args)))


def ours(expr: Expr) -> Expr:
    """``expr`` with SymPy's functions replaced by those of this package."""
    for theirs, kind in _OURS.items():
        if isinstance(theirs, type):
            expr = expr.replace(theirs, kind)
    return expr


def _towards_even(x: Expr) -> Expr:
    up = sympy.floor(x + sympy.Rational(1, 2))
    return sympy.Piecewise((up - 1, sympy.Eq(sympy.Mod(x + sympy.Rational(1, 2), 2), 1)), (up, True))


Sin = scalar("Sin", sympy.sin, command=r"\sin")
Cos = scalar("Cos", sympy.cos, command=r"\cos")
Tan = scalar("Tan", sympy.tan, command=r"\tan")
Asin = scalar("Asin", sympy.asin, "arcsin", r"\arcsin")
Acos = scalar("Acos", sympy.acos, "arccos", r"\arccos")
Atan = scalar("Atan", sympy.atan, "arctan", r"\arctan")
Atan2 = scalar("Atan2", sympy.atan2, "arctan2", count=2)
Sinh = scalar("Sinh", sympy.sinh, command=r"\sinh")
Cosh = scalar("Cosh", sympy.cosh, command=r"\cosh")
Asinh = scalar("Asinh", sympy.asinh, "arcsinh")
Acosh = scalar("Acosh", sympy.acosh, "arccosh")
Atanh = scalar("Atanh", sympy.atanh, "arctanh")
Erf = scalar("Erf", sympy.erf)
Erfc = scalar("Erfc", sympy.erfc)
Erfinv = scalar("Erfinv", sympy.erfinv)
Lgamma = scalar("Lgamma", sympy.loggamma, standard=lambda x: sympy.log(sympy.Abs(sympy.gamma(x))))
Polygamma = scalar("Polygamma", sympy.polygamma, count=2)
Floor = scalar("Floor", sympy.floor, base=Step)
Ceil = scalar("Ceil", sympy.ceiling, base=Step)
Rint = scalar("Rint", _towards_even, base=Step)


class _Symbols:
    """What recipes of constants are read with."""

    pi = sympy.pi
    sqrt = staticmethod(sympy.sqrt)
    log = Log


def constant_of(number: Irrational) -> Expr:
    """The constant that a float stands for."""
    return number.recipe(_Symbols)
