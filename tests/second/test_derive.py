"""`mg.derive` at order 2: what it gives, what it refuses, and that nothing wrong is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import Symbol

import msgrad_ext as mg
from msgrad_ext import Parameter, Tensor, errors, nn, ops
from msgrad_ext.formulas import second_writer
from msgrad_ext.formulas.second_trial import SecondTrial
from msgrad_ext.symbolic.combine import combined
from msgrad_ext.symbolic.functions import Exp
from msgrad_ext.symbolic.nodes import Entry, Total, index, length

SHAPES = {"x": ("n",), "A": ("n", "n")}
FACTORS = {"U": ("m", "k"), "V": ("n", "k"), "Y": ("m", "n")}


def quadratic(x: Any, A: Any) -> Any:
    """``x^T A x``."""
    return (x * (A @ x)).sum()


def factorised(U: Any, V: Any, Y: Any) -> Any:
    """The squared error of a factorisation."""
    return ((U @ V.T - Y) ** 2).sum()


class Layer(nn.Cell):
    """A linear layer with a parameter, squared."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = Parameter(Tensor(np.ones((3,), np.float32)), name="weight")

    def construct(self, x: Any) -> Any:
        return (ops.sigmoid(x @ self.weight)).sum()


def test_pairs() -> None:
    """The blocks are keyed by all ordered pairs, and a block has the axes of its first array and then of its second."""
    hessian = mg.derive(quadratic, SHAPES, order=2)
    assert list(hessian) == [("x", "x"), ("x", "A"), ("A", "x"), ("A", "A")]
    assert [str(n) for n in hessian["x", "A"].shape] == ["n", "n", "n"]
    assert ("x", "y") not in hessian and hessian.get(("x", "y")) is None


def test_unknown_pair() -> None:
    """A pair that is none is refused with the choices."""
    with pytest.raises(errors.UnknownNameError, match=r"\('x', 'A'\)"):
        mg.derive(quadratic, SHAPES, order=2)["x"]  # type: ignore[index]


def test_latex() -> None:
    """A block's LaTeX names both arrays."""
    block = mg.derive(quadratic, SHAPES, order=2)["x", "x"]
    assert block.latex == r"\nabla^2_{x, x} = A + A^\top"
    assert mg.derive(quadratic, SHAPES, order=2)["x", "A"].latex.startswith(r"(\nabla^2_{x, A})_{i, j, l} = ")


def test_sympy() -> None:
    """A block has a SymPy element over an index for each axis."""
    block = mg.derive(quadratic, SHAPES, order=2)["x", "x"]
    assert str(block.sympy) == "A[i, j] + A[j, i]"


def test_parameters() -> None:
    """Parameters have blocks too."""
    hessian = mg.derive(Layer(), {"x": ("n", 3)}, order=2)
    assert (
        hessian["weight", "weight"].text.startswith("∇^2_{w, w} = x^T diag(")
        or "X^T diag(" in hessian["weight", "weight"].text
    )


def test_weighted_output() -> None:
    """An output that is no scalar is weighted by a symbol."""
    block = mg.derive(lambda x: x**3, {"x": ("n",)}, sens="G", order=2)["x", "x"]
    assert block.text == "∇^2_{x, x} = 6 diag(G ⊙ x)"
    assert np.array_equal(block.evaluate({"x": np.array([1.0, 2.0]), "G": np.array([3.0, 4.0])}), np.diag([18.0, 48.0]))


def test_directions() -> None:
    """One array moves along the symbol itself, several along symbols with their names, and a mapping says which move."""
    one = mg.derive(quadratic, SHAPES, wrt=["x"], order=2, direction="V")
    assert {name: formula.text for name, formula in one.items()} == {"x": "∇^2_{x, x} V = (A + A^T) V"}
    both = mg.derive(quadratic, SHAPES, order=2, direction="V")["A"]
    assert both.text.startswith("∇^2_{A, x}[V_x] + ∇^2_{A, A}[V_A] = ")
    alone = mg.derive(quadratic, SHAPES, wrt=["A"], order=2, direction={"x": "D"})
    values = {"x": np.array([1.0, 2.0]), "A": np.eye(2), "D": np.array([1.0, 0.0])}
    assert np.array_equal(alone["A"].evaluate(values), [[2.0, 2.0], [2.0, 0.0]])


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (errors.ArgumentValueError, {"order": 3}),
        (errors.ArgumentValueError, {"order": True}),
        (errors.ArgumentValueError, {"direction": "V"}),
        (errors.ArgumentValueError, {"order": 2, "direction": {"x": "A"}}),
        (errors.ArgumentValueError, {"order": 2, "direction": {"x": "D", "A": "D"}}),
        (errors.ArgumentValueError, {"order": 2, "direction": {}}),
        (errors.ArgumentValueError, {"order": 2, "direction": "G", "sens": "G", "wrt": "x"}),
        (errors.ArgumentError, {"order": 2, "direction": 1}),
        (ValueError, {"order": 2, "direction": {"z": "D"}}),
    ],
)
def test_refused(kind: type[Exception], given: dict[str, Any]) -> None:
    """Another order, and a direction that can not be one, are refused."""
    with pytest.raises(kind):
        mg.derive(quadratic, SHAPES, **given)


def test_missing_value() -> None:
    """A value that the block needs and does not get is named."""
    with pytest.raises(errors.UnknownNameError, match="none of A"):
        mg.derive(quadratic, SHAPES, order=2)["x", "x"].evaluate({"x": np.ones(3)})


def test_compressed_form() -> None:
    """A block of four axes has its product with a direction as a formula in matrices."""
    block = mg.derive(factorised, FACTORS, wrt=["U", "V"], order=2)["U", "U"]
    assert block.product.text == "∇^2_{U, U}[V_1] = 2 V_1 V^T V"
    generator = np.random.default_rng(0)
    values = {
        "U": generator.normal(size=(3, 2)),
        "V": generator.normal(size=(4, 2)),
        "Y": generator.normal(size=(3, 4)),
    }
    direction = generator.normal(size=(3, 2))
    wanted = np.tensordot(block.evaluate(values), direction, 2)
    assert np.allclose(block.product.evaluate({**values, "V_1": direction}), wanted, rtol=1e-13)


def test_kronecker_form() -> None:
    """Kronecker products count elements row by row, and K turns vec(A) into vec(A^T)."""
    hessian = mg.derive(factorised, FACTORS, wrt=["U", "V"], order=2)
    assert str(hessian["U", "U"].kronecker) == "∇^2_{vec(U), vec(U)} = 2 (I_m ⊗ (V^T V))"
    assert str(hessian["U", "V"].kronecker).endswith("2 (U ⊗ V^T) K_{n, k}")
    generator = np.random.default_rng(0)
    U, V, Y = generator.normal(size=(3, 2)), generator.normal(size=(4, 2)), generator.normal(size=(3, 4))
    turn = np.zeros((8, 8))
    for row in range(4):
        for column in range(2):
            turn[column * 4 + row, row * 2 + column] = 1
    wanted = 2 * np.kron(U @ V.T - Y, np.eye(2)) + 2 * np.kron(U, V.T) @ turn
    found = hessian["U", "V"].evaluate({"U": U, "V": V, "Y": Y}).reshape(6, 8)
    assert np.allclose(found, wanted, rtol=1e-13)


def test_no_kronecker_form() -> None:
    """Where an index joins what would have to stand apart there are no Kronecker products."""
    assert mg.derive(lambda X: ops.exp(X).sum(), {"X": ("m", "n")}, order=2)["X", "X"].kronecker is None


def test_other_letter_for_commutation() -> None:
    """The commutation matrix does not go by the name of an array."""
    block = mg.derive(lambda K: ops.trace(K @ K), {"K": ("n", "n")}, order=2)["K", "K"]
    assert str(block.kronecker) == "∇^2_{vec(K), vec(K)} = 2 (I_n ⊗ I_n) T_{n, n}"


def test_wrong_simplification_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simplification that changes the value is refused, and the block stays right."""
    right = second_writer.combined
    monkeypatch.setattr(second_writer, "combined", lambda expr, flips=None: 2 * right(expr))
    block = mg.derive(lambda x: (x**5).sum() / 7, {"x": ("n",)}, order=2)["x", "x"]
    assert np.allclose(block.evaluate({"x": np.array([2.0])}), 20 * 8 / 7)
    assert "20" in block.text


def test_wrong_derivative_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where differences of the gradient do not give the second derivative, nothing is shown."""
    right = SecondTrial.slopes
    monkeypatch.setattr(SecondTrial, "slopes", lambda self, *given: [1.01 * one for one in right(self, *given)])
    with pytest.raises(errors.NotSupportedError, match="central differences"):
        mg.derive(lambda x: (x**5).sum(), {"x": ("n",)}, order=2)


def test_constant_operand() -> None:
    """An operand that is constant by convention has second derivative 0."""
    hessian = mg.derive(lambda x: (x * ops.stop_gradient(x)).sum(), {"x": ("n",)}, order=2)
    assert hessian["x", "x"].text == "∇^2_{x, x} = 0"


@pytest.mark.parametrize(
    "net",
    [
        lambda x: ops.softmax(x, (0, 1)).sum(),
        lambda x: (lambda c: (c / ops.sqrt((c * c).mean(-1, True) + 1)).sum())(x - x.mean(-1, True)),
        lambda x: (ops.tanh(x) - 2 * ops.sigmoid(2 * x)).sum(),
    ],
)
def test_zero_is_printed_as_zero(net: Any) -> None:
    """A gradient that is 0 everywhere prints 0, at first and at second order."""
    assert mg.derive(net, {"x": ("m", "n")})["x"].text == "X_bar = 0"
    report = mg.check(net, Tensor(np.random.default_rng(0).normal(size=(3, 4))), order=2)
    assert report.formula("x").text == "X_bar = 0"


def test_small_is_not_zero() -> None:
    """A gradient that is small but not 0 is not printed as 0, nor one that is 0 on one side of a kink only."""
    for small in (1e-30, 1e-60, 1e-120):
        assert mg.derive(lambda x, small=small: (x**3).sum() * small, {"x": ("n",)}, wrt=["x"])["x"].text != "x_bar = 0"
    assert mg.derive(lambda x: ops.relu(x - 100).sum(), {"x": ("n",)})["x"].text != "x_bar = 0"


def test_same_text_in_any_order() -> None:
    """What is read first does not change what is printed."""
    one, other = (mg.derive(factorised, FACTORS, wrt=["U", "V"], order=2) for _ in range(2))
    forth = [one[pair].text for pair in one]
    back = [other[pair].text for pair in reversed(list(other))]
    assert forth == back[::-1]


def test_joining_terms_keeps_inner_sums_apart() -> None:
    """Terms are joined without giving one name to two sums, one of which stands in the other."""
    i, j, k, q, r = (index(name) for name in ("i0", "i1", "k0", "k2", "k3"))
    n, m = length("n"), length("m")
    a, w, t = map(Symbol, "awt")
    above = Exp(Total(Entry(a, k, q) * Entry(w, q, j), ((q, m),)))
    below = Total(Exp(Total(Entry(a, k, r) * Entry(w, r, q), ((r, m),))), ((q, n),))
    found = combined(Total((above / below - Entry(t, k, j)) * Entry(a, k, i), ((k, n),)))
    assert all(len(set(entry.indices)) == 2 for entry in found.atoms(Entry))
