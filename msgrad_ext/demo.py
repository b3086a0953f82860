"""The tutorial's cells without a notebook: ``python -m msgrad_ext.demo`` prints each figure with its verdict.

Each cell takes the road that ``%%gradcell`` takes. The figures are compared with those that MindSpore's tutorial
prints, and ``demo/index.html`` shows the reports; it opens without a network. The exit code is 1 if a figure is off.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from .notebook.cell import parse_cell, read_cell
from .notebook.options import CellOptions
from .notebook.run import gradcell
from .notebook.tutorial import DEFINITIONS, FIGURES, Figure
from .report import GradReport
from .tensor import Tensor
from .views.page import page


def run(cell: str, namespace: dict[str, Any]) -> Any:
    """Run one cell as ``%%gradcell -o report`` does; what it prints is printed. Gives its report, or () without one."""
    gradcell(None, parse_cell(read_cell(None, "", cell)), namespace, CellOptions(out="report"))
    return namespace["report"]


def ulps(value: Any, expected: Any) -> float:
    """The largest difference in units of the last place of float32; infinite where shapes or dtypes differ."""
    wanted, found = np.asarray(expected, np.float32), np.asarray(value)
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        return float("inf")
    return float(np.max(np.abs(found.astype(float) - wanted.astype(float)) / np.spacing(np.abs(wanted)).astype(float)))


def show(figure: Figure, namespace: dict[str, Any]) -> tuple[GradReport, bool]:
    """Run one figure's cell and print its verdict; also whether it is what the tutorial prints and the check agrees."""
    print(f"{figure.title}\n")
    report = run(figure.cell, namespace)
    output = namespace["output"]
    found = (output,) if isinstance(output, Tensor) else output
    off = max(ulps(one.asnumpy(), wanted) for one, wanted in zip(found, figure.expected, strict=True))
    print(f"\n  tutorial: {'the same figures' if off <= 1 else 'OTHER FIGURES'} ({off:.0f} ulp apart, 1 allowed)")
    for name in report:
        print(f"  check: {report[name].status}; {report.formula(name).text}")
    print()
    return report, off <= 1 and report.verdict == "agree"


def main(folder: Path = Path("demo")) -> int:
    """Run the tutorial, write the page, and return the exit code."""
    namespace: dict[str, Any] = {}
    for cell in DEFINITIONS:
        run(cell, namespace)
    shown = [(figure.title, *show(figure, namespace)) for figure in FIGURES]
    right = sum(good for _, _, good in shown)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "index.html"
    text = "The gradients of MindSpore's tutorial: each is computed, derived as a formula, and compared."
    target.write_text(page([(title, report) for title, report, _ in shown], "msgrad_ext", text), encoding="utf-8")
    print(f"{right} of {len(shown)} figures are the tutorial's and agree with their formulas; see {target.as_posix()}")
    return 0 if right == len(shown) else 1


if __name__ == "__main__":
    sys.exit(main())
