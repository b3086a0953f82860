"""Cells where MindSpore 2.10 is wrong, or where its two modes differ and this package follows the other one.

Each has the reason, and what is right instead: the value in the form of `protocol.encode` with ``values`` only, nested as
the result is. ``None`` for the value means that the reason says all, and that only our own outcome is free.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Fault(NamedTuple):
    """Why MindSpore's outcome is not followed, and the values that are right."""

    why: str
    right: Any


FAULTS: dict[str, Fault] = {
    "structure:same tensor twice positional": Fault(
        "tensors are told apart by identity in PyNative mode; d(a b)/da is b, as in Graph mode", [[2, 3], [2, 3]]
    ),
    # What these give is held by tests/ops/test_linear_algebra.py.
    **{
        f"ops_linalg:{cell}": Fault("MindSpore's CPU build has no kernel for it, or none for its gradient", None)
        for cell in (
            "ops.cholesky(x)",
            "ops.einsum('ij->', x)",
            "ops.einsum('ii->i', x)",
            "ops.einsum('ij,jk->ik', x, x)",
            "ops.Einsum('ij,kj->ik')((x, x))",
            "ops.einsum('ij,jk->ik', x, y)",
            "ops.einsum('ij,jk->', x, y)",
            "ops.einsum('ij,jk->ki', x, y)",
            "batch ops.einsum('bij,bjk->bik', x, y)",
            "batch ops.einsum('...ij,...jk->...ik', x, y)",
        )
    },
}
