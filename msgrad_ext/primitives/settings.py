"""Checks of the settings that several ops take."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from ..tensor import Tensor


def real(op: str, name: str, value: Any) -> float | int:
    """``value`` if it is a Python number.

    Raises
    ------
    ArgumentError
        For a bool or anything else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ArgumentError(f"For '{op}', the {name} must be a number, but got {type(value).__name__}.")
    return value


def operand(op: str, name: str, value: Any) -> Any:
    """``value`` if it is a tensor or a number."""
    if isinstance(value, (Tensor, int, float)):
        return value
    raise ArgumentError(f"For '{op}', the {name} must be a Tensor or a number, but got {type(value).__name__}.")


def tensor(op: str, name: str, value: Any) -> Tensor:
    """``value`` if it is a tensor."""
    if isinstance(value, Tensor):
        return value
    raise ArgumentError(f"For '{op}', the {name} must be a Tensor, but got {type(value).__name__}.")
