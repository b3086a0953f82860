"""Compiled C is switched on for these tests, in a folder of their own; without a compiler they are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import msgrad_ext as mg
from msgrad_ext.native import build
from msgrad_ext.native.program import NoNative


def missing() -> str:
    """Why nothing can be compiled here, or nothing."""
    try:
        build.compiler()
    except NoNative as reason:
        return str(reason)
    return ""


@pytest.fixture(scope="package")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for compiled code."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def compiled_c(kept: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compiled C is on."""
    reason = missing()
    if reason:
        pytest.skip(f"compiled C can not be tested: {reason}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(kept))
    mg.set_native(True)
    yield
    mg.set_native(False)
