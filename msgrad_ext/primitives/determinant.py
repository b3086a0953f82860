"""Determinants: themselves, their slopes of every order, their sign and their logarithm."""

from __future__ import annotations

import numpy as np

from ..contract import unify
from ..errors import DtypeError, ShapeError
from ..lazy import sym
from ..op import Composite, Op, apply
from ..registry import composite, fn
from ..tensor import Tensor
from .arguments import tensor


def square(op: str, value: Tensor, name: str = "input") -> Tensor:
    """``value``, which must hold square matrices of floats."""
    a = tensor(op, name, value)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"For '{op}', the '{name}' must hold square matrices, but got shape {a.shape}.")
    if a.numpy_dtype.kind not in "fO":
        raise DtypeError(f"For '{op}', the '{name}' must be a float tensor, but got {a.dtype}.")
    return a


class MatrixDeterminant(Op, shapes="... M M -> ...", aliases="Det"):
    """Determinant of each square matrix in the last two axes.

    Notes
    -----
    The gradient is made of cofactors, so that it is right for singular matrices too.
    """

    def bind(self, a):
        return self, (square("MatrixDeterminant", a),)

    def numpy(self, a):
        if a.dtype.char not in "gO":
            return np.linalg.det(a.astype(np.promote_types(a.dtype, np.float32))).astype(a.dtype)
        result = np.ones(a.shape[:-2], a.dtype)
        for at in np.ndindex(a.shape[:-2]):
            work = a[at].copy()
            for k in range(len(work)):
                row = k + np.argmax(np.abs(work[k:, k]))
                if work[row, k] == 0:
                    result[at] = work[row, k]
                    break
                if row != k:
                    work[[k, row]] = work[[row, k]]
                    result[at] = -result[at]
                result[at] = result[at] * work[k, k]
                work[k + 1 :] = work[k + 1 :] - np.outer(work[k + 1 :, k] / work[k, k], work[k])
        return result

    def vjp(self, ct, out, a):
        return fn.reshape(ct, (*ct.shape, 1, 1)) * apply(Cofactors(), (a,))

    def meaning(self, a):
        return lambda *i: sym.minor(a.shape[-1], lambda k, n: a[(*i, k, n)])


class Cofactors(Op, shapes="... M M -> ... M M"):
    """Cofactors of each matrix: the determinant's slope by each element."""

    def numpy(self, a):
        if a.dtype.char not in "gO":
            u, s, v = np.linalg.svd(a.astype(np.promote_types(a.dtype, np.float32)))
            others = np.where(np.eye(a.shape[-1], dtype=bool), 1, s[..., None, :]).prod(-1)
            sign = np.linalg.det(u) * np.linalg.det(v)
            return ((u * (sign[..., None] * others)[..., None, :]) @ v).astype(a.dtype)
        # Faddeev and LeVerrier: division by whole numbers only, so that singular matrices need no care.
        n, eye = a.shape[-1], np.eye(a.shape[-1], dtype=a.dtype)
        m = np.broadcast_to(eye, a.shape)
        for k in range(1, n):
            product = a @ m
            m = product - np.asarray(np.trace(product, axis1=-2, axis2=-1) / k, a.dtype)[..., None, None] * eye
        return (-1) ** (n - 1) * np.swapaxes(m, -1, -2)

    def vjp(self, ct, out, a):
        return apply(CofactorSlope(), (a, ct))

    def meaning(self, a):
        return lambda *i: sym.minor(a.shape[-1], lambda k, n: a[(*i[:-2], k, n)], *i[-2:])


class CofactorSlope(Op):
    """Slope of the cofactors of the first operand along all the others: its own slopes are of this kind again."""

    def numpy(self, a, *directions):
        n, full = a.shape[-1], (1 << len(directions)) - 1
        kind = a.dtype if a.dtype.char in "gO" else np.float64
        eye, zero = np.eye(n, dtype=kind), np.zeros((n, n), kind)
        parts = {0: a.astype(kind), **{1 << at: one.astype(kind) for at, one in enumerate(directions)}}
        # Faddeev and LeVerrier for a + t1 d1 + t2 d2 + ..., up to the first power of each t.
        m = {at: eye if at == 0 else zero for at in range(full + 1)}
        for k in range(1, n):
            product = {
                at: sum((part @ m[at ^ bit] for bit, part in parts.items() if bit & at == bit), zero) for at in m
            }
            trace = {at: np.trace(one, axis1=-2, axis2=-1) / k for at, one in product.items()}
            m = {at: one - np.asarray(trace[at], kind)[..., None, None] * eye for at, one in product.items()}
        result = (-1) ** (n - 1) * np.swapaxes(m[full], -1, -2)
        return np.broadcast_to(result, a.shape).astype(a.dtype)

    def vjp(self, ct, out, a, *directions):
        ahead = [
            apply(CofactorSlope(), (a, *directions[:at], *directions[at + 1 :], ct)) for at in range(len(directions))
        ]
        return (apply(CofactorSlope(), (a, *directions, ct)), *ahead)

    def out_shape(self, shape, *directions):
        if any(unify(n, m) is None for one in directions for n, m in zip(shape, one)):
            raise ShapeError(f"For 'CofactorSlope', all shapes must be equal, but got {shape} and {directions}.")
        return tuple(shape)

    def meaning(self, a, *directions):
        n = a.shape[-1]

        def element(*i):
            def body(*at):
                result = sym.minor(n, lambda k, m: a[(*i[:-2], k, m)], *i[-2:], *at)
                for place, direction in enumerate(directions):
                    result *= direction[(*i[:-2], *at[2 * place : 2 * place + 2])]
                return result

            return sym.totals([n] * (2 * len(directions)), body)

        return element


class LogAbsDeterminant(Op, shapes="... M M -> ..."):
    """Logarithm of the absolute value of each matrix's determinant."""

    def numpy(self, a):
        if a.dtype.char not in "gO":
            return np.linalg.slogdet(a.astype(np.promote_types(a.dtype, np.float32)))[1].astype(a.dtype)
        result = np.zeros(a.shape[:-2], a.dtype)
        for at in np.ndindex(a.shape[:-2]):
            work = a[at].copy()
            for k in range(len(work)):
                row = k + np.argmax(np.abs(work[k:, k]))
                work[[k, row]] = work[[row, k]]
                result[at] = result[at] + np.log(np.abs(work[k, k]))
                work[k + 1 :] = work[k + 1 :] - np.outer(work[k + 1 :, k] / work[k, k], work[k])
        return result

    def vjp(self, ct, out, a):
        return fn.reshape(ct, (*ct.shape, 1, 1)) * fn.swapaxes(fn.inverse(a), -1, -2)

    def meaning(self, a):
        return lambda *i: sym.log_determinant(a.shape[-1], lambda k, n: a[(*i, k, n)])


class SignDeterminant(Op, shapes="... M M -> ..."):
    """Sign of each matrix's determinant; a constant."""

    def numpy(self, a):
        if a.dtype.char not in "gO":
            return np.linalg.slogdet(a.astype(np.promote_types(a.dtype, np.float32)))[0].astype(a.dtype)
        return np.linalg.slogdet(a.astype(np.float64))[0].astype(a.dtype)

    def vjp(self, ct, out, a):
        return None

    def meaning(self, a):
        return lambda *i: sym.sign(sym.minor(a.shape[-1], lambda k, n: a[(*i, k, n)]))


@composite(functions="det matrix_determinant", methods="det matrix_determinant")
def det(input: Tensor) -> Tensor:
    """Determinant of each square matrix."""
    return MatrixDeterminant()(input)


@composite(functions="slogdet log_matrix_determinant", methods="slogdet log_matrix_determinant")
def slogdet(input: Tensor) -> tuple[Tensor, Tensor]:
    """Sign of each matrix's determinant, and the logarithm of its absolute value."""
    a = square("LogMatrixDeterminant", input)
    return apply(SignDeterminant(), (a,)), apply(LogAbsDeterminant(), (a,))


@composite(functions="logdet", methods="logdet")
def logdet(input: Tensor) -> Tensor:
    """Logarithm of each matrix's determinant; NaN where that is negative."""
    sign, size = slogdet(square("logdet", input))
    # The logarithm of the sign is 0 for 1, and NaN or -inf where there is no logarithm.
    return fn.add(size, fn.log(sign))


class LogMatrixDeterminant(Composite):
    """Sign of each matrix's determinant, and the logarithm of its absolute value."""

    def compute(self, input: Tensor) -> tuple[Tensor, Tensor]:
        return slogdet(input)
