"""JupyterLab on a free port, with settings and folders of its own, and a Chromium to look at it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
TOKEN = "tests"
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    # Cells out of sight are drawn too, so that the tests see all of them.
    "notebook-extension/tracker": {"windowingMode": "none"},
}


@dataclass(frozen=True)
class Lab:
    """A running server."""

    port: int
    folder: Path

    def address(self, name: str) -> str:
        """The address of one notebook, alone on its page."""
        return f"http://127.0.0.1:{self.port}/doc/tree/{name}?token={TOKEN}"


def environment(home: Path) -> dict[str, str]:
    """The environment of a server that reads and writes no settings but those in ``home``."""
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    names += ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    own = {name: str(home / name.lower()) for name in names}
    for name, values in SETTINGS.items():
        path = home / "jupyterlab_settings_dir" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **own, "PYTHONPATH": paths}


def wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when the server answers; fail with its log if it ends or takes a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status?token={TOKEN}", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab that serves a copy of the notebooks."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    shutil.copytree(ROOT / "notebooks", folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [f"--ServerApp.token={TOKEN}", "--ServerApp.password=", f"--ServerApp.root_dir={folder}"]
    options += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    options += ["--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly"]
    options += ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    log = home / "lab.log"
    with log.open("wb") as sink:
        command = [sys.executable, "-m", "jupyterlab", *options]
        server = subprocess.Popen(command, env=environment(home), stdout=sink, stderr=sink, cwd=folder)
        try:
            wait_until_ready(server, port, log)
            yield Lab(port, folder)
        finally:
            server.terminate()
            server.wait(timeout=20)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium that asks nobody for anything."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    quiet = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update"
    with sync_playwright() as playwright:
        arguments = [f"--{name}" for name in f"{quiet} disable-sync disable-dev-shm-usage".split()]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=arguments)
        yield browser
        browser.close()
