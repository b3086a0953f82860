"""Declared facts in notation trees: what is symmetric, and the few rules that are easier on a tree than in indices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sympy import Integer

from .facts import Facts
from .notation import Node, flip, scaled

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
    """``node`` without the transposes that ``facts`` make needless."""
    args = tuple(plainer(arg, facts, used) for arg in node.args)
    if args != node.args:
        node = replace(node, args=args)
    if node.kind == "T" and is_symmetric(node.args[0], facts):
        is_symmetric(node.args[0], facts, used)
        return node.args[0]
    if node.kind == "T" and node.args[0].kind == "name":
        source = facts.source(node.args[0].data, "antisymmetric")
        if source is not None:
            if used is not None:
                used(node.args[0].data, source)
            return scaled(Integer(-1), [], node.args[0])
    return node


__all__ = ["is_symmetric", "plainer"]
