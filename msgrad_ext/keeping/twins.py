"""Functions that are made anew at each call of another, such as a lambda in a loop: what was kept of the one serves the next.

Comes in: a function. Goes out: the object that was kept for one before it, of the same code, whose surrounding variables
hold the very same objects now. It lies on a network that the function reads, and ends with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType, MethodType
from typing import Any

from .kept import home_of

# Functions in the variables of functions are compared so deep.
_DEPTH = 4


def twin_of(kept: Any, function: Callable[..., Any], key: Any) -> Any:
    """What was kept before for a twin of ``function``; None if there is nothing, and then ``kept`` is, for the next one."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    owner = next(_networks(function), None) if code is not None else None
    home = None if owner is None else home_of(owner)
    if home is None:
        return None
    place = (key, id(code))
    before = home.twins.get(place)
    if before is kept:
        return None
    if before is not None and _same(before.rests_on()[0], function, _DEPTH):
        return before
    home.add_twin(place, kept)
    return None


def _networks(function: Any) -> Iterator[Any]:
    """The networks that a function names first: bound to it, around it, among its globals."""
    if isinstance(function, MethodType):
        own = function.__self__
        yield from (one for one in (own, *getattr(own, "__dict__", {}).values()) if _is_network(one))
    elif isinstance(function, FunctionType):
        for cell in function.__closure__ or ():
            value = _content(cell)
            if _is_network(value):
                yield value
        found = (function.__globals__.get(name) for name in function.__code__.co_names)
        yield from (one for one in found if _is_network(one))


def _is_network(value: Any) -> bool:
    return "_cells" in getattr(value, "__dict__", {}) and not isinstance(value, type)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return cell


def _same(one: Any, other: Any, depth: int) -> bool:
    """True if both are one object, or functions that can not be told apart but by being two."""
    if one is other:
        return True
    if type(one) is not type(other) or not depth:
        return False
    if type(one) is MethodType:
        return one.__self__ is other.__self__ and one.__func__ is other.__func__
    if type(one) is not FunctionType or one.__code__ is not other.__code__ or one.__globals__ is not other.__globals__:
        return False
    parts = [[_content(cell) for cell in each.__closure__ or ()] for each in (one, other)]
    for part, each in zip(parts, (one, other)):
        named = each.__kwdefaults__ or {}
        part += [*(each.__defaults__ or ()), None, *named.values()]
    return len(parts[0]) == len(parts[1]) and all(_same(a, b, depth - 1) for a, b in zip(*parts))


__all__ = ["twin_of"]
