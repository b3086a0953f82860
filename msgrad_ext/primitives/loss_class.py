"""Losses of classes: cross entropy of probabilities and of logits, with class numbers or with probabilities as labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentValueError, AxisError, DtypeError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor
from .array import stop_gradient
from .loss import cross_entropy_of_sigmoid, log_one_plus_exp_minus
from .loss_base import check_floats, check_number, check_reduction, check_same, check_tensors, check_weight, reduced

# MindSpore's floor under a probability whose logarithm is taken.
_FLOOR = 1e-12


class LabelError(AxisError, RuntimeError):
    """A class number that there is no class for."""


# One probability for each element ------------------------------------------------------------------------------------


def _all_above(x: Tensor, bound: float) -> bool:
    """Whether every element is larger than ``bound``: a branch of the network, so that other values are traced anew."""
    return x.size == 0 or bool(fn.reduce_max(-x) < -bound)


def _log(p: Tensor) -> Tensor:
    """``log(p)``; where any ``p`` is below MindSpore's floor, the logarithm of the floor, with the slope that it has there."""
    if _all_above(p, _FLOOR):
        return fn.log(p)
    floor = p - stop_gradient(p) + _FLOOR
    return fn.log(fn.select(p > _FLOOR, p, floor))


@composite(functions="binary_cross_entropy")
def binary_cross_entropy(logits: Tensor, labels: Tensor, weight: Any = None, reduction: str = "mean") -> Tensor:
    """``-weight (labels log(p) + (1 - labels) log(1 - p))`` of probabilities ``p``, here called ``logits``.

    Notes
    -----
    A probability below 1e-12 counts as 1e-12 in its logarithm, as in MindSpore; the derivative there is that of
    ``log`` at 1e-12.
    """
    check_same("BinaryCrossEntropy", logits=logits, labels=labels)
    check_floats("BinaryCrossEntropy", logits=logits, labels=labels)
    loss = -(labels * _log(logits) + (1 - labels) * _log(1 - logits))
    if weight is not None:
        check_same("BinaryCrossEntropy", logits=logits, weight=weight)
        loss = weight * loss
    return reduced("BinaryCrossEntropy", loss, reduction)


class BinaryCrossEntropy(Composite):
    """``-weight (target log(p) + (1 - target) log(1 - p))`` of probabilities ``p``; see `binary_cross_entropy`."""

    def __init__(self, reduction="mean"):
        self.reduction = check_reduction("BinaryCrossEntropy", reduction)

    def compute(self, input, target, weight=None):
        return binary_cross_entropy(input, target, weight, self.reduction)


@composite(functions="binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Any = None, pos_weight: Any = None, reduction: str = "mean"
) -> Tensor:
    """``-weight (pos_weight target log(p) + (1 - target) log(1 - p))`` with ``p = sigmoid(input)``; never overflows."""
    check_same("BCEWithLogitsLoss", input=input, target=target)
    check_floats("BCEWithLogitsLoss", input=input, target=target)
    check_weight("BCEWithLogitsLoss", weight)
    check_weight("BCEWithLogitsLoss", pos_weight)
    if pos_weight is None:
        loss = cross_entropy_of_sigmoid(input, target)
    else:
        loss = (1 - target) * input + (1 + (pos_weight - 1) * target) * log_one_plus_exp_minus(input)
    return reduced("BCEWithLogitsLoss", loss if weight is None else weight * loss, reduction)


@composite(functions="multilabel_soft_margin_loss")
def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Any = None, reduction: str = "mean") -> Tensor:
    """Cross entropy of ``sigmoid(input)`` with ``target``, averaged over the last axis, then reduced."""
    check_tensors("multilabel_soft_margin_loss", input=input, target=target)
    loss = cross_entropy_of_sigmoid(input, target)
    if weight is not None:
        loss = loss * weight
    return reduced("multilabel_soft_margin_loss", fn.reduce_mean(loss, -1), reduction)


# A distribution over classes -----------------------------------------------------------------------------------------


def _class_axis(op: str, inputs: Tensor) -> int:
    if inputs.ndim == 0:
        raise ShapeError(f"For '{op}', the input must have an axis of classes, but got shape ().")
    return 0 if inputs.ndim == 1 else 1


def _along(weight: Tensor, axis: int, rank: int) -> Tensor:
    """A weight for each class, laid along the class axis."""
    return fn.reshape(weight, tuple(-1 if one == axis else 1 for one in range(rank)))


def _chosen(op: str, inputs: Tensor, target: Tensor, axis: int, ignore_index: int) -> tuple[Tensor, Tensor]:
    """Where the class is the target's, with the input's shape; and which targets count, with the target's."""
    shape = (*inputs.shape[:axis], *inputs.shape[axis + 1 :])
    if target.numpy_dtype.kind not in "iu":
        raise DtypeError(f"For '{op}', the target must be class numbers of an int dtype, but got {target.dtype}.")
    if target.shape != shape:
        raise ShapeError(
            f"For '{op}', an input of shape {inputs.shape} needs a target of shape {shape}, but got {target.shape}."
        )
    classes = inputs.shape[axis]
    counted = target != ignore_index
    wrong = fn.logical_and(fn.logical_or(target < 0, target >= classes), counted)
    if bool(fn.reduce_sum(fn.cast(wrong, np.int32)) > 0):
        raise LabelError(f"For '{op}', each target must be in [0, {classes}) or {ignore_index}, the ignored one.")
    numbers = _along(Tensor(np.arange(classes, dtype=target.numpy_dtype)), axis, inputs.ndim)
    hit = fn.equal(fn.expand_dims(target, axis), numbers)
    return fn.logical_and(hit, fn.expand_dims(counted, axis)), counted


@composite(functions="nll_loss")
def nll_loss(
    inputs: Tensor,
    target: Tensor,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """``-weight[t] inputs[t]`` for each target class ``t``; the mean divides by the weights of the targets that count."""
    check_floats("nll_loss", inputs=inputs)
    check_tensors("nll_loss", target=target)
    check_weight("nll_loss", weight)
    check_number("nll_loss", "ignore_index", ignore_index, (int,))
    check_reduction("nll_loss", reduction)
    axis = _class_axis("nll_loss", inputs)
    if inputs.ndim > 1 and target.ndim == inputs.ndim and target.shape[axis] == 1:
        target = fn.squeeze(target, axis)
    hit, counted = _chosen("nll_loss", inputs, target, axis, ignore_index)
    weights = None if weight is None else _along(weight, axis, inputs.ndim)
    weighted = inputs if weights is None else inputs * weights
    losses = -fn.reduce_sum(fn.select(hit, weighted, fn.zeros_like(weighted)), axis)
    if label_smoothing:
        smooth = fn.select(counted, -fn.reduce_sum(weighted, axis), fn.zeros_like(losses))
        losses = (1.0 - label_smoothing) * losses + (label_smoothing / inputs.shape[axis]) * smooth
    if reduction == "none":
        return losses
    total = fn.reduce_sum(losses)
    if reduction == "sum":
        return total
    count = fn.cast(counted, inputs.dtype) if weights is None else fn.cast(hit, inputs.dtype) * weights
    return total / fn.reduce_sum(count)


class NLLLoss(Composite):
    """Negative log-likelihood of rows of log-probabilities; a call gives the loss and the sum of the weights."""

    def __init__(self, reduction="mean", ignore_index=-100):
        self.reduction = check_reduction("NLLLoss", reduction)
        self.ignore_index = check_number("NLLLoss", "ignore_index", ignore_index, (int,))

    def compute(self, logits, labels, weight):
        loss = nll_loss(logits, labels, weight, self.ignore_index, self.reduction)
        hit, _ = _chosen("NLLLoss", logits, labels, _class_axis("NLLLoss", logits), self.ignore_index)
        total = fn.reduce_sum(fn.cast(hit, weight.dtype) * weight)
        return loss, total


@composite(functions="cross_entropy")
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross entropy of ``softmax(input)``, whose classes are axis 1, with class numbers or with probabilities.

    Probabilities are a float ``target`` of the input's shape; ``ignore_index`` does not concern them.
    """
    check_floats("cross_entropy", input=input)
    check_tensors("cross_entropy", target=target)
    check_weight("cross_entropy", weight)
    check_reduction("cross_entropy", reduction)
    if not 0 <= check_number("cross_entropy", "label_smoothing", label_smoothing) <= 1:
        raise ArgumentValueError(
            f"For 'cross_entropy', the 'label_smoothing' must be in [0.0, 1.0], but got {label_smoothing}."
        )
    axis = _class_axis("cross_entropy", input)
    logs = fn.log_softmax(input, axis)
    if target.numpy_dtype.kind not in "fO":
        return nll_loss(logs, target, weight, ignore_index, reduction, label_smoothing)
    if target.ndim == input.ndim - 1:
        raise DtypeError(f"For 'cross_entropy', class numbers must be ints, but got {target.numpy_dtype}.")
    if target.shape != input.shape:
        raise ShapeError(
            f"For 'cross_entropy', probabilities must have the input's shape {input.shape}, but got {target.shape}."
        )
    classes = input.shape[axis]
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / classes
    loss = logs * target if weight is None else logs * target * _along(weight, axis, input.ndim)
    if reduction == "none":
        return -fn.reduce_sum(loss, axis)
    total = -fn.reduce_sum(loss)
    return total if reduction == "sum" else total / (input.size / classes)


@composite(functions="kl_div")
def kl_div(logits: Tensor, labels: Tensor, reduction: str = "mean") -> Tensor:
    """``labels (log(labels) - logits)`` of log-probabilities ``logits``; the mean is over all elements.

    Notes
    -----
    The labels are constants by MindSpore's convention: they get no gradient. Where a label is 0, the loss is 0.
    """
    check_same("KLDivLoss", logits=logits, labels=labels)
    check_floats("KLDivLoss", logits=logits, labels=labels)
    check_reduction("KLDivLoss", reduction, ("none", "mean", "batchmean", "sum"))
    fixed = stop_gradient(labels)
    if _all_above(fixed, 0.0):
        loss = fixed * (fn.log(fixed) - logits)
    else:
        safe = fn.select(fixed > 0, fixed, fn.ones_like(fixed))
        loss = fn.select(fixed > 0, fixed * (fn.log(safe) - logits), fn.zeros_like(logits))
    if reduction == "batchmean":
        return fn.reduce_sum(loss) / logits.shape[0]
    return reduced("KLDivLoss", loss, reduction)


class KLDivLoss(Composite):
    """``labels (log(labels) - logits)``, reduced; see `kl_div`."""

    def __init__(self, reduction="mean"):
        self.reduction = check_reduction("KLDivLoss", reduction, ("none", "mean", "batchmean", "sum"))

    def compute(self, logits, labels):
        return kl_div(logits, labels, self.reduction)


@composite()
def focal_loss(
    logits: Tensor, labels: Tensor, weight: Any = None, gamma: float = 2.0, reduction: str = "mean"
) -> Tensor:
    """``-(1 - p) ** gamma log(p)`` of the target classes' softmax ``p``, or weighted by labels of all classes."""
    check_tensors("FocalLoss", logits=logits, labels=labels)
    if not 2 <= logits.ndim <= 4 or labels.ndim != logits.ndim:
        raise ArgumentValueError(
            "For 'FocalLoss', 'logits' and 'labels' must have one rank, 2 to 4, "
            f"but got shapes {logits.shape} and {labels.shape}."
        )
    rows, classes = logits.shape[:2]
    if classes == 1 or labels.shape[1] not in (1, classes):
        raise ArgumentValueError(
            f"For 'FocalLoss', the labels must have 1 or {classes} classes (axis 1), and the logits more than one, "
            f"but got shapes {logits.shape} and {labels.shape}."
        )
    logs = fn.log_softmax(fn.reshape(logits, (rows, classes, -1)), 1)
    labels = fn.reshape(labels, (rows, labels.shape[1], -1))
    scaled = logs if weight is None else logs * _along(weight, 1, 3)
    losses = -((1 - fn.exp(logs)) ** gamma) * scaled
    if labels.shape[1] == 1:
        hit, _ = _chosen("FocalLoss", logs, fn.squeeze(labels, 1), 1, -1)
        losses = fn.reduce_mean(fn.reduce_sum(fn.select(hit, losses, fn.zeros_like(losses)), 1), -1)
    else:
        losses = fn.reduce_mean(losses * labels, -1)
    return reduced("FocalLoss", losses, reduction)
