"""What a trap is: a network at a point, the statuses that are honest there, and the gradient where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

AGREE, KINK, OUTSIDE = ("agree",), ("kink",), ("outside-domain",)
FINE = ("agree", "ill-conditioned")
NAN = float("nan")
INF = float("inf")


def f64(*values: Any) -> np.ndarray:
    """A vector in float64."""
    return np.array(values, dtype=np.float64)


def f32(*values: Any) -> np.ndarray:
    """A vector in float32."""
    return np.array(values, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Trap:
    """One network at one point.

    Attributes
    ----------
    number : int
        Its number in the catalogue.
    what : str
        Which of the number's cases it is.
    network : callable
        A function of tensors.
    inputs : tuple of ndarray
        The point.
    status : tuple of str
        The statuses of the first gradient that are honest there.
    gradient : array_like or None
        The first input's gradient, by hand or by MindSpore's convention; None where there is none to state.
    order : int
        The order of the derivative.
    """

    number: int
    what: str
    network: Callable[..., Any]
    inputs: tuple[np.ndarray, ...]
    status: tuple[str, ...]
    gradient: Any = None
    order: int = 1

    def __str__(self) -> str:
        return f"{self.number} {self.what}"
