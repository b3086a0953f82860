"""What a traced network reads from outside its arguments: globals, closures, attributes; and whether it is as it was.

Comes in: a network and its further arguments, after it was traced. Goes out: `Surroundings`, which tells in a few
microseconds whether a later call may be answered from that trace. Names are followed as the code spells them, so an
attribute that is reached by ``getattr`` with a computed name is not seen.
"""

from __future__ import annotations

import inspect
import os
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ..tensor import Tensor
from ..tracing.trace import Traced
from .dispatch import Answered
from .places import Place, content, unchanged

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_MISSING = object()
# Code of installed packages is taken for constant.
_INSTALLED = (
    str(Path(__file__).parents[1]) + os.sep,
    *(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib")),
)


class Surroundings:
    """The places that a network's code reads, with what they held.

    Parameters
    ----------
    function : callable
        The network.
    given : sequence
        Its arguments; those that are not tensors belong to the trace as well.
    known : sequence of Place, optional
        All that the network rests on, where that is known (`standing`): it is looked at besides.
    """

    def __init__(
        self, function: Callable[..., Any], given: Sequence[Any], known: Sequence[Place] | None = None
    ) -> None:
        self.given = further(given)
        self._known = tuple(known or ())
        self._as_known = unchanged(self._known)
        self._places: list[tuple[Any, Any, Any, Any]] = []
        self._seen: set[Any] = set()
        self._held: list[Any] = [function]
        self._follow(function, frozenset())

    def unchanged(self, given: Sequence[Any]) -> bool:
        """True when every place holds what it held, and the further arguments are the same."""
        for holder, key, value, marked in self._places:
            now = _look(holder, key)
            if now is not value and (marked is None or type(now) is not type(value)):
                return False
            if marked is not None and not (now is value and isinstance(value, _PLAIN)) and mark(now) != marked:
                return False
        return further(given) == self.given and self._as_known()

    def places(self) -> list[Place]:
        """The same for the quick look: places that hold the very objects, and containers that hold the same."""
        found = []
        for holder, key, value, marked in self._places:
            found.append(Place("cell" if isinstance(holder, CellType) else "entry", holder, key, value))
            if marked is not None:
                found += _contents(value)
        return list({(one.form, id(one.holder), one.key): one for one in (*found, *self._known)}.values())

    def _place(self, holder: Any, key: Any, names: frozenset[str]) -> None:
        value = _look(holder, key)
        if isinstance(value, Traced):
            return
        if ("place", id(holder), key) not in self._seen:
            self._seen.add(("place", id(holder), key))
            self._held.append(holder)
            marked = mark(value) if isinstance(value, (*_PLAIN, list, tuple, dict, set, np.ndarray)) else None
            self._places.append((holder, key, value, marked))
        self._follow(value, names)

    def _follow(self, value: Any, names: frozenset[str]) -> None:
        """Go on to what ``value`` reads, or to what code with ``names`` reads from it."""
        value = value.__func__ if inspect.ismethod(value) and not hasattr(value.__self__, "__dict__") else value
        if isinstance(value, (*_PLAIN, np.ndarray, np.generic, Tensor)) or (id(value), names) in self._seen:
            return
        self._seen.add((id(value), names))
        self._held.append(value)
        if isinstance(value, (list, tuple, set)):
            for one in value:
                self._follow(one, names)
        elif isinstance(value, dict):
            for one in value.values():
                self._follow(one, names)
        elif isinstance(value, FunctionType):
            self._function(value)
        elif isinstance(value, Answered):
            for one in value.rests_on():
                self._follow(one, frozenset())
        elif inspect.ismethod(value):
            self._follow(value.__self__, names | {value.__func__.__name__})
        elif isinstance(value, (ModuleType, type)):
            for name in sorted(names & vars(value).keys()):
                self._place(vars(value), name, names)
        else:
            self._object(value, names)

    def _function(self, function: FunctionType) -> None:
        if function.__code__.co_filename.startswith(_INSTALLED):
            for cell in function.__closure__ or ():  # what a wrapper of ours holds: a gradient's network
                self._place(cell, "cell_contents", frozenset())
            return
        names = frozenset(_names(function.__code__))
        for name in sorted(names & function.__globals__.keys()):
            self._place(function.__globals__, name, names)
        for cell in function.__closure__ or ():
            self._place(cell, "cell_contents", names)
        for one in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self._follow(one, names)

    def _object(self, value: Any, names: frozenset[str]) -> None:
        """The attributes of an object that code with ``names`` reads; a network's children are all read."""
        own = getattr(value, "__dict__", {})
        for name in sorted(names & own.keys()):
            self._place(own, name, names)
        for one in own.get("_cells", {}).values():
            self._follow(one, frozenset())
        for name in sorted(names | {"construct", "__call__"}):
            # All of them: what one class has of its own may ask the next one by super().
            for home in (cls for cls in type(value).__mro__[:-1] if name in vars(cls) and name not in own):
                if not home.__module__.startswith((__package__ or "").partition(".")[0]):
                    self._from_class(value, home, name, names)

    def _from_class(self, value: Any, home: type, name: str, names: frozenset[str]) -> None:
        """What a class of the object ``value`` has under a name."""
        found = vars(home)[name]
        found = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
        self._place(vars(home), name, names)
        if isinstance(found, FunctionType) and not found.__code__.co_filename.startswith(_INSTALLED):
            self._function(found)
            self._follow(value, frozenset(_names(found.__code__)))


def _contents(value: Any) -> list[Place]:
    """What a container or an array holds, all the way down."""
    place = content(value)
    if place is None:
        return []
    members = value.values() if isinstance(value, dict) else value
    inner = [] if isinstance(value, np.ndarray) else [one for member in members for one in _contents(member)]
    return [place, *inner]


def _look(holder: Any, key: Any) -> Any:
    if isinstance(holder, CellType):
        try:
            return holder.cell_contents
        except ValueError:
            return _MISSING
    return holder.get(key, _MISSING) if isinstance(holder, Mapping) else _MISSING


def _names(code: CodeType) -> set[str]:
    """The global and attribute names that ``code`` spells, inner functions included."""
    found = set(code.co_names)
    for one in code.co_consts:
        if isinstance(one, CodeType):
            found |= _names(one)
    return found


def installed(code: CodeType) -> bool:
    """True for code of an installed package, which is taken for constant."""
    return code.co_filename.startswith(_INSTALLED)


def installed_module(name: str) -> bool:
    """True for a module of Python's, or of an installed package."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return name in sys.builtin_module_names if file is None else file.startswith(_INSTALLED)


def ours(code: CodeType) -> bool:
    """True for code of this package."""
    return code.co_filename.startswith(_INSTALLED[0])


def further(given: Sequence[Any]) -> tuple[Any, ...]:
    """The arguments that are not tensors, in a form that compares by value."""
    return tuple(mark(one) for one in given if not isinstance(one, Tensor))


def mark(value: Any) -> Any:
    """A value that is equal as long as ``value`` is what it was."""
    if isinstance(value, _PLAIN):
        return (type(value).__name__, repr(value))
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, tuple(map(mark, value)))
    if isinstance(value, dict):
        return ("dict", tuple((repr(key), mark(one)) for key, one in value.items()))
    if isinstance(value, (set, frozenset)):
        return ("set", frozenset(map(mark, value)))
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes())
    return _Same(value)


class _Same:
    """Equal to another mark of the very same object, which it keeps alive."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)
