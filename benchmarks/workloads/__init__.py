"""All workloads: `workloads` gives them, with the same data in every run; ``small`` ones are for tests."""

from __future__ import annotations

from ..workload import Workload
from . import blocks, chains, layers, models, second, tutorial

_MODULES = (tutorial, chains, layers, blocks, models, second)


def workloads(small: bool = False) -> dict[str, Workload]:
    """The workloads by name.

    Parameters
    ----------
    small : bool
        The same programs at sizes at which counting and comparing is quick.
    """
    return {one.name: one for module in _MODULES for one in module.workloads(small)}


__all__ = ["workloads"]
