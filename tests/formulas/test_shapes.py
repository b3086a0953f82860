"""Formulas of networks whose code does arithmetic with lengths: right at lengths that no trace had."""

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, ops
from msgrad_ext.errors import MsgradError, NotSupportedError

from .shape_cases import CASES


def slope(network, arrays, directions, step=1e-5):
    """The central difference of a network along a direction."""

    def at(sign):
        return float(network(*(Tensor(a + sign * step * d) for a, d in zip(arrays, directions))).asnumpy())

    return (at(1) - at(-1)) / (2 * step)


def data(case, generator):
    """Inputs in float64 at the lengths of the case."""
    table = case.sizes
    return [
        generator.uniform(0.2, 0.9, [table[n] if isinstance(n, str) else n for n in shape])
        for shape in case.shapes.values()
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_formula_holds_at_other_lengths(case):
    """The formula is the slope of the network at lengths that it was not traced at, and says what they must meet."""
    shapes = case.shapes
    found = mg.derive(case.network, shapes, wrt=list(shapes))
    generator = np.random.default_rng(7)
    arrays = data(case, generator)
    values = dict(zip(shapes, arrays))
    values |= {name: p.asnumpy() for name, p in getattr(case.network, "named_parameters", dict)().items()}
    gradients = [found[name].evaluate(values) for name in shapes]
    for gradient, array in zip(gradients, arrays):
        assert gradient.shape == array.shape
    for _ in range(2):
        directions = [generator.normal(size=array.shape) for array in arrays]
        predicted = sum(float(np.sum(g * d)) for g, d in zip(gradients, directions))
        assert slope(case.network, arrays, directions) == pytest.approx(predicted, rel=2e-6, abs=2e-7)
    notes = {note for formula in found.values() for note in formula.notes}
    assert set(case.notes) <= notes
    assert not any("refused" in note for note in notes)


def test_lengths_that_do_not_meet_a_condition_are_refused():
    """A formula for n >= 3 is not evaluated at n = 2."""
    formula = mg.derive(lambda x: ops.exp(x[:3]).sum(), {"x": ("n",)})["x"]
    with pytest.raises(MsgradError, match=r"for n >= 3, but got n = 2"):
        formula.evaluate({"x": np.ones(2)})


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (lambda x: sum(x[i] ** 2 for i in range(x.shape[0])), "number of its operations"),
        (lambda x: (x if x.shape[0] > 20 else 2 * x).sum(), "long axes"),
        (lambda x: (x * Tensor(np.random.RandomState(0).rand(x.shape[0]).astype(np.float32))).sum(), "a constant"),
    ],
)
def test_what_depends_on_lengths_otherwise_is_refused(network, reason):
    """A network that does other things at other lengths has no formula at symbolic shape."""
    with pytest.raises(NotSupportedError, match=reason):
        mg.derive(network, {"x": ("n",)})


def test_short_axes_that_differ_are_told():
    """Where only short axes make a network do otherwise, the formula says from which length it holds."""
    formula = mg.derive(lambda x: (x if x.shape[0] > 4 else 2 * x).sum(), {"x": ("n",)})["x"]
    assert any(note.startswith("for n >= 5") for note in formula.notes)
    with pytest.raises(MsgradError, match="n >= 5"):
        formula.evaluate({"x": np.ones(3)})
