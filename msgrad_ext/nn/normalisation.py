"""Layers that normalise to mean 0 and variance 1, with learned scale and shift."""

from __future__ import annotations

from typing import Any

from ..initializer import initializer
from ..primitives.sizes import complement
from ..registry import COMPOSITES, fn
from ..tensor import Parameter, Tensor
from . import checks
from .cell import Cell


class LayerNorm(Cell):
    """Normalisation of each member over its last axes.

    Parameters
    ----------
    normalized_shape : tuple or list of int
        The shape of ``gamma`` and ``beta``: that of the input from ``begin_params_axis`` on.
    begin_norm_axis, begin_params_axis : int
        The first axis to normalise over, and the first that ``gamma`` and ``beta`` have.
    gamma_init, beta_init : Tensor, str, Initializer or number
        First values.
    epsilon : float
        Added to the variance.
    """

    def __init__(
        self,
        normalized_shape: Any,
        begin_norm_axis: int = -1,
        begin_params_axis: int = -1,
        gamma_init: Any = "ones",
        beta_init: Any = "zeros",
        epsilon: float = 1e-7,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if not isinstance(normalized_shape, (tuple, list)):
            checks.refuse_kind(self, "normalized_shape", "a tuple or list of ints", normalized_shape)
        if not normalized_shape:
            checks.refuse_value(self, "normalized_shape", "one length at least", normalized_shape)
        self.normalized_shape = normalized_shape
        self.begin_norm_axis, self.begin_params_axis, self.epsilon = begin_norm_axis, begin_params_axis, epsilon
        self.gamma = Parameter(initializer(gamma_init, normalized_shape, dtype), name="gamma")
        self.beta = Parameter(initializer(beta_init, normalized_shape, dtype), name="beta")
        self.layer_norm = COMPOSITES["LayerNorm"](begin_norm_axis, begin_params_axis, epsilon)

    def construct(self, input_x: Tensor) -> Tensor:
        """``(x - mean) / sqrt(variance + epsilon) * gamma + beta``."""
        gamma, beta = (fn.cast(one, input_x.dtype) for one in (self.gamma, self.beta))
        return self.layer_norm.normalised(input_x, gamma, beta)[0]

    def extend_repr(self) -> str:
        # No sign stands behind gamma in MindSpore's text.
        return (
            f"normalized_shape={self.normalized_shape}, begin_norm_axis={self.begin_norm_axis}, "
            f"begin_params_axis={self.begin_params_axis}, gamma{self.gamma}, beta={self.beta}"
        )


class _Statistics(Cell):
    """Base of layers that hold running statistics by channel: parameters ``moving_mean`` and ``moving_variance``, which
    no gradient changes, ``gamma`` and ``beta``."""

    ranks: tuple[int, ...] = ()

    def _hold(self, num_features: Any, momentum: Any, affine: bool, inits: tuple[Any, ...], dtype: Any) -> None:
        if isinstance(num_features, bool) or not isinstance(num_features, int):
            checks.refuse_kind(self, "num_features", "int", num_features)
        if num_features < 1:
            checks.refuse_value(self, "num_features", "at least 1", num_features)
        checks.within(self, "momentum", checks.number(self, "momentum", momentum), 0, 1)
        self.num_features = num_features
        names = ("mean", "variance", "gamma", "beta")
        for attribute, name, init in zip(("moving_mean", "moving_variance", "gamma", "beta"), names, inits):
            learned = affine and attribute == name
            setattr(
                self, attribute, Parameter(initializer(init, num_features, dtype), name=name, requires_grad=learned)
            )

    def extend_repr(self) -> str:
        return (
            f"num_features={self.num_features}, eps={self.eps}, momentum={self.shown_momentum}, gamma={self.gamma}, "
            f"beta={self.beta}, moving_mean={self.moving_mean}, moving_variance={self.moving_variance}"
        )


class _BatchNorm(_Statistics):
    """Base of batch normalisation."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.9,
        affine: bool = True,
        gamma_init: Any = "ones",
        beta_init: Any = "zeros",
        moving_mean_init: Any = "zeros",
        moving_var_init: Any = "ones",
        use_batch_statistics: bool | None = None,
        data_format: str = "NCHW",
        dtype: Any = None,
    ) -> None:
        super().__init__()
        inits = (moving_mean_init, moving_var_init, gamma_init, beta_init)
        self._hold(num_features, momentum, affine, inits, dtype)
        if use_batch_statistics is not None and not isinstance(use_batch_statistics, bool):
            checks.refuse_value(self, "use_batch_statistics", "a bool or None", use_batch_statistics)
        checks.one_of(self, "data_format", data_format, ["NCHW"])
        self.use_batch_statistics, self.eps = use_batch_statistics, eps
        # MindSpore keeps what the new values weigh, and prints it taken from 1 again, with its rounding.
        self.momentum = complement(momentum)
        self.bn_train = COMPOSITES["BatchNorm"](is_training=True, epsilon=eps, momentum=self.momentum)
        self.bn_infer = COMPOSITES["BatchNorm"](is_training=False, epsilon=eps)

    @property
    def shown_momentum(self) -> float:
        """What the old values weigh, as MindSpore prints it."""
        return complement(self.momentum)

    def construct(self, x: Tensor) -> Tensor:
        """``(x - mean) / sqrt(variance + eps) * gamma + beta`` by channel; in training by the batch's own statistics."""
        checks.rank(self, x, *self.ranks)
        own = self.training if self.use_batch_statistics is None else self.use_batch_statistics
        normalise = self.bn_train if own else self.bn_infer
        return normalise.normalised(x, self.gamma, self.beta, self.moving_mean, self.moving_variance)[0]


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of (batch, channel) or (batch, channel, length).

    Parameters
    ----------
    num_features : int
        How many channels there are.
    eps : float
        Added to the variance.
    momentum : float
        What the old running statistics weigh when new ones come: ``moving = momentum * moving + (1 - momentum) * new``.
    affine : bool
        Whether ``gamma`` and ``beta`` are trained.
    use_batch_statistics : bool, optional
        Normalise by the batch's own statistics, or by the running ones; by default the first in training.
    """

    ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of images, (batch, channel, height, width); see `BatchNorm1d`."""

    ranks = (4,)


class BatchNorm3d(Cell):
    """Batch normalisation of volumes, (batch, channel, depth, height, width), by `BatchNorm2d`."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.9,
        affine: bool = True,
        gamma_init: Any = "ones",
        beta_init: Any = "zeros",
        moving_mean_init: Any = "zeros",
        moving_var_init: Any = "ones",
        use_batch_statistics: bool | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        inits = (gamma_init, beta_init, moving_mean_init, moving_var_init)
        self.bn2d = BatchNorm2d(num_features, eps, momentum, affine, *inits, use_batch_statistics, dtype=dtype)

    def construct(self, x: Tensor) -> Tensor:
        """``x`` normalised by channel."""
        checks.rank(self, x, 5)
        flat = fn.reshape(x, (*x.shape[:2], -1, x.shape[4]))
        return fn.reshape(self.bn2d(flat), x.shape)


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation over several devices; there is one device here, so it is `BatchNorm2d` of rank 2 or 4."""

    ranks = (2, 4)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.9,
        affine: bool = True,
        gamma_init: Any = "ones",
        beta_init: Any = "zeros",
        moving_mean_init: Any = "zeros",
        moving_var_init: Any = "ones",
        use_batch_statistics: bool | None = None,
        process_groups: Any = None,
        dtype: Any = None,
    ) -> None:
        inits = (gamma_init, beta_init, moving_mean_init, moving_var_init)
        super().__init__(num_features, eps, momentum, affine, *inits, use_batch_statistics, dtype=dtype)
        self.process_groups = process_groups


class _InstanceNorm(_Statistics):
    """Base of instance normalisation. The running statistics are held, as MindSpore does, and neither used nor changed."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        gamma_init: Any = "ones",
        beta_init: Any = "zeros",
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._hold(num_features, momentum, checks.boolean(self, "affine", affine), _first(gamma_init, beta_init), dtype)
        self.eps, self.momentum = checks.real(self, "eps", eps), checks.real(self, "momentum", momentum)

    @property
    def shown_momentum(self) -> float:
        """What the new values weigh."""
        return self.momentum

    def construct(self, x: Tensor) -> Tensor:
        """``(x - mean) / sqrt(variance + eps) * gamma + beta`` by member and channel."""
        checks.rank(self, x, *self.ranks)
        return fn.group_norm(x, self.num_features, self.gamma, self.beta, self.eps)


def _first(gamma_init: Any, beta_init: Any) -> tuple[Any, ...]:
    return ("zeros", "ones", gamma_init, beta_init)


class InstanceNorm1d(_InstanceNorm):
    """Normalisation of each channel of each member, of shape (batch, channel, length)."""

    ranks = (3,)


class InstanceNorm2d(_InstanceNorm):
    """Normalisation of each channel of each image."""

    ranks = (4,)


class InstanceNorm3d(_InstanceNorm):
    """Normalisation of each channel of each volume."""

    ranks = (5,)


class GroupNorm(Cell):
    """Normalisation of each member over groups of its channels, with scale and shift by channel."""

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        gamma_init: Any = "ones",
        beta_init: Any = "zeros",
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_groups = checks.whole(self, "num_groups", num_groups)
        self.num_channels = checks.whole(self, "num_channels", num_channels)
        if num_channels % num_groups:
            checks.refuse_value(self, "num_channels", f"a multiple of num_groups, {num_groups}", num_channels)
        self.eps, self.affine = checks.real(self, "eps", eps), checks.boolean(self, "affine", affine)
        self.gamma = Parameter(initializer(gamma_init, num_channels, dtype), name="gamma", requires_grad=affine)
        self.beta = Parameter(initializer(beta_init, num_channels, dtype), name="beta", requires_grad=affine)

    def construct(self, x: Tensor) -> Tensor:
        """``(x - mean) / sqrt(variance + eps) * gamma + beta`` by member and group."""
        return fn.group_norm(x, self.num_groups, self.gamma, self.beta, self.eps)

    def extend_repr(self) -> str:
        return f"num_groups={self.num_groups}, num_channels={self.num_channels}"


__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d",
    "LayerNorm", "SyncBatchNorm",
]  # fmt: skip
