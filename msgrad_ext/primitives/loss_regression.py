"""Losses of two tensors of numbers: squares, absolute values, what lies between, and likelihoods of counts and normals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor
from .loss_base import check_number, check_reduction, check_shapes, check_tensors, reduced


@composite(functions="mse_loss")
def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Squared difference, ``(input - target) ** 2``, reduced; of integers in float32."""
    check_tensors("mse_loss", input=input, target=target)
    loss = fn.square(fn.sub(input, target))
    return reduced("mse_loss", loss if loss.numpy_dtype.kind in "fO" else fn.cast(loss, np.float32), reduction)


@composite(functions="l1_loss")
def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Absolute difference, ``|input - target|``, reduced.

    Notes
    -----
    The derivative where the two are equal is 0, MindSpore's convention.
    """
    check_tensors("l1_loss", input=input, target=target)
    return reduced("l1_loss", fn.abs(fn.sub(input, target)), reduction)


class SmoothL1Loss(Composite):
    """``d ** 2 / (2 beta)`` where ``|d| < beta``, else ``|d| - beta / 2``, with ``d = prediction - target``."""

    def __init__(self, beta=1.0, reduction="none"):
        self.beta = check_number("SmoothL1Loss", "beta", beta)
        if beta < 0:
            raise ArgumentValueError(f"For 'SmoothL1Loss', the 'beta' must not be negative, but got {beta}.")
        if not isinstance(reduction, str):
            raise ArgumentError(f"For 'SmoothL1Loss', the 'reduction' must be a str, but got {reduction!r}.")
        self.reduction = check_reduction("SmoothL1Loss", reduction)

    def compute(self, prediction, target):
        check_tensors("SmoothL1Loss", prediction=prediction, target=target)
        check_shapes("SmoothL1Loss", prediction=prediction, target=target)
        difference = fn.sub(prediction, target)
        size = fn.abs(difference)
        if self.beta == 0:
            return reduced("SmoothL1Loss", size, self.reduction)
        near = fn.square(difference) * (0.5 / self.beta)
        return reduced("SmoothL1Loss", fn.select(size < self.beta, near, size - 0.5 * self.beta), self.reduction)


@composite(functions="smooth_l1_loss")
def smooth_l1_loss(input: Tensor, target: Tensor, beta: float = 1.0, reduction: str = "none") -> Tensor:
    """``d ** 2 / (2 beta)`` where ``|d| < beta``, else ``|d| - beta / 2``; not reduced by default."""
    return SmoothL1Loss(beta, reduction)(input, target)


@composite(functions="huber_loss")
def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """``d ** 2 / 2`` where ``|d| < delta``, else ``delta (|d| - delta / 2)``, with ``d = input - target``."""
    check_tensors("huber_loss", input=input, target=target)
    if check_number("huber_loss", "delta", delta) <= 0:
        raise ArgumentValueError(f"For 'huber_loss', the 'delta' must be positive, but got {delta}.")
    difference = fn.sub(input, target)
    size = fn.abs(difference)
    # The square of the difference, not of its size: its second derivative is right where the two are equal.
    loss = fn.select(size < delta, 0.5 * fn.square(difference), delta * (size - 0.5 * delta))
    return reduced("huber_loss", loss, reduction)


@composite(functions="gaussian_nll_loss")
def gaussian_nll_loss(
    x: Tensor, target: Tensor, var: Tensor, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """``(log(v) + (x - target) ** 2 / v) / 2`` with ``v = max(var, eps)``; ``full`` adds ``log(2 pi) / 2``.

    Notes
    -----
    At ``var = eps`` the derivative by ``var`` is half of the one-sided one, as at every tie of a maximum.
    """
    check_tensors("gaussian_nll_loss", x=x, target=target, var=var)
    if not isinstance(full, bool):
        raise ArgumentError(f"For 'gaussian_nll_loss', the 'full' must be bool, but got {type(full).__name__}.")
    if not isinstance(eps, float) or eps <= 0:
        raise ArgumentValueError(f"For 'gaussian_nll_loss', the 'eps' must be a positive float, but got {eps!r}.")
    if var.shape != x.shape and var.shape == x.shape[:-1]:
        var = fn.expand_dims(var, -1)
    largest = fn.maximum(var, eps)
    loss = 0.5 * (fn.log(largest) + fn.square(fn.sub(x, target)) / largest)
    return reduced("gaussian_nll_loss", loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


@composite()
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """``exp(input) - target * input``, or ``input - target * log(input + eps)``; ``full`` adds Stirling's term."""
    check_tensors("poisson_nll_loss", input=input, target=target)
    target = fn.cast(target, input.dtype)
    loss = fn.exp(input) - target * input if log_input else input - target * fn.log(input + eps)
    if full:
        # The dead branch of the selection must stay finite too.
        many = target > 1
        safe = fn.select(many, target, fn.ones_like(target))
        stirling = (safe + 0.5) * fn.log(safe) - safe + 0.5 * math.log(2 * math.pi)
        loss = loss + fn.select(many, stirling, fn.zeros_like(stirling))
    return reduced("poisson_nll_loss", loss, reduction)


@composite()
def dice_loss(logits: Tensor, label: Tensor, smooth: float = 1e-5) -> Tensor:
    """``1 - 2 sum(logits label) / (sum(logits ** 2) + sum(label ** 2) + smooth)``."""
    check_tensors("DiceLoss", logits=logits, label=label)
    check_shapes("DiceLoss", logits=logits, label=label)
    both = fn.reduce_sum(logits * label)
    return 1 - 2 * both / (fn.reduce_sum(logits * logits) + fn.reduce_sum(label * label) + smooth)


@composite()
def multi_class_dice_loss(logits: Tensor, label: Tensor, weights: Any = None, ignored: int | None = None) -> Tensor:
    """The `dice_loss` of each class (axis 1) but the ignored one, weighted, added, and divided by their number."""
    check_tensors("MultiClassDiceLoss", logits=logits, label=label)
    check_shapes("MultiClassDiceLoss", logits=logits, label=label)
    if logits.ndim < 2:
        raise ArgumentValueError(f"For 'MultiClassDiceLoss', there must be two axes or more, but got {logits.shape}.")
    classes = label.shape[1]
    losses = {place: dice_loss(logits[:, place], label[:, place]) for place in range(classes) if place != ignored}
    weighted = [loss if weights is None else loss * weights[place] for place, loss in losses.items()]
    return sum(weighted[1:], weighted[0]) / classes


@composite()
def rmse_loss(logits: Tensor, label: Tensor) -> Tensor:
    """Root of the mean squared difference, ``sqrt(mean((logits - label) ** 2))``; not differentiable at 0."""
    return fn.sqrt(mse_loss(logits, label))
