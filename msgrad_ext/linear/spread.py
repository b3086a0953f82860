"""Two ops of matrices that are made by structure: arrays put along diagonals, and an op that is applied row by row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import EngineError
from ..ir import Shape
from ..op import Op, evaluate

Piece = tuple[int, Shape, Shape]


class Spread(Op, abstract=True):
    """Zeros of ``shape``, with each operand added where its piece says: an offset, lengths and steps in elements."""

    def __init__(self, shape: Shape, pieces: Sequence[Piece], fresh: Sequence[bool], dtype: np.dtype) -> None:
        self.shape, self.pieces, self.fresh, self.dtype = tuple(shape), tuple(pieces), tuple(fresh), dtype

    def numpy(self, *operands: Any) -> Any:
        """The array; numbers that are not float64 or float32 go the same way."""
        kind = next((one.dtype for one in operands if one.dtype == object), self.dtype)
        if self.pieces[0] == (0, self.shape, strides(self.shape)):
            out = np.array(operands[0], kind)
            return self._filled(out, operands, 1)
        return self._filled(np.zeros(self.shape, kind), operands, 0)

    def _filled(self, out: np.ndarray, operands: Sequence[Any], start: int) -> np.ndarray:
        flat, width = out.reshape(-1), out.itemsize
        for (offset, lengths, steps), fresh, operand in zip(self.pieces[start:], self.fresh[start:], operands[start:]):
            if len(lengths) == 1 and steps[0] > 0:
                view = flat[offset : offset + steps[0] * (lengths[0] - 1) + 1 : steps[0]]
            else:
                view = np.ndarray(lengths, out.dtype, out, offset * width, tuple(step * width for step in steps))
            if fresh:
                view[...] = operand
            else:
                view += operand
        return out

    def vjp(self, ct: Any, out: Any, *operands: Any) -> Any:
        """No derivative is taken of it: matrices are made of graphs that are differentiated already."""
        raise EngineError("A matrix that is made by structure is not differentiated again.")

    def out_shape(self, *shapes: Sequence[Any]) -> tuple[Any, ...]:
        return self.shape

    def out_dtype(self, *dtypes: np.dtype) -> np.dtype:
        return self.dtype

    @property
    def label(self) -> str:
        places = ", ".join(f"{offset}:{list(lengths)}:{list(steps)}" for offset, lengths, steps in self.pieces)
        return f"Spread[{places}]"


class Rows(Op, abstract=True):
    """An op for which there is no rule, applied to each row of those operands that are ``stacked``."""

    def __init__(self, op: Op, stacked: Sequence[bool], out_shape: Shape, dtype: np.dtype) -> None:
        self.op, self.stacked, self.row_shape, self.dtype = op, tuple(stacked), tuple(out_shape), dtype

    @property
    def key(self) -> tuple[Any, ...]:
        return (type(self), self.op.key, type(self.op).numpy, self.stacked, self.row_shape, self.dtype)

    def numpy(self, *operands: Any) -> Any:
        """The rows, one after the other."""
        count = next(len(one) for one, stacked in zip(operands, self.stacked) if stacked)
        rows = (
            [one[number] if stacked else one for one, stacked in zip(operands, self.stacked)] for number in range(count)
        )
        return np.stack([evaluate(self.op, [np.asarray(one) for one in row], self.dtype) for row in rows])

    def vjp(self, ct: Any, out: Any, *operands: Any) -> Any:
        """No derivative is taken of it: matrices are made of graphs that are differentiated already."""
        raise EngineError("A matrix that is made by structure is not differentiated again.")

    def out_shape(self, *shapes: Sequence[Any]) -> tuple[Any, ...]:
        return (next(shape[0] for shape, stacked in zip(shapes, self.stacked) if stacked), *self.row_shape)

    def out_dtype(self, *dtypes: np.dtype) -> np.dtype:
        return self.dtype

    @property
    def label(self) -> str:
        return f"Rows[{self.op.label}]"


def strides(shape: Shape) -> tuple[int, ...]:
    """How many elements lie between neighbours along each axis, in row-major order."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
