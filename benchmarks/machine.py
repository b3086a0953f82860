"""One thread on one core, and what machine that is. `one_thread` comes before numpy is imported."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_THREADS = "OPENBLAS_NUM_THREADS OMP_NUM_THREADS MKL_NUM_THREADS NUMEXPR_NUM_THREADS VECLIB_MAXIMUM_THREADS".split()
_XLA = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def one_thread() -> None:
    """Set this process, and those that it starts, to one thread on one core with the BLAS kernels of this machine."""
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    os.environ["XLA_FLAGS"] = _XLA
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def environment() -> dict[str, str]:
    """The environment of a process of our own: this one's, with this project on its path."""
    # Imports are slow where Python may not keep what it has compiled.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT)}


def description() -> str:
    """The processor, the system, Python and numpy, in one line."""
    import numpy as np

    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})  # type: ignore[union-attr,call-overload]
    kernels = f"{blas.get('name', 'BLAS')} {blas.get('version', '')}".strip()
    system = f"{platform.system()} {platform.machine()}"
    versions = f"Python {platform.python_version()}, numpy {np.__version__} with {kernels}"
    # Ratios spread where others use the machine: the reader should know.
    load = f", load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else ""
    return f"{processor()}, {system}, {versions}{load}"


def processor() -> str:
    """The processor's name, where the system tells it."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
