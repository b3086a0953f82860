"""Law 1: imports go down only, there are no cycles, and nobody inside imports the package root."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

import pytest

from .floors import UPWARD, floor, room
from .source import PACKAGE, ROOT, Source, imported_modules, imports, package


def upward(files: Iterable[Source]) -> list[str]:
    """Imports that do not go down, and modules that stand on no floor."""
    found = []
    files = list(files)
    known = {one.module for one in files}
    for source in files:
        here = floor(source.module)
        if here is None:
            found.append(f"{source.path}:1: {source.module} stands on no floor; declare it in tests/laws/floors.py")
            continue
        for node, module in imported_modules(source, known):
            there = floor(module)
            if module == "" or (source.module, module) in UPWARD or room(module) == room(source.module) != "":
                continue
            if there is not None and there >= here:
                found.append(source.at(node, f"{source.module or PACKAGE} imports {module}, which is not below it"))
    return found


def root_imports(files: Iterable[Source]) -> list[str]:
    """Imports of the package root from inside."""
    files = list(files)
    known = {one.module for one in files} - {""}
    return [
        source.at(node, "the package root is imported from inside")
        for source in files
        for node, module in imported_modules(source, known)
        if module == ""
    ]


def cycles(files: Iterable[Source]) -> list[str]:
    """A cycle of imports, if there is one; lazy imports count."""
    files = list(files)
    known = {one.module for one in files}
    graph = {
        source.module: {
            module
            for _, module in imported_modules(source, known)
            if module not in ("", source.module) and (source.module, module) not in UPWARD
        }
        for source in files
        if source.module
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def foreign(files: Iterable[Source], folder: str, library: str) -> list[str]:
    """Imports of ``library`` in a folder of the package that must not know it."""
    return [
        source.at(one.node, f"{folder} imports {library}")
        for source in files
        if room(source.module) == folder
        for one in imports(source)
        if one.module.split(".")[0] == library
    ]


def test_imports_go_down_only() -> None:
    """No module imports one of its own floor or of a floor above."""
    found = upward(package())
    assert not found, "\n".join(found)


def test_nobody_inside_imports_the_root() -> None:
    """The package root is for users: no module of the package imports it."""
    found = root_imports(package())
    assert not found, "\n".join(found)


def test_there_are_no_cycles() -> None:
    """The modules can be put in an order in which each imports only earlier ones."""
    assert cycles(package()) == []


def test_the_symbolic_road_never_imports_numpy() -> None:
    """No file of symbolic/ imports numpy."""
    assert foreign(package(), "symbolic", "numpy") == []


def test_the_numeric_road_never_imports_sympy() -> None:
    """No file of numeric/ or primitives/ imports SymPy."""
    assert [foreign(package(), folder, "sympy") for folder in ("numeric", "primitives")] == [[], []]


@pytest.mark.parametrize(
    "path, text",
    [
        ("msgrad_ext/ir.py", "from .notebook.magic import x"),
        ("msgrad_ext/ir.py", "from .notebook import magic"),
        ("msgrad_ext/ir.py", "import msgrad_ext.notebook.magic"),
        ("msgrad_ext/ir.py", "def f():\n    from .notebook.magic import x"),
        ("msgrad_ext/symbolic/axes.py", "from ..numeric.plan import x"),
        ("msgrad_ext/symbolic/axes.py", "from .. import numeric"),
        ("msgrad_ext/views/text.py", "from ..export.registry import x"),
        ("msgrad_ext/attic.py", "import os"),
    ],
)
def test_an_import_that_goes_up_is_seen(path: str, text: str) -> None:
    """An import of the same floor or of one above is a violation, in every spelling; so is an undeclared module."""
    others = [
        Source(f"msgrad_ext/{name}", "") for name in ("notebook/magic.py", "numeric/__init__.py", "export/registry.py")
    ]
    assert len(upward([Source(path, text), *others])) == 1


@pytest.mark.parametrize(
    "text", ["from . import Tensor", "import msgrad_ext", "import msgrad_ext as mg", "from msgrad_ext import Tensor"]
)
def test_an_import_of_the_root_is_seen(text: str) -> None:
    """All spellings of an import of the package root are violations."""
    assert len(root_imports([Source("msgrad_ext/ir.py", text)])) == 1


def test_an_import_of_a_neighbour_is_not_one_of_the_root() -> None:
    """``from . import dtype`` names a module, not the root."""
    assert root_imports([Source("msgrad_ext/ir.py", "from . import dtype"), Source("msgrad_ext/dtype.py", "")]) == []


def test_a_cycle_is_seen() -> None:
    """Two modules of one folder that import each other are a cycle, even if one import is lazy."""
    one = Source("msgrad_ext/views/html.py", "from .text import x")
    other = Source("msgrad_ext/views/text.py", "def f():\n    from .html import y")
    assert cycles([one, other]) != []


def test_an_import_for_types_only_is_none() -> None:
    """What stands under TYPE_CHECKING never runs, and makes no cycle."""
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .op import Op"
    assert upward([Source("msgrad_ext/ir.py", text), Source("msgrad_ext/op.py", "from .ir import x")]) == []


@pytest.mark.parametrize("text", ["import numpy as np", "from numpy import add", "def f():\n    import numpy.linalg"])
def test_numpy_in_the_symbolic_road_is_seen(text: str) -> None:
    """Every spelling of an import of numpy in symbolic/ is a violation."""
    assert len(foreign([Source("msgrad_ext/symbolic/axes.py", text)], "symbolic", "numpy")) == 1


def loaded_by(program: str) -> set[str]:
    """The heavy libraries that a fresh interpreter has loaded after ``program``."""
    show = "\nimport sys; print(*(m for m in ('numpy', 'sympy', 'ipywidgets', 'mpmath') if m in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", program + show], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    return set(run.stdout.split("\n")[-2].split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    """``import msgrad_ext`` loads neither SymPy nor ipywidgets."""
    assert loaded_by("import msgrad_ext; assert msgrad_ext.__version__") & {"sympy", "ipywidgets", "mpmath"} == set()


def test_loading_the_extension_loads_nothing_heavy() -> None:
    """``%load_ext msgrad_ext`` loads neither SymPy nor ipywidgets."""
    program = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.extension_manager.load_extension('msgrad_ext')\n"
        "assert 'gradcell' in shell.magics_manager.magics['cell']"
    )
    assert loaded_by(program) & {"sympy", "ipywidgets", "mpmath"} == set()


def test_a_heavy_import_is_seen() -> None:
    """The measurement does see SymPy when it is loaded."""
    assert "sympy" in loaded_by("import sympy")
