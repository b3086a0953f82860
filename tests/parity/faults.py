"""Cells where MindSpore 2.10 is wrong, or where its two modes differ and this package follows the other one.

Each has the reason, and what is right instead: the value in the form of `protocol.encode` with ``values`` only, nested as
the result is. ``None`` for the value means that the reason says all, and that only our own outcome is free.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Fault(NamedTuple):
    """Why MindSpore's outcome is not followed, and the values that are right."""

    why: str
    right: Any


FAULTS: dict[str, Fault] = {
    "structure:same tensor twice positional": Fault(
        "tensors are told apart by identity in PyNative mode; d(a b)/da is b, as in Graph mode", [[2, 3], [2, 3]]
    ),
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
