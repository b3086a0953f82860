"""Tensors made of numbers: zeros, ones, ranges, identities. In a network they are constants."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtype import DType, to_numpy
from ..errors import ArgumentError, ArgumentValueError, DtypeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor, is_number
from .arguments import int_tuple, integer, tensor
from .array import BroadcastTo, OnesLike, ZerosLike


def lengths(op: str, size: Any) -> tuple[int, ...]:
    """A shape: an int, or a tuple or list of ints, none negative."""
    given = int_tuple(op, "shape", size)
    if any(length < 0 for length in given):
        raise ArgumentValueError(f"For '{op}', a length must not be negative, but got {given}.")
    return given


def kind_of(op: str, dtype: Any, default: Any = np.float32) -> np.dtype:
    """The numpy dtype of ``dtype``, or the default for None."""
    if dtype is not None and not isinstance(dtype, (DType, np.dtype, type)):
        raise DtypeError(f"For '{op}', the dtype must be one of mindspore.dtype, but got {dtype!r}.")
    return np.dtype(default) if dtype is None else to_numpy(dtype)


class Zeros(Composite):
    """Zeros of a shape and dtype."""

    def compute(self, size: Any, dtype: Any = None) -> Tensor:
        """The zeros."""
        return Tensor._wrap(np.zeros(lengths("Zeros", size), kind_of("Zeros", dtype)))


class Ones(Composite):
    """Ones of a shape and dtype."""

    def compute(self, shape: Any, dtype: Any = None) -> Tensor:
        """The ones."""
        return Tensor._wrap(np.ones(lengths("Ones", shape), kind_of("Ones", dtype)))


@composite(functions="zeros")
def zeros(size: Any, dtype: Any = None) -> Tensor:
    """Zeros of shape ``size``, Float32 by default."""
    return Zeros()(size, dtype)


@composite(functions="ones")
def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Ones of ``shape``, Float32 by default."""
    return Ones()(shape, dtype)


@composite(functions="zeros_like")
def zeros_like(input: Any, *, dtype: Any = None) -> Tensor:
    """Zeros of the shape and dtype of ``input``; a constant."""
    x = tensor("zeros_like", "input", input)
    return ZerosLike()(x) if dtype is None else Zeros()(x.shape, dtype)


@composite(functions="ones_like")
def ones_like(input: Any, *, dtype: Any = None) -> Tensor:
    """Ones of the shape and dtype of ``input``; a constant."""
    x = tensor("ones_like", "input", input)
    return OnesLike()(x) if dtype is None else Ones()(x.shape, dtype)


@composite(methods="new_zeros")
def new_zeros(self: Tensor, size: Any, dtype: Any = None) -> Tensor:
    """Zeros of shape ``size`` in the dtype of ``self``."""
    return Tensor._wrap(np.zeros(lengths("new_zeros", size), kind_of("new_zeros", dtype, self.numpy_dtype)))


@composite(methods="new_ones")
def new_ones(self: Tensor, size: Any, dtype: Any = None) -> Tensor:
    """Ones of shape ``size`` in the dtype of ``self``."""
    return Tensor._wrap(np.ones(lengths("new_ones", size), kind_of("new_ones", dtype, self.numpy_dtype)))


def filled(op: str, shape: tuple[int, ...], value: Any, kind: np.dtype | None) -> Tensor:
    """``value``, a number or a 0-d tensor, at every place of ``shape``."""
    if is_number(value):
        default = "bool" if isinstance(value, bool) else "float32" if isinstance(value, float) else "int64"
        return Tensor._wrap(np.full(shape, value, default if kind is None else kind))
    one = tensor(op, "fill_value", value)
    if one.size != 1:
        raise ArgumentValueError(f"For '{op}', the value must be one number, but got shape {one.shape}.")
    one = fn.reshape(one, ())
    return BroadcastTo(shape)(one if kind is None or kind == one.numpy_dtype else fn.cast(one, kind))


@composite(functions="full")
def full(size: Any, fill_value: Any, *, dtype: Any = None) -> Tensor:
    """One value at every place of shape ``size``."""
    return filled("full", lengths("full", size), fill_value, None if dtype is None else kind_of("full", dtype))


@composite(functions="full_like")
def full_like(input: Any, fill_value: Any, *, dtype: Any = None) -> Tensor:
    """One value at every place of the shape of ``input``, in its dtype."""
    x = tensor("full_like", "input", input)
    return filled("full_like", x.shape, fill_value, kind_of("full_like", dtype, x.numpy_dtype))


@composite(methods="fill")
def filled_like(self: Tensor, value: Any) -> Tensor:
    """One value at every place of the shape of ``self``, in its dtype; ``self`` stays as it is."""
    return filled("fill", self.shape, value, self.numpy_dtype)


@composite(methods="new_full")
def new_full(self: Tensor, size: Any, fill_value: Any, *, dtype: Any = None) -> Tensor:
    """One value at every place of shape ``size``, in the dtype of ``self``."""
    return filled("new_full", lengths("new_full", size), fill_value, kind_of("new_full", dtype, self.numpy_dtype))


class Fill(Composite, functions="fill"):
    """One value at every place of a shape."""

    def compute(self, type: Any, shape: Any, value: Any) -> Tensor:
        """The filled tensor."""
        return filled("Fill", lengths("Fill", shape), value, kind_of("Fill", type))


class FillV2(Composite):
    """One value at every place of a shape, in the value's dtype."""

    def compute(self, shape: Any, value: Any) -> Tensor:
        """The filled tensor."""
        return filled("FillV2", lengths("FillV2", shape), value, None)


@composite(functions="fills", methods="fills")
def fills(x: Any, value: Any) -> Tensor:
    """One value at every place of the shape of ``x``, in its dtype."""
    given = tensor("fills", "x", x)
    return filled("fills", given.shape, value, given.numpy_dtype)


class Eye(Composite):
    """Ones on the main diagonal of an ``n`` by ``m`` matrix, zeros elsewhere."""

    def compute(self, n: Any, m: Any = None, dtype: Any = None) -> Tensor:
        """The matrix."""
        rows = integer("Eye", "n", n, 0)
        columns = rows if m is None else integer("Eye", "m", m, 0)
        return Tensor._wrap(np.eye(rows, columns, dtype=kind_of("Eye", dtype)))


@composite(functions="eye")
def eye(n: Any, m: Any = None, dtype: Any = None) -> Tensor:
    """Ones on the main diagonal of an ``n`` by ``m`` matrix, zeros elsewhere; Float32 by default."""
    return Eye()(n, m, dtype)


def _number(op: str, name: str, value: Any) -> Any:
    """A number, or a 0-d tensor of one that is known, as Python's."""
    if isinstance(value, Tensor):
        value = value._leave(f"{op}()").item()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ArgumentError(f"For '{op}', the '{name}' must be a number, but got {type(value).__name__}.")
    return value


def _range(op: str, start: Any, end: Any, step: Any, kind: np.dtype | None) -> Tensor:
    given = [_number(op, name, one) for name, one in (("start", start), ("end", end), ("step", step))]
    if given[2] == 0:
        raise ArgumentValueError(f"For '{op}', the step must not be 0.")
    if (given[1] - given[0]) * given[2] < 0:
        raise ArgumentValueError(f"For '{op}', the step must lead from start {given[0]} to end {given[1]}.")
    if kind is None:
        kind = np.dtype("float32" if any(isinstance(one, float) for one in given) else "int64")
    return Tensor._wrap(np.arange(*given).astype(kind))


@composite(functions="arange")
def arange(start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None) -> Tensor:
    """Numbers from ``start`` to before ``end``; one argument is the end."""
    start, end = (0, start) if end is None else (start, end)
    return _range("arange", start, end, step, None if dtype is None else kind_of("arange", dtype))


@composite(functions="range")
def range_(start: Any, end: Any = None, step: Any = 1, maxlen: int = 1000000) -> Tensor:
    """Numbers from ``start`` to before ``end``."""
    kinds = [one.numpy_dtype for one in (start, end, step) if isinstance(one, Tensor)]
    start, end = (0, start) if end is None else (start, end)
    return _range("range", start, end, step, kinds[0] if kinds else None)


class Range(Composite):
    """Numbers from a start to before an end."""

    def __init__(self, maxlen: int = 1000000) -> None:
        self.maxlen = integer("Range", "maxlen", maxlen, 1)

    def compute(self, start: Any, end: Any, step: Any) -> Tensor:
        """The numbers."""
        return range_(start, end, step, self.maxlen)


def spaced(op: str, start: Any, end: Any, steps: Any) -> Tensor:
    """``steps`` numbers from ``start`` to ``end``, evenly; both may depend on the network's inputs."""
    count = integer(op, "steps", steps, 1)
    ends = [one if isinstance(one, Tensor) else Tensor(np.float32(_number(op, "start", one))) for one in (start, end)]
    kind = ends[0].numpy_dtype if ends[0].numpy_dtype.kind == "f" else np.dtype(np.float32)
    if not any(hasattr(one, "_trace") for one in ends):
        low, high = (float(one._array()) for one in ends)
        return Tensor._wrap(np.linspace(low, high, count).astype(kind))
    share = np.linspace(0.0, 1.0, count).astype(kind)
    return ends[0] * Tensor(share[::-1].copy()) + ends[1] * Tensor(share)


class LinSpace(Composite):
    """Numbers from a start to an end, evenly."""

    def compute(self, start: Any, stop: Any, num: Any) -> Tensor:
        """The numbers."""
        return spaced("LinSpace", start, stop, num)


@composite(functions="linspace")
def linspace(start: Any, end: Any, steps: Any) -> Tensor:
    """``steps`` numbers from ``start`` to ``end``, evenly."""
    return spaced("linspace", start, end, steps)


@composite(functions="logspace")
def logspace(start: Any, end: Any, steps: Any, base: int = 10, *, dtype: Any = None) -> Tensor:
    """``steps`` powers of ``base``, the exponents evenly from ``start`` to ``end``."""
    exponents = spaced("logspace", start, end, steps)
    found = fn.exp(exponents * float(np.log(base))) if hasattr(exponents, "_trace") else None
    kind = kind_of("logspace", dtype)
    if found is None:
        low, high = (float(one._array()) if isinstance(one, Tensor) else float(one) for one in (start, end))
        return Tensor._wrap(np.logspace(low, high, integer("logspace", "steps", steps, 1), base=base).astype(kind))
    return fn.cast(found, kind)


@composite(functions="tril_indices")
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None) -> Tensor:
    """Rows and columns of the lower triangle of a matrix."""
    return Tensor(np.stack(np.tril_indices(row, offset, col)).astype(kind_of("tril_indices", dtype, np.int64)))


@composite(functions="triu_indices")
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None) -> Tensor:
    """Rows and columns of the upper triangle of a matrix."""
    return Tensor(np.stack(np.triu_indices(row, offset, col)).astype(kind_of("triu_indices", dtype, np.int64)))


@composite(functions="sequence_mask")
def sequence_mask(lengths: Any, maxlen: int | None = None) -> Tensor:
    """For each length a row of ``maxlen`` bools, as many of them True as it says."""
    counts = tensor("sequence_mask", "lengths", lengths)
    most = int(counts._array().max(initial=0)) if maxlen is None else integer("sequence_mask", "maxlen", maxlen, 1)
    return Tensor(np.arange(most)) < fn.expand_dims(counts, -1)


__all__ = ["filled", "kind_of", "lengths", "spaced"]
