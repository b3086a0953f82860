"""Gradients element by element: the matrices of the tutorial's companion page, steps with shared parts, and limits."""

from __future__ import annotations

import re

import numpy as np
import pytest

import msgrad_ext as mg
import msgrad_ext.formulas.elements as module
from msgrad_ext import Parameter, Tensor, errors, nn, ops
from msgrad_ext.formulas.writer import derive_formulas
from msgrad_ext.symbolic.unrolled import scalar_operations

from ..symbolic.cases import CASES, arrays, graph_of

X = np.array([[0.8, 0.6, 0.2], [1.8, 1.3, 1.1]])
Y = np.array([[0.11, 3.3, 1.1], [1.1, 0.2, 1.4], [1.1, 2.2, 0.3]])


class Tutorial(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.matmul = ops.MatMul()
        self.z = Parameter(Tensor(np.array([1.0], np.float32)), name="z")

    def construct(self, x, y):  # type: ignore[no-untyped-def]
        x = x * self.z
        out = self.matmul(x, y)
        return out  # noqa: RET504 (as in the tutorial)


class Classifier(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Dense(3, 4), nn.Dense(4, 2)

    def construct(self, x):  # type: ignore[no-untyped-def]
        return ops.log_softmax(self.fc2(ops.tanh(self.fc1(x))), -1).sum()


def test_the_matrices_of_the_companion_page() -> None:
    """At the shapes of the cell, the gradients of z * x @ y are the formulas that the page prints, entry by entry."""
    report = mg.check(Tutorial(), X, Y)
    x, y, z = (report.formula(name).elements() for name in ("x", "y", "z"))
    assert x.text.split("\n")[:3] == [
        f"x_bar_{{1,{k}}} = z (y_{{{k},1}} + y_{{{k},2}} + y_{{{k},3}})" for k in (1, 2, 3)
    ]
    assert y.text.split("\n")[::3] == [f"y_bar_{{{k},1}} = z (x_{{1,{k}}} + x_{{2,{k}}})" for k in (1, 2, 3)]
    rows = " + ".join(f"(x_{{1,{k}}} + x_{{2,{k}}}) (y_{{{k},1}} + y_{{{k},2}} + y_{{{k},3}})" for k in (1, 2, 3))
    assert z.text == f"z_bar = {rows}"
    assert x.latex.startswith("\\bar{X} = \\begin{bmatrix}\nz (y_{1,1} + y_{1,2} + y_{1,3}) & ")
    assert (x.operations, y.operations, z.operations) == (18, 18, 14)
    for name, one in (("x", x), ("y", y), ("z", z)):
        assert one.steps == ()
        np.testing.assert_allclose(one.evaluate({"x": X, "y": Y, "z": np.ones(1)}), report[name].value, rtol=1e-6)


def test_the_weight_of_the_output_has_elements_too() -> None:
    """What was given for it in the cell is used."""
    sens = np.array([[1.0, -2.0, 0.5], [0.5, 3.0, 1.0]])
    found = mg.check(lambda x, y: ops.matmul(x, y), X, Y, sens=sens).formula("x").elements()
    assert "g_{1,1} y_{1,1} + g_{1,2} y_{1,2} + g_{1,3} y_{1,3}" in found.text
    np.testing.assert_allclose(found.evaluate({"x": X, "y": Y}), sens @ Y.T, rtol=1e-12)


def test_a_larger_gradient_is_a_list_of_steps() -> None:
    """Each step is used by those after it, a part that several need is a step, and every name is defined before."""
    formula = mg.derive(Classifier(), {"x": ("n", 3)})["fc1.weight"]
    found = formula.elements({"n": 2, "m": 2, "k": 4})
    texts = [one.text for one in (*found.steps, *found.entries)]
    assert sum(text.startswith("t") for text in texts) == 10
    assert all(sum(f"exp(V5_{{{i},{j}}})" in text for text in texts) == 1 for i in (1, 2) for j in (1, 2, 3, 4))
    defined = {"x", "W_1", "W_2", "b_1", "b_2", "tanh", "exp"}
    for text in texts:
        left, right = text.split(" = ", 1)
        for word in re.findall(r"[A-Za-z]\w*?(?:_\{[\d,]+\}|\b)", right):
            assert word in defined or word.split("_{")[0] in defined, text
        defined.add(left)
    assert len(found.entries) == 6 and 100 < found.operations < 200


@pytest.mark.parametrize("name", [name for name in sorted(CASES)[::7] if "ReduceMax ()" not in name])
def test_elements_of_many_ops_agree_with_the_derivation(name: str) -> None:
    """They are compared before they are given out; here they are asked for, and computed once more."""
    function, shapes = CASES[name]
    samples = arrays(*shapes, seed=3)
    graph = graph_of(function, *samples)
    found = derive_formulas(graph, {var: var.name for var in graph.inputs}, graph.inputs, None, "G")
    values = {var.name: sample for var, sample in zip(graph.inputs, samples)}
    values["G"] = np.random.default_rng(0).uniform(0.3, 1.7, graph.outputs[0].shape)
    for formula in found.values():
        sizes = {
            str(n): size
            for key, given in formula.derivation.inputs.items()
            for n, size in zip(formula.derivation.shapes[key], values[given].shape)
            if n.is_Symbol
        }
        elements = formula.elements(sizes, limit=5_000)
        np.testing.assert_allclose(elements.evaluate(values), formula.evaluate(values), rtol=1e-9, atol=1e-12)


def test_what_is_too_long_is_refused_at_once() -> None:
    """The refusal says what is not shown, at what lengths, and what to do."""
    formula = mg.derive(Classifier(), {"x": ("n", 3)})["x"]
    with pytest.raises(errors.NotSupportedError, match=r"at k = 4, m = 2, n = 1000 is not shown: it has 3000 entries"):
        formula.elements({"n": 1000, "m": 2, "k": 4})
    with pytest.raises(errors.NotSupportedError, match=r"operations .* and the limit is 50"):
        formula.elements({"n": 2, "m": 2, "k": 4}, limit=50)
    total = mg.derive(lambda x, y: (x @ y).sum(), {"x": ("m", "k"), "y": ("k", "n")})["x"]
    with pytest.raises(errors.NotSupportedError, match="more than 2000 operations"):
        total.elements({"m": 1, "k": 1, "n": 10**7})


def test_lengths_are_checked() -> None:
    """Each letter needs a positive int, and no other name is taken."""
    formula = mg.derive(lambda x, y: x @ y, {"x": ("m", "k"), "y": ("k", "n")})["x"]
    for sizes in (
        {"m": 2, "k": 3},
        {"m": 2, "k": 3, "n": 0},
        {"m": 2, "k": 3, "n": 2, "q": 1},
        {"m": 2.0, "k": 1, "n": 1},
    ):
        with pytest.raises(errors.ArgumentValueError, match="a positive int for each of k, m, n"):
            formula.elements(sizes)


def test_elements_that_depend_on_data_are_refused() -> None:
    """Which elements a gather reads is not known without the places."""
    formula = mg.check(lambda x, i: ops.gather(x, i, 0).sum(), X, Tensor(np.array([1, 0], np.int32))).formula("x")
    with pytest.raises(errors.NotSupportedError, match="read from an array"):
        formula.elements()


def test_wrong_elements_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted mistake is seen by the comparison with the derivation."""
    monkeypatch.setattr(module, "tidied", lambda expr: expr * 2)
    with pytest.raises(errors.EngineError, match="did not agree"):
        mg.check(Tutorial(), X, Y).formula("x").elements()


def test_a_minus_is_no_operation() -> None:
    """The count is of sums, products, quotients, powers and functions."""
    import sympy

    a, b = sympy.symbols("a b")
    assert scalar_operations(a - b) == 1 and scalar_operations(a / b) == 1 and scalar_operations(-a) == 0
