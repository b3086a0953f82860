"""Text for a terminal: as it is exported, in Unicode that reads as a page does, and in ASCII alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ..names import GREEK, Name, Numeral, lowered
from .indexed import IndexedPrinter
from .pieces import ATOM, BIG, MUL, POW, Cut, Fence, Piece, Text, dearer, piece

_RAISED = dict(zip("0123456789+-()nT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿᵀ", strict=True))


class Plain(IndexedPrinter):
    """Text with the signs of elementwise products, and words for the rest."""

    flat = True
    signs: ClassVar[dict[str, str]] = {"negative": "-", "top": "T", "ones": "1", "indicator": "1", "nabla": "∇"}
    between: ClassVar[dict[str, str]] = {
        "words": " ",
        "": " ",
        "times": " * ",
        "plus": " + ",
        "minus": " - ",
        "odot": " ⊙ ",
        "oslash": " ⊘ ",
        "otimes": " ⊗ ",
        "comma": ", ",
        "slash": "/",
        "div": " // ",
        "mod": " % ",
    }
    fences: ClassVar[dict[str, tuple[str, str]]] = {
        "(": ("(", ")"),
        "[": ("[", "]"),
        "angle": ("<", ">"),
        "norm": ("||", "||"),
    }
    # What has no bars of its own here is written as a call.
    called: ClassVar[dict[str, str]] = {"|": "abs", "floor": "floor", "ceil": "ceil"}
    elementwise = "⊙"
    relations: ClassVar[dict[str, str]] = {}

    def given(self, name: Name | Numeral, accents: Sequence[str]) -> Piece:
        """A name; a number in digits may begin with a minus."""
        if isinstance(name, Name):
            return piece(name.text(accents))
        found = piece(name.plain)
        return self.negative(found) if name.minus else found

    def digits(self, value: str) -> Piece:
        """A number in digits."""
        return piece(value)

    def sign(self, key: str) -> Piece:
        """A sign by its key."""
        return piece(self.signs[key])

    def function(self, word: str) -> Piece:
        """The name of a function."""
        return piece(word)

    def letter(self, text: str) -> Piece:
        """The letter of an index."""
        return piece(text)

    def superscript(self, base: Piece, exponent: Piece, elementwise: bool = False) -> Piece:
        """A power."""
        inner = exponent.bare or exponent
        # The inverse and its transpose are read as one word.
        text = exponent.text if inner.level == ATOM and not elementwise else self.atom(exponent).text
        return Piece((*base.parts, Text(f"^{self.elementwise if elementwise else ''}{text}")), POW)

    def atom(self, found: Piece) -> Piece:
        """Something in parentheses, unless it is one word."""
        return found if found.level >= ATOM else self.fence(found)

    def subscript(self, base: Piece, under: Piece) -> Piece:
        """Something with a subscript."""
        return piece(f"{base.text}_{braced(under)}")

    def fraction(self, above: Piece, below: Piece) -> Piece:
        """A fraction: ``a/b``."""
        top = above if above.level >= MUL else self.fence(above)
        low = below if below.level >= POW else self.fence(below)
        return Piece((*top.parts, Text("/"), *low.parts), MUL)

    def root(self, inner: Piece) -> Piece:
        """A square root."""
        return self.call("sqrt", inner)

    def fence(self, inner: Piece, kind: str = "(") -> Piece:
        """Something in parentheses or other bars."""
        if kind in self.called:
            return self.call(self.called[kind], inner)
        left, right = self.fences[kind]
        return Piece((Fence(left, left, True), *inner.parts, Fence(right, right, False)), ATOM)

    def big(self, word: str, under: Piece, body: Piece) -> Piece:
        """A sum, a product or a maximum over indices."""
        return Piece((Text(f"{word}_{{{under.text}}} "), *body.parts), BIG)

    def entry(self, head: Piece, at: Piece) -> Piece:
        """An element of an array."""
        return Piece((*head.parts, *dearer(self.fence(at, "[").parts, 12)), ATOM)

    def cut(self, key: str = "", cost: int = 0) -> Cut:
        """The blank before a sign, or between factors."""
        return Cut(self.between.get(key) or f" {self.relations.get(key, key)} ", cost)


def braced(under: Piece) -> str:
    """A subscript, in braces if it is more than one word."""
    return under.text if under.level == ATOM and " " not in under.text else f"{{{under.text}}}"


class Unicode(Plain):
    """Text that reads as a page does, for terminals with a wide alphabet."""

    signs: ClassVar[dict[str, str]] = Plain.signs | {"ones": "𝟏", "indicator": "𝟏"}
    fences: ClassVar[dict[str, tuple[str, str]]] = Plain.fences | {
        "norm": ("‖", "‖"),
        "|": ("|", "|"),
        "floor": ("⌊", "⌋"),
        "ceil": ("⌈", "⌉"),
        "angle": ("⟨", "⟩"),
    }
    between: ClassVar[dict[str, str]] = Plain.between | {"times": " · ", "div": "/"}
    called: ClassVar[dict[str, str]] = {}
    flat = False
    relations: ClassVar[dict[str, str]] = {"<=": "≤", ">=": "≥", "!=": "≠", "==": "=", "|": "∣"}
    _words: ClassVar[dict[str, str]] = {"sum": "∑", "prod": "∏"}

    def given(self, name: Name | Numeral, accents: Sequence[str]) -> Piece:
        """A name, or a number in digits with a raised power of ten."""
        if isinstance(name, Name):
            return piece(name.unicode(accents))
        if not name.power:
            return super().given(name, accents)
        ten = "10" + "".join(_RAISED[c] for c in name.power)
        found = piece(f"{name.mantissa} · {ten}", MUL) if name.mantissa else piece(ten, POW)
        return self.negative(found) if name.minus else found

    def function(self, word: str) -> Piece:
        """The name of a function."""
        return piece(GREEK["sigma"] if word == "sigmoid" and self.sigma else word)

    def superscript(self, base: Piece, exponent: Piece, elementwise: bool = False) -> Piece:
        """A power, with raised digits where there are some."""
        text = exponent.text
        if elementwise or not all(c in _RAISED for c in text):
            return super().superscript(base, exponent, elementwise)
        return Piece((*base.parts, Text("".join(_RAISED[c] for c in text))), POW)

    def subscript(self, base: Piece, under: Piece) -> Piece:
        """Something with a subscript, in small letters where there are some."""
        return piece(base.text + lowered(under.text))

    def root(self, inner: Piece) -> Piece:
        """A square root."""
        return Piece((Text("√"), *self.atom(inner).parts), POW)

    def big(self, word: str, under: Piece, body: Piece) -> Piece:
        """A sum, a product or a maximum over indices."""
        return Piece((Text(f"{self._words.get(word, word)}{lowered(under.text)} "), *body.parts), BIG)


class Ascii(Plain):
    """Text in ASCII alone: elementwise signs have a dot, as in languages for matrices."""

    between: ClassVar[dict[str, str]] = Plain.between | {"odot": " .* ", "oslash": " ./ ", "otimes": " kron "}
    signs: ClassVar[dict[str, str]] = Plain.signs | {"nabla": "D"}
    elementwise = "."

    def superscript(self, base: Piece, exponent: Piece, elementwise: bool = False) -> Piece:
        """A power: ``x.^2``."""
        if not elementwise:
            return super().superscript(base, exponent)
        return Piece((*base.parts, Text(f".^{self.atom(exponent).text}")), POW)


__all__ = ["Ascii", "Plain", "Unicode"]
