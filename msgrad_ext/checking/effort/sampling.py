"""A large program on a sample of its data: the same network, cut along axes that it treats element by element.

The gradients of the cut program at the kept places are those of the whole one, so that the full check can be made on a
small problem, and what was recorded at full size is compared there. Comes in: an `Application`. Goes out: a `Sample`,
an application of its own with the places it was cut to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from ...errors import MsgradError
from ...gradients.grad_operation import Application
from ...ir import Atom, Eqn, Graph, Lit, Var
from ...numeric.interpreter import run
from ...observing import gradient_plan
from .separable import Axis, Separable, separable
from .work import size, traffic

ENTRIES = 1024
# A cut program that still takes more than this is cut further, down to two places of an axis.
_OPERATIONS = 10_000_000


@dataclass(frozen=True, eq=False)
class Sample:
    """A cut application: ``places[n]`` are the kept indices along each axis of gradient ``positions[n]`` of the
    whole, which has the shape ``whole[n]``.

    ``factor`` is what the gradients of the cut program are to be multiplied by: a mean over fewer terms divides by less.
    """

    application: Application
    positions: tuple[int, ...]
    places: tuple[tuple[np.ndarray, ...], ...]
    whole: tuple[tuple[int, ...], ...]
    factor: float

    def recorded(self, whole: Application, number: int) -> np.ndarray:
        """What the whole application gave at the kept places of gradient ``positions[number]``."""
        return whole.gradients[self.positions[number]][np.ix_(*self.places[number])]

    def index(self, number: int, spot: Sequence[int]) -> tuple[int, ...]:
        """Where an entry of the cut gradient stands in the whole one."""
        return tuple(int(kept[at]) for kept, at in zip(self.places[number], spot))


def samples(application: Application, seed: int, entries: int = ENTRIES) -> list[Sample]:
    """The cut programs that give entries of the gradients of ``application``; none for what can not be cut.

    Parameters
    ----------
    application : Application
        What was computed.
    seed : int
        For the choice of places.
    entries : int
        How many entries of each gradient are wanted.
    """
    graph = application.program.graph
    if any(eqn.op.nested for eqn in graph.eqns):
        return []
    found = separable(graph)
    groups: dict[tuple[Axis, ...], list[int]] = {}
    for position, var in enumerate(application.wrt):
        kinds = tuple(found.good(var))
        if kinds:
            groups.setdefault(kinds, []).append(position)
    made = [_sample(application, found, kinds, positions, seed, entries) for kinds, positions in groups.items()]
    return [one for one in made if one is not None]


def _sample(
    application: Application, found: Separable, kinds: tuple[Axis, ...], positions: list[int], seed: int, entries: int
) -> Sample | None:
    lengths = {kind: kind[0].shape[kind[1]] for kind in kinds}
    others = [size(application.wrt[p].shape) // prod(lengths.values()) for p in positions]
    cost = max(traffic(application.program.graph), 1)
    wanted = _shares(lengths, max(1, entries // max(others)), cost)
    generator = np.random.default_rng([seed, *lengths.values()])
    places = {kind: _places(lengths[kind], count, generator) for kind, count in wanted.items()}
    factor = _factor(application, found, places)
    if factor is None:
        return None
    try:
        return _cut(application, found, places, positions, factor)
    except (MsgradError, ValueError, TypeError, IndexError):
        # An op that keeps a length of the axis in its settings can not run on a part of it: there is no such sample.
        return None


def _shares(lengths: Mapping[Axis, int], entries: int, cost: int) -> dict[Axis, int]:
    """How many places of each axis are kept, so that the product is about ``entries`` and the rest is affordable."""
    counts: dict[Axis, int] = {}
    rest = entries
    for left, kind in enumerate(sorted(lengths, key=lambda kind: lengths[kind])):
        counts[kind] = min(lengths[kind], max(2, round(rest ** (1 / (len(lengths) - left)))))
        rest //= counts[kind]
    whole = prod(lengths.values())
    while cost * prod(counts.values()) > _OPERATIONS * whole and max(counts.values()) > 2:
        longest = max(counts, key=lambda kind: counts[kind])
        counts[longest] = max(2, counts[longest] // 2)
    return {kind: counts[kind] for kind in lengths}


def _places(length: int, count: int, generator: np.random.Generator) -> np.ndarray:
    """``count`` indices below ``length``, in order; the first and the last are always among them."""
    if count >= length:
        return np.arange(length)
    inner = generator.choice(length - 2, count - 2, replace=False) + 1 if count > 2 else np.empty(0, np.int64)
    return np.sort(np.concatenate([[0], inner, [length - 1]])).astype(np.int64)


def _factor(application: Application, found: Separable, places: Mapping[Axis, np.ndarray]) -> float | None:
    """By how much the means of the whole are smaller than those of the cut program; None if outputs do not agree on it."""
    factors = set()
    for atom in application.program.graph.outputs:
        if atom.dtype.kind != "f":
            continue
        divided = found.summed.get(atom, {})
        kinds = [kind for kind, n in divided.items() if n > 1 and found.of(*kind) in places]
        factors.add(prod(len(places[found.of(*kind)]) / divided[kind] for kind in kinds))
    return factors.pop() if len(factors) == 1 else None


def _cut(
    application: Application, found: Separable, places: Mapping[Axis, np.ndarray], positions: list[int], factor: float
) -> Sample:
    program = application.program

    def kept(atom: Atom) -> tuple[np.ndarray, ...]:
        return tuple(places.get(found.of(atom, axis), np.arange(n)) for axis, n in enumerate(atom.shape))

    def part(atom: Atom, array: Any) -> np.ndarray:
        return np.ascontiguousarray(np.asarray(array)[np.ix_(*kept(atom))]).reshape(tuple(map(len, kept(atom))))

    new: dict[Atom, Atom] = {}
    for var in program.graph.inputs:
        new[var] = Var(var.name, tuple(map(len, kept(var))), var.dtype)
    eqns = tuple(_cut_equation(eqn, new, part, kept) for eqn in program.graph.eqns)
    outputs = tuple(_atom(atom, new, part) for atom in program.graph.outputs)
    graph = Graph(tuple(new[var] for var in program.graph.inputs), eqns, outputs)  # type: ignore[misc]
    values = tuple(part(var, value) for var, value in zip(program.graph.inputs, program.values))
    floats = [atom for atom in program.graph.outputs if atom.dtype.kind == "f"]
    sens = None if application.sens is None else tuple(part(o, w) for o, w in zip(floats, application.sens))
    wrt: Any = tuple(new[application.wrt[position]] for position in positions)
    made = gradient_plan(graph, wrt, sens is not None, (*values, *(sens or ())))  # type: ignore[arg-type]
    cut = replace(
        application,
        program=replace(program, graph=graph, values=values, result=run(graph, values)),
        wrt=wrt,
        names=tuple(application.names[position] for position in positions),
        kinds=tuple(application.kinds[position] for position in positions),
        sens=sens,
        gradients=made.plan(*values, *(sens or ())),
        plan=made.plan,
        record=made.record,
        returned=[],
    )
    asked = [application.wrt[position] for position in positions]
    return Sample(cut, tuple(positions), tuple(map(kept, asked)), tuple(var.shape for var in asked), factor)


def _atom(atom: Atom, new: dict[Atom, Atom], part: Any) -> Atom:
    if isinstance(atom, Lit) and atom not in new:
        new[atom] = atom if not atom.shape else Lit(part(atom, atom.value), atom.exact)
    return new[atom]


def _cut_equation(eqn: Eqn, new: dict[Atom, Atom], part: Any, kept: Any) -> Eqn:
    """One equation of the cut program; a length that the op keeps in its settings is that of the part."""
    inputs = tuple(_atom(atom, new, part) for atom in eqn.inputs)
    shape = tuple(map(len, kept(eqn.out)))
    op = eqn.op
    if shape != eqn.out.shape and type(op).__name__ in ("Reshape", "BroadcastTo"):
        op = op.set(shape=shape)
    new[eqn.out] = out = Var(eqn.out.name, shape, eqn.out.dtype)
    return Eqn(op, inputs, out, eqn.location)


__all__ = ["ENTRIES", "Sample", "samples"]
