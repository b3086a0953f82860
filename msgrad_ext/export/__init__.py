"""Export of a report's gradients as text, one target a file; a file in this folder that defines a target is found by name.

To add a target, add a file here with a function decorated by ``@exporter("name")`` that takes a report and returns text.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from ..errors import UnknownNameError, choices, user_location
from .target import TARGETS

if TYPE_CHECKING:
    from ..report import GradReport


def _load() -> None:
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")


def exporters() -> tuple[str, ...]:
    """The names of the targets, sorted."""
    _load()
    return tuple(sorted(TARGETS))


def export(report: GradReport, target: str) -> str:
    """The gradients of ``report`` as text for ``target``.

    Raises
    ------
    UnknownNameError
        If there is no such target.
    """
    _load()
    if target not in TARGETS:
        raise UnknownNameError(
            f"There is no export target '{target}'. {choices(str(target), list(TARGETS))}", user_location()
        )
    return TARGETS[target](report)
