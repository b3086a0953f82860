"""Plans of programs that are traced anew at each call: where a trace is as one before it, that one's plan answers.

Comes in: the graph of a trace, and what its gradient is taken by. Goes out: a plan, made once for graphs that are alike.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from threading import Lock

from ..ir import Graph, Var
from ..now import Epoch
from ..numeric.plan import Plan
from ..voice import foreign
from .kept import alike, own_voices

# So many plans are held, and none of a graph with more bytes of constants.
_HELD, _BYTES = 32, 1_000_000

_known: OrderedDict[Hashable, tuple[Graph, Plan]] = OrderedDict()
_lock = Lock()


def plan_again(graph: Graph, wrt: Sequence[Var], weighted: bool, make: Callable[[], Plan]) -> Plan:
    """The plan that ``make`` gives, or that it gave for a graph that differs in names and lines alone."""
    key = _key(graph, wrt, weighted)
    with _lock:
        found = _known.get(key)
    if found is not None and alike(found[0], graph):
        return found[1]
    plan = make()
    if own_voices(graph, foreign) and _constants(graph) <= _BYTES:
        with _lock:
            _known[key] = (graph, plan)
            _known.move_to_end(key)
            while len(_known) > _HELD:
                _known.popitem(last=False)
    return plan


def forget() -> None:
    """Hold no plans: for tests that exchange parts of the engine."""
    with _lock:
        _known.clear()


def _key(graph: Graph, wrt: Sequence[Var], weighted: bool) -> Hashable:
    """What is the same for graphs that are alike; a voice that is exchanged changes it."""
    places = tuple(graph.inputs.index(var) for var in wrt)
    kinds = tuple(type(eqn.op) for eqn in graph.eqns)
    return Epoch.voices, places, weighted, kinds, tuple((var.shape, var.dtype) for var in graph.inputs)


def _constants(graph: Graph) -> int:
    return sum(atom.value.nbytes for eqn in graph.eqns for atom in eqn.inputs if not isinstance(atom, Var))


__all__ = ["forget", "plan_again"]
