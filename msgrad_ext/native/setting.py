"""Whether the second tier is used: one setting, and an environment variable for its first value."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ClassVar

from ..errors import ArgumentError

VARIABLE = "MSGRAD_EXT_NATIVE"
# A plan is compiled to C once it has been called so often.
CALLS = 16


class _Setting:
    on = os.environ.get(VARIABLE, "1").strip().lower() not in ("0", "off", "false", "no")
    told: ClassVar[list[Callable[[], None]]] = []


def set_native(on: bool) -> None:
    """Switch compiled C on or off, for all plans.

    Plans that are often called are compiled to C in the background where a C compiler is found; until that is ready,
    and wherever it fails, the numpy plan answers. Results are the same up to the last digits. The environment variable
    ``MSGRAD_EXT_NATIVE=0`` switches it off from the start.

    Parameters
    ----------
    on : bool
        Whether plans may be answered by compiled C.
    """
    if not isinstance(on, bool):
        raise ArgumentError(f"For 'set_native', 'on' must be bool, but got {type(on).__name__}.")
    _Setting.on = on
    for tell in _Setting.told:
        tell()


def native_on() -> bool:
    """Whether plans may be answered by compiled C."""
    return _Setting.on


def on_change(tell: Callable[[], None]) -> None:
    """Have ``tell`` called after each change of the setting."""
    _Setting.told.append(tell)
