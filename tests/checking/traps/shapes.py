"""Traps 67 to 97: indexing, broadcasting, layout, dtypes, structure; those that are one network at one point."""

from __future__ import annotations

import numpy as np

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.tensor import Tensor

from .trap import AGREE, FINE, Trap, f64

M23 = np.arange(6.0).reshape(2, 3)


def indices(*places: int) -> Tensor:
    """Places as an int tensor."""
    return Tensor(np.array(places, np.int32))


def setitem(x: Tensor) -> Tensor:
    """A value is used, overwritten, and used again."""
    y = x * 1.0
    before = y * y
    y[0] = x[1] * 5.0
    return before + y


def chain(x: Tensor) -> Tensor:
    """150 steps."""
    for _ in range(150):
        x = ops.sin(x) + x * 0.5
    return x


TRAPS = (
    Trap(
        67,
        "gather with a repeated place",
        lambda x: ops.gather(x, indices(0, 2, 0), 0),
        (f64(1, 2, 3),),
        AGREE,
        [2, 0, 1],
    ),
    Trap(68, "gather from the end", lambda x: x[indices(-1, -1)], (f64(1, 2, 3),), AGREE, [0, 0, 2]),
    Trap(
        69,
        "scatter twice to one place, added",
        lambda x: ops.tensor_scatter_add(x, Tensor(np.array([[0], [0]])), x),
        (f64(1, 2),),
        AGREE,
        [2, 2],
    ),
    Trap(
        69,
        "scatter twice to one place, the last stays",
        lambda u: ops.tensor_scatter_update(Tensor(np.zeros(2)), Tensor(np.array([[0], [0]])), u),
        (f64(5, 7),),
        AGREE,
        [0, 1],
    ),
    Trap(
        70, "a slice with a negative step", lambda x: x[::-1] * Tensor(f64(1, 3, 7)), (f64(1, 2, 3),), AGREE, [7, 3, 1]
    ),
    Trap(70, "a slice with step -2", lambda x: x[3:0:-2] * Tensor(f64(1, 3)), (f64(1, 2, 3, 4),), AGREE, [0, 3, 0, 1]),
    Trap(71, "set, then used", setitem, (f64(3, 4, 5),), AGREE, [6, 8 + 1 + 5, 10 + 1]),
    Trap(73, "a vector broadcast over rows", lambda b: Tensor(np.ones((3, 2))) * b, (f64(1, 2),), AGREE, [3, 3]),
    Trap(
        73,
        "both operands broadcast",
        lambda a, b: a * b,
        (np.ones((3, 1)), np.full((1, 2), 2.0)),
        AGREE,
        [[4], [4], [4]],
    ),
    Trap(74, "an axis of length 1", lambda b, x: x * b, (np.ones((3, 1)), np.full((3, 2), 2.0)), AGREE, [[4]] * 3),
    Trap(74, "a missing axis", lambda b, x: x * b, (np.ones(1), np.full((3, 1), 2.0)), AGREE, [6]),
    Trap(74, "no axis at all", lambda s, x: s * x, (np.array(2.0), np.ones((2, 3))), AGREE, 6),
    Trap(74, "an axis of length 0", lambda x: x * 2.0, (np.zeros((0, 3)),), ("unchecked",)),
    Trap(75, "reshape keeps the order", lambda x, y: x.reshape(3, 2) * y, (M23, M23.reshape(3, 2)), AGREE, M23),
    Trap(
        75,
        "the inverse permutation",
        lambda x, y: x.transpose(2, 0, 1) * y,
        (np.zeros((2, 3, 4)), np.arange(24.0).reshape(4, 2, 3)),
        AGREE,
        np.arange(24.0).reshape(4, 2, 3).transpose(1, 2, 0),
    ),
    Trap(75, "where a split is", lambda x: ops.split(x, 2)[1] * 3.0, (f64(1, 2, 3, 4),), AGREE, [0, 0, 3, 3]),
    Trap(76, "concat of one tensor twice", lambda x: ops.concat([x, x * 3.0], 0), (f64(1, 2),), AGREE, [4, 4]),
    Trap(
        77, "vector by matrix", lambda v, m: ops.matmul(v, m), (f64(1, 2), np.array([[1.0, 2], [3, 4]])), AGREE, [3, 7]
    ),
    Trap(77, "matrix by vector", lambda m, v: ops.matmul(m, v), (np.ones((2, 2)), f64(3, 5)), AGREE, [[3, 5], [3, 5]]),
    Trap(77, "vector by vector", lambda a, b: ops.matmul(a, b), (f64(1, 2), f64(3, 5)), AGREE, [3, 5]),
    Trap(
        77,
        "batched and broadcast",
        lambda a, b: ops.matmul(a, b),
        (np.ones((2, 1, 2)), np.array([[1.0], [5.0]])),
        AGREE,
        [[[1, 5]]] * 2,
    ),
    Trap(
        77,
        "transposed flags",
        lambda a, b: ops.MatMul(transpose_a=True, transpose_b=True)(a, b),
        (np.ones((2, 3)), np.arange(8.0).reshape(4, 2)),
        AGREE,
        [[12] * 3, [16] * 3],
    ),
    Trap(
        78,
        "einsum, a diagonal",
        lambda x: ops.einsum("ii->i", x) * Tensor(f64(2, 3)),
        (np.ones((2, 2)),),
        AGREE,
        [[2, 0], [0, 3]],
    ),
    Trap(
        78,
        "einsum, an index that is summed away",
        lambda x: ops.einsum("ij->i", x) * Tensor(f64(2, 3)),
        (np.ones((2, 2)),),
        AGREE,
        [[2, 2], [3, 3]],
    ),
    Trap(
        78,
        "einsum, a product",
        lambda x, y: ops.einsum("ij,kj->ik", x, y),
        (np.ones((2, 3)), np.arange(6.0).reshape(2, 3)),
        AGREE,
        [[3, 5, 7]] * 2,
    ),
    Trap(
        79,
        "a stride that leaves a rest",
        lambda x, w: ops.conv2d(x, w, stride=2),
        (np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3))),
        AGREE,
    ),
    Trap(
        79,
        "average pool that counts its cells",
        lambda x: ops.AvgPool(2, 2, "same")(x),
        (np.ones((1, 1, 3, 3)),),
        AGREE,
    ),
    Trap(
        81,
        "float16 and float32",
        lambda x, y: x * y,
        (np.ones(2, np.float16), np.full(2, 3.0, np.float32)),
        AGREE,
        [3, 3],
    ),
    Trap(82, "a cast through int", lambda x: ops.cast(ops.cast(x, mg.int32), mg.float64) * x, (f64(2.7),), AGREE, [2]),
    Trap(84, "an input that is not used", lambda x, y: y * 2.0, (f64(1, 2), f64(3)), AGREE, [0, 0]),
    Trap(89, "stop_gradient", lambda x: x * ops.stop_gradient(x), (f64(3),), AGREE, [3]),
    Trap(
        89, "stop_gradient at second order", lambda x: x * ops.stop_gradient(x) + x * x * 0.5, (f64(3),), AGREE, [1], 2
    ),
    Trap(93, "a chain of 150 steps", chain, (f64(0.3),), FINE),
    Trap(94, "log_softmax at second order", lambda x: ops.log_softmax(x)[0], (f64(0.3, 1.2, -0.4),), FINE, None, 2),
    Trap(94, "elu at second order", ops.elu, (f64(-0.3, 1.2),), FINE, [np.exp(-0.3), 0], 2),
    Trap(
        94,
        "reduce_max squared at second order",
        lambda x: ops.square(ops.reduce_max(x)),
        (f64(1, 3),),
        AGREE,
        [0, 2],
        2,
    ),
    Trap(94, "relu squared at second order", lambda x: ops.square(ops.relu(x)), (f64(1, -3),), AGREE, [2, 0], 2),
    Trap(
        95,
        "labels",
        lambda y, z: ops.softmax_cross_entropy_with_logits(z, y),
        (f64(1, 0).reshape(1, 2), f64(0.3, 1.2).reshape(1, 2)),
        AGREE,
        [[0, 0]],
    ),
    Trap(96, "the trace plus one", lambda x: ops.trace(x) + 1.0, (np.arange(4.0).reshape(2, 2),), AGREE, np.eye(2)),
    Trap(
        96,
        "the sine of the trace",
        lambda x: ops.sin(ops.trace(x)),
        (np.arange(4.0).reshape(2, 2),),
        AGREE,
        np.cos(3.0) * np.eye(2),
    ),
    Trap(
        96,
        "the logarithm of the determinant",
        lambda x: ops.log(ops.det(x)),
        (np.array([[2.0, 1], [1, 3]]),),
        FINE,
        np.array([[0.6, -0.2], [-0.2, 0.4]]),
    ),
    Trap(97, "the absolute value of a real number", ops.abs, (f64(-2, 3),), AGREE, [-1, 1]),
    Trap(
        97, "nested tanh", lambda x: ops.tanh(ops.tanh(ops.tanh(ops.tanh(ops.tanh(ops.tanh(x)))))), (f64(0.3),), AGREE
    ),
    Trap(
        97,
        "nested relu",
        lambda x: ops.relu(ops.relu(ops.relu(ops.relu(x) + 1.0) - 0.5) * 2.0),
        (f64(0.3, -2),),
        AGREE,
        [2, 0],
    ),
)
