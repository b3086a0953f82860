"""Products: inverses that meet their matrix, signs moved into sums, scalars turned, squares as norms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product as choices

from sympy import Integer, Rational

from ..notation import Node, added, flip, hadamard, negated, power, product, row, scaled, transpose
from .cost import cost, key, negative
from .sums import like


def shorter(node: Node) -> Node:
    """A product in another, shorter form; itself if there is none."""
    parts = _cancelled(list(node.args))
    if len(parts) < len(node.args):
        return product(*parts) if parts else node
    best = min((*_variants(node), node), key=lambda one: (cost(one), one is not node))
    if best is node and not node.shape:
        turned = product(*(flip(part) for part in reversed(node.args)))
        return min(node, turned, key=lambda one: (cost(one), one.args[-1].kind == "ones", key(one)))
    return best


def _variants(node: Node) -> Iterator[Node]:
    args = node.args
    for place, part in enumerate(args):
        opened = _opened(part)
        if opened:
            yield product(*_cancelled([*args[:place], *opened, *args[place + 1 :]]))
        if part.kind == "add" or (part.kind == "row" and part.args[0].kind == "add"):
            yield from _distributed(node, place)
    if len(args) == 3 and args[0].kind == args[2].kind == "diag" and len(args[1].shape) == 2:
        yield hadamard(args[1], product(args[0].args[0], row(args[2].args[0])))
    half = square_root(node)
    if half is not None:
        yield power(norm(half), Integer(2))


def _distributed(node: Node, place: int) -> Iterator[Node]:
    """A product with one of its sums multiplied out, where terms cancel or meet then."""
    part, args = node.args[place], node.args
    inner = part.args[0] if part.kind == "row" else part
    if not all(term.shape for term in inner.args):
        return
    turned = part.kind == "row"
    terms = [product(*args[:place], row(term) if turned else term, *args[place + 1 :]) for term in inner.args]
    found = like(added(terms, node.shape))
    if len(found) < len(terms):
        yield added(found, node.shape)


def norm(a: Node) -> Node:
    """The Euclidean norm of a vector, or the Frobenius norm of a matrix."""
    return Node("norm", (a,), ())


def square_root(node: Node) -> Node | None:
    """The vector or matrix whose sum of squares ``node`` is."""
    if node.kind == "inner" and node.args[0] == node.args[1]:
        return node.args[0]
    if node.kind != "prod" or node.shape:
        return None
    args = node.args
    if args[0].kind == "row" and args[0].args[0].kind == "ones":
        summed = args[1:-1] if args[-1].kind == "ones" else args[1:]
        if len(summed) == 1 and summed[0].kind == "pow" and summed[0].data == 2:
            return summed[0].args[0]
    if len(args) % 2 == 0:
        half = args[len(args) // 2 :]
        if all(flip(part) == other for part, other in zip(reversed(half), args)):
            return product(*half)
    return None


def _inverse(part: Node) -> Node | None:
    """The matrix that ``part`` is the inverse of."""
    turned = part.kind == "T"
    inner = part.args[0] if turned else part
    if inner.kind != "of" or inner.data != "InverseMatrix":
        return None
    return transpose(inner.args[0]) if turned else inner.args[0]


def _cancelled(parts: list[Node]) -> list[Node]:
    """``parts`` without neighbours that are inverses of each other."""
    result: list[Node] = []
    for part in parts:
        before = result[-1] if result else None
        if before is not None and len(parts) > 2 and (_inverse(part) == before or _inverse(before) == part):
            result.pop()
        else:
            result.append(part)
    return result


def _opened(part: Node) -> list[Node]:
    """The inverse of a product of square matrices as a product of inverses."""
    inner = _inverse(part)
    if inner is None or inner.kind != "prod":
        return []
    if any(len(one.shape) != 2 or one.kind == "row" or one.shape[0] != one.shape[1] for one in inner.args):
        return []
    return [inverse(one) for one in reversed(inner.args)]


def inverse(a: Node) -> Node:
    """The inverse of a matrix; of a transpose, the transpose of the inverse."""
    if a.kind == "T":
        return transpose(inverse(a.args[0]))
    found = _inverse(a)
    return found if found is not None else Node("of", (a,), a.shape, "InverseMatrix")


def traced(node: Node) -> Node:
    """A trace at its shortest: turned round, transposed, or as the sum of an elementwise product."""
    inner = node.args[0] if node.kind == "trace" else product(transpose(node.args[0]), node.args[1])
    if inner.kind == "scale":
        return scaled(inner.data, inner.args[:-1], Node("trace", inner.args[-1:]))
    found = [inner, transpose(inner)]
    if inner.kind == "prod":
        turns = range(1, len(inner.args))
        found += [product(*inner.args[turn:], *inner.args[:turn]) for turn in turns if len(inner.args[turn].shape) == 2]
        found += [transpose(one) for one in found]
    best = min(found, key=lambda one: (cost(one), key(one)))
    return min(Node("trace", (best,)), node, key=cost)


def signed(node: Node) -> Node:
    """``node`` with the signs of its sums chosen so that it has the fewest minus signs."""
    coefficient, scalars, main = (node.data, node.args[:-1], node.args[-1]) if node.kind == "scale" else (1, (), node)
    parts = list(main.args) if main.kind in ("prod", "had") else [main]
    sums = [place for place, part in enumerate(parts) if _sum_of(part) is not None][:3]
    found = [node]
    for flips in choices((False, True), repeat=len(sums)):
        turned = list(parts)
        for place, flipped in zip(sums, flips):
            turned[place] = _opposite(parts[place]) if flipped else parts[place]
        sign = Rational(-1) ** sum(flips)
        body = _rebuilt(main, turned)
        found.append(scaled(coefficient * sign, scalars, body))
    return min(found, key=lambda one: (cost(one), _all_negative(one), one is not node))


def _all_negative(node: Node) -> bool:
    """True if a sum in a product has minus signs only."""
    main = node.args[-1] if node.kind == "scale" else node
    sums = [_sum_of(part) for part in (main.args if main.kind in ("prod", "had") else (main,))]
    return any(one is not None and all(map(negative, one.args)) for one in sums)


def _sum_of(part: Node) -> Node | None:
    inner = part.args[0] if part.kind in ("row", "T") else part
    return inner if inner.kind == "add" else None


def _opposite(part: Node) -> Node:
    if part.kind in ("row", "T"):
        return Node(part.kind, (negated(part.args[0]),), part.shape)
    return negated(part)


def _rebuilt(main: Node, parts: Sequence[Node]) -> Node:
    if main.kind == "prod":
        return product(*parts)
    return hadamard(*parts) if main.kind == "had" else parts[0]


__all__ = ["inverse", "norm", "shorter", "signed", "square_root", "traced"]
