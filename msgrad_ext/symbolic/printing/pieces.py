"""Printed pieces: what a printer makes of a node, with its precedence and the places where a line may be broken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Union

# Precedence, the loosest first. A big operator reaches to the end of its product.
ADD, HAD, BIG, MUL, POW, ATOM = range(1, 7)


class Text(NamedTuple):
    """Text that is never broken; its width is that of its letters if it is not given."""

    text: str
    width: float = -1.0


class Cut(NamedTuple):
    """A place where a line may go on below; ``text`` stands there if it does not. A dearer place is taken later."""

    text: str
    cost: int
    width: float = -1.0


class Fence(NamedTuple):
    """One of a pair of signs around something; ``broken`` stands for it when a line ends between the two."""

    text: str
    broken: str
    opens: bool
    width: float = -1.0


Part = Union[Text, Cut, Fence]


@dataclass(frozen=True)
class Piece:
    """Printed text in parts, and how strongly it holds together.

    ``bare`` is the piece without the minus that it begins with.
    """

    parts: tuple[Part, ...]
    level: int = ATOM
    bare: Piece | None = None

    @property
    def text(self) -> str:
        """The text on one line."""
        return "".join(part.text for part in self.parts)

    @property
    def width(self) -> float:
        """The width on one line."""
        return sum(map(wide, self.parts))


def piece(text: str, level: int = ATOM, width: float = -1.0) -> Piece:
    """Text as one part."""
    return Piece((Text(text, width),), level)


def wide(part: Part) -> float:
    """The width of a part, in letters."""
    return part.width if part.width >= 0 else float(len(part.text))


def strung(pieces: Iterable[Piece], between: Part, level: int) -> Piece:
    """Pieces one after the other with something between them."""
    parts: list[Part] = []
    for one in pieces:
        parts += [between, *one.parts] if parts else one.parts
    return Piece(tuple(parts), level)


def dearer(parts: Iterable[Part], by: int) -> tuple[Part, ...]:
    """Parts whose places to break at are taken later."""
    return tuple(Cut(part.text, part.cost + by, part.width) if isinstance(part, Cut) else part for part in parts)


__all__ = [
    "ADD",
    "ATOM",
    "BIG",
    "HAD",
    "MUL",
    "POW",
    "Cut",
    "Fence",
    "Part",
    "Piece",
    "Text",
    "dearer",
    "piece",
    "strung",
    "wide",
]
