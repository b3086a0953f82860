"""How far rounding alone may move a result: the tolerance of the comparison in floats.

The program is run again with every operand of every equation changed at random by up to one unit of rounding
(Parker's Monte Carlo arithmetic). The spread of the results is the rounding noise at this point, cancellation included;
the tolerance is a multiple of it.

References
----------
D. S. Parker, Monte Carlo Arithmetic: exploiting randomness in floating-point arithmetic, UCLA CSD-970002, 1997.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Graph, Lit, Var
from ...voice import evaluate
from ..effort.progress import tell

SAMPLES = 4
FACTOR = 16


def origin(samples: int = SAMPLES) -> str:
    """Where a tolerance comes from."""
    runs = f"{samples} runs" if samples > 1 else "1 run"
    return f"{FACTOR} x the spread of {runs} with every operand perturbed by one rounding"


def spread(
    graph: Graph, arrays: Sequence[np.ndarray], generator: np.random.Generator, samples: int = SAMPLES
) -> tuple[np.ndarray, ...]:
    """The largest deviation of each output of ``graph`` under random roundings.

    Parameters
    ----------
    graph : Graph
        The program.
    arrays : sequence of ndarray
        Its inputs.
    generator : numpy.random.Generator
        Where the perturbations come from. Their size is the rounding unit of each equation's own dtype.
    samples : int
        How many runs are perturbed.

    Returns
    -------
    tuple of ndarray
        One array of non-negative deviations for each output.
    """
    plain = _run(graph, arrays, lambda array, unit: array)

    def perturbed(array: np.ndarray, unit: float) -> np.ndarray:
        if array.dtype.kind != "f":
            return array
        # One random bit decides on the side; for a large array eight of them at a time.
        bits = np.unpackbits(np.frombuffer(generator.bytes((array.size + 7) // 8), np.uint8), count=array.size)
        sides = np.array([1 - unit, 1 + unit], np.float64 if array.dtype.itemsize <= 4 else array.dtype)
        return (array * sides[bits].reshape(array.shape)).astype(array.dtype, copy=False)

    worst = [np.zeros(np.shape(one)) for one in plain]
    for number in range(samples):
        tell("rounding noise", number, samples)
        for index, moved in enumerate(_run(graph, arrays, perturbed)):
            with np.errstate(all="ignore"):
                deviation = np.abs(moved.astype(np.float64) - plain[index].astype(np.float64))
            worst[index] = np.maximum(worst[index], np.nan_to_num(deviation, nan=0.0, posinf=0.0))
    return tuple(worst)


def _run(graph: Graph, arrays: Sequence[np.ndarray], touch: Any) -> list[np.ndarray]:
    values: dict[Any, np.ndarray] = dict(zip(graph.inputs, arrays))
    # A view or a selection rounds nothing, so its operands are left alone; so are conditions and labels.
    for eqn in graph.eqns:
        operands = [atom.value if isinstance(atom, Lit) else values[atom] for atom in eqn.inputs]
        if not eqn.op.view and eqn.op.smooth and eqn.out.dtype.kind == "f":
            unit = float(np.finfo(eqn.out.dtype).eps)
            operands = [one if _whole(atom) else touch(one, unit) for one, atom in zip(operands, eqn.inputs)]
        values[eqn.out] = evaluate(eqn.op, operands, eqn.out.dtype)
    return [values[atom] if isinstance(atom, Var) else atom.value for atom in graph.outputs]


def _whole(atom: Any) -> bool:
    """Whether an operand is a whole number that the user wrote: it has no rounding, and a cube would leave its domain."""
    return isinstance(atom, Lit) and not atom.shape and bool(np.all(atom.value == np.trunc(atom.value)))


def coarsest(graph: Graph, output: Any, dtype: np.dtype) -> float:
    """The largest rounding unit on the way to ``output`` of ``graph``, an array of ``dtype``."""
    needed, units = {output}, [float(np.finfo(dtype).eps)]
    for eqn in reversed(graph.eqns):
        if eqn.out in needed:
            needed.update(atom for atom in eqn.inputs if isinstance(atom, Var))
            units += [float(np.finfo(eqn.out.dtype).eps)] if eqn.out.dtype.kind == "f" else []
    return max(units)


def tolerance(deviation: np.ndarray, reference: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The largest difference at each entry that rounding explains.

    A single entry's spread can be small by chance, so a tenth of the array's root mean square takes part.
    """
    unit = float(np.finfo(dtype).eps)
    common = np.sqrt(np.mean(np.square(deviation))) if deviation.size else 0.0
    smallest = float(np.finfo(dtype).smallest_subnormal)
    return FACTOR * np.maximum(deviation, 0.1 * common) + 4 * unit * np.abs(reference) + 4 * smallest
