"""Laws on all files that the project keeps: no download host, no path of one machine, no secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .source import ROOT, tracked

# Written so that this file does not break its own law.
HOSTS = re.compile(
    r"(?i)py[p]i\.(org|io|python)|python[h]osted\.|registry\.npm[j]s|registry\.yarn[p]kg|conda\.anacond[a]|unpk[g]\.com|"
    r"jsdeliv[r]\.net|crates\.i[o]\b|index-ur[l]\s*=|find-link[s]\s*="
)
PATHS = re.compile(r"(?<![\w.-])/(?:wor[k]|roo[t]|hom[e]|User[s])/[\w.]|[A-Z]:\\User[s]\\|/tmp/[b]ash_jobs")
SECRETS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KE[Y]|gh[p]_[A-Za-z0-9]{30}")
BINARY = {".png", ".gif", ".ico", ".woff2", ".npz"}


def unwanted(path: str, text: str) -> list[str]:
    """Lines of a file that name a download host, a place on one machine, or a secret."""
    return [
        f"{path}:{number}: {found.group()}"
        for number, line in enumerate(text.splitlines(), 1)
        for pattern in (HOSTS, PATHS, SECRETS)
        if (found := pattern.search(line))
    ]


def test_no_file_names_a_download_host_or_a_machine_path() -> None:
    """A clone works anywhere: nothing in it points at a package registry or at one machine's folders."""
    files = [path for path in tracked() if not path.endswith(tuple(BINARY))]
    found = [line for path in files for line in unwanted(path, (ROOT / path).read_text(encoding="utf-8"))]
    assert not found, "\n".join(found)


def test_lock_files_are_not_kept() -> None:
    """Lock files hold download addresses, so there are none."""
    names = {path.rsplit("/", 1)[-1] for path in tracked()}
    assert names & {"uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "package-lock.json", "pip.conf"} == set()


@pytest.mark.parametrize(
    "text",
    [
        "see https://" + "py" + "pi.org/project/x",
        "https://files." + "python" + "hosted.org/packages/x",
        "index-" + "url = https://example.org",
        "registry." + "npm" + "js.org",
        'File "/' + 'root/x.py"',
        "in /" + "home/someone/x",
        "saved to /" + "work/x",
    ],
)
def test_an_unwanted_name_is_seen(text: str) -> None:
    """Each kind of unwanted name is found."""
    assert len(unwanted("a.md", "first line\n" + text)) == 1


@pytest.mark.parametrize("text", ["/usr/bin/chromium", "docs/work/x", "https://www.apache.org/licenses/", "a/root/x"])
def test_ordinary_paths_pass(text: str) -> None:
    """System paths, relative paths and ordinary addresses are allowed."""
    assert unwanted("a.md", text) == []


def test_an_archive_keeps_what_a_clone_keeps(tmp_path: Path) -> None:
    """Without git, files in hidden and generated folders are left out, and all others are found."""
    kept = ["a.py", ".gitignore", ".ci/run", "docs/b.md"]
    for path in [*kept, ".venv/c.py", "docs/__pycache__/d.pyc", "build/e.py"]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("", encoding="utf-8")
    assert tracked(tmp_path) == sorted(kept)
