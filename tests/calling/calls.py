"""What the tests of kept traces share: counting traces, calling until one is kept, comparing arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from msgrad_ext import Tensor
from msgrad_ext.tracing.trace import Trace


def numbers(value: Any) -> list[np.ndarray]:
    if isinstance(value, (tuple, list)):
        return [array for one in value for array in numbers(one)]
    return [np.asarray(value.asnumpy())] if isinstance(value, Tensor) else []


class Count:
    """How many traces were begun."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.traces = 0
        begin = Trace.__init__

        def counted(trace: Any, *args: Any, **named: Any) -> None:
            self.traces += type(trace) is Trace
            begin(trace, *args, **named)

        patch.setattr(Trace, "__init__", counted)

    def of(self, call: Callable[[], Any]) -> int:
        before = self.traces
        call()
        return self.traces - before


def settle(call: Callable[[], Any], count: Count) -> None:
    """Call until the trace is kept."""
    for _ in range(3):
        call()
    assert count.of(call) == 0


def agree(found: Any, wanted: list[np.ndarray]) -> None:
    for one, other in zip(numbers(found), wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-6, atol=1e-6)
        assert one.dtype == other.dtype
