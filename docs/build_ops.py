"""Make ``ops.md``: a table of the ops of the registry, and of the functions that are composed of them.

All of it comes from the classes: the contract from the class line, the formula and the conventions from the docstring.
``--check`` only says whether the page is up to date.
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import msgrad_ext as mg
from msgrad_ext.registry import ALIASES, COMPOSITES, FUNCTIONS

PAGE = Path(__file__).resolve().parent / "ops.md"
HEAD = """<!-- Made by docs/build_ops.py from the registry: change the class of the op and run make docs. -->

# Ops

Each op is a class in `msgrad_ext.ops` under its own name, `ops.MatMul()(a, b)`. Many are also functions, `ops.exp(a)`.
A contract says the shapes: letters are axis lengths that must match, `...` stands for shapes that broadcast; where the
table says *computed*, the op's settings decide. How to add one: [adding_an_op.md](adding_an_op.md).
"""


def said(documentation: str | None) -> tuple[str, str]:
    """The first paragraph of a docstring, and the text of its Notes, each on one line."""
    text = inspect.cleandoc(documentation or "")
    first = text.split("\n\n")[0]
    notes = re.search(r"^Notes\n-+\n(.*?)(?=\n\n\w[^\n]*\n-+\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return " ".join(first.split()), " ".join(notes[1].split()) if notes else ""


def cell(text: str) -> str:
    """``text`` as a cell of a Markdown table, with the code marks of Markdown."""
    return text.replace("``", "`").replace("|", "\\|")


def functions_of(cls: type[Any]) -> list[str]:
    """The names in ``ops`` that call ``cls`` and do nothing else."""
    return sorted(name for name, function in FUNCTIONS.items() if function.__doc__ is cls.__doc__)


def row(name: str, cls: type[Any]) -> str:
    """One line of the table of ops."""
    what, convention = said(cls.__doc__)
    contract = f"`{cls.contract.text}`" if cls.contract else "computed"
    remarks = [convention, *(f"`{operand}` must be a {kind}." for operand, kind in cls.assumes.items())]
    return f"| {spelled(name)} | {contract} | {called(cls)} | {cell(what)} | {cell(' '.join(filter(None, remarks)))} |"


def composite_row(name: str, cls: type[Any]) -> str:
    """One line of the table of composites."""
    what, convention = said(cls.__doc__)
    return f"| {spelled(name)} | {called(cls)} | {cell(what)} | {cell(convention)} |"


def spelled(name: str) -> str:
    """The class with its other names."""
    return ", ".join(f"`{one}`" for one in (name, *sorted(old for old, new in ALIASES.items() if new == name)))


def called(cls: type[Any]) -> str:
    """The functions that call the class, as they are listed."""
    return ", ".join(f"`{one}`" for one in functions_of(cls))


def build() -> str:
    """The page."""
    ops = mg.registered_ops()
    plain = {name for cls in (*ops.values(), *COMPOSITES.values()) for name in functions_of(cls)}
    table = [f"\n{len(ops)} ops.\n", "| class | contract | functions | what it gives | conventions |"]
    table += ["|---|---|---|---|---|"]
    table += [row(name, ops[name]) for name in sorted(ops)]
    table += [f"\n{len(COMPOSITES)} classes that are composed of these:\n"]
    table += ["| class | functions | what it gives | conventions |", "|---|---|---|---|"]
    table += [composite_row(name, COMPOSITES[name]) for name in sorted(COMPOSITES)]
    table += ["\nFunctions that are composed of ops, or take settings of an op as arguments:\n"]
    table += ["| function | what it gives |", "|---|---|"]
    table += [f"| `{name}` | {cell(said(FUNCTIONS[name].__doc__)[0])} |" for name in sorted(set(FUNCTIONS) - plain)]
    return HEAD + "\n".join(table) + "\n"


def main() -> int:
    """Write the page; with ``--check`` only say whether it is up to date."""
    page = build()
    if "--check" in sys.argv[1:]:
        current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page
        print(f"{PAGE.name} is {'up to date' if current else 'out of date: run make docs'}")
        return 0 if current else 1
    PAGE.write_text(page, encoding="utf-8")
    print(f"{PAGE.name}: {page.count(chr(10))} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
