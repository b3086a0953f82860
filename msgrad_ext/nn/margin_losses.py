"""Losses with a margin as cells: names, arguments and defaults of MindSpore's; the computing is done by ops."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentValueError
from ..primitives.loss_base import check_number
from ..registry import fn, op_class
from ..tensor import Tensor
from .loss_base import LateLoss, LossBase, located

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "MultilabelMarginLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
]


class MultiLabelSoftMarginLoss(LossBase):
    """Cross entropy of ``sigmoid(x)`` with several labels, averaged over the classes."""

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = weight

    def construct(self, x: Tensor, target: Tensor) -> Tensor:
        """The mean over the classes of ``-weight (t log(p) + (1 - t) log(1 - p))``, reduced."""
        return fn.multilabel_soft_margin_loss(x, target, self.weight, self.reduction)


class SoftMarginLoss(LateLoss):
    """``log(1 + exp(-labels logits))``, reduced."""

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``log(1 + exp(-labels logits))``, reduced."""
        return fn.soft_margin_loss(logits, labels, self.reduction)


class MarginRankingLoss(LossBase):
    """``max(0, -target (input1 - input2) + margin)``, reduced."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def construct(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """``max(0, -target (input1 - input2) + margin)``, reduced."""
        return fn.margin_ranking_loss(input1, input2, target, self.margin, self.reduction)


class HingeEmbeddingLoss(LossBase):
    """``logits`` where the label is 1, ``max(0, margin - logits)`` where it is -1."""

    @located
    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = check_number("HingeEmbeddingLoss", "margin", margin)

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``logits`` where the label is 1, ``max(0, margin - logits)`` where it is -1, reduced."""
        return fn.hinge_embedding_loss(logits, labels, self.margin, self.reduction)


class CosineEmbeddingLoss(LossBase):
    """``1 - cos`` of each pair of rows with label 1, ``max(0, cos - margin)`` of those with -1."""

    @located
    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = check_number("CosineEmbeddingLoss", "margin", margin, (float,))
        if not -1 <= margin <= 1:
            raise ArgumentValueError(
                f"For 'CosineEmbeddingLoss', the 'margin' must be in range of [-1.0, 1.0], but got {margin}."
            )

    def construct(self, logits_x1: Tensor, logits_x2: Tensor, labels: Tensor) -> Tensor:
        """``1 - cos`` of the rows with label 1, ``max(0, cos - margin)`` of those with -1, reduced."""
        self._tensors(logits_x1=logits_x1, logits_x2=logits_x2, labels=labels)
        return fn.cosine_embedding_loss(logits_x1, logits_x2, labels, self.margin, self.reduction)


class TripletMarginLoss(LateLoss):
    """``max(0, d(x, positive) - d(x, negative) + margin)`` with ``d`` the p-norm of the difference."""

    def __init__(
        self, p: int = 2, swap: bool = False, eps: float = 1e-6, reduction: str = "mean", margin: float = 1.0
    ) -> None:
        super().__init__(reduction)
        self.p, self.swap, self.eps, self.margin = p, swap, eps, margin

    def construct(self, x: Tensor, positive: Tensor, negative: Tensor, margin: Any = 1.0) -> Tensor:
        """The loss of each row, reduced; the cell's own margin goes before the one given here unless it is 1."""
        margin = margin if self.margin == 1.0 else self.margin
        return fn.triplet_margin_loss(x, positive, negative, margin, self.p, self.eps, self.swap, self.reduction)


class MultiMarginLoss(LossBase):
    """The label's logit must be larger than each other one by ``margin``."""

    @located
    def __init__(self, p: int = 1, margin: float = 1.0, reduction: str = "mean", weight: Any = None) -> None:
        super().__init__(reduction)
        self.multi_margin_loss = op_class("MultiMarginLoss")(p, margin, reduction)
        self.weight = weight

    def construct(self, x: Tensor, target: Tensor, weight: Any = None) -> Tensor:
        """The mean over the classes of ``weight[t] max(0, margin - x[t] + x[c]) ** p``, reduced."""
        self._tensors(x=x, target=target)
        return self.multi_margin_loss(x, target, weight if self.weight is None else self.weight)


class MultilabelMarginLoss(LateLoss):
    """The logit of each label must be larger than each other one by 1."""

    def construct(self, x: Tensor, target: Tensor) -> Tensor:
        """``sum(max(0, 1 - x[t] + x[c])) / C`` over labels ``t`` and other classes ``c``, reduced."""
        return fn.multilabel_margin_loss(x, target, self.reduction)
