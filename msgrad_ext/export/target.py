"""The register of export targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..report import GradReport

Exporter = Callable[["GradReport"], str]

TARGETS: dict[str, Exporter] = {}

CONVENTION = "denominator layout: each gradient has the shape of what it is taken by"


def exporter(name: str) -> Callable[[Exporter], Exporter]:
    """Register a function from a report to text as the target ``name``."""

    def listed(function: Exporter) -> Exporter:
        TARGETS[name] = function
        return function

    return listed


def comment(text: str) -> str:
    """``text`` on one line, without characters that could end a comment in any of the target languages."""
    return "".join(c for c in text if c.isprintable()).replace("*/", "* /").replace('"""', "'''").replace("\\", "/")
