"""Derived gradients against differences of the meaning, and the numpy voice against the meaning."""

import ast
import pathlib
from fractions import Fraction

import numpy as np
import pytest

import msgrad_ext.symbolic
from msgrad_ext.formulas.evaluation import evaluate_lines, evaluate_local
from msgrad_ext.gradients.grad_operation import GradOperation
from msgrad_ext.registry import OPS
from msgrad_ext.symbolic.lines import derive
from msgrad_ext.voice import evaluate

from .cases import CASES, arrays, fn, graph_of, slopes


def setting(name):
    function, shapes = CASES[name]
    samples = arrays(*shapes)
    graph = graph_of(function, *samples)
    weight = np.random.default_rng(1).normal(size=graph.outputs[0].shape)
    values = {var.name: sample for var, sample in zip(graph.inputs, samples)} | {"G": weight}
    return graph, values


@pytest.mark.parametrize("name", CASES)
def test_gradient_is_the_slope_of_the_meaning(name):
    """The derived gradient of each case is what differences of its forward definition give."""
    graph, values = setting(name)
    derivation = derive(graph, graph.inputs, sens="G")
    found = evaluate_lines(derivation, values)
    for var in graph.inputs:
        expected = slopes(derivation, graph, values, var.name)
        np.testing.assert_allclose(found[derivation.gradients[var]], expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_meaning_is_what_numpy_computes(name):
    """Each forward line gives the value of the op's numpy voice."""
    graph, values = setting(name)
    derivation = derive(graph, graph.inputs, sens="G")
    found = evaluate_lines(derivation, values)
    known = {var: values[var.name] for var in graph.inputs}
    for eqn in graph.eqns:
        operands = [known[atom] if atom in known else atom.value for atom in eqn.inputs]  # noqa: SIM401 - a Var has no value
        known[eqn.out] = evaluate(eqn.op, operands, eqn.out.dtype)
        np.testing.assert_allclose(found[derivation.keys[eqn.out]], known[eqn.out], rtol=1e-12, atol=1e-14)


def test_second_order_of_a_cubic_form():
    """The gradient of sum(grad_x sum(x^2 y)) by x is 2 y, and by y is 2 x."""
    x, y = arrays((5,), (5,))
    graph = graph_of(lambda a, b: GradOperation()(lambda p, q: (p * p * q).sum())(a, b), x, y)
    derivation = derive(graph, graph.inputs)
    found = evaluate_lines(derivation, {var.name: array for var, array in zip(graph.inputs, (x, y))})
    by_x, by_y = (found[derivation.gradients[var]] for var in graph.inputs)
    np.testing.assert_allclose(by_x, 2 * y)
    np.testing.assert_allclose(by_y, 2 * x)


def test_second_order_of_a_layer():
    """The gradient of a squared inner gradient is what differences of the derived inner gradient give."""
    x, w = arrays((5, 4), (4, 3))
    graph = graph_of(lambda a, b: (GradOperation()(lambda p, q: (p @ q).tanh().sum())(a, b) ** 2).sum(), x, w)
    values = {var.name: array for var, array in zip(graph.inputs, (x, w))} | {"G": np.array(1.0)}
    derivation = derive(graph, graph.inputs, sens="G")
    found = evaluate_lines(derivation, values)
    for var in graph.inputs:
        expected = slopes(derivation, graph, values, var.name)
        np.testing.assert_allclose(found[derivation.gradients[var]], expected, rtol=1e-7, atol=1e-7)


def test_constants_get_no_gradient():
    """Labels of the cross entropy and what stop_gradient returns are constants, and a note says so."""
    x, t = arrays((4, 3), (4, 3))
    graph = graph_of(lambda a, b: OPS["SoftmaxCrossEntropyWithLogits"]()(a, b)[0].sum(), x, t)
    derivation = derive(graph, graph.inputs)
    found = evaluate_lines(derivation, {var.name: array for var, array in zip(graph.inputs, (x, t))})
    e = np.exp(x)
    expected = e / e.sum(1, keepdims=True) * t.sum(1, keepdims=True) - t
    np.testing.assert_allclose(found[derivation.gradients[graph.inputs[0]]], expected, atol=1e-14)
    assert not found[derivation.gradients[graph.inputs[1]]].any()
    assert any("no gradient to its operand labels" in note for note in derivation.notes)


@pytest.mark.parametrize(
    ("name", "at", "slope"),
    [("ReLU", 0.0, 0.0), ("Abs", 0.0, 0.0), ("ReLU", 2.0, 1.0), ("Abs", -2.0, -1.0)],
)
def test_kinks_follow_the_convention(name, at, slope):
    """At 0 relu and the absolute value have slope 0."""
    assert evaluate_local(OPS[name](), [np.array([at])], 0, np.array([1.0])) == [slope]


def test_ties_are_shared():
    """Equal operands of a maximum get half each; equal largest elements share equally."""
    same = np.array([2.0, 1.0])
    assert (evaluate_local(OPS["Maximum"](), [same, same], 0, np.ones(2)) == 0.5).all()
    graph = graph_of(lambda a: OPS["ReduceMax"]()(a, 0), np.array([3.0, 1.0, 3.0]))
    derivation = derive(graph, graph.inputs)
    found = evaluate_lines(derivation, {graph.inputs[0].name: np.array([3.0, 1.0, 3.0])})
    assert found[derivation.gradients[graph.inputs[0]]].tolist() == [0.5, 0.0, 0.5]


def test_long_chains_need_no_recursion():
    """Lines of ten thousand ops are built within the recursion limit."""

    def chain(a):
        for _ in range(10_000):
            a = fn.sin(a)
        return a

    graph = graph_of(chain, np.array([0.5]))
    assert len(derive(graph, graph.inputs).lines) == 20_001


def test_symbolic_road_never_imports_numpy():
    """No file of the symbolic road imports numpy or reads a rule."""
    for path in pathlib.Path(msgrad_ext.symbolic.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text())
        nodes = list(ast.walk(tree))
        names = {a.name.split(".")[0] for n in nodes if isinstance(n, ast.Import) for a in n.names}
        names |= {(n.module or "").split(".")[0] for n in nodes if isinstance(n, ast.ImportFrom) and not n.level}
        attributes = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        assert "numpy" not in names | attributes and "vjp" not in attributes, path.name


def test_exact_numbers_stay_exact():
    """On fractions, values and gradients of the tutorial's net and of relu are fractions or whole numbers."""
    graph = graph_of(lambda x, y, z: fn.relu((x * z) @ y / 3).sum(), *arrays((2, 3), (3, 3), (1,)))
    derivation = derive(graph, graph.inputs)
    values = {}
    for var in graph.inputs:
        values[var.name] = np.array([Fraction(k + 1, 7) for k in range(int(np.prod(var.shape)))], object)
        values[var.name] = values[var.name].reshape(var.shape)
    found = evaluate_lines(derivation, values)
    for var in graph.inputs:
        kinds = {type(one) for one in found[derivation.gradients[var]].flat}
        assert kinds <= {Fraction, int}, kinds
