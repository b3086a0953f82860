"""Decompositions that have no rule and no formula here: refused by name."""

from __future__ import annotations

from typing import Any

from ..errors import NotSupportedError
from ..registry import composite


def refuse(op: str, instead: str) -> NotSupportedError:
    """The error that names what works."""
    return NotSupportedError(f"For '{op}', there is neither a derivative rule nor a formula yet; {instead}.")


@composite(functions="qr", methods="qr")
def qr(input: Any, mode: str = "reduced") -> Any:
    """Refused: orthogonal and triangular factor; ``ops.cholesky(x.T @ x)`` is the triangular one up to signs."""
    raise refuse("qr", "ops.cholesky(x.T @ x, upper=True) gives the triangular factor up to the signs of its rows")


@composite(functions="svd", methods="svd")
def svd(input: Any, full_matrices: bool = False, compute_uv: bool = True) -> Any:
    """Refused: singular values and vectors."""
    raise refuse("svd", "ops.det, ops.slogdet, ops.inverse, ops.pinv and ops.cholesky are differentiable")


@composite(functions="eig")
def eig(A: Any) -> Any:
    """Refused: eigenvalues and eigenvectors, which are complex."""
    raise refuse("eig", "ops.det, ops.trace and ops.matrix_power are differentiable")


@composite(functions="eigvals", methods="eigvals")
def eigvals(A: Any) -> Any:
    """Refused: eigenvalues, which are complex."""
    raise refuse("eigvals", "ops.det, ops.trace and ops.matrix_power are differentiable")


@composite(functions="matrix_exp", methods="matrix_exp")
def matrix_exp(input: Any) -> Any:
    """Refused: the exponential of a matrix."""
    raise refuse("matrix_exp", "sum the series with ops.matrix_power")
