"""Other frameworks, each in a process (and, if wanted, an environment) of its own; who is absent is told and left out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from .machine import ROOT, environment
from .timing import Block
from .workload import Workload

KNOWN = ("autograd", "jax", "mindspore", "torch")


class Peer:
    """A framework that answers.

    Parameters
    ----------
    name : str
        One of `KNOWN`.
    process : Popen
        Its `benchmarks.worker`.
    """

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self.name = name
        self.process = process
        self.version = self._read()["version"]

    def _read(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise ConnectionError(f"{self.name} has ended")
        return json.loads(line)

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Its answer to ``request``."""
        if self.process.stdin is None:
            raise ConnectionError(f"{self.name} can not be asked")
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise ConnectionError(f"{self.name} has ended") from error
        return self._read()

    def prepare(self, workload: Workload, small: bool) -> dict[str, Any]:
        """Have it build the workload and compare its gradients."""
        return self.ask({"workload": workload.name, "small": small})

    @property
    def block(self) -> Block:
        """Blocks of the workload that it prepared last."""
        return lambda times: self.ask({"times": times})["seconds"]


@contextmanager
def started(names: Sequence[str], pythons: Sequence[str]) -> Iterator[list[Peer]]:
    """The peers of ``names``, each in the first of ``pythons`` that has it; what was not found is said on stderr."""
    with ExitStack() as stack:
        found = []
        for name in names:
            peer = next(filter(None, (_start(name, python, stack) for python in pythons)), None)
            if peer is None:
                print(f"{name} is not installed in {', '.join(pythons)}: left out", file=sys.stderr)
            else:
                found.append(peer)
        yield found


def _start(name: str, python: str, stack: ExitStack) -> Peer | None:
    command = [python, "-m", "benchmarks.worker", name]
    try:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return None
    stack.callback(_end, process)
    try:
        return Peer(name, process)
    except ConnectionError:
        return None


def _end(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
