"""Inverses of matrices, linear systems, and the Cholesky factor."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentValueError, NotSupportedError, ShapeError
from ..lazy import sym
from ..op import Composite, Op, apply
from ..registry import composite, fn
from ..tensor import Tensor
from .arguments import boolean, tensor
from .determinant import square


class DefiniteError(ArgumentValueError, RuntimeError):
    """A matrix that is not symmetric positive definite: a RuntimeError in MindSpore."""


def turned(a: Tensor) -> Tensor:
    """The transpose of each matrix."""
    return fn.swapaxes(a, -1, -2)


class MatrixInverse(Op, shapes="... M M -> ... M M"):
    """Inverse of each square matrix in the last two axes.

    Parameters
    ----------
    adjoint : bool
        Give the inverse's transpose.
    """

    def __init__(self, adjoint=False):
        self.adjoint = boolean("MatrixInverse", "adjoint", adjoint)

    def bind(self, a):
        given = square("MatrixInverse", a, "x")
        try:
            result = apply(object.__new__(MatrixInverse), (given,))
        except np.linalg.LinAlgError:
            raise ArgumentValueError("For 'MatrixInverse', the matrix must be invertible, but it is not.") from None
        return turned(result) if self.adjoint else result

    def numpy(self, a):
        if a.dtype.char not in "gO":
            return np.linalg.inv(a.astype(np.promote_types(a.dtype, np.float32))).astype(a.dtype)
        n = a.shape[-1]
        result = np.empty(a.shape, a.dtype)
        for at in np.ndindex(a.shape[:-2]):
            work = np.concatenate([a[at], np.eye(n, dtype=a.dtype)], 1)
            for k in range(n):
                row = k + np.argmax(np.abs(work[k:, k]))
                work[[k, row]] = work[[row, k]]
                work[k] = work[k] / work[k, k]
                rest = np.arange(n) != k
                work[rest] = work[rest] - np.outer(work[rest, k], work[k])
            result[at] = work[:, n:]
        return result

    def vjp(self, ct, out, a):
        return fn.neg(fn.matmul(fn.matmul(turned(out), ct), turned(out)))

    def meaning(self, a):
        return lambda *i: sym.inverse(a.shape[-1], lambda k, n: a[(*i[:-2], k, n)], *i[-2:])


class Cholesky(Op, shapes="... M M -> ... M M"):
    """Lower triangular factor of each symmetric positive definite matrix, ``L L^T = (a + a^T) / 2``.

    Parameters
    ----------
    upper : bool
        Give the factor's transpose.

    Notes
    -----
    The gradient is symmetric, as the matrix is.
    """

    def __init__(self, upper=False):
        self.upper = boolean("Cholesky", "upper", upper)

    def bind(self, a):
        given = square("Cholesky", a, "input_x")
        known = given._array()
        try:
            if not np.allclose(known, np.swapaxes(known, -1, -2), rtol=1e-4, atol=1e-6):
                raise np.linalg.LinAlgError
            result = apply(object.__new__(Cholesky), (given,))
        except np.linalg.LinAlgError:
            raise DefiniteError("For 'Cholesky', the matrix must be symmetric positive definite.") from None
        return turned(result) if self.upper else result

    def numpy(self, a):
        even = (a + np.swapaxes(a, -1, -2)) / 2
        if a.dtype.char not in "gO":
            return np.linalg.cholesky(even.astype(np.promote_types(a.dtype, np.float32))).astype(a.dtype)
        result = np.zeros(a.shape, a.dtype)
        for at in np.ndindex(a.shape[:-2]):
            low = result[at]
            for j in range(a.shape[-1]):
                low[j:, j] = even[at][j:, j] - low[j:, :j] @ low[j, :j] if j else even[at][:, 0]
                low[j:, j] = low[j:, j] / np.sqrt(low[j : j + 1, j])
        return result

    def vjp(self, ct, out, a):
        n = a.shape[-1]
        keep = Tensor((np.tril(np.ones((n, n))) - np.eye(n) / 2).astype(a.numpy_dtype))
        inner = fn.matmul(turned(out), ct) * keep
        back = fn.inverse(out)
        slope = fn.matmul(fn.matmul(turned(back), inner), back)
        return (slope + turned(slope)) * 0.5

    def meaning(self, a):
        return lambda *i: sym.lower(a.shape[-1], lambda k, n: a[(*i[:-2], k, n)], *i[-2:])


@composite(functions="inverse", methods="inverse")
def inverse(input: Tensor) -> Tensor:
    """Inverse of each square matrix."""
    return MatrixInverse()(input)


@composite(functions="cholesky", methods="cholesky")
def cholesky(input_x: Tensor, upper: bool = False) -> Tensor:
    """Lower (or upper) triangular factor of each symmetric positive definite matrix."""
    return Cholesky(upper)(input_x)


def solved(op: str, matrix: Tensor, rhs: Tensor) -> Tensor:
    """``X`` with ``matrix X = rhs``."""
    a, b = square(op, matrix, "matrix"), tensor(op, "rhs", rhs)
    if b.ndim != a.ndim or b.shape[:-1] != a.shape[:-1]:
        raise ShapeError(f"For '{op}', the rows of matrix and rhs must be equal, but got {a.shape} and {b.shape}.")
    return fn.matmul(inverse(a), b)


class MatrixSolve(Composite):
    """``X`` with ``matrix X = rhs``, for each matrix in the last two axes.

    Parameters
    ----------
    adjoint : bool
        Use the matrix's transpose.
    """

    def __init__(self, adjoint: bool = False) -> None:
        self.adjoint = boolean("MatrixSolve", "adjoint", adjoint)

    def compute(self, matrix: Tensor, rhs: Tensor) -> Tensor:
        return solved("MatrixSolve", turned(matrix) if self.adjoint else matrix, rhs)


@composite(functions="matrix_solve")
def matrix_solve(matrix: Tensor, rhs: Tensor, adjoint: bool = False) -> Tensor:
    """``X`` with ``matrix X = rhs``."""
    return MatrixSolve(adjoint)(matrix, rhs)


class MatrixTriangularSolve(Composite):
    """``X`` with ``matrix X = rhs``, where only the lower (or upper) triangle of the matrix is read.

    Parameters
    ----------
    lower, adjoint : bool
        Which triangle to read; whether to use its transpose.
    """

    def __init__(self, lower: bool = True, adjoint: bool = False) -> None:
        self.lower = boolean("MatrixTriangularSolve", "lower", lower)
        self.adjoint = boolean("MatrixTriangularSolve", "adjoint", adjoint)

    def compute(self, matrix: Tensor, rhs: Tensor) -> Tensor:
        a = square("MatrixTriangularSolve", matrix, "matrix")
        half = fn.tril(a) if self.lower else fn.triu(a)
        return solved("MatrixTriangularSolve", turned(half) if self.adjoint else half, rhs)


@composite(functions="cholesky_solve", methods="cholesky_solve")
def cholesky_solve(input: Tensor, input2: Tensor, upper: bool = False) -> Tensor:
    """``X`` with ``A X = input``, where ``input2`` is the Cholesky factor of ``A``."""
    return CholeskySolve(upper)(input, input2)


class CholeskySolve(Composite):
    """``X`` with ``A X = x1``, where ``x2`` is the Cholesky factor of ``A``."""

    def __init__(self, upper: bool = False) -> None:
        self.upper = boolean("CholeskySolve", "upper", upper)

    def compute(self, x1: Tensor, x2: Tensor) -> Tensor:
        first, second = tensor("CholeskySolve", "x1", x1), square("CholeskySolve", x2, "x2")
        if first.ndim not in (2, 3):
            raise ShapeError(f"For 'CholeskySolve', the rank of x1 must be 2 or 3, but got shape {first.shape}.")
        low = turned(fn.triu(second)) if self.upper else fn.tril(second)
        return solved("CholeskySolve", turned(low), solved("CholeskySolve", low, first))


class CholeskyInverse(Composite, functions="cholesky_inverse", methods="cholesky_inverse"):
    """Inverse of the matrix with this Cholesky factor."""

    def __init__(self, upper: bool = False) -> None:
        self.upper = boolean("CholeskyInverse", "upper", upper)

    def compute(self, input_x: Tensor, upper: bool | None = None) -> Tensor:
        a = square("CholeskyInverse", input_x, "input_x")
        wanted = self.upper if upper is None else boolean("cholesky_inverse", "upper", upper)
        back = inverse(turned(fn.triu(a)) if wanted else fn.tril(a))
        return fn.matmul(turned(back), back)


@composite(functions="pinv")
def pinv(x: Tensor, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Tensor:
    """Pseudoinverse of matrices of full rank: ``(x^T x)^-1 x^T`` or ``x^T (x x^T)^-1``."""
    a = tensor("pinv", "x", x)
    if a.ndim < 2:
        raise ShapeError(f"For 'pinv', the operand must hold matrices, but got shape {a.shape}.")
    if np.any(np.linalg.matrix_rank(a._array().astype(np.float64)) < min(a.shape[-2:])):
        raise NotSupportedError("For 'pinv', the matrix must have full rank: elsewhere there is no derivative.")
    if a.shape[-1] == a.shape[-2]:
        return inverse(a)
    if a.shape[-2] > a.shape[-1]:
        return fn.matmul(inverse(fn.matmul(turned(a), a)), turned(a))
    return fn.matmul(turned(a), inverse(fn.matmul(a, turned(a))))
