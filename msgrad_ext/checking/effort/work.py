"""What it costs to run a program: scalar operations, array traffic in floats, and bytes. Counts, never clocks."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from ...ir import Eqn, Graph

# What numpy does in about five nanoseconds counts as one operation: a product of two elements in memory, or some hundred
# terms of a matrix product in registers. A function takes longer than a product does.
_TERMS_AT_ONCE = 128
_CHEAP = {
    "Add", "Sub", "Mul", "Div", "RealDiv", "Neg", "Abs", "Sign", "Square", "Sqrt", "Reciprocal", "ReLU", "Maximum",
    "Minimum", "Select", "Cast", "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "Concat", "ZerosLike", "OnesLike",
}  # fmt: skip
_FUNCTION = 3
_PRODUCTS = ("MatMul", "BatchMatMul", "Einsum")
_FLOAT_BYTES = 8
# A number of fifty digits is a Python object: its header, its tuple of sign, mantissa and exponent, and the mantissa.
_EXACT_BYTES = 250


def size(shape: tuple[int, ...]) -> int:
    """The number of elements of an array."""
    return prod(int(n) for n in shape)


def scalars(graph: Graph) -> int:
    """About how many scalar operations one run of ``graph`` takes, each term of a sum counted."""
    total = 0
    for eqn in graph.eqns:
        total += max([size(eqn.out.shape) * _terms(eqn), *(size(atom.shape) for atom in eqn.inputs)])
    return total


def _terms(eqn: Eqn) -> int:
    """About how many terms each element of a result is made of."""
    name, shape = type(eqn.op).__name__, eqn.inputs[0].shape if eqn.inputs else ()
    if name in ("MatMul", "BatchMatMul", "MatrixInverse", "Cholesky"):
        return shape[-1]
    if name in ("MatrixDeterminant", "LogAbsDeterminant", "Cofactors", "CofactorSlope"):
        return shape[-1] ** 3
    if name == "Einsum":
        left, right, out = eqn.op.terms  # type: ignore[attr-defined]
        sizes = {**dict(zip(left, shape)), **dict(zip(right, eqn.inputs[1].shape))}
        return size(tuple(n for x, n in sizes.items() if x not in out))
    return 1


def traffic(graph: Graph) -> int:
    """About how many operations one run of ``graph`` takes in floats, where arrays pass through the memory."""
    total = 0
    for eqn in graph.eqns:
        name, out = type(eqn.op).__name__, size(eqn.out.shape)
        if eqn.op.view:
            continue
        moved = max([out, *(size(atom.shape) for atom in eqn.inputs)])
        if name in _PRODUCTS:
            total += moved + out * _terms(eqn) // _TERMS_AT_ONCE
        else:
            total += (moved if name in _CHEAP else _FUNCTION * moved) * max(1, _terms(eqn) // _TERMS_AT_ONCE)
    return total


def held(graph: Graph, exact: bool = False) -> int:
    """About how many bytes the values of ``graph`` take, in float64 or in fifty digits."""
    count = sum(size(var.shape) for var in graph.inputs)
    count += sum(size(eqn.out.shape) for eqn in graph.eqns if not eqn.op.view)
    return count * (_EXACT_BYTES if exact else _FLOAT_BYTES)


@dataclass(frozen=True)
class Effort:
    """How thoroughly a program is checked at full size.

    ``noise`` is the number of perturbed runs, ``weightings`` how many weightings of the outputs rules and formulas are
    compared with.
    """

    noise: int
    weightings: int


EFFORTS = (Effort(4, 2), Effort(2, 2), Effort(2, 1), Effort(1, 1))
# In runs of the reverse pass in floats: a perturbed run, a comparison of rules with formulas, and what is always done.
_NOISE, _WEIGHTING, _ALWAYS = 1, 3, 4


def cost(backward: Graph, gathered: int, effort: Effort) -> int:
    """About how many operations a check takes; ``gathered`` are those of one evaluation of the formulas, besides."""
    runs = _ALWAYS + _NOISE * (effort.noise + 1) + _WEIGHTING * effort.weightings
    return traffic(backward) * runs + gathered * effort.weightings


def memory(backward: Graph, effort: Effort) -> int:
    """About how many bytes that check holds: the values of rules and formulas of each weighting, and of one run more."""
    return held(backward) * (2 * effort.weightings + 1)


def affordable(backward: Graph, gathered: int, operations: int, bytes_: int) -> Effort | None:
    """The most thorough check at full size within a budget, or None."""
    fits = (e for e in EFFORTS if cost(backward, gathered, e) <= operations and memory(backward, e) <= bytes_)
    return next(fits, None)


__all__ = ["EFFORTS", "Effort", "affordable", "cost", "held", "memory", "scalars", "size", "traffic"]
