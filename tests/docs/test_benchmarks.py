"""The benchmarks compare like with like: the hand-written gradients are those of the check, and ratios are ratios."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from time import sleep

import numpy as np
import pytest

from benchmarks.outcome import Line, Outcome
from benchmarks.timing import Ratio, block_of, race
from benchmarks.workload import agree
from benchmarks.workloads import workloads

ROOT = Path(__file__).resolve().parents[2]
SMALL = workloads(small=True)


def run(*arguments: str) -> str:
    """What a Python process in the project's folder prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_workloads_import_no_framework() -> None:
    """A peer's environment needs nothing but numpy for the workloads."""
    code = (
        "import sys, benchmarks.workloads, benchmarks.worker; print('msgrad_ext' in sys.modules, 'jax' in sys.modules)"
    )
    assert run("-c", code).split() == ["False", "False"]


def test_ratios_are_ratios() -> None:
    """A candidate that takes three times as long has a ratio near three."""
    candidates = {"one": block_of(lambda: sleep(0.005)), "three": block_of(lambda: sleep(0.015))}
    reference, ratios = race(candidates, 3)
    assert reference >= 0.005
    assert 2 < ratios["three"].middle < 4
    assert ratios["three"].low <= ratios["three"].middle <= ratios["three"].high


def test_wrong_gradients_are_not_timed() -> None:
    """A gradient that is not the hand-written one is told with its workload and argument."""
    one = SMALL["attention_128x64"]
    right = tuple(np.array(part) for part in one.hand()(*one.arguments()))
    agree(right, right, one)
    with pytest.raises(AssertionError, match=r"attention_128x64, wk: .* from the hand-written gradient"):
        agree((*right[:2], right[2] * np.float32(1.01), right[3]), right, one)
    with pytest.raises(AssertionError, match=r"attention_128x64, x: .* from the hand-written gradient"):
        agree((right[0] * np.float32(np.nan), *right[1:]), right, one)
    with pytest.raises(AssertionError, match="3 results, 4 wanted"):
        agree(right[:3], right, one)


def test_the_benchmarks_run(tmp_path: Path) -> None:
    """One round prints a line for each workload that was asked for, and writes the same figures."""
    table = tmp_path / "figures.json"
    told = run("-m", "benchmarks", "net_2x3", "hess_r", "--small", "--rounds", "1", "--no-start", "--json", str(table))
    line = r"^(\w+) +\d+\.\d+(?: +(?:-|\d+\.\d\d \(\S+ to \S+\))){6}$"
    names = re.findall(line, told, re.MULTILINE)
    assert names == ["net_2x3", "net_2x3_sens", "net_2x3_x", "hess_rosen20"]
    assert [one["name"] for one in json.loads(table.read_text(encoding="utf-8"))["lines"]] == names


def test_an_absent_peer_is_told() -> None:
    """Where a peer is not installed, the others are measured all the same."""
    code = (
        "import sys\nfrom benchmarks.peers import started\n"
        "with started(['mindspore'], [sys.executable, '/no/python']) as found: print(found)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    if "[]" not in done.stdout:
        pytest.skip("MindSpore is installed here")
    assert "mindspore is not installed in" in done.stderr


def test_the_markdown_table() -> None:
    """Figures, spread, machine and versions are in the page; what is missing has its reason."""
    ratios = {"plan": Ratio(1.5, 1.25, 2.0)}
    line = Line("net", 2e-6, ratios, {"jax": "TypeError: no"}, {"plan": (2**20, 2**19)}, 2**18)
    text = Outcome("a machine", {"jax": "jax 1.0"}, 15, (line,), {"net": 0.001}, {"loading": 1.0}).markdown()
    assert "Measured on a machine; 15 rounds." in text
    assert "Peers: jax 1.0." in text
    assert "| net | 2.0 | 1.50 <small>1.25..2.00</small> |" in text
    assert "- net, jax: TypeError: no" in text
    assert "| net | 0.25 | 1.00 + 0.50 |" in text
    assert "| net | 1.0 |" in text
