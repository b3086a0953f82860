"""One step of each optimizer, on arrays: values, gradients and state come in, new values and new state go out.

All arithmetic is in the dtype of the values. The formulas are those of MindSpore's kernels; where they differ from the
textbook's (the first step of `sgd`, no bias correction in `adam_weight_decay`), MindSpore is followed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray


def global_rate(value: Array) -> float:
    """A learning rate, kept in float32, as a number."""
    return float(value.reshape(()))


def next_step(step: Array) -> Array:
    """The number of steps taken, one more."""
    return step + step.dtype.type(1)


def plus_decay(ct: Array, value: Array, decay: float) -> Array:
    """The gradient with weight decay, ``ct + decay * value``."""
    return ct + decay * value


def scaled_decay(decay: float, loss_scale: float) -> float:
    """The weight decay for gradients of the scaled loss."""
    return decay * loss_scale


def scaled(ct: Array, loss_scale: float) -> Array:
    """The gradient of the loss, given that of the scaled loss."""
    return ct * (1.0 / loss_scale)


def centred(ct: Array) -> Array:
    """The gradient less its mean over all axes but the first; a row or a number stays as it is."""
    return ct if ct.ndim < 2 else ct - ct.mean(axis=tuple(range(1, ct.ndim)), keepdims=True)


def sgd(
    value: Array,
    ct: Array,
    state: Sequence[Array],
    rate: float,
    momentum: float,
    dampening: float,
    nesterov: bool,
) -> tuple[Array, Sequence[Array]]:
    """Gradient descent; ``state`` is the accumulated gradient, and ones before the first step, which is not dampened."""
    accumulated, fresh = state
    if momentum > 0:
        accumulated = np.where(fresh > 0, ct, momentum * accumulated + (1 - dampening) * ct)
        ct = ct + momentum * accumulated if nesterov else accumulated
        fresh = np.zeros_like(fresh)
    return value - rate * ct, (accumulated, fresh)


def momentum(
    value: Array, ct: Array, state: Sequence[Array], rate: float, factor: float, nesterov: bool
) -> tuple[Array, Sequence[Array]]:
    """Gradient descent with momentum, ``m = factor m + ct``; Nesterov's goes by ``ct + factor m``."""
    moment = factor * state[0] + ct
    return value - rate * (ct + factor * moment if nesterov else moment), (moment,)


def adam(
    value: Array,
    ct: Array,
    state: Sequence[Array],
    rate: float,
    betas: tuple[float, float],
    powers: tuple[float, float],
    eps: float,
    nesterov: bool,
) -> tuple[Array, Sequence[Array]]:
    """Adam; a third state holds the largest second moment so far (AMSGrad). ``powers`` are the betas' for the bias."""
    beta1, beta2 = betas
    first = beta1 * state[0] + (1 - beta1) * ct
    second = beta2 * state[1] + (1 - beta2) * ct * ct
    step = rate * np.sqrt(1 - powers[1]) / (1 - powers[0])
    way = beta1 * first + (1 - beta1) * ct if nesterov else first
    largest = [np.maximum(one, second) for one in state[2:]]
    bottom = np.sqrt(largest[0] if largest else second) + eps
    return value - float(step) * way / bottom, (first, second, *largest)


def adam_weight_decay(
    value: Array,
    ct: Array,
    state: Sequence[Array],
    rate: float,
    betas: tuple[float, float],
    eps: float,
    decay: float,
) -> tuple[Array, Sequence[Array]]:
    """Adam without bias correction, with the weight decay beside the moments."""
    first = betas[0] * state[0] + (1 - betas[0]) * ct
    second = betas[1] * state[1] + (1 - betas[1]) * ct * ct
    return value - rate * (first / (np.sqrt(second) + eps) + decay * value), (first, second)


def adamax(
    value: Array,
    ct: Array,
    state: Sequence[Array],
    rate: float,
    betas: tuple[float, float],
    power: float,
    eps: float,
) -> tuple[Array, Sequence[Array]]:
    """Adam with the largest gradient in place of the second moment."""
    first = betas[0] * state[0] + (1 - betas[0]) * ct
    largest = np.maximum(betas[1] * state[1], np.abs(ct))
    return value - float(rate / (1 - power)) * first / (largest + eps), (first, largest)


def rmsprop(
    value: Array, ct: Array, state: Sequence[Array], rate: float, decay: float, factor: float, eps: float
) -> tuple[Array, Sequence[Array]]:
    """RMSProp; ``state`` is the mean square, the moment, and the mean gradient if the square is centred."""
    square = decay * state[0] + (1 - decay) * ct * ct
    means = [decay * one + (1 - decay) * ct for one in state[2:]]
    spread = square - means[0] * means[0] if means else square
    moment = factor * state[1] + rate * ct / np.sqrt(spread + eps)
    return value - moment, (square, moment, *means)


def power(beta: float, so_far: Array) -> Array:
    """The next power of ``beta``."""
    return so_far * np.float32(beta)


def adagrad(
    value: Array, ct: Array, state: Sequence[Array], rate: float, update_slots: bool
) -> tuple[Array, Sequence[Array]]:
    """Adagrad; ``state`` is the sum of squares."""
    total = state[0] + ct * ct if update_slots else state[0]
    return value - rate * ct / np.sqrt(total), (total,)


def adadelta(
    value: Array, ct: Array, state: Sequence[Array], rate: float, rho: float, eps: float
) -> tuple[Array, Sequence[Array]]:
    """Adadelta; ``state`` is the mean square of the gradients and of the steps."""
    square = rho * state[0] + (1 - rho) * ct * ct
    step = np.sqrt(state[1] + eps) / np.sqrt(square + eps) * ct
    return value - rate * step, (square, rho * state[1] + (1 - rho) * step * step)
