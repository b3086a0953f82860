"""The demo prints the tutorial's figures, sees a figure that is off, and writes a page that needs no network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from msgrad_ext import demo, registered_ops

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One run of the demo in an empty folder, as ``make demo`` starts it."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "msgrad_ext.demo"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    return done, folder / "demo" / "index.html"


def test_the_demo_prints_the_figures_with_verdicts(made: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """The tutorial's three figures are printed, each with its verdict and its formula, and the exit code is 0."""
    done, _ = made
    assert (done.returncode, done.stderr) == (0, "")
    for figure in ("4.5099998 2.7       3.6000001", "2.15359993e+01", "5.588     2.68      4.07"):
        assert figure in done.stdout
    assert done.stdout.count("check: agree; ") == done.stdout.count("tutorial: the same figures") == 3
    assert "z_bar = 1_m^T X Y 1_n" in done.stdout
    assert "3 of 3 figures" in done.stdout


def test_the_page_needs_no_network(made: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """The page holds the reports, and nothing in it is fetched from elsewhere."""
    text = made[1].read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert text.count("<section") == 3
    assert "GradNetWrtX" in text
    loaded = re.findall(r"(?:src|href)\s*=\s*['\"]([^'\"]*)", text)
    assert loaded
    assert [address for address in loaded if not address.startswith(("#", "data:"))] == []
    assert re.search(r"<script|@import|url\(", text) is None


def test_a_figure_that_is_off_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Figures two units of the last place apart are off, and the exit code says so."""
    figure = demo.FIGURES[1]
    wrong = demo.Figure(figure.title, figure.cell, ([21.5359993 + 4e-6],))
    monkeypatch.setattr(demo, "FIGURES", (demo.FIGURES[0], wrong))
    assert demo.main(tmp_path) == 1
    assert "OTHER FIGURES (2 ulp apart, 1 allowed)" in capsys.readouterr().out


def test_a_wrong_rule_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong rule shows in the verdict and in the exit code."""
    product = registered_ops()["MatMul"]
    right = product.vjp

    def wrong(self, ct, out, a, b):
        first, second = right(self, ct, out, a, b)
        return first * 2, second

    monkeypatch.setattr(product, "vjp", wrong)
    assert demo.main(tmp_path) == 1
    assert "check: disagree" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "expected"),
    [(np.float64([1.0]), [1.0]), (np.float32([[1.0]]), [1.0]), (np.float32([1.0000002]), [1.0])],
)
def test_what_is_not_the_same_figure_is_apart(value: np.ndarray, expected: list[float]) -> None:
    """Another dtype or shape is infinitely far away; another figure by units of its last place."""
    apart = demo.ulps(value, expected)
    assert apart == (2.0 if value.dtype == np.float32 and value.ndim == 1 else np.inf)
