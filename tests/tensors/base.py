"""What a case of this folder is: a network of rank 3 or more, with its shapes in letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """A network, its shapes, and how its gradients must read.

    Attributes
    ----------
    name : str
    function : callable
    shapes : dict
        Input -> letters or ints of its axes.
    sizes : tuple of dict
        Two assignments of lengths to the letters, at which the gradients are tried.
    by : dict
        Input -> the plain text that its formula must have; the other gradients must be right, however they read.
    sens : bool
        True where the output is weighted by G.
    low, high : float
        Where the samples lie.
    """

    name: str
    function: Callable[..., Any]
    shapes: dict[str, tuple[Any, ...]]
    by: dict[str, str] = field(default_factory=dict)
    sens: bool = True
    low: float = 0.3
    high: float = 1.4

    @property
    def sizes(self) -> tuple[dict[str, int], dict[str, int]]:
        """Lengths for the letters, twice."""
        letters = list(dict.fromkeys(n for shape in self.shapes.values() for n in shape if isinstance(n, str)))
        return tuple({n: sizes[at % 5] for at, n in enumerate(letters)} for sizes in ((2, 3, 4, 5, 2), (3, 2, 5, 4, 3)))
