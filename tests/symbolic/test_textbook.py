"""Functions of textbooks: each gradient is right at two shapes, and as short as a person writes it."""

from __future__ import annotations

import re
import statistics
from functools import cache

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext.formulas.formula import Formula
from msgrad_ext.symbolic.tidy import tidy
from tests.textbook.base import Case
from tests.textbook.cases import CASES

SIZES = ({"m": 4, "n": 3, "k": 2, "d": 5}, {"m": 3, "n": 2, "k": 4, "d": 2})
# What is not read: brackets' sizes, braces, blanks.
_GLYPH = re.compile(r"\\[a-zA-Z]+|\\.|[^\s]")
_SILENT = {"\\left", "\\right", "{", "}", "^", "_", "\\,", "\\;", "\\quad"}


@cache
def formulas(case: Case) -> dict[str, Formula]:
    """The formulas of one case."""
    return mg.derive(case.function, shapes=case.shapes, wrt=list(case.by) or None, sens="G" if case.sens else None)


def glyphs(latex: str) -> int:
    """What a reader reads of a formula in LaTeX."""
    plain = re.sub(r"\\(operatorname|mathrm|mathbf|text|mathit)\{([a-zA-Z0-9 ]*)\}", r"\\x", latex)
    return sum(token not in _SILENT for token in _GLYPH.findall(plain))


def data(case: Case, sizes: dict[str, int]) -> dict[str, np.ndarray]:
    """Samples in the domain of the function."""
    generator = np.random.default_rng(3)
    found = {}
    for name, axes in case.shapes.items():
        shape = tuple(sizes[axis] for axis in axes)
        low, high = (0.1, 0.9) if case.draw == "unit" else (0.4, 1.6)
        found[name] = generator.uniform(low, high, shape)
        if case.draw == "wide" and shape[0] != shape[1]:
            found[name] = generator.standard_normal(shape)
        if case.draw in ("definite", "wide") and len(shape) == 2 and shape[0] == shape[1]:
            found[name] += 2 * np.eye(shape[0])
    return found


def numbers(case: Case) -> dict[str, int]:
    """Lengths at which the function is defined."""
    return SIZES[0] if case.draw != "wide" else {"m": 2, "n": 4}


def slope(case: Case, values: dict[str, np.ndarray], name: str, weight: np.ndarray) -> np.ndarray:
    """Central differences of the weighted output by every entry of one input, by Richardson's extrapolation."""
    result = np.zeros_like(values[name])

    def at(index: tuple[int, ...], shift: float) -> float:
        moved = {key: value.copy() for key, value in values.items()}
        moved[name][index] += shift
        out = case.function(*(mg.Tensor(moved[key]) for key in case.shapes)).asnumpy()
        return float(np.sum(out * weight))

    for index in np.ndindex(*result.shape):
        near, far = (at(index, h) - at(index, -h) for h in (1e-4, 2e-4))
        result[index] = (8 * near - far) / (12 * 1e-4)
    return result


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_gradients_are_right_at_other_shapes(case: Case) -> None:
    """Formulas without data, evaluated at lengths of their own, are the slopes of the function."""
    for sizes in (numbers(case), SIZES[1]) if case.draw not in ("tall", "wide") else (numbers(case),):
        values = data(case, sizes)
        out = case.function(*(mg.Tensor(values[key]) for key in case.shapes)).asnumpy()
        weight = np.random.default_rng(5).uniform(0.5, 1.5, out.shape) if case.sens else np.ones(out.shape)
        for name, formula in formulas(case).items():
            found = formula.evaluate({**values, "G": weight} if case.sens else values)
            expected = slope(case, values, name, weight)
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8 * (1 + np.max(np.abs(expected))))


def test_the_formulas_are_as_short_as_a_persons() -> None:
    """Half of the formulas are at most as long as in a textbook, nine in ten not more than half as long again."""
    ratios = sorted(
        glyphs(formula.latex.split(" = ", 1)[1]) / glyphs(case.by[name])
        for case in CASES
        for name, formula in formulas(case).items()
        if name in case.by
    )
    assert len(ratios) > 160
    assert statistics.median(ratios) <= 1.05
    assert ratios[len(ratios) * 9 // 10] <= 1.5


def test_nothing_is_refused_or_left_in_indices() -> None:
    """Each of these has a matrix form that passes its trial."""
    told = [(case.name, note) for case in CASES for one in formulas(case).values() for note in one.notes]
    assert [one for one in told if "refused" in one[1] or "too long" in one[1]] == []


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case.name)
def test_a_short_form_stays_as_it_is(case: Case) -> None:
    """Tidying what is tidy changes nothing."""
    for name, formula in formulas(case).items():
        node = formula.writer.closed(formula.key)[0][0]
        again = tidy(node)
        printer = formula.writer.printers["text"]
        assert printer.show(again) == printer.show(node), name
