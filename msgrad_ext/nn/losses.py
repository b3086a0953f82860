"""Losses as cells: names, arguments and defaults of MindSpore's; the computing is done by ops."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ArgumentValueError
from ..primitives.loss import class_rows
from ..primitives.loss_base import check_number, check_tensors, check_weight
from ..primitives.loss_class import focal_loss
from ..primitives.loss_regression import dice_loss, multi_class_dice_loss, poisson_nll_loss, rmse_loss
from ..registry import fn, op_class
from ..tensor import Parameter, Tensor
from .activations import get_activation
from .cell import Cell
from .loss_base import LateLoss, LossBase, located

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "DiceLoss",
    "FocalLoss",
    "GaussianNLLLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "LossBase",
    "MAELoss",
    "MSELoss",
    "MultiClassDiceLoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "RMSELoss",
    "SmoothL1Loss",
    "SoftmaxCrossEntropyWithLogits",
]

# Differences ---------------------------------------------------------------------------------------------------------


class MSELoss(LossBase):
    """Squared difference."""

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``(logits - labels) ** 2``, reduced."""
        self._tensors(logits=logits, labels=labels)
        return self.get_loss(fn.square(fn.sub(logits, labels)))


class RMSELoss(LossBase):
    """Root of the mean squared difference."""

    def __init__(self) -> None:
        super().__init__()

    def construct(self, logits: Tensor, label: Tensor) -> Tensor:
        """``sqrt(mean((logits - label) ** 2))``."""
        return rmse_loss(logits, label)


class L1Loss(LossBase):
    """Absolute difference; its derivative where they are equal is 0."""

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``|logits - labels|``, reduced."""
        return fn.l1_loss(logits, labels, self.reduction)


class MAELoss(LossBase):
    """Absolute difference; its derivative where they are equal is 0."""

    def construct(self, logits: Tensor, label: Tensor) -> Tensor:
        """``|logits - label|``, reduced."""
        self._tensors(logits=logits, labels=label)
        return self.get_loss(fn.abs(fn.sub(logits, label)))


class SmoothL1Loss(LossBase):
    """Squared near 0, absolute beyond ``beta``; not reduced by default."""

    @located
    def __init__(self, beta: float = 1.0, reduction: str = "none") -> None:
        super().__init__(reduction)
        self.beta = beta
        self.smooth_l1_loss = op_class("SmoothL1Loss")(beta, reduction)

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``d ** 2 / (2 beta)`` where ``|d| < beta``, else ``|d| - beta / 2``."""
        return self.smooth_l1_loss(logits, labels)


class HuberLoss(LossBase):
    """Squared near 0, absolute with the slope ``delta`` beyond ``delta``."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``d ** 2 / 2`` where ``|d| < delta``, else ``delta (|d| - delta / 2)``."""
        return fn.huber_loss(logits, labels, self.reduction, self.delta)


class PoissonNLLLoss(LossBase):
    """Negative log-likelihood of counts."""

    def __init__(self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def construct(self, input: Tensor, target: Tensor) -> Tensor:
        """``exp(input) - target * input``, or ``input - target * log(input + eps)``."""
        self._tensors(input=input, target=target)
        return poisson_nll_loss(input, target, self.log_input, self.full, self.eps, self.reduction)


class GaussianNLLLoss(LossBase):
    """Negative log-likelihood of normal variables with the variances ``var``."""

    @located
    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        if check_number("GaussianNLLLoss", "eps", eps) <= 0:
            raise ArgumentValueError(f"For 'GaussianNLLLoss', the 'eps' must be in (0, inf), but got {eps}.")
        if not isinstance(full, bool):
            raise ArgumentError(f"For 'GaussianNLLLoss', the 'full' must be bool, but got {type(full).__name__}.")
        super().__init__(reduction)
        self.full, self.eps = full, float(eps)

    def construct(self, logits: Tensor, labels: Tensor, var: Tensor) -> Tensor:
        """``(log(v) + (logits - labels) ** 2 / v) / 2`` with ``v = max(var, eps)``."""
        self._tensors(logits=logits, labels=labels, var=var)
        return fn.gaussian_nll_loss(logits, labels, var, self.full, self.eps, self.reduction)


class DiceLoss(LossBase):
    """One minus the overlap of two masks."""

    @located
    def __init__(self, smooth: float = 1e-5) -> None:
        super().__init__()
        self.smooth = check_number("DiceLoss", "smooth", smooth, (float,))
        if smooth <= 0:
            raise ArgumentValueError(f"For 'DiceLoss', the 'smooth' must be float and must > 0, but got {smooth}.")

    def construct(self, logits: Tensor, label: Tensor) -> Tensor:
        """``1 - 2 sum(logits label) / (sum(logits ** 2) + sum(label ** 2) + smooth)``."""
        return dice_loss(logits, label, self.smooth)


class MultiClassDiceLoss(LossBase):
    """Mean over the classes (axis 1) of the `DiceLoss` of activated logits."""

    @located
    def __init__(self, weights: Any = None, ignore_indiex: Any = None, activation: Any = "softmax") -> None:
        super().__init__()
        if weights is not None:
            check_tensors("MultiClassDiceLoss", weights=weights)
            if weights.ndim != 2:
                raise ArgumentValueError(
                    f"For 'MultiClassDiceLoss', the dimension of 'weights' must be 2, but got {weights.ndim}."
                )
        if ignore_indiex is not None:
            check_number("MultiClassDiceLoss", "ignore_indiex", ignore_indiex, (int,))
        self.weights, self.ignore_indiex = weights, ignore_indiex
        self.activation = (
            activation if activation is None or isinstance(activation, Cell) else get_activation(activation)
        )

    def construct(self, logits: Tensor, label: Tensor) -> Tensor:
        """The losses of the classes, weighted, added, and divided by their number."""
        self._tensors(logits=logits, labels=label)
        logits = logits if self.activation is None else self.activation(logits)
        return multi_class_dice_loss(logits, label, self.weights, self.ignore_indiex)


# Probabilities -------------------------------------------------------------------------------------------------------


class BCELoss(LossBase):
    """Cross entropy of probabilities with labels between 0 and 1."""

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = weight

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``-weight (labels log(p) + (1 - labels) log(1 - p))`` of probabilities ``p``."""
        return fn.binary_cross_entropy(logits, labels, self.weight, self.reduction)


class BCEWithLogitsLoss(LossBase):
    """Cross entropy of ``sigmoid(input)`` with labels between 0 and 1; never overflows."""

    @located
    def __init__(self, reduction: str = "mean", weight: Any = None, pos_weight: Any = None) -> None:
        super().__init__(reduction)
        for name, one in (("weight", weight), ("pos_weight", pos_weight)):
            if isinstance(one, Parameter):
                raise ArgumentError(f"For 'BCEWithLogitsLoss', the '{name}' can not be a Parameter.")
        self.weight, self.pos_weight = weight, pos_weight

    def construct(self, input: Tensor, target: Tensor) -> Tensor:
        """``-weight (pos_weight target log(p) + (1 - target) log(1 - p))`` with ``p = sigmoid(input)``."""
        self._tensors(input=input, target=target)
        return fn.binary_cross_entropy_with_logits(input, target, self.weight, self.pos_weight, self.reduction)


class SoftmaxCrossEntropyWithLogits(LossBase):
    """Cross entropy of each row of logits with labels; no gradient by the labels.

    Parameters
    ----------
    sparse : bool
        The labels are class numbers, not rows of probabilities.
    reduction : str
        'none' (the default), 'mean' or 'sum'.
    """

    @located
    def __init__(self, sparse: bool = False, reduction: str = "none") -> None:
        super().__init__(reduction)
        if not isinstance(sparse, bool):
            raise ArgumentError(
                f"For 'SoftmaxCrossEntropyWithLogits', the 'sparse' must be a bool, but got {type(sparse).__name__}."
            )
        self.sparse = sparse

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of each row, reduced."""
        self._tensors(logits=logits, labels=labels)
        if self.sparse:
            labels = class_rows("SoftmaxCrossEntropyWithLogits", logits, labels)
        return self.get_loss(fn.softmax_cross_entropy_with_logits(logits, labels))


class _ClassLoss(LossBase):
    """Base of losses of classes: a weight for each class, and a class number that does not count."""

    @located
    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        check_weight(type(self).__name__, weight)
        self.weight = weight
        self.ignore_index = check_number(type(self).__name__, "ignore_index", ignore_index, (int,))


class CrossEntropyLoss(_ClassLoss):
    """Cross entropy of ``softmax(logits)`` over axis 1 with class numbers or probabilities."""

    @located
    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(weight, ignore_index, reduction)
        if not 0 <= check_number("CrossEntropyLoss", "label_smoothing", label_smoothing, (float,)) <= 1:
            raise ArgumentValueError(
                f"For 'CrossEntropyLoss', the 'label_smoothing' must be in [0.0, 1.0], but got {label_smoothing}."
            )
        self.label_smoothing = label_smoothing

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``-log(softmax(logits))`` of the labels' classes, reduced."""
        self._tensors(logits=logits, labels=labels)
        return fn.cross_entropy(logits, labels, self.weight, self.ignore_index, self.reduction, self.label_smoothing)


class NLLLoss(_ClassLoss):
    """Negative log-likelihood of class numbers, given log-probabilities."""

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``-weight[t] logits[t]`` for each label ``t``, reduced."""
        return fn.nll_loss(logits, labels, self.weight, self.ignore_index, self.reduction)


class KLDivLoss(LateLoss):
    """Kullback-Leibler divergence of log-probabilities from labels; no gradient by the labels."""

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``labels (log(labels) - logits)``, reduced ('batchmean' divides the sum by the first axis)."""
        self._tensors(logits=logits, labels=labels)
        return fn.kl_div(logits, labels, self.reduction)


class FocalLoss(LossBase):
    """Cross entropy that counts hard examples more: ``-(1 - p) ** gamma log(p)``."""

    @located
    def __init__(self, weight: Any = None, gamma: float = 2.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.gamma = check_number("FocalLoss", "gamma", gamma, (float,))
        if weight is not None:
            check_tensors("FocalLoss", weight=weight)
            if weight.ndim != 1:
                raise ArgumentValueError(
                    f"For 'FocalLoss', the dimension of 'weight' must be 1, but got {weight.ndim}."
                )
        self.weight = weight

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        """``-weight (1 - p) ** gamma log(p)`` of the labels' classes, reduced."""
        return focal_loss(logits, labels, self.weight, self.gamma, self.reduction)
