"""How long it takes until something is computed: imports, first gradients, a long chain, the first cell."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from .machine import ROOT, environment

LOAD = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
"""

FIRST_GRADIENTS = """
import json, time
from benchmarks.machine import one_thread
one_thread()
import msgrad_ext as mg
from benchmarks.speaking.msgrad import candidates, prepared, first_gradient
from benchmarks.workloads import workloads
first_gradient(prepared(workloads(small=True)["attention_128x64"]))
found = {}
for name, workload in workloads({small}).items():
    one = prepared(workload)
    start = time.perf_counter()
    first_gradient(one)
    found[name] = time.perf_counter() - start
print(json.dumps(found))
"""

LONG_CHAIN = """
import time
from benchmarks.machine import one_thread
one_thread()
import numpy as np, msgrad_ext as mg
from msgrad_ext import ops
def chain(x):
    for _ in range({count} // 2):
        x = ops.sin(x) * 1.01
    return x
small, slope = np.linspace(0.1, 1.0, 16), np.ones(16)
value = small
for _ in range({count} // 2):
    slope, value = slope * np.cos(value) * 1.01, np.sin(value) * 1.01
start = time.perf_counter()
gradient = mg.compile(chain, small)(small)[1]["x"]
took = time.perf_counter() - start
assert np.allclose(gradient, slope, rtol=1e-9), np.max(np.abs(gradient - slope))
print(took)
"""

CELL = """
import io, time
from contextlib import redirect_stdout
import numpy
start = time.perf_counter()
from msgrad_ext import demo
namespace = {}
with redirect_stdout(io.StringIO()):
    for cell in demo.DEFINITIONS:
        demo.run(cell, namespace)
    middle = time.perf_counter()
    demo.run(demo.FIGURES[0].cell, namespace)
    first = time.perf_counter()
    demo.run(demo.FIGURES[0].cell, namespace)
    again = time.perf_counter()
print(middle - start, first - middle, again - first)
"""


def printed(code: str) -> str:
    """What a new Python process prints."""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=600
    )
    if run.returncode:
        raise RuntimeError(run.stderr.strip().splitlines()[-1])
    return run.stdout


def load_over_numpy(rounds: int) -> tuple[float, float]:
    """``%load_ext msgrad_ext`` in a running IPython: seconds, and over those of ``import numpy``; medians."""
    load, numpy = [], []
    for _ in range(rounds + 1):
        load.append(float(printed(LOAD.format(statement='shell.run_line_magic("load_ext", "msgrad_ext")'))))
        numpy.append(float(printed(LOAD.format(statement="import numpy"))))
    # The first processes write what Python keeps of the modules; they do not count.
    return median(load[1:]), median(a / b for a, b in zip(load[1:], numpy[1:]))


def first_gradients(small: bool, rounds: int) -> dict[str, float]:
    """Seconds from a network to its first gradients, for each workload: the medians of so many processes."""
    runs = [json.loads(printed(FIRST_GRADIENTS.replace("{small}", str(small)))) for _ in range(rounds)]
    return {name: median(run[name] for run in runs) for name in runs[0]}


def long_chain(count: int = 10_000) -> float:
    """Seconds to the first, right gradient of a chain of so many operations on 16 numbers."""
    return float(printed(LONG_CHAIN.format(count=count)))


def first_cell(rounds: int) -> tuple[float, ...]:
    """Seconds for imports and definitions, the tutorial's first figure with its check, and that again; medians."""
    runs: Sequence[list[float]] = [list(map(float, printed(CELL).split())) for _ in range(rounds)]
    return tuple(median(column) for column in zip(*runs))
