"""An interrupt at any moment of a check or of its formulas leaves everything as it was."""

from __future__ import annotations

import _thread
import sys
import threading
import time
import warnings
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import observing, ops, registry
from msgrad_ext.checking.effort.progress import listening
from msgrad_ext.symbolic import effort, template

RANDOM = np.random.default_rng(5)
X, W = RANDOM.standard_normal((3, 4)), RANDOM.standard_normal((4, 2))
TIMES = 50


def net(x: Any, w: Any) -> Any:
    h = ops.tanh(x @ w)
    return (ops.exp(-h) * h).sum()


def everything() -> list[str]:
    """A check with its formulas, as text."""
    report = mg.check(net, X, W)
    return [str(report), *(report.formula(name).text for name in report.names)]


def state() -> list[Any]:
    """What a check must leave as it is."""
    rules = {name: (op, op.numpy, op.vjp, op.meaning) for name, op in mg.registered_ops().items()}
    ambient = [np.geterr(), sys.getrecursionlimit(), list(warnings.filters), str(np.random.get_state()), sys.stdout]
    contexts = [observing.observer, observing._plans, registry.recorder, effort._NOW]
    return [rules, ambient, [one.get() for one in contexts], listening()]


def forget() -> None:
    """Empty the caches of derivations, so that the next check fills them."""
    for cache in (template._FORWARD, template._MERGED):
        cache.clear()
    template.adjoint.cache_clear()


def interrupted(after: float) -> float | None:
    """Interrupt `everything` by a signal after so many seconds; how long it then took to stop, or None if it was done."""
    sent = [0.0]

    def send() -> None:
        sent[0] = time.monotonic()
        _thread.interrupt_main()

    timer = threading.Timer(after, send)
    try:
        timer.start()
        everything()
        timer.cancel()
        timer.join()
        # The signal may have come after the last line; it is taken here.
        time.sleep(0.001)
    except KeyboardInterrupt:
        return time.monotonic() - sent[0]
    return None


# Python itself drops what is raised in the callback of a weak reference, and says so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_interrupts_at_many_moments_leave_no_trace() -> None:
    """After each interrupt state and caches are whole: the same check gives the identical report."""
    forget()
    expected = everything()
    before = state()
    start = time.monotonic()
    forget()
    everything()
    long = time.monotonic() - start
    delays = np.random.default_rng(0).uniform(0, long, TIMES)
    latencies = []
    for turn, delay in enumerate(delays):
        if turn % 5 == 0:
            forget()
        latencies.append(interrupted(float(delay)))
        assert state() == before
        if turn % 10 == 0:
            assert everything() == expected
    assert everything() == expected
    hits = [one for one in latencies if one is not None]
    assert len(hits) > TIMES // 16
    assert max(hits) < 1


def test_an_interrupt_of_a_large_check_is_taken_within_a_second() -> None:
    """What is large is done in pieces that numpy finishes soon."""
    x = np.random.default_rng(0).standard_normal((600, 600))

    def large(a: Any) -> Any:
        return ops.exp(ops.tanh(a @ a))

    latencies = []
    for delay in (0.02, 0.05, 0.1, 0.2):
        sent = [0.0]

        def send(sent: list[float] = sent) -> None:
            sent[0] = time.monotonic()
            _thread.interrupt_main()

        timer = threading.Timer(delay, send)
        try:
            timer.start()
            mg.check(large, x, budget="20s 8GB")
            timer.cancel()
            timer.join()
            time.sleep(0.001)
        except KeyboardInterrupt:
            latencies.append(time.monotonic() - sent[0])
    assert latencies
    assert max(latencies) < 1


@pytest.mark.kernel
def test_an_interrupted_cell_leaves_the_kernel_as_it_was() -> None:
    """A gradcell that is interrupted raises KeyboardInterrupt, binds nothing, and runs as ever afterwards."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")

    def run(code: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        shown: list[dict[str, Any]] = []
        reply = client.execute_interactive(code, timeout=120, allow_stdin=False, output_hook=shown.append)
        return reply["content"], shown

    cell = (
        "%%gradcell -o report --budget '60s 8GB'\nimport numpy as np\nfrom msgrad_ext import Tensor, nn, ops\nkept = 1\n"
        "class Net(nn.Cell):\n    def construct(self, x):\n        for _ in range(REPEATS):\n"
        "            x = ops.tanh(x @ x * 0.01)\n        return x.sum()\n\n"
        "Net()(Tensor(np.linspace(0, 1, SIZE * SIZE).reshape(SIZE, SIZE)))"
    )
    try:
        run("%load_ext msgrad_ext")
        small = cell.replace("REPEATS", "2").replace("SIZE", "5")
        first, before = run(small)
        assert any("agree" in text for text in shown_texts(before))
        names = run("print(sorted(n for n in globals() if not n.startswith('_')))")[1]
        waiting = client.execute(cell.replace("REPEATS", "60").replace("SIZE", "500"), allow_stdin=False)
        time.sleep(2.0)
        manager.interrupt_kernel()
        sent = time.monotonic()
        while (reply := client.get_shell_msg(timeout=60))["parent_header"].get("msg_id") != waiting:
            pass
        assert time.monotonic() - sent < 5
        assert (reply["content"]["status"], reply["content"].get("ename")) == ("error", "KeyboardInterrupt")
        # The kernel aborts what was sent before it told of the error.
        time.sleep(1)
        again, after = run(small)
        assert (first["status"], again["status"]) == ("ok", "ok")
        assert shown_texts(after) == shown_texts(before)
        assert shown_texts(run("print(sorted(n for n in globals() if not n.startswith('_')))")[1]) == shown_texts(names)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def shown_texts(messages: list[dict[str, Any]]) -> list[str]:
    """The texts of a cell's outputs."""
    found = []
    for message in messages:
        content = message["content"]
        if message["msg_type"] in ("display_data", "execute_result"):
            found.append(content["data"]["text/plain"])
        elif message["msg_type"] == "stream":
            found.append(content["text"])
    return found
