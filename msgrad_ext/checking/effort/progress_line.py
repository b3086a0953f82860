"""A line that shows where a long check is: in a terminal, or in a notebook at which a person sits.

It appears when a check has taken a second and is gone when the check ends. A clock decides on the line alone, never on
what is found. Automated runs, such as tests of notebooks, show none, so that stored outputs are the same in every run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Protocol

from ...errors import ArgumentError
from .progress import Listener, heard, listening

AFTER = 1.0
EVERY = 0.2


class Screen(Protocol):
    """Where the line is shown."""

    def show(self, text: str) -> None:
        """Show ``text`` in place of what was shown before."""

    def clear(self) -> None:
        """Leave nothing behind."""


class Terminal:
    """The line in a terminal: written over itself, and wiped in the end."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.width = 0

    def show(self, text: str) -> None:
        """Show ``text`` in place of what was shown before."""
        self.stream.write("\r" + text.ljust(self.width))
        self.stream.flush()
        self.width = len(text)

    def clear(self) -> None:
        """Leave an empty line, with the cursor at its start."""
        if self.width:
            self.stream.write("\r" + " " * self.width + "\r")
            self.stream.flush()
            self.width = 0


class Notebook:
    """The line as an output of the cell, which is updated, and empty in the end."""

    def __init__(self) -> None:
        self.handle: Any = None

    def show(self, text: str) -> None:
        """Show ``text`` in place of what was shown before."""
        from IPython.display import DisplayHandle

        data = {"text/plain": text}
        if self.handle is None:
            self.handle = DisplayHandle()  # type: ignore[no-untyped-call]
            self.handle.display(data, raw=True)
        else:
            self.handle.update(data, raw=True)

    def clear(self) -> None:
        """Empty the output: clearing the cell's outputs would take what the user printed, too."""
        if self.handle is not None:
            self.handle.update({}, raw=True)
            self.handle = None


class Line:
    """A listener that shows a line from the first second on, a few times a second.

    Parameters
    ----------
    title : str
        What is checked.
    screen : Screen
        Where to show it.
    clock : callable
        Gives seconds.
    """

    def __init__(self, title: str, screen: Screen, clock: Callable[[], float] = monotonic) -> None:
        self.title = " ".join(title.split())[:40]
        self.screen = screen
        self.clock = clock
        self.next = clock() + AFTER

    def __call__(self, step: str, done: int, total: int) -> None:
        now = self.clock()
        if now >= self.next:
            self.next = now + EVERY
            count = f", {done + 1} of {total}" if total > 1 else ""
            self.screen.show(f"Checking {self.title}: {step}{count} ...")


@contextmanager
def shown_progress(title: str, progress: Listener | bool | None) -> Iterator[None]:
    """Tell ``progress`` of the steps of a check; by default a line shows them to a person, if there is one.

    Raises
    ------
    ArgumentError
        If ``progress`` is neither callable, nor a bool, nor None.
    """
    if callable(progress):
        with heard(progress):
            yield
        return
    if progress is not None and not isinstance(progress, bool):
        raise ArgumentError(f"For 'check', progress must be callable, True, False or None, but got {progress!r}.")
    # Who already listens shows the whole; a line of its own for a part would flicker.
    screen = None if progress is False or listening() else _screen(bool(progress))
    if screen is None:
        yield
        return
    try:
        with heard(Line(title, screen)):
            yield
    finally:
        screen.clear()


def _screen(wanted: bool) -> Screen | None:
    """Where a person would see the line; None if nobody would."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        # Who runs a notebook by machine does not let it ask for input.
        return Notebook() if wanted or getattr(kernel, "_allow_stdin", False) else None
    stream = sys.stderr
    return Terminal(stream) if stream is not None and (wanted or stream.isatty()) else None


__all__ = ["Line", "Notebook", "Screen", "Terminal", "shown_progress"]
