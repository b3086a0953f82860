"""Declared facts in notation trees: what is symmetric, and the few rules that are easier on a tree than in indices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from sympy import Integer

from .facts import Facts
from .notation import Node, eye, flip, product, scaled, transpose

Used = Callable[[str, str], None]
# Elementwise or linear kinds that keep symmetry, and those whose arrays are symmetric whatever stands in them.
_KEEPS = ("add", "had", "scale", "pow", "fn")
_ALWAYS = ("eye", "diag")


def is_symmetric(node: Node, facts: Facts, used: Used | None = None) -> bool:
    """True if a matrix is certainly its own transpose, by its form or by what was declared."""
    if len(node.shape) != 2:
        return False
    if node.kind in _ALWAYS:
        return True
    if node.kind == "name":
        source = facts.source(node.data, "symmetric")
        if source is not None and used is not None:
            used(node.data, source)
        return source is not None
    if node.kind == "T":
        return is_symmetric(node.args[0], facts, used)
    if node.kind == "of":
        return node.data in ("InverseMatrix", "Minor") and is_symmetric(node.args[0], facts, used)
    if node.kind in _KEEPS:
        return all(is_symmetric(arg, facts, used) for arg in node.args if arg.shape)
    if node.kind == "prod":
        # A A^T, x x^T, A^T S A: each factor is the transpose of the one across.
        parts = [plainer(part, facts, used) for part in node.args]
        return parts == [plainer(flip(part), facts, used) for part in reversed(parts)]
    return False


def plainer(node: Node, facts: Facts, used: Used | None = None) -> Node:
    """``node`` without the transposes and inverses that ``facts`` make needless."""
    args = tuple(plainer(arg, facts, used) for arg in node.args)
    if args != node.args:
        node = replace(node, args=args)
    rule = _RULES.get(node.kind)
    found = None if rule is None else rule(node, facts, used or (lambda array, word: None))
    return node if found is None else found


def _transposed(node: Node, facts: Facts, used: Used) -> Node | None:
    """The transpose of what is symmetric, antisymmetric, or the inverse of an orthogonal matrix."""
    (inner,) = node.args
    if is_symmetric(inner, facts):
        is_symmetric(inner, facts, used)
        return inner
    if inner.kind == "name" and _has(inner, "antisymmetric", facts, used):
        return scaled(Integer(-1), [], inner)
    return None


def _inverted(node: Node, facts: Facts, used: Used) -> Node | None:
    """The inverse of an orthogonal matrix is its transpose."""
    inner = node.args[0]
    name = inner.args[0] if inner.kind == "T" else inner
    if node.data == "InverseMatrix" and name.kind == "name" and _has(name, "orthogonal", facts, used):
        return transpose(inner)
    return None


def _multiplied(node: Node, facts: Facts, used: Used) -> Node | None:
    """A product without an orthogonal matrix beside its transpose."""
    parts = list(node.args)
    for at, (first, second) in enumerate(pairwise(parts)):
        turned = first.kind == "T"
        name = first.args[0] if turned else first
        if (
            name.kind != "name"
            or len(name.shape) != 2
            or second != (name if turned else Node("T", (name,), name.shape[::-1]))
        ):
            continue
        # Q^T Q is the identity; Q Q^T is it for a square Q only.
        if (turned or name.shape[0] == name.shape[1]) and _has(name, "orthogonal", facts, used):
            return product(*parts[:at], eye(first.shape[0]), *parts[at + 2 :])
    return None


def _has(node: Node, word: str, facts: Facts, used: Used) -> bool:
    source = facts.source(node.data, word)
    if source is not None:
        used(node.data, source)
    return source is not None


_RULES: dict[str, Callable[[Node, Facts, Used], Node | None]] = {
    "T": _transposed,
    "of": _inverted,
    "prod": _multiplied,
}


__all__ = ["is_symmetric", "plainer"]
