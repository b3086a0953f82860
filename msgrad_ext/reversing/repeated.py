"""What was recorded once and comes again on other operands: written down without running the code that recorded it.

A loop that was unrolled has the same step many times, and a derivative rule records the same equations for each: they
depend on the op and on what its operands are, and on nothing else. So a `Memory` belongs to one recording.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..ir import Atom, Eqn, Lit, Shape, Var

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from ..op import Op

    Bind = Callable[[Op, tuple[Atom, ...], Shape, np.dtype], Var]

# A number is a place among the operands and what was bound after them; a constant stands for itself.
Reference = Any


@dataclass(frozen=True, eq=False)
class Script:
    """Equations with their variables left open, and which of all atoms are the results."""

    lines: tuple[tuple[Op, tuple[Reference, ...], Shape, np.dtype], ...]
    results: tuple[Reference, ...]

    def play(self, atoms: Sequence[Atom], bind: Bind) -> tuple[Any, ...]:
        """The results on ``atoms``; ``bind`` adds an equation."""
        known = list(atoms)
        for op, inputs, shape, dtype in self.lines:
            given = tuple([known[one] if type(one) is int else one for one in inputs])
            known.append(bind(op, given, shape, dtype))
        return tuple([known[one] if type(one) is int else one for one in self.results])


def script(atoms: Sequence[Atom], eqns: Sequence[Eqn], results: Sequence[Atom | None]) -> Script | None:
    """``eqns``, which were recorded on ``atoms``; None if they use a variable of others."""
    places: dict[Any, Reference] = {}
    for number, atom in enumerate((*atoms, *(eqn.out for eqn in eqns))):
        places.setdefault(atom, number)
    used = (*(atom for eqn in eqns for atom in eqn.inputs), *results)
    if any(isinstance(atom, Var) and atom not in places for atom in used):
        return None
    lines = ((eqn.op, tuple(places.get(one, one) for one in eqn.inputs), eqn.out.shape, eqn.out.dtype) for eqn in eqns)
    return Script(tuple(lines), tuple(places.get(one, one) for one in results))


class Memory:
    """The scripts of one recording, by what they do and by what their operands are.

    Parameters
    ----------
    bind : callable
        Adds an equation to the recording and returns its variable.
    """

    def __init__(self, bind: Bind) -> None:
        self.bind = bind
        self.scripts: dict[Hashable, Script] = {}

    def recall(self, key: Hashable, atoms: Sequence[Atom]) -> tuple[Any, ...] | None:
        """The results of what is known as ``key``, written down on ``atoms``; None if it was not recorded yet."""
        found = self.scripts.get(key)
        return None if found is None else found.play(atoms, self.bind)

    def keep(self, key: Hashable, atoms: Sequence[Atom], eqns: Sequence[Eqn], results: Sequence[Atom | None]) -> None:
        """Remember ``eqns``, which were recorded on ``atoms``, as ``key``."""
        found = script(atoms, eqns, results)
        if found is not None:
            self.scripts[key] = found


def alike(atoms: Sequence[Atom]) -> Hashable | None:
    """A key that is equal for operands of which the same is known while a rule runs; None if more is.

    Which of them are one thing belongs to it, and the values of numbers.
    """
    kinds: list[Any] = []
    for atom in atoms:
        if isinstance(atom, Lit):
            if atom.shape:
                return None
            kinds.append((atom.dtype, atom.value.tobytes(), repr(atom.exact)))
        else:
            kinds.append(atom.shape)
            kinds.append(atom.dtype)
    if len(set(map(id, atoms))) != len(atoms):
        first: dict[int, int] = {}
        kinds.append(tuple([first.setdefault(id(atom), place) for place, atom in enumerate(atoms)]))
    return tuple(kinds)


__all__ = ["Memory", "alike"]
