"""An op's ``numpy`` voice as text, for generated source: an expression, a small function, or a call of the op itself.

The text is taken from the voice's own source, so an op is written once. Only voices of this package are read so; any
other (one that a user or a test put in its place) is called as it is.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np

from ..op import Op

_OPEN = "operand_left_open_"
_HOME = __package__.rpartition(".")[0] + ".primitives"


@cache
def _body(voice: Callable[..., Any]) -> tuple[list[str], list[ast.stmt], bool] | None:
    """Parameter names, statements, and whether the last parameter is a ``*tuple``; None if the text can not stand alone."""
    if not _is_own(voice):
        return None
    definition = ast.parse(textwrap.dedent(inspect.getsource(voice))).body[0]
    if not isinstance(definition, ast.FunctionDef) or definition.name != "numpy":
        return None
    statements = [
        one for one in definition.body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
    ]
    names = [argument.arg for argument in definition.args.args[1:]]
    star = definition.args.vararg
    return names + ([star.arg] if star else []), statements, star is not None


def _is_own(voice: Callable[..., Any]) -> bool:
    """True for a voice that was written in this package; `functools.wraps` lends its name to any function."""
    home = getattr(voice, "__globals__", {}).get("__name__", "")
    return home.startswith(_HOME) and not voice.__closure__ and not hasattr(voice, "__wrapped__")


class _Settings(ast.NodeTransformer):
    """Replaces ``self.x`` by its value, and names by other expressions."""

    def __init__(self, op: Op, names: dict[str, ast.expr]) -> None:
        self.op = op
        self.names = names

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return constant(getattr(self.op, node.attr))
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.names.get(node.id, node) if isinstance(node.ctx, ast.Load) else node


def constant(value: Any) -> ast.expr:
    """The expression that spells a setting: ints, bools, None, dtypes, slices and tuples of them."""
    if isinstance(value, tuple):
        return ast.Tuple([constant(one) for one in value], ast.Load())
    if isinstance(value, slice):
        step = value.step if value.step != 1 else None
        parts = (value.start or None if step is None else value.start, value.stop, step)
        return ast.Slice(*(None if part is None else ast.Constant(part) for part in parts))
    if isinstance(value, np.dtype):
        return ast.Attribute(ast.Name("np", ast.Load()), "bool_" if value.kind == "b" else value.name, ast.Load())
    if value is None or isinstance(value, (bool, int, float, str)):
        return ast.Constant(value)
    raise TypeError(f"A setting of type {type(value).__name__} can not be spelled in generated source.")


def expression(op: Op, operands: Sequence[str]) -> str | None:
    """The voice applied to ``operands`` as one expression, or None if it takes more than that."""
    # A long program says the same few things of other names: each is spelled once, with its names left open.
    names = tuple(operand if operand.isidentifier() else "" for operand in operands)
    spelled = tuple(f"{_OPEN}{place}_" if name else text for place, (name, text) in enumerate(zip(names, operands)))
    written = _spelled(_Form(op), type(op).numpy, spelled)
    return None if written is None else re.sub(f"{_OPEN}(\\d+)_", lambda match: names[int(match[1])], written)


class _Form:
    """An op as a key: equal to any that does the same."""

    def __init__(self, op: Op) -> None:
        self.op, self.key = op, op.key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Form) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=1024)
def _spelled(form: _Form, voice: Callable[..., Any], operands: tuple[str, ...]) -> str | None:
    """The voice of an op applied to ``operands``; the voice is part of the key, since it can be replaced."""
    op, read = form.op, _body(voice)
    if read is None:
        return None
    names, statements, star = read
    if len(statements) != 1 or not isinstance(statements[0], ast.Return) or statements[0].value is None:
        return None
    given: list[ast.expr] = [
        ast.Name(one, ast.Load()) if one.isidentifier() else ast.parse(one, mode="eval").body for one in operands
    ]
    if star:
        given = [*given[: len(names) - 1], ast.Tuple(given[len(names) - 1 :], ast.Load())]
    replaced = dict(zip(names, given))
    return ast.unparse(_Settings(op, replaced).visit(_copy(statements[0].value)))


def function(op: Op, name: str) -> str | None:
    """The voice as the source of a function called ``name``, or None if its text can not stand alone."""
    if hasattr(op, "written"):
        return str(op.written(name))
    read = _body(type(op).numpy)
    if read is None:
        return None
    names, statements, star = read
    names = [*names[:-1], f"*{names[-1]}"] if star else names
    body = [ast.unparse(_Settings(op, {}).visit(_copy(one))) for one in statements]
    lines = [f"def {name}({', '.join(names)}):", *(textwrap.indent(line, "    ") for line in body)]
    return "\n".join(lines)


def _copy(node: Any) -> Any:
    from copy import deepcopy

    return deepcopy(node)
