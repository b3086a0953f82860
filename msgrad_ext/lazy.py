"""`sym`: the language that meanings are written in, imported with SymPy only when the first meaning is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _Language:
    """Stands for the module `symbolic.language`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(".symbolic.language", __package__), name)


sym = _Language()
