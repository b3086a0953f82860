"""What the cells of losses share; no loss of its own."""

from __future__ import annotations

from typing import Any

from ..primitives.loss_base import check_reduction, check_tensors, reduced
from ..registry import composite, fn, op_class
from ..tensor import Tensor
from .cell import Cell

# `composite` without names: errors in making a cell tell the user's line.
located = composite()


class LossBase(Cell):
    """Base of losses: ``reduction`` is 'mean', 'sum' or 'none'. A subclass computes, and ends with `get_loss`."""

    @located
    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = check_reduction(type(self).__name__, reduction)
        self.average, self.reduce = reduction != "sum", reduction != "none"
        for name, op in (("reduce_mean", "ReduceMean"), ("reduce_sum", "ReduceSum"), ("mul", "Mul"), ("cast", "Cast")):
            setattr(self, name, op_class(op)())

    def get_axis(self, x: Tensor) -> tuple[int, ...]:
        """All axes of ``x``."""
        return tuple(range(x.ndim))

    def get_loss(self, x: Tensor, weights: Any = 1.0) -> Tensor:
        """``weights * x``, reduced, in the dtype of ``x``."""
        plain = isinstance(weights, (int, float)) and weights == 1
        loss = x if plain else fn.cast(fn.mul(weights, x), x.dtype)
        return reduced(type(self).__name__, loss, self.reduction)

    def _tensors(self, **operands: Any) -> None:
        check_tensors(type(self).__name__, **operands)


class LateLoss(LossBase):
    """Base of losses whose reduction is checked where it is used."""

    @located
    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction
