"""Cells around a network: with its loss, with its gradient, with a step of training."""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import Any

from ..errors import ArgumentError, ArgumentValueError
from ..gradients.grad_operation import GradOperation
from ..registry import composite, fn
from ..tensor import ParameterTuple, Tensor
from .cell import Cell
from .layers import Identity

__all__ = ["ForwardValueAndGrad", "TrainOneStepCell", "WithEvalCell", "WithGradCell", "WithLossCell"]

_located = composite()


def _flag(op: str, name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ArgumentError(f"For '{op}', the '{name}' must be bool, but got {type(value).__name__}.")


class WithLossCell(Cell):
    """A network with its loss: ``loss_fn(backbone(data), label)``."""

    def __init__(self, backbone: Any, loss_fn: Any) -> None:
        super().__init__(auto_prefix=False)
        self._backbone = backbone
        self._loss_fn = loss_fn

    def construct(self, data: Tensor, label: Tensor) -> Tensor:
        """The loss."""
        return self._loss_fn(self._backbone(data), label)

    @property
    def backbone_network(self) -> Any:
        """The network without its loss."""
        return self._backbone


class WithEvalCell(Cell):
    """A network's loss, outputs and labels, for evaluation."""

    @_located
    def __init__(self, network: Any, loss_fn: Any, add_cast_fp32: bool = False) -> None:
        super().__init__(auto_prefix=False)
        _flag("WithEvalCell", "add_cast_fp32", add_cast_fp32)
        self._network = network
        self._loss_fn = loss_fn
        self.add_cast_fp32 = add_cast_fp32

    def construct(self, data: Tensor, label: Tensor) -> tuple[Any, Any, Any]:
        """Loss, outputs and label."""
        outputs = self._network(data)
        if self.add_cast_fp32:
            from ..dtype import float32

            outputs = fn.cast(outputs, float32)
            label = fn.cast(label, float32) if label.numpy_dtype.kind == "f" else label
        return self._loss_fn(outputs, label), outputs, label


class WithGradCell(Cell):
    """The gradients of a network's loss by its trainable parameters."""

    def __init__(self, network: Cell, loss_fn: Any = None, sens: Any = None) -> None:
        super().__init__(auto_prefix=False)
        self.network = network
        self.loss_fn = loss_fn
        self.weights = ParameterTuple(network.trainable_params())
        self.grad = GradOperation(get_by_list=True, sens_param=sens is not None)
        self.sens = sens
        self.network_with_loss = network if loss_fn is None else WithLossCell(network, loss_fn)
        self.network_with_loss.set_train()

    def construct(self, *inputs: Any) -> Any:
        """The gradients."""
        weighted = inputs if self.sens is None else (*inputs, self.sens)
        return self.grad(self.network_with_loss, self.weights)(*weighted)


class ForwardValueAndGrad(Cell):
    """A network's value and gradients.

    Parameters
    ----------
    network : Cell or function
        What to differentiate.
    weights : ParameterTuple, list or tuple, optional
        The parameters to differentiate by, with ``get_by_list``.
    get_all, get_by_list, sens_param : bool
        As for `GradOperation`.
    """

    @_located
    def __init__(
        self,
        network: Any,
        weights: Any = None,
        get_all: bool = False,
        get_by_list: bool = False,
        sens_param: bool = False,
    ) -> None:
        super().__init__(auto_prefix=False)
        if not isinstance(network, (Cell, FunctionType, MethodType)):
            raise ArgumentError(
                "For 'ForwardValueAndGrad', the argument 'network' must be cell, function type or method type, "
                f"but got {type(network).__name__}."
            )
        _flag("ForwardValueAndGrad", "get_all", get_all)
        _flag("ForwardValueAndGrad", "get_by_list", get_by_list)
        if get_by_list and not isinstance(weights, (tuple, list)):
            raise ArgumentError(
                "For 'ForwardValueAndGrad', when 'get_by_list' is set to True, the argument 'weights' must be "
                f"Parameters array, but got {type(weights).__name__}."
            )
        self.network, self.weights = network, weights
        self.get_all, self.get_by_list, self.sens_param = get_all, get_by_list, sens_param
        self.grad = GradOperation(get_all=get_all, get_by_list=get_by_list, sens_param=sens_param)

    def construct(self, *inputs: Any) -> tuple[Any, Any]:
        """Value and gradients; with ``sens_param`` the last input weights the output."""
        value = self.network(*(inputs[:-1] if self.sens_param else inputs))
        gradient = self.grad(self.network, self.weights) if self.get_by_list else self.grad(self.network)
        return value, gradient(*inputs)


class TrainOneStepCell(Cell):
    """A step of training: gradients of the loss, and the optimizer's change of the parameters; gives the loss before it.

    Parameters
    ----------
    network : Cell
        Its output is the loss.
    optimizer : Optimizer
        Its ``parameters`` are trained.
    sens : number, optional
        Weights the loss in the gradient.
    return_grad : bool
        Give ``(loss, gradients)``, these by name.
    """

    @_located
    def __init__(self, network: Cell, optimizer: Any, sens: Any = None, return_grad: bool = False) -> None:
        super().__init__(auto_prefix=False)
        self.network = network
        self.optimizer = optimizer
        self.weights = optimizer.parameters
        if sens == 0:
            raise ArgumentValueError("For 'TrainOneStepCell', the input argument of 'sens' can not be 0.")
        self.sens = 1.0 if sens is None else sens
        self.sense_flag = sens is not None
        self.grad = GradOperation(get_by_list=True, sens_param=True)
        self.grad_no_sens = GradOperation(get_by_list=True)
        self.return_grad = return_grad
        self.grad_reducer = Identity()

    def construct(self, *inputs: Any) -> Any:
        """The loss before the step, and the gradients by name if wished."""
        loss = self.network(*inputs)
        if self.sense_flag:
            weight = fn.mul(fn.ones_like(loss), self.sens)
            gradients = self.grad(self.network, self.weights)(*inputs, weight)
        else:
            gradients = self.grad_no_sens(self.network, self.weights)(*inputs)
        gradients = self.grad_reducer(gradients)
        self.optimizer(gradients)
        if not self.return_grad:
            return loss
        return loss, {parameter.name: ct for parameter, ct in zip(self.weights, gradients)}
