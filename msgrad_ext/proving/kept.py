"""What was found out of rules, kept until a voice that it rests on is exchanged."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, Generic, TypeVar

from ..ir import Eqn
from ..op import Op

Found = TypeVar("Found")
Voices = tuple[tuple[type[Op], tuple[Any, ...]], ...]


class Kept(Generic[Found]):
    """Answers by key, each with the voices of the ops that it rests on.

    Parameters
    ----------
    limit : int
        How many answers are kept; those that were asked for longest ago go first.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self._held: OrderedDict[Any, tuple[Found, Voices]] = OrderedDict()

    def get(self, key: Any, make: Callable[[], tuple[Found, Iterable[Eqn]]]) -> Found:
        """The answer for ``key``, made anew if there is none or a voice is another; ``make`` also gives the equations."""
        with self._lock:
            held = self._held.get(key)
            if held is not None and all(_voices(kind) == voices for kind, voices in held[1]):
                self._held.move_to_end(key)
                return held[0]
        found, eqns = make()
        kinds = dict.fromkeys(type(eqn.op) for eqn in eqns)
        with self._lock:
            self._held[key] = (found, tuple((kind, _voices(kind)) for kind in kinds))
            while len(self._held) > self._limit:
                self._held.popitem(last=False)
        return found


def _voices(kind: type[Op]) -> tuple[Any, ...]:
    return kind.numpy, kind.meaning, kind.vjp
