"""Sweeps in a real kernel: networks of a cell on other processes, the growing table, an interrupt."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
NET = """
import numpy as np, msgrad_ext as mg
from msgrad_ext import nn, Parameter, Tensor
class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.w = Parameter(Tensor(np.ones(3, np.float32)), name="w")
    def construct(self, x):
        if x.sum() > 0:
            return (x * self.w).exp().sum()
        return (x * self.w).tanh().sum()
report = mg.check(Net(), np.array([0.5, -1.0, 0.25], np.float32))
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
import multiprocessing, time
alone = report.sweep(8)
def same(method):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as executor:
        return report.sweep(8, executor=executor) == alone and not alone.notes
"""
SLOW = "report.sweep({n}, points=lambda generator, name, like: time.sleep({pause}) or like)"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A fresh kernel in which a cell has defined a network."""
    from jupyter_client.manager import start_new_kernel

    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    manager, found = start_new_kernel(kernel_name="python3", env={**os.environ, "PYTHONPATH": path})
    found.manager = manager
    status, _ = run(found, NET)
    assert status == "ok"
    yield found
    found.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client: Any, source: str, interrupt: bool = False) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    """Run a cell; its status and its messages. ``interrupt`` it at its first output."""
    identity, outputs, reply = client.execute(source, allow_stdin=False), [], None
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != identity:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "status" and content["execution_state"] == "idle":
            break
        if kind not in ("status", "execute_input"):
            outputs.append((kind, content))
            if interrupt:
                client.manager.interrupt_kernel()
                interrupt = False
    while reply is None or reply["parent_header"].get("msg_id") != identity:
        reply = client.get_shell_msg(timeout=60)
    return reply["content"]["status"], outputs


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_network_of_a_cell_is_checked_elsewhere(client: Any, method: str) -> None:
    """What a cell defines need not be known to the process that checks it; its rows and notes are the same."""
    status, outputs = run(client, f"same({method!r})")
    assert status == "ok", outputs
    assert outputs[-1][1]["data"]["text/plain"] == "True"


def test_the_table_grows_in_one_display(client: Any) -> None:
    """A long sweep is one display that is updated; what is stored last is the whole table, the value one line."""
    status, outputs = run(client, SLOW.format(n=8, pause=0.08))
    assert status == "ok"
    kinds = [kind for kind, _ in outputs]
    assert kinds.count("display_data") == 1
    assert kinds.count("update_display_data") > 1
    assert kinds[-1] == "execute_result"
    assert len({content["transient"]["display_id"] for kind, content in outputs if "display" in kind}) == 1
    whole = outputs[-2][1]["data"]
    assert whole["text/plain"].startswith("agree: 8 of 8 checks done")
    assert "<table" in whole["text/html"]
    assert outputs[-1][1]["data"] == {"text/plain": "Sweep(Net: agree; 8 of 8 checks)"}
    _, later = run(client, "_")
    assert later[-1][1]["data"] == whole


def test_a_short_sweep_is_shown_once(client: Any) -> None:
    """What takes no time is shown as the cell's value alone."""
    _, outputs = run(client, "report.sweep(1)")
    assert [kind for kind, _ in outputs] == ["execute_result"]
    assert outputs[0][1]["data"]["text/plain"].startswith("agree: 1 of 1 check done")


def test_an_interrupt_leaves_kernel_and_table(client: Any) -> None:
    """An interrupted sweep shows what was done; the kernel goes on."""
    status, outputs = run(client, SLOW.format(n=1000, pause=0.08), interrupt=True)
    assert status == "error"
    assert outputs[-1][0] == "error"
    assert outputs[-1][1]["ename"] == "KeyboardInterrupt"
    shown = [content["data"]["text/plain"] for kind, content in outputs if "display" in kind]
    assert "of 1000 checks done" in shown[-1]
    assert run(client, "assert report.sweep(2) == mg.GradReport.sweep(report, 2)")[0] == "ok"
