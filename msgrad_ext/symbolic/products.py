"""Products over indices: a node beside `Total` and `Largest`, whose derivative is a sum of products of the others.

No quotient is made, so that a product with zeros has the derivative it has.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr, Mul, S, Symbol, Tuple, diff

from .functions import Choice, Compare
from .nodes import Binder, Total, fresh_index


class Product(Binder):
    """The product of ``body`` over its indices, without the places in ``rest``, each a tuple of indices."""

    def __new__(cls, body: Any, limits: Any, *without: Any) -> Expr:
        limits = tuple(limits)
        if body is S.One or not limits:
            return body
        return Binder.__new__(cls, body, limits, *(Tuple(*place) for place in without))

    @property
    def without(self) -> tuple[Tuple, ...]:
        """The places that are left out."""
        return self.args[2:]

    def _eval_derivative(self, wrt: Expr) -> Expr:
        new = {k: fresh_index() for k in self.bound}
        at = Tuple(*new.values())
        apart = [differs(at, place) for place in self.without]
        slope = diff(self.body, wrt).xreplace(new)
        others = Product(self.body, self.limits, *self.without, at)
        return Total(Mul(slope, *apart, others), tuple((new[k], n) for k, n in self.limits))


def differs(first: Tuple, second: Tuple) -> Expr:
    """1 where two places differ in any index, else 0."""
    result: Expr = S.Zero
    for mine, other in zip(reversed(first), reversed(second)):
        unequal = Compare(Symbol("!="), mine, other)
        result = unequal if result is S.Zero else Choice(unequal, S.One, result)
    return result


__all__ = ["Product"]
