"""Side-by-side timing: the candidates take turns in short blocks, so that a change of the machine's speed meets all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

BLOCK = 0.01

# The time of one of so many calls in a row, in seconds.
Block = Callable[[int], float]


@dataclass(frozen=True)
class Ratio:
    """A candidate's time over the reference's: median over the rounds, and the quartiles as its spread."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.low:.2f} to {self.high:.2f})"


def block_of(call: Callable[[], Any]) -> Block:
    """Blocks of a function of this process."""

    def block(times: int) -> float:
        start = perf_counter()
        for _ in range(times):
            call()
        return (perf_counter() - start) / times

    return block


def repeats(block: Block) -> int:
    """How many calls fill a block."""
    block(1)
    once = max(min(block(1) for _ in range(3)), 1e-7)
    # One call is timed badly where it is short: what was found is tried once more at length.
    once = max(block(max(1, round(BLOCK / once / 4))), 1e-8)
    return max(1, round(BLOCK / once))


def race(candidates: Mapping[str, Block], rounds: int) -> tuple[float, dict[str, Ratio]]:
    """Time the candidates in turn, forward and back; the first one is the reference.

    Returns
    -------
    tuple
        The reference's median time in seconds, and the ratio of each other candidate to it.
    """
    times = {name: repeats(block) for name, block in candidates.items()}
    found: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        took = dict.fromkeys(candidates, 0.0)
        for name in [*candidates, *reversed(candidates)]:
            took[name] += candidates[name](times[name]) / 2
        for name, value in took.items():
            found[name].append(value)
    reference, *others = found
    return median(found[reference]), {name: ratio(found[name], found[reference]) for name in others}


def ratio(values: list[float], reference: list[float]) -> Ratio:
    """Round by round, then summed up."""
    each = sorted(a / b for a, b in zip(values, reference))
    return Ratio(median(each), each[len(each) // 4], each[-1 - len(each) // 4])
