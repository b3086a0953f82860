"""What was written for a structure, kept for the process: equal derivations are written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MOST = 512
_WRITTEN: dict[Any, Any] = {}


class Mark:
    """A long key of a dictionary, hashed once."""

    def __init__(self, content: Any) -> None:
        self.content = content
        self.number = hash(content)

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mark) and self.number == other.number and self.content == other.content


def remembered(mark: Any, write: Callable[[], Any]) -> Any:
    """What ``write`` gives, kept under ``mark`` up to a bound; nothing is kept of what does not end."""
    if mark not in _WRITTEN:
        found = write()
        if len(_WRITTEN) >= MOST:
            _WRITTEN.clear()
        _WRITTEN[mark] = found
    return _WRITTEN[mark]


def forget() -> None:
    """Keep nothing."""
    _WRITTEN.clear()


__all__ = ["Mark", "forget", "remembered"]
