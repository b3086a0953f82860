"""What a plan rests on besides its arguments, as places that are looked at: each is a test in one generated expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import is_
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

# How a place is looked at; ``h`` is the holder, ``k`` the key, ``v`` what it held. A place that is gone raises.
_FORMS = {
    "entry": "h{0}[k{0}] is v{0}",
    "missing": "k{0} not in h{0}",
    "all missing": "h{0}.keys().isdisjoint(k{0})",
    "cell": "h{0}.cell_contents is v{0}",
    "code": "h{0}.__code__ is v{0}",
    "defaults": "h{0}.__defaults__ is v{0}",
    "keyword defaults": "h{0}.__kwdefaults__ is v{0}",
    "class": "type(h{0}) is v{0}",
    "attribute": "getattr(h{0}, k{0}, None) is v{0}",
    "length": "len(h{0}) == v{0}",
    "members": "len(h{0}) == k{0} and all(map(is_, h{0}, v{0}))",
    "values": "len(h{0}) == len(k{0}) and all(map(is_, h{0}, k{0})) and all(map(is_, h{0}.values(), v{0}))",
    "array": "h{0}.tobytes() == v{0} and (h{0}.shape, h{0}.dtype) == k{0}",
}
# What looking at a place may raise.
GONE = (KeyError, ValueError, AttributeError, TypeError)
# So many places are looked at in one expression.
_CHUNK = 100
# So many names that must be missing are looked for one by one.
_FEW = 3
# Under the package's name, so that errors are not taken to stand there.
_FILE = str(Path(__file__).with_name("<answer>"))


@dataclass(frozen=True)
class Place:
    """One thing that a trace rests on: where it stands, how it is looked at (a key of ``_FORMS``), and what was there."""

    form: str
    holder: Any
    key: Any
    value: Any


@lru_cache(maxsize=512)
def _code(text: str) -> CodeType:
    return compile(text, _FILE, "exec")


def made(text: str, name: str, known: dict[str, Any]) -> Callable[..., Any]:
    """The function ``name`` that ``text`` defines, of the names in ``known``: no name in the text is a user's."""
    exec(_code(text), known)
    return known[name]  # type: ignore[no-any-return]


def tests(places: Sequence[Place], known: dict[str, Any]) -> list[str]:
    """One test for each place, or for many together; what they name is put into ``known``."""
    known["is_"] = is_
    ordered = sorted(_together(places), key=lambda place: place.form)
    if len(ordered) > _CHUNK:
        parts = [ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK)]
        known.update({f"same{number}": _part(part) for number, part in enumerate(parts)})
        return [f"same{number}()" for number in range(len(parts))]
    for number, place in enumerate(ordered):
        known.update({f"h{number}": place.holder, f"k{number}": place.key, f"v{number}": place.value})
    return [_FORMS[place.form].format(number) for number, place in enumerate(ordered)]


def _together(places: Sequence[Place]) -> list[Place]:
    """The same with one place for all names that one namespace must not have."""
    absent: dict[int, list[Place]] = {}
    for place in places:
        if place.form == "missing":
            absent.setdefault(id(place.holder), []).append(place)
    found = [place for place in places if place.form != "missing"]
    for group in absent.values():
        if len(group) <= _FEW:
            found += group
        else:
            found.append(Place("all missing", group[0].holder, frozenset(place.key for place in group), None))
    return found


def _part(places: Sequence[Place]) -> Callable[[], bool]:
    known: dict[str, Any] = {}
    return made(f"def same():\n    return {' and '.join(tests(places, known))}\n", "same", known)


def unchanged(places: Sequence[Place]) -> Callable[[], bool]:
    """A function that tells whether every place holds what it held."""
    known: dict[str, Any] = {"gone": GONE}
    told = " and ".join(tests(places, known)) or "True"
    lines = ["def same():", "    try:", f"        return {told}", "    except gone:", "        return False", ""]
    return made("\n".join(lines), "same", known)


def content(value: Any) -> Place | None:
    """That a container or an array holds the very members, or the numbers, that it holds now; None for anything else."""
    if isinstance(value, dict):
        return Place("values", value, tuple(value), tuple(value.values()))
    if isinstance(value, (list, tuple, set, frozenset)):
        # A set that nobody changes keeps its order.
        return Place("members", value, len(value), tuple(value))
    if isinstance(value, np.ndarray):
        return Place("array", value, (value.shape, value.dtype), value.tobytes())
    return None


__all__ = ["GONE", "Place", "content", "made", "tests", "unchanged"]
