"""The floors of the house: which module stands on which, from the ground up. A module imports only from floors below.

A folder's name stands for all its modules, unless one of them is named apart. Modules of one folder may import each
other, without cycles. To add a module, put its name on the lowest floor from which its imports go down.
"""

from __future__ import annotations

FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "names", "lazy", "constants", "collecting", "now"),
    (
        "dtype",
        "contract",
        "context",
        "decorators",
        "enclosing.result",
        "checking.effort.amounts",
        "notebook.imports",
    ),
    (
        "checking.evidence.rungs",
        "checking.result",
        "checking.witnesses.digits",
        "checking.effort.budget",
        "checking.effort.progress",
        "checking.effort.progress_line",
        "notebook.options",
    ),
    ("ir",),
    ("registry",),
    ("tensor", "seeds", "voice"),
    ("op", "initializer"),
    ("common", "tracing"),
    ("primitives", "native", "training"),
    ("reversing",),
    ("passes",),
    ("numeric", "symbolic"),
    ("linear", "observing"),
    ("keeping",),
    ("gradients",),
    ("formulas", "proving"),
    ("nn", "ops"),
    ("checking", "loading"),
    ("enclosing",),
    ("export", "views"),
    ("sweeping", "profiling", "evaluating"),
    ("report",),
    ("pipeline",),
    ("handwritten",),
    ("testing",),
    ("sweeps",),
    ("notebook",),
    ("demo",),
    ("",),
)

# Imports up that are made when a name is first used, and why.
UPWARD: dict[tuple[str, str], str] = {
    ("tensor.array", "initializer"): "a tensor's first values may be drawn, by what makes tensors itself",
    ("lazy", "symbolic.language"): "op files name `sym` without paying for SymPy until a formula is asked for",
}


def floor(module: str) -> int | None:
    """The number of the floor on which ``module`` stands, or None if it has none."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        for number, names in enumerate(FLOORS):
            if name in names:
                return number
    return None


def room(module: str) -> str:
    """What may import within itself: a folder, or a single module."""
    return module.split(".")[0]
