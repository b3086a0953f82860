"""Traces of one network at several lengths, read side by side: what differs is said in letters, or refused.

Comes in: graphs that should differ by lengths alone, and the lengths of each run. Goes out: `Known`, with a shape for each
atom, settings and constants in letters, and the conditions under which they hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sympy import Add, Expr, Mul, S

from ..errors import Location, NotSupportedError
from ..ir import Eqn, Graph, Lit, Var
from ..symbolic.conditions import Condition, needed
from ..symbolic.known import Known
from ..symbolic.language import Pattern
from ..symbolic.lengths import Runs
from .patterns import constant_of_runs, pattern_of


class DiffersError(NotSupportedError):
    """The traces do different things."""


class UnexplainedError(NotSupportedError):
    """A number depends on the lengths in a way that was not found."""


class Reading:
    """One reading of graphs side by side."""

    def __init__(self, graphs: Sequence[Graph], runs: Runs) -> None:
        self.graphs = graphs
        self.runs = runs
        self.shapes: dict[Any, tuple[Expr, ...]] = {}
        self.ops: dict[Var, Any] = {}
        self.numbers: dict[Any, Expr | Pattern] = {}
        self.conditions: list[Condition] = []
        self.places: list[dict[Any, int]] = [{} for _ in graphs]
        self.seen: set[int] = set()

    def known(self, notes: Sequence[str] = ()) -> Known:
        """What is known of the first graph.

        Raises
        ------
        DiffersError, UnexplainedError
        """
        self.bind([graph.inputs for graph in self.graphs], None)
        self.read(self.graphs)
        conditions = needed(self.conditions)
        words = [*notes, *(f"for {condition}" for condition in conditions)]
        return Known(self.shapes, self.ops, self.numbers, conditions, tuple(words))

    def read(self, graphs: Sequence[Graph]) -> None:
        """All equations, side by side."""
        if len({len(graph.eqns) for graph in graphs}) > 1:
            raise DiffersError("the number of its operations depends on the lengths")
        for eqns in zip(*(graph.eqns for graph in graphs)):
            self.equation(eqns)

    def equation(self, eqns: tuple[Eqn, ...]) -> None:
        """One equation of each graph."""
        where = eqns[0].location
        if len({type(eqn.op) for eqn in eqns}) > 1 or len({len(eqn.inputs) for eqn in eqns}) > 1:
            raise DiffersError("what it does depends on the lengths", where)
        for atoms in zip(*(eqn.inputs for eqn in eqns)):
            if all(isinstance(atom, Lit) for atom in atoms):
                self.constant(atoms, where)
            elif len({table.get(atom, -1) for table, atom in zip(self.places, atoms)}) > 1:
                raise DiffersError("what it does depends on the lengths", where)
        first: Any = eqns[0].op
        if first.nested:
            self.nested(eqns)
        else:
            settings = {
                name: self.setting([eqn.op.params.get(name) for eqn in eqns], type(first).__name__, name, where)
                for name in first.params
            }
            if any(settings[name] is not value for name, value in first.params.items()):
                self.ops[eqns[0].out] = first.set(**settings)
        self.bind([(eqn.out,) for eqn in eqns], where)
        self.conditions += self.limits(eqns[0], self.ops.get(eqns[0].out, first))

    def nested(self, eqns: tuple[Eqn, ...]) -> None:
        """The inner graphs of a gradient that the network takes."""
        ops: list[Any] = [eqn.op for eqn in eqns]
        inner: list[Graph] = [op.graph for op in ops]
        if id(inner[0]) in self.seen:
            return
        self.seen.add(id(inner[0]))
        if len({len(graph.inputs) for graph in inner}) > 1:
            raise DiffersError("what it does depends on the lengths", eqns[0].location)
        self.bind([graph.inputs for graph in inner], eqns[0].location)
        self.read(inner)

    def bind(self, variables: Sequence[tuple[Var, ...]], where: Location | None) -> None:
        """Number variables that stand in one place, and find their shapes."""
        for same in zip(*variables):
            for table, var in zip(self.places, same):
                table.setdefault(var, len(table))
            self.shapes[same[0]] = self.shape(same, where)

    def shape(self, atoms: Sequence[Any], where: Location | None) -> tuple[Expr, ...]:
        """The shape of one atom in letters."""
        if len({len(atom.shape) for atom in atoms}) > 1:
            raise DiffersError("the number of axes depends on the lengths", where)
        result = []
        for axis, sizes in enumerate(zip(*(atom.shape for atom in atoms))):
            found = self.runs.expression(sizes)
            if found is None:
                raise UnexplainedError(f"axis {axis} of a value has lengths {_listed(sizes)} {self.at()}", where)
            self.conditions += _whole(found)
            result.append(found)
        return tuple(result)

    def at(self) -> str:
        """The lengths of the runs, for messages."""
        return "at " + ", ".join(f"{n} = {_listed([run[n] for run in self.runs.runs])}" for n in self.runs.letters)

    def setting(self, values: Sequence[Any], op: str, name: str, where: Location | None) -> Any:
        """One setting of an op; the first run's itself where all runs have the same."""
        first = values[0]
        if all(type(one) is type(first) for one in values):
            if isinstance(first, tuple) and len({len(one) for one in values}) == 1:
                parts = tuple(self.setting(same, op, name, where) for same in zip(*values))
                return first if all(a is b for a, b in zip(parts, first)) else parts
            if isinstance(first, np.ndarray):
                if all(np.array_equal(one, first) for one in values):
                    return first
            elif all(one == first for one in values):
                return first
            elif isinstance(first, (int, float)) and not isinstance(first, bool):
                found = constant_of_runs(values, self.runs, 1e-13)
                if found is not None:
                    self.conditions += _whole(found) if isinstance(first, int) else []
                    return found
        raise UnexplainedError(f"{name} of {op} is {_listed(values)} {self.at()}", where)

    def constant(self, lits: Sequence[Any], where: Location | None) -> None:
        """One constant of each graph."""
        first = lits[0]
        if first in self.shapes:
            return
        self.shapes[first] = self.shape(lits, where)
        if all(lit.shape == first.shape and np.array_equal(lit.value, first.value, equal_nan=True) for lit in lits):
            return
        found: Expr | Pattern | None
        if first.shape == ():
            single = first.dtype in (np.float16, np.float32)
            exact = all(lit.exact is not None for lit in lits)
            values = [lit.value.item() if lit.exact is None else lit.exact for lit in lits]
            found = constant_of_runs(values, self.runs, 1e-13 if exact or not single else 4e-7)
        else:
            found = pattern_of([lit.value for lit in lits], self.runs)
        if found is None:
            raise UnexplainedError(f"a constant of the network is {_listed(lits)} {self.at()}", where)
        self.numbers[first] = found

    def limits(self, eqn: Eqn, op: Any) -> Iterator[Condition]:
        """What the lengths must meet so that a slice lies within its axes."""
        found = [getattr(op, name, None) for name in ("begin", "step", "size")]
        parts = [part for part in found if isinstance(part, tuple)]
        if len(parts) < len(found):
            return
        axes = getattr(op, "shape", None) or self.shapes.get(eqn.inputs[0], ())
        for begin, step, size, n in zip(*parts, axes):
            last = begin + step * (size - 1)
            # Where a slice takes nothing, it may end before it begins.
            for value in (begin, size, *((n - 1 - last,) if step > 0 else (n - 1 - begin, last))):
                yield at_least(S.Zero + value)


def _whole(value: Expr) -> list[Condition]:
    """What must divide so that a length is a whole number, and that it is none below 0."""
    above, below = value.together().as_numer_denom()
    found = [Condition(above, below)] if below != 1 else []
    for factor in Mul.make_args(value):
        if any(term.as_coeff_Mul()[0] < 0 for term in Add.make_args(factor)):
            found.append(at_least(factor))
    return found


def at_least(value: Expr) -> Condition:
    """The condition that ``value`` is not negative, without fractions."""
    above, below = value.together().as_numer_denom()
    return Condition((above if below.is_Integer else value).expand())


def _listed(values: Sequence[Any]) -> str:
    shown = ", ".join(map(str, values[:3]))
    return shown + (", ..." if len(values) > 3 else "")


__all__ = ["DiffersError", "Reading", "UnexplainedError"]
