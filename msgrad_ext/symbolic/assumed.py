"""Declared facts used in an indexed expression: ``A[j,i]`` is ``A[i,j]`` for A symmetric, a row of a simplex sums to one.

Comes in: an expression in normal form and `Facts` by key. Goes out: an equal one for arrays of which the facts hold, in
normal form, and which facts it rests on. It never assumes what was not declared.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from sympy import Add, Expr, Mul, Pow, S

from .facts import Facts
from .matrix_functions import InverseMatrix, MatrixFunction
from .nodes import Delta, Entry, Total
from .normal import Ranges, Term, contract, expand, freshen, normal, rebuild
from .signs import Signs

ROUNDS = 6
SYMMETRIC, ANTI = "symmetric", "antisymmetric"


def assumed(
    expr: Expr, facts: Facts, ranges: Ranges, shapes: Mapping[str, tuple[Expr, ...]]
) -> tuple[Expr, frozenset[tuple[str, str]]]:
    """``expr`` where ``facts`` hold, and the declared facts that it rests on, each an array's key and a word."""
    if not facts:
        return expr, frozenset()
    using = _Using(facts, shapes)
    before = None
    for _ in range(ROUNDS):
        if expr == before:
            break
        before, expr = expr, joined(normal(using.visit(expr), ranges))
    return joined(using.ordered(expr)), frozenset(using.used)


def joined(expr: Expr) -> Expr:
    """``expr`` with equal sums added up, whatever number stands in them."""
    terms = []
    for term in Add.make_args(expr):
        outer, rest = term.as_coeff_Mul()
        inner, body = rest.body.as_coeff_Mul() if isinstance(rest, Total) else (S.One, rest)
        terms.append(outer * inner * (Total(body, rest.limits) if isinstance(rest, Total) else rest))
    whole = Add(*terms)
    return whole if len(Add.make_args(whole)) < len(terms) else expr


class _Using:
    """One rewriting, with the facts that it used."""

    def __init__(self, facts: Facts, shapes: Mapping[str, tuple[Expr, ...]]) -> None:
        self.facts = facts
        self.shapes = shapes
        self.used: set[tuple[str, str]] = set()
        self.signs = Signs(facts)

    def has(self, key: str, word: str) -> bool:
        """True if ``word`` holds of the array ``key``; it is then used."""
        source = self.facts.source(key, word)
        if source is not None:
            self.used.add((key, source))
        return source is not None

    def visit(self, expr: Expr) -> Expr:
        """``expr`` rewritten from its leaves up."""
        if isinstance(expr, Entry):
            return self.entry(expr)
        if not expr.args:
            return expr
        expr = rebuild(expr, (self.visit(arg) for arg in expr.args))
        if isinstance(expr, Pow):
            return self.power(expr)
        if isinstance(expr, MatrixFunction):
            return self.of_matrix(expr)
        if isinstance(expr, Mul):
            return self.product(expr)
        if isinstance(expr, Total):
            return self.total(expr)
        found = self.signs.simpler(expr)
        self.used |= self.signs.taken()
        return found

    # One element -------------------------------------------------------------------------------------------------

    def entry(self, expr: Entry) -> Expr:
        """An element with its last two indices in order."""
        key, at = expr.head.name, expr.indices
        if len(at) < 2 or not self.facts.declared.get(key):
            return expr
        if self.facts.holds(key, ANTI) and at[-1] == at[-2]:
            self.has(key, ANTI)
            return S.Zero
        if str(at[-2]) <= str(at[-1]):
            return expr
        if self.facts.holds(key, SYMMETRIC):
            self.has(key, SYMMETRIC)
            return Entry(expr.head, *at[:-2], at[-1], at[-2])
        if self.facts.holds(key, ANTI):
            self.has(key, ANTI)
            return -Entry(expr.head, *at[:-2], at[-1], at[-2])
        return expr

    def power(self, expr: Expr) -> Expr:
        """``y^n`` is y where y is 0 or 1."""
        base = expr.base
        if isinstance(base, Entry) and expr.exp.is_positive and self.has(base.head.name, "binary"):
            return base
        return expr

    def product(self, expr: Expr) -> Expr:
        """Two elements of one row of a one-hot array are one element or zero."""
        factors = list(expr.args)
        hot = [f for f in factors if isinstance(f, Entry) and self.facts.holds(f.head.name, "one-hot")]
        for first, second in itertools.combinations(hot, 2):
            if first.head == second.head and first.indices[:-1] == second.indices[:-1]:
                self.has(first.head.name, "one-hot")
                factors.remove(second)
                return Mul(*factors, Delta(first.indices[-1], second.indices[-1]))
        return expr

    def of_matrix(self, expr: MatrixFunction) -> Expr:
        """The inverse of a symmetric matrix is symmetric, that of an orthogonal one its transpose."""
        body, (row, column) = expr.body, expr.bound
        turned = body.xreplace({row: column, column: row})
        if isinstance(expr, InverseMatrix):
            i, j = expr.places
            if isinstance(body, Entry) and body.indices in ((row, column), (column, row)):
                if self.has(body.head.name, "orthogonal"):
                    return Entry(body.head, *((j, i) if body.indices == (row, column) else (i, j)))
            if str(i) > str(j) and self.settled(body) == self.settled(turned):
                return expr.at(j, i)
        settled = self.settled(body)
        if settled != body and settled == self.settled(turned):
            return type(expr)(settled, expr.limits, *expr.places)
        return expr

    def settled(self, expr: Expr) -> Expr:
        """``expr`` in a form that does not tell the elements of a symmetric matrix apart."""
        return normal(self.visit(normal(self.visit(expr), {})), {})

    # Sums --------------------------------------------------------------------------------------------------------

    def total(self, expr: Expr) -> Expr:
        """A sum with what is known of rows, columns and pairs of elements."""
        return Add(*(self.settle(self.term(term, 0)) for term in expand(freshen(expr))))

    def term(self, term: Term, depth: int) -> Expr:
        """One term with the sums in it that are known."""
        bound, factors = dict(term.bound), list(Mul.make_args(Mul(*term.factors)))
        for k in list(bound):
            known = self.row_sum(k, factors) or self.contraction(k, factors, bound)
            if known is not None:
                gone, value = known
                rest = [f for f in factors if not any(f is one for one in gone)]
                del bound[k]
                return self.term(Term(tuple(bound.items()), (*rest, value)), depth)
        opened = self.opened(bound, factors) if depth < 3 else None
        if opened is not None:
            return Add(*(self.settle(self.term(one, depth + 1)) for one in opened))
        return Term(tuple(bound.items()), tuple(factors)).expr()

    def row_sum(self, k: Expr, factors: list[Expr]) -> tuple[list[Expr], Expr] | None:
        """The factors whose sum over ``k`` is one, since a row sums to one or has norm 1."""
        mine = [f for f in factors if k in f.free_symbols]
        if len(mine) != 1:
            return None
        base, power = mine[0].as_base_exp()
        if not isinstance(base, Entry) or not base.indices or base.indices[-1] != k or _occurs(base, k) != 1:
            return None
        word = {1: "rows sum to one", 2: "unit norm"}.get(power)
        return (mine, S.One) if word and self.has(base.head.name, word) else None

    def contraction(self, k: Expr, factors: list[Expr], bound: Ranges) -> tuple[list[Expr], Expr] | None:
        """The pair of elements of an orthogonal matrix that ``k`` joins, and the delta that their sum is."""
        mine = [f for f in factors if k in f.free_symbols]
        pairs = [(f.base, f.base) if f.is_Pow and f.exp == 2 else (f, None) for f in mine]
        parts = [one for pair in pairs for one in pair if one is not None]
        if len(parts) != 2 or not all(isinstance(f, Entry) and len(f.indices) == 2 for f in parts):
            return None
        first, second = parts
        if first.head != second.head or not self.facts.holds(first.head.name, "orthogonal"):
            return None
        rows, columns = self.shapes[first.head.name]
        for side in (0, 1) if rows == columns else (0,):
            here, there = (one.indices[side] for one in parts)
            if here == there == k and k not in (first.indices[1 - side], second.indices[1 - side]):
                self.has(first.head.name, "orthogonal")
                return mine, Delta(first.indices[1 - side], second.indices[1 - side])
        return None

    def opened(self, bound: Ranges, factors: list[Expr]) -> list[Term] | None:
        """The terms with one factor multiplied out, if that brings elements of an orthogonal matrix together."""
        heads = {key for key in self.facts.declared if self.facts.holds(key, "orthogonal")}
        for number, factor in enumerate(factors):
            base, power = factor.as_base_exp()
            inner = {e.head.name for e in base.atoms(Entry)} & heads
            if not inner or not isinstance(base, (Add, Total)) or not bound.keys() & base.free_symbols:
                continue
            rest = factors[:number] + factors[number + 1 :]
            copies: list[tuple[Term, ...]]
            if power == 2:
                copies = list(itertools.product(expand(freshen(base)), expand(freshen(base))))
            elif power == 1 and inner & {f.head.name for one in rest for f in one.atoms(Entry)}:
                copies = [(one,) for one in expand(freshen(base))]
            else:
                continue
            if len(copies) > 9:
                continue
            terms = [
                Term(
                    (*bound.items(), *(b for one in pick for b in one.bound)),
                    (*rest, *(f for one in pick for f in one.factors)),
                )
                for pick in copies
            ]
            probe = _Using(self.facts, self.shapes)
            if any(probe.closes(term) for term in terms):
                return terms
        return None

    def closes(self, term: Term) -> bool:
        """True if a sum in ``term`` is known."""
        factors = list(Mul.make_args(Mul(*term.factors)))
        return any(self.contraction(k, factors, dict(term.bound)) is not None for k in dict(term.bound))

    def settle(self, expr: Expr) -> Expr:
        """A sum whose bound indices are in the order that symmetric arrays leave free; 0 if it is its own negative."""
        return Add(*(self._settled_term(term) for term in expand(expr))) if isinstance(expr, (Add, Total)) else expr

    def _settled_term(self, term: Term) -> Expr:
        done = contract(term, {})
        if done is None:
            return S.Zero
        bound, body = dict(done.bound), Mul(*done.factors)
        turning = {e.head.name for e in body.atoms(Entry)} & {
            key for key in self.facts.declared if self.facts.holds(key, SYMMETRIC) or self.facts.holds(key, ANTI)
        }
        if not turning or not 2 <= len(bound) <= 4:
            return done.expr()
        forms: dict[Expr, Expr] = {}
        ks = sorted(bound, key=str)
        for order in itertools.permutations(ks):
            if any(bound[a] != bound[b] for a, b in zip(ks, order)):
                continue
            turned = self.ordered(body.xreplace(dict(zip(ks, order))))
            sign, rest = turned.as_coeff_Mul()
            if forms.setdefault(rest, sign) == -sign and sign != 0:
                return S.Zero
        best = min(forms, key=str)
        return Total(forms[best] * best, tuple(bound.items()))

    def ordered(self, expr: Expr) -> Expr:
        """``expr`` with the indices of every element in order."""
        if isinstance(expr, Entry):
            return self.entry(expr)
        return rebuild(expr, map(self.ordered, expr.args)) if expr.args else expr


def _occurs(entry: Entry, k: Expr) -> int:
    """How often ``k`` is an index of ``entry``."""
    return sum(k in i.free_symbols for i in entry.indices)


__all__ = ["assumed"]
