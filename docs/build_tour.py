"""Make ``tour.md`` of ``tour.in.md``: run its blocks in order and put what each prints after it.

All blocks share one namespace. A block marked ``python raises`` must raise; its error is shown instead. A block marked
``ipython`` runs as a cell of a notebook, and the text form of what it displays is shown. Any other error ends the
build, and its traceback names the line of the template. Pages in `IN_PLACE` are their own templates: their outputs are
renewed.
"""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Callable
from configparser import RawConfigParser
from contextlib import redirect_stdout
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
TEMPLATE = FOLDER / "tour.in.md"
PAGE = TEMPLATE.with_name("tour.md")
# The page that adds an op comes last: it changes the registry of this process.
IN_PLACE = (FOLDER.parent / "README.md", FOLDER / "adding_an_op.md")
BLOCK = re.compile(r"^```(python|ipython)( raises)?\n(.*?)^```$\n?", re.MULTILINE | re.DOTALL)
OUTPUT = re.compile(r"(^```i?python(?: raises)?\n(?:(?!```).*\n)*```\n)\n```text\n(?:(?!```).*\n)*```\n", re.MULTILINE)
NOTE = "<!-- Made by docs/build_tour.py from tour.in.md: change that file and run make docs. -->\n\n"


def run(code: str, line: int, filename: str, namespace: dict[str, object], raises: bool) -> str:
    """What ``code`` prints; ``line`` is its first line in the file."""
    program = compile("\n" * (line - 1) + code, filename, "exec")
    with redirect_stdout(StringIO()) as printed:
        try:
            exec(program, namespace)
        except Exception as error:
            if not raises:
                raise
            return f"{printed.getvalue()}{type(error).__name__}: {error}\n"
    if raises:
        raise RuntimeError(f"{filename}, line {line}: the block must raise, but did not.")
    return printed.getvalue()


@lru_cache(maxsize=1)
def shell() -> Any:
    """An IPython of our own, without history and settings of the user."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config(HistoryManager={"enabled": False}, InteractiveShell={"cache_size": 0})
    return InteractiveShell(config=config)


def run_cell(code: str, namespace: dict[str, object]) -> str:
    """What the cell ``code`` prints and displays, as text; it shares ``namespace`` with the other blocks."""
    from IPython.utils.capture import capture_output

    ipython = shell()
    ipython.user_ns.update(namespace)
    with capture_output() as captured:
        result = ipython.run_cell(code)
    result.raise_error()
    hidden = ipython.user_ns_hidden
    namespace.update({name: one for name, one in ipython.user_ns.items() if name not in hidden and name != "__name__"})
    shown = [output.data["text/plain"] + "\n" for output in captured.outputs]
    return captured.stdout + "\n".join(shown)


def build(template: str, filename: str = str(TEMPLATE), note: str = NOTE) -> str:
    """The page: ``template`` with the output of each block after it."""
    namespace: dict[str, object] = {"__name__": "__tour__"}
    pieces, end = [note], 0
    # The page on disk may have outputs between its blocks; lines of code are looked up in the template.
    linecache.cache[filename] = (len(template), None, template.splitlines(keepends=True), filename)
    for block in BLOCK.finditer(template):
        line = template.count("\n", 0, block.start(3)) + 1
        if block[1] == "ipython":
            output = run_cell(block[3], namespace)
        else:
            output = run(block[3], line, filename, namespace, raises=block[2] is not None)
        pieces += [template[end : block.start()], f"```{block[1]}\n{block[3]}```\n"]
        if output:
            lines = (row.rstrip() for row in output.rstrip("\n").split("\n"))
            pieces.append("\n```text\n" + "\n".join(lines) + "\n```\n")
        end = block.end()
    return "".join([*pieces, template[end:]])


def renewed(page: Path) -> str:
    """A page that is its own template, with its outputs made again."""
    return build(OUTPUT.sub(r"\1", page.read_text(encoding="utf-8")), str(page), note="")


def comparable(text: str) -> str:
    """``text`` without the noise of one machine, as stored outputs of notebooks are compared."""
    config = RawConfigParser()
    config.read(FOLDER.parent / "tests" / "nbval.cfg", encoding="utf-8")
    for section in config.sections():
        text = re.sub(config.get(section, "regex"), config.get(section, "replace"), text)
    return text


def main() -> int:
    """Write the pages; with ``--check`` only say whether they are up to date."""
    builders: dict[Path, Callable[[], str]] = {PAGE: lambda: build(TEMPLATE.read_text(encoding="utf-8"))}
    builders |= {page: lambda page=page: renewed(page) for page in IN_PLACE}
    late = 0
    for path, make in builders.items():
        text = make()
        current = path.is_file() and comparable(path.read_text(encoding="utf-8")) == comparable(text)
        if "--check" in sys.argv[1:]:
            print(f"{path.name} is {'up to date' if current else 'out of date: run make docs'}")
            late += not current
        else:
            path.write_text(text, encoding="utf-8")
            print(f"{path.name}: {text.count(chr(10))} lines")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
