"""Long formulas over several lines: where to break, by cost.

A line ends before a plus or a minus if it can, then before other signs, then between factors; the deeper in parentheses
a place is, the dearer. Parentheses with a break in them have one size on all lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .pieces import Cut, Fence, Part, wide

_LINE, _DEPTH, _COST, _OVER = 30.0, 15.0, 5.0, 1000.0


class Row(NamedTuple):
    """One line of a formula: how deep in parentheses it begins, the sign that it begins with, and its text."""

    depth: int
    sign: str
    text: str


def rows(parts: Sequence[Part], width: float, first: float, indent: float = 4.0) -> list[Row]:
    """``parts`` in lines of at most ``width``; the first has ``first`` in front, the others ``indent`` or more.

    Where there is no place to break at, a line may be longer.
    """
    ends = [0.0]
    for part in parts:
        ends.append(ends[-1] + wide(part))
    if first + ends[-1] <= width:
        return [Row(0, "", "".join(part.text for part in parts))]
    places = [-1, *(place for place, part in enumerate(parts) if isinstance(part, Cut)), len(parts)]
    depths, depth = {-1: 0}, 0
    for place, part in enumerate(parts):
        depth += 0 if not isinstance(part, Fence) else 1 if part.opens else -1
        depths[place] = depth
    best: list[tuple[float, int]] = [(0.0, -1)]
    for here in range(1, len(places)):
        found = (float("inf"), -1)
        for before in range(here - 1, -1, -1):
            start = places[before]
            long = ends[places[here]] - ends[max(start, 0)] + (first if start < 0 else indent + 2.0 * depths[start])
            over = max(long - width, 0.0)
            price = best[before][0] + _OVER * over + 3.0 * (max(width - long, 0.0) / width) ** 2
            price += 0.0 if start < 0 else _LINE + _DEPTH * depths[start] + _COST * _cost(parts[start])
            found = min(found, (price, before), key=lambda one: one[0])
            if over and found[0] < float("inf"):
                break
        best.append(found)
    chosen = []
    place = len(places) - 1
    while place > 0:
        place = best[place][1]
        chosen.append(places[place])
    return _written(parts, chosen[-2::-1], depths)


def _cost(part: Part) -> int:
    return part.cost if isinstance(part, Cut) else 0


def _written(parts: Sequence[Part], chosen: Sequence[int], depths: dict[int, int]) -> list[Row]:
    """The lines between the chosen places."""
    texts = [part.text for part in parts]
    opened: list[int] = []
    at = set(chosen)
    broken: set[int] = set()
    for place, part in enumerate(parts):
        if place in at:
            broken.update(opened)
        if isinstance(part, Fence) and part.opens:
            opened.append(place)
        elif isinstance(part, Fence):
            start = opened.pop()
            if start in broken:
                texts[start], texts[place] = parts[start].broken, part.broken  # type: ignore[union-attr]
    result = []
    for start, end in zip([-1, *chosen], [*chosen, len(parts)]):
        sign = texts[start].strip() if start >= 0 else ""
        tail = "," if end < len(parts) and texts[end].strip() == "," else ""
        result.append(Row(depths[start], "" if sign == "," else sign, "".join(texts[start + 1 : end]).rstrip() + tail))
    return result


__all__ = ["Row", "rows"]
