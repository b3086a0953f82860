"""Each cell gives here what it gave in MindSpore 2.10: values, structure, dtypes, printed text and error types.

What MindSpore gave is recorded, so that MindSpore is not needed; ``make test-mindspore`` records it anew and compares.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from msgrad_ext.notebook.imports import rewrite_imports

from .faults import FAULTS, OPEN
from .protocol import RECORDED, cells, difference, outcome

CELLS = cells()
THEIRS = json.loads(RECORDED.read_text(encoding="utf-8"))["cells"]


def values(encoded: Any) -> Any:
    """The values of an encoded result, nested as it is."""
    if isinstance(encoded, dict):
        return encoded["values"] if "values" in encoded else [values(one) for one in encoded.get("items", ())]
    return encoded


def flat(nested: Any) -> list[Any]:
    """All numbers of a nested list."""
    return [leaf for one in nested for leaf in flat(one)] if isinstance(nested, list) else [nested]


def test_every_cell_is_recorded() -> None:
    """A cell that nothing was recorded for would be compared with nothing."""
    assert set(THEIRS) == set(CELLS)


def case(name: str) -> Any:
    """The cell as a test; one that is known to fail must fail, or leave the list."""
    return pytest.param(name, marks=pytest.mark.xfail(reason=OPEN[name], strict=True)) if name in OPEN else name


@pytest.mark.parametrize("name", [case(name) for name in CELLS if name not in FAULTS])
def test_a_cell_gives_what_it_gives_in_mindspore(name: str) -> None:
    """The outcome of the cell is the recorded one."""
    told = difference(outcome(CELLS[name], rewrite_imports), THEIRS[name])
    assert told is None, told


@pytest.mark.parametrize("name", FAULTS)
def test_where_mindspore_is_wrong_the_right_values_come(name: str) -> None:
    """The outcome differs from MindSpore's, and is the one that mathematics gives."""
    mine = outcome(CELLS[name], rewrite_imports)
    assert difference(mine, THEIRS[name]) is not None
    if FAULTS[name].right is not None:
        assert flat(values(mine["value"])) == pytest.approx(flat(FAULTS[name].right), rel=1e-5, nan_ok=True)
