"""Notation that does not explain itself, in words for the notes of a formula."""

from __future__ import annotations

from ..notation import Node

_FUNCTIONS = {
    "Minor": "cof(A) is the matrix of the cofactors of A",
    "Lower": "chol(A) is the lower triangular factor of A's symmetric part",
}


def conventions(*nodes: Node) -> list[str]:
    """A sentence for each notation in ``nodes`` that needs one, in the order in which they are met."""
    found: dict[str, None] = {}
    stack = list(reversed(nodes))
    while stack:
        one = stack.pop()
        said = _said(one)
        if said:
            found[said] = None
        stack += reversed(one.args)
    return list(found)


def _said(node: Node) -> str | None:
    if node.kind == "each":
        return _letters(node)
    if node.kind == "softmax" and len(node.shape) == 2:
        return "softmax acts on each row of a matrix"
    if node.kind == "pow" and len(node.shape) == 2 and node.data.q == 2:
        return "the root of a matrix is taken element by element"
    if node.kind == "of":
        return _FUNCTIONS.get(node.data)
    if node.kind == "imatrix" and len(node.args) > 1:
        return "a function with indices below it is of the matrix over these, and is read at the indices behind it"
    if node.kind == "ishare":
        return "softmax over the index below it is read at the index behind it"
    return None


def _letters(node: Node) -> str | None:
    """Where letters run, and what is left of an array at an index."""
    ranges = ", ".join(f"{letter} < {n}" for letter, n in node.data[1])
    if not ranges:
        return None
    stack = [node]
    while stack:
        one = stack.pop()
        if one.kind == "slice":
            return f"subscripts ({ranges}, from 0) are indices of arrays; what has one axis left is a column"
        stack += one.args
    return f"indices count from 0: {ranges}"


__all__ = ["conventions"]
