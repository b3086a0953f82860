"""Samples of linear algebra: products by name, Einstein sums, determinants, inverses, factors."""

from __future__ import annotations

import numpy as np

from msgrad_ext import ops
from msgrad_ext.primitives.determinant import Cofactors, CofactorSlope, LogAbsDeterminant, SignDeterminant

from .base import Sample, spaced

_EQUATIONS = {
    "product": ("ij,jk->ik", ((2, 3), (3, 4))),
    "implicit": ("ij,jk", ((2, 3), (3, 4))),
    "weighted": ("ij,ij->i", ((2, 3), (2, 3))),
    "broadcast": ("ij,ij->i", ((1, 3), (2, 3))),
    "diagonal": ("ii,i->i", ((3, 3), (3,))),
    "dropped": ("ij,k->", ((2, 3), (4,))),
    "ellipsis": ("...ij,...jk->...ik", ((2, 2, 3), (3, 2))),
    "row": ("ij,jk->ki", ((1, 3), (3, 4))),
}


def regular(n: int = 3, *batch: int) -> np.ndarray:
    """Matrices that are far from singular, and not symmetric."""
    return spaced(*batch, n, n) + 2 * np.eye(n)


def singular() -> np.ndarray:
    """A matrix of rank 2 with 3 rows."""
    a = spaced(3, 3)
    a[2] = a[0] + a[1]
    return a


def definite(n: int = 3) -> np.ndarray:
    """A symmetric positive definite matrix."""
    a = spaced(n, n)
    return a @ a.T + np.eye(n)


def _products() -> list[Sample]:
    return [
        Sample(
            "Einsum",
            lambda a, b, e=equation: ops.einsum(e, a, b) ** 2,
            (spaced(*shapes[0]), spaced(*shapes[1], seed=1)),
            name,
        )
        for name, (equation, shapes) in _EQUATIONS.items()
    ]


def samples() -> list[Sample]:
    m, v = spaced(2, 3), spaced(3, seed=1)
    return [
        *_products(),
        Sample("Einsum", lambda a: ops.einsum("ij,jk,kl->il", a, a, a), (spaced(2, 2),), "three"),
        Sample("Einsum", lambda a: ops.einsum("ii->i", a) ** 2, (spaced(3, 3),), "one"),
        Sample("Ger", lambda a, b: ops.Ger()(a, b) ** 2, (spaced(2), v), "vectors"),
        Sample("Cross", lambda a, b: ops.Cross()(a, b), (m, spaced(2, 3, seed=2)), "rows"),
        Sample("Trace", lambda a: ops.Trace()(a * a), (spaced(3, 3),), "square"),
        Sample("Trace", lambda a: ops.Trace()(a * a), (m,), "wide"),
        Sample("BiasAdd", lambda a, b: ops.BiasAdd()(a, b) ** 2, (m, v), "rows"),
        Sample("BiasAdd", lambda a, b: ops.BiasAdd("NHWC")(a, b) ** 2, (spaced(1, 2, 2, 3), v), "last"),
        Sample("MatrixPower", lambda a: ops.MatrixPower(3)(a), (spaced(2, 2, 2),), "cube"),
        Sample("MatrixPower", lambda a: ops.MatrixPower(-2)(a), (regular(2),), "negative"),
        Sample("MatrixDeterminant", lambda a: ops.MatrixDeterminant()(a), (regular(),), "square"),
        Sample("MatrixDeterminant", lambda a: ops.det(a) ** 2, (regular(2, 3),), "batch"),
        Sample("MatrixDeterminant", lambda a: ops.det(a) ** 2, (spaced(1, 1),), "one"),
        Sample("MatrixDeterminant", lambda a: ops.det(a) + 0.5, (singular(),), "singular"),
        Sample("Cofactors", lambda a: Cofactors()(a), (regular(),), "square"),
        Sample("CofactorSlope", lambda a, b: CofactorSlope()(a, b), (regular(), spaced(3, 3, seed=1)), "square"),
        Sample("LogAbsDeterminant", lambda a: LogAbsDeterminant()(a), (regular(),), "square"),
        Sample("LogMatrixDeterminant", lambda a: ops.LogMatrixDeterminant()(a)[1] ** 2, (-regular(3, 2),), "batch"),
        Sample("SignDeterminant", lambda a: SignDeterminant()(a) * ops.reduce_sum(a * a), (regular(),), "times"),
        Sample("MatrixInverse", lambda a: ops.MatrixInverse()(a), (regular(),), "square"),
        Sample("MatrixInverse", lambda a: ops.MatrixInverse(True)(a) ** 2, (regular(2, 3),), "batch"),
        Sample("Cholesky", lambda a: ops.Cholesky()(a), (definite(),), "lower"),
        Sample("Cholesky", lambda a: ops.cholesky(a, True) ** 2, (definite(2),), "upper"),
        Sample("MatrixSolve", lambda a, b: ops.MatrixSolve()(a, b), (regular(), spaced(3, 2)), "square"),
        Sample("MatrixSolve", lambda a, b: ops.MatrixSolve(True)(a, b), (regular(), spaced(3, 1)), "adjoint"),
        Sample("MatrixTriangularSolve", ops.MatrixTriangularSolve(), (regular(), spaced(3, 2)), "lower"),
        Sample("MatrixTriangularSolve", ops.MatrixTriangularSolve(False, True), (regular(), spaced(3, 2)), "upper"),
        Sample("CholeskySolve", ops.CholeskySolve(), (spaced(3, 2), regular()), "lower"),
        Sample("CholeskyInverse", lambda a: ops.CholeskyInverse()(a), (regular(),), "lower"),
    ]
