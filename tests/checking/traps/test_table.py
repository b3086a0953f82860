"""The traps that are one network at one point: the status that is honest there, and the gradient."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg

from . import kinks, numbers, shapes
from .trap import Trap

TRAPS = (*kinks.TRAPS, *numbers.TRAPS, *shapes.TRAPS)
# The gradients are sums of a few terms: some roundings of their dtype.
CLOSE = {"float64": 1e-12, "float32": 1e-5, "float16": 1e-2}


@cache
def found(trap: Trap) -> Any:
    """The check's first gradient at a trap."""
    return mg.check(trap.network, *(np.array(one) for one in trap.inputs), order=trap.order).result.gradients[0]


@pytest.mark.parametrize("trap", TRAPS, ids=str)
def test_the_status_is_the_honest_one(trap: Trap) -> None:
    """At a trap the check says what can be said there, and no more."""
    assert found(trap).status in trap.status


@pytest.mark.parametrize("trap", [trap for trap in TRAPS if trap.gradient is not None], ids=str)
def test_the_gradient_is_the_known_one(trap: Trap) -> None:
    """By hand, or by MindSpore's convention."""
    value = found(trap).value
    np.testing.assert_allclose(value.astype(np.float64), trap.gradient, rtol=CLOSE[value.dtype.name], atol=0)


@pytest.mark.parametrize("trap", [trap for trap in TRAPS if "disagree" not in trap.status], ids=str)
def test_nobody_is_blamed(trap: Trap) -> None:
    """Where no implementation is wrong, no op is named."""
    assert found(trap).fault is None


@pytest.mark.parametrize("trap", [trap for trap in TRAPS if trap.status in (("kink",), ("outside-domain",))], ids=str)
def test_the_note_says_why(trap: Trap) -> None:
    """A status other than agreement is explained in words."""
    assert found(trap).note
