"""What is shown: the user's names, lines that say something, and cotangents of different passes."""

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, Tensor, nn, ops
from msgrad_ext.formulas.evaluation import evaluate_lines
from msgrad_ext.formulas.writer import derive_formulas

from .cases import CASES, OPS, arrays, fn, graph_of, slopes


def formulas(function, *shapes, sens=None):
    graph = graph_of(function, *arrays(*shapes))
    return derive_formulas(graph, {var: var.name for var in graph.inputs}, graph.inputs, None, sens)


class Layers(nn.Cell):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Dense(3, 4)
        self.fc2 = nn.Dense(4, 2)

    def construct(self, x):
        h = ops.tanh(self.fc1(x))
        y = self.fc2(h)
        return y  # noqa: RET504 (the name is what is tested)


class Tutorial(nn.Cell):
    def __init__(self):
        super().__init__()
        self.matmul = ops.MatMul()
        self.z = Parameter(Tensor(np.array([1.0], np.float32)), name="z")

    def construct(self, x, y):
        x = x * self.z
        out = self.matmul(x, y)
        return out  # noqa: RET504


def test_lines_of_two_layers():
    """Transposes and copies have no line, parameters are letters, and values have the user's names."""
    found = mg.derive(Layers(), {"x": ("m", 3)})
    assert [line.text for line in found["x"].lines] == [
        "V1 = X W_1^T",
        "V2 = 1_m b_1^T + V1",
        "H = tanh(V2)",
        "V3 = H W_2^T",
        "Y = 1_m b_2^T + V3",
        "Y_bar = 1_m 1_n^T",
        "b_2_bar = Y_bar^T 1_m",
        "W_2_bar = Y_bar^T H",
        "H_bar = Y_bar W_2",
        "V2_bar = (1 - H^⊙2) ⊙ H_bar",
        "b_1_bar = V2_bar^T 1_m",
        "X_bar = V2_bar W_1",
        "W_1_bar = V2_bar^T X",
    ]
    assert r"\bar{W}_1 = \bar{V}_2^\top X" in [line.latex for line in found["x"].lines]
    assert found["fc2.bias"].lines[2].location.text == "h = ops.tanh(self.fc1(x))"


def test_lines_of_two_layers_say_the_gradient():
    """The lines above, computed as they stand, give the derived gradients."""
    found = mg.derive(Layers(), {"x": ("m", 3)})
    x, w1, b1, w2, b2 = arrays((5, 3), (4, 3), (4,), (2, 4), (2,))
    values = {"x": x, "fc1.weight": w1, "fc1.bias": b1, "fc2.weight": w2, "fc2.bias": b2}
    h = np.tanh(np.ones((5, 1)) @ b1[None] + x @ w1.T)
    y_bar = np.ones((5, 2))
    v2_bar = (1 - h**2) * (y_bar @ w2)
    expected = {
        "x": v2_bar @ w1,
        "fc1.weight": v2_bar.T @ x,
        "fc1.bias": v2_bar.T @ np.ones(5),
        "fc2.weight": y_bar.T @ h,
        "fc2.bias": y_bar.T @ np.ones(5),
    }
    for name, array in expected.items():
        np.testing.assert_allclose(found[name].evaluate(values), array, rtol=1e-12)


def test_a_reused_name_has_a_number():
    """In the tutorial's net what is assigned to x, an input's name, is another x; `out` is free."""
    lines = mg.derive(Tutorial(), {"x": ("m", "k"), "y": ("k", "n")})["x"].lines
    assert [line.text for line in lines if line.kind == "forward"] == ["X_1 = z X", "out = X_1 Y"]


def pair(x):
    both = fn.exp(x), x * x
    h = both[0] * both[1]
    h = fn.sin(h)
    several = (h + 1, h + 2)[0]
    return several * fn.cos(h)


def test_only_plain_assignments_name_values():
    """Names are made unique in order; a line that makes several values, or takes one of them, names none."""
    texts = [line.text for line in formulas(pair, (3,))["x"].lines if line.kind == "forward"]
    heads = [text.split(" = ")[0] for text in texts]
    assert heads == ["v1", "v2", "h_1", "h_2", "v3", "v4", "v5"]


def texts_of(report):
    return [line.text for formula in report.formulas.values() for line in formula.lines]


@pytest.mark.parametrize("order", [2, 3])
def test_passes_print_apart(order):
    """No two lines of a nested gradient have the same left side, in LaTeX as in text."""
    x = Tensor(np.array([[0.5, 1.0], [0.25, 2.0]], np.float32))
    tutorial = mg.check(Tutorial(), x, x, order=order)
    cube = mg.check(lambda a: a * a * a, Tensor(np.array(1.5, np.float32)), order=order)
    for report in (tutorial, cube):
        lines = next(iter(report.formulas.values())).lines
        for heads in ([line.text.split(" = ")[0] for line in lines], [line.latex.split(" = ")[0] for line in lines]):
            assert len(set(heads)) == len(heads), heads


def test_second_order_of_the_tutorial():
    """The inner pass has a hat, the outer one a bar, and both can stand on one value."""
    x = Tensor(np.array([[0.5, 1.0], [0.25, 2.0]], np.float32))
    report = mg.check(Tutorial(), x, x, order=2)
    lines = report.formulas["x"].lines
    assert "X_hat = z X_1_hat" in [line.text for line in lines]
    assert r"\bar{\hat{X}} = \mathbf{1}_m \mathbf{1}_k^\top" in [line.latex for line in lines]
    assert r"\bar{X} = z \bar{X}_1 + \hat{X}_1" in [line.latex for line in lines]


TEXTS = [
    (
        "logistic",
        CASES["logistic regression"],
        "w",
        r"\bar{w} = X^\top (\sigma(X w) - t)",
    ),
    (
        "mse",
        ((lambda x, w, t: ((x @ w - t) ** 2).mean()), [(4, 3), (3, 2), (4, 2)]),
        "w",
        r"\bar{W} = \frac{2}{m n} X^\top (X W - T)",
    ),
    (
        "softmax",
        ((lambda x: (fn.softmax(x, -1) * 3).sum() + (fn.softmax(x, -1) ** 2).sum()), [(4, 5)]),
        "x",
        None,
    ),
    (
        "norm",
        ((lambda x: fn.sqrt((x * x).sum())), [(4,)]),
        "x",
        r"\bar{x} = \frac{1}{\lVert x\rVert} x",
    ),
    ("slice", ((lambda a: (a[1:, ::2] ** 2).sum()), [(4, 5)]), "a", None),
]


@pytest.mark.parametrize(("title", "case", "name", "latex"), TEXTS, ids=[text[0] for text in TEXTS])
def test_textbook_forms(title, case, name, latex):
    """Gradients that textbooks print, with the value of the derivation they were checked against beside them."""
    function, shapes = case
    samples = arrays(*shapes)
    graph = graph_of(function, *samples)
    found = derive_formulas(graph, {var: var.name for var in graph.inputs}, graph.inputs)
    values = {var.name: 0.5 * array for var, array in zip(graph.inputs, samples)}
    derivation = found[name].derivation
    expected = slopes(derivation, graph, {**values, "G": np.array(1.0)}, name)
    np.testing.assert_allclose(found[name].evaluate(values), expected, rtol=1e-7, atol=1e-9)
    assert latex is None or found[name].latex == latex
    assert not any("refused" in note for note in found[name].notes)


def test_softmax_pulls_its_value_out():
    """The gradient of a softmax is its value times what is left."""
    assert formulas(lambda x: fn.softmax(x, -1), (4, 5), sens="G")["x"].text == (
        "X_bar = softmax(X) ⊙ (G - (G ⊙ softmax(X)) 1_k 1_k^T)"
    )


def test_slices_and_ties_print_as_indicators():
    """A slice's gradient says where it is not 0, that of a maximum where the largest element stands."""
    slices = formulas(lambda a: a[1:, ::2] ** 2, (4, 5), sens="G")["a"]
    assert slices.text == "A_bar[i, j] = 2 G[i - 1, j/2] A[i, j] 1[2 | j, i >= 1]"
    largest = formulas(lambda a: OPS["ReduceMax"]()(a, 1), (4, 5), sens="G")["a"]
    assert largest.latex == r"\bar{A}_{i, j} = G_i \mathbf{1}[A_{i, j} = \max_l A_{i, l}]"
    assert any("ties share equally" in note for note in largest.notes)


def test_every_name_in_the_lines_is_defined():
    """A value that has no line has no cotangent with a line, though the copy is used beside its source."""
    for function in (
        lambda x: (fn.squeeze(fn.expand_dims(x, 1), 1) * x + fn.squeeze(fn.expand_dims(x, 1), 1).sin()).sum(),
        lambda x: fn.squeeze(fn.expand_dims(fn.exp(x), 1), 1).sin().sum(),
    ):
        lines = formulas(function, (4,))["x"].lines
        heads = [line.text.split(" = ")[0] for line in lines]
        assert {head.removesuffix("_bar") for head in heads if head.endswith("_bar")} <= {"x", *heads}


def test_numbers_that_are_constants():
    """A constant is printed as it was written, and before letters."""
    found = formulas(lambda x: (x * -0.3).sum(), (4,))["x"]
    assert found.latex == r"\bar{x} = -0.3 \mathbf{1}_m"
    assert formulas(lambda x, y: (x * y * 1e-5).sum(0), (4, 3), (3,))["y"].text == "y_bar = 1e-5 X^T 1_m"
    assert formulas(lambda x: (x * 0.1).sum(), (4,))["x"].text == "x_bar = 0.1 1_m"


def test_cancelling_terms_are_equal():
    """The joined form of the logistic gradient has the value of the two terms it came from."""
    function, shapes = CASES["logistic regression"]
    samples = arrays(*shapes)
    graph = graph_of(function, *samples)
    found = derive_formulas(graph, {var: var.name for var in graph.inputs}, graph.inputs)["w"]
    values = {var.name: array for var, array in zip(graph.inputs, samples)}
    x, w, t = samples
    lines = evaluate_lines(found.derivation, values, [found.key])[found.key]
    np.testing.assert_allclose(lines, x.T @ (1 / (1 + np.exp(-x @ w)) - t), rtol=1e-12)
