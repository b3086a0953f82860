"""LaTeX that KaTeX in its strict mode, MathJax and amsmath all take."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..names import Name, Numeral, grouped
from ..scalar import SCALARS
from .indexed import IndexedPrinter
from .pieces import ATOM, BIG, MUL, POW, Cut, Fence, Piece, Text, piece

_SIGNS = {
    "nabla": "\\nabla",
    "negative": "-",
    "top": "\\top",
    "ones": "\\mathbf{1}",
    "indicator": "\\mathbf{1}",
}
_BETWEEN = {
    "": " ",
    "words": "\\,",
    "times": " \\cdot ",
    "plus": " + ",
    "minus": " - ",
    "odot": " \\odot ",
    "oslash": " \\oslash ",
    "otimes": " \\otimes ",
    "comma": ", ",
    "slash": "/",
    "div": "/",
    "mod": " \\bmod ",
    "|": " \\mid ",
    "<=": " \\le ",
    ">=": " \\ge ",
    "!=": " \\ne ",
    "==": " = ",
}
_FENCES = {
    "(": ("(", ")"),
    "[": ("[", "]"),
    "|": ("|", "|"),
    "norm": ("\\lVert ", "\\rVert"),
    "angle": ("\\langle ", "\\rangle"),
    "floor": ("\\lfloor ", "\\rfloor"),
    "ceil": ("\\lceil ", "\\rceil"),
}
_COMMANDS = {word: f"\\{word}" for word in ("exp", "log", "det", "max", "min", "tanh")}
_COMMANDS |= {kind.word: kind.command for kind in SCALARS.values() if kind.command}
_COMMANDS["step_half"] = "\\operatorname{step}_{1/2}"
# What stands above or below the line is smaller than what stands on it.
SMALL = 0.7
_LOW = re.compile(r"(?<!\\)_")
_TALL = re.compile(r"\\frac|\\sum|\\prod|\\sqrt")


class Latex(IndexedPrinter):
    """LaTeX."""

    def given(self, name: Name | Numeral, accents: Sequence[str]) -> Piece:
        """A name; a number in digits may begin with a minus or end with a power."""
        if isinstance(name, Name):
            width = (1.0 if name.letter else len(name.base)) + SMALL * len(name.under)
            return piece(name.latex(accents), width=width)
        found = piece(name.digits, MUL if name.power else ATOM, len(name.plain))
        return self.negative(found) if name.minus else found

    def digits(self, value: str) -> Piece:
        """A number in digits."""
        return piece(value)

    def sign(self, key: str) -> Piece:
        """A sign by its key."""
        return piece(_SIGNS[key], width=1.0)

    def function(self, word: str) -> Piece:
        """The name of a function."""
        if word == "sigmoid" and self.sigma:
            return piece("\\sigma", width=1.0)
        return piece(_COMMANDS.get(word) or f"\\operatorname{{{word.replace('_', ' ')}}}", width=len(word))

    def letter(self, text: str) -> Piece:
        """The letter of an index; one with a prime takes no power."""
        return piece(text, POW if "'" in text else ATOM)

    def superscript(self, base: Piece, exponent: Piece, elementwise: bool = False) -> Piece:
        """A power."""
        inner = self.fence(exponent) if elementwise and exponent.level < MUL and exponent.bare is None else exponent
        mark = "\\odot " if elementwise else ""
        width = SMALL * (exponent.width + len(mark[:1]))
        return Piece((*base.parts, Text(f"^{grouped(mark + inner.text)}", width)), POW)

    def subscript(self, base: Piece, under: Piece) -> Piece:
        """Something with a subscript; it may have a power."""
        return piece(f"{base.text}_{grouped(under.text)}", width=base.width + SMALL * under.width)

    def fraction(self, above: Piece, below: Piece) -> Piece:
        """A fraction."""
        return piece(f"\\frac{{{above.text}}}{{{below.text}}}", width=max(above.width, below.width))

    def root(self, inner: Piece) -> Piece:
        """A square root."""
        return piece(f"\\sqrt{{{inner.text}}}", width=1.0 + inner.width)

    def fence(self, inner: Piece, kind: str = "(") -> Piece:
        """Parentheses that grow with what is tall, and have one size where a line ends between them."""
        left, right = _FENCES[kind]
        tall = _TALL.search(inner.text) is not None
        size, grow = ("Big", ("\\left", "\\right")) if tall else ("big", ("", ""))
        first = Fence(f"{grow[0]}{left}", f"\\{size}l{left}", True, 1.0)
        return Piece((first, *inner.parts, Fence(f"{grow[1]}{right}", f"\\{size}r{right}", False, 1.0)), ATOM)

    def big(self, word: str, under: Piece, body: Piece) -> Piece:
        """A sum, a product or a maximum over indices."""
        first = Text(f"\\{word}_{grouped(under.text)} ", max(2.0, SMALL * under.width))
        return Piece((first, *body.parts), BIG)

    def entry(self, head: Piece, at: Piece) -> Piece:
        """An element of an array, in parentheses if its name has a subscript."""
        called = "(" in head.text
        return self.subscript(
            self.fence(head, "[" if called else "(") if called or _LOW.search(head.text) else head, at
        )

    def cut(self, key: str = "", cost: int = 0) -> Cut:
        """The blank before a sign, or between factors."""
        return Cut(_BETWEEN.get(key) or f" {key} ", cost, 2.0 if key else 0.3)


__all__ = ["Latex"]
