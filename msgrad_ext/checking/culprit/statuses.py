"""What a reader is told where there is no plain yes or no: which op, which value, at which index, and what would be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...ir import Eqn, Graph, Lit, Var
from ..reproducing.calls import MISFITS
from ..witnesses import witness
from ..witnesses.digits import context, floats, number, numbers
from .locate import both_cotangents, piece

# Where the derivative of an op, or the op itself, exists. An op that is not here has no edge that its docstring hides.
DOMAINS = {
    "ACos": "-1 < a < 1",
    "Acosh": "a > 1",
    "Asin": "-1 < a < 1",
    "Atan2": "(a, b) is not (0, 0)",
    "Atanh": "-1 < a < 1",
    "Cholesky": "a is positive definite",
    "Digamma": "a is none of 0, -1, -2, ...",
    "Div": "b is not 0",
    "Erfinv": "-1 < a < 1",
    "FloorDiv": "b is not 0",
    "FloorMod": "b is not 0",
    "Hypot": "(a, b) is not (0, 0)",
    "Lgamma": "a is none of 0, -1, -2, ...",
    "Log": "a > 0",
    "Log10": "a > 0",
    "Log1p": "a > -1",
    "Log2": "a > 0",
    "LogAbsDeterminant": "a is invertible",
    "MatrixInverse": "a is invertible",
    "PNorm": "a is not 0",
    "Polygamma": "a is none of 0, -1, -2, ...",
    "Pow": "a > 0, or b is whole and a is not 0",
    "RealDiv": "b is not 0",
    "Reciprocal": "a is not 0",
    "Rsqrt": "a > 0",
    "Sqrt": "a > 0",
    "Tan": "a is not pi/2 plus a multiple of pi",
    "TruncateDiv": "b is not 0",
    "TruncateMod": "b is not 0",
    "Xdivy": "b is not 0",
    "Xlogy": "b > 0",
}


def another_result(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> str:
    """What differed between two runs of one plan: the first gradient that did, and where."""
    told = "the same plan gave another result when it was run again"
    for before, after in zip(first, second):
        if before.shape != after.shape:
            return f"{told}: first shape {before.shape}, then {after.shape}"
        differs = ~((before == after) | (np.isnan(before) & np.isnan(after)))
        if differs.any():
            index = tuple(int(one) for one in np.argwhere(differs)[0])
            count = f"{int(differs.sum())} of {differs.size} entries"
            return f"{told} ({count}; the first{_at(index, ', at ')}: {_number(before[index])}, then {_number(after[index])})"
    return told


def digits_told(lost: int, unit: float) -> str:
    """How many digits cancellation leaves."""
    full = int(-np.log10(unit))
    left = (
        f"{full - lost} of {full} decimal digits are left" if lost < full else f"none of {full} decimal digits is left"
    )
    return f"the rule is right, but {left}: the others are lost to cancellation"


def sides(slope: witness.Slope) -> str:
    """The slopes on the two sides; where the value jumps there is none on one of them."""
    left, right = float(slope.left), float(slope.right)

    def told(one: float, other: float) -> str:
        return "none (the value jumps)" if abs(one) > 1e12 * max(abs(other), 1.0) else f"{one + 0.0:.6g}"

    return f"{told(left, right)} on the left, {told(right, left)} on the right"


def not_finite_value(graph: Graph, values: Mapping[Var, np.ndarray]) -> str:
    """Which op of ``graph`` makes a value that is not finite, of which operands; empty where all values are finite."""
    for eqn in graph.eqns:
        bad = _bad(values[eqn.out])
        if bad is not None:
            what = f"{type(eqn.op).__name__}{_place(eqn)} is {_number(values[eqn.out][bad])}{_at(bad, ' at ')}"
            return f"{what}{_of(eqn, values, bad)}; {_why(eqn, values, bad)}"
    return ""


def not_finite_derivative(graph: Graph, values: Mapping[Var, np.ndarray]) -> str:
    """Which op has no finite derivative at its operands' values; empty where none is found."""
    for eqn in graph.eqns:
        cut = piece(eqn, values) if eqn.out.dtype.kind == "f" else None
        for position in cut.live if cut is not None else ():
            try:
                ruled = both_cotangents(cut, position, np.ones(eqn.out.shape))[0]  # type: ignore[arg-type]
            except MISFITS:
                continue
            bad = _bad(np.asarray(ruled))
            if bad is not None:
                what = f"every value is finite, but the derivative of {type(eqn.op).__name__}{_place(eqn)} is not"
                return f"{what}{_of(eqn, values, bad)}; {_domain(eqn)}"
    return ""


def _bad(array: np.ndarray) -> tuple[int, ...] | None:
    if array.dtype.kind not in "fO":
        return None
    found = np.argwhere(~np.isfinite(floats(array)))
    return tuple(int(one) for one in found[0]) if len(found) else None


def _why(eqn: Eqn, values: Mapping[Var, np.ndarray], bad: tuple[int, ...]) -> str:
    size = _true_size(eqn, values, bad)
    return f"its true size there, about {size}, is more than a float64 can hold" if size else _domain(eqn)


def _domain(eqn: Eqn) -> str:
    name = type(eqn.op).__name__
    return (
        f"it is differentiable where {DOMAINS[name]}" if name in DOMAINS else "these values are outside of its domain"
    )


def _true_size(eqn: Eqn, values: Mapping[Var, np.ndarray], bad: tuple[int, ...]) -> str:
    """The finite number that overflowed, or nothing."""
    operands = [atom.value if isinstance(atom, Lit) else values[atom] for atom in eqn.inputs]
    try:
        with np.errstate(all="ignore"):
            found = eqn.op.numpy(*(numbers(one) if one.dtype.kind == "f" else one for one in operands))
        value = number(np.asarray(found, object)[bad])
    except MISFITS:
        return ""
    if not context().isfinite(value) or any(not np.isfinite(floats(one)).all() for one in operands):
        return ""
    return str(context().nstr(value, 2))


def _of(eqn: Eqn, values: Mapping[Var, np.ndarray], bad: tuple[int, ...]) -> str:
    """`` for a[1] = -1``: the operands' elements that belong to the entry ``bad`` of an elementwise result."""
    names = eqn.op.operands if len(eqn.op.operands) == len(eqn.inputs) else ()
    told = []
    for position, atom in enumerate(eqn.inputs):
        array = atom.value if isinstance(atom, Lit) else values[atom]
        index = _aligned(array.shape, bad)
        if index is None:
            return ""
        name = names[position] if names else f"operand {position}"
        told.append(f"{name}{_at(index)} = {_number(array[index])}")
    return f" for {' and '.join(told)}" if told else ""


def _aligned(shape: Sequence[int], index: tuple[int, ...]) -> tuple[int, ...] | None:
    """The index of the element that broadcasts to ``index``; None where the shapes are not those of a broadcast."""
    if len(shape) > len(index):
        return None
    last = index[len(index) - len(shape) :]
    if any(length != 1 and place >= length for length, place in zip(shape, last)):
        return None
    return tuple(0 if length == 1 else place for length, place in zip(shape, last))


def kink_place(eqn: Eqn, values: Mapping[Var, np.ndarray], most: int = 32) -> str:
    """Where an op has a kink, its slopes on the two sides there, and the one that its rule takes; empty if not found."""
    cut = piece(eqn, values)
    arrays = [floats(array) if array.dtype == object else array for array in cut.arrays]
    for position in cut.live:
        var = cut.graph.eqns[0].inputs[position]
        array = arrays[cut.graph.inputs.index(var)]  # type: ignore[arg-type]
        for index in list(np.ndindex(array.shape))[:most]:
            direction = np.zeros(array.shape)
            direction[index] = 1.0
            weight = np.ones(eqn.out.shape)
            slope = witness.slope(cut.graph, arrays, {var: direction}, [weight])  # type: ignore[dict-item]
            if slope is None or not slope.kink:
                continue
            try:
                taken = both_cotangents(cut, position, weight)[0][index]
            except MISFITS:
                return ""
            name = eqn.operand(position)
            return f" at {name}{_at(index)} = {_number(array[index])} (slope {sides(slope)}, taken {_number(taken)})"
    return ""


def _place(eqn: Eqn) -> str:
    return f" in line {eqn.location.line}" if eqn.location else ""


def _at(index: tuple[int, ...], before: str = "") -> str:
    return f"{before}[{', '.join(map(str, index))}]" if index else ""


def _number(value: object) -> str:
    return f"{float(value) + 0.0:.6g}"  # type: ignore[arg-type]
