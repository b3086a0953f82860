"""Linear algebra: MindSpore 2.10's figures, its conventions and its refusals, and singular matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, ops
from msgrad_ext.errors import NotSupportedError
from msgrad_ext.ops import GradOperation

A = np.array([[4.0, 1, 0.5], [1, 3, 0.2], [0.5, 0.2, 2]], np.float32)
# MindSpore 2.10.0 on a CPU, for A.
INVERSE = [
    [0.27994364500045776, -0.08924377709627151, -0.06106153503060341],
    [-0.08924377709627151, 0.3640206754207611, -0.014091123826801777],
    [-0.06106153503060341, -0.014091123826801777, 0.5166745185852051],
]
FACTOR = [[2, 0, 0], [0.5, 1.658312439918518, 0], [0.25, 0.045226700603961945, 1.39120614528656]]


def ones(*shape: int, dtype: Any = np.float32) -> Tensor:
    """A tensor of ones."""
    return Tensor(np.ones(shape, dtype))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (ops.det, 21.28999900817871),
        (lambda x: ops.slogdet(x)[0], 1.0),
        (lambda x: ops.slogdet(x)[1], 3.0582375526428223),
        (ops.logdet, 3.058237314224243),
        (ops.inverse, INVERSE),
        (ops.pinv, INVERSE),
        (ops.cholesky, FACTOR),
        (lambda x: ops.cholesky(x, upper=True), np.transpose(FACTOR)),
        (lambda x: ops.cholesky_inverse(ops.cholesky(x)), INVERSE),
        (lambda x: GradOperation()(ops.logdet)(x), INVERSE),
        (lambda x: GradOperation()(lambda x: ops.slogdet(x))(x), INVERSE),
        (lambda x: ops.MatrixInverse(adjoint=True)(x), np.transpose(INVERSE)),
    ],
)
def test_the_values_are_those_of_mindspore(function: Any, expected: Any) -> None:
    """The value at the matrix is the recorded one, in float32."""
    result = function(Tensor(A))
    assert result.asnumpy().dtype == np.float32
    np.testing.assert_allclose(result.asnumpy(), expected, rtol=1e-6, atol=1e-7)


def test_the_gradient_of_the_determinant_of_a_singular_matrix_is_made_of_cofactors() -> None:
    """For [[1, 2], [2, 4]] the cofactors are [[4, -2], [-2, 1]]."""
    gradient = GradOperation()(ops.det)(Tensor(np.array([[1.0, 2], [2, 4]])))
    np.testing.assert_allclose(gradient.asnumpy(), [[4, -2], [-2, 1]], atol=1e-14)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_check_agrees_at_a_singular_matrix(order: int) -> None:
    """Rule and formula agree at every order where there is no inverse."""
    singular = np.array([[1.0, 2, 3], [2, 4, 6.5], [3, 6, 9.5]])
    assert mg.check(lambda x: ops.det(x) ** 2 + ops.det(x), singular, order=order).verdict == "agree"


def test_the_second_derivative_of_a_determinant_of_rank_one_is_right() -> None:
    """The Hessian of det at a singular 2 by 2 matrix: d2/(dx00 dx11) = 1, d2/(dx01 dx10) = -1."""
    gradient = GradOperation()(lambda x: (GradOperation()(ops.det)(x) * Tensor(np.array([[1.0, 0], [0, 0]]))).sum())
    np.testing.assert_allclose(gradient(Tensor(np.ones((2, 2)))).asnumpy(), [[0, 0], [0, 1]], atol=1e-14)


def test_the_gradient_of_the_cholesky_factor_is_symmetric() -> None:
    """The cotangent of a symmetric matrix is symmetric."""
    gradient = GradOperation()(lambda x: ops.cholesky(x)[2, 0])(Tensor(A)).asnumpy()
    np.testing.assert_array_equal(gradient, gradient.T)
    assert np.any(gradient)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: ops.det(ones(2, 3)), ValueError),
        (lambda: ops.det(ones(3)), ValueError),
        (lambda: ops.det(ones(2, 2, dtype=np.int32)), TypeError),
        (lambda: ops.inverse(ones(2, 3)), ValueError),
        (lambda: ops.inverse(ones(2, 2)), ValueError),
        (lambda: ops.inverse(ones(2, 2, dtype=np.int32)), TypeError),
        (lambda: ops.cholesky(Tensor(-A)), RuntimeError),
        (lambda: ops.cholesky(Tensor(np.array([[4.0, 9], [1, 3]]))), RuntimeError),
        (lambda: ops.matrix_solve(Tensor(A), ones(4, 1)), ValueError),
        (lambda: ops.matrix_solve(ones(3, 3), ones(3, 1)), ValueError),
        (lambda: ops.matrix_power(Tensor(A), 2.0), TypeError),
        (lambda: ops.matrix_power(ones(2, 3), 2), ValueError),
        (lambda: ops.pinv(ones(3, 2)), NotSupportedError),
        (lambda: ops.svd(Tensor(A)), NotSupportedError),
        (lambda: ops.mm(ones(3), ones(3)), ValueError),
        (lambda: ops.bmm(ones(5, 2, 3), ones(3, 4)), ValueError),
        (lambda: ops.mv(ones(2, 3), ones(3, 4)), ValueError),
        (lambda: ops.dot(ones(3), ones(3)), ValueError),
        (lambda: ops.inner(ones(2, 3), ones(3, 4)), ValueError),
        (lambda: ops.ger(ones(2, 3), ones(3)), ValueError),
        (lambda: ops.matmul(ones(2, 3), ones(3, 2, dtype=np.float64)), TypeError),
        (lambda: ops.matmul(ones(2, 3), 2.0), TypeError),
        (lambda: ops.tensor_dot(ones(3, 3), ones(3, 3), 3), ValueError),
        (lambda: ops.tensor_dot(ones(3, 3), ones(3, 3), "a"), TypeError),
        (lambda: ops.cross(ones(2, 4), ones(2, 4)), ValueError),
        (lambda: ops.bias_add(ones(2, 3), ones(4)), ValueError),
        (lambda: ops.bias_add(ones(2, 3), ones(3, dtype=np.float64)), TypeError),
        (lambda: ops.einsum("ij,jk->ikz", ones(2, 3), ones(3, 4)), ValueError),
        (lambda: ops.einsum("ij,jk->iik", ones(2, 3), ones(3, 4)), ValueError),
        (lambda: ops.einsum("ij,jk->ik", ones(2, 3)), ValueError),
        (lambda: ops.einsum("ij->ij", ones(2, 3, 4)), ValueError),
        (lambda: ops.einsum("ij,jk->ik", ones(2, 3), ones(4, 4)), ValueError),
        (lambda: ops.einsum("i.j->i", ones(2, 3)), ValueError),
        (lambda: ops.einsum(5, ones(2, 3)), TypeError),
    ],
)
def test_wrong_operands_are_refused_as_in_mindspore(call: Any, kind: type[Exception]) -> None:
    """The error is of MindSpore's type, and says whose it is."""
    with pytest.raises(kind, match="For '"):
        call()


@pytest.mark.parametrize(
    ("function", "shapes", "expected"),
    [
        (ops.matmul, ((3,), (5, 3, 4)), (5, 4)),
        (ops.matmul, ((2, 1, 2, 3), (5, 3, 4)), (2, 5, 2, 4)),
        (ops.dot, ((5, 2, 3), (5, 3, 4)), (5, 2, 5, 4)),
        (ops.inner, ((), (3,)), (3,)),
        (ops.outer, ((2, 3), (3,)), (6, 3)),
        (ops.kron, ((2, 3, 2), (4, 3)), (2, 12, 6)),
        (ops.batch_dot, ((4, 3), (4, 3)), (4, 1)),
        (ops.batch_dot, ((4, 3, 2, 6), (4, 6, 5)), (4, 3, 2, 5)),
        (lambda a, b: ops.tensor_dot(a, b, [0, 1]), ((3, 3), (3, 3)), (3, 3)),
    ],
)
def test_results_have_mindspores_shape(function: Any, shapes: Any, expected: tuple[int, ...]) -> None:
    """The shape is the one that was recorded."""
    assert function(*(ones(*shape) for shape in shapes)).shape == expected


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ii->", ((3, 3),)),
        ("ba", ((2, 3),)),
        ("...ii->...i", ((2, 3, 3),)),
        ("i...->...", ((2, 3),)),
        ("...ij,...jk", ((5, 2, 3), (3, 4))),
        ("bij,bjk,bkl->bil", ((2, 2, 3), (2, 3, 4), (2, 4, 5))),
        ("iij,jk->ik", ((2, 2, 3), (3, 2))),
        ("Ij, jK -> IK", ((2, 3), (3, 4))),
    ],
)
def test_einsum_gives_what_numpy_gives(equation: str, shapes: Any) -> None:
    """The value is that of numpy's einsum."""
    generator = np.random.default_rng(0)
    arrays = [generator.standard_normal(shape) for shape in shapes]
    result = ops.einsum(equation, *map(Tensor, arrays)).asnumpy()
    np.testing.assert_allclose(result, np.einsum(equation, *arrays), rtol=1e-13)


def test_the_formulas_are_those_of_the_books() -> None:
    """Inverse and determinant are written as such, at any number of rows."""
    assert mg.derive(lambda X: ops.slogdet(X)[1], shapes={"X": ("n", "n")})["X"].text == "X_bar = X^-T"
    assert mg.derive(lambda X: ops.det(X), shapes={"X": ("n", "n")})["X"].latex == r"\bar{X} = \det(X) X^{-\top}"
    report = mg.check(lambda x, w: ops.conv2d(x, w), np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2)))
    assert report.formula("w").text == "W_bar[0, 0, i, j] = sum_{k, l} X[0, 0, i + k, j + l]"
