"""A user's numpy function run in fifty digits: arrays of numbers that never turn into floats without being noticed.

`Digits` is an array of such numbers that numpy's functions take as they take floats. A number that is put into a float
buffer would be rounded silently, and the slopes made of it would be noise; these raise `LeftDigits` instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import lru_cache
from types import FunctionType
from typing import Any

import numpy as np

from ..checking.witnesses import digits


class LeftDigits(TypeError):
    """A fifty-digit number was about to be rounded to a float."""


class TooLong(Exception):
    """The run takes more operations than it may."""


class Meter:
    """Counts the scalar operations of a run."""

    def __init__(self, limit: float = np.inf) -> None:
        self.count = 0
        self.limit = limit

    def add(self, number: int) -> None:
        """Take note of ``number`` operations, and stop the run if they are too many."""
        self.count += number
        if self.count > self.limit:
            raise TooLong


_meter: ContextVar[Meter | None] = ContextVar("meter", default=None)


@lru_cache(maxsize=1)
def context() -> Any:
    """An mpmath context like the check's, whose numbers refuse to become floats."""
    mp = digits.context.__wrapped__()

    def refuse(self: Any) -> Any:
        raise LeftDigits("a fifty-digit number was turned into a float")

    number = mp.mpf
    number.__float__ = number.__complex__ = refuse
    number.maximum = lambda self, other: self if self >= other or self != self else other
    for name, function in _POINTWISE.items():
        setattr(number, name, lambda self, function=function: function(mp, self))
    return mp


# Functions of one number that numpy has no object loop for.
_POINTWISE: dict[str, Callable[[Any, Any], Any]] = {
    "expit": lambda mp, x: 1 / (1 + mp.exp(-x)),
    "deg2rad": lambda mp, x: x * mp.pi / 180,
    "radians": lambda mp, x: x * mp.pi / 180,
    "degrees": lambda mp, x: x * 180 / mp.pi,
    "rad2deg": lambda mp, x: x * 180 / mp.pi,
}
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "isnan": lambda mp, x: bool(mp.isnan(x)),
    "isfinite": lambda mp, x: bool(mp.isfinite(x)),
    "isinf": lambda mp, x: bool(mp.isinf(x)),
    "signbit": lambda mp, x: bool(x < 0),
}
# Functions of two numbers that numpy has no object loop for.
_PAIRS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "logaddexp": lambda mp, x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y))),
    "logaddexp2": lambda mp, x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y) * mp.ln2)) / mp.ln2,
    "heaviside": lambda mp, x, y: mp.mpf(0) if x < 0 else mp.mpf(1) if x > 0 else y,
    "copysign": lambda mp, x, y: abs(x) if y >= 0 else -abs(x),
    "float_power": lambda mp, x, y: x**y,
}


class Digits(np.ndarray):
    """An object array of fifty-digit numbers that stands for an array of floats."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        if any(isinstance(one, np.ndarray) and one.dtype.kind == "f" for one in out or ()):
            raise LeftDigits("fifty-digit numbers were written into a float array")
        operands = [_bare(one) for one in inputs]
        if _is_float(kwargs.get("dtype")):
            kwargs["dtype"] = object
        if out:
            kwargs["out"] = tuple(_bare(one) for one in out)
        result = getattr(_loop(ufunc), method)(*operands, **kwargs)
        _measure(ufunc, operands, result)
        return out[0] if out and len(out) == 1 else _wrapped(result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        own = _FUNCTIONS.get(function.__name__) if function.__module__ in _OVERRIDDEN else None
        if own is not None:
            return _wrapped(own(*args, **kwargs))
        kept = {key: object if key == "dtype" and _is_float(one) else one for key, one in kwargs.items()}
        result = super().__array_function__(function, types, args, kept)
        if function.__name__ in _PRODUCTS:
            _measure_product([one for one in args if isinstance(one, np.ndarray)], result)
        return _wrapped(result)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """A copy; these numbers stand for floats of every width."""
        return self.copy() if _is_float(dtype) else np.asarray(self).astype(dtype, *args, **kwargs)

    @property  # type: ignore[misc]
    def real(self) -> Any:  # type: ignore[override]
        """Itself: the numbers are real."""
        return self

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        meter = _meter.get()
        if meter is not None and not isinstance(found, np.ndarray):
            # Loops over elements compute with the numbers themselves.
            meter.add(1)
        return found

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, _bare(value))


_OVERRIDDEN = ("numpy", "numpy.linalg", "numpy.linalg._linalg")


def _is_float(dtype: Any) -> bool:
    # A function stands for `np.float64` in a copy of the user's code.
    return dtype is not None and (isinstance(dtype, FunctionType) or np.dtype(dtype).kind == "f")


def _bare(value: Any) -> Any:
    """A plain array; floats among objects stay floats, which are exact."""
    return value.view(np.ndarray) if isinstance(value, Digits) else value


def _wrapped(result: Any) -> Any:
    if isinstance(result, tuple):
        return tuple(_wrapped(one) for one in result)
    return result.view(Digits) if type(result) is np.ndarray and result.dtype == object else result


@lru_cache(maxsize=64)
def _loop(ufunc: Any) -> Any:
    """``ufunc``, or what stands for it where numpy has no loop for objects."""
    name, mp = ufunc.__name__, context()
    if name in _TESTS:
        test = _TESTS[name]
        return np.vectorize(lambda x: test(mp, mp.convert(x)), otypes=[bool])
    if name in _PAIRS:
        pair = _PAIRS[name]
        return np.frompyfunc(lambda x, y: pair(mp, mp.convert(x), mp.convert(y)), 2, 1)
    if name in _POINTWISE:
        return np.frompyfunc(lambda x: getattr(mp.convert(x), name)(), 1, 1)
    return ufunc


def _measure(ufunc: Any, operands: Sequence[Any], result: Any) -> None:
    meter = _meter.get()
    if meter is not None:
        size = max(int(np.size(one)) for one in (*operands, result if result is not None else 0))
        meter.add(size * (np.shape(operands[0])[-1] if ufunc.__name__ == "matmul" else 1))


_PRODUCTS = ("dot", "tensordot", "einsum", "inner", "outer", "vdot", "convolve", "correlate")


def _measure_product(operands: Sequence[np.ndarray], result: Any) -> None:
    """Count a product of arrays: of (M, K) and (K, N), with a result (M, N), that is M K N operations."""
    meter = _meter.get()
    if meter is not None:
        sizes = [float(one.size) for one in operands[:2]] + [float(np.size(result))]
        meter.add(int(np.sqrt(np.prod(sizes))) if len(sizes) == 3 else int(max(sizes)))


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord not in (None, 2, "fro") or (ord == 2 and axis is None and np.ndim(x) > 1):
        raise LeftDigits("this norm is computed in floats")
    return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims))


def _matrix(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """A function of square matrices by mpmath's own, applied to each matrix of a stack."""

    def apply(a: Any, *rest: Any) -> Any:
        a = np.asarray(a)
        if a.ndim != 2:
            raise LeftDigits("stacks of matrices are computed in floats")
        meter = _meter.get()
        if meter is not None:
            meter.add(a.shape[0] ** 3)
        return function(context(), a, *rest)

    return apply


def _solve(mp: Any, a: Any, b: Any = None) -> Any:
    right = np.eye(len(a), dtype=object) if b is None else np.asarray(b)
    columns = right.reshape(len(a), -1)
    left = mp.matrix([[mp.convert(x) for x in row] for row in a])
    found = [list(mp.lu_solve(left, mp.matrix([mp.convert(x) for x in column]))) for column in columns.T]
    return digits_array(np.array(found, dtype=object).T.reshape(right.shape))


def _det(mp: Any, a: Any) -> Any:
    return mp.det(mp.matrix([[mp.convert(x) for x in row] for row in a]))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "norm": _norm,
    "inv": _matrix(_solve),
    "solve": _matrix(_solve),
    "det": _matrix(_det),
    "slogdet": _matrix(lambda mp, a: (np.sign(float_of(_det(mp, a))), mp.log(abs(_det(mp, a))))),
    "nan_to_num": lambda x, *rest, **options: x,
}


def digits_array(array: Any) -> Digits:
    """``array`` in fifty digits, exactly."""
    convert = context().convert
    given = np.asarray(array)
    result = np.empty(given.shape, dtype=object)
    flat = given.ravel()
    values = flat if given.dtype == object else (flat.tolist() if given.dtype.itemsize <= 8 else map(_long, flat))
    result.reshape(-1)[:] = [convert(value) for value in values]
    return result.view(Digits)


def _long(value: Any) -> Any:
    """A number of extended precision, exactly, as the sum of two floats."""
    high = float(value)
    return context().convert(high) + context().convert(float(value - np.longdouble(high)))


def float_of(number: Any) -> float:
    """A number rounded to float64."""
    from mpmath.libmp import to_float

    return to_float(number._mpf_, rnd="n") if hasattr(number, "_mpf_") else float(number)


def floats_of(array: Any) -> np.ndarray:
    """An array of numbers, or of floats, rounded to float64."""
    given = np.asarray(array)
    if given.dtype != object:
        return given.astype(np.float64)
    result = np.empty(given.shape)
    result.reshape(-1)[:] = [float_of(one) for one in given.ravel()]
    return result


def metered(function: Callable[[], Any], limit: float = np.inf) -> tuple[Any, int]:
    """The result of ``function`` and how many operations it took.

    Raises
    ------
    TooLong
        If they are more than ``limit``.
    """
    meter = Meter(limit)
    token = _meter.set(meter)
    try:
        return function(), meter.count
    finally:
        _meter.reset(token)
