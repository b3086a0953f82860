"""Names of variables for print: escaped, so that nothing in a name acts as markup, and different for different names.

A parameter's path becomes a letter with a subscript (`fc1.weight` is W with `fc1`); where two names would print alike,
the full name stands instead.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sympy import Rational

GREEK = dict(
    zip(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
        "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(),
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ",
        strict=True,
    )
)
_SPELLED = {sign: word for word, sign in GREEK.items()}

# The letters that people write for the parameters of layers.
LEAVES = {"weight": "W", "bias": "b"}

# Marks of cotangents: the outermost pass has the bar, inner passes the others in order, then numbers.
ACCENTS = ("bar", "hat", "tilde", "check")
_WIDE = {"bar": "overline", "hat": "widehat", "tilde": "widetilde", "check": "check"}
_ABOVE = {"bar": "\u0304", "hat": "\u0302", "tilde": "\u0303", "check": "\u030c"}
_OVER = {"bar": "¯", "hat": "^", "tilde": "~", "check": "ˇ"}
# What needs no braces above or below the line.
_SIGN = re.compile(r"[0-9A-Za-z]|\\[A-Za-z]+")
_ACCENT_WORD = re.compile(r"_(?=(?:bar|hat|tilde|check|pass\d+)(?:_|$))")
_LETTER = "|".join(["[A-Za-z]", *sorted(GREEK, key=len, reverse=True)])
_SHORT = re.compile(rf"({_LETTER})(?:_?(\d+(?:_\d+)*)|_([A-Za-z0-9]+(?:_[A-Za-z0-9]+)*))?_?")
_LOWERED = dict(zip("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))


@dataclass(frozen=True)
class Name:
    """A name to print: a letter, a Greek letter's name or a word, with a subscript, and its form in plain text."""

    base: str
    under: str
    plain: str

    @property
    def letter(self) -> bool:
        """True for a letter, and false for a word."""
        return self.base in GREEK or (len(self.base) == 1 and self.base.isascii() and self.base.isalpha())

    @property
    def subscripts(self) -> list[str]:
        """The parts of the subscript."""
        parts = self.under.split("_")
        return parts if all(parts) else [self.under] * bool(self.under)

    def latex(self, accents: Sequence[str] = ()) -> str:
        """LaTeX, with ``accents`` over the base, the innermost first."""
        text = f"\\{self.base}" if self.base in GREEK else self.base if self.letter else upright(self.base)
        for accent in accents:
            mark = f"overset{{{accent}}}" if accent.isdigit() else accent if self.letter else _WIDE[accent]
            text = f"\\{mark}{{{text}}}"
        under = (f"\\{one}" if one in GREEK else one if one.isdigit() else upright(one) for one in self.subscripts)
        return text + (f"_{grouped(','.join(under))}" if self.under else "")

    def text(self, accents: Sequence[str] = ()) -> str:
        """Plain text, with the words of ``accents`` behind."""
        words = (f"pass{accent}" if accent.isdigit() else accent for accent in accents)
        # A user's own "x_bar" is not the cotangent of x.
        return "_".join([_ACCENT_WORD.sub("[5f]", escaped(self.plain)), *words])

    def unicode(self, accents: Sequence[str] = ()) -> str:
        """Text with Greek letters, low digits, and the marks over a letter; words have the marks' names behind."""
        above = "".join(_ABOVE.get(accent, "") for accent in accents)
        if not self.letter or any(accent.isdigit() for accent in accents):
            return self.text(accents)
        letter = unicodedata.normalize("NFC", GREEK.get(self.base, self.base) + above)
        return letter + lowered(",".join(GREEK.get(u, u) for u in self.subscripts))

    def mathml(self, accents: Sequence[str] = ()) -> str:
        """Presentation MathML, one element."""
        text = f"<mi>{GREEK.get(self.base) or escaped(self.base)}</mi>"
        for accent in accents:
            mark = f"<mn>{accent}</mn>" if accent.isdigit() else f"<mo stretchy='true'>{_OVER[accent]}</mo>"
            text = f"<mover accent='true'>{text}{mark}</mover>"
        if not self.under:
            return text
        under = [
            f"<mn>{one}</mn>" if one.isdigit() else f"<mi mathvariant='normal'>{GREEK.get(one) or escaped(one)}</mi>"
            for one in self.subscripts
        ]
        return f"<msub>{text}<mrow>{'<mo>,</mo>'.join(under)}</mrow></msub>"


@dataclass(frozen=True)
class Numeral:
    """A constant that is printed as its value, as Python writes it."""

    value: str

    @classmethod
    def of(cls, value: Rational) -> Numeral:
        """A number that ends after some decimals."""
        decimal = Decimal(int(value.p)) / Decimal(int(value.q))
        plain = -5 < decimal.adjusted() < 12
        return cls(f"{decimal.normalize():{'f' if plain else 'e'}}" if decimal else "0")

    @property
    def minus(self) -> bool:
        """True for a number below 0."""
        return self.value.startswith("-")

    @property
    def plain(self) -> str:
        """The number without its minus, in plain text."""
        return self.value.lstrip("-").replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")

    @property
    def power(self) -> str:
        """The power of ten, where Python writes an exponent."""
        return self.plain.partition("e")[2] if self.finite else ""

    @property
    def finite(self) -> bool:
        """True for digits; infinity and what is no number are words."""
        return self.plain[:1].isdigit()

    @property
    def mantissa(self) -> str:
        """The digits before the power of ten; none where that is 1 times it."""
        front = self.plain.partition("e")[0]
        return "" if self.power and front in ("1", "1.0") else front

    def latex(self, accents: Sequence[str] = ()) -> str:
        """LaTeX; a power of ten where Python writes an exponent."""
        if not self.finite:
            return ("-" if self.minus else "") + {"inf": "\\infty"}.get(self.plain, upright(self.plain))
        return ("-" if self.minus else "") + self.digits

    @property
    def digits(self) -> str:
        """LaTeX without the minus."""
        if not self.finite:
            return "\\infty" if self.plain == "inf" else upright(self.plain)
        ten = f"10^{{{self.power}}}" if self.power else ""
        return f"{self.mantissa} \\cdot {ten}" if ten and self.mantissa else ten or self.mantissa

    def text(self, accents: Sequence[str] = ()) -> str:
        """Plain text."""
        return self.value


def grouped(text: str) -> str:
    """What stands above or below the line: in braces, but for a single sign."""
    return text if _SIGN.fullmatch(text) else f"{{{text}}}"


def upright(text: str) -> str:
    """A word in upright letters; what is not a letter, a digit, a dot or an underscore stands by its number."""
    return "\\mathrm{" + escaped(text).replace("_", "\\_") + "}"


def escaped(text: str) -> str:
    """Letters, digits, dots and underscores as they are; other characters by number."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "._") else f"[{ord(c):x}]" for c in text) or "[]"


def lowered(text: str) -> str:
    """``text`` as a subscript: small letters where all of them have one, else behind a low line."""
    if all(c in _LOWERED for c in text):
        return "".join(_LOWERED[c] for c in text)
    return f"_{text}" if re.fullmatch(r"\w*", text) else f"_{{{text}}}"


def literal(text: str) -> Name:
    """The name as it is: one letter or a Greek letter with a number or a word as a subscript, else a word."""
    spelled = "".join(_SPELLED.get(c, c) for c in text)
    match = _SHORT.fullmatch(spelled)
    if match:
        return Name(match[1], match[2] or match[3] or "", spelled)
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
    if len(text) > 1:
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
