"""What a formula rests on: of the declared facts as few as make it short, each rewriting tried on samples first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sympy import Expr

from ..symbolic.assumed import assumed
from ..symbolic.assumed_nodes import plainer
from ..symbolic.facts import Facts
from ..symbolic.normal import Ranges
from ..symbolic.notation import Node
from .trial import Trial


@dataclass(frozen=True)
class Rests:
    """Facts (by key) that a form may use, the trial for it, and those that it has used."""

    facts: Facts
    trial: Trial
    used: set[tuple[str, str]] = field(default_factory=set)

    def simpler(self, expr: Expr, key: str, ranges: Ranges) -> Expr:
        """``expr`` with the facts used, if that gives the derivation's values wherever they hold."""
        found, rests = assumed(expr, self.facts, ranges, self.trial.derivation.shapes)
        if found == expr or not self.trial.same(found, key):
            return expr
        self.used.update(rests)
        return found

    def plainer(self, node: Node) -> Node:
        """A notation tree without the transposes that the facts make needless."""
        if not self.facts:
            return node
        return plainer(node, self.facts, lambda array, word: self.used.add((array, word)))


def fewest(
    facts: Facts,
    trial: Trial,
    candidates: Sequence[Expr],
    write: Callable[[list[Expr], Rests], Node | None],
    simpler: Callable[[Rests, Expr], Expr],
    cost: Callable[[Node], int],
) -> tuple[Node | None, Rests]:
    """The form under all ``facts``, and then without those of each array that does not make it shorter."""

    def attempt(held: Facts) -> tuple[Node | None, Rests]:
        rests = Rests(held, trial)
        return write([simpler(rests, expr) for expr in candidates], rests), rests

    node, rests = attempt(facts)
    for array in sorted({array for array, _ in rests.used}):
        if node is None:
            break
        other, fewer = attempt(rests.facts.without(array))
        if other is not None and cost(other) <= cost(node):
            node, rests = other, fewer
    return node, rests


__all__ = ["Rests", "fewest"]
