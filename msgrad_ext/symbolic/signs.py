"""Signs of elements that follow from declared facts, and what they make of absolute values, kinks and indicators.

A value that may be zero keeps the kinks that have a convention at zero; only what is certainly positive loses them.
"""

from __future__ import annotations

from sympy import Add, Expr, Mul, Pow, S

from .facts import Facts
from .functions import Absolute, Compare, Exp, Half, Maximum, Minimum, Positive, Relu, Sigmoid, Sign
from .matrix_functions import InverseMatrix, Minor
from .nodes import Entry, Share, Total

POSITIVE, NONNEGATIVE = 2, 1


class Signs:
    """What facts tell of the signs of expressions."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._found: set[tuple[str, str]] = set()
        self._used: set[tuple[str, str]] = set()

    def taken(self) -> set[tuple[str, str]]:
        """The facts used since the last call."""
        used, self._used = self._used, set()
        return used

    def of(self, expr: Expr) -> int:
        """2 if ``expr`` is certainly positive, 1 if it is certainly not negative, else 0."""
        if expr.is_Number:
            return POSITIVE if expr > 0 else NONNEGATIVE if expr == 0 else 0
        if isinstance(expr, Entry):
            return self._entry(expr)
        if isinstance(expr, (Exp, Sigmoid, Share)) or expr.is_NumberSymbol:
            return POSITIVE
        if isinstance(expr, (Absolute, Relu)):
            return max(NONNEGATIVE, self.of(expr.args[0]))
        if isinstance(expr, Add):
            signs = [self.of(arg) for arg in expr.args]
            return 0 if 0 in signs else max(signs)
        if isinstance(expr, Mul):
            return self._product(expr)
        if isinstance(expr, Pow):
            base = self.of(expr.base)
            even = expr.exp.is_Integer and int(expr.exp) % 2 == 0
            return base if base == POSITIVE or (base and expr.exp.is_positive) else NONNEGATIVE if even else 0
        if isinstance(expr, Total):
            return self._total(expr)
        if isinstance(expr, (InverseMatrix, Minor)) and isinstance(expr.body, Entry):
            same = len(set(expr.places)) == (1 if expr.places else 0)
            return POSITIVE if same and self._fact(expr.body.head.name, "positive definite") else 0
        if expr.is_Symbol:
            return POSITIVE if expr.is_positive else NONNEGATIVE if expr.is_nonnegative else 0
        return 0

    def _fact(self, key: str, word: str) -> bool:
        source = self.facts.source(key, word)
        if source is not None:
            self._found.add((key, source))
        return source is not None

    def _entry(self, expr: Entry) -> int:
        key = expr.head.name
        if self._fact(key, "positive"):
            return POSITIVE
        if len(expr.indices) >= 2 and expr.indices[-1] == expr.indices[-2]:
            if self._fact(key, "positive definite"):
                return POSITIVE
            if self._fact(key, "positive semidefinite"):
                return NONNEGATIVE
        return NONNEGATIVE if self._fact(key, "nonnegative") else 0

    def _product(self, expr: Mul) -> int:
        return min(self.of(arg) for arg in expr.args)

    def _total(self, expr: Total) -> int:
        found = self.of(expr.body)
        if found:
            return found
        # v^T P v for a matrix that is positive (semi)definite; it may be zero, since v may.
        if len(expr.bound) != 2:
            return 0
        first, second = expr.bound
        factors = list(Mul.make_args(expr.body))
        for one in factors:
            if isinstance(one, Entry) and set(one.indices[-2:]) == {first, second}:
                rest = [f for f in factors if f is not one]
                mine = Mul(*(f for f in rest if first in f.free_symbols))
                other = Mul(*(f for f in rest if second in f.free_symbols))
                equal = mine.xreplace({first: second}) == other and Mul(mine, other) == Mul(*rest)
                words = ("positive definite", "positive semidefinite")
                if equal and any(self._fact(one.head.name, word) for word in words):
                    return NONNEGATIVE
        return 0

    def simpler(self, expr: Expr) -> Expr:
        """``expr`` without what its arguments' signs decide."""
        self._found = set()
        result = self._simpler(expr)
        if result is not expr:
            self._used |= self._found
        return result

    def _simpler(self, expr: Expr) -> Expr:
        if isinstance(expr, (Absolute, Relu)):
            return expr.args[0] if self.of(expr.args[0]) else expr
        if isinstance(expr, (Sign, Positive, Half)):
            if self.of(expr.args[0]) == POSITIVE:
                return S.One
            if self.of(-expr.args[0]) == POSITIVE:
                return -S.One if isinstance(expr, Sign) else S.Zero
            return expr
        if isinstance(expr, (Maximum, Minimum)):
            a, b = expr.args if isinstance(expr, Maximum) else expr.args[::-1]
            return a if self.of(a - b) else b if self.of(b - a) else expr
        if isinstance(expr, Compare):
            relation, a, b = expr.args
            sign = self.of(a - b)
            decided = {">": sign == POSITIVE, ">=": sign > 0, "!=": sign == POSITIVE}.get(relation.name, False)
            return S.One if decided else expr
        return expr


__all__ = ["Signs"]
