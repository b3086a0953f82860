"""A shell in this process, and a real kernel, each with the extension loaded and the stand-in pipeline."""

import os
import queue
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PREPARE = "import stand_in; stand_in.install()\n%load_ext msgrad_ext"

sys.path.insert(0, str(HERE))


@pytest.fixture
def stand_ins():
    """The stand-in for what runs a cell, and afterwards the real one again."""
    import stand_in

    restore = stand_in.install()
    yield
    restore()


@pytest.fixture
def shell(stand_ins, real_shell):
    """A fresh IPython shell with the extension loaded, and the stand-in for what runs a cell."""
    return real_shell


@pytest.fixture
def real_shell(tmp_path, monkeypatch):
    """A fresh IPython shell with the extension loaded."""
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "msgrad_ext")
    yield shell
    shell.run_line_magic("unload_ext", "msgrad_ext")
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


class Kernel:
    """A running kernel; `run` gives its messages of one cell."""

    def __init__(self, client):
        self.client = client

    def run(self, source, **options):
        """Execute ``source``; the reply's content, and the outputs in the notebook's form."""
        identity = self.client.execute(source, allow_stdin=False, **options)
        reply = self._reply(identity)
        outputs = []
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != identity:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return reply, outputs
            if message["msg_type"] in ("stream", "display_data", "execute_result", "error"):
                outputs.append((message["msg_type"], message["content"]))

    def ask(self, request, **content):
        """Send another request, such as ``complete``, and give the reply's content."""
        return self._reply(getattr(self.client, request)(**content))

    def debug(self, command, **arguments):
        """Send a request of the debugger; the answer's body."""
        content = {"type": "request", "seq": 1, "command": command, "arguments": arguments}
        message = self.client.session.msg("debug_request", content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.control_channel.get_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply["content"]

    def event(self, name):
        """Wait for the debugger's event called ``name``."""
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["msg_type"] == "debug_event" and message["content"].get("event") == name:
                return message["content"]

    def _reply(self, identity):
        while True:
            try:
                reply = self.client.get_shell_msg(timeout=60)
            except queue.Empty:
                pytest.fail("the kernel gave no answer in 60 seconds")
            if reply["parent_header"].get("msg_id") == identity:
                return reply["content"]


def environment():
    """Environment variables with which a kernel finds the package and the stand-ins."""
    path = os.pathsep.join([str(ROOT), str(HERE), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


@pytest.fixture
def kernel():
    """A fresh kernel of this Python, with the extension loaded."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", env=environment())
    running = Kernel(client)
    reply, outputs = running.run(PREPARE)
    assert reply["status"] == "ok", outputs
    yield running
    client.stop_channels()
    manager.shutdown_kernel(now=True)
