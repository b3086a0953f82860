"""How much work a check may do, counted in scalar operations: a count, unlike a clock, gives the same report every time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import ArgumentValueError, user_location

_EXACT_PER_SECOND = 300_000
_EXTENDED_PER_SECOND = 1_000_000
_FLOAT_PER_SECOND = 200_000_000


@dataclass(frozen=True)
class Budget:
    """Limits in scalar operations of one run of the program: in fifty digits, extended precision, and floats."""

    exact: int = 20_000
    extended: int = 2_000_000
    floats: int = 2_000_000_000


def budget_of(seconds: float | None) -> Budget:
    """The budget that is worth about ``seconds``; the default one for None.

    Raises
    ------
    ArgumentValueError
        If it is not positive.
    """
    if seconds is None:
        return Budget()
    number = isinstance(seconds, (int, float, np.integer, np.floating)) and not isinstance(seconds, bool)
    if not (number and 0 < seconds < math.inf):
        raise ArgumentValueError(
            f"The budget must be a positive number of seconds, but got {seconds!r}.", user_location()
        )
    return Budget(
        int(seconds * _EXACT_PER_SECOND), int(seconds * _EXTENDED_PER_SECOND), int(seconds * _FLOAT_PER_SECOND)
    )
