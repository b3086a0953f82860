"""Diagonals and triangles of matrices: taken, put and replaced."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentValueError, ShapeError
from ..lazy import sym
from ..op import Composite, Op, apply
from ..registry import composite, fn
from ..tensor import Tensor
from .arguments import integer, one_axis, tensor
from .array import Reshape


def corner(offset: int) -> tuple[int, int]:
    """The row and the column in which diagonal ``offset`` begins; positive ones lie above the main diagonal."""
    return max(-offset, 0), max(offset, 0)


class Diagonal(Op, view=True):
    """The diagonal of the last two axes: ``out[i] = a[i, i + offset]``."""

    certain = True

    def __init__(self, offset: int = 0) -> None:
        self.offset = offset

    def numpy(self, a):
        return np.diagonal(a, self.offset, -2, -1)

    def vjp(self, ct, out, a):
        return apply(DiagonalGrad(self.offset, a.shape[-2:]), (ct,))

    def out_shape(self, shape):
        row, column = corner(self.offset)
        return (*shape[:-2], shorter(shape[-2], row, shape[-1], column))

    def meaning(self, a):
        row, column = corner(self.offset)
        return lambda *i: a[(*i[:-1], i[-1] + row, i[-1] + column)]


def shorter(rows: Any, row: int, columns: Any, column: int) -> Any:
    """How many places a diagonal has that begins at ``row`` and ``column``."""
    if not row and not column and rows == columns:
        return rows
    size = [getattr(length, "size", length) for length in (rows, columns)]
    return max(min(size[0] - row, size[1] - column), 0)


class DiagonalGrad(Op):
    """The transpose of `Diagonal`: the operand's last axis along a diagonal of zeros."""

    certain = True

    def __init__(self, offset: int, shape: tuple[int, int]) -> None:
        self.offset, self.shape = offset, tuple(shape)

    def numpy(self, a):
        out = np.zeros((*a.shape[:-1], *self.shape), a.dtype)
        at = np.arange(a.shape[-1])
        out[..., at + max(-self.offset, 0), at + max(self.offset, 0)] = a
        return out

    def vjp(self, ct, out, a):
        return apply(Diagonal(self.offset), (ct,))

    def out_shape(self, shape):
        length = shorter(self.shape[0], corner(self.offset)[0], self.shape[1], corner(self.offset)[1])
        if getattr(shape[-1], "size", shape[-1]) != length:
            raise ShapeError(f"For 'DiagonalGrad', the last axis must have length {length}, but got {tuple(shape)}.")
        return (*shape[:-1], *((shape[-1],) * 2 if self.shape == (length, length) else self.shape))

    def meaning(self, a):
        row, column = corner(self.offset)

        def element(*p):
            return a[(*p[:-2], p[-2] - row)] * sym.equal_places([p[-2] - row], [p[-1] - column])

        return element


def embedded(x: Tensor, offset: int) -> Tensor:
    """Square matrices with the last axis of ``x`` along diagonal ``offset``."""
    size = x.shape[-1] + abs(offset)
    return apply(DiagonalGrad(offset, (size, size)), (x,))


@composite(functions="diagonal", methods="diagonal")
def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1, **named: Any) -> Tensor:
    """The diagonal of two axes of ``input``, as the last axis."""
    x = tensor("diagonal", "input", input)
    if x.ndim < 2:
        raise ShapeError(f"For 'diagonal', the input must have at least 2 axes, but got shape {x.shape}.")
    axes = (named.get("axis1", dim1), named.get("axis2", dim2))
    first, second = (one_axis("diagonal", axis, x.ndim) for axis in axes)
    if first == second:
        raise ArgumentValueError(f"For 'diagonal', the two axes must differ, but got {axes}.")
    moved = (
        fn.movedim(x, (first, second), (x.ndim - 2, x.ndim - 1)) if (first, second) != (x.ndim - 2, x.ndim - 1) else x
    )
    return apply(Diagonal(integer("diagonal", "offset", offset)), (moved,))


@composite(functions="diag_embed", methods="diag_embed")
def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices in the axes ``dim1`` and ``dim2`` with the last axis of ``input`` along a diagonal."""
    x = tensor("diag_embed", "input", input)
    if not x.ndim:
        raise ShapeError("For 'diag_embed', the input must have at least one axis, but got shape ().")
    first, second = (one_axis("diag_embed", axis, x.ndim + 1) for axis in (dim1, dim2))
    if first == second:
        raise ArgumentValueError(f"For 'diag_embed', the two axes must differ, but got {(dim1, dim2)}.")
    found = embedded(x, integer("diag_embed", "offset", offset))
    places = (found.ndim - 2, found.ndim - 1)
    return found if (first, second) == places else fn.movedim(found, places, (first, second))


@composite(functions="diagflat", methods="diagflat")
def diagflat(input: Any, offset: int = 0) -> Tensor:
    """A matrix with all elements of ``input`` along a diagonal."""
    return embedded(Reshape()(tensor("diagflat", "input", input), (-1,)), integer("diagflat", "offset", offset))


class Diag(Composite, functions="diag", methods="diag"):
    """A tensor of twice as many axes with the operand on its diagonal: ``out[i, j, i, j] = a[i, j]``."""

    def compute(self, input: Any) -> Tensor:
        """The diagonal tensor."""
        x = tensor("Diag", "input", input)
        if not x.ndim:
            raise ShapeError("For 'Diag', the input must have at least one axis, but got shape ().")
        return Reshape()(embedded(Reshape()(x, (-1,)), 0), x.shape * 2)


class DiagPart(Composite):
    """The diagonal of a tensor whose axes come twice: ``out[i, j] = a[i, j, i, j]``."""

    def compute(self, input_x: Any) -> Tensor:
        """The diagonal."""
        x = tensor("DiagPart", "input_x", input_x)
        half = x.ndim // 2
        if not x.ndim or x.ndim % 2 or x.shape[:half] != x.shape[half:]:
            raise ShapeError(f"For 'DiagPart', the axes must come twice, but got shape {x.shape}.")
        size = int(np.prod(x.shape[:half], dtype=int))
        return Reshape()(apply(Diagonal(0), (Reshape()(x, (size, size)),)), x.shape[:half])


def _replaced(x: Tensor, values: Tensor, offset: int) -> Tensor:
    """Matrices ``x`` with diagonal ``offset`` replaced."""
    shape = (x.shape[-2], x.shape[-1])
    mask = np.eye(*shape, k=offset, dtype=bool)
    put = apply(DiagonalGrad(offset, shape), (fn.broadcast_to(values, (*x.shape[:-2], values.shape[-1])),))
    return fn.select(Tensor(mask), put, x)


@composite(functions="diagonal_scatter", methods="diagonal_scatter")
def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """``input`` with the diagonal of two axes replaced by ``src``."""
    x, values = tensor("diagonal_scatter", "input", input), tensor("diagonal_scatter", "src", src)
    places = tuple(one_axis("diagonal_scatter", axis, x.ndim) for axis in (dim1, dim2))
    last = (x.ndim - 2, x.ndim - 1)
    found = _replaced(fn.movedim(x, places, last), values, integer("diagonal_scatter", "offset", offset))
    return fn.movedim(found, last, places)


def _offset(op: str, k: Any) -> int:
    value = k.tolist() if isinstance(k, Tensor) else k
    while isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    if isinstance(value, (list, tuple)):
        if len(set(value)) > 1:
            raise ArgumentValueError(
                f"For '{op}', a band of diagonals is not supported: k must be one int, but got {k}."
            )
        value = value[0]
    return integer(op, "k", value)


@composite(functions="matrix_diag")
def matrix_diag(
    x: Any, k: Any = 0, num_rows: Any = -1, num_cols: Any = -1, padding_value: Any = 0, align: str = "RIGHT_LEFT"
) -> Tensor:
    """Matrices with the last axis of ``x`` along diagonal ``k``, ``padding_value`` elsewhere."""
    given, offset = tensor("matrix_diag", "x", x), _offset("matrix_diag", k)
    row, column = corner(offset)
    rows, columns = (_offset("matrix_diag", one) for one in (num_rows, num_cols))
    least = (given.shape[-1] + row, given.shape[-1] + column)
    shape = (least[0] if rows < 0 else rows, least[1] if columns < 0 else columns)
    found = apply(DiagonalGrad(offset, shape), (given,))
    if not isinstance(padding_value, Tensor) and padding_value == 0:
        return found
    return fn.masked_fill(found, Tensor(~np.eye(*shape, k=offset, dtype=bool)), padding_value)


@composite(functions="matrix_diag_part")
def matrix_diag_part(x: Any, k: Any = 0, padding_value: Any = 0, align: str = "RIGHT_LEFT") -> Tensor:
    """Diagonal ``k`` of matrices."""
    return apply(Diagonal(_offset("matrix_diag_part", k)), (tensor("matrix_diag_part", "x", x),))


@composite(functions="matrix_set_diag")
def matrix_set_diag(x: Any, diagonal: Any, k: Any = 0, align: str = "RIGHT_LEFT") -> Tensor:
    """Matrices with diagonal ``k`` replaced."""
    given, values = tensor("matrix_set_diag", "x", x), tensor("matrix_set_diag", "diagonal", diagonal)
    return _replaced(given, values, _offset("matrix_set_diag", k))


class MatrixDiagV3(Composite):
    """Matrices with the last axis of the operand along a diagonal."""

    def __init__(self, align: str = "RIGHT_LEFT") -> None:
        self.align = align

    def compute(self, x: Any, k: Any, num_rows: Any, num_cols: Any, padding_value: Any) -> Tensor:
        """The matrices."""
        return matrix_diag(x, k, num_rows, num_cols, padding_value)


class MatrixDiagPartV3(Composite):
    """A diagonal of matrices."""

    def __init__(self, align: str = "RIGHT_LEFT") -> None:
        self.align = align

    def compute(self, x: Any, k: Any, padding_value: Any) -> Tensor:
        """The diagonal."""
        return matrix_diag_part(x, k, padding_value)


def triangle(op: str, x: Any, diagonal: Any, lower: bool) -> Tensor:
    """Matrices with zeros above (or below) diagonal ``diagonal``."""
    given = tensor(op, "input", x)
    if given.ndim < 2:
        raise ShapeError(f"For '{op}', the input must have at least 2 axes, but got shape {given.shape}.")
    ones = np.ones(given.shape[-2:], bool)
    offset = integer(op, "diagonal", diagonal)
    # A selection, not a product: an infinity in the other triangle leaves no NaN.
    return fn.select(Tensor(np.tril(ones, offset) if lower else np.triu(ones, offset)), given, fn.zeros_like(given))


class Tril(Composite):
    """The lower triangle of matrices, zeros elsewhere."""

    def __init__(self, diagonal: int = 0) -> None:
        self.diagonal = integer("Tril", "diagonal", diagonal)

    def compute(self, x: Any) -> Tensor:
        """The triangle."""
        return triangle("Tril", x, self.diagonal, True)


class Triu(Composite):
    """The upper triangle of matrices, zeros elsewhere."""

    def __init__(self, diagonal: int = 0) -> None:
        self.diagonal = integer("Triu", "diagonal", diagonal)

    def compute(self, x: Any) -> Tensor:
        """The triangle."""
        return triangle("Triu", x, self.diagonal, False)


@composite(functions="tril", methods="tril")
def tril(input: Any, diagonal: int = 0) -> Tensor:
    """The lower triangle of matrices, up to ``diagonal``; zeros elsewhere."""
    return triangle("tril", input, diagonal, True)


@composite(functions="triu", methods="triu")
def triu(input: Any, diagonal: int = 0) -> Tensor:
    """The upper triangle of matrices, from ``diagonal``; zeros elsewhere."""
    return triangle("triu", input, diagonal, False)


class FillDiagonal(Composite):
    """The operand with one value on its main diagonal."""

    def __init__(self, fill_value: float, wrap: bool = False) -> None:
        self.fill_value, self.wrap = fill_value, wrap

    def compute(self, input_x: Any) -> Tensor:
        """The filled tensor."""
        x = tensor("FillDiagonal", "input_x", input_x)
        if x.ndim < 2 or (x.ndim > 2 and len(set(x.shape)) > 1):
            raise ShapeError(f"For 'FillDiagonal', the axes must be 2, or of one length, but got shape {x.shape}.")
        mask = np.zeros(x.shape, bool)
        np.fill_diagonal(mask, True, wrap=self.wrap)
        return fn.masked_fill(x, Tensor(mask), self.fill_value)


@composite(methods="fill_diagonal")
def fill_diagonal(input: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
    """``input`` with one value on its main diagonal."""
    return FillDiagonal(fill_value, wrap)(input)


__all__ = ["corner", "embedded", "triangle"]
