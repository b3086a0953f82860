"""``import mindspore...`` in a cell means this package: the import nodes of the cell's own syntax tree are rewritten.

A tree comes in and the same tree with other import nodes goes out, each at the place of the one that it stands for.
What is not offered here becomes a call that raises when that line runs, as an import of a missing module does.
Neither ``sys.modules`` nor the import system is touched.
"""

from __future__ import annotations

import ast
from importlib import import_module
from types import ModuleType
from typing import NoReturn

from ..errors import FacadeImportError, choices, user_location
from ..names import FACADE, PUBLIC

_ROOT = "mindspore"
_PACKAGE = __package__.partition(".")[0]

_LAYERS = (
    "activation", "basic", "container", "conv", "dense", "embedding", "math", "normalization", "padding", "pooling",
    "rnn_cells", "rnns", "transformer",
)  # fmt: skip

# MindSpore's modules, by the module of this package that stands for each; "" is the root.
MODULES: dict[str, str] = {
    "mindspore": "",
    "mindspore.common": "",
    "mindspore.common.dtype": "dtype",
    "mindspore.common.initializer": "initializer",
    "mindspore.common.parameter": "tensor",
    "mindspore.common.seed": "seeds",
    "mindspore.common.tensor": "tensor",
    "mindspore.context": "context",
    "mindspore.dtype": "dtype",
    "mindspore.nn": "nn",
    "mindspore.nn.learning_rate_schedule": "nn.schedules",
    "mindspore.nn.loss": "nn.losses",
    "mindspore.nn.loss.loss": "nn.losses",
    "mindspore.nn.optim": "nn.optimizers",
    "mindspore.nn.optim.optimizer": "nn.optimizer",
    "mindspore.nn.wrap": "nn.wrap",
    "mindspore.nn.cell": "nn",
    "mindspore.nn.layer": "nn",
    **{f"mindspore.nn.layer.{name}": "nn" for name in _LAYERS},
    "mindspore.ops": "ops",
    "mindspore.ops.composite": "ops",
    "mindspore.ops.function": "ops",
    "mindspore.ops.functional": "ops",
    "mindspore.ops.operations": "ops",
}
_ADVICE = {
    "mindspore.numpy": "Use mindspore.ops inside construct, and numpy for constants.",
    "mindspore.mint": "Use the functions of the same names in mindspore.ops.",
}


def refuse(message: str) -> NoReturn:
    """Raise the error that stands for an import which cannot be; called by rewritten cells."""
    __tracebackhide__ = True
    raise FacadeImportError(message, user_location())


def _is_facade(name: str | None) -> bool:
    return name is not None and (name == _ROOT or name.startswith(f"{_ROOT}."))


def _target(name: str) -> str | None:
    """The full name of our module for MindSpore's module ``name``, or None if there is none."""
    if name not in MODULES:
        return None
    full = f"{_PACKAGE}.{MODULES[name]}".rstrip(".")
    return full if full == _PACKAGE or _module(full) is not None else None


def _module(full: str) -> ModuleType | None:
    try:
        return import_module(full)
    except ModuleNotFoundError as error:
        if error.name != full:
            raise
        return None


def _no_module(name: str) -> str:
    """The message for a module that is not offered."""
    known = sorted(one for one in MODULES if _target(one))
    return f"'{name}' is not available in a gradcell. {_ADVICE.get(name) or choices(name, known)}"


def _has_name(target: str, name: str) -> bool:
    if target == _PACKAGE:
        return name in PUBLIC
    found = getattr(import_module(target), name, None)
    return found is not None and not name.startswith("_") and not isinstance(found, ModuleType)


def _no_name(module: str, target: str, name: str) -> str:
    """The message for a name that MindSpore's ``module`` does not have here."""
    candidates = list(FACADE) if target == _PACKAGE else dir(import_module(target))
    near = choices(name, [one for one in candidates if _has_name(target, one)])
    near = near if near.startswith("Did") else f"dir({module}) lists what there is."
    advice = _ADVICE.get(f"{module}.{name}", near)
    return f"'{module}.{name}' is not available in a gradcell. {advice}"


class FacadeImports(ast.NodeTransformer):
    """Rewrites each import of ``mindspore`` into imports of this package."""

    def visit_Import(self, node: ast.Import) -> ast.AST | list[ast.stmt]:
        """``import mindspore.nn as nn``, ``import mindspore.nn``, and several at once."""
        if not any(_is_facade(alias.name) for alias in node.names):
            return node
        return [self._import(node, alias) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | list[ast.stmt]:
        """``from mindspore import Tensor, nn``."""
        if node.level or not _is_facade(node.module):
            return node
        target = _target(str(node.module))
        if target is None:
            return [_refusal(node, _no_module(str(node.module)))]
        return [statement for alias in node.names for statement in self._import_from(node, alias, target)]

    @staticmethod
    def _import(node: ast.Import, alias: ast.alias) -> ast.stmt:
        if not _is_facade(alias.name):
            return ast.copy_location(ast.Import([alias]), node)
        target = _target(alias.name)
        if target is None:
            return _refusal(alias, _no_module(alias.name))
        if alias.asname is None:  # binds the root's name, whatever the depth
            target = _PACKAGE
        return _located(ast.Import([ast.alias(target, alias.asname or _ROOT)]), node, alias)

    @staticmethod
    def _import_from(node: ast.ImportFrom, alias: ast.alias, target: str) -> list[ast.stmt]:
        if alias.name == "*":
            if target != _PACKAGE:
                return [_located(ast.ImportFrom(target, [ast.alias("*")], 0), node, alias)]
            # Ours has names of its own, such as compile, that MindSpore's star does not bring.
            return [_located(ast.ImportFrom(target, [ast.alias(name) for name in FACADE], 0), node, alias)]
        bound = alias.asname or alias.name
        submodule = f"{node.module}.{alias.name}"
        found = _target(submodule)
        if found is not None:
            return [_located(ast.Import([ast.alias(found, bound)]), node, alias)]
        if submodule in MODULES:
            return [_refusal(alias, _no_module(submodule))]
        if not _has_name(target, alias.name):
            return [_refusal(alias, _no_name(str(node.module), target, alias.name))]
        return [_located(ast.ImportFrom(target, [ast.alias(alias.name, alias.asname)], 0), node, alias)]


def _located(statement: ast.Import | ast.ImportFrom, node: ast.stmt, alias: ast.alias) -> ast.stmt:
    """``statement`` at the place of ``node``, its names at the place of ``alias``."""
    for name in statement.names:
        ast.copy_location(name, alias)
    return ast.copy_location(statement, node)


def _refusal(place: ast.stmt | ast.alias, message: str) -> ast.stmt:
    """A statement, at ``place``, that raises ``message`` when it runs."""
    # The built-in import, not a name of the cell's, so that nothing is bound in the user's namespace.
    statement = ast.parse(f"__import__({__name__!r}, fromlist=['refuse']).refuse({message!r})").body[0]
    for node in ast.walk(statement):
        ast.copy_location(node, place)
    return statement


def rewrite_imports(tree: ast.Module) -> ast.Module:
    """``tree`` with MindSpore's imports rewritten, also those inside its functions and classes."""
    rewritten: ast.Module = FacadeImports().visit(tree)
    return rewritten


__all__ = ["MODULES", "FacadeImports", "refuse", "rewrite_imports"]
