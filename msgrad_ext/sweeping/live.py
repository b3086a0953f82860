"""A table that grows in a notebook while a sweep runs: one display, updated a few times a second and at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic
from typing import Any

_PAUSE = 0.25
# Shorter sweeps are shown once, when they end.
_PATIENCE = 0.5


class Live:
    """The display of one sweep.

    Parameters
    ----------
    show : bool or None
        Whether to show anything; None: in a notebook only.
    """

    def __init__(self, show: bool | None) -> None:
        self._shell: Any = _notebook() if show is not False else None
        self._handle: Any = None
        self._cell: int | None = None
        self._due = monotonic() + _PATIENCE

    def update(self, picture: Callable[[], Any]) -> None:
        """Show what there is, if it is time."""
        if self._shell is not None and monotonic() >= self._due:
            self._show(picture())
            self._due = monotonic() + _PAUSE

    def finish(self, picture: Callable[[], Any]) -> None:
        """Show the last state, where an earlier one stands; so what is stored does not tell how fast it went."""
        if self._handle is not None:
            self._show(picture())
            self._cell = self._shell.execution_count

    @property
    def just_shown(self) -> bool:
        """True in the cell whose output has the whole table already."""
        return self._cell is not None and self._shell.execution_count == self._cell

    def _show(self, sweep: Any) -> None:
        from IPython import display

        from ..views.sweeps import mimebundle

        if self._handle is None:
            show: Any = display.display
            self._handle = show(mimebundle(sweep), raw=True, display_id=True)
        else:
            self._handle.update(mimebundle(sweep), raw=True)


def _notebook() -> Any:
    """The shell of a kernel, if this is one."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell if getattr(shell, "kernel", None) is not None else None
