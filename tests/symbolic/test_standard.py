"""`Formula.sympy` is standard SymPy: its elements, with numbers put in, are what `Formula.evaluate` gives."""

import itertools

import numpy as np
import pytest
import sympy

import msgrad_ext as mg
from msgrad_ext.errors import NotSupportedError
from msgrad_ext.formulas.writer import derive_formulas

from .cases import CASES, arrays, fn, graph_of

LARGEST = [name for name in CASES if name.startswith("ReduceMax")]
OWN = "msgrad_ext"


def value(found, values, sizes, place):
    """One element of a formula: lengths, indices, then the arrays' elements replaced by numbers."""
    at = {i: number for i, number in zip(found.indices, place) if i != 0}
    expr = found.sympy.subs(sizes).subs(at).doit()
    numbers = {}
    for atom in expr.atoms(sympy.Indexed):
        numbers[atom] = sympy.Float(values[atom.base.label.name][tuple(map(int, atom.indices))], 17)
    for atom in expr.atoms(sympy.Symbol):
        if atom.name in values and not np.shape(values[atom.name]):
            numbers[atom] = sympy.Float(values[atom.name], 17)
    return float(expr.xreplace(numbers))


@pytest.mark.parametrize("name", [name for name in CASES if name not in LARGEST and name != "mlp"])
def test_elements_are_the_gradient(name):
    """Each case's gradients, element by element (a few of each), by SymPy's own substitution."""
    function, shapes = CASES[name]
    samples = arrays(*shapes, seed=7)
    graph = graph_of(function, *samples)
    formulas = derive_formulas(graph, {var: var.name for var in graph.inputs}, graph.inputs, None, "G")
    weight = np.random.default_rng(2).normal(size=graph.outputs[0].shape)
    values = {var.name: array for var, array in zip(graph.inputs, samples)} | {"G": weight}
    sizes = {}
    for key, given in next(iter(formulas.values())).derivation.inputs.items():
        sizes |= dict(zip(formulas[graph.inputs[0].name].derivation.shapes[key], values[given].shape))
    sizes = {n: k for n, k in sizes.items() if n.is_Symbol}
    for var in graph.inputs:
        found = formulas[var.name]
        expected = found.evaluate(values)
        places = list(itertools.product(*map(range, var.shape)))
        for place in {places[0], places[len(places) // 2], places[-1]}:
            assert value(found, values, sizes, place) == pytest.approx(expected[place], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", [name for name in CASES if name not in LARGEST])
def test_no_class_of_ours(name):
    """No node of a formula's SymPy form is a class of this package."""
    function, shapes = CASES[name]
    graph = graph_of(function, *arrays(*shapes))
    for found in derive_formulas(graph, {var: var.name for var in graph.inputs}, graph.inputs, None, "G").values():
        nodes = list(sympy.preorder_traversal(found.sympy))
        assert not any(type(node).__module__.startswith(OWN) for node in nodes)


def test_users_can_work_with_it():
    """The element of the quadratic form's gradient can be differentiated again by SymPy."""
    found = mg.derive(lambda x, a: (x * (a @ x)).sum(), {"x": ("n",), "a": ("n", "n")}, wrt=["x"])["x"]
    (i,) = found.indices
    x, a = sympy.IndexedBase("x", real=True), sympy.IndexedBase("a", real=True)
    n = next(iter(found.shape))
    element = found.sympy.subs(n, 3).doit()
    assert sympy.diff(element.subs(i, 0), x[1]) == a[0, 1] + a[1, 0]


def test_a_maximum_over_known_and_unknown_lengths():
    """Over three elements the largest is a Max; over an unknown number there is no standard form."""
    known = mg.derive(lambda x: x.amax(0), {"x": (3,)})["x"]
    assert known.sympy.has(sympy.Max)
    values = {"x": np.array([2.0, 5.0, 5.0])}
    got = [value(known, values, {}, (k,)) for k in range(3)]
    assert got == known.evaluate(values).tolist() == [0.0, 0.5, 0.5]
    with pytest.raises(NotSupportedError, match="largest element"):
        _ = mg.derive(lambda x: x.amax(0), {"x": ("n",)})["x"].sympy


def test_constants_are_as_written():
    """A constant 0.1 of the network is one tenth."""
    found = mg.derive(lambda x: fn.sin(x) * 0.1, {"x": ("n",)})["x"]
    assert found.sympy.has(sympy.Rational(1, 10))
