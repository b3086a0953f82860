"""What a form was compared with the derivation by, how often, at what sizes, and how a wrong one could have passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sympy import Symbol

from .residue import P

# The degree that a formula is taken to have at most, where the chance of a wrong pass is stated.
DEGREE = 10**6
_ARITHMETIC = {
    "residues": "modulo a prime of 61 bits",
    "digits": "in 50-digit arithmetic",
    "floats": "in float64",
    "definition": "by definition",
}


@dataclass(frozen=True)
class Evidence:
    """How far a displayed formula can be trusted.

    Attributes
    ----------
    form : str
        What was compared with the derivation: a matrix form, an indexed form, or a line.
    arithmetic : str
        ``"residues"``, ``"digits"``, ``"floats"``, or ``"definition"`` where what is shown is the derivation itself.
    sizes : sequence of mapping
        What the letters stood for, a mapping for each comparison.
    luck : float
        Where the formula looks at signs: the chance that no element had those that show a mistake.
    """

    form: str
    arithmetic: str
    sizes: Sequence[Mapping[Symbol, int]]
    luck: float = 0.0

    @property
    def trials(self) -> int:
        """How many comparisons were made."""
        return len(self.sizes)

    @property
    def chance(self) -> float | None:
        """The chance of a wrong pass for a formula of degree up to a million; None where none can be stated."""
        if self.arithmetic != "residues":
            return None
        return max((DEGREE / P) ** self.trials, self.luck)

    @property
    def short(self) -> str:
        """What was done, in a few words."""
        if self.arithmetic == "definition":
            return "what is shown is the derivation itself"
        return f"{self.form} equal to the derivation {_ARITHMETIC[self.arithmetic]}, {self.trials} times"

    def __str__(self) -> str:
        if self.arithmetic == "definition":
            return self.short
        seen = list(dict.fromkeys(", ".join(f"{n} = {size}" for n, size in sizes.items()) for sizes in self.sizes))
        at = f", at {'; '.join(one for one in seen if one)}" if any(seen) else ""
        text = self.short + at
        return text if self.chance is None else f"{text}; a wrong one passes with a chance below {self.chance:.0e}"


__all__ = ["Evidence"]
