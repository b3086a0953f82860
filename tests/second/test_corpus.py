"""Hessians and Hessian-vector products of textbook functions and small networks are right, and read as in a paper."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg

from .corpus import CASES, Case
from .library import SIZES, differences, drawn, network

TEXTS = [(case, pair) for case in CASES for pair in case.blocks or {}]
# Differences of the fourth order with step 1e-3 are as good as this where fifth derivatives are of the order of ten.
NEAR = 1e-7


def close(found: np.ndarray, wanted: np.ndarray) -> bool:
    """True if two arrays are the same up to what differences can tell."""
    return found.shape == wanted.shape and bool(
        np.max(np.abs(found - wanted), initial=0) <= NEAR * max(1.0, float(np.max(np.abs(wanted), initial=0)))
    )


@cache
def hessian_of(place: int) -> Any:
    """The Hessian of a case by its place in the corpus."""
    case = CASES[place]
    return mg.derive(network(case), case.shapes, wrt=list(case.wrt), order=2)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_blocks_and_products(case: Case) -> None:
    """Every block, and every product with random directions, is what differences of the numeric road give."""
    net = network(case)
    hessian = hessian_of(CASES.index(case))
    along = {name: f"Z_{name}" for name in case.wrt}
    products = mg.derive(net, case.shapes, wrt=list(case.wrt), order=2, direction=along)
    for sizes in SIZES:
        values = drawn(case, sizes)
        wanted = differences(case, values)
        for pair, block in wanted.items():
            assert close(hessian[pair].evaluate(values), block), pair
        generator = np.random.default_rng(1)
        directions = {name: generator.normal(size=values[name].shape) for name in case.wrt}
        given = {**values, **{along[name]: direction for name, direction in directions.items()}}
        for name in case.wrt:
            whole = sum(np.tensordot(wanted[name, b], directions[b], directions[b].ndim) for b in case.wrt)
            assert close(products[name].evaluate(given), np.asarray(whole)), name


@pytest.mark.parametrize(("case", "pair"), TEXTS, ids=lambda one: one.name if isinstance(one, Case) else "-".join(one))
def test_text(case: Case, pair: tuple[str, str]) -> None:
    """A textbook Hessian prints as the textbook has it."""
    block = hessian_of(CASES.index(case))[pair]
    assert block.text.split(" = ", 1)[1] == case.blocks[pair]  # type: ignore[index]
