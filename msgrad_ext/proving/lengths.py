"""Lengths that are integers to a rule and letters to a proof: what a rule computes from them, and asks of them, is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sympy import Expr, Integer, Symbol

_ASKED: ContextVar[list[str] | None] = ContextVar("asked", default=None)


# Comparisons of lengths in one recording; a rule that makes more goes through an axis element by element.
MOST = 4000


def _plain(size: int) -> int:
    """The number itself, asked by nobody."""
    return int.__add__(size, 0)


class AskedTooMuch(ArithmeticError):
    """A rule asks of lengths without end, or takes a step for each element."""


class Length(int):
    """An integer that knows which expression of lengths it stands for."""

    expr: Expr

    def __new__(cls, size: int, expr: Expr) -> Length:
        result = super().__new__(cls, size)
        result.expr = expr
        return result

    def _made(self, name: str, other: Any, change: Callable[[Expr, Expr], Expr]) -> Any:
        size = getattr(int, name)(self, other)
        if size is NotImplemented or not isinstance(other, int):
            return size
        return Length(size, change(self.expr, expression(other)))

    def __add__(self, other: Any) -> Any:
        return self._made("__add__", other, lambda a, b: a + b)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        return self._made("__mul__", other, lambda a, b: a * b)

    __rmul__ = __mul__

    def __sub__(self, other: Any) -> Any:
        return self._made("__sub__", other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Any:
        return self._made("__rsub__", other, lambda a, b: b - a)

    def __truediv__(self, other: Any) -> Any:
        return (
            Ratio(_plain(self), self.expr, _plain(other), expression(other))
            if isinstance(other, int)
            else _plain(self) / other
        )

    def __rtruediv__(self, other: Any) -> Any:
        return (
            Ratio(_plain(other), expression(other), _plain(self), self.expr)
            if isinstance(other, int)
            else other / _plain(self)
        )

    def __neg__(self) -> Length:
        return Length(int.__neg__(self), -self.expr)

    def __hash__(self) -> int:
        # Not that of the int: what is kept for a letter must not be found by a number, nor the other way round.
        return hash((Length, int.__index__(self), self.expr))

    def __repr__(self) -> str:
        return str(self.expr)


class Ratio(float):
    """A quotient of lengths that knows which expression it stands for."""

    expr: Expr

    def __new__(cls, above: int, over: Expr, below: int, under: Expr) -> Ratio:
        result = super().__new__(cls, above / below)
        result.expr = over / under
        return result


def expression(size: int) -> Expr:
    """What an integer stands for."""
    return size.expr if isinstance(size, Length) else Integer(_plain(size))


def _count(length: Length) -> None:
    asked = _ASKED.get()
    if isinstance(asked, Questions):
        asked.steps += 1
        if asked.steps > MOST:
            raise AskedTooMuch(f"the rule takes a step for each element of an axis of length {length.expr}")


class Questions(list[str]):
    """The comparisons that were made, and how often any was."""

    steps = 0


def _comparison(name: str, sign: str) -> Callable[[Length, Any], Any]:
    plain = getattr(int, name)

    def compare(self: Length, other: Any) -> Any:
        answer = plain(self, other)
        _count(self)
        if answer is not NotImplemented and isinstance(other, int) and expression(other) != self.expr:
            asked = _ASKED.get()
            if asked is not None:
                asked.append(f"{self.expr} {sign} {expression(other)}: {answer}")
        return answer

    return compare


def _as_number(name: str) -> Callable[..., Any]:
    """An operation whose result does not know its letters: that it was used is told as a condition."""
    plain = getattr(int, name)

    def operate(self: Length, *others: Any) -> Any:
        asked = _ASKED.get()
        if asked is not None:
            asked.append(f"{self.expr} is {_plain(self)} in {name.strip('_')}: True")
        return plain(self, *others)

    return operate


for _name in (
    "int",
    "mod",
    "rmod",
    "floordiv",
    "rfloordiv",
    "divmod",
    "rdivmod",
    "pow",
    "rpow",
    "float",
    "trunc",
    "floor",
):
    setattr(Length, f"__{_name}__", _as_number(f"__{_name}__"))
for _name in (
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
    "rand",
    "ror",
    "rxor",
    "rlshift",
    "rrshift",
    "abs",
    "round",
    "ceil",
):
    setattr(Length, f"__{_name}__", _as_number(f"__{_name}__"))
for _name, _sign in (
    ("__eq__", "=="),
    ("__ne__", "!="),
    ("__lt__", "<"),
    ("__le__", "<="),
    ("__gt__", ">"),
    ("__ge__", ">="),
):
    setattr(Length, _name, _comparison(_name, _sign))


@contextmanager
def asking() -> Iterator[list[str]]:
    """Collect the comparisons of lengths that are made meanwhile, with their answers."""
    found = Questions()
    token = _ASKED.set(found)
    try:
        yield found
    finally:
        _ASKED.reset(token)


def sized(shape: tuple[Expr, ...], sizes: Mapping[Symbol, int]) -> tuple[int, ...]:
    """A symbolic shape as lengths; a number stays one."""
    table = {letter: Integer(size) for letter, size in sizes.items()}
    return tuple(int(n) if n.is_Integer else Length(int(n.xreplace(table)), n) for n in shape)


__all__ = ["Length", "asking", "expression", "sized"]
