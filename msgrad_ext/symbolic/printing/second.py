"""The kinds of nodes that second order needs: blocks of a Hessian, their products with directions, Kronecker products."""

from __future__ import annotations

from sympy import Integer

from ..notation import Node
from .base import Printer
from .pieces import ATOM, HAD, MUL, POW, Piece


class SecondPrinter(Printer):
    """Structure and precedence of these kinds."""

    def _nabla(self, node: Node) -> Piece:
        """The block by two arrays."""
        square = self.superscript(self.sign("nabla"), self.number(Integer(2)))
        return Piece(self.subscript(square, self.listed([self.piece(arg) for arg in node.args])).parts, POW)

    def _along(self, node: Node) -> Piece:
        """A block times a direction; in brackets where it is no product of matrices."""
        block, direction = (self.piece(arg) for arg in node.args)
        if node.data != "map":
            return self.row([block, direction])
        return Piece((*block.parts, *self.fence(direction, "[").parts), ATOM)

    def _element(self, node: Node) -> Piece:
        """An element of something that has no name."""
        whole, *at = (self.piece(arg) for arg in node.args)
        return self.entry(self.fence(whole) if whole.level < MUL else whole, self.listed(at))

    def _vec(self, node: Node) -> Piece:
        return self.call("vec", self.piece(node.args[0]))

    def _kron(self, node: Node) -> Piece:
        plain = ("prod", "scale", "add", "had", "kron", "number")
        sides = [self.piece(one, ATOM if one.kind in plain else 0) for one in node.args]
        return self.chain(sides, "otimes", HAD)

    def _commute(self, node: Node) -> Piece:
        """The matrix that turns ``vec(A)`` into ``vec(A^T)``."""
        sign, *lengths = node.data
        return self.subscript(self.letter(sign), self.listed([self.number(n) for n in lengths]))


__all__ = ["SecondPrinter"]
