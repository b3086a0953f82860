"""`Optimizer`, the base of optimizers: parameters in groups, their learning rates and weight decay, and the step count.

An optimizer is called with gradients, in the order of its ``parameters``, and changes these in place. The arithmetic is
in `training.updates`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import ge, gt, le, lt
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, CountError, MsgradError, choices, user_location
from ..registry import composite
from ..tensor import Parameter, ParameterTuple, Tensor
from ..training import rates, updates
from .cell import Cell
from .containers import CellList
from .schedules import LearningRateSchedule

__all__ = ["Optimizer"]

located = composite()
_BOUNDS = {"above": (">", gt), "least": (">=", ge), "most": ("<=", le), "below": ("<", lt)}
_KEYS = ("params", "lr", "weight_decay", "order_params", "grad_centralization")


class GroupKeyError(MsgradError, KeyError):
    """A key or keyword that an optimizer does not know."""


class RepeatedParameterError(ArgumentValueError, RuntimeError):
    """A parameter that is given to an optimizer twice."""


class _IteratorLearningRate(LearningRateSchedule):
    """The rate of each step out of a row of rates."""

    def __init__(self, learning_rate: Tensor, name: str) -> None:
        super().__init__()
        self.learning_rate = Parameter(learning_rate, name=name)

    def construct(self, global_step: Tensor) -> Tensor:
        """The rate of the step; an error after the last one."""
        return rates.pick(self.learning_rate, global_step)


class _ConvertToCell(LearningRateSchedule):
    """A fixed rate beside others that change."""

    def __init__(self, learning_rate: Parameter) -> None:
        super().__init__()
        self.learning_rate = learning_rate

    def construct(self, global_step: Tensor) -> Tensor:
        """The rate."""
        return self.learning_rate.value()


class Optimizer(Cell):
    """Base of optimizers.

    Parameters
    ----------
    learning_rate : float, Tensor, sequence or LearningRateSchedule
        One rate, a rate for each step, or a cell that gives it.
    parameters : iterable of Parameter, or of dict
        What to train; a dict is a group: ``{"params": [...], "lr": ..., "weight_decay": ...}``.
    weight_decay : float or Cell
        Added to the gradient of a parameter, times the parameter; not for names with ``beta`` or ``gamma``.
    loss_scale : float
        The gradients are divided by it.
    """

    @located
    def __init__(self, learning_rate: Any, parameters: Any, weight_decay: Any = 0.0, loss_scale: Any = 1.0) -> None:
        super().__init__(auto_prefix=False)
        members = listed(parameters, "parameters")
        grouped = all(isinstance(one, dict) for one in members)
        if not grouped and not all(isinstance(one, Parameter) for one in members):
            raise ArgumentError("For 'Optimizer', all elements of 'parameters' must be Parameter, or all dict.")
        self.loss_scale = self._float("loss_scale", loss_scale, above=0.0)
        self.global_step = Parameter(Tensor(np.zeros(1, np.int32)), name="global_step")
        self.is_group = grouped
        self.dynamic_lr = False
        common = self._rate(learning_rate)
        groups = [{"params": members}] if not grouped else [group for group in members if checked_group(group)]
        self._hold_rates(common, groups)
        self._hold_parameters(groups, members, weight_decay)

    # Settings -----------------------------------------------------------------------------------------------------

    def _float(self, name: str, value: Any, whole: bool = True, **bounds: float) -> float:
        """``value`` as a float within ``bounds`` (`_BOUNDS`); an int counts as one if ``whole``."""
        kinds = (float, int) if whole else (float,)
        if isinstance(value, bool) or not isinstance(value, kinds):
            raise ArgumentError(f"For '{type(self).__name__}', the '{name}' must be float, but got {value!r}.")
        for bound, limit in bounds.items():
            sign, holds = _BOUNDS[bound]
            if not holds(value, limit):
                raise ArgumentValueError(
                    f"For '{type(self).__name__}', the '{name}' must be {sign} {limit}, but got {value}."
                )
        return float(value)

    def _bool(self, name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ArgumentError(
                f"For '{type(self).__name__}', the '{name}' must be bool, but got {type(value).__name__}."
            )
        return value

    def _rate(self, given: Any) -> Any:
        """A learning rate as a number, a row of numbers, or a schedule."""
        if isinstance(given, LearningRateSchedule):
            self.dynamic_lr = True
            return given
        if isinstance(given, (int, float)) and not isinstance(given, bool):
            return Tensor(np.float32(self._float("learning_rate", given, least=0.0)))
        if isinstance(given, str):
            raise ArgumentValueError(f"For 'Optimizer', the 'learning_rate' must be numbers, but got {given!r}.")
        if not isinstance(given, (Tensor, Iterable)):
            raise ArgumentError(
                "For 'Optimizer', the 'learning_rate' must be a number, a Tensor, a sequence or a LearningRateSchedule, "
                f"but got {type(given).__name__}."
            )
        array = np.asarray(given.asnumpy() if isinstance(given, Tensor) else list(given), np.float32)
        if array.ndim > 1 or array.size == 0:
            raise ArgumentValueError(
                f"For 'Optimizer', a 'learning_rate' Tensor must have 0 or 1 axes, but got {array.ndim}."
            )
        self.dynamic_lr = self.dynamic_lr or array.ndim == 1
        return Tensor(array)

    def _hold_rates(self, common: Any, groups: Sequence[dict[str, Any]]) -> None:
        """Keep the learning rate, or one for each parameter if a group has its own."""
        own = {number: self._rate(group["lr"]) for number, group in enumerate(groups) if "lr" in group}
        self.is_group_lr = bool(own)
        default = self._built(common, "learning_rate")
        made = {number: self._built(rate, f"learning_rate_group_{number}") for number, rate in own.items()}
        each = [made.get(number, default) for number, group in enumerate(groups) for _ in group["params"]]
        if not self.is_group_lr:
            self.learning_rate: Any = default
        else:
            self.group_lr = each
            self.learning_rate = CellList(each, auto_prefix=False) if self.dynamic_lr else tuple(each)
            for parameter in dict.fromkeys(each) if not self.dynamic_lr else ():
                self._params[parameter.name] = parameter

    def _built(self, rate: Any, name: str) -> Any:
        if isinstance(rate, LearningRateSchedule):
            return rate
        if rate.ndim == 1:
            return _IteratorLearningRate(rate, name)
        parameter = Parameter(rate, name=name)
        return _ConvertToCell(parameter) if self.is_group_lr and self.dynamic_lr else parameter

    def _hold_parameters(self, groups: Sequence[dict[str, Any]], given: Sequence[Any], weight_decay: Any) -> None:
        parameters = [parameter for group in groups for parameter in group["params"]]
        decays = [self._decay(group.get("weight_decay", weight_decay)) for group in groups for _ in group["params"]]
        centred = [bool(group.get("grad_centralization", False)) for group in groups for _ in group["params"]]
        wanted = next((one["order_params"] for one in given if isinstance(one, dict) and "order_params" in one), None)
        order = sorted(range(len(parameters)), key=ordering(parameters, wanted)) if wanted else range(len(parameters))
        if self.is_group_lr and wanted:
            self.group_lr = [self.group_lr[place] for place in order]
        repeated = len({parameter.name for parameter in parameters}) < len(parameters)
        if repeated:
            names = [parameter.name for parameter in parameters]
            twice = next(name for name in names if names.count(name) > 1)
            raise RepeatedParameterError(f"For 'Optimizer', the parameter '{twice}' is given more than once.")
        self.parameters = ParameterTuple(parameters[place] for place in order)
        self.group_weight_decay = [decays[place] for place in order]
        self.grad_centralization_flags = tuple(centred[place] for place in order)
        # A group's weight decay is meant for all of the group; without groups, norms' scale and shift have none.
        self.decay_flags = tuple(
            (self.is_group and (isinstance(decay, Cell) or decay > 0))
            or (not self.is_group and "beta" not in one.name and "gamma" not in one.name)
            for one, decay in zip(self.parameters, self.group_weight_decay)
        )
        held = tuple(one if isinstance(one, Cell) else Tensor(np.float32(one)) for one in self.group_weight_decay)
        self.weight_decay = held if self.is_group else held[0]

    def _decay(self, weight_decay: Any) -> Any:
        """A weight decay as a number or a cell."""
        return weight_decay if isinstance(weight_decay, Cell) else self._float("weight_decay", weight_decay, least=0.0)

    def _state(self, prefix: str, first: float = 0.0) -> ParameterTuple:
        """A parameter for each one that is trained, of its shape and dtype, filled with ``first``."""
        return ParameterTuple(
            Parameter(
                np.full(one.shape, first, one.numpy_dtype), name=f"{prefix}.{one.name}", requires_grad=one.requires_grad
            )
            for one in self.parameters
        )

    # The rates at this step ---------------------------------------------------------------------------------------

    def get_lr(self) -> Any:
        """The learning rate of the next step; a tuple of one for each parameter if groups have their own."""
        if self.is_group_lr:
            return tuple(rate(self.global_step).reshape(()) if self.dynamic_lr else rate for rate in self.group_lr)
        return self.learning_rate(self.global_step).reshape(()) if self.dynamic_lr else self.learning_rate

    def get_lr_parameter(self, param: Any) -> Any:
        """The learning rate's parameter or schedule of one parameter, or of each of several."""
        if not isinstance(param, Parameter):
            return [self.get_lr_parameter(one) for one in param]
        if not self.is_group_lr:
            return self.learning_rate
        return self.group_lr[[one.name for one in self.parameters].index(param.name)]

    def get_weight_decay(self) -> tuple[float, ...]:
        """The weight decay of each parameter at this step."""
        return tuple(
            updates.global_rate(decay(self.global_step)._array()) if isinstance(decay, Cell) else decay
            for decay in self.group_weight_decay
        )

    # A step -------------------------------------------------------------------------------------------------------

    @located
    def construct(self, gradients: Any) -> Any:
        """Change the parameters by their gradients; a tuple of True for each."""
        given = gradients if isinstance(gradients, (tuple, list)) else (gradients,)
        arrays = self._arrays(given)
        rate = self.get_lr()
        each = rate if isinstance(rate, tuple) else (rate,) * len(arrays)
        numbers = [updates.global_rate(one._array()) for one in each]
        decays = self.get_weight_decay()
        self.global_step.set_data(Tensor(updates.next_step(self.global_step._array())))
        self._begin()
        for place, (parameter, ct) in enumerate(zip(self.parameters, arrays)):
            decay = decays[place] if self.decay_flags[place] else 0.0
            value = parameter._array()
            new, states = self._step(place, value, self._prepared(place, value, ct, decay), numbers[place], decay)
            parameter.set_data(Tensor(new.astype(value.dtype, copy=False)))
            for kept, state in zip(self._states(), states):
                kept[place].set_data(Tensor(np.asarray(state, value.dtype)))
        return (True,) * len(arrays)

    def _arrays(self, gradients: Sequence[Any]) -> list[np.ndarray]:
        """The gradients' values, after their number, kinds and shapes have been found right."""
        name = type(self).__name__
        if len(gradients) != len(self.parameters):
            raise CountError(
                f"For '{name}', there must be a gradient for each of the {len(self.parameters)} parameters, "
                f"but got {len(gradients)}."
            )
        for parameter, ct in zip(self.parameters, gradients):
            if not isinstance(ct, Tensor):
                raise ArgumentError(f"For '{name}', a gradient must be a Tensor, but got {type(ct).__name__}.")
            if ct.shape != parameter.shape:
                raise ArgumentValueError(
                    f"For '{name}', the gradient of '{parameter.name}' must have its shape {parameter.shape}, "
                    f"but got {ct.shape}."
                )
        return [ct._leave("asnumpy()").astype(one.numpy_dtype) for one, ct in zip(self.parameters, gradients)]

    def _prepared(self, place: int, value: np.ndarray, ct: np.ndarray, decay: float) -> np.ndarray:
        """The gradient with weight decay, centred, and unscaled."""
        if decay:
            ct = updates.plus_decay(ct, value, updates.scaled_decay(decay, self.loss_scale))
        if self.grad_centralization_flags[place]:
            ct = updates.centred(ct)
        return ct if self.loss_scale == 1.0 else updates.scaled(ct, self.loss_scale)

    def _begin(self) -> None:
        """What happens once in a step, before the parameters are changed."""

    def _states(self) -> tuple[ParameterTuple, ...]:
        """The optimizer's state, a tuple for each kind; empty if it has none."""
        return ()

    def _step(
        self, place: int, value: np.ndarray, ct: np.ndarray, rate: float, decay: float
    ) -> tuple[np.ndarray, Sequence[np.ndarray]]:
        """The new value of parameter number ``place``, and its new state."""
        raise NotImplementedError(f"{type(self).__name__} must say how it takes a step, in _step or construct.")


def listed(parameters: Any, name: str) -> list[Any]:
    """``parameters`` as a list that is not empty."""
    if parameters is None:
        raise ArgumentValueError(f"For 'Optimizer', the argument {name} can not be None.")
    if not isinstance(parameters, Iterable):
        raise ArgumentError(
            f"For 'Optimizer', the argument {name} must be iterable, but got {type(parameters).__name__}."
        )
    members = list(parameters)
    if not members:
        raise ArgumentValueError(f"For 'Optimizer', the argument {name} must not be empty.")
    return members


def checked_group(group: dict[str, Any]) -> bool:
    """Whether ``group`` has parameters; one with ``order_params`` has none.

    Raises
    ------
    GroupKeyError
        For a key that a group does not have.
    """
    for key in group:
        if key not in _KEYS:
            raise GroupKeyError(
                f"For 'Optimizer', there is no group key {key!r}. {choices(str(key), list(_KEYS))}", user_location()
            )
    if "order_params" in group:
        if len(group) > 1:
            raise ArgumentValueError("For 'Optimizer', a group with 'order_params' must hold nothing else.")
        return False
    if "params" not in group:
        raise GroupKeyError("For 'Optimizer', each group needs the key 'params'.", user_location())
    group["params"] = listed(group["params"], "group `params`")
    for member in group["params"]:
        if not isinstance(member, Parameter):
            raise ArgumentError(
                f"For 'Optimizer', a group's params must be Parameters, but got {type(member).__name__}."
            )
    return True


def ordering(parameters: Sequence[Parameter], wanted: Iterable[Parameter]) -> Any:
    """The key that sorts places of ``parameters`` into the order of ``wanted``."""
    names = [parameter.name for parameter in wanted]
    if sorted(names) != sorted(parameter.name for parameter in parameters):
        raise ArgumentValueError("For 'Optimizer', 'order_params' must hold the parameters of all groups.")
    return lambda place: names.index(parameters[place].name)
