"""A cell's text becomes code with exact lines, and the code runs in the user's namespace.

`read_cell` finds the text as the front end has it and the file name that IPython and its debugger know it by;
`parse_cell` gives compiled code with MindSpore's imports rewritten; `run_cell` and `last_call` run it. If it raises,
the namespace is as it was. Nothing here knows about gradients.
"""

from __future__ import annotations
import __future__

import ast
import dis
import hashlib
import io
import linecache
import re
import tokenize
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Any

from ..errors import GradCellError, Location
from .imports import rewrite_imports
from .options import CellOptions

MAGIC = "%%gradcell"

_FUTURE_FLAGS = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})
# Stands in the last expression's constants until `run_cell` puts its hook there; no one writes this string.
_HOOK = "\0the hook of msgrad_ext.notebook.cell\0"
_ABSENT = object()


@dataclass(frozen=True)
class CellText:
    """A cell before it is compiled.

    Attributes
    ----------
    name : str
        The file name that tracebacks, ``inspect`` and the debugger use.
    source : str
        The cell as the user sees it, the magic's line included.
    head : str
        What stands before the body: the magic's line, and blank lines above it.
    python : str
        The body as plain Python, with blank lines for ``head``, so that line numbers are the cell's.
    flags : int
        The ``__future__`` features that earlier cells switched on.
    """

    name: str
    source: str
    head: str
    python: str
    flags: int = 0

    def locate(self, line: int, start: int | None = None, end: int | None = None) -> Location:
        """The place at ``line`` (from 1) and the columns (from 0) of this cell."""
        span = None if start is None else (start, start + 1 if end is None else end)
        return Location(self.name, line, "<module>", span=span)

    def locate_option(self, word: str, after: str = MAGIC, shift: int = 0, length: int | None = None) -> Location:
        """The place of ``word`` behind ``after`` in the magic's line, or of ``length`` characters of it."""
        line = max(self.head.count("\n"), 1)
        source = self.source.split("\n")[line - 1]
        start = source.find(word, max(source.rfind(after), 0)) if word else -1
        if start < 0:
            return self.locate(line)
        return self.locate(line, start + shift, start + shift + (len(word) - shift if length is None else length))


@dataclass(frozen=True)
class CellCode:
    """A compiled cell.

    Attributes
    ----------
    text : CellText
        Where it comes from.
    tree : ast.Module
        Its syntax tree, imports rewritten.
    body : CodeType
        All statements but a last expression.
    last : ast.expr or None
        The expression that the cell ends with.
    last_code : CodeType or None
        That expression; in a call the callee passes through a hook first.
    silenced : bool
        The cell ends with a semicolon, so its last value is not shown.
    """

    text: CellText
    tree: ast.Module
    body: CodeType
    last: ast.expr | None
    last_code: CodeType | None
    silenced: bool

    @property
    def name(self) -> str:
        """The file name that tracebacks use."""
        return self.text.name

    @property
    def source(self) -> str:
        """The cell as the user sees it."""
        return self.text.source

    @property
    def last_location(self) -> Location | None:
        """The place of the last expression."""
        if self.last is None:
            return None
        one_line = self.last.lineno == self.last.end_lineno
        source = linecache.getline(self.name, self.last.lineno).encode()
        columns = (self.last.col_offset, self.last.end_col_offset) if one_line else ()
        return self.text.locate(self.last.lineno, *(len(source[:at].decode(errors="replace")) for at in columns))


@dataclass(frozen=True, eq=False)
class Call:
    """A call that the cell ends with and that has not been made: callee and arguments, each evaluated once."""

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __call__(self) -> Any:
        """Make the call."""
        __tracebackhide__ = True
        return self.function(*self.args, **self.kwargs)


@dataclass(frozen=True, eq=False)
class CellResult:
    """What a run left behind.

    Attributes
    ----------
    names : tuple of str
        The names that the cell bound, in the order in which it binds them.
    value : object
        The last expression's value; None when ``has_value`` is false.
    has_value : bool
        Whether there was a last expression with a value that is known by now.
    call : Call or None
        From `last_call`: the call of a network that the cell ends with.
    """

    names: tuple[str, ...]
    value: Any = None
    has_value: bool = False
    call: Call | None = None


# Reading: the text that the user sees, and its name ---------------------------------------------------------------


def read_cell(shell: Any, line: str | None, body: str) -> CellText:
    """The text of the running cell.

    Parameters
    ----------
    shell : InteractiveShell or None
        None outside of IPython: the text is named by its content then, and must be plain Python.
    line : str or None
        The rest of the magic's line; None when there is no such line.
    body : str
        The lines after it.
    """
    source, head, number = _source(shell, line, body)
    padding = "\n" * head.count("\n")
    if shell is None:
        name = f"<gradcell-{hashlib.sha256(source.encode()).hexdigest()[:12]}>"
        python, flags = padding + body, 0
    else:
        plain = shell.transform_cell(body)
        # IPython drops the blank lines that a text begins with, unless a debugger is attached.
        dropped = _leading_blank_lines(body) - _leading_blank_lines(plain) if body.strip() else 0
        python = padding + "\n" * dropped + plain
        # The name of the whole cell's code: ipykernel makes it of the source, IPython of the cell as it runs.
        outer = shell.transform_cell(source)
        name = shell.compile.get_code_name(source, outer, number)
        if shell.compile.format_code_name(name) is None:
            shell.compile.cache(outer, number, raw_code=source)
        flags = shell.compile.flags & _FUTURE_FLAGS
    linecache.cache[name] = (len(source), None, [f"{one}\n" for one in source.split("\n")], name)
    return CellText(name, source, head, python, flags)


def _leading_blank_lines(text: str) -> int:
    return re.match(r"(?:[^\S\n]*\n)*", text).group().count("\n")  # type: ignore[union-attr]


def _source(shell: Any, line: str | None, body: str) -> tuple[str, str, int]:
    """The cell as the front end has it, the part of it before the body, and its number."""
    head = "" if line is None else f"{MAGIC} {line}".rstrip() + "\n"
    if shell is None:
        return head + body, head, 0
    history = shell.history_manager.input_hist_raw if shell.history_manager else [""]
    lines = history[-1].split("\n")
    # IPython strips lines of blanks before the magic gets them, so lines are compared without the blanks at their ends.
    bare, wanted = ([one.rstrip() for one in text.rstrip().split("\n")] for text in (history[-1], body))
    above = len(bare) - len(wanted)
    if line is not None and above > 0 and bare[above:] == wanted and bare[above - 1].startswith(MAGIC):
        if bare[above - 1].removeprefix(MAGIC).strip() == line.strip():
            return history[-1], "\n".join(lines[:above]) + "\n", len(history) - 1
    # A cell that is run by a program is not in the history.
    return head + body.rstrip("\n"), head, shell.execution_count


# Compiling --------------------------------------------------------------------------------------------------------


def parse_cell(text: CellText, transform: Callable[[ast.Module], ast.Module] | None = None) -> CellCode:
    """Compile a cell.

    Parameters
    ----------
    text : CellText
        From `read_cell`.
    transform : callable, optional
        A change of the tree that the shell makes in every cell (``shell.transform_ast``).

    Raises
    ------
    GradCellError
        With the line and the column, if the text is not a Python program that can be run here.
    """
    try:
        tree = compile(text.python, text.name, "exec", text.flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        if transform is not None:
            tree = transform(tree)
        tree = rewrite_imports(tree)
        ends = tree.body[-1] if tree.body else None
        last = ends.value if isinstance(ends, ast.Expr) else None
        statements = tree.body if last is None else tree.body[:-1]
        body = compile(ast.Module(statements, []), text.name, "exec", text.flags, dont_inherit=True)
        last_code = None
        if last is not None:
            last_code = compile(ast.Expression(_hooked(last)), text.name, "eval", text.flags, dont_inherit=True)
    except SyntaxError as error:
        raise _syntax_error(text, error) from None
    return CellCode(text, tree, body, last, last_code, _ends_with_semicolon(text.python))


def _hooked(last: ast.expr) -> ast.expr:
    """``hook(f)(arguments)`` for a call ``f(arguments)``: Python itself then evaluates each part once, in its order."""
    if not isinstance(last, ast.Call):
        return last
    # As a method of a constant: the compiler warns of a constant that is called.
    hook = ast.Attribute(ast.Constant(_HOOK), "__call__", ast.Load())
    callee = ast.Call(hook, [last.func], [])
    for node in (hook.value, hook, callee):
        ast.copy_location(node, last.func)
    return ast.copy_location(ast.Call(callee, last.args, last.keywords), last)


def _syntax_error(text: CellText, error: SyntaxError) -> GradCellError:
    message = error.msg
    if "await" in message or "async" in message:
        message += "; a gradcell runs from start to end, so await in a cell of its own"
    if error.lineno is None:
        return GradCellError(message)
    start = None if error.offset is None else max(error.offset - 1, 0)
    stop = (error.end_offset or 0) - 1
    end = stop if error.end_lineno == error.lineno and start is not None and stop > start else None
    return GradCellError(message, text.locate(error.lineno, start, end))


def _ends_with_semicolon(python: str) -> bool:
    ignored = (tokenize.ENDMARKER, tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.DEDENT)
    tokens = [one for one in tokenize.generate_tokens(io.StringIO(python).readline) if one.type not in ignored]
    return bool(tokens) and tokens[-1].string == ";"


# Running ----------------------------------------------------------------------------------------------------------


class Rollback:
    """``with Rollback(namespace):`` puts the names back as they were if the block raises anything."""

    def __init__(self, namespace: MutableMapping[str, Any]) -> None:
        self.namespace = namespace

    def __enter__(self) -> Rollback:
        self.before = dict(self.namespace)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        if kind is None:
            return
        for name in [name for name in self.namespace if name not in self.before]:
            del self.namespace[name]
        for name, value in self.before.items():
            if self.namespace.get(name, _ABSENT) is not value:
                self.namespace[name] = value

    def changed(self) -> list[str]:
        """Names that are new or stand for another object by now."""
        return [name for name, value in self.namespace.items() if self.before.get(name, _ABSENT) is not value]


def run_cell(
    code: CellCode, namespace: dict[str, Any], around: Callable[[Any], Callable[..., Any]] | None = None
) -> CellResult:
    """Run a cell.

    Parameters
    ----------
    code : CellCode
        From `parse_cell`.
    namespace : dict
        The user's; the names that the cell binds land there, and no others. If the cell raises, it is as before.
    around : callable, optional
        Given the callee of a last expression that is a call, it returns what is called in its place, with the cell's
        own line in tracebacks.
    """
    __tracebackhide__ = True
    with Rollback(namespace) as names:
        exec(code.body, namespace)
        value = None
        if code.last_code is not None:
            hook = around or (lambda callee: callee)
            value = eval(_with_hook(code.last_code, hook), namespace)
        return CellResult(_bound(code, names), value, code.last is not None)


def _with_hook(code: CodeType, hook: Callable[[Any], Any]) -> CodeType:
    """The code with ``hook`` among its constants: no name of the user's namespace is needed for it."""
    constants = (hook if isinstance(one, str) and one == _HOOK else one for one in code.co_consts)
    return code.replace(co_consts=tuple(constants))


def last_call(code: CellCode, namespace: dict[str, Any]) -> CellResult:
    """Run a cell up to the call of a network that it ends with.

    The callee and the arguments are evaluated once, as the call would; the call itself is left to the caller, in
    ``call`` of the result. A last expression that calls anything else is evaluated as usual.
    """
    __tracebackhide__ = True

    def around(callee: Any) -> Callable[..., Any]:
        return (lambda *args, **kwargs: Call(callee, args, kwargs)) if is_network(callee) else callee

    result = run_cell(code, namespace, around)
    return CellResult(result.names, call=result.value) if isinstance(result.value, Call) else result


def is_network(value: object) -> bool:
    """True for a `Cell`: an object whose class has a ``construct``."""
    return callable(getattr(type(value), "construct", None))


def _bound(code: CellCode, names: Rollback) -> tuple[str, ...]:
    """The names that the cell bound, first those that its own lines bind, in their order."""
    codes = [code.body, *([code.last_code] if code.last_code else [])]
    stored = [one.argval for part in codes for one in dis.get_instructions(part) if one.opname == "STORE_NAME"]
    ordered = [name for name in stored if name in names.namespace] + names.changed()
    return tuple(dict.fromkeys(name for name in ordered if not (name.startswith("__") and name.endswith("__"))))


__all__ = [
    "Call", "CellCode", "CellOptions", "CellResult", "CellText", "Rollback", "is_network", "last_call", "parse_cell",
    "read_cell", "run_cell",
]  # fmt: skip
