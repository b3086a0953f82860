"""Sums, products and slices under letters, as a printer writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Integer

from .notation import Node

ADD, HAD, MUL, ATOM = 1, 2, 3, 4
# What reaches to the end of a product needs no parentheses as its last factor.
REACHING = ("isum", "csum", "iprod", "imax", "imin")


class IndexPrinting:
    """What a printer says of nodes with indices; a part of `Printer`."""

    latex = False
    show: Any
    name: Any

    def _each(self, node: Node) -> tuple[str, int]:
        return self.show(node.args[0]), ADD

    def _unshown(self, node: Node) -> tuple[str, int]:
        return ("\\ldots" if self.latex else "..."), ATOM

    def _isum(self, node: Node) -> tuple[str, int]:
        body, *conditions = node.args
        head = "\\sum" if self.latex else "sum"
        return f"{head}_{{{self.under(node.data, conditions)}}} {self.show(body, HAD)}", HAD

    _csum = _isum

    def _iprod(self, node: Node) -> tuple[str, int]:
        body, *conditions = node.args
        head = "\\prod" if self.latex else "prod"
        return f"{head}_{{{self.under(node.data, conditions)}}} {self.show(body, HAD)}", HAD

    def _iplace(self, node: Node) -> tuple[str, int]:
        """``argmax`` or ``argsort``, which counts up; of several letters with what is counted by them."""
        body, position, *rank = node.args
        least = body.kind == "scale" and body.data == -1 and len(body.args) == 1
        if rank:
            # Descending is ascending for the opposite numbers.
            body = body.args[0] if least else Node("scale", (body,), (), Integer(-1))
            call = self.applied("argsort", node.data, body)
            at = self.show(rank[0])
            found = f"\\left[{call}\\right]_{{{at}}}" if self.latex else f"{call}[{at}]"
        else:
            found = self.applied("argmin" if least else "argmax", node.data, body.args[0] if least else body)
        if position.kind == "index":
            return found, ATOM
        letters = f"({', '.join(node.data)})" if len(node.data) > 1 else node.data[0]
        at = "\\text{ at }" if self.latex else " at "
        return f"{self.show(position, ADD)}{at}{letters} = {found}", 0

    def applied(self, word: str, letters: Sequence[str], body: Node) -> str:
        """A function over letters."""
        head = f"\\operatorname{{{word}}}" if self.latex else word
        inner = f"\\left({self.show(body)}\\right)" if self.latex else f"({self.show(body)})"
        return f"{head}_{{{', '.join(letters)}}}{inner}"

    def under(self, letters: Sequence[str], conditions: Sequence[Node]) -> str:
        """What stands under a sign: conditions, and the letters that none of them begins with."""
        differ, several = " \\ne " if self.latex else " != ", ("({})" if len(letters) > 1 else "{}").format
        texts, said = [], set()
        for condition in conditions:
            if condition.kind == "place":
                at = ", ".join(self.show(i) for i in condition.args)
                texts.append(several(", ".join(letters)) + differ + several(at))
                said |= set(letters)
            else:
                texts.append(self.show(condition))
                said.add(condition.args[0].data)
        return ", ".join([*(one for one in letters if one not in said), *texts])

    def _slice(self, node: Node) -> tuple[str, int]:
        """An array at some of its indices; a colon stands for an axis that is left, but at the end."""
        key, places = node.data
        left = iter(node.args)
        at = [self.show(next(left)) if taken else ":" for taken in places]
        while at and at[-1] == ":":
            at.pop()
        head = self.name(key)
        if not at:
            return head, ATOM
        if self.latex:
            base = f"\\left({head}\\right)" if "_" in head else head
            return f"{base}_{{{', '.join(at)}}}", ATOM
        return f"{head}[{', '.join(at)}]", ATOM


def reaches(node: Node) -> bool:
    """True for what ends with a sum or its like: nothing may be multiplied to it from the right."""
    return node.kind in REACHING or (node.kind in ("prod", "scale") and reaches(node.args[-1]))


__all__ = ["ADD", "ATOM", "HAD", "MUL", "IndexPrinting", "reaches"]
