"""Declared facts: formulas use them and say so, never else; data of which they do not hold are refused."""

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, ops
from msgrad_ext.errors import ArgumentError, ArgumentValueError
from msgrad_ext.formulas.declared import sample, violated
from msgrad_ext.symbolic.facts import WORDS, Facts, read_facts

S, V = ("n", "n"), ("n",)
QUADRATIC = {"x": V, "A": S}


def inverse(a):
    return ops.MatrixInverse()(a)


def entropy(x, y):
    return -(y * ops.log_softmax(x, -1)).sum()


CASES = [
    (lambda x, A: x @ A @ x, QUADRATIC, "x", {"A": "symmetric"}, "2 A x", "A symmetric"),
    (lambda x, A: x @ A @ x, QUADRATIC, "x", {"A": "antisymmetric"}, "0", "A antisymmetric"),
    (lambda x, A: x @ A @ x, QUADRATIC, "x", {"A": "diagonal"}, "2 A x", "A diagonal"),
    (lambda x, A: x @ inverse(A) @ x, QUADRATIC, "x", {"A": "symmetric"}, "2 A^-1 x", "A symmetric"),
    (lambda A: ops.logdet(A), {"A": S}, "A", {"A": "spd"}, "A^-1", "A symmetric positive definite"),
    (lambda A: ops.logdet(A), {"A": S}, "A", {"A": "orthogonal"}, "A", "A with orthonormal columns"),
    (
        lambda Q, x: ((Q @ x) ** 2).sum(),
        {"Q": ("m", "n"), "x": V},
        "x",
        {"Q": "orthogonal"},
        "2 x",
        "Q with orthonormal columns",
    ),
    (entropy, {"x": V, "y": V}, "x", {"y": "one-hot"}, "softmax(x) - y", "y one-hot"),
    (
        entropy,
        {"x": ("m", "n"), "y": ("m", "n")},
        "x",
        {"y": "rows sum to one"},
        "softmax(X) - Y",
        "rows of Y that sum to one",
    ),
    (lambda x, y: (x * y * y).sum(), {"x": V, "y": V}, "x", {"y": "one-hot"}, "y", "y one-hot"),
    (lambda x: ops.abs(x).sum(), {"x": V}, "x", {"x": "positive"}, "1_n", "x positive"),
    (lambda x, w: (x * x).sum() * (x @ w), {"x": V, "w": V}, "w", {"x": "unit norm"}, "x", "x of norm 1"),
]


@pytest.mark.parametrize(("network", "shapes", "by", "assume", "right", "under"), CASES)
def test_formula_uses_what_is_declared(network, shapes, by, assume, right, under):
    """With a fact the formula is the short one, and says what it rests on; without, it is another and says nothing."""
    found = mg.derive(network, shapes, assume=assume)[by]
    assert found.text == f"{found.text.split(' = ')[0]} = {right}  (for {under})"
    assert f"\\text{{for {under}}}" in found.latex and f"shown for {under.replace('Y', 'y')}" in found.notes
    free = mg.derive(network, shapes)[by]
    assert " (for " not in free.text and free.text != found.text.split("  (")[0]


@pytest.mark.parametrize(("network", "shapes", "by", "assume", "right", "under"), CASES)
def test_evaluation_assumes_nothing(network, shapes, by, assume, right, under):
    """At arrays of which the facts do not hold, the value is still that of the formula without them."""
    generator = np.random.default_rng(3)
    sizes = {"m": 4, "n": 3}
    values = {name: generator.uniform(0.3, 1.4, [sizes[n] for n in shape]) for name, shape in shapes.items()}
    given, free = (mg.derive(network, shapes, assume=one)[by].evaluate(values) for one in (assume, None))
    assert np.array_equal(given, free)


def test_nothing_is_assumed_by_itself():
    """Even where an op expects labels that sum to one, a formula at symbolic shape is for all labels."""
    found = mg.derive(
        lambda x, y: ops.SoftmaxCrossEntropyWithLogits()(x, y)[0].sum(), {"x": ("m", "n"), "y": ("m", "n")}, wrt=["x"]
    )["x"]
    assert found.text == "X_bar = diag(Y 1_n) softmax(X) - Y"


def test_a_fact_that_is_not_used_is_not_named():
    """A formula that a fact does not shorten does not mention it."""
    found = mg.derive(lambda x, A: x @ A @ x, QUADRATIC, assume={"A": "symmetric"})["A"]
    assert found.text == "A_bar = x x^T" and not any("symmetric" in note for note in found.notes)


@pytest.mark.parametrize("word", WORDS)
def test_samples_are_what_was_declared(word):
    """A random array made into one of a kind is of that kind."""
    array = np.random.default_rng(1).uniform(-1, 1, (4, 4))
    assert violated(word, sample(array, Facts({"A": (word,)}), "A")) is None


@pytest.mark.parametrize("word", WORDS)
def test_other_data_is_seen(word):
    """An array that is not of a kind is told, with a reason."""
    assert violated(word, np.array([[1.0, -2.0, 0.5], [3.0, -4.0, 0.1], [1.0, 1.0, -7.0]])) is not None


def test_check_refuses_data_that_differ():
    """Data of which a declared fact does not hold are an error that names the place."""
    x, a = Tensor(np.ones(2, np.float32)), Tensor(np.array([[1, 2], [3, 4]], np.float32))
    with pytest.raises(ArgumentValueError, match=r"A is declared symmetric, but element \[0, 1\]"):
        mg.check(lambda x, A: x @ A @ x, x, a, assume={"A": "symmetric"})


def test_check_takes_facts_for_its_formulas():
    """A report's formula uses what was declared, once the data were seen to be so."""
    x, a = Tensor(np.ones(2, np.float32)), Tensor(np.array([[1, 2], [2, 4]], np.float32))
    report = mg.check(lambda x, A: x @ A @ x, x, a, assume={"A": ["symmetric"]})
    assert report.verdict == "agree" and report.formula("x").text == "x_bar = 2 A x  (for A symmetric)"
    assert "for A symmetric" in report.export("latex")


@pytest.mark.parametrize(
    ("assume", "message"),
    [
        ({"A": "symetric"}, "Did you mean 'symmetric'"),
        ({"B": "symmetric"}, "there is no B"),
        ({"x": "symmetric"}, "must be square"),
        ({"A": ("symmetric", "antisymmetric")}, "can not be both"),
        ({"A": "diagonal, positive"}, "can not be both"),
    ],
)
def test_wrong_facts_are_refused(assume, message):
    """A word, a name or a shape that does not fit is an error with a suggestion."""
    with pytest.raises(ArgumentValueError, match=message):
        mg.derive(lambda x, A: x @ A @ x, QUADRATIC, assume=assume)


@pytest.mark.parametrize("assume", ["A", {"A": 3}, {"A": [None]}])
def test_facts_of_another_form_are_refused(assume):
    """Facts are words by name."""
    with pytest.raises(ArgumentError):
        read_facts(assume)
