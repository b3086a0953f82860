"""Losses: names, arguments and defaults of MindSpore's; the computing is done by ops."""

from __future__ import annotations

from ..errors import ArgumentValueError, choices, user_location
from ..registry import fn
from ..tensor import Tensor
from .cell import Cell


class _Loss(Cell):
    """Base of losses: ``reduction`` is 'mean', 'sum' or 'none'."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ArgumentValueError(
                f"For '{type(self).__name__}', the reduction is '{reduction}'. {choices(str(reduction), ['mean', 'sum', 'none'])}",
                user_location(),
            )
        self.reduction = reduction

    def reduced(self, loss: Tensor) -> Tensor:
        """``loss`` reduced as asked."""
        if self.reduction == "none":
            return loss
        return fn.reduce_mean(loss) if self.reduction == "mean" else fn.reduce_sum(loss)


class MSELoss(_Loss):
    """Squared difference."""

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``(logits - labels) ** 2``, reduced."""
        return self.reduced(fn.square(fn.sub(logits, labels)))


class L1Loss(_Loss):
    """Absolute difference; its derivative where they are equal is 0."""

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``|logits - labels|``, reduced."""
        return self.reduced(fn.abs(fn.sub(logits, labels)))


class SoftmaxCrossEntropyWithLogits(_Loss):
    """Cross entropy of each row of logits with labels; no gradient by the labels.

    Parameters
    ----------
    sparse : bool
        The labels are class numbers, not rows of probabilities.
    reduction : str
        'none' (the default), 'mean' or 'sum'.
    """

    def __init__(self, sparse: bool = False, reduction: str = "none") -> None:
        super().__init__(reduction)
        self.sparse = sparse

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of each row, reduced."""
        if self.sparse:
            labels = fn.cast(fn.one_hot(labels, logits.shape[-1]), logits.dtype)
        return self.reduced(fn.softmax_cross_entropy_with_logits(logits, labels))
