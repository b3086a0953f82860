"""Python's search for cycles of garbage, put off while a program is built: it would look through all of it again and again."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def collecting_later(function: F) -> F:
    """``function``, while which Python does not search for garbage; what is counted goes at once, as ever."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        was = gc.isenabled()
        try:
            gc.disable()
            return function(*args, **kwargs)
        finally:
            if was:
                gc.enable()

    return run  # type: ignore[return-value]


__all__ = ["collecting_later"]
