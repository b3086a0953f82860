"""Matrix products."""

from __future__ import annotations

from ..errors import ArgumentError, ShapeError
from ..lazy import sym
from ..op import Op
from ..registry import composite, fn
from ..tensor import Tensor


class _Product(Op, abstract=True):
    """Base of matrix products: the transpose flags are carried out before the op is recorded."""

    def __init__(self, transpose_a=False, transpose_b=False):
        for name, flag in (("transpose_a", transpose_a), ("transpose_b", transpose_b)):
            if not isinstance(flag, bool):
                raise ArgumentError(
                    f"For '{type(self).__name__}', the '{name}' must be bool, but got {type(flag).__name__}."
                )
        self.transpose_a, self.transpose_b = transpose_a, transpose_b

    def bind(self, *operands):
        name = type(self).__name__
        if len(operands) != 2 or any(not hasattr(operand, "ndim") for operand in operands):
            raise ArgumentError(f"For '{name}', a call takes two tensors, but got {len(operands)} operands.")
        given = [
            fn.swapaxes(operand, -1, -2) if flag and operand.ndim >= 2 else operand
            for operand, flag in zip(operands, (self.transpose_a, self.transpose_b))
        ]
        return object.__new__(type(self)), given


class MatMul(_Product, shapes="M K, K N -> M N"):
    """Matrix product, ``a @ b``, of two matrices.

    Parameters
    ----------
    transpose_a, transpose_b : bool
        Take the operand's transpose.
    """

    certain = True

    def numpy(self, a, b):
        return a @ b

    def vjp(self, ct, out, a, b):
        return ct @ b.T, a.T @ ct

    def meaning(self, a, b):
        return lambda i, j: sym.total(a.shape[1], lambda k: a[i, k] * b[k, j])


class BatchMatMul(_Product, shapes="... M K, ... K N -> ... M N"):
    """Matrix products of the matrices in the last two axes; the axes before them broadcast.

    Parameters
    ----------
    transpose_a, transpose_b : bool
        Take the transpose of the operand's matrices.
    """

    certain = True

    def numpy(self, a, b):
        return a @ b

    def vjp(self, ct, out, a, b):
        return ct @ fn.swapaxes(b, -1, -2), fn.swapaxes(a, -1, -2) @ ct

    def meaning(self, a, b):
        return lambda *i: sym.total(a.shape[-1], lambda k: a[(*i[:-1], k)] * b[(*i[:-2], k, i[-1])])


@composite(functions="matmul", methods="matmul")
def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Matrix product of vectors, matrices, or stacks of matrices, by numpy's rule."""
    if not hasattr(a, "ndim") or not hasattr(b, "ndim"):
        raise ArgumentError(f"For 'MatMul', both operands must be tensors, but got {type(b).__name__}.")
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError(f"For 'MatMul', the operands must have an axis at least, but got {a.shape} and {b.shape}.")
    left = fn.expand_dims(a, 0) if a.ndim == 1 else a
    right = fn.expand_dims(b, 1) if b.ndim == 1 else b
    if a.ndim == 1 or b.ndim == 1:
        if left.shape[-1] != right.shape[-2]:
            raise ShapeError(f"For 'MatMul', the operands must share K, but got a: {a.shape} and b: {b.shape}.")
    product = (MatMul if left.ndim == right.ndim == 2 else BatchMatMul)()(left, right)
    dropped = [product.ndim - 2] * (a.ndim == 1) + [product.ndim - 1] * (b.ndim == 1)
    return fn.squeeze(product, tuple(dropped)) if dropped else product


@composite(functions="dense")
def dense(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``x W^T + b`` for ``x`` of shape (..., K) and ``weight`` of shape (N, K)."""
    if x.shape[-1:] != weight.shape[1:]:
        raise ShapeError(
            f"For 'Dense', the last axis of x must be {weight.shape[1]} long, but got x: {x.shape} and weight: {weight.shape}."
        )
    rows = x if x.ndim == 2 else fn.reshape(x, (-1, x.shape[-1]))
    product = MatMul(transpose_b=True)(rows, weight)
    result = product if bias is None else fn.add(product, bias)
    return result if x.ndim == 2 else fn.reshape(result, (*x.shape[:-1], weight.shape[0]))
