"""How terms pass the ops of a linear graph: a rule for each op that keeps structure.

A rule takes the equation, the terms of its operands (None for one that does not depend on the direction) and the
`Arrays` to record into; it returns the terms of the result, or None where it has nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir import Atom, Eqn, Lit, Shape, Var
from .arrays import Arrays, op
from .term import Place, Symbol, Term, joined, run, split

Terms = list[Term]
Rule = Callable[[Arrays, Eqn, Sequence["Terms | None"]], "Terms | None"]


def broadcast(terms: Terms, shape: Shape, target: Shape) -> Terms:
    """``terms`` of a value of ``shape`` as those of the value broadcast to ``target``."""
    lead = len(target) - len(shape)
    if shape == target:
        return terms
    result = []
    for term in terms:
        places = [run(length) for length in target[:lead]]
        for place, length, wanted in zip(term.out, shape, target[lead:]):
            places.append(run(wanted) if length == 1 and wanted != 1 else place)
        result.append(replace(term, out=tuple(places)))
    return result


def scale(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """``-x``."""
    return [replace(term, scale=-term.scale) for term in given[0] or []]


def add(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """``x + y`` and ``x - y``."""
    if any(one is None for one in given):
        return None
    first, second = (broadcast(one or [], atom.shape, eqn.out.shape) for one, atom in zip(given, eqn.inputs))
    return [*first, *(scale(arrays, eqn, [second]) or [] if type(eqn.op).__name__ == "Sub" else second)]


def multiply(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """``c * x`` and ``x / c``."""
    divide = type(eqn.op).__name__ in ("Div", "RealDiv")
    at = next(number for number, one in enumerate(given) if one is not None)
    if given[1 - at] is not None or (divide and at == 1):
        return None
    number, factor = factors(arrays, eqn.inputs[1 - at])
    result = []
    for term in broadcast(given[at] or [], eqn.inputs[at].shape, eqn.out.shape):
        if factor is None and not (divide and number == 0):
            result.append(replace(term, scale=term.scale / number if divide else term.scale * number))
            continue
        scaled = term.scale / number if divide and factor is not None else term.scale * (1 if divide else number)
        atom, axes = arrays.indexed(factor if factor is not None else eqn.inputs[1 - at], term.out)
        result.append(
            replace(
                term,
                factors=arrays.times(term.factors, (arrays.reciprocal(atom) if divide else atom, axes)),
                scale=scaled,
            )
        )
    return result


def factors(arrays: Arrays, atom: Atom) -> tuple[float, Atom | None]:
    """``atom`` as a number times an array; None for an array of ones."""
    number = 1.0
    while True:
        if isinstance(atom, Lit):
            return (number * float(atom.value), None) if not atom.shape else (number, atom)
        made = arrays.by.get(atom)
        name = type(made.op).__name__ if made else ""
        if made is None or name not in ("Neg", "Mul", "BroadcastTo"):
            return number, atom
        if name == "Neg":
            number, atom = -number, made.inputs[0]
            continue
        scalars = [one for one in made.inputs if isinstance(one, Lit) and not one.shape]
        if (name == "BroadcastTo" and not scalars) or len(scalars) != 1:
            return number, atom
        if name == "BroadcastTo":
            return number * float(scalars[0].value), None
        (other,) = [one for one in made.inputs if one is not scalars[0]]
        if other.shape != atom.shape:
            return number, atom
        number, atom = number * float(scalars[0].value), other


def matmul(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """Matrix products with a constant, and stacks of them."""
    at = next(number for number, one in enumerate(given) if one is not None)
    if given[1 - at] is not None:
        return None
    lead = eqn.out.shape[:-2]
    number, factor = factors(arrays, eqn.inputs[1 - at])
    constant = factor if factor is not None else eqn.inputs[1 - at]
    number = number if factor is not None else 1.0
    result = []
    for term in broadcast(given[at] or [], eqn.inputs[at].shape, (*lead, *eqn.inputs[at].shape[-2:])):
        *batch, rows, columns = term.out
        meeting = columns if at == 0 else rows
        other = run(constant.shape[-1 if at == 0 else -2])
        read = (meeting, other) if at == 0 else (other, meeting)
        over = arrays.indexed(constant, (*batch, *read))
        out = (*batch, rows, other) if at == 0 else (*batch, other, columns)
        found = summed(arrays, replace(term, scale=term.scale * number, out=out), over, set(meeting.symbols))
        result.append(found)
    return result


def summed(arrays: Arrays, term: Term, other: Any, gone: set[Symbol]) -> Term:
    """``term``, whose ``out`` is the result's already, times ``other``, to be summed over those of ``gone`` that have no place."""
    gone = gone - term.kept
    if other is None or gone:
        return replace(term, factors=(*term.factors, other) if other else term.factors, summed=frozenset(gone))
    return replace(term, factors=arrays.times(term.factors, other))


def reduce_sum(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """Sums over axes."""
    axes, keep = eqn.op.axis, eqn.op.keep_dims  # type: ignore[attr-defined]
    result = []
    for term in given[0] or []:
        gone = {symbol for axis in axes for symbol in term.out[axis].symbols}
        out = [Place() if axis in axes else place for axis, place in enumerate(term.out) if keep or axis not in axes]
        result.append(summed(arrays, replace(term, out=tuple(out)), None, gone))
    return result


def transpose(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """Axes in another order."""
    perm = eqn.op.perm  # type: ignore[attr-defined]
    return [replace(term, out=tuple(term.out[axis] for axis in perm)) for term in given[0] or []]


def spread_out(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """Repetition along axes."""
    return broadcast(given[0] or [], eqn.inputs[0].shape, eqn.out.shape)


def reshape(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """Axes joined and split."""
    result = []
    for term in given[0] or []:
        found = reshaped(arrays, term, eqn.inputs[0].shape, eqn.out.shape)
        if found is None:
            return None
        result.append(found)
    return result


def reshaped(arrays: Arrays, term: Term, shape: Shape, target: Shape) -> Term | None:
    """``term`` of a value of ``shape`` as one of ``target``; None where that has no grid."""
    places: list[Place] = []
    new: dict[Symbol, Place] = {}
    start = 0
    for group, wanted in groups(shape, target):
        place = joined(term.out[start : start + len(group)], group)
        start += len(group)
        if any(step < 1 for _, step in place.steps):
            return None
        found = split(place, wanted) if len(wanted) != 1 else ({}, (place,))
        if found is None or any(symbol in new for symbol in found[0]):
            return None
        new.update(found[0])
        places += found[1]
    return refined(arrays, replace(term, out=tuple(places)), new) if new else replace(term, out=tuple(places))


def groups(shape: Shape, target: Shape) -> list[tuple[Shape, Shape]]:
    """The axes of ``shape`` and of ``target`` that belong together, in order."""
    found, i, j = [], 0, 0
    while i < len(shape) or j < len(target):
        a, b = i, j
        left = right = 1
        while (a == i and b == j) or left != right:
            if a < len(shape) and (left <= right or b == len(target)):
                left, a = left * shape[a], a + 1
            else:
                right, b = right * target[b], b + 1
        found.append((tuple(shape[i:a]), tuple(target[j:b])))
        i, j = a, b
    return found


def refined(arrays: Arrays, term: Term, new: dict[Symbol, Place]) -> Term:
    """``term`` with symbols split into several, its array with them."""
    while any(symbol in new for place in new.values() for symbol in place.symbols):
        new = {symbol: place.put(new) for symbol, place in new.items()}
    out, along = term.put(new)
    factors = []
    for atom, old in term.factors:
        axes = tuple(one for symbol in old for one in (new[symbol].symbols if symbol in new else (symbol,)))
        factors.append((arrays.reshape(atom, tuple(symbol.length for symbol in axes)), axes))
    return Term(term.scale, tuple(factors), out, along, term.summed)


def part(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """A strided part."""
    begin, step, size = eqn.op.begin, eqn.op.step, eqn.op.size  # type: ignore[attr-defined]
    result = []
    for term in given[0] or []:
        found: Term | None = term
        for axis, (first, stride, count) in enumerate(zip(begin, step, size)):
            whole = first == 0 and stride == 1 and count == eqn.inputs[0].shape[axis]
            if found is None or whole:
                continue
            place = found.out[axis]
            if len(place.steps) > 1:
                return None
            found = _cut(arrays, found, axis, first, stride, count)
        if found is not None:
            result.append(found)
    return result


def _cut(arrays: Arrays, term: Term, axis: int, first: int, stride: int, count: int) -> Term | None:
    """``term`` with those of its elements that stand at ``first + stride * i`` along ``axis``, for ``i < count``."""
    place = term.out[axis]
    length, step = (place.steps[0][0].length, place.steps[0][1]) if place.steps else (1, 1)
    at, rest = np.divmod(place.start + step * np.arange(length) - first, stride)
    numbers = np.flatnonzero((rest == 0) & (at >= 0) & (at < count))
    # Evenly spaced, since both are: the first two say it all.
    met = [(int(number), int(at[number])) for number in numbers[:2]]
    many = len(numbers)
    if not met:
        return None
    if not place.steps:
        return replace(term, out=(*term.out[:axis], Place(met[0][1]), *term.out[axis + 1 :]))
    every = met[1][0] - met[0][0] if many > 1 else 1
    here = met[1][1] - met[0][1] if many > 1 else 1
    old, cut = place.steps[0][0], Symbol(many)
    moved = Place(met[0][0], ((cut, every),)) if many > 1 else Place(met[0][0])
    out, along = term.put({old: moved})
    at_place = Place(met[0][1], ((cut, here),) if many > 1 else ())
    out = (*out[:axis], at_place, *out[axis + 1 :])
    factors = []
    for atom, axes in term.factors:
        if old in axes:
            sizes = [(met[0][0], every, many) if symbol is old else (0, 1, symbol.length) for symbol in axes]
            atom = arrays.part(atom, *zip(*sizes))  # type: ignore[arg-type]
            axes = tuple(cut if symbol is old else symbol for symbol in axes if symbol is not old or many > 1)
            atom = arrays.reshape(atom, tuple(symbol.length for symbol in axes))
        factors.append((atom, axes))
    return Term(term.scale, tuple(factors), out, along, term.summed)


def placed(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """The transpose of `part`: put into zeros."""
    begin, step = eqn.op.begin, eqn.op.step  # type: ignore[attr-defined]
    return [
        replace(term, out=tuple(place.moved(first, stride) for place, first, stride in zip(term.out, begin, step)))
        for term in given[0] or []
    ]


def concat(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """Parts side by side."""
    if any(one is None for one in given):
        return None
    axis, start, result = eqn.op.axis, 0, []  # type: ignore[attr-defined]
    for terms, atom in zip(given, eqn.inputs):
        for term in terms or []:
            out = (*term.out[:axis], term.out[axis].moved(start), *term.out[axis + 1 :])
            result.append(replace(term, out=out))
        start += atom.shape[axis]
    return result


def cast(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """Another float dtype."""
    if eqn.out.dtype.kind != "f":
        return None
    made = op("Cast", dtype=eqn.out.dtype)
    return [
        replace(term, factors=tuple((arrays.emit(made, atom), axes) for atom, axes in term.factors))
        for term in given[0] or []
    ]


def select(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """A choice by a condition that does not depend on the direction."""
    if given[0] is not None:
        return None
    result = []
    for number in (1, 2):
        atom, terms = eqn.inputs[number], given[number]
        if terms is None and not (isinstance(atom, Lit) and not atom.value.any()) and not _zero(arrays, atom):
            return None
        for term in broadcast(terms or [], atom.shape, eqn.out.shape):
            condition = arrays.indexed(eqn.inputs[0], term.out)
            atom, axes = arrays.multiplied(term.factors)
            wanted = (*axes, *(symbol for symbol in condition[1] if symbol not in axes))
            array, zero = arrays.ordered((atom, axes), wanted), arrays.number(0.0)
            chosen = (array, zero) if number == 1 else (zero, array)
            found = arrays.emit(op("Select"), arrays.ordered(condition, wanted), *chosen)
            result.append(replace(term, factors=((found, wanted),)))
    return result


def _zero(arrays: Arrays, atom: Atom) -> bool:
    """True for zeros that are broadcast."""
    made = arrays.by.get(atom) if isinstance(atom, Var) else None
    if made is None or type(made.op).__name__ != "BroadcastTo":
        return False
    (inner,) = made.inputs
    return isinstance(inner, Lit) and not inner.value.any()


def nothing(arrays: Arrays, eqn: Eqn, given: Sequence[Terms | None]) -> Terms | None:
    """What is a constant by convention."""
    return []


RULES: dict[str, Rule] = {
    "Neg": scale,
    "Add": add,
    "Sub": add,
    "Mul": multiply,
    "Div": multiply,
    "RealDiv": multiply,
    "MatMul": matmul,
    "BatchMatMul": matmul,
    "ReduceSum": reduce_sum,
    "Transpose": transpose,
    "BroadcastTo": spread_out,
    "Reshape": reshape,
    "ExpandDims": reshape,
    "Squeeze": reshape,
    "StridedSlice": part,
    "StridedSliceGrad": placed,
    "Concat": concat,
    "Cast": cast,
    "Select": select,
}

# Rules that do no work on arrays, or the same for any number of terms.
CHEAP = frozenset({"Neg", "Add", "Sub", "Transpose", "BroadcastTo", "Reshape", "ExpandDims", "Squeeze"})
CHEAP |= {"StridedSlice", "StridedSliceGrad", "Concat"}
