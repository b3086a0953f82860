"""Presentation MathML: each piece is one element or a sequence of elements."""

from __future__ import annotations

from collections.abc import Sequence

from ..names import Name, Numeral
from .indexed import IndexedPrinter
from .pieces import ATOM, BIG, MUL, POW, Cut, Fence, Piece, Text, piece

_SIGNS = {
    "nabla": "<mo>\u2207</mo>",
    "negative": "<mo form='prefix'>\u2212</mo>",
    "top": "<mi>\u22a4</mi>",
    "ones": "<mn>\U0001d7cf</mn>",
    "indicator": "<mn>\U0001d7cf</mn>",
}
_BETWEEN = {
    # Invisible: said aloud as a product, and shown as nothing.
    "": "\u2062",
    "words": "\u2062",
    "times": "\u22c5",
    "plus": "+",
    "minus": "\u2212",
    "odot": "\u2299",
    "oslash": "\u2298",
    "otimes": "\u2297",
    "comma": ",",
    "slash": "/",
    "div": "/",
    "mod": "mod",
    "|": "\u2223",
    "<=": "\u2264",
    ">=": "\u2265",
    "!=": "\u2260",
    "==": "=",
    "<": "&lt;",
    ">": "&gt;",
}
_FENCES = {
    "(": "()",
    "[": "[]",
    "|": "||",
    "norm": "\u2016\u2016",
    "angle": "\u27e8\u27e9",
    "floor": "\u230a\u230b",
    "ceil": "\u2308\u2309",
}
_BIG = {"sum": "\u2211", "prod": "\u220f"}


class MathML(IndexedPrinter):
    """Presentation MathML, without the element ``math`` around it."""

    def given(self, name: Name | Numeral, accents: Sequence[str]) -> Piece:
        """A name, or a number in digits."""
        if isinstance(name, Name):
            return piece(name.mathml(accents))
        front = (
            f"<mn>{name.mantissa}</mn>" if name.finite else "<mi>\u221e</mi>" if name.plain == "inf" else "<mi>nan</mi>"
        )
        if name.power:
            ten = f"<msup><mn>10</mn><mn>{name.power.replace('-', chr(0x2212))}</mn></msup>"
            found = piece(f"{front}<mo>\u22c5</mo>{ten}", MUL) if name.mantissa else piece(ten, POW)
        else:
            found = piece(front)
        return self.negative(found) if name.minus else found

    def digits(self, value: str) -> Piece:
        """A number in digits."""
        return piece(f"<mn>{value}</mn>")

    def sign(self, key: str) -> Piece:
        """A sign by its key."""
        return piece(_SIGNS[key])

    def function(self, word: str) -> Piece:
        """The name of a function, and the invisible sign that it is applied."""
        name = "<mi>\u03c3</mi>" if word == "sigmoid" and self.sigma else f"<mi mathvariant='normal'>{word}</mi>"
        if word == "step_half":
            name = "<msub><mi>step</mi><mn>1/2</mn></msub>"
        return piece(f"{name}<mo>\u2061</mo>")

    def letter(self, text: str) -> Piece:
        """The letter of an index."""
        bare = text.rstrip("'")
        marks = "\u2032" * (len(text) - len(bare))
        return piece(f"<msup><mi>{bare}</mi><mo>{marks}</mo></msup>" if marks else f"<mi>{bare}</mi>")

    def superscript(self, base: Piece, exponent: Piece, elementwise: bool = False) -> Piece:
        """A power."""
        mark = "<mo lspace='0' rspace='0'>\u2299</mo>" if elementwise else ""
        return piece(f"<msup>{one(base)}<mrow>{mark}{exponent.text}</mrow></msup>", POW)

    def subscript(self, base: Piece, under: Piece) -> Piece:
        """Something with a subscript."""
        return piece(f"<msub>{one(base)}{one(under)}</msub>")

    def fraction(self, above: Piece, below: Piece) -> Piece:
        """A fraction."""
        return piece(f"<mfrac>{one(above)}{one(below)}</mfrac>")

    def root(self, inner: Piece) -> Piece:
        """A square root."""
        return piece(f"<msqrt>{inner.text}</msqrt>")

    def fence(self, inner: Piece, kind: str = "(") -> Piece:
        """Something in parentheses or other bars."""
        left, right = (f"<mo fence='true' stretchy='true' form='{form}'>{sign}</mo>"
                       for form, sign in zip(("prefix", "postfix"), _FENCES[kind], strict=True))  # fmt: skip
        return Piece((Fence(f"<mrow>{left}", left, True), *inner.parts, Fence(f"{right}</mrow>", right, False)), ATOM)

    def big(self, word: str, under: Piece, body: Piece) -> Piece:
        """A sum, a product or a maximum over indices."""
        sign = f"<mo largeop='true'>{_BIG[word]}</mo>" if word in _BIG else f"<mi mathvariant='normal'>{word}</mi>"
        return Piece((Text(f"<munder>{sign}{one(under)}</munder>"), *body.parts), BIG)

    def entry(self, head: Piece, at: Piece) -> Piece:
        """An element of an array, in brackets if its name has a subscript."""
        inner = self.fence(head, "[") if "msub" in head.text or "fence" in head.text else head
        return self.subscript(inner, at)

    def cut(self, key: str = "", cost: int = 0) -> Cut:
        """A sign between operands."""
        return Cut(f"<mo>{_BETWEEN.get(key, key)}</mo>", cost)


def one(found: Piece) -> str:
    """A piece as one element."""
    return f"<mrow>{found.text}</mrow>"


__all__ = ["MathML"]
