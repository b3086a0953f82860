"""The exact numbers of the evidence ladder: laws that they know, and questions that they refuse."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from msgrad_ext.checking.evidence.element import Element, new_world
from msgrad_ext.checking.evidence.kernels import PointNeeded, Unreached
from msgrad_ext.checking.evidence.points import Asked, degree, drawn, point
from msgrad_ext.checking.evidence.quotient import generator, lifted, vanishes
from msgrad_ext.checking.witnesses.digits import number


def elements(*values: float | None, most: int = 10_000) -> list[Any]:
    """Generators of one world, with values or without."""
    world = new_world(most, all(value is not None for value in values))
    made = [None if value is None else (lambda value=value: number(value)) for value in values]
    return [generator(world, ("x", place), one) for place, one in enumerate(made)]


LAWS = {
    "a quotient of products": lambda x, y: (x * x - y * y) / (x - y) - (x + y),
    "partial fractions": lambda x, y: 1 / x + 1 / y - (x + y) / (x * y),
    "an exponential of a sum": lambda x, y: (x + y).exp() - x.exp() * y.exp(),
    "an exponential of half": lambda x, y: (x / 2).exp() ** 2 - x.exp(),
    "a logarithm of exponentials": lambda x, y: (x.exp() * y.exp() ** 3).log() - x - 3 * y,
    "softplus on both sides": lambda x, y: (1 + (-x).exp()).log() + x - (1 + x.exp()).log(),
    "a sigmoid of the other side": lambda x, y: 1 / (1 + (-x).exp()) + 1 / (1 + x.exp()) - 1,
    "sine and cosine": lambda x, y: x.sin() ** 2 + x.cos() ** 2 - 1,
    "an odd function": lambda x, y: (-x).erf() + x.erf(),
    "the square of a root": lambda x, y: (x * x + y).sqrt() ** 2 - x * x - y,
    "one over a root": lambda x, y: 1 / (x + y).sqrt() - (x + y).sqrt() / (x + y),
    "a root of a number": lambda x, y: (4 * x + 4 * y).sqrt() - 2 * (x + y).sqrt(),
    "the hyperbolic square": lambda x, y: x.cosh() ** 2 - x.sinh() ** 2 - 1,
    "asinh by its inverse": lambda x, y: x.arcsinh().sinh() - x,
    "a power by its exponent": lambda x, y: x**y * x - x ** (y + 1),
}


@pytest.mark.parametrize("law", LAWS)
def test_a_law_holds(law: str) -> None:
    """Two forms of one function are equal."""
    assert vanishes(LAWS[law](*elements(None, None)))


FALSE = {
    "a sign": lambda x, y: x - -x,
    "another exponent": lambda x, y: (x + y).exp() - x.exp() * (2 * y).exp(),
    "a root that is no sum": lambda x, y: (x + y).sqrt() - x.sqrt() - y.sqrt(),
    "a small factor": lambda x, y: x * lifted(1 + 2**-50, x.world) - x,
    "cosine for sine": lambda x, y: x.sin() - x.cos(),
    "a root of a square": lambda x, y: (x * x).sqrt() - x,
}


@pytest.mark.parametrize("law", FALSE)
def test_what_is_no_law_does_not_hold(law: str) -> None:
    """Different functions are never equal."""
    assert not vanishes(FALSE[law](*elements(None, None)))


def test_the_root_of_a_square_is_the_size_at_the_point() -> None:
    """Where signs are known, the root of a square is the absolute value."""
    x, _ = elements(-2.0, 3.0)
    assert vanishes((x * x).sqrt() + x)


def test_a_comparison_without_a_point_is_refused() -> None:
    """Symbols are in no order; what has one sign everywhere is."""
    x, y = elements(None, None)
    assert x.exp() + y.exp() > 0
    with pytest.raises(PointNeeded):
        bool(x > y)


def test_a_comparison_at_a_tie_is_refused() -> None:
    """At the place where an answer changes there is none."""
    x, y = elements(1.0, 1.0)
    with pytest.raises(Unreached, match="where a comparison changes"):
        bool(x > y)


def test_work_has_a_bound() -> None:
    """A power of a sum stops at the budget, which is a count: the same in every run."""
    x, y = elements(None, None, most=200)
    with pytest.raises(Unreached, match="more than 200 products"):
        (x + y) ** 40


def test_numbers_that_are_no_numbers_are_refused() -> None:
    """NaN and infinity prove nothing."""
    (x,) = elements(None)
    with pytest.raises(Unreached):
        x + float("nan")
    with pytest.raises(ZeroDivisionError):
        x / (x - x)


def test_numpy_runs_on_them() -> None:
    """Products and functions of arrays are those of their elements."""
    x, y = elements(None, None)
    row = np.array([x, y], dtype=object)
    assert vanishes(row @ row - x * x - y * y)
    assert vanishes(np.exp(row)[1] - y.exp())
    assert isinstance(np.sum(row), Element)


def test_points_know_their_degree() -> None:
    """A cube over a square has degrees 3 and 2; an identity of such has the sum at most."""
    (x,) = drawn(np.random.default_rng(0), (1,), Asked())
    quotient = x**3 / x**2
    assert (quotient.up, quotient.down) == (3, 2)
    assert quotient.value == x.value and degree(quotient, x) == 3


def test_points_are_exact() -> None:
    """A thirtieth of a thirtieth comes back; a root that is irrational is refused."""
    (x,) = drawn(np.random.default_rng(1), (1,), Asked())
    assert (x / 30 * 30).value == x.value
    assert point(Fraction(9, 4)).sqrt().value == Fraction(3, 2)
    with pytest.raises(Unreached, match="not rational"):
        x.exp()
    with pytest.raises(Unreached, match="not rational"):
        x.sqrt()
