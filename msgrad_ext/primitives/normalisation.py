"""Normalisation to mean 0 and variance 1 over some axes, scaled and shifted: composed of ops.

Half precision is widened for the sums and narrowed at the end, as MindSpore's kernels do.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, DtypeError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Parameter, Tensor


def _input(op: str, x: Any, least: int = 1) -> Tensor:
    if not isinstance(x, Tensor):
        raise ArgumentError(f"For '{op}', the input must be a Tensor, but got {type(x).__name__}.")
    if x.numpy_dtype.kind not in "fO":
        raise DtypeError(f"For '{op}', the input must be a float tensor, but got {x.dtype}.")
    if x.ndim < least:
        raise ShapeError(f"For '{op}', the input must have {least} axes or more, but got shape {x.shape}.")
    return x


def _beside(op: str, name: str, value: Tensor | None, shape: tuple[int, ...]) -> None:
    if value is not None and value.shape != shape:
        raise ShapeError(f"For '{op}', the {name} must have shape {shape}, but got {value.shape}.")


def _wide(x: Tensor) -> Tensor:
    return fn.cast(x, np.float32) if x.numpy_dtype == np.float16 else x


def _like(value: Tensor, x: Tensor) -> Tensor:
    return value if value.numpy_dtype == x.numpy_dtype else fn.cast(value, x.numpy_dtype)


def _moments(x: Tensor, axes: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Mean and variance over ``axes``, which stay with length 1."""
    mean = fn.reduce_mean(x, axes, True)
    return mean, fn.reduce_mean(fn.square(x - mean), axes, True)


def _scaled(x: Tensor, scale: Tensor | None, shift: Tensor | None, shape: tuple[int, ...]) -> Tensor:
    """``x * scale + shift`` with both laid out as ``shape``."""
    if scale is not None:
        x = x * fn.reshape(_like(scale, x), shape)
    return x if shift is None else x + fn.reshape(_like(shift, x), shape)


def _normal(x: Tensor, mean: Tensor, variance: Tensor, epsilon: float) -> Tensor:
    return (x - mean) / fn.sqrt(variance + epsilon)


# By layer ------------------------------------------------------------------------------------------------------------


class LayerNorm(Composite):
    """The input normalised over its axes from ``begin_norm_axis`` on, ``(x - mean) / sqrt(variance + epsilon)``, scaled
    and shifted; and the mean and the variance.

    Notes
    -----
    Mean and variance, the second and third result, pass no gradient, MindSpore's convention.
    """

    def __init__(self, begin_norm_axis: int = 1, begin_params_axis: int = 1, epsilon: float = 1e-7) -> None:
        for name, value in (("begin_norm_axis", begin_norm_axis), ("begin_params_axis", begin_params_axis)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise ArgumentError(f"For 'LayerNorm', the '{name}' must be int, but got {type(value).__name__}.")
        self.begin_norm_axis, self.begin_params_axis, self.epsilon = begin_norm_axis, begin_params_axis, epsilon

    @composite()
    def normalised(self, input_x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Result, mean and variance, all of which pass a gradient."""
        x = _wide(_input("LayerNorm", input_x))
        first = _axis("begin_norm_axis", self.begin_norm_axis, x.ndim)
        fitted = _axis("begin_params_axis", self.begin_params_axis, x.ndim)
        for name, value in (("gamma", gamma), ("beta", beta)):
            _beside("LayerNorm", name, value, x.shape[fitted:])
        mean, variance = _moments(x, tuple(range(first, x.ndim)))
        result = _scaled(_normal(x, mean, variance, self.epsilon), gamma, beta, x.shape[fitted:])
        return _like(result, input_x), mean, variance

    def compute(self, input_x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        result, mean, variance = self.normalised(input_x, gamma, beta)
        return result, fn.stop_gradient(mean), fn.stop_gradient(variance)


def _axis(name: str, value: int, ndim: int) -> int:
    if not -ndim <= value < ndim:
        raise ArgumentValueError(f"For 'LayerNorm', the '{name}' must be in [{-ndim}, {ndim}), but got {value}.")
    return value % ndim


@composite(functions="layer_norm")
def layer_norm(
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """``input`` normalised over its last axes, which are those of ``normalized_shape``, scaled and shifted."""
    x = _wide(_input("layer_norm", input))
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or x.shape[x.ndim - len(shape) :] != shape:
        raise ShapeError(f"For 'layer_norm', the last axes of the input must be {shape}, but got shape {x.shape}.")
    for name, value in (("weight", weight), ("bias", bias)):
        _beside("layer_norm", name, value, shape)
    mean, variance = _moments(x, tuple(range(x.ndim - len(shape), x.ndim)))
    return _like(_scaled(_normal(x, mean, variance, eps), weight, bias, shape), input)


def _rms(x: Tensor, gamma: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    wide = _wide(_input("RmsNorm", x))
    count = gamma.ndim
    if not 0 < count <= x.ndim:
        raise ShapeError(f"For 'RmsNorm', gamma must have the last axes of {x.shape}, but got {gamma.shape}.")
    _beside("RmsNorm", "gamma", gamma, x.shape[x.ndim - count :])
    square = fn.reduce_mean(fn.square(wide), tuple(range(x.ndim - count, x.ndim)), True)
    size = fn.sqrt(square + epsilon)
    return _like(_scaled(wide / size, gamma, None, gamma.shape), x), 1 / size


class RmsNorm(Composite):
    """The input over the root of its mean square, ``x / sqrt(mean(x^2) + epsilon) * gamma``; and that reciprocal root."""

    def __init__(self, epsilon: float = 1e-6) -> None:
        self.epsilon = epsilon

    def compute(self, x: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
        return _rms(x, gamma, self.epsilon)


@composite(functions="rms_norm")
def rms_norm(x: Tensor, gamma: Tensor, epsilon: float = 1e-6) -> tuple[Tensor, Tensor]:
    """``x / sqrt(mean(x^2) + epsilon) * gamma`` over the axes of ``gamma``, and the reciprocal root."""
    return _rms(x, gamma, epsilon)


# By channel, over the batch ------------------------------------------------------------------------------------------


def _moved(parameter: Tensor, value: Tensor, momentum: float) -> None:
    """Move a running statistic towards ``value``; the assignment takes place as `Assign` does."""
    if not isinstance(parameter, Parameter):
        raise ArgumentError(
            f"For 'BatchNorm', the statistics must be Parameters in training, but got {type(parameter).__name__}."
        )
    with_new = (1 - momentum) * parameter + momentum * fn.stop_gradient(_like(value, parameter))
    fn.assign(parameter, with_new)


def _batch(
    op: str,
    x: Tensor,
    scale: Any,
    shift: Any,
    mean: Tensor,
    variance: Tensor,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """The input normalised by channel, and the mean and variance that were taken."""
    wide = _wide(_input(op, x, 2))
    shape = (1, x.shape[1], *(1 for _ in x.shape[2:]))
    for name, value in (("scale", scale), ("bias", shift), ("mean", mean), ("variance", variance)):
        _beside(op, name, value, (x.shape[1],))
    if training:
        axes = (0, *range(2, x.ndim))
        average, spread = _moments(wide, axes)
        count = math.prod(x.shape) // x.shape[1]
        flat = (x.shape[1],)
        _moved(mean, fn.reshape(average, flat), momentum)
        # The running variance is the unbiased one; the normalisation uses the biased one.
        _moved(variance, fn.reshape(spread, flat) * (count / max(count - 1, 1)), momentum)
    else:
        average, spread = (fn.reshape(_like(one, wide), shape) for one in (mean, variance))
    result = _scaled(_normal(wide, average, spread, eps), scale, shift, shape)
    return _like(result, x), fn.reshape(average, (x.shape[1],)), fn.reshape(spread, (x.shape[1],))


class BatchNorm(Composite):
    """The input normalised by channel, scaled and shifted, by the given statistics or, in training, the batch's own.

    The other four results are the mean and the variance that were taken, twice; they pass no gradient. In training the
    Parameters ``mean`` and ``variance`` are moved towards them (towards the unbiased variance) by ``momentum``.
    """

    def __init__(
        self, is_training: bool = False, epsilon: float = 1e-5, momentum: float = 0.1, data_format: str = "NCHW"
    ) -> None:
        if not isinstance(is_training, bool):
            raise ArgumentError(
                f"For 'BatchNorm', the 'is_training' must be bool, but got {type(is_training).__name__}."
            )
        if data_format != "NCHW":
            raise ArgumentValueError(f"For 'BatchNorm', the 'data_format' must be 'NCHW', but got {data_format!r}.")
        self.is_training, self.epsilon, self.momentum, self.data_format = is_training, epsilon, momentum, data_format

    @composite()
    def normalised(
        self, input_x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Result, and the mean and variance that were taken, all of which pass a gradient."""
        return _batch("BatchNorm", input_x, scale, bias, mean, variance, self.is_training, self.momentum, self.epsilon)

    def compute(self, input_x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor) -> Any:
        result, *taken = self.normalised(input_x, scale, bias, mean, variance)
        constant = tuple(map(fn.stop_gradient, taken))
        return (result, *constant, *constant)


@composite(functions="batch_norm")
def batch_norm(
    input_x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    weight: Tensor,
    bias: Tensor,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """``input_x`` normalised by channel, scaled and shifted; in training by its own mean and variance."""
    return _batch("batch_norm", input_x, weight, bias, running_mean, running_var, training, momentum, eps)[0]


# By channel, for each member of the batch ------------------------------------------------------------------------------


@composite(functions="group_norm")
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """``input`` normalised over each of ``num_groups`` groups of channels, scaled and shifted by channel."""
    x = _wide(_input("group_norm", input, 2))
    if isinstance(num_groups, bool) or not isinstance(num_groups, int):
        raise ArgumentError(f"For 'group_norm', 'num_groups' must be int, but got {type(num_groups).__name__}.")
    if num_groups < 1 or x.shape[1] % num_groups:
        raise ArgumentValueError(
            f"For 'group_norm', the {x.shape[1]} channels must divide into num_groups, but got {num_groups}."
        )
    for name, value in (("weight", weight), ("bias", bias)):
        _beside("group_norm", name, value, (x.shape[1],))
    groups = fn.reshape(x, (x.shape[0], num_groups, -1))
    mean, variance = _moments(groups, (2,))
    result = fn.reshape(_normal(groups, mean, variance, eps), x.shape)
    return _like(_scaled(result, weight, bias, (1, x.shape[1], *(1 for _ in x.shape[2:]))), input)


class LRN(Composite):
    """Local response normalisation, ``x / (bias + alpha * sum of x^2 over the channels within depth_radius) ** beta``."""

    def __init__(
        self,
        depth_radius: int = 5,
        bias: float = 1.0,
        alpha: float = 1.0,
        beta: float = 0.5,
        norm_region: str = "ACROSS_CHANNELS",
    ) -> None:
        if isinstance(depth_radius, bool) or not isinstance(depth_radius, int):
            raise ArgumentError(f"For 'LRN', 'depth_radius' must be int, but got {type(depth_radius).__name__}.")
        if depth_radius < 0 or norm_region != "ACROSS_CHANNELS":
            raise ArgumentValueError(
                "For 'LRN', 'depth_radius' must not be negative and 'norm_region' be 'ACROSS_CHANNELS', "
                f"but got {depth_radius} and {norm_region!r}."
            )
        self.depth_radius, self.bias, self.alpha, self.beta = depth_radius, bias, alpha, beta
        self.norm_region = norm_region

    def compute(self, x: Tensor) -> Tensor:
        wide = _wide(_input("LRN", x, 2))
        place = np.arange(x.shape[1])
        near = abs(place[:, None] - place) <= self.depth_radius
        squares = fn.reshape(fn.square(wide), (x.shape[0], x.shape[1], -1))
        around = fn.reshape(fn.matmul(Tensor._wrap(near.astype(wide.numpy_dtype)), squares), x.shape)
        return _like(wide / (self.bias + self.alpha * around) ** self.beta, x)


@composite(functions="lrn")
def lrn(
    x: Tensor,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
    norm_region: str = "ACROSS_CHANNELS",
) -> Tensor:
    """Local response normalisation across channels."""
    return LRN(depth_radius, bias, alpha, beta, norm_region)(x)
