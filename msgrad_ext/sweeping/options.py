"""What a user asks of a sweep, read and found right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..dtype import DType, to_numpy
from ..errors import ArgumentError, ArgumentValueError, choices
from .points import KINDS, OWN
from .shapes import Axes, read_shapes

_DTYPES = ("float16", "float32", "float64")


@dataclass(frozen=True)
class Plan:
    """A sweep as it was asked for.

    Attributes
    ----------
    count, seed : int
        How many checks, and the seed of the first; each further one has the next.
    shapes : tuple of mapping
        Axes of the inputs, taken in turn.
    dtypes, points : tuple of str
        Taken in turn.
    own : callable or None
        What draws the floats, if the user does.
    executor : Executor or None
        Where the checks run; here if None.
    stop : bool
        Whether the first check that fails ends the sweep.
    """

    count: int
    seed: int
    shapes: tuple[Axes, ...]
    dtypes: tuple[str, ...]
    points: tuple[str, ...]
    own: Callable[..., Any] | None
    executor: Executor | None
    stop: bool

    def turn(self, number: int) -> tuple[Axes, str, str]:
        """Axes, dtype and points of check ``number``: each combination has its turn."""
        number, shape = divmod(number, len(self.shapes))
        number, dtype = divmod(number, len(self.dtypes))
        return self.shapes[shape], self.dtypes[dtype], self.points[number % len(self.points)]


def read_plan(
    known: Mapping[str, tuple[int, ...]],
    n: Any,
    seed: Any,
    shapes: Any,
    dtypes: Any,
    points: Any,
    executor: Any,
    stop: Any,
) -> Plan:
    """The arguments of a sweep; ``known`` are the shapes that the inputs have.

    Raises
    ------
    ArgumentError, ArgumentValueError, UnknownNameError
        If one of them is none.
    """
    own = points if callable(points) else None
    names = (OWN,) if own else _several("points", points)
    for name in names if own is None else ():
        if name not in KINDS:
            raise ArgumentValueError(f"For 'sweep', there are no points '{name}'. {choices(str(name), list(KINDS))}")
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise ArgumentError(
            f"For 'sweep', the executor must have a method submit, as those of concurrent.futures, but got {executor!r}; "
            "of a dask client give client.get_executor(), of an ipyparallel client client.executor()."
        )
    kinds = ("",) if dtypes is None else tuple(map(_dtype, _several("dtypes", dtypes)))
    return Plan(
        _whole("n", n, 1),
        _whole("seed", seed, 0),
        read_shapes(shapes, known),
        kinds,
        tuple(names),
        own,
        executor,
        bool(stop),
    )


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ArgumentValueError(f"For 'sweep', {name} must be a whole number from {least}, but got {value!r}.")
    return int(value)


def _several(name: str, value: Any) -> tuple[Any, ...]:
    """One or several; none at all is refused."""
    several = isinstance(value, Sequence) and not isinstance(value, str)
    found = tuple(value) if several else (value,)
    if not found:
        raise ArgumentValueError(f"For 'sweep', {name} must not be empty.")
    return found


def _dtype(value: Any) -> str:
    try:
        name = np.dtype(to_numpy(value) if isinstance(value, DType) else value).name
    except TypeError:
        name = str(value)
    if name not in _DTYPES:
        raise ArgumentValueError(f"For 'sweep', a dtype must be one of {', '.join(_DTYPES)}, but got {value!r}.")
    return name


__all__ = ["Plan", "read_plan"]
