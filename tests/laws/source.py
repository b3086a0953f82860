"""Reading the project's own source for the laws: files, syntax trees, and the imports that a module makes."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "msgrad_ext"

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """A Python file of the project, or a snippet that stands for one: its path from the root, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree."""
        return tuple(ast.walk(self.tree))

    @property
    def module(self) -> str:
        """The dotted name inside the package, ``checking.result``; the package root itself is ``""``."""
        parts = list(Path(self.path).with_suffix("").parts[1:])
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def at(self, node: ast.AST, what: str) -> str:
        """A violation's text: file, line and what is wrong there."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {what}"


def tracked(root: Path = ROOT) -> list[str]:
    """The paths of all files that the project keeps: tracked by git, or new and not ignored.

    In an unpacked archive, which has no ``.git``, all files outside hidden and generated folders.
    """
    if not (root / ".git").exists():
        made = {"build", "dist", "demo", "__pycache__"}
        paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return sorted(
            path.as_posix()
            for path in paths
            if not any(part in made or (part.startswith(".") and part != ".ci") for part in path.parts[:-1])
        )
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={root}", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return sorted(path for path in set(listed) if path and (root / path).is_file())


def sources(*prefixes: str) -> list[Source]:
    """The Python files whose path begins with one of ``prefixes``."""
    found = [path for path in tracked() if path.endswith(".py") and path.startswith(prefixes)]
    return [_source(path) for path in found]


@cache
def _source(path: str) -> Source:
    """A file, read and parsed once for all laws."""
    return Source(path, (ROOT / path).read_text(encoding="utf-8"))


def package() -> list[Source]:
    """The files of the package."""
    return sources(f"{PACKAGE}/")


def functions(source: Source) -> Iterator[FunctionNode]:
    """All functions and methods, nested ones too."""
    return (node for node in source.nodes if isinstance(node, FunctionNode))


def code_lines(function: FunctionNode) -> int:
    """Lines of a function, its decorators and its docstring not counted."""
    total = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total


def runtime_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those under ``if TYPE_CHECKING:``, which never run."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            todo += node.orelse
        else:
            todo += ast.iter_child_nodes(node)


@dataclass(frozen=True)
class Import:
    """One imported thing: a module's dotted name, the name taken from it (or None), the name that it is bound to."""

    node: ast.AST
    module: str
    name: str | None
    bound: str

    @property
    def inside(self) -> bool:
        """True when it comes from this package."""
        return self.module.split(".")[0] == PACKAGE


@cache
def imports(source: Source, within: ast.AST | None = None) -> tuple[Import, ...]:
    """The imports of a file (or of a part of it), lazy ones in functions included, relative ones made absolute."""
    return tuple(_imports(source, within))


def _imports(source: Source, within: ast.AST | None) -> Iterator[Import]:
    here = [PACKAGE, *source.module.split(".")] if source.module else [PACKAGE]
    if Path(source.path).name != "__init__.py":
        here = here[:-1]
    for node in runtime_nodes(within or source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node, alias.name, None, alias.asname or alias.name.split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Import(node, module, alias.name, alias.asname or alias.name)


def imported_modules(source: Source, known: set[str]) -> Iterator[tuple[ast.AST, str]]:
    """The modules of the package that a file imports (``""`` is the root); ``known`` tells submodules from names."""
    for one in imports(source):
        if not one.inside:
            continue
        base = one.module.removeprefix(PACKAGE).removeprefix(".")
        full = f"{base}.{one.name}".removeprefix(".") if one.name else base
        yield one.node, full if full in known else base
