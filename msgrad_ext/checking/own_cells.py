"""The least inputs at which a derivative that the user wrote is wrong: the user's own cell is called with them."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..custom import CustomOf
from ..ir import Graph, Lit, Var
from ..numeric.interpreter import interpret
from ..reverse import expand
from .case import Case
from .result import Fault, Reproducer
from .shrink import Tries, shrunk
from .specimen import Specimen
from .written import HEAD, array_text

TRIES = 60

FaultsOf = Callable[[Callable[..., Any], Specimen], list[Fault]]


def cell_reproduction(case: Case, fault: Fault, faults_of: FaultsOf) -> Reproducer:
    """A call of the user's cell that shows ``fault``; ``faults_of`` checks a cell at a specimen's arrays."""
    cell = next((one for one in _cells(case.application.function) if type(one).__name__ == fault.op), None)
    specimen = _inputs(case, fault)
    if cell is None or specimen is None:
        return Reproducer("", 0, "no reproducer: the derivative is not that of a cell that can be called by itself")

    def shows(candidate: Specimen) -> bool:
        found = faults_of(cell, candidate)
        return any((one.op, one.operand, one.side) == (fault.op, fault.operand, fault.side) for one in found)

    if not shows(specimen):
        why = "the cell shows it only inside the network, or only in a second derivative"
        return Reproducer("", 0, f"no reproducer: {why}")
    specimen = shrunk(specimen, shows, Tries(TRIES))
    return _written(cell, specimen)


def _cells(function: Any) -> Iterator[Any]:
    yield function
    if hasattr(function, "cells_and_names"):
        yield from (cell for _, cell in function.cells_and_names())


def _inputs(case: Case, fault: Fault) -> Specimen | None:
    """The arguments of the cell as the network called it, as a specimen without equations."""
    graph = expand(case.application.program.graph)
    with np.errstate(all="ignore"):
        values = interpret(graph, [np.asarray(value) for value in case.application.program.values])
    for eqn in graph.eqns:
        if isinstance(eqn.op, CustomOf) and eqn.op.call.name == fault.op:
            call = eqn.op.call
            count = len(call.graph.inputs) - len(call.parameters)
            arrays = [atom.value if isinstance(atom, Lit) else values[atom] for atom in eqn.inputs[:count]]
            inputs = tuple(Var(var.name, var.shape, var.dtype) for var in call.graph.inputs[:count])
            return Specimen(Graph(inputs, (), ()), tuple(arrays))
    return None


def _written(cell: Any, specimen: Specimen) -> Reproducer:
    kind = type(cell)
    name = kind.__name__
    if not (name.isidentifier() and name.isascii() and not keyword.iskeyword(name)):
        return Reproducer("", 0, "no reproducer: the name of the cell's class can not stand in code")
    needed = [one for one in list(inspect.signature(kind.__init__).parameters.values())[1:]
              if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]  # fmt: skip
    shown = ", ".join(f"{one.name}=..." for one in needed)
    remark = "  # as in your cell, with the parameters it has there"
    built = f"net = {name}({shown}){remark if needed or list(cell.trainable_params()) else ''}"
    call = ", ".join(array_text(array) for array in specimen.arrays)
    code = "\n".join([*HEAD[:2], "", built, f"mg.check(net, {call})"])
    size = f"{specimen.elements} element{'s' * (specimen.elements != 1)}"
    return Reproducer(code, specimen.elements, f"your cell was run so: the same fault with {size}")
