"""The kinds of nodes that indexed notation needs: entries, sums over indices, conditions, positions."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Integer

from ..notation import Node
from .pieces import ADD, ATOM, BIG, HAD, MUL, Piece
from .second import SecondPrinter

_MATRICES = {"InverseMatrix": "inv", "LogDeterminant": "logdet", "Lower": "chol"}


class IndexedPrinter(SecondPrinter):
    """Structure and precedence of all kinds."""

    def letters(self, texts: Sequence[str]) -> Piece:
        """The letters of indices, listed."""
        return self.listed([self.letter(text) for text in texts])

    def _entry(self, node: Node) -> Piece:
        head = self.named(node.data)
        return self.entry(head, self.listed([self.piece(i) for i in node.args])) if node.args else head

    def _index(self, node: Node) -> Piece:
        return self.letter(node.data)

    def _each(self, node: Node) -> Piece:
        return self.piece(node.args[0])

    def _unshown(self, node: Node) -> Piece:
        return self.letter("...")

    def _slice(self, node: Node) -> Piece:
        """An array at some of its indices; a colon stands for an axis that is left, but at the end."""
        key, places = node.data
        left = iter(node.args)
        at = [self.piece(next(left)) if taken else self.letter(":") for taken in places if taken is not None]
        while at and at[-1].text == ":":
            at.pop()
        head = self.named(key)
        return self.entry(head, self.listed(at)) if at else head

    def _isum(self, node: Node) -> Piece:
        return self.big("sum", self.under(node), self.piece(node.args[0], BIG))

    _csum = _isum

    def _imax(self, node: Node) -> Piece:
        return self.big(node.kind[1:], self.letters(node.data), self.piece(node.args[0], BIG))

    _imin = _imax

    def _iprod(self, node: Node) -> Piece:
        return self.big("prod", self.under(node), self.piece(node.args[0], BIG))

    def under(self, node: Node) -> Piece:
        """What stands under a sign: the letters that no condition begins with, and the conditions."""
        found: list[Piece] = []
        said: set[str] = set()
        for condition in node.args[1:]:
            if condition.kind == "place":
                here = self.several([self.letter(text) for text in node.data])
                found.append(self.chain([here, self.several([self.piece(i) for i in condition.args])], "!=", 0))
                said |= set(node.data)
            else:
                found.append(self.piece(condition))
                said.add(condition.args[0].data)
        return self.listed([*(self.letter(text) for text in node.data if text not in said), *found])

    def _iplace(self, node: Node) -> Piece:
        """``argmax`` or ``argsort``, which counts up; of several letters with what is counted by them."""
        body, position, *rank = node.args
        least = body.kind == "scale" and body.data == -1 and len(body.args) == 1
        if rank:
            # Descending is ascending for the opposite numbers.
            body = body.args[0] if least else Node("scale", (body,), (), Integer(-1))
            found = self.read(self.bound("argsort", node.data, self.piece(body)), [self.piece(rank[0])])
        else:
            word = "argmin" if least else "argmax"
            found = self.bound(word, node.data, self.piece(body.args[0] if least else body))
        if position.kind == "index":
            return found
        letters = self.several([self.letter(text) for text in node.data])
        return self.chain([self.piece(position, ADD), self.chain([letters, found], "=", 0)], "|", 0)

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
