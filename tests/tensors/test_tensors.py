"""Gradients of networks of rank 3 and 4: right at two assignments of lengths, and in the forms that a person writes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor
from msgrad_ext.formulas.einsum import Einsum

from .base import Case
from .cases import CASES

_DERIVED: dict[str, dict[str, Any]] = {}


def formulas(case: Case) -> dict[str, Any]:
    """The formulas of a case, made once."""
    if case.name not in _DERIVED:
        _DERIVED[case.name] = mg.derive(case.function, shapes=case.shapes, sens="G" if case.sens else None)
    return _DERIVED[case.name]


def samples(case: Case, seed: int, found: dict[str, Any], lengths: dict[str, int]) -> dict[str, np.ndarray]:
    """Samples at ``lengths``; an axis whose letter was given up has the length that the formula says."""
    generator = np.random.default_rng(seed)
    values = {}
    for name, letters in case.shapes.items():
        known = found[name].shape if name in found else letters
        shape = [int(n) if getattr(n, "is_Integer", False) else lengths.get(x, x) for n, x in zip(known, letters)]
        values[name] = generator.uniform(case.low, case.high, shape)
    return values


def slope(case: Case, values: dict[str, np.ndarray], weight: Any, name: str, direction: np.ndarray) -> float:
    """The central difference of the weighted output along a direction."""
    ends = [np.sum(weight * output(case, {**values, name: values[name] + step * direction})) for step in (1e-5, -1e-5)]
    return (ends[0] - ends[1]) / 2e-5


def output(case: Case, values: dict[str, np.ndarray]) -> np.ndarray:
    """What the network computes in float64."""
    return case.function(*(Tensor(value) for value in values.values())).asnumpy()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gradients_are_right(case: Case) -> None:
    """Each gradient is what central differences say, at two assignments of lengths; einsum computes the same."""
    found = formulas(case)
    for seed, lengths in enumerate(case.sizes):
        values = samples(case, seed, found, lengths)
        weight = np.random.default_rng(seed).uniform(0.5, 1.5, output(case, values).shape) if case.sens else 1.0
        given = {**values, **({"G": weight} if case.sens else {})}
        for name, formula in found.items():
            value = formula.evaluate(given)
            for number in range(4):
                direction = np.random.default_rng(number).uniform(-1, 1, value.shape)
                expected = slope(case, values, weight, name, direction)
                assert np.sum(value * direction) == pytest.approx(expected, rel=1e-6, abs=1e-6), name
            if isinstance(formula.einsum, Einsum):
                assert np.allclose(formula.einsum.evaluate(given), value, rtol=1e-9, atol=1e-9), name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_forms_are_shown(case: Case) -> None:
    """Each gradient has a form and an indexed sum that passed their trial; where the case says one, it is that."""
    for name, formula in formulas(case).items():
        assert "..." not in formula.text and "..." not in formula.indexed.text
        assert not [note for note in formula.notes if "refused" in note or "not confirmed" in note]
        if name in case.by:
            assert formula.text == case.by[name]
