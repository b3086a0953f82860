"""`Workload`: one thing to measure, as a program that every framework can run and as numpy written by hand.

The program is written once, over a small vocabulary (`tanh`, `sum`, `conv`, ...) that each framework speaks through a
module of its own (`benchmarks/speaking`); indexing, ``@``, ``.T`` and arithmetic are those of the framework's arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = tuple[np.ndarray, ...]
# Takes the arrays and gives the gradients, in buffers that the next call writes again.
Hand = Callable[..., Arrays]


@dataclass(frozen=True)
class Workload:
    """One workload.

    Attributes
    ----------
    name : str
        As the table has it.
    loss : callable
        The program, of a vocabulary and the arrays.
    arrays : mapping of str to ndarray
        Its arguments in order.
    wrt : tuple of str
        What to differentiate by.
    weights : tuple of str
        Which of the arguments are parameters of the network.
    prepare : callable
        Makes the hand-written numpy for these arrays: buffers once, then a function of the same arrays.
    sens : ndarray or None
        Weights of the output; ones where there are none.
    kind : str
        ``"gradient"``, or ``"hvp"`` (the last argument is the direction), or ``"hessian"``, both by the first argument.
    tolerance : float
        How far the gradients may be from the hand-written ones, over their largest element.
    """

    name: str
    loss: Callable[..., Any]
    arrays: Mapping[str, np.ndarray]
    wrt: tuple[str, ...]
    prepare: Callable[..., Hand]
    weights: tuple[str, ...] = ()
    sens: np.ndarray | None = None
    kind: str = "gradient"
    tolerance: float = 1e-4

    @property
    def values(self) -> Arrays:
        """The arrays in order."""
        return tuple(self.arrays.values())

    def hand(self) -> Hand:
        """Hand-written numpy with its buffers; of the arrays, and of the weights of the output if there are any."""
        return self.prepare(*self.values)

    def arguments(self) -> Arrays:
        """What `hand` is called with."""
        return self.values if self.sens is None else (*self.values, self.sens)


def agree(found: Arrays, wanted: Arrays, workload: Workload) -> None:
    """Raise if the gradients are not those that were wanted.

    Raises
    ------
    AssertionError
        With the workload, the argument and the distance.
    """
    assert len(found) == len(wanted), f"{workload.name}: {len(found)} results, {len(wanted)} wanted"
    for name, one, other in zip(workload.wrt, found, wanted):
        one = np.asarray(one)
        assert one.shape == other.shape, f"{workload.name}, {name}: shape {one.shape}, {other.shape} wanted"
        far = float(np.max(np.abs(one - other), initial=0.0)) / max(float(np.max(np.abs(other), initial=0.0)), 1e-30)
        assert far <= workload.tolerance, f"{workload.name}, {name}: {far:.1e} from the hand-written gradient"


@dataclass(frozen=True)
class Candidate:
    """One way to have a workload's gradients.

    Attributes
    ----------
    call : callable
        Gives them as the framework does; this is what is timed.
    read : callable
        Makes arrays of what ``call`` gave, in the order of ``wrt``.
    """

    call: Callable[[], Any]
    read: Callable[[Any], Arrays]

    def check(self, workload: Workload) -> None:
        """Raise if the gradients are not the hand-written ones."""
        wanted = tuple(np.array(one) for one in workload.hand()(*workload.arguments()))
        agree(self.read(self.call()), wanted, workload)
