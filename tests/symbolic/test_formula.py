"""Formulas: what is shown, that it is checked before, and that names are data."""

import numpy as np
import pytest
from sympy import Integer

import msgrad_ext.formulas.writer as formula_module
from msgrad_ext.formulas import kept
from msgrad_ext.formulas.writer import Writer, derive_formulas
from msgrad_ext.ir import Eqn, Graph, Var
from msgrad_ext.symbolic.lines import derive
from msgrad_ext.symbolic.names import ACCENTS, Names, input_names
from msgrad_ext.symbolic.notation import Node, scaled

from .cases import CASES, OPS, arrays, fn, graph_of


def formulas(function, *shapes, sens=None, letters=None):
    graph = graph_of(function, *arrays(*shapes))
    return derive_formulas(graph, {var: var.name for var in graph.inputs}, graph.inputs, letters, sens)


GOLDEN = [
    ("tutorial", "G", "x", r"\bar{X} = z G Y^\top"),
    ("tutorial", "G", "y", r"\bar{Y} = z X^\top G"),
    ("tutorial", None, "x", r"\bar{X} = z \mathbf{1}_m \mathbf{1}_n^\top Y^\top"),
    ("quadratic form", None, "x", r"\bar{x} = (A + A^\top) x"),
    ("quadratic form", None, "a", r"\bar{A} = x x^\top"),
]


@pytest.mark.parametrize(("case", "sens", "name", "latex"), GOLDEN)
def test_formula_is_what_a_person_writes(case, sens, name, latex):
    """Closed forms of well-known gradients, in denominator layout."""
    function, shapes = CASES[case]
    assert formulas(function, *shapes, sens=sens)[name].latex == latex


def test_cross_entropy_is_softmax_minus_labels():
    """The gradient of the mean cross entropy shows softmax minus labels, with the assumption in a note."""
    found = formulas(lambda a, w, b: OPS["SoftmaxCrossEntropyWithLogits"]()(a @ w, b)[0].mean(), (4, 3), (3, 2), (4, 2))
    assert found["w"].text == "W_bar = 1/m A^T (softmax(A W) - B)"
    assert any("sum to one" in note for note in found["w"].notes)


def test_softmax_is_recognised_in_a_quotient():
    """exp(x) / sum(exp(x)), written out, has the formula of a softmax."""
    by_hand = formulas(lambda x: fn.exp(x) / fn.reduce_sum(fn.exp(x), 1, True), (5, 4), sens="G")
    by_op = formulas(lambda x: fn.softmax(x, -1), (5, 4), sens="G")
    assert by_hand["x"].text == by_op["x"].text


@pytest.mark.parametrize("name", CASES)
def test_every_case_has_a_formula(name):
    """A formula is always found, evaluates to the derivation, and no matrix form is refused."""
    function, shapes = CASES[name]
    samples = arrays(*shapes, seed=3)
    graph = graph_of(function, *samples)
    found = derive_formulas(graph, {var: var.name for var in graph.inputs}, graph.inputs, None, "G")
    weight = np.ones(graph.outputs[0].shape)
    for var, sample in zip(graph.inputs, samples):
        one = found[var.name]
        values = {other.name: array for other, array in zip(graph.inputs, samples)} | {"G": weight}
        assert one.evaluate(values).shape == sample.shape
        assert one.latex.count("{") == one.latex.count("}") and " = " in one.text
        assert not any("refused" in note for note in one.notes), one.text
        assert all(line.text for line in one.lines)


def test_a_wrong_form_is_refused(monkeypatch):
    """A planted error in a matrix form is seen: the indexed form is shown, and a note says so."""
    real = formula_module.to_node
    monkeypatch.setattr(formula_module, "to_node", lambda *args: scaled(Integer(2), [], real(*args)))
    monkeypatch.setattr(kept, "_WRITTEN", {})
    function, shapes = CASES["tutorial"]
    found = formulas(function, *shapes)["x"]
    assert any("refused" in note for note in found.notes)
    assert found.text == "X_bar[i] = z Y 1_n"


def test_letters_of_the_user():
    """Letters that the user gives name the axes."""
    found = formulas(lambda x, y: x @ y, (2, 3), (3, 4), letters={"x": ("s", "t"), "y": ("t", "u")})
    assert [str(n) for n in found["x"].shape] == ["s", "t"]


HOSTILE = ["a$b", "{x}", r"\input{f}", "<img src=x>", "w_1", "w1", "0.weight", "gamma", "x", "X", "lambda", "_", "π"]


def printed(names, rank=0):
    """What an input of each name prints as, in LaTeX and in text."""
    given = Names(())
    input_names(given, {name: name for name in names}, dict.fromkeys(names, rank))
    return {name: (given.found[name].latex(), given.found[name].text()) for name in names}


@pytest.mark.parametrize("rank", [0, 2])
def test_names_are_escaped_and_differ(rank):
    """No markup of a name survives, and no two names print alike."""
    found = printed(HOSTILE, rank)
    for kind in (0, 1):
        assert len({texts[kind] for texts in found.values()}) == len(HOSTILE)
    for name in HOSTILE[:4]:
        assert not set("$<>") & set(found[name][0]) and r"\input" not in found[name][0]


PARAMETERS = [
    ("fc1.weight", 2, r"W_{\mathrm{fc1}}", "W_fc1"),
    ("fc1.bias", 1, r"b_{\mathrm{fc1}}", "b_fc1"),
    ("0.weight", 2, "W_0", "W_0"),
    ("bn.gamma", 1, r"\gamma_{\mathrm{bn}}", "gamma_bn"),
    ("net.0.weight", 2, r"W_{\mathrm{net.0}}", "W_net.0"),
    ("x", 2, "X", "X"),
    ("w_1", 1, "w_1", "w_1"),
    ("loss", 0, r"\mathrm{loss}", "loss"),
]


@pytest.mark.parametrize(("name", "rank", "latex", "text"), PARAMETERS)
def test_parameters_print_as_letters(name, rank, latex, text):
    """A layer's weight is W with the layer as a subscript, and so on; plain names stay."""
    assert printed([name], rank)[name] == (latex, text)


def test_a_taken_letter_leaves_the_full_name():
    """Where two names would print alike, the second has its full name; an array is never called as an axis is."""
    found = printed(["W_fc1", "fc1.weight"], 2)
    assert found["W_fc1"][1] == "W_fc1" and found["fc1.weight"][1] == "fc1.weight"
    names = Names(["m"])
    input_names(names, {"m": "m"}, {"m": 1})
    assert names.found["m"].latex() != "m"


def test_a_name_is_not_a_cotangent():
    """A variable called x_bar does not print as the cotangent of x does."""
    found = printed(["x", "x_bar", "bar.weight"])
    cotangent = Names(())
    input_names(cotangent, {"x": "x"}, {"x": 0})
    marked = {cotangent.found["x"].text([accent]) for accent in ACCENTS}
    assert not marked & {text for _, text in found.values()} and found["bar.weight"][1] != "w_bar"


def test_hostile_names_in_formulas():
    """A parameter may have any name."""
    graph = graph_of(lambda x: x * x, np.ones((2, 3)))
    old = graph.inputs[0]
    var = Var("__import__('os').abort() $<b>", old.shape, old.dtype)
    (eqn,) = graph.eqns
    renamed = Graph((var,), (Eqn(eqn.op, (var, var), eqn.out),), (eqn.out,))
    found = derive_formulas(renamed, {var: var.name}, [var])[var.name]
    assert "$" not in found.latex and "<" not in found.latex and "'" not in found.text


def test_output_does_not_depend_on_what_ran_before():
    """A formula prints the same first and after many others."""
    function, shapes = CASES["mlp"]
    graph = graph_of(function, *arrays(*shapes))
    writer = Writer(derive(graph, graph.inputs), graph)
    keys = list(writer.derivation.gradients.values())
    first = [repr(writer.closed(key)[0]) for key in keys]
    formulas(*[CASES["logistic regression"][0]], *CASES["logistic regression"][1])
    assert [repr(writer.closed(key)[0]) for key in keys] == first
    assert isinstance(writer.closed(keys[0])[0][0], Node)
