"""First values of parameters, by MindSpore's names, drawn from a generator of our own: numpy's global state is not touched.

Comes in: an initializer, its name or a number, and a shape. Goes out: a tensor of first values, the same after the same
`set_seed` in every run (MindSpore's own generator gives other numbers of the same distribution).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .dtype import DType, to_numpy
from .errors import ArgumentError, ArgumentValueError, choices, user_location
from .seeds import generator, uniform
from .seeds import get_seed as get_seed
from .seeds import seeded as seeded
from .seeds import set_seed as set_seed
from .tensor import Tensor, is_number


def _normal(mean: float, sigma: float, shape: tuple[int, ...]) -> np.ndarray:
    if sigma < 0:
        raise ArgumentValueError(f"For 'initializer', the sigma must not be negative, but got {sigma}.")
    return generator().normal(mean, sigma, shape)


def _truncated(mean: float, sigma: float, a: float, b: float, shape: tuple[int, ...]) -> np.ndarray:
    """Normal numbers, drawn again while they are not between ``a`` and ``b``; both count in sigmas from the mean."""
    if sigma < 0 or a >= b:
        raise ArgumentValueError(
            f"For 'TruncatedNormal', sigma must not be negative and a be less than b, but got {sigma}, {a} and {b}."
        )
    values = np.asarray(generator().normal(0, 1, shape))
    outside = (values < a) | (values > b)
    while outside.any():
        values[outside] = generator().normal(0, 1, int(outside.sum()))
        outside = (values < a) | (values > b)
    return mean + sigma * values


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many inputs and outputs a unit of a weight of ``shape`` has: (out, in, kernel...)."""
    if len(shape) < 2:
        raise ArgumentValueError(
            f"'fan_in' and 'fan_out' can not be computed for a tensor with fewer than 2 axes, but got {len(shape)}."
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


_GAINS: dict[str, float] = {
    **dict.fromkeys("linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d".split(), 1.0),
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
}


class Initializer:
    """Base of initializers; a subclass says in `values` what it draws for a shape."""

    known: ClassVar[dict[str, type[Initializer]]] = {}

    def __init_subclass__(cls, aliases: str = "", named: bool = True) -> None:
        super().__init_subclass__()
        if named:
            Initializer.known.update(dict.fromkeys([cls.__name__.lower(), *aliases.split()], cls))

    def __init__(self, **settings: Any) -> None:
        self._kwargs = settings

    def values(self, shape: tuple[int, ...]) -> Any:
        """First values for ``shape``, or one number for all of them."""
        raise ArgumentError(f"For '{type(self).__name__}', there are no values: use one of its subclasses.")

    def __call__(self, array: np.ndarray) -> None:
        """Fill ``array``."""
        array[...] = self.values(array.shape)

    def __repr__(self) -> str:
        # MindSpore's, but for the address, which differs from run to run.
        return f"<mindspore.common.initializer.{type(self).__name__} object>"


class Constant(Initializer, named=False):
    """``value`` everywhere."""

    def __init__(self, value: Any) -> None:
        super().__init__(value=value)
        self.value = value

    def values(self, shape: tuple[int, ...]) -> Any:
        return self.value


class Zero(Initializer, aliases="zeros"):
    """Zeros."""

    def values(self, shape: tuple[int, ...]) -> Any:
        return 0


class One(Initializer, aliases="ones"):
    """Ones."""

    def values(self, shape: tuple[int, ...]) -> Any:
        return 1


class Uniform(Initializer):
    """Even between ``-scale`` and ``scale``."""

    def __init__(self, scale: float = 0.07) -> None:
        super().__init__(scale=scale)
        self.scale = scale

    def values(self, shape: tuple[int, ...]) -> Any:
        return uniform(-self.scale, self.scale, shape)


class Normal(Initializer):
    """Normal with standard deviation ``sigma`` about ``mean``."""

    def __init__(self, sigma: float = 0.01, mean: float = 0.0) -> None:
        super().__init__(sigma=sigma, mean=mean)
        self.sigma, self.mean = sigma, mean

    def values(self, shape: tuple[int, ...]) -> Any:
        return _normal(self.mean, self.sigma, shape)


class TruncatedNormal(Initializer):
    """Normal, but no further than ``a`` and ``b`` standard deviations from the mean."""

    def __init__(self, sigma: float = 0.01, mean: float = 0.0, a: float = -2.0, b: float = 2.0) -> None:
        super().__init__(sigma=sigma, mean=mean, a=a, b=b)
        self.sigma, self.mean, self.a, self.b = sigma, mean, a, b

    def values(self, shape: tuple[int, ...]) -> Any:
        return _truncated(self.mean, self.sigma, self.a, self.b, shape)


class _He(Initializer, named=False):
    """Base of He's initializers: the deviation is ``gain / sqrt(fan)``."""

    def __init__(self, negative_slope: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> None:
        super().__init__(negative_slope=negative_slope, mode=mode, nonlinearity=nonlinearity)
        self.negative_slope, self.mode, self.nonlinearity = negative_slope, mode, nonlinearity

    def deviation(self, shape: tuple[int, ...]) -> float:
        """The standard deviation for a weight of ``shape``."""
        name, mode, known = type(self).__name__, self.mode.lower(), ["leaky_relu", *_GAINS]
        if mode not in ("fan_in", "fan_out"):
            raise ArgumentValueError(f"For '{name}', the mode must be 'fan_in' or 'fan_out', but got {self.mode!r}.")
        if self.nonlinearity not in known:
            raise ArgumentValueError(
                f"For '{name}', there is no nonlinearity {self.nonlinearity!r}. {choices(str(self.nonlinearity), known)}"
            )
        if isinstance(self.negative_slope, bool) or not isinstance(self.negative_slope, (int, float)):
            raise ArgumentValueError(f"For '{name}', negative_slope must be a number, but got {self.negative_slope!r}.")
        leaky = self.nonlinearity == "leaky_relu"
        gain = math.sqrt(2 / (1 + self.negative_slope**2)) if leaky else _GAINS[self.nonlinearity]
        return gain / math.sqrt(fans(shape)[mode == "fan_out"])


class HeUniform(_He, aliases="he_uniform"):
    """Even within ``gain * sqrt(3 / fan)``."""

    def values(self, shape: tuple[int, ...]) -> Any:
        bound = math.sqrt(3) * self.deviation(shape)
        return uniform(-bound, bound, shape)


class HeNormal(_He, aliases="he_normal"):
    """Normal with standard deviation ``gain / sqrt(fan)``."""

    def values(self, shape: tuple[int, ...]) -> Any:
        return _normal(0, self.deviation(shape), shape)


class XavierUniform(Initializer, aliases="xavier_uniform"):
    """Even within ``gain * sqrt(6 / (fan_in + fan_out))``."""

    def __init__(self, gain: float = 1) -> None:
        super().__init__(gain=gain)
        self.gain = gain

    def values(self, shape: tuple[int, ...]) -> Any:
        bound = self.gain * math.sqrt(6 / sum(fans(shape)))
        return uniform(-bound, bound, shape)


class XavierNormal(Initializer, aliases="xavier_normal"):
    """Normal with standard deviation ``gain * sqrt(2 / (fan_in + fan_out))``."""

    def __init__(self, gain: float = 1) -> None:
        super().__init__(gain=gain)
        self.gain = gain

    def values(self, shape: tuple[int, ...]) -> Any:
        return _normal(0, self.gain * math.sqrt(2 / sum(fans(shape))), shape)


class VarianceScaling(Initializer):
    """Variance ``scale / fan``, even (3 times as much at the bound) or normal."""

    def __init__(self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal") -> None:
        super().__init__(scale=scale, mode=mode, distribution=distribution)
        kinds = ("uniform", "truncated_normal", "untruncated_normal")
        if scale <= 0:
            raise ArgumentValueError(f"For 'VarianceScaling', the scale must be positive, but got {scale}.")
        if mode not in ("fan_in", "fan_out", "fan_avg") or distribution not in kinds:
            raise ArgumentValueError(
                "For 'VarianceScaling', the mode must be fan_in, fan_out or fan_avg and the distribution one of "
                f"{', '.join(kinds)}, but got {mode!r} and {distribution!r}."
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution

    def values(self, shape: tuple[int, ...]) -> Any:
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            return uniform(-math.sqrt(3 * variance), math.sqrt(3 * variance), shape)
        if self.distribution == "untruncated_normal":
            return _normal(0, math.sqrt(variance), shape)
        # The standard deviation of a unit normal cut at two deviations is 0.8796.
        return _truncated(0, math.sqrt(variance) / 0.87962566103423978, -2, 2, shape)


class Orthogonal(Initializer):
    """``gain`` times a matrix with orthonormal rows or columns."""

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__(gain=gain)
        self.gain = gain

    def values(self, shape: tuple[int, ...]) -> Any:
        fans(shape)
        rows, columns = shape[0], math.prod(shape[1:])
        drawn = _normal(0, 1, (max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(drawn)
        q = q * np.sign(np.diag(r))
        return self.gain * (q if rows >= columns else q.T).reshape(shape)


class Identity(Initializer):
    """The unit matrix."""

    def values(self, shape: tuple[int, ...]) -> Any:
        _rank("Identity", shape, (2,))
        return np.eye(shape[0], shape[1])


class Sparse(Initializer):
    """Normal, with a share ``sparsity`` of each column set to zero."""

    def __init__(self, sparsity: float, sigma: float = 0.01) -> None:
        super().__init__(sparsity=sparsity, sigma=sigma)
        self.sparsity, self.sigma = sparsity, sigma

    def values(self, shape: tuple[int, ...]) -> Any:
        _rank("Sparse", shape, (2,))
        drawn = _normal(0, self.sigma, shape)
        for column in range(shape[1]):
            drawn[generator().permutation(shape[0])[: math.ceil(self.sparsity * shape[0])], column] = 0
        return drawn


class Dirac(Initializer):
    """The kernel that hands each channel on as it is, in each of ``groups``."""

    def __init__(self, groups: int = 1) -> None:
        super().__init__(groups=groups)
        self.groups = groups

    def values(self, shape: tuple[int, ...]) -> Any:
        _rank("Dirac", shape, (3, 4, 5))
        if shape[0] % self.groups:
            raise ArgumentValueError(
                f"For 'Dirac', the first length must be a multiple of groups={self.groups}, but got {shape}."
            )
        each = shape[0] // self.groups
        found = np.zeros(shape)
        for group in range(self.groups):
            for channel in range(min(each, shape[1])):
                found[(group * each + channel, channel, *(length // 2 for length in shape[2:]))] = 1
        return found


def _rank(name: str, shape: tuple[int, ...], ranks: tuple[int, ...]) -> None:
    if len(shape) not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise ArgumentValueError(f"For '{name}', the shape must have {wanted} axes, but got {shape}.")


def initializer(init: Any, shape: Any = None, dtype: DType | None = None) -> Tensor:
    """A tensor of first values.

    Parameters
    ----------
    init : Tensor, str, Initializer or number
        The values themselves, or where they come from.
    shape : int or sequence of int
        Their shape; every length is positive.
    dtype : DType, optional
        Float32 by default.

    Raises
    ------
    ArgumentError
        For an ``init`` of another kind.
    ArgumentValueError
        For a shape that is none, or a name that no initializer bears.
    """
    if isinstance(init, Tensor):
        lengths = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
        if shape is not None and init.shape != lengths:
            raise ArgumentValueError(
                f"For 'initializer', the first values must have shape {lengths}, but got {init.shape}.", user_location()
            )
        return init
    found = _found(init)
    kind = np.dtype(np.float32) if dtype is None else to_numpy(dtype)
    lengths = _lengths(shape)
    return Tensor(np.broadcast_to(np.asarray(found.values(lengths)), lengths).astype(kind))


def _found(init: Any) -> Initializer:
    """The initializer that ``init`` stands for."""
    if isinstance(init, Initializer):
        return init
    if is_number(init) or isinstance(init, np.number):
        return Constant(init)
    if not isinstance(init, str):
        raise ArgumentError(
            "For 'initializer', the 'init' must be a Tensor, a number, a str or an Initializer, "
            f"but got {type(init).__name__}.",
            user_location(),
        )
    if init.lower() not in Initializer.known:
        raise ArgumentValueError(
            f"For 'initializer', there is none of the name '{init}'. {choices(init.lower(), list(Initializer.known))}",
            user_location(),
        )
    make: Callable[[], Initializer] = Initializer.known[init.lower()]
    return make()


def _lengths(shape: Any) -> tuple[int, ...]:
    lengths = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if any(isinstance(length, bool) or not isinstance(length, int) or length <= 0 for length in lengths):
        raise ArgumentValueError(
            f"For 'initializer', the shape must be positive ints, but got {shape!r}.", user_location()
        )
    return lengths


__all__ = [
    "Constant", "Dirac", "HeNormal", "HeUniform", "Identity", "Initializer", "Normal", "One", "Orthogonal", "Sparse",
    "TruncatedNormal", "Uniform", "VarianceScaling", "XavierNormal", "XavierUniform", "Zero", "initializer",
]  # fmt: skip
