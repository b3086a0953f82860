"""What each kind of node is in mathematics: its signs, its precedence, the order of its parts.

How a power, a fraction or a root looks is left to the kinds of text (`latex`, `plain`, `mathml`). Precedence: powers bind
tightest, then products of matrices, then elementwise products and quotients, then sums. A new kind of node is one method
``_kind`` here, made of the methods of `Signs`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sympy import Expr, Function, Integer, NumberSymbol, Rational

from ..names import Name, Numeral, accent, literal
from ..notation import ONE, Node, number, transpose
from ..scalar import SCALARS
from .pieces import ADD, ATOM, BIG, HAD, MUL, POW, Piece, strung
from .signs import Signs

HALF = Rational(1, 2)
_DIGITS = re.compile(r"[\d.]+(e-?\d+)?|<mn>[^<]*</mn>")
WORDS = {
    "Positive": "step",
    "Half": "step_half",
    "Choice": "where",
    # A logarithm but for a convention at 0.
    "LogOfBase": "log",
    "Determinant": "det",
    "Minor": "cof",
    "Lower": "chol",
}
_FENCED = {"Absolute": "|", "Floor": "floor", "Ceil": "ceil"}
# What a power's derivative has is a power, but for a convention at 0.
_POWERS = ("Power", "SlopePower", "power")


class Printer(Signs):
    """Base: structure and precedence of the kinds that matrices need."""

    # Where there are no fences for it, a quotient's whole part has a sign.
    flat = False

    def __init__(
        self,
        names: Mapping[str, Name | Numeral],
        cotangents: Mapping[str, str],
        same: Mapping[str, str],
        decimals: bool = False,
    ) -> None:
        self.names = names
        # One tenth is 0.1 where the program writes decimals.
        self.decimals = decimals
        self.same = same
        self.cotangents = cotangents
        self.last = max((pass_number(key) for key in cotangents), default=0)
        # Where an array is called sigma, the sigmoid has its whole name.
        self.sigma = all(getattr(name, "base", "") != "sigma" for name in names.values())

    def name(self, key: str) -> str:
        """The printed name of a key."""
        return self.named(key).text

    def named(self, key: str) -> Piece:
        """The printed name of a key; a cotangent has the mark of its pass over the name of its value."""
        accents: list[str] = []
        while key in self.cotangents or key in self.same:
            if key in self.same:
                key = self.same[key]
                continue
            accents.insert(0, accent(pass_number(key), self.last))
            key = self.cotangents[key]
        return self.given(self.names[key], accents)

    def show(self, node: Node, level: int = 0) -> str:
        """``node`` as text on one line, in parentheses if it binds less than ``level``."""
        return self.piece(node, level).text

    def piece(self, node: Node, level: int = 0) -> Piece:
        """``node`` printed, in parentheses if it binds less than ``level``."""
        method = getattr(self, f"_{node.kind}", None)
        if method is None:
            raise NotImplementedError(f"There is no notation for a node of kind {node.kind!r}.")
        found: Piece = method(node)
        return self.fence(found) if found.level < level else found

    # Sequences -------------------------------------------------------------------------------------------------

    def row(self, pieces: Sequence[Piece], level: int = MUL) -> Piece:
        """Factors side by side; between two numbers in digits there is a sign."""
        if len(pieces) == 1:
            return pieces[0]
        parts = list(pieces[0].parts)
        for one in pieces[1:]:
            before, after = parts[-1].text, one.parts[0].text
            digits = _DIGITS.fullmatch(before) and _DIGITS.fullmatch(after)
            words = before.startswith("\\mathrm") or after.startswith("\\mathrm")
            parts += [self.cut("times" if digits else "words" if words else "", 6), *one.parts]
        return Piece(tuple(parts), level)

    def chain(self, pieces: Sequence[Piece], key: str, level: int, cost: int = 3) -> Piece:
        """Operands with a sign between them."""
        return strung(pieces, self.cut(key, cost), level) if len(pieces) > 1 else pieces[0]

    def listed(self, pieces: Sequence[Piece]) -> Piece:
        """``a, b, c``."""
        return strung(pieces, self.cut("comma", 4), 0)

    def negative(self, bare: Piece) -> Piece:
        """Something with a minus before it."""
        return Piece((*self.sign("negative").parts, *bare.parts), ADD, bare)

    def sum(self, terms: Sequence[Piece]) -> Piece:
        """Terms with plus and minus between them; those with a minus come last."""
        ordered = [*(t for t in terms if t.bare is None), *(t for t in terms if t.bare is not None)]
        first = ordered[0]
        bare = first.bare
        parts = list((bare or first).parts)
        for term in ordered[1:]:
            parts += [self.cut("minus" if term.bare else "plus", 1), *(term.bare or term).parts]
        whole = Piece(tuple(parts), ADD)
        return whole if bare is None else self.negative(whole)

    def call(self, word: str, *args: Piece) -> Piece:
        """A function of something."""
        inner = self.fence(self.listed(args))
        return Piece((*self.function(word).parts, *inner.parts), ATOM)

    # Numbers ---------------------------------------------------------------------------------------------------

    def number(self, value: Expr) -> Piece:
        """A rational number, a length, or a constant such as pi."""
        if isinstance(value, Rational):
            if value < 0:
                return self.negative(self.number(-value))
            if self.decimals and _ends(value.q):
                return self.given(Numeral.of(value), ())
            top = self.digits(str(value.p))
            return top if isinstance(value, Integer) else self.fraction(top, self.digits(str(value.q)))
        if isinstance(value, NumberSymbol):
            return self.given(literal({"Pi": "pi", "Exp1": "e"}[type(value).__name__]), ())
        if value.is_Symbol:
            return self.given(literal(str(value)), ())
        coefficient, rest = value.as_coeff_Mul()
        if coefficient < 0:
            return self.negative(self.within(-coefficient * rest, MUL))
        above, below = value.as_numer_denom()
        if below != 1:
            return self.fraction(self.number(above), self.number(below))
        if value.is_Add:
            return self.sum([self.number(arg) for arg in value.as_ordered_terms()])
        if value.is_Pow:
            if value.exp == HALF:
                return self.root(self.number(value.base))
            return self.superscript(self.within(value.base, ATOM), self.small(value.exp))
        if isinstance(value, Function):
            return self.call(type(value).__name__.lower(), *map(self.number, value.args))
        return self.row([self.within(arg, MUL) for arg in value.as_ordered_factors()])

    def within(self, value: Expr, level: int) -> Piece:
        """A number as a part of something."""
        found = self.number(value)
        return self.fence(found) if found.level < level else found

    def small(self, value: Expr) -> Piece:
        """A number as an exponent: fractions on one line."""
        if isinstance(value, Rational) and value.q != 1 and not (self.decimals and _ends(value.q)):
            over = self.chain([self.digits(str(abs(value.p))), self.digits(str(value.q))], "slash", MUL)
            return self.negative(over) if value < 0 else over
        return self.number(value)

    def _number(self, node: Node) -> Piece:
        return self.number(node.data)

    def _name(self, node: Node) -> Piece:
        return self.named(node.data)

    def _ones(self, node: Node) -> Piece:
        return self.subscript(self.sign("ones"), self.number(node.data))

    def _eye(self, node: Node) -> Piece:
        return self.subscript(self.letter("I"), self.number(node.data))

    # Products and sums -----------------------------------------------------------------------------------------

    def _T(self, node: Node) -> Piece:  # noqa: N802 (the kind of the node)
        inner = node.args[0]
        if inner.kind == "of" and inner.data == "InverseMatrix":
            exponent = self.negative(self.sign("top"))
            return self.superscript(self.piece(inner.args[0], ATOM), exponent)
        if inner.kind == "softmax" and inner.data == 0 and len(inner.shape) == 2:
            return self.piece(Node("softmax", (transpose(inner.args[0]),), node.shape, 1))
        return self.superscript(self.piece(inner, ATOM), self.sign("top"))

    _row = _T

    def _prod(self, node: Node) -> Piece:
        if any(_split(part)[1] != ONE for part in node.args):
            return self._scale(Node("scale", (node,), node.shape, Integer(1)))
        return self.factors(node.args)

    def factors(self, nodes: Sequence[Node], first: Sequence[Piece] = ()) -> Piece:
        """Factors side by side; a big operator may stand last, since it reaches to the end."""
        *front, last = nodes
        found = list(first)
        for one in front:
            # A number or a scalar with its own factors is no part of a product that has begun.
            found.append(self.piece(one, POW if found and one.kind == "scale" else MUL))
        end = self.piece(last, POW if found and last.kind == "scale" else BIG)
        return self.row([*found, end], min(MUL, end.level))

    def _had(self, node: Node) -> Piece:
        return self.quotient(None, *_elementwise(node))

    def quotient(self, lead: Piece | None, above: Sequence[Node], below: Sequence[Node]) -> Piece:
        """Elementwise factors over others, with a scalar before them."""
        over = [self.piece(one, MUL) for one in above]
        if lead is not None:
            over = [self.row([lead, over[0]]), *over[1:]] if over else [lead]
        top = self.chain(over or [self.digits("1")], "odot", HAD)
        if not below:
            return top
        under = self.chain([self.piece(one, MUL) for one in below], "odot", HAD)
        return self.chain([top, self.fence(under) if under.level < MUL else under], "oslash", HAD)

    def _scale(self, node: Node) -> Piece:
        scalars, main = node.args[:-1], node.args[-1]
        if main.kind == "prod" and any(_split(part)[1] != ONE for part in main.args):
            # What divides in a product of elements stands under the bar.
            scalars += tuple(part for part in main.args if _split(part)[1] != ONE)
            rest = tuple(part for part in main.args if _split(part)[1] == ONE)
            main = ONE if not rest else rest[0] if len(rest) == 1 else Node("prod", rest, main.shape)
        numerals = [s for s in scalars if self.is_numeral(s)]
        size = abs(node.data)
        whole = self.decimals and _ends(size.q)
        over, under = [number(size if whole else Integer(size.p))], [ONE if whole else number(Integer(size.q))]
        # Numbers come before letters: 0.1 m.
        for scalar in [*numerals, *(s for s in scalars if s not in numerals)]:
            above, below = _split(scalar)
            over, under = [*over, above], [*under, below]
        over, under = [one for one in over if one != ONE], [one for one in under if one != ONE]
        found = self.scaled(over, under, main)
        return self.negative(found) if node.data < 0 else found

    def is_numeral(self, node: Node) -> bool:
        """True for what is printed in digits."""
        return node.kind == "name" and isinstance(self.names.get(node.data), Numeral)

    def scaled(self, over: list[Node], under: list[Node], main: Node) -> Piece:
        """Scalars over and under a fraction's bar, and what they are multiplied by."""
        if not under and main.kind not in ("had", "pow"):
            factors = [*over, *([main] if main != ONE else [])]
            return self.factors(factors) if factors else self.digits("1")
        lead = None
        if over or under:
            alone = 0 if under else MUL
            top = self.piece(over[0], alone) if len(over) == 1 else self.factors(over) if over else self.digits("1")
            lead = top
            if under:
                low = self.piece(under[0]) if len(under) == 1 else self.factors(under)
                lead = self.fraction(top, low)
        if main.kind in ("had", "pow") and main.shape:
            return self.quotient(lead, *_elementwise(main))
        return lead or self.digits("1") if main == ONE else self.factors([main], [lead] if lead else [])

    def _add(self, node: Node) -> Piece:
        return self.sum([self.piece(part, ADD) for part in node.args])

    # Powers and functions --------------------------------------------------------------------------------------

    def _pow(self, node: Node) -> Piece:
        base, exponent = node.args[0], node.data
        if exponent == HALF:
            return self.root(self.piece(base))
        if node.shape and _below(node):
            return self.quotient(None, [], [_turned(node)])
        if not node.shape and exponent < 0 and exponent.q <= 2:
            return self.fraction(self.digits("1"), self.piece(_turned(node)))
        return self.superscript(self.piece(base, ATOM), self.small(exponent), bool(node.shape))

    def _fn(self, node: Node) -> Piece:
        kind, *tags = node.data
        if kind in _POWERS:
            exponent = self.piece(node.args[1])
            return self.superscript(self.piece(node.args[0], ATOM), exponent, bool(node.shape))
        if tags:
            return self.fence_of("indicator", self.relation(node.args, tags[0]))
        if kind in _FENCED:
            return self.fence(self.piece(node.args[0]), _FENCED[kind])
        if kind == "Choice" and node.args[0].kind == "fn" and node.args[0].data[1:]:
            condition = self.relation(node.args[0].args, node.args[0].data[1])
            return self.call("where", condition, *map(self.piece, node.args[1:]))
        if kind == "Choice" and node.args[0].kind == "holds":
            return self.call("where", *(self.piece(part) for part in (*node.args[0].args, *node.args[1:])))
        if kind == "Polygamma" and node.args[0] == number(Integer(0)):
            return self.call("digamma", self.piece(node.args[1]))
        word = WORDS.get(kind) or (SCALARS[kind].word if kind in SCALARS else kind.lower())
        return self.call(word, *map(self.piece, node.args))

    def relation(self, sides: Sequence[Node], sign: str) -> Piece:
        """A comparison."""
        return self.chain([self.piece(side, ADD) for side in sides], sign, 0, 2)

    def fence_of(self, key: str, inner: Piece) -> Piece:
        """A sign with something in square brackets: 1 where it holds."""
        return Piece((*self.sign(key).parts, *self.fence(inner, "[").parts), ATOM)

    def _of(self, node: Node) -> Piece:
        if node.data == "InverseMatrix":
            return self.superscript(self.piece(node.args[0], ATOM), self.number(Integer(-1)))
        inner = self.piece(node.args[0])
        if node.data == "LogDeterminant":
            det = self.fence(self.call("det", inner), "|")
            return Piece((*self.function("log").parts, *det.parts), MUL)
        return self.call(WORDS[node.data], inner)

    def _softmax(self, node: Node) -> Piece:
        if node.data == 0 and len(node.shape) == 2:
            # Softmax of each column is the transpose of one of rows.
            rows = Node("softmax", (transpose(node.args[0]),), node.shape[::-1], 1)
            return self.superscript(self.piece(rows, ATOM), self.sign("top"))
        return self.call("softmax", self.piece(node.args[0]))

    def _diag(self, node: Node) -> Piece:
        return self.call("diag", self.piece(node.args[0]))

    _diagof = _diag

    def _trace(self, node: Node) -> Piece:
        return self.call("tr", self.piece(node.args[0]))

    def _norm(self, node: Node) -> Piece:
        found = self.fence(self.piece(node.args[0]), "norm")
        return self.subscript(found, self.letter("F")) if len(node.args[0].shape) == 2 else found

    def _inner(self, node: Node) -> Piece:
        return self.fence(self.listed([self.piece(arg) for arg in node.args]), "angle")


def pass_number(key: str) -> int:
    """The number of the pass that a cotangent's key is of."""
    return int(key[1 : key.index(":")])


def _ends(divisor: int) -> bool:
    """True for divisors that make a decimal, but not for halves and quarters."""
    rest = divisor
    for factor in (2, 5):
        while rest % factor == 0:
            rest //= factor
    return rest == 1 and divisor % 5 == 0


def _below(node: Node) -> bool:
    """True for a power that is written as a divisor."""
    return node.kind == "pow" and bool(node.data < 0)


def _turned(node: Node) -> Node:
    """The divisor that a negative power is."""
    return node.args[0] if node.data == -1 else Node("pow", node.args, node.shape, -node.data)


def _elementwise(node: Node) -> tuple[list[Node], list[Node]]:
    """The factors of an elementwise product, and its divisors."""
    parts = node.args if node.kind == "had" else (node,)
    return [p for p in parts if not _below(p)], [_turned(p) for p in parts if _below(p)]


def _split(node: Node) -> tuple[Node, Node]:
    """What of a scalar stands over a fraction's bar, and what under it."""
    if _below(node) and not node.shape and node.data.q <= 2:
        return ONE, _turned(node)
    if node.kind == "number":
        above, below = node.data.as_numer_denom()
        return number(above), number(below)
    return node, ONE


__all__ = ["Printer", "pass_number"]
