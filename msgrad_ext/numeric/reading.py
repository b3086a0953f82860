"""An op's ``numpy`` voice read: the voice's own text, with what is known of shapes and settings worked out.

So an op is written once, also for the fast form. A voice that says more than ufuncs, reductions, products and views is
`Unreadable`, and is called as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..op import Op
from . import voices
from .said import Played, Said
from .steps import Unreadable, Value

_BINARY = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.BitAnd: "bitwise_and",
    ast.BitOr: "bitwise_or",
    ast.BitXor: "bitwise_xor",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder",
}
_COMPARISONS = {
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}
_UNARY = {ast.USub: "negative", ast.Invert: "invert"}
_REDUCTIONS = {
    "sum": "add",
    "max": "maximum",
    "min": "minimum",
    "prod": "multiply",
    "all": "logical_and",
    "any": "logical_or",
    "mean": "add",
}
_MOVES = ("reshape", "transpose", "expand_dims", "squeeze", "broadcast_to")
_FACTS = ("shape", "size", "ndim", "dtype")
_DTYPE_FACTS = ("kind", "char", "itemsize", "type")


def read(op: Op, operands: Sequence[Value]) -> Played | None:
    """What ``op``'s voice says of operands like these; None if it says more than steps can."""
    kinds = tuple([(one.shape, one.dtype) for one in operands])
    # Settings may be equal and of other types, which numpy tells apart. Another voice may be put in this one's place.
    key = (op.key, type(op).numpy, kinds, *map(type, vars(op).values()))
    if key not in _READ:
        if len(_READ) >= _MOST_READ:
            _READ.clear()
        try:
            _READ[key] = _read(op, kinds)
        except (Unreadable, TypeError, ValueError, OverflowError):
            _READ[key] = None
    return _READ[key]


_READ: dict[Any, Played | None] = {}
_MOST_READ = 4096


def _read(op: Op, kinds: Sequence[Any]) -> Played:
    body = voices._body(type(op).numpy)
    if body is None:
        raise Unreadable
    names, statements, star = body
    into = Said(kinds)
    given: list[Any] = list(into.operands)
    if star:
        given = [*given[: len(names) - 1], tuple(given[len(names) - 1 :])]
    result = _Reader(op, dict(zip(names, given)), into).run(statements)
    if not isinstance(result, Value):
        raise Unreadable
    return into.finished(result)


class _Reader:
    """Reads one voice: what is known is computed, what is an array is asked for."""

    def __init__(self, op: Op, names: dict[str, Any], into: Said) -> None:
        self.op = op
        self.names = names
        self.into = into

    def run(self, statements: Sequence[ast.stmt]) -> Any:
        """What the statements return."""
        for one in statements:
            if isinstance(one, ast.Return) and one.value is not None:
                return self.value(one.value)
            if isinstance(one, ast.Assign) and len(one.targets) == 1 and isinstance(one.targets[0], ast.Name):
                self.names[one.targets[0].id] = self.value(one.value)
            elif isinstance(one, ast.If):
                taken = one.body if self.known(one.test) else one.orelse
                result = self.run(taken)
                if result is not None:
                    return result
            else:
                raise Unreadable
        return None

    def known(self, node: ast.expr) -> Any:
        """A value that does not depend on data."""
        value = self.value(node)
        if isinstance(value, Value):
            raise Unreadable
        return value

    def value(self, node: ast.expr) -> Any:
        """An array's `Value`, or what is known already."""
        method = getattr(self, f"read_{type(node).__name__.lower()}", None)
        if method is None:
            raise Unreadable
        return method(node)

    def read_constant(self, node: ast.Constant) -> Any:
        return node.value

    def read_name(self, node: ast.Name) -> Any:
        if node.id not in self.names:
            raise Unreadable
        return self.names[node.id]

    def read_tuple(self, node: ast.Tuple) -> Any:
        return tuple(map(self.known, node.elts))

    def read_attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "np"):
            return getattr(self.op if node.value.id == "self" else np, node.attr)
        value = self.value(node.value)
        if isinstance(value, Value) and node.attr in _FACTS:
            return getattr(value, node.attr) if node.attr != "ndim" else len(value.shape)
        if isinstance(value, np.dtype) and node.attr in _DTYPE_FACTS:
            return getattr(value, node.attr)
        raise Unreadable

    def read_binop(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.MatMult):
            return self.into.product(left, right)
        return self.ufunc(_BINARY.get(type(node.op), ""), left, right)

    def read_unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if isinstance(value, Value):
            return self.ufunc(_UNARY.get(type(node.op), ""), value)
        if isinstance(node.op, ast.USub):
            return -value
        if isinstance(node.op, ast.Not):
            return not value
        raise Unreadable

    def read_compare(self, node: ast.Compare) -> Any:
        if len(node.ops) != 1:
            raise Unreadable
        left, right, kind = self.value(node.left), self.value(node.comparators[0]), type(node.ops[0])
        if isinstance(left, Value) or isinstance(right, Value):
            return self.ufunc(_COMPARISONS.get(kind, ""), left, right)
        known = {ast.Eq: "__eq__", ast.NotEq: "__ne__"}.get(kind)
        if kind in (ast.In, ast.NotIn):
            return (left in right) == (kind is ast.In)
        result = getattr(left, known)(right) if known else NotImplemented
        if result is NotImplemented:
            raise Unreadable
        return result

    def read_ifexp(self, node: ast.IfExp) -> Any:
        return self.value(node.body if self.known(node.test) else node.orelse)

    def read_boolop(self, node: ast.BoolOp) -> Any:
        result = None
        for one in node.values:
            result = self.known(one)
            if bool(result) != isinstance(node.op, ast.And):
                return result
        return result

    def read_subscript(self, node: ast.Subscript) -> Any:
        value, index = self.value(node.value), self.known(node.slice)
        if not isinstance(value, Value):
            return value[index]
        whole = index if isinstance(index, tuple) else (index,)
        if not all(one is None or isinstance(one, slice) or type(one) is int for one in whole):
            raise Unreadable
        return self.into.view(value, f"{{}}[{', '.join(map(_spelled, whole))}]", lambda array: array[index])

    def read_call(self, node: ast.Call) -> Any:
        function = node.func
        if not isinstance(function, ast.Attribute):
            raise Unreadable
        keywords = {word.arg: self.known(word.value) for word in node.keywords if word.arg}
        arguments = [self.value(one) for one in node.args]
        if isinstance(function.value, ast.Name) and function.value.id == "np":
            return self.numpy_call(function.attr, arguments, keywords)
        target = self.value(function.value)
        if isinstance(target, Value) and function.attr == "astype" and len(arguments) == 1 and not keywords:
            return self.into.cast(target, np.dtype(arguments[0]))
        raise Unreadable

    def numpy_call(self, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        """A call of one of numpy's functions."""
        function, first = getattr(np, name), arguments[0]
        if name in _REDUCTIONS and isinstance(first, Value) and len(arguments) == 1:
            return self.into.reduction(name, _REDUCTIONS[name], first, keywords)
        if keywords:
            raise Unreadable
        if isinstance(function, np.ufunc):
            return self.ufunc(function.__name__, *arguments)
        if name == "where" and len(arguments) == 3:
            return self.into.where(*arguments)
        if name == "asarray" and len(arguments) == 1 and isinstance(first, Value):
            return first
        if name in _MOVES and isinstance(first, Value):
            return self.into.move(name, first, arguments[1])
        raise Unreadable

    def ufunc(self, name: str, *operands: Any) -> Any:
        """A ufunc of operands of which at least one is an array."""
        if not name or not any(isinstance(one, Value) for one in operands):
            raise Unreadable
        return self.into.ufunc(name, *operands)


def _spelled(index: Any) -> str:
    """One part of an index as text."""
    if not isinstance(index, slice):
        return repr(index)
    first, last = ("" if one is None else str(one) for one in (index.start, index.stop))
    return f"{first}:{last}" if index.step in (None, 1) else f"{first}:{last}:{index.step}"
