"""Names of a program's values in print: the user's own names for them, numbered where one name has several values.

Also short names for layers: where all numbered parts of a network are `fc1, fc2, ...`, the weight of `fc1` is W with 1.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from .names import GREEK, LEAVES, Name, Names, literal

_NUMBERED = re.compile(r"(.*?)(\d+)")


def short_layers(given: Mapping[str, str]) -> dict[str, str]:
    """``given`` (key -> the name of an input) with numbers for the paths of layers, where no two are alike then."""
    paths = {text.rpartition(".")[0] for text in given.values() if _parameter(text)} - {""}
    found = {path: match for path in paths if (match := _NUMBERED.fullmatch(path))}
    if len(found) < 2 or len({match[1] for match in found.values()}) > 1:
        return dict(given)
    short = {path: str(int(match[2])) for path, match in found.items()}
    result = {key: _shortened(text, short) for key, text in given.items()}
    alike = {text.replace(".", "").replace("_", "").lower() for text in result.values()}
    spelled = Counter(_printed(text) for text in result.values())
    return result if len(alike) == len(result) and max(spelled.values()) == 1 else dict(given)


def _parameter(text: str) -> bool:
    leaf = text.rpartition(".")[2]
    return leaf in LEAVES or len(leaf) == 1 or leaf in GREEK


def _shortened(text: str, short: Mapping[str, str]) -> str:
    path, dot, leaf = text.rpartition(".")
    return f"{short[path]}{dot}{leaf}" if path in short and _parameter(text) else text


def _printed(text: str) -> str:
    path, _, leaf = text.rpartition(".")
    return f"{LEAVES.get(leaf, leaf)}{path}".replace("_", "").lower()


def step_names(names: Names, given: Mapping[str, str], ranks: Mapping[str, int]) -> None:
    """Name the values of a program, key -> the user's name or nothing; what has none is ``V`` with a number.

    A name that an input has, or that several values have, gets a number: ``x_1`` is what is first assigned to ``x``.
    """
    inputs = {name.plain for name in names.found.values() if isinstance(name, Name)}
    inputs |= {plain.lower() for plain in inputs}
    times = Counter(given.values())
    last: dict[str, int] = {}
    for key, text in given.items():
        own = literal(text)
        single = _name(text, "", ranks[key]) if text else None
        if single is not None and text not in inputs and times[text] == 1 and names.free(single):
            names.give(key, [single])
        else:
            names.give(key, _numbered(text if text and not own.under else "", ranks[key], last))


def _numbered(wanted: str, rank: int, last: dict[str, int]) -> Iterator[Name]:
    """``wanted`` with one number after the other, from where the last one of that name stopped."""
    while True:
        last[wanted] = number = last.get(wanted, 0) + 1
        if wanted:
            yield _name(wanted, str(number), rank)
        else:
            letter = "V" if rank >= 2 else "v"
            yield Name(letter, str(number), f"{letter}{number}")


def _name(wanted: str, number: str, rank: int) -> Name:
    """The user's name for a value, a matrix's with the capital, with a number if there is one."""
    own = literal(wanted)
    capital = rank >= 2 and len(own.base) == 1
    base, plain = (own.base.upper(), wanted[:1].upper() + wanted[1:]) if capital else (own.base, wanted)
    return Name(base, number or own.under, f"{plain}_{number}" if number else plain)


__all__ = ["short_layers", "step_names"]
