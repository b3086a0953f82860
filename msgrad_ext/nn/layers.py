"""Dense layers and layers that only rearrange, select or reduce: names, settings and defaults of MindSpore's."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import AxisError
from ..initializer import initializer
from ..primitives.sizes import even_within_root, stretched, usual_bias, usual_weight
from ..registry import fn
from ..tensor import Parameter, Tensor
from . import checks
from .activations import get_activation
from .cell import Cell


class Dense(Cell):
    """Fully connected layer, ``x W^T + b``.

    Parameters
    ----------
    in_channels, out_channels : int
        Lengths of the last axis of input and output; ``weight`` has shape (out_channels, in_channels).
    weight_init, bias_init : Tensor, str, Initializer or number, optional
        First values; by default uniform within ``1 / sqrt(in_channels)``.
    has_bias : bool
        Whether there is a ``bias``.
    activation : str, Cell or op, optional
        Applied to the result.
    dtype : DType
        Of the parameters; float32 by default.
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
        self.in_channels = checks.whole(self, "in_channels", in_channels)
        self.out_channels = checks.whole(self, "out_channels", out_channels)
        self.has_bias = checks.boolean(self, "has_bias", has_bias)
        shape = (out_channels, in_channels)
        self.weight = Parameter(
            initializer(usual_weight() if weight_init is None else weight_init, shape, dtype), name="weight"
        )
        self.bias = None
        if has_bias:
            bias_init = usual_bias(shape) if bias_init is None else bias_init
            self.bias = Parameter(initializer(bias_init, shape[:1], dtype), name="bias")
        self.activation = get_activation(activation, "Dense") if isinstance(activation, str) else activation
        if activation is not None and (not callable(self.activation) or isinstance(self.activation, type)):
            checks.refuse_kind(self, "activation", "a str, a Cell or an op", activation)

    def construct(self, x: Tensor) -> Tensor:
        """The layer's output for ``x`` of shape (..., in_channels)."""
        x = fn.dense(x, self.weight, self.bias)
        return x if self.activation is None else self.activation(x)

    def extend_repr(self) -> str:
        text = f"input_channels={self.in_channels}, output_channels={self.out_channels}"
        text = f"{text}, has_bias={self.has_bias}" if self.has_bias else text
        return text if self.activation is None else f"{text}, activation={self.activation}"


class BiDense(Cell):
    """Bilinear layer, ``y_k = x1^T W_k x2 + b_k``.

    Parameters
    ----------
    in1_channels, in2_channels, out_channels : int
        Lengths of the last axes; ``weight`` has shape (out_channels, in1_channels, in2_channels).
    weight_init, bias_init : Tensor, str, Initializer or number, optional
        First values; by default uniform within ``1 / sqrt(in1_channels)``.
    has_bias : bool
        Whether there is a ``bias``.
    """

    def __init__(
        self,
        in1_channels: int,
        in2_channels: int,
        out_channels: int,
        weight_init: Any = None,
        bias_init: Any = None,
        has_bias: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in1_channels = checks.whole(self, "in1_channels", in1_channels)
        self.in2_channels = checks.whole(self, "in2_channels", in2_channels)
        self.out_channels = checks.whole(self, "out_channels", out_channels)
        self.has_bias = checks.boolean(self, "has_bias", has_bias)
        bound, shape = even_within_root(in1_channels), (out_channels, in1_channels, in2_channels)
        self.weight = Parameter(initializer(bound if weight_init is None else weight_init, shape, dtype), name="weight")
        self.bias = (
            Parameter(initializer(bound if bias_init is None else bias_init, shape[:1], dtype), name="bias")
            if has_bias
            else None
        )

    def construct(self, input1: Tensor, input2: Tensor) -> Tensor:
        """The layer's output for inputs with equal leading axes."""
        return fn.bidense(input1, input2, self.weight, self.bias)

    def extend_repr(self) -> str:
        text = (
            f"in1_channels={self.in1_channels}, in2_channels={self.in2_channels}, output_channels={self.out_channels}"
        )
        return f"{text}, has_bias={self.has_bias}" if self.has_bias else text


class Flatten(Cell):
    """The axes from ``start_dim`` to ``end_dim`` joined into one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def construct(self, x: Tensor) -> Tensor:
        """``x`` flattened."""
        ndim = max(x.ndim, 1)
        for name, value in (("start_dim", self.start_dim), ("end_dim", self.end_dim)):
            if not -ndim <= value < ndim:
                raise AxisError(f"For 'Flatten', the '{name}' must be in [{-ndim}, {ndim}), but got {value}.")
        return fn.flatten(x, start_dim=self.start_dim, end_dim=self.end_dim)


class Unflatten(Cell):
    """One axis split into several."""

    def __init__(self, axis: int, unflattened_size: Any) -> None:
        super().__init__()
        if isinstance(axis, bool) or not isinstance(axis, int):
            checks.refuse_kind(self, "axis", "int", axis)
        if not isinstance(unflattened_size, (tuple, list)):
            checks.refuse_kind(self, "unflattened_size", "a tuple or list of ints", unflattened_size)
        self.axis, self.unflattened_size = axis, tuple(unflattened_size)

    def construct(self, input_x: Tensor) -> Tensor:
        """``x`` with the axis laid out as ``unflattened_size``."""
        return fn.reshape(input_x, stretched(input_x.shape, self.axis, self.unflattened_size))


class Identity(Cell):
    """The input itself, whatever the settings."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def construct(self, input: Tensor) -> Tensor:
        """``x``."""
        return input


class OneHot(Cell):
    """Class numbers as rows of ``on_value`` at the class and ``off_value`` elsewhere."""

    def __init__(
        self, axis: int = -1, depth: int = 1, on_value: float = 1.0, off_value: float = 0.0, dtype: Any = None
    ) -> None:
        super().__init__()
        self.axis, self.depth, self.on_value, self.off_value = axis, depth, on_value, off_value
        self.dtype = np.dtype(np.float32) if dtype is None else dtype

    def construct(self, indices: Tensor) -> Tensor:
        """The rows, in the layer's dtype."""
        on, off = (Tensor(float(one), None) for one in (self.on_value, self.off_value))
        return fn.cast(fn.one_hot(indices, self.depth, on, off, self.axis), self.dtype)


class Norm(Cell):
    """Euclidean norm over ``axis``."""

    def __init__(self, axis: Any = (), keep_dims: bool = False) -> None:
        super().__init__()
        self.axis, self.keep_dims = axis, checks.boolean(self, "keep_dims", keep_dims)

    def construct(self, x: Tensor) -> Tensor:
        """``sqrt(sum(x^2))``."""
        return fn.sqrt(fn.reduce_sum(fn.square(x), self.axis, self.keep_dims))

    def extend_repr(self) -> str:
        return f"axis={self.axis}, keep_dims={self.keep_dims}"


class Tril(Cell):
    """What is on and below a diagonal."""

    def construct(self, x: Tensor, k: int = 0) -> Tensor:
        """``x`` with zeros above the diagonal number ``k``."""
        return fn.tril(x, k)


class Triu(Cell):
    """What is on and above a diagonal."""

    def construct(self, x: Tensor, k: int = 0) -> Tensor:
        """``x`` with zeros below the diagonal number ``k``."""
        return fn.triu(x, k)


class Roll(Cell):
    """Elements shifted along axes; what leaves at one end enters at the other."""

    def __init__(self, shift: Any, axis: Any) -> None:
        super().__init__()
        self.shift, self.axis = shift, axis

    def construct(self, input_x: Tensor) -> Tensor:
        """``x`` shifted."""
        return fn.roll(input_x, self.shift, self.axis)


class MatMul(Cell):
    """Matrix product; the flags transpose the last two axes of an operand."""

    def __init__(self, transpose_x1: bool = False, transpose_x2: bool = False) -> None:
        super().__init__()
        self.transpose_x1 = checks.boolean(self, "transpose_x1", transpose_x1)
        self.transpose_x2 = checks.boolean(self, "transpose_x2", transpose_x2)

    def construct(self, x1: Tensor, x2: Tensor) -> Tensor:
        """``x1 @ x2``."""
        x1 = fn.swapaxes(x1, -1, -2) if self.transpose_x1 and x1.ndim > 1 else x1
        x2 = fn.swapaxes(x2, -1, -2) if self.transpose_x2 and x2.ndim > 1 else x2
        return fn.matmul(x1, x2)


class L1Regularizer(Cell):
    """The sum of absolute values times ``scale``."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        if not 0 < checks.number(self, "scale", scale) < float("inf"):
            checks.refuse_value(self, "scale", "a positive number", scale)
        self.scale = scale

    def construct(self, weights: Tensor) -> Tensor:
        """``scale * sum(|x|)``."""
        return fn.mul(fn.reduce_sum(fn.abs(weights)), self.scale)


class ReduceLogSumExp(Cell):
    """Logarithm of the sum of exponentials over ``axis``."""

    def __init__(self, axis: Any, keep_dims: bool = False) -> None:
        super().__init__()
        if isinstance(axis, bool) or not isinstance(axis, (int, tuple, list)):
            checks.refuse_kind(self, "axis", "an int, a tuple or a list", axis)
        self.axis, self.keep_dims = axis, checks.boolean(self, "keep_dims", keep_dims)

    def construct(self, x: Tensor) -> Tensor:
        """``log(sum(exp(x)))``."""
        return fn.logsumexp(x, self.axis, self.keep_dims)


class Moments(Cell):
    """Mean and variance over ``axis``."""

    def __init__(self, axis: Any = None, keep_dims: bool | None = None) -> None:
        super().__init__()
        self.axis, self.keep_dims = () if axis is None else axis, bool(keep_dims)

    def construct(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """``mean(x)`` and ``mean((x - mean(x))^2)``."""
        mean = fn.reduce_mean(x, self.axis, True)
        variance = fn.reduce_mean(fn.square(fn.sub(x, mean)), self.axis, self.keep_dims)
        return mean if self.keep_dims else fn.reduce_mean(x, self.axis, False), variance


class ClipByNorm(Cell):
    """The input scaled down where its norm over ``axis`` exceeds a bound."""

    def __init__(self, axis: Any = None) -> None:
        super().__init__()
        self.axis = () if axis is None else axis

    def construct(self, x: Tensor, clip_norm: Any) -> Tensor:
        """``x * clip_norm / max(norm(x), clip_norm)``."""
        norm = fn.sqrt(fn.reduce_sum(fn.square(x), self.axis, True))
        return fn.div(fn.mul(x, clip_norm), fn.maximum(norm, clip_norm))


class Range(Cell):
    """The numbers from ``start`` by ``delta`` up to, and without, ``limit``."""

    def __init__(self, start: Any, limit: Any = None, delta: Any = 1) -> None:
        super().__init__()
        if delta == 0:
            checks.refuse_value(self, "delta", "different from 0", delta)
        start, limit = (0, start) if limit is None else (start, limit)
        numbers = np.arange(start, limit, delta)
        self.numbers = Tensor(numbers.astype(np.float32 if numbers.dtype.kind == "f" else np.int32))

    def construct(self) -> Tensor:
        """The numbers."""
        return self.numbers


__all__ = [
    "BiDense", "ClipByNorm", "Dense", "Flatten", "Identity", "L1Regularizer", "MatMul", "Moments", "Norm", "OneHot",
    "Range", "ReduceLogSumExp", "Roll", "Tril", "Triu", "Unflatten",
]  # fmt: skip
