"""Names of variables for print: escaped, so that nothing in a name acts as markup, and different for different names.

A parameter's path becomes a letter with a subscript (`fc1.weight` is W with `fc1`); where two names would print alike,
the full name stands instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega "
    "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
).split()

# The letters that people write for the parameters of layers.
LEAVES = {"weight": "W", "bias": "b"}

# Marks of cotangents: the outermost pass has the bar, inner passes the others in order, then numbers.
ACCENTS = ("bar", "hat", "tilde", "check")
_WIDE = {"bar": "overline", "hat": "widehat", "tilde": "widetilde", "check": "check"}
_ACCENT_WORD = re.compile(r"_(?=(?:bar|hat|tilde|check|pass\d+)(?:_|$))")


@dataclass(frozen=True)
class Name:
    """A name to print: a letter, a Greek letter's name or a word, with a subscript, and its form in plain text."""

    base: str
    under: str
    plain: str

    def latex(self, accents: Sequence[str] = ()) -> str:
        """LaTeX, with ``accents`` over the base, the innermost first."""
        letter = len(self.base) == 1 or self.base in GREEK
        text = _base(self.base)
        for accent in accents:
            mark = f"overset{{{accent}}}" if accent.isdigit() else accent if letter else _WIDE[accent]
            text = f"\\{mark}{{{text}}}"
        return text + (f"_{{{self.under if self.under.isdigit() else upright(self.under)}}}" if self.under else "")

    def text(self, accents: Sequence[str] = ()) -> str:
        """Plain text, with the words of ``accents`` behind."""
        words = (f"pass{accent}" if accent.isdigit() else accent for accent in accents)
        # A user's own "x_bar" is not the cotangent of x.
        return "_".join([_ACCENT_WORD.sub("[5f]", escaped(self.plain)), *words])


@dataclass(frozen=True)
class Numeral:
    """A constant that is printed as its value."""

    value: str

    def latex(self, accents: Sequence[str] = ()) -> str:
        """LaTeX; a power of ten where Python writes an exponent."""
        digits, _, power = self.value.partition("e")
        text = upright(digits.lstrip("-")) if not re.fullmatch(r"-?[\d.]+", digits) else digits.lstrip("-")
        text += f" \\cdot 10^{{{int(power)}}}" if power.lstrip("+-").isdigit() else ""
        text = f"-{text}" if self.value.startswith("-") else text
        return f"\\left({text}\\right)" if power or self.value.startswith("-") else text

    def text(self, accents: Sequence[str] = ()) -> str:
        """Plain text."""
        return f"({self.value})" if self.value.startswith("-") else self.value


def _base(base: str) -> str:
    if base in GREEK:
        return f"\\{base}"
    return base if len(base) == 1 and base.isascii() and base.isalpha() else upright(base)


def upright(text: str) -> str:
    """A word in upright letters; what is not a letter, a digit, a dot or an underscore stands by its number."""
    return "\\mathrm{" + escaped(text).replace("_", "\\_") + "}"


def escaped(text: str) -> str:
    """Letters, digits, dots and underscores as they are; other characters by number."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "._") else f"[{ord(c):x}]" for c in text) or "[]"


def literal(text: str) -> Name:
    """The name as it is: one letter or a Greek letter with a number as a subscript, else a word."""
    match = re.fullmatch(r"([A-Za-z]+?)_?(\d*)", text)
    if match and (len(match[1]) == 1 or match[1] in GREEK):
        return Name(match[1], match[2], text)
    return Name(text, "", text)


def candidates(text: str, rank: int) -> Iterator[Name]:
    """Ways to print a name, the nicest first, without end; a matrix named by one small letter gets the capital."""
    path, _, leaf = text.rpartition(".")
    letter = LEAVES.get(leaf) or (leaf if path and (len(leaf) == 1 or leaf in GREEK) else None)
    if letter is not None:
        if len(letter) == 1:
            letter = letter.upper() if rank >= 2 else letter.lower()
        yield Name(letter, path, f"{letter}_{path}" if path else letter)
    own = literal(text)
    if rank >= 2 and len(own.base) == 1:
        yield Name(own.base.upper(), own.under, text[:1].upper() + text[1:])
    yield own
    if own.under:
        yield Name(text, "", text)
    yield from (Name(text, str(count), f"{text}_{count}") for count in range(2, 10**9))


class Names:
    """Names given out one after the other, so that no two print alike."""

    def __init__(self, reserved: Iterable[str]) -> None:
        given = [literal(text) for text in reserved]
        self.latex = {name.latex() for name in given}
        self.text = {name.text() for name in given}
        self.found: dict[str, Name | Numeral] = {}

    def give(self, key: str, wanted: Iterable[Name]) -> Name:
        """The first of ``wanted`` that is free."""
        name = next(n for n in wanted if n.latex() not in self.latex and n.text() not in self.text)
        self.latex.add(name.latex())
        self.text.add(name.text())
        self.found[key] = name
        return name

    def free(self, name: Name) -> bool:
        """True if nothing prints like ``name``."""
        return name.latex() not in self.latex and name.text() not in self.text


def input_names(names: Names, given: Mapping[str, str], ranks: Mapping[str, int]) -> None:
    """Name the inputs: first those that print as they are, so that no other takes their place."""
    first = {key: next(candidates(text, ranks[key])) for key, text in given.items()}
    plain = [key for key, text in given.items() if first[key] == literal(text)]
    for key in [*plain, *(key for key in given if key not in plain)]:
        names.give(key, candidates(given[key], ranks[key]))


def accent(number: int, last: int) -> str:
    """The mark of the cotangents of pass ``number`` of ``last``: a bar for the last, which is the outermost."""
    if number == last:
        return ACCENTS[0]
    return ACCENTS[number] if number < len(ACCENTS) else str(number)
