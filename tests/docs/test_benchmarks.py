"""The benchmarks compare like with like: the hand-written gradients are those of the check, and ratios are ratios."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

COMPARE = """
import numpy as np
import msgrad_ext as mg
from benchmarks.workloads import workloads

for one in workloads():
    names = list(dict(one.net.named_parameters()))
    if one.inputs[0].size <= 64 * 64:
        report = mg.check(one.net, *one.inputs, wrt=names)
        for name, gradient in zip(names, one.hand(*one.inputs, *one.parameters), strict=True):
            reference = report[name].reference
            assert np.max(np.abs(gradient - reference)) <= 1e-4 * np.max(np.abs(reference)), (one.name, name)
        print(one.name, report.verdict)
"""

RACE = """
from benchmarks.timing import race
from time import sleep

reference, ratios = race({"one": lambda: sleep(0.005), "three": lambda: sleep(0.015)}, 3)
print(reference >= 0.005, 2 < ratios["three"].middle < 4, ratios["three"].low <= ratios["three"].middle)
"""


def run(*arguments: str) -> str:
    """What a Python process in the project's folder prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_hand_written_gradients_are_right() -> None:
    """Each workload's hand-written gradients are those of the formula."""
    told = run("-c", COMPARE).splitlines()
    assert told == ["tutorial 2x3 agree", "tutorial 64x64 agree", "perceptron 64-128-10, 32 rows agree"]


def test_ratios_are_ratios() -> None:
    """A candidate that takes three times as long has a ratio near three."""
    assert run("-c", RACE).split() == ["True", "True", "True"]


def test_the_benchmarks_run() -> None:
    """One round, in one process of each kind, prints a line for each workload, with figures in it."""
    told = run("-m", "benchmarks", "--rounds", "1", "--processes", "1")
    line = r"^(?:tutorial|perceptron) .* \d+\.\d+(?: +\d+\.\d\d \(\S+ to \S+\)){2}$"
    assert len(re.findall(line, told, re.MULTILINE)) == 4
