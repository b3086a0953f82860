"""Gradients made shorter: by the norm of each, or of all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError
from ..registry import composite, fn
from ..tensor import Tensor
from .loss_base import check_number, check_tensors


def _listed(op: str, x: Any) -> list[Tensor]:
    """The tensors of ``x``."""
    members = list(x) if isinstance(x, (tuple, list)) else [x]
    check_tensors(op, **{f"x[{place}]": one for place, one in enumerate(members)})
    if not members:
        raise ArgumentValueError(f"For '{op}', there must be at least one tensor.")
    return members


def _sum(tensors: Sequence[Tensor]) -> Tensor:
    total = tensors[0]
    for one in tensors[1:]:
        total = total + one
    return total


@composite(functions="clip_by_global_norm")
def clip_by_global_norm(x: Any, clip_norm: float = 1.0, use_norm: Any = None) -> Any:
    """``x clip_norm / max(norm, clip_norm)`` with the 2-norm of all elements of all tensors of ``x``."""
    op = "clip_by_global_norm"
    if use_norm is not None:
        raise ArgumentValueError(f"For '{op}', the 'use_norm' must be None, but got {use_norm!r}.")
    if check_number(op, "clip_norm", clip_norm) <= 0:
        raise ArgumentValueError(f"For '{op}', the argument 'clip_norm' must > 0.0, but got {clip_norm}.")
    members = _listed(op, x)
    squares = [fn.reduce_sum(fn.square(one)) for one in members]
    norm = fn.sqrt(_sum([one if one.numpy_dtype.itemsize > 2 else fn.cast(one, np.float32) for one in squares]))
    longest = fn.select(norm >= clip_norm, norm, fn.ones_like(norm) * clip_norm)
    clipped = tuple(fn.cast(one * clip_norm / longest, one.dtype) for one in members)
    return clipped if isinstance(x, (tuple, list)) else clipped[0]


@composite(functions="clip_by_norm")
def clip_by_norm(x: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False) -> Any:
    """``x max_norm / (norm + 1e-6)`` where that is shorter, with the ``norm_type``-norm of all elements.

    Raises
    ------
    ArgumentValueError
        With ``error_if_nonfinite``, if the norm is not finite.
    """
    op = "clip_by_norm"
    if check_number(op, "norm_type", norm_type) == 0:
        raise ArgumentValueError(f"For '{op}', the 'norm_type' must not be 0.")
    if not isinstance(max_norm, Tensor):
        check_number(op, "max_norm", max_norm)
    if not isinstance(error_if_nonfinite, bool):
        raise ArgumentError(f"For '{op}', the 'error_if_nonfinite' must be bool, but got {error_if_nonfinite!r}.")
    members = _listed(op, x)
    norm = _norm(members, norm_type)
    if error_if_nonfinite and not bool(norm - norm == 0):
        raise ArgumentValueError(f"For '{op}', the norm of order {norm_type} is not finite.")
    factor = max_norm / (norm + 1e-6)
    clipped = tuple(one * fn.cast(factor, one.dtype) for one in members) if bool(factor < 1) else tuple(members)
    return clipped if isinstance(x, (tuple, list)) else clipped[0]


def _norm(members: Sequence[Tensor], order: float) -> Tensor:
    """The norm of all elements of all tensors."""
    if order == float("inf"):
        largest = [fn.reduce_max(fn.abs(one)) for one in members]
        found = largest[0]
        for one in largest[1:]:
            found = fn.maximum(found, one)
        return found
    if order == 2:
        return fn.sqrt(_sum([fn.reduce_sum(fn.square(one)) for one in members]))
    if order == 1:
        return _sum([fn.reduce_sum(fn.abs(one)) for one in members])
    return _sum([fn.reduce_sum(fn.abs(one) ** order) for one in members]) ** (1.0 / order)
