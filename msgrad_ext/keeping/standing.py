"""Whether all that a function's trace rests on can be known, and what it is.

Comes in: a network. Goes out: the places that its code, and the code that it reaches, can read, or None. A doubt is
enough for None: code that stores into objects, imports or prints, a value of a kind that is not known here, a name that
could reach anything. `surroundings` follows the same ways for a user who asked for a compiled function; here nobody asked.
"""

from __future__ import annotations

import builtins
import cmath
import functools
import math
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import is_dataclass
from enum import Enum
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from ..registry import FUNCTIONS, METHODS
from ..tensor import Parameter, Tensor
from .dispatch import Answered
from .homes import HOME, NUMBERS, PLAIN, homes, is_error, known_here, plain_tuple, shows_all
from .places import Place, content
from .spelled import (
    BUILTINS,
    CLASS_WORDS,
    COMPARISONS,
    NUMPY,
    OWN_WAYS,
    PRIVATE,
    REFLECTIVE,
    TEXTS,
    Doubt,
    spelled,
)
from .surroundings import installed, installed_module, ours

_MODULES = (math, cmath)
_CONTAINERS = (tuple, list, dict, OrderedDict, set, frozenset)
_MOST = 4000


class Walk:
    """The places that a function can read; all attribute names that any code spells are tried on all objects."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.names: set[str] = set()
        self.texts: set[str] = set()
        self.objects: list[Any] = []
        self.reflective = False
        self.written = False
        self._seen: dict[Any, Any] = {}
        self._pending: list[Any] = []
        self._spaces: dict[type, Any] = {}

    def of(self, function: Any) -> list[Place]:
        """Follow ``function`` to its end."""
        self._pending.append(function)
        before: tuple[int, ...] = ()
        while before != (
            before := (len(self.names), len(self.objects), len(self.texts), self.reflective, self.written)
        ):
            self._drain()
            if self.reflective:
                self.names |= self.texts
            for one in list(self.objects):
                self._tried(one)
            self._drain()
        return self.places

    def _drain(self) -> None:
        while self._pending:
            value = self._pending.pop()
            if isinstance(value, str) and value.isidentifier():
                self.texts.add(value)
            if type(value) in PLAIN or isinstance(value, NUMBERS) or self._known(("value", id(value)), value):
                continue
            if len(self.places) > _MOST:
                raise Doubt("too much")
            self._visit(value)

    def _known(self, key: Any, held: Any) -> bool:
        if key in self._seen:
            return True
        self._seen[key] = held
        return False

    def _hold(self, value: Any) -> None:
        """Take note of what a container or an array holds."""
        if not self._known(("content", id(value)), value):
            place = content(value)
            self.places += [] if place is None else [place]

    def _add(self, form: str, holder: Any, key: Any, value: Any) -> None:
        if not self._known((form, id(holder), key), holder):
            self.places.append(Place(form, holder, key, value))

    def _entry(self, holder: Any, key: str) -> None:
        """Take note of an entry of a namespace, or that there is none, and follow it."""
        if key not in holder:
            self._add("missing", holder, key, None)
        else:
            self._add("entry", holder, key, holder[key])
            self._pending.append(holder[key])

    # Values -----------------------------------------------------------------------------------------------------

    def _visit(self, value: Any) -> None:
        kind = type(value)
        if isinstance(value, Tensor):
            self._tensor(value)
        elif isinstance(value, (tuple, list, dict, set, frozenset)):
            self._container(value)
        elif isinstance(value, np.ndarray):
            if value.size > _MOST or kind is not np.ndarray or value.dtype.kind not in "biufc":
                raise Doubt("an array")
            self._hold(value)
        elif isinstance(value, Answered):
            self._pending += value.rests_on()
        elif kind is FunctionType:
            self._function(value)
        elif kind is MethodType:
            self._pending += [value.__self__, value.__func__]
        elif kind is functools.partial:
            self._pending += [value.func, value.args, value.keywords]
        elif isinstance(value, ModuleType):
            self._module(value)
        elif "typing" in (kind.__module__, getattr(value, "__module__", None)):
            return
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, BuiltinFunctionType):
            self._builtin(value)
        elif "_params" in getattr(value, "__dict__", {}) and "_cells" in value.__dict__:
            self._cell(value)
        elif kind.__module__.startswith(HOME):
            self._own(value)
        elif isinstance(value, Enum):
            self._pending += [kind, value._value_]
        else:
            self._object(value)

    def _tensor(self, value: Tensor) -> None:
        if type(value) not in (Tensor, Parameter) or value.__dict__.get("_hooks"):
            raise Doubt("a tensor of a trace, or with hooks")
        if type(value) is Tensor:
            self._add("entry", value.__dict__, "_value", value.__dict__["_value"])
            self.objects.append(value)

    def _container(self, value: Any) -> None:
        kind = type(value)
        if kind not in _CONTAINERS and not kind.__module__.startswith(HOME):
            if not (isinstance(value, tuple) and hasattr(kind, "_fields")):
                raise Doubt(kind.__name__)
            self.objects.append(value)
        members = list(value.values()) if isinstance(value, dict) else list(value)
        if len(members) > _MOST:
            raise Doubt("too much")
        self._pending += members
        if isinstance(value, dict):
            if not all(isinstance(key, (str, int, Enum)) for key in value):
                raise Doubt("keys")
            self._pending += list(value)
        if not isinstance(value, (tuple, frozenset)):
            self._hold(value)

    def _builtin(self, value: Any) -> None:
        home = value.__self__
        if home in _MODULES or (home is builtins and value.__name__ in BUILTINS):
            self.reflective = self.reflective or value.__name__ in REFLECTIVE
            return
        raise Doubt(value.__name__)

    def _class(self, value: type) -> None:
        if (
            known_here(value)
            or issubclass(value, (np.generic, BaseException))
            or value in (np.ndarray, np.dtype, object, OrderedDict)
        ):
            return
        if value.__module__ == "builtins" and value.__name__ in BUILTINS:
            return
        if issubclass(value, Enum):
            functions = [one for one in vars(value).values() if isinstance(one, FunctionType)]
            self._pending += [one for one in functions if not installed(one.__code__)]
        elif type(value) is not type or any(
            "__init__" in vars(home) or "__new__" in vars(home) for home in homes(value)
        ):
            # To call it would make an object, and run code that stores.
            raise Doubt(value.__name__)
        self._classes(value)
        self.objects.append(value)

    def _module(self, value: ModuleType) -> None:
        ours = value.__name__.startswith(HOME) or value.__name__ == HOME[:-1]
        if not (ours or value is np or value in _MODULES):
            if installed_module(value.__name__) or "__getattr__" in vars(value):
                raise Doubt(value.__name__)
        self.objects.append(value)

    def _own(self, value: Any) -> None:
        """An object of this package that is no cell, such as an op: its settings are compared."""
        settings = getattr(value, "__dict__", None)
        if settings is None:
            raise Doubt(type(value).__name__)
        self._pending += [one for one in settings.values() if not plain_tuple(one)]
        self._hold(settings)

    # Code -------------------------------------------------------------------------------------------------------

    def _function(self, function: FunctionType) -> None:
        own = ours(function.__code__)
        if own and function in (FUNCTIONS.get(function.__name__), METHODS.get(function.__name__)):
            return
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
            # super() reads the class that its method is written in; its methods are followed from the object.
            self._closed(cell, own, name == "__class__")
        if own:
            return
        if installed(function.__code__):
            raise Doubt("code of another package")
        self._add("code", function, None, function.__code__)
        # Where there are none, no call in the trace was in want of one.
        for form, defaults in (("defaults", function.__defaults__), ("keyword defaults", function.__kwdefaults__)):
            if defaults is not None:
                self._add(form, function, None, defaults)
        self._pending += [function.__defaults__, function.__kwdefaults__]
        self.objects.append(function)
        found = spelled(function.__code__)
        if found.doubts:
            raise Doubt(found.doubts[0])
        self.names |= found.attributes
        self.texts |= found.texts
        self.written |= found.written
        space = function.__globals__
        for name in sorted(found.read):
            if name not in space and name in vars(builtins):
                self._add("missing", space, name, None)
                self._add("entry", vars(builtins), name, vars(builtins)[name])
                self.reflective = self.reflective or name in REFLECTIVE
                if name not in BUILTINS and not is_error(vars(builtins)[name]):
                    raise Doubt(name)
                continue
            self._entry(space, name)
        for name in found.named & space.keys():
            self._add("entry", space, name, space[name])

    def _closed(self, cell: CellType, own: bool, of_super: bool) -> None:
        try:
            value = cell.cell_contents
        except ValueError:
            raise Doubt("an empty cell") from None
        if not own:
            self._add("cell", cell, None, value)
        if not of_super:
            self._pending.append(value)

    # Objects, by all names that any code spells ----------------------------------------------------------------

    def _cell(self, cell: Any) -> None:
        if cell.__dict__.get("_hooks"):
            raise Doubt("hooks")
        self.objects.append(cell)
        self._pending += list(cell._cells.values())
        own = list(filter(known_here, homes(type(cell))))
        self._classes(type(cell))
        if type(cell).bprop is not None or any(
            "__call__" in vars(home) for home in homes(type(cell)) if home not in own
        ):
            raise Doubt(type(cell).__name__)
        self._method(cell, "construct")
        if any(home.__name__ not in ("Cell", "CellHooks", "CellManners") for home in own):
            # A layer of this package reads its attributes by names of its own; each change of them is counted.
            self._pending += [one for name, one in cell.__dict__.items() if name not in PRIVATE]

    def _object(self, value: Any) -> None:
        """An object of a class of the user's, or a namespace."""
        kind = type(value)
        if kind is not SimpleNamespace and type(kind) is not type:
            raise Doubt(kind.__name__)
        if kind is not SimpleNamespace:
            self._classes(kind)
        self.objects.append(value)
        self._add("class", value, None, kind)
        if is_dataclass(value):
            # Its comparison reads all of its fields.
            self._whole(value)

    def _classes(self, kind: type) -> None:
        """Take note of the namespaces of a class and of what Python runs in them by itself."""
        if not known_here(kind):
            self._add("attribute", kind, "__mro__", kind.__mro__)
        for home in homes(kind):
            if known_here(home) or home.__module__ == "enum" or home in (tuple, int, str):
                continue
            if installed_module(home.__module__):
                raise Doubt(home.__name__)
            space = self._space(home)
            self._add("length", space, None, len(space))
            words = CLASS_WORDS | COMPARISONS if "__dataclass_params__" in space else CLASS_WORDS
            for name in space.keys() - words:
                if name in OWN_WAYS:
                    raise Doubt(name)
                if name.startswith("__") and space[name] is not None:
                    self._add("entry", space, name, space[name])
                    self._pending.append(getattr(space[name], "__func__", space[name]))

    def _space(self, home: type) -> Any:
        """The namespace of a class, one object for all uses."""
        return self._spaces.setdefault(home, vars(home))

    def _whole(self, value: Any) -> None:
        """Take note of all attributes of an object."""
        space = getattr(value, "__dict__", None)
        if space is None:
            raise Doubt("slots")
        self._hold(space)
        self._pending += [one for name, one in space.items() if name not in PRIVATE]

    def _tried(self, value: Any) -> None:
        if isinstance(value, ModuleType):
            space = vars(value)
            if value is np and not (self.names & space.keys()) <= NUMPY:
                raise Doubt("numpy")
            for name in self.names:
                if value is np and name in space:
                    self._add("entry", space, name, space[name])
                elif value is not np and (name in space or value not in _MODULES):
                    self._entry(space, name)
            return
        if isinstance(value, (FunctionType, Tensor)):
            self._own_names(value)
            return
        names = set(self.names) | (TEXTS if self.written else set())
        if self.reflective:
            bases = [one for one in homes(value if isinstance(value, type) else type(value)) if not known_here(one)]
            lead = "_" if isinstance(value, tuple) or Enum in bases else "__"
            names |= {name for home in bases for name in vars(home) if not name.startswith(lead)}
            if not isinstance(value, (type, tuple)):
                self._whole(value)
        own = {} if isinstance(value, type) else getattr(value, "__dict__", {})
        for name in names - PRIVATE:
            if name in own:
                self._entry(own, name)
            else:
                self._method(value, name)

    def _own_names(self, value: Any) -> None:
        """Take note of what a function or a tensor was given as attributes."""
        own = value.__dict__
        found = own.keys() - PRIVATE if self.reflective else own.keys() & self.names - PRIVATE
        for name in sorted(found):
            self._entry(own, name)
        if self.reflective:
            for name in self.names - own.keys() - PRIVATE:
                self._add("missing", own, name, None)

    def _method(self, value: Any, name: str) -> None:
        kind = value if isinstance(value, type) else type(value)
        # All of them: what one class has of its own may ask the next one by super().
        bases = [home for home in homes(kind) if name in vars(home)]
        if name in TEXTS and bases and shows_all(vars(bases[0])[name]):
            if value is not kind and not isinstance(value, tuple) and not known_here(bases[0]):
                self._whole(value)
            return
        if bases and value is not kind and hasattr(value, "__dict__") and name not in value.__dict__:
            self._add("missing", value.__dict__, name, None)
        for home in bases:
            self._from_class(home, name)

    def _from_class(self, home: type, name: str) -> None:
        """Take note of what a class has under a name, and follow it."""
        found = vars(home)[name]
        self._add("entry", self._space(home), name, found)
        if known_here(home) or home is tuple or type(found).__name__ == "_tuplegetter":
            return
        if "enum" in (home.__module__, type(found).__module__):
            return
        if isinstance(found, property):
            found = found.fget
        elif isinstance(found, (staticmethod, classmethod)):
            found = found.__func__
        elif not isinstance(found, (FunctionType, type)) and hasattr(type(found), "__get__"):
            raise Doubt(name)
        self._pending.append(found)


def standing(function: Callable[..., Any]) -> list[Place] | None:
    """All that ``function`` rests on, as places that hold what they held; None if that can not be known."""
    with suppress(Doubt):
        return Walk().of(function)
    return None
