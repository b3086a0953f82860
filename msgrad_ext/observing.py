"""What is kept of the gradients that are taken while someone observes, so that a loop of training stays quick and small.

A step of training takes the same gradient of the same program again and again, at other values. `gradient_plan` compiles
such a program once for each observation, and `Applications` keeps a few of the many that one line takes, spread over them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .ir import Atom, Graph, Lit, Var
from .numeric.plan import Plan, signature
from .passes import optimise
from .registry import recorder
from .reversing.recorded import Record
from .reversing.reverse import reverse_pass
from .tracing.marking import contained


@dataclass(frozen=True, eq=False)
class Compiled:
    """Gradients, compiled: the plan, and the reverse pass that it was made of."""

    plan: Plan
    record: Record


# How many applications of one line are kept for the check at least, once there are as many.
KEPT = 20
_PLANS = 64

# Who is told of the gradients that are computed at the top level, if someone is.
observer: ContextVar[Applications | None] = ContextVar("observer", default=None)


def being_observed() -> bool:
    """True while the gradients that are computed are collected for a check."""
    return observer.get() is not None


def handed(take: Callable[[], Any]) -> Any:
    """What ``take`` gives; the application that it makes is told of what is handed back."""
    found: Any = observer.get()
    if found is None or recorder.get() is not None:
        return take()
    before = found[-1] if found else None
    result = take()
    if found and found[-1] is not before:
        found[-1].returned.extend(np.array(one._array()) for one in contained(result))
    return result


_plans: ContextVar[OrderedDict[Hashable, Compiled] | None] = ContextVar("plans", default=None)


@contextmanager
def reusing_plans() -> Iterator[None]:
    """Compile equal programs once meanwhile. Voices that are exchanged are seen, in the program's own ops."""
    token = _plans.set(OrderedDict())
    try:
        yield
    finally:
        _plans.reset(token)


def gradient_plan(graph: Graph, wrt: Sequence[Var], weighted: bool, values: Sequence[np.ndarray | None]) -> Compiled:
    """The compiled gradient of ``graph`` by ``wrt``; ``weighted`` if weights of the outputs are further inputs.

    ``values`` are those of the inputs and the weights: derivatives that the user wrote are run on them, at every call.
    """
    known = _plans.get()
    if known is None or any(eqn.op.nested for eqn in graph.eqns):
        return _compiled(graph, wrt, weighted, values)
    key = _key(graph, wrt, weighted)
    found = known.get(key)
    if found is None:
        found = known[key] = _compiled(graph, wrt, weighted, values)
        if len(known) > _PLANS:
            known.popitem(last=False)
    return found


def _compiled(graph: Graph, wrt: Sequence[Var], weighted: bool, values: Sequence[np.ndarray | None]) -> Compiled:
    record = reverse_pass(graph, wrt, weighted, values)
    whole = record.graph if weighted else record.with_ones()
    gradients = Graph(whole.inputs, whole.eqns, whole.outputs[len(graph.outputs) :], whole.guards)
    # A plan that is to be checked gives the same numbers at every call: it does not change over to compiled C.
    return Compiled(Plan(optimise(gradients), native=observer.get() is None), record)


def value_plan(made: Compiled, outputs: Sequence[Atom], weighted: bool) -> Plan:
    """A plan of ``outputs``, atoms of the forward graph, and of the gradients that ``made`` gives."""
    record = made.record
    whole = record.graph if weighted else record.with_ones()
    gradients = whole.outputs[len(record.forward.outputs) :]
    return Plan(optimise(Graph(whole.inputs, whole.eqns, (*outputs, *gradients), whole.guards)))


def _key(graph: Graph, wrt: Sequence[Var], weighted: bool) -> Hashable:
    """A value that is equal for gradients with the same plan: the code, the array constants, the rules."""
    atoms = [*(atom for eqn in graph.eqns for atom in eqn.inputs), *graph.outputs, *(one.var for one in graph.guards)]
    arrays = tuple(atom.value.tobytes() for atom in atoms if isinstance(atom, Lit) and atom.shape)
    rules = tuple(type(eqn.op).vjp for eqn in graph.eqns)
    places = tuple(graph.inputs.index(var) for var in wrt)
    return signature(graph), arrays, rules, places, weighted


class _Taken(Protocol):
    """What an application is grouped by."""

    @property
    def plan(self) -> Plan: ...
    @property
    def location(self) -> Any: ...


class Applications(list[Any]):
    """The applications of a cell in the order in which they were made; of many at one place, some.

    Of each place the first and the last are kept, and between them some at even distances.
    """

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[Hashable, int] = {}
        self._strides: dict[Hashable, int] = {}
        self._kept: dict[Hashable, list[Any]] = {}

    def append(self, application: _Taken) -> None:
        """Take note of one more application."""
        key = _place(application)
        kept = self._kept.setdefault(key, [])
        count = self._counts[key] = self._counts.get(key, 0) + 1
        stride = self._strides.setdefault(key, 1)
        # The last one so far stands at the end until it turns out to lie between two that are kept.
        if len(kept) > 1 and (count - 2) % stride:
            self._drop(kept.pop())
        kept.append(application)
        super().append(application)
        if len(kept) > 2 * KEPT:
            for one in kept[1:-1:2]:
                self._drop(one)
            self._kept[key] = [*kept[:-1:2], kept[-1]]
            self._strides[key] = 2 * stride

    def _drop(self, application: _Taken) -> None:
        spot = next(place for place, one in enumerate(self) if one is application)
        del self[spot]

    def count_of(self, members: Sequence[_Taken]) -> int:
        """How many applications there were at the places of ``members``."""
        return sum(self._counts[key] for key in dict.fromkeys(map(_place, members)))


def _place(application: _Taken) -> Hashable:
    return str(application.location), id(application.plan)
