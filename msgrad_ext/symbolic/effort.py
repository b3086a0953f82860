"""How much work the writing of a formula may take, counted in terms: a count, unlike a clock, stops at the same place
every time.

The code that makes terms says so (`spend`); who asks for a formula says how many it may take (`limited`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# About how many terms are made in a second.
PER_SECOND = 10_000
DEFAULT = 10_000


class OverBudget(Exception):
    """More work than allowed."""


class Effort:
    """What may still be done."""

    def __init__(self, left: int) -> None:
        self.left = left


_NOW: ContextVar[Effort | None] = ContextVar("effort", default=None)


def spend(count: int = 1) -> None:
    """Say that ``count`` terms are about to be made."""
    effort = _NOW.get()
    if effort is not None:
        effort.left -= count
        if effort.left < 0:
            raise OverBudget


@contextmanager
def limited(effort: Effort | None) -> Iterator[None]:
    """Let the work inside take what ``effort`` has left; anything for None.

    None is for what is kept once it is made: what it took must not depend on whether it was there already.
    """
    token = _NOW.set(effort)
    try:
        yield
    finally:
        _NOW.reset(token)


__all__ = ["DEFAULT", "PER_SECOND", "Effort", "OverBudget", "limited", "spend"]
