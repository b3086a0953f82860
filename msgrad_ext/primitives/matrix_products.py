"""Products of vectors, matrices and tensors by MindSpore's names, composed of matrix products and Einstein sums."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ArgumentError, ArgumentValueError, DtypeError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor
from .arguments import integer, one_axis, one_of, tensor
from .einsum import LETTERS, Einsum
from .linalg import MatMul, matmul


def ranked(op: str, rank: int, **operands: Any) -> None:
    """Refuse operands that are not tensors of ``rank`` axes."""
    for name, value in operands.items():
        if tensor(op, name, value).ndim != rank:
            raise ShapeError(f"For '{op}', the rank of '{name}' must be {rank}, but got shape {value.shape}.")


@composite(functions="mm", methods="mm")
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """Matrix product of two matrices."""
    return MatMul()(input, mat2)


@composite(functions="bmm", methods="bmm")
def bmm(input_x: Tensor, mat2: Tensor) -> Tensor:
    """Matrix products of two stacks of matrices of equal length."""
    if tensor("bmm", "input_x", input_x).shape[:-2] != tensor("bmm", "mat2", mat2).shape[:-2]:
        raise ShapeError(f"For 'bmm', the stacks must be equal, but got {input_x.shape} and {mat2.shape}.")
    if input_x.ndim < 2 or mat2.ndim < 2:
        raise ShapeError(f"For 'bmm', the operands must be matrices, but got {input_x.shape} and {mat2.shape}.")
    return matmul(input_x, mat2)


@composite(functions="mv", methods="mv")
def mv(mat: Tensor, vec: Tensor) -> Tensor:
    """Product of a matrix and a vector."""
    ranked("mv", 2, mat=mat)
    ranked("mv", 1, vec=vec)
    return matmul(mat, vec)


@composite(functions="dot", methods="dot")
def dot(input: Tensor, other: Tensor) -> Tensor:
    """Sum of products over the last axis of ``input`` and the last but one of ``other``."""
    if tensor("dot", "input", input).ndim < 2 or tensor("dot", "other", other).ndim < 2:
        raise ShapeError(f"For 'dot', the ranks must be 2 at least, but got {input.shape} and {other.shape}.")
    return contracted("dot", input, other, (input.ndim - 1,), (other.ndim - 2,))


@composite(functions="inner", methods="inner")
def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sum of products over the last axes; a plain product if one is a scalar."""
    if not tensor("inner", "input", input).ndim or not tensor("inner", "other", other).ndim:
        return fn.mul(input, other)
    return contracted("inner", input, other, (input.ndim - 1,), (other.ndim - 1,))


@composite(functions="outer", methods="outer")
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Products of each element of ``input`` with each of ``vec2``."""
    tensor("outer", "vec2", vec2)
    column = fn.expand_dims(input, 1) if tensor("outer", "input", input).ndim == 1 else fn.reshape(input, (-1, 1))
    return fn.mul(column, vec2)


class Ger(Composite, functions="ger", methods="ger"):
    """Outer product of two vectors."""

    def compute(self, input: Tensor, vec2: Tensor) -> Tensor:
        ranked("Ger", 1, input=input, vec2=vec2)
        return fn.mul(fn.expand_dims(input, 1), fn.expand_dims(vec2, 0))


def contracted(op: str, a: Tensor, b: Tensor, left: tuple[int, ...], right: tuple[int, ...], batch: int = 0) -> Tensor:
    """Sum of products over the axes ``left`` of ``a`` and ``right`` of ``b``; the first ``batch`` axes go together."""
    if [a.shape[axis] for axis in left] != [b.shape[axis] for axis in right]:
        raise ShapeError(
            f"For '{op}', the axes {left} of shape {a.shape} must be as long as the axes {right} of {b.shape}."
        )
    letters = iter(LETTERS)
    mine = [next(letters) for _ in a.shape]
    shared = dict(zip([*range(batch), *right], [*mine[:batch], *(mine[axis] for axis in left)]))
    other = [shared[axis] if axis in shared else next(letters) for axis in range(b.ndim)]
    out = [x for axis, x in enumerate(mine) if axis not in left]
    out += [x for axis, x in enumerate(other) if axis not in shared]
    return Einsum(f"{''.join(mine)},{''.join(other)}->{''.join(out)}")(a, b)


@composite(functions="tensor_dot")
def tensor_dot(x1: Tensor, x2: Tensor, axes: Any) -> Tensor:
    """Sum of products over axes: an int counts the last of ``x1`` and the first of ``x2``, a pair names them."""
    a, b = tensor("tensor_dot", "x1", x1), tensor("tensor_dot", "x2", x2)
    if isinstance(axes, bool) or not isinstance(axes, (int, tuple, list)):
        raise ArgumentError(f"For 'tensor_dot', the 'axes' must be an int, tuple or list, but got {axes!r}.")
    if isinstance(axes, int):
        if not 0 <= axes <= min(a.ndim, b.ndim):
            raise ArgumentValueError(
                f"For 'tensor_dot', the 'axes' must be in [0, {min(a.ndim, b.ndim)}], but got {axes}."
            )
        return contracted("tensor_dot", a, b, tuple(range(a.ndim - axes, a.ndim)), tuple(range(axes)))
    pairs = [one if isinstance(one, (tuple, list)) else (one,) for one in axes]
    if len(pairs) != 2 or len(pairs[0]) != len(pairs[1]):
        raise ArgumentValueError(
            f"For 'tensor_dot', the 'axes' must be two ints or two tuples of one length, but got {axes!r}."
        )
    left, right = (
        tuple(one_axis("tensor_dot", axis, x.ndim, "axes") for axis in pair) for pair, x in zip(pairs, (a, b))
    )
    return contracted("tensor_dot", a, b, left, right)


@composite(functions="batch_dot")
def batch_dot(x1: Tensor, x2: Tensor, axes: Any = None) -> Tensor:
    """Sum of products over one axis of each, for each member of a batch; by default of the last and the last but one."""
    a, b = tensor("batch_dot", "x1", x1), tensor("batch_dot", "x2", x2)
    if a.ndim < 2 or b.ndim < 2 or a.shape[0] != b.shape[0]:
        raise ShapeError(f"For 'batch_dot', the operands must share a batch axis, but got {a.shape} and {b.shape}.")
    if axes is None:
        axes = (a.ndim - 1, max(b.ndim - 2, 1))
    pair = (axes, axes) if isinstance(axes, int) else axes
    if not isinstance(pair, (tuple, list)):
        raise ArgumentError(f"For 'batch_dot', the 'axes' must be an int, tuple or list, but got {axes!r}.")
    if len(pair) != 2:
        raise ArgumentValueError(f"For 'batch_dot', the 'axes' must be two ints, but got {axes!r}.")
    left, right = (one_axis("batch_dot", axis, x.ndim, "axes") for axis, x in zip(pair, (a, b)))
    if 0 in (left, right):
        raise ArgumentValueError("For 'batch_dot', the batch axis 0 can not be summed over.")
    result = contracted("batch_dot", a, b, (left,), (right,), 1)
    return fn.expand_dims(result, 1) if result.ndim == 1 else result


@composite(functions="vecdot")
def vecdot(x: Tensor, y: Tensor, *, axis: int = -1) -> Tensor:
    """Sum of products along ``axis``."""
    return fn.reduce_sum(fn.mul(tensor("vecdot", "x", x), tensor("vecdot", "y", y)), integer("vecdot", "axis", axis))


@composite(functions="kron")
def kron(input: Tensor, other: Tensor) -> Tensor:
    """Kronecker product: each element of ``input`` times the whole of ``other``, in blocks."""
    a, b = tensor("kron", "input", input), tensor("kron", "other", other)
    rank = max(a.ndim, b.ndim)
    mine, theirs = ((1,) * (rank - x.ndim) + x.shape for x in (a, b))
    wide = fn.reshape(a, tuple(n for length in mine for n in (length, 1)))
    fine = fn.reshape(b, tuple(n for length in theirs for n in (1, length)))
    return fn.reshape(fn.mul(wide, fine), tuple(m * n for m, n in zip(mine, theirs)))


class Cross(Composite):
    """Cross product of vectors of length 3 along ``dim``; by default the first axis of that length."""

    def __init__(self, dim: int = -65530) -> None:
        self.dim = integer("Cross", "dim", dim)

    def compute(self, input: Tensor, other: Tensor) -> Tensor:
        a, b = fn.broadcast_tensors(tensor("Cross", "input", input), tensor("Cross", "other", other))
        if self.dim == -65530 and 3 not in a.shape:
            raise ShapeError(f"For 'Cross', an axis must have length 3, but got {input.shape} and {other.shape}.")
        axis = a.shape.index(3) if self.dim == -65530 else one_axis("Cross", self.dim, a.ndim, "dim")
        if a.shape[axis] != 3:
            raise ShapeError(f"For 'Cross', axis {axis} must have length 3, but got {input.shape} and {other.shape}.")
        (a1, b1), (a2, b2) = ([fn.roll(x, -shift, axis) for x in (a, b)] for shift in (1, 2))
        return fn.sub(fn.mul(a1, b2), fn.mul(a2, b1))


@composite(functions="cross", methods="cross")
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """Cross product of vectors of length 3 along ``dim``; by default along the first axis of that length."""
    return Cross(-65530 if dim is None else dim)(input, other)


class Trace(Composite, functions="trace", methods="trace"):
    """Sum of a matrix's diagonal."""

    def compute(self, input: Tensor) -> Tensor:
        ranked("Trace", 2, input=input)
        return fn.reduce_sum(fn.diagonal(input))


class BiasAdd(Composite):
    """A bias for each channel added: along axis 1, or along the last for ``NHWC``."""

    def __init__(self, data_format: str = "NCHW") -> None:
        self.data_format = one_of("BiasAdd", "data_format", data_format, ("NCHW", "NHWC", "NCDHW"))

    def compute(self, input_x: Tensor, bias: Tensor) -> Tensor:
        ranked("BiasAdd", 1, bias=bias)
        if not 2 <= tensor("BiasAdd", "input_x", input_x).ndim <= 5:
            raise ShapeError(f"For 'BiasAdd', the rank of 'input_x' must be in [2, 5], but got shape {input_x.shape}.")
        if input_x.numpy_dtype != bias.numpy_dtype:
            raise DtypeError(f"For 'BiasAdd', the dtypes must be equal, but got {input_x.dtype} and {bias.dtype}.")
        axis = input_x.ndim - 1 if self.data_format == "NHWC" else 1
        if bias.shape[0] != input_x.shape[axis]:
            raise ShapeError(
                f"For 'BiasAdd', the bias must be as long as axis {axis}, but got {bias.shape} and {input_x.shape}."
            )
        return fn.add(input_x, fn.reshape(bias, (-1,) + (1,) * (input_x.ndim - 1 - axis)))


@composite(functions="bias_add")
def bias_add(input_x: Tensor, bias: Tensor) -> Tensor:
    """A bias for each channel, axis 1, added."""
    return BiasAdd()(input_x, bias)


def mixed(op: str, input: Any, product: Tensor, beta: Any, alpha: Any) -> Tensor:
    """``beta * input + alpha * product``."""
    for name, factor in (("beta", beta), ("alpha", alpha)):
        if not isinstance(factor, (int, float, Tensor)):
            raise ArgumentError(f"For '{op}', the '{name}' must be a number, but got {type(factor).__name__}.")
    first = input if isinstance(beta, (int, float)) and beta == 1 else fn.mul(input, beta)
    second = product if isinstance(alpha, (int, float)) and alpha == 1 else fn.mul(product, alpha)
    return fn.add(tensor(op, "input", first), second)


@composite(functions="addmm", methods="addmm")
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * mat1 @ mat2`` for matrices."""
    ranked("addmm", 2, mat1=mat1, mat2=mat2)
    return mixed("addmm", input, MatMul()(mat1, mat2), beta, alpha)


@composite(functions="addmv", methods="addmv")
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * mat @ vec`` for a matrix and a vector."""
    return mixed("addmv", input, mv(mat, vec), beta, alpha)


@composite(functions="addbmm", methods="addbmm")
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * sum(batch1 @ batch2)``, the sum over the stack."""
    ranked("addbmm", 3, batch1=batch1, batch2=batch2)
    return mixed("addbmm", input, fn.reduce_sum(bmm(batch1, batch2), 0), beta, alpha)


@composite(functions="baddbmm", methods="baddbmm")
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * batch1 @ batch2`` for stacks of matrices."""
    ranked("baddbmm", 3, batch1=batch1, batch2=batch2)
    return mixed("baddbmm", input, bmm(batch1, batch2), beta, alpha)


@composite(functions="addr", methods="addr")
def addr(x: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * x + alpha * outer(vec1, vec2)``."""
    return mixed("addr", x, Ger()(vec1, vec2), beta, alpha)


def power(a: Tensor, n: int) -> Tensor:
    """``a`` to the power ``n``, at least 1, by repeated squaring."""
    if n == 1:
        return a
    half = power(a, n // 2)
    square = matmul(half, half)
    return matmul(square, a) if n % 2 else square


@composite(functions="matrix_power", methods="matrix_power")
def matrix_power(input: Tensor, n: int) -> Tensor:
    """A square matrix, or a stack of them, to a whole power; a negative one is a power of the inverse."""
    a, times = tensor("matrix_power", "input", input), integer("matrix_power", "n", n)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"For 'matrix_power', the matrices must be square, but got shape {a.shape}.")
    if times == 0:
        one = fn.eye(a.shape[-1], a.shape[-1], a.dtype)
        return fn.broadcast_to(one, a.shape) if math.prod(a.shape[:-2]) != 1 else fn.reshape(one, a.shape)
    return power(fn.inverse(a) if times < 0 else a, abs(times))


class MatrixPower(Composite):
    """A stack of square matrices to a whole power."""

    def __init__(self, n: int) -> None:
        self.n = integer("MatrixPower", "n", n)

    def compute(self, input: Tensor) -> Tensor:
        return matrix_power(input, self.n)
