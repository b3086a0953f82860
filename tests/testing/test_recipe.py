"""The recipe of docs/testing.md is a test module that passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from msgrad_ext.handwritten.styles import STYLES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "testing.md"


def test_the_recipe_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All blocks of the page, as one file, are a test module whose tests pass."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "test_page.py"
    path.write_text("\n".join(blocks), encoding="utf-8")
    pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(path)])
    out = capsys.readouterr().out
    assert "13 passed" in out, out


def test_the_page_names_every_style() -> None:
    """No style is missing from the page."""
    assert [style for style in STYLES if f'"{style}"' not in PAGE.read_text(encoding="utf-8")] == []
