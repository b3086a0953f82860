"""Balls: real numbers known up to a proven radius, in object arrays, and the functions of them that formulas use.

Everything here is sound: if numbers lie in the balls that come in, the result lies in the ball that goes out. A ball
that is not a number says that nothing is known. flint's precision is one for the whole process, so it is set only under
the lock of `precision`.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

INSTALL = "pip install msgrad_ext[proof]"
_LOCK = threading.RLock()


def available() -> bool:
    """Whether python-flint is installed; it is not imported for that."""
    try:
        return importlib.util.find_spec("flint") is not None
    except ValueError:
        return False


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Balls of ``bits`` bits, for one thread at a time; flint's precision is afterwards what it was before."""
    from flint import ctx

    with _LOCK:
        before = ctx.prec
        ctx.prec = bits
        try:
            yield
        finally:
            ctx.prec = before


@cache
def kind() -> Any:
    """The class of balls."""
    from flint import arb

    return arb


def ball(value: Any) -> Any:
    """A number as a ball; floats and integers exactly, infinite ones too."""
    arb = kind()
    if type(value) is float and value in (np.inf, -np.inf):
        return arb.pos_inf() if value > 0 else arb.neg_inf()
    return value if type(value) is arb else arb(value)


def balls(array: Any) -> np.ndarray:
    """An array of numbers of any kind as balls."""
    array, arb = np.asarray(array), kind()
    flat = array.ravel().tolist()
    if array.dtype == object and set(map(type, flat)) <= {arb}:
        return array
    return filled(map(ball if not _finite_floats(array) else arb, flat), array.shape)


def _finite_floats(array: np.ndarray) -> bool:
    """Whether every element is a finite float, which flint takes as it is."""
    return array.dtype.kind == "f" and bool(np.isfinite(array).all())


def filled(values: Any, shape: Sequence[int]) -> np.ndarray:
    """An object array with ``values`` row by row."""
    count = int(np.prod(shape, dtype=np.int64))
    return np.fromiter(values, object, count).reshape(tuple(shape))


def nothing() -> Any:
    """The ball of which nothing is known."""
    return kind()("nan")


def finite(array: Any) -> bool:
    """Whether every element is known up to a finite radius."""
    arb, flat = kind(), np.asarray(array).ravel().tolist()
    kinds = set(map(type, flat))
    if kinds <= {arb}:
        return all(map(arb.is_finite, flat))
    if kinds <= {arb, int}:
        return all(one.is_finite() for one in flat if type(one) is arb)
    return all(one.is_finite() if type(one) is arb else abs(one) < np.inf for one in flat)


def zero(array: Any) -> np.ndarray:
    """Where an element is certainly and exactly 0."""
    return np.asarray(np.equal(np.asarray(array), 0)).astype(bool)


# Functions of balls ---------------------------------------------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    """``1 / (1 + exp(-x))``."""
    return 1 / (1 + (-x).exp())


def lgamma(x: Any) -> Any:
    """The logarithm of the gamma function's absolute value."""
    return x.lgamma() if x > 0 else abs(x.gamma()).log()


def polygamma(order: Any, x: Any) -> Any:
    """The derivative of ``order`` of the digamma function."""
    from flint import acb

    return x.digamma() if order == 0 else acb(x).polygamma(order).real


def power(a: Any, b: Any) -> Any:
    """``a ** b``: for a whole exponent of any base, else of a base that is not negative."""
    if b.is_exact() and b.is_integer():
        return a**b
    if a > 0:
        return (a.log() * b).exp()
    return ball(0) if a == 0 and b > 0 else nothing()


def slope_power(a: Any, b: Any, count: Any) -> Any:
    """``a ** b``, and 0 where that is infinite only for a factor that is 0 there."""
    if a == 0 and b.is_exact() and b.is_integer() and b < 0 and b >= -count:
        return ball(0)
    return power(a, b)


def log_of_base(a: Any) -> Any:
    """The logarithm, and 0 for 0, where it has a factor that is 0."""
    return ball(0) if a == 0 else a.log()


def root(x: Any, above: int, below: int) -> Any:
    """``x ** (above / below)`` of what is not negative."""
    if below == 2:
        found = x.sqrt()
    elif x > 0:
        found = x.root(below)
    else:
        found = x if x == 0 else nothing()
    return whole_power(found, above)


def whole_power(x: Any, n: int) -> Any:
    """``x ** n`` for a whole number ``n``."""
    if n < 0:
        return 1 / whole_power(x, -n)
    return x * x if n == 2 else x if n == 1 else x**n


def higher(a: Any, b: Any) -> Any:
    """The larger of two; the very one where that is certain, so that an integer stays one, which does not move."""
    return a if a > b else b if b > a else ball(a).max(ball(b))


def lower(a: Any, b: Any) -> Any:
    """The smaller of two."""
    return a if a < b else b if b < a else ball(a).min(ball(b))


def relu(x: Any) -> Any:
    """The larger of a number and 0."""
    return higher(x, 0)


@cache
def smooth_functions() -> dict[str, Callable[..., Any]]:
    """Functions of balls without a jump, by the name that the formulas' functions have."""
    arb = kind()
    same = "exp log tanh sin cos tan sinh cosh asin acos atan asinh acosh atanh erf erfc erfinv".split()
    found: dict[str, Callable[..., Any]] = {name: getattr(arb, name) for name in same}
    return {
        **found,
        "abs": arb.__abs__,
        "absolute": arb.__abs__,
        "atan2": arb.atan2,
        "lgamma": lgamma,
        "logofbase": log_of_base,
        "polygamma": polygamma,
        "power": power,
        "sigmoid": sigmoid,
        "slopepower": slope_power,
    }


# What is not the same on both sides of a point ------------------------------------------------------------------------
#
# ``moves`` says that a number depends on what is differentiated by: then a point of a jump is a point without a
# derivative, and no value there is certain. A Python integer does not move: it is the result of decisions that are
# certain, and so the same for all numbers nearby.


def order(x: Any, y: Any, moves: bool, other: bool = False) -> int | None:
    """1, 0 or -1 as ``x`` is greater than, equal to or less than ``y``; None if that is not certain."""
    if x > y:
        return 1
    if x < y:
        return -1
    fixed = (type(x) is int or not moves) and (type(y) is int or not other)
    return 0 if x is y or (fixed and bool(x == y)) else None


def whole_part(x: Any, moves: bool, how: str) -> int | None:
    """``floor``, ``ceil``, ``rint`` or ``truncate`` of ``x``; None if it is not certain."""
    if type(x) is int:
        return x
    shifted = x + ball(1) / 2 if how == "rint" else x
    if how == "truncate" and abs(x) < 1:
        return 0
    if shifted.contains_integer():
        found = shifted.unique_fmpz() if shifted.is_exact() else None
        if moves or found is None:
            return None
        n = int(found)
        return n - 1 if how == "rint" and n % 2 else n
    below = shifted.floor().unique_fmpz()
    if below is None:
        return None
    up = how == "ceil" or (how == "truncate" and x < 0)
    return int(below) + 1 if up else int(below)


__all__ = [
    "INSTALL",
    "available",
    "ball",
    "balls",
    "finite",
    "kind",
    "nothing",
    "order",
    "precision",
    "whole_part",
    "zero",
]
