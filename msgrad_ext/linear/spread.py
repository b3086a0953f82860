"""Two ops of matrices that are made by structure: arrays put along diagonals, and an op that is applied row by row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import EngineError
from ..ir import Shape
from ..op import Op
from ..voice import evaluate

Piece = tuple[int, Shape, Shape]


class Spread(Op, abstract=True):
    """Zeros of ``shape``, with each operand added where its piece says: an offset, lengths and steps in elements."""

    def __init__(self, shape: Shape, pieces: Sequence[Piece], fresh: Sequence[bool], dtype: np.dtype) -> None:
        self.shape, self.pieces, self.fresh, self.dtype = tuple(shape), tuple(pieces), tuple(fresh), dtype

    def numpy(self, *operands: Any) -> Any:
        """The array; numbers that are not float64 or float32 go the same way."""
        kind = next((one.dtype for one in operands if one.dtype == object), self.dtype)
        whole = self._whole()
        out = np.array(operands[0], kind) if whole else np.zeros(self.shape, kind)
        flat = out.reshape(-1)
        for (offset, lengths, steps), fresh, operand in list(zip(self.pieces, self.fresh, operands))[whole:]:
            if not lengths or (len(lengths) == 1 and steps[0] > 0):
                view = flat[_slice(offset, lengths, steps)]
            else:
                distances = tuple(step * out.itemsize for step in steps)
                view = np.lib.stride_tricks.as_strided(flat[offset:], lengths, distances)
            if fresh:
                view[...] = operand
            else:
                view += operand
        return out

    def _whole(self) -> bool:
        """True if the first operand covers the array."""
        return self.pieces[0] == (0, self.shape, strides(self.shape))

    def written(self, name: str) -> str:
        """The voice as the source of a function for these pieces."""
        kind, width, whole = self.dtype.name, self.dtype.itemsize, self._whole()
        operands = [f"a{number}" for number in range(len(self.pieces))]
        made = f"np.array({operands[0]})" if whole else f"np.zeros({self.shape}, np.{kind})"
        lines = [f"def {name}({', '.join(operands)}):", f"    out = {made}", "    flat = out.reshape(-1)"]
        for (offset, lengths, steps), fresh, operand in list(zip(self.pieces, self.fresh, operands))[whole:]:
            if not lengths or (len(lengths) == 1 and steps[0] > 0):
                part = _slice(offset, lengths, steps)
                inner = f"{part.start}:{part.stop}" + (f":{part.step}" if part.step != 1 else "")
                lines.append(f"    flat[{inner}] {'=' if fresh else '+='} {operand}")
                continue
            at = f"{offset * width}, {tuple(step * width for step in steps)}"
            lines.append(f"    view = np.ndarray({tuple(lengths)}, np.{kind}, out, {at})")
            lines.append(f"    view[...] = {operand}" if fresh else f"    view += {operand}")
        return "\n".join([*lines, "    return out"])

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


def _slice(offset: int, lengths: Shape, steps: Shape) -> slice:
    """A piece along one axis, or of one element, as a slice of the array laid flat."""
    length, step = (lengths[0], steps[0]) if lengths else (1, 1)
    return slice(offset, offset + step * (length - 1) + 1, step)


def strides(shape: Shape) -> tuple[int, ...]:
    """How many elements lie between neighbours along each axis, in row-major order."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
