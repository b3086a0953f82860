"""What all losses share: the checks of their arguments, and how a loss of many elements becomes one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, DtypeError, ShapeError, choices
from ..registry import fn
from ..tensor import Tensor

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(op: str, reduction: Any, known: tuple[str, ...] = REDUCTIONS) -> str:
    """``reduction``, if it is one of the ``known`` words."""
    if reduction not in known:
        raise ArgumentValueError(
            f"For '{op}', the 'reduction' must be in {list(known)}, but got {reduction!r}. "
            f"{choices(str(reduction), list(known))}"
        )
    return str(reduction)


def check_tensors(op: str, **operands: Any) -> None:
    """Refuse operands that are not tensors: a loss of a number is a mistake more often than a wish."""
    for name, operand in operands.items():
        if not isinstance(operand, Tensor):
            raise ArgumentError(f"For '{op}', the '{name}' must be a Tensor, but got {type(operand).__name__}.")


def check_floats(op: str, **operands: Tensor) -> None:
    """Refuse operands that are not float tensors."""
    check_tensors(op, **operands)
    for name, operand in operands.items():
        if operand.numpy_dtype.kind not in "fO":
            raise DtypeError(f"For '{op}', the '{name}' must be a float tensor, but got {operand.dtype}.")


def check_shapes(op: str, **operands: Tensor) -> None:
    """Refuse tensors of different shapes."""
    (first, one), *others = operands.items()
    for name, other in others:
        if other.shape != one.shape:
            raise ShapeError(
                f"For '{op}', '{first}' and '{name}' must have one shape, but got {one.shape} and {other.shape}."
            )


def check_same(op: str, **operands: Any) -> None:
    """Refuse what is not tensors of one shape and one dtype."""
    check_tensors(op, **operands)
    check_shapes(op, **operands)
    (first, one), *others = operands.items()
    for name, other in others:
        if other.numpy_dtype != one.numpy_dtype:
            raise DtypeError(
                f"For '{op}', '{first}' and '{name}' must have one dtype, but got {one.dtype} and {other.dtype}."
            )


def check_number(op: str, name: str, value: Any, kinds: tuple[type, ...] = (float, int)) -> Any:
    """``value``, if it is a Python number of one of ``kinds`` (bool is none)."""
    if isinstance(value, bool) or not isinstance(value, kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise ArgumentError(f"For '{op}', the '{name}' must be {wanted}, but got {type(value).__name__}.")
    return value


def check_weight(op: str, weight: Any) -> None:
    """Refuse a weight that is neither a float tensor nor None."""
    if weight is not None:
        check_floats(op, weight=weight)


def reduced(op: str, loss: Tensor, reduction: str) -> Tensor:
    """The elements of ``loss``, their mean or their sum; integers are averaged in float32 and cut to integers again."""
    check_reduction(op, reduction)
    if reduction == "none":
        return loss
    kind = loss.numpy_dtype
    if kind.kind not in "fO":
        return fn.cast(reduced(op, fn.cast(loss, np.float32), reduction), kind)
    return fn.reduce_mean(loss) if reduction == "mean" else fn.reduce_sum(loss)
