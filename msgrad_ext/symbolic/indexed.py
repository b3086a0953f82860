"""Indexed expressions to indexed notation: always possible, used where matrices can not say it.

What comes out is an ``each`` node: its data has the letter of each axis of the output and the length that each letter
of the formula runs through. One letter has one range in all of a formula.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sympy import Add, Expr, Function, Integer, Mul, Pow, S, Symbol

from .functions import Choice, Compare
from .matrix_functions import MatrixFunction
from .nodes import Binder, Delta, Entry, Largest, Quotient, Ravel, Share, Total, Unravel, Within
from .normal import Ranges, index_bounds, nonnegative
from .notation import Node, added, number
from .places import Place, place_of
from .products import Product
from .terms import Part, common_parts, indicators_applied, joined_sums, parts_of

_FREE, _BOUND, _BATCH = "ijlpqrstuvw", "klqrstuvw", "b"
Letters = Mapping[Symbol, str]
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "=": "=", "!=": "!="}


def free_letters(indices: Sequence[Expr], avoid: Collection[str]) -> dict[Symbol, str]:
    """A letter for each free index (an axis of length 1 has none), different from what ``avoid`` has."""
    result: dict[Symbol, str] = {}
    for i in indices:
        if isinstance(i, Symbol):
            result[i] = letter(_FREE, {*avoid, *result.values()})
    return result


def batch_index(expr: Expr) -> Symbol | None:
    """The index that comes first wherever it stands, and in an array of three axes or more: that of the batch."""
    seen: dict[Symbol, int] = {}
    wrong: set[Symbol] = set()
    for entry in sorted(expr.atoms(Entry), key=str):
        first = entry.indices[0] if entry.indices else None
        wrong |= {k for i in entry.indices[1:] for k in i.free_symbols}
        if isinstance(first, Symbol):
            seen[first] = max(seen.get(first, 0), len(entry.indices))
    return next((k for k, rank in seen.items() if rank > 2 and k not in wrong), None)


def letter(letters: str, taken: Collection[str]) -> str:
    """The first of ``letters`` that is not taken, with a prime if all are."""
    every = (one + "'" * primes for primes in range(10**6) for one in letters)
    return next(one for one in every if one not in taken)


def indexed_node(expr: Expr, places: Sequence[Expr], ranges: Ranges, avoid: Collection[str] = ()) -> Node:
    """``expr`` in indexed notation, for each index of ``places``; ``avoid`` has letters that are taken."""
    names, batch = letters_of(expr, places, avoid)
    writer = Indexed(frozenset(avoid), {names[i]: ranges[i] for i in names}, ranges, batch)
    body = writer.node(expr, names)
    return each(body, tuple(names.get(i, "0") for i in places), writer.lengths)


def letters_of(expr: Expr, places: Sequence[Expr], avoid: Collection[str]) -> tuple[dict[Symbol, str], Symbol | None]:
    """A letter for each free index of ``expr``, and the index that is called b, bound or free."""
    batch = batch_index(expr) if _BATCH not in avoid else None
    names = free_letters([i for i in places if i != batch], avoid)
    return {i: _BATCH if i == batch else names[i] for i in places if i == batch or i in names}, batch


def each(body: Node, letters: tuple[str | None, ...], lengths: Mapping[str, Expr]) -> Node:
    """``body`` for all indices: the letter of each axis (none for one that ``body`` has itself), and their ranges."""
    return Node("each", (body,), body.shape, (letters, tuple(lengths.items())))


def letters_left(node: Node) -> int:
    """The number of letters that the left side of an equation needs for an ``each`` node."""
    if node.kind != "each":
        return 0
    letters, lengths = node.data
    return sum(letter in dict(lengths) for letter in letters)


class Indexed:
    """Writes one formula; ``lengths`` collects the range of each letter."""

    def __init__(self, avoid: frozenset[str], lengths: dict[str, Expr], ranges: Ranges, batch: Any = None) -> None:
        self.avoid = avoid
        self.batch = batch
        self.lengths = lengths
        self.ranges = dict(ranges)

    def node(self, expr: Expr, names: Letters) -> Node:
        """One expression."""
        if isinstance(expr, Symbol) and expr in names:
            return Node("index", (), (), names[expr])
        if expr.is_Rational or expr.is_NumberSymbol or isinstance(expr, Symbol):
            return number(expr)
        if isinstance(expr, Entry):
            return Node("entry", tuple(self.place(i, names) for i in expr.indices), (), expr.head.name)
        if isinstance(expr, (Add, Mul, Total)):
            return self.sum(expr, names)
        if isinstance(expr, Binder):
            return self.binder(expr, names)
        if isinstance(expr, Delta):
            return holds(self.equal(expr, names))
        if isinstance(expr, Within):
            return self.within(expr, names)
        if isinstance(expr, Compare):
            return holds(self.compared(expr, names))
        if isinstance(expr, Pow) and expr.exp.is_Rational:
            return Node("pow", (self.node(expr.base, names),), (), expr.exp)
        if isinstance(expr, (Quotient, Ravel, Unravel)):
            return self.position(expr, names)
        if isinstance(expr, (Function, Pow)):
            args = [self.node(arg, names) for arg in expr.args]
            return Node("fn", tuple(args), (), ("power" if isinstance(expr, Pow) else type(expr).__name__,))
        raise NotImplementedError(f"There is no notation for {type(expr).__name__}.")

    def place(self, expr: Expr, names: Letters) -> Node:
        """An index: a letter before its offset, ``i + 1``."""
        if not isinstance(expr, (Add, Mul)) or expr.has(Binder, Entry):
            return self.node(expr, names)
        if isinstance(expr, Add):
            terms = sorted(
                expr.args, key=lambda arg: (not arg.free_symbols & set(names), arg.could_extract_minus_sign())
            )
            return Node("add", tuple(self.place(arg, names) for arg in terms))
        coefficient, rest = expr.as_coeff_Mul()
        parts = tuple(self.place(arg, names) for arg in Mul.make_args(rest))
        main = parts[0] if len(parts) == 1 else Node("prod", parts)
        return main if coefficient == 1 else Node("scale", (main,), (), coefficient)

    # Sums and products ----------------------------------------------------------------------------------------

    def sum(self, expr: Expr, names: Letters) -> Node:
        """A sum of products, with what its terms share in front."""
        found = place_of(expr)
        if found is not None:
            return self.found(found, names)
        parts = joined_sums([parts_of(indicators_applied(term, set(names))) for term in Add.make_args(expr)])
        if len(parts) == 1:
            return self.term(parts[0], names)
        common, rest = common_parts(parts)
        nodes = [self.term(part, names) for part in rest]
        whole = added(sorted(nodes, key=lambda node: node.kind == "scale" and bool(node.data < 0)), ())
        return whole if common == Part() else self.term(common, names, whole)

    def term(self, part: Part, names: Letters, last: Node | None = None) -> Node:
        """One product: numbers and lengths, arrays, sums, indicators last."""
        above: list[Node] = []
        below: list[Node] = []
        behind: list[Node] = []
        conditions: list[Node] = []
        value = part.number
        for factor in part.factors:
            base, exponent = factor.as_base_exp()
            if exponent.is_Rational and exponent < 0:
                below.append(Node("pow", (self.node(base, names),), (), exponent))
                continue
            node = self.node(factor, names)
            if node.kind == "scale" and node.args[0].kind == "imin":
                node, value = node.args[0], -value
            if node.kind == "holds":
                conditions += node.args
            elif node.kind == "number":
                above.append(node)
            else:
                behind.append(node)
        behind += [last] if last is not None else []
        if any(node.args[0].kind != "number" for node in below):
            simple = [node for node in behind if node.kind in ("entry", "pow", "index")]
            above, behind = above + simple, [node for node in behind if node not in simple]
        behind += [holds(*conditions)] if conditions else []
        # A sum comes last: what it does not have stands before it.
        behind += [self.total(part, names)] if part.limits else []
        main = Node("prod", tuple(behind)) if len(behind) > 1 else behind[0] if behind else number(Integer(1))
        if value == 1 and not above and not below:
            return main
        return Node("scale", (*above, *below, main), (), value)

    def total(self, part: Part, names: Letters) -> Node:
        """A sum over indices; a condition on one of them stands under the sign."""
        inner = self.inside(part.limits, names)
        letters = tuple(inner[k] for k, _ in part.limits)
        under: list[Node] = []
        rest: list[Expr] = []
        for factor in Mul.make_args(part.body):
            bound = self.bounding(factor, inner, letters)
            if bound is None:
                rest.append(factor)
            else:
                under.append(bound)
        return Node("isum", (self.node(Mul(*rest), inner), *under), (), letters)

    def bounding(self, factor: Expr, names: Letters, letters: Sequence[str]) -> Node | None:
        """A comparison of one of ``letters`` with something else, as a condition that can stand under a sum."""
        if not isinstance(factor, Compare):
            return None
        condition = self.compared(factor, names)
        if any(not isinstance(arg, Symbol) for arg in factor.args[1:]) or condition.args[0].data not in letters:
            return None
        return condition

    def inside(self, limits: Sequence[tuple[Symbol, Expr]], names: Letters) -> dict[Symbol, str]:
        """``names`` with letters for bound indices: none that is in scope or has another range elsewhere."""
        inner = dict(names)
        for k, n in limits:
            other = {x for x, length in self.lengths.items() if length != n}
            taken = {*self.avoid, *inner.values(), *other}
            inner[k] = letter(_BATCH + _BOUND if k == self.batch else _BOUND, taken)
            self.lengths[inner[k]] = n
            self.ranges[k] = n
        return inner

    # Conditions -----------------------------------------------------------------------------------------------

    def equal(self, expr: Delta, names: Letters) -> Node:
        """An equation between indices, what is computed on the left."""
        args = list(expr.args)
        if all(arg.is_Integer or isinstance(arg, Symbol) for arg in args) or any(map(place_of, args)):
            # An index before a number, and before what it is found by.
            args.sort(key=lambda arg: not isinstance(arg, Symbol))
        else:
            args.sort(key=lambda arg: isinstance(arg, Symbol))
        return Node("relation", tuple(self.place(i, names) for i in args), (), "=")

    def compared(self, expr: Expr, names: Letters) -> Node:
        """A comparison; an index stands before what it is compared with, a bound one before others."""
        relation = {"==": "="}.get(expr.args[0].name, expr.args[0].name)
        first, second = expr.args[1:]
        order = list(names)
        ranks = [order.index(arg) if arg in names else -1 for arg in (first, second)]
        if ranks[1] > ranks[0]:
            first, second, relation = second, first, _TURNED[relation]
        return Node("relation", tuple(self.place(arg, names) for arg in (first, second)), (), relation)

    def within(self, expr: Within, names: Letters) -> Node:
        """The range that an index must be in, and what must divide it; ends that no index reaches are left out."""
        position, step, n = expr.args
        offset = Add(*(term for term in Add.make_args(position) if not term.free_symbols & set(names)))
        low, moving, high = -offset, position - offset, (n * step - offset).expand()
        found = index_bounds(moving, self.ranges)
        above = found is None or not nonnegative(high - 1 - found[1])
        under = found is None or not nonnegative(found[0] - low)
        conditions: list[Node] = []
        if above and under:
            conditions.append(Node("between", tuple(self.place(part, names) for part in (low, moving, high))))
        elif above or under:
            end, sign = (high, "<") if above else (low, ">=")
            conditions.append(Node("relation", (self.place(moving, names), self.place(end, names)), (), sign))
        if step != 1:
            conditions.append(Node("relation", (self.place(step, names), self.place(position, names)), (), "|"))
        return holds(*conditions) if conditions else number(S.One)

    def position(self, expr: Expr, names: Letters) -> Node:
        """Positions in arrays that are laid out row by row."""
        if isinstance(expr, Quotient):
            return Node("over", tuple(self.place(arg, names) for arg in expr.args))
        shape = expr.args[-1]
        if isinstance(expr, Ravel):
            flat, after = S.Zero, S.One
            for i, n in zip(reversed(expr.args[0]), reversed(shape)):
                flat, after = flat + i * after, after * n
            return self.place(flat, names)
        axis = int(expr.args[1])
        after, inner = Mul(*shape[axis + 1 :]), self.place(expr.args[0], names)
        if after != 1:
            inner = Node("floor", (inner, self.place(after, names)))
        return Node("mod", (inner, self.place(shape[axis], names))) if axis else inner

    def found(self, place: Place, names: Letters) -> Node:
        """Where an element is by its size: the first of the largest, or a place in the order of sizes."""
        inner = self.inside(place.limits, names)
        args = [self.node(place.body, inner), self.place(place.position, inner)]
        if place.rank != 0:
            args.append(self.place(place.rank, names))
        return Node("iplace", tuple(args), (), tuple(inner[k] for k, _ in place.limits))

    # What binds indices ---------------------------------------------------------------------------------------

    def binder(self, expr: Binder, names: Letters) -> Node:
        """A product, a maximum or a softmax over indices."""
        inner = self.inside(expr.limits, names)
        letters = tuple(inner[k] for k in expr.bound)
        if isinstance(expr, Product):
            return self.multiplied(expr, names, inner, letters)
        if isinstance(expr, Largest):
            coefficient, _rest = expr.body.as_coeff_Mul()
            if coefficient < 0:
                least = Node("imin", (self.node(-expr.body, inner),), (), letters)
                return Node("scale", (least,), (), Integer(-1))
            return Node("imax", (self.node(expr.body, inner),), (), letters)
        body = self.node(expr.body, inner)
        if isinstance(expr, MatrixFunction):
            places = (self.place(at, names) for at in expr.places)
            return Node("imatrix", (body, *places), (), (type(expr).__name__, *letters))
        at = expr.args[2]
        if isinstance(expr, Share):
            return Node("ishare", (body, self.place(at, names)), (), letters)
        kind, inside = "imax", expr.body
        if inside.as_coeff_Mul()[0] < 0:
            kind, inside, body = "imin", -inside, self.node(-inside, inner)
        here = self.node(inside.xreplace({expr.bound[0]: at}), names)
        return holds(Node("relation", (here, Node(kind, (body,), (), letters)), (), "="))

    def multiplied(self, expr: Product, names: Letters, inner: Letters, letters: tuple[str, ...]) -> Node:
        """A product over indices; where a factor is 1 outside of a condition, the condition stands under the sign."""
        body, under = expr.body, []
        if isinstance(body, Choice) and body.args[2] == 1:
            bound = self.bounding(body.args[0], inner, letters)
            body, under = (body, []) if bound is None else (body.args[1], [bound])
        places = [Node("place", tuple(self.place(i, names) for i in at)) for at in expr.without]
        return Node("iprod", (self.node(body, inner), *under, *places), (), letters)


def holds(*conditions: Node) -> Node:
    """1 where all conditions hold, else 0."""
    return Node("holds", conditions)


__all__ = ["Indexed", "each", "free_letters", "holds", "indexed_node", "letter", "letters_left", "letters_of"]
