"""One framework in a process of its own: reads requests as lines of JSON, answers each with a line of JSON.

``{"workload": name, "small": bool}`` prepares it and compares its gradients with the hand-written ones; the answer has
``"first"``, the seconds from the program to the first gradients, or ``"missing"`` with the reason. ``{"times": n}``
calls it n times; the answer has ``"seconds"`` of one call. An empty line ends the process.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from time import perf_counter
from typing import Any

from .machine import one_thread


class Worker:
    """Answers requests for one framework.

    Parameters
    ----------
    framework : str
        A module of `benchmarks.speaking`.
    """

    def __init__(self, framework: str) -> None:
        self.module = import_module(f".speaking.{framework}", __package__)
        self.call: Callable[[], Any] = lambda: None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request."""
        from .timing import block_of
        from .workloads import workloads

        if "times" in request:
            return {"seconds": block_of(self.call)(request["times"])}
        workload = workloads(request["small"])[request["workload"]]
        try:
            start = perf_counter()
            candidate = self.module.candidate(workload)
            candidate.read(candidate.call())
            first = perf_counter() - start
            candidate.check(workload)
        except (AssertionError, ArithmeticError, AttributeError, RuntimeError, TypeError, ValueError) as error:
            lines = str(error).strip().splitlines() or [""]
            return {"missing": f"{type(error).__name__}: {lines[0]}"}
        self.call = candidate.call
        return {"first": first}


def main() -> None:
    """Answer until there is nothing more to read."""
    one_thread()
    # What a framework prints must not come between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    worker = Worker(sys.argv[1])
    print(json.dumps({"version": worker.module.version()}), file=answers, flush=True)
    for line in sys.stdin:
        if not line.strip():
            break
        print(json.dumps(worker.answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
