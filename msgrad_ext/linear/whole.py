"""A symmetric matrix as one array with two axes: its blocks side by side, each half computed once.

Where many blocks are products of the same few arrays, as those of ``J^T J`` are, the arrays are put side by side and
multiplied once (`gram`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..ir import Graph, Var
from .arrays import Put
from .gram import gram
from .matrix import Matrix, turned_term
from .rules import Terms
from .spread import strides
from .term import Term


def whole(graph: Graph, directions: Sequence[Var]) -> Graph:
    """The symmetric matrix of ``graph`` as one array with two axes: all elements of all directions, one after the other.

    Directions and outputs of ``graph`` correspond, and have one dtype.
    """
    found = Matrix(graph, directions)
    found.run()
    lengths = [math.prod(var.shape) for var in directions]
    starts = [sum(lengths[:number]) for number in range(len(lengths))]
    total = sum(lengths)
    found.arrays.dtype = directions[0].dtype
    blocks: dict[tuple[int, int], Terms] = {}
    for row, atom in enumerate(graph.outputs):
        for column in range(row, len(directions)):
            blocks[row, column] = found.merged(found.terms[atom][column]) if atom in found.terms else []
    shapes = [var.shape for var in directions]
    if len(directions) == 1 and len(blocks[0, 0]) == 1 and blocks[0, 0][0].dense(shapes[0], shapes[0]):
        block = found.arrays.assembled(blocks[0, 0], shapes[0], shapes[0])
        return found.graph_of((found.arrays.reshape(block, (total, total)),))
    puts: list[Put] = []
    base, blocks = gram(found.arrays, blocks, shapes, starts)
    for (row, column), terms in blocks.items():
        here, there = strides(shapes[row]), strides(shapes[column])
        weights = (*(total * step for step in here), *there)
        offset, other = starts[row] * total + starts[column], starts[column] * total + starts[row]
        if row == column:
            puts += [(term, offset, weights, turned) for term, turned in halved(terms, here, total)]
            continue
        puts += [(term, offset, weights, False) for term in terms]
        puts += [(turned_term(term), other, (*(total * step for step in there), *here), False) for term in terms]
    return found.graph_of((found.arrays.spread((total, total), puts, base),))


# Symmetric halves are looked for where a block has at most so many elements.
_LOOKED_AT = 1_000_000


def halved(terms: Terms, steps: Sequence[int], total: int) -> list[tuple[Term, bool]]:
    """``terms`` of a symmetric block, of two that mirror each other only one: it comes twice, once turned.

    Terms that meet belong together; what is dropped is the mirror image of another group as a whole.
    """
    if len(terms) < 2 or total * total > _LOOKED_AT:
        return [(term, False) for term in terms]
    groups: list[tuple[Terms, set[tuple[int, int]]]] = []
    for term in terms:
        met = _elements(term, steps)
        joined = [group for group in groups if not met.isdisjoint(group[1])]
        members = [one for group in joined for one in group[0]]
        groups = [group for group in groups if group not in joined]
        groups.append(([*members, term], met.union(*(group[1] for group in joined))))
    result: list[tuple[Term, bool]] = []
    left = list(groups)
    while left:
        group, met = left.pop(0)
        result += [(term, False) for term in group]
        turned = {(column, row) for row, column in met}
        for number, (_, other) in enumerate(left):
            if other == turned:
                result += [(term, True) for term in group]
                del left[number]
                break
    return result


def _elements(term: Term, steps: Sequence[int]) -> set[tuple[int, int]]:
    """Row and column of each element that ``term`` reaches."""
    symbols = sorted(term.kept, key=id)
    at = []
    for places in (term.out, term.along):
        index = np.zeros(tuple(symbol.length for symbol in symbols), np.int64)
        for place, weight in zip(places, steps):
            index += place.start * weight
            for symbol, step in place.steps:
                shape = [-1 if one is symbol else 1 for one in symbols]
                index += np.arange(symbol.length).reshape(shape) * (step * weight)
        at.append(index.ravel().tolist())
    return set(zip(*at))
