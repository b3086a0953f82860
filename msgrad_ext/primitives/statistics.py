"""Logarithms of sums of exponentials, variances, norms and distances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..contract import normal_axes
from ..dtype import is_float, to_numpy
from ..errors import ArgumentError, ArgumentValueError, DtypeError, NotSupportedError
from ..lazy import sym
from ..op import Composite
from ..registry import FUNCTIONS, composite, fn
from ..tensor import Tensor
from .reduction import ReduceMax, ReduceMin, ReduceSum, _Reduction, flag, operand
from .sorting import with_index


class ReduceLogSumExp(_Reduction):
    """Logarithm of the sum of exponentials over axes."""

    certain = True

    def out_dtype(self, kind):
        if kind.kind not in "fO":
            raise DtypeError(f"For 'ReduceLogSumExp', the operand must be a float tensor, but got {kind}.")
        return kind

    def numpy(self, a):
        high = np.max(a, axis=self.axis, keepdims=True, initial=-np.inf)
        # An infinite maximum would make inf - inf of itself.
        shift = np.where(np.abs(high) == np.inf, 0, high).astype(a.dtype)
        out = np.log(np.sum(np.exp(a - shift), axis=self.axis, keepdims=True)) + shift
        return out if self.keep_dims else np.squeeze(out, self.axis)

    def vjp(self, ct, out, a):
        if self.count(a) == 0:
            return fn.zeros_like(a)
        # Not exp(a - out): the rounding of a large result would be a relative error here.
        part = fn.exp(a - fn.stop_gradient(fn.reduce_max(a, self.axis, True)))
        return self.kept(ct, a) * (part / fn.reduce_sum(part, self.axis, True))

    def meaning(self, a):
        total = sym.reduction(a, self.axis, self.keep_dims, lambda n, f: sym.totals(n, lambda *k: sym.exp(f(*k))))
        return lambda *i: sym.log(total(*i))


class PNorm(_Reduction):
    """``p``-norm over axes, ``(sum |a|**p) ** (1/p)``, without overflow on the way.

    Notes
    -----
    The derivative at a vector of zeros is 0, that of the norm of MindSpore's ``LpNorm``.
    """

    smooth = False

    def __init__(self, p=2, keep_dims=False):
        super().__init__(keep_dims)
        self.p = p

    def out_dtype(self, kind):
        if kind.kind not in "fO":
            raise DtypeError(f"For 'PNorm', the operand must be a float tensor, but got {kind}.")
        return kind

    def numpy(self, a):
        size = np.abs(a)
        high = np.max(size, axis=self.axis, keepdims=True, initial=0)
        scale = np.where((high == 0) | (high == np.inf), 1, high).astype(a.dtype)
        total = np.sum((size / scale) ** self.p, axis=self.axis, keepdims=True)
        # A root of fifty digits: exp(log / p) where the exponent 1 / p would be a float.
        root = np.sqrt(total) if self.p == 2 else np.where(total == 0, 0, np.exp(np.log(total) / self.p))
        out = (root * scale).astype(a.dtype)
        return out if self.keep_dims else np.squeeze(out, self.axis)

    def vjp(self, ct, out, a):
        size = self.kept(out, a)
        safe = fn.select(size == 0, fn.ones_like(size), size)
        if self.p == 2:
            return self.kept(ct, a) * (a / safe)
        # |a| ** (p - 1) with the sign of a, in terms whose powers stay finite.
        ratio = fn.abs(a) / safe
        positive = fn.select(ratio == 0, fn.ones_like(ratio), ratio)
        share = fn.select(ratio == 0, fn.zeros_like(ratio), positive ** (self.p - 1))
        return self.kept(ct, a) * (fn.sign(a) * share)

    def meaning(self, a):
        above, below = self.p.as_integer_ratio()
        p = sym.number(above) / sym.number(below)
        total = sym.reduction(
            a, self.axis, self.keep_dims, lambda n, f: sym.totals(n, lambda *k: sym.power(sym.abs(f(*k)), p))
        )
        return lambda *i: sym.power(total(*i), 1 / p)


@composite(functions="logsumexp")
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """Logarithm of the sum of exponentials over ``dim``."""
    return ReduceLogSumExp(flag("logsumexp", "keepdim", keepdim))(input, dim)


@composite(methods="logsumexp")
def tensor_logsumexp(
    x: Tensor, axis: Any = None, keepdims: bool = False, *, dim: Any = None, keepdim: bool = False
) -> Tensor:
    """Logarithm of the sum of exponentials over ``axis``."""
    return ReduceLogSumExp(keepdims or keepdim)(x, dim if axis is None else axis)


# Variances ------------------------------------------------------------------------------------------------------------


def wide(name: str, x: Any, ints: bool = True) -> tuple[Tensor, Any]:
    """``x`` in the dtype to compute in, and the dtype of the result: float16 is computed in float32, ints become it."""
    x = operand(name, x)
    kind = x.numpy_dtype
    if not is_float(kind):
        if not ints or kind.kind == "c":
            raise DtypeError(f"For '{name}', the operand must be a float tensor, but got {x.dtype}.")
        return fn.cast(x, np.float32), np.dtype(np.float32)
    return (fn.cast(x, np.float32) if kind == np.float16 else x), kind


def moments(name: str, x: Any, axis: Any, ddof: Any, keep: Any, ints: bool = False) -> tuple[Tensor, Tensor]:
    """Variance with ``n - ddof`` in the denominator, and mean."""
    if not isinstance(ddof, int):
        raise ArgumentError(f"For '{name}', the type of 'ddof' should be int or bool, but got {type(ddof).__name__}.")
    keep = flag(name, "keepdims", keep)
    given, kind = wide(name, x, ints)
    axes = normal_axes(name, axis, given.ndim)
    centre = fn.reduce_mean(given, axes, True) if given.ndim else given
    count = int(np.prod([given.shape[place] for place in axes], dtype=np.int64))
    square = fn.reduce_sum(fn.square(given - centre), axes if given.ndim else (), keep)
    mean = centre if keep else fn.reshape(centre, square.shape)
    return fn.cast(square / (count - ddof), kind), fn.cast(mean, kind)


@composite(functions="var")
def var(input: Tensor, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """Variance over ``axis``, with ``n - ddof`` in the denominator."""
    return moments("var", input, axis, ddof, keepdims)[0]


@composite(functions="std")
def std(input: Tensor, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """Standard deviation over ``axis``, with ``n - ddof`` in the denominator; its derivative is NaN where it is 0."""
    return fn.sqrt(moments("std", input, axis, ddof, keepdims)[0])


@composite(functions="var_mean")
def var_mean(input: Tensor, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """Variance and mean over ``axis``."""
    return moments("var_mean", input, axis, ddof, keepdims)


@composite(functions="std_mean")
def std_mean(input: Tensor, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean over ``axis``."""
    variance, mean = moments("std_mean", input, axis, ddof, keepdims)
    return fn.sqrt(variance), mean


def _spread(name: str, x: Tensor, args: tuple[Any, ...], given: dict[str, Any]) -> Tensor:
    """``x.var`` in its forms: ``(axis, ddof, keepdims)``, or ``(dim, *, correction, unbiased, keepdim)``."""
    names = ("axis", "ddof", "keepdims")
    known = {**dict(zip(names, args))}
    new = {"dim": "axis", "correction": "ddof", "unbiased": "ddof", "keepdim": "keepdims"}
    for key, value in given.items():
        plain = new.get(key, key)
        if plain not in names or plain in known or len(args) > len(names):
            raise ArgumentError(f"For '{name}', the arguments are {', '.join((*names, *new))}, but got {key!r}.")
        known[plain] = value
    by_default = 1 if "dim" in given or "keepdim" in given else 0
    settings = known.get("axis"), known.get("ddof", by_default), known.get("keepdims", False)
    return moments(name, x, *settings, ints=True)[0]


@composite(methods="var")
def tensor_var(x: Tensor, *args: Any, **given: Any) -> Tensor:
    """Variance over ``axis``, with ``n - ddof`` in the denominator."""
    return _spread("var", x, args, given)


@composite(methods="std")
def tensor_std(x: Tensor, *args: Any, **given: Any) -> Tensor:
    """Standard deviation over ``axis``, with ``n - ddof`` in the denominator."""
    return fn.sqrt(_spread("std", x, args, given))


class ReduceStd(Composite):
    """Standard deviation and mean over ``axis``; ``n - 1`` in the denominator if ``unbiased``."""

    def __init__(self, axis=(), unbiased=True, keep_dims=False):
        if isinstance(axis, bool) or not (hasattr(axis, "__index__") or isinstance(axis, (tuple, list))):
            raise ArgumentError(f"For 'ReduceStd', the 'axis' must be ints, but got {type(axis).__name__}.")
        self.axis = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
        self.unbiased, self.keep_dims = unbiased, keep_dims

    def compute(self, x: Tensor) -> tuple[Tensor, Tensor]:
        variance, mean = moments("ReduceStd", x, self.axis, int(self.unbiased), bool(self.keep_dims))
        return fn.sqrt(variance), mean


@composite(functions="cov", methods="cov")
def cov(input: Tensor, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Tensor:
    """Covariance of the rows, with ``n - correction`` in the denominator."""
    if fweights is not None or aweights is not None:
        raise NotSupportedError("For 'cov', weights are not supported; use ops.matmul of the centred rows.")
    x, kind = wide("cov", input)
    rows = fn.reshape(x, (1, -1)) if x.ndim < 2 else x
    centred = rows - fn.reduce_mean(rows, (1,), True)
    result = fn.matmul(centred, fn.transpose(centred, (1, 0))) / (rows.shape[1] - correction)
    return fn.cast(result if x.ndim == 2 else fn.reshape(result, ()), kind)


# Norms ----------------------------------------------------------------------------------------------------------------


def number(name: str, p: Any) -> float | int:
    """``p``, which must be a number; a whole one as an int."""
    if isinstance(p, bool) or not isinstance(p, (int, float)):
        raise ArgumentError(f"For '{name}', the order must be a number, but got {p!r}.")
    return int(p) if math.isfinite(p) and p == int(p) else p


def vector_norm_of(name: str, x: Tensor, p: Any, axes: tuple[int, ...], keep: bool) -> Tensor:
    """The ``p``-norm of ``x`` over ``axes``."""
    p = number(name, p)
    if p == 0:
        return ReduceSum(keep)(fn.cast(x != 0, x.numpy_dtype), axes)
    if p == 1:
        return ReduceSum(keep)(fn.abs(x), axes)
    if p == 2:
        return fn.sqrt(ReduceSum(keep)(fn.square(x), axes))
    if math.isinf(p):
        if len(axes) == 1:
            return with_index(name, fn.abs(x), axes[0], keep, p > 0)[0]
        return (ReduceMax if p > 0 else ReduceMin)(keep)(fn.abs(x), axes)
    return PNorm(p, keep)(x, axes)


def _matrix_norm(name: str, x: Tensor, order: Any, axes: tuple[int, ...], keep: bool) -> Tensor:
    """A norm of the matrices that lie in two axes."""
    if order in (None, "fro"):
        return vector_norm_of(name, x, 2, axes, keep)
    first, second = axes
    if not isinstance(order, str) and abs(number(name, order)) in (1, math.inf):
        inner, outer = (first, second) if abs(order) == 1 else (second, first)
        sums = ReduceSum(True)(fn.abs(x), (inner,))
        found = with_index(name, sums, outer, True, order > 0)[0]
        return found if keep else fn.squeeze(found, (first, second))
    if (order == "nuc" or order in (2, -2)) and "svd" in FUNCTIONS:
        rest = tuple(place for place in range(x.ndim) if place not in axes)
        values = FUNCTIONS["svd"](fn.transpose(x, (*rest, *axes)), compute_uv=False)
        found = fn.reduce_sum(values, (-1,)) if order == "nuc" else with_index(name, values, -1, False, order > 0)[0]
        return fn.reshape(found, tuple(1 if at in axes else n for at, n in enumerate(x.shape))) if keep else found
    if order == "nuc" or order in (2, -2):
        raise NotSupportedError(
            f"For '{name}', the order {order!r} of a matrix needs its singular values, which are not supported; "
            "the Frobenius norm is 'fro'."
        )
    raise ArgumentValueError(
        f"For '{name}', the order of a matrix norm must be one of 1, -1, 2, -2, inf, -inf, 'fro', 'nuc', but got {order!r}."
    )


@composite(functions="norm", methods="norm")
def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Norm of a vector or matrix, or of those along one or two axes ``dim``; of all elements by default.

    Its derivative is NaN where the 2-norm is 0.
    """
    keep = flag("norm", "keepdim", keepdim)
    x, kind = wide("norm", A if dtype is None else fn.cast(A, to_numpy(dtype)))
    axes = _axes("norm", dim, x.ndim)
    if dim is None and ord is None:
        return fn.cast(vector_norm_of("norm", x, 2, axes, keep), kind)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ArgumentError(f"For 'norm', the order of a vector can not be str, but got {ord!r}.")
        return fn.cast(vector_norm_of("norm", x, 2 if ord is None else ord, axes, keep), kind)
    if len(axes) == 2:
        return fn.cast(_matrix_norm("norm", x, ord, axes, keep), kind)
    raise ArgumentValueError(f"For 'norm', the norm with an order is over one or two axes, but got {len(axes)}.")


def _axes(name: str, dim: Any, ndim: int) -> tuple[int, ...]:
    """The axes of a norm, in the order given."""
    normal = normal_axes(name, dim, ndim)
    if not isinstance(dim, (tuple, list)) or not dim:
        return normal
    return tuple(place % ndim for place in dim)


@composite(functions="vector_norm")
def vector_norm(x: Tensor, ord: Any = 2, axis: Any = None, keepdims: bool = False, *, dtype: Any = None) -> Tensor:
    """``ord``-norm over ``axis``; over all elements by default."""
    given, kind = wide("vector_norm", x if dtype is None else fn.cast(x, to_numpy(dtype)))
    axes = normal_axes("vector_norm", axis, given.ndim)
    return fn.cast(vector_norm_of("vector_norm", given, ord, axes, flag("vector_norm", "keepdims", keepdims)), kind)


@composite(functions="matrix_norm")
def matrix_norm(
    A: Tensor, ord: Any = "fro", axis: Any = (-2, -1), keepdims: bool = False, *, dtype: Any = None
) -> Tensor:
    """Norm of the matrices that lie in the two axes ``axis``."""
    given, kind = wide("matrix_norm", A if dtype is None else fn.cast(A, to_numpy(dtype)))
    return fn.cast(_matrix_norm("matrix_norm", given, ord, _axes("matrix_norm", axis, given.ndim), keepdims), kind)


class LpNorm(Composite):
    """``p``-norm over ``axis``; its derivative at zeros is 0."""

    def __init__(self, axis, p=2, keep_dims=False, epsilon=1e-12):
        self.axis, self.p, self.keep_dims, self.epsilon = axis, p, flag("LpNorm", "keep_dims", keep_dims), epsilon

    def compute(self, x: Tensor) -> Tensor:
        given, kind = wide("LpNorm", x, ints=False)
        axes, p = normal_axes("LpNorm", self.axis, given.ndim), number("LpNorm", self.p)
        if p >= 2 and math.isfinite(p):
            return fn.cast(PNorm(p, self.keep_dims)(given, axes), kind)
        found = vector_norm_of("LpNorm", given, p, axes, self.keep_dims)
        return fn.cast(found, kind)
