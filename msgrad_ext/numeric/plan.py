"""A graph compiled to a numpy function: `Plan`. Equal graphs share their compiled code.

Comes in: a simplified graph. Goes out: a callable from arrays to fresh arrays, with its source for reading.
"""

from __future__ import annotations

import linecache
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from threading import Lock
from types import CodeType
from typing import Any

import numpy as np

from ..errors import MsgradError
from ..ir import Graph, Lit, Var
from ..native.hot import tiered
from .source import Source, write


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
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._source, code = compiled(graph)
        constants = tuple(lit.value for lit in _constants(graph))
        namespace: dict[str, Any] = {"GuardFailed": GuardFailed, **self._source.calls}
        exec(code, namespace)  # the text is ours, made in `source`; users' names are identifiers in it
        self._function = namespace["plan"]
        self._constants = constants
        self.run: Callable[..., tuple[np.ndarray, ...]]
        dtypes = tuple(atom.dtype for atom in graph.outputs)
        self._tier = tiered(self, partial(_run, self._function, constants, dtypes), GuardFailed)

    @property
    def native(self) -> str:
        """Which tier answers, numpy or compiled C, and why."""
        return self._tier.status

    @property
    def source(self) -> str:
        """The generated numpy source."""
        return self._source.text

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


def _run(function: Any, constants: Any, dtypes: Any, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    with np.errstate(all="ignore"):
        results = function(*arrays, *constants)
    return tuple(np.asarray(result, dtype=dtype) for result, dtype in zip(results, dtypes))


def _constants(graph: Graph) -> list[Lit]:
    """The array constants in the order in which the source takes them."""
    found: dict[int, Lit] = {}
    for atoms in (*([guard.var] for guard in graph.guards), *(eqn.inputs for eqn in graph.eqns), graph.outputs):
        for atom in atoms:
            if isinstance(atom, Lit) and atom.shape:
                found.setdefault(id(atom), atom)
    return list(found.values())


_CACHE: OrderedDict[Any, tuple[Source, CodeType]] = OrderedDict()
_LOCK = Lock()
_LIMIT = 256


def compiled(graph: Graph) -> tuple[Source, CodeType]:
    """Source and code of ``graph``, from the cache if an equal graph was compiled before."""
    key = signature(graph)
    with _LOCK:
        if key in _CACHE:
            _CACHE.move_to_end(key)
            return _CACHE[key]
    source = write(graph)
    filename = f"<msgrad_ext plan {sha256(source.text.encode()).hexdigest()[:16]}>"
    code = compile(source.text, filename, "exec")
    linecache.cache[filename] = (len(source.text), None, source.text.splitlines(keepends=True), filename)
    with _LOCK:
        _CACHE[key] = (source, code)
        while len(_CACHE) > _LIMIT:
            _, (_, dropped) = _CACHE.popitem(last=False)
            linecache.cache.pop(dropped.co_filename, None)
    return source, code


def signature(graph: Graph) -> Any:
    """A value that is equal for graphs with the same code: ops with their voices, shapes, dtypes, scalars, lines."""
    numbers: dict[Any, int] = {}

    def place(atom: Any) -> Any:
        if isinstance(atom, Var) or atom.shape:
            return (numbers.setdefault(atom, len(numbers)), atom.shape, atom.dtype)
        return (atom.dtype, atom.value.tobytes(), repr(atom.exact))

    inputs = tuple((var.name, *place(var)) for var in graph.inputs)
    eqns = tuple(
        (eqn.op.key, type(eqn.op).numpy, *map(place, eqn.inputs), place(eqn.out), eqn.out.name, str(eqn.location))
        for eqn in graph.eqns
    )
    guards = tuple((place(guard.var), guard.value, str(guard.location)) for guard in graph.guards)
    return inputs, eqns, tuple(map(place, graph.outputs)), guards
