"""Plain interpretation of a graph, equation by equation: the reference that every plan is tested against.

It also runs a graph in other numbers: `widen` turns a float32 program into the same program in float64, and object
arrays of exact numbers go through the ``numpy`` voices as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir import Atom, Eqn, Graph, Guard, Lit, Var, literal, substitute
from ..op import Op
from ..voice import evaluate


def interpret(graph: Graph, arrays: Sequence[np.ndarray]) -> dict[Var, np.ndarray]:
    """The value of every variable of ``graph``."""
    values: dict[Any, np.ndarray] = dict(zip(graph.inputs, map(np.asarray, arrays)))
    for eqn in graph.eqns:
        operands = [atom.value if isinstance(atom, Lit) else values[atom] for atom in eqn.inputs]
        values[eqn.out] = evaluate(eqn.op, operands, eqn.out.dtype)
    return values


def run(graph: Graph, arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """The outputs of ``graph``."""
    values = interpret(graph, arrays)
    return tuple(values[atom] if isinstance(atom, Var) else atom.value for atom in graph.outputs)


def interpret_exact(graph: Graph, arrays: Sequence[np.ndarray], number: Callable[[Any], Any]) -> dict[Var, np.ndarray]:
    """The value of every variable, computed on object arrays.

    Parameters
    ----------
    graph : Graph
        The program; its casts between floats are left out, since they would only round.
    arrays : sequence of ndarray
        Inputs; floats among them are object arrays of exact numbers already.
    number : callable
        Makes an exact number of a Python int or float.
    """
    values: dict[Any, np.ndarray] = dict(zip(graph.inputs, arrays))

    def operand(atom: Atom) -> np.ndarray:
        return exact(atom, number) if isinstance(atom, Lit) else values[atom]

    for eqn in graph.eqns:
        operands = [operand(atom) for atom in eqn.inputs]
        if only_rounds(eqn.op) and operands[0].dtype == object:
            values[eqn.out] = operands[0]
            continue
        with np.errstate(all="ignore"):
            result = np.asarray(eqn.op.numpy(*operands))
        values[eqn.out] = to_exact(result, number) if eqn.out.dtype.kind == "f" else result
    return values


def only_rounds(op: Op) -> bool:
    """True for a cast to a float dtype: on exact numbers it is the identity."""
    return type(op).__name__ == "Cast" and op.dtype.kind == "f"  # type: ignore[attr-defined]


def exact(lit: Lit, number: Callable[[Any], Any]) -> np.ndarray:
    """A constant in exact numbers: the number as the user wrote it, where that is known."""
    if lit.dtype.kind != "f":
        return lit.value
    if lit.exact is None:
        return to_exact(lit.value, number)
    result = np.empty((), dtype=object)
    # The number itself, not an array of it: some numbers know more digits than a float has.
    result[()] = number(lit.exact)
    return result


def to_exact(array: np.ndarray, number: Callable[[Any], Any]) -> np.ndarray:
    """``array`` with each element made an exact number."""
    result = np.empty(array.shape, dtype=object)
    for index, value in enumerate(array.ravel()):
        result.flat[index] = number(value.item() if isinstance(value, np.generic) else value)
    return result


def widen(graph: Graph, dtype: np.dtype) -> Graph:
    """The same program with every float in ``dtype``; numbers that the user wrote keep all their digits."""
    new: dict[Any, Atom] = {}

    def wide(atom: Atom) -> Atom:
        if isinstance(atom, Lit):
            if atom.dtype.kind != "f":
                return atom
            source = atom.value if atom.exact is None else atom.exact
            return Lit(literal(source, dtype).value, atom.exact)
        if atom not in new:
            new[atom] = Var(atom.name, atom.shape, dtype) if atom.dtype.kind == "f" else atom
        return new[atom]

    inputs = tuple(wide(var) for var in graph.inputs)
    eqns = tuple(
        Eqn(
            eqn.op.set(dtype=dtype) if only_rounds(eqn.op) else eqn.op,
            tuple(map(wide, eqn.inputs)),
            wide(eqn.out),  # type: ignore[arg-type]
            eqn.location,
        )
        for eqn in graph.eqns
    )
    guards = tuple(Guard(substitute([guard.var], new)[0], guard.value, guard.location) for guard in graph.guards)
    return Graph(inputs, eqns, tuple(map(wide, graph.outputs)), guards)  # type: ignore[arg-type]
