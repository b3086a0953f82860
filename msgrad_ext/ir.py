"""The program form: a `Graph` of equations in which each name is bound once.

Comes in: ops and shapes. Goes out: a frozen, validated, printable program. It knows nothing of tensors, of tracing, or
of how an op computes. A graph is never changed; a pass takes one and returns another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from .constants import known
from .dtype import brief
from .errors import EngineError, Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .op import Op

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Var:
    """A name for one array of the program; two variables are the same only if they are one object."""

    name: str
    shape: Shape
    dtype: np.dtype

    def __str__(self) -> str:
        return f"{self.name}: {brief(self.dtype)}[{','.join(map(str, self.shape))}]"


@dataclass(frozen=True, eq=False)
class Lit:
    """A constant of the program.

    ``value`` is a read-only array of the dtype it is used in. ``exact`` is the Python number that the user wrote, if it
    was one, so that the check can run the same program in more digits.
    """

    value: np.ndarray
    exact: float | int | bool | None = None

    @property
    def shape(self) -> Shape:
        return self.value.shape

    @property
    def dtype(self) -> np.dtype:
        return self.value.dtype

    def __str__(self) -> str:
        if self.value.ndim == 0:
            return str(self.value.item() if self.exact is None else self.exact)
        return f"{brief(self.dtype)}[{','.join(map(str, self.shape))}]{{...}}"


Atom = Union[Var, Lit]


def literal(value: object, dtype: np.dtype | None = None) -> Lit:
    """A `Lit` that holds a read-only copy of ``value``."""
    with np.errstate(over="ignore"):
        array = np.array(value, dtype=dtype)
    array.flags.writeable = False
    return Lit(array, known(value) if isinstance(value, float) else value if isinstance(value, (bool, int)) else None)


@dataclass(frozen=True, eq=False)
class Eqn:
    """One step: ``out = op(inputs)``; ``location`` is the user's line it came from.

    ``sound`` is true once the shape and dtype of ``out`` have been found to follow from the inputs: so that an equation
    is looked at once, and not by each pass that hands it on.
    """

    op: Op
    inputs: tuple[Atom, ...]
    out: Var
    location: Location | None = None
    sound: bool = False

    def put(self, new: Mapping[Any, Atom]) -> Eqn:
        """This equation with each variable that ``new`` has replaced; itself if it has none."""
        if new.keys().isdisjoint(self.inputs):
            return self
        inputs = substitute(self.inputs, new)
        pairs = zip(inputs, self.inputs)
        sound = self.sound and all(one is old or (one.shape, one.dtype) == (old.shape, old.dtype) for one, old in pairs)
        return Eqn(self.op, inputs, self.out, self.location, sound)

    def operand(self, position: int) -> str:
        """What an operand is called: by the op's own word for it, or by its place where the op has none."""
        names = self.op.operands
        return names[position] if position < len(names) else f"operand {position}"

    def __str__(self) -> str:
        operands = " ".join(atom.name if isinstance(atom, Var) else str(atom) for atom in self.inputs)
        return f"{self.out} = {self.op.label} {operands}"


@dataclass(frozen=True, eq=False)
class Guard:
    """The user's Python branched on ``var`` and saw ``value``: the graph holds only while that stays so."""

    var: Atom
    value: bool | int | float
    location: Location | None = None

    def __str__(self) -> str:
        name = self.var.name if isinstance(self.var, Var) else str(self.var)
        return f"guard {name} is {self.value}"


@dataclass(frozen=True, eq=False)
class Graph:
    """A straight-line program: ``inputs``, ``eqns`` in order of execution, ``outputs``, and the ``guards`` it rests on."""

    inputs: tuple[Var, ...]
    eqns: tuple[Eqn, ...]
    outputs: tuple[Atom, ...]
    guards: tuple[Guard, ...] = ()

    def __post_init__(self) -> None:
        bound = set()
        names = set()
        for var in self.inputs:
            bound.add(var)
            names.add(var.name)
        for eqn in self.eqns:
            for atom in eqn.inputs:
                if atom not in bound and isinstance(atom, Var):
                    raise EngineError(f"Graph: {atom.name} is used before it is bound, in: {eqn}")
            if not eqn.sound:
                shape, kind = eqn.op.infer(*eqn.inputs)
                if (shape, kind) != (eqn.out.shape, eqn.out.dtype):
                    raise EngineError(f"Graph: {eqn.op.label} gives {kind}{list(shape)}, but it is bound as {eqn.out}")
                object.__setattr__(eqn, "sound", True)
            bound.add(eqn.out)
            names.add(eqn.out.name)
        if len(names) != len(bound):
            raise EngineError("Graph: a name is bound twice.")
        for atom in (*self.outputs, *(guard.var for guard in self.guards)):
            if isinstance(atom, Var) and atom not in bound:
                raise EngineError(f"Graph: output {atom.name} is not bound.")

    def __str__(self) -> str:
        body = [str(eqn) for eqn in self.eqns]
        width = max(map(len, body), default=0)
        lines = [f"graph({', '.join(map(str, self.inputs))}):"]
        for text, eqn in zip(body, self.eqns):
            place = f"  # line {eqn.location.line}: {eqn.location.text}" if eqn.location else ""
            lines.append(f"  {text:<{width}}{place}".rstrip())
        lines += [f"  {guard}" for guard in self.guards]
        results = ", ".join(atom.name if isinstance(atom, Var) else str(atom) for atom in self.outputs)
        return "\n".join([*lines, f"  return {results}"])


def rename(graph: Graph, names: Mapping[Var, str] | None = None) -> Graph:
    """``graph`` with its equations' variables counted anew: ``v1, v2, ...`` in order; inputs keep their names."""
    fixed = dict(names or {})
    taken = {fixed.get(var, var.name) for var in graph.inputs} | set(fixed.values())
    new: dict[Var, Var] = {var: Var(fixed[var], var.shape, var.dtype) if var in fixed else var for var in graph.inputs}
    count = 0
    eqns = []
    for eqn in graph.eqns:
        name = fixed.get(eqn.out)
        while name is None:
            count += 1
            name = f"v{count}" if f"v{count}" not in taken else None
        new[eqn.out] = Var(name, eqn.out.shape, eqn.out.dtype)
        eqns.append(Eqn(eqn.op, substitute(eqn.inputs, new), new[eqn.out], eqn.location, eqn.sound))
    guards = tuple(Guard(substitute([g.var], new)[0], g.value, g.location) for g in graph.guards)
    return Graph(tuple(new[var] for var in graph.inputs), tuple(eqns), substitute(graph.outputs, new), guards)


def substitute(atoms: Iterable[Atom], new: Mapping[Any, Atom]) -> tuple[Atom, ...]:
    """``atoms`` with each that ``new`` has replaced by what it has for it."""
    return tuple([new.get(atom, atom) for atom in atoms])


def unique(name: str, taken: set[str]) -> str:
    """``name``, or ``name_2``, ``name_3`` ... if it is taken; the result is added to ``taken``."""
    result, count = name, 1
    while result in taken:
        count += 1
        result = f"{name}_{count}"
    taken.add(result)
    return result
