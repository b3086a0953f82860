"""Blocks that are products of the same few arrays, as those of ``J^T J`` are: the arrays side by side, multiplied once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..ir import Atom, Shape
from .arrays import Arrays, op
from .rules import Terms
from .spread import strides
from .term import Over, Place, Symbol, Term, layout

Blocks = dict[tuple[int, int], Terms]

# Fewer blocks than this are multiplied each for itself.
_LEAST = 4


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two arrays of a product: its factors, the places along its axis, and which variable that belongs to."""

    key: object
    factors: tuple[Over, ...]
    places: tuple[Place, ...]
    number: int


@dataclass(frozen=True, eq=False)
class Pair:
    """A term that is a product of two sides, summed over ``meeting``."""

    term: Term
    rows: Side
    columns: Side
    meeting: tuple[Symbol, ...]


def gram(arrays: Arrays, blocks: Blocks, shapes: Sequence[Shape], starts: Sequence[int]) -> tuple[Atom | None, Blocks]:
    """The matrix of all terms that are one product of two arrays side by side, and the blocks without these terms.

    Each pair of a row's part and a column's part must be there, or its mirror image, and all with one factor: then the
    product of the whole arrays is the sum of the terms.
    """
    pairs = [pair for place, terms in blocks.items() for term in terms for pair in [_pair(term, place)] if pair]
    groups: dict[object, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault((pair.term.scale, tuple(symbol.length for symbol in pair.meeting)), []).append(pair)
    for group in sorted(groups.values(), key=len, reverse=True):
        if len(group) >= _LEAST and _complete(group, blocks):
            taken = {id(pair.term) for pair in group}
            rest = {place: [term for term in terms if id(term) not in taken] for place, terms in blocks.items()}
            return _product(arrays, group, shapes, starts), rest
    return None, blocks


def _pair(term: Term, place: tuple[int, int]) -> Pair | None:
    meeting = tuple(sorted(term.summed, key=lambda symbol: symbol.length))
    lengths = {symbol.length for symbol in meeting}
    out = {symbol for one in term.out for symbol in one.symbols}
    along = {symbol for one in term.along for symbol in one.symbols}
    if not meeting or len(lengths) != len(meeting) or out & along:
        return None
    rows: list[Over] = []
    columns: list[Over] = []
    for factor in term.factors:
        left, right = out.intersection(factor[1]), along.intersection(factor[1])
        if left and right:
            return None
        # What belongs to neither side is the rows' part: the same in all blocks, if the product is one.
        (columns if right else rows).append(factor)
    sides = [
        Side(_key(factors, places, meeting, number), tuple(factors), places, number)
        for factors, places, number in ((rows, term.out, place[0]), (columns, term.along, place[1]))
    ]
    return Pair(term, sides[0], sides[1], meeting)


def _key(factors: Sequence[Over], places: tuple[Place, ...], meeting: Sequence[Symbol], number: int) -> object:
    form, symbols = layout(Term(1.0, (), places, ()))
    numbers = {symbol: at for at, symbol in enumerate((*symbols, *meeting))}
    return number, form, tuple(sorted((id(atom), *(numbers[one] for one in axes)) for atom, axes in factors))


def _complete(group: Sequence[Pair], blocks: Mapping[tuple[int, int], Terms]) -> bool:
    """True if each pair of sides is there once; below the diagonal blocks the mirror image stands for it."""
    rows, columns = _sides(group, False), _sides(group, True)
    found = {(pair.rows.key, pair.columns.key) for pair in group}
    wanted = {(a.key, b.key) for a in rows for b in columns if a.number <= b.number}
    # The product has all of the matrix: without one column part for each row part it could not be symmetric.
    same = {(one.number, one.key[1]) for one in rows} == {(one.number, one.key[1]) for one in columns}  # type: ignore[index]
    return same and len(found) == len(group) and found == wanted


def _sides(group: Sequence[Pair], columns: bool) -> list[Side]:
    sides = [pair.columns if columns else pair.rows for pair in group]
    return list({side.key: side for side in sides}.values())


def _product(arrays: Arrays, group: Sequence[Pair], shapes: Sequence[Shape], starts: Sequence[int]) -> Atom:
    total = starts[-1] + math.prod(shapes[-1])
    lengths = tuple(symbol.length for symbol in group[0].meeting)
    count = math.prod(lengths)
    halves: list[Atom] = []
    keys: list[set[object]] = []
    for columns in (False, True):
        chosen = {(pair.columns if columns else pair.rows).key: pair for pair in group}
        if keys and set(chosen) == keys[0]:
            halves.append(halves[0])
            continue
        keys.append(set(chosen))
        puts = []
        for pair in chosen.values():
            side = pair.columns if columns else pair.rows
            along = tuple(Place(0, ((symbol, 1),)) for symbol in pair.meeting)
            weights = (*(total * step for step in strides(lengths)), *strides(shapes[side.number]))
            puts.append((Term(1.0, side.factors, along, side.places), starts[side.number], weights, False))
        halves.append(arrays.spread((count, total), puts))
    left = arrays.transpose(halves[0], (1, 0))
    right = arrays.scaled(halves[1], group[0].term.scale)
    return arrays.emit(op("MatMul"), left, right)
