"""Make ``performance.md`` of ``performance.in.md`` and of the figures that the benchmarks give on this machine.

Arguments are handed to ``python -m benchmarks`` (``--peers torch,jax --python /path``). Figures change from run to run:
no test compares the page, and `make docs` does not make it; ``make bench`` does.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TEMPLATE = FOLDER / "performance.in.md"
PAGE = FOLDER / "performance.md"
MARK = "<!-- figures -->\n"
NOTE = "<!-- Made by docs/build_performance.py from performance.in.md and a run of the benchmarks: make bench. -->\n\n"


def page(template: str, figures: str) -> str:
    """The text of the page.

    Raises
    ------
    ValueError
        If the template has no place for the figures, or several.
    """
    if template.count(MARK) != 1:
        raise ValueError(f"{TEMPLATE.name} must hold {MARK.strip()} once, but has it {template.count(MARK)} times.")
    return NOTE + template.replace(MARK, figures)


def main() -> None:
    """Measure and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.md"
        command = [sys.executable, "-m", "benchmarks", *sys.argv[1:], "--markdown", str(figures)]
        subprocess.run(command, cwd=FOLDER.parent, check=True)
        PAGE.write_text(
            page(TEMPLATE.read_text(encoding="utf-8"), figures.read_text(encoding="utf-8")), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
