"""`Profile`: what each line of the user's code costs in the compiled gradient.

Comes in: an application of a gradient. Its plan fuses operations and shares buffers, so that no time belongs to one line
alone; here its operations are run one by one instead, each a few times, and the shortest time of each counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ArgumentValueError, Location, user_location
from .ir import Eqn, Graph, Lit, Var
from .voice import foreign, guarded

if TYPE_CHECKING:
    from .gradients.grad_operation import Application


@dataclass(frozen=True)
class LineCost:
    """One line of the user's code.

    Attributes
    ----------
    location : Location or None
        The line; None for what the reverse pass adds and no line stands for.
    nanoseconds : int or None
        The sum of its operations' shortest times; None where nothing was timed.
    calls : int
        How many operations of the gradient it stands for, forward and back.
    bytes : int
        What the results of those take; views take nothing.
    """

    location: Location | None
    nanoseconds: int | None
    calls: int
    bytes: int

    @property
    def line(self) -> int | None:
        """Its number in its file or cell."""
        return None if self.location is None else self.location.line

    @property
    def text(self) -> str:
        """The line itself."""
        return "" if self.location is None else self.location.text


@dataclass(frozen=True)
class Profile:
    """Costs by line; ``str`` and a notebook show a table.

    Attributes
    ----------
    title : str
        The network's name.
    rows : tuple of LineCost
        The lines that the gradient computes something for, in order.
    plan : int or None
        Nanoseconds of one call of the compiled plan, where lines are not told apart; None where nothing was timed.
    workspace, outputs : int
        Bytes of the buffers that the plan keeps, and of the gradients that it gives.
    """

    title: str
    rows: tuple[LineCost, ...]
    plan: int | None
    workspace: int
    outputs: int

    @property
    def nanoseconds(self) -> int:
        """All lines together, one operation after another; 0 where nothing was timed."""
        return sum(row.nanoseconds or 0 for row in self.rows)

    def __iter__(self) -> Iterator[LineCost]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from .views.costs import mimebundle

        return mimebundle(self)

    def __str__(self) -> str:
        from .views.costs import mimebundle

        return mimebundle(self)["text/plain"]

    def __repr__(self) -> str:
        return f"Profile({self.title}: {len(self.rows)} lines)"


def profile_of(application: Application | None, title: str, repeats: int) -> Profile:
    """The costs of an application, at the values that it was computed at.

    Raises
    ------
    ArgumentValueError
        If ``repeats`` is no whole number from 0.
    """
    if isinstance(repeats, bool) or not isinstance(repeats, int) or repeats < 0:
        raise ArgumentValueError(f"repeats must be a whole number from 0, but got {repeats!r}.", user_location())
    if application is None:
        return Profile(title, (), None, 0, 0)
    plan = application.plan
    times, whole = None, None
    if repeats:
        known = (value for value in application.program.values if value is not None)
        arrays = [np.asarray(value) for value in (*known, *(application.sens or ()))]
        whole = min(_timed(partial(plan, *arrays), repeats)[1:])
        times = list(_times(plan.graph, arrays, repeats))
    outputs = sum(gradient.nbytes for gradient in application.gradients)
    return Profile(title, line_costs(plan.graph, times), whole, plan.memory, outputs)


def line_costs(graph: Graph, times: Sequence[int] | None = None) -> tuple[LineCost, ...]:
    """The costs of ``graph`` by the lines that its equations come from, in the order of the lines.

    ``times`` are those of the equations, in nanoseconds.
    """
    places: dict[Location | None, list[int]] = {}
    for place, eqn in enumerate(graph.eqns):
        places.setdefault(eqn.location, []).append(place)
    rows = [
        LineCost(
            location,
            None if times is None else sum(times[place] for place in found),
            len(found),
            sum(_made(graph.eqns[place]) for place in found),
        )
        for location, found in places.items()
    ]
    return tuple(sorted(rows, key=_order))


def _made(eqn: Eqn) -> int:
    """The bytes of what an equation makes."""
    return 0 if eqn.op.view else math.prod(eqn.out.shape) * eqn.out.dtype.itemsize


def _times(graph: Graph, arrays: Sequence[np.ndarray], repeats: int) -> Iterator[int]:
    """The shortest time of each equation."""
    values: dict[Any, np.ndarray] = dict(zip(graph.inputs, arrays))
    # A value is forgotten after its last use, so that a profile takes no more memory than it must.
    last = {atom: place for place, eqn in enumerate(graph.eqns) for atom in eqn.inputs if isinstance(atom, Var)}
    for place, eqn in enumerate(graph.eqns):
        with np.errstate(all="ignore"):
            values[eqn.out], nanoseconds = _run(eqn, values, repeats)
        yield nanoseconds
        for atom in eqn.inputs:
            if isinstance(atom, Var) and last[atom] == place:
                values.pop(atom, None)


def _order(row: LineCost) -> tuple[bool, str, int]:
    return row.location is None, row.location.filename if row.location else "", row.line or 0


def _run(eqn: Eqn, values: dict[Any, np.ndarray], repeats: int) -> tuple[np.ndarray, int]:
    """The result of an equation, and the shortest time that its voice took."""
    operands = [atom.value if isinstance(atom, Lit) else values[atom] for atom in eqn.inputs]
    voice = partial(guarded, eqn.op) if foreign(type(eqn.op).numpy) else eqn.op.numpy
    result, *times = _timed(partial(voice, *operands), repeats)
    return np.asarray(result, eqn.out.dtype), min(times)


def _timed(call: Callable[[], Any], repeats: int) -> list[Any]:
    """What ``call`` gives, and the nanoseconds of each of ``repeats`` calls."""
    times: list[Any] = []
    result = None
    for _ in range(repeats):
        start = perf_counter_ns()
        result = call()
        times.append(perf_counter_ns() - start)
    return [result, *times]
