"""How much work a check may do, counted in scalar operations and bytes.

A count, unlike a clock, gives the same report every time. The rates were measured on one core of a laptop of 2020, so
that a budget in seconds is about right on an ordinary machine; a slow machine takes longer and reports the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import ArgumentValueError, user_location
from .amounts import AmountError, Amounts, amounts

_EXACT_PER_SECOND = 300_000
_EXTENDED_PER_SECOND = 1_000_000
_FLOAT_PER_SECOND = 200_000_000
SECONDS = 2.0
MEMORY = 2_000_000_000


@dataclass(frozen=True)
class Budget:
    """Limits of one check.

    Attributes
    ----------
    exact, extended : int
        Scalar operations of one run of the program in fifty digits, and in extended precision.
    floats : int
        Scalar operations of the whole check in floats, array traffic included; see `work`.
    memory : int
        Bytes of all that the check holds at one time.
    formulas : float or None
        Seconds' worth of terms that closed forms may take; None for their own default.
    """

    exact: int = 20_000
    extended: int = 500_000
    floats: int = int(SECONDS * _FLOAT_PER_SECOND)
    memory: int = MEMORY
    formulas: float | None = None


def budget_of(given: Any) -> Budget:
    """The budget that a user gave: seconds as a number, or a text such as ``"2s 500MB"``; the default one for None.

    Raises
    ------
    ArgumentValueError
        If it is not one.
    """
    if given is None:
        return Budget()
    try:
        return _worth(given if isinstance(given, Amounts) else amounts(given))
    except AmountError as error:
        raise ArgumentValueError(f"The budget {error}", user_location()) from None


def _worth(given: Amounts) -> Budget:
    """What amounts in the user's units are worth; the tighter of time and operations counts."""
    usual = Budget(memory=MEMORY if given.memory is None else int(given.memory))
    limits = [given.seconds] if given.seconds is not None else []
    limits += [given.operations / _FLOAT_PER_SECOND] if given.operations is not None else []
    if not limits:
        return usual
    seconds = min(limits)
    return Budget(
        int(seconds * _EXACT_PER_SECOND),
        int(seconds * _EXTENDED_PER_SECOND),
        int(seconds * _FLOAT_PER_SECOND),
        usual.memory,
        seconds,
    )


__all__ = ["MEMORY", "SECONDS", "Budget", "budget_of"]
