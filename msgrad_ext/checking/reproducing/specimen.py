"""`Specimen`: a small program with the values of its inputs, and the ways to make it smaller.

Comes in: an equation with the values its operands had, or a whole graph. Goes out: other specimens, each a valid graph of
its own. Whether one still shows what it should is asked in `shrink`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from ...ir import Atom, Eqn, Graph, Lit, Var, literal
from ...op import Op
from ..witnesses.digits import floats
from .calls import MISFITS, rebound


@dataclass(frozen=True, eq=False)
class Specimen:
    """A graph and the values of its inputs."""

    graph: Graph
    arrays: tuple[np.ndarray, ...]

    @cached_property
    def elements(self) -> int:
        """How many numbers the largest input has."""
        return max((array.size for array in self.arrays), default=0)

    @cached_property
    def total(self) -> int:
        """How many numbers all inputs have."""
        return sum(array.size for array in self.arrays)

    @cached_property
    def lengths(self) -> list[int]:
        """The lengths of axes that are longer than 1, the longest first."""
        return sorted({length for array in self.arrays for length in array.shape if length > 1}, reverse=True)

    def at(self, arrays: Sequence[np.ndarray]) -> Specimen:
        """The same program at other values."""
        return Specimen(self.graph, tuple(arrays))


def alone(eqn: Eqn, values: Mapping[Var, np.ndarray]) -> Specimen:
    """One equation as a specimen: arrays among its operands become inputs, numbers that the user wrote stay."""
    names = eqn.op.operands if len(eqn.op.operands) == len(eqn.inputs) else ()
    inputs: list[Var] = []
    atoms: list[Atom] = []
    arrays: list[np.ndarray] = []
    for position, atom in enumerate(eqn.inputs):
        if isinstance(atom, Lit) and not atom.shape:
            atoms.append(atom)
            continue
        var = Var(names[position] if names else f"x{position + 1}", atom.shape, atom.dtype)
        inputs.append(var)
        atoms.append(var)
        value = atom.value if isinstance(atom, Lit) else values[atom]
        arrays.append(floats(value) if value.dtype == object else np.asarray(value))
    out = Var(_free("out", {var.name for var in inputs}), eqn.out.shape, eqn.out.dtype)
    graph = Graph(tuple(inputs), (Eqn(eqn.op, tuple(atoms), out, eqn.location),), (out,))
    return Specimen(graph, tuple(arrays))


def _free(name: str, taken: set[str]) -> str:
    return name if name not in taken else _free(name + "_", taken)


def shortened(
    specimen: Specimen, length: int, place: int, to: int = 1, only: int | None = None, axis: int | None = None
) -> Specimen | None:
    """Every axis of ``length`` cut to ``to`` elements from ``place``, or None where the program does not allow it.

    With ``only``, the axes of that input alone are cut; with ``axis``, that one of them.
    """

    def cut(position: int, array: np.ndarray) -> np.ndarray:
        if only is not None and position != only:
            return array
        chosen = [n == length and axis in (None, number) for number, n in enumerate(array.shape)]
        return array[tuple(slice(place, place + to) if one else slice(None) for one in chosen)]

    arrays = [cut(position, array) for position, array in enumerate(specimen.arrays)]
    return refitted(specimen, arrays, {length: to})


def without_axis(specimen: Specimen) -> Specimen | None:
    """The first axis of the inputs of the highest rank left out, where it is 1 long in all of them."""
    rank = max((array.ndim for array in specimen.arrays), default=0)
    if rank < 2 or any(array.ndim == rank and array.shape[0] != 1 for array in specimen.arrays):
        return None
    arrays = [array[0] if array.ndim == rank else array for array in specimen.arrays]
    return refitted(specimen, arrays, {}, shift=1)


def refitted(
    specimen: Specimen, arrays: Sequence[np.ndarray], lengths: Mapping[int, int], shift: int = 0
) -> Specimen | None:
    """The program for inputs of other shapes; settings that are lengths or axes follow, where they must."""
    graph = specimen.graph
    inputs = tuple(Var(var.name, array.shape, var.dtype) for var, array in zip(graph.inputs, arrays))
    new: dict[Any, Atom] = dict(zip(graph.inputs, inputs))
    eqns: list[Eqn] = []
    for eqn in graph.eqns:
        atoms = tuple(new[atom] if isinstance(atom, Var) else _cut(atom, lengths) for atom in eqn.inputs)
        candidates = (rebound(eqn, op, atoms) for op in _ops(eqn.op, atoms, lengths, shift))
        op = next((op for op in candidates if op is not None and _fits(op, atoms)), None)
        if op is None:
            return None
        shape, kind = op.infer(*atoms)
        new[eqn.out] = Var(eqn.out.name, shape, kind)
        eqns.append(Eqn(op, atoms, new[eqn.out], eqn.location))  # type: ignore[arg-type]
    outputs = tuple(new[atom] if isinstance(atom, Var) else atom for atom in graph.outputs)
    return Specimen(Graph(inputs, tuple(eqns), outputs), tuple(np.array(array) for array in arrays))


def _cut(lit: Lit, lengths: Mapping[int, int]) -> Lit:
    keys = tuple(slice(lengths.get(n, n)) for n in lit.shape)
    return literal(lit.value[keys]) if lit.shape else lit


def _fits(op: Op, atoms: Sequence[Atom]) -> bool:
    try:
        op.infer(*atoms)
    except MISFITS:
        return False
    return True


def _ops(op: Op, atoms: Sequence[Atom], lengths: Mapping[int, int], shift: int) -> Iterator[Op]:
    """``op`` with settings that may fit, the likeliest first."""
    settings = {name: value for name, value in op.params.items() if _whole(value)}
    if shift:
        axes = {name: _mapped(value, lambda n: n - shift if n >= shift else n) for name, value in settings.items()
                if name.startswith(("axis", "axes", "dim"))}  # fmt: skip
        if axes and any(axes[name] != settings[name] for name in axes):
            yield op.set(**axes)
        shapes = {name: value[shift:] for name, value in settings.items() if name == "shape" and len(value) > shift}
        if shapes:
            yield op.set(**shapes)
    mapped = {name: _mapped(value, lambda n: lengths.get(n, n)) for name, value in settings.items()
              if not name.startswith(("axis", "axes", "dim"))}  # fmt: skip
    if type(op).__name__ == "Reshape":
        yield from (op.set(shape=shape) for shape in _of_size(mapped["shape"], prod(atoms[0].shape)))
    if mapped != {name: settings[name] for name in mapped}:
        shapes = {name: value for name, value in mapped.items() if name in ("shape", "size")}
        yield from (op.set(**some) for some in (shapes, mapped) if some)
    yield op


def _whole(value: Any) -> bool:
    entries = value if isinstance(value, tuple) else (value,)
    return all(isinstance(one, int) and not isinstance(one, bool) for one in entries)


def _mapped(value: Any, change: Any) -> Any:
    return tuple(map(change, value)) if isinstance(value, tuple) else change(value)


def _of_size(shape: tuple[int, ...], size: int) -> Iterator[tuple[int, ...]]:
    """``shape``, or it with one length changed, where it has ``size`` elements."""
    if prod(shape) == size:
        yield shape
    for place, length in enumerate(shape):
        rest = prod(shape) // length if length else 0
        if rest and size % rest == 0:
            yield (*shape[:place], size // rest, *shape[place + 1 :])
