"""The generators of one proof: the operands' elements, and functions of them such as ``exp(x)``, each adjoined once.

An identity over the generators is one of the functions that they stand for, whatever laws the functions have beside it.
Where a rule compares, the answer is taken at a given point, and the proof is for all values that compare as those do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..witnesses.digits import context


class Unreached(ArithmeticError):
    """A rung can not be reached; the text says why."""


class PointNeeded(Unreached):
    """A comparison was asked for, and no point is given at which to answer it."""


@dataclass(frozen=True, eq=False)
class Generator:
    """One generator: its value at the point, whether it is positive everywhere, and what root of what it is."""

    name: str
    value: Callable[[], Any] | None = None
    positive: bool = False
    root: tuple[int, Any] | None = None


class World:
    """The generators of one proof, and the work that was done.

    Parameters
    ----------
    most : int
        Products of terms that may be made.
    pointed : bool
        Whether there are values at which comparisons are answered; ``compared`` says whether one was.
    """

    def __init__(self, most: int, pointed: bool = False) -> None:
        self.most, self.pointed = most, pointed
        self.compared = False
        self.spent = 0
        self.generators: list[Generator] = []
        self.keys: list[Any] = []
        self.known: dict[Any, int] = {}
        self.values: dict[int, Any] = {}
        self.kind: Any = None

    def spend(self, amount: int) -> None:
        """Count work."""
        self.spent += amount
        if self.spent > self.most:
            raise Unreached(f"the polynomials take more than {self.most} products of terms")

    def generator(self, key: Any, make: Callable[[], Generator]) -> int:
        """The number of the generator for ``key``."""
        if key not in self.known:
            self.known[key] = len(self.generators)
            self.generators.append(make())
            self.keys.append(key)
        return self.known[key]

    def value(self, number: int) -> Any:
        """What a generator is at the point."""
        if number not in self.values:
            made = self.generators[number].value
            if made is None:
                raise PointNeeded("a comparison")
            self.values[number] = made()
        return self.values[number]


def function_value(name: str, *arguments: Any) -> Any:
    """A function of fifty-digit numbers; not finite where it has no value."""
    first, *rest = (context().convert(one) for one in arguments)
    if name == "root":
        return first ** (1 / context().mpf(int(arguments[1])))
    if name == "half angle":
        return context().tan(first / 2)
    if name == "polygamma":
        return first.polygamma(int(arguments[1]))
    return getattr(first, name)(*rest)
