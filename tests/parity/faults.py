"""Cells where MindSpore 2.10 is wrong, or where its two modes differ and this package follows the other one.

Each has the reason, and what is right instead: the value in the form of `protocol.encode` with ``values`` only, nested as
the result is. ``None`` for the value means that the reason says all, and that only our own outcome is free.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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
}

FAULTS.update({name: Fault(*told) for name, told in SURFACE.items()})
