"""MindSpore's ``nn``: `Cell`, layers, losses and optimizers, by MindSpore's names, argument orders and defaults."""

from __future__ import annotations

from typing import Any

from ..errors import UnknownNameError, choices
from . import losses, margin_losses, optimizer, optimizers, schedules, wrap
from .cell import Cell
from .containers import CellDict, CellList, SequentialCell
from .layers import Dense, Flatten, Identity, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh

# Each lists in its ``__all__`` what it offers here.
_FAMILIES = (losses, margin_losses, optimizer, optimizers, schedules, wrap)
__all__ = [
    "Cell",
    "CellDict",
    "CellList",
    "Dense",
    "Flatten",
    "Identity",
    "LogSoftmax",
    "ReLU",
    "SequentialCell",
    "Sigmoid",
    "Softmax",
    "Tanh",
    *(name for family in _FAMILIES for name in family.__all__),
]
globals().update({name: getattr(family, name) for family in _FAMILIES for name in family.__all__})


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise UnknownNameError(f"'mindspore.nn' has no '{name}' here. {choices(name, __all__)}")
