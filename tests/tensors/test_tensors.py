"""Gradients of networks of rank 3 and 4: right at two assignments of lengths, and in the forms that a person writes."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, ops
from msgrad_ext.formulas.each_value import each_value
from msgrad_ext.formulas.einsum import Einsum

from ..formulas.mutations import mutants
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


def test_mistakes_are_refused() -> None:
    """A wrong sign, factor, transpose or index in a form with letters is seen before the form is shown."""
    generator, tried = random.Random(7), 0
    for case in CASES[::6]:
        for formula in formulas(case).values():
            node, trial, shape = formula.equation.right, formula.writer.trial, formula.shape
            if node.kind != "each" or formula.equation.where:
                continue
            samples = trial.samples()
            sizes = trial.sampler.full({key: samples[key] for key in formula.derivation.inputs})
            wrongs = list(mutants(node.args[0]))
            for _, wrong in generator.sample(wrongs, min(4, len(wrongs))):
                form = replace(node, args=(wrong,), shape=wrong.shape)
                try:
                    found = each_value(form, samples, sizes, shape)
                except (ValueError, IndexError, NotImplementedError):
                    found = np.full(samples[formula.key].shape, np.nan)
                if not np.allclose(found, samples[formula.key], rtol=1e-8):
                    tried += 1
                    assert not trial.agrees(form, formula.key), (case.name, wrong)
    assert tried > 15


def test_notes_say_where_letters_run() -> None:
    """A form with letters comes with their ranges, and says what an array at an index is."""
    found = mg.derive(lambda A, B: A @ B, shapes={"A": ("s", "m", "k"), "B": ("s", "k", "n")}, sens="G")["A"]
    assert found.text == "A_bar[b] = G[b] B[b]^T"
    assert found.latex == r"\bar{A}_b = G_b B_b^\top"
    assert "subscripts (b < s, from 0) are indices of arrays; what has one axis left is a column" in found.notes
    assert found.indexed.text == "A_bar[b, i, j] = sum_{l} G[b, i, l] B[b, j, l]"
    assert found.indexed.latex == r"\bar{A}_{b, i, j} = \sum_l G_{b, i, l} B_{b, j, l}"
    assert found.indexed.stated == "b < s, i < m, j < k, l < n"
    assert str(found.einsum) == 'np.einsum("bik,bjk->bij", G, B)'
    assert found.einsum.subscripts == ("bik,bjk->bij",)


def test_einsum_is_runnable_text() -> None:
    """The text of an einsum, run by numpy with arrays by their names, gives the gradient."""
    found = mg.derive(lambda A, B: (A @ B) ** 2, shapes={"A": ("s", "m", "k"), "B": ("s", "k", "n")}, sens="G")["A"]
    generator = np.random.default_rng(0)
    A, B, G = (generator.normal(size=shape) for shape in ((2, 3, 4), (2, 4, 5), (2, 3, 5)))
    assert str(found.einsum) == '2 * np.einsum("bik,bil,bjk,blk->bij", G, A, B, B)'
    expected = 2 * np.einsum("bik,bil,bjk,blk->bij", G, A, B, B)
    assert np.allclose(found.einsum.evaluate({"A": A, "B": B, "G": G}), expected)
    assert np.allclose(found.evaluate({"A": A, "B": B, "G": G}), expected)


def test_what_is_no_sum_of_products_has_no_einsum() -> None:
    """The gradient of a cumulative sum is an indexed sum, but no contraction."""
    found = mg.derive(lambda x: ops.cumsum(x, 1), shapes={"x": ("s", "t", "d")}, sens="G")["x"]
    assert found.einsum is None
    assert found.indexed.text == "X_bar[b, i, j] = sum_{k >= i} G[b, k, j]"
