"""The pages with programs in them: what they show is what this version prints."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "build_tour.py"

_spec = importlib.util.spec_from_file_location("build_tour", SCRIPT)
tour = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tour)


PAGES = ("tour.md", "README.md", "adding_an_op.md")


def test_the_pages_are_up_to_date() -> None:
    """The tour is what its template gives now; README and the page that adds an op show what their blocks print."""
    run = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, timeout=300, check=False)
    told = "".join(f"{name} is up to date\n" for name in PAGES)
    assert (run.returncode, run.stdout) == (0, told), run.stderr


def test_the_table_of_ops_is_up_to_date() -> None:
    """``docs/ops.md`` is what the registry gives now."""
    script = SCRIPT.with_name("build_ops.py")
    run = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stdout) == (0, "ops.md is up to date\n"), run.stderr


def test_a_page_that_shows_something_else_is_seen(tmp_path: Path) -> None:
    """Renewing a page puts right an output that was changed by hand, and touches nothing else."""
    page = tmp_path / "page.md"
    right = "A\n\n```python\nprint(2)\n```\n\n```text\n2\n```\n\n```text\nkept\n```\n"
    page.write_text(right.replace("text\n2", "text\n3\n4"), encoding="utf-8")
    assert tour.renewed(page) == right


def test_a_cell_of_a_notebook_runs_and_shares_names() -> None:
    """A block marked ``ipython`` runs magics, shows what it displays, and shares its names with the other blocks."""
    blocks = "```python\nx = 2\n```\n\n```ipython\n%pprint\ny = x + 1\ny\n```\n\n```python\nprint(y)\n```\n"
    page = tour.build(blocks)
    assert "y\n```\n\n```text\nPretty printing has been turned OFF\n3\n```\n" in page
    assert page.endswith("print(y)\n```\n\n```text\n3\n```\n")


def test_output_follows_its_block() -> None:
    """What a block prints stands after it, blocks share names, and other text stays."""
    page = tour.build("A\n\n```python\nx = 2\n```\n\nB\n\n```python\nprint(x)\n```\n\n```sh\nls\n```\n")
    expected = "A\n\n```python\nx = 2\n```\n\nB\n\n```python\nprint(x)\n```\n\n```text\n2\n```\n\n```sh\nls\n```\n"
    assert page == tour.NOTE + expected


def test_an_expected_error_is_shown() -> None:
    """A block marked ``raises`` shows its error."""
    page = tour.build("```python raises\n1 / 0\n```\n")
    assert page == tour.NOTE + "```python\n1 / 0\n```\n\n```text\nZeroDivisionError: division by zero\n```\n"


def test_an_unexpected_error_ends_the_build() -> None:
    """Any other error is raised, at the template's line."""
    with pytest.raises(ZeroDivisionError) as caught:
        tour.build("A\n\n```python\nx = 1\n1 / 0\n```\n", "tour.in.md")
    assert caught.traceback[-1].lineno + 1 == 5


def test_a_missing_error_ends_the_build() -> None:
    """A block marked ``raises`` that does not is refused."""
    with pytest.raises(RuntimeError, match="line 2: the block must raise"):
        tour.build("```python raises\nx = 1\n```\n")
