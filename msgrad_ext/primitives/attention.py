"""Attention with several heads: composed of ops, not offered in ``ops`` by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentValueError, DtypeError, ShapeError
from ..registry import fn
from ..tensor import Tensor


@dataclass(frozen=True)
class Heads:
    """How attention is made: the heads, what is added to keys and values, and the dropout of its weights."""

    count: int
    bias_k: Tensor | None = None
    bias_v: Tensor | None = None
    zero_row: bool = False
    dropout: float = 0.0


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return fn.dense(x, weight, bias)


def parts(weight: Tensor | None, count: int) -> Sequence[Tensor | None]:
    """The rows of ``weight`` in ``count`` equal parts; None for each of no weight."""
    if weight is None:
        return [None] * count
    height = weight.shape[0] // count
    return [weight[part * height : (part + 1) * height] for part in range(count)]


def _by_head(x: Tensor, count: int) -> Tensor:
    """(length, batch, width) as (batch * heads, length, width / heads)."""
    length, batch, width = x.shape
    return fn.swapaxes(fn.reshape(x, (length, batch * count, width // count)), 0, 1)


def _row(x: Tensor, bias: Tensor) -> Tensor:
    """``x`` with ``bias`` as one more step of every batch."""
    return fn.concat((x, fn.broadcast_to(bias, (1, x.shape[1], x.shape[2]))), 0)


def _additive(mask: Tensor, kind: np.dtype) -> Tensor:
    """A mask as what is added to the scores: minus infinity where a bool one holds."""
    if mask.numpy_dtype.kind in "bu":
        barred = np.where(mask._array().astype(bool), -np.inf, 0.0).astype(kind)
        return Tensor._wrap(barred)
    if mask.numpy_dtype.kind != "f":
        raise DtypeError(f"For 'MultiheadAttention', a mask must be bool or float, but got {mask.dtype}.")
    return fn.cast(mask, kind)


def _widened(mask: Tensor, more: int) -> Tensor:
    """An additive mask with ``more`` columns of 0, which bar nothing."""
    if not more:
        return mask
    return fn.concat((mask, Tensor._wrap(np.zeros((*mask.shape[:-1], more), mask.numpy_dtype))), mask.ndim - 1)


def _mask(scores: Tensor, batch: int, attn_mask: Any, key_padding_mask: Any, more: int) -> Tensor | None:
    """Both masks as one, to be added to ``scores`` of shape (batch * heads, target, source)."""
    found = None
    if attn_mask is not None:
        found = _widened(_additive(attn_mask, scores.numpy_dtype), more)
        fits = (scores.shape[1:], scores.shape)
        if found.shape not in fits:
            raise ShapeError(
                f"For 'MultiheadAttention', the attn_mask must have shape {(*fits[0][:-1], fits[0][-1] - more)} or one for "
                f"each head of each batch, but got {attn_mask.shape}."
            )
    if key_padding_mask is not None:
        padding = _widened(_additive(key_padding_mask, scores.numpy_dtype), more)
        if padding.shape != (batch, scores.shape[2]):
            raise ShapeError(
                f"For 'MultiheadAttention', the key_padding_mask must have shape {(batch, scores.shape[2] - more)}, "
                f"but got {key_padding_mask.shape}."
            )
        heads = scores.shape[0] // batch
        spread = fn.broadcast_to(
            fn.reshape(padding, (batch, 1, 1, scores.shape[2])), (batch, heads, 1, scores.shape[2])
        )
        padding = fn.reshape(spread, (scores.shape[0], 1, scores.shape[2]))
        found = padding if found is None else found + padding
    return found


def attend(
    projected: Sequence[Tensor], heads: Heads, out: Sequence[Any], attn_mask: Any, key_padding_mask: Any
) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention of each head, ``softmax(q k^T / sqrt(width)) v``, joined and projected.

    Parameters
    ----------
    projected : three Tensors, shape (length, batch, width)
        Queries, keys and values.
    heads : Heads
    out : weight and bias
        Of the last projection.
    attn_mask, key_padding_mask : Tensor, optional
        Bool (barred where it holds) or float (added).

    Returns
    -------
    tuple
        The result, (target, batch, width), and the weights, (batch, heads, target, source).
    """
    q, k, v = projected
    target, batch, width = q.shape
    more = 0
    if heads.bias_k is not None and heads.bias_v is not None:
        k, v, more = _row(k, heads.bias_k), _row(v, heads.bias_v), more + 1
    if width % heads.count:
        raise ArgumentValueError(f"For 'MultiheadAttention', {width} does not divide into {heads.count} heads.")
    q, k, v = (_by_head(one, heads.count) for one in (q, k, v))
    if heads.zero_row:
        empty = Tensor._wrap(np.zeros((k.shape[0], 1, k.shape[2]), k.numpy_dtype))
        k, v, more = fn.concat((k, empty), 1), fn.concat((v, empty), 1), more + 1
    scores = fn.matmul(q, fn.swapaxes(k, 1, 2)) / (width // heads.count) ** 0.5
    mask = _mask(scores, batch, attn_mask, key_padding_mask, more)
    weights = fn.softmax(scores if mask is None else scores + mask, -1)
    if heads.dropout:
        weights = fn.dropout(weights, heads.dropout)
    result = fn.reshape(fn.swapaxes(fn.matmul(weights, v), 0, 1), (target, batch, width))
    return _linear(result, *out), fn.reshape(weights, (batch, heads.count, target, scores.shape[2]))
