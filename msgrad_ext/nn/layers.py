"""Layers: names, arguments and defaults of MindSpore's; the computing is done by ops."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ArgumentValueError, UnknownNameError, choices, user_location
from ..initializer import initialized
from ..registry import fn
from ..tensor import Parameter, Tensor
from .cell import Cell


class Dense(Cell):
    """Fully connected layer, ``x W^T + b``.

    Parameters
    ----------
    in_channels, out_channels : int
        Lengths of the last axis of input and output; ``weight`` has shape (out_channels, in_channels).
    weight_init, bias_init : Tensor, str or number, optional
        First values; by default uniform within ``1 / sqrt(in_channels)``.
    has_bias : bool
        Whether there is a ``bias``.
    activation : str or Cell, optional
        Applied to the result.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        weight_init: Any = None,
        bias_init: Any = None,
        has_bias: bool = True,
        activation: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        for name, value in (("in_channels", in_channels), ("out_channels", out_channels)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise ArgumentError(
                    f"For 'Dense', the '{name}' must be int, but got {type(value).__name__}.", user_location()
                )
            if value <= 0:
                raise ArgumentValueError(
                    f"For 'Dense', the '{name}' must be positive, but got {value}.", user_location()
                )
        if not isinstance(has_bias, bool):
            raise ArgumentError(f"For 'Dense', the 'has_bias' must be bool, but got {has_bias!r}.", user_location())
        self.in_channels, self.out_channels, self.has_bias = in_channels, out_channels, has_bias
        self.weight = Parameter(
            initialized(weight_init, (out_channels, in_channels), in_channels, dtype), name="weight"
        )
        self.bias = (
            Parameter(initialized(bias_init, (out_channels,), in_channels, dtype), name="bias") if has_bias else None
        )
        self.activation = activation_cell(activation)

    def construct(self, x: Tensor) -> Tensor:
        """The layer's output for ``x`` of shape (..., in_channels)."""
        x = fn.dense(x, self.weight, self.bias)
        return x if self.activation is None else self.activation(x)

    def extend_repr(self) -> str:
        return f"input_channels={self.in_channels}, output_channels={self.out_channels}, has_bias={self.has_bias}"


class ReLU(Cell):
    """Rectified linear unit; its derivative at 0 is 0."""

    def construct(self, x: Tensor) -> Tensor:
        """``max(x, 0)``."""
        return fn.relu(x)


class Sigmoid(Cell):
    """Logistic function."""

    def construct(self, x: Tensor) -> Tensor:
        """``1 / (1 + exp(-x))``."""
        return fn.sigmoid(x)


class Tanh(Cell):
    """Hyperbolic tangent."""

    def construct(self, x: Tensor) -> Tensor:
        """``tanh(x)``."""
        return fn.tanh(x)


class Softmax(Cell):
    """Softmax along an axis."""

    def __init__(self, axis: int = -1) -> None:
        super().__init__()
        self.axis = axis

    def construct(self, x: Tensor) -> Tensor:
        """``exp(x) / sum(exp(x))``."""
        return fn.softmax(x, self.axis)

    def extend_repr(self) -> str:
        return f"axis={self.axis}"


class LogSoftmax(Softmax):
    """Logarithm of the softmax along an axis."""

    def construct(self, x: Tensor) -> Tensor:
        """``x - log(sum(exp(x)))``."""
        return fn.log_softmax(x, self.axis)


class Flatten(Cell):
    """All axes from ``start_dim`` on joined into one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        if end_dim != -1:
            raise ArgumentValueError(
                f"For 'Flatten', only end_dim=-1 is supported, but got {end_dim}.", user_location()
            )
        self.start_dim = start_dim

    def construct(self, x: Tensor) -> Tensor:
        """``x`` flattened."""
        return fn.flatten(x, start_dim=self.start_dim)


class Identity(Cell):
    """The input itself."""

    def construct(self, x: Tensor) -> Tensor:
        """``x``."""
        return x


_ACTIVATIONS = {"relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh, "softmax": Softmax, "logsoftmax": LogSoftmax}


def activation_cell(activation: Any) -> Cell | None:
    """The cell of an activation given by name or as a cell."""
    if activation is None or isinstance(activation, Cell):
        return activation
    if not isinstance(activation, str):
        raise ArgumentError(
            f"For 'Dense', the 'activation' must be a str or a Cell, but got {type(activation).__name__}.",
            user_location(),
        )
    if activation not in _ACTIVATIONS:
        raise UnknownNameError(
            f"For 'Dense', there is no activation '{activation}'. {choices(activation, list(_ACTIVATIONS))}",
            user_location(),
        )
    return _ACTIVATIONS[activation]()
