"""What every kind of text must be able to say: signs, powers, fractions, fences."""

from __future__ import annotations

from collections.abc import Sequence

from ..names import Name, Numeral
from .pieces import Cut, Piece


class Signs:
    """Base of printers; each method makes a piece of text and says how strongly it binds."""

    def given(self, name: Name | Numeral, accents: Sequence[str]) -> Piece:
        """A name, with the marks of cotangents."""
        raise NotImplementedError

    def digits(self, value: str) -> Piece:
        """A number in digits, as Python writes it."""
        raise NotImplementedError

    def sign(self, key: str) -> Piece:
        """A sign by its key."""
        raise NotImplementedError

    def function(self, word: str) -> Piece:
        """The name of a function."""
        raise NotImplementedError

    def letter(self, text: str) -> Piece:
        """The letter of an index."""
        raise NotImplementedError

    def superscript(self, base: Piece, exponent: Piece, elementwise: bool = False) -> Piece:
        """A power."""
        raise NotImplementedError

    def subscript(self, base: Piece, under: Piece) -> Piece:
        """Something with a subscript."""
        raise NotImplementedError

    def fraction(self, above: Piece, below: Piece) -> Piece:
        """A fraction of numbers or scalars."""
        raise NotImplementedError

    def root(self, inner: Piece) -> Piece:
        """A square root."""
        raise NotImplementedError

    def fence(self, inner: Piece, kind: str = "(") -> Piece:
        """Something in parentheses or other bars."""
        raise NotImplementedError

    def big(self, word: str, under: Piece, body: Piece) -> Piece:
        """A sum, a product or a maximum over indices."""
        raise NotImplementedError

    def entry(self, head: Piece, at: Piece) -> Piece:
        """An element of an array."""
        raise NotImplementedError

    def cut(self, key: str = "", cost: int = 0) -> Cut:
        """The blank before a sign, or between factors; a line may be broken there."""
        raise NotImplementedError


__all__ = ["Signs"]
