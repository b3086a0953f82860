"""Traces that are kept between calls of a gradient function, so that a call which changes nothing runs the plan alone.

A trace is kept once it has been made twice: what the network's code can reach was known (`standing`), did not change
from the one to the other, and both gave the same graph. From then on a call is answered from the plan as long as all
that is as it was; at any doubt it is traced as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any
from weakref import ref

import numpy as np

from ..ir import Atom, Graph, Lit, Var
from ..reversing.reverse import GradOf
from ..tensor import Parameter, Tensor
from ..tracing.trace import Leaf, Program
from .dispatch import Answered, Form
from .surroundings import mark

_PLAIN = (bool, int, float, str, bytes, type(None))
# So many gradient functions are remembered of one function.
_FUNCTIONS = 16
# Of functions that are made anew the latest ones alone: they may hold data.
_TWINS = 4


@dataclass(frozen=True, eq=False)
class Seen:
    """What is remembered of a trace until the next one: enough to tell whether that is the same."""

    forms: tuple[Form, ...]
    graph: Graph
    captured: tuple[Tensor, ...]
    structure: Any
    wanted: tuple[Any, ...]


class Home:
    """What is kept of one function; it lies on the function itself and ends with it. A copy of it is empty."""

    def __init__(self, owner: Any) -> None:
        self.owner = ref(owner)
        self.functions: dict[Any, Any] = {}
        self.twins: dict[Any, Any] = {}

    def remember(self, key: Any, function: Any) -> None:
        """Take note of a gradient function, and of the latest ones alone."""
        self.functions = {**dict(list(self.functions.items())[1 - _FUNCTIONS :]), key: function}

    def add_twin(self, key: Any, kept: Any) -> None:
        """Take note of what is kept of a function that another of the same code may follow."""
        self.twins = {**dict(list(self.twins.items())[1 - _TWINS :]), key: kept}

    def __reduce__(self) -> Any:
        return (_nothing, ())

    def __deepcopy__(self, memo: dict[int, Any]) -> None:
        return None


def _nothing() -> None:
    return None


_NAME = "_msgrad_kept"


def home_of(function: Any) -> Home | None:
    """What is kept of ``function``; None where nothing can be put on it, as on a bound method."""
    if not isinstance(function, (FunctionType, Answered)) and "_cells" not in getattr(function, "__dict__", {}):
        return None
    space = function.__dict__
    found = space.get(_NAME)
    # functools.wraps and copies hand the attribute on to others.
    if found is None or found.owner() is not function:
        found = space[_NAME] = Home(function)
    return found


def forms_of(args: Sequence[Any]) -> tuple[Form, ...] | None:
    """What a later call's arguments must be for these ones' trace to hold; None if there is no telling."""
    found = []
    for one in args:
        if type(one) is Tensor and "_hooks" not in one.__dict__:
            if one._value.dtype is not np.dtype(one._value.dtype.type):
                return None
            found.append(Form(one.shape, one.numpy_dtype))
        elif _plain(one) or (type(one) is tuple and all(map(_plain, one))):
            found.append(Form(value=mark(one)))
        else:
            return None
    return tuple(found)


def _plain(value: Any) -> bool:
    """True for a number or a text that is nothing else: one of a class of the user's may have attributes."""
    return type(value) in _PLAIN or (isinstance(value, _PLAIN) and isinstance(value, np.generic))


def seen(program: Program, forms: tuple[Form, ...], wanted: tuple[Any, ...]) -> Seen | None:
    """What to remember of ``program``; None if it may not stand for a later call."""
    lasting = not (program.assigned or program.fleeting or program.outer)
    known = all(type(one) is Parameter and "_hooks" not in one.__dict__ for one in program.captured)
    if not (lasting and known and _constant(program.structure)):
        return None
    return Seen(forms, program.graph, program.captured, program.structure, wanted)


def _constant(structure: Any) -> bool:
    """True for a structure of results that holds no object of the user's."""
    if isinstance(structure, Leaf):
        return structure.index is not None or isinstance(structure.constant, _PLAIN)
    members = structure.values() if isinstance(structure, dict) else structure
    return type(structure) in (tuple, list, dict) and all(map(_constant, members))


def same(first: Seen | None, second: Seen | None) -> bool:
    """True when both are of one program at arguments of one form."""
    return (
        first is not None
        and second is not None
        and same_forms(first, second)
        and len(first.captured) == len(second.captured)
        and all(one is other for one, other in zip(first.captured, second.captured))
        and repr(first.structure) == repr(second.structure)
        and first.wanted == second.wanted
        and alike(first.graph, second.graph)
    )


def same_forms(first: Seen, second: Seen) -> bool:
    """True when both were made of arguments of one form."""
    return first.forms == second.forms


def alike(first: Graph, second: Graph) -> bool:
    """True when two graphs are the same but for the names of their variables and the lines they come from."""
    counts = [[len(part) for part in (one.inputs, one.eqns, one.outputs, one.guards)] for one in (first, second)]
    if counts[0] != counts[1]:
        return False
    twin: dict[Any, Any] = dict(zip(first.inputs, second.inputs))

    def match(one: Atom, other: Atom) -> bool:
        if isinstance(one, Var):
            return twin.get(one) is other
        return isinstance(other, Lit) and _literal(one) == _literal(other)

    for one, other in zip(first.eqns, second.eqns):
        operands = len(one.inputs) == len(other.inputs) and all(map(match, one.inputs, other.inputs))
        if not operands or not _same_op(one.op, other.op) or one.out.shape != other.out.shape:
            return False
        twin[one.out] = other.out
    return (
        all(one.shape == other.shape and one.dtype == other.dtype for one, other in zip(first.inputs, second.inputs))
        and all(map(match, first.outputs, second.outputs))
        and all(match(a.var, b.var) and repr(a.value) == repr(b.value) for a, b in zip(first.guards, second.guards))
    )


def _literal(lit: Lit) -> Any:
    return lit.shape, lit.dtype, lit.value.tobytes(), repr(lit.exact)


def _same_op(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, GradOf):
        places = [[op.graph.inputs.index(var) for var in op.wrt] for op in (one, other)]
        same_call = (one.sens, one.index, places[0]) == (other.sens, other.index, places[1])
        return same_call and alike(one.graph, other.graph)
    # A derivative of the user's runs at every call: nothing stands for it.
    return not one.nested and mark(one.params) == mark(other.params)


def own_voices(graph: Graph, foreign: Callable[[Any], bool]) -> bool:
    """True when no op of ``graph`` has a voice or a rule from elsewhere, which could do anything."""
    for eqn in graph.eqns:
        kind = type(eqn.op)
        if isinstance(eqn.op, GradOf):
            if not own_voices(eqn.op.graph, foreign):
                return False
        elif eqn.op.nested or foreign(kind.numpy) or foreign(kind.vjp):
            return False
    return True


__all__ = ["Home", "Seen", "alike", "forms_of", "home_of", "own_voices", "same", "same_forms", "seen"]
