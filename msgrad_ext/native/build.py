"""C text to a loaded module: the compiler of this machine, and the folder where what it made is kept.

What is kept is known by a hash of all that went into it; files appear there whole or not at all, and are read only
from a folder that is the user's own.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from .program import NoNative

FLAGS = (
    "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-fwrapv", "-fopenmp-simd",
    "-shared", "-fPIC", "-w", "-std=gnu11",
)  # fmt: skip
SECONDS = 60
KEPT = 256


@dataclass(frozen=True)
class Compiler:
    """A C compiler: its path, and what it says of itself."""

    path: str
    version: str


@cache
def _described(path: str, changed: float) -> Compiler | None:
    try:
        run = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=10, start_new_session=True, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return Compiler(path, run.stdout)


def compiler() -> Compiler:
    """The first of cc, gcc, clang on the path that answers.

    Raises
    ------
    NoNative
        If there is none.
    """
    if os.name != "posix" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise NoNative("this platform is not supported")
    for name in ("cc", "gcc", "clang"):
        path = shutil.which(name)
        found = _described(path, os.stat(path).st_mtime) if path else None
        if found:
            return found
    raise NoNative("no C compiler (cc, gcc, clang) was found")


def headers() -> bool:
    """Whether Python's own headers are installed."""
    return (Path(sysconfig.get_paths()["include"]) / "Python.h").exists()


@cache
def _machine() -> str:
    """What -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    told = sorted({line for line in lines if line.startswith(("flags", "model name", "Features", "CPU part"))})
    return "\n".join([platform.machine(), platform.system(), *told])


def key(text: str, by: Compiler) -> str:
    """The hash of all that the compiled module depends on."""
    parts = (text, by.path, by.version, " ".join(FLAGS), _machine(), sys.version, np.__version__,
             str(sysconfig.get_config_var("SOABI")))  # fmt: skip
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def folder() -> Path:
    """Where compiled modules are kept; the user's own, and closed to others.

    Raises
    ------
    NoNative
        If there is no such folder to be had.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~")) / ".cache"
    path = home / "msgrad_ext" / "native"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        told = path.lstat()
        if not stat.S_ISDIR(told.st_mode) or told.st_uid != os.getuid() or told.st_mode & 0o022:
            raise NoNative(f"the folder {path} is not the user's own")
        if not os.access(path, os.W_OK):
            raise NoNative(f"the folder {path} can not be written")
    except OSError as error:
        raise NoNative(f"there is no folder for compiled code: {error.strerror}") from None
    return path


_RUNNING: set[subprocess.Popen[str]] = set()
_LOCK = Lock()


def build(text: str) -> tuple[Path, bool]:
    """The file that ``text`` compiles to, and whether it was there already.

    Raises
    ------
    NoNative
        If it can not be compiled.
    """
    by = compiler()
    name, home = key(text, by), folder()
    path, mark = home / f"{name}.so", home / f"{name}.sha256"
    kept = _intact(path, mark)
    try:
        if kept:
            os.utime(path)
        else:
            _compile(by, text, path, mark)
            _prune(home)
    except OSError as error:
        raise NoNative(f"the compiled code could not be kept: {error.strerror}") from None
    return path, kept


def _intact(path: Path, mark: Path) -> bool:
    """True for a file of the user's own that is as it was written."""
    try:
        told = path.lstat()
        own = stat.S_ISREG(told.st_mode) and told.st_uid == os.getuid() and not told.st_mode & 0o022
        return own and hashlib.sha256(path.read_bytes()).hexdigest() == mark.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return False


def _compile(by: Compiler, text: str, path: Path, mark: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".making-", dir=path.parent) as work:
        source, made = Path(work) / "plan.c", Path(work) / "plan.so"
        source.write_text(text, encoding="ascii")
        includes = [f"-I{sysconfig.get_paths()['include']}", f"-I{np.get_include()}"]
        _run([by.path, *FLAGS, *includes, "-o", str(made), str(source), "-lmvec", "-lm"], work, by, made)
        made.chmod(0o700)
        sums = Path(work) / "plan.sha256"
        sums.write_text(hashlib.sha256(made.read_bytes()).hexdigest(), encoding="ascii")
        os.replace(sums, mark)
        os.replace(made, path)


def _run(command: list[str], work: str, by: Compiler, made: Path) -> None:
    """Run the compiler in a session of its own, so that the user's interrupt does not reach it."""
    for arguments in (command, [one for one in command if one != "-lmvec"]):
        try:
            process = subprocess.Popen(
                arguments, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                text=True, errors="replace", start_new_session=True, env={**os.environ, "LC_ALL": "C", "TMPDIR": work},
            )  # fmt: skip
        except OSError as error:
            raise NoNative(f"{by.path} could not be started: {error.strerror}") from None
        with _LOCK:
            _RUNNING.add(process)
        with suppress(OSError):  # it may have ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, 10)
        try:
            _, told = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise NoNative(f"the compiler took more than {SECONDS} s") from None
        finally:
            with _LOCK:
                _RUNNING.discard(process)
        if process.returncode == 0 and made.exists():
            return
    last = next((line for line in told.splitlines() if "error" in line), told.strip()[:200])
    raise NoNative(f"the compiler failed: {last[:200]}")


def _kill(process: subprocess.Popen[str]) -> None:
    with suppress(OSError):  # it may have ended already
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def stop() -> None:
    """End the compilers that run."""
    with _LOCK:
        running = list(_RUNNING)
    for process in running:
        with suppress(OSError):  # it may have ended already
            os.killpg(process.pid, signal.SIGKILL)


def forget() -> None:
    """A forked child has no compiler running, and the lock may be held for ever."""
    global _LOCK
    _LOCK = Lock()
    _RUNNING.clear()


def load(path: Path) -> Any:
    """The extension module in a file.

    Raises
    ------
    NoNative
        If it can not be loaded.
    """
    loader = ExtensionFileLoader("msgrad_native", str(path))
    try:
        module = module_from_spec(ModuleSpec("msgrad_native", loader, origin=str(path)))
        loader.exec_module(module)
    except (ImportError, OSError) as error:
        raise NoNative(f"the compiled module could not be loaded: {error}") from None
    return module


def _prune(home: Path) -> None:
    """Keep the modules that were used last."""

    def used(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except OSError:
            return 0.0

    for path in sorted(home.glob("*.so"), key=used, reverse=True)[KEPT:]:
        path.unlink(missing_ok=True)
        path.with_suffix(".sha256").unlink(missing_ok=True)
