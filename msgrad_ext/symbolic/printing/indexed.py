"""The kinds of nodes that indexed notation needs: entries, sums over indices, conditions, positions."""

from __future__ import annotations

from collections.abc import Sequence

from ..notation import Node
from .base import Printer
from .pieces import ADD, ATOM, BIG, HAD, MUL, Piece

_MATRICES = {"InverseMatrix": "inv", "LogDeterminant": "logdet", "Lower": "chol"}


class IndexedPrinter(Printer):
    """Structure and precedence of all kinds."""

    def letters(self, texts: Sequence[str]) -> Piece:
        """The letters of indices, listed."""
        return self.listed([self.letter(text) for text in texts])

    def _entry(self, node: Node) -> Piece:
        head = self.named(node.data)
        return self.entry(head, self.listed([self.piece(i) for i in node.args])) if node.args else head

    def _index(self, node: Node) -> Piece:
        return self.letter(node.data)

    def _isum(self, node: Node) -> Piece:
        return self.big(node.kind[1:], self.letters(node.data), self.piece(node.args[0], BIG))

    _imax = _imin = _isum

    def _iprod(self, node: Node) -> Piece:
        body, left_out = node.args[0], node.args[1:]
        count = len(node.data)
        places = [left_out[at : at + count] for at in range(0, len(left_out), count)]
        here = self.several([self.letter(text) for text in node.data])
        different = [self.chain([here, self.several([self.piece(i) for i in at])], "!=", 0) for at in places]
        under = self.listed(different) if different else self.letters(node.data)
        return self.big("prod", under, self.piece(body, BIG))

    def several(self, pieces: Sequence[Piece]) -> Piece:
        """One, or several in parentheses."""
        return pieces[0] if len(pieces) == 1 else self.fence(self.listed(pieces))

    def _imatrix(self, node: Node) -> Piece:
        kind, *letters = node.data
        body, *places = (self.piece(arg) for arg in node.args)
        word = _MATRICES.get(kind) or ("det", "cof")[min(len(places), 1)]
        return self.read(self.bound(word, letters, body), places)

    def bound(self, word: str, letters: Sequence[str], body: Piece) -> Piece:
        """A function over indices."""
        head = self.subscript(self.function(word), self.letters(letters))
        return Piece((*head.parts, *self.fence(body).parts), ATOM)

    def read(self, found: Piece, places: Sequence[Piece]) -> Piece:
        """A result read at places."""
        return self.entry(found, self.listed(places)) if places else found

    def _ishare(self, node: Node) -> Piece:
        body, at = (self.piece(arg) for arg in node.args)
        return self.read(self.bound("softmax", node.data, body), [at])

    def _holds(self, node: Node) -> Piece:
        return self.fence_of("indicator", self.listed([self.piece(condition) for condition in node.args]))

    def _relation(self, node: Node) -> Piece:
        return self.chain([self.piece(arg, ADD) for arg in node.args], node.data, ADD, 2)

    def _between(self, node: Node) -> Piece:
        *low, moving, high = (self.piece(arg, ADD) for arg in node.args)
        start = self.chain([*low, moving], "<=", ADD, 2)
        return self.chain([start, high], "<", ADD, 2)

    def _over(self, node: Node) -> Piece:
        return self.chain([self.piece(arg, ATOM) for arg in node.args], "slash", MUL)

    def _floor(self, node: Node) -> Piece:
        over = self.chain([self.piece(arg, ATOM) for arg in node.args], "div", HAD)
        return over if self.flat else self.fence(over, "floor")

    def _mod(self, node: Node) -> Piece:
        return self.chain([self.piece(arg, MUL) for arg in node.args], "mod", HAD)


__all__ = ["IndexedPrinter"]
