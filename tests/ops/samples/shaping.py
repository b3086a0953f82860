"""Samples of what shapes, joins, cuts, pads and repeats."""

from __future__ import annotations

import numpy as np

from msgrad_ext import Tensor, ops
from msgrad_ext.op import apply
from msgrad_ext.primitives.diagonal import Diagonal, DiagonalGrad

from .base import Sample, spaced

_PADS = ((0, 0), (0, 0))


def _joined(*parts: Tensor) -> Tensor:
    """Different powers of the parts, so that none stands for another."""
    return ops.concat([ops.reshape(part ** (power + 2), (-1,)) for power, part in enumerate(parts)])


def _images() -> list[Sample]:
    image, deep, batch = spaced(1, 1, 4, 4), spaced(1, 4, 2, 2), spaced(4, 1, 2, 2)
    return [
        Sample("SpaceToDepth", lambda a: ops.SpaceToDepth(2)(a * a) ** 2, (image,), "blocks"),
        Sample("DepthToSpace", lambda a: ops.DepthToSpace(2)(a * a) ** 2, (deep,), "blocks"),
        Sample("SpaceToBatch", lambda a: ops.SpaceToBatch(2, _PADS)(a * a) ** 2, (image,), "blocks"),
        Sample("BatchToSpace", lambda a: ops.BatchToSpace(2, _PADS)(a * a) ** 2, (batch,), "blocks"),
        Sample("SpaceToBatchND", lambda a: ops.SpaceToBatchND([2, 2], _PADS)(a * a) ** 2, (image,), "blocks"),
        Sample("BatchToSpaceND", lambda a: ops.BatchToSpaceND([2, 2], _PADS)(a * a) ** 2, (batch,), "blocks"),
    ]


def _diagonals(a: np.ndarray, square: np.ndarray) -> list[Sample]:
    one = Tensor(np.array(1))
    every = Tensor(np.array(-1))
    zero = Tensor(np.array(0.0))
    return [
        Sample("Diagonal", lambda a: apply(Diagonal(1), (a * a,)) ** 2, (square,), "above"),
        Sample("Diagonal", lambda a: ops.diagonal(a, -1) ** 2, (a,), "below"),
        Sample("DiagonalGrad", lambda a: apply(DiagonalGrad(-1, (4, 3)), (a * a,)) ** 2, (spaced(2, 3),), "below"),
        Sample("Diag", lambda a: ops.Diag()(a * a) ** 2, (spaced(3),), "vector"),
        Sample("DiagPart", lambda a: ops.DiagPart()(a * a) ** 2, (square,), "matrix"),
        Sample("MatrixDiagV3", lambda a: ops.MatrixDiagV3()(a, one, every, every, zero) ** 2, (a,), "above"),
        Sample("MatrixDiagPartV3", lambda a: ops.MatrixDiagPartV3()(a, one, zero) ** 2, (a,), "above"),
        Sample("Tril", lambda a: ops.Tril()(a * a) ** 2, (square,), "main"),
        Sample("Triu", lambda a: ops.Triu(1)(a * a) ** 2, (a,), "above"),
        Sample("FillDiagonal", lambda a: ops.FillDiagonal(2.0)(a * a) ** 2, (square,), "main"),
    ]


def samples() -> list[Sample]:
    a, square = spaced(2, 3), spaced(3, 3)
    border = Tensor(np.array([[1, 1], [2, 0]]))
    return [
        Sample("Flatten", lambda a: ops.Flatten()(a * a) ** 2, (spaced(2, 3, 2),), "cube"),
        Sample("Tile", lambda a: ops.Tile()(a, (2, 1, 2)) ** 2, (a,), "blocks"),
        Sample("Meshgrid", lambda a, b: _joined(*ops.Meshgrid()((a, b))), (spaced(2), spaced(3)), "two"),
        Sample("Stack", lambda a, b: ops.Stack(1)((a, b, a)) ** 2, (a, spaced(2, 3, seed=1)), "middle"),
        Sample("Split", lambda a: _joined(*ops.Split(1, 3)(a)), (a,), "columns"),
        Sample("Unstack", lambda a: _joined(*ops.Unstack(1)(a)), (a,), "columns"),
        Sample("Slice", lambda a: ops.Slice()(a, (0, 1), (2, 2)) ** 2, (a,), "part"),
        Sample("Pad", lambda a: ops.Pad(((1, 0), (0, 2)))(a * a) ** 2, (a,), "zeros"),
        Sample("PadV3", lambda a: ops.PadV3()(a, Tensor(np.array([1, 0])), 2.0) ** 2, (a,), "number"),
        Sample("MirrorPad", lambda a: ops.MirrorPad()(a, border) ** 2, (a,), "reflect"),
        Sample("MirrorPad", lambda a: ops.MirrorPad("SYMMETRIC")(a, border) ** 2, (a,), "symmetric"),
        Sample("ReverseV2", lambda a: ops.ReverseV2((1,))(a)[:, 0] ** 2, (a,), "columns"),
        Sample("Roll", lambda a: ops.Roll((1, -1), (0, 1))(a)[:, 0] ** 2, (a,), "both"),
        Sample("ReverseSequence", lambda a: ops.ReverseSequence(1)(a, Tensor([2, 3]))[:, 0] ** 2, (a,), "rows"),
        *_diagonals(a, square),
        *_images(),
    ]
