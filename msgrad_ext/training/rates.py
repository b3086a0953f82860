"""Learning rates: a rate for each step as a list of floats, or as a tensor from a tensor that counts the steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..errors import ArgumentValueError
from ..registry import fn
from ..tensor import Tensor

# Lists: an epoch has ``step_per_epoch`` steps, and the rate changes from epoch to epoch ---------------------------------


def piecewise_constant(milestone: Sequence[int], learning_rates: Sequence[float]) -> list[float]:
    """``learning_rates[i]`` until step ``milestone[i]``."""
    rates: list[float] = []
    for stop, rate in zip(milestone, learning_rates):
        rates += [rate] * (stop - len(rates))
    return rates


def epochs(total_step: int, step_per_epoch: int) -> list[int]:
    """The epoch of each step."""
    return [step // step_per_epoch for step in range(total_step)]


def exponential_decay(rate: float, decay: float, at: Sequence[int], span: int, stair: bool) -> list[float]:
    """``rate * decay ** (epoch / span)``."""
    return [rate * decay ** (epoch // span if stair else epoch / span) for epoch in at]


def natural_exp_decay(rate: float, decay: float, at: Sequence[int], span: int, stair: bool) -> list[float]:
    """``rate * exp(-decay * epoch)``."""
    return [rate * math.e ** (-decay * (epoch // span * span if stair else epoch)) for epoch in at]


def inverse_decay(rate: float, decay: float, at: Sequence[int], span: int, stair: bool) -> list[float]:
    """``rate / (1 + decay * epoch / span)``."""
    return [rate / (1 + (decay * (epoch // span) if stair else decay * epoch / span)) for epoch in at]


def cosine_decay(low: float, high: float, at: Sequence[int], span: int) -> list[float]:
    """Half a cosine from ``high`` to ``low``."""
    return [low + 0.5 * (high - low) * (1 + math.cos(math.pi * min(epoch, span) / span)) for epoch in at]


def polynomial_decay(rate: float, end: float, at: Sequence[int], span: int, power: float, extend: bool) -> list[float]:
    """``(rate - end) * (1 - epoch / span) ** power + end``; with ``extend`` the span grows by itself when it is over."""
    rates = []
    for epoch in at:
        length = span * max(math.ceil(epoch / span), 1) if extend else span
        done = epoch if extend else min(epoch, span)
        rates.append((rate - end) * (1 - done / length) ** power + end)
    return rates


def warmup(rate: float, at: Sequence[int], span: int) -> list[float]:
    """From 0 to ``rate``."""
    return [rate * min(epoch, span) / span for epoch in at]


# Tensors -------------------------------------------------------------------------------------------------------------


def share(step: Tensor, span: int, stair: bool = False) -> Tensor:
    """``step / span``, as whole spans only if ``stair``."""
    steps = fn.cast(step, np.float32)
    return fn.cast(fn.cast(steps / span, np.int32), np.float32) if stair else steps / span


def capped(step: Tensor, span: int) -> Tensor:
    """``step / span``, at most 1."""
    return fn.minimum(share(step, span), 1.0)


def exponential_decay_at(step: Tensor, rate: float, decay: float, span: int, stair: bool) -> Tensor:
    """``rate * decay ** (step / span)``."""
    return rate * decay ** share(step, span, stair)


def natural_exp_decay_at(step: Tensor, rate: float, decay: float, span: int, stair: bool) -> Tensor:
    """``rate * exp(-decay * step)``."""
    return rate * fn.exp(-decay * (share(step, span, True) * span if stair else share(step, 1)))


def inverse_decay_at(step: Tensor, rate: float, decay: float, span: int, stair: bool) -> Tensor:
    """``rate / (1 + decay * step / span)``."""
    return rate / (1 + decay * share(step, span, stair))


def cosine_decay_at(step: Tensor, low: float, high: float, span: int) -> Tensor:
    """Half a cosine from ``high`` to ``low``."""
    return low + 0.5 * (high - low) * (1.0 + fn.sin(math.pi * (capped(step, span) + 0.5)))


def polynomial_decay_at(step: Tensor, rate: float, end: float, span: int, power: float, extend: bool) -> Tensor:
    """``(rate - end) * (1 - step / span) ** power + end``; with ``extend`` the span grows by itself when it is over."""
    if not extend:
        return (rate - end) * (1.0 - capped(step, span)) ** power + end
    steps = fn.cast(step, np.float32)
    whole = share(step, span, True)
    # The ceiling of ``step / span``, at least 1.
    spans = fn.maximum(whole + fn.cast(steps > whole * span, np.float32), 1.0)
    return (rate - end) * (1.0 - steps / (spans * span)) ** power + end


def warmup_at(step: Tensor, rate: float, span: int) -> Tensor:
    """From 0 to ``rate``."""
    return rate * capped(step, span)


class ScheduleEndError(ArgumentValueError, RuntimeError):
    """A step that a list of learning rates has no rate for."""


def pick(rates: Tensor, step: Tensor) -> Tensor:
    """The rate of the step in a row of rates.

    Raises
    ------
    ScheduleEndError
        After the last one, as MindSpore does.
    """
    array, place = rates._array(), int(step._array().reshape(-1)[0])
    if place >= array.shape[0]:
        raise ScheduleEndError(
            f"For 'Optimizer', the learning rates are a list of {array.shape[0]}, but step {place + 1} needs one more; "
            "give a rate for each step, or a schedule."
        )
    return Tensor(array[place])
