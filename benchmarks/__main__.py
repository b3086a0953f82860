"""``python -m benchmarks``: speed against hand-written numpy, and the time that the first gradcell takes.

One thread, one process, candidates in turn; gradients are compared before anything is timed. Only the ratios mean
something on another machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

# numpy's BLAS reads these when it is loaded: one thread, and the kernels that belong to this machine.
os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
os.environ.pop("OPENBLAS_CORETYPE", None)

import numpy as np

import msgrad_ext as mg

from .timing import race
from .workloads import Workload, grad_operation, workloads

FIRST = """
import io, sys, time
from contextlib import redirect_stdout
{preload}
start = time.perf_counter()
from msgrad_ext import demo
namespace = {{}}
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


def measure(workload: Workload, rounds: int) -> str:
    """One line of the table.

    Raises
    ------
    AssertionError
        If the candidates do not give the same gradients.
    """
    inputs, parameters = workload.inputs, workload.parameters
    names = list(dict(workload.net.named_parameters()))
    plan = mg.compile(workload.net, *inputs, wrt=names)
    user = grad_operation(workload)
    wanted = workload.hand(*inputs, *parameters)
    for found in ([plan(*inputs)[1][name] for name in names], [one.asnumpy() for one in user()]):
        for gradient, reference in zip(found, wanted, strict=True):
            np.testing.assert_allclose(gradient, reference, rtol=2e-3, atol=2e-4 * np.max(np.abs(reference)))
    candidates = {
        "hand": lambda: workload.hand(*inputs, *parameters),
        "compiled": lambda: plan(*inputs),
        "GradOperation": user,
    }
    reference, ratios = race(candidates, rounds)
    figures = "".join(f"{one!s:>26}" for one in ratios.values())
    return f"{workload.name:<32}{reference * 1e6:>12.1f}{figures}"


def first_cell(preload: str) -> tuple[float, float, float]:
    """Seconds for imports and definitions, for the tutorial's first figure, and for it again, in a new process."""
    code = FIRST.format(preload=preload)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    imports, first, again = map(float, run.stdout.split())
    return imports, first, again


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds per workload (default 15)")
    parser.add_argument("--processes", type=int, default=5, help="processes per first figure (default 5)")
    given = parser.parse_args()
    rounds, processes = given.rounds, given.processes
    print(f"numpy {np.__version__}, one thread; time over that of hand-written numpy, median (quartiles) of {rounds}\n")
    print(f"{'gradients by the parameters':<32}{'hand, us':>12}{'mg.compile':>26}{'GradOperation':>26}")
    for workload in workloads():
        print(measure(workload, rounds), flush=True)
    print("\nmg.compile computes the output of the network too; hand-written numpy and GradOperation do not.")
    print(
        f"\nthe tutorial's first figure under the magic, check included, in ms, processes: {processes}, their median\n"
    )
    print(f"{'':<32}{'imports':>12}{'first time':>14}{'again':>10}")
    for title, preload in (("nothing imported", ""), ("numpy and SymPy imported", "import numpy, sympy")):
        runs = np.median([first_cell(preload) for _ in range(processes)], axis=0) * 1000
        print(f"{title:<32}{runs[0]:>12.0f}{runs[1]:>14.0f}{runs[2]:>10.0f}")


if __name__ == "__main__":
    main()
