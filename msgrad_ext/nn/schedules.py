"""Learning-rate schedules under MindSpore's names: cells that give the rate of a step, and lists of rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ArgumentValueError, UnknownNameError, user_location
from ..registry import composite
from ..tensor import Tensor
from ..training import rates
from .cell import Cell

__all__ = [
    "CosineDecayLR",
    "ExponentialDecayLR",
    "InverseDecayLR",
    "LearningRateSchedule",
    "NaturalExpDecayLR",
    "PolynomialDecayLR",
    "WarmUpLR",
    "cosine_decay_lr",
    "exponential_decay_lr",
    "inverse_decay_lr",
    "natural_exp_decay_lr",
    "piecewise_constant_lr",
    "polynomial_decay_lr",
    "warmup_lr",
]

# `composite` without names: errors tell the user's line.
_located = composite()


def _floats(op: str, zero: Sequence[str] = (), **values: Any) -> None:
    """Refuse what is not a positive float; those named in ``zero`` may be 0."""
    for name, value in values.items():
        if not isinstance(value, float):
            raise ArgumentError(f"For '{op}', the '{name}' must be float, but got {type(value).__name__}.")
        if value < 0 or (value == 0 and name not in zero):
            bound = ">= 0" if name in zero else "> 0"
            raise ArgumentValueError(f"For '{op}', the '{name}' must be float and must {bound}, but got {value}.")


def _counts(op: str, **values: Any) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int):
            raise ArgumentError(f"For '{op}', the '{name}' must be int, but got {type(value).__name__}.")
        if value <= 0:
            raise ArgumentValueError(f"For '{op}', the '{name}' must be int and must > 0, but got {value}.")


def _flag(op: str, name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ArgumentError(f"For '{op}', the '{name}' must be bool, but got {type(value).__name__}.")


def _order(op: str, low: float, high: float) -> None:
    if low >= high:
        raise ArgumentValueError(
            f"For '{op}', the 'max_lr' must be greater than the 'min_lr', but got max_lr={high}, min_lr={low}."
        )


# Cells ---------------------------------------------------------------------------------------------------------------


class LearningRateSchedule(Cell):
    """Base of schedules: a subclass says in `construct` what the rate is at a step."""

    def construct(self, global_step: Tensor) -> Tensor:
        """The learning rate at ``global_step``."""
        raise UnknownNameError(f"For '{type(self).__name__}', the method 'construct' is not defined.", user_location())


class _Decay(LearningRateSchedule):
    """Base of schedules that fall by ``decay_rate`` in ``decay_steps``."""

    @_located
    def __init__(self, learning_rate: float, decay_rate: float, decay_steps: int, is_stair: bool = False) -> None:
        super().__init__()
        op = type(self).__name__
        _counts(op, decay_steps=decay_steps)
        _floats(op, learning_rate=learning_rate, decay_rate=decay_rate)
        _flag(op, "is_stair", is_stair)
        self.learning_rate, self.decay_rate, self.decay_steps = learning_rate, decay_rate, decay_steps
        self.is_stair = is_stair

    @property
    def settings(self) -> tuple[float, float, int, bool]:
        """Rate, decay, span, and whether it falls in stairs."""
        return self.learning_rate, self.decay_rate, self.decay_steps, self.is_stair


class ExponentialDecayLR(_Decay):
    """``learning_rate * decay_rate ** (step / decay_steps)``."""

    def construct(self, global_step: Tensor) -> Tensor:
        """The learning rate at ``global_step``."""
        return rates.exponential_decay_at(global_step, *self.settings)


class NaturalExpDecayLR(_Decay):
    """``learning_rate * exp(-decay_rate * step)``."""

    def construct(self, global_step: Tensor) -> Tensor:
        """The learning rate at ``global_step``."""
        return rates.natural_exp_decay_at(global_step, *self.settings)


class InverseDecayLR(_Decay):
    """``learning_rate / (1 + decay_rate * step / decay_steps)``."""

    def construct(self, global_step: Tensor) -> Tensor:
        """The learning rate at ``global_step``."""
        return rates.inverse_decay_at(global_step, *self.settings)


class CosineDecayLR(LearningRateSchedule):
    """Half a cosine from ``max_lr`` to ``min_lr`` in ``decay_steps``."""

    @_located
    def __init__(self, min_lr: float, max_lr: float, decay_steps: int) -> None:
        super().__init__()
        _floats("CosineDecayLR", ("min_lr",), min_lr=min_lr, max_lr=max_lr)
        _counts("CosineDecayLR", decay_steps=decay_steps)
        _order("CosineDecayLR", min_lr, max_lr)
        self.min_lr, self.max_lr, self.decay_steps = min_lr, max_lr, decay_steps

    def construct(self, global_step: Tensor) -> Tensor:
        """The learning rate at ``global_step``."""
        return rates.cosine_decay_at(global_step, self.min_lr, self.max_lr, self.decay_steps)


class PolynomialDecayLR(LearningRateSchedule):
    """``(learning_rate - end) * (1 - step / decay_steps) ** power + end``."""

    @_located
    def __init__(
        self,
        learning_rate: float,
        end_learning_rate: float,
        decay_steps: int,
        power: float,
        update_decay_steps: bool = False,
    ) -> None:
        super().__init__()
        op = "PolynomialDecayLR"
        _floats(op, ("end_learning_rate",), learning_rate=learning_rate, end_learning_rate=end_learning_rate)
        _counts(op, decay_steps=decay_steps)
        _flag(op, "update_decay_steps", update_decay_steps)
        _floats(op, power=power)
        self.start_learning_rate, self.end_learning_rate = learning_rate, end_learning_rate
        self.decay_steps, self.power, self.update_decay_steps = decay_steps, power, update_decay_steps

    def construct(self, global_step: Tensor) -> Tensor:
        """The learning rate at ``global_step``."""
        start, end, steps = self.start_learning_rate, self.end_learning_rate, self.decay_steps
        return rates.polynomial_decay_at(global_step, start, end, steps, self.power, self.update_decay_steps)


class WarmUpLR(LearningRateSchedule):
    """From 0 to ``learning_rate`` in ``warmup_steps``."""

    @_located
    def __init__(self, learning_rate: float, warmup_steps: int) -> None:
        super().__init__()
        _floats("WarmUpLR", ("learning_rate",), learning_rate=learning_rate)
        _counts("WarmUpLR", warmup_steps=warmup_steps)
        self.learning_rate, self.warmup_steps = learning_rate, warmup_steps

    def construct(self, global_step: Tensor) -> Tensor:
        """The learning rate at ``global_step``."""
        return rates.warmup_at(global_step, self.learning_rate, self.warmup_steps)


# Lists ---------------------------------------------------------------------------------------------------------------


@_located
def piecewise_constant_lr(milestone: Sequence[int], learning_rates: Sequence[float]) -> list[float]:
    """The rates of all steps: ``learning_rates[i]`` until step ``milestone[i]``."""
    op = "piecewise_constant_lr"
    for name, value in (("milestone", milestone), ("learning_rates", learning_rates)):
        if not isinstance(value, (tuple, list)):
            raise ArgumentError(f"For '{op}', the '{name}' must be a tuple or list, but got {type(value).__name__}.")
    if len(milestone) != len(learning_rates):
        raise ArgumentValueError(
            f"For '{op}', 'milestone' and 'learning_rates' must have one length, "
            f"but got {len(milestone)} and {len(learning_rates)}."
        )
    last = 0
    for place, (stop, rate) in enumerate(zip(milestone, learning_rates)):
        _counts(op, **{f"milestone[{place}]": stop})
        if not isinstance(rate, float):
            raise ArgumentError(f"For '{op}', each learning rate must be float, but got {type(rate).__name__}.")
        if stop < last:
            raise ArgumentValueError(f"For '{op}', the milestones must not fall, but got {list(milestone)}.")
        last = stop
    return rates.piecewise_constant(milestone, learning_rates)


def _decay_lr(function: Any, name: str, doc: str) -> Any:
    """One of the three functions that fall by a rate."""

    @_located
    def decay_lr(
        learning_rate: float,
        decay_rate: float,
        total_step: int,
        step_per_epoch: int,
        decay_epoch: int,
        is_stair: bool = False,
    ) -> list[float]:
        _counts(name, total_step=total_step, step_per_epoch=step_per_epoch, decay_epoch=decay_epoch)
        _floats(name, learning_rate=learning_rate, decay_rate=decay_rate)
        _flag(name, "is_stair", is_stair)
        at = rates.epochs(total_step, step_per_epoch)
        return list(function(learning_rate, decay_rate, at, decay_epoch, is_stair))

    decay_lr.__name__ = decay_lr.__qualname__ = name
    decay_lr.__doc__ = doc
    return decay_lr


exponential_decay_lr = _decay_lr(
    rates.exponential_decay,
    "exponential_decay_lr",
    "The rates of all steps, ``learning_rate * decay_rate ** (epoch / decay_epoch)``.",
)
natural_exp_decay_lr = _decay_lr(
    rates.natural_exp_decay,
    "natural_exp_decay_lr",
    "The rates of all steps, ``learning_rate * exp(-decay_rate * epoch)``.",
)
inverse_decay_lr = _decay_lr(
    rates.inverse_decay,
    "inverse_decay_lr",
    "The rates of all steps, ``learning_rate / (1 + decay_rate * epoch / decay_epoch)``.",
)


@_located
def cosine_decay_lr(
    min_lr: float, max_lr: float, total_step: int, step_per_epoch: int, decay_epoch: int
) -> list[float]:
    """The rates of all steps: half a cosine from ``max_lr`` to ``min_lr``."""
    _floats("cosine_decay_lr", ("min_lr",), min_lr=min_lr, max_lr=max_lr)
    _counts("cosine_decay_lr", total_step=total_step, step_per_epoch=step_per_epoch, decay_epoch=decay_epoch)
    _order("cosine_decay_lr", min_lr, max_lr)
    return rates.cosine_decay(min_lr, max_lr, rates.epochs(total_step, step_per_epoch), decay_epoch)


@_located
def polynomial_decay_lr(
    learning_rate: float,
    end_learning_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    power: float,
    update_decay_epoch: bool = False,
) -> list[float]:
    """The rates of all steps, ``(learning_rate - end) * (1 - epoch / decay_epoch) ** power + end``."""
    op = "polynomial_decay_lr"
    _floats(op, ("end_learning_rate",), learning_rate=learning_rate, end_learning_rate=end_learning_rate, power=power)
    _counts(op, total_step=total_step, step_per_epoch=step_per_epoch, decay_epoch=decay_epoch)
    _flag(op, "update_decay_epoch", update_decay_epoch)
    at = rates.epochs(total_step, step_per_epoch)
    return rates.polynomial_decay(learning_rate, end_learning_rate, at, decay_epoch, power, update_decay_epoch)


@_located
def warmup_lr(learning_rate: float, total_step: int, step_per_epoch: int, warmup_epoch: int) -> list[float]:
    """The rates of all steps: from 0 to ``learning_rate`` in ``warmup_epoch`` epochs."""
    _floats("warmup_lr", ("learning_rate",), learning_rate=learning_rate)
    _counts("warmup_lr", warmup_epoch=warmup_epoch, total_step=total_step, step_per_epoch=step_per_epoch)
    return rates.warmup(learning_rate, rates.epochs(total_step, step_per_epoch), warmup_epoch)
