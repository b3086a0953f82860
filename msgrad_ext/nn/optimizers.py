"""The optimizers: names, arguments, defaults and state of MindSpore's; the arithmetic is in `training.updates`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentValueError, choices
from ..tensor import Parameter, ParameterTuple, Tensor
from ..training import updates
from .optimizer import GroupKeyError, Optimizer, located

__all__ = ["SGD", "AdaMax", "Adadelta", "Adagrad", "Adam", "AdamWeightDecay", "Momentum", "RMSProp"]

Step = tuple[np.ndarray, Sequence[np.ndarray]]


def _scalar(value: float, name: str, shape: tuple[int, ...] = ()) -> Parameter:
    return Parameter(np.full(shape, value, np.float32), name=name)


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum, dampening and Nesterov's form."""

    @located
    def __init__(
        self,
        params: Any,
        learning_rate: Any = 0.1,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: Any = 0.0,
        nesterov: bool = False,
        loss_scale: float = 1.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self._factor = self._float("momentum", momentum, least=0.0)
        self.dampening = self._float("dampening", dampening, least=0.0)
        self.nesterov = self._bool("nesterov", nesterov)
        if nesterov and (momentum <= 0.0 or dampening != 0.0):
            raise ArgumentValueError(
                "For 'SGD', if 'nesterov' is true, 'momentum' must be > 0.0 and 'dampening' must equal to 0.0, "
                f"but got 'momentum' {momentum}, 'dampening' {dampening}."
            )
        self.momentum = _scalar(self._factor, "momentum")
        self.accum, self.stat = self._state("accum"), self._state("stat", 1.0)

    def _states(self) -> tuple[ParameterTuple, ...]:
        return self.accum, self.stat

    def _step(self, place: int, value: np.ndarray, ct: np.ndarray, rate: float, decay: float) -> Step:
        state = (self.accum[place]._array(), self.stat[place]._array())
        factor = updates.global_rate(self.momentum._array())
        return updates.sgd(value, ct, state, rate, factor, self.dampening, self.nesterov)


class Momentum(Optimizer):
    """Gradient descent with momentum, ``m = momentum m + gradient``."""

    @located
    def __init__(
        self,
        params: Any,
        learning_rate: Any,
        momentum: float,
        weight_decay: Any = 0.0,
        loss_scale: float = 1.0,
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self.momentum = _scalar(self._float("momentum", momentum, least=0.0, whole=False), "momentum")
        self.use_nesterov = self._bool("use_nesterov", use_nesterov)
        self.moments = self._state("moments")

    @property
    def params(self) -> ParameterTuple:
        """The parameters that are trained."""
        return self.parameters

    def _states(self) -> tuple[ParameterTuple, ...]:
        return (self.moments,)

    def _step(self, place: int, value: np.ndarray, ct: np.ndarray, rate: float, decay: float) -> Step:
        factor = updates.global_rate(self.momentum._array())
        return updates.momentum(value, ct, (self.moments[place]._array(),), rate, factor, self.use_nesterov)


class _Moments(Optimizer):
    """Base of optimizers with two moments."""

    def _set_betas(self, beta1: float, beta2: float, eps: float) -> None:
        for name, value in (("beta1", beta1), ("beta2", beta2)):
            self._float(name, value, above=0.0, below=1.0, whole=False)
        self._eps = self._float("eps", eps, above=0.0)
        self.beta1, self.beta2, self.eps = (Tensor(np.float32(one)) for one in (beta1, beta2, eps))
        # As MindSpore keeps them: 1 - beta in the moments and in their bias must be one number.
        self._betas = (updates.global_rate(self.beta1._array()), updates.global_rate(self.beta2._array()))

    def _state_of(self, place: int) -> tuple[np.ndarray, ...]:
        return tuple(kept[place]._array() for kept in self._states())


class Adam(_Moments):
    """Adam: moments of the gradient and of its square, without their bias; Nesterov's form and AMSGrad."""

    @located
    def __init__(
        self,
        params: Any,
        learning_rate: Any = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        use_locking: bool = False,
        use_nesterov: bool = False,
        weight_decay: Any = 0.0,
        loss_scale: float = 1.0,
        use_amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        for name in kwargs:
            if name not in ("use_lazy", "use_offload"):
                known = ["use_locking", "use_nesterov", "use_amsgrad", "use_lazy", "use_offload"]
                raise GroupKeyError(f"For 'Adam', there is no argument '{name}'. {choices(name, known)}")
        self._set_betas(beta1, beta2, eps)
        self.use_locking = self._bool("use_locking", use_locking)
        self.use_nesterov = self._bool("use_nesterov", use_nesterov)
        self.use_amsgrad = self._bool("use_amsgrad", use_amsgrad)
        self.beta1_power, self.beta2_power = _scalar(1.0, "beta1_power"), _scalar(1.0, "beta2_power")
        self.moment1, self.moment2 = self._state("moment1"), self._state("moment2")
        self.vhat = self._state("vhat") if use_amsgrad else None

    def _begin(self) -> None:
        for power, beta in ((self.beta1_power, self._betas[0]), (self.beta2_power, self._betas[1])):
            power.set_data(Tensor(updates.power(beta, power._array())))

    def _states(self) -> tuple[ParameterTuple, ...]:
        return (self.moment1, self.moment2) if self.vhat is None else (self.moment1, self.moment2, self.vhat)

    def _step(self, place: int, value: np.ndarray, ct: np.ndarray, rate: float, decay: float) -> Step:
        powers = (updates.global_rate(self.beta1_power._array()), updates.global_rate(self.beta2_power._array()))
        # MindSpore's AMSGrad has no Nesterov form.
        nesterov = self.use_nesterov and not self.use_amsgrad
        return updates.adam(value, ct, self._state_of(place), rate, self._betas, powers, self._eps, nesterov)


class AdamWeightDecay(_Moments):
    """Adam without bias correction, whose weight decay goes past the moments."""

    @located
    def __init__(
        self,
        params: Any,
        learning_rate: Any = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-6,
        weight_decay: Any = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay)
        self._set_betas(beta1, beta2, eps)
        self.moments1, self.moments2 = self._state("adam_m"), self._state("adam_v")

    def _states(self) -> tuple[ParameterTuple, ...]:
        return self.moments1, self.moments2

    def _prepared(self, place: int, value: np.ndarray, ct: np.ndarray, decay: float) -> np.ndarray:
        return ct

    def _step(self, place: int, value: np.ndarray, ct: np.ndarray, rate: float, decay: float) -> Step:
        return updates.adam_weight_decay(value, ct, self._state_of(place), rate, self._betas, self._eps, decay)


class AdaMax(_Moments):
    """Adam with the largest gradient in place of the second moment."""

    @located
    def __init__(
        self,
        params: Any,
        learning_rate: Any = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-08,
        weight_decay: Any = 0.0,
        loss_scale: float = 1.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self._set_betas(beta1, beta2, eps)
        self.beta1_power = _scalar(1.0, "beta1_power", (1,))
        self.moment1, self.moment2 = self._state("moment1"), self._state("moment2")

    def _begin(self) -> None:
        self.beta1_power.set_data(Tensor(updates.power(self._betas[0], self.beta1_power._array())))

    def _states(self) -> tuple[ParameterTuple, ...]:
        return self.moment1, self.moment2

    def _step(self, place: int, value: np.ndarray, ct: np.ndarray, rate: float, decay: float) -> Step:
        power = updates.global_rate(self.beta1_power._array())
        return updates.adamax(value, ct, self._state_of(place), rate, self._betas, power, self._eps)


class RMSProp(Optimizer):
    """Steps divided by the root of the gradient's mean square, centred if wished."""

    @located
    def __init__(
        self,
        params: Any,
        learning_rate: Any = 0.1,
        decay: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        loss_scale: float = 1.0,
        weight_decay: Any = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self.decay = self._float("decay", decay, least=0.0, whole=False)
        self.momentum = self._float("momentum", momentum, least=0.0, whole=False)
        self.epsilon = self._float("epsilon", epsilon, above=0.0, whole=False)
        self._bool("use_locking", use_locking)
        self.centered = self._bool("centered", centered)
        self.mg = self._state("mean_grad") if centered else None
        self.ms, self.moment = self._state("mean_square", 1.0), self._state("moment")

    def _states(self) -> tuple[ParameterTuple, ...]:
        return (self.ms, self.moment) if self.mg is None else (self.ms, self.moment, self.mg)

    def _step(self, place: int, value: np.ndarray, ct: np.ndarray, rate: float, decay: float) -> Step:
        state = tuple(kept[place]._array() for kept in self._states())
        return updates.rmsprop(value, ct, state, rate, self.decay, self.momentum, self.epsilon)


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of the gradients' squares."""

    @located
    def __init__(
        self,
        params: Any,
        accum: float = 0.1,
        learning_rate: Any = 0.001,
        update_slots: bool = True,
        loss_scale: float = 1.0,
        weight_decay: Any = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self._float("accum", accum, least=0.0, whole=False)
        self.update_slots = self._bool("update_slots", update_slots)
        self.accum = self._state("accum", accum)

    def _states(self) -> tuple[ParameterTuple, ...]:
        return (self.accum,)

    def _step(self, place: int, value: np.ndarray, ct: np.ndarray, rate: float, decay: float) -> Step:
        return updates.adagrad(value, ct, (self.accum[place]._array(),), rate, self.update_slots)


class Adadelta(Optimizer):
    """Steps scaled by the ratio of the mean squares of earlier steps and of the gradients."""

    @located
    def __init__(
        self,
        params: Any,
        learning_rate: Any = 1.0,
        rho: float = 0.9,
        epsilon: float = 1e-6,
        loss_scale: float = 1.0,
        weight_decay: Any = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self.rho = self._float("rho", rho, least=0.0, most=1.0, whole=False)
        self.epsilon = self._float("epsilon", epsilon, least=0.0, whole=False)
        self.accum, self.accum_update = self._state("accum"), self._state("accum_update")

    def _states(self) -> tuple[ParameterTuple, ...]:
        return self.accum, self.accum_update

    def _step(self, place: int, value: np.ndarray, ct: np.ndarray, rate: float, decay: float) -> Step:
        state = (self.accum[place]._array(), self.accum_update[place]._array())
        return updates.adadelta(value, ct, state, rate, self.rho, self.epsilon)
