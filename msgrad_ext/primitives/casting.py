"""Other dtypes: `Cast` under the names that tensors have for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtype as mstype
from ..dtype import DType, pytype_to_dtype
from ..errors import ArgumentError, DtypeError, choices
from ..registry import composite
from ..tensor import Tensor
from .arguments import tensor
from .array import Cast

_NAMES = {
    **{one.name.rstrip("_"): one for one in (mstype.bool_, *mstype.number)},
    "half": mstype.float16,
    "float": mstype.float32,
    "double": mstype.float64,
    "int": mstype.int32,
    "long": mstype.int64,
}


@composite(functions="cast")
def cast(input: Any, dtype: Any) -> Tensor:
    """``input`` in another dtype."""
    if isinstance(input, (bool, int, float)):
        return Cast()(Tensor(input), dtype)
    return Cast()(tensor("cast", "input", input), dtype)


def named(op: str, dtype: Any) -> Any:
    """``dtype``, which may be its name, or a Python type."""
    if isinstance(dtype, type) and not issubclass(dtype, np.generic):
        return pytype_to_dtype(dtype)
    if not isinstance(dtype, str):
        return dtype
    if dtype.lower() not in _NAMES:
        raise DtypeError(f"For '{op}', there is no dtype {dtype!r}. {choices(dtype, list(_NAMES))}")
    return _NAMES[dtype.lower()]


@composite(methods="astype")
def astype(self: Tensor, dtype: Any, copy: bool = True) -> Tensor:
    """``self`` in another dtype, given as such or by name."""
    if not isinstance(copy, bool):
        raise ArgumentError(f"For 'astype', 'copy' must be bool, but got {type(copy).__name__}.")
    return Cast()(self, named("astype", dtype))


@composite(methods="to")
def to(self: Tensor, dtype: Any) -> Tensor:
    """``self`` in another dtype."""
    return Cast()(self, dtype)


@composite(methods="type")
def type_(self: Tensor, dtype: Any = None) -> Any:
    """``self`` in another dtype; the dtype's name without one."""
    return str(self.dtype) if dtype is None else Cast()(self, named("type", dtype))


@composite(methods="type_as")
def type_as(self: Tensor, other: Any) -> Tensor:
    """``self`` in the dtype of ``other``."""
    return Cast()(self, tensor("type_as", "other", other).numpy_dtype)


def _method(name: str, kind: DType) -> None:
    @composite(methods=name)
    def converted(self: Tensor) -> Tensor:
        return Cast()(self, kind)

    converted.__doc__ = f"``self`` in {kind}."


for _name, _kind in (
    ("half", mstype.float16),
    ("float", mstype.float32),
    ("double", mstype.float64),
    ("bool", mstype.bool_),
    ("int", mstype.int32),
    ("long", mstype.int64),
    ("short", mstype.int16),
    ("byte", mstype.uint8),
):
    _method(_name, _kind)


__all__ = ["named"]
