"""Where values between groups are kept: one block of memory, whose parts are used again once a value is dead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .kernels import Kernel
from .nests import Group, Nest
from .program import Value


@dataclass(frozen=True)
class Arena:
    """Offsets in bytes, and the size of the whole."""

    places: dict[Value, int]
    size: int


def arena(groups: list[Group], kernels: dict[int, Kernel], elsewhere: set[Value]) -> Arena:
    """Room for each value that is stored, for as long as it is read; those in ``elsewhere`` have theirs."""
    first: dict[Value, int] = {}
    last: dict[Value, int] = {}
    for index, group in enumerate(groups):
        for value in _touched(index, group, kernels):
            if value.role == "made" and value not in elsewhere:
                first.setdefault(value, index)
                last[value] = index
    places: dict[Value, int] = {}
    free: list[tuple[int, int]] = []
    size = 0
    dying: dict[int, list[Value]] = {}
    for value, index in last.items():
        dying.setdefault(index, []).append(value)
    ends = sorted(dying, reverse=True)
    for value, index in sorted(first.items(), key=lambda one: one[1]):
        while ends and ends[-1] < index:
            for dead in dying[ends.pop()]:
                free = _released(free, places[dead], _bytes(dead))
        wanted = _bytes(value)
        fitting = min((one for one in free if one[1] >= wanted), key=lambda one: one[1], default=None)
        if fitting is None:
            places[value], size = size, size + wanted
            continue
        free.remove(fitting)
        places[value] = fitting[0]
        if fitting[1] > wanted:
            free.append((fitting[0] + wanted, fitting[1] - wanted))
    return Arena(places, size)


def _touched(index: int, group: Group, kernels: dict[int, Kernel]) -> list[Value]:
    if isinstance(group, Nest):
        return [value for value, _, _ in kernels[index].arguments]
    found: list[Any] = [group.out, *(one.value for one in group.operands)]
    return [value for value in found if value is not None]


def _bytes(value: Value) -> int:
    return max(64, (value.size * value.dtype.itemsize + 63) // 64 * 64)


def _released(free: list[tuple[int, int]], start: int, size: int) -> list[tuple[int, int]]:
    """``free`` with one more part, joined to its neighbours."""
    joined: list[tuple[int, int]] = []
    for at, length in sorted([*free, (start, size)]):
        if joined and joined[-1][0] + joined[-1][1] == at:
            joined[-1] = (joined[-1][0], joined[-1][1] + length)
        else:
            joined.append((at, length))
    return joined
