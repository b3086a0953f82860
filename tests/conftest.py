"""Rules for all tests: which of them run apart, and a quiet, offline Jupyter."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
# Which tier answers a call depends on the moment at which a compiler is done; tests/native switches it on.
os.environ["MSGRAD_EXT_NATIVE"] = "0"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the cells of notebooks ``kernel``: what starts kernels runs apart, one after another.

    The cells of a notebook share a kernel, and kernels that start at the same moment may pick the same ports.
    """
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.kernel)
