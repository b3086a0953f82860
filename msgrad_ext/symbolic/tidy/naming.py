"""Closed forms over named values: which names are worth their definition, and the definitions of those that are."""

from __future__ import annotations

from collections.abc import Mapping

from ..notation import Node, negated, power
from .cost import cost, unordered
from .driver import rebuilt, tidy

# What a reader spends on a definition beside reading it: its name and the sign of equality.
OVERHEAD = 2
Definitions = dict[str, Node]


def names(node: Node) -> dict[str, int]:
    """The keys of the arrays that a tree names, and how often."""
    found: dict[str, int] = {}
    stack = [node]
    while stack:
        one = stack.pop()
        if one.kind in ("name", "entry", "slice"):
            key = one.data[0] if one.kind == "slice" else one.data
            found[key] = found.get(key, 0) + 1
        stack += one.args
    return found


def replaced(node: Node, values: Mapping[str, Node]) -> Node:
    """``node`` with names replaced."""
    if node.kind == "name":
        return values.get(node.data, node)
    args = tuple(replaced(arg, values) for arg in node.args)
    return node if args == node.args else rebuilt(node, args)


def settled(node: Node, definitions: Definitions) -> tuple[Node, Definitions]:
    """``node`` and the definitions worth keeping, in their order; the others are put in where they are used."""
    kept: Definitions = {}
    same: dict[Node, Node] = {}
    renamed: dict[str, Node] = {}
    for key, value in definitions.items():
        value = replaced(value, renamed)
        if value in same and not _in_indices(key, node, *definitions.values()):
            renamed[key] = same[value]
            continue
        if value.kind != "each":
            same[value] = Node("name", (), value.shape, key)
        kept[key] = value
    node = replaced(node, renamed)
    for key in reversed(list(kept)):
        count = sum(names(one).get(key, 0) for one in (node, *kept.values()))
        value = kept[key]
        short = (count == 1 or cost(value) <= OVERHEAD) and value.kind != "each"
        if count == 0 or (short and not _in_indices(key, node, *kept.values())):
            del kept[key]
            node = tidy(replaced(node, {key: value}))
            kept = {name: tidy(replaced(one, {key: value})) for name, one in kept.items()}
    return node, kept


def folded(full: Node, definitions: Definitions) -> tuple[Node, Definitions]:
    """``full`` with names where it holds what ``definitions`` say, and those of them that this uses."""
    whole: Definitions = {}
    for key, value in definitions.items():
        whole[key] = tidy(replaced(value, whole))
        full = _named(full, whole[key], Node("name", (), value.shape, key))
    return settled(full, definitions)


def _named(node: Node, value: Node, short: Node) -> Node:
    """``node`` with ``short`` wherever ``value`` stands, and its powers where powers of ``value``'s base do."""
    if node.kind == value.kind and node.shape == value.shape:
        if unordered(node) == unordered(value):
            return short
        if node.kind == "add" and unordered(negated(node)) == unordered(value):
            return negated(short)
    if (
        node.kind == value.kind == "pow"
        and unordered(node.args[0]) == unordered(value.args[0])
        and (node.data / value.data).is_Integer
    ):
        return power(short, node.data / value.data)
    args = tuple(_named(arg, value, short) for arg in node.args)
    return node if args == node.args else rebuilt(node, args)


def _in_indices(key: str, *trees: Node) -> bool:
    """True if an element of the array is read, so that no matrix can stand there; or its own form is in indices."""
    stack = list(trees)
    while stack:
        one = stack.pop()
        if (one.kind == "entry" and one.data == key) or (one.kind == "slice" and one.data[0] == key):
            return True
        stack += one.args
    return False


def price(node: Node, definitions: Definitions) -> int:
    """What a reader has to read."""
    return cost(node) + sum(cost(value) + OVERHEAD for value in definitions.values())


__all__ = ["Definitions", "folded", "names", "price", "settled"]
