"""The dunder methods of a tensor: each applies an op of the registry, after MindSpore's rules for what may stand beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, NotSupportedError
from ..registry import op_class
from .data import is_number

# numpy's functions that an ndarray's own operators call, by the op that takes their place in a running trace.
UFUNCS = {
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "true_divide": "Div", "power": "Pow",
    "greater": "Greater", "greater_equal": "GreaterEqual", "less": "Less", "less_equal": "LessEqual",
    "equal": "Equal", "not_equal": "NotEqual", "matmul": "MatMul",
}  # fmt: skip


def operator(op: str, swapped: bool = False) -> Callable[..., Any]:
    """The dunder method that applies the op called ``op``."""

    def method(self: Any, *others: Any) -> Any:
        if others:
            others = (_beside(self, op, others[0]),)
        found = op_class(op)
        if found is None:
            raise NotSupportedError(f"For 'Tensor', there is no op '{op}' here.")
        return found()(*((*others, self) if swapped else (self, *others)))

    return method


def in_place(op: str) -> Callable[..., Any]:
    """The method that applies ``op`` and puts the result in the tensor's place, such as ``add_``."""
    apply = operator(op)

    def method(self: Any, other: Any) -> Any:
        result = apply(self, other)
        if (result.shape, result.numpy_dtype) != (self.shape, self.numpy_dtype):
            raise ArgumentValueError(
                f"For '{op.lower()}_', the result must have the tensor's shape {self.shape} and dtype {self.dtype}, "
                f"but it has {result.shape} and {result.dtype}."
            )
        return self.assign_value(result)

    method.__doc__ = f"`{op}` with another tensor or a number; the result takes this tensor's place."
    return method


def equality(op: str, otherwise: bool) -> Callable[..., Any]:
    """``==`` and ``!=``: with what is no number or tensor, a plain bool."""
    compare = operator(op)

    def method(self: Any, other: Any) -> Any:
        comparable = is_number(other) or isinstance(other, (np.ndarray, np.generic)) or hasattr(other, "numpy_dtype")
        return compare(self, other) if comparable else otherwise

    return method


def _beside(tensor: Any, op: str, other: Any) -> Any:
    """What stands beside a tensor: for + and - a sequence becomes a tensor; an ndarray is refused. So does MindSpore."""
    if isinstance(other, np.ndarray):
        raise ArgumentError(
            f"For '{op}', an operand must be a Tensor or a number, but got ndarray; make it a tensor: Tensor(array)."
        )
    return tensor._of(other) if isinstance(other, (list, tuple)) and op in ("Add", "Sub") else other
