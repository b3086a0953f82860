"""Compiled C under the address and undefined-behaviour sanitizers: ``python -m tests.native.sanitized 40``.

Networks drawn at random, and the workloads of the benchmarks in small. Each value of a plan gets memory of its own,
filled with NaN, so that a read or write beside it, or of what was not written, is seen. The sanitizer has to be there
before Python's own memory is, so the work is done in a second process.
"""

from __future__ import annotations

import os
import subprocess
import sys

OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:malloc_fill_byte=255:max_malloc_fill_size=1000000000:abort_on_error=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "PYTHONMALLOC": "malloc",
}
FLAGS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O0")


def library() -> str:
    """The sanitizer's library of this machine's gcc, or nothing."""
    try:
        run = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    path = os.path.realpath(run.stdout.strip())
    return path if os.path.isabs(path) and os.path.exists(path) else ""


def run(count: int, folder: str, first: int = 0, planted: bool = False) -> subprocess.CompletedProcess[str]:
    """The second process; with ``planted`` each value's memory is a byte short."""
    extra = {**OPTIONS, "LD_PRELOAD": library(), "XDG_CACHE_HOME": folder, "MSGRAD_EXT_NATIVE": "0"}
    command = [sys.executable, "-m", "tests.native.sanitized", "inside", str(count), str(first), str(int(planted))]
    return subprocess.run(command, env={**os.environ, **extra}, capture_output=True, text=True, timeout=1800)


def inside(count: int, first: int, planted: int) -> None:
    """What is run with the sanitizers; the compiler is not."""
    from msgrad_ext.native import build, module

    os.environ.pop("LD_PRELOAD")
    if planted:
        module.MEMORY = module.MEMORY.replace("malloc(size)", "malloc(size - 1)")
    build.FLAGS = (*(flag for flag in build.FLAGS if flag != "-O3"), *FLAGS)
    from .fuzz import attempt

    for seed in range(first, first + count):
        distance, status = attempt(seed)
        assert distance < 1e4, (seed, distance, status)
        if not status.startswith("compiled"):
            print(seed, status, flush=True)
    print("networks", count, flush=True)
    if not planted:
        workloads()


def workloads() -> None:
    """The small workloads, checked by their hand-written gradients."""
    from benchmarks.speaking.msgrad import candidates
    from benchmarks.tiers import settled
    from benchmarks.workloads import workloads as known

    for name, workload in known(small=True).items():
        candidate = next(iter(candidates(workload).values()))
        assert settled(candidate) == "", name
        candidate.check(workload)
        print(name, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "inside":
        inside(*map(int, sys.argv[2:]))
    elif library():
        import tempfile

        with tempfile.TemporaryDirectory() as kept:
            made = run(int(sys.argv[1]), kept, *map(int, sys.argv[2:]))
            print(made.stdout, made.stderr[-4000:])
            sys.exit(made.returncode)
    else:
        sys.exit("gcc has no address sanitizer here")
