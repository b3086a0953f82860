"""Compiled Hessians and their products: against central differences, against the row-by-row way, and their structure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, nn, ops
from msgrad_ext.gradients import jacobian
from msgrad_ext.linear import matrix
from msgrad_ext.linear.scalars import ScalarPlan
from msgrad_ext.numeric.interpreter import run
from tests.gradients.networks import Two

DATA = np.random.default_rng(7)


def normal(*shape: int) -> np.ndarray:
    return DATA.standard_normal(shape)


def rosenbrock(x: Any) -> Any:
    return ops.reduce_sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def perceptron(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, t: Any) -> Any:
    return ops.reduce_mean((ops.tanh(x @ w1 + b1) @ w2 + b2 - t) ** 2)


def flat_perceptron(theta: Any, x: Any, t: Any) -> Any:
    w1, w2 = ops.reshape(theta[:6], (2, 3)), ops.reshape(theta[9:12], (3, 1))
    return ops.reduce_mean((ops.tanh(x @ w1 + theta[6:9]) @ w2 + theta[12:] - t) ** 2)


def deep(w1: Any, w2: Any, w3: Any, x: Any) -> Any:
    return ops.reduce_sum(ops.log_softmax(ops.tanh(ops.tanh(x @ w1) @ w2) @ w3)[:, 0])


def attention(q: Any, k: Any, v: Any) -> Any:
    return ops.reduce_sum((ops.softmax(ops.matmul(q, k.T) / 1.5) @ v) ** 2)


def logistic(w: Any, x: Any, y: Any) -> Any:
    return ops.reduce_sum(ops.softplus(x @ w) - y * (x @ w))


def quadratic(x: Any, a: Any) -> Any:
    return ops.reduce_sum(x * (a @ x))


def factorisation(u: Any, v: Any, m: Any) -> Any:
    return ops.reduce_sum((ops.matmul(u, v.T) - m) ** 2)


def moved(x: Any, y: Any) -> Any:
    both = ops.concat((ops.reshape(x, (4, 3))[::2], y.T[:, ::-1][:, 1:4]), 0)
    return ops.reduce_sum(both**3) + ops.reduce_sum(ops.reduce_sum(x, 1) ** 2 * x[:, 1])


def chosen(x: Any) -> Any:
    return ops.reduce_sum(ops.select(x > 0.0, x**3, ops.exp(x))) + ops.reduce_max(x**2)


def picked(x: Any) -> Any:
    return ops.reduce_sum(ops.gather(x, Tensor(np.array([0, 2, 2])), 0) ** 3 * ops.reduce_sum(x / (1.0 + x * x)))


def batched(x: Any, y: Any) -> Any:
    return ops.reduce_sum(ops.exp(ops.matmul(x, y) * 0.3))


def scanned(x: Any) -> Any:
    return ops.reduce_sum(ops.cumsum(x * x, 0) ** 2) + ops.reduce_sum(ops.reduce_prod(x))


PERCEPTRON = (normal(2, 3), normal(3), normal(3, 1), normal(1), normal(5, 2), normal(5, 1))
CASES: dict[str, tuple[Any, tuple[np.ndarray, ...]]] = {
    "rosenbrock": (rosenbrock, (normal(7),)),
    "perceptron": (perceptron, PERCEPTRON),
    "flat perceptron": (flat_perceptron, (normal(13), normal(5, 2), normal(5, 1))),
    "deep": (deep, (normal(2, 3), normal(3, 2), normal(2, 3), normal(4, 2))),
    "attention": (attention, (normal(2, 3), normal(4, 3), normal(4, 2))),
    "logistic": (logistic, (normal(3), normal(6, 3), normal(6))),
    "quadratic": (quadratic, (normal(4), normal(4, 4))),
    "factorisation": (factorisation, (normal(3, 2), normal(4, 2), normal(3, 4))),
    "moved": (moved, (normal(2, 6), normal(5, 3))),
    "chosen": (chosen, (normal(5),)),
    "picked": (picked, (normal(3, 2),)),
    "batched": (batched, (normal(2, 3, 2), normal(2, 2, 3))),
    "scanned": (scanned, (normal(4),)),
}


def differences(function: Any, arrays: tuple[np.ndarray, ...]) -> np.ndarray:
    """The Hessian from central differences of the gradient, extrapolated."""
    gradient = mg.compile(function, *arrays)

    def at(number: int, index: int, step: float) -> np.ndarray:
        shifted = [array.copy() for array in arrays]
        shifted[number].flat[index] += step
        return np.concatenate([one.ravel() for one in gradient(*shifted)[1].values()])

    columns = []
    for number, array in enumerate(arrays):
        for index in range(array.size):
            wide, narrow = ((at(number, index, h) - at(number, index, -h)) / (2 * h) for h in (2e-3, 1e-3))
            columns.append((4 * narrow - wide) / 3)
    return np.stack(columns, axis=1)


def as_matrix(blocks: dict[tuple[str, str], np.ndarray], arrays: tuple[np.ndarray, ...]) -> np.ndarray:
    rows = iter(blocks.values())
    return np.block([[next(rows).reshape(a.size, b.size) for b in arrays] for a in arrays])


@pytest.mark.parametrize("name", CASES)
def test_hessians_are_slopes_of_gradients(name: str) -> None:
    """Blocks, whole matrix and products agree with central differences and with each other."""
    function, arrays = CASES[name]
    wanted = differences(function, arrays)
    size = np.abs(wanted).max()
    blocks = mg.compile_hessian(function, *arrays)
    found = as_matrix(blocks(*arrays), arrays)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-7 * size)
    assert not blocks._versions[0].by_rows
    whole = mg.compile_hessian(function, *arrays, matrix=True)(*arrays)
    np.testing.assert_allclose(whole, found, rtol=1e-11, atol=1e-13 * size)
    along = [normal(*array.shape) for array in arrays]
    products = mg.compile_hvp(function, *arrays)(*arrays, tuple(along))
    got = np.concatenate([one.ravel() for one in products.values()])
    np.testing.assert_allclose(
        got, found @ np.concatenate([one.ravel() for one in along]), rtol=1e-9, atol=1e-12 * size
    )


@pytest.mark.parametrize("name", CASES)
def test_float32_stays_float32(name: str) -> None:
    """All results have the inputs' dtype, and are right to its precision."""
    function, arrays = CASES[name]
    narrow = tuple(array.astype(np.float32) for array in arrays)
    wanted = mg.compile_hessian(function, *(array.astype(np.float64) for array in narrow), matrix=True)
    exact = wanted(*(array.astype(np.float64) for array in narrow))
    found = mg.compile_hessian(function, *narrow, matrix=True)(*narrow)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact, rtol=1e-4, atol=1e-5 * np.abs(exact).max())
    for block in mg.compile_hessian(function, *narrow)(*narrow).values():
        assert block.dtype == np.float32
    (product, *_) = mg.compile_hvp(function, *narrow)(*narrow, narrow).values()
    assert product.dtype == np.float32


def counted(compiled: Any) -> list[str]:
    """The names of the ops that work on elements."""
    return [type(eqn.op).__name__ for eqn in compiled.graph.eqns if not eqn.op.view]


def test_closed_forms_are_found() -> None:
    """What one would write by hand: ``A + A^T``, one product for logistic regression, ``V^T V`` on the diagonal."""
    assert counted(mg.compile_hessian(quadratic, normal(4), normal(4, 4), wrt=["x"])) == ["Add"]
    ops_of = counted(mg.compile_hessian(logistic, normal(3), normal(6, 3), normal(6), wrt=["w"]))
    assert ops_of.count("MatMul") == 2 and "Spread" not in ops_of
    u, v, m = normal(3, 2), normal(4, 2), normal(3, 4)
    found = mg.compile_hessian(factorisation, u, v, m, wrt=["u"])
    assert counted(found) == ["MatMul", "Mul", "Spread"]
    np.testing.assert_allclose(found(u, v, m)["u", "u"], np.einsum("ij,ab->iajb", np.eye(3), 2 * v.T @ v))


def test_a_perceptron_multiplies_its_jacobian_once() -> None:
    """All products of first derivatives are one matrix product; the work is a few dozen calls, not one for each row."""
    compiled = mg.compile_hessian(flat_perceptron, *CASES["flat perceptron"][1], wrt=["theta"], matrix=True)
    assert counted(compiled).count("MatMul") <= 7
    assert len(counted(compiled)) <= 34


def test_zeros_are_not_computed() -> None:
    """Rosenbrock's Hessian is three diagonals, whatever its size."""
    for n in (5, 500):
        names = counted(mg.compile_hessian(rosenbrock, normal(n)))
        assert len(names) <= 9 and names.count("Spread") == 1


def test_results_are_fresh() -> None:
    """A result is neither an input nor what the next call writes."""
    a = normal(4, 4)
    for function, arrays in [(quadratic, (normal(4), a)), CASES["perceptron"], CASES["rosenbrock"]]:
        for matrix_wanted in (False, True):
            compiled = mg.compile_hessian(function, *arrays, matrix=matrix_wanted)
            first, second = compiled(*arrays), compiled(*arrays)
            parts = ([first], [second]) if matrix_wanted else (list(first.values()), list(second.values()))
            for number, one in enumerate(parts[0]):
                assert one.flags.writeable
                others = [*arrays, *parts[1], *parts[0][:number]]
                assert not any(np.shares_memory(one, other) for other in others)


def test_guards_are_honoured() -> None:
    """Another branch of the user's Python is traced again."""

    def branching(x: Any) -> Any:
        return ops.reduce_sum(x**3) if ops.reduce_sum(x) > 0 else ops.reduce_sum(x**2)

    compiled = mg.compile_hessian(branching, np.array([1.0, 2.0]), matrix=True)
    np.testing.assert_array_equal(compiled(np.array([1.0, 2.0])), [[6, 0], [0, 12]])
    np.testing.assert_array_equal(compiled(np.array([-1.0, -2.0])), [[2, 0], [0, 2]])
    np.testing.assert_array_equal(compiled(np.array([1.0, 1.0, 1.0])), 6 * np.eye(3))
    product = mg.compile_hvp(branching, np.array([1.0, 2.0]))
    np.testing.assert_array_equal(product(np.array([-1.0, -2.0]), np.array([1.0, 3.0]))["x"], [2, 6])


def test_parameters_and_weights() -> None:
    """Parameters are read afresh; ``sens`` weights the output; names are those of `mg.compile`."""
    net, x = Two(), np.array([1.0, 2.0])
    compiled = mg.compile_hessian(net, x)
    assert compiled.names == ("x", "w", "b", "unused")
    np.testing.assert_array_equal(compiled(x)["x", "w"], np.diag([4.0, 4.0]))
    net.frozen.set_data(Tensor(np.array(8.0)))
    np.testing.assert_array_equal(compiled(x)["x", "w"], np.diag([8.0, 8.0]))
    assert not compiled(x)["unused", "x"].any()
    weighted = mg.compile_hessian(net, x, wrt=["x", "w"], sens=np.array([1.0, -3.0]))
    np.testing.assert_array_equal(weighted(x)["w", "x"], np.diag([8.0, -24.0]))


def test_a_rule_that_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A matrix that disagrees with the product along a random direction is not used: the rows are made one by one."""
    arrays = CASES["rosenbrock"][1]
    right = mg.compile_hessian(rosenbrock, *arrays, matrix=True)(*arrays)
    monkeypatch.setitem(matrix.RULES, "Neg", lambda arrays, eqn, given: given[0])
    again = mg.compile_hessian(rosenbrock, *arrays, matrix=True)
    assert again._versions[0].by_rows
    np.testing.assert_allclose(again(*arrays), right, rtol=1e-12)
    by_pair = mg.compile_hessian(rosenbrock, *arrays)
    np.testing.assert_allclose(by_pair(*arrays)["x", "x"], right, rtol=1e-12)


def test_ops_without_a_rule_go_row_by_row() -> None:
    """They are one op of the plan, which runs through its rows."""
    compiled = mg.compile_hessian(scanned, *CASES["scanned"][1])
    assert "Rows" in counted(compiled)


def test_hessian_and_hvp_of_functions() -> None:
    """The functional forms: tensors in, tensors out, inside another network too."""
    x, y = Tensor(normal(3)), Tensor(normal(3, 3))
    np.testing.assert_allclose(mg.hessian(quadratic)(x, y).asnumpy(), y.asnumpy() + y.asnumpy().T)
    table = mg.hessian(quadratic, (0, 1))(x, y)
    assert [[block.shape for block in row] for row in table] == [[(3, 3), (3, 3, 3)], [(3, 3, 3), (3, 3, 3, 3)]]
    gradient, moved_by = mg.hvp(rosenbrock, x, Tensor(np.ones(3)))
    np.testing.assert_allclose(moved_by.asnumpy(), mg.hessian(rosenbrock)(x).asnumpy().sum(1))
    np.testing.assert_allclose(gradient.asnumpy(), mg.grad(rosenbrock)(x).asnumpy())
    third = mg.grad(lambda x: ops.reduce_sum(mg.hessian(lambda x: ops.reduce_sum(x**3))(x)))(x)
    np.testing.assert_allclose(third.asnumpy(), np.full(3, 6.0))


def test_small_programs_are_python_floats() -> None:
    """The same numbers as in arrays, each entry computed once; where Python would raise, what numpy gives."""

    def small(x: Any) -> Any:
        return ops.exp(x[0]) * x[1] ** 2 + ops.log(x[1]) / x[0]

    compiled = mg.compile_hessian(small, np.array([0.5, 2.0]), matrix=True)
    assert isinstance(compiled._versions[0].plan, ScalarPlan)
    assert compiled.source.count("exp(") == 1
    for point in (normal(2) ** 2, np.array([800.0, 1.0]), np.array([0.0, 1.0]), np.array([1.0, 0.0])):
        (wanted,) = run(compiled.graph, [point])
        np.testing.assert_allclose(compiled(point), wanted, rtol=1e-13)
    product = mg.compile_hvp(small, np.array([0.5, 2.0]))
    point, along = normal(2) ** 2, normal(2)
    np.testing.assert_allclose(product(point, along)["x"], compiled(point) @ along, rtol=1e-12)
    narrow = mg.compile_hessian(small, np.array([0.5, 2.0], np.float32))
    assert not isinstance(narrow._versions[0].plan, ScalarPlan)


def test_large_jacobians_are_made_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same blocks as one pull-back for each row gives, in either direction."""

    def several(x: Any, w: Any) -> Any:
        h = ops.tanh(x @ w)
        return ops.softmax(h), ops.reduce_sum(h * h, 1)

    x, w = Tensor(normal(4, 3)), Tensor(normal(3, 5))
    wanted = mg.jacrev(several, (0, 1))(x, w)
    monkeypatch.setattr(jacobian, "_ROWS", 1)
    for way in (mg.jacrev, mg.jacfwd):
        for row, row_wanted in zip(way(several, (0, 1))(x, w), wanted):
            for block, block_wanted in zip(row, row_wanted):
                np.testing.assert_allclose(block.asnumpy(), block_wanted.asnumpy(), rtol=1e-12, atol=1e-14)


class Scaled(nn.Cell):
    """A derivative of the user's that is not the function's."""

    def construct(self, x: Any) -> Any:
        return x * x

    def bprop(self, x: Any, out: Any, dout: Any) -> Any:
        return (dout * x * 7.0,)


def test_derivatives_of_the_users() -> None:
    """Second order takes the user's rule for the first."""
    cell, x = Scaled(), np.array([1.0, 2.0])
    found = mg.compile_hessian(lambda x: ops.reduce_sum(cell(x)), x, matrix=True)(x)
    np.testing.assert_array_equal(found, 7 * np.eye(2))


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: mg.compile_hvp(rosenbrock, normal(3))(), TypeError),
        (lambda: mg.compile_hvp(rosenbrock, normal(3))(normal(3), normal(4)), ValueError),
        (lambda: mg.compile_hvp(rosenbrock, normal(3))(normal(3), {"y": normal(3)}), ValueError),
        (lambda: mg.compile_hessian(rosenbrock, normal(3), wrt=["z"]), Exception),
        (lambda: mg.hessian(rosenbrock, None), TypeError),
    ],
)
def test_refusals(call: Any, kind: type[Exception]) -> None:
    """Wrong directions, names and positions are told."""
    with pytest.raises(kind):
        call()
