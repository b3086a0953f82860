"""The options of a gradcell: their types, their readers, and what a wrong one is answered.

Comes in: the magic's line as words. Goes out: `CellOptions`. Names of variables are looked up, never evaluated.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..checking.effort.amounts import AmountError, amounts
from ..errors import GradCellOptionError, Location, choices

CHECKS = ("auto", "on", "off", "strict")

Shapes = Mapping[str, tuple[str | int, ...]]


@dataclass(frozen=True)
class CellOptions:
    """What the user asked of a gradcell.

    Attributes
    ----------
    out : str or None
        The variable that the report is bound to.
    wrt : tuple of str or None
        Inputs and parameters to differentiate by; None means all.
    sens : str or None
        The variable that weights the output; see `variable`.
    shapes : mapping of str to tuple, or None
        Shapes of the inputs, an axis a letter or a number.
    assume : mapping of str to str, or None
        What holds of inputs and parameters, in words that the formulas' module reads.
    order : int
        Order of the derivative.
    check : str
        One of `CHECKS`.
    budget : float, str or None
        Seconds that the check may take, or amounts with units, as in ``mg.check``.
    annotate, profile, live, quiet, enclose : bool
        Show the annotated source, and with it what each line costs; show the live panel; show nothing; prove how exact
        the gradients are.
    sweep : int or None
        How many further checks of each gradient, at other values; see `GradReport.sweep`.
    export : tuple of str
        Targets to export to.
    seed : int
        Seed of the check's samples.
    """

    out: str | None = None
    wrt: tuple[str, ...] | None = None
    sens: str | None = None
    shapes: Shapes | None = None
    assume: Mapping[str, str] | None = None
    order: int = 1
    check: str = "auto"
    budget: float | str | None = None
    sweep: int | None = None
    annotate: bool = False
    profile: bool = False
    live: bool = False
    export: tuple[str, ...] = ()
    seed: int = 0
    quiet: bool = False
    enclose: bool = False


class Misfit(Exception):
    """Why a value does not fit, and the part of the value that is at fault: its start and its length."""

    def __init__(self, reason: str, start: int = 0, length: int | None = None) -> None:
        super().__init__(reason)
        self.start = start
        self.length = length


def _whole_number(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or int(text) < least:
            raise Misfit(f"must be a whole number from {least}, but got '{text}'.")
        return int(text)

    return read


def budget(text: str) -> float | str:
    """A budget: a number of seconds, or amounts with units.

    Raises
    ------
    Misfit
        If it is neither.
    """
    plain = re.fullmatch(r"\d+(\.\d*)?|\.\d+", text, re.ASCII)
    if plain and float(text) == 0:
        raise Misfit(f"must be a number of seconds above 0, but got '{text}'.")
    given = float(text) if plain else text
    try:
        amounts(given)
    except AmountError as error:
        known = re.search(r"[a-z]", text, re.IGNORECASE) and re.match(r"\s*[\d.]", text)
        reason = str(error) if known else f"must be a number of seconds above 0, but got '{text}'."
        raise Misfit(reason) from None
    return given


def _name(text: str) -> str:
    if not text.isidentifier() or keyword.iskeyword(text):
        raise Misfit(f"must be the name of a variable, but got '{text}'.")
    return text


def _near(name: str, known: Iterable[str]) -> str:
    """A hint at the known name that is near, if there is one."""
    hint = choices(name, list(known))
    return f" {hint}" if hint.startswith("Did") else ""


def _check(text: str) -> str:
    if text not in CHECKS:
        raise Misfit(f"must be one of {', '.join(CHECKS)}, but got '{text}'.{_near(text, CHECKS)}")
    return text


def names(text: str) -> tuple[str, ...]:
    """Names between commas: ``"x, fc.weight"``."""
    found = tuple(one.strip() for one in text.split(","))
    for one in found:
        if not all(part.isidentifier() or part.isdigit() for part in one.split(".")):
            raise Misfit(f"must be names between commas, but got '{one}' in '{text}'.")
        if found.count(one) > 1:
            raise Misfit(f"must be different names, but got '{one}' {found.count(one)} times.")
    return found


_TOKEN = re.compile(r"\s*(?:(?P<name>[^\W\d]\w*(?:\.\w+)*)|(?P<number>\d+)|(?P<mark>[:(),;])|(?P<other>\S)|$)")


class _ShapeReader:
    """Reads ``x: (m, k), y: (k, 3)`` from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.advance(0)

    def advance(self, position: int) -> None:
        match = _TOKEN.match(self.text, position)
        self.kind = match.lastgroup if match else None
        self.token = match.group(self.kind) if match and self.kind else ""
        self.start = match.start(self.kind) if match and self.kind else len(self.text)

    def fail(self, expected: str) -> Misfit:
        found = f"'{self.token}'" if self.token else "the end"
        after = f"after '{self.text[: self.start]}'" if self.start else "at the start"
        return Misfit(f"{expected} must stand {after}, but got {found}.", self.start, max(len(self.token), 1))

    def take(self, expected: str, *kinds: str, mark: str = "") -> str:
        if self.kind not in kinds and not (mark and self.kind == "mark" and self.token in mark):
            raise self.fail(expected)
        token = self.token
        self.advance(self.start + len(token))
        return token

    def axis(self) -> str | int:
        if self.kind == "number" and int(self.token) == 0:
            raise self.fail("an axis of length 1 or more")
        if self.kind == "name" and "." in self.token:
            raise self.fail("an axis, a name or a number")
        number = self.kind == "number"
        token = self.take("an axis, a name or a number", "name", "number")
        return int(token) if number else token

    def shape(self) -> tuple[str | int, ...]:
        self.take("'('", mark="(")
        axes: list[str | int] = []
        while not (self.kind == "mark" and self.token == ")"):
            axes.append(self.axis())
            if self.token != ")":
                self.take("',' or ')'", mark=",")
        self.take("')'", mark=")")
        return tuple(axes)


def shapes(text: str) -> dict[str, tuple[str | int, ...]]:
    """Shapes by name, as ``"x: (m, k), y: (k, 3)"`` gives them.

    Raises
    ------
    Misfit
        With the place in ``text``, if it does not have this form.
    """
    reader = _ShapeReader(text)
    found: dict[str, tuple[str | int, ...]] = {}
    while True:
        if reader.token in found:
            raise Misfit(f"an input has one shape, but '{reader.token}' has two.", reader.start, len(reader.token))
        name = reader.take("the name of an input", "name")
        reader.take("':'", mark=":")
        found[name] = reader.shape()
        if reader.kind is None:
            return found
        reader.take("',' or the end", mark=",;")


def assumptions(text: str) -> dict[str, str]:
    """Words by name, as ``"A: symmetric, positive definite; y: one-hot"`` gives them.

    Raises
    ------
    Misfit
        With the place in ``text``, if it does not have this form.
    """
    found: dict[str, str] = {}
    start = 0
    for part in text.split(";"):
        name, colon, words = part.partition(":")
        plain = name.strip()
        if not colon or not words.strip() or not all(one.isidentifier() or one.isdigit() for one in plain.split(".")):
            raise Misfit(
                f"'NAME: WORDS' must stand between semicolons, but got '{part.strip()}'.", start, max(len(part), 1)
            )
        if plain in found:
            raise Misfit(f"an array is spoken of once, but '{plain}' is twice.", start, max(len(part), 1))
        found[plain] = words.strip()
        start += len(part) + 1
    return found


READERS: dict[str, Callable[[str], Any]] = {
    "out": _name,
    "wrt": names,
    "sens": _name,
    "shapes": shapes,
    "assume": assumptions,
    "order": _whole_number(1),
    "check": _check,
    "budget": budget,
    "sweep": _whole_number(1),
    "export": names,
    "seed": _whole_number(0),
}


def known_target(targets: tuple[str, ...], known: Iterable[str]) -> None:
    """Refuse a target that no exporter makes."""
    available = list(known)
    for target in targets:
        if target not in available:
            raise Misfit(f"must name exporters, but got '{target}'. {choices(target, available)}")


def variable(option: str, name: str, namespace: Mapping[str, Any], location: Location | None = None) -> Any:
    """The value of the variable that ``option`` names, such as ``--sens G``.

    Raises
    ------
    GradCellOptionError
        If there is no such variable after the cell has run.
    """
    if name not in namespace:
        near = _near(name, [one for one in namespace if not one.startswith("_")])
        message = f"For '%%gradcell {option}', there is no variable '{name}' after the cell has run.{near}"
        raise GradCellOptionError(message, location)
    return namespace[name]


__all__ = [
    "CHECKS",
    "READERS",
    "CellOptions",
    "Misfit",
    "Shapes",
    "assumptions",
    "budget",
    "known_target",
    "names",
    "shapes",
    "variable",
]
