"""The compiler and the folder of what it made: found, kept, closed to others, and never in the way."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from msgrad_ext import ops
from msgrad_ext.native import build
from msgrad_ext.native.program import NoNative
from msgrad_ext.native.tier import Native
from msgrad_ext.numeric.plan import GuardFailed

from .nets import gradient_graph, native


def made(number: float) -> Native:
    """The C form of a small graph that no other test has."""
    graph, _ = gradient_graph(lambda x: (ops.sin(x) * number).sum(), np.ones((3,), np.float32))
    result = Native(graph, lambda *arrays: arrays, GuardFailed)
    result.make()
    return result


def test_what_was_compiled_is_used_again() -> None:
    """The same graph is compiled once; another one anew."""
    assert "made in" in made(1.25).status
    assert "kept from before" in made(1.25).status
    assert "made in" in made(1.75).status


def test_a_damaged_file_is_made_anew() -> None:
    """A file that is not as it was written is not loaded."""
    made(2.25)
    text = made(2.25).text
    path = build.folder() / f"{build.key(text, build.compiler())}.so"
    path.unlink()
    path.write_bytes(b"not a library")
    assert "made in" in made(2.25).status


def test_a_folder_that_others_can_write_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Code is not loaded from where others could put theirs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = build.folder()
    assert folder.stat().st_mode & 0o077 == 0
    folder.chmod(0o777)
    assert "not the user's own" in made(3.25).status


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (
            "#!/bin/sh\n[ \"$1\" = --version ] && echo fake && exit 0\necho 'plan.c:1: error: no' >&2; exit 1\n",
            "error: no",
        ),
        ('#!/bin/sh\n[ "$1" = --version ] && echo fake && exit 0\nexit 0\n', "the compiler failed"),
        ('#!/bin/sh\n[ "$1" = --version ] && echo fake && exit 0\nsleep 30\n', "took more than"),
    ],
)
def test_a_broken_compiler_is_told(script: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A compiler that fails, makes nothing, or does not end leaves the numpy plan, with the reason."""
    path = tmp_path / "cc"
    path.write_text(script)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(build, "SECONDS", 0.3)
    result = made(4.25)
    assert result.function is None
    assert told in result.status
    assert not list(build.folder().glob(".making-*"))


def full(*arguments: object) -> None:
    """No room on the disk."""
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can not be written is told, and nothing stays behind."""
    monkeypatch.setattr(build.os, "replace", full)
    assert made(6.25).status == "numpy: the compiled code could not be kept: No space left on device"
    assert not list(build.folder().glob(".making-*"))


def test_a_folder_that_can_not_be_written_leaves_numpy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder to read alone, and a file where the folder should be, are told."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    known = os.access
    monkeypatch.setattr(build.os, "access", lambda path, mode, **rest: mode != os.W_OK and known(path, mode, **rest))
    assert "can not be written" in made(7.25).status
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert "there is no folder for compiled code" in made(7.25).status


def test_two_processes_make_the_same_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both have it, and one intact file is kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    then = "from msgrad_ext.native.tier import finish; finish(); print(compiled._versions[0].plan.native[:10])"
    environment = {**os.environ, "MSGRAD_EXT_NATIVE": "1"}
    command = [sys.executable, "-c", PROGRAM.format(then=then)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(2)]
    assert [one.communicate(timeout=60)[0] for one in both] == ["compiled C\n"] * 2
    (kept,) = build.folder().glob("*.so")
    assert build._intact(kept, kept.with_suffix(".sha256"))


def test_without_a_compiler_numpy_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty path has no compiler."""
    monkeypatch.setenv("PATH", str(tmp_path))
    result = made(5.25)
    assert result.function is None
    assert "no C compiler" in result.status


def test_the_key_knows_all_that_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another text, compiler, numpy or set of flags is another file."""
    by = build.compiler()
    keys = {build.key("a", by), build.key("b", by), build.key("a", build.Compiler(by.path, "another"))}
    monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-g"))
    keys.add(build.key("a", by))
    monkeypatch.setattr(np, "__version__", "0.0")
    keys.add(build.key("a", by))
    assert len(keys) == 5


def test_text_is_the_same_from_run_to_run() -> None:
    """Equal graphs have equal C text."""
    graphs = [gradient_graph(lambda x: (ops.tanh(x) @ x).sum(), np.ones((3, 3), np.float32))[0] for _ in range(2)]
    assert native(graphs[0]).text == native(graphs[1]).text


PROGRAM = """
import os, sys, numpy as np, msgrad_ext as mg
from msgrad_ext import ops
x = np.ones((40, 40), np.float32)
compiled = mg.compile(lambda x: (ops.tanh(ops.sin(x) @ x) @ x).sum(), x)
for _ in range(20):
    compiled(x)
{then}
"""


def finish(then: str) -> subprocess.CompletedProcess[str]:
    """A process that asks for C and then does this."""
    environment = {**os.environ, "MSGRAD_EXT_NATIVE": "1"}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(then=then)], capture_output=True, text=True, timeout=60, env=environment
    )


def test_leaving_while_it_compiles_is_quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process that ends meanwhile ends at once, says nothing, and leaves nothing behind."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    run = finish("print('done')")
    assert (run.returncode, run.stdout, run.stderr) == (0, "done\n", "")
    assert not list(tmp_path.rglob("*.c"))


def test_a_fork_meanwhile_is_safe() -> None:
    """A child goes on by itself."""
    then = "pid = os.fork()\nfor _ in range(40): compiled(x)\nif pid: print(os.waitpid(pid, 0)[1])"
    run = finish(then)
    assert (run.returncode, run.stdout) == (0, "0\n"), run.stderr


def test_too_large_a_graph_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is told."""
    from msgrad_ext.native import lowering

    monkeypatch.setattr(lowering, "LIMIT", 2)
    graph, _ = gradient_graph(lambda x: (ops.sin(x) * x).sum(), np.ones((3,), np.float32))
    with pytest.raises(NoNative, match="limit is 2"):
        lowering.lower(graph)
