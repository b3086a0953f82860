"""What an op's voice says of arrays: the list of ufuncs, reductions, products and views that it asks for, in order.

It depends on the op and on the shapes and dtypes of the operands, and on nothing else. So it is read once (`reading`) and
played for all that are alike (`lowering`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ..contract import broadcast
from ..ir import Shape
from .steps import Unreadable, Value, resolved

# Products of other kinds do not go through BLAS, and numpy's two ways to them round differently.
_BLAS = "fd"
Make = Callable[[np.ndarray], np.ndarray]


class Into(Protocol):
    """What a list is played into."""

    def add(
        self, kind: str, name: str, operands: Sequence[Value], shape: Shape, dtype: np.dtype, *settings: Any
    ) -> Value: ...
    def constant(self, array: np.ndarray) -> Value: ...
    def view(self, operand: Value, form: str, make: Make) -> Value: ...


class Said:
    """The list of one voice; its methods are what a voice may say.

    Parameters
    ----------
    kinds : sequence of (shape, dtype)
        What the operands are.
    """

    def __init__(self, kinds: Sequence[tuple[Shape, np.dtype]]) -> None:
        self.operands = [Value(shape, dtype, "input") for shape, dtype in kinds]
        self.places: dict[Value, int] = {value: place for place, value in enumerate(self.operands)}
        self.lines: list[tuple[str, tuple[int, ...], tuple[Any, ...]]] = []

    def finished(self, result: Value) -> Played:
        """The list, of which ``result`` is what the voice returns."""
        return Played(tuple(self.lines), self.places[result], result.shape, result.dtype)

    def put(self, what: str, operands: Sequence[Value], settings: tuple[Any, ...], shape: Shape, dtype: Any) -> Value:
        """One more line, and its value."""
        self.lines.append((what, tuple([self.places[one] for one in operands]), settings))
        value = Value(shape, dtype, "made")
        self.places[value] = len(self.places)
        return value

    def add(self, kind: str, name: str, operands: Sequence[Value], shape: Shape, dtype: Any, *settings: Any) -> Value:
        """One step."""
        dtype = np.dtype(dtype)
        return self.put("add", operands, (kind, name, shape, dtype, settings), shape, dtype)

    def view(self, operand: Value, form: str, make: Make) -> Value:
        """The same elements under another shape, or some of them."""
        array = make(np.empty(operand.shape, operand.dtype))
        return self.put("view", (operand,), (form, make), array.shape, array.dtype)

    def number(self, value: Any, dtype: Any) -> Value:
        """A plain number as a constant without axes."""
        if not isinstance(value, (bool, int, float)):
            raise Unreadable
        with np.errstate(all="ignore"):
            array = np.array(value, dtype=dtype)
        return self.put("constant", (), (array,), array.shape, array.dtype)

    def ufunc(self, name: str, *operands: Any) -> Value:
        """One ufunc; plain numbers take the dtype that numpy would give them here."""
        kinds = tuple(one.dtype if isinstance(one, Value) else _weak(one) for one in operands)
        dtypes = resolved(name, kinds)
        given = [one if isinstance(one, Value) else self.number(one, kind) for one, kind in zip(operands, dtypes)]
        return self.add("ufunc", name, given, _joined(given), dtypes[-1])

    def where(self, condition: Any, first: Any, second: Any) -> Value:
        """A selection."""
        if not isinstance(condition, Value):
            raise Unreadable
        samples = [np.empty((), one.dtype)[...] if isinstance(one, Value) else one for one in (first, second)]
        dtype = np.result_type(*samples) if not all(map(_is_number, samples)) else None
        if dtype is None or any(isinstance(one, Value) and one.dtype != dtype for one in (first, second)):
            raise Unreadable
        chosen = [one if isinstance(one, Value) else self.number(one, dtype) for one in (first, second)]
        return self.add("where", "where", (condition, *chosen), _joined([condition, *chosen]), dtype)

    def cast(self, operand: Value, dtype: np.dtype) -> Value:
        """``operand`` in another dtype."""
        if operand.dtype == dtype:
            return operand
        return self.add("cast", "", (operand,), operand.shape, dtype)

    def reduction(self, name: str, ufunc: str, operand: Value, settings: dict[str, Any]) -> Value:
        """A reduction along axes."""
        axis, keep = settings.pop("axis", None), bool(settings.pop("keepdims", False))
        # What an extreme begins with says nothing where there are elements.
        if operand.size and settings.get("initial") == {"max": -np.inf, "min": np.inf}.get(name):
            settings.pop("initial", None)
        if settings.pop("dtype", operand.dtype) != operand.dtype or settings:
            raise Unreadable
        plain = operand.dtype.char in "fd" or (name in ("max", "min") and operand.dtype.kind in "iu")
        truth = name in ("all", "any") and operand.dtype == bool
        if not (plain or truth or (name == "sum" and operand.dtype.char in "ilq")):
            raise Unreadable
        rank = len(operand.shape)
        axes = range(rank) if axis is None else [axis] if isinstance(axis, int) else axis
        axes = tuple(sorted(one % rank if rank else 0 for one in axes))
        if not axes or not rank or not operand.size:
            raise Unreadable
        # Without the axes, so that sums that keep them and sums that do not are one.
        bare = tuple(n for at, n in enumerate(operand.shape) if at not in axes)
        out = self.add("reduce", ufunc, (operand,), bare, operand.dtype, axes, False)
        if keep:
            shape = tuple(1 if at in axes else n for at, n in enumerate(operand.shape))
            out = self.view(out, f"{{}}.reshape({shape})", lambda array: array.reshape(shape))
        if name != "mean":
            return out
        count = int(np.prod([operand.shape[at] for at in axes]))
        return self.ufunc("divide", out, count)

    def product(self, first: Any, second: Any) -> Value:
        """A product of matrices, or of stacks of them."""
        if not (isinstance(first, Value) and isinstance(second, Value)) or first.dtype != second.dtype:
            raise Unreadable
        if first.dtype.char not in _BLAS or min(len(first.shape), len(second.shape)) < 2:
            raise Unreadable
        lead = broadcast(first.shape[:-2], second.shape[:-2])
        shape = (*(lead or ()), first.shape[-2], second.shape[-1])
        kind = "dot" if len(first.shape) == len(second.shape) == 2 else "matmul"
        if kind == "dot" and 1 in (first.size, second.size):
            # BLAS would scale by the one number, and where that is 0 leave NaN and infinities unread.
            return self.ufunc("multiply", first, second)
        return self.add(kind, kind, (first, second), shape, first.dtype)

    def joined(self, parts: tuple[Any, ...], axis: int) -> Value:
        """Arrays one after another along an axis."""
        first = parts[0]
        if not all(isinstance(one, Value) and one.dtype == first.dtype for one in parts):
            raise Unreadable
        length = sum(one.shape[axis] for one in parts)
        shape = (*first.shape[:axis], length, *first.shape[axis + 1 :])
        places = "".join(f"{{{at}}}, " for at in range(len(parts)))
        text = f"np.concatenate(({places}), {axis}, {{out}})"
        return self.add("fill", text, parts, shape, first.dtype, "join", axis)

    def move(self, name: str, operand: Value, setting: Any) -> Value:
        """The same elements in another shape."""
        if name == "transpose":
            perm = tuple(setting)
            form = "{}.T" if perm == tuple(reversed(range(len(perm)))) else f"{{}}.transpose({perm})"
            return self.view(operand, form, lambda array: array.transpose(perm))
        if name == "broadcast_to":
            return self.view(operand, f"broadcast_to({{}}, {setting})", lambda array: np.broadcast_to(array, setting))
        shape = getattr(np, name)(np.broadcast_to(np.int8(0), operand.shape), setting).shape
        return self.view(operand, f"{{}}.reshape({shape})", lambda array: array.reshape(shape))


class Played:
    """A list with its operands left open."""

    __slots__ = ("dtype", "lines", "result", "shape")

    def __init__(self, lines: tuple[Any, ...], result: int, shape: Shape, dtype: np.dtype) -> None:
        self.lines, self.result, self.shape, self.dtype = lines, result, shape, dtype

    def play(self, operands: Sequence[Value], into: Into) -> Value:
        """Its value for ``operands``; what it asks for is put into ``into``."""
        known = list(operands)
        for what, places, settings in self.lines:
            given = [known[place] for place in places]
            if what == "add":
                kind, name, shape, dtype, more = settings
                known.append(into.add(kind, name, given, shape, dtype, *more))
            elif what == "view":
                known.append(into.view(given[0], *settings))
            else:
                known.append(into.constant(*settings))
        return known[self.result]


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float))


def _weak(value: Any) -> Any:
    """The kind by which a plain number takes part in promotion."""
    if isinstance(value, bool):
        return np.dtype(bool)
    if type(value) in (int, float):
        return type(value)
    raise Unreadable


def _joined(operands: Sequence[Value]) -> Shape:
    shape = broadcast(*(one.shape for one in operands))
    if shape is None:
        raise Unreadable
    return shape
