"""Arguments and gradients as flat lists: arrays may stand in lists, tuples and dicts, each has a name of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError, DtypeError, UnknownNameError, choices
from ..ir import unique
from ..tensor import Tensor
from ..tracing.marking import argument_names


@dataclass(frozen=True)
class Slot:
    """The place of one array among the arguments: its name, and the keys that lead to it."""

    name: str
    path: tuple[Any, ...]


@dataclass(frozen=True)
class Layout:
    """The arguments of a function and which of their arrays gradients are taken by.

    Attributes
    ----------
    arguments : tuple
        As they were given.
    slots : tuple of Slot
        Every float array in them.
    wrt : tuple of int
        Numbers of the slots that gradients are taken by.
    names : tuple of str
        A name for each argument.
    tensors : bool
        True when the function is called with `Tensor`, which is so if one was given.
    """

    arguments: tuple[Any, ...]
    slots: tuple[Slot, ...]
    wrt: tuple[int, ...]
    names: tuple[str, ...]
    tensors: bool

    @property
    def arrays(self) -> list[np.ndarray]:
        """The arrays of the slots, as they were given."""
        return [plain(_at(self.arguments, slot.path)) for slot in self.slots]

    @property
    def wrt_names(self) -> list[str]:
        """Names of the gradients."""
        return [self.slots[number].name for number in self.wrt]

    def filled(self, arrays: Sequence[Any]) -> list[Any]:
        """The arguments with other arrays in their slots; containers are new, all else is as it was given."""
        given = {slot.path: array for slot, array in zip(self.slots, arrays)}
        return [self._fill(one, (number,), given) for number, one in enumerate(self.arguments)]

    def _fill(self, value: Any, path: tuple[Any, ...], given: dict[tuple[Any, ...], Any]) -> Any:
        if path in given:
            return Tensor(given[path]) if self.tensors and not isinstance(given[path], Tensor) else given[path]
        if isinstance(value, dict):
            return {key: self._fill(one, (*path, key), given) for key, one in value.items()}
        if type(value) in (list, tuple):
            return type(value)(self._fill(one, (*path, key), given) for key, one in enumerate(value))
        return value

    def gradients(self, returned: Any) -> list[Any] | str:
        """One gradient for each of ``wrt`` out of what a backward returned, or what is wrong with its form."""
        chosen = [self.slots[number] for number in self.wrt]
        groups = sorted({slot.path[0] for slot in self.slots})
        if isinstance(returned, dict) and not (len(groups) == 1 and len(chosen[0].path) > 1):
            return self._by_name(returned, chosen)
        parts = list(returned) if isinstance(returned, (tuple, list)) else [returned]
        if not isinstance(returned, (tuple, list)) or self._is_one(parts, groups):
            parts = [returned]
        asked = sorted({slot.path[0] for slot in chosen})
        for places in (range(len(self.arguments)), groups, asked):
            if len(parts) == len(places):
                found = dict(zip(places, parts))
                return [_inside(found[slot.path[0]], slot.path[1:]) for slot in chosen]
        return f"it returns {len(parts)} gradients, but the function has {len(groups)} float arguments"

    @staticmethod
    def _is_one(parts: list[Any], groups: list[Any]) -> bool:
        """True for a list of numbers, which is one gradient and not several."""
        return len(groups) == 1 and len(parts) > 1 and all(isinstance(one, (int, float)) for one in parts)

    def _by_name(self, returned: dict[Any, Any], chosen: list[Slot]) -> list[Any] | str:
        found = []
        for slot in chosen:
            key = next((one for one in (slot.name, f"d{slot.name}", *slot.path[-1:]) if one in returned), None)
            if key is None:
                return f"it returns a dict without the gradient of {slot.name}; its keys are {', '.join(map(str, returned))}"
            found.append(returned[key])
        return found


def layout_of(function: Callable[..., Any], arguments: Sequence[Any], wrt: Sequence[str] | None) -> Layout:
    """The layout of ``arguments``; gradients are taken by ``wrt``, or by every float array.

    Raises
    ------
    ArgumentError, DtypeError, UnknownNameError
        If there is nothing to differentiate by, an array is complex, or a name is not there.
    """
    names = argument_names(function, arguments)
    slots: list[Slot] = []
    taken: set[str] = set()
    for number, (name, value) in enumerate(zip(names, arguments)):
        _collect(value, name, (number,), slots, taken)
    asked = [wrt] if isinstance(wrt, str) else wrt
    known = [slot.name for slot in slots]
    for name in asked or ():
        if name not in known:
            raise UnknownNameError(f"There is no float array '{name}' among the arguments. {choices(name, known)}")
    chosen = tuple(number for number, slot in enumerate(slots) if asked is None or slot.name in asked)
    if not chosen:
        raise ArgumentError("There is nothing to differentiate by: no argument is a float array.")
    tensors = any(isinstance(_at(tuple(arguments), slot.path), Tensor) for slot in slots)
    return Layout(tuple(arguments), tuple(slots), chosen, tuple(names), tensors)


def _collect(value: Any, name: str, path: tuple[Any, ...], slots: list[Slot], taken: set[str]) -> None:
    if isinstance(value, (np.ndarray, np.floating, Tensor)):
        kind = plain(value).dtype.kind
        if kind == "c":
            raise DtypeError(f"{name} is complex; gradients of complex functions can not be checked.")
        if kind == "f":
            slots.append(Slot(unique(name, taken), path))
    elif isinstance(value, dict):
        for key, one in value.items():
            _collect(one, f"{name}.{key}", (*path, key), slots, taken)
    elif type(value) in (list, tuple):
        for key, one in enumerate(value):
            _collect(one, f"{name}_{key}", (*path, key), slots, taken)


def _at(value: Any, path: Sequence[Any]) -> Any:
    for key in path:
        value = value[key]
    return value


def _inside(value: Any, path: Sequence[Any]) -> Any:
    """A part of a gradient; None where the gradient has no such part."""
    try:
        return _at(value, path)
    except (KeyError, IndexError, TypeError):
        return None


def plain(value: Any) -> np.ndarray:
    """A tensor, number or array as an array."""
    return value.asnumpy() if isinstance(value, Tensor) else np.asarray(value)


def positional(function: Callable[..., Any]) -> list[str] | None:
    """Names of the positional parameters without a default; None if they can not be told."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return None
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [one.name for one in parameters if one.kind in places and one.default is one.empty]
