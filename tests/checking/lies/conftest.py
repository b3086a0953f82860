"""Rules for the tests of lies: they ask what is named, so that the least specimen of each is not searched for long."""

from __future__ import annotations

import pytest

from msgrad_ext.checking.reproducing import reproducer


@pytest.fixture(autouse=True)
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """tests/checking/test_reproducers.py looks at the specimens themselves."""
    monkeypatch.setattr(reproducer, "NETWORK_TRIES", 4)
    monkeypatch.setattr(reproducer, "OP_TRIES", 10)
