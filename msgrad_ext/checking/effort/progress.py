"""Where a long check is: told by whoever works, heard by whoever asked for it.

What is told is a step and how much of it is done. The listener belongs to a thread or task (a context variable), so that
checks in parallel do not hear each other. It can not change what a check finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("progress", default=None)


def tell(step: str, done: int = 0, total: int = 0) -> None:
    """Say that ``done`` of ``total`` parts of ``step`` are done; of a step without parts, that it begins."""
    listener = _listener.get()
    if listener is not None:
        listener(step, done, total)


@contextmanager
def heard(listener: Listener | None) -> Iterator[None]:
    """Tell ``listener`` of the steps meanwhile; None changes nothing."""
    if listener is None:
        yield
        return
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def listening() -> bool:
    """True if somebody hears what is told."""
    return _listener.get() is not None


__all__ = ["Listener", "heard", "listening", "tell"]
