"""The line of a user's backward that made one gradient: where the name that is returned for it was last bound."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import Location

_PACKAGE = str(Path(__file__).parent.parent)


def gradient_line(function: Callable[..., Any] | None, position: int | None) -> Location | None:
    """Where ``function`` makes the gradient number ``position`` that it returns; the line of its ``return`` or ``def`` otherwise."""
    return _found(function, lambda body: _line(body, position))


def writing_line(function: Callable[..., Any] | None) -> Location | None:
    """The first line of ``function`` that writes into something that it was given; None if none is seen to."""
    found = _found(function, _written)
    code = getattr(function, "__code__", None)
    return found if found is not None and code is not None and found.line != code.co_firstlineno else None


def _found(function: Callable[..., Any] | None, look: Callable[[ast.AST], int | None]) -> Location | None:
    """The line that ``look`` finds in the source of ``function``, or that of its ``def``."""
    code = getattr(inspect.unwrap(function), "__code__", None) if function is not None else None
    if code is None or function is None:
        return None
    place = Location(code.co_filename, code.co_firstlineno, code.co_name)
    try:
        source, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(source)))
    except (OSError, TypeError, SyntaxError):
        return place
    body = _innermost(tree)
    found = look(body) if body is not None else None
    return Location(code.co_filename, first + found - 1, code.co_name) if found else place


def _written(body: ast.AST) -> int | None:
    for node in ast.walk(body):
        if not isinstance(node, (ast.Assign, ast.AugAssign)):
            continue
        if isinstance(node, ast.AugAssign) or any(isinstance(one, ast.Subscript) for one in node.targets):
            return node.lineno
    return None


def _innermost(tree: ast.AST) -> ast.AST | None:
    """The function, or the one inside of it that it returns: a pullback."""
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda))]
    return functions[-1] if functions else None


def _line(body: ast.AST, position: int | None) -> int | None:
    returns = [node for node in ast.walk(body) if isinstance(node, ast.Return) and node.value is not None]
    if not returns:
        return getattr(body, "lineno", None)
    value = returns[-1].value
    if isinstance(value, ast.Tuple) and position is not None and position < len(value.elts):
        value = value.elts[position]
    if isinstance(value, ast.Name):
        bound = [node.lineno for node in ast.walk(body) if isinstance(node, ast.stmt) and _binds(node, value.id)]
        return max(bound) if bound else returns[-1].lineno
    return getattr(value, "lineno", returns[-1].lineno)


def _binds(node: ast.AST, name: str) -> bool:
    targets: list[ast.AST] = []
    if isinstance(node, ast.Assign):
        targets = list(node.targets)
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        targets = [node.target]
    named = [one for target in targets for one in ast.walk(target)]
    return any(
        isinstance(one, ast.Name) and one.id == name and not isinstance(one.ctx, ast.Load) for one in named
    ) or any(
        isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == name
        for target in targets
    )


def raised_line(error: BaseException | None) -> Location | None:
    """The user's innermost line that an exception went through."""
    entry, found = error.__traceback__ if error is not None else None, None
    while entry is not None:
        code = entry.tb_frame.f_code
        if not code.co_filename.startswith(_PACKAGE) and "site-packages" not in code.co_filename:
            found = Location(code.co_filename, entry.tb_lineno, code.co_name)
        entry = entry.tb_next
    return found
