"""Functions of dense layers that have two inputs, or whose input is a number of a row."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ArgumentValueError, NotSupportedError, ShapeError
from ..registry import composite, fn
from ..tensor import Tensor


@composite(functions="bidense")
def bidense(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``y_k = x1^T W_k x2 + b_k`` for inputs with equal leading axes and ``weight`` of shape (K, I, J)."""
    for name, value in (("input1", input1), ("input2", input2), ("weight", weight)):
        if not isinstance(value, Tensor):
            raise ArgumentError(f"For 'bidense', the '{name}' must be a Tensor, but got {type(value).__name__}.")
    if weight.ndim != 3 or (input1.shape[-1:], input2.shape[-1:]) != (weight.shape[1:2], weight.shape[2:]):
        raise ShapeError(
            "For 'bidense', the inputs must be (..., I) and (..., J) beside a weight (K, I, J), "
            f"but got {input1.shape}, {input2.shape} and {weight.shape}."
        )
    if input1.shape[:-1] != input2.shape[:-1]:
        raise ShapeError(
            f"For 'bidense', the inputs must share their leading axes, but got {input1.shape} and {input2.shape}."
        )
    count, first, second = weight.shape
    left = fn.reshape(input1, (-1, first))
    right = fn.reshape(input2, (-1, second))
    # (K, N, J): each row of the first input through each of the K matrices.
    through = fn.matmul(left, weight)
    result = fn.swapaxes(fn.reduce_sum(through * right, 2), 0, 1)
    result = result if bias is None else result + bias
    return fn.reshape(result, (*input1.shape[:-1], count))


@composite(functions="embedding")
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
) -> Tensor:
    """The rows of ``weight`` numbered ``input``.

    Notes
    -----
    The row ``padding_idx`` gets no gradient.
    """
    if max_norm is not None or scale_grad_by_freq:
        raise NotSupportedError(
            "For 'embedding', max_norm and scale_grad_by_freq are not supported; scale the rows with ops."
        )
    if not isinstance(input, Tensor) or input.numpy_dtype.kind not in "iu":
        raise ArgumentError("For 'embedding', the input must be a Tensor of ints.")
    rows = fn.gather(weight, input, 0)
    if padding_idx is None:
        return rows
    if isinstance(padding_idx, bool) or not isinstance(padding_idx, int):
        raise ArgumentError(f"For 'embedding', the padding_idx must be int, but got {type(padding_idx).__name__}.")
    if not -weight.shape[0] <= padding_idx < weight.shape[0]:
        raise ArgumentValueError(f"For 'embedding', the padding_idx must be a row of {weight.shape[0]}.")
    padded: Any = fn.broadcast_to(fn.expand_dims(input == padding_idx % weight.shape[0], -1), rows.shape)
    return fn.select(padded, fn.stop_gradient(rows), rows)
