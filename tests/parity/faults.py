"""Cells where MindSpore 2.10 is wrong, or where its two modes differ and this package follows the other one.

Each has the reason, and what is right instead: the value in the form of `protocol.encode` with ``values`` only, nested as
the result is. ``None`` for the value means that the reason says all, and that only our own outcome is free.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .programs import PROGRAMS
from .surface import SURFACE


class Fault(NamedTuple):
    """Why MindSpore's outcome is not followed, and the values that are right."""

    why: str
    right: Any


FAULTS: dict[str, Fault] = {
    "functional:grad of partial": Fault("PyNative mode asks a function for its name, which a partial has not", [3]),
    "structure:same tensor twice positional": Fault(
        "tensors are told apart by identity in PyNative mode; d(a b)/da is b, as in Graph mode", [[2, 3], [2, 3]]
    ),
    "ops_elementwise:ops.selu": Fault(
        "its rule is wrong for every negative operand",
        [
            [0.4728154, -1.842855, 3.940129, -1.32758, 2.521682, 1.418446],
            [1.576051, 0.794294, 1.576051, 1.309569, 1.576051, 1.576051],
        ],
    ),
    "ops_elementwise:ops.SeLU class": Fault(
        "its rule is wrong for every negative operand",
        [
            [0.4728154, -1.842855, 3.940129, -1.32758, 2.521682, 1.418446],
            [1.576051, 0.794294, 1.576051, 1.309569, 1.576051, 1.576051],
        ],
    ),
    "ops_elementwise:sigmoid extremes": Fault(
        "1 - y loses the gradient where y rounds to 1; it is exp(-20) at 20",
        [[3.720076e-44, 1.0, 1.0], [3.720076e-44, 3.720076e-44, 2.061154e-09]],
    ),
    "ops_elementwise:tanh large": Fault(
        "1 - y * y loses the gradient where y rounds to 1", [[1.0, -0.9950548], [8.244614e-09, 0.009866037]]
    ),
    "ops_elementwise:log_softmax large": Fault(
        "its logarithm is right to five digits only", [[-1.3132617, -0.62652338], [0.19317574, -0.19317574]]
    ),
    "kinks:x pow 0": Fault("x ** 0 is the constant 1; its derivative at 0 is 0, not NaN", [[1, 1], [0, 0]]),
    "kinks:nan in max": Fault("a NaN is not turned into 0 in silence", None),
    "second_order:ops.elu(x) * x": Fault("it has no second order of elu", None),
    **{
        f"losses:{title}": Fault("MindSpore has no kernel for it on the CPU", None)
        for title in (
            "nn.SoftMarginLoss 'mean'",
            "nn.SoftMarginLoss 'sum'",
            "nn.SoftMarginLoss 'none'",
            "ops.soft_margin_loss(a, b)",
            "triplet",
        )
    },
    "losses:labels get zero": Fault("softmax(logits) - labels holds for labels that sum to one; these do not", None),
    "losses:ops.SoftmaxCrossEntropyWithLogits()(a, b)[0]": Fault(
        "softmax(logits) - labels holds for labels that sum to one; these do not", None
    ),
    "training:nn.Momentum(net.trainable_params(), 0.1, 0.9, use_nesterov=True)": Fault(
        "the CPU kernel takes plain momentum's step; documented is p -= lr (g + momentum m)", None
    ),
    "ops_arrays:reverse slice": Fault("a negative step loses the gradient", [100, 10, 1]),
    "ops_arrays:gather negative": Fault("a negative index loses the gradient", [0, 0, 1]),
    "ops_arrays:index tensor negative": Fault("a negative index loses the gradient", [0, 0, 2]),
    "ops_arrays:x[:, ::2]": Fault("its gradient writes outside of its memory", None),
    "ops_arrays:x.select(1, 2)": Fault("its gradient launches the wrong kernel", None),
    "ops_arrays:ops.roll(x, 1, 0)": Fault("there is no kernel for the CPU", None),
    "dtypes:full and eye": Fault("a fill value of 3.0 gives Int64", None),
    "dtypes:concat mixed dtypes": Fault("tensors of several dtypes are not joined; here they are promoted", None),
    **{
        f"errors:{text}": Fault("a wrong argument is taken in silence, or found out later", None)
        for text in (
            "ops.MatMul('a')",
            "ops.Concat('0')",
            "ops.ReduceSum(1)",
            "ms.grad(3)",
            "ms.value_and_grad(lambda x: x, weights='a')",
        )
    },
    "errors:ops.matmul(Tensor(np.ones((2, 3), np.float32)), Tensor(np.ones((2, 3), np.float32)))": Fault(
        "shapes that do not fit are a RuntimeError; everywhere else they are a ValueError", None
    ),
    "errors:ms.jvp(lambda x: x, Tensor([1.0]), Tensor([1.0, 2.0]))": Fault("a lambda in a call is not read", None),
    **{
        f"ops_linalg:{text}": Fault("there is no kernel for the CPU", None)
        for text in (
            "ops.cholesky(x)",
            "ops.einsum('ij->', x)",
            "ops.einsum('ii->i', x)",
            "ops.einsum('ij,jk->ik', x, x)",
            "ops.Einsum('ij,kj->ik')((x, x))",
            "ops.einsum('ij,jk->ik', x, y)",
            "ops.einsum('ij,jk->', x, y)",
            "ops.einsum('ij,jk->ki', x, y)",
            "batch ops.einsum('bij,bjk->bik', x, y)",
            "batch ops.einsum('...ij,...jk->...ik', x, y)",
        )
    },
    "layers:nn.SeLU()": Fault("its rule is wrong for every negative operand", None),
    **{
        name: Fault("what is 0 but for rounding is left as rounding of float32", None)
        for name in (
            "layers:nn.Softmax()",
            "layers:nn.Softmin()",
            "layers:layernorm",
            "layers:layernorm eps",
            "layers:batchnorm1d train",
            "layers:groupnorm",
            "ops_reductions:ops.softmax(x, 1)",
            "ops_reductions:ops.softmax(x)",
        )
    },
    **{
        name: Fault("its logarithm is right to five digits only", None)
        for name in (
            "layers:nn.LogSoftmax()",
            "ops_reductions:ops.log_softmax(x, 0)",
            "ops_reductions:ops.LogSoftmax()(x)",
        )
    },
    **{
        f"ops_reductions:{text}": Fault("it can not be differentiated", None)
        for text in ("ops.cummax(x, 1)", "ops.cummin(x, 0)", "ops.unique_consecutive(x)")
    },
    # The right values of second order are torch's, in float64.
    "second_order:ops.matmul(x, x.T)": Fault("second order is 0", [-6.4, 6.4, 54.4, -6.4, 6.4, 54.4]),
    "second_order:x.sum() ** 3": Fault("second order is 0", [8489.664] * 6),
    "second_order:x.mean() ** 2": Fault("second order is 0", [0.12592593] * 6),
    "second_order:ops.norm(x)": Fault("the gradient's size is 1 everywhere: its derivative is 0, up to rounding", None),
    "second_order:ops.logsumexp(x, 1)": Fault(
        "second order is wrong", [-0.1342602, -0.03325851, 0.1675187, -0.05400002, 0.1670978, -0.1130978]
    ),
    "second_order:ops.std(x * x)": Fault(
        "second order is wrong", [0.1762465, 0.3232085, 3.085095, -0.1926256, -0.8876699, 0.05468552]
    ),
    "second_order:ops.softmax(x) * x": Fault(
        "there is no second order", [-0.08196479, 0.05025556, 0.03170922, -0.0275653, 0.5405882, -0.5130229]
    ),
    "second_order:x[0] * x[1]": Fault("there is no second order", [0.6, -2.4, 5.0, -1.4, 3.2, 1.8]),
    "second_order:ops.log_softmax(x, 1) * x": Fault(
        "there is no second order", [-7.71238, -20.63607, 12.6324, -12.11148, 5.402322, 0.7767293]
    ),
    "second_order:ops.L2Normalize(1)(x) * x": Fault("there is no second order", None),
}

# Cells where this package is not right yet, and what is missing.
OPEN: dict[str, str] = {}

FAULTS.update({name: Fault(*told) for name, told in {**SURFACE, **PROGRAMS}.items()})
