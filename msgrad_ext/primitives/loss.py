"""Fused losses."""

from __future__ import annotations

import numpy as np

from ..lazy import sym
from ..op import Op
from ..registry import composite, fn
from ..tensor import Tensor
from .activation import softmax
from .array import stop_gradient


class SoftmaxCrossEntropyWithLogits(Op, shapes="N C, N C -> N", constants="labels", assumes={"labels": "simplex"}):
    """Cross entropy of each row, ``-sum(labels * log_softmax(logits))``.

    The call returns the loss and, as MindSpore does, ``softmax(logits) - labels``, through which no gradient passes.

    Notes
    -----
    The labels are constants by MindSpore's convention: they get no gradient. The derivative by the logits is right for
    labels of any sum; with rows that sum to one it is ``softmax(logits) - labels``.
    """

    def __call__(self, logits, labels):
        loss = super().__call__(logits, labels)
        return loss, stop_gradient(softmax(logits) - labels)

    def numpy(self, logits, labels):
        shifted = logits - np.max(logits, axis=1, keepdims=True)
        log_total = np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        return np.sum(labels * (log_total - shifted), axis=1)

    def vjp(self, ct, out, logits, labels):
        share = softmax(logits) * fn.reduce_sum(labels, 1, True) - labels
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
