"""Parts of a network as specimens, the smallest first: where a fault needs several equations, how many it needs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...ir import Atom, Graph, Var
from ...numeric.interpreter import interpret
from .specimen import Specimen

MOST = 6  # equations in a row that are cut out


def network_specimens(specimen: Specimen) -> Iterator[Specimen]:
    """Runs of equations of the program, with the values they had; short runs first, in order of execution."""
    graph = specimen.graph
    with np.errstate(all="ignore"):
        values = interpret(graph, specimen.arrays)
    count = len(graph.eqns)
    for length in range(1, min(MOST, count - 1) + 1):
        for start in range(count - length + 1):
            found = _run(specimen, values, start, start + length)
            if found is not None:
                yield found


def _run(specimen: Specimen, values: dict[Var, np.ndarray], start: int, stop: int) -> Specimen | None:
    """The equations from ``start`` up to ``stop``; None unless all that they make goes into the last or is used by none."""
    eqns = specimen.graph.eqns[start:stop]
    made = {eqn.out for eqn in eqns}
    inside: set[Atom] = {atom for eqn in eqns for atom in eqn.inputs}
    inputs = list(
        dict.fromkeys(atom for eqn in eqns for atom in eqn.inputs if isinstance(atom, Var) and atom not in made)
    )
    last = eqns[-1].out
    if not inputs or last.dtype.kind != "f" or any(out not in inside and out is not last for out in made):
        return None
    return Specimen(Graph(tuple(inputs), eqns, (last,)), tuple(values[var] for var in inputs))
