"""Indexed expressions to indexed notation: always possible, used where matrices can not say it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sympy import Add, Expr, Function, Mul, Pow, S, Symbol

from .matrix_functions import MatrixFunction
from .nodes import Binder, Delta, Entry, Largest, Quotient, Ravel, Share, Tied, Total, Unravel, Within
from .notation import Node, number, scaled
from .products import Product

_FREE, _BOUND = "ijlpqrstuvw", "klqrstuvw"
Letters = Mapping[Symbol, str]


def free_letters(indices: Sequence[Expr], avoid: Collection[str]) -> dict[Symbol, str]:
    """A letter for each free index (an axis of length 1 has none), different from what ``avoid`` has."""
    result: dict[Symbol, str] = {}
    for i in indices:
        if isinstance(i, Symbol):
            result[i] = letter(_FREE, {*avoid, *result.values()})
    return result


def letter(letters: str, taken: Collection[str]) -> str:
    """The first of ``letters`` that is not taken, with a prime if all are."""
    every = (one + "'" * primes for primes in range(10**6) for one in letters)
    return next(one for one in every if one not in taken)


def indexed_node(expr: Expr, names: Letters, avoid: Collection[str] = ()) -> Node:
    """``expr`` in indexed notation; ``names`` has the letters of its free indices, ``avoid`` letters that are taken."""
    return _Writer(frozenset(avoid)).node(expr, names)


class _Writer:
    def __init__(self, avoid: frozenset[str]) -> None:
        self.avoid = avoid

    def node(self, expr: Expr, names: Letters) -> Node:
        """One expression."""
        if isinstance(expr, Symbol) and expr in names:
            return Node("index", (), (), names[expr])
        if expr.is_Rational or expr.is_NumberSymbol or isinstance(expr, Symbol):
            return number(expr)
        if isinstance(expr, Entry):
            return Node("entry", tuple(self.node(i, names) for i in expr.indices), (), expr.head.name)
        if isinstance(expr, Binder):
            return self.binder(expr, names)
        if isinstance(expr, Delta):
            return holds(Node("relation", tuple(self.node(i, names) for i in expr.args), (), "="))
        if isinstance(expr, Within):
            return self.within(expr, names)
        if isinstance(expr, Add):
            # An index before its offset: i + 1.
            terms = sorted(expr.args, key=lambda arg: not arg.free_symbols & set(names))
            return Node("add", tuple(self.node(arg, names) for arg in terms))
        if isinstance(expr, Mul):
            return self.product(expr, names)
        if isinstance(expr, Pow) and expr.exp.is_Rational:
            return Node("pow", (self.node(expr.base, names),), (), expr.exp)
        if isinstance(expr, (Quotient, Ravel, Unravel)):
            return self.position(expr, names)
        if isinstance(expr, (Function, Pow)):
            tags = [arg.name for arg in expr.args if is_tag(arg)]
            args = [self.node(arg, names) for arg in expr.args if not is_tag(arg)]
            return Node("fn", tuple(args), (), ("power" if isinstance(expr, Pow) else type(expr).__name__, *tags))
        raise NotImplementedError(f"There is no notation for {type(expr).__name__}.")

    def product(self, expr: Mul, names: Letters) -> Node:
        """A product, indicators last."""
        coefficient, rest = expr.as_coeff_Mul()
        if isinstance(rest, Largest) and coefficient < 0 and rest.body.as_coeff_Mul()[0] < 0:
            least = self.binder(Largest(-rest.body, rest.limits), names)
            return scaled(-coefficient, [], Node("imin", least.args, (), least.data))
        factors = sorted(Mul.make_args(rest), key=lambda factor: isinstance(factor, (Delta, Within, Tied)))
        # Where a position is known to be divisible, its quotient times the divisor is the position.
        whole = {f.args[1] * Quotient(*f.args[:2]): f.args[0] for f in factors if isinstance(f, Within)}
        parts = [self.node(arg if isinstance(arg, Within) else arg.xreplace(whole), names) for arg in factors]
        conditions = [c for part in parts if part.kind == "holds" for c in part.args]
        parts = [part for part in parts if part.kind != "holds"] + ([holds(*conditions)] if conditions else [])
        main = Node("prod", tuple(parts)) if len(parts) > 1 else parts[0]
        return main if coefficient == 1 else Node("scale", (main,), (), coefficient)

    def within(self, expr: Within, names: Letters) -> Node:
        """The range that an index must be in, and what must divide it."""
        position, step, n = expr.args
        offset = Add(*(term for term in Add.make_args(position) if not term.free_symbols & set(names)))
        low, moving, high = -offset, position - offset, (n * step - offset).expand()
        falls = any(term.as_coeff_Mul()[0] < 0 for term in Add.make_args(moving))
        ends = [] if low == 0 and not falls else [self.node(low, names)]
        between = Node("between", (*ends, self.node(moving, names), self.node(high, names)))
        divides = Node("relation", (self.node(step, names), self.node(position, names)), (), "|")
        return holds(between, *([divides] if step != 1 else []))

    def position(self, expr: Expr, names: Letters) -> Node:
        """Positions in arrays that are laid out row by row."""
        if isinstance(expr, Quotient):
            return Node("over", tuple(self.node(arg, names) for arg in expr.args))
        shape = expr.args[-1]
        if isinstance(expr, Ravel):
            flat, after = S.Zero, S.One
            for i, n in zip(reversed(expr.args[0]), reversed(shape)):
                flat, after = flat + i * after, after * n
            return self.node(flat, names)
        axis = int(expr.args[1])
        after, inner = Mul(*shape[axis + 1 :]), self.node(expr.args[0], names)
        if after != 1:
            inner = Node("floor", (inner, self.node(after, names)))
        return Node("mod", (inner, self.node(shape[axis], names))) if axis else inner

    def binder(self, expr: Binder, names: Letters) -> Node:
        """A sum, a maximum or a softmax over indices."""
        inner = dict(names)
        for k in expr.bound:
            inner[k] = letter(_BOUND, {*self.avoid, *inner.values()})
        letters = tuple(inner[k] for k in expr.bound)
        body = self.node(expr.body, inner)
        if isinstance(expr, Product):
            left_out = [self.node(i, names) for at in expr.without for i in at]
            return Node("iprod", (body, *left_out), (), letters)
        if isinstance(expr, (Total, Largest)):
            return Node("isum", (body,), (), letters) if isinstance(expr, Total) else Node("imax", (body,), (), letters)
        if isinstance(expr, MatrixFunction):
            places = (self.node(at, names) for at in expr.places)
            return Node("imatrix", (body, *places), (), (type(expr).__name__, *letters))
        at = expr.args[2]
        if isinstance(expr, Share):
            return Node("ishare", (body, self.node(at, names)), (), letters)
        here = self.node(expr.body.xreplace({expr.bound[0]: at}), names)
        return holds(Node("relation", (here, Node("imax", (body,), (), letters)), (), "="))


def holds(*conditions: Node) -> Node:
    """1 where all conditions hold, else 0."""
    return Node("holds", conditions)


def is_tag(arg: Expr) -> bool:
    """True for a word among a function's arguments, such as the relation of a comparison."""
    return arg.is_Symbol and not arg.is_integer and not isinstance(arg, Entry)


__all__ = ["free_letters", "indexed_node", "letter"]
