"""What a formula rests on: of the declared facts as few as make it short, each rewriting tried on samples first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr

from ..symbolic.assumed import assumed
from ..symbolic.assumed_nodes import plainer
from ..symbolic.facts import Facts
from ..symbolic.normal import Ranges
from ..symbolic.notation import Node
from .trial import Trial


@dataclass(frozen=True)
class Rests:
    """Facts (by key) that a form may use, and those that it has used; the trials of all arrays and under the facts."""

    facts: Facts
    general: Trial
    under: Trial
    used: set[tuple[str, str]] = field(default_factory=set)

    @property
    def trial(self) -> Trial:
        """What a form must agree with: the derivation at any arrays, as long as no fact was used."""
        return self.under if self.used else self.general

    def simpler(self, expr: Expr, key: str, ranges: Ranges) -> Expr:
        """``expr`` with the facts used, if that gives the derivation's values wherever they hold."""
        found, rests = assumed(expr, self.facts, ranges, self.general.derivation.shapes)
        if found == expr or not self.under.holds(found, key):
            return expr
        self.used.update(rests)
        return found

    def plainer(self, node: Node, tidy: Callable[[Node], Node]) -> Node:
        """A tree made short, without the transposes that the facts make needless."""
        if not self.facts:
            return tidy(node)
        for _ in range(2):
            node = tidy(plainer(node, self.facts, lambda array, word: self.used.add((array, word))))
        return node


def fewest(
    rests: Rests,
    candidates: Sequence[Expr],
    simpler: Callable[[Rests, Expr], Expr],
    write: Callable[[Rests, list[Expr]], Any],
    cost: Callable[[Any], Any],
) -> tuple[Any, Rests]:
    """The form under all facts, and then without those of each array that does not make it shorter."""

    def attempt(facts: Facts) -> tuple[Any, Rests]:
        held = Rests(facts, rests.general, rests.under)
        return write(held, [simpler(held, expr) for expr in candidates]), held

    found, held = attempt(rests.facts)
    for array in sorted({array for array, _ in held.used}):
        if found is None:
            break
        other, fewer = attempt(held.facts.without(array))
        if other is not None and cost(other) <= cost(found):
            found, held = other, fewer
    return found, held


__all__ = ["Rests", "fewest"]
