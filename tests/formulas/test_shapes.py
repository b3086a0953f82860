"""Formulas of networks whose code does arithmetic with lengths: right at lengths that no trace had."""

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor

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
