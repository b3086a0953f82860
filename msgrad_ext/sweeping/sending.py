"""Recipes on their way to other processes: packed here, unpacked and run there.

What travels is a graph of this package's own ops, numbers, and lines of source: neither the user's network nor anything
that it was defined with. Rules that someone exchanged in this process do not travel: the other side compares its code with
ours (`fingerprint`), and does nothing if it is other code.
"""

from __future__ import annotations

import io
import linecache
import pickle
import sys
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from threading import Lock
from types import CodeType, FunctionType
from typing import Any
from uuid import uuid4

import numpy as np

from ..errors import Location
from ..ir import Lit
from ..registry import OPS
from ..tracing.custom import Custom
from .recipe import Recipe
from .row import Row, Setting

_ROOT = __package__.partition(".")[0]
# What plays no part in a check.
_ASIDE = ("notebook", "views", "export", "nn", "training", "sweeping", "report", "pipeline", "demo", "names", "sweeps")
_UNPACKED: OrderedDict[str, tuple[Recipe, ...]] = OrderedDict()
_SAME: OrderedDict[tuple[str, str], str] = OrderedDict()
_LOCK = Lock()
_KEPT = 32


@dataclass(frozen=True)
class OurCode:
    """The code of this process at the start of a sweep: the modules that a check may use, and their `fingerprint`."""

    token: str
    modules: tuple[str, ...]
    mark: str


@dataclass(frozen=True)
class Packed:
    """Recipes as bytes, the name of these bytes, and the code that they were made by."""

    blob: bytes
    key: str
    code: OurCode


@dataclass(frozen=True)
class Elsewhere:
    """The answer of a process that can not do this check, and why."""

    reason: str


class _Pickler(pickle.Pickler):
    """Leaves out what can not travel and is not needed: code objects of places, functions of the user's."""

    def __init__(self, file: Any) -> None:
        super().__init__(file, protocol=5)
        self.places: dict[tuple[str, int], str] = {}

    def reducer_override(self, value: Any) -> Any:
        if type(value) is Location:
            self.places[value.filename, value.line] = linecache.getline(value.filename, value.line)
            return Location, (value.filename, value.line, value.function, None, 0, value.columns)
        if type(value) is Lit:
            return _constant, (value.value, value.exact)
        if type(value) is Custom:
            kept = {name: getattr(value, name) for name in ("name", "graph", "held", "location", "recorded", "left")}
            return _part, (), kept
        return NotImplemented


def _constant(array: np.ndarray, exact: Any) -> Lit:
    array.flags.writeable = False
    return Lit(array, exact)


def _part() -> Custom:
    part = object.__new__(Custom)
    part.__dict__.update(inner=None, parameters=(), rule=None, lowered=None)
    return part


def our_code() -> OurCode:
    """The code of this process now; ``token`` is new each time."""
    modules = checking_modules()
    return OurCode(uuid4().hex, modules, fingerprint(modules))


def packed(recipes: Sequence[Recipe], code: OurCode) -> Packed | None:
    """Recipes ready to be sent; None where they hold something of the user's that can not be."""
    file = io.BytesIO()
    pickler = _Pickler(file)
    try:
        pickler.dump(tuple(recipes))
        pickle.dump(pickler.places, file, protocol=5)
    except (pickle.PicklingError, TypeError, AttributeError):
        return None
    blob = file.getvalue()
    return Packed(blob, sha256(blob).hexdigest(), code)


def run_packed(sent: Packed, setting: Setting, given: Sequence[np.ndarray] | None = None) -> Row | Elsewhere | None:
    """One check in another process: a row, None where no recipe holds, or why there can be none here."""
    other = _other_code(sent.code)
    if other:
        return Elsewhere(other)
    try:
        recipes = _unpacked(sent)
    except (AttributeError, ImportError, pickle.UnpicklingError) as error:
        return Elsewhere(f"what the network is made of is not known there ({error})")
    rows = (recipe.check(setting, given) for recipe in recipes)
    return next((row for row in rows if row is not None), None)


def _unpacked(sent: Packed) -> tuple[Recipe, ...]:
    with _LOCK:
        found = _UNPACKED.get(sent.key)
    if found is not None:
        return found
    file = io.BytesIO(sent.blob)
    # What comes over the executor's own channel is as trustworthy as the function call that brought it.
    found = pickle.load(file)
    _show_lines(pickle.load(file))
    with _LOCK:
        _UNPACKED[sent.key] = found
        while len(_UNPACKED) > _KEPT:
            _UNPACKED.popitem(last=False)
    return found


def _show_lines(places: dict[tuple[str, int], str]) -> None:
    """Let lines of the user's that this process does not have be shown in messages as they are at home."""
    for (filename, line), text in places.items():
        if linecache.getline(filename, line) == text:
            continue
        held = linecache.cache.get(filename)
        lines = list(held[2]) if held is not None and len(held) == 4 else []
        lines += ["\n"] * (line - len(lines))
        lines[line - 1] = text
        linecache.cache[filename] = (1, None, lines, filename)


# Is it the same code? ------------------------------------------------------------------------------------------------


def _other_code(sent: OurCode) -> str:
    """Why the code of this process is not that of the other; empty if it is."""
    key = (sent.token, sent.mark)
    with _LOCK:
        known = _SAME.get(key)
    if known is None:
        try:
            for name in sent.modules:
                import_module(name)
            same = fingerprint(sent.modules) == sent.mark
            known = (
                "" if same else "its rules, or its version of the package or of Python, are not those of this process"
            )
        except ImportError as error:
            known = f"a module is missing there ({error})"
        with _LOCK:
            _SAME[key] = known
            while len(_SAME) > _KEPT:
                _SAME.popitem(last=False)
    return known


def checking_modules() -> tuple[str, ...]:
    """The loaded modules of this package that a check may use."""
    # The root itself only hands out what others define.
    names = (name for name in list(sys.modules) if name.startswith(_ROOT + "."))
    return tuple(sorted(name for name in names if name.partition(".")[2].partition(".")[0] not in _ASIDE))


def fingerprint(modules: Sequence[str]) -> str:
    """A text that is equal for processes in which these modules, and the voices of all ops, are the same code."""
    digest = sha256()
    known: dict[int, bytes] = {}
    for name in modules:
        for text in _code_of(sys.modules[name], known):
            digest.update(text)
    for name, cls in sorted(OPS.items()):
        said = [name, cls.__module__, cls.constants, sorted(cls.assumes.items()), getattr(cls.contract, "text", None)]
        digest.update(repr(said).encode())
    return digest.hexdigest()


def _code_of(module: Any, known: dict[int, bytes]) -> Iterator[bytes]:
    """What the functions and classes in ``module`` do, as bytes; ``known`` are those of functions met before."""
    for name, value in sorted(vars(module).items()):
        members: Sequence[tuple[str, Any]] = ()
        if isinstance(value, type) and value.__module__ == module.__name__:
            members = sorted(vars(value).items())
        elif callable(value) and not isinstance(value, type):
            members = [("", value)]
        for key, member in members:
            if id(member) not in known:
                text = "\n".join(_function_text(member))
                known[id(member)] = sha256(text.encode(errors="replace")).digest() if text else b""
            # What is no function may come and go: Python keeps notes of its own on classes.
            if known[id(member)]:
                yield f"{name}.{key}".encode()
                yield known[id(member)]


def _function_text(value: Any, depth: int = 0) -> Iterator[str]:
    for inside in ("__func__", "__wrapped__", "fget", "func"):
        found = getattr(value, inside, None) if not isinstance(value, (FunctionType, type)) else None
        if callable(found):
            value = found
            break
    if not isinstance(value, FunctionType):
        yield type(value).__qualname__ if callable(value) else ""
        return
    yield from _text_of_code(value.__code__)
    yield _plain(value.__defaults__) + _plain(tuple(sorted((value.__kwdefaults__ or {}).items())))
    for cell in value.__closure__ or ():
        try:
            held = cell.cell_contents
        except ValueError:
            continue
        if isinstance(held, FunctionType) and depth < 4:
            yield from _function_text(held, depth + 1)
        else:
            yield _plain(held)
    if hasattr(value, "__wrapped__") and depth < 4:
        yield from _function_text(value.__wrapped__, depth + 1)


def _text_of_code(code: CodeType) -> Iterator[str]:
    yield f"{code.co_qualname} {code.co_names} {code.co_varnames} {code.co_code.hex()}"
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _text_of_code(one)
        else:
            yield repr(sorted(map(repr, one)) if isinstance(one, frozenset) else one)


def _plain(value: Any) -> str:
    """``value`` as text if that is the same in every process."""
    if isinstance(value, tuple):
        return "(" + ",".join(map(_plain, value)) + ")"
    return repr(value) if isinstance(value, (bool, int, float, str, type(None))) else type(value).__qualname__


__all__ = ["Elsewhere", "OurCode", "Packed", "our_code", "packed", "run_packed"]
