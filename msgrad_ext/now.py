"""Whether anything changed, in one comparison: ``NOW[0]`` is the very object that it was as long as nothing did.

It is the count of `Epoch`, which each counted change replaces, and None while in any thread a network is traced, gradients
are observed, or parameters are lent other values: a call that finds it so looks closer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count as count_up
from threading import RLock
from typing import Any

NOW: list[int | None] = [0]


class Epoch:
    """Counts changes of anything that a compiled plan took for constant: a cell's attribute, a tensor written in place.

    ``last_trace`` stands for the last trace that was begun: what was made since then, no plan can rest on.
    """

    count = 0
    last_trace = object()
    _numbers = count_up(1)
    _lock = RLock()
    _busy = 0

    @classmethod
    def advance(cls) -> None:
        """Note a change; plans made before it are traced again when next called."""
        with cls._lock:
            # Never a number that was there before, even when threads meet here.
            cls.count = next(cls._numbers)
            cls._settle()

    @classmethod
    @contextmanager
    def busy(cls) -> Iterator[None]:
        """Let every call look closer meanwhile."""
        with cls._lock:
            cls._busy += 1
            cls._settle()
        try:
            yield
        finally:
            with cls._lock:
                cls._busy -= 1
                cls._settle()

    @classmethod
    def _settle(cls) -> None:
        NOW[0] = None if cls._busy else cls.count

    @classmethod
    def forked(cls) -> None:
        """A child's threads do not hold the lock that one of the parent's may have held."""
        cls._lock = RLock()


class Counted:
    """An object whose attributes are set once; to set one again is a change that plans do not outlive."""

    def __setattr__(self, name: str, value: Any) -> None:
        again = name in self.__dict__
        object.__setattr__(self, name, value)
        if again:
            Epoch.advance()


class CountedClass(type):
    """The type of op classes: a voice that is put in the place of another is a change that plans do not outlive."""

    def __setattr__(cls, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        Epoch.advance()

    def __delattr__(cls, name: str) -> None:
        super().__delattr__(name)
        Epoch.advance()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Epoch.forked)


__all__ = ["NOW", "Counted", "CountedClass", "Epoch"]
