"""A graph compiled to a numpy function: `Plan`. Equal graphs share their compiled code.

Comes in: a simplified graph. Goes out: a callable from arrays to fresh arrays, with its source for reading.

For tests of safety: ``Plan(graph, poison=True)`` fills every buffer with NaN before each use; ``plan.memory`` is what a
workspace takes, in bytes; ``plan.lines`` the equation of each line of ``plan.fast_source``; ``plan.counts`` how many
operations, calls and allocations one run makes. ``plan.run`` is the function itself.
"""

from __future__ import annotations

import linecache
from array import array as typed
from collections import OrderedDict
from collections.abc import Callable
from contextvars import Context
from functools import cached_property, partial
from hashlib import sha256
from threading import Lock
from types import CodeType
from typing import Any

import numpy as np

from ..collecting import collecting_later
from ..errors import MsgradError
from ..ir import Eqn, Graph, Lit, Var
from ..native.hot import tiered
from ..voice import foreign
from .fast import Fast, write_fast
from .source import write
from .space import workspace


class GuardFailed(MsgradError):
    """The data takes another branch of the user's Python than the traced one did; the caller traces again."""

    def __init__(self) -> None:
        super().__init__("These values take another branch of the network's Python code than the traced one did.")


class Plan:
    """A compiled graph.

    Parameters
    ----------
    graph : Graph
        The program; every call binds its inputs in order.
    poison : bool
        Fill all buffers with NaN before each use, so that reading what was not written shows.
    native : bool
        Let the C tier take over when it is ready (`native`); a plan that is checked stays numpy's.

    Attributes
    ----------
    run : callable
        The compiled function, from arrays to a tuple of fresh arrays.
    """

    @collecting_later
    def __init__(self, graph: Graph, poison: bool = False, native: bool = True) -> None:
        self.graph = graph
        self._fast, code = compiled(graph)
        self._other: Callable[..., tuple[np.ndarray, ...]] | None = None
        self.run = self._bound(self._fast, code, poison)
        self._tier = tiered(self, self.run, GuardFailed) if native and not poison else None

    def _bound(self, fast: Fast, code: CodeType, poison: bool) -> Callable[..., tuple[np.ndarray, ...]]:
        """The function of ``code``, with the constants of this graph."""
        graph, lits = self.graph, _constants(self.graph)
        spelled = {name: np.ascontiguousarray(lits[at].value) for name, at in fast.arrays.items()}
        loud = any(foreign(type(eqn.op).numpy) for eqn in graph.eqns)
        namespace: dict[str, Any] = {
            "GuardFailed": GuardFailed,
            "spaces": _Never() if poison else [],
            "typed": typed,
            "in_numpy": self._in_numpy,
            **fast.calls,
            **fast.numbers,
            **spelled,
        }
        run, empty = _open_quiet if loud else _quiet, _poisoned if poison else np.empty
        namespace["workspace"] = partial(workspace, fast.space, namespace, empty, run)
        exec(code, namespace)  # the text is ours, made in `fast`; users' names are identifiers in it
        if poison:
            namespace["empty"] = _poisoned
        return namespace["plan"]  # type: ignore[no-any-return]

    def _in_numpy(self, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        """The plan in numpy, for numbers at which plain Python raises; it is made when it is first needed."""
        if self._other is None:
            self._other = self._bound(*translated(self.graph, scalars=False), False)
        return self._other(*arrays)

    @property
    def native(self) -> str:
        """Which tier answers, numpy or compiled C, and why."""
        return "numpy: this plan is not to be compiled" if self._tier is None else self._tier.status

    @cached_property
    def source(self) -> str:
        """The program as plain numpy source, an equation a line."""
        return write(self.graph).text

    @property
    def fast_source(self) -> str:
        """The source that runs: results go into buffers of a workspace."""
        return self._fast.text

    @property
    def memory(self) -> int:
        """Bytes of the workspace; each thread that runs the plan at the same time has one."""
        return self._fast.memory

    @property
    def lines(self) -> dict[int, Eqn]:
        """The equation of each line of `fast_source`; its ``location`` is the user's line."""
        return self._fast.lines

    @property
    def counts(self) -> dict[str, int]:
        """How many ``operations``, ``calls`` and ``allocations`` one run makes."""
        return dict(self._fast.counts)

    def __call__(self, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        """The graph's outputs for these inputs.

        Parameters
        ----------
        *arrays : ndarray
            With the shapes and dtypes of the graph's inputs, which are not checked here.

        Returns
        -------
        tuple of ndarray
            Fresh arrays.

        Raises
        ------
        GuardFailed
            If Python control flow on these values would go another way.
        """
        return self.run(*arrays)


def _quiet() -> Callable[..., Any]:
    """Runs a function so that numpy reports nothing: entering a context of one's own is cheaper than `np.errstate`."""
    context = Context()
    context.run(np.seterr, all="ignore")
    return context.run


def _open_quiet() -> Callable[..., Any]:
    """The same where code of others is called, which may look at the caller's context."""

    def run(function: Callable[..., Any], *arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments)

    return run


class _Never(list):  # type: ignore[type-arg]
    """No workspaces to take: each call makes its own."""

    def append(self, space: Any) -> None:
        """Forget it."""


def _poisoned(*arguments: Any) -> np.ndarray:
    """`np.empty` of bytes that are NaN as floats and nonsense as anything else."""
    array = np.empty(*arguments)
    array.reshape(-1).view(np.uint8).fill(255)
    return array


def _constants(graph: Graph) -> list[Lit]:
    """The array constants in an order that is the same for equal graphs."""
    found: dict[int, Lit] = {}
    for atoms in (*([guard.var] for guard in graph.guards), *(eqn.inputs for eqn in graph.eqns), graph.outputs):
        for atom in atoms:
            if isinstance(atom, Lit) and atom.shape:
                found.setdefault(id(atom), atom)
    return list(found.values())


_CACHE: OrderedDict[Any, tuple[Fast, CodeType]] = OrderedDict()
_LOCK = Lock()
_LIMIT = 256


def compiled(graph: Graph) -> tuple[Fast, CodeType]:
    """Source and code of ``graph``, from the cache if an equal graph was compiled before."""
    key = signature(graph)
    with _LOCK:
        if key in _CACHE:
            _CACHE.move_to_end(key)
            return _CACHE[key]
    source, code = translated(graph)
    with _LOCK:
        _CACHE[key] = (source, code)
        while len(_CACHE) > _LIMIT:
            _, (_, dropped) = _CACHE.popitem(last=False)
            linecache.cache.pop(dropped.co_filename, None)
    return source, code


def translated(graph: Graph, scalars: bool = True) -> tuple[Fast, CodeType]:
    """Source and code of ``graph``."""
    source = write_fast(graph, {id(lit): at for at, lit in enumerate(_constants(graph))}, scalars)
    filename = f"<msgrad_ext plan {sha256(source.text.encode()).hexdigest()[:16]}>"
    code = compile(source.text, filename, "exec")
    linecache.cache[filename] = (len(source.text), None, source.text.splitlines(keepends=True), filename)
    return source, code


def signature(graph: Graph) -> Any:
    """A value that is equal for graphs with the same code: ops with their voices, shapes, dtypes, scalars, lines."""
    numbers: dict[Any, int] = {}

    def place(atom: Any) -> Any:
        found = numbers.get(atom)
        if found is not None:
            return found
        if isinstance(atom, Var) or atom.shape:
            numbers[atom] = len(numbers)
            return (atom.shape, atom.dtype)
        return (atom.dtype, atom.value.tobytes(), repr(atom.exact))

    inputs = tuple((var.name, *place(var)) for var in graph.inputs)
    eqns = tuple(
        (eqn.op.key, type(eqn.op).numpy, *map(place, eqn.inputs), place(eqn.out), eqn.out.name, str(eqn.location))
        for eqn in graph.eqns
    )
    guards = tuple((place(guard.var), guard.value, str(guard.location)) for guard in graph.guards)
    return inputs, eqns, tuple(map(place, graph.outputs)), guards


def made(text: str, names: dict[str, Any]) -> Any:
    """The function ``plan`` of a text of this package's own; it sees ``names`` beside what it defines."""
    filename = f"<msgrad_ext plan {sha256(text.encode()).hexdigest()[:16]}>"
    namespace = dict(names)
    exec(compile(text, filename, "exec"), namespace)  # no name in the text is a user's
    return namespace["plan"]
