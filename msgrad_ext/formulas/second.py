"""Formulas of second order for users: the blocks of a Hessian by pairs of names, or its products with directions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ..errors import UnknownNameError, user_location
from ..ir import Graph, Var
from ..symbolic.facts import NOTHING, Facts
from ..symbolic.known import Known
from ..symbolic.second import Second, derive_second
from .block import Block
from .formula import Formula
from .second_writer import SecondWriter


class Hessian(Mapping[tuple[str, str], Block]):
    """The blocks of a Hessian by pairs of names; each is derived when it is first read."""

    def __init__(self, writer: SecondWriter, names: Mapping[Var, str]) -> None:
        self._writer = writer
        self._pairs = {(names[a], names[b]): (a, b) for a in names for b in names}
        self._found: dict[tuple[str, str], Block] = {}

    def __getitem__(self, pair: tuple[str, str]) -> Block:
        if pair not in self._pairs:
            pairs = ", ".join(map(str, self._pairs))
            raise UnknownNameError(
                f"A Hessian has blocks by pairs of names: {pairs}; but got {pair!r}.", user_location()
            )
        if pair not in self._found:
            self._found[pair] = self._writer.block(pair, *self._pairs[pair])
        return self._found[pair]

    def get(self, pair: Any, default: Any = None) -> Any:
        """The block of a pair, or ``default`` if there is no such pair."""
        if pair not in self:
            return default
        return self[pair]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __contains__(self, pair: object) -> bool:
        return pair in self._pairs

    def __repr__(self) -> str:
        return f"Hessian({', '.join(map(str, self._pairs))})"

    def __str__(self) -> str:
        return "\n".join(block.text for block in self.values())


def second_formulas(
    graph: Graph,
    names: Mapping[Var, str],
    directions: Mapping[Var, str] | None,
    letters: Mapping[str, Sequence[Any]] | None = None,
    sens: str | None = None,
    facts: Facts = NOTHING,
    known: Known | None = None,
    budget: float | str | None = None,
) -> Hessian | dict[str, Formula]:
    """The blocks of the Hessian of ``graph``'s weighted output, or its products with ``directions``.

    Parameters
    ----------
    graph : Graph
    names : mapping
        Variable to differentiate by -> name to list it under.
    directions : mapping, optional
        Variable -> symbol of the direction in which it moves.
    letters : mapping, optional
        Input name -> letters or ints of its axes.
    sens : str, optional
        Name of the weight of the output; ones without it.
    facts : Facts, optional
        What the user declared of inputs and parameters, by name.
    known : Known, optional
        What of the graph is known in letters.
    budget : float, optional
        About how many seconds the products may take.
    """
    taken = {var.name for var in graph.inputs} | ({sens} if sens else set())

    def again(first: Var, second: Var) -> tuple[Second, Graph]:
        return derive_second(graph, [first], {second: direction_name(taken)}, sens, letters, known), graph

    if directions is not None:
        writer = SecondWriter(
            derive_second(graph, list(names), directions, sens, letters, known), graph, facts=facts, budget=budget
        )
        return writer.products(names)
    symbols: dict[Var, str] = {}
    for var in names:
        symbols[var] = direction_name(taken | set(symbols.values()))
    writer = SecondWriter(derive_second(graph, list(names), symbols, sens, letters, known), graph, again, facts)
    return Hessian(writer, names)


def direction_name(taken: Collection[str]) -> str:
    """A name for a direction that is not taken."""
    return next(
        name for count in range(len(taken) + 1) for name in [f"V_{count}" if count else "V"] if name not in taken
    )


__all__ = ["Hessian", "second_formulas"]
