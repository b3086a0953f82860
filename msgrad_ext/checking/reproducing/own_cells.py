"""The least inputs at which a derivative that the user wrote is wrong.

The user's Python is not run again: it may print, draw or remember. What is shrunk is the recording of the derivative, beside
the reverse pass of what the cell computes.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...ir import Atom, Eqn, Graph, Lit, Var
from ...numeric.interpreter import interpret, interpret_exact
from ...reversing.reverse import expand
from ...tracing.custom import Custom, CustomOf
from ..case import DOUBLE, Case
from ..culprit.custom import pulls
from ..culprit.locate import EXACT_LIMIT, first_difference
from ..effort.work import scalars
from ..result import Fault, Reproducer
from ..witnesses import witness
from ..witnesses.digits import largest, number, numbers
from .calls import MISFITS
from .shrink import Tries, shrunk
from .specimen import Specimen
from .written import HEAD, array_text

TRIES = 80
SECOND = "the second derivative"


def cell_reproduction(case: Case, fault: Fault) -> Reproducer:
    """A call of the user's cell that shows ``fault``, found in the recording of its derivative."""
    cell = next((one for one in _cells(case.application.function) if type(one).__name__ == fault.op), None)
    found = next(_calls(case, fault), None)
    if cell is None or found is None:
        return Reproducer("", 0, "no reproducer: the derivative is not that of a cell that can be called by itself")
    call, operands = found
    second = fault.detail.startswith(SECOND)
    both = pulls(call, second)
    if both is None:
        return Reproducer("", 0, "no reproducer: the derivative has no float operands")
    names = [var.name for var in both[2]]
    start = _start(both[0], both[1], operands)
    fixed = range(len(call.graph.inputs) - len(call.parameters), len(call.graph.inputs))

    def shows(candidate: Specimen) -> bool:
        kept = all(candidate.arrays[n] is start.arrays[n] or _same(candidate.arrays[n], start.arrays[n]) for n in fixed)
        return kept and _differs(candidate, names.index(fault.operand) if fault.operand in names else 0)

    if not shows(start):
        return Reproducer("", 0, "no reproducer: run again with weights of 1, the recording does not show the fault")
    least = shrunk(start, shows, Tries(TRIES))
    return _written(cell, least.arrays[: fixed.start], 2 if second else 1)


def _cells(function: Any) -> Iterator[Any]:
    yield function
    if hasattr(function, "cells_and_names"):
        yield from (cell for _, cell in function.cells_and_names())


def _calls(case: Case, fault: Fault) -> Iterator[tuple[Custom, list[np.ndarray]]]:
    """The cells of the fault's name, with the operands that they had."""
    graph = expand(case.application.program.graph)
    with np.errstate(all="ignore"):
        values = interpret(graph, [np.asarray(value) for value in case.application.program.values])
    for eqn in graph.eqns:
        if isinstance(eqn.op, CustomOf) and eqn.op.call.name == fault.op and eqn.op.call.recorded is not None:
            yield eqn.op.call, [atom.value if isinstance(atom, Lit) else values[atom] for atom in eqn.inputs]


def _start(mine: Graph, right: Graph, operands: list[np.ndarray]) -> Specimen:
    """Both derivatives as one graph of operands and weights; the outputs are first the user's, then the right ones."""
    known: dict[Atom, Atom] = dict(zip(right.inputs, mine.inputs))
    eqns: list[Eqn] = list(mine.eqns)
    for eqn in right.eqns:
        known[eqn.out] = Var(f"right_{eqn.out.name}", eqn.out.shape, eqn.out.dtype)
        inputs = tuple(known.get(atom, atom) for atom in eqn.inputs)
        eqns.append(Eqn(eqn.op, inputs, known[eqn.out], eqn.location))  # type: ignore[arg-type]
    outputs = (*mine.outputs, *(known.get(atom, atom) for atom in right.outputs))
    arrays = [np.asarray(one, DOUBLE) if one.dtype.kind == "f" else one for one in operands]
    weights = [np.ones(var.shape) for var in mine.inputs[len(arrays) :]]
    return Specimen(Graph(mine.inputs, tuple(eqns), outputs), (*arrays, *weights))


def _differs(specimen: Specimen, place: int) -> bool:
    """True when the two derivatives by operand number ``place`` differ."""
    graph, arrays = specimen.graph, list(specimen.arrays)
    try:
        exact = scalars(graph) <= EXACT_LIMIT and witness.runs_exactly(graph, arrays)
        given = [numbers(one) if exact and one.dtype.kind == "f" else one for one in arrays]
        values: Any = interpret_exact(graph, given, number) if exact else interpret(graph, given)
    except MISFITS:
        return False
    half = len(graph.outputs) // 2
    pair = [values[atom] if isinstance(atom, Var) else atom.value for atom in graph.outputs[place::half]]
    return first_difference(pair[0], pair[1], exact, largest(given)) is not None


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))


def _written(cell: Any, arrays: tuple[np.ndarray, ...], order: int) -> Reproducer:
    kind = type(cell)
    name = kind.__name__
    if not (name.isidentifier() and name.isascii() and not keyword.iskeyword(name)):
        return Reproducer("", 0, "no reproducer: the name of the cell's class can not stand in code")
    needed = [one for one in list(inspect.signature(kind.__init__).parameters.values())[1:]
              if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]  # fmt: skip
    shown = ", ".join(f"{one.name}=..." for one in needed)
    remark = "  # as in your cell, with the parameters it has there" if needed or list(cell.get_parameters()) else ""
    called = "".join(f", {array_text(array)}" for array in arrays) + (f", order={order}" if order > 1 else "")
    code = "\n".join([*HEAD[:2], "", f"net = {name}({shown}){remark}", f"mg.check(net{called})"])
    elements = max((array.size for array in arrays), default=0)
    size = f"{elements} element{'s' * (elements != 1)}"
    return Reproducer(
        code, elements, f"the recording of your derivative shows the fault with {size}; it was not called again"
    )
