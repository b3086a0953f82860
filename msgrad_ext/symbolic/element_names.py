"""Names of single elements: ``x_{1,2}`` for row 1 and column 2 of X, counted from 1 as on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Symbol

from .lines import Derivation
from .names import Name, Numeral, lowered
from .nodes import Entry
from .notation import Node


@dataclass(frozen=True)
class ElementName(Name):
    """The name of an array in parentheses, with the places of an element: for arrays that have a subscript of their own."""

    array: Name
    places: tuple[int, ...]

    @property
    def at(self) -> str:
        """The places, counted from 1."""
        return ",".join(str(place + 1) for place in self.places)

    def latex(self, accents: Sequence[str] = ()) -> str:
        """LaTeX, with ``accents`` over the base."""
        return f"\\left({self.array.latex(accents)}\\right)_{{{self.at}}}"

    def text(self, accents: Sequence[str] = ()) -> str:
        """Plain text."""
        return f"{self.array.text(accents)}_{{{self.at}}}"

    def unicode(self, accents: Sequence[str] = ()) -> str:
        """Text with Greek letters and low digits."""
        return f"({self.array.unicode(accents)}){lowered(self.at)}"

    def mathml(self, accents: Sequence[str] = ()) -> str:
        """Presentation MathML, one element."""
        places = "<mo>,</mo>".join(f"<mn>{place + 1}</mn>" for place in self.places)
        inner = f"<mrow><mo>(</mo>{self.array.mathml(accents)}<mo>)</mo></mrow>"
        return f"<msub>{inner}<mrow>{places}</mrow></msub>"


@dataclass(frozen=True)
class LetterElement(Name):
    """The name of an array that is a letter, with the places of an element as subscripts."""

    def text(self, accents: Sequence[str] = ()) -> str:
        """Plain text."""
        return f"{Name(self.base, '', self.plain).text(accents)}_{{{','.join(self.subscripts)}}}"


class ElementNames:
    """Names for the elements of a derivation's arrays, given when they are met, and printers that know them."""

    def __init__(self, writer: Any, derivation: Derivation, sizes: Mapping[Symbol, int]) -> None:
        self.derivation = derivation
        self.arrays: dict[str, Name | Numeral] = dict(writer.printers["text"].names)
        self.same: dict[str, str] = dict(writer.printers["text"].same)
        self.names: dict[str, Name | Numeral] = {}
        self.cotangents: dict[str, str] = dict(derivation.cotangents)
        self.inputs: dict[str, tuple[str, tuple[int, ...]]] = {}
        self.base, self.count = "", 0

    def step(self) -> Entry:
        """A new name for a part that several elements have."""
        if not self.base:
            taken = {other.base for other in self.arrays.values() if isinstance(other, Name)}
            self.base = next(base for base in ("t", "s", "u", "r", "step") if base not in taken)
        self.count += 1
        key = f"t:{self.count}"
        self.names[key] = Name(self.base, str(self.count), f"{self.base}{self.count}")
        return Entry(Symbol(key))

    def node(self, entry: Entry) -> Node:
        """The name of an element as a notation tree."""
        key = entry.head.name
        if key in self.names:
            return Node("name", (), (), key)
        at = tuple(int(i) for i in entry.indices)
        return Node("name", (), (), self.spot(key, at))

    def spot(self, key: str, at: tuple[int, ...]) -> str:
        """The key of an element, which has a name from here on."""
        while key in self.same:
            key = self.same[key]
        mark = f"{key}@{','.join(map(str, at))}"
        if key in self.derivation.cotangents:
            self.cotangents.setdefault(mark, self.spot(self.derivation.cotangents[key], at))
        elif mark not in self.names:
            self.names[mark] = self.name(key, at)
            if key in self.derivation.inputs:
                self.inputs[mark] = self.derivation.inputs[key], at
        return mark

    def name(self, key: str, at: tuple[int, ...]) -> Name | Numeral:
        """The name of an element; that of the array where it is all there is."""
        name = self.arrays[key]
        moving = tuple(i for i, n in zip(at, self.derivation.shapes[key]) if n != 1)
        if isinstance(name, Numeral) or not moving:
            return name
        if name.under or len(name.base) > 1:
            return ElementName(name.base, name.under, name.plain, name, moving)
        taken = {other.base for other in self.arrays.values() if isinstance(other, Name)}
        base = name.base.lower() if len(moving) > 1 and name.base.lower() not in taken else name.base
        plain = base if len(name.plain) == 1 else name.plain
        return LetterElement(base, "_".join(str(i + 1) for i in moving), plain)


__all__ = ["ElementName", "ElementNames", "LetterElement"]
