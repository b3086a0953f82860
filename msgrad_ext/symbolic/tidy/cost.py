"""What a formula costs its reader: the glyphs on the page, without blanks, bars and the size of brackets."""

from __future__ import annotations

from functools import lru_cache

from ..notation import ONE, Node

ADD, HAD, MUL, POW, ATOM = range(5)
_CALL = 3
COLON = 4
_PAIRED = ("add", "had", "scale", "prod")


@lru_cache(maxsize=65536)
def cost(node: Node) -> int:
    """The glyphs of ``node``."""
    return _cost(node)


def within(node: Node, level: int) -> int:
    """The glyphs of ``node`` as a part of something that binds as ``level``: with its parentheses."""
    return cost(node) + (2 if strength(node) < level else 0)


def strength(node: Node) -> int:
    """How tightly ``node`` binds."""
    if node.kind == "scale":
        if node.data < 0:
            return ADD
        return strength(node.args[-1]) if node.args[-1].kind == "had" else MUL
    if node.kind == "number" and node.data.is_Add:
        return ADD
    return {"add": ADD, "had": HAD, "prod": MUL, "pow": POW}.get(node.kind, ATOM)


def _cost(node: Node) -> int:
    kind, args = node.kind, node.args
    if kind == "number":
        return len(str(node.data).replace(" ", "").replace("**", ""))
    if kind in ("name", "ones", "eye"):
        return 1 if kind == "name" else 2
    if kind == "T" and args[0].kind == "of" and args[0].data == "InverseMatrix":
        return cost(args[0])
    if kind in ("T", "row"):
        return within(args[0], ATOM) + 1
    if kind == "prod":
        return sum(within(arg, MUL) for arg in args)
    if kind == "had":
        return sum(within(arg, HAD + 1) for arg in args) + len(args) - 1
    if kind == "add":
        return _sum(node)
    if kind == "scale":
        return _scale(node)
    if kind == "pow":
        return _power(node)
    if kind == "of" and node.data == "InverseMatrix":
        return within(args[0], ATOM) + 2
    if kind == "each":
        return cost(args[0])
    if kind in ("entry", "index"):
        return sum(cost(arg) for arg in args) + 1
    if kind == "slice":
        # A colon is a stumbling block, and more than what it spares.
        return sum(cost(arg) for arg in args) + 1 + COLON * _colons(node.data[1])
    if kind in ("relation", "between"):
        return sum(cost(arg) for arg in args) + len(args) - 1
    if kind in ("isum", "csum"):
        return 1 + len(node.data) + sum(cost(arg) for arg in args[1:]) + within(args[0], HAD)
    if kind == "norm":
        return cost(args[0]) + 2
    return sum(cost(arg) for arg in args) + len(args) - 1 + _CALL


def _colons(places: tuple[bool | None, ...]) -> int:
    """Axes that are left before one that is fixed."""
    last = max((at for at, taken in enumerate(places) if taken), default=0)
    return sum(taken is False for taken in places[:last])


def _sum(node: Node) -> int:
    total, positive = len(node.args) - 1, False
    for arg in node.args:
        sign = negative(arg)
        positive = positive or not sign
        total += cost(arg) - sign
    return total + (not positive)


def negative(node: Node) -> bool:
    """True for what is written with a minus before it."""
    return (node.kind == "scale" and bool(node.data < 0)) or (
        node.kind == "number" and node.data.could_extract_minus_sign()
    )


def _scale(node: Node) -> int:
    above, below = abs(node.data.p), node.data.q
    total, fraction = int(bool(node.data < 0)), below != 1
    total += len(str(above)) if above != 1 else 0
    total += len(str(below)) if below != 1 else 0
    over = above != 1
    for scalar in node.args[:-1]:
        under = scalar.kind == "pow" and bool(scalar.data < 0)
        fraction = fraction or under
        over = over or not under
        total += within(
            Node("pow", scalar.args, (), -scalar.data)
            if under and scalar.data != -1
            else scalar.args[0]
            if under
            else scalar,
            MUL,
        )
    main = node.args[-1]
    total += 0 if main == ONE else within(main, HAD)
    # A fraction has a bar, and something over it.
    return total + fraction + (fraction and not over)


def _power(node: Node) -> int:
    exponent = node.data
    text = 1 if exponent.is_Integer and 0 < exponent < 10 else 2 if exponent.is_Integer else 3
    if abs(exponent) == 1 / exponent.q and exponent.q == 2:
        return cost(node.args[0]) + 1 + (2 if exponent < 0 else 0)
    if not node.shape and exponent < 0:
        return 2 + (cost(node.args[0]) if exponent == -1 else within(node.args[0], ATOM) + text - 1)
    if node.shape and exponent == -1:
        return within(node.args[0], ATOM) + 2
    return within(node.args[0], ATOM) + text + (1 if node.shape else 0)


@lru_cache(maxsize=65536)
def key(node: Node) -> str:
    """A text that orders trees the same in every run."""
    inner = ",".join(key(arg) for arg in node.args)
    return f"{node.kind}:{node.data}({inner})"


@lru_cache(maxsize=65536)
def unordered(node: Node) -> str:
    """A text that is the same for trees that differ in the order of sums and of elementwise products only."""
    parts = [unordered(arg) for arg in node.args]
    if node.kind in ("add", "had", "scale", "inner"):
        parts.sort()
    return f"{node.kind}:{node.data}({','.join(parts)})"


__all__ = ["cost", "key", "negative", "strength", "unordered", "within"]
