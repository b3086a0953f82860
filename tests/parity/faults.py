"""Cells where MindSpore 2.10 is wrong, or where its two modes differ and this package follows the other one.

Each has the reason, and what is right instead: the value in the form of `protocol.encode` with ``values`` only, nested as
the result is. ``None`` for the value means that the reason says all, and that only our own outcome is free.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .surface import SURFACE


class Fault(NamedTuple):
    """Why MindSpore's outcome is not followed, and the values that are right."""

    why: str
    right: Any


FAULTS: dict[str, Fault] = {
    "functional:grad of partial": Fault("PyNative mode asks a function for its name, which a partial has not", [3]),
    "structure:same tensor twice positional": Fault(
        "tensors are told apart by identity in PyNative mode; d(a b)/da is b, as in Graph mode", [[2, 3], [2, 3]]
    ),
}

FAULTS.update({name: Fault(*told) for name, told in SURFACE.items()})
