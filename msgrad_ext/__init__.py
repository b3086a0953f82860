"""Gradients of MindSpore-style networks, compiled twice and compared: ``%load_ext msgrad_ext``, then ``%%gradcell``.

Importing the package imports nothing else; each public name is fetched when it is first asked for.
"""

from __future__ import annotations

from typing import Any

from .names import PUBLIC as _PUBLIC
from .names import load as _load

__version__ = "0.1.0"
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    if name not in _PUBLIC:
        from .errors import UnknownNameError, choices

        raise UnknownNameError(f"'{__name__}' has no attribute '{name}'. {choices(name, __all__)}")
    value = globals()[name] = _load(name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})


def load_ipython_extension(shell: Any) -> None:
    """Register ``%%gradcell``; called by ``%load_ext msgrad_ext``."""
    from .notebook.magic import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take ``%%gradcell`` back; called by ``%unload_ext msgrad_ext``."""
    from .notebook.magic import unload

    unload(shell)
