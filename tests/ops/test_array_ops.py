"""Shapes, joins, borders and tensors of numbers: MindSpore 2.10's figures, dtypes and error types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from msgrad_ext import Tensor, ops
from msgrad_ext import dtype as mstype
from msgrad_ext.gradients.grad_operation import GradOperation

A = Tensor(np.array([[1.5, 2.5, 3.5], [4.5, 5.5, 6.5]], np.float32))
V = Tensor(np.array([1, 2, 3, 4, 5], np.float32))
CUBE = Tensor(np.arange(24, dtype=np.float32).reshape(2, 3, 4))

SHAPES = {
    "ops.flatten": (lambda: ops.flatten(CUBE), (2, 12)),
    "x.flatten": (lambda: CUBE.flatten(), (24,)),
    "flatten some": (lambda: ops.flatten(CUBE, start_dim=0, end_dim=1), (6, 4)),
    "transpose two": (lambda: CUBE.transpose(0, 2), (4, 3, 2)),
    "movedim": (lambda: ops.movedim(CUBE, (0, 1), (2, 0)), (3, 4, 2)),
    "squeeze a long axis": (lambda: ops.squeeze(A, 1), (2, 3)),
    "expand": (lambda: A.expand(2, -1, 3), (2, 2, 3)),
    "tile": (lambda: ops.tile(A, (2, 1, 2)), (2, 2, 6)),
    "repeat": (lambda: A.repeat(2, 1, 2), (2, 2, 6)),
    "diag of a matrix": (lambda: ops.diag(A), (2, 3, 2, 3)),
    "matrix_diag": (lambda: ops.matrix_diag(A), (2, 3, 3)),
    "diag_embed below": (lambda: ops.diag_embed(A, -1, 0, 1), (4, 4, 2)),
    "atleast_3d": (lambda: ops.atleast_3d(A), (2, 3, 1)),
    "strided slice, shrunk": (lambda: ops.StridedSlice(shrink_axis_mask=1)(A, (1, 0), (2, 3), (1, 1)), (3,)),
}

VALUES = {
    "chunk": (lambda: [one.tolist() for one in ops.chunk(V, 4)], [[1, 2], [3, 4], [5]]),
    "tensor_split": (lambda: [one.tolist() for one in ops.tensor_split(V, 3)], [[1, 2], [3, 4], [5]]),
    "split": (lambda: [one.tolist() for one in ops.split(V, [1, 4])], [[1], [2, 3, 4, 5]]),
    "reflect": (lambda: ops.pad(A, (1, 1), mode="reflect").tolist()[0], [2.5, 1.5, 2.5, 3.5, 2.5]),
    "replicate": (lambda: ops.pad(A, (1, 2), mode="replicate").tolist()[0], [1.5, 1.5, 2.5, 3.5, 3.5, 3.5]),
    "circular": (lambda: ops.pad(A, (1, 1), mode="circular").tolist()[0], [3.5, 1.5, 2.5, 3.5, 1.5]),
    "constant": (lambda: ops.pad(V, (1, -2), "constant", 7.0).tolist(), [7, 1, 2, 3]),
    "rot90": (lambda: ops.rot90(A, 1, (0, 1)).tolist(), [[3.5, 6.5], [2.5, 5.5], [1.5, 4.5]]),
    "repeat_interleave": (lambda: ops.repeat_interleave(V[:2], Tensor([1, 2]), 0).tolist(), [1, 2, 2]),
    "roll": (lambda: ops.roll(V, 2, 0).tolist(), [4, 5, 1, 2, 3]),
    "reverse_sequence": (lambda: ops.reverse_sequence(A, Tensor([2, 3]), 1).tolist()[0], [2.5, 1.5, 3.5]),
    "meshgrid": (lambda: [g.tolist() for g in ops.meshgrid(V[:2], V[:1])], [[[1, 2]], [[1, 1]]]),
    "tril": (lambda: ops.tril(A).tolist(), [[1.5, 0, 0], [4.5, 5.5, 0]]),
    "one_hot beyond": (lambda: ops.one_hot(Tensor([0, 5, -1]), 2).tolist(), [[1, 0], [0, 0], [0, 0]]),
    "linspace": (lambda: ops.linspace(0, 1, 5).tolist(), [0, 0.25, 0.5, 0.75, 1]),
    "arange": (lambda: ops.arange(1, 5, 2).tolist(), [1, 3]),
    "vander": (lambda: ops.vander(V, 3).tolist()[1], [4, 2, 1]),
    "combinations": (lambda: ops.combinations(V[:3]).tolist(), [[1, 2], [1, 3], [2, 3]]),
    "shape": (lambda: (ops.Shape()(A), ops.Rank()(A), ops.size(A)), ((2, 3), 2, 6)),
}

DTYPES = {
    "zeros": (lambda: ops.zeros(2), mstype.float32),
    "arange of ints": (lambda: ops.arange(3), mstype.int64),
    "arange of floats": (lambda: ops.arange(3.0), mstype.float32),
    "full of an int": (lambda: ops.full((2,), 3), mstype.int64),
    "full of a float": (lambda: ops.full((2,), 3.0), mstype.float32),
    "full_like": (lambda: ops.full_like(A, 2), mstype.float32),
    "zeros_like": (lambda: ops.zeros_like(A, dtype=mstype.int32), mstype.int32),
    "where of ints": (lambda: ops.where(A > 2, 0, 1), mstype.int64),
    "joined": (lambda: ops.concat((A, A.astype(mstype.float64))), mstype.float64),
    "rand": (lambda: ops.rand(2), mstype.float32),
    "randint": (lambda: ops.randint(0, 5, (2,)), mstype.int64),
    "UniformInt": (lambda: ops.UniformInt()((2,), 0, 5), mstype.int32),
    "half": (lambda: A.half(), mstype.float16),
    "by name": (lambda: A.astype("float64"), mstype.float64),
    "nonzero": (lambda: ops.nonzero(A > 2), mstype.int64),
}

ERRORS = {
    "split in nothing": (lambda: ops.split(V, 0), ValueError),
    "sections that do not add up": (lambda: ops.split(V, [1, 1]), ValueError),
    "Split that leaves a rest": (lambda: ops.Split(1, 2)(A), ValueError),
    "stack of two shapes": (lambda: ops.stack((A, V)), ValueError),
    "stack of nothing": (lambda: ops.stack(()), ValueError),
    "concat of a tensor": (lambda: ops.concat(A), TypeError),
    "concat of a number": (lambda: ops.concat((A, 1.0)), TypeError),
    "tile by an int": (lambda: ops.tile(A, 2), TypeError),
    "tile by less than nothing": (lambda: ops.Tile()(A, (-1,)), ValueError),
    "flip of an int": (lambda: ops.flip(A, 0), TypeError),
    "transpose by an int": (lambda: ops.Transpose()(A, 1), TypeError),
    "transpose twice": (lambda: ops.transpose(A, (0, 0)), ValueError),
    "broadcast": (lambda: ops.broadcast_to(A, (3, 3)), ValueError),
    "broadcast to an int": (lambda: ops.broadcast_to(A, 2), TypeError),
    "slice beyond": (lambda: ops.Slice()(A, (0, 1), (2, 3)), ValueError),
    "stride of nothing": (lambda: V[::0], ValueError),
    "pad mode": (lambda: ops.pad(A, (1, 1), mode="bad"), ValueError),
    "pad of one": (lambda: ops.pad(A, (1,)), ValueError),
    "mask of floats": (lambda: ops.masked_fill(A, A, 0.0), TypeError),
    "select by floats": (lambda: ops.select(A, A, A), TypeError),
    "one_hot of floats": (lambda: ops.one_hot(V, 3), TypeError),
    "one_hot of negative depth": (lambda: ops.one_hot(Tensor([0]), -1), ValueError),
    "triangle of a vector": (lambda: ops.tril(V), ValueError),
    "negative eye": (lambda: ops.eye(-1), ValueError),
    "negative zeros": (lambda: ops.zeros(-1), ValueError),
    "dtype by name": (lambda: ops.arange(5, dtype="float32"), TypeError),
    "view that does not fit": (lambda: A.view(4, 2), ValueError),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name: str) -> None:
    """The shape is MindSpore's."""
    call, shape = SHAPES[name]
    assert call().shape == shape


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str) -> None:
    """The values are MindSpore's."""
    call, values = VALUES[name]
    assert call() == values


@pytest.mark.parametrize("name", DTYPES)
def test_dtype(name: str) -> None:
    """The dtype is MindSpore's."""
    call, kind = DTYPES[name]
    assert call().dtype == kind


@pytest.mark.parametrize("name", ERRORS)
def test_error(name: str) -> None:
    """The type of the error is MindSpore's."""
    call, kind = ERRORS[name]
    with pytest.raises(kind):
        call()


def test_a_cast_through_ints_cuts_the_gradient() -> None:
    """The ints are piecewise constant; MindSpore passes the cotangent on."""
    found: Any = GradOperation()(lambda x: ops.cast(ops.cast(x, mstype.int32), mstype.float32) * x)(A)
    assert found.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_random_tensors_repeat_with_a_seed() -> None:
    """The generator is our own; numpy's is left alone."""
    before = str(np.random.get_state())
    assert ops.randn(3, seed=5).tolist() == ops.randn(3, seed=5).tolist()
    assert str(np.random.get_state()) == before


def test_print_shows_values_in_a_network(capsys: pytest.CaptureFixture[str]) -> None:
    """And passes nothing on."""

    def net(x: Tensor) -> Tensor:
        ops.Print()(x, "seen")
        return x * x

    GradOperation()(net)(V[:1])
    assert capsys.readouterr().out == "Tensor(shape=[1], dtype=Float32, value= [ 1.00000000e+00])\nseen\n"
