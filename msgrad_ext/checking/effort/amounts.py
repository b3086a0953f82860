"""How a budget is written: ``2``, ``"2s"``, ``"500MB"``, ``"1e8 ops"``, or several of these, ``"2s 500MB"``.

Comes in: what a user gave. Goes out: `Amounts`, still in the user's units. It knows nothing of what a check costs.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

_UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), ("seconds", 1.0)),
    "ms": ("seconds", 1e-3),
    **dict.fromkeys(("min", "minute", "minutes"), ("seconds", 60.0)),
    **{unit: ("memory", float(size)) for unit, size in (("b", 1), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12))},
    **{unit: ("memory", 2.0**power) for unit, power in (("kib", 10), ("mib", 20), ("gib", 30), ("tib", 40))},
    **dict.fromkeys(("op", "ops", "operations"), ("operations", 1.0)),
}
_AMOUNT = re.compile(r"\s*(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*(?P<unit>[a-z]*)\s*[,;]?", re.I | re.A)
FORMS = 'seconds, memory or operations, such as 2, "2s", "500MB", "1e8 ops" or "2s 500MB"'


class AmountError(ValueError):
    """What is wrong with a budget as it was written."""


@dataclass(frozen=True)
class Amounts:
    """A budget in the user's units; None where nothing was said."""

    seconds: float | None = None
    memory: float | None = None
    operations: float | None = None


def amounts(given: Any) -> Amounts:
    """Read a budget: a number of seconds, or a text of amounts with units.

    Raises
    ------
    AmountError
        If it is neither, or an amount is not positive or is given twice.
    """
    if isinstance(given, str):
        return _read(given)
    # numpy's numbers, too, become a float; a bool is a number to Python alone.
    try:
        seconds = math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError):
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise AmountError(f"must be a positive number of {FORMS}, but got {given!r}.")
    return Amounts(seconds=seconds)


def _read(text: str) -> Amounts:
    found: dict[str, float] = {}
    at = 0
    while at < len(text.rstrip()) or not found:
        match = _AMOUNT.match(text, at)
        unit = match["unit"].lower() if match else ""
        if match is None or unit not in _UNITS:
            what = f"'{match['unit']}' is no unit" if match else f"got {text!r}"
            raise AmountError(f"must be a positive number of {FORMS}, but {what}.")
        kind, size = _UNITS[unit]
        value = float(match["number"]) * size
        if not 0 < value < math.inf:
            raise AmountError(f"must be a positive number of {FORMS}, but got {text!r}.")
        if kind in found:
            raise AmountError(f"must give {kind} once, but got {text!r}.")
        found[kind] = value
        at = match.end()
    return Amounts(**found)


__all__ = ["FORMS", "AmountError", "Amounts", "amounts"]
