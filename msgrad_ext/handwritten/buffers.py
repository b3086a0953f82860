"""Copies of a user's functions in which numpy's constructors make arrays of the arithmetic that they are run in.

``out = np.zeros(shape)`` that is filled element by element would round fifty digits, or the imaginary part of a complex
step, to a float. In the copy the names of numpy and math stand for modules whose ``zeros`` and the like give arrays of
the wanted kind. The user's own functions, modules and globals stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from .exactly import digits_array


@dataclass(frozen=True)
class Arithmetic:
    """An arithmetic that numpy code can run in.

    ``convert`` makes an array of it from one of floats; ``exact`` tells fifty digits, where numpy's own functions of
    single numbers stand for those of ``math``.
    """

    name: str
    convert: Callable[[Any], Any]
    exact: bool = False


DIGITS = Arithmetic("fifty digits", digits_array, exact=True)
COMPLEX = Arithmetic("complex", lambda array: np.asarray(array, np.complex128))
EXTENDED = Arithmetic("extended", lambda array: np.asarray(array, np.longdouble))

_BUFFERS = (
    "zeros",
    "ones",
    "full",
    "eye",
    "identity",
    "array",
    "asarray",
    "ascontiguousarray",
    "asanyarray",
    "linspace",
)
_LIKE = ("zeros_like", "ones_like", "empty_like", "full_like")
_MATH = {
    "exp": "exp", "expm1": "expm1", "log1p": "log1p", "sqrt": "sqrt", "tanh": "tanh", "sinh": "sinh", "cosh": "cosh",
    "sin": "sin", "cos": "cos", "tan": "tan", "log2": "log2", "log10": "log10", "atan": "arctan", "asin": "arcsin",
    "acos": "arccos", "fabs": "abs", "pow": "power", "atan2": "arctan2", "hypot": "hypot", "isnan": "isnan",
}  # fmt: skip


class Stand:
    """Stands for a module: some of its names are replaced."""

    def __init__(self, module: Any, replaced: dict[str, Any]) -> None:
        self.__dict__.update(replaced)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def numpy_for(arithmetic: Arithmetic) -> Stand:
    """numpy, whose new arrays of floats are arrays of ``arithmetic``."""
    replaced = {name: _constructor(getattr(np, name), arithmetic) for name in (*_BUFFERS, *_LIKE)}

    def empty(shape: Any, dtype: Any = None, **options: Any) -> Any:
        return replaced["zeros"](shape, dtype) if dtype is None or _floats(dtype) else np.empty(shape, dtype, **options)

    def finfo(dtype: Any) -> Any:
        return np.finfo(np.float64 if np.dtype(dtype).kind == "O" else dtype)

    def one(value: Any = 0.0) -> Any:
        return arithmetic.convert(value)[()] if np.ndim(value) == 0 else arithmetic.convert(value)

    replaced |= {"empty": empty, "finfo": finfo}
    if arithmetic.exact:
        replaced |= {"float64": one, "float32": one}
        replaced |= {
            name: _single(getattr(np, name)) for name in ("isnan", "isfinite", "isinf", "signbit", "logaddexp")
        }
    return Stand(np, replaced)


def _single(ufunc: Any) -> Callable[..., Any]:
    """A ufunc that takes single fifty-digit numbers too."""

    def apply(*operands: Any, **options: Any) -> Any:
        given = [digits_array(one) if hasattr(one, "_mpf_") else one for one in operands]
        return ufunc(*given, **options)

    return apply


def _floats(dtype: Any) -> bool:
    # `np.float64` and `np.float32` of the stand are functions.
    return isinstance(dtype, FunctionType) or np.dtype(dtype).kind == "f"


def _constructor(make: Callable[..., Any], arithmetic: Arithmetic) -> Callable[..., Any]:
    place = {"full": 2, "array": 1, "asarray": 1, "zeros": 1, "ones": 1}.get(make.__name__)

    def constructor(*args: Any, **options: Any) -> Any:
        given = list(args)
        if place is not None and len(given) > place and given[place] is not None and _floats(given[place]):
            del given[place]
        if "dtype" in options and options["dtype"] is not None and _floats(options["dtype"]):
            del options["dtype"]
        fill = given[1] if make.__name__.startswith("full") and len(given) > 1 else None
        if hasattr(fill, "_mpf_"):
            options["dtype"] = object
        found = make(*given, **options)
        if found.dtype.kind == "f" or (found.dtype.kind == "O" and arithmetic.exact):
            return found if arithmetic.exact and type(found).__name__ == "Digits" else arithmetic.convert(found)
        return found

    return constructor


def _math_for(arithmetic: Arithmetic) -> Stand:
    def through(name: str) -> Callable[..., Any]:
        ufunc = getattr(np, name)

        def function(*values: Any) -> Any:
            if not any(hasattr(one, "_mpf_") or isinstance(one, np.ndarray) for one in values):
                return ufunc(*values).item()
            return ufunc(*(digits_array(one) if hasattr(one, "_mpf_") else one for one in values))

        return function

    def log(value: Any, *base: Any) -> Any:
        found = np.log(digits_array(value)) if hasattr(value, "_mpf_") else np.log(value)
        return found / math.log(*base) if base else found

    return Stand(math, {name: through(own) for name, own in _MATH.items()} | {"log": log})


def copied(function: Any, arithmetic: Arithmetic) -> Any:
    """``function`` with the modules of ``arithmetic`` in the place of numpy and math; itself where that can not be."""
    stands: dict[int, Any] = {id(np): numpy_for(arithmetic)}
    if arithmetic.exact:
        stands[id(math)] = _math_for(arithmetic)
        stands[id(float)] = _float
    for name in ("zeros", "ones", "empty", "full", "array", "asarray", "zeros_like", "ones_like", "empty_like"):
        stands[id(getattr(np, name))] = getattr(stands[id(np)], name)
    return _Copier(stands).copy(function)


def _float(value: Any = 0.0) -> Any:
    return value if hasattr(value, "_mpf_") else value[()] if type(value).__name__ == "Digits" else float(value)


class _Copier:
    """Copies functions and those that they call; each is copied once."""

    def __init__(self, stands: dict[int, Any]) -> None:
        self.stands = stands
        self.scopes: dict[int, dict[str, Any]] = {}
        self.made: dict[int, Any] = {}
        self.kept: list[Any] = []

    def copy(self, value: Any) -> Any:
        if id(value) in self.stands:
            return self.stands[id(value)]
        if isinstance(value, MethodType):
            return MethodType(self.copy(value.__func__), value.__self__)
        if not isinstance(value, FunctionType) or _foreign(value):
            return value
        if id(value) in self.made:
            return self.made[id(value)]
        cells = tuple(CellType() for _ in value.__closure__ or ())
        made = FunctionType(value.__code__, self.scope(value), value.__name__, value.__defaults__, cells or None)
        made.__kwdefaults__ = value.__kwdefaults__
        self.made[id(value)] = made
        self.kept.append(value)
        # After it is known itself: it may call itself.
        self.fill(value)
        for cell, own in zip(cells, value.__closure__ or ()):
            with suppress(ValueError):  # An empty cell stays empty.
                cell.cell_contents = self.copy(own.cell_contents)
        return made

    def scope(self, function: FunctionType) -> dict[str, Any]:
        """The globals of the copies, looked up when they are used."""
        own = function.__globals__
        if id(own) not in self.scopes:
            self.scopes[id(own)] = scope = dict(own)
            builtins = own.get("__builtins__", __builtins__)
            names = dict(builtins) if isinstance(builtins, dict) else dict(vars(builtins))
            if id(float) in self.stands:
                names["float"] = _float
            scope["__builtins__"] = names
        return self.scopes[id(own)]

    def fill(self, function: FunctionType) -> None:
        """Put the copies of what ``function`` uses among the globals of the copies."""
        own = function.__globals__
        for name in _names(function.__code__):
            value = own.get(name)
            if isinstance(value, (FunctionType, ModuleType)) or id(value) in self.stands:
                self.scopes[id(own)][name] = self.copy(value)


def _names(code: CodeType) -> Iterator[str]:
    """The global names that a function and those inside of it use."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _foreign(function: FunctionType) -> bool:
    """True for functions of libraries, which are called as they are."""
    module = str(function.__module__ or "")
    return module.split(".")[0] in ("numpy", "scipy", "math", "mpmath", "msgrad_ext", "torch", "jax", "builtins")
