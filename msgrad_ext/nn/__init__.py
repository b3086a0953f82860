"""MindSpore's ``nn``: `Cell`, layers and losses, by MindSpore's names, argument orders and defaults."""

from __future__ import annotations

from typing import Any

from ..errors import UnknownNameError, choices
from .cell import Cell
from .containers import CellDict, CellList, SequentialCell
from .layers import Dense, Flatten, Identity, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from .losses import L1Loss, MSELoss, SoftmaxCrossEntropyWithLogits

__all__ = [
    "Cell",
    "CellDict",
    "CellList",
    "Dense",
    "Flatten",
    "Identity",
    "L1Loss",
    "LogSoftmax",
    "MSELoss",
    "ReLU",
    "SequentialCell",
    "Sigmoid",
    "Softmax",
    "SoftmaxCrossEntropyWithLogits",
    "Tanh",
]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise UnknownNameError(f"'mindspore.nn' has no '{name}' here. {choices(name, __all__)}")
