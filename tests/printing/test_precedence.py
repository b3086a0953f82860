"""Parentheses: what is printed, read by the stated precedence, is what was meant."""

from __future__ import annotations

import numpy as np
import pytest

from msgrad_ext.formulas.notation_value import node_value
from msgrad_ext.symbolic.names import Name
from msgrad_ext.symbolic.printing import Ascii

from .ascii_reader import AsciiReader
from .trees import LENGTHS, M, N, Trees, key

SIZES = {N: 3, M: 2}
SHAPES = [(), (N,), (M,), (N, M), (M, N), (N, N), (M, M)]


def arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(4)
    return {key(shape): generator.uniform(0.4, 1.6, tuple(SIZES[n] for n in shape)) for shape in SHAPES}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_text_read_back_has_the_value_of_the_tree(shape: tuple) -> None:
    """For random trees, what the ASCII form says by the rules of precedence is the tree's own value."""
    given = arrays()
    columns = {name: array if array.ndim == 2 else array.reshape(-1, 1) for name, array in given.items()}
    printer = Ascii({name: Name(name, "", name) for name in given}, {}, {})
    finite = 0
    for seed in range(150):
        tree = Trees(seed).tree(shape, 1 + seed % 3)
        text = printer.show(tree)
        with np.errstate(all="ignore"):
            wanted = node_value(tree, given, SIZES)
            found = AsciiReader(text, columns, {str(n): SIZES[n] for n in LENGTHS}).whole()
        if np.all(np.isfinite(wanted)):
            finite += 1
            assert np.allclose(np.broadcast_to(found, wanted.shape), wanted, rtol=1e-9, atol=1e-12), text
    assert finite > 60
