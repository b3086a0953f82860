"""Losses with a margin: rankings, embeddings, triplets, and classes that must win by some distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, DtypeError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor
from .loss import log_one_plus_exp_minus
from .loss_base import check_floats, check_number, check_reduction, check_same, check_tensors, reduced
from .loss_class import LabelError


def _ramp(x: Tensor) -> Tensor:
    """``max(x, 0)`` with the slope 1 at 0, as MindSpore's ``clamp`` has it."""
    return fn.select(x >= 0, x, fn.zeros_like(x))


@composite(functions="margin_ranking_loss")
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    """``max(0, -target (input1 - input2) + margin)``, reduced.

    Notes
    -----
    The derivative where the loss reaches 0 is that of the side where it is positive, MindSpore's convention.
    """
    check_number("margin_ranking_loss", "margin", margin, (float,))
    check_tensors("margin_ranking_loss", input1=input1, input2=input2, target=target)
    kinds = {one.numpy_dtype for one in (input1, input2, target)}
    if len(kinds) != 1:
        raise DtypeError(
            "For 'margin_ranking_loss', input1, input2 and target must have one dtype, "
            f"but got {input1.dtype}, {input2.dtype} and {target.dtype}."
        )
    return reduced("margin_ranking_loss", _ramp(-target * (input1 - input2) + margin), reduction)


@composite(functions="hinge_embedding_loss")
def hinge_embedding_loss(inputs: Tensor, targets: Tensor, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """``inputs`` where the target is 1, ``max(0, margin - inputs)`` where it is -1, reduced.

    Notes
    -----
    At ``inputs = margin`` the derivative is half of the one-sided one, as at every tie of a maximum.
    """
    check_tensors("HingeEmbeddingLoss", inputs=inputs, targets=targets)
    check_floats("HingeEmbeddingLoss", inputs=inputs, targets=targets)
    check_number("HingeEmbeddingLoss", "margin", margin)
    hinge = fn.maximum(margin - inputs, 0.0)
    none = fn.zeros_like(inputs)
    loss = fn.select(targets > 0, inputs, none) + fn.select(targets < 0, hinge, none)
    return reduced("HingeEmbeddingLoss", loss, reduction)


@composite(functions="soft_margin_loss")
def soft_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """``log(1 + exp(-target input))``, reduced; never overflows."""
    check_same("SoftMarginLoss", input=input, target=target)
    check_floats("SoftMarginLoss", input=input, target=target)
    return reduced("SoftMarginLoss", log_one_plus_exp_minus(target * input), reduction)


class SoftMarginLoss(Composite):
    """``log(1 + exp(-target input))``, reduced."""

    def __init__(self, reduction="mean"):
        self.reduction = check_reduction("SoftMarginLoss", reduction)

    def compute(self, input, target):
        return soft_margin_loss(input, target, self.reduction)


@composite(functions="cosine_embedding_loss")
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    """``1 - cos(input1, input2)`` of each row whose target is 1, ``max(0, cos - margin)`` of those with -1.

    Notes
    -----
    Where ``cos = margin`` the derivative is half of the one-sided one, as at every tie of a maximum. A row of zeros has
    no cosine: the loss is NaN.
    """
    check_tensors("cosine_embedding_loss", input1=input1, input2=input2, target=target)
    if not -1 <= check_number("cosine_embedding_loss", "margin", margin) <= 1:
        raise ArgumentValueError(f"For 'cosine_embedding_loss', the 'margin' must be in [-1, 1], but got {margin}.")
    check_same("cosine_embedding_loss", input1=input1, input2=input2)
    lengths = fn.sqrt(fn.reduce_sum(fn.square(input1), 1)) * fn.sqrt(fn.reduce_sum(fn.square(input2), 1))
    cosine = fn.reduce_sum(input1 * input2, 1) / lengths
    if target.shape != cosine.shape:
        raise ShapeError(
            f"For 'cosine_embedding_loss', the target must have shape {cosine.shape}, but got {target.shape}."
        )
    none = fn.zeros_like(cosine)
    together = fn.select(target == 1, 1 - cosine, none)
    apart = fn.select(target == -1, fn.maximum(cosine - float(margin), 0.0), none)
    return reduced("cosine_embedding_loss", together + apart, reduction)


@composite(functions="triplet_margin_loss")
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: Any = 1.0,
    p: int = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` with ``d(a, b)`` the p-norm of ``a - b + eps``.

    With ``swap`` the negative's distance is the smaller of those from the anchor and from the positive.

    Notes
    -----
    The derivative where the loss reaches 0 is half of the one-sided one, as at every tie of a maximum.
    """
    check_tensors("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    check_same("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    check_number("triplet_margin_loss", "p", p, (int,))
    if not isinstance(margin, Tensor):
        check_number("triplet_margin_loss", "margin", margin)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        sizes = fn.abs(fn.sub(a, b) + eps)
        if p == 1:
            return fn.reduce_sum(sizes, 1)
        powers = fn.reduce_sum(fn.square(sizes) if p == 2 else sizes**p, 1)
        return fn.sqrt(powers) if p == 2 else powers ** (1.0 / p)

    far = distance(anchor, negative)
    if swap:
        far = fn.minimum(far, distance(positive, negative))
    return reduced("triplet_margin_loss", fn.maximum(distance(anchor, positive) - far + margin, 0.0), reduction)


class TripletMarginLoss(Composite):
    """``max(0, d(x, positive) - d(x, negative) + margin)``; see `triplet_margin_loss`."""

    def __init__(self, p=2, swap=False, eps=1e-6, reduction="mean"):
        self.p = check_number("TripletMarginLoss", "p", p, (int,))
        if not isinstance(swap, bool):
            raise ArgumentError(f"For 'TripletMarginLoss', the 'swap' must be bool, but got {type(swap).__name__}.")
        self.swap = swap
        self.eps = check_number("TripletMarginLoss", "eps", eps, (float,))
        self.reduction = check_reduction("TripletMarginLoss", reduction)

    def compute(self, x, positive, negative, margin):
        return triplet_margin_loss(x, positive, negative, margin, self.p, self.eps, self.swap, self.reduction)


# Classes that must win -----------------------------------------------------------------------------------------------


def _hits(op: str, inputs: Tensor, target: Tensor, rank: int) -> Tensor:
    """1 where the class (last axis) is a target's class: the input's shape, with the targets' axes before it."""
    if target.numpy_dtype.kind not in "iu":
        raise DtypeError(f"For '{op}', the target must be class numbers of an int dtype, but got {target.dtype}.")
    if inputs.ndim != 2 or target.ndim != rank or target.shape[0] != inputs.shape[0]:
        raise ShapeError(
            f"For '{op}', the input must be (N, C) and the target have {rank} axes, N first, "
            f"but got {inputs.shape} and {target.shape}."
        )
    numbers = Tensor(np.arange(inputs.shape[1], dtype=target.numpy_dtype))
    return fn.cast(fn.equal(fn.expand_dims(target, -1), numbers), inputs.dtype)


@composite(functions="multi_margin_loss")
def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1, weight: Any = None, reduction: str = "mean"
) -> Tensor:
    """Mean over the other classes' places of ``weight[t] max(0, margin - x[t] + x[c]) ** p`` for the target ``t``.

    Notes
    -----
    The derivative where a term reaches 0 is 0.
    """
    check_floats("MultiMarginLoss", input=input)
    check_tensors("MultiMarginLoss", target=target)
    check_number("MultiMarginLoss", "margin", margin)
    if p not in (1, 2):
        raise ArgumentValueError(f"For 'MultiMarginLoss', the 'p' must be 1 or 2, but got {p!r}.")
    hits = _hits("MultiMarginLoss", input, target, 1)
    if bool(fn.reduce_sum(hits) < input.shape[0]):
        raise LabelError(f"For 'MultiMarginLoss', each target must be in [0, {input.shape[1]}).")
    own = fn.reduce_sum(hits * input, 1, True)
    terms = fn.relu(margin - own + input)
    terms = (fn.square(terms) if p == 2 else terms) * (1 - hits)
    if weight is not None:
        terms = terms * fn.reduce_sum(hits * weight, 1, True)
    return reduced("MultiMarginLoss", fn.reduce_sum(terms, 1) / input.shape[1], reduction)


class MultiMarginLoss(Composite):
    """Mean of ``weight[t] max(0, margin - x[t] + x[c]) ** p`` over the classes; see `multi_margin_loss`."""

    def __init__(self, p=1, margin=1.0, reduction="mean"):
        if p not in (1, 2):
            raise ArgumentValueError(f"For 'MultiMarginLoss', the 'p' must be int and must in {{1, 2}}, but got {p!r}.")
        self.p = p
        self.margin = check_number("MultiMarginLoss", "margin", margin)
        self.reduction = check_reduction("MultiMarginLoss", reduction)

    def compute(self, x, target, weight=None):
        return multi_margin_loss(x, target, self.p, self.margin, weight, self.reduction)


@composite(functions="multilabel_margin_loss")
def multilabel_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """``sum(max(0, 1 - x[t] + x[c])) / C`` over target classes ``t`` and other classes ``c``.

    Each row of ``target`` lists classes up to the first -1.

    Notes
    -----
    The derivative where a term reaches 0 is 0.
    """
    check_floats("MultilabelMarginLoss", input=input)
    check_tensors("MultilabelMarginLoss", target=target)
    hits = _hits("MultilabelMarginLoss", input, target, 2)
    places = target.shape[1]
    ended = fn.matmul(fn.cast(target < 0, input.dtype), Tensor(np.triu(np.ones((places, places), input.numpy_dtype))))
    listed = fn.cast(ended < 0.5, input.dtype)
    hits = hits * fn.expand_dims(listed, -1)
    own = fn.reduce_sum(hits * fn.expand_dims(input, 1), -1, True)
    others = 1 - fn.reduce_max(hits, 1, True)
    terms = fn.relu(1 - own + fn.expand_dims(input, 1)) * others * fn.expand_dims(listed, -1)
    return reduced("MultilabelMarginLoss", fn.reduce_sum(terms, (1, 2)) / input.shape[1], reduction)


class MultilabelMarginLoss(Composite):
    """``sum(max(0, 1 - x[t] + x[c])) / C``, and 1 at each target class; see `multilabel_margin_loss`."""

    def __init__(self, reduction="mean"):
        self.reduction = check_reduction("MultilabelMarginLoss", reduction)

    def compute(self, x, target):
        loss = multilabel_margin_loss(x, target, self.reduction)
        hits = _hits("MultilabelMarginLoss", x, target, 2)
        return loss, fn.cast(fn.reduce_max(hits, 1), target.dtype)
