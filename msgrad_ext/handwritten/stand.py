"""`Stand`: what stands in for an array while a user's numpy function is traced. numpy's functions hand themselves over to
it by their own protocols, and become ops of this package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..registry import fn
from ..tensor import Tensor


class Untraceable(TypeError):
    """The function does what is no op here: it writes into an array, or looks at single numbers."""


class Stand(np.lib.mixins.NDArrayOperatorsMixin):
    """Stands for one array; ``tensor`` is what is traced."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if options.pop("out", None) is not None:
            raise Untraceable("it writes into an array")
        name = ufunc.__name__
        if method == "reduce" and name in _REDUCED:
            return getattr(self, _REDUCED[name])(options.get("axis", 0), options.get("keepdims", False))
        if method != "__call__" or options or name not in _UFUNCS:
            raise Untraceable(f"np.{name} is not an op")
        return Stand(_UFUNCS[name](*map(_tensor, inputs)))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        own = _FUNCTIONS.get(function.__name__)
        if own is None or function.__module__ != "numpy":
            raise Untraceable(f"np.{function.__name__} is not an op")
        return own(*args, **options)

    def __array__(self, *args: Any, **options: Any) -> Any:
        raise Untraceable("it makes a plain array of its input")

    def __setitem__(self, key: Any, value: Any) -> None:
        raise Untraceable("it writes into an array")

    def __bool__(self) -> bool:
        raise Untraceable("it branches on a value")

    __float__ = __int__ = __index__ = __bool__  # type: ignore[assignment]

    def __getitem__(self, key: Any) -> Stand:
        if isinstance(key, Stand) or (isinstance(key, np.ndarray) and key.dtype == bool):
            raise Untraceable("it selects by a condition")
        plain = (
            tuple(Tensor(one) if isinstance(one, np.ndarray) else one for one in key) if isinstance(key, tuple) else key
        )
        return Stand(self.tensor[Tensor(plain) if isinstance(plain, np.ndarray) else plain])

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Stand]:
        return (self[number] for number in range(len(self)))

    @property
    def shape(self) -> tuple[int, ...]:
        """As of the array."""
        return tuple(self.tensor.shape)

    @property
    def ndim(self) -> int:
        """As of the array."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """As of the array."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def dtype(self) -> np.dtype:
        """As of the array."""
        return self.tensor.numpy_dtype

    @property
    def T(self) -> Stand:  # noqa: N802 - numpy's name
        """As of the array."""
        return self.transpose()

    def transpose(self, *axes: Any) -> Stand:
        """As of the array."""
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes
        order = tuple(order) if order and order[0] is not None else tuple(range(self.ndim))[::-1]
        return Stand(fn.transpose(self.tensor, tuple(axis % self.ndim for axis in order))) if self.ndim > 1 else self

    def swapaxes(self, first: int, second: int) -> Stand:
        """As of the array."""
        order = list(range(self.ndim))
        order[first], order[second] = order[second], order[first]
        return self.transpose(order)

    def reshape(self, *shape: Any, order: str = "C") -> Stand:
        """As of the array."""
        if order != "C":
            raise Untraceable("it reshapes in another order")
        given = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        return Stand(fn.reshape(self.tensor, tuple(int(one) for one in given)))

    def ravel(self) -> Stand:
        """As of the array."""
        return self.reshape(-1)

    flatten = ravel

    def copy(self) -> Stand:
        """As of the array."""
        return self

    def astype(self, dtype: Any, *args: Any, **options: Any) -> Stand:
        """As of the array, to floats alone."""
        if np.dtype(dtype).kind != "f":
            raise Untraceable("it turns its input into integers")
        return Stand(fn.cast(self.tensor, np.dtype(np.float64))) if self.dtype.kind != "f" else self

    def _axes(self, axis: Any) -> tuple[int, ...]:
        return tuple(range(self.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Stand:
        """As of the array."""
        return Stand(self.tensor.sum(axis=self._axes(axis), keepdims=keepdims))

    def mean(self, axis: Any = None, keepdims: bool = False) -> Stand:
        """As of the array."""
        count = int(np.prod([self.shape[one] for one in self._axes(axis)], dtype=int))
        return Stand(self.sum(axis, keepdims).tensor / float(count))

    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Stand:
        """As of the array."""
        count = int(np.prod([self.shape[one] for one in self._axes(axis)], dtype=int))
        gap = self - self.mean(axis, True)
        return Stand((gap * gap).sum(axis, keepdims).tensor / float(count - ddof))

    def std(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Stand:
        """As of the array."""
        return Stand(fn.sqrt(self.var(axis, ddof, keepdims).tensor))

    def max(self, axis: Any = None, keepdims: bool = False) -> Stand:
        """As of the array."""
        return Stand(fn.amax(self.tensor, self._axes(axis), keepdims))

    def min(self, axis: Any = None, keepdims: bool = False) -> Stand:
        """As of the array."""
        return Stand(fn.amin(self.tensor, self._axes(axis), keepdims))

    def dot(self, other: Any) -> Stand:
        """As of the array."""
        if self.ndim > 2 or np.ndim(other) > 2:
            raise Untraceable("np.dot of more than two axes is not an op")
        return self @ other


def _tensor(value: Any) -> Any:
    if isinstance(value, Stand):
        return value.tensor
    return Tensor(np.asarray(value)) if isinstance(value, (np.ndarray, np.generic)) else value


def _numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """Arithmetic that counts true as one."""

    def apply(*operands: Any) -> Any:
        wide = [fn.cast(one, np.dtype(np.float64)) if _truth(one) else one for one in operands]
        return function(*wide)

    return apply


def _truth(value: Any) -> bool:
    return isinstance(value, Tensor) and value.numpy_dtype.kind in "biu"


def _op(name: str) -> Callable[..., Any]:
    return lambda x: getattr(fn, name)(x)


_UFUNCS: dict[str, Callable[..., Any]] = {
    "add": _numbers(lambda x, y: x + y),
    "subtract": _numbers(lambda x, y: x - y),
    "multiply": _numbers(lambda x, y: x * y),
    "divide": _numbers(lambda x, y: x / y),
    "power": _numbers(lambda x, y: x**y),
    "negative": lambda x: -x,
    "positive": lambda x: x,
    "matmul": lambda x, y: fn.matmul(x, y),
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: x >= y,
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "square": lambda x: x * x,
    "absolute": lambda x: fn.abs(x),
    "maximum": lambda x, y: fn.maximum(x, y),
    "minimum": lambda x, y: fn.minimum(x, y),
    **{
        name: _op(own)
        for name, own in {
            "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "sqrt": "sqrt", "reciprocal": "reciprocal",
            "sin": "sin", "cos": "cos", "tan": "tan", "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh",
            "sign": "sign",
        }.items()
    },
}  # fmt: skip
_REDUCED = {"add": "sum", "maximum": "max", "minimum": "min"}


def _method(name: str) -> Callable[..., Any]:
    return lambda x, *args, **options: getattr(x, name)(*args, **options)


def _split(x: Stand, parts: Any, axis: int = 0) -> list[Stand]:
    """The pieces of an array, as slices."""
    length = x.shape[axis]
    ends = [length // parts * n for n in range(1, parts)] if isinstance(parts, int) else list(parts)
    pairs = zip([0, *ends], [*ends, length])
    return [x[(slice(None),) * (axis % x.ndim) + (slice(start, end),)] for start, end in pairs]


def _joined(axis: int) -> Callable[[Sequence[Any]], Stand]:
    def join(parts: Sequence[Any]) -> Stand:
        if any(np.ndim(one) < 2 for one in parts):
            raise Untraceable("it joins vectors")
        return Stand(fn.cat([_tensor(one) for one in parts], axis))

    return join


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: _method(name)
        for name in ("sum", "mean", "var", "std", "max", "min", "reshape", "transpose", "swapaxes", "ravel", "dot")
    },
    "amax": _method("max"),
    "amin": _method("min"),
    "shape": lambda x: x.shape,
    "ndim": lambda x: x.ndim,
    "size": lambda x: x.size,
    "where": lambda condition, x, y: Stand(fn.where(*map(_tensor, (condition, x, y)))),
    "concatenate": lambda parts, axis=0: Stand(fn.cat([_tensor(one) for one in parts], axis)),
    "stack": lambda parts, axis=0: Stand(fn.stack([_tensor(one) for one in parts], axis)),
    "split": _split,
    "hstack": _joined(1),
    "vstack": _joined(0),
    "expand_dims": lambda x, axis: Stand(fn.expand_dims(x.tensor, axis)),
    "cumsum": lambda x, axis: Stand(fn.cumsum(x.tensor, axis)),
    "copy": lambda x: x,
    "zeros_like": lambda x, dtype=None: np.zeros(x.shape),
    "ones_like": lambda x, dtype=None: np.ones(x.shape),
}
