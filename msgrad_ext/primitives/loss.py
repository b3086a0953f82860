"""Fused losses on logits, whose numpy voices never overflow.

Every other loss is composed of ops: see `loss_regression`, `loss_class` and `loss_margin`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DtypeError
from ..lazy import sym
from ..op import Composite, Op, Smooth, apply
from ..registry import composite, fn
from ..tensor import Tensor
from .activation import softmax
from .array import stop_gradient
from .loss_base import check_floats, check_reduction, check_shapes, check_tensors


class SoftmaxCrossEntropyWithLogits(Op, shapes="N C, N C -> N", constants="labels", assumes={"labels": "simplex"}):
    """Cross entropy of each row, ``-sum(labels * log_softmax(logits))``.

    The call returns the loss and, as MindSpore does, ``softmax(logits) - labels``, through which no gradient passes.

    Notes
    -----
    The labels are constants by MindSpore's convention: they get no gradient, at any order. The derivative by the logits is right for
    labels of any sum; with rows that sum to one it is ``softmax(logits) - labels``.
    """

    def __call__(self, logits, labels):
        loss = super().__call__(logits, labels)
        return loss, stop_gradient(softmax(logits) - labels)

    def bind(self, logits, labels):
        check_floats("SoftmaxCrossEntropyWithLogits", logits=logits, labels=labels)
        return self, (logits, labels)

    def numpy(self, logits, labels):
        shifted = logits - np.max(logits, axis=1, keepdims=True)
        log_total = np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        return np.sum(labels * (log_total - shifted), axis=1)

    def vjp(self, ct, out, logits, labels):
        fixed = stop_gradient(labels)
        share = softmax(logits) * fn.reduce_sum(fixed, 1, True) - fixed
        return fn.expand_dims(ct, 1) * share, None

    def meaning(self, logits, labels):
        classes = logits.shape[1]

        def log_share(i, k):
            return logits[i, k] - sym.log(sym.total(classes, lambda q: sym.exp(logits[i, q])))

        return lambda i: -sym.total(classes, lambda k: labels[i, k] * log_share(i, k))


@composite(functions="softmax_cross_entropy_with_logits")
def softmax_cross_entropy_with_logits(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of each row of ``logits`` with ``labels``."""
    return Op.__call__(SoftmaxCrossEntropyWithLogits(), logits, labels)


class BCEWithLogitsLoss(Smooth):
    """Cross entropy of ``sigmoid(logits)`` with labels, ``logits (1 - label) + log(1 + exp(-logits))``, reduced.

    A call takes ``weight`` and ``posWeight`` too, which are composed of other ops, as the reduction is.
    """

    def __init__(self, reduction="mean"):
        self.reduction = check_reduction("BCEWithLogitsLoss", reduction)

    def bind(self, input, target, weight=None, posWeight=None):
        return fn.binary_cross_entropy_with_logits(input, target, weight, posWeight, self.reduction)

    def numpy(self, logits, label):
        return np.maximum(logits, 0) - logits * label + np.log(1 + np.exp(-np.abs(logits)))

    def vjp(self, ct, out, logits, label):
        return ct * (fn.sigmoid(logits) - label), -(ct * logits)

    def meaning(self, logits, label):
        return lambda *i: logits[i] * (1 - label[i]) - sym.log(sym.sigmoid(logits[i]))


# Without a reduction among its settings: the op of single elements.
_ELEMENTS = object.__new__(BCEWithLogitsLoss)


def cross_entropy_of_sigmoid(logits: Tensor, label: Any) -> Tensor:
    """``-(label log(p) + (1 - label) log(1 - p))`` of each element, with ``p = sigmoid(logits)``."""
    return apply(_ELEMENTS, _ELEMENTS.convert((logits, label)))


def log_one_plus_exp_minus(x: Tensor) -> Tensor:
    """``log(1 + exp(-x))``, right for every ``x``: the cross entropy with the label 1."""
    return cross_entropy_of_sigmoid(x, 1)


class SigmoidCrossEntropyWithLogits(Composite, functions="sigmoid_cross_entropy_with_logits"):
    """Cross entropy of ``sigmoid(logits)`` with labels, of each element.

    Notes
    -----
    The label is a constant by MindSpore's convention: it gets no gradient, at any order.
    """

    def compute(self, logits, label):
        check_floats("SigmoidCrossEntropyWithLogits", logits=logits, label=label)
        check_shapes("SigmoidCrossEntropyWithLogits", logits=logits, label=label)
        return cross_entropy_of_sigmoid(logits, stop_gradient(label))


class SparseSoftmaxCrossEntropyWithLogits(Composite):
    """Mean cross entropy of rows of logits with class numbers; with ``is_grad``, its gradient by the logits."""

    def __init__(self, is_grad=False):
        self.is_grad = is_grad

    def compute(self, logits, labels):
        rows = class_rows("SparseSoftmaxCrossEntropyWithLogits", logits, labels)
        if self.is_grad:
            return (softmax(logits) - rows) / logits.shape[0]
        return fn.reduce_mean(softmax_cross_entropy_with_logits(logits, rows))


def class_rows(op: str, logits: Tensor, labels: Tensor) -> Tensor:
    """A row for each class number of ``labels``: 1 at the class, 0 elsewhere, in the dtype of ``logits``."""
    check_tensors(op, logits=logits, labels=labels)
    if labels.numpy_dtype.kind not in "iu":
        raise DtypeError(f"For '{op}', the labels must be class numbers of an int dtype, but got {labels.dtype}.")
    return fn.cast(fn.one_hot(labels, logits.shape[-1]), logits.dtype)
