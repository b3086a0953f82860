"""Layers that work element by element or along an axis: names, settings and defaults of MindSpore's."""

from __future__ import annotations

from typing import Any

from ..errors import MsgradError, choices, user_location
from ..primitives.dropping import leaky_by_chance
from ..registry import fn
from ..tensor import Parameter, Tensor
from . import checks
from .cell import Cell


class UnknownActivationError(MsgradError, KeyError):
    """A name that no activation bears; a KeyError, as MindSpore's."""


class ReLU(Cell):
    """Rectified linear unit; its derivative at 0 is 0."""

    def construct(self, x: Tensor) -> Tensor:
        """``max(x, 0)``."""
        return fn.relu(x)


class ReLU6(Cell):
    """ReLU cut at 6."""

    def construct(self, x: Tensor) -> Tensor:
        """``min(max(x, 0), 6)``."""
        return fn.relu6(x)


class LeakyReLU(Cell):
    """ReLU with the slope ``alpha`` below 0."""

    def __init__(self, alpha: float = 0.2) -> None:
        super().__init__()
        self.alpha = alpha

    def construct(self, x: Tensor) -> Tensor:
        """``x`` where it is positive, otherwise ``alpha * x``."""
        return fn.leaky_relu(x, self.alpha)


class RReLU(Cell):
    """Leaky ReLU whose slope below 0 is drawn for each element, between ``lower`` and ``upper``."""

    def __init__(self, lower: float = 0.125, upper: float = 0.3333333333333333) -> None:
        super().__init__()
        self.lower, self.upper = checks.number(self, "lower", lower), checks.number(self, "upper", upper)
        if lower > upper:
            checks.refuse_value(self, "upper", f"at least the lower, {lower}", upper)

    def construct(self, x: Tensor) -> Tensor:
        """``x`` where it is positive, otherwise ``x`` times the slope that was drawn."""
        return leaky_by_chance(x, self.lower, self.upper)


class ELU(Cell):
    """Exponential linear unit."""

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = alpha

    def construct(self, x: Tensor) -> Tensor:
        """``x`` where it is positive, otherwise ``alpha * (exp(x) - 1)``."""
        return fn.elu(x, self.alpha)


class SeLU(Cell):
    """Scaled exponential linear unit."""

    def construct(self, input_x: Tensor) -> Tensor:
        """The exponential linear unit with the scale and the alpha that keep mean 0 and variance 1."""
        return fn.selu(input_x)


class CELU(Cell):
    """Exponential linear unit whose derivative is continuous for every ``alpha``."""

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = alpha

    def construct(self, x: Tensor) -> Tensor:
        """``max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)``."""
        return fn.celu(x, self.alpha)


class GELU(Cell):
    """Gaussian error linear unit: by tanh, or by erf if not ``approximate``."""

    def __init__(self, approximate: bool = True) -> None:
        super().__init__()
        self.approximate = "tanh" if checks.boolean(self, "approximate", approximate) else "none"

    def construct(self, x: Tensor) -> Tensor:
        """``x`` times the normal distribution's share below it."""
        return fn.gelu(x, approximate=self.approximate)


class FastGelu(Cell):
    """Gaussian error linear unit by the logistic function."""

    def construct(self, x: Tensor) -> Tensor:
        """``x / (1 + exp(-1.702 * x))``."""
        return fn.fast_gelu(x)


class SiLU(Cell):
    """Sigmoid linear unit, also called swish."""

    def construct(self, x: Tensor) -> Tensor:
        """``x * sigmoid(x)``."""
        return fn.silu(x)


class Mish(Cell):
    """Smooth unit without a kink."""

    def construct(self, input_x: Tensor) -> Tensor:
        """``x * tanh(log(1 + exp(x)))``."""
        return fn.mish(input_x)


class Sigmoid(Cell):
    """Logistic function."""

    def construct(self, x: Tensor) -> Tensor:
        """``1 / (1 + exp(-x))``."""
        return fn.sigmoid(x)


class LogSigmoid(Cell):
    """Logarithm of the logistic function."""

    def construct(self, input_x: Tensor) -> Tensor:
        """``-log(1 + exp(-x))``."""
        return fn.logsigmoid(input_x)


class Softsign(Cell):
    """Softsign."""

    def construct(self, x: Tensor) -> Tensor:
        """``x / (1 + |x|)``."""
        return fn.softsign(x)


class _Axis(Cell):
    """Base of layers that work along one axis."""

    def __init__(self, axis: int = -1) -> None:
        super().__init__()
        self.axis = axis


class Softmax(_Axis):
    """Softmax along an axis."""

    def construct(self, x: Tensor) -> Tensor:
        """``exp(x) / sum(exp(x))``."""
        return fn.softmax(x, self.axis)


class Softmin(_Axis):
    """Softmax of the negative along an axis."""

    def construct(self, x: Tensor) -> Tensor:
        """``exp(-x) / sum(exp(-x))``."""
        return fn.softmin(x, self.axis)


class LogSoftmax(_Axis):
    """Logarithm of the softmax along an axis."""

    def construct(self, x: Tensor) -> Tensor:
        """``x - log(sum(exp(x)))``."""
        return fn.log_softmax(x, self.axis)


class Softmax2d(Cell):
    """Softmax over the channels of images."""

    def construct(self, x: Tensor) -> Tensor:
        """The softmax along axis -3 of 3 or 4."""
        checks.rank(self, x, 3, 4)
        return fn.softmax(x, -3)


class GLU(_Axis):
    """Gated linear unit."""

    def construct(self, x: Tensor) -> Tensor:
        """The first half along the axis, times the sigmoid of the second."""
        return fn.glu(x, self.axis)


class Tanh(Cell):
    """Hyperbolic tangent."""

    def construct(self, x: Tensor) -> Tensor:
        """``tanh(x)``."""
        return fn.tanh(x)


class Tanhshrink(Cell):
    """What tanh takes away."""

    def construct(self, x: Tensor) -> Tensor:
        """``x - tanh(x)``."""
        return fn.tanhshrink(x)


class Hardtanh(Cell):
    """The input, kept between two bounds."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        super().__init__()
        self.min_val, self.max_val = min_val, max_val
        if min_val >= max_val:
            checks.refuse_value(self, "min_val", f"less than max_val, {max_val}", min_val)

    def construct(self, x: Tensor) -> Tensor:
        """``min(max(x, min_val), max_val)``."""
        return fn.hardtanh(x, self.min_val, self.max_val)


class HSwish(Cell):
    """Swish made of straight lines and a parabola."""

    def construct(self, input: Tensor) -> Tensor:
        """``x * min(max(x + 3, 0), 6) / 6``."""
        return fn.hardswish(input)


class HSigmoid(Cell):
    """Sigmoid made of straight lines."""

    def construct(self, input: Tensor) -> Tensor:
        """``min(max(x + 3, 0), 6) / 6``."""
        return fn.hardsigmoid(input)


class HShrink(Cell):
    """The input, but 0 within ``lambd`` of 0."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = checks.number(self, "lambd", lambd)

    def construct(self, input: Tensor) -> Tensor:
        """``x`` where ``|x| > lambd``, otherwise 0."""
        return fn.hardshrink(input, self.lambd)


class SoftShrink(Cell):
    """The input, drawn towards 0 by ``lambd``."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = checks.number(self, "lambd", lambd)

    def construct(self, input: Tensor) -> Tensor:
        """``x - lambd`` above ``lambd``, ``x + lambd`` below ``-lambd``, otherwise 0."""
        return fn.softshrink(input, self.lambd)


class Threshold(Cell):
    """The input where it is above ``threshold``, otherwise ``value``."""

    def __init__(self, threshold: float, value: float) -> None:
        super().__init__()
        self.threshold, self.value = threshold, value

    def construct(self, input_x: Tensor) -> Tensor:
        """``x`` if ``x > threshold`` else ``value``."""
        return fn.threshold(input_x, self.threshold, self.value)


class PReLU(Cell):
    """ReLU whose slopes below 0 are learned, one for each channel.

    Parameters
    ----------
    channel : int
        How many channels there are: the length of axis 1 of the input, or 1 for one slope in all.
    w : float, list of float or Tensor
        First values of the slopes; the parameter is called ``a``.
    """

    def __init__(self, channel: int = 1, w: Any = 0.25) -> None:
        super().__init__()
        checks.whole(self, "channel", channel)
        if isinstance(w, float):
            w = [w] * checks.whole(self, "channel", channel)
        if isinstance(w, list):
            if len(w) != channel or not all(isinstance(one, float) for one in w):
                checks.refuse_value(self, "w", f"{channel} floats", w)
            w = Tensor(w)
        if not isinstance(w, Tensor):
            checks.refuse_kind(self, "w", "a float, a list or a Tensor", w)
        if w.shape != (channel,):
            checks.refuse_value(self, "w", f"a Tensor of shape ({channel},)", w.shape)
        self.w = Parameter(w, name="a")

    def construct(self, x: Tensor) -> Tensor:
        """``x`` where it is positive, otherwise ``w * x``."""
        return fn.prelu(x, fn.cast(self.w, x.dtype))


class LRN(Cell):
    """Local response normalisation across neighbouring channels."""

    def __init__(
        self,
        depth_radius: int = 5,
        bias: float = 1.0,
        alpha: float = 1.0,
        beta: float = 0.5,
        norm_region: str = "ACROSS_CHANNELS",
    ) -> None:
        super().__init__()
        self.depth_radius, self.bias, self.alpha, self.beta = depth_radius, bias, alpha, beta
        self.norm_region = checks.one_of(self, "norm_region", norm_region, ["ACROSS_CHANNELS"])

    def construct(self, input_x: Tensor) -> Tensor:
        """``x`` over a power of the sum of squares of the channels near it."""
        return fn.lrn(input_x, self.depth_radius, self.bias, self.alpha, self.beta, self.norm_region)


_NAMED: dict[str, type[Cell]] = {
    "softmin": Softmin, "softmax": Softmax, "softmax2d": Softmax2d, "logsoftmax": LogSoftmax, "relu": ReLU,
    "relu6": ReLU6, "rrelu": RReLU, "silu": SiLU, "tanh": Tanh, "tanhshrink": Tanhshrink, "hardtanh": Hardtanh,
    "gelu": GELU, "fast_gelu": FastGelu, "elu": ELU, "sigmoid": Sigmoid, "softsign": Softsign, "prelu": PReLU,
    "leakyrelu": LeakyReLU, "hswish": HSwish, "hsigmoid": HSigmoid, "logsigmoid": LogSigmoid,
    "softshrink": SoftShrink, "hshrink": HShrink, "threshold": Threshold, "mish": Mish,
}  # fmt: skip


def get_activation(name: str | None, prim_name: str | None = None) -> Cell | None:
    """The layer of an activation called ``name``, such as ``"relu"``; None for None.

    Raises
    ------
    UnknownActivationError
        A KeyError, if there is none of that name.
    """
    if name is None:
        return None
    if name not in _NAMED:
        layer = prim_name or "get_activation"
        raise UnknownActivationError(
            f"For '{layer}', there is no activation {name!r}. {choices(str(name), list(_NAMED))}", user_location()
        )
    return _NAMED[name]()
