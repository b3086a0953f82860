"""Whether all that a function's trace rests on can be known, and whether it is as it was.

Comes in: a network. Goes out: the places that its code, and the code that it reaches, can read, or None. A doubt is
enough for None: code that stores, imports or prints, a value of a kind that is not known here, a name that could reach
anything. `surroundings` follows the same ways for a user who asked for a compiled function; here nobody asked.
"""

from __future__ import annotations

import builtins
import cmath
import dis
import functools
import math
from collections.abc import Callable
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from .dtype import DType
from .numeric.dispatch import Answered
from .numeric.places import Place, content
from .surroundings import installed, ours
from .tensor import Parameter, Tensor

_HOME = (__package__ or "") + "."
_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...), np.generic, np.dtype, DType, range, slice)
_BUILTINS = frozenset(
    "abs all any bool callable dict divmod enumerate float int isinstance issubclass iter len list map max min next pow "
    "range reversed round slice sorted str sum super tuple type zip NotImplemented Ellipsis property staticmethod".split()
)
_NUMPY = frozenset(
    "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool_ complex64 complex128 pi e inf nan "
    "newaxis sqrt exp log sin cos tan tanh array asarray zeros ones full eye arange linspace prod sum mean cumsum shape "
    "ndim size dtype T max min abs reshape transpose stack concatenate finfo iinfo maximum minimum power square matmul dot "
    "expand_dims squeeze split where add multiply subtract divide std var take diag broadcast_to tile repeat clip flip "
    "argmax argmin round all any copy sign float_power less greater equal pad log2 log10 log1p expm1 ceil floor unique "
    "einsum outer inner trace swapaxes flatten ravel sort roll tril triu cumprod isnan isinf isfinite".split()
)
_MODULES = (math, cmath)
# Methods and functions of this package that change what is not the network's, or look at values.
_EFFECTS = frozenset(
    "set_seed set_context set_device set_data assign_value set_train set_grad asnumpy numpy item tolist copy_ fill_ zero_ "
    "add_ sub_ mul_ div_ register_hook register_forward_hook register_forward_pre_hook register_backward_hook "
    "register_backward_pre_hook insert_child_to_cell insert_param_to_cell register_buffer add_flags get_bytes itemset "
    "set_dtype set_param_ps init_parameters_data load_param_into_net load_checkpoint save_checkpoint".split()
)
_PRIVATE = frozenset(
    {"_value", "_array", "_leave", "_wrap", "_trace", "_var", "_params", "_cells", "_hooks", "_msgrad_kept", "_since"}
)
_CLASS_WORDS = frozenset(
    "__module__ __doc__ __init__ __qualname__ __annotations__ __dict__ __weakref__ __repr__ __str__ __firstlineno__ "
    "__slotnames__ "
    "__static_attributes__ __annotate__ __annotate_func__ __annotations_cache__ __classcell__ __parameters__ __slots__".split()
)
_MOST = 4000


class _Doubt(Exception):
    """Something that is not known well enough."""


class Walk:
    """The places that a function can read; all attribute names that any code spells are tried on all objects."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.names: set[str] = set()
        self.objects: list[Any] = []
        self._seen: dict[Any, Any] = {}
        self._pending: list[Any] = []
        self._spaces: dict[type, Any] = {}

    def of(self, function: Any) -> list[Place]:
        """Follow ``function`` to its end."""
        self._pending.append(function)
        before = (-1, -1)
        while before != (len(self.names), len(self.objects)):
            before = (len(self.names), len(self.objects))
            self._drain()
            for one in list(self.objects):
                self._tried(one)
            self._drain()
        return self.places

    def _drain(self) -> None:
        while self._pending:
            value = self._pending.pop()
            if isinstance(value, _PLAIN) or self._known(("value", id(value)), value):
                continue
            if len(self.places) > _MOST:
                raise _Doubt("too much")
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

    def _entry(self, holder: Any, key: str) -> Any:
        """Take note of an entry of a namespace, or that there is none, and follow it."""
        if key not in holder:
            self._add("missing", holder, key, None)
            return None
        self._add("entry", holder, key, holder[key])
        self._pending.append(holder[key])
        return holder[key]

    # Values -----------------------------------------------------------------------------------------------------

    def _visit(self, value: Any) -> None:
        kind = type(value)
        if isinstance(value, Tensor):
            if kind not in (Tensor, Parameter) or value.__dict__.get("_hooks"):
                raise _Doubt("a tensor of a trace, or with hooks")
        elif isinstance(value, (tuple, list, dict)):
            self._container(value)
        elif isinstance(value, np.ndarray):
            if value.size > _MOST or kind is not np.ndarray or value.dtype.kind not in "biufc":
                raise _Doubt("an array")
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
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, BuiltinFunctionType):
            self._builtin(value)
        elif "_params" in getattr(value, "__dict__", {}) and "_cells" in value.__dict__:
            self._cell(value)
        elif kind.__module__.startswith(_HOME):
            self._own(value)
        else:
            raise _Doubt(kind.__name__)

    def _container(self, value: Any) -> None:
        kind = type(value)
        if kind not in (tuple, list, dict) and not kind.__module__.startswith(_HOME):
            raise _Doubt(kind.__name__)
        members = list(value.values()) if isinstance(value, dict) else list(value)
        if len(members) > _MOST:
            raise _Doubt("too much")
        self._pending += members
        if isinstance(value, dict) and not all(isinstance(key, (str, int)) for key in value):
            raise _Doubt("keys")
        if not isinstance(value, tuple) or not all(isinstance(one, (*_PLAIN, Tensor)) for one in members):
            self._hold(value)

    def _builtin(self, value: Any) -> None:
        home = value.__self__
        if home in _MODULES or (home is builtins and value.__name__ in _BUILTINS):
            return
        raise _Doubt(value.__name__)

    def _class(self, value: type) -> None:
        ours = value.__module__.startswith(_HOME)
        if ours or issubclass(value, (np.generic, BaseException)) or value in (np.ndarray, np.dtype, object):
            return
        if value.__module__ == "builtins" and value.__name__ in _BUILTINS:
            return
        raise _Doubt(value.__name__)

    def _module(self, value: ModuleType) -> None:
        if (
            value is not np
            and value not in _MODULES
            and not value.__name__.startswith(_HOME)
            and value.__name__ != __package__
        ):
            raise _Doubt(value.__name__)
        self.objects.append(value)

    def _own(self, value: Any) -> None:
        """An object of this package that is no cell, such as an op: its settings are compared."""
        settings = getattr(value, "__dict__", None)
        if settings is None:
            raise _Doubt(type(value).__name__)
        for one in settings.values():
            if not isinstance(one, _PLAIN) and not _plain_tuple(one):
                self._pending.append(one)
        self._add("equal", settings, None, dict(settings))

    # Code -------------------------------------------------------------------------------------------------------

    def _function(self, function: FunctionType) -> None:
        for cell in function.__closure__ or ():
            self._closed(cell)
        if ours(function.__code__):
            return
        if installed(function.__code__):
            raise _Doubt("code of another package")
        self._add("code", function, None, function.__code__)
        self._add("defaults", function, None, function.__defaults__)
        self._add("keyword defaults", function, None, function.__kwdefaults__)
        self._pending += [function.__defaults__, function.__kwdefaults__]
        for name in sorted(self._read(function.__code__)):
            if name not in function.__globals__ and name in vars(builtins):
                self._add("missing", function.__globals__, name, None)
                if name not in _BUILTINS and not _is_error(vars(builtins)[name]):
                    raise _Doubt(name)
                continue
            self._entry(function.__globals__, name)

    def _closed(self, cell: CellType) -> None:
        try:
            value = cell.cell_contents
        except ValueError:
            raise _Doubt("an empty cell") from None
        self._add("cell", cell, None, value)
        # super() reads the class that its method is written in; its methods are followed from the object.
        if not (isinstance(value, type) and "_params" not in vars(value)):
            self._pending.append(value)

    def _read(self, code: CodeType) -> set[str]:
        """The global names that ``code`` reads; attribute names are noted.

        Raises
        ------
        _Doubt
            If it stores anywhere but in its own variables, imports, or spells a name that reaches anything.
        """
        found: set[str] = set()
        for kind, name in _spelled(code):
            if kind == "global":
                found.add(name)
            elif name in _EFFECTS or name in _PRIVATE or name.startswith("__"):
                raise _Doubt(name)
            else:
                self.names.add(name)
        return found

    # Objects, by all names that any code spells ----------------------------------------------------------------

    def _cell(self, cell: Any) -> None:
        if cell.__dict__.get("_hooks"):
            raise _Doubt("hooks")
        self.objects.append(cell)
        self._pending += list(cell._cells.values())
        mixed = False
        for home in type(cell).__mro__[:-1]:
            if home.__module__.startswith(_HOME):
                mixed = mixed or home.__name__ not in ("Cell", "CellHooks", "CellManners")
                continue
            self._add("length", self._space(home), None, len(vars(home)))
            if any(one.startswith("__") and one not in _CLASS_WORDS for one in vars(home)) or "bprop" in vars(home):
                raise _Doubt(home.__name__)
        self._method(cell, "construct")
        if mixed:
            # A layer of this package reads its attributes by names of its own; each change of them is counted.
            self._pending += [one for name, one in cell.__dict__.items() if name not in _PRIVATE]

    def _space(self, home: type) -> Any:
        """The namespace of a class, one object for all uses."""
        return self._spaces.setdefault(home, vars(home))

    def _tried(self, value: Any) -> None:
        if isinstance(value, ModuleType):
            space = vars(value)
            if value is np and not (self.names & space.keys()) <= _NUMPY:
                raise _Doubt("numpy")
            for name in self.names:
                if value is np and name in space:
                    self._add("entry", space, name, space[name])
                elif value is not np and (name in space or value not in _MODULES):
                    self._entry(space, name)
            return
        for name in self.names:
            if name in value.__dict__:
                self._entry(value.__dict__, name)
            else:
                self._method(value, name)

    def _method(self, cell: Any, name: str) -> None:
        home = next((cls for cls in type(cell).__mro__ if name in vars(cls)), None)
        if home is None:
            return
        found = vars(home)[name]
        self._add("entry", self._space(home), name, found)
        if name not in cell.__dict__:
            self._add("missing", cell.__dict__, name, None)
        if home.__module__.startswith(_HOME):
            return
        if isinstance(found, property):
            found = found.fget
        elif isinstance(found, (staticmethod, classmethod)):
            found = found.__func__
        elif not isinstance(found, FunctionType) and hasattr(type(found), "__get__"):
            raise _Doubt(name)
        self._pending.append(found)


def _is_error(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _plain_tuple(value: Any) -> bool:
    return type(value) is tuple and all(isinstance(one, _PLAIN) or _plain_tuple(one) for one in value)


@functools.lru_cache(maxsize=2048)
def _spelled(code: CodeType) -> tuple[tuple[str, str], ...]:
    """Names that ``code`` and the code in it spells, as pairs with ``"global"`` or ``"attribute"``."""
    found: dict[tuple[str, str], None] = {}
    for step in dis.get_instructions(code):
        name = step.opname
        if name == "LOAD_GLOBAL":
            found["global", str(step.argval)] = None
        elif name.startswith(("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR")):
            found["attribute", str(step.argval)] = None
        elif name == "STORE_DEREF":
            if step.argval in code.co_freevars:
                found["attribute", "__nonlocal__"] = None
        elif name.startswith("STORE_FAST") or name == "DELETE_FAST":
            continue
        elif name.startswith(
            ("STORE_", "DELETE_", "IMPORT_", "LOAD_NAME", "LOAD_BUILD_CLASS", "LOAD_LOCALS", "LOAD_FROM")
        ):
            # A name that no walk lets pass.
            found["attribute", "__stores__"] = None
    for one in code.co_consts:
        if isinstance(one, CodeType):
            found.update(dict.fromkeys(_spelled(one)))
    return tuple(found)


def standing(function: Callable[..., Any]) -> list[Place] | None:
    """All that ``function`` rests on, as places that hold what they held; None if that can not be known."""
    try:
        return Walk().of(function)
    except _Doubt:
        return None


__all__ = ["Walk", "standing"]
